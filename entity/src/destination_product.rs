//! What grows, is tasted or sold at a destination.

use sea_orm::entity::prelude::*;

use crate::value::{DestinationId, DestinationLink, ProductId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destination_product")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub destination_id: DestinationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: ProductId,
    pub kind: DestinationLink,
    pub note_vi: String,
    pub note_en: String,
    pub from_month: Option<i32>,
    pub to_month: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
