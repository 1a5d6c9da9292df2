//! What a provider's word does: one payment, one transaction, whatever comes twice or out of order.

use std::sync::Arc;

use actix_web::web::Data;
use entity::payment;
use entity::value::{
    ContractId, LedgerAccountKind, OrderActor, OrderId, OrderState, PaymentId, PaymentMethod, PaymentState, PurchaseId,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, TransactionTrait};
use time::{Duration, OffsetDateTime};

use super::provider::{Notice, Outcome};
use super::providers::Providers;
use super::rules::{Verdict, next, pause};
use super::unmatched;
use crate::config::Config;
use crate::ledger::payments::{self, Became};
use crate::ledger::refunds::{self, Owe};
use crate::ledger::rules::Account;
use crate::ledger::{gateways, post};
use crate::orders::ordering::refunds::{What, owe};
use crate::orders::ordering::sale;
use crate::orders::ordering::{Action, By, Tools, hold, order_within, pay_by, step_within};
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all, is_duplicate, one};
use crate::platform::outbox::{Bell, emit};
use crate::platform::problem::{BUSY, Problem};
use crate::platform::read_model::{Level, ReadModel};
use crate::shop::promotion;

/// What the payment slice works with.
#[derive(Clone)]
pub struct Till {
    pub db: Db,
    pub clock: Clock,
    pub read_model: ReadModel,
    pub bell: Data<Bell>,
    pub config: Data<Config>,
    pub providers: Arc<Providers>,
}

/// While a payment is in flight, its goods are held so much longer than it can take.
const GRACE: Duration = Duration::minutes(15);

pub async fn by_reference(connection: &impl ConnectionTrait, reference: &str) -> Result<Option<payment::Model>, DbErr> {
    one(connection, "SELECT * FROM payment WHERE reference = $1", [reference.into()]).await
}

