//! Cooperatives run their shop: the profile buyers see, products and offers, delivery prices.
//!
//! Every change is written to the audit trail with what was before, and is visible in the catalogue at once.

mod routes;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(routes::show_profile)
        .service(routes::update_profile)
        .service(routes::update_product)
        .service(routes::update_offer)
        .service(routes::list_rates)
        .service(routes::replace_rates);
}
