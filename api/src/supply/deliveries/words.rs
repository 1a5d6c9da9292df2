//! Days and weights as papers write them.

use entity::value::Vnd;
use time::{Date, OffsetDateTime};

use crate::platform::clock::VIETNAM;

/// `22/12/2026`
pub fn day(day: Date) -> String {
    format!("{:02}/{:02}/{}", day.day(), u8::from(day.month()), day.year())
}

/// `22/12/2026 08:05`, in Vietnam.
pub fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(VIETNAM);
    format!("{} {:02}:{:02}", day(at.date()), at.hour(), at.minute())
}

/// `1.250 kg`, `1.250,5 kg`
pub fn kilograms(grams: i64) -> String {
    let whole = Vnd(grams / 1_000).to_string();
    let whole = whole.trim_end_matches(" ₫");
    match grams % 1_000 {
        0 => format!("{whole} kg"),
        rest => format!("{whole},{} kg", format!("{rest:03}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::kilograms;

    #[test]
    fn weights_read_as_people_write_them() {
        assert_eq!(
            (kilograms(1_250_000).as_str(), kilograms(1_250_500).as_str(), kilograms(50).as_str()),
            ("1.250 kg", "1.250,5 kg", "0,05 kg")
        );
    }
}
