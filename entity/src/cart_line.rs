//! One offer in a basket.

use sea_orm::entity::prelude::*;

use crate::value::{CartId, CartLineId, OfferId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cart_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CartLineId,
    pub cart_id: CartId,
    pub offer_id: OfferId,
    pub quantity: i64,
    pub added_at: TimeDateTimeWithTimeZone,
    pub preorder: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
