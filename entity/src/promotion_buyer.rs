//! How often a buyer has used a promotion.

use sea_orm::entity::prelude::*;

use crate::value::PromotionId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promotion_buyer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub promotion_id: PromotionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub buyer: String,
    pub used: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
