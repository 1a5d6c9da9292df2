//! An event owed to an endpoint.

use sea_orm::entity::prelude::*;

use crate::value::{RowId, WebhookId, WebhookMessageId, WebhookMessageState};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookMessageId,
    pub endpoint_id: WebhookId,
    /// Webhook-id: the same for every attempt and replay
    pub event_id: RowId,
    pub topic: String,
    pub body: String,
    pub state: WebhookMessageState,
    pub attempts: i32,
    pub next_at: TimeDateTimeWithTimeZone,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
