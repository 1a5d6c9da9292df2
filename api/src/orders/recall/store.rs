//! What is kept of recalls.

use entity::recall;
use entity::value::{
    CooperativeId, LotId, NoticeId, NoticeState, OfferId, OrderId, OrderState, PartnerId, RecallId, RecallKind,
    RecallOutcome, RecallState,
};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::people::offices::Jurisdiction;
use crate::platform::db::{all, by_id, list, one};
use crate::platform::pagination::{NewestFirst, Page};
use crate::platform::problem::{NOT_FOUND, Problem};

/// What an order took from recalled lots and has not given back.
#[derive(Clone, FromQueryResult)]
pub struct Taken {
    pub order_id: OrderId,
    pub state: OrderState,
    pub partner_id: Option<PartnerId>,
    pub quantity: i64,
    /// A part of it is on its way already.
    pub left: bool,
}

/// Orders that hold something of these lots, oldest first.
pub async fn taken(connection: &impl ConnectionTrait, lots: &[LotId]) -> Result<Vec<Taken>, DbErr> {
    let mut found: std::collections::BTreeMap<OrderId, Taken> = std::collections::BTreeMap::new();
    for part in lots.chunks(5_000) {
        let rows = all::<Taken>(
            connection,
            format!(
                "SELECT o.id AS order_id, o.state, p.partner_id, t.quantity,
                        EXISTS (SELECT 1 FROM parcel q WHERE q.order_id = o.id AND q.state NOT IN ('packed', 'booking', 'booked', 'cancelled')) AS left
                 FROM (SELECT m.order_id, CAST(-SUM(m.quantity) AS bigint) AS quantity FROM stock_movement m
                       WHERE m.order_id IS NOT NULL AND m.lot_id IN {} GROUP BY m.order_id HAVING SUM(m.quantity) < 0) t
                 JOIN orders o ON o.id = t.order_id LEFT JOIN pickup_point p ON p.id = o.pickup_point_id",
                list(1, part.len())
            ),
            part.iter().map(|lot| Value::from(*lot)),
        )
        .await?;
        for row in rows {
            found.entry(row.order_id).and_modify(|known| known.quantity += row.quantity).or_insert(row);
        }
    }
    Ok(found.into_values().collect())
}

#[derive(FromQueryResult)]
pub struct Piece {
    pub offer_id: OfferId,
    pub quantity: i64,
}

/// What an order still holds of a recall's lots, by offer.
pub async fn pieces(connection: &impl ConnectionTrait, recall: RecallId, order: OrderId) -> Result<Vec<Piece>, DbErr> {
    all(
        connection,
        "SELECT m.offer_id, CAST(-SUM(m.quantity) AS bigint) AS quantity FROM stock_movement m JOIN recall_lot l ON l.lot_id = m.lot_id
         WHERE l.recall_id = $1 AND m.order_id = $2 GROUP BY m.offer_id HAVING SUM(m.quantity) < 0 ORDER BY m.offer_id",
        [recall.into(), order.into()],
    )
    .await
}

/// A recall, and how far it has come.
#[derive(Clone, FromQueryResult, Serialize, ToSchema)]
pub struct Recall {
    pub id: RecallId,
    pub number: String,
    pub cooperative_id: CooperativeId,
    pub cooperative_name_vi: String,
    pub kind: RecallKind,
    #[schema(required = true)]
    pub decision_number: Option<String>,
    pub reason: String,
    /// What buyers are to do.
    pub advice: String,
    pub state: RecallState,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub raised_at: OffsetDateTime,
    pub lots: i64,
    /// Buyers, receptions and cooperatives who had to be told.
    pub notices: i64,
    pub confirmed: i64,
    /// Orders whose money is owed back.
    pub refunded: i64,
}

const RECALLS: &str = "SELECT r.id, r.number, r.cooperative_id, c.name_vi AS cooperative_name_vi, r.kind, r.decision_number, r.reason, r.advice, r.state, r.raised_at,
        (SELECT COUNT(*) FROM recall_lot l WHERE l.recall_id = r.id) AS lots,
        (SELECT COUNT(*) FROM recall_notice n WHERE n.recall_id = r.id) AS notices,
        (SELECT COUNT(*) FROM recall_notice n WHERE n.recall_id = r.id AND n.state = 'confirmed') AS confirmed,
        (SELECT COUNT(*) FROM recall_notice n WHERE n.recall_id = r.id AND n.refund_id IS NOT NULL) AS refunded
 FROM recall r JOIN cooperative c ON c.id = r.cooperative_id";

