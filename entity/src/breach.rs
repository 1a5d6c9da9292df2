//! Personal data that got where it should not.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, BreachId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "breach")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BreachId,
    #[sea_orm(unique)]
    pub number: String,
    pub found_at: TimeDateTimeWithTimeZone,
    pub happened: String,
    pub data: String,
    pub people: i64,
    pub measures: String,
    pub authority_told_at: Option<TimeDateTimeWithTimeZone>,
    pub people_told_at: Option<TimeDateTimeWithTimeZone>,
    pub closed_at: Option<TimeDateTimeWithTimeZone>,
    pub created_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

impl ActiveModelBehavior for ActiveModel {}
