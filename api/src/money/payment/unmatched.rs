//! What matches nothing waits for a person.

use entity::payment;
use entity::value::{PaymentId, ReconciliationId, ReconciliationKind, Vnd};
use sea_orm::{ConnectionTrait, Set};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::platform::db::run;
use crate::platform::problem::Problem;

/// Money that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub source: &'static str,
    pub bank_reference: String,
    pub amount: i64,
    pub description: String,
    pub at: OffsetDateTime,
}

/// Puts something before a person, once.
pub async fn queue(
    transaction: &impl ConnectionTrait,
    (kind, subject): (ReconciliationKind, Uuid),
    amount: i64,
    payment: Option<PaymentId>,
    detail: &str,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    run(
        transaction,
        "INSERT INTO reconciliation_item (id, kind, amount, subject_id, payment_id, detail, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'open', $7) ON CONFLICT (kind, subject_id) DO NOTHING",
        [
            ReconciliationId::new().into(),
            kind.as_str().into(),
            amount.into(),
            subject.into(),
            payment.into(),
            detail.chars().take(500).collect::<String>().into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

/// A payment whose provider says something else than we know, or nothing.
pub async fn unclear(
    transaction: &impl ConnectionTrait,
    row: &payment::Model,
    detail: &str,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let what = (ReconciliationKind::PaymentUnclear, row.id.0);
    queue(transaction, what, row.amount.0, Some(row.id), detail, now).await
}

/// A transfer's row.
pub fn transfer_row(
    id: entity::value::RowId,
    transfer: &Transfer,
    payment: Option<PaymentId>,
    now: OffsetDateTime,
) -> entity::bank_transfer::ActiveModel {
    entity::bank_transfer::ActiveModel {
        id: Set(id),
        source: Set(transfer.source.to_owned()),
        bank_reference: Set(transfer.bank_reference.clone()),
        amount: Set(Vnd(transfer.amount)),
        description: Set(transfer.description.chars().take(500).collect()),
        transferred_at: Set(transfer.at),
        payment_id: Set(payment),
        created_at: Set(now),
    }
}
