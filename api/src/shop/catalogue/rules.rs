//! What may be shown, and when: stars, seasons, availability, distance.

use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;

/// Below this many sellable packs buyers are told to hurry.
pub const LOW_STOCK: i64 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    OutOfStock,
    LowStock,
    InStock,
}

/// How an offer with `available` packs and this minimum stands.
pub fn availability(available: i64, min_quantity: i64) -> Availability {
    if available < min_quantity {
        Availability::OutOfStock
    } else if available < min_quantity.saturating_mul(LOW_STOCK) {
        Availability::LowStock
    } else {
        Availability::InStock
    }
}

/// A recognition's term: from the day of issue up to and including the last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    pub stars: i32,
    pub issued_on: Date,
    pub valid_until: Date,
}

/// The stars that may be shown today: the highest recognition in force.
pub fn stars_on(terms: impl IntoIterator<Item = Term>, today: Date) -> Option<i32> {
    terms.into_iter().filter(|t| t.issued_on <= today && today <= t.valid_until).map(|t| t.stars).max()
}

/// Whether a month lies in a season, which may run over New Year; without one it is always the season.
pub fn in_season(season: Option<(i32, i32)>, today: Date) -> bool {
    let month = i32::from(u8::from(today.month()));
    match season {
        None => true,
        Some((from, to)) if from <= to => (from..=to).contains(&month),
        Some((from, to)) => month >= from || month <= to,
    }
}

/// Kilometres between two points on the globe (haversine).
pub fn distance_km(a: (f64, f64), b: (f64, f64)) -> f64 {
    const EARTH_KM: f64 = 6371.0088;
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let half = |x: f64| (x / 2.0).sin().powi(2);
    let h = half(lat_b - lat_a) + lat_a.cos() * lat_b.cos() * half((b.1 - a.1).to_radians());
    2.0 * EARTH_KM * h.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::date;

    #[test]
    fn stars_are_shown_only_while_valid() {
        let three = Term { stars: 3, issued_on: date!(2023 - 11 - 25), valid_until: date!(2026 - 11 - 25) };
        let four = Term { stars: 4, issued_on: date!(2026 - 12 - 01), valid_until: date!(2029 - 12 - 01) };
        assert_eq!(stars_on([three, four], date!(2026 - 11 - 25)), Some(3));
        assert_eq!(stars_on([three, four], date!(2026 - 11 - 26)), None);
        assert_eq!(stars_on([three, four], date!(2026 - 12 - 01)), Some(4));
    }

    #[test]
    fn a_season_may_run_over_new_year() {
        assert!(in_season(Some((11, 2)), date!(2026 - 01 - 15)));
        assert!(!in_season(Some((11, 2)), date!(2026 - 03 - 01)));
        assert!(in_season(Some((7, 8)), date!(2026 - 07 - 01)));
        assert!(in_season(None, date!(2026 - 07 - 01)));
    }

    #[test]
    fn kim_boi_springs_are_near_tu_son_falls() {
        let distance = distance_km((20.67, 105.53), (20.72, 105.58));
        assert!((7.0..8.0).contains(&distance), "{distance}");
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_never_negative(a in -90.0..90.0, b in -180.0..180.0, c in -90.0..90.0, d in -180.0..180.0) {
            let (there, back) = (distance_km((a, b), (c, d)), distance_km((c, d), (a, b)));
            prop_assert!((0.0..20_100.0).contains(&there));
            prop_assert!((there - back).abs() < 1e-6);
        }
    }
}
