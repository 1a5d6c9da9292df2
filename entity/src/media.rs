//! An uploaded picture.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CooperativeId, MediaId, MediaPurpose, OrderId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "media")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MediaId,
    pub cooperative_id: Option<CooperativeId>,
    pub account_id: Option<AccountId>,
    /// A picture shown in a return
    pub order_id: Option<OrderId>,
    pub purpose: MediaPurpose,
    pub sha256: String,
    pub width: i32,
    pub height: i32,
    /// '320,640,1280': of the WebP files
    pub widths: String,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
