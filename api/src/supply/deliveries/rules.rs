//! What a delivery is worth once it was weighed: pure. Weights in grams, money in whole đồng, rates in basis points.

use time::Date;

use crate::ledger::rules::{WHOLE_BP, share};
use crate::supply::share::Grams;

/// The most a breach may cost, of what the delivery is worth (Commercial Law 2005, article 301).
pub const MOST_PENALTY_BP: i64 = 800;

/// What was agreed of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    pub grams: Grams,
    /// A kilogram.
    pub price: i64,
    /// Less by so much is enough, too.
    pub tolerance_bp: i64,
    /// Of what is missing beyond it.
    pub penalty_bp: i64,
    /// Of what comes late, a day.
    pub late_bp: i64,
    pub until: Date,
}

/// What arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighed {
    pub gross: Grams,
    pub tare: Grams,
    pub rejected: Grams,
    pub on: Date,
}

impl Weighed {
    pub fn net(&self) -> Grams {
        (self.gross - self.tare).max(0)
    }

    pub fn accepted(&self) -> Grams {
        (self.net() - self.rejected).max(0)
    }
}

/// A part of what was accepted that is of a lesser grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesser {
    /// A kilogram.
    pub price: i64,
    pub grams: Grams,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    /// Paid for: what was accepted, up to what was agreed.
    pub grams: Grams,
    pub amount: i64,
    /// Missing beyond the tolerance.
    pub missing: Grams,
    pub late_days: i64,
    /// Set off against the amount.
    pub penalty: i64,
}

/// A kilogram's price for some grams, rounded half up.
pub fn amount(grams: Grams, price: i64) -> i64 {
    i64::try_from((i128::from(grams) * i128::from(price) + 500) / 1_000).unwrap_or(i64::MAX)
}

/// What is paid for of each grade, the dearest first: grams and their price a kilogram.
pub fn parts(agreed: &Agreed, weighed: &Weighed, lesser: &[Lesser]) -> Vec<(Grams, i64)> {
    let accepted = weighed.accepted();
    let less: Grams = lesser.iter().map(|part| part.grams).sum();
    let mut parts: Vec<(Grams, i64)> = lesser.iter().map(|part| (part.grams, part.price)).collect();
    parts.push(((accepted - less).max(0), agreed.price));
    parts.sort_by_key(|(_, price)| std::cmp::Reverse(*price));
    let mut left = accepted.min(agreed.grams);
    for (grams, _) in &mut parts {
        *grams = (*grams).clamp(0, left);
        left -= *grams;
    }
    parts.retain(|(grams, _)| *grams > 0);
    parts
}

/// What a delivery is worth: what was accepted is paid for by its grade, what is missing beyond the tolerance and what is late costs the
/// seller, no more than the law lets it and no more than there is to pay.
pub fn worth(agreed: &Agreed, weighed: &Weighed, lesser: &[Lesser]) -> Worth {
    let accepted = weighed.accepted();
    let grams = accepted.min(agreed.grams);
    let paid: i64 = parts(agreed, weighed, lesser).into_iter().map(|(grams, price)| amount(grams, price)).sum();
    // Parts are rounded each: never above what one price for all of it comes to.
    let paid = paid.min(amount(grams, agreed.price));
    let enough = agreed.grams - share(agreed.grams, agreed.tolerance_bp, WHOLE_BP);
    let missing = (enough - accepted).max(0);
    let late_days = (weighed.on - agreed.until).whole_days().max(0);
    let short = share(amount(missing, agreed.price), agreed.penalty_bp, WHOLE_BP);
    let late = share(paid, agreed.late_bp.saturating_mul(late_days.min(365)), WHOLE_BP);
    let most = share(amount(agreed.grams, agreed.price), MOST_PENALTY_BP, WHOLE_BP);
    Worth { grams, amount: paid, missing, late_days, penalty: short.saturating_add(late).min(most).min(paid) }
}

