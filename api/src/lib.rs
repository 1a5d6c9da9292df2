//! Chợ OCOP: the marketplace of Vietnam's One Commune One Product programme.
//!
//! A folder per capability; each `mod.rs` tells its story. `app.rs` puts them together.

pub mod app;
pub mod attribution;
pub mod catalogue;
pub mod cli;
pub mod config;
mod console;
pub mod delivery;
pub mod demo;
pub mod dispute;
pub mod fulfilment;
pub mod identity;
pub mod inventory;
pub mod invoice;
pub mod ledger;
pub mod media;
pub mod notification;
pub mod ordering;
pub mod payment;
pub mod payout;
pub mod places;
pub mod platform;
pub mod promotion;
pub mod reports;
pub mod reviews;
pub mod selling;
mod service;
mod storefront;
pub mod tourism;
pub mod webhooks;
