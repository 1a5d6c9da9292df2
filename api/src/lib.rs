//! Chợ OCOP: the marketplace of Vietnam's One Commune One Product programme.
//!
//! Districts from the ground up; each knows those below it and none above (`api/tests/layers` holds that). In a district
//! a folder per capability, whose `mod.rs` tells its story; `app.rs` puts them together.

pub mod platform;

pub mod config;

pub mod people;

pub mod media;

pub mod ledger;

pub mod ocop;

pub mod shop;

pub mod orders;

pub mod money;

pub mod tourism;

pub mod supply;

pub mod messaging;

pub mod oversight;

mod pages;

pub mod demo;

pub mod app;
pub mod cli;
mod service;
mod swagger;
#[cfg(test)]
mod thrown;

// Targets of fuzzing name this crate as others do.
#[cfg(test)]
extern crate self as api;
