//! What cooperatives owe each other for storing and processing: pure, and the journal of it.

use entity::value::{CooperativeId, LedgerAccountKind};
use uuid::Uuid;

use crate::ledger::rules::{Account, Entry, Journal, share};

/// Đồng for some kilograms through some days, at a price for 100 kg a day; rounded half up.
pub(super) fn cost(price: i64, kg: i64, days: i64) -> i64 {
    share(price.saturating_mul(days), kg, 100)
}

/// One cooperative owes another for a service.
pub(super) fn owed(
    (kind, subject, number): (&'static str, Uuid, &str),
    (from, to): (CooperativeId, CooperativeId),
    amount: i64,
) -> Journal {
    let of = |cooperative| Account::of(LedgerAccountKind::Cooperative, cooperative);
    Journal {
        key: format!("{kind}:{subject}"),
        kind,
        subject,
        note: Some(number.to_owned()),
        actor: None,
        entries: vec![Entry::new(of(from), amount), Entry::new(of(to), -amount)],
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
