//! Money that came for an export, or went back.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, ExportId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "export_payment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub order_id: ExportId,
    /// Minor units of the order's currency; negative: went back.
    pub amount: i64,
    /// At the paper's rate.
    pub dong: i64,
    pub reference: String,
    pub entered_by: AccountId,
    pub at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
