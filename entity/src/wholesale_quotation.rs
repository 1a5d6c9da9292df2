//! Prices that hold for days.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, DeliveryPlaceId, OrganisationId, PurchaseId, QuotationId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wholesale_quotation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QuotationId,
    pub number: String,
    pub organisation_id: OrganisationId,
    pub place_id: DeliveryPlaceId,
    pub valid_until: TimeDate,
    pub purchase_id: Option<PurchaseId>,
    pub created_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
