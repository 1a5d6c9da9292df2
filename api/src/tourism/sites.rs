//! A partner's web sites: named, proved by a mark on the site, and then allowed to show its widgets.

use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post};
use entity::partner_site;
use entity::value::{PartnerId, SiteId};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::guide::{Guide, changed};
use crate::people::desk::PartnerDesk;
use crate::people::identity::partner::Scope;
use crate::platform::body::Body;
use crate::platform::db::{by_id, is_duplicate, run};
use crate::platform::outgoing;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::secrets;

codes! {
    SITES_FULL = "sites_full" 409 "Một đối tác có nhiều nhất 20 trang web." "A partner has at most 20 web sites.";
    SITE_KNOWN = "site_known" 409 "Trang web này đã có." "This web site is known already.";
    SITE_OF_ANOTHER = "site_of_another" 409 "Trang web này đã được xác minh cho đối tác khác." "This web site is verified for another partner.";
    MARK_NOT_FOUND = "mark_not_found" 409 "Chưa thấy mã xác minh trên trang web." "The mark was not found on the web site.";
}

/// The name of the file and of the meta element that carry a site's mark.
pub const MARK: &str = "cho-ocop-verification";
const MOST_BYTES: usize = 512 * 1024;

/// Asks web sites that partners name; refuses addresses of our own network.
pub struct Looker(pub reqwest::Client);

#[derive(Serialize, ToSchema)]
pub struct PartnerSite {
    pub id: SiteId,
    /// `https://homestay.example`
    pub origin: String,
    /// To be found at `/.well-known/cho-ocop-verification.txt`, or on the front page as
    /// `<meta name="cho-ocop-verification" content="…">`.
    pub token: String,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub verified_at: Option<OffsetDateTime>,
}

impl From<partner_site::Model> for PartnerSite {
    fn from(row: partner_site::Model) -> Self {
        Self { id: row.id, origin: row.origin, token: row.token, verified_at: row.verified_at }
    }
}

#[derive(Serialize, ToSchema)]
pub struct PartnerSites {
    items: Vec<PartnerSite>,
}

pub async fn sites_of(connection: &impl ConnectionTrait, partner: PartnerId) -> Result<Vec<PartnerSite>, DbErr> {
    let rows = partner_site::Entity::find().filter(partner_site::Column::PartnerId.eq(partner));
    let rows = rows.order_by_asc(partner_site::Column::Id).all(connection).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The partner's web sites.
#[utoipa::path(tag = "partner", operation_id = "list_partner_sites", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), responses((status = 200, description = "The sites", body = PartnerSites)))]
#[get("/v1/partner/{partner_id}/sites")]
pub async fn list_sites(desk: PartnerDesk) -> Result<HttpResponse, Problem> {
    desk.may(Scope::ProfileRead).await?;
    Ok(HttpResponse::Ok().json(PartnerSites { items: sites_of(desk.db.fresh(), desk.partner).await? }))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://homestay.example"}))]
pub struct NewSite {
    #[garde(length(min = 4, max = 300))]
    #[schema(min_length = 4, max_length = 300)]
    url: String,
}

/// The origin of a site as typed: with or without `https://`, with or without a page.
fn origin_of(text: &str, allow_private: bool) -> Result<String, Problem> {
    let wrong = || {
        let (vi, en) = (
            "cần địa chỉ trang web công khai, như https://homestay.vn",
            "a public web address, such as https://homestay.vn",
        );
        Problem::field("/url", "url", vi, en)
    };
    let text = text.trim();
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = reqwest::Url::parse(&whole).map_err(|_| wrong())?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let private =
        host.parse().is_ok_and(|address| !outgoing::is_public(address)) || host == "localhost" || !host.contains('.');
    let secure = url.scheme() == "https" || (allow_private && url.scheme() == "http");
    if !secure || (private && !allow_private) || !url.username().is_empty() {
        return Err(wrong());
    }
    Ok(url.origin().ascii_serialization())
}

pub async fn add(desk: &PartnerDesk, typed: &str) -> Result<PartnerSite, Problem> {
    desk.owner().await?;
    let origin = origin_of(typed, desk.config.webhooks_allow_private)?;
    if sites_of(desk.db.fresh(), desk.partner).await?.len() >= 20 {
        return Err(Problem::new(&SITES_FULL));
    }
    let row = partner_site::ActiveModel {
        id: Set(SiteId::new()),
        partner_id: Set(desk.partner),
        origin: Set(origin.clone()),
        token: Set(secrets::code(20)),
        verified_at: Set(None),
        created_at: Set(desk.now()),
    };
    let transaction = desk.begin().await?;
    let row = row.insert(&transaction).await;
    let row = row.map_err(|error| if is_duplicate(&error) { Problem::new(&SITE_KNOWN) } else { error.into() })?;
    desk.audit(&transaction, "partner.site_added", ("partner", desk.partner.0), (), json!({"origin": origin})).await?;
    transaction.commit().await?;
    Ok(row.into())
}

/// Name a web site. Put its token on it, then have it verified.
#[utoipa::path(tag = "partner", operation_id = "add_partner_site", security(("access_token" = [])), params(("partner_id" = PartnerId, Path)), request_body = NewSite, responses((status = 201, description = "The site and its token", body = PartnerSite)))]
#[post("/v1/partner/{partner_id}/sites")]
pub async fn add_site(desk: PartnerDesk, body: Body<NewSite>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(add(&desk, &body.0.url).await?))
}

async fn fetch(client: &reqwest::Client, url: &str) -> Option<String> {
    let mut response = outgoing::send(client.get(url).timeout(Duration::from_secs(8))).await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST_BYTES {
            break;
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether a page carries the mark in a meta element.
fn has_mark(page: &str, token: &str) -> bool {
    page.split("<meta")
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .any(|element| element.contains(MARK) && element.contains(token))
}

pub async fn verify(desk: &PartnerDesk, looker: &Looker, id: SiteId) -> Result<PartnerSite, Problem> {
    desk.owner().await?;
    let row = by_id::<partner_site::Entity>(desk.db.fresh(), id).await?;
    let row = row.filter(|row| row.partner_id == desk.partner).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let file = fetch(&looker.0, &format!("{}/.well-known/{MARK}.txt", row.origin)).await;
    let found = match file {
        Some(text) if text.trim() == row.token => true,
        _ => fetch(&looker.0, &format!("{}/", row.origin)).await.is_some_and(|page| has_mark(&page, &row.token)),
    };
    if !found {
        return Err(Problem::new(&MARK_NOT_FOUND).extension("token", row.token));
    }
    let now = desk.now();
    let transaction = desk.begin().await?;
    let sql = "UPDATE partner_site SET verified_at = $2 WHERE id = $1";
    run(&transaction, sql, [id.into(), now.into()])
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&SITE_OF_ANOTHER) } else { error.into() })?;
    desk.audit(&transaction, "partner.site_verified", ("partner", desk.partner.0), (), json!({"origin": row.origin}))
        .await?;
    changed(&transaction, desk.partner.0, now).await?;
    transaction.commit().await?;
    Ok(PartnerSite { verified_at: Some(now), ..row.into() })
}

