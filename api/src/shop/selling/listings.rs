//! Products as their cooperative writes them: draft → in review → published → paused or archived.
//!
//! Which listings a person looks at first is a setting (`OCOP_LISTING_REVIEW`). Texts of a published product that await a
//! review are kept aside; buyers see the old ones until it is approved.

pub use super::owned::own;
use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::value::{
    CategoryId, CooperativeId, ListingReviewKind, ListingReviewState, OffSeason, ProductId, ProductStatus, RowId,
};
use entity::{category, offer, product, product_image};
use garde::Validate;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter,
    QueryOrder, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::offers::{NewOffer, SellerOffer, add_offers, offers_of};
use super::slugs::{free_slug, slug_taken};
use crate::ocop::traceability::codes::right_gtin;
use crate::people::desk::Desk;
use crate::people::identity::{Permission, check_commune};
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, one, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::shop::inventory;

/// Where a listing stands, reviews included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListingStatus {
    Draft,
    InReview,
    Published,
    Paused,
    Archived,
}

impl ListingStatus {
    fn of(status: ProductStatus, in_review: bool) -> Self {
        match status {
            ProductStatus::Draft if in_review => Self::InReview,
            ProductStatus::Draft => Self::Draft,
            ProductStatus::Published => Self::Published,
            ProductStatus::Paused => Self::Paused,
            ProductStatus::Archived => Self::Archived,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SellerImage {
    pub id: RowId,
    pub url: String,
    pub alt_vi: String,
    pub alt_en: String,
}

/// A product as its cooperative sees it.
#[derive(Serialize, ToSchema)]
pub struct SellerProduct {
    pub id: ProductId,
    pub slug: String,
    pub status: ListingStatus,
    /// Slug of the category.
    pub category: String,
    pub name_vi: String,
    pub name_en: String,
    pub summary_vi: String,
    pub summary_en: String,
    pub story_vi: String,
    pub story_en: String,
    pub origin_commune_code: String,
    #[schema(required = true)]
    pub former_commune: Option<String>,
    #[schema(required = true)]
    pub season_from: Option<i32>,
    #[schema(required = true)]
    pub season_to: Option<i32>,
    pub off_season: OffSeason,
    #[schema(required = true)]
    pub shelf_life_days: Option<i32>,
    pub storage_vi: String,
    pub storage_en: String,
    #[schema(required = true)]
    pub gtin: Option<String>,
    pub offers: Vec<SellerOffer>,
    pub images: Vec<SellerImage>,
    /// Texts that await a review; buyers see the others until then.
    #[schema(value_type = Option<Object>, required = true)]
    pub pending_changes: Option<Value>,
    /// Why the last review said no.
    #[schema(required = true)]
    pub refused_because: Option<String>,
}

#[derive(FromQueryResult)]
pub(super) struct LastReview {
    state: ListingReviewState,
    kind: ListingReviewKind,
    changes: Value,
    reason: Option<String>,
}

pub(super) async fn last_review(
    connection: &impl ConnectionTrait,
    id: ProductId,
) -> Result<Option<LastReview>, Problem> {
    let sql = "SELECT state, kind, changes, reason FROM listing_review WHERE product_id = $1 ORDER BY id DESC LIMIT 1";
    Ok(one(connection, sql, [id.into()]).await?)
}

pub async fn view(desk: &Desk, row: product::Model) -> Result<SellerProduct, Problem> {
    let db = desk.db.fresh();
    let category = by_id::<category::Entity>(db, row.category_id).await?.map(|row| row.slug).unwrap_or_default();
    let review = last_review(db, row.id).await?;
    let waiting = review.as_ref().filter(|review| review.state == ListingReviewState::Waiting);
    let pending = waiting.filter(|review| review.kind == ListingReviewKind::Edit).map(|review| review.changes.clone());
    let refused = review.as_ref().filter(|review| review.state == ListingReviewState::Refused);
    let refused_because = refused.and_then(|review| review.reason.clone());
    let base = desk.config.base_url();
    let images = product_image::Entity::find()
        .filter(product_image::Column::ProductId.eq(row.id))
        .order_by_asc(product_image::Column::Position)
        .all(db)
        .await?;
    let image = |image: product_image::Model| SellerImage {
        id: image.id,
        url: format!("{base}/media/{}", image.object_key),
        alt_vi: image.alt_vi,
        alt_en: image.alt_en,
    };
    Ok(SellerProduct {
        id: row.id,
        slug: row.slug,
        status: ListingStatus::of(row.status, waiting.is_some()),
        category,
        name_vi: row.name_vi,
        name_en: row.name_en,
        summary_vi: row.summary_vi,
        summary_en: row.summary_en,
        story_vi: row.story_vi,
        story_en: row.story_en,
        origin_commune_code: row.origin_commune_code,
        former_commune: row.former_commune,
        season_from: row.season_from,
        season_to: row.season_to,
        off_season: row.off_season,
        shelf_life_days: row.shelf_life_days,
        storage_vi: row.storage_vi,
        storage_en: row.storage_en,
        gtin: row.gtin,
        offers: offers_of(db, row.id).await?,
        images: images.into_iter().map(image).collect(),
        pending_changes: pending,
        refused_because,
    })
}

/// A product in the cooperative's list.
#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct SellerProductBrief {
    pub id: ProductId,
    pub slug: String,
    pub name_vi: String,
    pub name_en: String,
    #[schema(value_type = ListingStatus)]
    pub status: String,
    pub offer_count: i64,
    #[schema(required = true)]
    pub image_key: Option<String>,
}

#[derive(Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ListingQuery {
    #[param(inline)]
    pub status: Option<ProductStatus>,
    /// Part of the name or an SKU.
    #[garde(inner(length(chars, max = 100)))]
    #[param(max_length = 100)]
    pub q: Option<String>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

pub async fn find(
    desk: &Desk,
    cooperative: CooperativeId,
    query: &ListingQuery,
) -> Result<Page<SellerProductBrief>, Problem> {
    // `!` leads what would be a wildcard: `%` and `_` are what the seller typed.
    let sought = query.q.as_deref().map(fold::stored).filter(|q| !q.is_empty());
    let sought = sought.map(|q| format!("%{}%", q.replace('!', "!!").replace('%', "!%").replace('_', "!_")));
    let mut page = NewestFirst::of(
        "SELECT p.id, p.slug, p.name_vi, p.name_en,
            CASE WHEN p.status = 'draft' AND EXISTS (SELECT 1 FROM listing_review r WHERE r.product_id = p.id AND r.state = 'waiting')
                 THEN 'in_review' ELSE p.status END AS status,
            (SELECT COUNT(*) FROM offer o WHERE o.product_id = p.id) AS offer_count,
            (SELECT i.object_key FROM product_image i WHERE i.product_id = p.id ORDER BY i.position LIMIT 1) AS image_key
         FROM product p",
        "p.id",
        (query.limit, query.cursor.as_deref()),
    )?
    .and("p.cooperative_id = ?", cooperative)
    .and_if("p.status = ?", query.status);
    if let Some(sought) = sought {
        // The shop's own offers alone, read once.
        page = page.and_both(
            "(p.name_vi LIKE ?1 ESCAPE '!' OR p.name_en LIKE ?1 ESCAPE '!'
              OR p.id IN (SELECT o.product_id FROM offer o WHERE o.cooperative_id = ?2 AND o.sku LIKE ?1 ESCAPE '!'))",
            [sought.into(), cooperative.into()],
        );
    }
    page.page(desk.db.fresh(), |row: &SellerProductBrief| row.id).await
}

/// The cooperative's products, newest first, whatever their status.
#[utoipa::path(tag = "seller", operation_id = "list_seller_products", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ListingQuery), responses((status = 200, description = "A page of products", body = Page<SellerProductBrief>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/products")]
pub async fn list_products(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<ListingQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(find(&desk, *cooperative, &query.0).await?))
}

