//! A payment in such a file.

use sea_orm::entity::prelude::*;

use crate::value::{PaymentId, RowId, SettlementId, SettlementLineState, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "settlement_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub settlement_id: SettlementId,
    pub line: i32,
    pub reference: String,
    pub amount: Vnd,
    pub fee_amount: Vnd,
    pub state: SettlementLineState,
    pub payment_id: Option<PaymentId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
