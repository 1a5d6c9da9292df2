//! Points of a scorecard, exact to the hundredth.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Hundredths of a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(pub i64);

impl Points {
    pub const fn whole(points: i64) -> Self {
        Self(points * 100)
    }

    /// `3`, `2,5` or `2.5`; `None` for what is no number of points.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (whole, part) = text.split_once([',', '.']).unwrap_or((text, ""));
        let digits = |text: &str, most| text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole, 4) || !digits(part, 2) {
            return None;
        }
        let hundredths = format!("{part:0<2}").parse::<i64>().ok()?;
        Some(Self(whole.parse::<i64>().ok()? * 100 + hundredths))
    }

    /// The mean of a council, cut off behind the hundredth: what is shown never reaches a band that was not reached.
    pub fn mean(sum: Self, members: i64) -> Self {
        Self(if members > 0 { sum.0.div_euclid(members) } else { 0 })
    }
}

impl Add for Points {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self(0), Add::add)
    }
}

/// As people write it: `2,5`.
impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, part) if part % 10 == 0 => write!(f, "{whole},{}", part / 10),
            (whole, part) => write!(f, "{whole},{part:02}"),
        }
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
        serializer.serialize_f64(self.0 as f64 / 100.0)
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        let hundredths = (number * 100.0).round();
        if !(0.0..=1_000_000.0).contains(&hundredths) || (number * 100.0 - hundredths).abs() > 1e-6 {
            return Err(serde::de::Error::custom("points with at most two places, not below 0"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole, and bounded above")]
        Ok(Self(hundredths as i64))
    }
}

impl utoipa::PartialSchema for Points {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Number)
            .minimum(Some(0.0))
            .multiple_of(Some(0.01))
            .description(Some("Points, to the hundredth."))
            .into()
    }
}

impl utoipa::ToSchema for Points {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_write() {
        let points = |text| Points::parse(text).map(|points| points.0);
        assert_eq!(
            [points("3"), points("2,5"), points("2.25"), points(" 0,05 ")],
            [Some(300), Some(250), Some(225), Some(5)]
        );
        assert_eq!(
            [points(""), points("-1"), points("1e3"), points("2,555"), points("12345"), points(",5")],
            [None; 6]
        );
    }

    proptest! {
        #[test]
        fn shown_points_are_read_as_they_were(hundredths in 0_i64..100_000) {
            let points = Points(hundredths);
            prop_assert_eq!(Points::parse(&points.to_string()), Some(points));
            let json = serde_json::to_string(&points).expect("JSON");
            prop_assert_eq!(serde_json::from_str::<Points>(&json).expect("points"), points);
        }
    }
}
