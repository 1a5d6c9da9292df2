//! How much of it for a window.

use sea_orm::entity::prelude::*;

use crate::value::{SupplyOfferId, SupplyWindowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_offer_window")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: SupplyOfferId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub window_id: SupplyWindowId,
    pub grams: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
