//! What a cooperative lacks.

use sea_orm::entity::prelude::*;

use crate::programme::{DifficultyKind, DifficultyState};
use crate::value::{AccountId, CooperativeId, DifficultyId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "difficulty")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DifficultyId,
    pub cooperative_id: CooperativeId,
    pub kind: DifficultyKind,
    pub story: String,
    pub state: DifficultyState,
    pub outcome: Option<String>,
    pub opened_by: AccountId,
    pub opened_at: TimeDateTimeWithTimeZone,
    pub closed_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
