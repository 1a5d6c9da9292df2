//! Whole orders on their way: shipped, delivered, collected; many at once.

use actix_web::web::Path;
use actix_web::{HttpResponse, post};
use entity::parcel;
use entity::value::{Carrier, CooperativeId, DeliveryMethod, OrderActor, OrderId, OrderState, ParcelState};
use garde::Validate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::parcels::{NewParcel, advance, make};
use super::rules::follows;
use crate::orders::ordering::{Action, By, ORDER_STATE, OrderRow, OrderView, order_within, seller, step_within};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::i18n::language_of;
use crate::platform::problem::{Problem, codes};
use crate::platform::secrets;

codes! {
    COLLECTED_BY_CODE = "collection_code_needed" 409 "Đơn lấy tại điểm: hãy nhập mã nhận hàng của khách." "This order is collected: enter the buyer's collection code.";
    WRONG_CODE = "wrong_collection_code" 409 "Mã nhận hàng không đúng." "The collection code is wrong.";
}

/// Everything of the order that is not in a parcel goes into one, and all parcels are handed over.
pub async fn ship_whole(desk: &Desk, row: &OrderRow) -> Result<OrderRow, Problem> {
    if row.delivery_method == DeliveryMethod::Pickup || row.state != OrderState::Packed {
        return Err(Problem::new(&ORDER_STATE).extension("state", row.state));
    }
    let tools = desk.tools();
    let transaction = desk.db.begin().await?;
    let rest = NewParcel { carrier: Carrier::Own, lines: Vec::new(), weight_g: None };
    match make(&transaction, row, &rest, tools.now).await {
        Ok(_) => {}
        Err(problem) if problem.code.name == "nothing_left_to_parcel" => {}
        Err(problem) => return Err(problem),
    }
    let mut levels = Vec::new();
    for parcel in open_parcels(&transaction, row.id).await? {
        if follows(parcel.state, ParcelState::InTransit) {
            levels
                .extend(advance(&transaction, &tools, &parcel, ParcelState::InTransit, Some(desk.who.account)).await?);
        }
    }
    let row = order_within(&transaction, row.id).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    desk.bell.ring();
    Ok(row)
}

async fn open_parcels(
    connection: &impl sea_orm::ConnectionTrait,
    order: OrderId,
) -> Result<Vec<parcel::Model>, sea_orm::DbErr> {
    parcel::Entity::find()
        .filter(parcel::Column::OrderId.eq(order))
        .filter(parcel::Column::State.ne(ParcelState::Cancelled))
        .order_by_asc(parcel::Column::Id)
        .all(connection)
        .await
}

/// All parcels arrived.
pub async fn deliver_whole(desk: &Desk, row: &OrderRow) -> Result<OrderRow, Problem> {
    if row.delivery_method == DeliveryMethod::Pickup {
        return Err(Problem::new(&COLLECTED_BY_CODE));
    }
    if row.state != OrderState::Shipped {
        return Err(Problem::new(&ORDER_STATE).extension("state", row.state));
    }
    let tools = desk.tools();
    let transaction = desk.db.begin().await?;
    let mut levels = Vec::new();
    for parcel in open_parcels(&transaction, row.id).await? {
        if follows(parcel.state, ParcelState::Delivered) {
            let actor = Some(desk.who.account);
            levels.extend(advance(&transaction, &tools, &parcel, ParcelState::Delivered, actor).await?);
        }
    }
    let mut after = order_within(&transaction, row.id).await?;
    if after.state == OrderState::Shipped {
        // Shipped before there were parcels, or a parcel was lost and made good.
        let by = By::of(OrderActor::Seller, Some(desk.who.account), None);
        levels.extend(step_within(&transaction, &tools, &after, Action::Deliver, by).await?);
        after = order_within(&transaction, row.id).await?;
    }
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    desk.bell.ring();
    Ok(after)
}

/// The buyer shows the code and takes the goods along.
pub async fn collect_order(desk: &Desk, row: &OrderRow, code: &str) -> Result<OrderRow, Problem> {
    let right =
        row.collection_code.as_deref().is_some_and(|right| secrets::same(&secrets::normalise_code(code), right));
    if row.delivery_method != DeliveryMethod::Pickup || row.state != OrderState::Packed {
        return Err(Problem::new(&ORDER_STATE).extension("state", row.state));
    }
    if !right {
        return Err(Problem::new(&WRONG_CODE));
    }
    seller::by_seller(desk, row, Action::Deliver, None, &[]).await
}

