//! What of the stock an export took.

use sea_orm::entity::prelude::*;

use crate::value::{ExportId, LotId, OfferId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "export_lot")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: ExportId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lot_id: LotId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: OfferId,
    pub quantity: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