/// What of a deposit is set off against what is due: the part that was asked for of it, and everything left at the last delivery.
pub fn of_deposit(left: i64, deposit_bp: i64, due: i64, last: bool) -> i64 {
    let part = if last { due } else { share(due, deposit_bp, WHOLE_BP) };
    part.min(left).max(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;
    use time::macros::date;

    use super::*;

    fn agreed() -> Agreed {
        let until = date!(2026 - 12 - 22);
        Agreed { grams: 2_000_000, price: 30_000, tolerance_bp: 500, penalty_bp: 800, late_bp: 100, until }
    }

    #[test]
    fn four_per_cent_rejected_within_the_tolerance_are_not_paid_and_cost_nothing() {
        let weighed = Weighed { gross: 2_120_000, tare: 120_000, rejected: 80_000, on: date!(2026 - 12 - 21) };
        let found = worth(&agreed(), &weighed, &[]);
        assert_eq!((found.grams, found.amount, found.missing, found.penalty), (1_920_000, 57_600_000, 0, 0));
    }

    #[test]
    fn lesser_grades_are_paid_at_their_price_and_the_dearest_first() {
        let lesser = [Lesser { price: 24_000, grams: 300_000 }, Lesser { price: 15_000, grams: 200_000 }];
        let weighed = Weighed { gross: 2_000_000, tare: 0, rejected: 0, on: date!(2026 - 12 - 21) };
        let found = worth(&agreed(), &weighed, &lesser);
        assert_eq!((found.amount, found.penalty), (1_500 * 30_000 + 300 * 24_000 + 200 * 15_000, 0));
        // More came than was agreed: what is too much is of the cheapest.
        let weighed = Weighed { gross: 2_150_000, ..weighed };
        let parts = parts(&agreed(), &weighed, &lesser);
        assert_eq!(parts, [(1_650_000, 30_000), (300_000, 24_000), (50_000, 15_000)]);
    }

    #[test]
    fn what_is_missing_and_late_costs_up_to_what_the_law_allows() {
        let on = date!(2026 - 12 - 24);
        let weighed = Weighed { gross: 1_500_000, tare: 0, rejected: 0, on };
        let found = worth(&agreed(), &weighed, &[]);
        // 400 kg beyond the tolerance at 8 %, and 2 days at 1 % of what came.
        assert_eq!((found.missing, found.late_days, found.penalty), (400_000, 2, 960_000 + 900_000));
        let nothing = Weighed { gross: 1, tare: 0, rejected: 1, on };
        let found = worth(&agreed(), &nothing, &[]);
        assert_eq!((found.amount, found.penalty), (0, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

        /// Nobody pays for more than was agreed or came, a seller never loses more than the law allows, and a deposit is used up to the
        /// last đồng or left to go back, whatever is weighed.
        #[test]
        fn sums_stay_within_what_was_agreed(
            grams in 1_000_i64..20_000_000, price in 1_i64..1_000_000, rates in (0_i64..2_000, 0_i64..=800, 0_i64..=800),
            gross in 1_i64..30_000_000, tare_bp in 0_i64..=10_000, rejected_bp in 0_i64..=10_000, late in -30_i64..400,
            deposit_bp in 0_i64..=5_000, parts in 1_usize..8, graded in prop::collection::vec((0_i64..=10_000, 0_i64..10_000), 0..4),
        ) {
            let until = date!(2026 - 12 - 22);
            let agreed = Agreed { grams, price, tolerance_bp: rates.0, penalty_bp: rates.1, late_bp: rates.2, until };
            let tare = share(gross, tare_bp, WHOLE_BP);
            let rejected = share(gross - tare, rejected_bp, WHOLE_BP);
            let weighed = Weighed { gross, tare, rejected, on: until + Duration::days(late) };
            let mut left = weighed.accepted();
            let lesser: Vec<Lesser> = graded
                .iter()
                .map(|(part, cost)| {
                    let part = share(left, *part, WHOLE_BP);
                    left -= part;
                    Lesser { price: share(price, *cost, WHOLE_BP), grams: part }
                })
                .collect();
            let found = worth(&agreed, &weighed, &lesser);
            prop_assert!(found.grams <= grams && found.grams <= weighed.accepted());
            prop_assert!(found.amount <= amount(found.grams, price));
            if lesser.iter().all(|part| part.grams == 0) { prop_assert_eq!(found.amount, amount(found.grams, price)); }
            prop_assert!(found.penalty >= 0 && found.penalty <= found.amount);
            prop_assert!(found.penalty <= share(amount(grams, price), MOST_PENALTY_BP, WHOLE_BP));
            if found.missing == 0 && found.late_days == 0 { prop_assert_eq!(found.penalty, 0); }
            // The same delivery over and over: what is set off never exceeds the deposit, nor what is due.
            let deposit = share(amount(grams, price), deposit_bp, WHOLE_BP);
            let (mut left, due) = (deposit, found.amount - found.penalty);
            for part in 0..parts {
                let off = of_deposit(left, deposit_bp, due, part + 1 == parts);
                prop_assert!(off >= 0 && off <= left && off <= due);
                left -= off;
            }
            prop_assert!(left >= 0);
            if parts > 1 && found.amount == amount(grams, price) && found.penalty == 0 { prop_assert!(left == 0 || due == 0); }
        }
    }
}
