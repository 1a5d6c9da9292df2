//! How long something is kept, from a day on.

use sea_orm::entity::prelude::*;

use crate::value::AccountId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "retention_rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub valid_from: TimeDate,
    pub days: i64,
    pub set_by: AccountId,
    pub set_at: TimeDateTimeWithTimeZone,
}

impl ActiveModelBehavior for ActiveModel {}
