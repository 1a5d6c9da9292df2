//! What a carrier said: raw, and once.

use sea_orm::entity::prelude::*;

use crate::value::{ParcelId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "carrier_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub carrier: String,
    /// SHA-256 of the body
    pub dedup_key: String,
    pub tracking_code: Option<String>,
    pub parcel_id: Option<ParcelId>,
    pub status: Option<String>,
    pub body: String,
    pub outcome: String,
    pub received_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
