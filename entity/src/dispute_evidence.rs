//! What a side says and shows in a dispute.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, DisputeId, DisputeSide, MediaId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dispute_evidence")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub dispute_id: DisputeId,
    pub side: DisputeSide,
    pub text: String,
    pub media_id: Option<MediaId>,
    pub author_id: Option<AccountId>,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
