//! What the platform's people decide about shops: suspension, and listings that are looked at before buyers see them.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::product;
use entity::value::{
    CooperativeId, CooperativeStatus, ListingReviewId, ListingReviewKind, PlatformRole, ProductId, ProductStatus,
};
use garde::Validate;
use sea_orm::{ActiveModelTrait, FromQueryResult, IntoActiveModel, Set};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::ocop::certificates;
use crate::people::desk::Desk;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, one, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    SHOP_STATE = "shop_state" 409 "Gian hàng không ở trạng thái cho phép việc này." "The shop is not in a state that allows this.";
    REVIEW_DECIDED = "review_decided" 409 "Yêu cầu duyệt này đã được xử lý." "This review is decided already.";
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Giấy chứng nhận an toàn thực phẩm hết hạn"}))]
pub struct Suspension {
    /// The cooperative reads it.
    #[garde(length(chars, min = 3, max = 500))]
    #[schema(min_length = 3, max_length = 500)]
    reason: String,
}

async fn move_shop(
    desk: &Desk,
    id: CooperativeId,
    from: &'static str,
    to: &'static str,
    reason: Option<String>,
) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    let moved = run(
        &transaction,
        "UPDATE cooperative SET status = $3, suspended_reason = $4, updated_at = $5
         WHERE id = $1 AND status = $2 AND identity_verified_at IS NOT NULL",
        [id.into(), from.into(), to.into(), reason.clone().into(), now.into()],
    )
    .await?;
    if moved != 1 {
        let there = by_id::<entity::cooperative::Entity>(&transaction, id).await?;
        return Err(Problem::new(if there.is_some() { &SHOP_STATE } else { &NOT_FOUND }));
    }
    let (before, after) = (json!({"status": from}), json!({"status": to, "reason": reason}));
    desk.audit(&transaction, "shop.status", ("cooperative", id.0), before, after).await?;
    emit(&transaction, "cooperative.changed", id.0, json!({}), now).await?;
    emit(&transaction, &format!("shop.{to}"), id.0, json!({"reason": reason}), now).await?;
    transaction.commit().await?;
    desk.cooperative_changed(id).await
}

/// Stop a cooperative's sales. Orders there are stay workable.
pub async fn suspend_shop(desk: &Desk, id: CooperativeId, reason: &str) -> Result<(), Problem> {
    move_shop(desk, id, "active", "suspended", Some(fold::stored(reason))).await
}

/// Let a cooperative sell again.
pub async fn reinstate_shop(desk: &Desk, id: CooperativeId) -> Result<(), Problem> {
    move_shop(desk, id, "suspended", "active", None).await
}

