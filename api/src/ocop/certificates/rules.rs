//! Until when a product may be sold by its certificates: pure.

use time::Date;

/// The days a verified certificate covers; without an end for good.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub from: Date,
    pub until: Option<Date>,
}

/// The last day on which something that needs a certificate from `needed_from` on may be sold; `None` while no end is known.
/// Before `today` means: not at all.
pub fn sold_until(needed_from: Date, papers: &[Span], today: Date) -> Option<Date> {
    let mut day = needed_from.max(today);
    // Each turn leaves a certificate behind for good, so there are no more turns than certificates.
    for _ in 0..=papers.len() {
        let covering = papers.iter().filter(|paper| paper.from <= day && paper.until.is_none_or(|until| until >= day));
        let Some(longest) = covering.max_by_key(|paper| paper.until.unwrap_or(Date::MAX)) else { break };
        day = longest.until?.next_day()?;
    }
    Some(day.previous_day().unwrap_or(day))
}

/// Days before its end at which the people of a cooperative are told, longest first.
const WARNINGS: [i64; 3] = [LONGEST_WARNING, 30, 7];
pub const LONGEST_WARNING: i64 = 60;

/// The warning that is due: the shortest that has begun, unless it or a shorter one was sent.
pub fn warning_due(days_left: i64, warned: Option<i64>) -> Option<i64> {
    let due = WARNINGS.into_iter().filter(|days| days_left <= *days).min()?;
    (days_left >= 0 && warned.is_none_or(|last| due < last)).then_some(due)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 28);

    fn day(offset: i64) -> Date {
        TODAY + Duration::days(offset)
    }

    fn span((from, days): (i64, Option<i64>)) -> Span {
        Span { from: day(from), until: days.map(|days| day(from + days)) }
    }

    #[test]
    fn one_that_ends_one_that_follows_and_none_at_all() {
        let until = |from, papers: &[(i64, Option<i64>)]| {
            sold_until(day(from), &papers.iter().copied().map(span).collect::<Vec<_>>(), TODAY)
        };
        assert_eq!(until(-100, &[]), Some(day(-1)));
        assert_eq!(until(-100, &[(-10, None)]), None);
        assert_eq!(until(-100, &[(-10, Some(30))]), Some(day(20)));
        assert_eq!(until(-100, &[(-10, Some(30)), (15, Some(30))]), Some(day(45)));
        assert_eq!(until(-100, &[(-10, Some(30)), (22, Some(30))]), Some(day(20)), "a day between them is a gap");
        assert_eq!(until(40, &[]), Some(day(39)), "asked for from a day to come");
        assert_eq!(until(40, &[(-10, Some(30))]), Some(day(39)));
        assert_eq!(until(-100, &[(-10, Some(5))]), Some(day(-1)));
    }

    proptest! {
        /// Looked at day by day: every day up to the answer needs none or has one, and the day after has none.
        #[test]
        fn agrees_with_looking_at_every_day(
            needed in -40_i64..60,
            papers in prop::collection::vec((-60_i64..80, prop::option::weighted(0.9, 0_i64..60)), 0..6),
        ) {
            let papers: Vec<Span> = papers.into_iter().map(span).collect();
            let allowed = |at: Date| {
                at < day(needed) || papers.iter().any(|p| p.from <= at && p.until.is_none_or(|until| until >= at))
            };
            let first_without = (0..400).map(day).find(|at| !allowed(*at));
            let answer = sold_until(day(needed), &papers, TODAY);
            prop_assert_eq!(answer.and_then(Date::next_day), first_without);
        }

        #[test]
        fn each_warning_is_sent_once_and_the_last_in_the_last_week(begin in 0_i64..90) {
            let (mut warned, mut sent) = (None, Vec::new());
            for left in (-5..=begin).rev() {
                for _ in 0..3 {
                    if let Some(due) = warning_due(left, warned) {
                        prop_assert!(left <= due && left >= 0);
                        warned = Some(due);
                        sent.push(due);
                    }
                }
            }
            let expected: Vec<i64> = if begin > 30 { vec![60, 30, 7] } else if begin > 7 { vec![30, 7] } else { vec![7] };
            prop_assert_eq!(sent, expected);
        }
    }
}
