//! Stock in the database. Everything here runs in the caller's transaction.
//!
//! Whoever changes lots of an offer first locks the offer's stock row (on SQLite the writer is alone anyway), so that lots
//! are read and changed by one at a time.

use entity::value::{AccountId, LotId, MovementKind, OfferId, OrderId, ReservationState, RowId, TraceAct};
use entity::{reservation, stock_movement};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Set, Value};
use time::{Date, OffsetDateTime};

use super::rules::{LotLevel, Shift};
use crate::ocop::traceability::events::{self, Act, Item};
use crate::platform::agreement::Disagreement;
use crate::platform::clock::VIETNAM;
use crate::platform::db::{Bound, all, list, one, run};
use crate::platform::problem::codes;
use crate::platform::read_model::Level;
use crate::shop::catalogue::unsellable;

codes! {
    BELOW_RESERVED = "below_reserved" 409 "Không thể giảm: số còn lại sẽ ít hơn số khách đã đặt." "Cannot go lower: less would be left than buyers have ordered.";
}

#[must_use]
pub enum Outcome {
    /// All of it was done; what is left to sell now.
    Done(Vec<Level>),
    /// Too little of some offer: roll back.
    Short,
    /// There is enough of this offer, but not in lots that keep long enough: roll back.
    LotsShort { offer: OfferId, missing: i64 },
    /// A line still waits for its harvest: roll back.
    Waiting,
}

#[derive(FromQueryResult)]
struct LevelRow {
    offer_id: OfferId,
    available: i64,
    version: i64,
}

impl LevelRow {
    fn level(self) -> Level {
        Level { offer: self.offer_id, available: self.available.max(0), version: self.version }
    }
}

/// The day in Vietnam.
pub(super) fn day(now: OffsetDateTime) -> Date {
    now.to_offset(VIETNAM).date()
}

/// Changes the stock of several offers by one statement, all or (after the caller's rollback) nothing. Each offer may
/// stand in `shifts` once.
pub(super) async fn shift(
    transaction: &impl ConnectionTrait,
    shifts: &[Shift],
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    if shifts.is_empty() {
        return Ok(Outcome::Done(Vec::new()));
    }
    let mut bound = Bound::default();
    let (with, update) = shift_parts(&mut bound, transaction.get_database_backend(), shifts, now);
    let rows = all::<LevelRow>(transaction, format!("WITH {with} {update}"), bound.0).await?;
    if rows.len() < shifts.len() {
        return Ok(Outcome::Short);
    }
    Ok(Outcome::Done(rows.into_iter().map(LevelRow::level).collect()))
}

/// The same as parts of a statement: what goes before it (`WITH`), and the update, which returns a row for each offer there was
/// enough of.
fn shift_parts(bound: &mut Bound, backend: DbBackend, shifts: &[Shift], now: OffsetDateTime) -> (String, String) {
    // Two checkouts that want the same offers lock them in the same order, so they wait for, and never on, each other.
    let (locked, also_locked) = match backend {
        DbBackend::Postgres => (
            ", locked AS (SELECT s.offer_id FROM stock s JOIN wanted w ON w.offer_id = s.offer_id ORDER BY s.offer_id FOR UPDATE OF s)",
            "JOIN locked ON locked.offer_id = wanted.offer_id",
        ),
        _ => ("", ""),
    };
    let (at, today) = (bound.bind(now), bound.bind(day(now)));
    let row = |shift: &Shift| -> [Value; 4] {
        [shift.offer.into(), shift.on_hand.into(), shift.reserved.into(), shift.keep_until.into()]
    };
    let values = bound.rows(shifts.iter().map(row));
    // Said once more: a plan made once for lists of any length would read the whole table beside three offers.
    let offers = shifts.iter().map(|shift| bound.bind(shift.offer)).collect::<Vec<_>>().join(", ");
    let (perishing, expired) =
        (unsellable("stock.offer_id", "wanted.keep_until"), unsellable("stock.offer_id", &today));
    let with = format!("wanted (offer_id, on_hand, reserved, keep_until) AS (VALUES {values}){locked}");
    let update = format!(
        "UPDATE stock SET on_hand = stock.on_hand + wanted.on_hand, reserved = stock.reserved + wanted.reserved,
                          version = stock.version + 1, updated_at = {at}
         FROM wanted {also_locked}
         WHERE stock.offer_id = wanted.offer_id AND stock.offer_id IN ({offers})
           AND stock.on_hand + wanted.on_hand >= 0
           AND stock.reserved + wanted.reserved >= 0
           AND stock.reserved + wanted.reserved <= stock.on_hand + wanted.on_hand
           AND (wanted.keep_until IS NULL OR stock.reserved + wanted.reserved <= stock.on_hand - {perishing})
         RETURNING stock.offer_id AS offer_id, stock.on_hand - stock.reserved - {expired} AS available,
                   stock.version AS version"
    );
    (with, update)
}

