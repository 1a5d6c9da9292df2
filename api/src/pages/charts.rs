//! Charts as numbers: where a template draws bars, columns and dots. No scripts, no pictures.

use serde::Serialize;

/// A bar: its words and how far it goes, in thousandths of the longest.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    pub label: String,
    pub words: String,
    pub length: i64,
}

/// Bars against the longest one; nothing below nothing.
pub fn bars(rows: impl IntoIterator<Item = (String, String, i64)>) -> Vec<Bar> {
    let rows: Vec<_> = rows.into_iter().collect();
    let longest = rows.iter().map(|(.., number)| *number).max().unwrap_or(0).max(1);
    let bar = |(label, words, number): (String, String, i64)| {
        let length = i64::try_from(i128::from(number.max(0)) * 1000 / i128::from(longest)).unwrap_or(0);
        Bar { label, words, length }
    };
    rows.into_iter().map(bar).collect()
}

/// A place on a map of 320 by 320.
#[derive(Debug, Serialize)]
pub struct Dot {
    pub x: f64,
    pub y: f64,
    /// From 4 to 16.
    pub radius: f64,
    pub label: String,
    pub words: String,
}

/// Places laid out as on a map: north is up, and a kilometre is as long either way.
pub fn dots(places: impl IntoIterator<Item = (f64, f64, String, String, i64)>) -> Vec<Dot> {
    const SIDE: f64 = 320.0;
    const EDGE: f64 = 40.0;
    let places: Vec<_> = places.into_iter().collect();
    let span = |of: fn(&(f64, f64, String, String, i64)) -> f64| {
        let least = places.iter().map(of).fold(f64::INFINITY, f64::min);
        (least, places.iter().map(of).fold(f64::NEG_INFINITY, f64::max))
    };
    let ((south, north), (west, east)) = (span(|place| place.0), span(|place| place.1));
    let squeeze = f64::midpoint(south, north).to_radians().cos();
    let width = ((east - west) * squeeze).max(north - south).max(0.001);
    let scale = (SIDE - 2.0 * EDGE) / width;
    let most = places.iter().map(|place| place.4).max().unwrap_or(0).max(1);
    let round = |number: f64| (number * 10.0).round() / 10.0;
    let dot = |(latitude, longitude, label, words, number): (f64, f64, String, String, i64)| {
        #[expect(clippy::cast_precision_loss, reason = "a share of a chart")]
        let share = (number.max(0) as f64 / most as f64).sqrt();
        Dot {
            x: round(EDGE + (longitude - west) * squeeze * scale),
            y: round(EDGE + (north - latitude) * scale),
            radius: round(4.0 + 12.0 * share),
            label,
            words,
        }
    };
    places.into_iter().map(dot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_measured_against_the_longest() {
        let lengths = |numbers: &[i64]| -> Vec<i64> {
            bars(numbers.iter().map(|number| (String::new(), String::new(), *number)))
                .iter()
                .map(|bar| bar.length)
                .collect()
        };
        assert_eq!(lengths(&[50, 100, 0, -3]), [500, 1000, 0, 0]);
        assert_eq!(lengths(&[0]), [0]);
        assert_eq!(lengths(&[i64::MAX, 1]), [1000, 0]);
    }

    #[test]
    fn places_stay_on_the_map() {
        let place = |latitude, longitude| (latitude, longitude, String::new(), String::new(), 3);
        for places in [vec![place(20.6, 105.5)], vec![place(20.6, 105.5), place(22.9, 105.5), place(8.6, 104.7)]] {
            for dot in dots(places) {
                assert!((0.0..=320.0).contains(&dot.x) && (0.0..=320.0).contains(&dot.y), "{dot:?}");
            }
        }
        assert!(dots(Vec::new()).is_empty());
    }
}
