//! Parcels: one order in one or several, each handed over and followed.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use entity::value::{
    Carrier, CooperativeId, Money, OfferId, OrderActor, OrderId, OrderState, ParcelId, ParcelState, PaymentMethod, Vnd,
};
use entity::{order_line, parcel, parcel_line};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::carrier::Label;
use super::carriers::Carriers;
use super::faults::{NO_CONTRACT, NOTHING_LEFT, PARCEL_STATE};
use super::rules::{Worry, follows, is_handed_over, unpacked, worry};
use super::worker;
use crate::ledger::rules::share;
use crate::orders::ordering::{self, Action, BuyersOrder, By, OrderRow, Secret, Tools, lines_of, number, seller};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::clock::VIETNAM;
use crate::platform::db::{Db, by_id, run};
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::read_model::Level;

#[derive(Clone, Serialize, ToSchema)]
pub struct ParcelLine {
    pub offer_id: OfferId,
    pub quantity: i64,
}

#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Parcel)]
pub struct ParcelView {
    pub id: ParcelId,
    pub number: String,
    pub order_id: OrderId,
    pub carrier: Carrier,
    pub state: ParcelState,
    #[schema(required = true)]
    pub tracking_code: Option<String>,
    /// Grams.
    pub weight_g: i64,
    /// Collected on delivery.
    pub cod: Money,
    /// The carrier's price, once known.
    #[schema(required = true)]
    pub fee: Option<Money>,
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub expected_on: Option<Date>,
    /// `late`, `silent`, `failed` or `lost`: somebody should look after it.
    #[schema(required = true)]
    pub worry: Option<String>,
    pub lines: Vec<ParcelLine>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub last_event_at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
pub struct Parcels {
    pub items: Vec<ParcelView>,
}

fn worry_word(worry: Worry) -> String {
    match worry {
        Worry::Late => "late",
        Worry::Silent => "silent",
        Worry::Failed => "failed",
        Worry::Lost => "lost",
    }
    .to_owned()
}

pub async fn views(
    connection: &impl ConnectionTrait,
    rows: Vec<parcel::Model>,
    now: OffsetDateTime,
) -> Result<Vec<ParcelView>, DbErr> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let lines = parcel_line::Entity::find()
        .filter(parcel_line::Column::ParcelId.is_in(rows.iter().map(|row| row.id)))
        .all(connection)
        .await?;
    let today = now.to_offset(VIETNAM).date();
    let view = |row: parcel::Model| ParcelView {
        lines: lines
            .iter()
            .filter(|line| line.parcel_id == row.id)
            .map(|line| ParcelLine { offer_id: line.offer_id, quantity: line.quantity })
            .collect(),
        worry: worry(row.state, row.expected_on, row.last_event_at, (now, today)).map(worry_word),
        id: row.id,
        number: row.number,
        order_id: row.order_id,
        carrier: row.carrier,
        state: row.state,
        tracking_code: row.tracking_code,
        weight_g: row.weight_g,
        cod: row.cod_amount.into(),
        fee: row.fee_amount.map(Into::into),
        expected_on: row.expected_on,
        last_event_at: row.last_event_at,
    };
    Ok(rows.into_iter().map(view).collect())
}

async fn rows_of(connection: &impl ConnectionTrait, order: OrderId) -> Result<Vec<parcel::Model>, DbErr> {
    parcel::Entity::find()
        .filter(parcel::Column::OrderId.eq(order))
        .order_by_asc(parcel::Column::Id)
        .all(connection)
        .await
}

pub async fn of_order(
    connection: &impl ConnectionTrait,
    order: OrderId,
    now: OffsetDateTime,
) -> Result<Vec<ParcelView>, DbErr> {
    let rows = rows_of(connection, order).await?;
    views(connection, rows, now).await
}

/// Parcels of an order.
#[utoipa::path(tag = "seller", operation_id = "list_parcels", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), responses((status = 200, description = "The parcels", body = Parcels)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/parcels")]
pub async fn list_parcels(desk: Desk, path: Path<(CooperativeId, OrderId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    seller::own(&desk, cooperative, id, Permission::SeeOrders).await?;
    Ok(HttpResponse::Ok().json(Parcels { items: of_order(desk.db.fresh(), id, desk.now()).await? }))
}

/// Where the order's parcels are.
#[utoipa::path(tag = "orders", operation_id = "list_order_parcels", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), responses((status = 200, description = "The parcels", body = Parcels)))]
#[get("/v1/orders/{id}/parcels")]
pub async fn list_for_buyer(order: BuyersOrder) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Parcels { items: of_order(order.db.fresh(), order.row.id, order.now()).await? }))
}

