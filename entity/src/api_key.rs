//! A partner's key for its own programs.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, ApiKeyId, PartnerId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    pub partner_id: PartnerId,
    pub name: String,
    /// Shown, and looked up by
    pub prefix: String,
    pub secret_hash: String,
    /// Good beside the new one until it runs out
    pub old_secret_hash: Option<String>,
    pub old_until: Option<TimeDateTimeWithTimeZone>,
    /// 'feeds:read,reports:read'
    pub scopes: String,
    pub per_minute: i32,
    pub per_day: i32,
    pub expires_at: Option<TimeDateTimeWithTimeZone>,
    pub revoked_at: Option<TimeDateTimeWithTimeZone>,
    pub last_used_at: Option<TimeDateTimeWithTimeZone>,
    pub created_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
