//! Where an organisation has goods delivered to.

use sea_orm::entity::prelude::*;

use crate::value::{DeliveryPlaceId, OrganisationId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organisation_place")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryPlaceId,
    pub organisation_id: OrganisationId,
    pub name: String,
    pub recipient: String,
    pub phone: String,
    pub street: String,
    pub commune_code: String,
    pub active: bool,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
