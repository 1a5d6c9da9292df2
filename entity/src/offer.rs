//! What is sold: a pack of a product at a price.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, OfferId, OfferStatus, ProductId, Unit, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OfferId,
    pub product_id: ProductId,
    pub cooperative_id: CooperativeId,
    pub sku: String,
    pub pack_vi: String,
    pub pack_en: String,
    pub unit: Unit,
    /// Shipped, with its packing.
    pub weight_g: i64,
    /// Minor units; the dong has none.
    pub price_amount: Vnd,
    pub currency: String,
    pub min_quantity: i64,
    pub step_quantity: i64,
    pub status: OfferStatus,
    pub position: i32,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
    pub wholesale_from: Option<i64>,
    /// Of the goods alone; where it is not known, as shipped.
    pub net_g: Option<i64>,
    /// Taken off while goods must be eaten soon, through `reduced_until`.
    pub reduced_bp: i64,
    pub reduced_until: Option<TimeDate>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
