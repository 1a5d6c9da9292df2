//! What is expected to be harvested, and how much of it may be bought before.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, ForecastId, ForecastState, OfferId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forecast")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ForecastId,
    pub cooperative_id: CooperativeId,
    pub offer_id: OfferId,
    pub quantity: i64,
    /// Basis points of the quantity that may be pre-ordered
    pub share_bp: i32,
    pub preordered: i64,
    pub expected_from: TimeDate,
    pub expected_to: TimeDate,
    pub state: ForecastState,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
