//! What a buyer says of a product.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, OrderId, ProductId, ReviewId, ReviewState};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "review")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReviewId,
    pub product_id: ProductId,
    pub account_id: AccountId,
    pub order_id: OrderId,
    pub rating: i32,
    pub text: String,
    pub state: ReviewState,
    pub report_reason: Option<String>,
    pub reply: Option<String>,
    pub replied_at: Option<TimeDateTimeWithTimeZone>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
