//! What a lot was made of.

use sea_orm::entity::prelude::*;

use crate::value::{LotId, OfferId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lot_source")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub lot_id: LotId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_lot_id: LotId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: OfferId,
    pub quantity: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
