//! A partner's reception: boxes arrive, are handed over against the buyer's code, or go back when nobody came for them.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post, put};
use entity::pickup_point;
use entity::value::{DestinationId, OrderActor, OrderId, OrderState, PartnerId, PickupPointId, TraceAct};
use garde::Validate;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::destinations;
use crate::ocop::traceability::events::{Act, order_moved};
use crate::orders::fulfilment::WRONG_CODE;
use crate::orders::ordering::{self, Action, By, ORDER_STATE, OrderRow, order_within, step_within};
use crate::people::desk::PartnerDesk;
use crate::people::identity::check_commune;
use crate::people::identity::partner::Scope;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id};
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::secrets;
use crate::shop::delivery::{PickupPoint, PickupPointInput};

codes! {
    RECEPTIONS_FULL = "receptions_full" 409 "Một đối tác có nhiều nhất 20 điểm nhận hàng." "A partner has at most 20 pick-up points.";
    STILL_WAITING = "still_waiting" 409 "Hộp hàng còn trong thời hạn chờ khách." "The box still has time to be collected.";
    NOT_ARRIVED = "not_arrived" 409 "Hộp hàng chưa được ghi là đã đến." "The box was not recorded as arrived.";
}

/// A reception where buyers collect.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"point": {"name_vi": "Lễ tân Homestay Mường Bi", "name_en": "Mường Bi homestay reception", "street": "Xóm Mớ Đá", "commune_code": "04978", "latitude": 20.67, "longitude": 105.53,
    "hours": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "07:00", "to": "21:00"}], "active": true}, "capacity": 20, "keep_days": 3}))]
pub struct ReceptionInput {
    #[garde(dive)]
    pub point: PickupPointInput,
    pub destination_id: Option<DestinationId>,
    /// Boxes on their way there or waiting; no limit unless told.
    #[garde(inner(range(min = 1, max = 10_000)))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub capacity: Option<i32>,
    /// Days a box waits.
    #[garde(range(min = 1, max = 30))]
    #[schema(minimum = 1, maximum = 30)]
    pub keep_days: i32,
}

#[derive(Serialize, ToSchema)]
pub struct OwnReceptions {
    items: Vec<PickupPoint>,
}

pub async fn points_of(connection: &impl ConnectionTrait, partner: PartnerId) -> Result<Vec<PickupPoint>, DbErr> {
    let rows = pickup_point::Entity::find().filter(pickup_point::Column::PartnerId.eq(partner));
    let rows = rows.order_by_asc(pickup_point::Column::Id).all(connection).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The partner's receptions, with those switched off.
#[utoipa::path(tag = "partner", operation_id = "list_partner_pickup_points", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), responses((status = 200, description = "The points", body = OwnReceptions)))]
#[get("/v1/partner/{partner_id}/pickup-points")]
pub async fn list_points(desk: PartnerDesk) -> Result<HttpResponse, Problem> {
    desk.may(Scope::BoxesRead).await?;
    Ok(HttpResponse::Ok().json(OwnReceptions { items: points_of(desk.db.fresh(), desk.partner).await? }))
}

async fn row_of(
    desk: &PartnerDesk,
    id: PickupPointId,
    input: ReceptionInput,
) -> Result<pickup_point::ActiveModel, Problem> {
    check_commune("/point/commune_code", &input.point.commune_code)?;
    if let Some(id) = input.destination_id
        && !destinations::exists(desk.db.fresh(), id).await?
    {
        return Err(Problem::field(
            "/destination_id",
            "not_found",
            "không có điểm đến này",
            "there is no such destination",
        ));
    }
    let mut row = input.point.row(id, desk);
    row.partner_id = Set(Some(desk.partner));
    row.destination_id = Set(input.destination_id);
    row.capacity = Set(input.capacity);
    row.keep_days = Set(input.keep_days);
    Ok(row)
}

pub async fn open(desk: &PartnerDesk, input: ReceptionInput) -> Result<PickupPoint, Problem> {
    desk.approved(Scope::BoxesWrite).await?;
    if points_of(desk.db.fresh(), desk.partner).await?.len() >= 20 {
        return Err(Problem::new(&RECEPTIONS_FULL));
    }
    let id = PickupPointId::new();
    let row = row_of(desk, id, input).await?;
    let transaction = desk.begin().await?;
    let point = PickupPoint::from(row.insert(&transaction).await?);
    desk.audit(&transaction, "pickup_point.created", ("pickup_point", id.0), (), &point).await?;
    transaction.commit().await?;
    Ok(point)
}

/// Open a reception. Cooperatives say whether they bring boxes there.
#[utoipa::path(tag = "partner", operation_id = "create_partner_pickup_point", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), request_body = ReceptionInput, responses((status = 201, description = "The point", body = PickupPoint)))]
#[post("/v1/partner/{partner_id}/pickup-points")]
pub async fn create_point(desk: PartnerDesk, body: Body<ReceptionInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(open(&desk, body.0).await?))
}

