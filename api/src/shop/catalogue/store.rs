//! Reading the catalogue from the database: whole, or the products named.

use entity::value::{
    CategoryId, CooperativeId, CooperativeKind, CooperativeStatus, LotId, OffSeason, OfferId, ProductId, Unit, Vnd,
};
use entity::{category, product};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};
use time::Date;

use super::materials::MaterialRow;
use crate::ocop::certificates::cleared;
use crate::platform::db::{all, by_id, list, one};

#[derive(FromQueryResult)]
pub struct ProductRow {
    pub id: ProductId,
    pub cooperative_id: CooperativeId,
    pub category_id: CategoryId,
    pub slug: String,
    pub name_vi: String,
    pub name_en: String,
    pub summary_vi: String,
    pub summary_en: String,
    pub origin_commune_code: String,
    pub former_commune: Option<String>,
    pub latitude: f64,
    pub longitude: f64,
    pub season_from: Option<i32>,
    pub season_to: Option<i32>,
    pub off_season: OffSeason,
    pub rating_sum: i64,
    pub rating_count: i64,
    pub gtin: Option<String>,
}

#[derive(FromQueryResult)]
pub struct OfferRow {
    pub id: OfferId,
    pub product_id: ProductId,
    pub sku: String,
    pub pack_vi: String,
    pub pack_en: String,
    pub unit: Unit,
    pub weight_g: i64,
    /// What it costs today.
    pub price_amount: Vnd,
    /// As listed: more, while goods must be eaten soon.
    pub listed_amount: Vnd,
    pub reduced_bp: i64,
    pub reduced_until: Option<Date>,
    pub min_quantity: i64,
    pub step_quantity: i64,
    pub available: i64,
    pub version: i64,
    pub wholesale_from: Option<i64>,
}

#[derive(Clone, FromQueryResult)]
pub struct TierRow {
    pub offer_id: OfferId,
    pub from_quantity: i64,
    pub amount: Vnd,
}

#[derive(Clone, FromQueryResult)]
pub struct ForecastRow {
    pub offer_id: OfferId,
    pub expected_from: Date,
    pub expected_to: Date,
}

#[derive(FromQueryResult)]
pub struct RecognitionRow {
    pub product_id: ProductId,
    pub stars: i32,
    pub certificate_number: String,
    pub issuer: String,
    pub issued_on: Date,
    pub valid_until: Date,
}

#[derive(FromQueryResult)]
pub struct ImageRow {
    pub product_id: ProductId,
    pub object_key: String,
    pub width: i32,
    pub height: i32,
    pub alt_vi: String,
    pub alt_en: String,
    pub widths: Option<String>,
}

#[derive(Clone, FromQueryResult)]
pub struct CooperativeRow {
    pub id: CooperativeId,
    pub slug: String,
    pub kind: CooperativeKind,
    pub name_vi: String,
    pub name_en: String,
    pub commune_code: String,
    pub former_commune: Option<String>,
    pub latitude: f64,
    pub longitude: f64,
    pub status: CooperativeStatus,
}

/// Rows of products on sale: all of them, or those named.
pub struct Rows {
    pub products: Vec<ProductRow>,
    pub offers: Vec<OfferRow>,
    pub recognitions: Vec<RecognitionRow>,
    pub images: Vec<ImageRow>,
    pub tiers: Vec<TierRow>,
    pub forecasts: Vec<ForecastRow>,
    pub materials: Vec<MaterialRow>,
}

/// Whether product `p` of cooperative `c` is on the market, as SQL.
const LISTED: &str = "p.status = 'published' AND c.status = 'active'";

/// Whether it may be sold on the day that stands at `day`, too: not without a certificate it must have.
pub fn on_sale(day: &str) -> String {
    format!("{LISTED} AND {}", cleared(day))
}

/// What one of offer `o` costs on the day that stands at `day`, as SQL: less while goods must be eaten soon.
pub fn price(day: &str) -> String {
    format!(
        "(CASE WHEN o.reduced_bp > 0 AND o.reduced_until >= {day}
               THEN o.price_amount - o.price_amount * o.reduced_bp / 10000 ELSE o.price_amount END)"
    )
}

/// How much of an offer lies in lots that may not be sold: blocked, or expired on the day that stands at `day`. Both are
/// SQL: a column and a placeholder.
pub fn unsellable(offer: &str, day: &str) -> String {
    format!(
        "COALESCE((SELECT CAST(SUM(ls.on_hand) AS bigint) FROM lot_stock ls JOIN lot l ON l.id = ls.lot_id
                   WHERE ls.offer_id = {offer} AND ls.on_hand > 0 AND (l.state = 'blocked' OR l.expires_on < {day})), 0)"
    )
}

