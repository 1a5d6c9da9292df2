//! What is kept of a sale, for whom, and from when to when.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CategoryId, CommissionRuleId, CooperativeId, PartnerId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commission_rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CommissionRuleId,
    /// 'platform', 'payment', 'partner', …
    pub component: String,
    pub category_id: Option<CategoryId>,
    pub cooperative_id: Option<CooperativeId>,
    pub campaign: Option<String>,
    pub rate_bp: i32,
    pub fixed_amount: Vnd,
    pub min_amount: Option<Vnd>,
    pub max_amount: Option<Vnd>,
    /// Of the component 'partner': for orders this partner brought. Of others: who gets it; the platform itself unless told
    pub partner_id: Option<PartnerId>,
    pub starts_on: TimeDate,
    pub ends_on: Option<TimeDate>,
    pub created_by: Option<AccountId>,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
