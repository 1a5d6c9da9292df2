//! How much of an offer there is, and how much of that is promised.

use sea_orm::entity::prelude::*;

use crate::value::OfferId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: OfferId,
    pub on_hand: i64,
    pub reserved: i64,
    /// Grows with every change; tells an old figure from a new one.
    pub version: i64,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
