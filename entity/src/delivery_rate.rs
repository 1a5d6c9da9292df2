//! A cooperative's delivery price to one zone.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, DeliveryZone, RowId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery_rate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub cooperative_id: CooperativeId,
    pub zone: DeliveryZone,
    pub base_weight_g: i64,
    pub base_amount: Vnd,
    pub step_weight_g: i64,
    pub step_amount: Vnd,
    pub free_from_amount: Option<Vnd>,
    pub max_days: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
