//! A harvest festival and the like.

use sea_orm::entity::prelude::*;

use crate::value::{DestinationId, EventId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destination_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    pub destination_id: DestinationId,
    pub name_vi: String,
    pub name_en: String,
    pub text_vi: String,
    pub text_en: String,
    pub starts_on: TimeDate,
    pub ends_on: TimeDate,
    pub website: Option<String>,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
