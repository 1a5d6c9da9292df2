//! Where buyers collect.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, PickupPointId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pickup_point")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PickupPointId,
    pub cooperative_id: CooperativeId,
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
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
