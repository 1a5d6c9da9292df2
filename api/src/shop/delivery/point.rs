//! A place where goods are collected, as it is shown.

use entity::pickup_point;
use entity::value::{DestinationId, PartnerId, PickupPointId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Hours on some days of the week.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"days": [1, 2, 3, 4, 5, 6], "from": "07:00", "to": "17:30"}))]
pub struct Window {
    /// Monday is 1, Sunday 7.
    #[garde(length(min = 1, max = 7), inner(range(min = 1, max = 7)))]
    #[schema(min_items = 1, max_items = 7)]
    pub days: Vec<u8>,
    /// `HH:MM` in Vietnam.
    #[garde(custom(clock_time))]
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    pub from: String,
    #[garde(custom(clock_time))]
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    pub to: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the validator's signature")]
pub(super) fn clock_time(text: &str, (): &()) -> garde::Result {
    let wrong = || garde::Error::new("HH:MM");
    let (hours, minutes) = text.split_once(':').filter(|_| text.len() == 5).ok_or_else(wrong)?;
    let fits = |part: &str, below: u8| part.parse::<u8>().is_ok_and(|n| n < below);
    if fits(hours, 24) && fits(minutes, 60) { Ok(()) } else { Err(wrong()) }
}

#[derive(Clone, Serialize, ToSchema)]
pub struct PickupPoint {
    pub id: PickupPointId,
    pub name_vi: String,
    pub name_en: String,
    pub street: String,
    pub commune_code: String,
    pub latitude: f64,
    pub longitude: f64,
    pub hours: Vec<Window>,
    pub active: bool,
    /// The partner at whose reception it is; none at a cooperative's own point.
    #[schema(required = true)]
    pub partner_id: Option<PartnerId>,
    #[schema(required = true)]
    pub destination_id: Option<DestinationId>,
    /// Boxes on their way there or waiting; no limit unless told.
    #[schema(required = true)]
    pub capacity: Option<i32>,
    /// Days a box waits there.
    pub keep_days: i32,
}

impl From<pickup_point::Model> for PickupPoint {
    fn from(row: pickup_point::Model) -> Self {
        Self {
            id: row.id,
            name_vi: row.name_vi,
            name_en: row.name_en,
            street: row.street,
            commune_code: row.commune_code,
            latitude: row.latitude,
            longitude: row.longitude,
            hours: serde_json::from_value(row.hours).unwrap_or_default(),
            active: row.active,
            partner_id: row.partner_id,
            destination_id: row.destination_id,
            capacity: row.capacity,
            keep_days: row.keep_days,
        }
    }
}
