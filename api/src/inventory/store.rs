//! Stock in the database. Everything here runs in the caller's transaction.

use entity::stock_movement;
use entity::value::{AccountId, MovementKind, OfferId, OrderId, RowId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Set, Value};
use time::OffsetDateTime;

use super::rules::Shift;
use crate::catalogue::rules::Level;
use crate::platform::db::{all, placeholders};

#[must_use]
pub enum Outcome {
    /// All of it was done; what is left to sell now.
    Done(Vec<Level>),
    /// Too little of some offer: roll back.
    Short,
}

#[derive(FromQueryResult)]
struct LevelRow {
    offer_id: OfferId,
    available: i64,
    version: i64,
}

/// Changes the stock of several offers by one statement, all or (after the caller's rollback) nothing. Each offer may
/// stand in `shifts` once.
async fn shift(transaction: &impl ConnectionTrait, shifts: &[Shift], now: OffsetDateTime) -> Result<Outcome, DbErr> {
    if shifts.is_empty() {
        return Ok(Outcome::Done(Vec::new()));
    }
    // Two checkouts that want the same offers lock them in the same order, so they wait for, and never on, each other.
    let (locked, also_locked) = match transaction.get_database_backend() {
        DbBackend::Postgres => (
            ", locked AS (SELECT s.offer_id FROM stock s JOIN wanted w ON w.offer_id = s.offer_id ORDER BY s.offer_id FOR UPDATE OF s)",
            "JOIN locked ON locked.offer_id = wanted.offer_id",
        ),
        _ => ("", ""),
    };
    let values = placeholders(2, shifts.len(), 3);
    let mut parameters: Vec<Value> = vec![now.into()];
    for shift in shifts {
        parameters.extend([shift.offer.into(), shift.on_hand.into(), shift.reserved.into()]);
    }
    let rows = all::<LevelRow>(
        transaction,
        format!(
            "WITH wanted (offer_id, on_hand, reserved) AS (VALUES {values}){locked}
             UPDATE stock SET on_hand = stock.on_hand + wanted.on_hand, reserved = stock.reserved + wanted.reserved,
                              version = stock.version + 1, updated_at = $1
             FROM wanted {also_locked}
             WHERE stock.offer_id = wanted.offer_id
               AND stock.on_hand + wanted.on_hand >= 0
               AND stock.reserved + wanted.reserved >= 0
               AND stock.reserved + wanted.reserved <= stock.on_hand + wanted.on_hand
             RETURNING stock.offer_id AS offer_id, stock.on_hand - stock.reserved AS available, stock.version AS version"
        ),
        parameters,
    )
    .await?;
    if rows.len() < shifts.len() {
        return Ok(Outcome::Short);
    }
    let levels =
        rows.into_iter().map(|row| Level { offer: row.offer_id, available: row.available, version: row.version });
    Ok(Outcome::Done(levels.collect()))
}

/// Promises stock. The reservations themselves are the caller's rows.
pub async fn reserve(
    transaction: &impl ConnectionTrait,
    wanted: &[(OfferId, i64)],
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    let shifts: Vec<_> = wanted.iter().map(|&(offer, quantity)| Shift::reserve(offer, quantity)).collect();
    shift(transaction, &shifts, now).await
}

#[derive(FromQueryResult)]
struct Reserved {
    offer_id: OfferId,
    quantity: i64,
}

async fn turn(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    from: &str,
    to: &str,
) -> Result<Vec<Reserved>, DbErr> {
    all(
        transaction,
        "UPDATE reservation SET state = $3 WHERE order_id = $1 AND state = $2 RETURNING offer_id, quantity",
        [order.into(), from.into(), to.into()],
    )
    .await
}

/// Frees what an order had reserved.
pub async fn release(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    let reserved = turn(transaction, order, "held", "released").await?;
    let shifts: Vec<_> = reserved.iter().map(|row| Shift::release(row.offer_id, row.quantity)).collect();
    shift(transaction, &shifts, now).await
}

/// What an order had reserved leaves the shelf: a sale.
pub async fn take(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    actor: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    let reserved = turn(transaction, order, "held", "taken").await?;
    let sale =
        |row: &Reserved| movement(row.offer_id, MovementKind::Sale, -row.quantity, Some(order), None, actor, now);
    let sales = reserved.iter().map(sale).collect();
    write(transaction, sales).await?;
    let shifts: Vec<_> = reserved.iter().map(|row| Shift::take(row.offer_id, row.quantity)).collect();
    shift(transaction, &shifts, now).await
}

/// A packed order is cancelled: its goods return to the shelf.
pub async fn put_back(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    actor: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    let taken = turn(transaction, order, "taken", "released").await?;
    let back =
        |row: &Reserved| movement(row.offer_id, MovementKind::Cancel, row.quantity, Some(order), None, actor, now);
    let returns = taken.iter().map(back).collect();
    write(transaction, returns).await?;
    let shifts: Vec<_> = taken.iter().map(|row| Shift::adjust(row.offer_id, row.quantity)).collect();
    shift(transaction, &shifts, now).await
}

