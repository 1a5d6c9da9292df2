//! `/v1/seller/cooperatives/{id}/forecasts`: harvests to come, and the part of them that may be ordered before.
//!
//! A pre-order books a share of the forecast by one conditional statement. When the harvest is recorded as a lot, those who
//! ordered first are served first; whom it does not suffice for is asked: wait, take a part, or have it cancelled.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, patch, post};
use entity::value::{
    CooperativeId, ForecastId, ForecastState, LotId, OfferId, OrderId, PreorderState, ProductId, RowId,
};
use entity::{forecast, preorder};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Set};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::rules::{MAX_QUANTITY, allocate, preorder_limit};
use super::store::{Outcome, Wanted, lock, reserve};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, is_duplicate, one, run};
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    FORECAST_OPEN = "forecast_open" 409 "Quy cách này đã có một dự báo đang mở." "This offer has an open forecast already.";
    FORECAST_CLOSED = "forecast_closed" 409 "Dự báo này đã đóng." "This forecast is closed.";
    FORECAST_PROMISED = "forecast_promised" 409 "Khách đã đặt trước nhiều hơn số này." "Buyers have ordered more than that already.";
}

#[derive(FromQueryResult, Serialize, ToSchema)]
#[schema(as = Forecast)]
pub struct ForecastView {
    pub id: ForecastId,
    pub offer_id: OfferId,
    pub product_id: ProductId,
    pub sku: String,
    pub product_name_vi: String,
    pub quantity: i64,
    /// Basis points of the quantity that may be ordered before the harvest.
    pub share_bp: i32,
    pub preordered: i64,
    #[schema(value_type = String, format = Date)]
    pub expected_from: Date,
    #[schema(value_type = String, format = Date)]
    pub expected_to: Date,
    pub state: ForecastState,
}

const FORECASTS: &str =
    "SELECT f.id, f.offer_id, o.product_id, o.sku, p.name_vi AS product_name_vi, f.quantity, f.share_bp, f.preordered,
        f.expected_from, f.expected_to, f.state
 FROM forecast f JOIN offer o ON o.id = f.offer_id JOIN product p ON p.id = o.product_id";

async fn shown(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    id: ForecastId,
) -> Result<ForecastView, Problem> {
    let sql = format!("{FORECASTS} WHERE f.cooperative_id = $1 AND f.id = $2");
    let row = one::<ForecastView>(connection, sql, [cooperative.into(), id.into()]).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Forecasts of the cooperative, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_forecasts", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of forecasts", body = Page<ForecastView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/forecasts")]
pub async fn list_forecasts(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    let page = NewestFirst::of(FORECASTS, "f.id", paging.0.place())?
        .and("f.cooperative_id = ?", *cooperative)
        .page(desk.db.fresh(), |row: &ForecastView| row.id)
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"offer_id": "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f", "quantity": 500, "share_bp": 6000, "expected_from": "2026-12-15", "expected_to": "2027-01-10"}))]
pub struct NewForecast {
    pub offer_id: OfferId,
    #[garde(range(min = 1, max = MAX_QUANTITY))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub quantity: i64,
    /// Basis points of the quantity that may be ordered before the harvest.
    #[garde(range(min = 1, max = 10_000))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub share_bp: i32,
    #[schema(value_type = String, format = Date)]
    pub expected_from: Date,
    #[schema(value_type = String, format = Date)]
    pub expected_to: Date,
}

fn check_dates(desk: &Desk, from: Date, to: Date) -> Result<(), Problem> {
    if to < from || to < desk.today() {
        let (vi, en) = ("khoảng ngày không hợp lệ", "not a period that lies ahead");
        return Err(Problem::field("/expected_to", "date", vi, en));
    }
    Ok(())
}

pub async fn create(desk: &Desk, cooperative: CooperativeId, input: NewForecast) -> Result<ForecastView, Problem> {
    check_dates(desk, input.expected_from, input.expected_to)?;
    let own = one::<OwnOffer>(
        desk.db.fresh(),
        "SELECT product_id FROM offer WHERE id = $1 AND cooperative_id = $2",
        [input.offer_id.into(), cooperative.into()],
    )
    .await?
    .ok_or_else(|| Problem::field("/offer_id", "offer", "không có quy cách này", "there is no such offer of yours"))?;
    let (id, now) = (ForecastId::new(), desk.now());
    let row = forecast::ActiveModel {
        id: Set(id),
        cooperative_id: Set(cooperative),
        offer_id: Set(input.offer_id),
        quantity: Set(input.quantity),
        share_bp: Set(input.share_bp),
        preordered: Set(0),
        expected_from: Set(input.expected_from),
        expected_to: Set(input.expected_to),
        state: Set(ForecastState::Open),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let transaction = desk.db.begin().await?;
    forecast::Entity::insert(row)
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&FORECAST_OPEN) } else { error.into() })?;
    let after = serde_json::json!({"offer": input.offer_id, "quantity": input.quantity, "share_bp": input.share_bp});
    desk.audit(&transaction, "forecast.opened", ("forecast", id.0), (), after).await?;
    emit(&transaction, "product.changed", own.product_id.0, serde_json::json!({}), now).await?;
    transaction.commit().await?;
    desk.products_changed(&[own.product_id]).await?;
    shown(desk.db.fresh(), cooperative, id).await
}

