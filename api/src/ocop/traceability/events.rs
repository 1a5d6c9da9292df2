//! What happened to lots: written once, by the act itself and in its transaction.

use entity::value::{AccountId, LotId, MovementKind, OfferId, OrderId, PickupPointId, RowId, TraceAct, TraceRole};
use entity::{trace_event, trace_item};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Set};
use time::OffsetDateTime;

use crate::platform::db::run;

/// A lot in an event: how much of it, and what that does to what is on hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    pub lot: LotId,
    pub offer: Option<OfferId>,
    pub role: TraceRole,
    pub quantity: i64,
    pub effect: i64,
}

impl Item {
    /// A movement of stock: as much more, or less when negative, is on hand.
    pub fn moved(lot: LotId, offer: OfferId, change: i64) -> Self {
        Self { lot, offer: Some(offer), role: TraceRole::What, quantity: change.abs(), effect: change }
    }

    /// Seen, and still where it was.
    pub fn seen(lot: LotId, offer: Option<OfferId>, quantity: i64) -> Self {
        Self { lot, offer, role: TraceRole::What, quantity, effect: 0 }
    }
}

/// What happened, beside the lots.
#[derive(Clone, Debug)]
pub struct Act {
    pub act: TraceAct,
    pub at: OffsetDateTime,
    pub order: Option<OrderId>,
    pub pickup_point: Option<PickupPointId>,
    pub actor: Option<AccountId>,
    pub note: Option<String>,
}

impl Act {
    pub fn new(act: TraceAct, actor: Option<AccountId>, at: OffsetDateTime) -> Self {
        Self { act, at, order: None, pickup_point: None, actor, note: None }
    }
}

/// The movement of stock that an act is.
pub fn movement(act: TraceAct) -> Option<MovementKind> {
    match act {
        TraceAct::Harvested => Some(MovementKind::Receipt),
        TraceAct::Packed => Some(MovementKind::Sale),
        TraceAct::Unpacked => Some(MovementKind::Cancel),
        TraceAct::Returned => Some(MovementKind::Return),
        TraceAct::Counted | TraceAct::Destroyed | TraceAct::Declared => Some(MovementKind::Correction),
        _ => None,
    }
}

/// The act that a movement is where nobody says more.
pub fn act_of(kind: MovementKind) -> TraceAct {
    match kind {
        MovementKind::Receipt => TraceAct::Harvested,
        MovementKind::Sale => TraceAct::Packed,
        MovementKind::Cancel => TraceAct::Unpacked,
        MovementKind::Return => TraceAct::Returned,
        MovementKind::Correction => TraceAct::Counted,
    }
}

/// Rows of an event's items.
pub fn items(event: RowId, items: &[Item]) -> impl Iterator<Item = trace_item::ActiveModel> {
    (0_i32..).zip(items).map(move |(position, item)| trace_item::ActiveModel {
        event_id: Set(event),
        position: Set(position),
        lot_id: Set(item.lot),
        offer_id: Set(item.offer),
        role: Set(item.role),
        quantity: Set(item.quantity),
        effect: Set(item.effect),
    })
}

/// Writes an event of the cooperative whose lots they are; nothing without lots.
pub async fn write(
    transaction: &impl ConnectionTrait,
    act: &Act,
    lots: &[Item],
    now: OffsetDateTime,
) -> Result<Option<RowId>, DbErr> {
    let Some(first) = lots.first() else { return Ok(None) };
    let id = RowId::new();
    run(
        transaction,
        "INSERT INTO trace_event (id, cooperative_id, act, at, recorded_at, order_id, pickup_point_id, actor_id, note)
         SELECT $1, cooperative_id, $2, $3, $4, $5, $6, $7, $8 FROM lot WHERE id = $9",
        [
            id.into(),
            act.act.as_str().into(),
            act.at.into(),
            now.into(),
            act.order.into(),
            act.pickup_point.into(),
            act.actor.into(),
            act.note.clone().into(),
            first.lot.into(),
        ],
    )
    .await?;
    trace_item::Entity::insert_many(items(id, lots)).exec_without_returning(transaction).await?;
    Ok(Some(id))
}

