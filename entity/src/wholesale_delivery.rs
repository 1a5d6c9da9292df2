//! What delivery costs of a quotation.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, QuotationId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wholesale_delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub quotation_id: QuotationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub cooperative_id: CooperativeId,
    pub amount: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
