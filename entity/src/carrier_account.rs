//! A cooperative's contract with a carrier.

use sea_orm::entity::prelude::*;

use crate::sealed::Sealed;
use crate::value::{Carrier, CooperativeId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "carrier_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub cooperative_id: CooperativeId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub carrier: Carrier,
    /// The carrier's; never shown again.
    pub token: Sealed,
    /// The shop's number at the carrier.
    pub shop_id: String,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
