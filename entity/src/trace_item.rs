//! A lot that an event is about, and how much of it.

use sea_orm::entity::prelude::*;

use crate::value::{LotId, OfferId, RowId, TraceRole};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "trace_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: RowId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub lot_id: LotId,
    pub offer_id: Option<OfferId>,
    pub role: TraceRole,
    pub quantity: i64,
    pub effect: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