/// Look for the token on the site. A verified site may show the partner's widgets.
#[utoipa::path(tag = "partner", operation_id = "verify_partner_site", security(("access_token" = [])), params(("partner_id" = PartnerId, Path), ("site_id" = SiteId, Path)), responses((status = 200, description = "The site", body = PartnerSite)))]
#[post("/v1/partner/{partner_id}/sites/{site_id}/verify")]
pub async fn verify_site(
    desk: PartnerDesk,
    guide: Data<Guide>,
    looker: Data<Looker>,
    path: Path<(PartnerId, SiteId)>,
) -> Result<HttpResponse, Problem> {
    let site = verify(&desk, &looker, path.1).await?;
    guide.refresh().await?;
    Ok(HttpResponse::Ok().json(site))
}

pub async fn remove(desk: &PartnerDesk, id: SiteId) -> Result<(), Problem> {
    desk.owner().await?;
    let transaction = desk.begin().await?;
    let sql = "DELETE FROM partner_site WHERE id = $1 AND partner_id = $2";
    if run(&transaction, sql, [id.into(), desk.partner.into()]).await? != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    desk.audit(&transaction, "partner.site_removed", ("partner", desk.partner.0), json!({"site": id}), ()).await?;
    changed(&transaction, desk.partner.0, desk.now()).await?;
    transaction.commit().await?;
    Ok(())
}

/// Take a site away: it shows no widget any more.
#[utoipa::path(tag = "partner", operation_id = "remove_partner_site", security(("access_token" = [])), params(("partner_id" = PartnerId, Path), ("site_id" = SiteId, Path)), responses((status = 204, description = "Gone")))]
#[delete("/v1/partner/{partner_id}/sites/{site_id}")]
pub async fn remove_site(
    desk: PartnerDesk,
    guide: Data<Guide>,
    path: Path<(PartnerId, SiteId)>,
) -> Result<HttpResponse, Problem> {
    remove(&desk, path.1).await?;
    guide.refresh().await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_public_and_bare() {
        assert_eq!(origin_of("homestay.vn/dat-phong", false).ok().as_deref(), Some("https://homestay.vn"));
        assert_eq!(
            origin_of("https://www.homestay.vn:8443/?a", false).ok().as_deref(),
            Some("https://www.homestay.vn:8443")
        );
        for wrong in
            ["http://homestay.vn", "localhost", "https://10.0.0.1", "ftp://a.vn", "https://a@b.vn", "homestay", ""]
        {
            assert!(origin_of(wrong, false).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mark_stands_in_a_meta_element() {
        assert!(has_mark("<head><meta name=\"cho-ocop-verification\" content=\"ABC\"></head>", "ABC"));
        assert!(!has_mark("<p>cho-ocop-verification ABC</p>", "ABC"));
        assert!(!has_mark("<meta name=\"cho-ocop-verification\" content=\"X\"><p>ABC</p>", "ABC"));
    }
}
