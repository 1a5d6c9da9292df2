//! A basket over several cooperatives.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CartId, CartState, ClickId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cart")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CartId,
    pub account_id: Option<AccountId>,
    /// A guest's key to the cart.
    pub token_hash: Option<String>,
    pub state: CartState,
    /// Grows with every change; a quote and a checkout name the version they saw.
    pub version: i64,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
    /// The last click it came by.
    pub click_id: Option<ClickId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