/// A product of the cooperative.
#[utoipa::path(tag = "seller", operation_id = "show_seller_product", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("product_id" = ProductId, Path)), responses((status = 200, description = "The product", body = SellerProduct)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/products/{product_id}")]
pub async fn show_product(desk: Desk, path: Path<(CooperativeId, ProductId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    let row = own(&desk, cooperative, id).await?;
    Ok(HttpResponse::Ok().json(view(&desk, row).await?))
}

/// A new listing, a draft. English texts left out are the Vietnamese ones; the origin is the cooperative's own unless told.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"category": "trai-cay", "name_vi": "Bưởi Diễn Đú Sáng", "summary_vi": "Bưởi hái tại vườn đồi", "shelf_life_days": 60, "season_from": 11, "season_to": 2,
    "offers": [{"pack_vi": "Hộp 6 quả", "unit": "box", "weight_g": 6500, "price": 250_000}]}))]
pub struct NewProduct {
    /// Slug of a category.
    #[garde(length(min = 1, max = 100))]
    #[schema(required = true, min_length = 1, max_length = 100)]
    pub category: String,
    #[garde(length(chars, min = 2, max = 120))]
    #[schema(required = true, min_length = 2, max_length = 120)]
    pub name_vi: String,
    #[garde(inner(length(chars, max = 120)))]
    #[schema(max_length = 120)]
    pub name_en: Option<String>,
    #[garde(length(chars, max = 300))]
    #[schema(max_length = 300)]
    pub summary_vi: String,
    #[garde(inner(length(chars, max = 300)))]
    #[schema(max_length = 300)]
    pub summary_en: Option<String>,
    #[garde(length(chars, max = 10_000))]
    #[schema(max_length = 10000)]
    pub story_vi: String,
    #[garde(inner(length(chars, max = 10_000)))]
    #[schema(max_length = 10000)]
    pub story_en: Option<String>,
    #[garde(inner(length(max = 10)))]
    #[schema(max_length = 10)]
    pub origin_commune_code: Option<String>,
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    pub former_commune: Option<String>,
    /// First month of the season, 1–12.
    #[garde(inner(range(min = 1, max = 12)))]
    #[schema(minimum = 1, maximum = 12)]
    pub season_from: Option<i32>,
    #[garde(inner(range(min = 1, max = 12)))]
    #[schema(minimum = 1, maximum = 12)]
    pub season_to: Option<i32>,
    /// `sell` unless told.
    pub off_season: Option<OffSeason>,
    #[garde(inner(range(min = 1, max = 3650)))]
    #[schema(minimum = 1, maximum = 3650)]
    pub shelf_life_days: Option<i32>,
    #[garde(length(chars, max = 300))]
    #[schema(max_length = 300)]
    pub storage_vi: String,
    #[garde(inner(length(chars, max = 300)))]
    #[schema(max_length = 300)]
    pub storage_en: Option<String>,
    #[garde(inner(custom(right_gtin)))]
    #[schema(pattern = r"^(\d{8}|\d{12,14})$")]
    pub gtin: Option<String>,
    #[garde(length(max = 50), dive)]
    #[schema(max_items = 50)]
    pub offers: Vec<NewOffer>,
}

