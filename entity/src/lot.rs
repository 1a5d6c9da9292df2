//! A harvest or packing batch.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, ForecastId, LotId, LotState, ProductId, Storage};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lot")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LotId,
    pub cooperative_id: CooperativeId,
    pub product_id: ProductId,
    pub code: String,
    pub harvested_on: TimeDate,
    pub expires_on: Option<TimeDate>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub state: LotState,
    pub plot: Option<String>,
    pub household: Option<String>,
    pub note: Option<String>,
    pub forecast_id: Option<ForecastId>,
    /// Why it was harvested within a plot's waiting period.
    pub wait_reason: Option<String>,
    pub storage: Option<Storage>,
    /// Degrees Celsius.
    pub kept_from_c: Option<i32>,
    pub kept_to_c: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
