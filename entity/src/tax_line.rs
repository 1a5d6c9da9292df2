//! A line of the monthly tax declaration.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, OrderId, OrderLineId, RefundId, RowId, TaxKind, TaxResidence, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tax_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub cooperative_id: CooperativeId,
    pub order_id: OrderId,
    /// None for the order's delivery
    pub order_line_id: Option<OrderLineId>,
    /// '2026-11', in Vietnam
    pub period: String,
    pub kind: TaxKind,
    pub residence: TaxResidence,
    pub revenue_amount: Vnd,
    pub vat_bp: i32,
    pub pit_bp: i32,
    pub vat_amount: Vnd,
    pub pit_amount: Vnd,
    pub refund_id: Option<RefundId>,
    pub at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
