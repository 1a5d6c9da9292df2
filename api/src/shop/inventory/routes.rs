//! `/v1/seller/cooperatives/{id}/stock`: what a cooperative has, and why.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::value::{CooperativeId, LotId, MovementKind, OfferId, OrderId, ProductId, RowId};
use garde::Validate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::lots;
use super::moves::record;
use super::rules::{MAX_QUANTITY, may_be_recorded};
use super::store::{BELOW_RESERVED, Outcome};
use crate::ocop::traceability::events;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{Db, all, one};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::read_model::Level;
use crate::shop::catalogue::unsellable;

#[derive(Clone, FromQueryResult, Serialize, ToSchema)]
pub struct StockItem {
    pub offer_id: OfferId,
    pub product_id: ProductId,
    pub sku: String,
    pub product_name_vi: String,
    pub product_name_en: String,
    pub pack_vi: String,
    pub pack_en: String,
    pub on_hand: i64,
    /// Ordered and not yet packed.
    pub reserved: i64,
    /// In lots that have expired or are held back.
    pub unsellable: i64,
    /// What can still be sold.
    pub available: i64,
}

/// So many packs or fewer are nearly gone.
const LOW: i64 = 5;

/// With today's date at `$1`.
fn stock_sql() -> String {
    let lost = unsellable("o.id", "$1");
    format!(
        "SELECT o.id AS offer_id, o.product_id, o.sku, p.name_vi AS product_name_vi, p.name_en AS product_name_en, o.pack_vi, o.pack_en,
                COALESCE(s.on_hand, 0) AS on_hand, COALESCE(s.reserved, 0) AS reserved, {lost} AS unsellable,
                CASE WHEN COALESCE(s.on_hand - s.reserved, 0) > {lost} THEN COALESCE(s.on_hand - s.reserved, 0) - {lost} ELSE 0 END AS available
         FROM offer o JOIN product p ON p.id = o.product_id LEFT JOIN stock s ON s.offer_id = o.id"
    )
}

/// What there is of every offer, a page at a time.
pub async fn stock_of(
    db: &Db,
    cooperative: CooperativeId,
    today: Date,
    limit: u64,
    after: Option<OfferId>,
) -> Result<Page<StockItem>, Problem> {
    let rows = all::<StockItem>(
        db.fresh(),
        format!("{} WHERE o.cooperative_id = $2 AND o.id > $3 ORDER BY o.id LIMIT {}", stock_sql(), limit + 1),
        [today.into(), cooperative.into(), after.map_or_else(uuid::Uuid::nil, |id| id.0).into()],
    )
    .await?;
    Ok(Page::from_rows(rows, limit, |row| row.offer_id))
}

/// What is on sale and nearly gone, the least first.
pub async fn running_low(db: &Db, cooperative: CooperativeId, today: Date) -> Result<Vec<StockItem>, Problem> {
    let sql = format!(
        "SELECT * FROM ({} WHERE o.cooperative_id = $2 AND o.status = 'active' AND p.status = 'published') s
         WHERE s.available <= {LOW} ORDER BY s.available, s.sku LIMIT 5",
        stock_sql()
    );
    Ok(all(db.fresh(), sql, [today.into(), cooperative.into()]).await?)
}

/// What there is of every offer.
#[utoipa::path(tag = "seller", operation_id = "list_stock", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of offers and their stock", body = Page<StockItem>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/stock")]
pub async fn list(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    let page = stock_of(&desk.db, *cooperative, desk.today(), paging.0.limit(), paging.0.position()?).await?;
    Ok(HttpResponse::Ok().json(page))
}

/// What there is of one offer.
pub async fn one_of(desk: &Desk, cooperative: CooperativeId, offer: OfferId) -> Result<StockItem, Problem> {
    own_item(desk, cooperative, offer).await
}

