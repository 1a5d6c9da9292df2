//! Goods wanted at a place within some days.

use sea_orm::entity::prelude::*;

use crate::value::{DeliveryPlaceId, SupplyRequestId, SupplyWindowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_window")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplyWindowId,
    pub request_id: SupplyRequestId,
    pub place_id: DeliveryPlaceId,
    pub from_on: TimeDate,
    pub to_on: TimeDate,
    pub grams: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
