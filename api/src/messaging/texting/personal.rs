//! Text messages that went to somebody. Their words are not kept.

use crate::platform::personal::{Record, moment, text};

pub const PERSONAL: &[Record] = &[Record::forgotten(
    "text_message",
    ("Tin nhắn đã gửi", "Text messages sent"),
    "phone = :phone",
    &[text("phone"), text("channel"), text("state"), moment("created_at")],
)];
