//! Telling people: codes, and what happens to their orders.
//!
//! A consumer of the outbox: every mail is owed from the moment its cause is committed, and sent at least once. A mail's
//! Message-ID is made of the event's id, so that a mailbox can tell a repeat. Texts are bilingual, the reader's language
//! first.

mod mailer;
mod texts;

pub use mailer::Mailer;

use std::sync::Arc;

use entity::outbox;
use entity::value::{AccountId, OrderId};
use futures_util::future::BoxFuture;

use crate::identity::{issue_registration_code, issue_reset_code, rules::Contact};
use crate::ordering::order_for_mail;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, by_id};
use crate::platform::outbox::Consumer;
use texts::Mail;

pub struct Notifier {
    pub db: Db,
    pub clock: Clock,
    pub mailer: Arc<Mailer>,
    pub base_url: String,
}

impl Consumer for Notifier {
    fn name(&self) -> &'static str {
        "notification"
    }

    fn wants(&self, topic: &str) -> bool {
        topic.starts_with("order.")
            || matches!(topic, "registration.requested" | "password_reset.requested" | "password.changed")
    }

    fn handle<'a>(&'a self, event: &'a outbox::Model) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            match event.topic.as_str() {
                "registration.requested" => self.registration(event).await,
                "password_reset.requested" => self.reset(event).await,
                "password.changed" => self.password_changed(event).await,
                _ => self.order(event).await,
            }
        })
    }
}

impl Notifier {
    async fn registration(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let Some(issued) = issue_registration_code(self.db.write(), event.subject_id_row()).await? else {
            return Ok(());
        };
        let mail = match &issued.code {
            Some(code) => texts::confirmation(code, issued.language),
            None => texts::already_registered(issued.language),
        };
        self.send(event, "to", &issued.contact, &mail).await
    }

    async fn reset(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let Some(issued) = issue_reset_code(self.db.write(), event.subject_id_row()).await? else { return Ok(()) };
        // Nobody here has this contact: nobody is written to.
        let Some(code) = &issued.code else { return Ok(()) };
        self.send(event, "to", &issued.contact, &texts::reset(code, issued.language)).await
    }

    async fn password_changed(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let account = by_id::<entity::account::Entity>(self.db.fresh(), AccountId(event.subject_id)).await?;
        let Some(account) = account else { return Ok(()) };
        let contact = account.email.map(Contact::Email).or(account.phone.map(Contact::Phone));
        let Some(contact) = contact else { return Ok(()) };
        self.send(event, "to", &contact, &texts::password_changed(account.language)).await
    }

    async fn order(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let Some(state) = event.topic.strip_prefix("order.").and_then(|state| state.parse().ok()) else {
            return Ok(());
        };
        let Some(about) = order_for_mail(self.db.fresh(), OrderId(event.subject_id)).await? else { return Ok(()) };
        let link = format!("{}/v1/orders/{}?token={}", self.base_url, about.order.id, about.order.access_token);
        if let (Some(email), Some(mail)) = (&about.buyer_email, texts::order_for_buyer(&about, state, &link)) {
            self.send(event, "buyer", &Contact::Email(email.clone()), &mail).await?;
        }
        if let Some(mail) = texts::order_for_seller(&about, state) {
            for (index, email) in about.seller_emails.iter().enumerate() {
                self.send(event, &format!("seller{index}"), &Contact::Email(email.clone()), &mail).await?;
            }
        }
        Ok(())
    }

    async fn send(&self, event: &outbox::Model, part: &str, to: &Contact, mail: &Mail) -> anyhow::Result<()> {
        self.mailer.send(&format!("{}.{part}", event.id), to, mail, self.clock.now()).await
    }
}

trait SubjectRow {
    fn subject_id_row(&self) -> entity::value::RowId;
}

impl SubjectRow for outbox::Model {
    fn subject_id_row(&self) -> entity::value::RowId {
        entity::value::RowId(self.subject_id)
    }
}
