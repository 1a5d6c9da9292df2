//! A place tourists go to.

use sea_orm::entity::prelude::*;

use crate::value::{DestinationId, DestinationKind};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "destination")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DestinationId,
    pub slug: String,
    pub kind: DestinationKind,
    pub name_vi: String,
    pub name_en: String,
    pub text_vi: String,
    pub text_en: String,
    pub commune_code: String,
    pub latitude: f64,
    pub longitude: f64,
    pub created_at: TimeDateTimeWithTimeZone,
    pub street: String,
    /// As a pick-up point's hours.
    pub hours: Json,
    pub website: Option<String>,
    pub phone: Option<String>,
    pub active: bool,
    pub updated_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
