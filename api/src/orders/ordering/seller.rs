//! `/v1/seller/cooperatives/{id}/orders`: the seller's side.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::value::{CooperativeId, LotId, OfferId, OrderActor, OrderId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::orders::OrderQuery;
use super::rules::Action;
use super::steps::{By, Tools, read, step};
use super::store::{OrderRow, Whose};
use super::view::{OrderView, views};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, OptionalBody, Params};
use crate::platform::fold;
use crate::platform::pagination::Page;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::shop::inventory::Pick;
use crate::shop::inventory::rules::MAX_QUANTITY;

impl Desk {
    /// What an order's step needs.
    pub fn tools(&self) -> Tools<'_> {
        Tools { db: &self.db, read_model: &self.read_model, bell: &self.bell, now: self.now() }
    }
}

/// The order, if it is this cooperative's and the caller may do this there.
pub async fn own(
    desk: &Desk,
    cooperative: CooperativeId,
    id: OrderId,
    permission: Permission,
) -> Result<OrderRow, Problem> {
    desk.may(cooperative, permission).await?;
    let row = read(&desk.db, id).await?;
    if row.cooperative_id == cooperative { Ok(row) } else { Err(Problem::new(&NOT_FOUND)) }
}

/// An order as its seller sees it.
pub async fn view(desk: &Desk, row: OrderRow) -> Result<OrderView, Problem> {
    let views = views(desk.db.fresh(), vec![row], OrderActor::Seller, desk.now()).await?;
    views.into_iter().next().ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Somebody of the team takes a step.
pub async fn by_seller(
    desk: &Desk,
    row: &OrderRow,
    action: Action,
    reason: Option<(CancelReason, String)>,
    picks: &[Pick],
) -> Result<OrderRow, Problem> {
    let (code, text) = reason.map(|(code, text)| (code.as_str(), text)).unzip();
    let by = By {
        kind: Some(OrderActor::Seller),
        account: Some(desk.who.account),
        reason: text,
        reason_code: code,
        picks,
        respond_by: None,
    };
    step(&desk.tools(), row, action, by).await
}

/// Orders of the cooperative, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_seller_orders", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), OrderQuery), responses((status = 200, description = "A page of orders", body = Page<OrderView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/orders")]
pub async fn list(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<OrderQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeOrders).await?;
    let page = query.0.page(&desk.db, Whose::Seller(*cooperative), OrderActor::Seller, desk.now()).await?;
    Ok(HttpResponse::Ok().json(page))
}

/// An order of the cooperative.
#[utoipa::path(tag = "seller", operation_id = "show_seller_order", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), responses((status = 200, description = "The order", body = OrderView)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}")]
pub async fn show(desk: Desk, path: Path<(CooperativeId, OrderId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    let row = own(&desk, cooperative, id, Permission::SeeOrders).await?;
    Ok(HttpResponse::Ok().json(view(&desk, row).await?))
}

/// Promise to deliver.
#[utoipa::path(tag = "seller", operation_id = "confirm_order", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), responses((status = 200, description = "The order after it", body = OrderView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/confirm")]
pub async fn confirm(desk: Desk, path: Path<(CooperativeId, OrderId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    let row = own(&desk, cooperative, id, Permission::FulfilOrders).await?;
    let row = by_seller(&desk, &row, Action::Confirm, None, &[]).await?;
    Ok(HttpResponse::Ok().json(view(&desk, row).await?))
}

/// So many of an offer from a lot.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct LotPick {
    pub offer_id: OfferId,
    pub lot_id: LotId,
    #[garde(range(min = 1, max = MAX_QUANTITY))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub quantity: i64,
}

#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Packed {
    /// Lots chosen by hand; an offer without any is taken from the lot that expires first.
    #[garde(length(max = 500), dive)]
    #[schema(max_items = 500)]
    pub picks: Vec<LotPick>,
}

/// Packed: the goods leave the stock, lot by lot.
#[utoipa::path(tag = "seller", operation_id = "pack_order", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), request_body = Option<Packed>, responses((status = 200, description = "The order after it", body = OrderView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/pack")]
pub async fn pack(
    desk: Desk,
    path: Path<(CooperativeId, OrderId)>,
    body: OptionalBody<Packed>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    let row = own(&desk, cooperative, id, Permission::FulfilOrders).await?;
    let picks =
        body.0.picks.iter().map(|pick| Pick { offer: pick.offer_id, lot: pick.lot_id, quantity: pick.quantity });
    let row = by_seller(&desk, &row, Action::Pack, None, &picks.collect::<Vec<_>>()).await?;
    Ok(HttpResponse::Ok().json(view(&desk, row).await?))
}

/// Why a seller cancels; reports count by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    OutOfStock,
    Quality,
    CannotDeliver,
    BuyerAsked,
    Other,
}

impl CancelReason {
    pub const ALL: [Self; 5] = [Self::OutOfStock, Self::Quality, Self::CannotDeliver, Self::BuyerAsked, Self::Other];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutOfStock => "out_of_stock",
            Self::Quality => "quality",
            Self::CannotDeliver => "cannot_deliver",
            Self::BuyerAsked => "buyer_asked",
            Self::Other => "other",
        }
    }
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"reason_code": "quality", "reason": "Mưa đá, vườn không còn quả đạt chuẩn"}))]
pub struct SellerCancellation {
    /// `other` unless told.
    reason_code: Option<CancelReason>,
    /// The buyer reads it.
    #[garde(length(chars, min = 3, max = 300))]
    #[schema(min_length = 3, max_length = 300)]
    reason: String,
}

/// Cancels for a reason the buyer reads.
pub async fn cancel_for(desk: &Desk, row: &OrderRow, code: CancelReason, reason: &str) -> Result<OrderRow, Problem> {
    let reason = fold::stored(reason);
    if reason.is_empty() {
        return Err(Problem::field("/reason", "missing", "không được để trống", "must not be blank"));
    }
    by_seller(desk, row, Action::Cancel, Some((code, reason)), &[]).await
}

/// Cancel, with a reason for the buyer. What was packed returns to the stock.
#[utoipa::path(tag = "seller", operation_id = "cancel_seller_order", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), request_body = SellerCancellation, responses((status = 200, description = "Cancelled", body = OrderView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/cancel")]
pub async fn cancel(
    desk: Desk,
    path: Path<(CooperativeId, OrderId)>,
    body: Body<SellerCancellation>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    let row = own(&desk, cooperative, id, Permission::FulfilOrders).await?;
    let row = cancel_for(&desk, &row, body.0.reason_code.unwrap_or(CancelReason::Other), &body.0.reason).await?;
    Ok(HttpResponse::Ok().json(view(&desk, row).await?))
}
