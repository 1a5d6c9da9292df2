//! A table of rates as a sheet: currency, day, rate, source; read as people and the State Bank write it.

use std::collections::HashMap;

use entity::value::Currency;
use garde::Validate;
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;

use crate::platform::body::validate;
use crate::platform::i18n::Text;
use crate::platform::numbers;
use crate::platform::problem::Problem;
use crate::platform::sheets::{Row, Sheet, headings, read};

/// A rate of a day.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct RateInput {
    pub currency: Currency,
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// Ten-thousandths of a đồng for one: 25,412.5 đồng are 254125000.
    #[garde(range(min = 1, max = 10_000_000_000_000))]
    #[schema(minimum = 1, maximum = 10_000_000_000_000_i64)]
    pub rate_e4: i64,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub source: String,
}

/// Rows of a file.
pub const MOST_ROWS: usize = 1_000;

const CURRENCY: [&str; 3] = ["Ngoại tệ", "Đồng tiền", "currency"];
const DAY: [&str; 2] = ["Ngày", "day"];
const RATE: [&str; 2] = ["Tỷ giá", "rate"];
const SOURCE: [&str; 2] = ["Nguồn", "source"];

/// What one unit may be worth: one yen is hundreds of đồng, every other currency here thousands.
fn range(currency: Currency) -> std::ops::Range<i64> {
    if currency == Currency::Jpy { 50..1_000 } else { 1_000..100_000 }
}

/// `25.412,5`, `25,412.5`, `25412.5`, `25.412` and `168,09`, in ten-thousandths of a đồng. A mark before three last digits groups them
/// or begins a fraction: what the currency can be worth tells which.
fn rate(text: &str, currency: Currency) -> Result<i64, Text> {
    let wrong = || Text::new("không phải tỷ giá, ví dụ 25.412,5", "not a rate, such as 25,412.5");
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let text = text.trim_end_matches(['₫', 'đ']);
    let marks = |mark: char| text.matches(mark).count();
    let both = marks('.') > 0 && marks(',') > 0;
    let last = text.rfind(['.', ',']);
    let read = |fraction: Option<usize>| -> Option<i64> {
        let (whole, part) = fraction.map_or((text, ""), |at| (&text[..at], &text[at + 1..]));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let groups: Vec<&str> = whole.split(['.', ',']).collect();
        let grouped = groups.len() == 1 || (groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3));
        let whole = groups.concat();
        if whole.is_empty() || !grouped || !digits(&whole) || !digits(part) || part.len() > 4 {
            return None;
        }
        format!("{whole}{part:0<4}").parse().ok()
    };
    let fits = |found: &i64| range(currency).contains(&(found / 10_000));
    let readings = if both { vec![read(last)] } else { vec![read(last), read(None)] };
    let found: Vec<i64> = readings.into_iter().flatten().collect();
    if found.is_empty() {
        return Err(wrong());
    }
    let out = Text::new("ngoài mức có thể của đồng tiền này", "is out of range for this currency");
    found.into_iter().find(fits).ok_or(out)
}

fn currency(text: &str) -> Result<Currency, Text> {
    let wrong = || Text::new("không có đồng tiền này", "is no currency known here");
    let found: Currency = text.to_uppercase().parse().map_err(|()| wrong())?;
    if found == Currency::Vnd { Err(wrong()) } else { Ok(found) }
}

fn under<'a>(places: &HashMap<String, usize>, names: &[&'a str]) -> &'a str {
    names.iter().find(|name| places.contains_key(&crate::platform::fold::fold(name))).unwrap_or(&names[0])
}

/// The rates of a file; what is wrong is told by line and column.
pub fn rates(bytes: &[u8]) -> Result<Vec<RateInput>, Problem> {
    let sheet: Sheet = read(bytes, MOST_ROWS).map_err(|fault| Problem::field("/file", "sheet", fault.vi, fault.en))?;
    let places = headings(&sheet);
    let [currencies, days, rates, sources] =
        [under(&places, &CURRENCY), under(&places, &DAY), under(&places, &RATE), under(&places, &SOURCE)];
    let mut found: Vec<RateInput> = Vec::new();
    for (line, cells) in &sheet.rows {
        let row = Row { line: *line, cells, places: &places };
        let kind = row.needed(currencies, row.read(currencies, currency)?)?;
        let day: Date = row.needed(days, row.read(days, numbers::date)?)?;
        let rate_e4 = row.needed(rates, row.read(rates, |text| rate(text, kind))?)?;
        let source = row.needed(sources, row.some(sources))?;
        if found.iter().any(|other| (other.currency, other.day) == (kind, day)) {
            return Err(row.fault(currencies, Text::new("ngày này đã có ở trên", "has this day above already")));
        }
        let input = RateInput { currency: kind, day, rate_e4, source };
        found.push(validate(input).map_err(|problem| row.told(problem))?);
    }
    if found.is_empty() {
        return Err(Problem::field("/file", "empty", "không có dòng nào", "has no rows"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_people_and_banks_write_them() {
        for (text, wanted) in [
            ("25.412,5", 254_125_000),
            ("25,412.5", 254_125_000),
            ("25412.5", 254_125_000),
            ("25.412", 254_120_000),
            ("25 412 ₫", 254_120_000),
            ("25412", 254_120_000),
            ("3,570.25", 35_702_500),
        ] {
            assert_eq!(rate(text, Currency::Usd).ok(), Some(wanted), "{text}");
        }
        for (text, wanted) in [("168,09", 1_680_900), ("168.090", 1_680_900), ("168", 1_680_000)] {
            assert_eq!(rate(text, Currency::Jpy).ok(), Some(wanted), "{text}");
        }
        for text in ["", "abc", "25", "1.2.3,4,5", "-25412", "254125000"] {
            assert!(rate(text, Currency::Usd).is_err(), "{text}");
        }
    }

    #[test]
    fn a_table_is_read_by_its_headings_and_faults_are_told_by_line() {
        let table = "Ngoại tệ;Ngày;Tỷ giá;Nguồn\nUSD;29/11/2026;25.412,5;NHNN\njpy;29-11-2026;168,09;NHNN\n";
        let found = rates(table.as_bytes()).unwrap_or_default();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].rate_e4, found[1].rate_e4), (254_125_000, 1_680_900));
        let english = "currency,day,rate,source\nEUR,2026-11-29,29512.5,ECB\n";
        assert_eq!(rates(english.as_bytes()).unwrap_or_default().len(), 1);
        for wrong in ["currency,day,rate,source\nVND,2026-11-29,1,x\n", "currency,day,rate,source\n", "a,b\n1,2\n"] {
            assert!(rates(wrong.as_bytes()).is_err(), "{wrong}");
        }
        let twice = format!("{table}USD;29/11/2026;25.400;NHNN\n");
        assert!(rates(twice.as_bytes()).is_err());
    }
}
