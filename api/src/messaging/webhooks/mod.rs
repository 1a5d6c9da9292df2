//! Events to sellers' and partners' own systems, as Standard Webhooks has it: signed, retried for three days, logged, replayed by hand.
//!
//! A consumer of the outbox writes a message per endpoint that wants the event (`Hooks`), a postman delivers (`Postman`).
//! The message's id is the event's, the same for every attempt and replay, so that a receiver can tell a repeat.

mod delivery;
mod messages;
mod routes;
pub mod rules;

use crate::platform::retention::Over;
use crate::platform::routing::Routes;
use crate::platform::sealing::SealedColumn;
pub use delivery::{Hooks, Postman};
pub use messages::again as send_again;

/// What is sealed where it is stored.
pub const SEALED: &[SealedColumn] = &[("webhook_endpoint", "secret"), ("webhook_endpoint", "old_secret")];

/// What is forgotten, and after how many days.
pub const OVER: &[Over] = &[Over::new(
    "webhook_messages",
    ("tin báo tới hệ thống khác", "messages to other systems"),
    (30, 7),
    &[
        "DELETE FROM webhook_attempt WHERE message_id IN (SELECT id FROM webhook_message WHERE created_at < $1)",
        "DELETE FROM webhook_message WHERE created_at < $1",
    ],
)];

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(routes::list_endpoints)
        .service(routes::create_endpoint)
        .service(routes::update_endpoint)
        .service(routes::delete_endpoint)
        .service(routes::rotate_secret)
        .service(messages::send_test)
        .service(messages::list_messages)
        .service(messages::list_attempts)
        .service(messages::replay)
        .service(routes::partner_list_endpoints)
        .service(routes::partner_create_endpoint)
        .service(routes::partner_update_endpoint)
        .service(routes::partner_delete_endpoint)
        .service(routes::partner_rotate_secret)
        .service(messages::partner_send_test)
        .service(messages::partner_list_messages)
        .service(messages::partner_list_attempts)
        .service(messages::partner_replay);
}
