//! Payments as they are written: an attempt through a provider, cash to be collected, what became of either. Who decides
//! what happens to one stands above; that each step happens once is seen to here.

use entity::payment;
use entity::value::{ContractId, OrderId, PaymentId, PaymentMethod, PaymentState, PurchaseId, Vnd};
use sea_orm::{ConnectionTrait, DbErr, Set};
use serde_json::Value;
use time::OffsetDateTime;

use crate::platform::db::run;

/// What is to be paid, before anything is known of who pays it how.
fn pending(
    purchase: PurchaseId,
    orders: &[OrderId],
    (method, amount, reference): (PaymentMethod, i64, String),
    now: OffsetDateTime,
) -> payment::ActiveModel {
    payment::ActiveModel {
        id: Set(PaymentId::new()),
        purchase_id: Set(purchase),
        order_id: Set(None),
        method: Set(method),
        reference: Set(reference),
        state: Set(PaymentState::Pending),
        amount: Set(Vnd(amount)),
        refunded_amount: Set(Vnd::ZERO),
        currency: Set(Vnd::CURRENCY.to_owned()),
        orders: Set(serde_json::json!(orders)),
        action: Set(None),
        provider_reference: Set(None),
        provider_data: Set(None),
        surplus: Set(false),
        contract_id: Set(None),
        failure: Set(None),
        queries: Set(0),
        next_query_at: Set(None),
        expires_at: Set(None),
        captured_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

/// Cash to be collected for an order.
pub fn cash_row(
    purchase: PurchaseId,
    order: OrderId,
    amount: i64,
    reference: String,
    now: OffsetDateTime,
) -> payment::ActiveModel {
    let cash = (PaymentMethod::CashOnDelivery, amount, reference);
    payment::ActiveModel { order_id: Set(Some(order)), ..pending(purchase, &[order], cash, now) }
}

/// An attempt to pay several orders at once through a provider, which is asked from `ask_at` on if it says nothing.
pub fn attempt_row(
    purchase: PurchaseId,
    orders: &[OrderId],
    attempt: (PaymentMethod, i64, String),
    (expires_at, ask_at): (OffsetDateTime, OffsetDateTime),
    now: OffsetDateTime,
) -> payment::ActiveModel {
    payment::ActiveModel {
        expires_at: Set(Some(expires_at)),
        next_query_at: Set(Some(ask_at)),
        ..pending(purchase, orders, attempt, now)
    }
}

/// A bill of a contract: its deposit, or what is left to pay for one of its orders. It waits for its transfer, however long.
pub fn bill_row(
    purchase: PurchaseId,
    (contract, order): (ContractId, Option<OrderId>),
    (amount, reference): (i64, String),
    now: OffsetDateTime,
) -> payment::ActiveModel {
    let transfer = (PaymentMethod::BankTransfer, amount, reference);
    let orders: Vec<OrderId> = order.into_iter().collect();
    payment::ActiveModel {
        order_id: Set(order),
        contract_id: Set(Some(contract)),
        ..pending(purchase, &orders, transfer, now)
    }
}

/// The deposit of a contract is no longer asked for.
pub async fn forget_deposit(
    connection: &impl ConnectionTrait,
    contract: ContractId,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let sql = "UPDATE payment SET state = 'cancelled', updated_at = $2 WHERE contract_id = $1 AND order_id IS NULL AND state = 'pending'";
    run(connection, sql, [contract.into(), now.into()]).await?;
    Ok(())
}

/// What a provider answered to an attempt's beginning.
pub struct Begun {
    pub state: PaymentState,
    pub action: Option<Value>,
    pub provider_data: Option<Value>,
    pub failure: Option<String>,
    pub ask_at: Option<OffsetDateTime>,
}

pub async fn begin(
    connection: &impl ConnectionTrait,
    id: PaymentId,
    begun: Begun,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    run(
        connection,
        "UPDATE payment SET state = $2, action = $3, provider_data = $4, failure = $5, next_query_at = $6, updated_at = $7
         WHERE id = $1 AND state = 'pending'",
        [
            id.into(),
            begun.state.as_str().into(),
            begun.action.into(),
            begun.provider_data.into(),
            begun.failure.into(),
            begun.ask_at.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What became of a payment.
pub struct Became {
    pub state: PaymentState,
    /// Its orders had been paid before.
    pub surplus: bool,
    pub failure: Option<String>,
    pub provider_reference: Option<String>,
    pub ask_at: Option<OffsetDateTime>,
}

/// One step; false if it no longer stands where it was read.
pub async fn become_of(
    connection: &impl ConnectionTrait,
    (id, from): (PaymentId, PaymentState),
    became: Became,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let moved = run(
        connection,
        "UPDATE payment SET state = $3, surplus = $4, failure = $5, provider_reference = COALESCE($6, provider_reference),
                captured_at = CASE WHEN $3 = 'captured' THEN $7 END, next_query_at = $8, updated_at = $7
         WHERE id = $1 AND state = $2",
        [
            id.into(),
            from.as_str().into(),
            became.state.as_str().into(),
            became.surplus.into(),
            became.failure.into(),
            became.provider_reference.into(),
            now.into(),
            became.ask_at.into(),
        ],
    )
    .await?;
    Ok(moved == 1)
}

/// Its provider was asked once more, and is asked again then; false if it is no longer open.
pub async fn asked(
    connection: &impl ConnectionTrait,
    id: PaymentId,
    again: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "UPDATE payment SET queries = queries + 1, next_query_at = $2, updated_at = $3
               WHERE id = $1 AND state IN ('pending', 'unknown', 'authorised')";
    Ok(run(connection, sql, [id.into(), again.into(), now.into()]).await? == 1)
}

/// So much of it was sent back.
pub async fn send_back(
    connection: &impl ConnectionTrait,
    id: PaymentId,
    amount: i64,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let sql = "UPDATE payment SET refunded_amount = refunded_amount + $2, updated_at = $3,
                      state = CASE WHEN refunded_amount + $2 = amount THEN 'refunded' ELSE 'partly_refunded' END WHERE id = $1";
    run(connection, sql, [id.into(), amount.into(), now.into()]).await?;
    Ok(())
}

/// Cash was handed over.
pub async fn cash_in(connection: &impl ConnectionTrait, id: PaymentId, now: OffsetDateTime) -> Result<(), DbErr> {
    let sql = "UPDATE payment SET state = 'captured', captured_at = $2, updated_at = $2 WHERE id = $1";
    run(connection, sql, [id.into(), now.into()]).await?;
    Ok(())
}

/// Cash for an order is no longer awaited.
pub async fn forget_cash(connection: &impl ConnectionTrait, order: OrderId, now: OffsetDateTime) -> Result<(), DbErr> {
    let sql = "UPDATE payment SET state = 'cancelled', updated_at = $2 WHERE order_id = $1 AND state = 'pending'";
    run(connection, sql, [order.into(), now.into()]).await?;
    Ok(())
}

/// Another sum is to be collected for an order.
pub async fn ask_for(connection: &impl ConnectionTrait, order: OrderId, amount: i64) -> Result<(), DbErr> {
    let sql = "UPDATE payment SET amount = $2 WHERE order_id = $1 AND state = 'pending' AND $2 > 0";
    run(connection, sql, [order.into(), amount.into()]).await?;
    Ok(())
}
