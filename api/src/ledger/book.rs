//! Writing journals. Whoever posts does so once, at the end of its transaction: balances are the last rows it locks, in the
//! order of their accounts, so that two events wait for, and never on, each other.

use std::collections::BTreeMap;

use entity::value::{
    CooperativeId, Currency, JournalId, LedgerAccountId, LedgerAccountKind, OrderId, OrderLineId, PartnerId, PostingId,
    Vnd,
};
use entity::{journal, outbox, posting};
use sea_orm::{ConnectionTrait, FromQueryResult, Set, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::rules::{Account, Entry, Journal};
use crate::platform::db::{Batch, all, placeholders};
use crate::platform::outbox::event;
use crate::platform::problem::Problem;

#[derive(FromQueryResult)]
struct AccountRow {
    id: LedgerAccountId,
    kind: LedgerAccountKind,
    owner: String,
    currency: Currency,
}

/// Entries of the same account, order and line are one posting; what comes to nothing is none.
fn gathered(entries: Vec<Entry>) -> BTreeMap<(Account, Option<OrderId>, Option<OrderLineId>), i64> {
    let mut sums = BTreeMap::new();
    for entry in entries {
        *sums.entry((entry.account, entry.order, entry.line)).or_insert(0_i64) += entry.amount;
    }
    sums.retain(|_, amount| *amount != 0);
    sums
}

/// Rows a statement: SQLite takes 32,766 values.
const MOST: usize = 4_000;

/// Writes journals and moves the balances of their accounts. A journal that does not balance is a fault of ours, and undoes
/// the event; one without entries is not written.
pub async fn post(
    transaction: &impl ConnectionTrait,
    journals: Vec<Journal>,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let mut moved: BTreeMap<Account, i64> = BTreeMap::new();
    let mut written = Vec::new();
    let mut told = Vec::new();
    for journal in journals {
        if journal.imbalance() != 0 {
            return Err(Problem::internal(format!(
                "journal {} is out of balance by {}",
                journal.key,
                journal.imbalance()
            )));
        }
        let Journal { key, kind, subject, note, actor, entries } = journal;
        let sums = gathered(entries);
        told.extend(commissions(kind, subject, &sums, now));
        for ((account, ..), amount) in &sums {
            *moved.entry(account.clone()).or_default() += amount;
        }
        if !sums.is_empty() {
            let id = JournalId::new();
            let row = journal::ActiveModel {
                id: Set(id),
                key: Set(key),
                kind: Set(kind.to_owned()),
                subject_id: Set(subject),
                note: Set(note),
                actor_id: Set(actor),
                at: Set(now),
            };
            written.push((row, id, sums));
        }
    }
    if written.is_empty() {
        return Ok(());
    }
    let accounts = move_balances(transaction, moved).await?;
    let mut rows = Vec::new();
    let mut postings = Vec::new();
    for (row, journal, sums) in written {
        rows.push(row);
        for ((account, order, line), amount) in sums {
            let account = accounts.iter().find(|row| {
                (row.kind, row.owner.as_str(), row.currency) == (account.kind, account.owner.as_str(), account.currency)
            });
            let account = account.ok_or_else(|| Problem::internal("an account without a row"))?;
            postings.push(posting::ActiveModel {
                id: Set(PostingId::new()),
                journal_id: Set(journal),
                account_id: Set(account.id),
                amount: Set(Vnd(amount)),
                order_id: Set(order),
                order_line_id: Set(line),
                at: Set(now),
            });
        }
    }
    if rows.len().max(postings.len()) <= MOST {
        Batch::default().insert(rows).insert(postings).insert(told).execute(transaction).await?;
        return Ok(());
    }
    for told in told.chunks(MOST / 3) {
        Batch::default().insert(told.to_vec()).execute(transaction).await?;
    }
    for rows in rows.chunks(MOST) {
        Batch::default().insert(rows.to_vec()).execute(transaction).await?;
    }
    for postings in postings.chunks(MOST) {
        Batch::default().insert(postings.to_vec()).execute(transaction).await?;
    }
    Ok(())
}

type Sums = BTreeMap<(Account, Option<OrderId>, Option<OrderLineId>), i64>;

/// What partners are to be told: commission of an order is theirs, or was taken back.
fn commissions(kind: &str, subject: Uuid, sums: &Sums, now: OffsetDateTime) -> Vec<outbox::ActiveModel> {
    let mut moved: BTreeMap<(PartnerId, OrderId), i64> = BTreeMap::new();
    for ((account, order, _), amount) in sums {
        if let (Some(partner), Some(order)) = (partner_of(account), order) {
            *moved.entry((partner, *order)).or_default() -= amount;
        }
    }
    let tell = |((partner, order), amount): ((PartnerId, OrderId), i64)| {
        let topic = if amount > 0 { "commission.earned" } else { "commission.reversed" };
        let payload = serde_json::json!({"partner": partner, "amount": amount, "kind": kind, "cause": subject});
        (amount != 0).then(|| event(topic, order.0, payload, now))
    };
    moved.into_iter().filter_map(tell).collect()
}

/// Whose account it is, where that is a cooperative.
fn cooperative_of(account: &Account) -> Option<CooperativeId> {
    let owned = matches!(account.kind, LedgerAccountKind::Cooperative | LedgerAccountKind::Delivery);
    account.owner.parse().ok().filter(|_| owned)
}

/// Whose account it is, where that is a partner; what is only in sight is nobody's yet.
fn partner_of(account: &Account) -> Option<PartnerId> {
    account.owner.parse().ok().filter(|_| account.kind == LedgerAccountKind::Partner)
}

async fn move_balances(
    transaction: &impl ConnectionTrait,
    moved: BTreeMap<Account, i64>,
) -> Result<Vec<AccountRow>, Problem> {
    let mut values: Vec<Value> = Vec::new();
    for (account, amount) in &moved {
        values.extend([
            LedgerAccountId::new().into(),
            account.kind.as_str().into(),
            account.owner.as_str().into(),
            cooperative_of(account).into(),
            partner_of(account).into(),
            account.currency.as_str().into(),
            (*amount).into(),
        ]);
    }
    let sql = format!(
        "INSERT INTO ledger_account (id, kind, owner, cooperative_id, partner_id, currency, balance) VALUES {}
         ON CONFLICT (kind, owner, currency) DO UPDATE SET balance = ledger_account.balance + excluded.balance
         RETURNING id, kind, owner, currency",
        placeholders(1, moved.len(), 7)
    );
    Ok(all(transaction, sql, values).await?)
}
