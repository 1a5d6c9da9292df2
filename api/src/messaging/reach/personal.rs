//! What is known of how people want to be told, all of it forgotten with them.

use crate::platform::personal::{Record, moment, text};

const OWN: &str = "account_id = :account";

pub const PERSONAL: &[Record] = &[
    Record::forgotten("notice_choice", ("Cách nhận tin", "How to be told"), OWN, &[text("ways"), moment("updated_at")]),
    Record::forgotten(
        "push_subscription",
        ("Máy nhận thông báo", "Devices that are told"),
        OWN,
        &[text("label"), text("endpoint"), moment("created_at")],
    ),
];
