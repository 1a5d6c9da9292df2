//! The register of recognised products as open data, and the check of a certificate: for everybody.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use entity::value::{CooperativeId, ProductId, RowId};
use garde::Validate;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use crate::config::Config;
use crate::people::desk::Desk;
use crate::people::offices::OfficePermission;
use crate::people::places::{self, commune, communes_of, province_of};
use crate::platform::body::Params;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, one};
use crate::platform::fold::is_forbidden;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::sheets::{Cell, Column, SheetFormat, Table};

/// More rows than the programme has products; a file holds no more.
const MOST_ROWS: u64 = 100_000;

#[derive(Clone, Debug, FromQueryResult)]
struct Row {
    id: RowId,
    code: Option<String>,
    certificate_number: String,
    decision_number: Option<String>,
    issuer: String,
    stars: i32,
    issued_on: Date,
    valid_until: Date,
    revoked_at: Option<OffsetDateTime>,
    revoked_reason: Option<String>,
    product_id: ProductId,
    product_slug: String,
    product_name: String,
    product_status: String,
    category: String,
    cooperative_id: CooperativeId,
    cooperative_name: String,
    commune_code: String,
    latitude: f64,
    longitude: f64,
}

const SELECT: &str = "SELECT r.id, r.code, r.certificate_number, r.decision_number, r.issuer, r.stars, r.issued_on, r.valid_until, r.revoked_at, r.revoked_reason,
        r.product_id, p.slug AS product_slug, p.name_vi AS product_name, p.status AS product_status, g.slug AS category, c.id AS cooperative_id,
        c.name_vi AS cooperative_name, c.commune_code, c.latitude, c.longitude
    FROM recognition r JOIN product p ON p.id = r.product_id JOIN category g ON g.id = p.category_id JOIN cooperative c ON c.id = p.cooperative_id";

/// A recognised product.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OcopProduct {
    pub id: RowId,
    pub certificate_number: String,
    #[schema(required = true)]
    pub decision_number: Option<String>,
    pub issuer: String,
    pub stars: i32,
    #[schema(value_type = String, format = Date)]
    pub issued_on: Date,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
    pub product_id: ProductId,
    pub product_name: String,
    pub category: String,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    pub commune_code: String,
    pub commune_name: String,
    pub province_name: String,
    /// Where anybody may check the certificate.
    pub check_url: String,
    /// Where the product is sold here, if it is.
    #[schema(required = true)]
    pub product_url: Option<String>,
}

