//! The books: where every đồng is, and whose.
//!
//! Double entry, append only. Every business event writes one balanced journal in its own transaction (`book`), so what
//! happened and what is booked cannot part. What an order's money does, from payment over delivery to a refund, is pure and
//! told in `rules`, to which ordering hands an order's money as a value and writes down what follows for the order. Payments
//! and refunds are written by `payments` and `refunds`; what providers and the bank hold is booked by `gateways`. Commission (`commission`) is agreed when a line is bought and frozen
//! on it. Money of other currencies balances by itself (`exchange`). Tax is withheld from household sellers and declared monthly (`tax`).
//!
//! The books lie below ordering: an order's step moves money in the step's own transaction.

mod book;
pub mod commission;
pub mod exchange;
pub mod gateways;
pub mod payments;
pub mod refunds;
mod routes;
pub mod rules;
pub mod tax;

pub use book::post;

/// What every kind of account comes to: what a restored backup is compared by.
pub const BALANCES: &str =
    "SELECT kind AS name, CAST(SUM(balance) AS bigint) AS value FROM ledger_account GROUP BY kind ORDER BY kind";

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(commission::list_rules)
        .service(commission::create_rule)
        .service(commission::end_rule)
        .service(tax::show_rates)
        .service(tax::add_rate)
        .service(tax::declaration)
        .service(routes::list_accounts)
        .service(routes::list_postings);
}
