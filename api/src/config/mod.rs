//! Configuration: flags over environment over `ocop.toml` over defaults. Every mistake is told by name.

mod check;
mod names;
mod terms;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::sealed::Keyring;
use entity::value::PaymentMethod;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use self::names::{NAMES, PARSED, defaults, providers, texts};
pub use self::terms::{TERMS, Term, Terms, Unit};

use crate::platform::numbers::amount_setting;
use crate::platform::objects::{Objects, S3};
use crate::platform::telemetry::Collector;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Development,
    Production,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSink {
    /// Sent through `smtp_url`.
    Smtp,
    /// Written as `.eml` files into `<data dir>/mail`.
    File,
    /// Only logged.
    Log,
}

/// Each field can be set in `ocop.toml` under its name, or as `OCOP_<NAME>` in the environment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch by itself")]
pub struct Config {
    pub env: Environment,
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    database_url: Option<SecretString>,
    read_database_url: Option<SecretString>,
    /// How far the replica may be behind and still be asked.
    read_lag_seconds: u64,
    /// Connections per pool.
    pub database_connections: u32,
    /// Threads that serve requests; 0 = one per core.
    pub workers: usize,
    /// Where the world reaches this server; links in mails and pictures begin with it.
    base_url: Option<String>,
    /// In `tracing`'s notation.
    pub log: String,
    /// `id:base64 secret`, comma-separated. The first signs, all verify. `ocop key new` makes one.
    secret_keys: Option<SecretString>,
    /// As `secret_keys`: what secrets, bank accounts and papers are sealed with where they are stored. The first seals, all
    /// open; `ocop key rotate` seals everything with the first.
    data_keys: Option<SecretString>,
    pub mail_sink: Option<MailSink>,
    smtp_url: Option<SecretString>,
    pub mail_from: String,
    /// Origins whose pages may call the API, comma-separated; `*` for any.
    pub cors_origins: String,
    pub trust_proxy: bool,
    metrics_token: Option<SecretString>,
    /// A collector of traces and metrics: `http://collector:4318`.
    pub otlp_url: Option<String>,
    /// `name=value,…` sent to it.
    otlp_headers: Option<SecretString>,
    /// The share of requests whose traces are sent, 0 to 1.
    pub otlp_share: f64,
    /// Requests per second and client address; 0 = no limit.
    pub rate_limit_per_second: u32,
    /// Attempts to sign in, sign up or reset per minute and client address; 0 = no limit.
    pub auth_rate_limit_per_minute: u32,
    /// Whether admins, officers and whoever changes a bank account must have shown a second factor: `required` or `offered`;
    /// required in production, unless said.
    pub second_factor: Option<SecondFactor>,
    /// A file of passwords that became known, as `ocop passwords` makes it: nobody chooses one of them.
    pub breached_passwords: Option<PathBuf>,
    /// What one hash of a password takes, in KiB; hashes made with less or more are made anew at the next sign-in.
    pub password_memory_kib: u32,
    /// Whether a phone number is enough to sign up: codes go there.
    pub phone_sign_in: bool,
    /// How phones are written to, in this order, comma-separated: zalo, esms, speedsms, http.
    pub messengers: String,
    /// Text messages a day: to one number, and in all.
    pub texts_per_number: u32,
    pub texts_per_day: u32,
    /// What providers show with `?token=` when they report to `/v1/messages/{provider}/report`; closed without it.
    pub messenger_webhook_token: Option<SecretString>,
    pub esms_url: String,
    pub esms_api_key: Option<SecretString>,
    pub esms_secret_key: Option<SecretString>,
    /// The registered name messages come from; a number of theirs without it. So is `speedsms_sender`.
    pub esms_brand: Option<String>,
    pub speedsms_url: String,
    pub speedsms_token: Option<SecretString>,
    pub speedsms_sender: Option<String>,
    /// With `{phone}`, `{text}` and `{id}`, as the body, which is sent by POST if there is one.
    pub sms_http_url: Option<String>,
    pub sms_http_body: Option<String>,
    pub sms_http_token: Option<SecretString>,
    pub zalo_url: String,
    pub zalo_oauth_url: String,
    pub zalo_app_id: Option<String>,
    pub zalo_app_secret: Option<SecretString>,
    /// The first one; what it is exchanged for is kept.
    pub zalo_refresh_token: Option<SecretString>,
    /// A template for codes, with the field `otp`.
    pub zalo_code_template: Option<String>,
    /// A template for everything else, with the field `noi_dung`.
    pub zalo_notice_template: Option<String>,
    /// An order that its seller leaves unanswered for so long expires and frees its stock.
    pub order_response_hours: u32,
    /// A delivered order nobody objects to is completed after so many days.
    pub order_completion_days: u32,
    /// So long after a click through a partner an order counts as brought by it.
    pub attribution_days: u32,
    /// A front end that clicks are sent to (`<url>/p/<slug>?via=…`); the server's own pages otherwise.
    storefront_url: Option<String>,
    /// Whom to tell of a weakness: `mailto:` or `https:` (RFC 9116).
    pub security_contact: Option<String>,
    /// `s3://bucket[/prefix]` keeps pictures and files in an S3-compatible store; a folder in the data directory otherwise.
    pub objects_url: Option<String>,
    /// Of a store that is not Amazon's.
    pub s3_endpoint: Option<String>,
    pub s3_region: String,
    pub s3_access_key: Option<SecretString>,
    pub s3_secret_key: Option<SecretString>,
    /// Where the carriers are; their test systems, or a local stand-in.
    pub ghn_url: String,
    pub ghtk_url: String,
    pub viettel_post_url: String,
    /// What carriers show with `?token=` when they call our webhook; without it their webhooks are closed.
    pub carrier_webhook_token: Option<SecretString>,
    /// Which listings a person looks at before buyers do: `none`, `new` (the first publication), `edits` (and every change
    /// of published texts).
    pub listing_review: ListingReview,
    /// Development only: webhooks may go to private addresses.
    pub webhooks_allow_private: bool,
    /// Ways to pay that are offered, comma-separated: cash_on_delivery, bank_transfer, vnpay, momo, zalopay.
    pub payments: String,
    /// How long an order waits for a payment through a gateway …
    pub payment_minutes: u32,
    /// … and for a bank transfer.
    pub bank_transfer_hours: u32,
    pub vnpay_url: String,
    pub vnpay_api_url: String,
    pub vnpay_tmn_code: Option<String>,
    pub vnpay_secret: Option<SecretString>,
    pub momo_url: String,
    pub momo_partner_code: Option<String>,
    pub momo_access_key: Option<SecretString>,
    pub momo_secret_key: Option<SecretString>,
    pub zalopay_url: String,
    pub zalopay_app_id: Option<String>,
    pub zalopay_key1: Option<SecretString>,
    pub zalopay_key2: Option<SecretString>,
    /// Our account for bank transfers: the bank's BIN, the number, the holder.
    pub bank_bin: Option<String>,
    pub bank_account: Option<String>,
    pub bank_holder: Option<String>,
    /// What the bank-webhook service shows: SePay's API key, Casso's secure token, or PayOS's checksum key.
    pub bank_webhook_secret: Option<SecretString>,
    /// A refund that a person asks for above so many đồng waits for a second one's approval.
    #[serde(deserialize_with = "amount_setting")]
    pub refund_approval_above: i64,
    /// Days after delivery that an order's money is held before it is paid out.
    pub payout_hold_days: u32,
    /// Less than so many đồng is not paid out, but carried over.
    #[serde(deserialize_with = "amount_setting")]
    pub payout_minimum: i64,
    /// Days in which both sides of a dispute may bring evidence.
    pub dispute_days: u32,
    /// How long a quote is held.
    pub quote_minutes: u32,
    /// Development only: a file that every statement is written into, once each.
    pub statement_log: Option<PathBuf>,
    /// Development only: the place where the process is to end (`platform::fault`).
    pub fault: Option<String>,
    /// Development only: serve `/bench/{size}`, the reference that `tests/bench` measures against.
    pub bench_route: bool,
    /// Development only: a clock that runs ahead, to see what expires.
    pub clock_ahead_seconds: i64,
    /// What the platform's people have set meanwhile.
    #[serde(skip)]
    live: terms::Live,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    Offered,
    Required,
}

