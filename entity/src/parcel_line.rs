//! What is in a parcel.

use sea_orm::entity::prelude::*;

use crate::value::{OfferId, ParcelId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "parcel_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub parcel_id: ParcelId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: OfferId,
    pub quantity: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
