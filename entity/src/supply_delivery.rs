//! What a contract brings in a window.

use sea_orm::entity::prelude::*;

use crate::value::{ContractId, DeliveryId, OrderId, SupplyWindowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub contract_id: ContractId,
    pub window_id: SupplyWindowId,
    pub grams: i64,
    /// As agreed; at first the window's days.
    pub from_on: TimeDate,
    pub to_on: TimeDate,
    /// None before the contract is signed.
    pub order_id: Option<OrderId>,
    pub reminded_on: Option<TimeDate>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
