//! Telling people: codes, and what happens to their orders.
//!
//! A consumer of the outbox: every mail is owed from the moment its cause is committed, and sent at least once. A mail's
//! Message-ID is made of the event's id, so that a mailbox can tell a repeat. Texts are bilingual, the reader's language
//! first.

mod certificates;
mod deliveries;
mod favourites;
mod mailer;
mod programme;
mod recalls;
mod recognition;
mod sign_in;
mod storage;
mod supply;
mod texts;

pub use mailer::Mailer;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use entity::outbox;
use entity::value::{
    AccountId, ApplicationId, CooperativeId, InvitationId, OfficeId, OrderId, OrderState, OrganisationId, PartnerId,
    PaymentId, PurchaseId,
};
use futures_util::future::BoxFuture;

use crate::messaging::reach::{Notice, Person, Reach, Way};
use crate::messaging::texting::Channel;
use crate::ocop::certification::who_acts;
use crate::orders::ordering::{OrderForMail, leaders_of, order_for_mail, orders_for_mail};
use crate::people::identity::partner::partner_owners;
use crate::people::identity::{issue_registration_code, issue_reset_code, rules::Contact};
use crate::people::offices::office_mailboxes;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, by_id};
use crate::platform::outbox::Consumer;
use crate::shop::selling::{applications, team};
use crate::supply::buyers::mailboxes;
use crate::supply::deliveries::paid_bill;
use texts::Mail;

pub struct Notifier {
    pub db: Db,
    pub clock: Clock,
    pub mailer: Arc<Mailer>,
    pub base_url: String,
    pub reach: Reach,
}

