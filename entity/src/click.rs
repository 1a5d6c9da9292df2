//! A guest came through a partner.

use sea_orm::entity::prelude::*;

use crate::value::{ClickId, ClickKind, FeedId, PartnerId, ProductId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "click")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClickId,
    pub partner_id: PartnerId,
    pub feed_id: FeedId,
    pub product_id: Option<ProductId>,
    /// Where it was clicked; '' if nobody told
    pub page: String,
    pub kind: ClickKind,
    /// In reports: not the same guest again within the half hour
    pub counted: bool,
    pub at: TimeDateTimeWithTimeZone,
    pub expires_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