#[derive(FromQueryResult)]
struct OwnOffer {
    product_id: ProductId,
}

/// Announce a harvest; a share of it may be ordered at once.
#[utoipa::path(tag = "seller", operation_id = "create_forecast", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = NewForecast, responses((status = 201, description = "The forecast", body = ForecastView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/forecasts")]
pub async fn create_forecast(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<NewForecast>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Created().json(create(&desk, *cooperative, body.0).await?))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForecastEnd {
    /// No more pre-orders; those there are stand.
    Closed,
    /// There will be no harvest: who ordered is asked what to do.
    Cancelled,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ForecastChange {
    #[garde(inner(range(min = 1, max = MAX_QUANTITY)))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: Option<i64>,
    #[garde(inner(range(min = 1, max = 10_000)))]
    #[schema(minimum = 1, maximum = 10_000)]
    share_bp: Option<i32>,
    #[schema(value_type = Option<String>, format = Date)]
    expected_from: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    expected_to: Option<Date>,
    state: Option<ForecastEnd>,
}

/// Correct a forecast, close it to further pre-orders, or call the harvest off.
#[utoipa::path(tag = "seller", operation_id = "update_forecast", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("forecast_id" = ForecastId, Path)), request_body = ForecastChange, responses((status = 200, description = "The forecast", body = ForecastView)))]
#[patch("/v1/seller/cooperatives/{cooperative_id}/forecasts/{forecast_id}")]
pub async fn update_forecast(
    desk: Desk,
    path: Path<(CooperativeId, ForecastId)>,
    body: Body<ForecastChange>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    let Body(input) = body;
    let transaction = desk.db.begin().await?;
    // What is not sent stays what it is by then, whoever else changes it.
    lock_harvest(&transaction, id).await?;
    let before = shown(&transaction, cooperative, id).await?;
    if !matches!(before.state, ForecastState::Open | ForecastState::Closed) {
        return Err(Problem::new(&FORECAST_CLOSED));
    }
    let (from, to) =
        (input.expected_from.unwrap_or(before.expected_from), input.expected_to.unwrap_or(before.expected_to));
    if input.expected_from.is_some() || input.expected_to.is_some() {
        check_dates(&desk, from, to)?;
    }
    let (quantity, share) = (input.quantity.unwrap_or(before.quantity), input.share_bp.unwrap_or(before.share_bp));
    let state = match input.state {
        None => before.state,
        Some(ForecastEnd::Closed) => ForecastState::Closed,
        Some(ForecastEnd::Cancelled) => ForecastState::Cancelled,
    };
    let now = desk.now();
    // The limit is judged by the statement, against what is booked by then.
    let changed = run(
        &transaction,
        "UPDATE forecast SET quantity = $2, share_bp = $3, expected_from = $4, expected_to = $5, state = $6, updated_at = $7
         WHERE id = $1 AND state IN ('open', 'closed') AND preordered <= $8",
        [
            id.into(),
            quantity.into(),
            share.into(),
            from.into(),
            to.into(),
            state.as_str().into(),
            now.into(),
            preorder_limit(quantity, share).into(),
        ],
    )
    .await?;
    if changed != 1 {
        return Err(Problem::new(&FORECAST_PROMISED));
    }
    if state == ForecastState::Cancelled {
        for row in waiting(&transaction, id).await? {
            fall_short(&transaction, &row, 0, now).await?;
        }
    }
    let after = serde_json::json!({"quantity": quantity, "share_bp": share, "state": state});
    desk.audit(&transaction, "forecast.changed", ("forecast", id.0), &before, after).await?;
    emit(&transaction, "product.changed", before.product_id.0, serde_json::json!({}), now).await?;
    transaction.commit().await?;
    desk.products_changed(&[before.product_id]).await?;
    Ok(HttpResponse::Ok().json(shown(desk.db.fresh(), cooperative, id).await?))
}

/// Books a pre-order against its forecast; whether there was room. The pre-order itself is the caller's row.
pub async fn book(
    transaction: &impl ConnectionTrait,
    forecast: ForecastId,
    quantity: i64,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let booked = run(
        transaction,
        "UPDATE forecast SET preordered = preordered + $2, updated_at = $3
         WHERE id = $1 AND state = 'open' AND (preordered + $2) * 10000 <= quantity * share_bp",
        [forecast.into(), quantity.into(), now.into()],
    )
    .await?;
    Ok(booked == 1)
}

async fn unbook(
    transaction: &impl ConnectionTrait,
    forecast: ForecastId,
    quantity: i64,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let sql = "UPDATE forecast SET preordered = preordered - $2, updated_at = $3 WHERE id = $1";
    run(transaction, sql, [forecast.into(), quantity.into(), now.into()]).await?;
    Ok(())
}

pub fn row(
    order: OrderId,
    offer: OfferId,
    forecast: ForecastId,
    quantity: i64,
    now: OffsetDateTime,
) -> preorder::ActiveModel {
    preorder::ActiveModel {
        id: Set(RowId::new()),
        order_id: Set(order),
        offer_id: Set(offer),
        forecast_id: Set(forecast),
        quantity: Set(quantity),
        offered: Set(0),
        state: Set(PreorderState::Waiting),
        created_at: Set(now),
    }
}

/// Whether a line of the order still waits for its harvest, or for its buyer's answer.
pub async fn waits(connection: &impl ConnectionTrait, order: OrderId) -> Result<bool, DbErr> {
    let sql = "SELECT id FROM preorder WHERE order_id = $1 AND state IN ('waiting', 'short') LIMIT 1";
    Ok(one::<IdRow>(connection, sql, [order.into()]).await?.is_some())
}

#[derive(FromQueryResult)]
struct IdRow {
    #[allow(dead_code, reason = "that there is a row is what counts")]
    id: RowId,
}

/// Keeps others from the harvests an order waits for until the transaction ends. Whoever changes pre-orders takes rows in
/// this order: the order, its forecasts, stock, the pre-orders. So a harvest that is being recorded and a buyer who cancels
/// wait for, and never on, each other, and nothing is held for an order that is no more.
pub async fn lock_harvests(transaction: &impl ConnectionTrait, order: OrderId) -> Result<(), DbErr> {
    if transaction.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let sql = "SELECT id FROM forecast WHERE id IN (SELECT forecast_id FROM preorder WHERE order_id = $1) ORDER BY id FOR UPDATE";
    run(transaction, sql, [order.into()]).await?;
    Ok(())
}

/// As [`lock_harvests`], for the one harvest that is being recorded: before its stock is written.
pub async fn lock_harvest(transaction: &impl ConnectionTrait, id: ForecastId) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        run(transaction, "SELECT id FROM forecast WHERE id = $1 FOR UPDATE", [id.into()]).await?;
    }
    Ok(())
}

