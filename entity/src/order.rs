//! One cooperative's part of a purchase.

use sea_orm::entity::prelude::*;

use crate::sealed::Sealed;
use crate::value::{
    AccountId, ClickId, ContractId, CooperativeId, DeliveryMethod, OrderId, OrderState, PartnerId, PickupPointId,
    PurchaseId, Vnd,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrderId,
    pub number: String,
    pub purchase_id: PurchaseId,
    pub cooperative_id: CooperativeId,
    pub account_id: Option<AccountId>,
    /// The secret in a guest's link.
    pub access_token: Sealed,
    pub state: OrderState,
    pub goods_amount: Vnd,
    pub delivery_amount: Vnd,
    pub total_amount: Vnd,
    pub currency: String,
    pub delivery_method: DeliveryMethod,
    pub recipient: String,
    pub phone: String,
    pub street: Option<String>,
    pub commune_code: Option<String>,
    pub note: Option<String>,
    pub placed_at: TimeDateTimeWithTimeZone,
    /// Unanswered by then, the order expires and its stock is free again.
    pub respond_by: Option<TimeDateTimeWithTimeZone>,
    pub delivered_at: Option<TimeDateTimeWithTimeZone>,
    pub updated_at: TimeDateTimeWithTimeZone,
    pub preorder: bool,
    pub arrive_days: i32,
    pub pickup_point_id: Option<PickupPointId>,
    /// What the buyer shows when collecting
    pub collection_code: Option<String>,
    pub channel: String,
    pub discount_amount: Vnd,
    /// Of it, what came off the delivery.
    pub delivery_discount_amount: Vnd,
    /// Of that, what the platform pays.
    pub delivery_platform_discount_amount: Vnd,
    pub delivery_refunded_amount: Vnd,
    pub paid_amount: Vnd,
    /// Refunded, or on its way back.
    pub refunded_amount: Vnd,
    /// An order of a contract: changed by agreement only, paid once it was accepted.
    pub contract_id: Option<ContractId>,
    /// Of the contract's deposit, set off.
    pub deposit_amount: Vnd,
    /// Owed by the seller under the contract, set off.
    pub penalty_amount: Vnd,
    pub paid_at: Option<TimeDateTimeWithTimeZone>,
    /// Paid and delivered: the money is the cooperative's.
    pub earned_at: Option<TimeDateTimeWithTimeZone>,
    /// Who brought the buyer.
    pub partner_id: Option<PartnerId>,
    pub click_id: Option<ClickId>,
    /// At a partner's reception.
    pub arrived_at: Option<TimeDateTimeWithTimeZone>,
    /// Not collected by then, the box goes back.
    pub collect_by: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
