//! The harness: a real server on a free port with a database of its own, and a client that speaks to it.
//!
//! `TEST_DATABASE` chooses `sqlite` (default) or `postgres`; for the latter `TEST_POSTGRES` is the URL of a throw-away
//! cluster (`tests/run` starts one). `TEST_OCOP` is the binary under test. Every test gets a copy of the demo's data, made
//! once per binary.

#![allow(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod authenticator;
mod browser;
mod client;
mod cluster;
mod database;
mod gateway;
mod pace;
mod partner;
mod server;
mod shop;
mod standin;

pub use authenticator::Authenticator;
pub use browser::{Browser, between};
pub use client::{Answer, Client, Part, http};
pub use cluster::Cluster;
pub use gateway::{BANK_SECRET, Gateway, Given, SECRET as GATEWAY_SECRET};
pub use pace::patience;
pub use partner::{FEED, PHONE, Partner, facts};
pub use server::{Server, Settings, on_postgres};
pub use shop::{Basket, PASSWORD, Seller, address};
pub use standin::{Asked, Manner, StandIn};

/// How much of something a test does: all of it in `tests/soak`, less every day.
pub fn size(full: usize, everyday: usize) -> usize {
    if std::env::var_os("TESTS_SOAK").is_some() { full } else { everyday }
}
