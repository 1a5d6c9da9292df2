//! A picture of a destination.

use sea_orm::entity::prelude::*;

use crate::value::{DestinationId, MediaId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destination_image")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub destination_id: DestinationId,
    pub media_id: MediaId,
    pub alt_vi: String,
    pub alt_en: String,
    pub position: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