/// Which listings a person looks at before buyers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListingReview {
    None,
    New,
    Edits,
}

/// What flags set.
#[derive(Debug, Default, Serialize, clap::Args)]
pub struct Flags {
    /// Configuration file [default: ocop.toml, if there]
    #[arg(long, global = true, env = "OCOP_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Address and port to serve on [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Folder for the embedded database, pictures and the search index [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// sqlite://FILE or postgres://… [default: sqlite://<data dir>/ocop.db]
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// Where the world reaches this server [default: http://<listen>]
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Log filter, such as info or warn,api=debug [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

impl Config {
    pub fn load(flags: &Flags) -> anyhow::Result<Self> {
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let Some(short) = name.strip_prefix("OCOP_") else { continue };
            if short != "CONFIG" && !NAMES.contains(&short.to_lowercase().as_str()) {
                bail!(
                    "unknown setting {name} in the environment; known are OCOP_{}",
                    NAMES.join(", OCOP_").to_uppercase()
                );
            }
        }
        let file = flags.config.clone().unwrap_or_else(|| PathBuf::from("ocop.toml"));
        if flags.config.is_some() && !file.exists() {
            bail!("there is no configuration file {}", file.display());
        }
        let config: Self = Figment::new()
            .merge(Serialized::defaults(defaults()))
            .merge(Serialized::defaults(providers()))
            .merge(Toml::file(file))
            .merge(Env::prefixed("OCOP_").only(PARSED))
            .merge(Serialized::defaults(texts()))
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|error| anyhow::anyhow!("configuration: {error}"))?;
        config.check()?;
        config.begin_terms();
        Ok(config)
    }

