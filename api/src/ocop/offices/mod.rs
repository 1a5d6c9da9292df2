//! Offices and their people as routes: one's own, and all of them for the platform's people. What they may do, and where, is
//! below in `people::offices`.

mod routes;

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(routes::list_own_offices)
        .service(routes::list_offices)
        .service(routes::create_office)
        .service(routes::list_office_members)
        .service(routes::put_office_member)
        .service(routes::remove_office_member);
}
