//! What a quotation is of.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, OfferId, QuotationId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wholesale_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub quotation_id: QuotationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub offer_id: OfferId,
    pub cooperative_id: CooperativeId,
    pub quantity: i64,
    pub unit_amount: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
