//! A lot of a recall.

use sea_orm::entity::prelude::*;

use crate::value::{LotId, RecallId, RecallOutcome};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recall_lot")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub recall_id: RecallId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lot_id: LotId,
    pub depth: i32,
    pub outcome: Option<RecallOutcome>,
    pub outcome_note: Option<String>,
    pub outcome_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
