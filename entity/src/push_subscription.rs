//! A browser that is told, too.

use sea_orm::entity::prelude::*;

use crate::sealed::Sealed;
use crate::value::{AccountId, PushId, SessionId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "push_subscription")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PushId,
    pub account_id: AccountId,
    pub endpoint: String,
    /// The browser's key, base64url.
    pub p256dh: String,
    /// The secret shared with it.
    pub auth: Sealed,
    pub label: String,
    pub created_at: TimeDateTimeWithTimeZone,
    /// Where it was asked for: told until that sign-in is ended.
    pub session_id: Option<SessionId>,
}

impl ActiveModelBehavior for ActiveModel {}
