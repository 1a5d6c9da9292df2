//! A term of the market, as an administrator has set it.

use sea_orm::entity::prelude::*;

use crate::value::AccountId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "market_term")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub value: i64,
    pub set_by: AccountId,
    pub set_at: TimeDateTimeWithTimeZone,
}

impl ActiveModelBehavior for ActiveModel {}
