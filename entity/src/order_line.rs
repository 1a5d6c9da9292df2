//! One offer in an order, as it was bought.

use sea_orm::entity::prelude::*;

use crate::value::{OfferId, OrderId, OrderLineId, ProductId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrderLineId,
    pub order_id: OrderId,
    pub offer_id: OfferId,
    pub product_id: ProductId,
    pub sku: String,
    /// As bought: later edits of the product do not rewrite history.
    pub name_vi: String,
    pub name_en: String,
    pub pack_vi: String,
    pub pack_en: String,
    pub quantity: i64,
    pub unit_amount: Vnd,
    pub total_amount: Vnd,
    pub weight_g: i64,
    pub discount_amount: Vnd,
    /// Of it, what the platform pays.
    pub platform_discount_amount: Vnd,
    /// As given: a list of promotions and amounts.
    pub discounts: Json,
    pub commission_amount: Vnd,
    /// As agreed when it was bought: a list of components.
    pub commissions: Json,
    pub refunded_amount: Vnd,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