fn public(row: Row, base: &str) -> OcopProduct {
    let place = commune(&row.commune_code);
    let code = row.code.unwrap_or_else(|| super::award::code_of(row.id));
    OcopProduct {
        id: row.id,
        certificate_number: row.certificate_number,
        decision_number: row.decision_number,
        issuer: row.issuer,
        stars: row.stars,
        issued_on: row.issued_on,
        valid_until: row.valid_until,
        product_id: row.product_id,
        product_name: row.product_name,
        category: row.category,
        cooperative_id: row.cooperative_id,
        cooperative_name: row.cooperative_name,
        commune_name: place.map_or_else(String::new, |place| place.name.to_owned()),
        province_name: place.map_or_else(String::new, |place| province_of(place).name.to_owned()),
        commune_code: row.commune_code,
        check_url: format!("{base}/s/{code}"),
        product_url: (row.product_status == "published").then(|| format!("{base}/p/{}", row.product_slug)),
    }
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RegisterQuery {
    #[garde(inner(range(min = 3, max = 5)))]
    #[param(minimum = 3, maximum = 5)]
    stars: Option<i32>,
    /// Of the cooperative.
    #[garde(inner(length(max = 10)))]
    #[param(max_length = 10)]
    commune_code: Option<String>,
    #[garde(inner(length(max = 10)))]
    #[param(max_length = 10)]
    province_code: Option<String>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// Recognitions in force that the query asks for.
fn asked(query: &RegisterQuery, place: (Option<u64>, Option<&str>), today: Date) -> Result<NewestFirst, Problem> {
    let mut found = NewestFirst::of(SELECT, "r.id", place)?
        .and("r.issued_on <= ?", today)
        .and("r.valid_until >= ?", today)
        .and_that("r.revoked_at IS NULL")
        .and_if("r.stars = ?", query.stars)
        .and_if("c.commune_code = ?", query.commune_code.clone());
    if let Some(code) = &query.commune_code {
        let unknown = || Problem::field("/commune_code", "place", "không có xã này", "there is no such commune");
        commune(code).ok_or_else(unknown)?;
    }
    if let Some(code) = &query.province_code {
        let unknown = || Problem::field("/province_code", "place", "không có tỉnh này", "there is no such province");
        places::province(code).ok_or_else(unknown)?;
        let codes: Vec<String> = communes_of(code).map(|commune| format!("'{}'", commune.code)).collect();
        found = found.and_that(&format!("c.commune_code IN ({})", codes.join(", ")));
    }
    Ok(found)
}

/// Recognised products of an officer's place, newest recognition first.
pub async fn of_place(
    desk: &Desk,
    stars: Option<i32>,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<OcopProduct>, Problem> {
    let places = desk.jurisdiction(OfficePermission::SeeDossiers).await?;
    let query = RegisterQuery { stars, commune_code: None, province_code: None, limit: None, cursor: None };
    let found = asked(&query, place, desk.today())?.and_that(&places.condition("c.commune_code"));
    let page = found.page(desk.db.fresh(), |row: &Row| row.id).await?;
    let base = desk.config.base_url();
    let items = page.items.into_iter().map(|row| public(row, &base)).collect();
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// Recognised products, newest recognition first.
#[utoipa::path(tag = "recognition", operation_id = "list_ocop_products", params(RegisterQuery), responses((status = 200, description = "A page of the register", body = Page<OcopProduct>)))]
#[get("/v1/ocop/products")]
pub async fn list_ocop_products(
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    query: Params<RegisterQuery>,
) -> Result<HttpResponse, Problem> {
    let found = asked(&query.0, (query.0.limit, query.0.cursor.as_deref()), clock.today())?;
    let page = found.page(db.read(), |row: &Row| row.id).await?;
    let base = config.base_url();
    let items = page.items.into_iter().map(|row| public(row, &base)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: page.next_cursor }))
}

async fn whole(db: &Db, query: &RegisterQuery, today: Date) -> Result<Vec<Row>, Problem> {
    Ok(asked(query, (Some(MOST_ROWS), None), today)?.page(db.read(), |row: &Row| row.id).await?.items)
}

/// The register as CSV.
#[utoipa::path(tag = "recognition", operation_id = "ocop_products_csv", params(RegisterQuery), responses((status = 200, description = "The register", body = String, content_type = "text/csv")))]
#[get("/v1/ocop/products.csv")]
pub async fn ocop_products_csv(
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    query: Params<RegisterQuery>,
) -> Result<HttpResponse, Problem> {
    let base = config.base_url();
    let rows: Vec<Vec<Cell>> = whole(&db, &query.0, clock.today())
        .await?
        .into_iter()
        .map(|row| {
            let own = public(row, &base);
            vec![
                own.certificate_number.into(),
                i64::from(own.stars).into(),
                own.product_name.into(),
                own.category.into(),
                own.cooperative_name.into(),
                own.commune_code.into(),
                own.commune_name.into(),
                own.province_name.into(),
                own.issuer.into(),
                own.decision_number.unwrap_or_default().into(),
                Some(own.issued_on).into(),
                Some(own.valid_until).into(),
                own.check_url.into(),
            ]
        })
        .collect();
    let headings = [
        "certificate_number",
        "stars",
        "product_name",
        "category",
        "cooperative_name",
        "commune_code",
        "commune_name",
        "province_name",
        "issuer",
        "decision_number",
        "issued_on",
        "valid_until",
        "check_url",
    ];
    let columns = headings.map(|heading| Column::new(heading, 20.0));
    let table = Table { title: "OCOP", columns: &columns, rows: &rows, instructions: &[] };
    let bytes = table.write(SheetFormat::Csv).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().content_type(SheetFormat::Csv.media_type()).body(bytes))
}

/// The register as GeoJSON, at the places of the cooperatives.
#[utoipa::path(tag = "recognition", operation_id = "ocop_products_geojson", params(RegisterQuery), responses((status = 200, description = "A FeatureCollection", body = serde_json::Value, content_type = "application/geo+json")))]
#[get("/v1/ocop/products.geojson")]
pub async fn ocop_products_geojson(
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    query: Params<RegisterQuery>,
) -> Result<HttpResponse, Problem> {
    let base = config.base_url();
    let feature = |row: Row| {
        let at = [row.longitude, row.latitude];
        json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": at}, "properties": public(row, &base)})
    };
    let features: Vec<serde_json::Value> =
        whole(&db, &query.0, clock.today()).await?.into_iter().map(feature).collect();
    Ok(HttpResponse::Ok()
        .content_type("application/geo+json")
        .body(json!({"type": "FeatureCollection", "features": features}).to_string()))
}

/// What the register is, for catalogues of open data (DCAT 3, W3C Recommendation of 22.8.2024).
#[utoipa::path(tag = "recognition", operation_id = "ocop_catalogue", responses((status = 200, description = "A dcat:Dataset", body = serde_json::Value, content_type = "application/ld+json")))]
#[get("/v1/ocop/catalogue.jsonld")]
pub async fn ocop_catalogue(config: Data<Config>) -> Result<HttpResponse, Problem> {
    let base = config.base_url();
    let distribution = |ending: &str, media: &str| {
        json!({
            "@type": "dcat:Distribution",
            "dcat:accessURL": {"@id": format!("{base}/v1/ocop/products{ending}")},
            "dcat:mediaType": {"@id": format!("https://www.iana.org/assignments/media-types/{media}")},
        })
    };
    let dataset = json!({
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"},
        "@id": format!("{base}/v1/ocop/catalogue.jsonld"),
        "@type": "dcat:Dataset",
        "dct:title": [{"@value": "Sản phẩm OCOP còn hiệu lực công nhận", "@language": "vi"},
                      {"@value": "OCOP products whose recognition is valid", "@language": "en"}],
        "dct:description": [{"@value": "Sổ công nhận sản phẩm OCOP: sao, quyết định, thời hạn, chủ thể, nơi ở.", "@language": "vi"},
                            {"@value": "The register of recognised OCOP products: stars, decision, term, producer, place.", "@language": "en"}],
        "dct:accrualPeriodicity": {"@id": "http://publications.europa.eu/resource/authority/frequency/CONT"},
        "dcat:keyword": ["OCOP", "nông thôn mới", "chỉ dẫn nguồn gốc"],
        "dcat:distribution": [distribution("", "application/json"), distribution(".csv", "text/csv"), distribution(".geojson", "application/geo+json")],
    });
    Ok(HttpResponse::Ok().content_type("application/ld+json").body(dataset.to_string()))
}

/// Whether a certificate counts today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    Valid,
    /// Its first day is to come.
    NotYet,
    Expired,
    Revoked,
}

