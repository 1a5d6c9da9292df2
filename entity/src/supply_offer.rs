//! What a cooperative offers for a request.

use sea_orm::entity::prelude::*;

use crate::supply::SupplyOfferState;
use crate::value::{AccountId, CooperativeId, ProductId, SupplyOfferId, SupplyRequestId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_offer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplyOfferId,
    pub request_id: SupplyRequestId,
    pub cooperative_id: CooperativeId,
    pub product_id: ProductId,
    pub price: i64,
    pub box_grams: i64,
    pub least_grams: i64,
    pub conditions: String,
    pub valid_until: TimeDate,
    /// What lesser grades cost.
    pub grades: Json,
    /// Under whose answer it stands.
    pub lead_id: Option<CooperativeId>,
    pub state: SupplyOfferState,
    pub version: i64,
    pub offered_by: AccountId,
    pub offered_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
