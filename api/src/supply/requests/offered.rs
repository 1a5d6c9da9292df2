//! What a cooperative says when it offers.

use entity::value::{CooperativeId, ProductId, SupplyWindowId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;

use crate::supply::deliveries::grades::GradePrice;

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct SupplyOfferWindowInput {
    pub window_id: SupplyWindowId,
    #[garde(range(min = 1, max = 10_000_000_000))]
    #[schema(minimum = 1, maximum = 10_000_000_000_i64)]
    pub grams: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"product_id": "0197f2a0-0000-7000-8000-000000000001", "price": 32_000, "box_grams": 10_000, "least_grams": 500_000, "valid_until": "2026-12-31",
    "windows": [{"window_id": "0197f2a0-0000-7000-8000-000000000002", "grams": 1_500_000}]}))]
pub struct SupplyOfferInput {
    /// Of the offer that was looked at; none of a new one.
    pub version: Option<i64>,
    /// Of the request's category.
    pub product_id: ProductId,
    /// Đồng a kilogram.
    #[garde(range(min = 1, max = 100_000_000))]
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub price: i64,
    /// Whole boxes only.
    #[garde(range(min = 100, max = 100_000_000))]
    #[schema(minimum = 100, maximum = 100_000_000)]
    pub box_grams: i64,
    /// Less for a window is not worth a drive.
    #[serde(default)]
    #[garde(range(min = 0, max = 10_000_000_000))]
    #[schema(minimum = 0, maximum = 10_000_000_000_i64)]
    pub least_grams: i64,
    #[serde(default)]
    #[garde(length(chars, max = 1000))]
    #[schema(max_length = 1000)]
    pub conditions: String,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
    /// What lesser grades cost, where they are delivered too.
    #[serde(default)]
    #[garde(length(max = 5), dive)]
    #[schema(max_items = 5)]
    pub grades: Vec<GradePrice>,
    /// Under the answer of this cooperative, which asked for it: its price, grades, conditions and last day are this offer's.
    pub lead_id: Option<CooperativeId>,
    /// Cooperatives that may offer under this answer.
    #[serde(default)]
    #[garde(length(max = 50))]
    #[schema(max_items = 50)]
    pub gathers: Vec<CooperativeId>,
    #[garde(length(min = 1, max = 60), dive)]
    #[schema(min_items = 1, max_items = 60)]
    pub windows: Vec<SupplyOfferWindowInput>,
}