/// Whether product `p` may be sold in the month that stands at `month`: in season, or sold all year.
pub fn season_allows(month: &str) -> String {
    format!(
        "(p.off_season = 'sell' OR p.season_from IS NULL
          OR (p.season_from <= p.season_to AND {month} BETWEEN p.season_from AND p.season_to)
          OR (p.season_from > p.season_to AND ({month} >= p.season_from OR {month} <= p.season_to)))"
    )
}

/// Offers of products on sale; `only` narrows them down, `day` is the placeholder of today.
async fn offers(
    connection: &impl ConnectionTrait,
    only: &str,
    day: &str,
    values: Vec<sea_orm::Value>,
) -> Result<Vec<OfferRow>, DbErr> {
    let (price, lost) = (price(day), unsellable("o.id", day));
    all(
        connection,
        format!(
            "SELECT o.id, o.product_id, o.sku, o.pack_vi, o.pack_en, o.unit, o.weight_g, {price} AS price_amount,
                    o.price_amount AS listed_amount, o.reduced_bp, o.reduced_until, o.min_quantity,
                    o.step_quantity, o.wholesale_from, COALESCE(s.on_hand - s.reserved, 0) - {lost} AS available,
                    COALESCE(s.version, 0) AS version
             FROM offer o LEFT JOIN stock s ON s.offer_id = o.id WHERE o.status = 'active'{only} ORDER BY o.position, o.id"
        ),
        values,
    )
    .await
}

/// What is proved of their packaging and inputs.
async fn materials(
    connection: &impl ConnectionTrait,
    only: &str,
    day: &str,
    values: Vec<sea_orm::Value>,
) -> Result<Vec<MaterialRow>, DbErr> {
    all(
        connection,
        format!(
            "SELECT m.offer_id, m.part, m.material, m.recycled_bp, m.returnable, m.deposit_amount, c.number AS proof
             FROM offer_material m JOIN certificate c ON c.id = m.certificate_id JOIN offer o ON o.id = m.offer_id
             WHERE c.state = 'verified' AND (c.valid_until IS NULL OR c.valid_until >= {day}){only} ORDER BY m.id"
        ),
        values,
    )
    .await
}

pub async fn products(
    connection: &impl ConnectionTrait,
    only: Option<&[ProductId]>,
    today: Date,
) -> Result<Rows, DbErr> {
    let values = || only.unwrap_or_default().iter().map(|id| (*id).into()).collect::<Vec<sea_orm::Value>>();
    let among = |column: &str| only.map_or_else(String::new, |ids| format!(" AND {column} IN {}", list(1, ids.len())));
    let mut with_day = values();
    with_day.push(today.into());
    let products = all(
        connection,
        format!(
            "SELECT p.id, p.cooperative_id, p.category_id, p.slug, p.name_vi, p.name_en, p.summary_vi, p.summary_en,
                    p.origin_commune_code, p.former_commune, p.latitude, p.longitude, p.season_from, p.season_to,
                    p.off_season,
                    COALESCE((SELECT CAST(SUM(r.rating) AS bigint) FROM review r WHERE r.product_id = p.id AND r.state <> 'hidden'), 0) AS rating_sum,
                    (SELECT COUNT(*) FROM review r WHERE r.product_id = p.id AND r.state <> 'hidden') AS rating_count,
                    p.gtin
             FROM product p JOIN cooperative c ON c.id = p.cooperative_id WHERE {}{}",
            on_sale(&format!("${}", with_day.len())),
            among("p.id")
        ),
        with_day.clone(),
    )
    .await?;
    let (only_offers, day) = (among("o.product_id"), format!("${}", with_day.len()));
    let offers = offers(connection, &only_offers, &day, with_day.clone()).await?;
    let materials = materials(connection, &only_offers, &day, with_day).await?;
    let tiers = all(
        connection,
        format!(
            "SELECT t.offer_id, t.from_quantity, t.amount FROM price_tier t JOIN offer o ON o.id = t.offer_id WHERE 1 = 1{}
             ORDER BY t.offer_id, t.from_quantity",
            among("o.product_id")
        ),
        values(),
    )
    .await?;
    let forecasts = all(
        connection,
        format!(
            "SELECT f.offer_id, f.expected_from, f.expected_to FROM forecast f JOIN offer o ON o.id = f.offer_id
             WHERE f.state = 'open'{}",
            among("o.product_id")
        ),
        values(),
    )
    .await?;
    let recognitions = all(
        connection,
        format!(
            "SELECT product_id, stars, certificate_number, issuer, issued_on, valid_until FROM recognition
             WHERE revoked_at IS NULL{} ORDER BY issued_on DESC",
            among("product_id")
        ),
        values(),
    )
    .await?;
    let images = all(
        connection,
        format!(
            "SELECT product_id, object_key, width, height, alt_vi, alt_en, widths FROM product_image WHERE 1 = 1{} ORDER BY position",
            among("product_id")
        ),
        values(),
    )
    .await?;
    Ok(Rows { products, offers, recognitions, images, tiers, forecasts, materials })
}

