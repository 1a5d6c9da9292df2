//! Reading the catalogue from the database: whole, or the products named.

use entity::value::{
    CategoryId, CertificateKind, CooperativeId, CooperativeKind, CooperativeStatus, OfferId, ProductId, Unit, Vnd,
};
use entity::{category, product};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryOrder};
use time::Date;

use crate::platform::db::{all, by_id, list};

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
    pub price_amount: Vnd,
    pub min_quantity: i64,
    pub step_quantity: i64,
    pub available: i64,
    pub version: i64,
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
pub struct CertificateRow {
    pub kind: CertificateKind,
    pub number: String,
    pub issuer: String,
    pub issued_on: Date,
    pub valid_until: Option<Date>,
}

#[derive(FromQueryResult)]
pub struct ImageRow {
    pub product_id: ProductId,
    pub object_key: String,
    pub width: i32,
    pub height: i32,
    pub alt_vi: String,
    pub alt_en: String,
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
}

const ON_SALE: &str = "p.status = 'published' AND c.status = 'active'";

pub async fn products(connection: &impl ConnectionTrait, only: Option<&[ProductId]>) -> Result<Rows, DbErr> {
    let values = || only.unwrap_or_default().iter().map(|id| (*id).into()).collect::<Vec<sea_orm::Value>>();
    let among = |column: &str| only.map_or_else(String::new, |ids| format!(" AND {column} IN {}", list(1, ids.len())));
    let products = all(
        connection,
        format!(
            "SELECT p.id, p.cooperative_id, p.category_id, p.slug, p.name_vi, p.name_en, p.summary_vi, p.summary_en,
                    p.origin_commune_code, p.former_commune, p.latitude, p.longitude, p.season_from, p.season_to
             FROM product p JOIN cooperative c ON c.id = p.cooperative_id WHERE {ON_SALE}{}",
            among("p.id")
        ),
        values(),
    )
    .await?;
    let offers = all(
        connection,
        format!(
            "SELECT o.id, o.product_id, o.sku, o.pack_vi, o.pack_en, o.unit, o.weight_g, o.price_amount, o.min_quantity,
                    o.step_quantity, COALESCE(s.on_hand - s.reserved, 0) AS available, COALESCE(s.version, 0) AS version
             FROM offer o LEFT JOIN stock s ON s.offer_id = o.id WHERE o.status = 'active'{} ORDER BY o.position, o.id",
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
            "SELECT product_id, object_key, width, height, alt_vi, alt_en FROM product_image WHERE 1 = 1{} ORDER BY position",
            among("product_id")
        ),
        values(),
    )
    .await?;
    Ok(Rows { products, offers, recognitions, images })
}

pub async fn cooperatives(connection: &impl ConnectionTrait) -> Result<Vec<CooperativeRow>, DbErr> {
    all(
        connection,
        "SELECT id, slug, kind, name_vi, name_en, commune_code, former_commune, latitude, longitude, status FROM cooperative",
        [],
    )
    .await
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

pub async fn certificates(connection: &impl ConnectionTrait, id: ProductId) -> Result<Vec<CertificateRow>, DbErr> {
    all(
        connection,
        "SELECT kind, number, issuer, issued_on, valid_until FROM certificate WHERE product_id = $1 ORDER BY kind, issued_on",
        [id.into()],
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
        all(connection, format!("{columns} WHERE {ON_SALE} AND p.id IN {}", list(1, ids.len())), values).await
    } else {
        let after = after.map_or(uuid::Uuid::nil(), |id| id.0);
        all(connection, format!("{columns} WHERE {ON_SALE} AND p.id > $1 ORDER BY p.id LIMIT {limit}"), [after.into()])
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