    pub fn database_url(&self) -> String {
        match &self.database_url {
            Some(url) => url.expose_secret().to_owned(),
            None => format!("sqlite://{}", self.data_dir.join("ocop.db").display()),
        }
    }

    pub fn read_lag(&self) -> Duration {
        Duration::from_secs(self.read_lag_seconds)
    }

    pub fn read_database_url(&self) -> Option<&str> {
        self.read_database_url.as_ref().map(ExposeSecret::expose_secret)
    }

    /// Whether the world reaches this server by HTTPS: cookies go no other way then.
    pub fn is_https(&self) -> bool {
        self.base_url().starts_with("https:")
    }

    /// Without a slash at the end.
    pub fn base_url(&self) -> String {
        match &self.base_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }

    /// Whether whoever has power must show a second factor.
    pub fn asks_for_second_factor(&self) -> bool {
        let unsaid = self.env == Environment::Production;
        self.second_factor.map_or(unsaid, |asked| asked == SecondFactor::Required)
    }

    pub fn smtp_url(&self) -> Option<&str> {
        self.smtp_url.as_ref().map(ExposeSecret::expose_secret)
    }

    /// Whoever collects traces and metrics.
    pub fn collector(&self) -> Option<Collector> {
        let (headers, share) = (self.otlp_headers.clone(), self.otlp_share);
        self.otlp_url.clone().map(|url| Collector { url, headers, share })
    }

    pub fn metrics_token(&self) -> Option<&str> {
        self.metrics_token.as_ref().map(ExposeSecret::expose_secret)
    }

    /// The store of pictures and files.
    pub fn objects(&self) -> anyhow::Result<Objects> {
        match &self.objects_url {
            Some(place) => self.place(place),
            None => Objects::folder(&self.data_dir.join("media")),
        }
    }

    /// A folder, or `s3://bucket[/prefix]` in the store that the settings of S3 open.
    pub fn place(&self, place: &str) -> anyhow::Result<Objects> {
        if place.starts_with("s3://") { self.store(place) } else { Objects::folder(Path::new(place)) }
    }

    fn store(&self, url: &str) -> anyhow::Result<Objects> {
        let secret = |value: &Option<SecretString>| value.as_ref().map(|value| value.expose_secret().to_owned());
        let access_key = secret(&self.s3_access_key).context("OCOP_S3_ACCESS_KEY is not set")?;
        let secret_key = secret(&self.s3_secret_key).context("OCOP_S3_SECRET_KEY is not set")?;
        Objects::s3(&S3 {
            url,
            endpoint: self.s3_endpoint.as_deref(),
            region: &self.s3_region,
            access_key: &access_key,
            secret_key: &secret_key,
        })
    }

    /// The same with its data somewhere else.
    #[must_use]
    pub fn elsewhere(&self, database_url: &str, data_dir: &Path) -> Self {
        let database_url = Some(SecretString::from(database_url.to_owned()));
        let keys = self.data_keys.clone();
        Self {
            database_url,
            read_database_url: None,
            data_dir: data_dir.to_owned(),
            objects_url: None,
            data_keys: keys.or_else(|| self.development_keys(DEVELOPMENT_DATA_KEYS).ok().map(SecretString::from)),
            ..self.clone()
        }
    }

