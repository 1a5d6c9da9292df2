//! The time, injected, so that expiry can be tested by starting a server whose clock runs ahead.

use time::{Date, Duration, OffsetDateTime, UtcOffset};

/// Vietnam keeps one time zone and no summer time.
pub const VIETNAM: UtcOffset = match UtcOffset::from_hms(7, 0, 0) {
    Ok(offset) => offset,
    Err(_) => UtcOffset::UTC,
};

#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    ahead: Duration,
}

impl Clock {
    /// A clock that runs `seconds` ahead of the system's.
    pub fn ahead_by(seconds: i64) -> Self {
        Self { ahead: Duration::seconds(seconds) }
    }

    /// Now, in UTC, to the second: SQLite keeps times as RFC 3339 text, and only texts of equal length sort as times do.
    pub fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc() + self.ahead;
        now.replace_nanosecond(0).unwrap_or(now)
    }

    /// Today in Vietnam: what seasons and certificates are judged by.
    pub fn today(&self) -> Date {
        self.now().to_offset(VIETNAM).date()
    }
}