impl Till {
    fn tools(&self) -> Tools<'_> {
        Tools { db: &self.db, read_model: &self.read_model, bell: &self.bell, now: self.clock.now() }
    }

    /// Applies what a provider says. Amounts must agree to the đồng; what was captured stays so.
    pub async fn apply(&self, method: PaymentMethod, notice: &Notice) -> Result<Outcome, Problem> {
        // A second payment of the same purchase at the same moment loses at the unique key, and is surplus at the next try.
        for _ in 0..4 {
            match self.apply_once(method, notice).await {
                Err(Applying::Again) => {}
                Err(Applying::Failed(problem)) => return Err(problem),
                Ok((outcome, levels)) => {
                    self.read_model.levels_changed(&levels).await;
                    if outcome == Outcome::Confirmed {
                        self.bell.ring();
                    }
                    return Ok(outcome);
                }
            }
        }
        Err(Problem::internal(format!("payment {} cannot be settled", notice.reference)))
    }

    async fn apply_once(&self, method: PaymentMethod, notice: &Notice) -> Result<(Outcome, Vec<Level>), Applying> {
        let transaction = self.db.begin().await.map_err(Problem::from)?;
        self.apply_in(transaction, method, notice).await
    }

    /// As [`Self::apply`], as the last act of the caller's transaction.
    pub async fn apply_within(
        &self,
        transaction: DatabaseTransaction,
        method: PaymentMethod,
        notice: &Notice,
    ) -> Result<(Outcome, Vec<Level>), Problem> {
        self.apply_in(transaction, method, notice).await.map_err(|applying| match applying {
            Applying::Again => Problem::new(&BUSY).retry_after(1),
            Applying::Failed(problem) => problem,
        })
    }

    async fn apply_in(
        &self,
        transaction: DatabaseTransaction,
        method: PaymentMethod,
        notice: &Notice,
    ) -> Result<(Outcome, Vec<Level>), Applying> {
        let now = self.clock.now();
        let found = by_reference(&transaction, &notice.reference).await.map_err(Problem::from)?;
        let Some(row) = found.filter(|row| row.method == method) else { return Ok((Outcome::NotFound, Vec::new())) };
        if notice.amount != row.amount.0 && matches!(notice.verdict, Verdict::Paid | Verdict::Authorised) {
            let detail = format!("{} instead of {}", notice.amount, row.amount);
            unmatched::unclear(&transaction, &row, &detail, now).await?;
            transaction.commit().await.map_err(Problem::from)?;
            return Ok((Outcome::WrongAmount, Vec::new()));
        }
        let Some(to) = next(row.state, &notice.verdict) else { return Ok((Outcome::AlreadyConfirmed, Vec::new())) };
        if to == PaymentState::Captured {
            // Before anything else is asked: whoever else pays for these orders, at the door too, comes before or after.
            for order in orders_of(&row)? {
                sale::lock(&transaction, order).await?;
            }
        }
        let surplus =
            to == PaymentState::Captured && row.contract_id.is_none() && paid_already(&transaction, &row).await?;
        let failure = match &notice.verdict {
            Verdict::Failed(reason) => Some(reason.chars().take(200).collect::<String>()),
            _ => None,
        };
        let asks = matches!(to, PaymentState::Pending | PaymentState::Authorised);
        let became = Became {
            state: to,
            surplus,
            failure,
            provider_reference: notice.provider_reference.clone().filter(|text| !text.is_empty()),
            ask_at: asks.then(|| now + Duration::minutes(2)),
        };
        match payments::become_of(&transaction, (row.id, row.state), became, now).await {
            Ok(true) => {}
            // Somebody else's word was first.
            Ok(false) => return Err(Applying::Again),
            Err(error) if is_duplicate(&error) => return Err(Applying::Again),
            Err(error) => return Err(Applying::Failed(error.into())),
        }
        let mut levels = Vec::new();
        match to {
            PaymentState::Captured if surplus => self.give_back(&transaction, &row, now).await?,
            PaymentState::Captured => {
                levels = match row.contract_id {
                    Some(contract) => self.capture_bill(&transaction, &row, contract, now).await?,
                    None => self.capture(&transaction, &row, now).await?,
                };
            }
            PaymentState::Authorised => drop(hold(&transaction, row.purchase_id, now + Duration::hours(1)).await?),
            _ => {}
        }
        transaction.commit().await.map_err(Problem::from)?;
        metrics::counter!("ocop_payments_total", "method" => method.as_str(), "state" => to.as_str()).increment(1);
        Ok((Outcome::Confirmed, levels))
    }

    /// Where a payment's money is now.
    pub fn source(&self, row: &payment::Model) -> Account {
        match self.providers.get(row.method) {
            Some(provider) => provider.account(),
            None => Account::of(LedgerAccountKind::Gateway, row.method.as_str()),
        }
    }

    /// The orders are paid: they go to their sellers. What expired meanwhile lives again if its goods are still there, and is
    /// paid back if not, as is what was cancelled.
    async fn capture(
        &self,
        transaction: &DatabaseTransaction,
        row: &payment::Model,
        now: OffsetDateTime,
    ) -> Result<Vec<Level>, Problem> {
        let orders = orders_of(row)?;
        let source = self.source(row);
        let (mut journals, mut levels, mut late) = (Vec::new(), Vec::new(), Vec::new());
        pay_by(transaction, row.purchase_id, row.method).await?;
        for order in &orders {
            let standing = order_within(transaction, *order).await?;
            let total = standing.total_amount.0;
            journals.extend(sale::capture(transaction, *order, &[(source.clone(), total)], row.id.0, now).await?);
            let respond_by = Some(now + Duration::hours(self.config.terms().order_response_hours.into()));
            let by = By { respond_by, ..By::of(OrderActor::System, None, Some("paid".to_owned())) };
            match standing.state {
                OrderState::AwaitingPayment => {
                    levels.extend(step_within(transaction, &self.tools(), &standing, Action::Pay, by).await?);
                }
                OrderState::Expired => {
                    // Within the transaction, to be taken back alone if the goods are gone.
                    let attempt = transaction.begin().await?;
                    match step_within(&attempt, &self.tools(), &standing, Action::Revive, by).await {
                        Ok(changed) if promotion::take_again(&attempt, row.purchase_id, now).await? => {
                            attempt.commit().await?;
                            levels.extend(changed);
                        }
                        Err(problem) if problem.code.status >= 500 => return Err(problem),
                        _ => {
                            attempt.rollback().await?;
                            late.push(*order);
                        }
                    }
                }
                _ => late.push(*order),
            }
        }
        for order in late {
            let because = Owe::because("paid_too_late");
            if let Some(owed) = owe(transaction, &[(order, What::Everything)], because, now).await? {
                journals.extend(owed.journals);
            }
        }
        post(transaction, journals, now).await?;
        Ok(levels)
    }

    /// A bill of a contract is paid: its deposit is there, or one of its orders is settled, and over.
    async fn capture_bill(
        &self,
        transaction: &DatabaseTransaction,
        row: &payment::Model,
        contract: ContractId,
        now: OffsetDateTime,
    ) -> Result<Vec<Level>, Problem> {
        let (source, amount) = (self.source(row), row.amount.0);
        let orders = orders_of(row)?;
        let (mut journals, mut levels) = (Vec::new(), Vec::new());
        if orders.is_empty() {
            journals.push(gateways::deposited(row.id, source.clone(), contract, amount));
        }
        for order in orders {
            journals.extend(sale::settle(transaction, order, Some((source.clone(), amount)), row.id.0, now).await?);
            let standing = order_within(transaction, order).await?;
            if standing.state == OrderState::Delivered {
                let by = By::of(OrderActor::System, None, Some("settled".to_owned()));
                levels.extend(step_within(transaction, &self.tools(), &standing, Action::Complete, by).await?);
            }
        }
        post(transaction, journals, now).await?;
        let told = serde_json::json!({"contract_id": contract, "reference": row.reference, "amount": amount});
        emit(transaction, "bill.paid", row.id.0, told, now).await?;
        Ok(levels)
    }

    /// The purchase was paid before: all of this goes back.
    async fn give_back(
        &self,
        transaction: &DatabaseTransaction,
        row: &payment::Model,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        let amount = row.amount.0;
        let id = entity::value::RefundId::new();
        let because = Owe::because("paid_twice");
        let refund = refunds::row(id, row.purchase_id, Some(row.id), amount, &because, now);
        refunds::add(transaction, refund).await?;
        let journals = gateways::surplus(row.id, self.source(row), id, amount);
        post(transaction, journals, now).await
    }

    /// Asks the provider about a payment nobody has told us of, and plans the next question.
    pub async fn ask_about(&self, row: &payment::Model) -> Result<(), Problem> {
        let now = self.clock.now();
        let Some(provider) = self.providers.get(row.method).cloned() else { return Ok(()) };
        let over = row.expires_at.is_some_and(|end| end + GRACE <= now);
        let answer = provider.query(row, now).await;
        let notice = |verdict| Notice {
            reference: row.reference.clone(),
            amount: row.amount.0,
            verdict,
            provider_reference: None,
            data: serde_json::Value::Null,
        };
        match answer {
            Ok(found) if found.verdict == Verdict::Pending && over => {
                self.apply(row.method, &notice(Verdict::Expired)).await?;
            }
            Ok(found) => drop(self.apply(row.method, &found).await?),
            // Only what the buyer does settles it, or time.
            Err(super::provider::Failure::Unsupported) if over => {
                self.apply(row.method, &notice(Verdict::Expired)).await?;
            }
            Err(super::provider::Failure::Unsupported) => {}
            Err(failure) => tracing::info!(payment = %row.reference, reason = failure.text(), "still unknown"),
        }
        let again = pause(row.queries);
        let transaction = self.db.begin().await?;
        if again.is_none() {
            unmatched::unclear(&transaction, row, "the provider does not say what became of it", now).await?;
        }
        let next = again.map(|seconds| now + Duration::seconds(seconds));
        if payments::asked(&transaction, row.id, next, now).await?
            && let Some(seconds) = again
            && row.state != PaymentState::Pending
        {
            hold(&transaction, row.purchase_id, now + Duration::seconds(seconds) + GRACE).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Payments that are due to be asked about.
    pub async fn questions(&self) -> Result<Vec<payment::Model>, DbErr> {
        let sql = "SELECT * FROM payment WHERE next_query_at <= $1 ORDER BY next_query_at LIMIT 20";
        all(self.db.fresh(), sql, [self.clock.now().into()]).await
    }
}

/// Until when goods are held for a payment that ends then.
pub fn held_until(expires_at: OffsetDateTime) -> OffsetDateTime {
    expires_at + GRACE
}

enum Applying {
    /// Somebody was faster; look again.
    Again,
    Failed(Problem),
}

impl From<Problem> for Applying {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

/// The ids of what a payment pays, in order.
pub fn orders_of(row: &payment::Model) -> Result<Vec<OrderId>, Problem> {
    let mut orders: Vec<OrderId> = serde_json::from_value(row.orders.clone()).map_err(Problem::internal)?;
    orders.sort_unstable();
    Ok(orders)
}

#[derive(sea_orm::FromQueryResult)]
struct Found {
    #[allow(dead_code, reason = "that there is a row is what counts")]
    id: PaymentId,
}

/// Whether another payment has paid for this purchase, in whole or for one of its orders.
async fn paid_already(connection: &impl ConnectionTrait, row: &payment::Model) -> Result<bool, Problem> {
    let sql = "SELECT id FROM payment WHERE purchase_id = $1 AND id <> $2 AND NOT surplus
                 AND (state IN ('captured', 'partly_refunded', 'refunded') OR (method = 'cash_on_delivery' AND state = 'pending'))";
    let purchase: PurchaseId = row.purchase_id;
    Ok(one::<Found>(connection, sql, [purchase.into(), row.id.into()]).await?.is_some())
}
