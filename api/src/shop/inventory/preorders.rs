//! Orders that wait for a harvest: booked of a forecast, served first come first served, or fallen short.

use entity::value::{CooperativeId, ForecastId, LotId, OfferId, OrderId, PreorderState, RowId};
use entity::{forecast, preorder};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Set};
use time::{Date, OffsetDateTime};

use super::rules::allocate;
use super::store::{Outcome, Wanted, lock, reserve};
use crate::platform::db::{all, one, run};
use crate::platform::outbox::emit;
use crate::platform::problem::Problem;

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
pub(super) async fn waiting(
    transaction: &impl ConnectionTrait,
    forecast: ForecastId,
) -> Result<Vec<preorder::Model>, DbErr> {
    all(
        transaction,
        "SELECT * FROM preorder WHERE forecast_id = $1 AND state = 'waiting' ORDER BY id",
        [forecast.into()],
    )
    .await
}

pub(super) async fn fall_short(
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

/// Reserves stock of the harvest for a pre-order, beside what the line may have of the stock already.
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
        "INSERT INTO reservation (id, order_id, offer_id, quantity, state, created_at) VALUES ($1, $2, $3, $4, 'held', $5)
         ON CONFLICT (order_id, offer_id) DO UPDATE SET quantity = reservation.quantity + excluded.quantity",
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
    let sql = "UPDATE reservation SET quantity = quantity - $3 WHERE order_id = $1 AND offer_id = $2 AND state = 'held' AND quantity > $3";
    let values: [sea_orm::Value; 3] = [row.order_id.into(), row.offer_id.into(), row.offered.into()];
    if run(transaction, sql, values).await? == 0 {
        let sql = "DELETE FROM reservation WHERE order_id = $1 AND offer_id = $2 AND state = 'held'";
        run(transaction, sql, [row.order_id.into(), row.offer_id.into()]).await?;
    }
    match super::store::free(transaction, row.offer_id, row.offered, now).await? {
        Outcome::Done(_) => Ok(()),
        _ => Err(Problem::internal(format!("what was held for pre-order {} is gone", row.id))),
    }
}
