//! Who works in an office.

use crate::platform::personal::{Hold, Record, moment, said, text};

pub const PERSONAL: &[Record] = &[Record::forgotten(
    "office_member",
    ("Làm việc ở cơ quan", "Work in offices"),
    "account_id = :account",
    &[said("office", "(SELECT o.name FROM office o WHERE o.id = office_id)"), text("role"), moment("joined_at")],
)];

pub const HOLDS: &[Hold] = &[Hold {
    code: "works_in_an_office",
    sql: "SELECT COUNT(*) FROM office_member WHERE account_id = :account",
    vi: "Tài khoản còn làm việc ở một cơ quan: nhờ trưởng cơ quan cho ra trước.",
    en: "The account still works in an office: have its head take it out first.",
}];
