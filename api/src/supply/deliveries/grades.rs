//! Lesser grades than the one asked for: what a kilogram of them costs, and how much of a delivery they were.

use entity::supply_acceptance;
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::rules::Lesser;
use crate::platform::fold;
use crate::platform::problem::Problem;
use crate::supply::share::Grams;

/// What a lesser grade costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GradePrice {
    #[garde(length(chars, min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60)]
    pub grade: String,
    /// Đồng a kilogram.
    #[garde(range(min = 1, max = 100_000_000))]
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub price: i64,
}

/// How much of what was accepted is of a lesser grade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GradeWeight {
    /// As the contract names it.
    #[garde(length(chars, min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60)]
    pub grade: String,
    #[garde(range(min = 1, max = 10_000_000_000))]
    #[schema(minimum = 1, maximum = 10_000_000_000_i64)]
    pub grams: i64,
}

/// Prices as they are kept.
pub fn prices(kept: &Value) -> Vec<GradePrice> {
    serde_json::from_value(kept.clone()).unwrap_or_default()
}

/// Weights as they are kept.
pub fn weights(kept: &Value) -> Vec<GradeWeight> {
    serde_json::from_value(kept.clone()).unwrap_or_default()
}

fn twice(pointer: &str, index: usize) -> Problem {
    Problem::field(format!("{pointer}/{index}/grade"), "twice", "đã có ở trên", "stands above already")
}

/// Each lesser grade is named once, has a price of its own, and costs less than what was asked for.
pub fn check_prices(grades: &mut [GradePrice], price: i64) -> Result<(), Problem> {
    for index in 0..grades.len() {
        grades[index].grade = fold::stored(&grades[index].grade);
        let (before, rest) = grades.split_at(index);
        if before.iter().any(|other| same(&other.grade, &rest[0].grade) || other.price == rest[0].price) {
            return Err(twice("/grades", index));
        }
        if rest[0].price >= price {
            let (vi, en) = ("loại thấp hơn phải có giá thấp hơn", "a lesser grade costs less than what was asked for");
            return Err(Problem::field(format!("/grades/{index}/price"), "range", vi, en));
        }
    }
    Ok(())
}

fn same(one: &str, other: &str) -> bool {
    fold::fold(one) == fold::fold(other)
}

/// Lesser grades are those of the contract, each once, and together no more than was accepted.
pub fn check_weights(graded: &mut [GradeWeight], prices: &[GradePrice], accepted: Grams) -> Result<(), Problem> {
    let mut sum: Grams = 0;
    for index in 0..graded.len() {
        let (before, rest) = graded.split_at_mut(index);
        let Some(known) = prices.iter().find(|known| same(&known.grade, &rest[0].grade)) else {
            let (vi, en) = ("hợp đồng không có giá của loại này", "the contract has no price of this grade");
            return Err(Problem::field(format!("/graded/{index}/grade"), "grade", vi, en));
        };
        rest[0].grade.clone_from(&known.grade);
        if before.iter().any(|other| other.grade == rest[0].grade) {
            return Err(twice("/graded", index));
        }
        sum = sum.saturating_add(rest[0].grams);
        if sum > accepted {
            let (vi, en) = ("nhiều hơn khối lượng được nhận", "is more than was accepted");
            return Err(Problem::field(format!("/graded/{index}/grams"), "range", vi, en));
        }
    }
    Ok(())
}

/// What was weighed of lesser grades, at the prices of the contract.
pub fn lesser(graded: &[GradeWeight], prices: &[GradePrice]) -> Vec<Lesser> {
    let price = |grade: &str| prices.iter().find(|known| known.grade == grade).map(|known| known.price);
    graded.iter().filter_map(|part| Some(Lesser { price: price(&part.grade)?, grams: part.grams })).collect()
}

/// The same of a record and its contract as they are kept.
pub fn lesser_of(record: &supply_acceptance::Model, contract: &Value) -> Vec<Lesser> {
    lesser(&weights(&record.graded), &prices(contract))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_named_once_cost_less_and_are_no_more_than_was_accepted() {
        let grade = |grade: &str, price| GradePrice { grade: grade.to_owned(), price };
        let mut known = vec![grade(" Loại 2", 24_000), grade("Loại 3", 15_000)];
        assert!(check_prices(&mut known, 30_000).is_ok());
        assert_eq!(known[0].grade, "Loại 2");
        assert!(check_prices(&mut [grade("Loại 2", 30_000)], 30_000).is_err());
        assert!(check_prices(&mut [grade("Loại 2", 1), grade("loai 2", 2)], 30_000).is_err());
        let weight = |grade: &str, grams| GradeWeight { grade: grade.to_owned(), grams };
        let mut weighed = vec![weight("loai 2", 100), weight("Loại 3", 50)];
        assert!(check_weights(&mut weighed, &known, 150).is_ok());
        assert_eq!(weighed[0].grade, "Loại 2");
        assert!(check_weights(&mut weighed, &known, 149).is_err());
        assert!(check_weights(&mut [weight("Loại 9", 1)], &known, 10).is_err());
        assert!(check_weights(&mut [weight("Loại 2", 1), weight("loại 2", 1)], &known, 10).is_err());
        let found = lesser(&weighed, &known);
        assert_eq!(found, [Lesser { price: 24_000, grams: 100 }, Lesser { price: 15_000, grams: 50 }]);
    }
}
