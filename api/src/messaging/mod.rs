//! What others are told of what happened, from the outbox and never in a request.
//!
//! - `notification`: mails and text messages to people.
//! - `texting`: text messages to phones, by Zalo or SMS.
//! - `reach`: how people want to be told, and the devices they are told on.
//! - `webhooks`: signed messages to programs of cooperatives and partners.

pub mod notification;
pub mod reach;
pub mod texting;
pub mod webhooks;
