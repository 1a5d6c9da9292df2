//! A cooperative's contract with a carrier.

use sea_orm::entity::prelude::*;

use crate::value::{Carrier, CooperativeId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "carrier_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub cooperative_id: CooperativeId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub carrier: Carrier,
    /// Token and shop id at the carrier; never shown again
    pub settings: Json,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