async fn own_item(desk: &Desk, cooperative: CooperativeId, offer: OfferId) -> Result<StockItem, Problem> {
    one::<StockItem>(
        desk.db.fresh(),
        format!("{} WHERE o.cooperative_id = $2 AND o.id = $3", stock_sql()),
        [desk.today().into(), cooperative.into(), offer.into()],
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
    lot_id: Option<LotId>,
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
    desk: Desk,
    path: Path<(CooperativeId, OfferId)>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, offer) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    own_item(&desk, cooperative, offer).await?;
    let select = "SELECT id, kind, quantity, order_id, lot_id, note, at FROM stock_movement";
    let page = NewestFirst::of(select, "id", paging.0.place())?
        .and("offer_id = ?", offer)
        .page(desk.db.fresh(), |row: &Movement| row.id)
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "receipt", "quantity": 40, "note": "Thu hoạch sáng nay"}))]
pub struct NewMovement {
    /// `receipt`, `return` or `correction`; the others come from orders.
    #[garde(skip)]
    pub kind: MovementKind,
    /// Only a correction may be negative.
    #[garde(range(min = -MAX_QUANTITY, max = MAX_QUANTITY))]
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub quantity: i64,
    /// The lot it goes into or comes from; without one, the day's lot takes what comes in, and what is missing is taken
    /// from the lots that expire first.
    #[garde(skip)]
    pub lot_id: Option<LotId>,
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    pub note: Option<String>,
}

/// Records a movement by a person; the stock after it.
pub async fn receive(
    desk: &Desk,
    cooperative: CooperativeId,
    offer: OfferId,
    input: NewMovement,
) -> Result<StockItem, Problem> {
    let before = own_item(desk, cooperative, offer).await?;
    if !may_be_recorded(input.kind, input.quantity) {
        return Err(Problem::field(
            "/quantity",
            "quantity",
            "nhập hàng và trả hàng phải là số dương, điều chỉnh phải khác 0; bán và hủy do đơn hàng ghi",
            "receipts and returns are positive, corrections not zero; sales and cancellations come from orders",
        ));
    }
    if let Some(lot) = input.lot_id {
        let lot = lots::show(desk, cooperative, lot).await.ok().filter(|lot| lot.product_id == before.product_id);
        let lot = lot.ok_or_else(|| {
            Problem::field("/lot_id", "lot", "không phải lô của sản phẩm này", "not a lot of this product")
        })?;
        if input.quantity > 0 && lot.expires_on.is_some_and(|day| day < desk.today()) {
            return Err(Problem::new(&lots::LOT_EXPIRED));
        }
    }
    let transaction = desk.begin().await?;
    let levels = receive_within(&transaction, desk, offer, input, before.on_hand).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    own_item(desk, cooperative, offer).await
}

/// The movement inside the caller's transaction; the stock levels it leaves.
pub async fn receive_within(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    offer: OfferId,
    input: NewMovement,
    on_hand_before: i64,
) -> Result<Vec<Level>, Problem> {
    let now = desk.now();
    let note = input.note.map(|note| fold::stored(&note));
    let actor = Some(desk.who.account);
    let act = events::act_of(input.kind);
    let outcome = record(transaction, offer, act, input.quantity, input.lot_id, note, actor, now).await?;
    let Outcome::Done(levels) = outcome else { return Err(Problem::new(&BELOW_RESERVED)) };
    let after = serde_json::json!({"kind": input.kind, "quantity": input.quantity, "lot": input.lot_id});
    let on_hand = serde_json::json!({"on_hand": on_hand_before});
    desk.audit(transaction, "stock.moved", ("offer", offer.0), on_hand, after).await?;
    emit(transaction, "stock.changed", offer.0, serde_json::json!({"offers": [offer]}), now).await?;
    Ok(levels)
}

/// Record that goods came in, came back, or were counted anew.
#[utoipa::path(tag = "seller", operation_id = "record_stock_movement", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("offer_id" = OfferId, Path)), request_body = NewMovement, responses((status = 201, description = "The stock after it", body = StockItem)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/stock/{offer_id}/movements")]
pub async fn record_movement(
    desk: Desk,
    path: Path<(CooperativeId, OfferId)>,
    body: Body<NewMovement>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, offer) = path.into_inner();
    desk.may(cooperative, Permission::CountStock).await?;
    Ok(HttpResponse::Created().json(receive(&desk, cooperative, offer, body.0).await?))
}