/// An event was recorded in error; `corrective` is what happened instead.
pub async fn declare(
    transaction: &impl ConnectionTrait,
    wrong: &trace_event::Model,
    corrective: Option<RowId>,
    reason: &str,
    act: &Act,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let id = RowId::new();
    run(
        transaction,
        "INSERT INTO trace_event (id, cooperative_id, act, at, recorded_at, actor_id, note, corrects_id, corrective_id, reason)
         VALUES ($1, $2, 'declared', $3, $3, $4, $5, $6, $7, $8)",
        [
            id.into(),
            wrong.cooperative_id.into(),
            now.into(),
            act.actor.into(),
            act.note.clone().into(),
            wrong.id.into(),
            corrective.into(),
            reason.into(),
        ],
    )
    .await?;
    // It is about the same lots, and moves none.
    run(
        transaction,
        "INSERT INTO trace_item (event_id, position, lot_id, offer_id, role, quantity, effect)
         SELECT $1, position, lot_id, offer_id, role, quantity, 0 FROM trace_item WHERE event_id = $2",
        [id.into(), wrong.id.into()],
    )
    .await?;
    Ok(())
}

/// What an order took from its lots moves on: shipped, arrived, sold, brought back. Orders of before lots leave no trace.
pub async fn order_moved(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    act: &Act,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let id = RowId::new();
    let written = run(
        transaction,
        "INSERT INTO trace_event (id, cooperative_id, act, at, recorded_at, order_id, pickup_point_id, actor_id, note)
         SELECT $1, o.cooperative_id, $2, $3, $4, o.id, $5, $6, $7 FROM orders o
         WHERE o.id = $8 AND EXISTS (SELECT 1 FROM stock_movement m WHERE m.order_id = o.id AND m.lot_id IS NOT NULL)",
        [
            id.into(),
            act.act.as_str().into(),
            act.at.into(),
            now.into(),
            act.pickup_point.into(),
            act.actor.into(),
            act.note.clone().into(),
            order.into(),
        ],
    )
    .await?;
    if written == 0 {
        return Ok(());
    }
    run(
        transaction,
        "INSERT INTO trace_item (event_id, position, lot_id, offer_id, role, quantity, effect)
         SELECT $1, CAST(ROW_NUMBER() OVER (ORDER BY lot_id, offer_id) AS integer), lot_id, offer_id, 'what', CAST(-SUM(quantity) AS bigint), 0
         FROM stock_movement WHERE order_id = $2 AND lot_id IS NOT NULL GROUP BY lot_id, offer_id HAVING SUM(quantity) < 0",
        [id.into(), order.into()],
    )
    .await?;
    Ok(())
}

/// An event for each movement since then, under the movement's id: of goods that were written past everything, as the demo's are.
pub async fn catch_up(connection: &impl ConnectionTrait, since: RowId) -> Result<(), DbErr> {
    run(
        connection,
        "INSERT INTO trace_event (id, cooperative_id, act, at, recorded_at, order_id, actor_id, note)
         SELECT m.id, l.cooperative_id,
                CASE m.kind WHEN 'receipt' THEN 'harvested' WHEN 'sale' THEN 'packed' WHEN 'cancel' THEN 'unpacked' WHEN 'return' THEN 'returned' ELSE 'counted' END,
                m.at, m.at, m.order_id, m.actor_id, m.note
         FROM stock_movement m JOIN lot l ON l.id = m.lot_id
         WHERE m.id >= $1",
        [since.into()],
    )
    .await?;
    run(
        connection,
        "INSERT INTO trace_item (event_id, position, lot_id, offer_id, role, quantity, effect)
         SELECT m.id, 0, m.lot_id, m.offer_id, 'what', ABS(m.quantity), m.quantity FROM stock_movement m JOIN trace_event e ON e.id = m.id
         WHERE m.id >= $1",
        [since.into()],
    )
    .await?;
    Ok(())
}

/// The receipt of goods that begin to be counted, as rows for who writes many at once.
pub fn opening(
    movement: &entity::stock_movement::ActiveModel,
    cooperative: entity::value::CooperativeId,
    item: Item,
    now: OffsetDateTime,
) -> (trace_event::ActiveModel, Vec<trace_item::ActiveModel>) {
    let id = RowId::new();
    let event = trace_event::ActiveModel {
        id: Set(id),
        cooperative_id: Set(cooperative),
        act: Set(TraceAct::Harvested),
        at: Set(now),
        recorded_at: Set(now),
        order_id: Set(None),
        pickup_point_id: Set(None),
        actor_id: movement.actor_id.clone(),
        note: movement.note.clone(),
        corrects_id: Set(None),
        corrective_id: Set(None),
        reason: Set(None),
        external_id: Set(None),
        event_type: Set(None),
        biz_step: Set(None),
        document: Set(None),
    };
    (event, items(id, &[item]).collect())
}
