//! What gateways and banks send, by somebody who need not be one (`api/examples/fuzz/targets.rs`).
#![allow(clippy::missing_panics_doc, reason = "a panic is how a target tells")]

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::bank_feed;
use super::momo::Momo;
use super::provider::{Provider, Raw, sha256};
use super::rules::codes_in;
use super::vnpay::Vnpay;
use super::zalopay::Zalopay;
use crate::config::Config;
use crate::platform::fold::is_forbidden;
use crate::platform::outgoing;

/// Unsigned as it came, and signed as if a gateway had said it: what is behind the signature is read, too.
pub struct Callbacks {
    vnpay: Vnpay,
    momo: Momo,
    zalopay: Zalopay,
    key: String,
}

impl Callbacks {
    /// `None` where a gateway is not configured.
    pub fn new(config: &Config) -> Option<Self> {
        let http = outgoing::client().ok()?;
        let (vnpay, momo) = (Vnpay::configured(config, &http)?, Momo::configured(config, &http)?);
        let zalopay = Zalopay::configured(config, &http)?;
        let key = zalopay.key2.expose_secret().to_owned();
        Some(Self { vnpay, momo, zalopay, key })
    }

    pub fn read(&self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let providers: [&dyn Provider; 3] = [&self.vnpay, &self.momo, &self.zalopay];
        let heard = |provider: &dyn Provider, query: &str, body: &str| {
            drop(provider.read_callback(&Raw { query, body, headers: &Value::Null }));
        };
        for provider in providers {
            heard(provider, &text, &text);
        }
        heard(&self.vnpay, &self.vnpay.signed(&text), "");
        heard(&self.zalopay, "", &json!({"data": text, "mac": sha256(&self.key, &text)}).to_string());
        if let Ok(body) = serde_json::from_str::<Value>(&text) {
            if body.is_object() {
                heard(&self.momo, "", &self.momo.signed(body.clone()).to_string());
            }
            for transfer in bank_feed::read(&body, OffsetDateTime::UNIX_EPOCH).unwrap_or_default() {
                assert!(!transfer.description.chars().any(is_forbidden), "what is kept can be kept");
                drop(codes_in(&transfer.description));
            }
        }
    }
}
