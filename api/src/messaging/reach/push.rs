//! Hands notices to push services. One that has no such browser any more is believed; one that is busy is asked again later, and
//! what it was given meanwhile replaces itself there (`Topic`) and on the device (`tag`).

use std::sync::Arc;

use anyhow::bail;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::value::AccountId;
use entity::{outbox, push_subscription};
use futures_util::future::BoxFuture;

use super::seal::{MOST, seal};
use super::store::{drop_subscription, subscriptions, vapid};
use super::vapid::Vapid;
use crate::config::Config;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::outbox::Consumer;
use crate::platform::outgoing;
use crate::platform::secrets;

pub const TOPIC: &str = "push.owed";
/// Seconds a push service keeps it for a device that is off.
const KEPT: u32 = 86_400;
/// Of a text, so that the message stays within what services take.
const TEXT: usize = 500;

pub struct Pusher {
    db: Db,
    clock: Clock,
    http: reqwest::Client,
    allow_private: bool,
    contact: String,
}

/// Scheme, name and port of an endpoint that we may ask.
pub(super) fn origin_of(endpoint: &str, allow_private: bool) -> Option<String> {
    let url = reqwest::Url::parse(endpoint).ok()?;
    let host = url.host_str()?;
    let address = host.trim_matches(['[', ']']).parse().ok();
    let public = address.is_none_or(outgoing::is_public) && host != "localhost";
    let may = (url.scheme() == "https" && public) || (allow_private && url.scheme().starts_with("http"));
    (may && url.username().is_empty()).then(|| url.origin().ascii_serialization())
}

enum Handed {
    Over,
    /// There is no such browser any more.
    Gone,
}

impl Pusher {
    pub fn new(config: &Config, db: Db, clock: Clock) -> anyhow::Result<Arc<Self>> {
        let contact = config.security_contact.clone().unwrap_or_else(|| config.base_url());
        let (http, allow_private) =
            (outgoing::guarded_client(config.webhooks_allow_private)?, config.webhooks_allow_private);
        Ok(Arc::new(Self { db, clock, http, allow_private, contact }))
    }

    async fn hand(
        &self,
        vapid: &Vapid,
        to: &push_subscription::Model,
        (message, topic): (&[u8], &str),
    ) -> anyhow::Result<Handed> {
        let Some(origin) = origin_of(&to.endpoint, self.allow_private) else { return Ok(Handed::Gone) };
        let (key, auth) = (URL_SAFE_NO_PAD.decode(&to.p256dh)?, URL_SAFE_NO_PAD.decode(&*to.auth)?);
        let asked = self
            .http
            .post(&to.endpoint)
            .header("authorization", vapid.authorization(&origin, &self.contact, self.clock.now())?)
            .header("content-encoding", "aes128gcm")
            .header("content-type", "application/octet-stream")
            .header("ttl", KEPT.to_string())
            .header("urgency", "normal")
            .header("topic", topic)
            .body(seal(message, &key, &auth)?);
        let answered = outgoing::send(asked).await.map_err(reqwest::Error::without_url)?;
        match answered.status().as_u16() {
            200..=299 => Ok(Handed::Over),
            404 | 410 => Ok(Handed::Gone),
            // Too long, or not understood: no better the next time.
            status @ (400 | 401 | 403 | 413) => {
                tracing::warn!(origin, status, "a push service refuses our messages");
                Ok(Handed::Over)
            }
            status => bail!("the push service answers {status}"),
        }
    }
}

impl Consumer for Pusher {
    fn name(&self) -> &'static str {
        "pushing"
    }

    fn wants(&self, topic: &str) -> bool {
        topic == TOPIC
    }

    fn handle<'a>(&'a self, event: &'a outbox::Model) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let account = AccountId(event.subject_id);
            let devices = subscriptions(&self.db, account).await.map_err(|problem| anyhow::anyhow!("{problem}"))?;
            if devices.is_empty() {
                return Ok(());
            }
            let vapid = vapid(&self.db, self.clock.now()).await.map_err(|problem| anyhow::anyhow!("{problem}"))?;
            let mut said = event.payload.clone();
            if let Some(text) = said["body"].as_str() {
                said["body"] = text.chars().take(TEXT).collect::<String>().into();
            }
            let message = said.to_string();
            let message = if message.len() > MOST { "{}" } else { &message };
            // 32 letters at the most, of those of base64url.
            let topic = secrets::hash(said["tag"].as_str().unwrap_or_default()).chars().take(32).collect::<String>();
            let mut away = None;
            for device in &devices {
                match self.hand(&vapid, device, (message.as_bytes(), &topic)).await {
                    Ok(Handed::Over) => metrics::counter!("ocop_pushes_total", "outcome" => "sent").increment(1),
                    Ok(Handed::Gone) => {
                        metrics::counter!("ocop_pushes_total", "outcome" => "gone").increment(1);
                        let dropped = drop_subscription(&self.db, account, device.id).await;
                        dropped.map_err(|problem| anyhow::anyhow!("{problem}"))?;
                    }
                    Err(error) => {
                        metrics::counter!("ocop_pushes_total", "outcome" => "refused").increment(1);
                        away = Some(error);
                    }
                }
            }
            away.map_or(Ok(()), Err)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::origin_of;

    #[test]
    fn push_services_are_servers_of_others() {
        assert_eq!(origin_of("https://fcm.example/fcm/send/a:b", false).as_deref(), Some("https://fcm.example"));
        assert_eq!(origin_of("http://127.0.0.1:9/x", true).as_deref(), Some("http://127.0.0.1:9"));
        for endpoint in [
            "http://fcm.example/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://localhost/x",
            "https://10.0.0.8/x",
            "ftp://x/y",
            "x",
        ] {
            assert_eq!(origin_of(endpoint, false), None, "{endpoint}");
        }
    }
}
