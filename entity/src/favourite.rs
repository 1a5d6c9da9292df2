//! A product a buyer keeps an eye on.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, ProductId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "favourite")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: ProductId,
    /// Wants a word when it can be had again, or its season begins.
    pub notify: bool,
    /// Whether it could be had when somebody last looked.
    pub there: bool,
    /// Whether it was in season then.
    pub ripe: bool,
    pub told_at: Option<TimeDateTimeWithTimeZone>,
    pub created_at: TimeDateTimeWithTimeZone,
}

impl ActiveModelBehavior for ActiveModel {}
