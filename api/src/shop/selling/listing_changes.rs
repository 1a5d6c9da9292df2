//! Changes of a listing: its texts, its season, and whether it is sold. What a person has to look at first waits.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, patch};
use entity::value::{
    CooperativeId, ListingReviewId, ListingReviewKind, ListingReviewState, OffSeason, OfferStatus, ProductId,
    ProductStatus,
};
use entity::{listing_review, offer, product};
use garde::Validate;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::listings::{SellerProduct, category_of, check_season, own, text, view};
use crate::config::ListingReview;
use crate::ocop::certificates;
use crate::ocop::traceability::codes::right_gtin;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{by_id, is_duplicate, run};
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    NOT_READY = "not_ready_to_publish" 409 "Chưa đủ để đăng bán: cần tên, mô tả ngắn và ít nhất một quy cách đang bán." "Not ready to be published: it needs a name, a summary, and at least one active offer.";
    LISTING_STATE = "listing_state" 409 "Sản phẩm không còn ở trạng thái cho phép việc này." "The product is not in a state that allows this.";
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"status": "paused"}))]
pub struct ProductChange {
    pub status: Option<ProductStatus>,
    #[garde(inner(length(min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100)]
    pub category: Option<String>,
    #[garde(inner(length(chars, min = 2, max = 120)))]
    #[schema(min_length = 2, max_length = 120)]
    pub name_vi: Option<String>,
    #[garde(inner(length(chars, min = 2, max = 120)))]
    #[schema(min_length = 2, max_length = 120)]
    pub name_en: Option<String>,
    #[garde(inner(length(chars, max = 300)))]
    #[schema(max_length = 300)]
    pub summary_vi: Option<String>,
    #[garde(inner(length(chars, max = 300)))]
    #[schema(max_length = 300)]
    pub summary_en: Option<String>,
    #[garde(inner(length(chars, max = 10_000)))]
    #[schema(max_length = 10000)]
    pub story_vi: Option<String>,
    #[garde(inner(length(chars, max = 10_000)))]
    #[schema(max_length = 10000)]
    pub story_en: Option<String>,
    #[garde(inner(range(min = 1, max = 12)))]
    #[schema(minimum = 1, maximum = 12)]
    pub season_from: Option<i32>,
    #[garde(inner(range(min = 1, max = 12)))]
    #[schema(minimum = 1, maximum = 12)]
    pub season_to: Option<i32>,
    pub off_season: Option<OffSeason>,
    #[garde(inner(range(min = 1, max = 3650)))]
    #[schema(minimum = 1, maximum = 3650)]
    pub shelf_life_days: Option<i32>,
    #[garde(inner(length(chars, max = 300)))]
    #[schema(max_length = 300)]
    pub storage_vi: Option<String>,
    #[garde(inner(length(chars, max = 300)))]
    #[schema(max_length = 300)]
    pub storage_en: Option<String>,
    #[garde(inner(custom(right_gtin)))]
    #[schema(pattern = r"^(\d{8}|\d{12,14})$")]
    pub gtin: Option<String>,
}

fn snapshot(row: &product::Model) -> Value {
    json!({"status": row.status, "name_vi": row.name_vi, "name_en": row.name_en, "summary_vi": row.summary_vi,
        "summary_en": row.summary_en, "story_vi": row.story_vi, "story_en": row.story_en, "season": [row.season_from, row.season_to],
        "off_season": row.off_season, "shelf_life_days": row.shelf_life_days})
}

/// The texts a review may hold back, by column.
fn texts(input: &ProductChange) -> Result<Vec<(&'static str, String)>, Problem> {
    let mut found = Vec::new();
    for (name, value) in [
        ("name_vi", &input.name_vi),
        ("name_en", &input.name_en),
        ("summary_vi", &input.summary_vi),
        ("summary_en", &input.summary_en),
        ("story_vi", &input.story_vi),
        ("story_en", &input.story_en),
    ] {
        if let Some(value) = value {
            found.push((name, text(&format!("/{name}"), value)?));
        }
    }
    Ok(found)
}

fn set_text(change: &mut product::ActiveModel, name: &str, value: String) {
    match name {
        "name_vi" => change.name_vi = Set(value),
        "name_en" => change.name_en = Set(value),
        "summary_vi" => change.summary_vi = Set(value),
        "summary_en" => change.summary_en = Set(value),
        "story_vi" => change.story_vi = Set(value),
        "story_en" => change.story_en = Set(value),
        _ => {}
    }
}

