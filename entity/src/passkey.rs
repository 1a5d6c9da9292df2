//! A key in a phone or computer that signs in by itself (WebAuthn).

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, PasskeyId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkey")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PasskeyId,
    pub account_id: AccountId,
    /// As the authenticator calls it, base64url.
    pub credential_id: String,
    /// As its owner calls it.
    pub label: String,
    /// How it is reached, as bits.
    pub transports: i32,
    /// With what was agreed on when it was made, base64url.
    pub public_key: String,
    /// What each sign-in may change, base64url.
    pub state: String,
    pub created_at: TimeDateTimeWithTimeZone,
    pub last_used_at: Option<TimeDateTimeWithTimeZone>,
}

impl ActiveModelBehavior for ActiveModel {}