/// Recalls, newest first: of a cooperative, or of all.
pub async fn find(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Recall>, Problem> {
    NewestFirst::of(RECALLS, "r.id", place)?
        .and(
            "(r.cooperative_id = ? OR EXISTS (SELECT 1 FROM recall_lot l JOIN lot o ON o.id = l.lot_id WHERE l.recall_id = r.id AND o.cooperative_id = ?))",
            cooperative,
        )
        .page(connection, |row: &Recall| row.id)
        .await
}

/// All recalls, newest first.
pub async fn find_all(
    connection: &impl ConnectionTrait,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Recall>, Problem> {
    NewestFirst::of(RECALLS, "r.id", place)?.page(connection, |row: &Recall| row.id).await
}

/// Recalls of the cooperatives of some places.
pub async fn find_in(
    connection: &impl ConnectionTrait,
    places: &Jurisdiction,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Recall>, Problem> {
    let condition = places.condition("commune_code");
    NewestFirst::of(RECALLS, "r.id", place)?
        .and_that(&format!("r.cooperative_id IN (SELECT id FROM cooperative WHERE {condition})"))
        .page(connection, |row: &Recall| row.id)
        .await
}

#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct RecalledLot {
    pub lot_id: LotId,
    pub code: String,
    pub product_name_vi: String,
    pub cooperative_id: CooperativeId,
    pub cooperative_name_vi: String,
    /// 0 as chosen, more for what was made of it.
    pub depth: i32,
    pub on_hand: i64,
    #[schema(required = true)]
    pub outcome: Option<RecallOutcome>,
    #[schema(required = true)]
    pub outcome_note: Option<String>,
}

pub async fn lots(connection: &impl ConnectionTrait, recall: RecallId) -> Result<Vec<RecalledLot>, DbErr> {
    all(
        connection,
        "SELECT r.lot_id, l.code, p.name_vi AS product_name_vi, l.cooperative_id, c.name_vi AS cooperative_name_vi, r.depth,
                CAST(COALESCE((SELECT SUM(s.on_hand) FROM lot_stock s WHERE s.lot_id = r.lot_id), 0) AS bigint) AS on_hand, r.outcome, r.outcome_note
         FROM recall_lot r JOIN lot l ON l.id = r.lot_id JOIN product p ON p.id = l.product_id JOIN cooperative c ON c.id = l.cooperative_id
         WHERE r.recall_id = $1 ORDER BY r.depth, l.id LIMIT 1000",
        [recall.into()],
    )
    .await
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// A recall as somebody sees it whose lots are in it: who raised it, or who made something of them.
pub async fn seen_by(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    id: RecallId,
) -> Result<recall::Model, Problem> {
    let row = by_id::<recall::Entity>(connection, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let sql = "SELECT COUNT(*) AS count FROM recall_lot r JOIN lot l ON l.id = r.lot_id WHERE r.recall_id = $1 AND l.cooperative_id = $2";
    let lots = one::<Count>(connection, sql, [id.into(), cooperative.into()]).await?;
    if lots.is_some_and(|row| row.count > 0) { Ok(row) } else { Err(Problem::new(&NOT_FOUND)) }
}

pub async fn show(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    id: RecallId,
) -> Result<(Recall, Vec<RecalledLot>), Problem> {
    seen_by(connection, cooperative, id).await?;
    let row = one::<Recall>(connection, format!("{RECALLS} WHERE r.id = $1"), [id.into()]).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok((row, lots(connection, id).await?))
}

/// A recall that concerns a buyer's order.
#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct BuyerRecall {
    pub recall_id: RecallId,
    #[serde(skip)]
    pub notice_id: NoticeId,
    pub number: String,
    pub reason: String,
    /// What to do.
    pub advice: String,
    /// Pieces of recalled lots in the order.
    pub quantity: i64,
    pub state: NoticeState,
    /// The order was stopped before it left.
    pub stopped: bool,
}

pub async fn of_order(connection: &impl ConnectionTrait, order: OrderId) -> Result<Vec<BuyerRecall>, DbErr> {
    all(
        connection,
        "SELECT n.recall_id, n.id AS notice_id, r.number, r.reason, r.advice, n.quantity, n.state, n.stopped
         FROM recall_notice n JOIN recall r ON r.id = n.recall_id WHERE n.order_id = $1 ORDER BY n.id",
        [order.into()],
    )
    .await
}
