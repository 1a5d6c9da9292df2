//! A debit or a credit.

use sea_orm::entity::prelude::*;

use crate::value::{JournalId, LedgerAccountId, OrderId, OrderLineId, PostingId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "posting")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PostingId,
    pub journal_id: JournalId,
    pub account_id: LedgerAccountId,
    /// Debit positive, credit negative
    pub amount: Vnd,
    pub order_id: Option<OrderId>,
    /// None for the order's delivery, and for what concerns no order
    pub order_line_id: Option<OrderLineId>,
    pub at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
