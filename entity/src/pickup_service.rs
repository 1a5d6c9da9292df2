//! A cooperative that brings boxes to a partner's reception.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, PickupPointId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pickup_service")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub cooperative_id: CooperativeId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub pickup_point_id: PickupPointId,
    pub fee_amount: Vnd,
    /// From packing until it is there, at most
    pub days: i32,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
