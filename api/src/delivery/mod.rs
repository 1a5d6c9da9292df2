//! What can be promised: delivery prices by zone, days on the road, and where buyers collect.

mod pickup;
pub mod rules;
mod store;

pub use pickup::{PickupPoint, Window, find as pickup_points_of, is_open_point};
pub use store::{add_default_rates, rates};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(pickup::list_public)
        .service(pickup::list_own)
        .service(pickup::create_point)
        .service(pickup::update_point);
}
