//! One binary, so that it is linked once; a module per part of the surface.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod catalogue;
mod checkout;
mod crash;
mod demo;
mod identity;
mod openapi;
mod orders;
mod places;
mod platform;
mod refusals;
mod search;
mod selling;
