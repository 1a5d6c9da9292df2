//! A paper of an export.

use sea_orm::entity::prelude::*;

use crate::supply::ExportPaperKind;
use crate::value::{AccountId, ExportId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "export_paper")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: ExportId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: ExportPaperKind,
    pub number: String,
    pub issued_on: TimeDate,
    pub expires_on: Option<TimeDate>,
    pub document_key: Option<String>,
    pub media_type: Option<String>,
    pub entered_by: AccountId,
    pub entered_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
