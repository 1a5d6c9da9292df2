//! Chợ OCOP: the marketplace of Vietnam's One Commune One Product programme.
//!
//! A folder per capability; each `mod.rs` tells its story. `app.rs` puts them together.

pub mod app;
pub mod catalogue;
pub mod cli;
pub mod config;
mod console;
pub mod delivery;
pub mod demo;
pub mod fulfilment;
pub mod identity;
pub mod inventory;
pub mod media;
pub mod notification;
pub mod ordering;
pub mod places;
pub mod platform;
pub mod reports;
pub mod reviews;
pub mod selling;
mod service;
pub mod tourism;
pub mod webhooks;
