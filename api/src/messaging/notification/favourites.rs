//! What somebody keeps an eye on can be had again, or its season begins.

use entity::outbox;
use entity::value::{AccountId, Language, ProductId};

use super::Notifier;
use super::texts::{Mail, bilingual};
use crate::people::identity::rules::Contact;
use crate::platform::db::by_id;

/// What is liked can be had again, or its season begins; with links to it and to the list.
fn letter(language: Language, (vi, en): (&str, &str), why: &str, (link, all): &(String, String)) -> Mail {
    let (now_vi, now_en) = if why == "season" {
        ("đang vào mùa", "is in season")
    } else {
        ("đã có hàng trở lại", "can be had again")
    };
    bilingual(
        language,
        (
            "Sản phẩm bạn theo dõi đã có hàng",
            format!("Chào bạn,\n\n{vi} {now_vi}: {link}\n\nKhông muốn nhận tin này nữa? Bỏ theo dõi tại {all}"),
        ),
        (
            "What you keep an eye on is there",
            format!("Hello,\n\n{en} {now_en}: {link}\n\nNo more such messages? Choose so at {all}"),
        ),
    )
}

impl Notifier {
    /// What somebody likes can be had again.
    pub(super) async fn favourite(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let text = |name: &str| event.payload.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        let account = by_id::<entity::account::Entity>(self.db.fresh(), AccountId(event.subject_id)).await?;
        let product = by_id::<entity::product::Entity>(self.db.fresh(), text("product").parse::<ProductId>()?).await?;
        let (Some(account), Some(product)) = (account, product) else { return Ok(()) };
        let contact = account.email.map(Contact::Email).or(account.phone.map(Contact::Phone));
        let Some(contact) = contact else { return Ok(()) };
        let links = (format!("{}/p/{}", self.base_url, product.slug), format!("{}/account/favourites", self.base_url));
        let mail = letter(account.language, (&product.name_vi, &product.name_en), text("why"), &links);
        self.send(event, "to", &contact, &mail).await
    }
}
