//! What an order's step does to its money, in the step's own transaction.

use entity::value::{OrderId, OrderState, PurchaseId, Vnd};
use sea_orm::{ConnectionTrait, FromQueryResult};
use time::OffsetDateTime;

use super::refunds::{What, owe};
use super::sale;
use super::store::OrderRow;
use crate::ledger::payments;
use crate::ledger::refunds::Owe;
use crate::ledger::rules::Journal;
use crate::platform::db::{all, run};
use crate::platform::problem::Problem;
use crate::shop::promotion;

/// An order arrived in a state: delivered, its money is the cooperative's; ended, what was paid is owed back, cash is no
/// longer awaited, and promotions may be used again; completed, whoever brought the buyer is owed commission. The journals to
/// be posted.
pub async fn follow(
    transaction: &impl ConnectionTrait,
    row: &OrderRow,
    to: OrderState,
    reason: &str,
    now: OffsetDateTime,
) -> Result<Vec<Journal>, Problem> {
    match to {
        OrderState::Delivered => {
            let mut journals = sale::collect_cash(transaction, row.id, now).await?;
            journals.extend(sale::earn(transaction, row.id, now).await?);
            Ok(journals)
        }
        OrderState::Cancelled | OrderState::Expired => {
            payments::forget_cash(transaction, row.id, now).await?;
            let owed = owe(transaction, &[(row.id, What::Everything)], Owe::because(reason), now).await?;
            promotion::release(transaction, row.purchase_id, now).await?;
            Ok(owed.map(|owed| owed.journals).unwrap_or_default())
        }
        OrderState::Completed => sale::complete(transaction, row.id).await,
        _ => Ok(Vec::new()),
    }
}

/// A payment is under way: the goods of a purchase stay reserved at least so long.
pub async fn hold(
    transaction: &impl ConnectionTrait,
    purchase: PurchaseId,
    until: OffsetDateTime,
) -> Result<u64, Problem> {
    let sql =
        "UPDATE orders SET respond_by = $2 WHERE purchase_id = $1 AND state = 'awaiting_payment' AND respond_by < $2";
    Ok(run(transaction, sql, [purchase.into(), until.into()]).await?)
}

/// An order that waits for its money.
#[derive(FromQueryResult)]
pub struct Due {
    pub id: OrderId,
    pub total_amount: Vnd,
}

/// What of a purchase is to be paid, taken so that nobody pays or cancels it at the same moment; in the order of the ids.
pub async fn due(
    transaction: &impl ConnectionTrait,
    purchase: PurchaseId,
    now: OffsetDateTime,
) -> Result<Vec<Due>, Problem> {
    let sql = "UPDATE orders SET updated_at = updated_at WHERE purchase_id = $1 AND state = 'awaiting_payment' AND respond_by > $2
               RETURNING id, total_amount";
    let mut due = all::<Due>(transaction, sql, [purchase.into(), now.into()]).await?;
    due.sort_by_key(|order| order.id);
    Ok(due)
}
