//! Refunds on their way: taken under a lease, sent to the provider, and what it answered.

use entity::value::{AccountId, AuditActor, LedgerAccountKind, ReconciliationKind, RefundState};
use entity::{payment, refund};
use serde_json::json;
use time::Duration;

use super::provider::{Failure, Repaid, Repayment};
use super::refunds::REFUND_STATE;
use super::rules::pause;
use super::settle::Till;
use super::unmatched::queue;
use crate::ledger::rules::Account;
use crate::ledger::{self, gateways, payments, refunds as refund_states};
use crate::platform::audit;
use crate::platform::db::{all, by_id, run};
use crate::platform::outbox::emit;
use crate::platform::problem::Problem;

/// A worker that dies leaves a refund it was sending to be asked about after so long.
const LEASE: Duration = Duration::minutes(2);

impl Till {
    /// Sends what is due, and asks about what is unknown.
    pub async fn send_refunds(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        let due = all::<refund::Model>(
            self.db.fresh(),
            "SELECT * FROM refund WHERE state IN ('due', 'sending', 'unknown') AND next_at <= $1 ORDER BY next_at LIMIT 20",
            [now.into()],
        )
        .await?;
        for row in due {
            if let Err(problem) = self.send_refund(&row).await {
                tracing::warn!(refund = %row.number, %problem, "a refund could not be handled; trying again");
            }
        }
        Ok(())
    }

    async fn send_refund(&self, row: &refund::Model) -> Result<(), Problem> {
        let now = self.clock.now();
        let fresh = row.state == RefundState::Due;
        // Written down before the provider is called: a refund that may have been heard is never sent again unasked.
        if !refund_states::take(self.db.write(), (row.id, row.state), now + LEASE, now).await? {
            return Ok(());
        }
        let payment = match row.payment_id {
            Some(id) => by_id::<payment::Entity>(self.db.fresh(), id).await?,
            None => None,
        };
        let provider = payment.as_ref().and_then(|payment| self.providers.get(payment.method));
        let (Some(payment), Some(provider)) = (&payment, provider) else {
            return self.hand_over(row, "its provider is not configured").await;
        };
        let description = format!("Hoan tien {}", row.number);
        let repayment = Repayment {
            payment,
            reference: &row.number,
            amount: row.amount.0,
            full: row.amount == payment.amount,
            description: &description,
            now,
        };
        let mut answer =
            if fresh { provider.refund(&repayment).await } else { provider.query_refund(&repayment).await };
        if matches!(answer, Ok(Repaid::NotThere)) {
            answer = provider.refund(&repayment).await;
        }
        match answer {
            Ok(Repaid::Done(reference)) => self.refund_done(row, payment, reference, None).await,
            Ok(Repaid::Pending | Repaid::NotThere) => self.refund_unknown(row, "under way").await,
            Err(Failure::Refused(reason)) => self.hand_over(row, &reason).await,
            Err(Failure::Unsupported) => self.hand_over(row, Failure::Unsupported.text()).await,
            Err(Failure::Unknown(reason)) => self.refund_unknown(row, &reason).await,
        }
    }

    async fn refund_unknown(&self, row: &refund::Model, reason: &str) -> Result<(), Problem> {
        let now = self.clock.now();
        let Some(seconds) = pause(row.attempts) else {
            return self.hand_over(row, &format!("the provider does not say: {reason}")).await;
        };
        let (reason, again): (String, _) = (reason.chars().take(300).collect(), now + Duration::seconds(seconds));
        refund_states::unknown(self.db.write(), row.id, (&reason, again), now).await?;
        Ok(())
    }

    /// A person sends it, by a transfer.
    async fn hand_over(&self, row: &refund::Model, reason: &str) -> Result<(), Problem> {
        let now = self.clock.now();
        let transaction = self.db.begin().await?;
        let reason: String = reason.chars().take(300).collect();
        if refund_states::hand_over(&transaction, row.id, &reason, now).await? {
            let what = (ReconciliationKind::RefundFailed, row.id.0);
            queue(&transaction, what, row.amount.0, row.payment_id, &reason, now).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// It was sent: by its provider, or (`by`) by a person from our bank account.
    pub(super) async fn refund_done(
        &self,
        row: &refund::Model,
        payment: &payment::Model,
        reference: Option<String>,
        by: Option<AccountId>,
    ) -> Result<(), Problem> {
        let now = self.clock.now();
        let from = if by.is_some() { RefundState::Manual } else { RefundState::Sending };
        let transaction = self.db.begin().await?;
        if !refund_states::succeed(&transaction, (row.id, from), reference, now).await? {
            return Err(Problem::new(&REFUND_STATE));
        }
        payments::send_back(&transaction, payment.id, row.amount.0, now).await?;
        let source = if by.is_some() { Account::one(LedgerAccountKind::Bank) } else { self.source(payment) };
        let journal = gateways::refunded(row.id, source, row.amount.0, by);
        if by.is_some() {
            let sql = "UPDATE reconciliation_item SET state = 'resolved', resolution = 'sent', resolved_by = $2, resolved_at = $3
                       WHERE kind = 'refund_failed' AND subject_id = $1 AND state = 'open'";
            run(&transaction, sql, [row.id.into(), by.into(), now.into()]).await?;
            let change = audit::Change {
                actor: (AuditActor::User, by.map(|by| by.0)),
                action: "refund.sent",
                entity: "refund",
                entity_id: row.id.0,
                before: Some(json!({"state": row.state})),
                after: Some(json!({"state": "succeeded", "amount": row.amount})),
            };
            audit::record(&transaction, change, now).await?;
        }
        emit(&transaction, "refund.succeeded", row.id.0, json!({"amount": row.amount.0}), now).await?;
        ledger::post(&transaction, vec![journal], now).await?;
        transaction.commit().await?;
        self.bell.ring();
        Ok(())
    }
}
