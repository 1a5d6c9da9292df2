//! A cooperative chosen to see a request.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, SupplyRequestId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_audience")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_id: SupplyRequestId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub cooperative_id: CooperativeId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
