//! What must not be sold without a certificate.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CategoryId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "certificate_rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub category_id: CategoryId,
    /// Between commas; one of them is enough.
    pub kinds: String,
    pub from_day: TimeDate,
    pub source: String,
    pub created_by: Option<AccountId>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub ended_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