/// A receipt, a return or a correction, by a person.
pub async fn record(
    transaction: &impl ConnectionTrait,
    offer: OfferId,
    kind: MovementKind,
    quantity: i64,
    note: Option<String>,
    actor: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    write(transaction, vec![movement(offer, kind, quantity, None, note, actor, now)]).await?;
    shift(transaction, &[Shift::adjust(offer, quantity)], now).await
}

fn movement(
    offer: OfferId,
    kind: MovementKind,
    quantity: i64,
    order: Option<OrderId>,
    note: Option<String>,
    actor: Option<AccountId>,
    now: OffsetDateTime,
) -> stock_movement::ActiveModel {
    stock_movement::ActiveModel {
        id: Set(RowId::new()),
        offer_id: Set(offer),
        kind: Set(kind),
        quantity: Set(quantity),
        order_id: Set(order),
        lot_id: Set(None),
        note: Set(note),
        actor_id: Set(actor),
        at: Set(now),
    }
}

async fn write(transaction: &impl ConnectionTrait, movements: Vec<stock_movement::ActiveModel>) -> Result<(), DbErr> {
    if !movements.is_empty() {
        stock_movement::Entity::insert_many(movements).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// A place where figures that must agree do not.
#[derive(Debug, FromQueryResult)]
pub struct Disagreement {
    pub what: String,
    pub id: uuid::Uuid,
    pub expected: i64,
    pub found: i64,
}

/// Everything about stock that must agree and does not: on-hand with movements, reserved with reservations, reservations
/// with the states of their orders, purchases with their orders, orders with their lines.
pub async fn check(connection: &impl ConnectionTrait) -> Result<Vec<Disagreement>, DbErr> {
    const CHECKS: &[&str] = &[
        "SELECT 'on-hand and movements of offer' AS what, s.offer_id AS id, CAST(COALESCE(SUM(m.quantity), 0) AS bigint) AS expected,
                s.on_hand AS found
         FROM stock s LEFT JOIN stock_movement m ON m.offer_id = s.offer_id GROUP BY s.offer_id, s.on_hand
         HAVING COALESCE(SUM(m.quantity), 0) <> s.on_hand",
        "SELECT 'reserved and reservations of offer' AS what, s.offer_id AS id, CAST(COALESCE(SUM(r.quantity), 0) AS bigint) AS expected,
                s.reserved AS found
         FROM stock s LEFT JOIN reservation r ON r.offer_id = s.offer_id AND r.state = 'held' GROUP BY s.offer_id, s.reserved
         HAVING COALESCE(SUM(r.quantity), 0) <> s.reserved",
        "SELECT 'reservation and state of order' AS what, o.id AS id, CAST(1 AS bigint) AS expected, CAST(0 AS bigint) AS found
         FROM orders o JOIN reservation r ON r.order_id = o.id
         WHERE r.state <> CASE WHEN o.state IN ('placed', 'confirmed') THEN 'held'
                               WHEN o.state IN ('cancelled', 'expired') THEN 'released' ELSE 'taken' END",
        "SELECT 'lines and reservations of order' AS what, o.id AS id, o.goods_amount AS expected, CAST(COALESCE(SUM(l.total_amount), 0) AS bigint) AS found
         FROM orders o LEFT JOIN order_line l ON l.order_id = o.id
              LEFT JOIN reservation r ON r.order_id = o.id AND r.offer_id = l.offer_id AND r.quantity = l.quantity
         GROUP BY o.id, o.goods_amount
         HAVING COALESCE(SUM(l.total_amount), 0) <> o.goods_amount OR COUNT(l.id) <> COUNT(r.id)",
        "SELECT 'total and orders of purchase' AS what, p.id AS id, p.total_amount AS expected, CAST(COALESCE(SUM(o.total_amount), 0) AS bigint) AS found
         FROM purchase p LEFT JOIN orders o ON o.purchase_id = p.id GROUP BY p.id, p.total_amount
         HAVING COALESCE(SUM(o.total_amount), 0) <> p.total_amount",
        "SELECT 'state and last event of order' AS what, o.id AS id, CAST(1 AS bigint) AS expected, CAST(0 AS bigint) AS found
         FROM orders o WHERE o.state <> COALESCE((SELECT e.to_state FROM order_event e WHERE e.order_id = o.id ORDER BY e.id DESC LIMIT 1), '')",
        "SELECT 'cart of purchase' AS what, p.id AS id, CAST(1 AS bigint) AS expected, CAST(0 AS bigint) AS found
         FROM purchase p JOIN cart c ON c.id = p.cart_id WHERE c.state <> 'ordered'",
    ];
    let mut found = Vec::new();
    for check in CHECKS {
        found.extend(all::<Disagreement>(connection, *check, []).await?);
    }
    Ok(found)
}
