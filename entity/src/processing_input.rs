//! A lot that goes into a processing order.

use sea_orm::entity::prelude::*;

use crate::value::{LotId, ProcessingId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "processing_input")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: ProcessingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lot_id: LotId,
    pub grams: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
