//! What a cooperative makes: texts, origin, season. What is sold of it are its offers.

use sea_orm::entity::prelude::*;

use crate::value::{CategoryId, CooperativeId, OffSeason, ProductId, ProductStatus};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProductId,
    pub cooperative_id: CooperativeId,
    pub category_id: CategoryId,
    pub slug: String,
    pub name_vi: String,
    pub name_en: String,
    pub summary_vi: String,
    pub summary_en: String,
    pub story_vi: String,
    pub story_en: String,
    pub origin_commune_code: String,
    pub former_commune: Option<String>,
    pub latitude: f64,
    pub longitude: f64,
    /// Months; none = all year.
    pub season_from: Option<i32>,
    pub season_to: Option<i32>,
    pub shelf_life_days: Option<i32>,
    pub storage_vi: String,
    pub storage_en: String,
    pub gtin: Option<String>,
    pub status: ProductStatus,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
    pub off_season: OffSeason,
    pub published_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
