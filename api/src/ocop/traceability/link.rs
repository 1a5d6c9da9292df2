//! GS1 Digital Links (Web URI syntax 1.3, resolver's manners of GS1-Conformant Resolver 1.0): `/01/{gtin}/10/{lot}/21/{serial}`
//! leads to the box's page, to its product, or tells all it leads to.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use entity::value::LotId;
use percent_encoding::percent_decode_str;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde_json::{Value, json};

use super::codes::{Code, gtin14, is_gln};
use super::store::lot_of;
use crate::config::Config;
use crate::platform::db::{Db, one};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    LINK_MALFORMED = "link_malformed" 400 "Mã không đúng dạng GS1: sai số kiểm tra, thứ tự hoặc ký tự." "Not a GS1 Digital Link: a wrong check digit, order or character.";
}

/// What a link names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigitalLink {
    /// 14 digits.
    pub gtin: String,
    pub lot: Option<String>,
    pub serial: Option<String>,
}

/// A lot or a serial: 1 to 20 of GS1's 82 characters (General Specifications, figure 7.11-1).
fn is_value(text: &str) -> bool {
    (1..=20).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!\"%&'()*+,-./_:;<=>?".contains(&b))
}

impl DigitalLink {
    /// From what stands behind `/01/`: a GTIN, then lot (10) and serial (21) in this order. A consumer product variant (22)
    /// may stand before them, and tells us nothing.
    pub fn parse(path: &str) -> Option<Self> {
        let mut parts = path.split('/').map(|part| percent_decode_str(part).decode_utf8().ok());
        let gtin = gtin14(parts.next()??.as_ref())?;
        let mut link = Self { gtin, lot: None, serial: None };
        let mut last = 0;
        while let Some(key) = parts.next() {
            let (place, value) = (key?, parts.next()??.into_owned());
            let place = match place.as_ref() {
                "22" => 1,
                "10" => 2,
                "21" => 3,
                _ => return None,
            };
            if place <= last || !is_value(&value) {
                return None;
            }
            last = place;
            match place {
                2 => link.lot = Some(value),
                3 => link.serial = Some(value),
                _ => {}
            }
        }
        Some(link)
    }
}

#[derive(FromQueryResult)]
struct Found {
    slug: String,
    lot_id: Option<LotId>,
}

/// The product of a GTIN and, where the link names one, the lot: by the code on its label, or the cooperative's own.
async fn find(connection: &impl ConnectionTrait, link: &DigitalLink) -> Result<Option<Found>, DbErr> {
    let by_label = match link.lot.as_deref().and_then(Code::read) {
        Some(code) => lot_of(connection, &code).await?,
        None => None,
    };
    one(
        connection,
        "SELECT p.slug, (SELECT l.id FROM lot l WHERE l.product_id = p.id AND (l.id = $2 OR l.code = $3) ORDER BY l.id LIMIT 1) AS lot_id
         FROM gs1_key k JOIN offer o ON o.id = k.offer_id JOIN product p ON p.id = o.product_id WHERE k.kind = 'gtin' AND k.key = $1",
        [link.gtin.as_str().into(), by_label.into(), link.lot.clone().unwrap_or_default().into()],
    )
    .await
}

/// The lot that an address names: a Digital Link or a page of this server, whatever its host.
pub async fn lot_in(connection: &impl ConnectionTrait, address: &str) -> Result<Option<LotId>, DbErr> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    if let Some((_, code)) = path.rsplit_once("/t/") {
        return match Code::read(code) {
            Some(code) => lot_of(connection, &code).await,
            None => Ok(None),
        };
    }
    let Some(link) = path.split_once("/01/").and_then(|(_, rest)| DigitalLink::parse(rest)) else { return Ok(None) };
    if link.lot.is_none() {
        return Ok(None);
    }
    Ok(find(connection, &link).await?.and_then(|found| found.lot_id))
}

/// Where a link leads.
struct Targets {
    anchor: String,
    product: String,
    /// Of the lot or box.
    page: Option<String>,
}

impl Targets {
    /// By link type; none for one we do not know.
    fn of(&self, kind: &str) -> Option<String> {
        let page = |part: &str| self.page.as_ref().map(|page| format!("{page}{part}"));
        match kind {
            "gs1:defaultLink" => Some(self.page.as_ref().unwrap_or(&self.product).clone()),
            "gs1:pip" => Some(self.product.clone()),
            "gs1:traceability" => page("#road"),
            "gs1:certificationInfo" => page("#certificates"),
            "gs1:recallStatus" => page("#recall"),
            _ => None,
        }
    }

    /// RFC 9264.
    fn linkset(&self) -> Value {
        let titles = [
            ("gs1:defaultLink", "Chợ OCOP"),
            ("gs1:pip", "Sản phẩm · Product"),
            ("gs1:traceability", "Truy xuất nguồn gốc · Traceability"),
            ("gs1:certificationInfo", "Chứng nhận · Certificates"),
            ("gs1:recallStatus", "Thu hồi · Recall"),
        ];
        let mut context = json!({"anchor": self.anchor});
        for (kind, title) in titles {
            if let Some(href) = self.of(kind) {
                let name = kind.replace("gs1:", "https://gs1.org/voc/");
                context[name] = json!([{"href": href, "title": title, "type": "text/html", "hreflang": ["vi", "en"]}]);
            }
        }
        json!({"linkset": [context]})
    }
}

fn link_type(request: &HttpRequest) -> Option<String> {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(name, _)| name == "linkType").map(|(_, value)| value.into_owned())
}

