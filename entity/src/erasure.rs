//! Somebody was forgotten. The row does not tell who: of an account that no longer says anything only the id is left.

use sea_orm::entity::prelude::*;

use crate::value::RowId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub account_id: Option<Uuid>,
    pub asked_by: String,
    pub at: TimeDateTimeWithTimeZone,
}

impl ActiveModelBehavior for ActiveModel {}
