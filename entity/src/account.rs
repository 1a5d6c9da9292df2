//! A person who can sign in.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, Language};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccountId,
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    pub name: String,
    /// Argon2id, PHC string.
    pub password_hash: String,
    pub language: Language,
    pub disabled_at: Option<TimeDateTimeWithTimeZone>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
    /// Forgotten on request: the row stays for what others did with it, and says nothing.
    pub erased_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
