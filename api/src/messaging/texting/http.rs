//! Whoever takes a message by HTTP: a gateway of one's own, a phone with a SIM card. `{phone}`, `{text}` and `{id}` in the
//! address, or in the body if there is one, stand for what is sent; any 2xx answer means that it was taken.

use anyhow::Context;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

use super::{Messenger, Receipt, Refusal, TextMessage};
use crate::config::Config;
use crate::platform::outgoing;

pub struct Gateway {
    http: reqwest::Client,
    url: String,
    body: Option<String>,
    token: Option<SecretString>,
}

impl Gateway {
    pub fn new(config: &Config, http: reqwest::Client) -> anyhow::Result<Self> {
        let url = config.sms_http_url.clone().context("OCOP_MESSENGERS: OCOP_SMS_HTTP_URL is not set")?;
        Ok(Self { http, url, body: config.sms_http_body.clone(), token: config.sms_http_token.clone() })
    }
}

fn filled(template: &str, message: &TextMessage, escaped: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out += &rest[..at];
        rest = &rest[at..];
        let values = [("{phone}", &message.to), ("{text}", &message.text), ("{id}", &message.key)];
        match values.iter().find(|(name, _)| rest.starts_with(name)) {
            Some((name, value)) => {
                out += &escaped(value);
                rest = &rest[name.len()..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

/// As a part of an address.
fn in_url(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// As the inside of a JSON text.
fn in_json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

impl Messenger for Gateway {
    fn name(&self) -> &'static str {
        "http"
    }

    fn send<'a>(&'a self, message: &'a TextMessage) -> BoxFuture<'a, Result<Receipt, Refusal>> {
        Box::pin(async move {
            let url = filled(&self.url, message, in_url);
            let mut asked = match &self.body {
                Some(body) => {
                    self.http.post(url).header("content-type", "application/json").body(filled(body, message, in_json))
                }
                None => self.http.get(url),
            };
            if let Some(token) = &self.token {
                asked = asked.bearer_auth(token.expose_secret());
            }
            let response = outgoing::send(asked).await.map_err(|error| Refusal(error.without_url().to_string()))?;
            if !response.status().is_success() {
                return Err(Refusal(format!("answered {}", response.status())));
            }
            Ok(Receipt { provider_id: message.key.clone(), cost: None })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_stands_where_its_name_stood() {
        let message = TextMessage {
            key: "e1.to".to_owned(),
            to: "+84912345678".to_owned(),
            text: "Ma \"K7\" {phone}\n".to_owned(),
            code: None,
            first: None,
        };
        assert_eq!(
            filled("https://x/?to={phone}&t={text}&{other}", &message, in_url),
            "https://x/?to=%2B84912345678&t=Ma%20%22K7%22%20%7Bphone%7D%0A&{other}"
        );
        let body = filled(r#"{"to": "{phone}", "text": "{text}", "ref": "{id}"}"#, &message, in_json);
        let read: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!((&read["to"], &read["text"]), (&"+84912345678".into(), &"Ma \"K7\" {phone}\n".into()));
        assert_eq!(read["ref"], "e1.to");
    }
}