/// An order with pre-orders is cancelled: their share of the harvest is free again.
pub async fn cancel_preorders(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    lock_harvests(transaction, order).await?;
    let mut rows = all::<preorder::Model>(
        transaction,
        "UPDATE preorder SET state = 'cancelled' WHERE order_id = $1 AND state <> 'cancelled' RETURNING *",
        [order.into()],
    )
    .await?;
    rows.sort_by_key(|row| row.forecast_id);
    for row in rows {
        unbook(transaction, row.forecast_id, row.quantity, now).await?;
    }
    Ok(())
}

/// Pre-orders of a forecast that wait, in the order of purchase.
async fn waiting(transaction: &impl ConnectionTrait, forecast: ForecastId) -> Result<Vec<preorder::Model>, DbErr> {
    all(
        transaction,
        "SELECT * FROM preorder WHERE forecast_id = $1 AND state = 'waiting' ORDER BY id",
        [forecast.into()],
    )
    .await
}

async fn fall_short(
    transaction: &impl ConnectionTrait,
    row: &preorder::Model,
    offered: i64,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    run(
        transaction,
        "UPDATE preorder SET state = 'short', offered = $2 WHERE id = $1 AND state = 'waiting'",
        [row.id.into(), offered.into()],
    )
    .await?;
    let payload = serde_json::json!({"wanted": row.quantity, "offered": offered});
    emit(transaction, "preorder.short", row.order_id.0, payload, now).await
}

