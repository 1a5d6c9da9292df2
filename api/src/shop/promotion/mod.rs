//! Discounts: codes and automatic ones, of a cooperative or of the whole platform.
//!
//! What a basket gets off is pure (`rules`): each promotion in turn takes its part of what is left, spread over the lines it
//! is for without losing a đồng, and remembers who pays for it. A checkout uses a promotion up by one conditional statement,
//! so a limit holds however many buyers race for it (`store`).

mod personal;
mod routes;
pub mod rules;
mod store;

pub use personal::PERSONAL;
pub use routes::{NewPromotion, add, all_promotions, set};
pub use store::{Buyer, UsedUp, Window, active, release, take, take_again, windows};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(routes::list_for_platform)
        .service(routes::create_for_platform)
        .service(routes::change_for_platform)
        .service(routes::list_for_shop)
        .service(routes::create_for_shop)
        .service(routes::change_for_shop);
}
