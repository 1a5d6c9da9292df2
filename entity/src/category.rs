//! The category tree; the six OCOP groups are its roots (Decision 148/QĐ-TTg, 2023).

use sea_orm::entity::prelude::*;

use crate::value::CategoryId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "category")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CategoryId,
    pub parent_id: Option<CategoryId>,
    pub slug: String,
    pub name_vi: String,
    pub name_en: String,
    /// Decision 148/QD-TTg of 2023.
    pub ocop_group: i32,
    pub position: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
