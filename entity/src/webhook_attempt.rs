//! One try at delivering a message.

use sea_orm::entity::prelude::*;

use crate::value::{RowId, WebhookMessageId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_attempt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub message_id: WebhookMessageId,
    pub status: Option<i32>,
    pub error: Option<String>,
    pub took_ms: i32,
    pub at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
