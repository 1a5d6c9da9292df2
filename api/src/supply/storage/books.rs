//! What is owed for storing and processing: pure, and the journal of it.

use entity::value::{CooperativeId, LedgerAccountKind};
use uuid::Uuid;

use super::keeper::Keeper;
use crate::ledger::rules::{Account, Entry, Journal, share};

/// Đồng for some kilograms through some days, at a price for 100 kg a day; rounded half up.
pub(super) fn cost(price: i64, kg: i64, days: i64) -> i64 {
    share(price.saturating_mul(days), kg, 100)
}

/// A cooperative owes another, or a partner, for a service.
pub(super) fn owed(
    (kind, subject, number): (&'static str, Uuid, &str),
    (from, to): (CooperativeId, Keeper),
    amount: i64,
) -> Journal {
    let to = match to {
        Keeper::Cooperative(id) => Account::of(LedgerAccountKind::Cooperative, id),
        Keeper::Partner(id) => Account::of(LedgerAccountKind::Partner, id),
    };
    let from = Account::of(LedgerAccountKind::Cooperative, from);
    Journal {
        key: format!("{kind}:{subject}"),
        kind,
        subject,
        note: Some(number.to_owned()),
        actor: None,
        entries: vec![Entry::new(from, amount), Entry::new(to, -amount)],
    }
}

#[cfg(test)]
mod tests {
    use super::cost;

    #[test]
    fn storing_costs_by_weight_and_day() {
        assert_eq!((cost(9_000, 2_000, 10), cost(9_000, 50, 1), cost(333, 150, 1)), (1_800_000, 4_500, 500));
    }
}