/// Handed over to be delivered: what is not in a parcel yet goes into one of the cooperative's own.
#[utoipa::path(tag = "seller", operation_id = "ship_order", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), responses((status = 200, description = "The order after it", body = OrderView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/ship")]
pub async fn ship(desk: Desk, path: Path<(CooperativeId, OrderId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    let row = seller::own(&desk, cooperative, id, Permission::FulfilOrders).await?;
    let row = ship_whole(&desk, &row).await?;
    Ok(HttpResponse::Ok().json(seller::view(&desk, row).await?))
}

/// All of it arrived.
#[utoipa::path(tag = "seller", operation_id = "deliver_order", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), responses((status = 200, description = "The order after it", body = OrderView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/deliver")]
pub async fn deliver(desk: Desk, path: Path<(CooperativeId, OrderId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    let row = seller::own(&desk, cooperative, id, Permission::FulfilOrders).await?;
    let row = deliver_whole(&desk, &row).await?;
    Ok(HttpResponse::Ok().json(seller::view(&desk, row).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "K7MPXQ"}))]
pub struct Collection {
    #[garde(length(max = 20))]
    #[schema(max_length = 20)]
    code: String,
}

/// The buyer collects against the code.
#[utoipa::path(tag = "seller", operation_id = "collect_order", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), request_body = Collection, responses((status = 200, description = "The order after it", body = OrderView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/collect")]
pub async fn collect(
    desk: Desk,
    path: Path<(CooperativeId, OrderId)>,
    body: Body<Collection>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    let row = seller::own(&desk, cooperative, id, Permission::FulfilOrders).await?;
    let row = collect_order(&desk, &row, &body.0.code).await?;
    Ok(HttpResponse::Ok().json(seller::view(&desk, row).await?))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    Confirm,
    Pack,
    Ship,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct BulkOrders {
    action: BulkAction,
    #[garde(length(min = 1, max = 100))]
    #[schema(min_items = 1, max_items = 100)]
    order_ids: Vec<OrderId>,
}

/// What became of one order.
#[derive(Serialize, ToSchema)]
pub struct BulkResult {
    pub order_id: OrderId,
    pub done: bool,
    #[schema(required = true)]
    pub state: Option<OrderState>,
    /// Why not.
    #[schema(required = true)]
    pub code: Option<String>,
    #[schema(required = true)]
    pub detail: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct BulkResults {
    pub items: Vec<BulkResult>,
}

/// Each order on its own: one that cannot does not hold up the others.
pub async fn bulk(
    desk: &Desk,
    cooperative: CooperativeId,
    action: BulkAction,
    ids: &[OrderId],
    language: entity::value::Language,
) -> Result<Vec<BulkResult>, Problem> {
    let mut results = Vec::new();
    for id in ids {
        let done = async {
            let row = seller::own(desk, cooperative, *id, Permission::FulfilOrders).await?;
            match action {
                BulkAction::Confirm => seller::by_seller(desk, &row, Action::Confirm, None, &[]).await,
                BulkAction::Pack => seller::by_seller(desk, &row, Action::Pack, None, &[]).await,
                BulkAction::Ship => ship_whole(desk, &row).await,
            }
        };
        results.push(match done.await {
            Ok(row) => BulkResult { order_id: *id, done: true, state: Some(row.state), code: None, detail: None },
            Err(problem) if problem.code.status < 500 => BulkResult {
                order_id: *id,
                done: false,
                state: None,
                code: Some(problem.code.name.to_owned()),
                detail: Some(problem.words(language)),
            },
            Err(problem) => return Err(problem),
        });
    }
    Ok(results)
}

/// Confirm, pack or ship up to 100 orders; each answered for itself.
#[utoipa::path(tag = "seller", operation_id = "bulk_orders", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = BulkOrders, responses((status = 200, description = "What became of each", body = BulkResults)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/orders/bulk")]
pub async fn bulk_orders(
    request: actix_web::HttpRequest,
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<BulkOrders>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::FulfilOrders).await?;
    let items = bulk(&desk, *cooperative, body.0.action, &body.0.order_ids, language_of(&request)).await?;
    Ok(HttpResponse::Ok().json(BulkResults { items }))
}
