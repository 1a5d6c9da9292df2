//! Money of other currencies: where it is, and what it was taken for in đồng. Every currency balances by itself; between them stands the
//! exchange account, which holds the foreign money against the đồng it cost (by average), so that what a change at the bank brings more or
//! less is an exchange difference, on an account of its own.

use entity::value::{Currency, LedgerAccountKind};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::rules::{Account, Entry, share};
use crate::platform::db::{all, run};
use crate::platform::problem::Problem;

/// Đồng for an amount in minor units, at ten-thousandths of a đồng for one; rounded half away from zero.
pub fn in_dong(amount: i64, currency: Currency, rate_e4: i64) -> i64 {
    share(amount, rate_e4, currency.minor().saturating_mul(10_000))
}

/// Foreign money that is held, in minor units, and the đồng it was taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub foreign: i64,
    pub cost: i64,
}

impl Position {
    /// What a part of it cost, by average; all of it for all of it.
    fn cost_of(self, amount: i64) -> i64 {
        share(self.cost, amount, self.foreign)
    }
}

fn bank(currency: Currency) -> Account {
    Account::one(LedgerAccountKind::Bank).in_currency(currency)
}

fn held(currency: Currency) -> Account {
    Account::of(LedgerAccountKind::Exchange, currency.as_str()).in_currency(currency)
}

fn cost(currency: Currency) -> Account {
    Account::of(LedgerAccountKind::Exchange, currency.as_str())
}

fn difference() -> Account {
    Account::one(LedgerAccountKind::ExchangeDifference)
}

/// Money came, and is somebody's in đồng at the paper's rate.
pub fn received(currency: Currency, amount: i64, dong: i64, to: Account) -> Vec<Entry> {
    if currency == Currency::Vnd {
        return vec![Entry::new(bank(currency), amount), Entry::new(to, -dong)];
    }
    vec![
        Entry::new(bank(currency), amount),
        Entry::new(held(currency), -amount),
        Entry::new(cost(currency), dong),
        Entry::new(to, -dong),
    ]
}

/// Money goes back at the paper's rate; what it cost more or less by now is a difference.
pub fn returned(currency: Currency, amount: i64, dong: i64, from: Account, position: Position) -> Vec<Entry> {
    if currency == Currency::Vnd {
        return vec![Entry::new(bank(currency), -amount), Entry::new(from, dong)];
    }
    let paid = position.cost_of(amount);
    vec![
        Entry::new(bank(currency), -amount),
        Entry::new(held(currency), amount),
        Entry::new(cost(currency), -paid),
        Entry::new(from, dong),
        Entry::new(difference(), paid - dong),
    ]
}

/// Foreign money was changed into so many đồng at the bank.
pub fn changed(currency: Currency, amount: i64, into: i64, position: Position) -> Vec<Entry> {
    let paid = position.cost_of(amount);
    vec![
        Entry::new(bank(currency), -amount),
        Entry::new(held(currency), amount),
        Entry::new(bank(Currency::Vnd), into),
        Entry::new(cost(currency), -paid),
        Entry::new(difference(), paid - into),
    ]
}

#[derive(FromQueryResult)]
struct Balance {
    currency: Currency,
    balance: i64,
}