/// Change a reception, or switch it off.
#[utoipa::path(tag = "partner", operation_id = "update_partner_pickup_point", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("point_id" = PickupPointId, Path)), request_body = ReceptionInput, responses((status = 200, description = "The point", body = PickupPoint)))]
#[put("/v1/partner/{partner_id}/pickup-points/{point_id}")]
pub async fn update_point(
    desk: PartnerDesk,
    path: Path<(PartnerId, PickupPointId)>,
    body: Body<ReceptionInput>,
) -> Result<HttpResponse, Problem> {
    desk.approved(Scope::BoxesWrite).await?;
    let before = by_id::<pickup_point::Entity>(desk.db.fresh(), path.1).await?;
    let before = before.filter(|row| row.partner_id == Some(desk.partner)).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let mut row = row_of(&desk, path.1, body.0).await?;
    row.created_at = Set(before.created_at);
    let transaction = desk.begin().await?;
    let point = PickupPoint::from(row.update(&transaction).await?);
    desk.audit(&transaction, "pickup_point.changed", ("pickup_point", path.1.0), PickupPoint::from(before), &point)
        .await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(point))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoxState {
    /// Ordered, not there yet.
    Expected,
    /// At the reception.
    Waiting,
    /// At the reception longer than it is kept.
    Overdue,
    Collected,
    /// Nobody came: it went back.
    Returned,
}

/// A box that is collected at a reception of the partner.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceptionBox)]
pub struct BoxView {
    pub order_id: OrderId,
    pub number: String,
    pub state: BoxState,
    pub recipient: String,
    /// The last digits.
    pub phone: String,
    pub cooperative: String,
    pub contents: Vec<String>,
    pub pickup_point_id: PickupPointId,
    /// Đồng to be collected for the cooperative; 0 when it is paid.
    pub to_collect: i64,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub arrived_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub collect_by: Option<OffsetDateTime>,
}

#[derive(FromQueryResult)]
struct BoxRow {
    id: OrderId,
    number: String,
    state: OrderState,
    recipient: String,
    phone: String,
    cooperative: String,
    pickup_point_id: PickupPointId,
    to_collect: i64,
    arrived_at: Option<OffsetDateTime>,
    collect_by: Option<OffsetDateTime>,
}

#[derive(FromQueryResult)]
struct ContentRow {
    order_id: OrderId,
    name_vi: String,
    pack_vi: String,
    quantity: i64,
}

fn state_of(row: &BoxRow, now: OffsetDateTime) -> BoxState {
    match row.state {
        OrderState::Delivered | OrderState::Completed => BoxState::Collected,
        OrderState::Cancelled | OrderState::Expired => BoxState::Returned,
        _ if row.arrived_at.is_none() => BoxState::Expected,
        _ if row.collect_by.is_some_and(|by| by < now) => BoxState::Overdue,
        _ => BoxState::Waiting,
    }
}

