//! `/v1/seller/cooperatives/{id}/stock`: what a cooperative has, and why.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use entity::value::{CooperativeId, MemberRole, MovementKind, OfferId, OrderId, RowId};
use garde::Validate;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::rules::{MAX_QUANTITY, may_be_recorded};
use super::store::{Outcome, record};
use crate::catalogue::Catalogue;
use crate::identity::{SignedIn, require_member};
use crate::platform::body::{Body, Params};
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all, one};
use crate::platform::outbox::emit;
use crate::platform::pagination::{Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::{audit, fold};

codes! {
    BELOW_RESERVED = "below_reserved" 409 "Không thể giảm: số còn lại sẽ ít hơn số khách đã đặt." "Cannot go lower: less would be left than buyers have ordered.";
}

#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct StockItem {
    offer_id: OfferId,
    sku: String,
    product_name_vi: String,
    product_name_en: String,
    pack_vi: String,
    pack_en: String,
    on_hand: i64,
    /// Ordered and not yet packed.
    reserved: i64,
    /// What can still be sold.
    available: i64,
}

const STOCK: &str = "SELECT o.id AS offer_id, o.sku, p.name_vi AS product_name_vi, p.name_en AS product_name_en, o.pack_vi, o.pack_en,
        COALESCE(s.on_hand, 0) AS on_hand, COALESCE(s.reserved, 0) AS reserved, COALESCE(s.on_hand - s.reserved, 0) AS available
 FROM offer o JOIN product p ON p.id = o.product_id LEFT JOIN stock s ON s.offer_id = o.id";

/// What there is of every offer.
#[utoipa::path(tag = "seller", operation_id = "list_stock", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of offers and their stock", body = Page<StockItem>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/stock")]
pub async fn list(
    db: Data<Db>,
    caller: SignedIn,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    require_member(db.fresh(), caller.account, *cooperative, MemberRole::Staff).await?;
    let (limit, after) = (paging.0.limit(), paging.0.position::<OfferId>()?);
    let rows = all::<StockItem>(
        db.fresh(),
        format!("{STOCK} WHERE o.cooperative_id = $1 AND o.id > $2 ORDER BY o.id LIMIT {}", limit + 1),
        [(*cooperative).into(), after.map_or_else(uuid::Uuid::nil, |id| id.0).into()],
    )
    .await?;
    Ok(HttpResponse::Ok().json(Page::from_rows(rows, limit, |row| row.offer_id)))
}

async fn own_item(db: &Db, cooperative: CooperativeId, offer: OfferId) -> Result<StockItem, Problem> {
    one::<StockItem>(
        db.fresh(),
        format!("{STOCK} WHERE o.cooperative_id = $1 AND o.id = $2"),
        [cooperative.into(), offer.into()],
    )
    .await?
    .ok_or_else(|| Problem::new(&NOT_FOUND))
}

#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct Movement {
    id: RowId,
    kind: MovementKind,
    /// Positive onto the shelf, negative off it.
    quantity: i64,
    #[schema(required = true)]
    order_id: Option<OrderId>,
    #[schema(required = true)]
    note: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
}

/// Every movement of an offer's stock, newest first. Their sum is what is on hand.
#[utoipa::path(tag = "seller", operation_id = "list_stock_movements", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("offer_id" = OfferId, Path), Paging), responses((status = 200, description = "A page of movements", body = Page<Movement>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/stock/{offer_id}/movements")]
pub async fn movements(
    db: Data<Db>,
    caller: SignedIn,
    path: Path<(CooperativeId, OfferId)>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, offer) = path.into_inner();
    require_member(db.fresh(), caller.account, cooperative, MemberRole::Staff).await?;
    own_item(&db, cooperative, offer).await?;
    let (limit, before) = (paging.0.limit(), paging.0.position::<RowId>()?);
    let rows = all::<Movement>(
        db.fresh(),
        format!(
            "SELECT id, kind, quantity, order_id, note, at FROM stock_movement WHERE offer_id = $1 AND id < $2 ORDER BY id DESC LIMIT {}",
            limit + 1
        ),
        [offer.into(), before.map_or_else(uuid::Uuid::max, |id| id.0).into()],
    )
    .await?;
    Ok(HttpResponse::Ok().json(Page::from_rows(rows, limit, |row| row.id)))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "receipt", "quantity": 40, "note": "Thu hoạch sáng nay"}))]
pub struct NewMovement {
    /// `receipt`, `return` or `correction`; the others come from orders.
    #[garde(skip)]
    kind: MovementKind,
    /// Only a correction may be negative.
    #[garde(range(min = -MAX_QUANTITY, max = MAX_QUANTITY))]
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    quantity: i64,
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    note: Option<String>,
}

/// Record that goods came in, came back, or were counted anew.
#[utoipa::path(tag = "seller", operation_id = "record_stock_movement", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("offer_id" = OfferId, Path)), request_body = NewMovement, responses((status = 201, description = "The stock after it", body = StockItem)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/stock/{offer_id}/movements")]
pub async fn record_movement(
    db: Data<Db>,
    clock: Data<Clock>,
    catalogue: Data<Catalogue>,
    caller: SignedIn,
    path: Path<(CooperativeId, OfferId)>,
    body: Body<NewMovement>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, offer) = path.into_inner();
    let Body(input) = body;
    require_member(db.fresh(), caller.account, cooperative, MemberRole::Staff).await?;
    let before = own_item(&db, cooperative, offer).await?;
    if !may_be_recorded(input.kind, input.quantity) {
        return Err(Problem::field(
            "/quantity",
            "quantity",
            "nhập hàng và trả hàng phải là số dương, điều chỉnh phải khác 0; bán và hủy do đơn hàng ghi",
            "receipts and returns are positive, corrections not zero; sales and cancellations come from orders",
        ));
    }
    let now = clock.now();
    let transaction = db.begin().await?;
    let note = input.note.map(|note| fold::stored(&note));
    let outcome = record(&transaction, offer, input.kind, input.quantity, note, Some(caller.account), now).await?;
    let Outcome::Done(levels) = outcome else { return Err(Problem::new(&BELOW_RESERVED)) };
    let change = audit::Change {
        actor: caller.audit_actor(),
        action: "stock.moved",
        entity: "offer",
        entity_id: offer.0,
        before: Some(serde_json::json!({"on_hand": before.on_hand})),
        after: Some(serde_json::json!({"kind": input.kind, "quantity": input.quantity})),
    };
    audit::record(&transaction, change, now).await?;
    emit(&transaction, "stock.changed", offer.0, serde_json::json!({"offers": [offer]}), now).await?;
    transaction.commit().await?;
    catalogue.levels_changed(&levels).await;
    Ok(HttpResponse::Created().json(own_item(&db, cooperative, offer).await?))
}
