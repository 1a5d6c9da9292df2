//! Somebody who had to be told of a recall.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, NoticeId, NoticeKind, NoticeState, OrderId, PartnerId, RecallId, RefundId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recall_notice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NoticeId,
    pub recall_id: RecallId,
    pub kind: NoticeKind,
    pub order_id: Option<OrderId>,
    pub cooperative_id: Option<CooperativeId>,
    pub partner_id: Option<PartnerId>,
    pub quantity: i64,
    pub stopped: bool,
    pub state: NoticeState,
    pub confirmed_at: Option<TimeDateTimeWithTimeZone>,
    pub note: Option<String>,
    pub refund_id: Option<RefundId>,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
