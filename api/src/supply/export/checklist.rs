//! Papers a destination asks for, by product: dated data with its source (`papers.csv`).

use entity::supply::ExportPaperKind;
use serde::Deserialize;
use time::Date;

use crate::platform::numbers;
use crate::platform::problem::Problem;

const RULES: &str = include_str!("papers.csv");

#[derive(Deserialize)]
struct Row {
    country: String,
    hs_prefix: String,
    kind: String,
    from_day: String,
    to_day: String,
    source: String,
}

/// A paper that is needed, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    pub kind: ExportPaperKind,
    pub source: String,
}

/// Members of the European Union, which its rules are for.
const EU: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

fn is_for(row: &Row, country: &str, day: Date) -> bool {
    let begun = numbers::date(&row.from_day).is_ok_and(|from| from <= day);
    let over = numbers::date(&row.to_day).is_ok_and(|to| to < day);
    let there = row.country.is_empty() || row.country == country || (row.country == "EU" && EU.contains(&country));
    begun && !over && there
}

/// What a country asks for goods of these codes on a day; each kind once.
pub fn needed(country: &str, hs_codes: &[&str], day: Date) -> Result<Vec<Needed>, Problem> {
    let mut found: Vec<Needed> = Vec::new();
    for row in csv::Reader::from_reader(RULES.as_bytes()).deserialize::<Row>() {
        let row = row.map_err(Problem::internal)?;
        let fits = hs_codes.iter().any(|code| code.replace('.', "").starts_with(&row.hs_prefix));
        let kind: ExportPaperKind = row.kind.parse().map_err(|()| Problem::internal("papers.csv"))?;
        if fits && is_for(&row, country, day) && !found.iter().any(|known| known.kind == kind) {
            found.push(Needed { kind, source: row.source });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn fruit_needs_other_papers_than_honey_and_china_others_than_germany() {
        let kinds = |country: &str, code: &str| -> Vec<&str> {
            let found = needed(country, &[code], date!(2026 - 11 - 29)).unwrap_or_default();
            found.iter().map(|paper| paper.kind.as_str()).collect()
        };
        assert_eq!(
            kinds("CN", "0810.90"),
            ["commercial_invoice", "packing_list", "phytosanitary", "growing_area", "packing_house", "origin"]
        );
        assert!(kinds("DE", "0805.40").contains(&"residue_test") && !kinds("DE", "0409.00").contains(&"residue_test"));
        assert_eq!(needed("CN", &["0810.90"], date!(2019 - 01 - 01)).unwrap_or_default(), []);
    }
}
