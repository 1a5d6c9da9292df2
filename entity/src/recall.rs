//! Lots taken back from the market.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CooperativeId, RecallId, RecallKind, RecallState};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recall")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecallId,
    pub number: String,
    pub cooperative_id: CooperativeId,
    pub kind: RecallKind,
    pub decision_number: Option<String>,
    pub reason: String,
    pub advice: String,
    pub state: RecallState,
    pub raised_by: AccountId,
    pub raised_at: TimeDateTimeWithTimeZone,
    pub closed_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