/// Stop a cooperative's sales. Orders there are stay workable.
#[utoipa::path(tag = "admin", operation_id = "suspend_cooperative", security(("access_token" = [])), params(("id" = CooperativeId, Path)), request_body = Suspension, responses((status = 204, description = "Suspended")))]
#[post("/v1/admin/cooperatives/{id}/suspend")]
pub async fn suspend(desk: Desk, id: Path<CooperativeId>, body: Body<Suspension>) -> Result<HttpResponse, Problem> {
    suspend_shop(&desk, *id, &body.0.reason).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Let a cooperative sell again.
#[utoipa::path(tag = "admin", operation_id = "reinstate_cooperative", security(("access_token" = [])), params(("id" = CooperativeId, Path)), responses((status = 204, description = "Active again")))]
#[post("/v1/admin/cooperatives/{id}/reinstate")]
pub async fn reinstate(desk: Desk, id: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    reinstate_shop(&desk, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A cooperative as the platform knows it.
#[derive(Clone, Debug, FromQueryResult, Serialize)]
pub struct ShopFacts {
    pub id: CooperativeId,
    pub slug: String,
    pub name_vi: String,
    pub legal_name: String,
    pub tax_code: String,
    pub representative: String,
    pub street: String,
    pub commune_code: String,
    pub phone: String,
    pub status: CooperativeStatus,
    pub suspended_reason: Option<String>,
    pub products: i64,
    pub orders: i64,
}

/// What the platform knows of a cooperative.
pub async fn facts(desk: &Desk, id: CooperativeId) -> Result<ShopFacts, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let sql = "SELECT c.id, c.slug, c.name_vi, c.legal_name, c.tax_code, c.representative, c.street, c.commune_code, c.phone, c.status, c.suspended_reason,
                   (SELECT COUNT(*) FROM product p WHERE p.cooperative_id = c.id AND p.status = 'published') AS products,
                   (SELECT COUNT(*) FROM orders o WHERE o.cooperative_id = c.id) AS orders
               FROM cooperative c WHERE c.id = $1";
    one::<ShopFacts>(desk.db.fresh(), sql, [id.into()]).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Texts of a listing as buyers see them now.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub struct ListingTexts {
    pub name_vi: String,
    pub name_en: String,
    pub summary_vi: String,
    pub summary_en: String,
    pub story_vi: String,
    pub story_en: String,
}

/// A listing that waits for somebody to look at it.
#[derive(FromQueryResult, Serialize, ToSchema)]
#[schema(as = ListingReview)]
pub struct ListingReviewView {
    pub id: ListingReviewId,
    pub product_id: ProductId,
    pub product_name_vi: String,
    pub cooperative_name_vi: String,
    pub kind: ListingReviewKind,
    /// New texts by field, for an edit.
    #[schema(value_type = Object)]
    pub changes: Value,
    /// What they replace.
    #[sea_orm(nested)]
    pub current: ListingTexts,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
}

/// Listings waiting to be looked at, oldest first.
pub async fn reviews_waiting(desk: &Desk, paging: &Paging) -> Result<Page<ListingReviewView>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let (limit, after) = (paging.limit(), paging.position::<ListingReviewId>()?);
    let rows = all::<ListingReviewView>(
        desk.db.fresh(),
        format!(
            "SELECT r.id, r.product_id, p.name_vi AS product_name_vi, c.name_vi AS cooperative_name_vi, r.kind, r.changes, r.created_at,
                    p.name_vi, p.name_en, p.summary_vi, p.summary_en, p.story_vi, p.story_en
             FROM listing_review r JOIN product p ON p.id = r.product_id JOIN cooperative c ON c.id = p.cooperative_id
             WHERE r.state = 'waiting' AND r.id > $1 ORDER BY r.id LIMIT {}",
            limit + 1
        ),
        [after.map_or_else(uuid::Uuid::nil, |id| id.0).into()],
    )
    .await?;
    Ok(Page::from_rows(rows, limit, |row| row.id))
}

/// Listings waiting to be looked at, oldest first.
#[utoipa::path(tag = "admin", operation_id = "list_listing_reviews", security(("access_token" = [])), params(Paging), responses((status = 200, description = "A page of reviews", body = Page<ListingReviewView>)))]
#[get("/v1/admin/listing-reviews")]
pub async fn list_reviews(desk: Desk, paging: Params<Paging>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(reviews_waiting(&desk, &paging.0).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ListingDecision {
    approve: bool,
    /// Needed to refuse.
    #[garde(inner(length(chars, max = 500)))]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Approve or refuse a listing.
pub async fn judge_listing(desk: &Desk, id: ListingReviewId, input: ListingDecision) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let reason = input.reason.as_deref().map(fold::stored).filter(|text| !text.is_empty());
    if !input.approve && reason.is_none() {
        let (vi, en) = ("cần nói lý do cho người bán", "the seller needs a reason");
        return Err(Problem::field("/reason", "missing", vi, en));
    }
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    let state = if input.approve { "approved" } else { "refused" };
    let row = one::<entity::listing_review::Model>(
        &transaction,
        "UPDATE listing_review SET state = $2, reason = $3, decided_by = $4, decided_at = $5
         WHERE id = $1 AND state = 'waiting' RETURNING *",
        [id.into(), state.into(), reason.clone().into(), desk.who.account.into(), now.into()],
    )
    .await?;
    let Some(row) = row else {
        let there = by_id::<entity::listing_review::Entity>(&transaction, id).await?;
        return Err(Problem::new(if there.is_some() { &REVIEW_DECIDED } else { &NOT_FOUND }));
    };
    if input.approve {
        let product = by_id::<product::Entity>(&transaction, row.product_id).await?;
        let mut product = product.ok_or_else(|| Problem::new(&NOT_FOUND))?.into_active_model();
        let text = |name: &str| row.changes.get(name).and_then(Value::as_str).map(str::to_owned);
        for (name, column) in [
            ("name_vi", &mut product.name_vi),
            ("name_en", &mut product.name_en),
            ("summary_vi", &mut product.summary_vi),
            ("summary_en", &mut product.summary_en),
            ("story_vi", &mut product.story_vi),
            ("story_en", &mut product.story_en),
        ] {
            if let Some(text) = text(name) {
                *column = Set(text);
            }
        }
        if row.kind == ListingReviewKind::Publication {
            certificates::refuse_without(&transaction, row.product_id, (desk.today(), now)).await?;
            product.status = Set(ProductStatus::Published);
            product.published_at = Set(Some(now));
        }
        product.updated_at = Set(now);
        product.update(&transaction).await?;
        emit(&transaction, "product.changed", row.product_id.0, json!({}), now).await?;
    }
    let after = json!({"state": state, "reason": reason});
    desk.audit(&transaction, "listing.reviewed", ("product", row.product_id.0), (), after).await?;
    emit(&transaction, &format!("listing.{state}"), row.product_id.0, json!({"reason": reason}), now).await?;
    transaction.commit().await?;
    desk.products_changed(&[row.product_id]).await?;
    Ok(())
}

/// Approve or refuse a listing.
#[utoipa::path(tag = "admin", operation_id = "decide_listing_review", security(("access_token" = [])), params(("id" = ListingReviewId, Path)), request_body = ListingDecision, responses((status = 204, description = "Decided")))]
#[post("/v1/admin/listing-reviews/{id}")]
pub async fn decide_review(
    desk: Desk,
    id: Path<ListingReviewId>,
    body: Body<ListingDecision>,
) -> Result<HttpResponse, Problem> {
    judge_listing(&desk, *id, body.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
