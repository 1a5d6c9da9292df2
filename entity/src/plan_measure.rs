//! A course, a fair, a machine: what is done for a plan.

use sea_orm::entity::prelude::*;

use crate::programme::{MeasureKind, MeasureState};
use crate::value::{MeasureId, PlanId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plan_measure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MeasureId,
    pub plan_id: PlanId,
    pub kind: MeasureKind,
    pub title: String,
    pub subject: String,
    pub venue: String,
    pub starts_on: TimeDate,
    pub ends_on: TimeDate,
    pub state: MeasureState,
    pub version: i64,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
