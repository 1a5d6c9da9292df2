//! What can be promised: delivery prices by zone, days on the road, and where buyers collect.

mod pickup;
mod point;
mod reception;
pub mod rules;
mod store;

pub use pickup::{PickupPointInput, find as pickup_points_of, for_buyers as pickup_points_for_buyers, is_open_point};
pub use point::{PickupPoint, Window};
pub use reception::{Reception, ReceptionTerms, has_room, leave, receptions, receptions_for, serve};
pub use store::{add_default_rates, rate_to, rates, replace_rates};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(pickup::list_public)
        .service(pickup::list_own)
        .service(pickup::create_point)
        .service(pickup::update_point)
        .service(reception::list_receptions)
        .service(reception::serve_reception)
        .service(reception::leave_reception);
}