#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct NewParcelLine {
    pub offer_id: OfferId,
    #[garde(range(min = 1, max = 9_999))]
    #[schema(minimum = 1, maximum = 9999)]
    pub quantity: i64,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"carrier": "own"}))]
pub struct NewParcel {
    /// `own` for the cooperative's rider.
    pub carrier: Carrier,
    /// What goes into it; everything that is not in a parcel yet unless told.
    #[garde(length(max = 100), dive)]
    #[serde(default)]
    #[schema(max_items = 100)]
    pub lines: Vec<NewParcelLine>,
    /// Grams, as weighed; the sum of its packs unless told.
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub weight_g: Option<i64>,
}

/// So many of an offer.
type Quantity = (OfferId, i64);

/// Đồng to collect with a parcel: its goods at what they cost after discounts, the delivery with the first, what is left
/// with the last. Nothing, when the order was paid before.
fn to_collect(
    row: &OrderRow,
    bought: &[order_line::Model],
    before: &[parcel::Model],
    (left, wanted): (&[Quantity], &[Quantity]),
) -> Vnd {
    if row.payment_method != PaymentMethod::CashOnDelivery {
        return Vnd::ZERO;
    }
    let collected: i64 = before.iter().map(|parcel| parcel.cod_amount.0).sum();
    let rest = row.total_amount.0 - collected;
    let pieces = |lines: &[Quantity]| lines.iter().map(|(_, quantity)| quantity).sum::<i64>();
    if pieces(wanted) == pieces(left) {
        return Vnd(rest.max(0));
    }
    let goods: i64 = wanted
        .iter()
        .filter_map(|(offer, quantity)| {
            let line = bought.iter().find(|line| line.offer_id == *offer)?;
            Some(share(line.total_amount.0 - line.discount_amount.0, *quantity, line.quantity))
        })
        .sum();
    let of_goods: i64 = bought.iter().map(|line| line.total_amount.0 - line.discount_amount.0).sum();
    let delivery = if before.is_empty() { row.total_amount.0 - of_goods } else { 0 };
    Vnd((goods + delivery).clamp(0, rest.max(0)))
}

