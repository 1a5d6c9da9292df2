//! Room for some goods through some days.

use sea_orm::entity::prelude::*;

use crate::supply::ColdBookingState;
use crate::value::{AccountId, ColdBookingId, ColdRoomId, CooperativeId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cold_booking")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ColdBookingId,
    pub number: String,
    pub room_id: ColdRoomId,
    /// Whose goods.
    pub cooperative_id: CooperativeId,
    pub from_on: TimeDate,
    pub to_on: TimeDate,
    pub kg: i64,
    pub amount: i64,
    pub state: ColdBookingState,
    pub booked_by: AccountId,
    pub booked_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
