//! Where the tourists are: destinations. Partners, feeds and widgets follow.

mod routes;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(routes::list).service(routes::show);
}