/// What is held of a currency; whoever else takes of it waits until the transaction ends.
pub async fn position(transaction: &impl ConnectionTrait, currency: Currency) -> Result<Position, Problem> {
    let sql = "UPDATE ledger_account SET balance = balance WHERE kind = 'exchange' AND owner = $1";
    run(transaction, sql, [currency.as_str().into()]).await?;
    let sql = "SELECT currency, balance FROM ledger_account WHERE kind = 'exchange' AND owner = $1";
    let rows = all::<Balance>(transaction, sql, [currency.as_str().into()]).await?;
    let of = |wanted: Currency| rows.iter().find(|row| row.currency == wanted).map_or(0, |row| row.balance);
    Ok(Position { foreign: -of(currency), cost: of(Currency::Vnd) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::ledger::rules::Journal;

    /// The books of a test.
    #[derive(Default)]
    struct Books(BTreeMap<Account, i64>);

    impl Books {
        fn post(&mut self, entries: Vec<Entry>) {
            let journal =
                Journal { key: String::new(), kind: "test", subject: Uuid::nil(), note: None, actor: None, entries };
            assert_eq!(journal.imbalance(), 0, "{:?}", journal.entries);
            for entry in journal.entries {
                *self.0.entry(entry.account).or_default() += entry.amount;
            }
        }

        fn of(&self, account: &Account) -> i64 {
            self.0.get(account).copied().unwrap_or(0)
        }

        fn position(&self, currency: Currency) -> Position {
            Position { foreign: -self.of(&held(currency)), cost: self.of(&cost(currency)) }
        }
    }

    #[test]
    fn a_dollar_taken_for_25_400_and_changed_at_25_600_brings_200() {
        let mut books = Books::default();
        let buyer = Account::of(LedgerAccountKind::Deposits, "export");
        books.post(received(Currency::Usd, 10_000, in_dong(10_000, Currency::Usd, 254_000_000), buyer.clone()));
        assert_eq!(books.of(&buyer), -2_540_000);
        books.post(changed(Currency::Usd, 10_000, 2_560_000, books.position(Currency::Usd)));
        assert_eq!((books.of(&difference()), books.position(Currency::Usd)), (-20_000, Position::default()));
        assert_eq!(in_dong(1_000, Currency::Jpy, 1_700_000), 170_000);
    }

    #[derive(Clone, Debug)]
    enum Act {
        Deposit(usize, i64, i64),
        Refund(usize, i64),
        Change(usize, i64, i64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            (0_usize..5, 1_i64..10_000_000, 1_i64..400_000_000)
                .prop_map(|(currency, amount, rate)| Act::Deposit(currency, amount, rate)),
            (0_usize..5, 1_i64..=10_000).prop_map(|(currency, part)| Act::Refund(currency, part)),
            (0_usize..5, 1_i64..=10_000, 1_i64..400_000_000)
                .prop_map(|(currency, part, rate)| Act::Change(currency, part, rate)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

        /// Deposits, refunds and changes in any order: every journal balances in each currency (asserted by `post`), and so do the books;
        /// foreign money that is gone cost nothing any more; what is at the bank is what is held.
        #[test]
        fn every_currency_balances_whatever_happens(acts in prop::collection::vec(act(), 1..40)) {
            let all = [Currency::Vnd, Currency::Usd, Currency::Cny, Currency::Eur, Currency::Jpy];
            let mut books = Books::default();
            let buyer = Account::of(LedgerAccountKind::Deposits, "export");
            let mut rates = [10_000_i64; 5];
            for act in acts {
                match act {
                    Act::Deposit(at, amount, rate) => {
                        let rate = if at == 0 { 10_000 } else { rate };
                        rates[at] = rate;
                        books.post(received(all[at], amount, in_dong(amount, all[at], rate), buyer.clone()));
                    }
                    Act::Refund(at, part) => {
                        let position = books.position(all[at]);
                        let there = if at == 0 { books.of(&bank(all[0])) } else { position.foreign };
                        let amount = share(there, part, 10_000);
                        if amount > 0 {
                            books.post(returned(all[at], amount, in_dong(amount, all[at], rates[at]), buyer.clone(), position));
                        }
                    }
                    Act::Change(at, part, rate) => {
                        let position = books.position(all[at]);
                        let amount = share(position.foreign, part, 10_000);
                        if at > 0 && amount > 0 {
                            books.post(changed(all[at], amount, in_dong(amount, all[at], rate), position));
                        }
                    }
                }
                for currency in all {
                    let sum: i64 = books.0.iter().filter(|(account, _)| account.currency == currency).map(|(_, amount)| amount).sum();
                    prop_assert_eq!(sum, 0);
                    if currency != Currency::Vnd {
                        let position = books.position(currency);
                        prop_assert_eq!(books.of(&bank(currency)), position.foreign);
                        prop_assert!(position.foreign >= 0);
                        if position.foreign == 0 { prop_assert_eq!(position.cost, 0); }
                    }
                }
            }
        }
    }
}
