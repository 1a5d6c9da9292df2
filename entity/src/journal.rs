//! One business event in the books: its postings sum to zero.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, JournalId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JournalId,
    /// 'captured:<payment>': the same event is never written twice
    pub key: String,
    pub kind: String,
    pub subject_id: Uuid,
    pub note: Option<String>,
    pub actor_id: Option<AccountId>,
    pub at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
