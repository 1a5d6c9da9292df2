//! What an organisation pays for an offer.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, OfferId, OrganisationId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organisation_price")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: OrganisationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: OfferId,
    pub price: i64,
    pub from_quantity: i64,
    pub valid_until: TimeDate,
    pub entered_by: AccountId,
    pub entered_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
