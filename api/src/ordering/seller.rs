//! `/v1/seller/cooperatives/{id}/orders`: the seller's side.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use entity::value::{CooperativeId, OrderActor, OrderId};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::orders::OrderQuery;
use super::rules::Action;
use super::steps::{By, Tools, read, step};
use super::store::{OrderRow, Whose};
use super::view::{OrderView, views};
use crate::catalogue::Catalogue;
use crate::identity::{Permission, SignedIn, require_member};
use crate::platform::body::{Body, Params};
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::fold;
use crate::platform::outbox::Bell;
use crate::platform::pagination::Page;
use crate::platform::problem::{NOT_FOUND, Problem};

/// Orders of the cooperative, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_seller_orders", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), OrderQuery), responses((status = 200, description = "A page of orders", body = Page<OrderView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/orders")]
pub async fn list(
    db: Data<Db>,
    caller: SignedIn,
    cooperative: Path<CooperativeId>,
    query: Params<OrderQuery>,
) -> Result<HttpResponse, Problem> {
    require_member(db.fresh(), caller.account, *cooperative, Permission::SeeOrders).await?;
    query.0.page(&db, Whose::Seller(*cooperative), OrderActor::Seller).await
}

/// The order, if it is this cooperative's and the caller works there.
async fn own(
    db: &Db,
    caller: &SignedIn,
    path: Path<(CooperativeId, OrderId)>,
    permission: Permission,
) -> Result<OrderRow, Problem> {
    let (cooperative, id) = path.into_inner();
    require_member(db.fresh(), caller.account, cooperative, permission).await?;
    let row = read(db, id).await?;
    if row.cooperative_id == cooperative { Ok(row) } else { Err(Problem::new(&NOT_FOUND)) }
}

async fn show_one(db: &Db, row: OrderRow) -> Result<HttpResponse, Problem> {
    let view = views(db.fresh(), vec![row], OrderActor::Seller).await?.pop().ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(HttpResponse::Ok().json(view))
}

/// An order of the cooperative.
#[utoipa::path(tag = "seller", operation_id = "show_seller_order", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), responses((status = 200, description = "The order", body = OrderView)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}")]
pub async fn show(
    db: Data<Db>,
    caller: SignedIn,
    path: Path<(CooperativeId, OrderId)>,
) -> Result<HttpResponse, Problem> {
    let row = own(&db, &caller, path, Permission::SeeOrders).await?;
    show_one(&db, row).await
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident $path:literal $id:literal $action:ident;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(tag = "seller", operation_id = $id, security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), responses((status = 200, description = "The order after it", body = OrderView)))]
        #[post($path)]
        pub async fn $name(
            db: Data<Db>,
            clock: Data<Clock>,
            catalogue: Data<Catalogue>,
            bell: Data<Bell>,
            caller: SignedIn,
            path: Path<(CooperativeId, OrderId)>,
        ) -> Result<HttpResponse, Problem> {
            let row = own(&db, &caller, path, Permission::FulfilOrders).await?;
            let by = By::of(OrderActor::Seller, Some(caller.account), None);
            let tools = Tools { db: &db, catalogue: &catalogue, bell: &bell, now: clock.now() };
            show_one(&db, step(&tools, &row, Action::$action, by).await?).await
        }
    )*};
}

steps! {
    /// Promise to deliver.
    confirm "/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/confirm" "confirm_order" Confirm;
    /// Packed: the goods leave the stock.
    pack "/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/pack" "pack_order" Pack;
    /// Handed over to be delivered.
    ship "/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/ship" "ship_order" Ship;
    /// Arrived, or collected by the buyer.
    deliver "/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/deliver" "deliver_order" Deliver;
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Mưa đá, vườn không còn quả đạt chuẩn"}))]
pub struct SellerCancellation {
    /// The buyer reads it.
    #[garde(length(chars, min = 3, max = 300))]
    #[schema(min_length = 3, max_length = 300)]
    reason: String,
}

/// Cancel, with a reason for the buyer. What was packed returns to the stock.
#[utoipa::path(tag = "seller", operation_id = "cancel_seller_order", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), request_body = SellerCancellation, responses((status = 200, description = "Cancelled", body = OrderView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/cancel")]
pub async fn cancel(
    db: Data<Db>,
    clock: Data<Clock>,
    catalogue: Data<Catalogue>,
    bell: Data<Bell>,
    caller: SignedIn,
    path: Path<(CooperativeId, OrderId)>,
    body: Body<SellerCancellation>,
) -> Result<HttpResponse, Problem> {
    let row = own(&db, &caller, path, Permission::FulfilOrders).await?;
    let reason = fold::stored(&body.0.reason);
    if reason.is_empty() {
        return Err(Problem::field("/reason", "missing", "không được để trống", "must not be blank"));
    }
    let by = By::of(OrderActor::Seller, Some(caller.account), Some(reason));
    let tools = Tools { db: &db, catalogue: &catalogue, bell: &bell, now: clock.now() };
    show_one(&db, step(&tools, &row, Action::Cancel, by).await?).await
}
