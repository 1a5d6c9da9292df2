//! What payments tell of people: what banks and gateways say of who paid. Amounts and references stay, for the books.

use crate::platform::personal::{Hold, Record, moment, said, text, whole};

const OF_PAYMENTS: &str = "payment_id IN (SELECT m.id FROM payment m WHERE m.purchase_id IN :purchases)";

pub const PERSONAL: &[Record] = &[
    Record::blanked(
        "payment_callback",
        ("Báo có của cổng thanh toán", "Notices of gateways"),
        "EXISTS (SELECT 1 FROM payment m WHERE m.purchase_id IN :purchases
                 AND payment_callback.content LIKE '%' || m.reference || '%')",
        &[text("provider"), text("content"), moment("received_at")],
        &[("content", "''"), ("headers", "'{}'")],
    ),
    Record::blanked(
        "bank_transfer",
        ("Chuyển khoản", "Bank transfers"),
        OF_PAYMENTS,
        &[text("bank_reference"), whole("amount"), text("description"), moment("transferred_at")],
        &[("description", "COALESCE((SELECT m.reference FROM payment m WHERE m.id = bank_transfer.payment_id), '')")],
    ),
    Record::blanked(
        "reconciliation_item",
        ("Đối soát", "Reconciliation"),
        OF_PAYMENTS,
        &[text("kind"), whole("amount"), text("detail"), moment("created_at")],
        &[("detail", "''"), ("note", "NULL")],
    ),
    Record::blanked(
        "refund",
        ("Hoàn tiền", "Refunds"),
        "purchase_id IN :purchases",
        &[text("number"), text("state"), text("reason"), text("note"), whole("amount"), moment("created_at")],
        &[("note", "NULL"), ("last_error", "NULL")],
    ),
    Record::blanked(
        "payment",
        ("Thanh toán", "Payments"),
        "purchase_id IN :purchases",
        &[
            text("reference"),
            text("method"),
            text("state"),
            whole("amount"),
            text("provider_reference"),
            said("provider_data", "provider_data"),
            moment("created_at"),
        ],
        &[("provider_data", "NULL"), ("action", "NULL")],
    ),
];

pub const HOLDS: &[Hold] = &[
    Hold {
        code: "payment_unsettled",
        sql: "SELECT COUNT(*) FROM payment WHERE purchase_id IN :purchases AND state IN ('unknown', 'authorised')",
        vi: "Còn khoản thanh toán chưa rõ kết quả: chờ vài phút.",
        en: "The outcome of a payment is not known yet: wait some minutes.",
    },
    Hold {
        code: "refund_due",
        sql: "SELECT COUNT(*) FROM refund WHERE purchase_id IN :purchases AND state NOT IN ('rejected', 'succeeded')",
        vi: "Sàn còn nợ bạn tiền hoàn: chờ nhận xong.",
        en: "A refund is owed to you: wait until you have it.",
    },
];
