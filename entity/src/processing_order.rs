//! Goods that one cooperative makes of another's.

use sea_orm::entity::prelude::*;

use crate::supply::ProcessingState;
use crate::value::{AccountId, CooperativeId, ProcessingId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "processing_order")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProcessingId,
    pub number: String,
    /// Whose goods.
    pub cooperative_id: CooperativeId,
    pub processor_id: CooperativeId,
    pub wanted: String,
    pub state: ProcessingState,
    /// A kilogram that goes in.
    pub price: Option<i64>,
    pub output_g: Option<i64>,
    pub amount: Option<i64>,
    pub reason: Option<String>,
    pub version: i64,
    pub asked_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
