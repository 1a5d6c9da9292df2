//! A secret shared with an authenticator app (RFC 6238).

use sea_orm::entity::prelude::*;

use crate::sealed::Sealed;
use crate::value::AccountId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "second_factor")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    pub secret: Sealed,
    pub confirmed_at: Option<TimeDateTimeWithTimeZone>,
    /// No code is good twice.
    pub last_step: i64,
    pub created_at: TimeDateTimeWithTimeZone,
}

impl ActiveModelBehavior for ActiveModel {}
