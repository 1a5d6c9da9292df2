//! An attempt to pay.

use sea_orm::entity::prelude::*;

use crate::value::{ContractId, OrderId, PaymentId, PaymentMethod, PaymentState, PurchaseId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PaymentId,
    pub purchase_id: PurchaseId,
    /// Cash is paid order by order; everything else for the whole purchase
    pub order_id: Option<OrderId>,
    pub method: PaymentMethod,
    /// Ours, as the provider gives it back
    pub reference: String,
    pub state: PaymentState,
    pub amount: Vnd,
    pub refunded_amount: Vnd,
    pub currency: String,
    /// The ids of what it pays.
    pub orders: Json,
    /// Where the buyer goes or what the buyer scans
    pub action: Option<Json>,
    pub provider_reference: Option<String>,
    /// What later calls about it need
    pub provider_data: Option<Json>,
    /// The purchase was paid already: all of it goes back
    pub surplus: bool,
    /// A bill of a contract: its deposit, or what is left to pay for one of its orders.
    pub contract_id: Option<ContractId>,
    pub failure: Option<String>,
    pub queries: i32,
    pub next_query_at: Option<TimeDateTimeWithTimeZone>,
    pub expires_at: Option<TimeDateTimeWithTimeZone>,
    pub captured_at: Option<TimeDateTimeWithTimeZone>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
