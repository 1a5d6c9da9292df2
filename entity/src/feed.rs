//! What a partner shows.

use sea_orm::entity::prelude::*;

use crate::value::{FeedId, FeedState, PartnerId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feed")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FeedId,
    pub partner_id: PartnerId,
    /// In its address
    pub slug: String,
    /// What a guest types or scans where there is no web
    pub code: String,
    pub name: String,
    pub definition: Json,
    pub state: FeedState,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
