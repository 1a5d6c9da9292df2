//! A buyer's saved address.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, AddressId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "address")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AddressId,
    pub account_id: AccountId,
    pub recipient: String,
    pub phone: String,
    pub street: String,
    /// Today's code (since 1 July 2025).
    pub commune_code: String,
    pub is_default: bool,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
