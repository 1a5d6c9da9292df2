//! What is taken off for goods whose last day is near.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, ProductId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "expiry_discount")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub cooperative_id: CooperativeId,
    /// None: all that have no rule of their own.
    pub product_id: Option<ProductId>,
    pub days_before: i64,
    pub rate_bp: i64,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
