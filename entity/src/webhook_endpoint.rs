//! A seller's own system that wants to know.

use sea_orm::entity::prelude::*;

use crate::sealed::Sealed;
use crate::value::{CooperativeId, PartnerId, WebhookId, WebhookState};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoint")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    /// Whose it is: a cooperative's or a partner's.
    pub cooperative_id: Option<CooperativeId>,
    pub url: String,
    /// 'order.placed,order.cancelled'; '*' for all
    pub events: String,
    /// Whsec_…
    pub secret: Sealed,
    /// Signs beside the new one until it runs out
    pub old_secret: Option<Sealed>,
    pub old_secret_until: Option<TimeDateTimeWithTimeZone>,
    pub state: WebhookState,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
    pub partner_id: Option<PartnerId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
