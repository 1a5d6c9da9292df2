//! Money that reached our bank account.

use sea_orm::entity::prelude::*;

use crate::value::{PaymentId, RowId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bank_transfer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub source: String,
    pub bank_reference: String,
    pub amount: Vnd,
    pub description: String,
    pub transferred_at: TimeDateTimeWithTimeZone,
    pub payment_id: Option<PaymentId>,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
