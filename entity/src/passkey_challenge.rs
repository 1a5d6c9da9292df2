//! A challenge for a passkey that was given out and not yet answered.

use sea_orm::entity::prelude::*;

use crate::value::AccountId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkey_challenge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub challenge: String,
    /// Whose passkey is to be added; none for who wants to sign in.
    pub account_id: Option<AccountId>,
    /// What was asked for, base64url.
    pub state: String,
    pub expires_at: TimeDateTimeWithTimeZone,
}

impl ActiveModelBehavior for ActiveModel {}
