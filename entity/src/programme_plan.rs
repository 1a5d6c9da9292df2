//! What an office wants to reach in a year.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, OfficeId, PlanId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "programme_plan")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PlanId,
    pub office_id: OfficeId,
    pub year: i32,
    pub title: String,
    pub decision_number: Option<String>,
    pub adopted_on: Option<TimeDate>,
    pub version: i64,
    pub created_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
