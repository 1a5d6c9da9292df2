//! One payment by one buyer; an order per cooperative hangs under it.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CartId, Language, PaymentMethod, PurchaseId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purchase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PurchaseId,
    pub number: String,
    pub cart_id: CartId,
    pub account_id: Option<AccountId>,
    pub email: Option<String>,
    pub phone: String,
    pub language: Language,
    pub payment_method: PaymentMethod,
    pub goods_amount: Vnd,
    pub delivery_amount: Vnd,
    pub total_amount: Vnd,
    pub discount_amount: Vnd,
    pub currency: String,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
