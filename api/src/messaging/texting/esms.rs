//! eSMS.vn: <https://developers.esms.vn/esms-api/ham-gui-tin>. It tells a repeat by `RequestId`.

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{Messenger, Receipt, Refusal, TextMessage, answer, national, secret};
use crate::config::Config;

/// Sent already, under this `RequestId`.
const REPEATED: &str = "124";

pub struct Esms {
    http: reqwest::Client,
    url: String,
    api_key: SecretString,
    secret_key: SecretString,
    brand: Option<String>,
}

impl Esms {
    pub fn new(config: &Config, http: reqwest::Client) -> anyhow::Result<Self> {
        Ok(Self {
            http,
            url: config.esms_url.trim_end_matches('/').to_owned(),
            api_key: secret(config.esms_api_key.as_ref(), "OCOP_ESMS_API_KEY")?.clone(),
            secret_key: secret(config.esms_secret_key.as_ref(), "OCOP_ESMS_SECRET_KEY")?.clone(),
            brand: config.esms_brand.clone(),
        })
    }
}

impl Messenger for Esms {
    fn name(&self) -> &'static str {
        "esms"
    }

    fn send<'a>(&'a self, message: &'a TextMessage) -> BoxFuture<'a, Result<Receipt, Refusal>> {
        Box::pin(async move {
            // 2: customer care in a brand's name; 8: from a fixed number.
            let body = json!({
                "ApiKey": self.api_key.expose_secret(), "SecretKey": self.secret_key.expose_secret(), "Phone": national(&message.to),
                "Content": message.text, "SmsType": if self.brand.is_some() { "2" } else { "8" },
                "Brandname": self.brand.as_deref().unwrap_or_default(), "IsUnicode": "0", "RequestId": message.name(),
            });
            let url = format!("{}/MainService.svc/json/SendMultipleMessage_V4_post_json/", self.url);
            let said = answer(self.http.post(url).json(&body)).await?;
            let code = said["CodeResult"].as_str().unwrap_or_default();
            let id = said["SMSID"].as_str().unwrap_or(&message.key).to_owned();
            match code {
                "100" | REPEATED => Ok(Receipt { provider_id: id, cost: None }),
                _ => Err(Refusal(format!("{code} {}", said["ErrorMessage"].as_str().unwrap_or_default()))),
            }
        })
    }
}