/// Boxes of the last 60 days, the newest first, up to 200.
pub async fn boxes(desk: &PartnerDesk, wanted: Option<BoxState>) -> Result<Vec<BoxView>, Problem> {
    let now = desk.now();
    let rows = all::<BoxRow>(
        desk.db.fresh(),
        "SELECT o.id, o.number, o.state, o.recipient, o.phone, c.name_vi AS cooperative, o.pickup_point_id,
                CASE WHEN o.paid_at IS NULL THEN o.total_amount ELSE 0 END AS to_collect, o.arrived_at, o.collect_by
         FROM orders o JOIN pickup_point p ON p.id = o.pickup_point_id JOIN cooperative c ON c.id = o.cooperative_id
         WHERE p.partner_id = $1 AND o.placed_at >= $2 AND o.state <> 'awaiting_payment'
           AND (o.arrived_at IS NOT NULL OR o.state IN ('placed', 'confirmed', 'packed'))
         ORDER BY o.id DESC LIMIT 200",
        [desk.partner.into(), (now - Duration::days(60)).into()],
    )
    .await?;
    let contents = all::<ContentRow>(
        desk.db.fresh(),
        "SELECT l.order_id, l.name_vi, l.pack_vi, l.quantity FROM order_line l JOIN orders o ON o.id = l.order_id
         JOIN pickup_point p ON p.id = o.pickup_point_id WHERE p.partner_id = $1 AND o.placed_at >= $2 ORDER BY l.id",
        [desk.partner.into(), (now - Duration::days(60)).into()],
    )
    .await?;
    let view = |row: BoxRow| {
        let state = state_of(&row, now);
        let digits: Vec<char> = row.phone.chars().collect();
        BoxView {
            order_id: row.id,
            number: row.number,
            state,
            recipient: row.recipient,
            phone: format!("…{}", digits[digits.len().saturating_sub(3)..].iter().collect::<String>()),
            cooperative: row.cooperative,
            contents: contents
                .iter()
                .filter(|line| line.order_id == row.id)
                .map(|line| format!("{} × {} ({})", line.quantity, line.name_vi, line.pack_vi))
                .collect(),
            pickup_point_id: row.pickup_point_id,
            to_collect: row.to_collect,
            arrived_at: row.arrived_at,
            collect_by: row.collect_by,
        }
    };
    Ok(rows.into_iter().map(view).filter(|one| wanted.is_none_or(|wanted| one.state == wanted)).collect())
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct BoxQuery {
    #[param(inline)]
    state: Option<BoxState>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReceptionBoxes)]
pub struct Boxes {
    items: Vec<BoxView>,
}

/// Boxes expected, waiting, overdue, collected and returned.
#[utoipa::path(tag = "partner", operation_id = "list_boxes", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), BoxQuery), responses((status = 200, description = "The boxes", body = Boxes)))]
#[get("/v1/partner/{partner_id}/boxes")]
pub async fn list_boxes(desk: PartnerDesk, query: Params<BoxQuery>) -> Result<HttpResponse, Problem> {
    desk.may(Scope::BoxesRead).await?;
    Ok(HttpResponse::Ok().json(Boxes { items: boxes(&desk, query.0.state).await? }))
}

/// The order, if it is collected at a reception of the partner, with the point.
async fn own(
    desk: &PartnerDesk,
    connection: &impl ConnectionTrait,
    id: OrderId,
) -> Result<(OrderRow, pickup_point::Model), Problem> {
    let row = order_within(connection, id).await?;
    let point = match row.pickup_point_id {
        Some(point) => by_id::<pickup_point::Entity>(connection, point).await?,
        None => None,
    };
    let point = point.filter(|point| point.partner_id == Some(desk.partner)).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok((row, point))
}

async fn one(desk: &PartnerDesk, id: OrderId) -> Result<BoxView, Problem> {
    boxes(desk, None).await?.into_iter().find(|one| one.order_id == id).ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// The box is there: its buyer is told, and until when it waits.
pub async fn arrive(desk: &PartnerDesk, id: OrderId) -> Result<BoxView, Problem> {
    desk.approved(Scope::BoxesWrite).await?;
    let now = desk.now();
    let transaction = desk.begin().await?;
    let (row, point) = own(desk, &transaction, id).await?;
    let until = now + Duration::days(point.keep_days.into());
    if !ordering::arrived(&transaction, id, until, now).await? {
        return Err(Problem::new(&ORDER_STATE).extension("state", row.state));
    }
    let act = Act { pickup_point: Some(point.id), ..Act::new(TraceAct::Arrived, None, now) };
    order_moved(&transaction, id, &act, now).await?;
    desk.audit(&transaction, "box.arrived", ("order", id.0), (), json!({"point": point.id})).await?;
    emit(&transaction, "order.arrived", id.0, json!({"pickup_point": point.id}), now).await?;
    transaction.commit().await?;
    desk.bell.ring();
    one(desk, id).await
}

/// Record that a box arrived.
#[utoipa::path(tag = "partner", operation_id = "receive_box", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("order_id" = OrderId, Path)), responses((status = 200, description = "The box", body = BoxView)))]
#[post("/v1/partner/{partner_id}/boxes/{order_id}/arrive")]
pub async fn receive_box(desk: PartnerDesk, path: Path<(PartnerId, OrderId)>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(arrive(&desk, path.1).await?))
}