/// Makes a parcel inside the caller's transaction.
pub async fn make(
    transaction: &impl ConnectionTrait,
    row: &OrderRow,
    input: &NewParcel,
    now: OffsetDateTime,
) -> Result<parcel::Model, Problem> {
    // The order's row is taken first: two parcels made at once come one after the other.
    if !ordering::lock_for_parcels(transaction, row.id, now).await? {
        return Err(Problem::new(&ordering::ORDER_STATE).extension("state", row.state));
    }
    let bought = lines_of(transaction, &[row.id]).await?;
    let before: Vec<_> =
        rows_of(transaction, row.id).await?.into_iter().filter(|p| p.state != ParcelState::Cancelled).collect();
    let held = parcel_line::Entity::find()
        .filter(parcel_line::Column::ParcelId.is_in(before.iter().map(|p| p.id)))
        .all(transaction)
        .await?;
    let held: Vec<_> = held.iter().map(|line| (line.offer_id, line.quantity)).collect();
    let left = unpacked(&bought.iter().map(|line| (line.offer_id, line.quantity)).collect::<Vec<_>>(), &held);
    if left.is_empty() {
        return Err(Problem::new(&NOTHING_LEFT));
    }
    let wanted: Vec<_> = if input.lines.is_empty() {
        left.clone()
    } else {
        input.lines.iter().map(|line| (line.offer_id, line.quantity)).collect()
    };
    for (index, (offer, quantity)) in wanted.iter().enumerate() {
        let twice = wanted.iter().filter(|(other, _)| other == offer).count() > 1;
        let room = left.iter().find(|(id, _)| id == offer).map_or(0, |(_, left)| *left);
        if twice || *quantity > room {
            let (vi, en) = ("nhiều hơn số chưa đóng kiện", "more than is not in a parcel yet");
            return Err(Problem::field(format!("/lines/{index}/quantity"), "quantity", vi, en));
        }
    }
    let line_of = |offer: OfferId| bought.iter().find(|line| line.offer_id == offer);
    let unit = |line: &order_line::Model| line.weight_g / line.quantity.max(1);
    let weight: i64 = wanted.iter().filter_map(|(offer, n)| line_of(*offer).map(|line| unit(line) * n)).sum();
    let cod = to_collect(row, &bought, &before, (&left, &wanted));
    let id = ParcelId::new();
    let model = parcel::ActiveModel {
        id: Set(id),
        number: Set(number("KH", now)),
        order_id: Set(row.id),
        cooperative_id: Set(row.cooperative_id),
        carrier: Set(input.carrier),
        state: Set(ParcelState::Packed),
        tracking_code: Set(None),
        weight_g: Set(input.weight_g.unwrap_or(weight).max(1)),
        cod_amount: Set(cod),
        fee_amount: Set(None),
        expected_on: Set(None),
        settled_at: Set(None),
        last_event_at: Set(now),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let model = parcel::Entity::insert(model).exec_with_returning(transaction).await?;
    let lines = wanted.iter().map(|(offer, quantity)| parcel_line::ActiveModel {
        parcel_id: Set(id),
        offer_id: Set(*offer),
        quantity: Set(*quantity),
    });
    parcel_line::Entity::insert_many(lines.collect::<Vec<_>>()).exec_without_returning(transaction).await?;
    Ok(model)
}

/// Makes a parcel of what the order holds.
pub async fn create(desk: &Desk, row: &OrderRow, input: &NewParcel) -> Result<ParcelView, Problem> {
    let transaction = desk.db.begin().await?;
    let parcel = make(&transaction, row, input, desk.now()).await?;
    transaction.commit().await?;
    view_of(&desk.db, parcel.id, desk.now()).await
}

async fn view_of(db: &Db, id: ParcelId, now: OffsetDateTime) -> Result<ParcelView, Problem> {
    let row = by_id::<parcel::Entity>(db.fresh(), id).await?;
    let views = views(db.fresh(), row.into_iter().collect(), now).await?;
    views.into_iter().next().ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Put an order, or a part of it, into a parcel.
#[utoipa::path(tag = "seller", operation_id = "create_parcel", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), request_body = NewParcel, responses((status = 201, description = "The parcel", body = ParcelView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/parcels")]
pub async fn create_parcel(
    desk: Desk,
    path: Path<(CooperativeId, OrderId)>,
    body: Body<NewParcel>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    let row = seller::own(&desk, cooperative, id, Permission::FulfilOrders).await?;
    if let Carrier::Ghn | Carrier::Ghtk | Carrier::ViettelPost = body.0.carrier
        && super::contracts::find(desk.db.fresh(), cooperative, body.0.carrier).await?.is_none()
    {
        return Err(Problem::new(&NO_CONTRACT));
    }
    Ok(HttpResponse::Created().json(create(&desk, &row, &body.0).await?))
}

/// Moves a parcel, and its order when all of it has moved; inside the caller's transaction. The stock levels it leaves.
pub async fn advance(
    transaction: &impl ConnectionTrait,
    tools: &Tools<'_>,
    parcel: &parcel::Model,
    to: ParcelState,
    actor: Option<entity::value::AccountId>,
) -> Result<Vec<Level>, Problem> {
    let refused = || Problem::new(&PARCEL_STATE).extension("state", parcel.state);
    if !follows(parcel.state, to) {
        return Err(refused());
    }
    let now = tools.now;
    let leaves = is_handed_over(to) && !is_handed_over(parcel.state);
    let arrives = now.to_offset(VIETNAM).date() + Duration::days(4);
    // The order's row is taken first: of two parcels that arrive at once, the second sees the first.
    ordering::lock_order(transaction, parcel.order_id, now).await?;
    let moved = run(
        transaction,
        "UPDATE parcel SET state = $3, last_event_at = $4, updated_at = $4,
                expected_on = CASE WHEN $5 AND expected_on IS NULL THEN $6 ELSE expected_on END
         WHERE id = $1 AND state = $2",
        [parcel.id.into(), parcel.state.as_str().into(), to.as_str().into(), now.into(), leaves.into(), arrives.into()],
    )
    .await?;
    if moved != 1 {
        return Err(refused());
    }
    let payload =
        serde_json::json!({"order": parcel.order_id, "number": parcel.number, "tracking_code": parcel.tracking_code});
    emit(transaction, &format!("parcel.{}", to.as_str()), parcel.id.0, payload, now).await?;
    follow_up(transaction, tools, parcel.order_id, actor).await
}

/// The order follows its parcels: shipped when all of it is on the way, delivered when all of it has arrived.
async fn follow_up(
    transaction: &impl ConnectionTrait,
    tools: &Tools<'_>,
    order: OrderId,
    actor: Option<entity::value::AccountId>,
) -> Result<Vec<Level>, Problem> {
    let parcels: Vec<_> =
        rows_of(transaction, order).await?.into_iter().filter(|row| row.state != ParcelState::Cancelled).collect();
    let lines = parcel_line::Entity::find()
        .filter(parcel_line::Column::ParcelId.is_in(parcels.iter().map(|row| row.id)))
        .all(transaction)
        .await?;
    let bought = lines_of(transaction, &[order]).await?;
    let whole = unpacked(
        &bought.iter().map(|line| (line.offer_id, line.quantity)).collect::<Vec<_>>(),
        &lines.iter().map(|line| (line.offer_id, line.quantity)).collect::<Vec<_>>(),
    )
    .is_empty();
    if !whole || parcels.is_empty() || !parcels.iter().all(|row| is_handed_over(row.state)) {
        return Ok(Vec::new());
    }
    let arrived = parcels.iter().all(|row| row.state == ParcelState::Delivered);
    let kind = actor.map_or(OrderActor::System, |_| OrderActor::Seller);
    let mut levels = Vec::new();
    for (from, action, due) in
        [(OrderState::Packed, Action::Ship, true), (OrderState::Shipped, Action::Deliver, arrived)]
    {
        let row = ordering::order_within(transaction, order).await?;
        if due && row.state == from {
            let by = By::of(kind, actor, None);
            levels.extend(ordering::step_within(transaction, tools, &row, action, by).await?);
        }
    }
    Ok(levels)
}

/// What a seller does with a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParcelStep {
    /// Ask the carrier to fetch it.
    Book,
    /// It left the house.
    HandOver,
    OutForDelivery,
    Delivered,
    /// The buyer was not there, or refused it.
    Failed,
    Returning,
    Returned,
    Lost,
    /// Unpack it again; at the carrier too.
    Cancel,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"step": "hand_over"}))]
