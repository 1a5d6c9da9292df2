//! Why on-hand is what it is.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, LotId, MovementKind, OfferId, OrderId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock_movement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub offer_id: OfferId,
    pub kind: MovementKind,
    pub quantity: i64,
    pub order_id: Option<OrderId>,
    pub lot_id: Option<LotId>,
    pub note: Option<String>,
    pub actor_id: Option<AccountId>,
    pub at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
