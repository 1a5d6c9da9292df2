//! A harvest was too small: the buyer of a pre-order waits on, takes a part, or gives the line up.

use actix_web::{HttpResponse, post};
use entity::preorder;
use entity::value::{AccountId, OrderActor, OrderId, OrderLineId, Vnd};
use garde::Validate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::orders::{BuyersOrder, Secret};
use super::rules::Action;
use super::sale;
use super::steps::{By, Tools, step_within};
use super::store::OrderRow;
use crate::ledger::{self, payments, rules::Journal};
use crate::platform::body::Body;
use crate::platform::db::{Db, one, run};
use crate::platform::outbox::emit;
use crate::platform::problem::{Problem, codes};
use crate::platform::read_model::ReadModel;
use crate::shop::inventory::preorders::{give_up, lock_harvests, short_lines, take_part, wait_on};

codes! {
    NOTHING_SHORT = "nothing_short" 409 "Đơn này không có dòng nào bị thiếu." "No line of this order fell short.";
    NOTHING_OFFERED = "nothing_offered" 409 "Không có phần nào để nhận: vụ này không đủ cho bạn. Hãy chờ hoặc hủy." "There is no part to take: nothing of this harvest is left for you. Wait, or give it up.";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShortfallChoice {
    /// For the next lot of this harvest; what was offered goes to others.
    Wait,
    /// What was offered, at the price for it.
    Part,
    /// Nothing of the short lines; an order with no other line is cancelled.
    Refund,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ShortfallAnswer {
    pub choice: ShortfallChoice,
}

/// Choose what happens to the lines a harvest was too small for.
#[utoipa::path(tag = "orders", operation_id = "answer_shortfall", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), request_body = ShortfallAnswer, responses((status = 200, description = "The order after it", body = super::view::OrderView)))]
#[post("/v1/orders/{id}/shortfall")]
pub async fn answer(order: BuyersOrder, body: Body<ShortfallAnswer>) -> Result<HttpResponse, Problem> {
    choose(&order.tools(), &order.row, (order.kind, order.account), body.0.choice).await?;
    order.shown().await
}

/// The choice of whoever speaks for the buyer.
pub async fn choose(
    tools: &Tools<'_>,
    row: &OrderRow,
    (kind, account): (OrderActor, Option<AccountId>),
    choice: ShortfallChoice,
) -> Result<(), Problem> {
    let now = tools.now;
    let transaction = tools.db.begin().await?;
    // The order's row is taken first: two answers at once come one after the other.
    let sql = "UPDATE orders SET updated_at = $2 WHERE id = $1 AND state IN ('placed', 'confirmed')";
    if run(&transaction, sql, [row.id.into(), now.into()]).await? != 1 {
        return Err(Problem::new(&NOTHING_SHORT));
    }
    lock_harvests(&transaction, row.id).await?;
    let short = short_lines(&transaction, row.id).await?;
    if short.is_empty() {
        return Err(Problem::new(&NOTHING_SHORT));
    }
    let mut levels = Vec::new();
    if choice == ShortfallChoice::Refund && nothing_else(&transaction, row.id).await? {
        let reason = Some("the harvest was too small".to_owned());
        let by = By { reason_code: Some("harvest_short"), ..By::of(kind, account, reason) };
        levels = step_within(&transaction, tools, row, Action::Cancel, by).await?;
    } else {
        take(&transaction, row.id, &short, choice, now).await?;
        let offers: Vec<_> = short.iter().map(|line| line.offer_id).collect();
        let choice = format!("{choice:?}").to_lowercase();
        emit(&transaction, "preorder.answered", row.id.0, serde_json::json!({"choice": choice, "offers": offers}), now)
            .await?;
    }
    transaction.commit().await?;
    tools.read_model.levels_changed(&levels).await;
    refresh(tools.db, tools.read_model, &short, now).await?;
    tools.bell.ring();
    Ok(())
}

/// Does what was chosen to every short line.
async fn take(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    short: &[preorder::Model],
    choice: ShortfallChoice,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    if choice == ShortfallChoice::Part && short.iter().any(|line| line.offered == 0) {
        return Err(Problem::new(&NOTHING_OFFERED));
    }
    let mut journals = Vec::new();
    for line in short {
        match choice {
            ShortfallChoice::Wait => wait_on(transaction, line, now).await?,
            ShortfallChoice::Part => {
                take_part(transaction, line, now).await?;
                journals.extend(reduce(transaction, line, line.quantity - line.offered, now).await?);
            }
            ShortfallChoice::Refund => {
                give_up(transaction, line, now).await?;
                journals.extend(reduce(transaction, line, line.quantity, now).await?);
            }
        }
    }
    if choice != ShortfallChoice::Wait {
        settle(transaction, order).await?;
    }
    ledger::post(transaction, journals, now).await
}

async fn refresh(
    db: &Db,
    read_model: &ReadModel,
    short: &[preorder::Model],
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let mut levels = Vec::new();
    for line in short {
        levels.extend(crate::shop::inventory::level(db.fresh(), line.offer_id, now).await?);
    }
    read_model.levels_changed(&levels).await;
    Ok(())
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// Whether every line of the order waits for nothing but a harvest that was too small.
async fn nothing_else(connection: &impl ConnectionTrait, order: OrderId) -> Result<bool, Problem> {
    let sql = "SELECT COUNT(*) AS count FROM order_line l WHERE l.order_id = $1 AND NOT EXISTS (
                   SELECT 1 FROM preorder p WHERE p.order_id = l.order_id AND p.offer_id = l.offer_id AND p.state = 'short' AND p.quantity = l.quantity)";
    Ok(one::<Count>(connection, sql, [order.into()]).await?.is_none_or(|row| row.count == 0))
}

#[derive(FromQueryResult)]
struct LineFacts {
    id: OrderLineId,
    quantity: i64,
}

/// So many fewer of a line than were ordered; what was paid for the rest is owed back.
async fn reduce(
    transaction: &impl ConnectionTrait,
    short: &preorder::Model,
    by: i64,
    now: OffsetDateTime,
) -> Result<Vec<Journal>, Problem> {
    let (order, offer) = (short.order_id, short.offer_id);
    let sql = "SELECT id, quantity FROM order_line WHERE order_id = $1 AND offer_id = $2";
    let line = one::<LineFacts>(transaction, sql, [order.into(), offer.into()]).await?;
    let line = line.ok_or_else(|| Problem::internal(format!("order {order} has no line for {offer}")))?;
    sale::shrink(transaction, order, line.id, line.quantity - by, now).await
}

#[derive(FromQueryResult)]
struct Sums {
    total_amount: Vnd,
}

/// Order and purchase add up again after a line changed. Delivery costs what was agreed.
async fn settle(transaction: &impl ConnectionTrait, order: OrderId) -> Result<(), Problem> {
    let order_sums = one::<Sums>(
        transaction,
        "UPDATE orders SET goods_amount = (SELECT CAST(SUM(total_amount) AS bigint) FROM order_line WHERE order_id = $1),
                discount_amount = (SELECT CAST(SUM(discount_amount) AS bigint) FROM order_line WHERE order_id = $1) + delivery_discount_amount,
                total_amount = (SELECT CAST(SUM(total_amount - discount_amount) AS bigint) FROM order_line WHERE order_id = $1)
                               + delivery_amount - delivery_discount_amount
         WHERE id = $1 RETURNING total_amount",
        [order.into()],
    )
    .await?
    .ok_or_else(|| Problem::internal(format!("there is no order {order}")))?;
    let sum = |column: &str| {
        format!("(SELECT CAST(SUM(o.{column}) AS bigint) FROM orders o WHERE o.purchase_id = purchase.id)")
    };
    run(
        transaction,
        format!(
            "UPDATE purchase SET goods_amount = {}, discount_amount = {}, total_amount = {} WHERE id = (SELECT purchase_id FROM orders WHERE id = $1)",
            sum("goods_amount"),
            sum("discount_amount"),
            sum("total_amount")
        ),
        [order.into()],
    )
    .await?;
    // Cash that is still to be collected.
    Ok(payments::ask_for(transaction, order, order_sums.total_amount.0).await?)
}
