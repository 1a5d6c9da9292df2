//! Support given to a cooperative.

use sea_orm::entity::prelude::*;

use crate::programme::FundSource;
use crate::value::{AccountId, CooperativeId, MeasureId, OfficeId, SupportId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "support_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupportId,
    pub office_id: OfficeId,
    pub cooperative_id: CooperativeId,
    pub measure_id: Option<MeasureId>,
    pub what: String,
    pub purpose: String,
    pub worth: Vnd,
    pub source: FundSource,
    pub granted_on: TimeDate,
    pub withdrawn_reason: Option<String>,
    pub created_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
