//! Scores as they are sent, by the cooperative and by members of a council.

use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::criteria::Scorecard;
use super::points::Points;
use crate::platform::problem::Problem;

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ScoreInput {
    #[garde(length(max = 20))]
    #[schema(max_length = 20, example = "A1")]
    pub criterion: String,
    pub points: Points,
    #[garde(inner(length(chars, max = 2000)))]
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"scores": [{"criterion": "A1", "points": 4, "note": "Toàn bộ bưởi trồng ở Đú Sáng"}]}))]
pub struct ScoresInput {
    /// What is left out stays.
    #[garde(dive, length(min = 1, max = 200))]
    #[schema(min_items = 1, max_items = 200)]
    pub scores: Vec<ScoreInput>,
}

impl ScoresInput {
    /// Refused by the first score that does not fit the scorecard.
    pub fn check(&self, card: &Scorecard) -> Result<(), Problem> {
        for (index, score) in self.scores.iter().enumerate() {
            let Some(criterion) = card.criterion(&score.criterion) else {
                let (vi, en) = ("không có tiêu chí này", "there is no such criterion");
                return Err(Problem::field(format!("/scores/{index}/criterion"), "criterion", vi, en));
            };
            if !criterion.takes(score.points) {
                let most = criterion.points;
                let (vi, en) = (
                    format!("chọn điểm của một phương án, hoặc nửa điểm một từ 0 đến {most}"),
                    format!("take an option's points, or half steps from 0 to {most}"),
                );
                return Err(Problem::field(format!("/scores/{index}/points"), "points", vi, en));
            }
        }
        Ok(())
    }
}
