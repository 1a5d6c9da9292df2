//! What every provider can do, in one shape; which are offered is configuration.

use actix_web::HttpResponse;
use entity::payment;
use entity::value::{Language, LedgerAccountKind, PaymentMethod};
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Sha256, Sha512};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::rules::Verdict;
use crate::ledger::rules::Account;
use crate::platform::outgoing;

/// What is to be paid.
pub struct Charge {
    /// Ours; unique per attempt, letters and digits.
    pub reference: String,
    /// Đồng.
    pub amount: i64,
    /// Without accents.
    pub description: String,
    pub language: Language,
    pub client_ip: String,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    /// Where the buyer's browser comes back to, and where the provider reports to.
    pub return_url: String,
    pub notify_url: String,
}

/// What the buyer does next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PaymentAction {
    /// Open the provider's page.
    Redirect { url: String },
    /// Transfer exactly this, with this text; `qr` holds all of it (VietQR).
    Transfer { qr: String, bank_bin: String, account: String, holder: String, amount: i64, description: String },
}

pub struct Started {
    pub action: PaymentAction,
    /// What later calls about it need.
    pub data: Value,
}

/// Why a call came to nothing.
#[derive(Debug)]
pub enum Failure {
    /// The provider said no.
    Refused(String),
    /// Whether it was heard is not known.
    Unknown(String),
    /// The provider has no such call.
    Unsupported,
}

impl Failure {
    pub fn text(&self) -> &str {
        match self {
            Self::Refused(text) | Self::Unknown(text) => text,
            Self::Unsupported => "not possible through this provider",
        }
    }
}

/// A callback as it came.
pub struct Raw<'a> {
    pub query: &'a str,
    pub body: &'a str,
    /// By lower-case name.
    pub headers: &'a Value,
}

/// What a callback or an answer says of a payment.
#[derive(Clone, Debug)]
pub struct Notice {
    pub reference: String,
    pub amount: i64,
    pub verdict: Verdict,
    pub provider_reference: Option<String>,
    /// To be kept beside what is known.
    pub data: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackFault {
    Forged,
    Unreadable,
}

/// What became of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Confirmed,
    AlreadyConfirmed,
    NotFound,
    WrongAmount,
    Forged,
    Unreadable,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::AlreadyConfirmed => "already_confirmed",
            Self::NotFound => "not_found",
            Self::WrongAmount => "wrong_amount",
            Self::Forged => "forged",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What is to go back.
pub struct Repayment<'a> {
    pub payment: &'a payment::Model,
    /// Ours; the same for every try.
    pub reference: &'a str,
    pub amount: i64,
    /// The whole payment.
    pub full: bool,
    pub description: &'a str,
    pub now: OffsetDateTime,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repaid {
    Done(Option<String>),
    Pending,
    /// It never reached the provider: it may be sent.
    NotThere,
}

/// Where a provider's settlement reports name what we look for.
pub struct SettlementColumns {
    pub reference: &'static [&'static str],
    pub amount: &'static [&'static str],
    pub fee: &'static [&'static str],
}

pub type Answer<'a, T> = BoxFuture<'a, Result<T, Failure>>;

pub trait Provider: Send + Sync {
    fn method(&self) -> PaymentMethod;

    /// Where its money is until it is in our bank account.
    fn account(&self) -> Account {
        Account::of(LedgerAccountKind::Gateway, self.method().as_str())
    }

    /// Starts a payment.
    fn create<'a>(&'a self, charge: &'a Charge) -> Answer<'a, Started>;

    /// Reads a callback whose signature is right.
    fn read_callback(&self, _: &Raw<'_>) -> Result<Notice, CallbackFault> {
        Err(CallbackFault::Unreadable)
    }

    /// What the provider wants to hear.
    fn answer(&self, _: Outcome) -> HttpResponse {
        HttpResponse::NotFound().finish()
    }

    /// Asks what became of a payment.
    fn query<'a>(&'a self, _: &'a payment::Model, _: OffsetDateTime) -> Answer<'a, Notice> {
        Box::pin(async { Err(Failure::Unsupported) })
    }

    fn refund<'a>(&'a self, _: &'a Repayment<'a>) -> Answer<'a, Repaid> {
        Box::pin(async { Err(Failure::Unsupported) })
    }

    /// Asks what became of a refund whose answer was lost.
    fn query_refund<'a>(&'a self, _: &'a Repayment<'a>) -> Answer<'a, Repaid> {
        Box::pin(async { Err(Failure::Unsupported) })
    }

    /// How to read the provider's settlement reports, where it makes them.
    fn settlement_columns(&self) -> Option<SettlementColumns> {
        None
    }
}

pub fn sha512(key: &str, text: &str) -> String {
    Hmac::<Sha512>::new_from_slice(key.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(text.as_bytes());
            hex::encode(mac.finalize().into_bytes())
        },
    )
}

pub fn sha256(key: &str, text: &str) -> String {
    Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(text.as_bytes());
            hex::encode(mac.finalize().into_bytes())
        },
    )
}

/// An answer in JSON, or why there is none. A connection that was never made is a refusal: nothing was heard.
pub async fn ask(request: reqwest::RequestBuilder) -> Result<Value, Failure> {
    let response = outgoing::send(request).await.map_err(|error| {
        if error.is_connect() {
            Failure::Refused("not reachable".to_owned())
        } else {
            Failure::Unknown(error.to_string())
        }
    })?;
    let status = response.status();
    let body = response.bytes().await.map_err(|error| Failure::Unknown(error.to_string()))?;
    if body.len() > 64 * 1024 {
        return Err(Failure::Unknown("the answer is too long".to_owned()));
    }
    if status.is_server_error() {
        return Err(Failure::Unknown(format!("HTTP {status}")));
    }
    serde_json::from_slice(&body).map_err(|_| Failure::Unknown(format!("HTTP {status} without JSON")))
}

/// A field that providers write as a number or as text.
pub fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A field that providers write as text or as a number.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