impl Consumer for Notifier {
    fn name(&self) -> &'static str {
        "notification"
    }

    fn wants(&self, topic: &str) -> bool {
        topic.starts_with("order.")
            || topic.starts_with("application.")
            || topic.starts_with("return.")
            || topic.starts_with("dispute.")
            || topic.starts_with("payout.")
            || topic.starts_with("partner.")
            || topic.starts_with("recall.")
            || topic.starts_with("certificate.")
            || topic.starts_with("recognition.")
            || topic.starts_with("delivery.")
            || topic.starts_with("bill.")
            || topic == "dossier.step"
            || matches!(
                topic,
                "registration.requested"
                    | "password_reset.requested"
                    | "password.changed"
                    | "sign_in.new_device"
                    | "sign_in.second_factor"
                    | "sign_in.passkey"
                    | "invitation.created"
                    | "message.written"
                    | "preorder.short"
                    | "refund.owed"
                    | "preorder.allocated"
                    | "request.published"
                    | "request.shared"
                    | "request.gathering"
                    | "request.accepted"
                    | "contract.answered"
                    | "storage.booking"
                    | "processing.step"
                    | "measure.invited"
                    | "support.granted"
                    | "help.offered"
                    | "help.answered"
                    | "shop.suspended"
                    | "shop.active"
                    | "shop.bank_account_changed"
                    | "shop.webhook_failing"
                    | "favourite.back"
            )
    }

    /// Of a rush of orders all that mails say of them is read at once.
    fn handle_all<'a>(&'a self, events: &'a [&'a outbox::Model]) -> BoxFuture<'a, Vec<anyhow::Result<()>>> {
        Box::pin(async move {
            let ids: Vec<_> =
                events.iter().filter(|event| stepped(event).is_some()).map(|event| OrderId(event.subject_id)).collect();
            let orders = match orders_for_mail(self.db.fresh(), &ids).await {
                Ok(orders) => orders,
                Err(error) => return events.iter().map(|_| Err(anyhow::anyhow!("{error}"))).collect(),
            };
            let orders: HashMap<_, _> = orders.iter().map(|about| (about.order.id.0, about)).collect();
            // Orders of one purchase, made together: what their buyer is told with the first, and that it need not be said again.
            let mut together: HashMap<(PurchaseId, OrderState), Vec<&OrderForMail>> = HashMap::new();
            for event in events {
                if let (Some(state), Some(about)) = (stepped(event), orders.get(&event.subject_id)) {
                    together.entry((about.order.purchase_id, state)).or_default().push(about);
                }
            }
            let mut done = Vec::with_capacity(events.len());
            let mut untold = HashSet::new();
            for event in events {
                let about = stepped(event).and_then(|state| Some((state, *orders.get(&event.subject_id)?)));
                done.push(match about {
                    Some((state, about)) => {
                        let purchase = (about.order.purchase_id, state);
                        let with = together.get(&purchase).map_or(&[][..], Vec::as_slice);
                        let told = if untold.contains(&purchase) {
                            Err(anyhow::anyhow!("the buyer was not told of the purchase"))
                        } else {
                            self.order(event, state, about, with).await
                        };
                        // Then nobody's mail of it is taken as sent.
                        if told.is_err() {
                            untold.insert(purchase);
                        }
                        told
                    }
                    None if stepped(event).is_some() => Ok(()),
                    None => self.handle(event).await,
                });
            }
            done
        })
    }

    fn handle<'a>(&'a self, event: &'a outbox::Model) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            match event.topic.as_str() {
                "registration.requested" => self.registration(event).await,
                "password_reset.requested" => self.reset(event).await,
                "password.changed" => self.password_changed(event).await,
                "sign_in.new_device" | "sign_in.second_factor" | "sign_in.passkey" => self.sign_in(event).await,
                "favourite.back" => self.favourite(event).await,
                "invitation.created" => self.invitation(event).await,
                topic if topic.starts_with("application.") => self.application(event).await,
                topic if topic.starts_with("partner.") => self.partner(event).await,
                topic if topic.starts_with("recall.") => self.recall(event).await,
                topic if topic.starts_with("certificate.") => self.certificate(event).await,
                topic if topic.starts_with("recognition.") || topic == "dossier.step" => self.recognition(event).await,
                topic if topic.starts_with("request.") => self.request(event).await,
                "contract.answered" => self.contract(event).await,
                "bill.paid" => self.bill_paid(event).await,
                topic if topic.starts_with("delivery.") || topic == "bill.overdue" => self.delivery(event).await,
                "storage.booking" | "processing.step" => {
                    match storage::letter(&event.topic, &event.payload, &self.base_url) {
                        Some(mail) => self.leaders(event, &mail).await,
                        None => Ok(()),
                    }
                }
                "help.answered" => self.helper(event).await,
                "measure.invited" | "support.granted" | "help.offered" => self.programme(event).await,
                "order.arrived" => self.about_order(event).await,
                topic if topic.starts_with("shop.") || topic.starts_with("payout.") => self.shop(event).await,
                _ if stepped(event).is_some() => self.handle_all(&[event]).await.pop().unwrap_or(Ok(())),
                topic if topic.starts_with("order.") => Ok(()),
                _ => self.about_order(event).await,
            }
        })
    }
}

/// Codes, and what keeps an account safe: it goes where the account was signed up, whatever is chosen.
fn is_of_the_way_in(topic: &str) -> bool {
    topic.starts_with("sign_in.")
        || matches!(
            topic,
            "registration.requested" | "password_reset.requested" | "password.changed" | "invitation.created"
        )
}

/// The state an order came to, if that is what the event tells.
fn stepped(event: &outbox::Model) -> Option<OrderState> {
    event.topic.strip_prefix("order.")?.parse().ok()
}

impl Notifier {
    async fn registration(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let Some(issued) = issue_registration_code(self.db.write(), event.subject_id_row()).await? else {
            return Ok(());
        };
        let mail = match &issued.code {
            Some(code) => sign_in::confirmation(code, issued.language),
            None => sign_in::already_registered(issued.language),
        };
        self.send(event, "to", &issued.contact, &mail).await
    }

    async fn reset(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let Some(issued) = issue_reset_code(self.db.write(), event.subject_id_row()).await? else { return Ok(()) };
        // Nobody here has this contact: nobody is written to.
        let Some(code) = &issued.code else { return Ok(()) };
        self.send(event, "to", &issued.contact, &sign_in::reset(code, issued.language)).await
    }

    async fn password_changed(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let account = by_id::<entity::account::Entity>(self.db.fresh(), AccountId(event.subject_id)).await?;
        let Some(account) = account else { return Ok(()) };
        let contact = account.email.map(Contact::Email).or(account.phone.map(Contact::Phone));
        let Some(contact) = contact else { return Ok(()) };
        self.send(event, "to", &contact, &sign_in::password_changed(account.language)).await
    }