pub(super) fn text(pointer: &str, value: &str) -> Result<String, Problem> {
    if value.contains('\0') {
        let (vi, en) = ("văn bản có ký tự không hợp lệ", "the text has a forbidden character");
        return Err(Problem::field(pointer, "text", vi, en));
    }
    Ok(fold::stored(value))
}

#[derive(FromQueryResult)]
struct IdRow {
    id: CategoryId,
}

pub async fn category_of(connection: &impl ConnectionTrait, slug: &str) -> Result<CategoryId, Problem> {
    let row = one::<IdRow>(connection, "SELECT id FROM category WHERE slug = $1", [slug.into()]).await?;
    let wrong = || Problem::field("/category", "category", "không có nhóm hàng này", "there is no such category");
    row.map(|row| row.id).ok_or_else(wrong)
}

pub(super) fn check_season(from: Option<i32>, to: Option<i32>) -> Result<(), Problem> {
    if from.is_some() == to.is_some() {
        return Ok(());
    }
    let (vi, en) = ("cần cả tháng đầu và tháng cuối vụ", "a season needs its first and its last month");
    Err(Problem::field(if from.is_some() { "/season_to" } else { "/season_from" }, "season", vi, en))
}

/// Writes a new listing with its offers inside the caller's transaction.
pub async fn insert(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    cooperative: CooperativeId,
    input: &NewProduct,
) -> Result<ProductId, Problem> {
    check_season(input.season_from, input.season_to)?;
    let shop = by_id::<entity::cooperative::Entity>(transaction, cooperative).await?;
    let shop = shop.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let category = category_of(transaction, &input.category).await?;
    let commune = input.origin_commune_code.clone().unwrap_or(shop.commune_code);
    check_commune("/origin_commune_code", &commune)?;
    let name = text("/name_vi", &input.name_vi)?;
    if name.chars().count() < 2 {
        return Err(Problem::field("/name_vi", "missing", "không được để trống", "must not be blank"));
    }
    let or_vietnamese = |pointer: &str, english: &Option<String>, vi: &str| match english.as_deref().map(str::trim) {
        Some(english) if !english.is_empty() => text(pointer, english),
        _ => Ok(vi.to_owned()),
    };
    let (id, now) = (ProductId::new(), desk.now());
    let (summary, story, storage) = (
        text("/summary_vi", &input.summary_vi)?,
        text("/story_vi", &input.story_vi)?,
        text("/storage_vi", &input.storage_vi)?,
    );
    let former = input.former_commune.as_deref().map(|name| text("/former_commune", name)).transpose()?;
    let row = product::ActiveModel {
        id: Set(id),
        cooperative_id: Set(cooperative),
        category_id: Set(category),
        slug: Set(free_slug(transaction, "product", &name, &input.category).await?),
        name_en: Set(or_vietnamese("/name_en", &input.name_en, &name)?),
        summary_en: Set(or_vietnamese("/summary_en", &input.summary_en, &summary)?),
        story_en: Set(or_vietnamese("/story_en", &input.story_en, &story)?),
        storage_en: Set(or_vietnamese("/storage_en", &input.storage_en, &storage)?),
        name_vi: Set(name),
        summary_vi: Set(summary),
        story_vi: Set(story),
        storage_vi: Set(storage),
        origin_commune_code: Set(commune),
        former_commune: Set(former.filter(|name| !name.is_empty()).or(shop.former_commune)),
        latitude: Set(shop.latitude),
        longitude: Set(shop.longitude),
        season_from: Set(input.season_from),
        season_to: Set(input.season_to),
        shelf_life_days: Set(input.shelf_life_days),
        gtin: Set(input.gtin.clone().filter(|gtin| !gtin.is_empty())),
        status: Set(ProductStatus::Draft),
        created_at: Set(now),
        updated_at: Set(now),
        off_season: Set(input.off_season.unwrap_or(OffSeason::Sell)),
        published_at: Set(None),
    };
    product::Entity::insert(row).exec_without_returning(transaction).await.map_err(slug_taken)?;
    add_offers(transaction, cooperative, id, &input.offers, now).await?;
    let after = json!({"name_vi": input.name_vi, "offers": input.offers.len()});
    desk.audit(transaction, "product.created", ("product", id.0), (), after).await?;
    emit(transaction, "product.changed", id.0, json!({}), now).await?;
    Ok(id)
}

