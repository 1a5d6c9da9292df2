//! SpeedSMS: <https://speedsms.vn/sms-api-service>. The token goes in by Basic authentication; a price comes back.

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{Messenger, Receipt, Refusal, TextMessage, answer, national, secret};
use crate::config::Config;

pub struct SpeedSms {
    http: reqwest::Client,
    url: String,
    token: SecretString,
    sender: Option<String>,
}

impl SpeedSms {
    pub fn new(config: &Config, http: reqwest::Client) -> anyhow::Result<Self> {
        Ok(Self {
            http,
            url: config.speedsms_url.trim_end_matches('/').to_owned(),
            token: secret(config.speedsms_token.as_ref(), "OCOP_SPEEDSMS_TOKEN")?.clone(),
            sender: config.speedsms_sender.clone(),
        })
    }
}

impl Messenger for SpeedSms {
    fn name(&self) -> &'static str {
        "speedsms"
    }

    fn send<'a>(&'a self, message: &'a TextMessage) -> BoxFuture<'a, Result<Receipt, Refusal>> {
        Box::pin(async move {
            // 2: from a number of theirs; 3: in a brand's name.
            let body = json!({
                "to": [national(&message.to)], "content": message.text, "sms_type": if self.sender.is_some() { 3 } else { 2 },
                "sender": self.sender.as_deref().unwrap_or_default(),
            });
            let asked = self.http.post(format!("{}/index.php/sms/send", self.url));
            let said = answer(asked.basic_auth(self.token.expose_secret(), Some("x")).json(&body)).await?;
            if said["status"] != "success" {
                let word = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
                return Err(Refusal(format!("{} {}", word("code"), word("message"))));
            }
            let data = &said["data"];
            let id = data["tranId"].as_i64().map(|id| id.to_string());
            let id = id.or_else(|| data["tranId"].as_str().map(str::to_owned)).unwrap_or_else(|| message.key.clone());
            Ok(Receipt { provider_id: id, cost: data["totalPrice"].as_i64().or_else(|| whole(&data["totalPrice"])) })
        })
    }
}

/// A price such as `250.0`.
fn whole(price: &Value) -> Option<i64> {
    price.as_f64()?.ceil().to_string().parse().ok()
}
