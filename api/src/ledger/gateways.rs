//! Journals of money that providers and the bank hold for us: pure, as `rules` is.

use entity::value::{AccountId, ContractId, LedgerAccountKind, PaymentId, RefundId};
use uuid::Uuid;

use super::rules::{Account, Entry, Journal};

fn journal(kind: &'static str, subject: Uuid, entries: Vec<Entry>) -> Journal {
    Journal { key: format!("{kind}:{subject}"), kind, subject, note: None, actor: None, entries }
}

/// What somebody holds for us now, and owes to another account.
fn moved(to: Account, from: Account, amount: i64) -> Vec<Entry> {
    vec![Entry::new(to, amount), Entry::new(from, -amount)]
}

/// A purchase was paid a second time: the money came, and goes back as a refund.
pub fn surplus(payment: PaymentId, source: Account, refund: RefundId, amount: i64) -> Vec<Journal> {
    let held = || Account::one(LedgerAccountKind::BuyerFunds);
    let payable = Account::one(LedgerAccountKind::RefundsPayable);
    let owed =
        Journal { key: format!("owed:{refund}"), ..journal("refund_owed", refund.0, moved(held(), payable, amount)) };
    vec![journal("surplus", payment.0, moved(source, held(), amount)), owed]
}

/// The deposit of a contract is there.
pub fn deposited(payment: PaymentId, source: Account, contract: ContractId, amount: i64) -> Journal {
    journal("deposited", payment.0, moved(source, Account::of(LedgerAccountKind::Deposits, contract), amount))
}

/// What is left of a contract's deposit goes back.
pub fn deposit_owed(refund: RefundId, contract: ContractId, amount: i64) -> Journal {
    let (deposit, payable) =
        (Account::of(LedgerAccountKind::Deposits, contract), Account::one(LedgerAccountKind::RefundsPayable));
    Journal { key: format!("owed:{refund}"), ..journal("deposit_owed", refund.0, moved(deposit, payable, amount)) }
}

/// A refund has been sent, from where the money lay; by a person, or by its provider.
pub fn refunded(refund: RefundId, source: Account, amount: i64, by: Option<AccountId>) -> Journal {
    let entries = moved(Account::one(LedgerAccountKind::RefundsPayable), source, amount);
    Journal { actor: by, ..journal("refunded", refund.0, entries) }
}

/// Money of a transfer nobody can place: it is ours to hold.
pub fn unplaced(transfer: Uuid, amount: i64) -> Journal {
    let (bank, unmatched) = (Account::one(LedgerAccountKind::Bank), Account::one(LedgerAccountKind::Unmatched));
    journal("unplaced", transfer, moved(bank, unmatched, amount))
}

/// A person said where money belongs that nobody could place.
pub fn resolved(item: Uuid, to: LedgerAccountKind, amount: i64, note: &str, by: AccountId) -> Journal {
    let entries = moved(Account::one(LedgerAccountKind::Unmatched), Account::one(to), amount);
    Journal { note: Some(note.to_owned()), actor: Some(by), ..journal("resolved", item, entries) }
}

/// One line of a settlement: what a provider or carrier held arrives at the bank, less its fee.
pub fn settled_line(from: Account, amount: i64, fee: i64) -> [Entry; 3] {
    [
        Entry::new(from, -amount),
        Entry::new(Account::one(LedgerAccountKind::GatewayFees), fee),
        Entry::new(Account::one(LedgerAccountKind::Bank), amount - fee),
    ]
}

/// A settlement file, booked as one.
pub fn settled(settlement: Uuid, entries: Vec<Entry>, by: AccountId) -> Journal {
    Journal { actor: Some(by), ..journal("settled", settlement, entries) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(journal: &Journal) -> i64 {
        journal.entries.iter().map(|entry| entry.amount).sum()
    }

    #[test]
    fn every_journal_balances_and_has_a_key_of_its_own() {
        let (payment, refund, by) = (PaymentId(Uuid::now_v7()), RefundId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let gateway = || Account::of(LedgerAccountKind::Gateway, "vnpay");
        let mut journals = surplus(payment, gateway(), refund, 250_000);
        journals.push(refunded(refund, gateway(), 250_000, None));
        journals.push(unplaced(Uuid::now_v7(), 1));
        journals.push(resolved(Uuid::now_v7(), LedgerAccountKind::Adjustments, 99, "quà tặng", by));
        let lines = [(100_000, 1_650), (50_000, 0)];
        let entries = lines.iter().flat_map(|(amount, fee)| settled_line(gateway(), *amount, *fee)).collect();
        journals.push(settled(Uuid::now_v7(), entries, by));
        assert!(journals.iter().all(|journal| balance(journal) == 0));
        let keys: std::collections::BTreeSet<_> = journals.iter().map(|journal| journal.key.clone()).collect();
        assert_eq!(keys.len(), journals.len());
        assert!(keys.contains(&format!("owed:{refund}")) && keys.contains(&format!("surplus:{payment}")));
    }
}
