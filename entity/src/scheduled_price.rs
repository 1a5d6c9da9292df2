//! A price that begins, and perhaps ends, at a moment.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, OfferId, ScheduledPriceId, ScheduledPriceState, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scheduled_price")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScheduledPriceId,
    pub offer_id: OfferId,
    pub amount: Vnd,
    pub starts_at: TimeDateTimeWithTimeZone,
    pub ends_at: Option<TimeDateTimeWithTimeZone>,
    pub state: ScheduledPriceState,
    /// What it replaced, and what returns when it ends
    pub previous_amount: Option<Vnd>,
    pub created_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
