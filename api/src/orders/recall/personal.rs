//! What recalls tell of people: what they answered.

use crate::platform::personal::{Record, moment, said, text};

pub const PERSONAL: &[Record] = &[Record::blanked(
    "recall_notice",
    ("Thông báo thu hồi", "Recall notices"),
    "order_id IN :orders",
    &[
        said("order", "(SELECT n.number FROM orders n WHERE n.id = order_id)"),
        text("state"),
        text("note"),
        moment("confirmed_at"),
        moment("created_at"),
    ],
    &[("note", "NULL")],
)];
