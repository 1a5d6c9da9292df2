//! What a messenger lets us in with, where that changes.

use sea_orm::entity::prelude::*;

use crate::sealed::Sealed;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messenger_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub access_token: Sealed,
    pub refresh_token: Sealed,
    pub expires_at: TimeDateTimeWithTimeZone,
    pub renewing_until: TimeDateTimeWithTimeZone,
}

impl ActiveModelBehavior for ActiveModel {}
