//! A cooperative that belongs to a destination by hand.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, DestinationId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destination_cooperative")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub destination_id: DestinationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub cooperative_id: CooperativeId,
    pub position: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
