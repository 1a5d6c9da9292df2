//! Goods that went into a cold room, or out of it.

use sea_orm::entity::prelude::*;

use crate::supply::Going;
use crate::value::{AccountId, ColdBookingId, LotId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cold_move")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub booking_id: ColdBookingId,
    pub lot_id: LotId,
    pub going: Going,
    pub kg: i64,
    pub temperature_c: Option<i32>,
    pub at: TimeDateTimeWithTimeZone,
    pub by_account: AccountId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
