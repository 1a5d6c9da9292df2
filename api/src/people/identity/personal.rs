//! What accounts hold of people, and what stays when one is forgotten: a row that says nothing, for what others did with it.

use crate::platform::personal::{Hold, Record, moment, said, text, yes};

const OWN: &str = "account_id = :account";

pub const PERSONAL: &[Record] = &[
    Record::forgotten(
        "refresh_token",
        ("Khoá đăng nhập", "Sign-in tokens"),
        "session_id IN (SELECT s.id FROM session s WHERE s.account_id = :account)",
        &[],
    ),
    Record::forgotten(
        "session",
        ("Lần đăng nhập", "Sign-ins"),
        OWN,
        &[text("label"), moment("created_at"), moment("seen_at"), moment("expires_at"), yes("strong")],
    ),
    Record::forgotten(
        "device",
        ("Thiết bị đã biết", "Known devices"),
        OWN,
        &[text("label"), moment("first_seen_at"), moment("last_seen_at")],
    ),
    Record::forgotten("second_step", ("Bước đăng nhập thứ hai", "Second steps"), OWN, &[]),
    Record::forgotten(
        "second_factor",
        ("Ứng dụng xác thực", "Authenticator app"),
        OWN,
        &[moment("created_at"), moment("confirmed_at")],
    ),
    Record::forgotten("recovery_code", ("Mã khôi phục", "Recovery codes"), OWN, &[moment("used_at")]),
    Record::forgotten(
        "passkey",
        ("Khoá đăng nhập không mật khẩu", "Passkeys"),
        OWN,
        &[text("label"), moment("created_at"), moment("last_used_at")],
    ),
    Record::forgotten("passkey_challenge", ("Khoá đang thêm dở", "Passkeys being added"), OWN, &[]),
    Record::forgotten(
        "registration",
        ("Đăng ký", "Sign-ups"),
        "contact = :email OR contact = :phone",
        &[text("contact"), text("name"), moment("created_at"), moment("used_at")],
    ),
    Record::forgotten(
        "password_reset",
        ("Xin đặt lại mật khẩu", "Password resets"),
        "contact = :email OR contact = :phone",
        &[text("contact"), moment("created_at"), moment("used_at")],
    ),
    Record::forgotten(
        "address",
        ("Sổ địa chỉ", "Address book"),
        OWN,
        &[
            text("recipient"),
            text("phone"),
            text("street"),
            text("commune_code"),
            yes("is_default"),
            moment("created_at"),
        ],
    ),
    Record::forgotten(
        "cooperative_member",
        ("Làm việc cho hợp tác xã", "Work for cooperatives"),
        OWN,
        &[
            said("cooperative", "(SELECT c.name_vi FROM cooperative c WHERE c.id = cooperative_id)"),
            text("role"),
            moment("joined_at"),
        ],
    ),
    Record::forgotten(
        "account_role",
        ("Vai trò trên sàn", "Roles on the platform"),
        OWN,
        &[text("role"), moment("granted_at")],
    ),
    Record::kept(
        "consent",
        ("Điều đã đồng ý", "Consents"),
        OWN,
        &[text("purpose"), text("version"), moment("given_at"), moment("withdrawn_at")],
        (
            "Bằng chứng đã đồng ý, không kèm tên (Luật 91/2025/QH15)",
            "Proof of consent, without a name (law 91/2025/QH15)",
        ),
    ),
    // Answers kept for repeats of a request; those of guests are sealed, and gone in two days.
    Record::forgotten("idempotency_key", ("Câu trả lời giữ tạm", "Answers kept for repeats"), "scope LIKE :actor", &[]),
    Record::blanked(
        "account",
        ("Tài khoản", "Account"),
        "id = :account",
        &[text("name"), text("email"), text("phone"), text("language"), moment("created_at")],
        // An account that was forgotten is one that was closed, whose words nobody can guess.
        &[
            ("name", "''"),
            ("email", ":secret || '@erased.invalid'"),
            ("phone", "NULL"),
            ("password_hash", "''"),
            ("disabled_at", ":now"),
            ("updated_at", ":now"),
            ("erased_at", ":now"),
        ],
    ),
];

pub const HOLDS: &[Hold] = &[
    Hold {
        code: "holds_a_role",
        sql: "SELECT COUNT(*) FROM account_role WHERE account_id = :account AND role IN ('admin', 'officer')",
        vi: "Tài khoản còn giữ vai trò trên sàn: nhờ quản trị viên thu lại trước.",
        en: "The account still holds a role on the platform: have an administrator take it back first.",
    },
    Hold {
        code: "last_owner",
        sql:
            "SELECT COUNT(*) FROM cooperative_member m WHERE m.account_id = :account AND m.role = 'owner' AND NOT EXISTS
                 (SELECT 1 FROM cooperative_member o
                  WHERE o.cooperative_id = m.cooperative_id AND o.role = 'owner' AND o.account_id <> m.account_id)",
        vi: "Tài khoản là chủ duy nhất của một hợp tác xã: giao lại cho người khác trước.",
        en: "The account is the only owner of a cooperative: hand it over first.",
    },
];

/// What events are about.
pub const SUBJECTS: &[&str] = &[
    "SELECT id FROM account WHERE id = :account",
    "SELECT id FROM registration WHERE contact = :email OR contact = :phone",
    "SELECT id FROM password_reset WHERE contact = :email OR contact = :phone",
];
