//! What happened to lots, written once.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CooperativeId, OrderId, PickupPointId, RowId, TraceAct};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "trace_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub cooperative_id: CooperativeId,
    pub act: TraceAct,
    pub at: TimeDateTimeWithTimeZone,
    pub recorded_at: TimeDateTimeWithTimeZone,
    pub order_id: Option<OrderId>,
    pub pickup_point_id: Option<PickupPointId>,
    pub actor_id: Option<AccountId>,
    pub note: Option<String>,
    pub corrects_id: Option<RowId>,
    pub corrective_id: Option<RowId>,
    pub reason: Option<String>,
    pub external_id: Option<String>,
    /// What a captured one says it is.
    pub event_type: Option<String>,
    pub biz_step: Option<String>,
    pub document: Option<Json>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
