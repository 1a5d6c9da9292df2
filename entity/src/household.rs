//! A member household; its name is seen by its cooperative and itself only.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, HouseholdId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "household")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: HouseholdId,
    pub cooperative_id: CooperativeId,
    pub name: String,
    pub people: i32,
    pub consented_on: Option<TimeDate>,
    pub link_hash: Option<String>,
    pub active: bool,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
