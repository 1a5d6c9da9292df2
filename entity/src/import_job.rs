//! A spreadsheet being read into the catalogue.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CooperativeId, ImportId, ImportKind, ImportState};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ImportId,
    pub cooperative_id: CooperativeId,
    pub kind: ImportKind,
    pub state: ImportState,
    pub file_name: String,
    pub object_key: String,
    /// A ZIP of pictures
    pub images_key: Option<String>,
    pub total: i32,
    pub good: i32,
    pub bad: i32,
    /// Rows that wait for a person's word
    pub unsure: i32,
    pub done: i32,
    pub changed: i32,
    pub error: Option<String>,
    pub created_by: AccountId,
    /// A worker that dies leaves the job to another
    pub leased_until: Option<TimeDateTimeWithTimeZone>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
