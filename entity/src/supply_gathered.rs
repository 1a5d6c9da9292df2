//! Whom a lead asked to offer under its answer.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, SupplyOfferId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_gathered")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: SupplyOfferId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub cooperative_id: CooperativeId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
