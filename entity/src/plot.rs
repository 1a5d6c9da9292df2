//! A piece of land that a cooperative grows on.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, PlotId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "plot")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PlotId,
    pub cooperative_id: CooperativeId,
    pub name: String,
    pub area_m2: i64,
    pub commune_code: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    /// A GeoJSON polygon.
    pub outline: Option<Json>,
    pub growing_area_code: Option<String>,
    pub crop: String,
    pub planted_on: Option<TimeDate>,
    pub household: Option<String>,
    pub household_shown: bool,
    pub active: bool,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
