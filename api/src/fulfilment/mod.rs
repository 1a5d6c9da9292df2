//! Getting goods to people: what delivery costs. Carriers and pick-up points at destinations follow.

pub mod rules;
mod store;

pub use store::{add_default_rates, rates};