/// Promises stock as parts of a larger statement, or of several sent at once, as [`reserve`] does.
pub fn reserve_parts(
    bound: &mut Bound,
    backend: DbBackend,
    wanted: &[Wanted],
    now: OffsetDateTime,
) -> (String, String) {
    shift_parts(bound, backend, &promised(wanted), now)
}

fn promised(wanted: &[Wanted]) -> Vec<Shift> {
    wanted.iter().map(|wanted| Shift::reserve(wanted.offer, wanted.quantity, Some(wanted.keep_until))).collect()
}

/// So many of an offer, good until a day.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub offer: OfferId,
    pub quantity: i64,
    pub keep_until: Date,
}

/// Promises stock. The reservations themselves are the caller's rows.
pub async fn reserve(
    transaction: &impl ConnectionTrait,
    wanted: &[Wanted],
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    shift(transaction, &promised(wanted), now).await
}

/// Reserves once more what an order had reserved and freed; too little if it was only promised of a harvest.
pub async fn reserve_again(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    keep_until: Date,
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    let again = turn(transaction, order, "released", "held").await?;
    if again.is_empty() {
        return Ok(Outcome::Short);
    }
    let shifts: Vec<_> = again.iter().map(|row| Shift::reserve(row.offer_id, row.quantity, Some(keep_until))).collect();
    shift(transaction, &shifts, now).await
}

/// Frees so many of an offer that were reserved.
pub async fn free(
    transaction: &impl ConnectionTrait,
    offer: OfferId,
    quantity: i64,
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    shift(transaction, &[Shift::release(offer, quantity)], now).await
}

#[derive(FromQueryResult)]
struct Sellable {
    offer_id: OfferId,
    available: i64,
}

/// How much of each offer can be sold to somebody who has it in hand on a day.
pub async fn sellable(
    connection: &impl ConnectionTrait,
    wanted: &[(OfferId, Date)],
) -> Result<Vec<(OfferId, i64)>, DbErr> {
    let mut found = Vec::new();
    // One query for each day asked about: an order or two.
    let mut days: Vec<Date> = wanted.iter().map(|(_, day)| *day).collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        let offers: Vec<_> = wanted.iter().filter(|(_, of)| *of == day).map(|(offer, _)| *offer).collect();
        let mut values: Vec<Value> = vec![day.into()];
        values.extend(offers.iter().map(|offer| Value::from(*offer)));
        let rows = all::<Sellable>(
            connection,
            format!(
                "SELECT offer_id, on_hand - reserved - {} AS available FROM stock WHERE offer_id IN {}",
                unsellable("stock.offer_id", "$1"),
                list(2, offers.len())
            ),
            values,
        )
        .await?;
        found.extend(rows.into_iter().map(|row| (row.offer_id, row.available.max(0))));
    }
    Ok(found)
}

#[derive(FromQueryResult)]
pub(super) struct Reserved {
    pub offer_id: OfferId,
    pub quantity: i64,
}

pub(super) async fn turn(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    from: &str,
    to: &str,
) -> Result<Vec<Reserved>, DbErr> {
    let mut rows: Vec<Reserved> = all(
        transaction,
        "UPDATE reservation SET state = $3 WHERE order_id = $1 AND state = $2 RETURNING offer_id, quantity",
        [order.into(), from.into(), to.into()],
    )
    .await?;
    rows.sort_by_key(|row| row.offer_id);
    Ok(rows)
}

/// Keeps others from the lots of these offers until the transaction ends.
pub async fn lock(transaction: &impl ConnectionTrait, offers: &[OfferId]) -> Result<(), DbErr> {
    if offers.is_empty() || transaction.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let sql =
        format!("SELECT offer_id FROM stock WHERE offer_id IN {} ORDER BY offer_id FOR UPDATE", list(1, offers.len()));
    run(transaction, sql, offers.iter().map(|offer| Value::from(*offer)).collect::<Vec<_>>()).await?;
    Ok(())
}

