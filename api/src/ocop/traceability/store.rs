//! What the database knows of lots and their events.

use entity::value::{CooperativeId, LotId, OfferId, OrderId, PickupPointId, RowId, TraceAct, TraceRole};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Value};
use time::{Date, OffsetDateTime};

use super::codes::Code;
use crate::platform::agreement::Disagreement;
use crate::platform::db::{all, list};

#[derive(FromQueryResult)]
struct Id {
    id: LotId,
}

/// The lot that a code stands for.
pub async fn lot_of(connection: &impl ConnectionTrait, code: &Code) -> Result<Option<LotId>, DbErr> {
    let tail = match connection.get_database_backend() {
        DbBackend::Postgres => "substring(uuid_send(id) FROM 10)",
        _ => "substr(id, 10)",
    };
    let [one_tail, other] = code.tails();
    // Without an order of its own, for which the whole table would be walked instead of the index.
    let sql = format!("SELECT id FROM lot WHERE {tail} IN ($1, $2)");
    let rows = all::<Id>(connection, sql, [one_tail.into(), other.into()]).await?;
    Ok(rows.into_iter().map(|row| row.id).min())
}

/// An event as it is kept.
#[derive(Clone, Debug, FromQueryResult)]
pub struct EventRow {
    pub id: RowId,
    pub cooperative_id: CooperativeId,
    pub act: TraceAct,
    pub at: OffsetDateTime,
    pub recorded_at: OffsetDateTime,
    pub order_id: Option<OrderId>,
    pub pickup_point_id: Option<PickupPointId>,
    pub corrects_id: Option<RowId>,
    pub corrective_id: Option<RowId>,
    pub reason: Option<String>,
    pub document: Option<serde_json::Value>,
    /// Of the cooperative.
    pub slug: String,
    pub gln: Option<String>,
}

const EVENTS: &str = "SELECT e.id, e.cooperative_id, e.act, e.at, e.recorded_at, e.order_id, e.pickup_point_id, e.corrects_id, e.corrective_id, e.reason,
        e.document, c.slug, (SELECT k.key FROM gs1_key k WHERE k.kind = 'gln' AND CASE WHEN e.pickup_point_id IS NULL
                 THEN k.cooperative_id = c.id AND k.pickup_point_id IS NULL ELSE k.pickup_point_id = e.pickup_point_id END) AS gln
 FROM trace_event e JOIN cooperative c ON c.id = e.cooperative_id";

#[derive(FromQueryResult)]
struct EventId {
    id: RowId,
}

/// Ids of events that a statement finds, in its order.
pub async fn ids(
    connection: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<RowId>, DbErr> {
    Ok(all::<EventId>(connection, sql, values).await?.into_iter().map(|row| row.id).collect())
}

/// These events, in this order. Apart from finding them, so that they are looked up one by one and nothing is walked.
pub async fn events(connection: &impl ConnectionTrait, ids: &[RowId]) -> Result<Vec<EventRow>, DbErr> {
    let mut found = std::collections::HashMap::new();
    for part in ids.chunks(500) {
        let sql = format!("{EVENTS} WHERE e.id IN {}", list(1, part.len()));
        let rows = all::<EventRow>(connection, sql, part.iter().map(|id| Value::from(*id))).await?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// A lot in an event.
#[derive(Clone, Debug, FromQueryResult)]
pub struct ItemRow {
    pub event_id: RowId,
    pub lot_id: LotId,
    pub offer_id: Option<OfferId>,
    pub role: TraceRole,
    pub quantity: i64,
    pub lot_code: String,
    pub harvested_on: Date,
    pub expires_on: Option<Date>,
    pub gtin: Option<String>,
}

/// The lots of these events, in their order.
pub async fn items_of(connection: &impl ConnectionTrait, events: &[RowId]) -> Result<Vec<ItemRow>, DbErr> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    all(
        connection,
        format!(
            "SELECT i.event_id, i.lot_id, i.offer_id, i.role, i.quantity, l.code AS lot_code, l.harvested_on, l.expires_on, k.key AS gtin
             FROM trace_item i JOIN lot l ON l.id = i.lot_id LEFT JOIN gs1_key k ON k.offer_id = i.offer_id
             WHERE i.event_id IN {} ORDER BY i.event_id, i.position",
            list(1, events.len())
        ),
        events.iter().map(|id| Value::from(*id)).collect::<Vec<_>>(),
    )
    .await
}

/// Quantities of events that must agree with what lots hold, and do not.
pub async fn check(connection: &impl ConnectionTrait) -> Result<Vec<Disagreement>, DbErr> {
    const CHECKS: &[&str] = &[
        "SELECT 'lot and its events' AS what, s.lot_id AS id, s.on_hand AS expected, CAST(COALESCE(SUM(i.effect), 0) AS bigint) AS found
         FROM lot_stock s LEFT JOIN trace_item i ON i.lot_id = s.lot_id AND i.offer_id = s.offer_id
         GROUP BY s.lot_id, s.offer_id, s.on_hand HAVING COALESCE(SUM(i.effect), 0) <> s.on_hand",
        "SELECT 'sources of lot and its events' AS what, s.lot_id AS id, s.quantity AS expected,
                CAST(COALESCE((SELECT SUM(i.quantity) FROM trace_item i JOIN trace_item o ON o.event_id = i.event_id
                               WHERE i.lot_id = s.source_lot_id AND i.offer_id = s.offer_id AND i.role = 'input'
                                 AND o.lot_id = s.lot_id AND o.role = 'output' AND o.position = 0), 0) AS bigint) AS found
         FROM lot_source s WHERE s.quantity <> COALESCE((SELECT SUM(i.quantity) FROM trace_item i JOIN trace_item o ON o.event_id = i.event_id
                               WHERE i.lot_id = s.source_lot_id AND i.offer_id = s.offer_id AND i.role = 'input'
                                 AND o.lot_id = s.lot_id AND o.role = 'output' AND o.position = 0), 0)",
    ];
    let mut found = Vec::new();
    for check in CHECKS {
        found.extend(all::<Disagreement>(connection, *check, []).await?);
    }
    Ok(found)
}
