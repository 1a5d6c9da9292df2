//! What one side would change of a delivery.

use sea_orm::entity::prelude::*;

use crate::supply::{SupplyChangeKind, SupplyChangeState};
use crate::value::{AccountId, DeliveryId, SupplyChangeId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplyChangeId,
    pub delivery_id: DeliveryId,
    pub kind: SupplyChangeKind,
    pub from_on: Option<TimeDate>,
    pub to_on: Option<TimeDate>,
    pub reason: String,
    pub by_buyer: bool,
    pub state: SupplyChangeState,
    pub proposed_by: AccountId,
    pub proposed_at: TimeDateTimeWithTimeZone,
    pub answered_by: Option<AccountId>,
    pub answered_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
