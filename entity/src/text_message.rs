//! A text message to a phone, sent once and followed until it arrived.

use sea_orm::entity::prelude::*;

use crate::value::Vnd;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "text_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    /// Of the event it tells of: the same key is the same message.
    pub key: String,
    /// E.164.
    pub phone: String,
    /// Who took it.
    pub channel: Option<String>,
    pub state: String,
    pub provider_id: Option<String>,
    /// Where the provider says.
    pub cost_amount: Option<Vnd>,
    pub error: Option<String>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

impl ActiveModelBehavior for ActiveModel {}
