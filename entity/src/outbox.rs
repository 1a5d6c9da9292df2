//! Events owed to consumers, written in the transaction that caused them.

use sea_orm::entity::prelude::*;

use crate::value::RowId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    /// 'order.placed', 'product.changed', ….
    pub topic: String,
    pub subject_id: Uuid,
    pub payload: Json,
    /// The node that wrote it: its own read model is already fresh.
    pub origin: Uuid,
    pub created_at: TimeDateTimeWithTimeZone,
    /// Not to be delivered before: retries and leases move it forward.
    pub available_at: TimeDateTimeWithTimeZone,
    pub attempts: i32,
    pub delivered_at: Option<TimeDateTimeWithTimeZone>,
    pub last_error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
