//! Where officers work: a commune's, a province's, or the ministry.

use sea_orm::entity::prelude::*;

use crate::value::{OfficeId, OfficeLevel};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "office")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OfficeId,
    pub level: OfficeLevel,
    pub name: String,
    pub commune_code: Option<String>,
    pub province_code: Option<String>,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
