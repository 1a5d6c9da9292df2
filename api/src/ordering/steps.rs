//! Moving an order by one step of the table: state, stock, history and event in one transaction.

use entity::order_event;
use entity::value::{AccountId, OrderActor, OrderId, RowId};
use sea_orm::{EntityTrait, Set};
use time::OffsetDateTime;

use super::rules::{Action, Effect, next};
use super::store::{OrderRow, order};
use crate::catalogue::Catalogue;
use crate::inventory::{self, Outcome};
use crate::platform::db::{Db, run};
use crate::platform::outbox::{Bell, emit};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    ORDER_STATE = "order_state" 409 "Đơn hàng không còn ở trạng thái cho phép việc này." "The order is not in a state that allows this.";
}

/// Who moves the order, and why.
pub struct By {
    pub kind: OrderActor,
    pub account: Option<AccountId>,
    pub reason: Option<String>,
}

/// What a step needs beside the order.
pub struct Tools<'a> {
    pub db: &'a Db,
    pub catalogue: &'a Catalogue,
    pub bell: &'a Bell,
    pub now: OffsetDateTime,
}

/// Takes one step; the order after it.
pub async fn step(tools: &Tools<'_>, row: &OrderRow, action: Action, by: By) -> Result<OrderRow, Problem> {
    let state = |row: &OrderRow| Problem::new(&ORDER_STATE).extension("state", row.state);
    let step = next(row.state, action, by.kind, row.delivery_method).ok_or_else(|| state(row))?;
    let now = tools.now;
    let transaction = tools.db.begin().await?;
    let moved = run(
        &transaction,
        "UPDATE orders SET state = $3, updated_at = $4,
                respond_by = NULL,
                delivered_at = CASE WHEN $3 = 'delivered' THEN $4 ELSE delivered_at END
         WHERE id = $1 AND state = $2",
        [row.id.into(), step.from.as_str().into(), step.to.as_str().into(), now.into()],
    )
    .await?;
    if moved != 1 {
        // Somebody else was faster.
        drop(transaction);
        return Err(state(&read(tools.db, row.id).await?));
    }
    let outcome = match step.effect {
        Effect::None => Outcome::Done(Vec::new()),
        Effect::Take => inventory::take(&transaction, row.id, by.account, now).await?,
        Effect::Release => inventory::release(&transaction, row.id, now).await?,
        Effect::PutBack => inventory::put_back(&transaction, row.id, by.account, now).await?,
    };
    let Outcome::Done(levels) = outcome else {
        return Err(Problem::internal(format!("stock of order {} does not allow {action:?}", row.id)));
    };
    let event = order_event::ActiveModel {
        id: Set(RowId::new()),
        order_id: Set(row.id),
        from_state: Set(Some(step.from)),
        to_state: Set(step.to),
        actor_kind: Set(by.kind),
        actor_id: Set(by.account.map(|account| account.0)),
        reason: Set(by.reason),
        at: Set(now),
    };
    order_event::Entity::insert(event).exec_without_returning(&transaction).await?;
    let offers: Vec<_> = levels.iter().map(|level| level.offer).collect();
    let topic = format!("order.{}", step.to.as_str());
    emit(&transaction, &topic, row.id.0, serde_json::json!({"offers": offers}), now).await?;
    transaction.commit().await?;
    tools.catalogue.levels_changed(&levels).await;
    tools.bell.ring();
    read(tools.db, row.id).await
}

pub async fn read(db: &Db, id: OrderId) -> Result<OrderRow, Problem> {
    order(db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}
