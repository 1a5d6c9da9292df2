//! Moving an order by one step of the table: state, stock, history and event in one transaction.

use entity::order_event;
use entity::value::{AccountId, OrderActor, OrderId, OrderState, RowId, TraceAct};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};
use time::{Duration, OffsetDateTime};

use super::money;
use super::rules::{Action, Effect, next};
use super::store::{OrderRow, order};
use crate::ledger;
use crate::ocop::traceability::events::{self, Act};
use crate::platform::clock::VIETNAM;
use crate::platform::db::{Db, one, run};
use crate::platform::outbox::{Bell, emit};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::read_model::Level;
use crate::platform::read_model::ReadModel;
use crate::shop::inventory::{self, Outcome, Packing, Pick};

codes! {
    HARVEST_AWAITED = "harvest_awaited" 409 "Đơn đặt trước còn chờ thu hoạch, hoặc chờ khách trả lời." "This pre-order still waits for its harvest, or for its buyer's answer.";
    LOTS_SHORT = "lots_short" 409 "Không đủ hàng ở các lô còn hạn đến khi khách nhận. Hãy nhập lô mới hoặc chọn lô khác." "There is not enough in lots that keep until the buyer has them. Record a new lot or choose others.";
    PARTLY_SENT = "partly_sent" 409 "Một phần đơn đã rời hợp tác xã: không hủy được nữa, hãy xử lý trả hàng." "A part of the order has left the house: it cannot be cancelled any more, only returned.";
    GOODS_GONE = "goods_gone" 409 "Hàng của đơn này đã bán cho người khác." "The goods of this order are somebody else's by now.";
    CONTRACT_ORDER = "contract_order" 409 "Đơn theo hợp đồng: chỉ thay đổi khi hai bên đồng ý." "An order of a contract: it changes by agreement only.";
    ORDER_STATE = "order_state" 409 "Đơn hàng không còn ở trạng thái cho phép việc này." "The order is not in a state that allows this.";
}

/// Who moves the order, and why.
#[derive(Default)]
pub struct By<'a> {
    pub kind: Option<OrderActor>,
    pub account: Option<AccountId>,
    pub reason: Option<String>,
    /// One of the reasons reports count by.
    pub reason_code: Option<&'static str>,
    /// Lots chosen by hand when packing.
    pub picks: &'a [Pick],
    /// Until when the seller is to answer an order that is placed by this step.
    pub respond_by: Option<OffsetDateTime>,
}

impl By<'_> {
    pub fn of(kind: OrderActor, account: Option<AccountId>, reason: Option<String>) -> Self {
        Self { kind: Some(kind), account, reason, ..Self::default() }
    }
}

/// What a step needs beside the order.
pub struct Tools<'a> {
    pub db: &'a Db,
    pub read_model: &'a ReadModel,
    pub bell: &'a Bell,
    pub now: OffsetDateTime,
}

/// Takes one step; the order after it.
pub async fn step(tools: &Tools<'_>, row: &OrderRow, action: Action, by: By<'_>) -> Result<OrderRow, Problem> {
    let transaction = tools.db.begin().await?;
    let levels = step_within(&transaction, tools, row, action, by).await?;
    transaction.commit().await?;
    tools.read_model.levels_changed(&levels).await;
    tools.bell.ring();
    read(tools.db, row.id).await
}

