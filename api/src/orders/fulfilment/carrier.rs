//! What we ask of a carrier, whichever it is. One file per carrier implements it; `carriers` names them all.

use entity::value::{ParcelState, Vnd};
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::Date;

use crate::platform::fold::is_forbidden;
use crate::platform::outgoing;

/// Where a parcel comes from or goes to.
#[derive(Clone, Debug)]
pub struct Place {
    pub name: String,
    /// E.164.
    pub phone: String,
    pub street: String,
    pub commune: String,
    pub province: String,
}

#[derive(Clone, Debug)]
pub struct Item {
    pub name: String,
    pub quantity: i64,
    pub weight_g: i64,
}

/// A parcel as carriers want it told.
#[derive(Clone, Debug)]
pub struct Shipment {
    /// Our parcel number: the same parcel is never booked twice under it.
    pub reference: String,
    pub from: Place,
    pub to: Place,
    pub weight_g: i64,
    /// To be collected from the buyer, in đồng.
    pub cod: Vnd,
    /// What it is worth, in đồng.
    pub value: Vnd,
    pub items: Vec<Item>,
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    pub tracking_code: String,
    pub fee: Option<Vnd>,
    pub expected_on: Option<Date>,
}

/// What a carrier says happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    pub tracking_code: String,
    /// Our parcel number, where the carrier repeats it.
    pub reference: Option<String>,
    /// In the carrier's words.
    pub status: String,
    /// `None` for what moves nothing, such as a settled invoice.
    pub state: Option<ParcelState>,
}

#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    /// The carrier heard and said no: nothing happened.
    #[error("refused: {0}")]
    Refused(String),
    /// No answer, or none that can be understood: it may have happened.
    #[error("unknown: {0}")]
    Unknown(String),
}

/// A cooperative's contract with a carrier.
#[derive(Clone)]
pub struct Contract {
    pub token: SecretString,
    pub shop_id: String,
}

pub type Answer<'a, T> = BoxFuture<'a, Result<T, CarrierError>>;

pub trait CarrierApi: Send + Sync {
    /// What it would cost, in đồng.
    fn quote<'a>(&'a self, contract: &'a Contract, shipment: &'a Shipment) -> Answer<'a, Vnd>;
    fn create<'a>(&'a self, contract: &'a Contract, shipment: &'a Shipment) -> Answer<'a, Booking>;
    /// The booking under our parcel number: settles what was unknown. `None` when the carrier knows of none.
    fn find<'a>(&'a self, contract: &'a Contract, reference: &'a str) -> Answer<'a, Option<Booking>>;
    fn track<'a>(&'a self, contract: &'a Contract, tracking_code: &'a str) -> Answer<'a, Update>;
    fn cancel<'a>(&'a self, contract: &'a Contract, tracking_code: &'a str) -> Answer<'a, ()>;
    /// The carrier's own label, as a link or PDF data the seller prints.
    fn label<'a>(&'a self, contract: &'a Contract, tracking_code: &'a str) -> Answer<'a, Label>;
    /// Reads what the carrier posts to us. `None` when it cannot be understood.
    fn parse_webhook(&self, body: &[u8]) -> Option<Update>;
}

pub enum Label {
    Pdf(Vec<u8>),
    Link(String),
}

/// JSON over HTTP, with errors told apart by whether the carrier can have acted.
#[derive(Clone)]
pub struct Http(pub(super) reqwest::Client);

impl Http {
    pub async fn get<T: DeserializeOwned>(
        &self,
        url: String,
        headers: &[(&str, &str)],
        query: &[(&str, String)],
    ) -> Result<T, CarrierError> {
        self.send(self.0.get(url).query(query), headers).await
    }

    pub async fn post<T: DeserializeOwned>(
        &self,
        url: String,
        headers: &[(&str, &str)],
        body: &impl Serialize,
    ) -> Result<T, CarrierError> {
        self.send(self.0.post(url).json(body), headers).await
    }

    pub async fn bytes(&self, url: String, headers: &[(&str, &str)]) -> Result<Vec<u8>, CarrierError> {
        let response = outgoing::send(with_headers(self.0.get(url), headers)).await.map_err(|e| unknown(&e))?;
        if !response.status().is_success() {
            return Err(CarrierError::Refused(format!("status {}", response.status())));
        }
        Ok(response.bytes().await.map_err(|e| unknown(&e))?.to_vec())
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        headers: &[(&str, &str)],
    ) -> Result<T, CarrierError> {
        let response = outgoing::send(with_headers(request, headers)).await.map_err(|error| {
            // Nobody was reached: nothing can have happened.
            if error.is_connect() { CarrierError::Refused("cannot be reached".to_owned()) } else { unknown(&error) }
        })?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| unknown(&error))?;
        if status.is_server_error() {
            return Err(CarrierError::Unknown(format!("status {status}")));
        }
        serde_json::from_slice(&bytes).map_err(|_| {
            if status.is_client_error() {
                CarrierError::Refused(format!("status {status}"))
            } else {
                CarrierError::Unknown("an answer that cannot be read".to_owned())
            }
        })
    }
}

fn with_headers(request: reqwest::RequestBuilder, headers: &[(&str, &str)]) -> reqwest::RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

fn unknown(error: &reqwest::Error) -> CarrierError {
    // The URL may carry a token.
    CarrierError::Unknown(if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        "the call broke off".to_owned()
    })
}

impl Contract {
    pub fn token(&self) -> &str {
        self.token.expose_secret()
    }
}

/// A number, or digits in a string: carriers send both.
pub fn amount(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A code or a number of a parcel: some text, on one line.
pub fn code(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    ((1..=100).contains(&text.len()) && !text.chars().any(is_forbidden)).then(|| text.to_owned())
}

/// The day at the start of an ISO date or time.
pub fn day(text: &str) -> Option<Date> {
    Date::parse(text.get(..10)?, time::macros::format_description!("[year]-[month]-[day]")).ok()
}

/// `0912345678`: Vietnamese carriers want national numbers.
pub fn national(phone: &str) -> String {
    phone.strip_prefix("+84").map_or_else(|| phone.to_owned(), |rest| format!("0{rest}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::code;

    #[test]
    fn a_parcel_has_a_number_that_can_be_kept() {
        assert_eq!(code(&json!(" S1.A1 ")).as_deref(), Some("S1.A1"));
        for none in [json!(""), json!("  "), json!("a\u{0}b"), json!("x".repeat(101)), json!(7), json!(null)] {
            assert_eq!(code(&none), None, "{none}");
        }
    }
}