#[derive(FromQueryResult)]
pub(super) struct LotRow {
    lot: LotId,
    on_hand: i64,
    harvested_on: Date,
    expires_on: Option<Date>,
    state: entity::value::LotState,
}

/// The lots that hold something of an offer.
pub async fn lots_of(connection: &impl ConnectionTrait, offer: OfferId) -> Result<Vec<LotLevel>, DbErr> {
    let rows = all::<LotRow>(
        connection,
        "SELECT l.id AS lot, s.on_hand, l.harvested_on, l.expires_on, l.state FROM lot_stock s JOIN lot l ON l.id = s.lot_id
         WHERE s.offer_id = $1 AND s.on_hand > 0",
        [offer.into()],
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| LotLevel {
            lot: row.lot,
            on_hand: row.on_hand,
            harvested_on: row.harvested_on,
            expires_on: row.expires_on,
            blocked: row.state == entity::value::LotState::Blocked,
        })
        .collect())
}

pub(super) struct Move {
    pub offer: OfferId,
    pub lot: LotId,
    /// All moves that are posted together are the same act.
    pub act: TraceAct,
    pub quantity: i64,
    pub order: Option<OrderId>,
    pub note: Option<String>,
}

impl Move {
    fn kind(&self) -> MovementKind {
        // What is made into another lot is taken off by a correction, and comes in as what was made.
        let made = if self.quantity > 0 { MovementKind::Receipt } else { MovementKind::Correction };
        events::movement(self.act).unwrap_or(made)
    }
}

/// Writes movements, what they do to lots, and the event they are; whether every lot had enough. Of what is transformed
/// or put right the event is the caller's, for it has two sides.
pub(super) async fn post(
    transaction: &impl ConnectionTrait,
    moves: Vec<Move>,
    actor: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    for entry in &moves {
        let sql = if entry.quantity > 0 {
            "INSERT INTO lot_stock (lot_id, offer_id, on_hand) VALUES ($1, $2, $3)
             ON CONFLICT (lot_id, offer_id) DO UPDATE SET on_hand = lot_stock.on_hand + excluded.on_hand"
        } else {
            "UPDATE lot_stock SET on_hand = on_hand + $3 WHERE lot_id = $1 AND offer_id = $2 AND on_hand + $3 >= 0"
        };
        if run(transaction, sql, [entry.lot.into(), entry.offer.into(), entry.quantity.into()]).await? != 1 {
            return Ok(false);
        }
    }
    let Some(first) = moves.first() else { return Ok(true) };
    if !matches!(first.act, TraceAct::Transformed | TraceAct::Declared) {
        let act = Act { order: first.order, note: first.note.clone(), ..Act::new(first.act, actor, now) };
        let items: Vec<_> = moves.iter().map(|entry| Item::moved(entry.lot, entry.offer, entry.quantity)).collect();
        events::write(transaction, &act, &items, now).await?;
    }
    let rows = moves.into_iter().map(|entry| stock_movement::ActiveModel {
        id: Set(RowId::new()),
        offer_id: Set(entry.offer),
        kind: Set(entry.kind()),
        quantity: Set(entry.quantity),
        order_id: Set(entry.order),
        lot_id: Set(Some(entry.lot)),
        note: Set(entry.note),
        actor_id: Set(actor),
        at: Set(now),
    });
    stock_movement::Entity::insert_many(rows.collect::<Vec<_>>()).exec_without_returning(transaction).await?;
    Ok(true)
}

/// What a level is now, for the shelf.
pub async fn level(
    connection: &impl ConnectionTrait,
    offer: OfferId,
    now: OffsetDateTime,
) -> Result<Option<Level>, DbErr> {
    let row = one::<LevelRow>(
        connection,
        format!(
            "SELECT offer_id, on_hand - reserved - {} AS available, version FROM stock WHERE offer_id = $2",
            unsellable("stock.offer_id", "$1")
        ),
        [day(now).into(), offer.into()],
    )
    .await?;
    Ok(row.map(|row| Level { offer: row.offer_id, available: row.available.max(0), version: row.version }))
}

