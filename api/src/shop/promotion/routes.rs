//! Making and pausing promotions: the platform's own, and those of a shop. A promotion's terms are never changed once made;
//! it is paused, and another made.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, patch, post};
use entity::promotion;
use entity::value::{
    CooperativeId, FundedBy, Money, PlatformRole, ProductId, PromotionId, PromotionKind, PromotionState, Vnd,
};
use garde::Validate;
use sea_orm::{ActiveModelTrait, EntityTrait, FromQueryResult, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{is_duplicate, one};
use crate::platform::fold;
use crate::platform::moments;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::revision::CHANGED_MEANWHILE;

#[derive(Serialize, ToSchema)]
#[schema(as = Promotion)]
pub struct PromotionView {
    id: PromotionId,
    #[schema(required = true)]
    code: Option<String>,
    #[schema(required = true)]
    cooperative_id: Option<CooperativeId>,
    /// Who pays for it.
    funded_by: FundedBy,
    kind: PromotionKind,
    #[schema(required = true)]
    campaign: Option<String>,
    name_vi: String,
    name_en: String,
    #[schema(required = true)]
    rate_bp: Option<i32>,
    #[schema(required = true)]
    amount: Option<Money>,
    #[schema(required = true)]
    buy_quantity: Option<i64>,
    #[schema(required = true)]
    free_quantity: Option<i64>,
    #[schema(required = true)]
    product_id: Option<ProductId>,
    #[schema(required = true)]
    max: Option<Money>,
    #[schema(required = true)]
    min_goods: Option<Money>,
    #[schema(required = true)]
    usage_limit: Option<i64>,
    #[schema(required = true)]
    per_buyer_limit: Option<i64>,
    used: i64,
    state: PromotionState,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    starts_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    ends_at: Option<OffsetDateTime>,
}

fn view(row: promotion::Model) -> PromotionView {
    PromotionView {
        id: row.id,
        code: row.code,
        cooperative_id: row.cooperative_id,
        funded_by: row.funded_by,
        kind: row.kind,
        campaign: row.campaign,
        name_vi: row.name_vi,
        name_en: row.name_en,
        rate_bp: row.rate_bp,
        amount: row.amount.map(Into::into),
        buy_quantity: row.buy_quantity,
        free_quantity: row.free_quantity,
        product_id: row.product_id,
        max: row.max_amount.map(Into::into),
        min_goods: row.min_goods_amount.map(Into::into),
        usage_limit: row.usage_limit,
        per_buyer_limit: row.per_buyer_limit,
        used: row.used,
        state: row.state,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
    }
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"code": "BUOI10", "kind": "percentage", "rate_bp": 1000, "name_vi": "Giảm 10 %", "name_en": "10 % off", "usage_limit": 100, "per_buyer_limit": 1}))]
pub struct NewPromotion {
    /// What buyers type, in any case; given by itself unless told.
    #[garde(inner(length(min = 3, max = 30), pattern("^[A-Za-z0-9]+$")))]
    #[schema(min_length = 3, max_length = 30, pattern = "^[A-Za-z0-9]+$")]
    code: Option<String>,
    kind: PromotionKind,
    /// Commission rules may name it.
    #[garde(inner(length(min = 1, max = 60)))]
    #[schema(min_length = 1, max_length = 60)]
    campaign: Option<String>,
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    name_vi: String,
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    name_en: String,
    /// With `percentage`: basis points.
    #[garde(inner(range(min = 1, max = 10_000)))]
    #[schema(minimum = 1, maximum = 10000)]
    rate_bp: Option<i32>,
    /// With `amount`: đồng.
    #[garde(inner(range(min = 1, max = 1_000_000_000)))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    amount: Option<i64>,
    /// With `buy_n`: bought so many …
    #[garde(inner(range(min = 1, max = 999)))]
    #[schema(minimum = 1, maximum = 999)]
    buy_quantity: Option<i64>,
    /// … so many of the same product are free.
    #[garde(inner(range(min = 1, max = 999)))]
    #[schema(minimum = 1, maximum = 999)]
    free_quantity: Option<i64>,
    /// Only on this product.
    product_id: Option<ProductId>,
    /// At most so many đồng off.
    #[garde(inner(range(min = 1, max = 1_000_000_000)))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    max: Option<i64>,
    /// From so many đồng of goods on.
    #[garde(inner(range(min = 1, max = 1_000_000_000)))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    min_goods: Option<i64>,
    #[garde(inner(range(min = 1, max = 1_000_000_000)))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    usage_limit: Option<i64>,
    #[garde(inner(range(min = 1, max = 1_000)))]
    #[schema(minimum = 1, maximum = 1000)]
    per_buyer_limit: Option<i64>,
    /// Now, unless told. A day (`2026-12-01`) is its first moment in Vietnam.
    #[serde(default, deserialize_with = "moments::start", serialize_with = "time::serde::rfc3339::option::serialize")]
    #[schema(value_type = Option<String>, example = "2026-12-01")]
    starts_at: Option<OffsetDateTime>,
    /// A day is valid to its end in Vietnam.
    #[serde(default, deserialize_with = "moments::end", serialize_with = "time::serde::rfc3339::option::serialize")]
    #[schema(value_type = Option<String>, example = "2026-12-31")]
    ends_at: Option<OffsetDateTime>,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct PromotionChange {
    state: PromotionState,
    /// The state it was seen in; refused if it is in another one by now.
    seen: Option<PromotionState>,
}

#[derive(FromQueryResult)]
struct Owner {
    cooperative_id: CooperativeId,
}

async fn check(desk: &Desk, cooperative: Option<CooperativeId>, input: &NewPromotion) -> Result<(), Problem> {
    let missing = |pointer: &str| {
        Problem::field(pointer, "missing", "loại khuyến mãi này cần trường này", "this kind of promotion needs it")
    };
    match input.kind {
        PromotionKind::Percentage if input.rate_bp.is_none() => return Err(missing("/rate_bp")),
        PromotionKind::Amount if input.amount.is_none() => return Err(missing("/amount")),
        PromotionKind::BuyN if input.buy_quantity.is_none() => return Err(missing("/buy_quantity")),
        PromotionKind::BuyN if input.free_quantity.is_none() => return Err(missing("/free_quantity")),
        PromotionKind::BuyN if input.product_id.is_none() => return Err(missing("/product_id")),
        _ => {}
    }
    let start = input.starts_at.unwrap_or_else(|| desk.now());
    if input.ends_at.is_some_and(|end| end <= start) {
        return Err(Problem::field("/ends_at", "range", "trước lúc bắt đầu", "before it starts"));
    }
    if let Some(product) = input.product_id {
        let sql = "SELECT cooperative_id FROM product WHERE id = $1";
        let owner = one::<Owner>(desk.db.fresh(), sql, [product.into()]).await?;
        if owner.is_none_or(|owner| cooperative.is_some_and(|id| id != owner.cooperative_id)) {
            return Err(Problem::field(
                "/product_id",
                "not_found",
                "không có sản phẩm này",
                "there is no such product",
            ));
        }
    }
    Ok(())
}

async fn create(
    desk: &Desk,
    cooperative: Option<CooperativeId>,
    funded_by: FundedBy,
    input: NewPromotion,
) -> Result<PromotionView, Problem> {
    check(desk, cooperative, &input).await?;
    let after = serde_json::to_value(&input).map_err(Problem::internal)?;
    let (id, now) = (PromotionId::new(), desk.now());
    let transaction = desk.begin().await?;
    let row = promotion::ActiveModel {
        id: Set(id),
        code: Set(input.code.map(|code| code.to_uppercase())),
        cooperative_id: Set(cooperative),
        funded_by: Set(funded_by),
        kind: Set(input.kind),
        campaign: Set(input.campaign),
        name_vi: Set(fold::stored(&input.name_vi)),
        name_en: Set(fold::stored(&input.name_en)),
        rate_bp: Set(input.rate_bp),
        amount: Set(input.amount.map(Vnd)),
        buy_quantity: Set(input.buy_quantity),
        free_quantity: Set(input.free_quantity),
        product_id: Set(input.product_id),
        max_amount: Set(input.max.map(Vnd)),
        min_goods_amount: Set(input.min_goods.map(Vnd)),
        usage_limit: Set(input.usage_limit),
        per_buyer_limit: Set(input.per_buyer_limit),
        used: Set(0),
        state: Set(PromotionState::Active),
        starts_at: Set(input.starts_at.map_or(now, |at| at.to_offset(time::UtcOffset::UTC))),
        ends_at: Set(input.ends_at.map(|at| at.to_offset(time::UtcOffset::UTC))),
        created_by: Set(desk.who.account),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let row = row.insert(&transaction).await.map_err(|error| {
        if is_duplicate(&error) {
            return Problem::field("/code", "taken", "mã này đã có", "this code exists already");
        }
        error.into()
    })?;
    desk.audit(&transaction, "promotion.created", ("promotion", id.0), json!(null), after).await?;
    transaction.commit().await?;
    Ok(view(row))
}

/// A promotion on everything sold here, paid by the platform.
pub async fn add(desk: &Desk, input: NewPromotion) -> Result<PromotionView, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    create(desk, None, FundedBy::Platform, input).await
}

/// Pauses a promotion of the platform, or lets it go on.
pub async fn set(desk: &Desk, id: PromotionId, asked: PromotionChange) -> Result<PromotionView, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    change(desk, None, id, asked).await
}

