//! How much there is: on-hand, reserved, and the movements that explain them.
//!
//! Stock moves by one conditional statement for all lines at once, rows locked in the order of their ids, never by
//! reading and then writing. A checkout reserves; packing takes (a `sale` movement); cancelling releases what was
//! reserved or puts back what was taken. `on_hand` equals the sum of an offer's movements, always.

mod routes;
pub mod rules;
mod store;

pub use store::{Outcome, check, put_back, record, release, reserve, take};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(routes::list).service(routes::movements).service(routes::record_movement);
}