async fn move_on(desk: &PartnerDesk, id: OrderId, action: Action, by: By<'_>) -> Result<BoxView, Problem> {
    let tools = desk.tools();
    let transaction = desk.begin().await?;
    let (row, _) = own(desk, &transaction, id).await?;
    let levels = step_within(&transaction, &tools, &row, action, by).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    desk.bell.ring();
    one(desk, id).await
}

/// The buyer shows the code and takes the box along.
pub async fn hand_over(desk: &PartnerDesk, id: OrderId, code: &str) -> Result<BoxView, Problem> {
    desk.approved(Scope::BoxesWrite).await?;
    let (row, _) = own(desk, desk.db.fresh(), id).await?;
    if row.state != OrderState::Packed {
        return Err(Problem::new(&ORDER_STATE).extension("state", row.state));
    }
    if row.arrived_at.is_none() {
        return Err(Problem::new(&NOT_ARRIVED));
    }
    let shown = secrets::normalise_code(code);
    if !row.collection_code.as_deref().is_some_and(|right| secrets::same(&shown, right)) {
        return Err(Problem::new(&WRONG_CODE));
    }
    move_on(desk, id, Action::Deliver, By::of(OrderActor::Partner, Some(desk.who.account), None)).await
}

/// What the buyer shows or says.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "K7MPXQ"}))]
pub struct HandOver {
    #[garde(length(max = 20))]
    #[schema(max_length = 20)]
    code: String,
}

/// Hand a box over against the buyer's code, or the code in its QR.
#[utoipa::path(tag = "partner", operation_id = "hand_over_box", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("order_id" = OrderId, Path)), request_body = HandOver, responses((status = 200, description = "The box", body = BoxView)))]
#[post("/v1/partner/{partner_id}/boxes/{order_id}/hand-over")]
pub async fn hand_over_box(
    desk: PartnerDesk,
    path: Path<(PartnerId, OrderId)>,
    body: Body<HandOver>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(hand_over(&desk, path.1, &body.0.code).await?))
}

/// Nobody came in time: the cooperative takes the box back, its stock is there again, and what was paid is refunded.
pub async fn give_back(desk: &PartnerDesk, id: OrderId) -> Result<BoxView, Problem> {
    desk.approved(Scope::BoxesWrite).await?;
    let (row, _) = own(desk, desk.db.fresh(), id).await?;
    match row.collect_by {
        _ if row.state != OrderState::Packed => return Err(Problem::new(&ORDER_STATE).extension("state", row.state)),
        None => return Err(Problem::new(&NOT_ARRIVED)),
        Some(by) if by > desk.now() => return Err(Problem::new(&STILL_WAITING)),
        Some(_) => {}
    }
    let by = By {
        reason_code: Some("not_collected"),
        ..By::of(OrderActor::Partner, Some(desk.who.account), Some("Khách không đến nhận".to_owned()))
    };
    move_on(desk, id, Action::Cancel, by).await
}

/// Give a box back that nobody collected in time: the order is cancelled and refunded.
#[utoipa::path(tag = "partner", operation_id = "give_back_box", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("order_id" = OrderId, Path)), responses((status = 200, description = "The box", body = BoxView)))]
#[post("/v1/partner/{partner_id}/boxes/{order_id}/give-back")]
pub async fn give_back_box(desk: PartnerDesk, path: Path<(PartnerId, OrderId)>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(give_back(&desk, path.1).await?))
}
