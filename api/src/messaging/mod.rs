//! What others are told of what happened, from the outbox and never in a request.
//!
//! - `notification`: mails and text messages to people.
//! - `webhooks`: signed messages to programs of cooperatives and partners.

pub mod notification;
pub mod webhooks;
