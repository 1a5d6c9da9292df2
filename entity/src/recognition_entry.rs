//! Stars of an earlier decision, typed in by one officer; they count when a second one confirms them.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, ProductId, RecognitionEntryId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recognition_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecognitionEntryId,
    pub product_id: ProductId,
    pub stars: i32,
    pub certificate_number: String,
    pub decision_number: String,
    pub issuer: String,
    pub issued_on: TimeDate,
    pub state: String,
    pub entered_by: AccountId,
    pub entered_at: TimeDateTimeWithTimeZone,
    pub settled_by: Option<AccountId>,
    pub settled_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