/// A harvest is recorded: those who ordered first are served from the lot; whom it does not suffice for is asked.
pub async fn serve(
    transaction: &impl ConnectionTrait,
    cooperative: CooperativeId,
    id: ForecastId,
    lot: LotId,
    expires_on: Option<Date>,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let forecast = one::<forecast::Model>(
        transaction,
        "UPDATE forecast SET state = 'harvested', updated_at = $3 WHERE id = $1 AND cooperative_id = $2 AND state <> 'cancelled' RETURNING *",
        [id.into(), cooperative.into(), now.into()],
    )
    .await?
    .ok_or_else(|| Problem::field("/forecast_id", "forecast", "không có dự báo này", "there is no such forecast"))?;
    let harvested = one::<Harvested>(
        transaction,
        "SELECT on_hand FROM lot_stock WHERE lot_id = $1 AND offer_id = $2",
        [lot.into(), forecast.offer_id.into()],
    )
    .await?
    .map_or(0, |row| row.on_hand);
    lock(transaction, &[forecast.offer_id]).await?;
    let rows = waiting(transaction, id).await?;
    let shares = allocate(harvested, &rows.iter().map(|row| row.quantity).collect::<Vec<_>>());
    for (row, given) in rows.iter().zip(shares) {
        if given > 0 {
            hold(transaction, row, given, expires_on, now).await?;
        }
        if given == row.quantity {
            run(transaction, "UPDATE preorder SET state = 'allocated' WHERE id = $1", [row.id.into()]).await?;
            emit(transaction, "preorder.allocated", row.order_id.0, serde_json::json!({}), now).await?;
        } else {
            fall_short(transaction, row, given, now).await?;
        }
    }
    Ok(())
}

/// Reserves stock of the harvest for a pre-order.
async fn hold(
    transaction: &impl ConnectionTrait,
    row: &preorder::Model,
    quantity: i64,
    expires_on: Option<Date>,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let keep_until = expires_on.unwrap_or(Date::MIN).min(now.to_offset(crate::platform::clock::VIETNAM).date());
    let wanted = Wanted { offer: row.offer_id, quantity, keep_until };
    let Outcome::Done(_) = reserve(transaction, &[wanted], now).await? else {
        return Err(Problem::internal(format!("the harvest is not there for pre-order {}", row.id)));
    };
    run(
        transaction,
        "INSERT INTO reservation (id, order_id, offer_id, quantity, state, created_at) VALUES ($1, $2, $3, $4, 'held', $5)",
        [RowId::new().into(), row.order_id.into(), row.offer_id.into(), quantity.into(), now.into()],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Harvested {
    on_hand: i64,
}

/// The short lines of an order, for its buyer's answer.
pub async fn short_lines(connection: &impl ConnectionTrait, order: OrderId) -> Result<Vec<preorder::Model>, DbErr> {
    all(connection, "SELECT * FROM preorder WHERE order_id = $1 AND state = 'short' ORDER BY id", [order.into()]).await
}

/// The buyer waits on: what was offered is free again, and the line waits for the next lot of this harvest.
pub async fn wait_on(
    transaction: &impl ConnectionTrait,
    row: &preorder::Model,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let_go(transaction, row, now).await?;
    run(transaction, "UPDATE preorder SET state = 'waiting', offered = 0 WHERE id = $1", [row.id.into()]).await?;
    Ok(())
}

/// The buyer takes the part that was offered.
pub async fn take_part(
    transaction: &impl ConnectionTrait,
    row: &preorder::Model,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    unbook(transaction, row.forecast_id, row.quantity - row.offered, now).await?;
    run(
        transaction,
        "UPDATE preorder SET state = 'allocated', quantity = offered WHERE id = $1 AND offered > 0",
        [row.id.into()],
    )
    .await?;
    Ok(())
}

/// The buyer gives the line up.
pub async fn give_up(
    transaction: &impl ConnectionTrait,
    row: &preorder::Model,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let_go(transaction, row, now).await?;
    unbook(transaction, row.forecast_id, row.quantity, now).await?;
    run(transaction, "DELETE FROM preorder WHERE id = $1", [row.id.into()]).await?;
    Ok(())
}

/// What was held for a short line is free again.
async fn let_go(transaction: &impl ConnectionTrait, row: &preorder::Model, now: OffsetDateTime) -> Result<(), Problem> {
    if row.offered == 0 {
        return Ok(());
    }
    run(
        transaction,
        "DELETE FROM reservation WHERE order_id = $1 AND offer_id = $2 AND state = 'held'",
        [row.order_id.into(), row.offer_id.into()],
    )
    .await?;
    match super::store::free(transaction, row.offer_id, row.offered, now).await? {
        Outcome::Done(_) => Ok(()),
        _ => Err(Problem::internal(format!("what was held for pre-order {} is gone", row.id))),
    }
}
