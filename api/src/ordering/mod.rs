//! From a basket to a delivered box.
//!
//! A basket (`carts`) holds offers of several cooperatives. A quote (`quotes`) tells what it would cost, delivered where
//! the buyer says, and is kept; checkout (`checkout`) charges exactly that or refuses, telling line by line what changed.
//! One checkout is one transaction: the basket is closed, stock reserved, one purchase with one order per cooperative
//! written, the events stored, the answer kept under the idempotency key. Orders then move through the table of states in
//! `rules`; every step is written with its actor and time (`steps`). What nobody answers expires (`sweeper`).

mod carts;
mod checkout;
mod orders;
mod quotes;
pub mod rules;
mod seller;
mod steps;
mod store;
mod sweeper;
mod view;

pub use carts::MergeOnSignIn;
pub use store::{OrderForMail, order_for_mail};
pub use sweeper::Sweeper;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(carts::create)
        .service(carts::show)
        .service(carts::add_item)
        .service(carts::change_item)
        .service(carts::remove_item)
        .service(quotes::create)
        .service(checkout::create)
        .service(orders::list)
        .service(orders::show)
        .service(orders::cancel)
        .service(orders::complete)
        .service(seller::list)
        .service(seller::show)
        .service(seller::confirm)
        .service(seller::pack)
        .service(seller::ship)
        .service(seller::deliver)
        .service(seller::cancel);
}