/// The step inside the caller's transaction, which must be rolled back when this fails; the stock levels it leaves.
pub async fn step_within(
    transaction: &impl ConnectionTrait,
    tools: &Tools<'_>,
    row: &OrderRow,
    action: Action,
    by: By<'_>,
) -> Result<Vec<Level>, Problem> {
    let kind = by.kind.unwrap_or(OrderActor::System);
    let state = |row: &OrderRow| Problem::new(&ORDER_STATE).extension("state", row.state);
    let step = next(row.state, action, kind, row.delivery_method).ok_or_else(|| state(row))?;
    // A buyer whose harvest fell short may give it up.
    let short = kind != OrderActor::Seller && by.reason_code == Some("harvest_short");
    if row.contract_id.is_some() && by_agreement(action) && kind != OrderActor::System && !short {
        return Err(Problem::new(&CONTRACT_ORDER));
    }
    let now = tools.now;
    let moved = run(
        transaction,
        "UPDATE orders SET state = $3, updated_at = $4,
                respond_by = CASE WHEN $3 = 'placed' THEN $5 END,
                delivered_at = CASE WHEN $3 = 'delivered' THEN $4 ELSE delivered_at END
         WHERE id = $1 AND state = $2",
        [row.id.into(), step.from.as_str().into(), step.to.as_str().into(), now.into(), by.respond_by.into()],
    )
    .await?;
    if moved != 1 {
        // Somebody else was faster.
        return Err(state(&order(transaction, row.id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?));
    }
    let outcome = match step.effect {
        Effect::None => Outcome::Done(Vec::new()),
        Effect::Take => {
            let keep_until = now.to_offset(VIETNAM).date() + Duration::days(row.arrive_days.into());
            let packing = Packing { actor: by.account, now, keep_until, picks: by.picks };
            inventory::take(transaction, row.id, packing).await?
        }
        Effect::Release => inventory::release(transaction, row.id, now).await?,
        Effect::Reserve => {
            let keep_until = now.to_offset(VIETNAM).date() + Duration::days(row.arrive_days.into());
            inventory::reserve_again(transaction, row.id, keep_until, now).await?
        }
        // The order's row is this transaction's by now, and parcels move only under it.
        Effect::PutBack if partly_sent(transaction, row.id).await? => return Err(Problem::new(&PARTLY_SENT)),
        Effect::PutBack => inventory::put_back(transaction, row.id, by.account, now).await?,
    };
    let levels = match outcome {
        Outcome::Done(levels) => levels,
        Outcome::Waiting => return Err(Problem::new(&HARVEST_AWAITED)),
        Outcome::LotsShort { offer, missing } => {
            return Err(Problem::new(&LOTS_SHORT).extension("offer_id", offer).extension("missing", missing));
        }
        Outcome::Short if step.effect == Effect::Reserve => return Err(Problem::new(&GOODS_GONE)),
        Outcome::Short => {
            return Err(Problem::internal(format!("stock of order {} does not allow {action:?}", row.id)));
        }
    };
    let reason = by.reason_code.unwrap_or("order_cancelled").to_owned();
    let event = order_event::ActiveModel {
        id: Set(RowId::new()),
        order_id: Set(row.id),
        from_state: Set(Some(step.from)),
        to_state: Set(step.to),
        actor_kind: Set(kind),
        actor_id: Set(by.account.map(|account| account.0)),
        reason: Set(by.reason),
        reason_code: Set(by.reason_code.map(str::to_owned)),
        at: Set(now),
    };
    order_event::Entity::insert(event).exec_without_returning(transaction).await?;
    trace(transaction, row, step.to, by.account, now).await?;
    let offers: Vec<_> = levels.iter().map(|level| level.offer).collect();
    let topic = format!("order.{}", step.to.as_str());
    emit(transaction, &topic, row.id.0, serde_json::json!({"offers": offers}), now).await?;
    let journals = money::follow(transaction, row, step.to, &reason, now).await?;
    ledger::post(transaction, journals, now).await?;
    Ok(levels)
}

/// What nobody does alone to an order of a contract.
pub(super) fn by_agreement(action: Action) -> bool {
    matches!(action, Action::Cancel | Action::Complete)
}

/// Tells of the order's lots that they are shipped or sold. Packing, and what returns to its lots, is told by the stock that
/// moves.
async fn trace(
    transaction: &impl ConnectionTrait,
    row: &OrderRow,
    to: OrderState,
    actor: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let (act, pickup_point) = match to {
        OrderState::Shipped => (TraceAct::Shipped, None),
        OrderState::Delivered => (TraceAct::Sold, row.pickup_point_id),
        _ => return Ok(()),
    };
    let act = Act { pickup_point, ..Act::new(act, actor, now) };
    Ok(events::order_moved(transaction, row.id, &act, now).await?)
}

#[derive(FromQueryResult)]
struct Sent {
    parcels: i64,
}

/// Whether a parcel of the order is on its way, though not all of it is.
async fn partly_sent(transaction: &impl ConnectionTrait, order: OrderId) -> Result<bool, Problem> {
    let sql = "SELECT COUNT(*) AS parcels FROM parcel WHERE order_id = $1 AND state NOT IN ('packed', 'booking', 'booked', 'cancelled')";
    Ok(one::<Sent>(transaction, sql, [order.into()]).await?.is_some_and(|row| row.parcels > 0))
}

pub async fn read(db: &Db, id: OrderId) -> Result<OrderRow, Problem> {
    order(db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// The order as the transaction sees it.
pub async fn order_within(transaction: &impl ConnectionTrait, id: OrderId) -> Result<OrderRow, Problem> {
    order(transaction, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}