/// Changes a listing inside the caller's transaction; whether anything changed.
pub async fn apply(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    row: product::Model,
    input: &ProductChange,
) -> Result<bool, Problem> {
    let (id, was) = (row.id, row.status);
    check_season(input.season_from.or(row.season_from), input.season_to.or(row.season_to))?;
    let before = snapshot(&row);
    let asked = texts(input)?;
    let differs = |(name, value): &(&'static str, String)| before[*name] != value.as_str();
    let published = row.published_at.is_some() && was != ProductStatus::Draft;
    let mut change = row.into_active_model();
    let mut held_back = false;
    if desk.config.listing_review == ListingReview::Edits && published {
        held_back = hold_back(transaction, desk, id, &before, &asked).await?;
    } else {
        let reviewed =
            asked.iter().any(differs) && waiting(transaction, id, ListingReviewKind::Publication).await?.is_some();
        if reviewed {
            // Nobody approves other texts than those that were looked at.
            ask_review(transaction, desk, id, ListingReviewKind::Publication, json!({})).await?;
        }
        for (name, value) in asked.into_iter().filter(differs) {
            set_text(&mut change, name, value);
        }
    }
    if let Some(category) = &input.category {
        change.category_id = Set(category_of(transaction, category).await?);
    }
    if input.season_from.is_some() {
        change.season_from = Set(input.season_from);
        change.season_to = Set(input.season_to.or(*change.season_to.as_ref()));
    }
    if let Some(policy) = input.off_season {
        change.off_season = Set(policy);
    }
    if input.shelf_life_days.is_some() {
        change.shelf_life_days = Set(input.shelf_life_days);
    }
    if let Some(storage) = &input.storage_vi {
        change.storage_vi = Set(text("/storage_vi", storage)?);
    }
    if let Some(storage) = &input.storage_en {
        change.storage_en = Set(text("/storage_en", storage)?);
    }
    if input.gtin.is_some() {
        change.gtin = Set(input.gtin.clone());
    }
    let changed = change.is_changed();
    if changed {
        change.updated_at = Set(desk.now());
        let row = change.update(transaction).await?;
        if input.category.is_some() {
            certificates::clear_products(transaction, &[id], (desk.today(), desk.now())).await?;
        }
        desk.audit(transaction, "product.changed", ("product", id.0), before, snapshot(&row)).await?;
        emit(transaction, "product.changed", id.0, json!({}), desk.now()).await?;
    }
    let moved = match input.status {
        Some(status) if status != was => {
            turn(transaction, desk, id, was, status).await?;
            true
        }
        _ => false,
    };
    Ok(changed || moved || held_back)
}

/// Texts of what is published go to what already waits for a review, the newest word for each field; a text that is
/// published already waits no longer. Whether anything changed.
async fn hold_back(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    id: ProductId,
    published: &Value,
    asked: &[(&'static str, String)],
) -> Result<bool, Problem> {
    let pending = waiting(transaction, id, ListingReviewKind::Edit).await?;
    let pending = pending.and_then(|row| row.changes.as_object().cloned()).unwrap_or_default();
    let mut changes = pending.clone();
    for (name, value) in asked {
        if published[*name] == value.as_str() {
            changes.remove(*name);
        } else {
            changes.insert((*name).to_owned(), Value::from(value.as_str()));
        }
    }
    if changes == pending {
        return Ok(false);
    }
    if changes.is_empty() {
        withdraw_review(transaction, desk, id).await?;
    } else {
        ask_review(transaction, desk, id, ListingReviewKind::Edit, Value::Object(changes)).await?;
    }
    Ok(true)
}

async fn waiting(
    transaction: &impl ConnectionTrait,
    product: ProductId,
    kind: ListingReviewKind,
) -> Result<Option<listing_review::Model>, Problem> {
    let row = listing_review::Entity::find()
        .filter(listing_review::Column::ProductId.eq(product))
        .filter(listing_review::Column::State.eq(ListingReviewState::Waiting))
        .filter(listing_review::Column::Kind.eq(kind))
        .one(transaction)
        .await?;
    Ok(row)
}

async fn withdraw_review(transaction: &impl ConnectionTrait, desk: &Desk, product: ProductId) -> Result<(), Problem> {
    let sql =
        "UPDATE listing_review SET state = 'withdrawn', decided_at = $2 WHERE product_id = $1 AND state = 'waiting'";
    run(transaction, sql, [product.into(), desk.now().into()]).await?;
    Ok(())
}

/// Moves a listing to another status, along the ways there are.
async fn turn(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    id: ProductId,
    from: ProductStatus,
    to: ProductStatus,
) -> Result<(), Problem> {
    use ProductStatus as S;
    let allowed = matches!(
        (from, to),
        (S::Draft | S::Paused, S::Published | S::Archived)
            | (S::Published, S::Paused | S::Archived)
            | (S::Archived, S::Draft)
    );
    if !allowed {
        return Err(Problem::new(&LISTING_STATE).extension("listing_status", from));
    }
    let now = desk.now();
    if to == S::Published {
        let row = by_id::<product::Entity>(transaction, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
        let sold = offer::Entity::find()
            .filter(offer::Column::ProductId.eq(id))
            .filter(offer::Column::Status.eq(OfferStatus::Active))
            .count(transaction)
            .await?;
        if sold == 0 || row.summary_vi.is_empty() {
            return Err(Problem::new(&NOT_READY));
        }
        certificates::refuse_without(transaction, id, (desk.today(), now)).await?;
        if desk.config.listing_review != ListingReview::None && row.published_at.is_none() {
            return ask_review(transaction, desk, id, ListingReviewKind::Publication, json!({})).await;
        }
    }
    let moved = run(
        transaction,
        "UPDATE product SET status = $3, updated_at = $4,
                published_at = CASE WHEN $3 = 'published' THEN COALESCE(published_at, $4) ELSE published_at END
         WHERE id = $1 AND status = $2",
        [id.into(), from.as_str().into(), to.as_str().into(), now.into()],
    )
    .await?;
    if moved != 1 {
        return Err(Problem::new(&LISTING_STATE));
    }
    // Whatever waited for a review is moot.
    let sql = "UPDATE listing_review SET state = 'withdrawn', decided_at = $2 WHERE product_id = $1 AND state = 'waiting' AND kind = 'publication'";
    run(transaction, sql, [id.into(), now.into()]).await?;
    let (before, after) = (json!({"status": from}), json!({"status": to}));
    desk.audit(transaction, "product.status", ("product", id.0), before, after).await?;
    emit(transaction, "product.changed", id.0, json!({"status": to}), now).await?;
    Ok(())
}

async fn ask_review(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    product: ProductId,
    kind: ListingReviewKind,
    changes: Value,
) -> Result<(), Problem> {
    let now = desk.now();
    // A later request takes the place of an earlier one.
    withdraw_review(transaction, desk, product).await?;
    let row = listing_review::ActiveModel {
        id: Set(ListingReviewId::new()),
        product_id: Set(product),
        kind: Set(kind),
        changes: Set(changes),
        state: Set(ListingReviewState::Waiting),
        reason: Set(None),
        asked_by: Set(desk.who.account),
        decided_by: Set(None),
        created_at: Set(now),
        decided_at: Set(None),
    };
    listing_review::Entity::insert(row)
        .exec_without_returning(transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&LISTING_STATE) } else { error.into() })?;
    emit(transaction, "listing.review_asked", product.0, json!({"kind": kind}), now).await?;
    Ok(())
}

/// Changes a listing of the cooperative.
pub async fn change(
    desk: &Desk,
    cooperative: CooperativeId,
    id: ProductId,
    input: &ProductChange,
) -> Result<SellerProduct, Problem> {
    let row = own(desk, cooperative, id).await?;
    let transaction = desk.db.begin().await?;
    let changed = apply(&transaction, desk, row, input).await?;
    transaction.commit().await?;
    if changed {
        desk.products_changed(&[id]).await?;
    }
    view(desk, own(desk, cooperative, id).await?).await
}

/// Change a product's texts, season or status. Publishing, and texts of what is published, may wait for a review.
#[utoipa::path(tag = "seller", operation_id = "update_product", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("product_id" = ProductId, Path)), request_body = ProductChange, responses((status = 200, description = "The product", body = SellerProduct)))]
#[patch("/v1/seller/cooperatives/{cooperative_id}/products/{product_id}")]
pub async fn update_product(
    desk: Desk,
    path: Path<(CooperativeId, ProductId)>,
    body: Body<ProductChange>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(change(&desk, cooperative, id, &body.0).await?))
}

/// Archive a product: it is sold no longer, and what was bought of it stays on record.
#[utoipa::path(tag = "seller", operation_id = "archive_product", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("product_id" = ProductId, Path)), responses((status = 204, description = "Archived")))]
#[delete("/v1/seller/cooperatives/{cooperative_id}/products/{product_id}")]
pub async fn archive_product(desk: Desk, path: Path<(CooperativeId, ProductId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    let input = ProductChange { status: Some(ProductStatus::Archived), ..ProductChange::default() };
    change(&desk, cooperative, id, &input).await?;
    Ok(HttpResponse::NoContent().finish())
}
