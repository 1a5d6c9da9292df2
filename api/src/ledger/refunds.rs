//! Refunds, written down in the transaction of their cause; and on their way, each step once, whoever takes it.

use entity::value::{AccountId, OrderId, OrderLineId, PaymentId, PurchaseId, RefundId, RefundState, RowId, Vnd};
use entity::{refund, refund_part};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Set};
use time::OffsetDateTime;

use crate::platform::clock::VIETNAM;
use crate::platform::db::{Batch, all, run};
use crate::platform::outbox::event;
use crate::platform::problem::codes;
use crate::platform::secrets;

codes! {
    NOT_PAID = "not_paid" 409 "Đơn này chưa được thanh toán nên không có gì để hoàn." "This order has not been paid: there is nothing to refund.";
    REFUND_TOO_MUCH = "refund_too_much" 409 "Số tiền hoàn lớn hơn số còn lại đã trả." "That is more than is left of what was paid.";
}

pub struct Owe<'a> {
    pub reason: &'a str,
    pub note: Option<String>,
    /// Who asked for it; none when it follows from an event.
    pub by: Option<AccountId>,
    /// A second person decides before anything is sent.
    pub needs_approval: bool,
}

impl<'a> Owe<'a> {
    pub fn because(reason: &'a str) -> Self {
        Self { reason, note: None, by: None, needs_approval: false }
    }
}

/// What of a refund is owed for a line of an order, or for its delivery.
#[derive(FromQueryResult)]
pub struct Part {
    #[sea_orm(from_alias = "order_id")]
    pub order: OrderId,
    #[sea_orm(from_alias = "order_line_id")]
    pub line: Option<OrderLineId>,
    pub amount: i64,
}

/// A refund's row.
pub fn row(
    id: RefundId,
    purchase: PurchaseId,
    payment: Option<PaymentId>,
    amount: i64,
    owe: &Owe<'_>,
    now: OffsetDateTime,
) -> refund::ActiveModel {
    refund::ActiveModel {
        id: Set(id),
        number: Set(number(now)),
        purchase_id: Set(purchase),
        payment_id: Set(payment),
        state: Set(if owe.needs_approval { RefundState::AwaitingApproval } else { RefundState::Due }),
        reason: Set(owe.reason.to_owned()),
        note: Set(owe.note.clone()),
        amount: Set(Vnd(amount)),
        attempts: Set(0),
        next_at: Set(now),
        provider_reference: Set(None),
        last_error: Set(None),
        requested_by: Set(owe.by),
        decided_by: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

/// `HT261124K7MPXQ2RST`: letters and digits only, as every provider takes it.
fn number(now: OffsetDateTime) -> String {
    let (year, month, day) = now.to_offset(VIETNAM).to_calendar_date();
    format!("HT{:02}{:02}{day:02}{}", year % 100, u8::from(month), secrets::code(10))
}

/// Writes down what is owed, and tells that it is.
pub async fn write_down(
    transaction: &impl ConnectionTrait,
    (id, purchase, payment): (RefundId, PurchaseId, Option<PaymentId>),
    parts: &[Part],
    owe: &Owe<'_>,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let Some(first) = parts.first() else { return Ok(()) };
    let amount: i64 = parts.iter().map(|part| part.amount).sum();
    let told = event("refund.owed", first.order.0, serde_json::json!({"refund": id, "amount": amount}), now);
    let rows = parts.iter().map(|part| refund_part::ActiveModel {
        id: Set(RowId::new()),
        refund_id: Set(id),
        order_id: Set(part.order),
        order_line_id: Set(part.line),
        amount: Set(Vnd(part.amount)),
    });
    let row = row(id, purchase, payment, amount, owe, now);
    Batch::default().insert([row]).insert(rows.collect::<Vec<_>>()).insert([told]).execute(transaction).await
}

/// What a refund owes, by order.
pub async fn parts_of(connection: &impl ConnectionTrait, id: RefundId) -> Result<Vec<Part>, DbErr> {
    let sql = "SELECT order_id, order_line_id, amount FROM refund_part WHERE refund_id = $1 ORDER BY order_id, id";
    all(connection, sql, [id.into()]).await
}

/// Writes a refund down that belongs to no order.
pub async fn add(connection: &impl ConnectionTrait, row: refund::ActiveModel) -> Result<(), DbErr> {
    refund::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// Takes it to send it, or to ask about it, until the lease ends; nobody else does meanwhile.
pub async fn take(
    connection: &impl ConnectionTrait,
    (id, from): (RefundId, RefundState),
    lease: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "UPDATE refund SET state = 'sending', attempts = attempts + 1, next_at = $3, updated_at = $4
               WHERE id = $1 AND state = $2 AND next_at <= $4";
    Ok(run(connection, sql, [id.into(), from.as_str().into(), lease.into(), now.into()]).await? == 1)
}

/// Its provider has not said what became of it: to be asked again.
pub async fn unknown(
    connection: &impl ConnectionTrait,
    id: RefundId,
    (reason, again): (&str, OffsetDateTime),
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let sql = "UPDATE refund SET state = 'unknown', next_at = $2, last_error = $3, updated_at = $4 WHERE id = $1 AND state = 'sending'";
    run(connection, sql, [id.into(), again.into(), reason.into(), now.into()]).await?;
    Ok(())
}

/// A person is to send it.
pub async fn hand_over(
    connection: &impl ConnectionTrait,
    id: RefundId,
    reason: &str,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql =
        "UPDATE refund SET state = 'manual', last_error = $2, updated_at = $3 WHERE id = $1 AND state = 'sending'";
    Ok(run(connection, sql, [id.into(), reason.into(), now.into()]).await? == 1)
}

/// It was sent: by its provider, or by a person.
pub async fn succeed(
    connection: &impl ConnectionTrait,
    (id, from): (RefundId, RefundState),
    reference: Option<String>,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "UPDATE refund SET state = 'succeeded', provider_reference = $3, last_error = NULL, updated_at = $4
               WHERE id = $1 AND state = $2";
    Ok(run(connection, sql, [id.into(), from.as_str().into(), reference.into(), now.into()]).await? == 1)
}

/// Small sums go by themselves; of several payments it is their sum that counts.
pub async fn let_small_go(connection: &impl ConnectionTrait, ids: &[RefundId], most: i64) -> Result<(), DbErr> {
    let found = refund::Entity::find().filter(refund::Column::Id.is_in(ids.iter().copied())).all(connection).await?;
    if found.iter().map(|row| row.amount.0).sum::<i64>() > most {
        return Ok(());
    }
    let sql = "UPDATE refund SET state = 'due' WHERE id = $1 AND state = 'awaiting_approval'";
    for id in ids {
        run(connection, sql, [(*id).into()]).await?;
    }
    Ok(())
}

/// A person decided: approved, rejected, or to be sent again.
pub async fn decide(
    connection: &impl ConnectionTrait,
    id: RefundId,
    (from, to): (RefundState, RefundState),
    by: AccountId,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "UPDATE refund SET state = $3, next_at = $4, updated_at = $4, attempts = 0,
                      decided_by = CASE WHEN $2 = 'awaiting_approval' THEN $5 ELSE decided_by END
               WHERE id = $1 AND state = $2";
    let values = [id.into(), from.as_str().into(), to.as_str().into(), now.into(), by.into()];
    Ok(run(connection, sql, values).await? == 1)
}
