//! What a currency is worth on a day.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, Currency};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exchange_rate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: Currency,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: TimeDate,
    /// Ten-thousandths of a đồng for one.
    pub rate_e4: i64,
    pub source: String,
    pub entered_by: AccountId,
    pub entered_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