    async fn invitation(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let issued = team::issue_invitation_code(&self.db, InvitationId(event.subject_id)).await?;
        let Some(issued) = issued else { return Ok(()) };
        let link = format!("{}/console/join", self.base_url);
        self.send(event, "to", &issued.contact, &texts::invitation(&issued, &link)).await
    }

    async fn application(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let about = applications::application_for_mail(&self.db, ApplicationId(event.subject_id)).await?;
        let Some(about) = about else { return Ok(()) };
        let contact =
            about.account.email.clone().map(Contact::Email).or(about.account.phone.clone().map(Contact::Phone));
        let link = format!("{}/console", self.base_url);
        let state = event.topic.rsplit('.').next().unwrap_or_default();
        if let (Some(contact), Some(mail)) = (contact, texts::application(&about, state, &link)) {
            self.send(event, "to", &contact, &mail).await?;
        }
        Ok(())
    }

    /// Told to the owners and managers of a shop.
    async fn shop(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let text = |name: &str| event.payload.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let mail = match event.topic.as_str() {
            "shop.suspended" => texts::suspended(&text("reason")),
            "shop.bank_account_changed" => texts::bank_account_changed(&text("number")),
            "payout.approved" => {
                let amount = event.payload.get("amount").and_then(serde_json::Value::as_i64).unwrap_or(0);
                texts::payout(&entity::value::Vnd(amount).to_string())
            }
            topic if topic.starts_with("payout.") && topic != "payout.returned" && topic != "payout.failed" => {
                return Ok(());
            }
            "payout.returned" | "payout.failed" => texts::payout_returned(),
            "shop.webhook_failing" => texts::webhook_failing(&text("url")),
            _ => texts::reinstated(),
        };
        let mut to = leaders_of(self.db.fresh(), CooperativeId(event.subject_id)).await?;
        if to.is_empty() {
            to = partner_owners(self.db.fresh(), PartnerId(event.subject_id)).await?;
        }
        for (index, email) in to.iter().enumerate() {
            self.send(event, &format!("leader{index}"), &Contact::Email(email.clone()), &mail).await?;
        }
        Ok(())
    }

    /// Told to the owners of a partner.
    async fn partner(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let text = |name: &str| event.payload.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let link = format!("{}/partner", self.base_url);
        let mail = match event.topic.as_str() {
            "partner.approved" => texts::partner_approved(&link),
            "partner.rejected" | "partner.suspended" => texts::partner_refused(&text("note"), &link),
            "partner.site_withdrawn" => texts::partner_site_withdrawn(&text("origin"), &text("note"), &link),
            "partner.bank_changed" => texts::partner_bank_changed(),
            "partner.webhook_failing" => texts::webhook_failing(&text("url")),
            _ => return Ok(()),
        };
        let to = partner_owners(self.db.fresh(), PartnerId(event.subject_id)).await?;
        for (index, email) in to.iter().enumerate() {
            self.send(event, &format!("house{index}"), &Contact::Email(email.clone()), &mail).await?;
        }
        Ok(())
    }

    /// Told to the buyer of an order, to the cooperative of what was made, or to a reception.
    async fn recall(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let subject = event.subject_id;
        let (to, mail) = match event.topic.as_str() {
            "recall.order" => {
                let Some(about) = order_for_mail(self.db.fresh(), OrderId(subject)).await? else { return Ok(()) };
                let link = format!("{}/o/{}?token={}", self.base_url, about.order.id, &*about.order.access_token);
                let mail = recalls::to_buyer(about.buyer_language, &about.order.number, &event.payload, &link);
                (about.buyer_email.into_iter().collect(), mail)
            }
            "recall.cooperative" => {
                let link = format!("{}/console/recalls", self.base_url);
                let to = leaders_of(self.db.fresh(), CooperativeId(subject)).await?;
                (to, recalls::to_cooperative(&event.payload, &link))
            }
            "recall.raised" => return Ok(()),
            _ => {
                let link = format!("{}/partner", self.base_url);
                let to = partner_owners(self.db.fresh(), PartnerId(subject)).await?;
                (to, recalls::to_partner(&event.payload, &link))
            }
        };
        let to: Vec<String> = to;
        for (index, email) in to.iter().enumerate() {
            self.send(event, &format!("recall{index}"), &Contact::Email(email.clone()), &mail).await?;
        }
        Ok(())
    }

