//! Where buyers collect.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, DestinationId, PartnerId, PickupPointId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pickup_point")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PickupPointId,
    /// None: a partner's reception.
    pub cooperative_id: Option<CooperativeId>,
    pub name_vi: String,
    pub name_en: String,
    pub street: String,
    pub commune_code: String,
    pub latitude: f64,
    pub longitude: f64,
    /// [{"days": [1, 2], "from": "07:00", "to": "17:30"}]; Monday is 1
    pub hours: Json,
    pub active: bool,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
    pub partner_id: Option<PartnerId>,
    pub destination_id: Option<DestinationId>,
    /// Boxes on their way there or waiting.
    pub capacity: Option<i32>,
    pub keep_days: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
