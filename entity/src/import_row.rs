//! A row of a spreadsheet, as judged.

use sea_orm::entity::prelude::*;

use crate::value::{ImportId, ImportRowState};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_row")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: ImportId,
    /// As the spreadsheet counts
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i32,
    pub state: ImportRowState,
    pub cells: Json,
    pub errors: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
