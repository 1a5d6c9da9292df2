//! Moments that people name by a day: `2026-12-01` begins at midnight in Vietnam and, where something ends on it, ends with it.

use serde::Deserializer;
use serde::de::Error;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, Time};

use super::clock::VIETNAM;

/// The first moment of a day in Vietnam.
pub fn start_of(day: Date) -> OffsetDateTime {
    day.with_time(Time::MIDNIGHT).assume_offset(VIETNAM).to_offset(time::UtcOffset::UTC)
}

/// The first moment after a day in Vietnam.
pub fn end_of(day: Date) -> OffsetDateTime {
    start_of(day) + Duration::days(1)
}

fn read(text: &str, of_day: fn(Date) -> OffsetDateTime) -> Option<OffsetDateTime> {
    let day = Date::parse(text, format_description!("[year]-[month]-[day]"));
    match day {
        Ok(day) if (1..9_000).contains(&day.year()) => Some(of_day(day)),
        Ok(_) => None,
        Err(_) => OffsetDateTime::parse(text, &Rfc3339).ok().map(|at| at.to_offset(time::UtcOffset::UTC)),
    }
}

fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
    of_day: fn(Date) -> OffsetDateTime,
) -> Result<Option<OffsetDateTime>, D::Error> {
    let text = <Option<String> as serde::Deserialize>::deserialize(deserializer)?;
    let wrong = || D::Error::custom("a moment as 2026-12-01T08:00:00+07:00, or a day as 2026-12-01");
    text.map(|text| read(&text, of_day).ok_or_else(wrong)).transpose()
}

/// When something begins.
pub fn start<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    optional(deserializer, start_of)
}

/// When something begins that must be told.
pub fn needed_start<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    start(deserializer)?.ok_or_else(|| D::Error::custom("a moment or a day is needed"))
}

/// When something ends: not on this moment any more.
pub fn end<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    optional(deserializer, end_of)
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_day_lasts_from_midnight_to_midnight_in_vietnam() {
        assert_eq!(read("2026-12-01", start_of), Some(datetime!(2026-11-30 17:00 UTC)));
        assert_eq!(read("2026-12-01", end_of), Some(datetime!(2026-12-01 17:00 UTC)));
        assert_eq!(read("2026-12-01T08:00:00+07:00", end_of), Some(datetime!(2026-12-01 01:00 UTC)));
        assert_eq!(start_of(date!(2026 - 12 - 01)), datetime!(2026-12-01 00:00 +7));
        assert_eq!((read("01/12/2026", start_of), read("", end_of)), (None, None));
    }
}
