//! What a provider told us, as it came.

use sea_orm::entity::prelude::*;

use crate::value::RowId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_callback")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub provider: String,
    /// Of the content: the same message again only counts
    pub digest: String,
    pub content: String,
    pub headers: Json,
    pub times: i32,
    /// None until it was acted on
    pub outcome: Option<String>,
    pub received_at: TimeDateTimeWithTimeZone,
    pub last_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
