//! What a commune is measured by.

use sea_orm::entity::prelude::*;

use crate::value::AccountId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "indicator")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    pub ordinal: i32,
    pub figure: String,
    pub least: i64,
    pub name_vi: String,
    pub name_en: String,
    pub source: String,
    pub updated_by: AccountId,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
