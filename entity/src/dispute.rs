//! A buyer and a seller who do not agree about an order.

use sea_orm::entity::prelude::*;

use crate::value::{
    AccountId, CooperativeId, DisputeDecision, DisputeId, DisputeReason, DisputeState, OrderId, RefundId,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dispute")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DisputeId,
    pub number: String,
    pub order_id: OrderId,
    pub cooperative_id: CooperativeId,
    pub state: DisputeState,
    pub reason_code: DisputeReason,
    pub text: String,
    pub evidence_until: TimeDateTimeWithTimeZone,
    pub decision: Option<DisputeDecision>,
    pub decision_text: Option<String>,
    pub refund_id: Option<RefundId>,
    pub decided_by: Option<AccountId>,
    pub decided_at: Option<TimeDateTimeWithTimeZone>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
