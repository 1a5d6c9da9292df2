//! Attempts at a password or code that were not good.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_attempt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    /// A hash: it does not tell whose.
    pub key: String,
    pub failures: i64,
    pub last_at: TimeDateTimeWithTimeZone,
    pub blocked_until: TimeDateTimeWithTimeZone,
}

impl ActiveModelBehavior for ActiveModel {}
