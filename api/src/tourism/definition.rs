//! What a feed shows, as its partner defines it: pure.

use entity::value::{DestinationId, Language};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::people::places;
use crate::platform::problem::Problem;
use crate::shop::catalogue::Sort;
use crate::shop::catalogue::pick::Pick;

/// Products in a feed, at most.
pub const MOST: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Point {
    #[garde(range(min = -90.0, max = 90.0))]
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: f64,
    #[garde(range(min = -180.0, max = 180.0))]
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: f64,
}

/// In what order products stand; those picked by hand stand as picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedOrder {
    /// With a point or destination; newest first without.
    #[default]
    Nearest,
    Newest,
    Stars,
    PriceAsc,
    PriceDesc,
    Name,
}

/// Which products a feed shows. Lists: any of them fits; different filters must all fit; empty asks for nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"near": {"latitude": 20.67, "longitude": 105.53}, "radius_km": 30, "stars": [3, 4, 5], "in_stock": true, "in_season": true, "language": "vi", "order": "nearest", "size": 6}))]
pub struct Definition {
    /// Near here,
    #[garde(dive)]
    #[schema(required = false)]
    pub near: Option<Point>,
    /// or near this destination.
    #[schema(required = false)]
    pub destination_id: Option<DestinationId>,
    /// No further than this.
    #[garde(inner(range(min = 0.1, max = 2000.0)))]
    #[schema(required = false, minimum = 0.1, maximum = 2000)]
    pub radius_km: Option<f64>,
    /// Today's codes.
    #[garde(length(max = 50), inner(length(min = 1, max = 10)))]
    #[schema(max_items = 50)]
    pub communes: Vec<String>,
    /// Slugs; those below count too.
    #[garde(length(max = 30), inner(length(min = 1, max = 100)))]
    #[schema(max_items = 30)]
    pub categories: Vec<String>,
    /// OCOP stars in force.
    #[garde(length(max = 5), inner(range(min = 1, max = 5)))]
    #[schema(max_items = 5)]
    pub stars: Vec<i32>,
    /// Slugs or ids.
    #[garde(length(max = 50), inner(length(min = 1, max = 200)))]
    #[schema(max_items = 50)]
    pub cooperatives: Vec<String>,
    /// Slugs or ids of products picked by hand, in their order: where they are and who makes them is not asked then; stars,
    /// season and stock are.
    #[garde(length(max = 100), inner(length(min = 1, max = 200)))]
    #[schema(max_items = 100)]
    pub products: Vec<String>,
    pub in_season: bool,
    pub in_stock: bool,
    pub language: Language,
    pub order: FeedOrder,
    /// Products, at most.
    #[garde(range(min = 1, max = MOST))]
    #[schema(minimum = 1, maximum = 100)]
    pub size: usize,
}

impl Default for Definition {
    fn default() -> Self {
        Self {
            near: None,
            destination_id: None,
            radius_km: None,
            communes: Vec::new(),
            categories: Vec::new(),
            stars: Vec::new(),
            cooperatives: Vec::new(),
            products: Vec::new(),
            in_season: false,
            in_stock: true,
            language: Language::Vi,
            order: FeedOrder::default(),
            size: 12,
        }
    }
}

impl Definition {
    /// What the definition asks the catalogue for; `place` is where its destination is.
    pub fn pick(&self, place: Option<(f64, f64)>) -> Pick {
        let near = self.near.map(|point| (point.latitude, point.longitude)).or(place);
        let sort = match self.order {
            FeedOrder::Nearest if near.is_some() => Sort::Distance,
            FeedOrder::Nearest | FeedOrder::Newest => Sort::Newest,
            FeedOrder::Stars => Sort::Stars,
            FeedOrder::PriceAsc => Sort::PriceAsc,
            FeedOrder::PriceDesc => Sort::PriceDesc,
            FeedOrder::Name => Sort::Name,
        };
        Pick {
            near,
            radius_km: self.radius_km,
            categories: self.categories.clone(),
            stars: self.stars.clone(),
            cooperatives: self.cooperatives.clone(),
            provinces: Vec::new(),
            communes: self.communes.clone(),
            products: self.products.clone(),
            in_season: self.in_season,
            in_stock: self.in_stock,
            sort: Some(sort),
            limit: self.size,
        }
    }

    /// Refuses what cannot be meant.
    pub fn check(&self) -> Result<(), Problem> {
        if self.radius_km.is_some() && self.near.is_none() && self.destination_id.is_none() {
            let (vi, en) = ("cần kèm theo điểm hoặc điểm đến", "needs a point or destination beside it");
            return Err(Problem::field("/definition/radius_km", "radius", vi, en));
        }
        if self.near.is_some() && self.destination_id.is_some() {
            let (vi, en) = ("chọn điểm hoặc điểm đến, không cả hai", "a point or a destination, not both");
            return Err(Problem::field("/definition/near", "near", vi, en));
        }
        for (index, code) in self.communes.iter().enumerate() {
            if places::commune(code).is_none() {
                let (vi, en) = ("không có xã này", "there is no such commune");
                return Err(Problem::field(format!("/definition/communes/{index}"), "commune", vi, en));
            }
        }
        Ok(())
    }
}