pub async fn cooperatives(connection: &impl ConnectionTrait) -> Result<Vec<CooperativeRow>, DbErr> {
    all(
        connection,
        "SELECT id, slug, kind, name_vi, name_en, commune_code, former_commune, latitude, longitude, status FROM cooperative",
        [],
    )
    .await
}

pub async fn cooperative_by_slug(
    connection: &impl ConnectionTrait,
    slug: &str,
) -> Result<Option<CooperativeId>, DbErr> {
    let found = entity::cooperative::Entity::find().filter(entity::cooperative::Column::Slug.eq(slug));
    Ok(found.one(connection).await?.map(|row| row.id))
}

pub async fn categories(connection: &impl ConnectionTrait) -> Result<Vec<category::Model>, DbErr> {
    category::Entity::find()
        .order_by_asc(category::Column::OcopGroup)
        .order_by_asc(category::Column::Position)
        .all(connection)
        .await
}

pub async fn product(connection: &impl ConnectionTrait, id: ProductId) -> Result<Option<product::Model>, DbErr> {
    by_id::<product::Entity>(connection, id).await
}

/// A lot, and when it was harvested.
#[derive(FromQueryResult)]
pub struct Harvest {
    pub lot_id: LotId,
    pub harvested_on: Date,
}

/// What is packed next: of the good lots that hold something, the first to expire.
pub async fn next_harvest(
    connection: &impl ConnectionTrait,
    product: ProductId,
    today: Date,
) -> Result<Option<Harvest>, DbErr> {
    one(
        connection,
        "SELECT l.id AS lot_id, l.harvested_on FROM offer o JOIN lot_stock s ON s.offer_id = o.id JOIN lot l ON l.id = s.lot_id
         WHERE o.product_id = $1 AND s.on_hand > 0 AND l.state = 'good' AND (l.expires_on IS NULL OR l.expires_on >= $2)
         ORDER BY (l.expires_on IS NULL), l.expires_on, l.harvested_on LIMIT 1",
        [product.into(), today.into()],
    )
    .await
}

/// The long texts the search index reads.
#[derive(FromQueryResult)]
pub struct Texts {
    pub id: ProductId,
    pub story_vi: String,
    pub story_en: String,
}

/// Stories of the products after `after`, in order of their ids; or of those named.
pub async fn texts(
    connection: &impl ConnectionTrait,
    only: Option<&[ProductId]>,
    after: Option<ProductId>,
    limit: usize,
) -> Result<Vec<Texts>, DbErr> {
    let columns = "SELECT p.id, p.story_vi, p.story_en FROM product p JOIN cooperative c ON c.id = p.cooperative_id";
    if let Some(ids) = only {
        let values: Vec<sea_orm::Value> = ids.iter().map(|id| (*id).into()).collect();
        all(connection, format!("{columns} WHERE {LISTED} AND p.id IN {}", list(1, ids.len())), values).await
    } else {
        let after = after.map_or(uuid::Uuid::nil(), |id| id.0);
        all(connection, format!("{columns} WHERE {LISTED} AND p.id > $1 ORDER BY p.id LIMIT {limit}"), [after.into()])
            .await
    }
}

#[derive(FromQueryResult)]
struct IdRow {
    id: ProductId,
}

/// Products written since a moment, on sale or not: for an index that was away.
pub async fn changed_since(
    connection: &impl ConnectionTrait,
    since: time::OffsetDateTime,
) -> Result<Vec<ProductId>, DbErr> {
    let rows = all::<IdRow>(
        connection,
        "SELECT p.id FROM product p JOIN cooperative c ON c.id = p.cooperative_id WHERE p.updated_at >= $1 OR c.updated_at >= $1",
        [since.into()],
    )
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Products of a cooperative, on sale or not.
pub async fn of_cooperative(connection: &impl ConnectionTrait, id: CooperativeId) -> Result<Vec<ProductId>, DbErr> {
    let rows = all::<IdRow>(connection, "SELECT id FROM product WHERE cooperative_id = $1", [id.into()]).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