/// A certificate as it is checked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Checked {
    pub validity: Validity,
    /// Why it was revoked.
    #[schema(required = true)]
    pub revoked_reason: Option<String>,
    #[serde(flatten)]
    pub product: OcopProduct,
    #[serde(skip)]
    pub slug: String,
}

/// The certificate of a code, or of a number as it is printed.
pub async fn check(
    connection: &impl ConnectionTrait,
    typed: &str,
    (today, base): (Date, &str),
) -> Result<Checked, Problem> {
    let typed = typed.trim();
    if typed.is_empty() || typed.len() > 100 || typed.contains(is_forbidden) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let sql = format!("{SELECT} WHERE r.code = $1 OR r.certificate_number = $2 ORDER BY r.id DESC LIMIT 1");
    let values: [Value; 2] = [typed.to_uppercase().into(), typed.into()];
    let row = one::<Row>(connection, sql, values).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let validity = match &row {
        Row { revoked_at: Some(_), .. } => Validity::Revoked,
        Row { valid_until, .. } if *valid_until < today => Validity::Expired,
        Row { issued_on, .. } if *issued_on > today => Validity::NotYet,
        _ => Validity::Valid,
    };
    let (revoked_reason, slug) = (row.revoked_reason.clone(), row.product_slug.clone());
    Ok(Checked { validity, revoked_reason, product: public(row, base), slug })
}

/// Check a certificate by its code or number.
#[utoipa::path(tag = "recognition", operation_id = "check_ocop_certificate", params(("code" = String, Path, max_length = 100)), responses((status = 200, description = "The certificate", body = Checked)))]
#[get("/v1/ocop/certificates/{code}")]
pub async fn check_ocop_certificate(
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    code: Path<String>,
) -> Result<HttpResponse, Problem> {
    let checked = check(db.fresh(), &code, (clock.today(), &config.base_url())).await?;
    Ok(HttpResponse::Ok().json(checked))
}
