//! What reviews tell of people. The stars stay with the product; the words, the pictures and the name go.

use crate::platform::personal::{Record, moment, said, text, whole};

pub const PERSONAL: &[Record] = &[
    Record::forgotten(
        "review_photo",
        ("Ảnh đánh giá", "Pictures of reviews"),
        "review_id IN (SELECT r.id FROM review r WHERE r.account_id = :account)",
        &[],
    ),
    Record::blanked(
        "review",
        ("Đánh giá", "Reviews"),
        "account_id = :account",
        &[
            said("product", "(SELECT p.name_vi FROM product p WHERE p.id = product_id)"),
            whole("rating"),
            text("text"),
            text("reply"),
            text("state"),
            moment("created_at"),
        ],
        &[("text", "''"), ("reply", "NULL"), ("report_reason", "NULL")],
    ),
];
