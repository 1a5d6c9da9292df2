//! Bills of contracts: a deposit, or what is left to pay for an order after it was accepted. They are paid by bank transfer, known by
//! their reference as every other payment.

use entity::payment;
use entity::value::{ContractId, OrderId, PaymentId, PaymentState, PurchaseId};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::attempts::reference;
use super::provider::PaymentAction;
use super::vietqr::VietQr;
use crate::config::Config;
use crate::ledger::payments::bill_row;
use crate::platform::problem::Problem;

/// A bill, and how it is paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Bill {
    pub id: PaymentId,
    #[serde(skip)]
    pub contract_id: ContractId,
    /// None: the contract's deposit.
    #[serde(skip)]
    pub order_id: Option<OrderId>,
    /// What the transfer is known by.
    pub reference: String,
    /// Đồng.
    pub amount: i64,
    /// Đồng that went back.
    pub refunded: i64,
    pub state: PaymentState,
    /// What to transfer; only while it is pending, and where a bank account is configured.
    #[schema(required = true)]
    pub action: Option<PaymentAction>,
}

/// Writes a bill.
pub async fn write(
    transaction: &impl ConnectionTrait,
    purchase: PurchaseId,
    of: (ContractId, Option<OrderId>),
    amount: i64,
    now: OffsetDateTime,
) -> Result<PaymentId, Problem> {
    let row = bill_row(purchase, of, (amount, reference(now)), now).insert(transaction).await?;
    Ok(row.id)
}

/// Bills of contracts, oldest first.
pub async fn of_contracts(
    connection: &impl ConnectionTrait,
    contracts: &[ContractId],
    config: &Config,
) -> Result<Vec<Bill>, Problem> {
    let bank = VietQr::configured(config);
    let mut bills = Vec::new();
    for part in contracts.chunks(1_000) {
        let found = payment::Entity::find()
            .filter(payment::Column::ContractId.is_in(part.iter().copied()))
            .filter(payment::Column::State.ne(PaymentState::Cancelled))
            .all(connection)
            .await?;
        for row in found {
            let Some(contract_id) = row.contract_id else { continue };
            let pending = row.state == PaymentState::Pending;
            let action = bank.as_ref().filter(|_| pending).map(|bank| bank.transfer(&row.reference, row.amount.0));
            bills.push(Bill {
                id: row.id,
                contract_id,
                order_id: row.order_id,
                reference: row.reference,
                amount: row.amount.0,
                refunded: row.refunded_amount.0,
                state: row.state,
                action,
            });
        }
    }
    bills.sort_by_key(|bill| bill.id);
    Ok(bills)
}