fn wants_linkset(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    matches!(link_type(request).as_deref(), Some("linkset" | "all")) || accept.contains("application/linkset+json")
}

fn linkset(all: &Value) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/linkset+json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .body(all.to_string())
}

/// Where a GS1 Digital Link leads: to the page of the box or lot, without a lot to the product. `linkType` chooses another target
/// (`gs1:pip`, `gs1:traceability`, `gs1:certificationInfo`, `gs1:recallStatus`), `linkType=linkset` or
/// `Accept: application/linkset+json` tells them all.
#[utoipa::path(tag = "traceability", operation_id = "resolve_digital_link", params(("key" = String, Path, description = "`{gtin}[/10/{lot}[/21/{serial}]]`"), ("linkType" = Option<String>, Query, description = "Which target")), responses((status = 307, description = "There"), (status = 200, description = "All targets (RFC 9264)", body = Object, content_type = "application/linkset+json")))]
#[get("/01/{key:.*}")]
pub async fn resolve(
    request: HttpRequest,
    db: Data<Db>,
    config: Data<Config>,
    key: Path<String>,
) -> Result<HttpResponse, Problem> {
    // As it was asked for: actix has decoded the path, and a slash of a lot would look like one of the link.
    let raw = request.uri().path().strip_prefix("/01/").unwrap_or(&key);
    let link = DigitalLink::parse(raw).ok_or_else(|| Problem::new(&LINK_MALFORMED))?;
    let found = find(db.read(), &link).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if link.lot.is_some() && found.lot_id.is_none() {
        return Err(Problem::new(&NOT_FOUND));
    }
    let base = config.base_url();
    let page = found.lot_id.map(|lot| {
        let code = Code::of(lot).plain();
        format!("{base}/t/{code}{}", link.serial.as_deref().unwrap_or_default())
    });
    let product = format!("{}/p/{}", config.storefront_url(), found.slug);
    let targets = Targets { anchor: format!("{base}/01/{raw}"), product, page };
    if wants_linkset(&request) {
        return Ok(linkset(&targets.linkset()));
    }
    let asked = link_type(&request);
    // An unknown type falls back to the default, as resolvers do.
    let target = asked.as_deref().and_then(|kind| targets.of(kind)).or_else(|| targets.of("gs1:defaultLink"));
    Ok(HttpResponse::TemporaryRedirect()
        .insert_header((header::LOCATION, target.unwrap_or_default()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((
            header::LINK,
            format!("<{}?linkType=linkset>; rel=\"linkset\"; type=\"application/linkset+json\"", targets.anchor),
        ))
        .finish())
}

#[derive(FromQueryResult)]
struct Place {
    slug: String,
}

/// Whose place a GLN names: on to the page of its cooperative, or all targets as of a product's link.
#[utoipa::path(tag = "traceability", operation_id = "resolve_gln", params(("gln" = String, Path, description = "13 digits"), ("linkType" = Option<String>, Query, description = "`linkset` for all")), responses((status = 307, description = "There"), (status = 200, description = "All targets (RFC 9264)", body = Object, content_type = "application/linkset+json")))]
#[get("/414/{gln}")]
pub async fn resolve_place(
    request: HttpRequest,
    db: Data<Db>,
    config: Data<Config>,
    gln: Path<String>,
) -> Result<HttpResponse, Problem> {
    if !is_gln(&gln) {
        return Err(Problem::new(&LINK_MALFORMED));
    }
    let sql = "SELECT c.slug FROM gs1_key k JOIN cooperative c ON c.id = k.cooperative_id WHERE k.kind = 'gln' AND k.key = $1 AND c.status = 'active'";
    let place = one::<Place>(db.read(), sql, [gln.as_str().into()]).await?;
    let slug = place.ok_or_else(|| Problem::new(&NOT_FOUND))?.slug;
    let page = format!("{}/c/{slug}", config.storefront_url());
    if wants_linkset(&request) {
        let link = json!([{"href": page, "title": "Chợ OCOP", "type": "text/html", "hreflang": ["vi", "en"]}]);
        let anchor = format!("{}/414/{gln}", config.base_url());
        return Ok(linkset(
            &json!({"linkset": [{"anchor": anchor, "https://gs1.org/voc/defaultLink": link, "https://gs1.org/voc/pip": link}]}),
        ));
    }
    Ok(HttpResponse::TemporaryRedirect()
        .insert_header((header::LOCATION, page))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_and_refused() {
        let link = |path: &str| DigitalLink::parse(path);
        let whole = link("08930000000019/10/7K3M9Q2XC4TB/21/R4T8").expect("a link");
        assert_eq!(
            (whole.gtin.as_str(), whole.lot.as_deref(), whole.serial.as_deref()),
            ("08930000000019", Some("7K3M9Q2XC4TB"), Some("R4T8"))
        );
        assert_eq!(link("96385074").map(|link| link.gtin), Some("00000096385074".to_owned()));
        assert_eq!(link("96385074/10/A%2FB").and_then(|link| link.lot), Some("A/B".to_owned()));
        for wrong in [
            "",
            "08930000000011",
            "96385074/10",
            "96385074/10/",
            "96385074/21/S/10/L",
            "96385074/10/A/10/B",
            "96385074/99/A",
            "96385074/10/ô",
            "96385074/10/AAAAAAAAAAAAAAAAAAAAA",
            "96385074/",
            "x/10/A",
        ] {
            assert_eq!(link(wrong), None, "{wrong}");
        }
    }
}
