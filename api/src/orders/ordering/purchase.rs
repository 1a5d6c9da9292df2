//! What a checkout asks for, and what it answers.

use entity::value::{CartId, Money, OrderId, OrderState, PaymentMethod, PurchaseId, QuoteId, SalesChannel};
use garde::Validate;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// Who to reach about the purchase.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ContactInput {
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[garde(length(min = 3, max = 30))]
    #[schema(min_length = 3, max_length = 30)]
    pub phone: String,
    /// For mails about the orders; an account's own address unless told.
    #[garde(inner(length(max = 254)))]
    #[schema(max_length = 254)]
    pub email: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"cart_id": "0192f0c4-8a3e-7b43-9d55-2f3c1f0e7a11", "quote_id": "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f",
    "contact": {"name": "Nguyễn Thị Lan", "phone": "0912345678", "email": "lan@example.vn"}, "payment_method": "cash_on_delivery"}))]
pub struct Checkout {
    pub cart_id: CartId,
    /// What is charged is what this quote told.
    pub quote_id: QuoteId,
    #[garde(dive)]
    pub contact: ContactInput,
    pub payment_method: PaymentMethod,
    /// Through which front end it was bought; `web` unless told.
    pub channel: Option<SalesChannel>,
    /// For the sellers.
    #[garde(inner(length(chars, max = 500)))]
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

/// One cooperative's order in a purchase.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PlacedOrder {
    pub id: OrderId,
    pub number: String,
    pub cooperative_vi: String,
    pub cooperative_en: String,
    pub state: OrderState,
    pub total: Money,
    /// Opens the order without an account; keep it secret.
    pub link: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Purchase {
    pub id: PurchaseId,
    pub number: String,
    pub orders: Vec<PlacedOrder>,
    pub goods: Money,
    pub delivery: Money,
    pub discount: Money,
    pub total: Money,
    pub payment_method: PaymentMethod,
    /// Until when it is to be paid, by `/v1/payments`; stock is held as long. None: at the door, or nothing is to be paid.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub pay_by: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: OffsetDateTime,
}