pub struct ParcelStepInput {
    step: ParcelStep,
}

/// The parcel after a step of its seller.
pub async fn take_step(
    desk: &Desk,
    carriers: &Arc<Carriers>,
    cooperative: CooperativeId,
    id: ParcelId,
    step: ParcelStep,
) -> Result<ParcelView, Problem> {
    let row = by_id::<parcel::Entity>(desk.db.fresh(), id).await?.filter(|row| row.cooperative_id == cooperative);
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let to = match step {
        ParcelStep::Book => {
            worker::book(&desk.db, carriers, &row, desk.now()).await?;
            return view_of(&desk.db, id, desk.now()).await;
        }
        ParcelStep::Cancel => {
            worker::call_off(&desk.db, carriers, &row).await?;
            ParcelState::Cancelled
        }
        ParcelStep::HandOver => ParcelState::InTransit,
        ParcelStep::OutForDelivery => ParcelState::OutForDelivery,
        ParcelStep::Delivered => ParcelState::Delivered,
        ParcelStep::Failed => ParcelState::Failed,
        ParcelStep::Returning => ParcelState::Returning,
        ParcelStep::Returned => ParcelState::Returned,
        ParcelStep::Lost => ParcelState::Lost,
    };
    let transaction = desk.db.begin().await?;
    let levels = advance(&transaction, &desk.tools(), &row, to, Some(desk.who.account)).await?;
    let (before, after) = (serde_json::json!({"state": row.state}), serde_json::json!({"state": to}));
    desk.audit(&transaction, "parcel.moved", ("parcel", id.0), before, after).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    desk.bell.ring();
    view_of(&desk.db, id, desk.now()).await
}

/// Book a parcel at its carrier, hand it over, or say what became of it.
#[utoipa::path(tag = "seller", operation_id = "step_parcel", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("parcel_id" = ParcelId, Path)), request_body = ParcelStepInput, responses((status = 200, description = "The parcel after it", body = ParcelView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/parcels/{parcel_id}")]
pub async fn step_parcel(
    desk: Desk,
    carriers: Data<Carriers>,
    path: Path<(CooperativeId, ParcelId)>,
    body: Body<ParcelStepInput>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::FulfilOrders).await?;
    let view = take_step(&desk, &carriers.into_inner(), cooperative, id, body.0.step).await?;
    Ok(HttpResponse::Ok().json(view))
}

/// The carrier's own label, where there is one.
pub async fn carrier_label(db: &Db, carriers: &Carriers, row: &parcel::Model) -> Result<Option<Label>, Problem> {
    let (Some(api), Some(code)) = (carriers.get(row.carrier), &row.tracking_code) else { return Ok(None) };
    let Some(contract) = super::contracts::find(db.fresh(), row.cooperative_id, row.carrier).await? else {
        return Ok(None);
    };
    // Our own label names the tracking code too: nobody waits because a carrier is down.
    Ok(api.label(&contract, code).await.ok())
}

/// A carrier has accounted for the cash of a parcel; once.
pub async fn settle(transaction: &impl ConnectionTrait, parcel: ParcelId, now: OffsetDateTime) -> Result<bool, DbErr> {
    let sql = "UPDATE parcel SET settled_at = $2 WHERE id = $1 AND settled_at IS NULL";
    Ok(run(transaction, sql, [parcel.into(), now.into()]).await? == 1)
}
