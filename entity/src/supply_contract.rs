//! A contract between a buyer and a cooperative.

use sea_orm::entity::prelude::*;

use crate::supply::ContractState;
use crate::value::{AccountId, ContractId, CooperativeId, SupplyOfferId, SupplyRequestId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_contract")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContractId,
    pub number: String,
    pub request_id: SupplyRequestId,
    pub offer_id: SupplyOfferId,
    pub cooperative_id: CooperativeId,
    pub price: i64,
    pub credit_days: i32,
    pub state: ContractState,
    pub buyer_agreed_by: AccountId,
    pub buyer_agreed_at: TimeDateTimeWithTimeZone,
    pub answered_by: Option<AccountId>,
    pub answered_at: Option<TimeDateTimeWithTimeZone>,
    pub reason: Option<String>,
    /// Of what all its windows cost, paid before.
    pub deposit_bp: i32,
    /// Of what is missing beyond the tolerance.
    pub penalty_bp: i32,
    /// Of what comes late, a day.
    pub late_bp: i32,
    /// What lesser grades cost.
    pub grades: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
