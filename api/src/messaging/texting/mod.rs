//! Text messages to phones: by Zalo, or by SMS through whoever is configured, in that order, one after the other.
//!
//! A message is written down before it is handed over (`store`): the same event is the same message, whoever repeats it,
//! and providers that can tell a repeat are given its name. What a number, and what everybody together, may be sent in a day is
//! bounded: a code costs us money, and somebody would find out. Reports of what arrived come back by `reports`.
//!
//! A messenger is one file and one line in [`Texting::new`].

mod esms;
mod http;
mod personal;
mod reports;
mod speedsms;
mod store;
mod zalo;

pub use personal::PERSONAL;

use std::path::PathBuf;

use anyhow::{Context, bail};
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use time::{Duration, OffsetDateTime};

use crate::config::{Config, MailSink, Terms};
use crate::platform::db::Db;
use crate::platform::outgoing;
use crate::platform::retention::Over;
use crate::platform::routing::Routes;
use crate::platform::sealing::SealedColumn;
use crate::platform::secrets;

/// What is sealed where it is stored.
pub const SEALED: &[SealedColumn] = &[("messenger_token", "access_token"), ("messenger_token", "refresh_token")];

/// What is forgotten, and after how many days.
pub const OVER: &[Over] = &[Over::new(
    "text_messages",
    ("tin nhắn đã gửi", "text messages that were sent"),
    (90, 7),
    &["DELETE FROM text_message WHERE created_at < $1"],
)];

pub fn routes(config: &mut Routes<'_>) {
    config.service(reports::receive).service(reports::receive_by_query);
}

/// A text message: short, and without accents, for those cost twice.
pub struct TextMessage {
    /// The same key is the same message.
    pub key: String,
    /// E.164.
    pub to: String,
    pub text: String,
    /// The code it carries: Zalo takes messages by template.
    pub code: Option<String>,
    /// Who is asked first, where somebody chose.
    pub first: Option<Channel>,
}

/// What somebody may choose between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Zalo,
    Sms,
}

impl TextMessage {
    /// What a provider tells a repeat by: the same words to the same end. A code is drawn anew at each attempt, and only the last
    /// one is good: that is another message.
    fn name(&self) -> String {
        format!("{}-{}", self.key, &secrets::hash(&self.text)[..8])
    }
}

/// Who took a message.
pub struct Receipt {
    pub provider_id: String,
    /// Đồng, where the provider says.
    pub cost: Option<i64>,
}

/// Why a messenger did not take a message; the next one is asked.
pub struct Refusal(pub String);

pub trait Messenger: Send + Sync {
    fn name(&self) -> &'static str;
    fn send<'a>(&'a self, message: &'a TextMessage) -> BoxFuture<'a, Result<Receipt, Refusal>>;
}

/// How phones are written to.
pub struct Texting {
    db: Db,
    messengers: Vec<Box<dyn Messenger>>,
    /// Where messages lie when there is nobody to send them; none where they are only logged.
    folder: Option<PathBuf>,
    config: Config,
}

fn secret<'a>(value: Option<&'a SecretString>, setting: &str) -> anyhow::Result<&'a SecretString> {
    value.with_context(|| format!("OCOP_MESSENGERS: {setting} is not set"))
}

