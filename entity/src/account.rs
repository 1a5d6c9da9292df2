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
    /// Personal data law 91/2025/QH15: consent is recorded.
    pub consented_at: TimeDateTimeWithTimeZone,
    pub disabled_at: Option<TimeDateTimeWithTimeZone>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
