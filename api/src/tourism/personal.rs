//! Who works for a partner.

use crate::platform::personal::{Hold, Record, moment, said, text};

pub const PERSONAL: &[Record] = &[Record::forgotten(
    "partner_member",
    ("Làm việc cho đối tác du lịch", "Work for tourism partners"),
    "account_id = :account",
    &[said("partner", "(SELECT p.name FROM partner p WHERE p.id = partner_id)"), text("role"), moment("created_at")],
)];

pub const HOLDS: &[Hold] = &[Hold {
    code: "last_partner_owner",
    sql: "SELECT COUNT(*) FROM partner_member m WHERE m.account_id = :account AND m.role = 'owner' AND NOT EXISTS
             (SELECT 1 FROM partner_member o
              WHERE o.partner_id = m.partner_id AND o.role = 'owner' AND o.account_id <> m.account_id)",
    vi: "Tài khoản là chủ duy nhất của một đối tác du lịch: giao lại cho người khác trước.",
    en: "The account is the only owner of a tourism partner: hand it over first.",
}];