/// All promotions, newest first.
pub async fn all_promotions(desk: &Desk, query: &Paging) -> Result<Page<PromotionView>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    page(desk, None, query).await
}

async fn change(
    desk: &Desk,
    cooperative: Option<CooperativeId>,
    id: PromotionId,
    asked: PromotionChange,
) -> Result<PromotionView, Problem> {
    let transaction = desk.begin().await?;
    let row = promotion::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
    // A shop must not reach the platform's own, nor another's.
    let before = row.filter(|row| row.cooperative_id == cooperative).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if asked.seen.is_some_and(|seen| seen != before.state) {
        return Err(Problem::new(&CHANGED_MEANWHILE));
    }
    let (was, is) = (json!({"state": before.state}), json!({"state": asked.state}));
    let row = promotion::ActiveModel { state: Set(asked.state), updated_at: Set(desk.now()), ..before.into() };
    let row = row.update(&transaction).await?;
    desk.audit(&transaction, "promotion.changed", ("promotion", id.0), was, is).await?;
    transaction.commit().await?;
    Ok(view(row))
}

async fn page(desk: &Desk, condition: Option<CooperativeId>, query: &Paging) -> Result<Page<PromotionView>, Problem> {
    let list = NewestFirst::every::<entity::promotion::Entity>(query.place())?;
    let list = match condition {
        Some(cooperative) => list.and("cooperative_id = ?", cooperative),
        None => list,
    };
    let page = list.page(desk.db.fresh(), |row: &promotion::Model| row.id).await?;
    let items = page.items.into_iter().map(view).collect::<Vec<_>>();
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// All promotions, newest first.
#[utoipa::path(tag = "admin", operation_id = "list_promotions", security(("access_token" = [])), params(Paging), responses((status = 200, description = "A page of promotions", body = Page<PromotionView>)))]
#[get("/v1/admin/promotions")]
pub async fn list_for_platform(desk: Desk, query: Params<Paging>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(all_promotions(&desk, &query.0).await?))
}

