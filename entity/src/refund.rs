//! What is owed back to a buyer.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, PaymentId, PurchaseId, RefundId, RefundState, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RefundId,
    /// Also our reference at the provider
    pub number: String,
    pub purchase_id: PurchaseId,
    /// What it goes back through
    pub payment_id: Option<PaymentId>,
    pub state: RefundState,
    /// 'order_cancelled', 'return_received', 'harvest_short', 'late_payment', …
    pub reason: String,
    pub note: Option<String>,
    pub amount: Vnd,
    pub attempts: i32,
    pub next_at: TimeDateTimeWithTimeZone,
    pub provider_reference: Option<String>,
    pub last_error: Option<String>,
    pub requested_by: Option<AccountId>,
    pub decided_by: Option<AccountId>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
