//! A file in which a gateway or carrier accounts for its payments.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, SettlementId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "settlement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SettlementId,
    /// 'vnpay', 'momo', 'zalopay', 'ghn', 'ghtk', 'viettel_post'
    pub source: String,
    pub file_name: String,
    /// The same file is never booked twice
    pub digest: String,
    pub lines: i32,
    pub gross_amount: Vnd,
    pub fee_amount: Vnd,
    pub created_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