    pub fn carrier_webhook_token(&self) -> Option<&str> {
        self.carrier_webhook_token.as_ref().map(ExposeSecret::expose_secret)
    }

    /// Ways to pay that are offered, in the order they are configured.
    pub fn payment_methods(&self) -> Vec<PaymentMethod> {
        self.payments.split(',').filter_map(|name| name.trim().parse().ok()).collect()
    }

    /// How long an order waits for a payment.
    pub fn payment_time(&self, method: PaymentMethod) -> time::Duration {
        match method {
            PaymentMethod::BankTransfer => time::Duration::hours(self.terms().bank_transfer_hours.into()),
            _ => time::Duration::minutes(self.terms().payment_minutes.into()),
        }
    }

    pub fn bank_webhook_secret(&self) -> Option<&str> {
        self.bank_webhook_secret.as_ref().map(ExposeSecret::expose_secret)
    }

    pub fn mail_sink(&self) -> MailSink {
        self.mail_sink.unwrap_or(if self.smtp_url.is_some() { MailSink::Smtp } else { MailSink::File })
    }

    /// Where products, cooperatives and destinations have their pages for people.
    pub fn storefront_url(&self) -> String {
        self.storefront_url.as_deref().map_or_else(|| self.base_url(), |url| url.trim_end_matches('/').to_owned())
    }

    /// Whether the server's own pages are what people see.
    pub fn own_storefront(&self) -> bool {
        self.storefront_url.is_none()
    }

    /// Pairs of key id and base64 secret. In development they are made once and kept in the data folder.
    pub fn secret_keys(&self) -> anyhow::Result<Vec<(String, SecretString)>> {
        match &self.secret_keys {
            Some(keys) => pairs(keys.expose_secret()).context("OCOP_SECRET_KEYS"),
            None => pairs(&self.development_keys("development-keys")?),
        }
    }

    /// What stored secrets are sealed with; made once in development, and kept in the data folder.
    pub fn keyring(&self) -> anyhow::Result<Keyring> {
        let pairs = match &self.data_keys {
            Some(keys) => pairs(keys.expose_secret()).context("OCOP_DATA_KEYS")?,
            None => pairs(&self.development_keys(DEVELOPMENT_DATA_KEYS)?)?,
        };
        let decoded = |(id, secret): (String, SecretString)| {
            let bytes = URL_SAFE_NO_PAD.decode(secret.expose_secret().trim_end_matches('='));
            Ok((id, bytes.context("OCOP_DATA_KEYS: a secret is not URL-safe base64")?))
        };
        let keys: Vec<_> = pairs.into_iter().map(decoded).collect::<anyhow::Result<_>>()?;
        Keyring::new(&keys).context("OCOP_DATA_KEYS: an id is letters and digits, a secret is 256 bits")
    }

    fn development_keys(&self, name: &str) -> anyhow::Result<String> {
        let file = self.data_dir.join(name);
        if let Ok(keys) = std::fs::read_to_string(&file) {
            return Ok(keys.trim().to_owned());
        }
        std::fs::create_dir_all(&self.data_dir)
            .with_context(|| format!("cannot create {}", self.data_dir.display()))?;
        let key = new_secret_key();
        std::fs::write(&file, &key).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(key)
    }
}

/// Where development keeps its data keys, in the data folder.
const DEVELOPMENT_DATA_KEYS: &str = "development-data-keys";

/// `id:secret,id:secret`
fn pairs(text: &str) -> anyhow::Result<Vec<(String, SecretString)>> {
    let pair = |entry: &str| -> anyhow::Result<_> {
        let (id, secret) = entry.trim().split_once(':').context("each key is written id:secret")?;
        Ok((id.to_owned(), SecretString::from(secret.to_owned())))
    };
    text.split(',').map(pair).collect()
}

/// A value for `OCOP_SECRET_KEYS` and `OCOP_DATA_KEYS`: a fresh id and 256 random bits.
pub fn new_secret_key() -> String {
    format!("k{}:{}", crate::platform::secrets::code(6).to_lowercase(), crate::platform::secrets::token())
}
