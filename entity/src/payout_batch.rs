//! A run of payouts.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, PayoutBatchId, PayoutBatchState, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payout_batch")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PayoutBatchId,
    pub number: String,
    /// What was delivered and held long enough by the end of this day
    pub cutoff_on: TimeDate,
    pub state: PayoutBatchState,
    pub total_amount: Vnd,
    pub payouts: i32,
    pub created_by: AccountId,
    pub approved_by: Option<AccountId>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
