//! What was done on a plot.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CooperativeId, DiaryEntryId, DiaryKind, PlotId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "diary_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DiaryEntryId,
    pub plot_id: PlotId,
    pub cooperative_id: CooperativeId,
    pub kind: DiaryKind,
    pub done_on: TimeDate,
    pub done_by: Option<String>,
    pub material: Option<String>,
    pub active_ingredient: Option<String>,
    pub amount: Option<String>,
    pub wait_days: Option<i32>,
    pub note: Option<String>,
    pub photo_key: Option<String>,
    pub written_by: Option<AccountId>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub withdrawn_at: Option<TimeDateTimeWithTimeZone>,
    pub withdrawn_reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
