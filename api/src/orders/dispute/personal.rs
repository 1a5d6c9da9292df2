//! What disputes tell of people: both sides' words and pictures. The decision stays, for the books.

use crate::platform::personal::{Hold, Record, moment, said, text};

pub const PERSONAL: &[Record] = &[
    Record::blanked(
        "dispute_evidence",
        ("Bằng chứng khiếu nại", "Evidence in disputes"),
        "dispute_id IN (SELECT d.id FROM dispute d WHERE d.order_id IN :orders)",
        &[text("side"), text("text"), moment("created_at")],
        &[("text", "''"), ("media_id", "NULL")],
    ),
    Record::blanked(
        "dispute",
        ("Khiếu nại", "Disputes"),
        "order_id IN :orders",
        &[
            text("number"),
            said("order", "(SELECT n.number FROM orders n WHERE n.id = order_id)"),
            text("state"),
            text("reason_code"),
            text("text"),
            text("decision"),
            text("decision_text"),
            moment("created_at"),
        ],
        &[("text", "''"), ("decision_text", "CASE WHEN decision_text IS NULL THEN NULL ELSE '' END")],
    ),
];

pub const HOLDS: &[Hold] = &[Hold {
    code: "dispute_open",
    sql: "SELECT COUNT(*) FROM dispute WHERE order_id IN :orders AND state = 'open'",
    vi: "Còn khiếu nại chưa phân xử: chờ hoặc rút lại.",
    en: "A dispute is not decided: wait for it, or take it back.",
}];

/// What events are about.
pub const SUBJECTS: &[&str] = &["SELECT id FROM dispute WHERE order_id IN :orders"];
