//! Who works in an office, and as what.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, OfficeId, OfficeRole};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "office_member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub office_id: OfficeId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    pub role: OfficeRole,
    pub joined_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
