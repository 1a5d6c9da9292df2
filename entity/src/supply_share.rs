//! Who supplies how much of a window, and why.

use sea_orm::entity::prelude::*;

use crate::value::{SupplyOfferId, SupplyWindowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_share")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub window_id: SupplyWindowId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: SupplyOfferId,
    pub grams: i64,
    pub reason_vi: String,
    pub reason_en: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