    async fn certificate(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let link = format!("{}/console/certificates", self.base_url);
        let Some(mail) = certificates::letter(&event.topic, &event.payload, &link) else { return Ok(()) };
        self.leaders(event, &mail).await
    }

    async fn recognition(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let Some(mail) = recognition::letter(&event.topic, &event.payload, &self.base_url) else { return Ok(()) };
        self.leaders(event, &mail).await?;
        // Whoever is to act next.
        let Some((dossier, state)) = recognition::waiting(&event.payload) else { return Ok(()) };
        let mail = recognition::summons(&event.payload, &self.base_url);
        for (index, email) in who_acts(self.db.fresh(), dossier, state).await?.iter().enumerate() {
            self.send(event, &format!("officer{index}"), &Contact::Email(email.clone()), &mail).await?;
        }
        Ok(())
    }

    async fn request(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let Some(mail) = supply::letter(&event.topic, &event.payload, &self.base_url) else { return Ok(()) };
        self.leaders(event, &mail).await
    }

    /// To those who buy for the organisation.
    async fn contract(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let Some((organisation, mail)) = supply::signed(&event.payload, &self.base_url) else { return Ok(()) };
        self.buyers(event, organisation, &mail).await
    }

    async fn delivery(&self, event: &outbox::Model) -> anyhow::Result<()> {
        match deliveries::letter(&event.topic, &event.payload, &self.base_url) {
            Some((deliveries::To::Cooperative, mail)) => self.leaders(event, &mail).await,
            Some((deliveries::To::Organisation(id), mail)) => self.buyers(event, id, &mail).await,
            None => Ok(()),
        }
    }

    /// Both sides of a contract are told what was paid of it.
    async fn bill_paid(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let Some(paid) = paid_bill(self.db.fresh(), PaymentId(event.subject_id)).await? else { return Ok(()) };
        self.buyers(event, paid.organisation_id, &deliveries::receipt(&paid, &self.base_url)).await?;
        let mail = deliveries::arrived(&paid, &self.base_url);
        for (index, email) in leaders_of(self.db.fresh(), paid.cooperative_id).await?.iter().enumerate() {
            self.send(event, &format!("leader{index}"), &Contact::Email(email.clone()), &mail).await?;
        }
        Ok(())
    }

    async fn buyers(&self, event: &outbox::Model, organisation: OrganisationId, mail: &Mail) -> anyhow::Result<()> {
        for (index, email) in mailboxes(self.db.fresh(), organisation).await?.iter().enumerate() {
            self.send(event, &format!("buyer{index}"), &Contact::Email(email.clone()), mail).await?;
        }
        Ok(())
    }

    /// To the office or partner that offered help.
    async fn helper(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let id = |name: &str| event.payload.get(name).and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
        let to = match (id("office_id"), id("partner_id")) {
            (Some(office), _) => office_mailboxes(self.db.fresh(), OfficeId(office)).await?,
            (None, Some(partner)) => partner_owners(self.db.fresh(), PartnerId(partner)).await?,
            (None, None) => return Ok(()),
        };
        let mail = programme::answered(&event.payload, &self.base_url);
        for (index, email) in to.iter().enumerate() {
            self.send(event, &format!("helper{index}"), &Contact::Email(email.clone()), &mail).await?;
        }
        Ok(())
    }

    async fn programme(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let Some(mail) = programme::letter(&event.topic, &event.payload, &self.base_url) else { return Ok(()) };
        self.leaders(event, &mail).await
    }

    /// To owners and managers of the event's cooperative.
    async fn leaders(&self, event: &outbox::Model, mail: &Mail) -> anyhow::Result<()> {
        let mut to = leaders_of(self.db.fresh(), CooperativeId(event.subject_id)).await?;
        if to.is_empty() {
            to = partner_owners(self.db.fresh(), PartnerId(event.subject_id)).await?;
        }
        for (index, email) in to.iter().enumerate() {
            self.send(event, &format!("leader{index}"), &Contact::Email(email.clone()), mail).await?;
        }
        Ok(())
    }

