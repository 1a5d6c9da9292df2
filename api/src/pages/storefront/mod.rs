//! The shop's own pages: what a click from a widget or a QR code leads to when no other front end is configured.
//!
//! `account` is a buyer's own: orders, addresses, what one keeps an eye on. `after` and `following` are what may follow a purchase.
//!
//! A product, a cooperative, a destination each have a page that search engines can read; a basket, a checkout and an order's
//! page let a guest buy on a cheap phone, with and without scripts. The pages do nothing of their own: they call what the API
//! calls.

pub mod account;
mod after;
mod basket;
mod buying;
mod certificate;
mod following;
mod installed;
mod looking;
mod map;
mod orders;
mod pages;
mod seo;
mod shell;
mod trace;

use actix_web::web::ServiceConfig;

use crate::platform::routing::below;
pub use trace::Stories;

/// What labels lead to, and the pages people read most. Routes are tried in turn, and these are asked for by whole villages: they
/// stand before the API's hundreds.
pub fn first(config: &mut ServiceConfig) {
    config
        .service(trace::on_trace)
        .service(certificate::on_certificate)
        .service(trace::on_here)
        .service(trace::on_type)
        .service(looking::home)
        .service(pages::product)
        .service(pages::cooperative);
}

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(shell::script)
        .service(installed::icon)
        .service(installed::manifest)
        .service(installed::worker)
        .service(installed::offline)
        .service(map::on_map)
        .service(seo::robots)
        .service(seo::sitemap)
        .service(pages::destination)
        .service(basket::show)
        .service(basket::add)
        .service(basket::change)
        .service(basket::use_code)
        .service(buying::checkout_form)
        .service(buying::review)
        .service(buying::buy)
        .service(below("/o").configure(orders_routes));
    account::routes(config);
}

/// A guest's order, by its link.
fn orders_routes(config: &mut ServiceConfig) {
    config
        .service(orders::on_show)
        .service(orders::on_state)
        .service(orders::on_qr)
        .service(orders::start_paying)
        .service(orders::on_recall)
        .service(orders::on_cancel)
        .service(orders::on_complete)
        .service(following::on_message)
        .service(following::on_return)
        .service(following::on_take_back)
        .service(following::on_dispute)
        .service(following::on_evidence);
}
