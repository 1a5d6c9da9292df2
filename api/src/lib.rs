//! Chợ OCOP: the marketplace of Vietnam's One Commune One Product programme.
//!
//! A folder per capability; each `mod.rs` tells its story. `app.rs` puts them together.

pub mod catalogue;
pub mod config;
pub mod identity;
pub mod places;
pub mod platform;
