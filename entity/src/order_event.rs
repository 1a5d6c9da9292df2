//! A step of an order, with its actor and time.

use sea_orm::entity::prelude::*;

use crate::value::{OrderActor, OrderId, OrderState, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub order_id: OrderId,
    pub from_state: Option<OrderState>,
    pub to_state: OrderState,
    pub actor_kind: OrderActor,
    pub actor_id: Option<Uuid>,
    pub reason: Option<String>,
    pub at: TimeDateTimeWithTimeZone,
    pub reason_code: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
