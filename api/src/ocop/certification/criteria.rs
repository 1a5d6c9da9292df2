//! A scorecard, and what points on it come to: pure.
//!
//! 100 points in parts; 90 make five stars, 70 four, 50 three (Decision 148/QĐ-TTg, 24.2.2023). A criterion may have floors:
//! fewer points there, and a number of stars is out of reach whatever the total.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::points::Points;

pub const TOTAL: Points = Points::whole(100);
/// Least points of a number of stars, from the most.
pub const BANDS: [(i32, Points); 4] =
    [(5, Points::whole(90)), (4, Points::whole(70)), (3, Points::whole(50)), (2, Points::whole(30))];
/// Fewer are not recognised.
pub const LEAST_STARS: i32 = 3;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scorecard {
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Part {
    /// A, B or C.
    pub code: String,
    pub name: String,
    pub points: Points,
    pub criteria: Vec<Criterion>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Criterion {
    pub code: String,
    pub name: String,
    /// The most there are.
    pub points: Points,
    /// What is to be shown for it.
    pub evidence: String,
    pub floors: Vec<Floor>,
    pub options: Vec<Choice>,
}

/// Without as many points here, no such stars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Floor {
    pub stars: i32,
    pub points: Points,
}

/// One of the answers to a criterion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CriterionChoice)]
pub struct Choice {
    pub label: String,
    pub points: Points,
}

impl Criterion {
    /// An option's points, or a half step in between.
    pub fn takes(&self, points: Points) -> bool {
        self.options.iter().any(|option| option.points == points)
            || (points.0 % 50 == 0 && points.0 >= 0 && points <= self.points)
    }
}

/// What scores come to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Award {
    /// The mean, cut off behind the hundredth.
    pub total: Points,
    /// One to five; three and more are recognised.
    pub stars: i32,
    /// Criteria that keep the total's stars out of reach.
    pub held_by: Vec<HeldBy>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct HeldBy {
    pub criterion: String,
    pub stars: i32,
    /// As many are needed there.
    pub needed: Points,
}

impl Scorecard {
    pub fn criteria(&self) -> impl Iterator<Item = &Criterion> {
        self.parts.iter().flat_map(|part| &part.criteria)
    }

    pub fn criterion(&self, code: &str) -> Option<&Criterion> {
        self.criteria().find(|criterion| criterion.code == code)
    }

    /// The award of `members` scorings, by the sum of their points of each criterion. Nothing is rounded on the way.
    pub fn award(&self, members: i64, sum_of: impl Fn(&str) -> Points) -> Award {
        let members = members.max(1);
        let sum: Points = self.criteria().map(|criterion| sum_of(&criterion.code)).sum();
        let reached = |points: Points, sum: Points| sum.0 >= points.0 * members;
        let by_total = BANDS.iter().find(|(_, least)| reached(*least, sum)).map_or(1, |(stars, _)| *stars);
        let mut held_by: Vec<HeldBy> = Vec::new();
        for criterion in self.criteria() {
            let missed = criterion
                .floors
                .iter()
                .filter(|floor| floor.stars <= by_total && !reached(floor.points, sum_of(&criterion.code)))
                .min_by_key(|floor| floor.stars);
            held_by.extend(missed.map(|floor| HeldBy {
                criterion: criterion.code.clone(),
                stars: floor.stars,
                needed: floor.points,
            }));
        }
        let stars = held_by.iter().map(|held| held.stars - 1).chain([by_total]).min().unwrap_or(by_total);
        Award { total: Points::mean(sum, members), stars, held_by }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// Any scorecard of 100 points whose criteria have some floors.
    pub fn scorecards() -> impl Strategy<Value = Scorecard> {
        let criteria = prop::collection::vec((1_i64..=12, prop::option::of((3_i32..=5, 1_i64..=24))), 1..8);
        prop::collection::vec(criteria, 3).prop_map(|parts| {
            let mut left = 100;
            let last = parts.len() - 1;
            let parts = parts.into_iter().enumerate().map(|(index, criteria)| {
                let letter = ["A", "B", "C"][index];
                let mut own: Vec<(i64, Option<(i32, i64)>)> = Vec::new();
                for (points, floor) in criteria {
                    let points = points.min(left);
                    if points > 0 {
                        left -= points;
                        own.push((points, floor));
                    }
                }
                if index == last && left > 0 {
                    own.push((std::mem::take(&mut left), None));
                }
                let criteria: Vec<Criterion> = own
                    .into_iter()
                    .enumerate()
                    .map(|(at, (points, floor))| Criterion {
                        code: format!("{letter}{}", at + 1),
                        name: format!("Tiêu chí {letter}{}", at + 1),
                        points: Points::whole(points),
                        evidence: String::new(),
                        floors: floor
                            .map(|(stars, half)| Floor { stars, points: Points((half * 50).min(points * 100)) })
                            .into_iter()
                            .collect(),
                        options: vec![
                            Choice { label: "Không".to_owned(), points: Points(0) },
                            Choice { label: "Có".to_owned(), points: Points::whole(points) },
                        ],
                    })
                    .collect();
                let points = criteria.iter().map(|criterion| criterion.points).sum();
                Part { code: letter.to_owned(), name: format!("Phần {letter}"), points, criteria }
            });
            Scorecard { parts: parts.filter(|part| !part.criteria.is_empty()).collect() }
        })
    }

    fn drawn(card: &Scorecard, draws: &[u16]) -> HashMap<String, Points> {
        let half_steps =
            |criterion: &Criterion, draw: u16| Points(i64::from(draw) % (criterion.points.0 / 50 + 1) * 50);
        card.criteria()
            .enumerate()
            .map(|(index, criterion)| (criterion.code.clone(), half_steps(criterion, draws[index % draws.len()])))
            .collect()
    }

    proptest! {
        #[test]
        fn totals_and_stars_keep_their_bounds(
            card in scorecards(),
            members in prop::collection::vec(prop::collection::vec(0_u16..2000, 24), 1..8),
        ) {
            prop_assert_eq!(card.criteria().map(|criterion| criterion.points).sum::<Points>(), TOTAL);
            let scores: Vec<_> = members.iter().map(|draws| drawn(&card, draws)).collect();
            for own in &scores {
                prop_assert!(card.criteria().all(|criterion| criterion.takes(own[&criterion.code])));
            }
            let n = i64::try_from(scores.len()).expect("few");
            let sum_of = |code: &str| scores.iter().map(|own| own[code]).sum::<Points>();
            let award = card.award(n, sum_of);
            // Against fractions, the plain way.
            let total: i64 = scores.iter().flat_map(|own| own.values()).map(|points| points.0).sum();
            prop_assert!(award.total.0 * n <= total && total < (award.total.0 + 1) * n);
            prop_assert!((1..=5).contains(&award.stars) && award.total <= TOTAL);
            let has = |stars: i32| {
                let least = [(2, 30), (3, 50), (4, 70), (5, 90)].iter().find(|(of, _)| *of == stars).map_or(0, |(_, least)| *least);
                total >= least * 100 * n
                    && card.criteria().all(|criterion| {
                        criterion.floors.iter().all(|floor| floor.stars > stars || sum_of(&criterion.code).0 >= floor.points.0 * n)
                    })
            };
            prop_assert_eq!(award.stars, (1..=5).rev().find(|stars| has(*stars)).unwrap_or(1));
            // A point more nowhere costs a star.
            for raised in card.criteria() {
                let better = card.award(n, |code| if code == raised.code { Points(raised.points.0 * n) } else { sum_of(code) });
                prop_assert!(better.stars >= award.stars);
            }
        }
    }

    #[test]
    fn almost_ninety_is_not_ninety() {
        let card = Scorecard {
            parts: vec![Part {
                code: "A".to_owned(),
                name: "Tất cả".to_owned(),
                points: TOTAL,
                criteria: vec![Criterion {
                    code: "A1".to_owned(),
                    name: "Một".to_owned(),
                    points: TOTAL,
                    evidence: String::new(),
                    floors: Vec::new(),
                    options: Vec::new(),
                }],
            }],
        };
        // 90, 90 and 89,5: the mean is 89,83.
        let award = card.award(3, |_| Points(26_950));
        assert_eq!((award.stars, award.total), (4, Points(8_983)));
        assert_eq!(card.award(3, |_| Points(27_000)).stars, 5);
    }
}