impl Texting {
    pub fn new(config: &Config, db: Db) -> anyhow::Result<Self> {
        let http = outgoing::client()?;
        let mut messengers: Vec<Box<dyn Messenger>> = Vec::new();
        for name in config.messengers.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            messengers.push(match name {
                "zalo" => Box::new(zalo::Zalo::new(config, http.clone(), db.clone())?),
                "esms" => Box::new(esms::Esms::new(config, http.clone())?),
                "speedsms" => Box::new(speedsms::SpeedSms::new(config, http.clone())?),
                "http" => Box::new(http::Gateway::new(config, http.clone())?),
                _ => bail!("OCOP_MESSENGERS: {name} is none of zalo, esms, speedsms, http"),
            });
        }
        let folder = (config.mail_sink() != MailSink::Log).then(|| config.data_dir.join("mail"));
        Ok(Self { db, messengers, folder, config: config.clone() })
    }

    /// Sends a message once. An error is for whoever tries again later.
    pub async fn send(&self, message: &TextMessage, now: OffsetDateTime) -> anyhow::Result<()> {
        if self.messengers.is_empty() {
            return self.lay_down(message).await;
        }
        if !store::begin(&self.db, message, now).await? {
            return Ok(());
        }
        let today = now - Duration::days(1);
        let sent = store::sent_since(&self.db, &message.to, today).await?;
        let Terms { texts_per_number, texts_per_day, .. } = self.config.terms();
        if sent.to_number > texts_per_number.into() || sent.in_all > texts_per_day.into() {
            tracing::warn!(
                key = message.key,
                to_number = sent.to_number,
                in_all = sent.in_all,
                "a text message over the day's limit was not sent"
            );
            metrics::counter!("ocop_text_messages_total", "channel" => "none", "outcome" => "limited").increment(1);
            store::end(&self.db, &message.key, "limited", "over the day's limit", now).await?;
            // Whoever chose text messages has another way.
            anyhow::ensure!(message.first.is_none(), "over the day's limit");
            return Ok(());
        }
        let mut refusals = Vec::new();
        for messenger in self.ordered(message.first) {
            let name = messenger.name();
            match messenger.send(message).await {
                Ok(receipt) => {
                    metrics::counter!("ocop_text_messages_total", "channel" => name, "outcome" => "sent").increment(1);
                    return store::sent(&self.db, &message.key, (name, &receipt), now).await;
                }
                Err(Refusal(why)) => {
                    metrics::counter!("ocop_text_messages_total", "channel" => name, "outcome" => "refused")
                        .increment(1);
                    refusals.push(format!("{name}: {why}"));
                }
            }
        }
        store::release(&self.db, &message.key, now).await?;
        bail!("nobody took the text message: {}", refusals.join("; "))
    }

    /// As they are configured, those somebody chose before the others.
    fn ordered(&self, first: Option<Channel>) -> Vec<&dyn Messenger> {
        let mut all: Vec<&dyn Messenger> = self.messengers.iter().map(Box::as_ref).collect();
        if let Some(first) = first {
            all.sort_by_key(|messenger| (messenger.name() == "zalo") != (first == Channel::Zalo));
        }
        all
    }

    /// Nobody is configured to send: it lies in the folder, where developers look.
    async fn lay_down(&self, message: &TextMessage) -> anyhow::Result<()> {
        let Some(folder) = &self.folder else {
            tracing::info!(to = message.to, "text message (not sent)");
            return Ok(());
        };
        // Written whole or not at all: a reader never sees half a message.
        let (part, whole) =
            (folder.join(format!("{}.sms.part", message.key)), folder.join(format!("{}.sms", message.key)));
        tokio::fs::create_dir_all(folder).await?;
        tokio::fs::write(&part, format!("To: {}\n\n{}\n", message.to, message.text)).await?;
        tokio::fs::rename(&part, &whole).await?;
        Ok(())
    }
}

/// `84912345678`: how providers here write a number.
fn national(e164: &str) -> &str {
    e164.trim_start_matches('+')
}

/// A provider's answer as JSON; what is no answer is a refusal, told without what was asked.
async fn answer(asked: reqwest::RequestBuilder) -> Result<serde_json::Value, Refusal> {
    let response = outgoing::send(asked).await.map_err(|error| Refusal(error.without_url().to_string()))?;
    let status = response.status();
    let text = response.text().await.map_err(|error| Refusal(error.without_url().to_string()))?;
    if !status.is_success() {
        return Err(Refusal(format!("answered {status}")));
    }
    serde_json::from_str(&text).map_err(|_| Refusal("answered something that is no JSON".to_owned()))
}
