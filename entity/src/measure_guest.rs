//! Somebody of a cooperative invited to a measure, whether they came, what they say of it.

use sea_orm::entity::prelude::*;

use crate::programme::GuestState;
use crate::value::{CooperativeId, GuestId, MeasureId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "measure_guest")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GuestId,
    pub measure_id: MeasureId,
    pub cooperative_id: CooperativeId,
    pub person: String,
    pub state: GuestState,
    pub rating: Option<i32>,
    pub feedback: Option<String>,
    pub invited_at: TimeDateTimeWithTimeZone,
    pub answered_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
