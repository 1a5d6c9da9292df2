//! What somebody agreed to, when, in which words; and when it was taken back.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, ConsentPurpose, RowId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub account_id: AccountId,
    pub purpose: ConsentPurpose,
    pub version: String,
    pub given_at: TimeDateTimeWithTimeZone,
    pub withdrawn_at: Option<TimeDateTimeWithTimeZone>,
}

impl ActiveModelBehavior for ActiveModel {}