/// Lots for goods that were written without one: the demo's. One per product, under the product's id.
pub async fn open_lots(connection: &impl ConnectionTrait, opened_on: Date) -> Result<(), DbErr> {
    run(
        connection,
        "INSERT INTO lot (id, cooperative_id, product_id, code, harvested_on, created_at, state)
         SELECT p.id, p.cooperative_id, p.id, 'TON-DAU-' || p.slug, $1, p.created_at, 'good' FROM product p
         WHERE EXISTS (SELECT 1 FROM offer o JOIN stock_movement m ON m.offer_id = o.id WHERE o.product_id = p.id AND m.lot_id IS NULL)
           AND NOT EXISTS (SELECT 1 FROM lot l WHERE l.id = p.id)",
        [opened_on.into()],
    )
    .await?;
    run(
        connection,
        "UPDATE stock_movement SET lot_id = (SELECT o.product_id FROM offer o WHERE o.id = stock_movement.offer_id) WHERE lot_id IS NULL",
        [],
    )
    .await?;
    run(
        connection,
        "INSERT INTO lot_stock (lot_id, offer_id, on_hand)
         SELECT m.lot_id, m.offer_id, CAST(SUM(m.quantity) AS bigint) FROM stock_movement m
         WHERE NOT EXISTS (SELECT 1 FROM lot_stock s WHERE s.offer_id = m.offer_id) GROUP BY m.lot_id, m.offer_id",
        [],
    )
    .await?;
    events::catch_up(connection, RowId(uuid::Uuid::nil())).await
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
        "SELECT 'stock and lots of offer' AS what, s.offer_id AS id, s.on_hand AS expected, CAST(COALESCE(SUM(l.on_hand), 0) AS bigint) AS found
         FROM stock s LEFT JOIN lot_stock l ON l.offer_id = s.offer_id GROUP BY s.offer_id, s.on_hand
         HAVING COALESCE(SUM(l.on_hand), 0) <> s.on_hand",
        "SELECT 'lot and its movements' AS what, l.lot_id AS id, CAST(COALESCE(SUM(m.quantity), 0) AS bigint) AS expected, l.on_hand AS found
         FROM lot_stock l LEFT JOIN stock_movement m ON m.lot_id = l.lot_id AND m.offer_id = l.offer_id
         GROUP BY l.lot_id, l.offer_id, l.on_hand HAVING COALESCE(SUM(m.quantity), 0) <> l.on_hand",
        "SELECT 'forecast and its pre-orders' AS what, f.id AS id, CAST(COALESCE(SUM(p.quantity), 0) AS bigint) AS expected, f.preordered AS found
         FROM forecast f LEFT JOIN preorder p ON p.forecast_id = f.id AND p.state <> 'cancelled'
         GROUP BY f.id, f.preordered HAVING COALESCE(SUM(p.quantity), 0) <> f.preordered",
        "SELECT 'reservation and state of order' AS what, o.id AS id, CAST(1 AS bigint) AS expected, CAST(0 AS bigint) AS found
         FROM orders o JOIN reservation r ON r.order_id = o.id
         WHERE r.state <> CASE WHEN o.state IN ('awaiting_payment', 'placed', 'confirmed') THEN 'held'
                               WHEN o.state IN ('cancelled', 'expired') THEN 'released' ELSE 'taken' END",
        "SELECT 'lines and reservations of order' AS what, o.id AS id, o.goods_amount AS expected, CAST(COALESCE(SUM(l.total_amount), 0) AS bigint) AS found
         FROM orders o LEFT JOIN order_line l ON l.order_id = o.id
              LEFT JOIN reservation r ON r.order_id = o.id AND r.offer_id = l.offer_id
              LEFT JOIN preorder p ON p.order_id = o.id AND p.offer_id = l.offer_id
         GROUP BY o.id, o.goods_amount
         HAVING COALESCE(SUM(l.total_amount), 0) <> o.goods_amount
             OR SUM(CASE WHEN l.quantity IN (COALESCE(r.quantity, 0), COALESCE(r.quantity, 0) + COALESCE(p.quantity - p.offered, 0)) THEN 0 ELSE 1 END) > 0",
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

/// What is kept for an order, until somebody must have acted.
pub fn held(
    order: OrderId,
    offer: OfferId,
    quantity: i64,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> reservation::ActiveModel {
    reservation::ActiveModel {
        id: Set(RowId::new()),
        order_id: Set(order),
        offer_id: Set(offer),
        quantity: Set(quantity),
        state: Set(ReservationState::Held),
        created_at: Set(now),
        expires_at: Set(Some(until)),
    }
}