    /// Messages, returns and pre-orders: the side that did not act is told.
    async fn about_order(&self, event: &outbox::Model) -> anyhow::Result<()> {
        let Some(about) = order_for_mail(self.db.fresh(), OrderId(event.subject_id)).await? else { return Ok(()) };
        let link = format!("{}/o/{}?token={}", self.base_url, about.order.id, &*about.order.access_token);
        let Some((to_seller, mail)) = texts::about_order(&about, &event.topic, &event.payload, &link) else {
            return Ok(());
        };
        let to: Vec<String> =
            if to_seller { about.seller_emails.clone() } else { about.buyer_email.iter().cloned().collect() };
        for (index, email) in to.iter().enumerate() {
            self.send(event, &format!("side{index}"), &Contact::Email(email.clone()), &mail).await?;
        }
        Ok(())
    }

    /// A step of an order; `with` are the orders of its purchase that took the same step at once, itself among them.
    async fn order(
        &self,
        event: &outbox::Model,
        state: OrderState,
        about: &OrderForMail,
        with: &[&OrderForMail],
    ) -> anyhow::Result<()> {
        let link = |about: &OrderForMail| {
            format!("{}/o/{}?token={}", self.base_url, about.order.id, &*about.order.access_token)
        };
        let made = matches!(state, OrderState::Placed | OrderState::AwaitingPayment) && with.len() > 1;
        let mail = if !made {
            texts::order_for_buyer(about, state, &link(about))
        } else if with.first().is_some_and(|first| first.order.id == about.order.id) {
            texts::purchase_for_buyer(&with.iter().map(|one| (*one, link(one))).collect::<Vec<_>>(), state)
        } else {
            None
        };
        if let (Some(email), Some(mail)) = (&about.buyer_email, mail) {
            self.send(event, "buyer", &Contact::Email(email.clone()), &mail).await?;
        }
        if let Some(mail) = texts::order_for_seller(about, state) {
            for (index, email) in about.seller_emails.iter().enumerate() {
                self.send(event, &format!("seller{index}"), &Contact::Email(email.clone()), &mail).await?;
            }
        }
        Ok(())
    }

    /// Says it the way somebody chose, and on their devices; to who chose nothing, where they are known.
    async fn send(&self, event: &outbox::Model, part: &str, to: &Contact, mail: &Mail) -> anyhow::Result<()> {
        let (key, now) = (format!("{}.{part}", event.id), self.clock.now());
        if is_of_the_way_in(&event.topic) {
            return self.mailer.send(&key, (to, None), mail, now).await;
        }
        let person = self.reach.person(to).await.map_err(|problem| anyhow::anyhow!("{problem}"))?;
        let Some(person) = person else { return self.mailer.send(&key, (to, None), mail, now).await };
        self.say(&key, (&person, to), mail).await?;
        if person.has_devices {
            let link = mail.body.split_whitespace().find(|word| word.starts_with(&self.base_url));
            let text = mail.body.split("\n\n").nth(1).unwrap_or_default();
            let notice = Notice { key: &key, title: &mail.subject, text, url: link.unwrap_or(&self.base_url) };
            self.reach.owe(&person, &notice, now).await.map_err(|problem| anyhow::anyhow!("{problem}"))?;
        }
        Ok(())
    }

    /// One way after the other, until one takes it; at last where it was to go.
    async fn say(&self, key: &str, (person, to): (&Person, &Contact), mail: &Mail) -> anyhow::Result<()> {
        for way in &person.ways {
            let (address, first) = match way {
                Way::Email => (person.email.clone().map(Contact::Email), None),
                Way::Zalo => (person.phone.clone().map(Contact::Phone), Some(Channel::Zalo)),
                Way::Sms => (person.phone.clone().map(Contact::Phone), Some(Channel::Sms)),
            };
            let Some(address) = address else { continue };
            match self.mailer.send(key, (&address, first), mail, self.clock.now()).await {
                Ok(()) => return Ok(()),
                Err(error) => tracing::warn!(way = way.as_str(), %error, "not told this way; the next is tried"),
            }
        }
        self.mailer.send(key, (to, None), mail, self.clock.now()).await
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
