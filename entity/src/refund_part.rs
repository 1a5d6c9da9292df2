//! A refund's share of one order line, or of an order's delivery.

use sea_orm::entity::prelude::*;

use crate::value::{OrderId, OrderLineId, RefundId, RowId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund_part")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub refund_id: RefundId,
    pub order_id: OrderId,
    /// None for the order's delivery
    pub order_line_id: Option<OrderLineId>,
    pub amount: Vnd,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
