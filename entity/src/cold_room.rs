//! A cold room that a cooperative or a partner offers.

use sea_orm::entity::prelude::*;

use crate::value::{ColdRoomId, CooperativeId, PartnerId, Storage};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cold_room")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ColdRoomId,
    pub cooperative_id: Option<CooperativeId>,
    pub partner_id: Option<PartnerId>,
    pub name: String,
    pub storage: Storage,
    pub from_c: i32,
    pub to_c: i32,
    pub capacity_kg: i64,
    /// For 100 kg a day.
    pub price: i64,
    pub street: String,
    pub commune_code: String,
    pub certificates: String,
    pub open: bool,
    pub version: i64,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
