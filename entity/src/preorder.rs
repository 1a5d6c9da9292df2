//! A line of an order that waits for its harvest.

use sea_orm::entity::prelude::*;

use crate::value::{ForecastId, OfferId, OrderId, PreorderState, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "preorder")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub order_id: OrderId,
    pub offer_id: OfferId,
    pub forecast_id: ForecastId,
    pub quantity: i64,
    /// Of a short harvest: reserved for this buyer until answered
    pub offered: i64,
    pub state: PreorderState,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
