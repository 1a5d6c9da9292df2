//! What applications and invitations tell of people. An application that was approved is the record of a seller, whose
//! identity the law has platforms keep (law on e-commerce); what came to nothing goes.

use crate::platform::personal::{Files, Record, moment, said, sealed, text};

const NOTHING_CAME_OF_IT: &str = "account_id = :account AND state <> 'approved'";

pub const PERSONAL: &[Record] = &[
    Record::forgotten(
        "application_document",
        ("Giấy tờ kèm đơn đăng ký bán", "Papers of applications to sell"),
        "application_id IN (SELECT a.id FROM application a WHERE a.account_id = :account AND a.state <> 'approved')",
        &[text("kind"), text("file_name"), moment("created_at")],
    )
    .with_files(Files::Key("object_key")),
    Record::forgotten(
        "application",
        ("Đơn đăng ký bán", "Applications to sell"),
        NOTHING_CAME_OF_IT,
        &[
            text("state"),
            text("name"),
            text("legal_name"),
            text("tax_code"),
            text("representative"),
            text("licence_number"),
            text("licence_issuer"),
            text("street"),
            text("commune_code"),
            text("phone"),
            text("email"),
            text("bank_bin"),
            sealed("bank_account"),
            text("bank_holder"),
            text("message"),
            moment("created_at"),
        ],
    ),
    Record::kept(
        "application",
        ("Đơn đăng ký bán đã duyệt", "Approved applications to sell"),
        "account_id = :account AND state = 'approved'",
        &[text("name"), text("legal_name"), text("representative"), text("phone"), text("email"), moment("created_at")],
        (
            "Hồ sơ xác minh người bán mà sàn phải giữ (pháp luật về thương mại điện tử)",
            "The record of a verified seller, which the platform must keep (law on e-commerce)",
        ),
    ),
    Record::forgotten(
        "invitation",
        ("Lời mời", "Invitations"),
        "contact = :email OR contact = :phone",
        &[
            said("cooperative", "(SELECT c.name_vi FROM cooperative c WHERE c.id = cooperative_id)"),
            text("contact"),
            text("role"),
            moment("created_at"),
        ],
    ),
];

/// What events are about.
pub const SUBJECTS: &[&str] = &[
    "SELECT id FROM application WHERE account_id = :account AND state <> 'approved'",
    "SELECT id FROM invitation WHERE contact = :email OR contact = :phone",
];
