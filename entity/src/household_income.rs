//! Something a household was paid.

use sea_orm::entity::prelude::*;

use crate::programme::IncomeKind;
use crate::value::{AccountId, HouseholdId, IncomeId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "household_income")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IncomeId,
    pub household_id: HouseholdId,
    pub kind: IncomeKind,
    pub amount: Vnd,
    pub paid_on: TimeDate,
    pub reference: String,
    pub note: Option<String>,
    pub entered_by: AccountId,
    pub entered_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
