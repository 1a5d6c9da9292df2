//! Buyer and seller talk about an order.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, OrderActor, OrderId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub order_id: OrderId,
    pub author_kind: OrderActor,
    pub author_id: Option<AccountId>,
    pub text: String,
    pub at: TimeDateTimeWithTimeZone,
    /// By the other side
    pub read_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
