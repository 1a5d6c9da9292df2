//! What does not match, for a person.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, PaymentId, ReconciliationId, ReconciliationKind, ReconciliationState, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reconciliation_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReconciliationId,
    pub kind: ReconciliationKind,
    pub amount: Vnd,
    /// The transfer, settlement line, refund or payment
    pub subject_id: Uuid,
    pub payment_id: Option<PaymentId>,
    pub detail: String,
    pub state: ReconciliationState,
    pub resolution: Option<String>,
    pub note: Option<String>,
    pub resolved_by: Option<AccountId>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub resolved_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
