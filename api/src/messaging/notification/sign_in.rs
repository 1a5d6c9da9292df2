//! Somebody came in from a device that was never seen, or changed how one comes in: the account's owner is told.

use entity::outbox;
use entity::value::{AccountId, Language};
use serde_json::Value;

use super::Notifier;
use super::texts::{Mail, bilingual};
use crate::people::identity::find_account;
use crate::people::identity::rules::Contact;

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
