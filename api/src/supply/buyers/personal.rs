//! Who buys for an organisation.

use crate::platform::personal::{Hold, Record, moment, said, text};

pub const PERSONAL: &[Record] = &[Record::forgotten(
    "organisation_member",
    ("Mua hàng cho tổ chức", "Work for organisations"),
    "account_id = :account",
    &[
        said("organisation", "(SELECT o.name FROM organisation o WHERE o.id = organisation_id)"),
        text("role"),
        moment("joined_at"),
    ],
)];

pub const HOLDS: &[Hold] = &[Hold {
    code: "last_buyer",
    sql: "SELECT COUNT(*) FROM organisation_member m WHERE m.account_id = :account AND m.role = 'owner' AND NOT EXISTS
             (SELECT 1 FROM organisation_member o WHERE o.organisation_id = m.organisation_id AND o.role = 'owner'
                 AND o.account_id <> m.account_id)",
    vi: "Tài khoản là chủ duy nhất của một tổ chức mua hàng: giao lại cho người khác trước.",
    en: "The account is the only owner of an organisation that buys: hand it over first.",
}];
