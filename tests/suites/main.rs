//! One binary, so that it is linked once; a module per part of the surface.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::too_many_lines, reason = "a journey is told from its beginning to its end")]

mod attribution;
mod authorization;
mod balance;
mod boxes;
mod catalogue;
mod certificates;
mod checkout;
mod console;
mod crash;
mod days;
mod demo;
mod elsewhere;
mod farm_sheets;
mod feeds;
mod freshness;
mod fulfilment;
mod hostile_sheets;
mod identity;
mod imports;
mod listings;
mod lots;
mod made_up;
mod manners;
mod media;
mod onboarding;
mod openapi;
mod orders;
mod partners;
mod payments;
mod payouts;
mod places;
mod plans;
mod platform;
mod promotions;
mod quick;
mod recalls;
mod receptions;
mod recognition;
mod refunds;
mod refusals;
mod returns;
mod rights;
mod search;
mod selling;
mod signs;
mod statements;
mod storefront;
mod tourism;
mod traceability;
mod trouble;
mod verdicts;
mod webhooks;
mod written;
