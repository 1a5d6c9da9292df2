//! A purchase that a promotion was used on.

use sea_orm::entity::prelude::*;

use crate::value::{PromotionId, PurchaseId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promotion_use")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub promotion_id: PromotionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub purchase_id: PurchaseId,
    pub buyer: String,
    pub amount: Vnd,
    /// Nothing of the purchase was paid: it may be used again
    pub released_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
