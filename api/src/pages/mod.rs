//! Pages made by the server, for phones that are cheap and browsers without scripts.
//!
//! - `storefront`: the shop for guests: products, cooperatives, destinations, basket, checkout, orders.
//! - `console`: for who works in a cooperative, and at `/partner` for tourism partners.
//!
//! Who signs in at one door is signed in at all (`session`). They call what the API's routes call, and hold no rules of their own. What both call things stands in `words`.

mod charts;
pub mod console;
mod guests;
mod session;
pub mod storefront;
mod words;

pub use session::{OVER, PERSONAL};