/// A promotion on everything sold here, paid by the platform.
#[utoipa::path(tag = "admin", operation_id = "create_promotion", security(("access_token" = [])), request_body = NewPromotion, responses((status = 201, description = "The promotion", body = PromotionView)))]
#[post("/v1/admin/promotions")]
pub async fn create_for_platform(desk: Desk, body: Body<NewPromotion>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(add(&desk, body.0).await?))
}

/// Pause a promotion of the platform, or let it go on.
#[utoipa::path(tag = "admin", operation_id = "change_promotion", security(("access_token" = [])), params(("id" = PromotionId, Path)), request_body = PromotionChange, responses((status = 200, description = "The promotion", body = PromotionView)))]
#[patch("/v1/admin/promotions/{id}")]
pub async fn change_for_platform(
    desk: Desk,
    id: Path<PromotionId>,
    body: Body<PromotionChange>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(set(&desk, *id, body.0).await?))
}

/// Promotions of the shop, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_shop_promotions", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of promotions", body = Page<PromotionView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/promotions")]
pub async fn list_for_shop(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(page(&desk, Some(*cooperative), &query.0).await?))
}

/// A promotion on the shop's goods, paid by the shop.
#[utoipa::path(tag = "seller", operation_id = "create_shop_promotion", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = NewPromotion, responses((status = 201, description = "The promotion", body = PromotionView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/promotions")]
pub async fn create_for_shop(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<NewPromotion>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Created().json(create(&desk, Some(*cooperative), FundedBy::Cooperative, body.0).await?))
}

/// Pause a promotion of the shop, or let it go on.
#[utoipa::path(tag = "seller", operation_id = "change_shop_promotion", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("id" = PromotionId, Path)), request_body = PromotionChange, responses((status = 200, description = "The promotion", body = PromotionView)))]
#[patch("/v1/seller/cooperatives/{cooperative_id}/promotions/{id}")]
pub async fn change_for_shop(
    desk: Desk,
    path: Path<(CooperativeId, PromotionId)>,
    body: Body<PromotionChange>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(change(&desk, Some(cooperative), id, body.0).await?))
}
