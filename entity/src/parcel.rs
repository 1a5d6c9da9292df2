//! A box on its way.

use sea_orm::entity::prelude::*;

use crate::value::{Carrier, CooperativeId, OrderId, ParcelId, ParcelState, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "parcel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ParcelId,
    pub number: String,
    pub order_id: OrderId,
    pub cooperative_id: CooperativeId,
    pub carrier: Carrier,
    pub state: ParcelState,
    pub tracking_code: Option<String>,
    pub weight_g: i64,
    pub cod_amount: Vnd,
    pub fee_amount: Option<Vnd>,
    pub expected_on: Option<TimeDate>,
    /// When its carrier handed over the cash.
    pub settled_at: Option<TimeDateTimeWithTimeZone>,
    pub last_event_at: TimeDateTimeWithTimeZone,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
