//! What orders tell of people. Figures, books and invoices need the order; nobody needs the name.

use crate::platform::personal::{Files, Hold, Record, moment, said, text, whole};

/// A person's own purchases. What somebody bought for an organisation is the organisation's.
pub const SETS: &[(&str, &str)] = &[
    (
        "purchases",
        "SELECT p.id FROM purchase p
         WHERE (p.account_id = :account OR (p.account_id IS NULL AND (LOWER(p.email) = :email OR p.phone = :phone)))
           AND NOT EXISTS (SELECT 1 FROM orders f WHERE f.purchase_id = p.id AND f.channel IN ('contract', 'wholesale'))",
    ),
    ("orders", "SELECT o.id FROM orders o WHERE o.purchase_id IN :purchases"),
];

/// What mails about orders name.
pub const MENTIONS: &[&str] = &[
    "SELECT number FROM orders WHERE purchase_id IN :purchases",
    "SELECT number FROM purchase WHERE id IN :purchases",
];

/// What events are about.
pub const SUBJECTS: &[&str] = &[
    "SELECT id FROM orders WHERE purchase_id IN :purchases",
    "SELECT id FROM purchase WHERE id IN :purchases",
    "SELECT id FROM return_request WHERE order_id IN :orders",
];

const OF_ORDERS: &str = "order_id IN :orders";
const NUMBER: &str = "(SELECT n.number FROM orders n WHERE n.id = order_id)";

pub const PERSONAL: &[Record] = &[
    Record::forgotten(
        "return_photo",
        ("Ảnh trả hàng", "Pictures of returns"),
        "return_id IN (SELECT r.id FROM return_request r WHERE r.order_id IN :orders)",
        &[],
    ),
    Record::blanked(
        "return_request",
        ("Yêu cầu trả hàng", "Returns"),
        OF_ORDERS,
        &[
            text("number"),
            said("order", NUMBER),
            text("state"),
            text("reason_code"),
            text("text"),
            text("answer"),
            moment("created_at"),
        ],
        &[("text", "''"), ("answer", "NULL")],
    ),
    Record::blanked(
        "order_message",
        ("Trao đổi về đơn", "Messages about orders"),
        OF_ORDERS,
        &[said("order", NUMBER), text("author_kind"), text("text"), moment("at")],
        &[("text", "''")],
    ),
    Record::blanked(
        "order_event",
        ("Diễn biến đơn", "Steps of orders"),
        OF_ORDERS,
        &[said("order", NUMBER), text("to_state"), text("actor_kind"), text("reason"), moment("at")],
        &[("reason", "NULL")],
    ),
    Record::forgotten(
        "quote",
        ("Báo giá", "Quotes"),
        "cart_id IN (SELECT c.id FROM cart c WHERE c.account_id = :account)
            OR cart_id IN (SELECT p.cart_id FROM purchase p WHERE p.id IN :purchases)",
        &[],
    ),
    Record::forgotten(
        "cart_line",
        ("Giỏ hàng đang mở", "Open basket"),
        "cart_id IN (SELECT c.id FROM cart c WHERE c.account_id = :account AND c.state = 'open')",
        &[
            said(
                "product",
                "(SELECT p.name_vi FROM offer f JOIN product p ON p.id = f.product_id WHERE f.id = offer_id)",
            ),
            whole("quantity"),
        ],
    ),
    Record::blanked(
        "orders",
        ("Đơn hàng", "Orders"),
        "purchase_id IN :purchases",
        &[
            text("number"),
            text("state"),
            said("seller", "(SELECT c.name_vi FROM cooperative c WHERE c.id = cooperative_id)"),
            text("recipient"),
            text("phone"),
            text("street"),
            text("commune_code"),
            text("note"),
            text("delivery_method"),
            whole("goods_amount"),
            whole("delivery_amount"),
            whole("total_amount"),
            moment("placed_at"),
            moment("delivered_at"),
        ],
        &[
            ("recipient", "''"),
            ("phone", "''"),
            ("street", "CASE WHEN street IS NULL THEN NULL ELSE '' END"),
            ("note", "NULL"),
            ("collection_code", "NULL"),
            ("access_token", ":secret || number"),
        ],
    ),
    Record::kept(
        "order_line",
        ("Hàng đã mua", "What was bought"),
        OF_ORDERS,
        &[said("order", NUMBER), text("name_vi"), text("pack_vi"), whole("quantity"), whole("total_amount")],
        ("Sổ kế toán và thuế, không kèm tên", "Books and tax, without a name"),
    ),
];

/// What everything about orders is found by, so it goes last.
pub const ROOT: &[Record] = &[Record::blanked(
    "purchase",
    ("Lần mua", "Purchases"),
    "id IN :purchases",
    &[
        text("number"),
        text("email"),
        text("phone"),
        text("payment_method"),
        whole("total_amount"),
        moment("created_at"),
    ],
    &[("email", "NULL"), ("phone", "''")],
)];

/// Pictures that somebody sent: of reviews, returns, evidence.
pub const PICTURES: &[Record] = &[Record::forgotten(
    "media",
    ("Ảnh đã gửi", "Pictures sent"),
    "(account_id = :account AND cooperative_id IS NULL AND purpose IN ('review', 'return')) OR order_id IN :orders",
    &[text("purpose"), moment("created_at")],
)
.with_files(Files::Picture("id"))];

pub const HOLDS: &[Hold] = &[
    Hold {
        code: "orders_open",
        sql: "SELECT COUNT(*) FROM orders WHERE purchase_id IN :purchases
              AND state NOT IN ('completed', 'cancelled', 'expired')",
        vi: "Còn đơn chưa xong: chờ nhận và xác nhận, hoặc huỷ đơn.",
        en: "Orders are not over: wait until they arrived and confirm it, or cancel them.",
    },
    Hold {
        code: "returns_open",
        sql: "SELECT COUNT(*) FROM return_request WHERE order_id IN :orders
              AND state IN ('requested', 'approved', 'received')",
        vi: "Còn yêu cầu trả hàng chưa xong: chờ hoặc rút lại.",
        en: "A return is not over: wait for it, or take it back.",
    },
];
