//! A quote as it is told and kept.

use entity::value::{
    CartId, CooperativeId, DeliveryMethod, DeliveryZone, Money, OfferId, PaymentMethod, PickupPointId, PromotionId,
    QuoteId,
};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use crate::ledger::rules::LineDiscount;
use crate::people::identity::AddressInput;

/// A line as quoted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct QuotedLine {
    pub offer_id: OfferId,
    pub name_vi: String,
    pub name_en: String,
    pub pack_vi: String,
    pub pack_en: String,
    pub quantity: i64,
    pub unit_price: Money,
    /// Before discounts.
    pub total: Money,
    pub discount: Money,
    #[serde(default)]
    pub discounts: Vec<LineDiscount>,
}

/// A promotion the basket has.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct QuotedPromotion {
    pub promotion_id: PromotionId,
    #[schema(required = true)]
    pub code: Option<String>,
    #[serde(default)]
    #[schema(required = true)]
    pub campaign: Option<String>,
    pub name_vi: String,
    pub name_en: String,
    pub amount: Money,
}

/// When the harvest is expected that a pre-order waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Expected {
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    #[schema(value_type = String, format = Date)]
    pub to: Date,
}

/// One cooperative's share: what will be one order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct QuotedShare {
    pub cooperative_id: CooperativeId,
    pub cooperative_vi: String,
    pub cooperative_en: String,
    pub lines: Vec<QuotedLine>,
    /// Waits for this harvest; goods at hand and goods to come are separate orders.
    #[serde(default)]
    #[schema(required = true)]
    pub preorder: Option<Expected>,
    pub method: DeliveryMethod,
    #[serde(default)]
    #[schema(required = true)]
    pub pickup_point_id: Option<PickupPointId>,
    /// Days after shipping until it arrives, at most.
    #[serde(default)]
    pub arrive_days: i32,
    /// How far it goes; none when collected.
    #[schema(required = true)]
    pub zone: Option<DeliveryZone>,
    /// Grams, with packing.
    pub weight_g: i64,
    pub goods: Money,
    pub delivery: Money,
    /// Off goods and delivery.
    pub discount: Money,
    #[serde(default)]
    pub delivery_discounts: Vec<LineDiscount>,
    pub total: Money,
}

/// What a basket costs. Good until `expires_at`, as long as nothing changes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Quote {
    pub id: QuoteId,
    pub cart_id: CartId,
    pub cart_version: i64,
    pub shares: Vec<QuotedShare>,
    pub goods: Money,
    pub delivery: Money,
    pub discount: Money,
    pub promotions: Vec<QuotedPromotion>,
    pub total: Money,
    #[schema(required = true)]
    pub address: Option<AddressInput>,
    pub payment_methods: Vec<PaymentMethod>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: OffsetDateTime,
}
