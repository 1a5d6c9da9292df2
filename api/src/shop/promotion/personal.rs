//! Promotions count how often whom used them. The count of all uses stays.

use crate::platform::personal::{Record, moment, said, text, whole};

pub const PERSONAL: &[Record] = &[
    Record::forgotten(
        "promotion_buyer",
        ("Lượt dùng khuyến mãi", "Uses of promotions"),
        "buyer LIKE 'account' || :actor OR buyer = 'email:' || :email OR buyer = 'phone:' || :phone",
        &[],
    ),
    Record::blanked(
        "promotion_use",
        ("Khuyến mãi đã dùng", "Promotions used"),
        "purchase_id IN :purchases",
        &[
            said("promotion", "(SELECT p.name_vi FROM promotion p WHERE p.id = promotion_id)"),
            whole("amount"),
            text("buyer"),
            moment("released_at"),
        ],
        &[("buyer", "''")],
    ),
];
