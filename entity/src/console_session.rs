//! A signed-in browser of the seller console.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, Language, SessionId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "console_session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: String,
    pub session_id: SessionId,
    pub account_id: AccountId,
    pub csrf: String,
    pub language: Language,
    pub created_at: TimeDateTimeWithTimeZone,
    pub seen_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
