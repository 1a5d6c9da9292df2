//! A seller's invoice, or what adjusts one.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, InvoiceId, InvoiceKind, InvoiceState, OrderId, RefundId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvoiceId,
    pub cooperative_id: CooperativeId,
    pub year: i32,
    pub number: i32,
    pub kind: InvoiceKind,
    pub order_id: OrderId,
    pub refund_id: Option<RefundId>,
    pub adjusts_id: Option<InvoiceId>,
    pub data: Json,
    pub total_amount: Vnd,
    pub state: InvoiceState,
    pub provider_reference: Option<String>,
    pub last_error: Option<String>,
    pub attempts: i32,
    pub next_at: TimeDateTimeWithTimeZone,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