/// Writes a new listing, a draft.
pub async fn create(desk: &Desk, cooperative: CooperativeId, input: &NewProduct) -> Result<SellerProduct, Problem> {
    let transaction = desk.db.begin().await?;
    let id = insert(&transaction, desk, cooperative, input).await?;
    transaction.commit().await?;
    view(desk, own(desk, cooperative, id).await?).await
}

/// Write a new listing, with its offers. It is a draft until it is published.
#[utoipa::path(tag = "seller", operation_id = "create_product", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = NewProduct, responses((status = 201, description = "The product", body = SellerProduct)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/products")]
pub async fn create_product(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<NewProduct>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Created().json(create(&desk, *cooperative, &body.0).await?))
}

/// Copies a listing with its offers, prices and pictures, as a draft without stock.
pub async fn copy(desk: &Desk, cooperative: CooperativeId, id: ProductId) -> Result<SellerProduct, Problem> {
    let row = own(desk, cooperative, id).await?;
    let (copy, now) = (ProductId::new(), desk.now());
    let offers = offer::Entity::find().filter(offer::Column::ProductId.eq(id)).all(desk.db.fresh()).await?;
    let images =
        product_image::Entity::find().filter(product_image::Column::ProductId.eq(id)).all(desk.db.fresh()).await?;
    let category = by_id::<entity::category::Entity>(desk.db.fresh(), row.category_id).await?;
    let otherwise = category.map(|category| category.slug).unwrap_or_default();
    let transaction = desk.begin().await?;
    let new = product::Model {
        id: copy,
        slug: free_slug(&transaction, "product", &row.name_vi, &otherwise).await?,
        status: ProductStatus::Draft,
        published_at: None,
        gtin: None,
        created_at: now,
        updated_at: now,
        ..row
    };
    let new = new.into_active_model().reset_all();
    product::Entity::insert(new).exec_without_returning(&transaction).await.map_err(slug_taken)?;
    for offer in offers {
        let (from, to) = (offer.id, entity::value::OfferId::new());
        let mark = crate::platform::secrets::code(6);
        let new = offer::Model {
            id: to,
            product_id: copy,
            sku: format!("{}-{mark}", offer.sku.chars().take(50).collect::<String>()),
            created_at: now,
            updated_at: now,
            reduced_bp: 0,
            reduced_until: None,
            ..offer
        };
        offer::Entity::insert(new.into_active_model().reset_all()).exec_without_returning(&transaction).await?;
        let sql = "INSERT INTO price_tier (offer_id, from_quantity, amount) SELECT $2, from_quantity, amount FROM price_tier WHERE offer_id = $1";
        run(&transaction, sql, [from.into(), to.into()]).await?;
        inventory::opening::none_of(&transaction, to, now).await?;
    }
    for image in images {
        let new = product_image::Model { id: RowId::new(), product_id: copy, ..image };
        product_image::Entity::insert(new.into_active_model().reset_all()).exec_without_returning(&transaction).await?;
    }
    desk.audit(&transaction, "product.duplicated", ("product", copy.0), (), json!({"of": id})).await?;
    transaction.commit().await?;
    view(desk, own(desk, cooperative, copy).await?).await
}

/// Copy a listing with its offers, prices and pictures, as a draft without stock.
#[utoipa::path(tag = "seller", operation_id = "duplicate_product", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("product_id" = ProductId, Path)), responses((status = 201, description = "The copy", body = SellerProduct)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/products/{product_id}/duplicate")]
pub async fn duplicate_product(desk: Desk, path: Path<(CooperativeId, ProductId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Created().json(copy(&desk, cooperative, id).await?))
}
