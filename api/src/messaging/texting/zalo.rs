//! Zalo Notification Service: messages by template to whoever has Zalo on this number, at a quarter of an SMS's price
//! (<https://developers.zalo.me/docs/zalo-notification-service>). Tokens live a day; a refresh token is good once, and what it
//! gives is kept, sealed. One node renews at a time.

use anyhow::Context;
use entity::messenger_token;
use futures_util::future::BoxFuture;
use sea_orm::EntityTrait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{Messenger, Receipt, Refusal, TextMessage, answer, national, secret};
use crate::config::Config;
use crate::platform::db::{Db, run};

const NAME: &str = "zalo";
/// The access token is none, or over.
const NOT_LET_IN: i64 = -124;

pub struct Zalo {
    http: reqwest::Client,
    db: Db,
    url: String,
    oauth_url: String,
    app_id: String,
    app_secret: SecretString,
    /// The first; later ones come with each renewal.
    refresh_token: SecretString,
    template: String,
    /// Of what carries no code, where there is one.
    notice_template: Option<String>,
}

impl Zalo {
    pub fn new(config: &Config, http: reqwest::Client, db: Db) -> anyhow::Result<Self> {
        let missing = |setting: &str| format!("OCOP_MESSENGERS: {setting} is not set");
        Ok(Self {
            http,
            db,
            url: config.zalo_url.trim_end_matches('/').to_owned(),
            oauth_url: config.zalo_oauth_url.trim_end_matches('/').to_owned(),
            app_id: config.zalo_app_id.clone().with_context(|| missing("OCOP_ZALO_APP_ID"))?,
            app_secret: secret(config.zalo_app_secret.as_ref(), "OCOP_ZALO_APP_SECRET")?.clone(),
            refresh_token: secret(config.zalo_refresh_token.as_ref(), "OCOP_ZALO_REFRESH_TOKEN")?.clone(),
            template: config.zalo_code_template.clone().with_context(|| missing("OCOP_ZALO_CODE_TEMPLATE"))?,
            notice_template: config.zalo_notice_template.clone(),
        })
    }

    async fn kept(&self) -> Result<Option<messenger_token::Model>, Refusal> {
        let found = messenger_token::Entity::find_by_id(NAME).one(self.db.fresh()).await;
        found.map_err(|error| Refusal(error.to_string()))
    }

    /// The token that lets in, renewed if it is nearly over, or `again` where it was not let in.
    async fn token(&self, again: bool) -> Result<String, Refusal> {
        let now = OffsetDateTime::now_utc();
        let kept = self.kept().await?;
        if let Some(row) = kept.as_ref().filter(|row| !again && row.expires_at - now > Duration::minutes(5)) {
            return Ok(row.access_token.to_string());
        }
        self.claim(now).await?;
        // What was kept may have been used by a renewal whose answer was lost: then what the operator set counts again.
        let set = self.refresh_token.expose_secret().to_owned();
        let kept = kept.map(|row| row.refresh_token.into_open()).filter(|kept| *kept != set);
        let mut said = serde_json::Value::Null;
        for refresh in kept.into_iter().chain([set]) {
            said = self.renewed(&refresh).await?;
            if said["access_token"].is_string() {
                break;
            }
        }
        let (Some(access), Some(refresh)) = (said["access_token"].as_str(), said["refresh_token"].as_str()) else {
            return Err(Refusal(format!("the token was not renewed: {}", said["error"])));
        };
        // In seconds, as a text or a number.
        let seconds = said["expires_in"].as_i64().or_else(|| said["expires_in"].as_str()?.parse().ok()).unwrap_or(3600);
        let sql = "UPDATE messenger_token SET access_token = $2, refresh_token = $3, expires_at = $4, renewing_until = $5 WHERE name = $1";
        let sealed = |text: &str| entity::sealed::Sealed::from(text.to_owned());
        let until = now + Duration::seconds(seconds);
        let values = [NAME.into(), sealed(access).into(), sealed(refresh).into(), until.into(), now.into()];
        run(self.db.write(), sql, values).await.map_err(|error| Refusal(error.to_string()))?;
        Ok(access.to_owned())
    }

    async fn renewed(&self, refresh: &str) -> Result<serde_json::Value, Refusal> {
        let form = [("refresh_token", refresh), ("app_id", &self.app_id), ("grant_type", "refresh_token")];
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let asked = self
            .http
            .post(format!("{}/v4/oa/access_token", self.oauth_url))
            .header("secret_key", self.app_secret.expose_secret())
            .header("content-type", "application/x-www-form-urlencoded");
        answer(asked.body(form)).await
    }

    /// Whoever renews does so alone: a second renewal with the same token would end both.
    async fn claim(&self, now: OffsetDateTime) -> Result<(), Refusal> {
        let sealed = || entity::sealed::Sealed::from(self.refresh_token.expose_secret().to_owned());
        let sql = "INSERT INTO messenger_token AS t (name, access_token, refresh_token, expires_at, renewing_until)
                   VALUES ($1, '', $2, $3, $4)
                   ON CONFLICT (name) DO UPDATE SET renewing_until = excluded.renewing_until WHERE t.renewing_until <= $3";
        let values = [NAME.into(), sealed().into(), now.into(), (now + Duration::seconds(30)).into()];
        match run(self.db.write(), sql, values).await {
            Ok(1) => Ok(()),
            Ok(_) => Err(Refusal("the token is being renewed".to_owned())),
            Err(error) => Err(Refusal(error.to_string())),
        }
    }

    async fn attempt(&self, message: &TextMessage, token: &str) -> Result<serde_json::Value, Refusal> {
        let (template, data) = match (&message.code, &self.notice_template) {
            (Some(code), _) => (&self.template, json!({"otp": code})),
            (None, Some(template)) => (template, json!({"noi_dung": message.text})),
            (None, None) => return Err(Refusal("no template for this".to_owned())),
        };
        let body = json!({
            "phone": national(&message.to), "template_id": template, "template_data": data, "tracking_id": message.name(),
        });
        let asked = self.http.post(format!("{}/message/template", self.url)).header("access_token", token);
        answer(asked.json(&body)).await
    }
}

impl Messenger for Zalo {
    fn name(&self) -> &'static str {
        NAME
    }

    fn send<'a>(&'a self, message: &'a TextMessage) -> BoxFuture<'a, Result<Receipt, Refusal>> {
        Box::pin(async move {
            if message.code.is_none() && self.notice_template.is_none() {
                return Err(Refusal("no template for this".to_owned()));
            }
            let mut said = self.attempt(message, &self.token(false).await?).await?;
            if said["error"] == NOT_LET_IN {
                said = self.attempt(message, &self.token(true).await?).await?;
            }
            match said["data"]["msg_id"].as_str() {
                Some(id) if said["error"] == 0 => Ok(Receipt { provider_id: id.to_owned(), cost: None }),
                _ => Err(Refusal(format!("{} {}", said["error"], said["message"].as_str().unwrap_or_default()))),
            }
        })
    }
}
