//! Working days in Vietnam: Monday to Friday without holidays; one on a day off is made up for by the next working day
//! (Labour Code 45/2019/QH14, Article 111). Pure; the holidays are data.

use std::collections::BTreeSet;

use time::{Date, Weekday};

fn weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The days nobody works: holidays, and the working days that make up for those on a weekend.
pub fn days_off(holidays: &BTreeSet<Date>) -> BTreeSet<Date> {
    let mut off = holidays.clone();
    for holiday in holidays.iter().filter(|day| weekend(**day)) {
        let mut day = *holiday;
        while weekend(day) || off.contains(&day) {
            let Some(next) = day.next_day() else { break };
            day = next;
        }
        off.insert(day);
    }
    off
}

/// The day by which something is due that may take `days` working days, not counting the first.
pub fn due(from: Date, days: i32, off: &BTreeSet<Date>) -> Date {
    let (mut day, mut left) = (from, days);
    while left > 0 {
        let Some(next) = day.next_day() else { break };
        day = next;
        if !weekend(day) && !off.contains(&day) {
            left -= 1;
        }
    }
    day
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;
    use time::macros::date;

    use super::*;

    #[test]
    fn tet_and_weekends_are_no_working_days() {
        let holidays: BTreeSet<Date> = [
            date!(2027 - 02 - 05),
            date!(2027 - 02 - 06),
            date!(2027 - 02 - 07),
            date!(2027 - 02 - 08),
            date!(2027 - 02 - 09),
        ]
        .into();
        let off = days_off(&holidays);
        // Saturday and Sunday of Tết are made up for by Wednesday and Thursday.
        assert!(off.contains(&date!(2027 - 02 - 10)) && off.contains(&date!(2027 - 02 - 11)));
        assert_eq!(due(date!(2027 - 02 - 04), 1, &off), date!(2027 - 02 - 12));
        assert_eq!(due(date!(2026 - 11 - 27), 3, &BTreeSet::new()), date!(2026 - 12 - 02));
    }

    proptest! {
        #[test]
        fn as_many_working_days_lie_between(start in 0_i64..800, days in 1_i32..60, drawn in prop::collection::btree_set(0_i64..900, 0..30)) {
            let from = date!(2026 - 01 - 01) + Duration::days(start);
            let off = days_off(&drawn.iter().map(|day| date!(2026 - 01 - 01) + Duration::days(*day)).collect());
            let due = due(from, days, &off);
            let working = (1..=(due - from).whole_days()).map(|day| from + Duration::days(day));
            let working = working.filter(|day| !weekend(*day) && !off.contains(day)).count();
            prop_assert_eq!(i32::try_from(working).expect("few"), days);
            prop_assert!(!weekend(due) && !off.contains(&due));
        }
    }
}
