//! Codes, and what an account's owner is told of who came in and how.

use entity::outbox;
use entity::value::{AccountId, Language};
use serde_json::Value;

use super::Notifier;
use super::texts::{Mail, bilingual, spaced};
use crate::people::identity::find_account;
use crate::people::identity::rules::Contact;

pub fn confirmation(code: &str, language: Language) -> Mail {
    let code = spaced(code);
    bilingual(
        language,
        (
            "Mã xác nhận đăng ký Chợ OCOP",
            format!(
                "Chào bạn,\n\nMã xác nhận đăng ký của bạn là: {code}\nMã có hiệu lực 30 phút. Nếu bạn không đăng ký, hãy bỏ qua thư này."
            ),
        ),
        (
            "Your Chợ OCOP confirmation code",
            format!(
                "Hello,\n\nYour confirmation code is: {code}\nIt is good for 30 minutes. If you did not sign up, ignore this message."
            ),
        ),
    )
    .carrying(code)
}

pub fn already_registered(language: Language) -> Mail {
    bilingual(
        language,
        ("Bạn đã có tài khoản Chợ OCOP", "Chào bạn,\n\nCó người vừa đăng ký Chợ OCOP bằng địa chỉ này, nhưng bạn đã có tài khoản. Hãy đăng nhập, hoặc chọn “quên mật khẩu”. Nếu không phải bạn, hãy bỏ qua thư này.".to_owned()),
        ("You already have a Chợ OCOP account", "Hello,\n\nSomebody signed up with this address, but you already have an account. Sign in, or choose “forgot password”. If it was not you, ignore this message.".to_owned()),
    )
}

pub fn reset(code: &str, language: Language) -> Mail {
    let code = spaced(code);
    bilingual(
        language,
        (
            "Mã đặt lại mật khẩu Chợ OCOP",
            format!(
                "Chào bạn,\n\nMã đặt lại mật khẩu của bạn là: {code}\nMã có hiệu lực 30 phút. Nếu bạn không yêu cầu, hãy bỏ qua thư này."
            ),
        ),
        (
            "Your Chợ OCOP password code",
            format!(
                "Hello,\n\nYour code to set a new password is: {code}\nIt is good for 30 minutes. If you did not ask for it, ignore this message."
            ),
        ),
    )
    .carrying(code)
}

pub fn password_changed(language: Language) -> Mail {
    bilingual(
        language,
        ("Mật khẩu Chợ OCOP đã được đổi", "Chào bạn,\n\nMật khẩu của bạn vừa được đổi và các thiết bị khác đã bị đăng xuất. Nếu không phải bạn làm, hãy đặt lại mật khẩu ngay.".to_owned()),
        ("Your Chợ OCOP password was changed", "Hello,\n\nYour password was just changed and your other devices were signed out. If it was not you, reset your password now.".to_owned()),
    )
}

fn letter(topic: &str, payload: &Value, language: Language, link: &str) -> Mail {
    if topic == "sign_in.new_device" {
        let device = payload["device"].as_str().unwrap_or("?");
        return bilingual(
            language,
            (
                "Đăng nhập Chợ OCOP từ máy mới",
                format!(
                    "Chào bạn,\n\nTài khoản của bạn vừa được đăng nhập từ một máy chưa từng dùng: {device}. Nếu không phải bạn, hãy đăng xuất máy đó và đổi mật khẩu tại {link}"
                ),
            ),
            (
                "A new device signed in to Chợ OCOP",
                format!(
                    "Hello,\n\nYour account was just signed in to from a device it was never used on: {device}. If it was not you, sign that device out and change your password at {link}"
                ),
            ),
        );
    }
    if topic == "sign_in.passkey" {
        return passkey(payload, language, link);
    }
    let (vi, en) = if payload["enabled"] == true {
        ("vừa được bật", "was just switched on")
    } else {
        ("vừa bị tắt", "was just switched off")
    };
    bilingual(
        language,
        (
            "Xác thực hai lớp của Chợ OCOP",
            format!("Chào bạn,\n\nXác thực hai lớp của tài khoản {vi}. Nếu không phải bạn làm, hãy xem ngay {link}"),
        ),
        (
            "The second factor of your Chợ OCOP account",
            format!("Hello,\n\nThe second factor of your account {en}. If it was not you, look at once at {link}"),
        ),
    )
}

fn passkey(payload: &Value, language: Language, link: &str) -> Mail {
    let label = payload["label"].as_str().unwrap_or("?");
    let (vi, en) = if payload["added"] == true {
        ("vừa được thêm vào", "was just added to")
    } else {
        ("vừa bị xoá khỏi", "was just removed from")
    };
    bilingual(
        language,
        (
            "Khoá đăng nhập của Chợ OCOP",
            format!(
                "Chào bạn,\n\nKhoá \u{ab}{label}\u{bb} {vi} tài khoản của bạn. Nếu không phải bạn làm, hãy xem ngay {link}"
            ),
        ),
        (
            "A passkey of your Chợ OCOP account",
            format!(
                "Hello,\n\nThe passkey \u{201c}{label}\u{201d} {en} your account. If it was not you, look at once at {link}"
            ),
        ),
    )
}

impl Notifier {
    pub(super) async fn sign_in(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let account = find_account(self.db.fresh(), AccountId(event.subject_id)).await?;
        let Some(account) = account else { return Ok(()) };
        let contact = account.email.map(Contact::Email).or(account.phone.map(Contact::Phone));
        let Some(contact) = contact else { return Ok(()) };
        let link = format!("{}/account/security", self.base_url);
        let mail = letter(&event.topic, &event.payload, account.language, &link);
        self.send(event, "to", &contact, &mail).await
    }
}
