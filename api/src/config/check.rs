//! Whether settings go together, told by name.

use anyhow::bail;
use entity::value::PaymentMethod;

use super::{Config, Environment, MailSink};

impl Config {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.mail_sink == Some(MailSink::Smtp) && self.smtp_url.is_none() {
            bail!("OCOP_MAIL_SINK is smtp, but OCOP_SMTP_URL is not set");
        }
        for name in self.payments.split(',').map(str::trim) {
            let Ok(method) = name.parse::<PaymentMethod>() else {
                bail!("OCOP_PAYMENTS: {name} is none of cash_on_delivery, bank_transfer, vnpay, momo, zalopay");
            };
            if let Some(setting) = self.missing_for(method) {
                bail!("OCOP_PAYMENTS offers {name}, but {setting} is not set");
            }
        }
        let known = |contact: &String| contact.starts_with("mailto:") || contact.starts_with("https://");
        if self.security_contact.as_ref().is_some_and(|contact| !known(contact)) {
            bail!("OCOP_SECURITY_CONTACT begins with mailto: or https://");
        }
        if !(0.0..=1.0).contains(&self.otlp_share) {
            bail!("OCOP_OTLP_SHARE is a share of requests, from 0 to 1");
        }
        if self.otlp_url.as_ref().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
            bail!("OCOP_OTLP_URL begins with http:// or https://");
        }
        if !(1_024..=1_048_576).contains(&self.password_memory_kib) {
            bail!("OCOP_PASSWORD_MEMORY_KIB is what one password's hash takes, from 1024 (1 MiB) to 1048576 (1 GiB)");
        }
        if self.env == Environment::Development {
            return Ok(());
        }
        if self.secret_keys.is_none() {
            bail!("in production OCOP_SECRET_KEYS must be set; `ocop key new` makes a value");
        }
        if self.data_keys.is_none() {
            bail!(
                "in production OCOP_DATA_KEYS must be set; `ocop key new` makes a value. Keep it apart from the database"
            );
        }
        if self.password_memory_kib < 19_456 {
            bail!(
                "in production OCOP_PASSWORD_MEMORY_KIB is at least 19456, as OWASP asks of argon2id with two passes"
            );
        }
        if self.phone_sign_in && self.messengers.trim().is_empty() {
            bail!(
                "in production codes to phones need a way: OCOP_MESSENGERS names some of zalo, esms, speedsms, http, or OCOP_PHONE_SIGN_IN is false"
            );
        }
        if self.base_url.is_none() {
            bail!("in production OCOP_BASE_URL must be set, such as https://cho-ocop.example");
        }
        for (method, url, setting) in [
            (PaymentMethod::Vnpay, &self.vnpay_url, "OCOP_VNPAY_URL"),
            (PaymentMethod::Vnpay, &self.vnpay_api_url, "OCOP_VNPAY_API_URL"),
            (PaymentMethod::Momo, &self.momo_url, "OCOP_MOMO_URL"),
            (PaymentMethod::Zalopay, &self.zalopay_url, "OCOP_ZALOPAY_URL"),
        ] {
            let trial = ["sandbox.", "test-payment.", "sb-openapi."].iter().any(|name| url.contains(name));
            if trial && self.payment_methods().contains(&method) {
                bail!("in production {setting} must not be a sandbox, in which nobody pays");
            }
        }
        if self.bench_route {
            bail!("OCOP_BENCH_ROUTE is for development only");
        }
        if self.fault.is_some() {
            bail!("OCOP_FAULT is for development only");
        }
        if self.statement_log.is_some() {
            bail!("OCOP_STATEMENT_LOG is for development only");
        }
        if self.webhooks_allow_private {
            bail!("OCOP_WEBHOOKS_ALLOW_PRIVATE is for development only");
        }
        if self.clock_ahead_seconds != 0 {
            bail!("OCOP_CLOCK_AHEAD_SECONDS is for development only");
        }
        Ok(())
    }

    /// What is still to be set before a way to pay can be offered.
    fn missing_for(&self, method: PaymentMethod) -> Option<&'static str> {
        let needed: Vec<(bool, &'static str)> = match method {
            PaymentMethod::CashOnDelivery => Vec::new(),
            PaymentMethod::BankTransfer => vec![
                (self.bank_bin.is_some(), "OCOP_BANK_BIN"),
                (self.bank_account.is_some(), "OCOP_BANK_ACCOUNT"),
                (self.bank_holder.is_some(), "OCOP_BANK_HOLDER"),
                (self.bank_webhook_secret.is_some(), "OCOP_BANK_WEBHOOK_SECRET"),
            ],
            PaymentMethod::Vnpay => vec![
                (self.vnpay_tmn_code.is_some(), "OCOP_VNPAY_TMN_CODE"),
                (self.vnpay_secret.is_some(), "OCOP_VNPAY_SECRET"),
            ],
            PaymentMethod::Momo => vec![
                (self.momo_partner_code.is_some(), "OCOP_MOMO_PARTNER_CODE"),
                (self.momo_access_key.is_some(), "OCOP_MOMO_ACCESS_KEY"),
                (self.momo_secret_key.is_some(), "OCOP_MOMO_SECRET_KEY"),
            ],
            PaymentMethod::Zalopay => vec![
                (self.zalopay_app_id.is_some(), "OCOP_ZALOPAY_APP_ID"),
                (self.zalopay_key1.is_some(), "OCOP_ZALOPAY_KEY1"),
                (self.zalopay_key2.is_some(), "OCOP_ZALOPAY_KEY2"),
            ],
        };
        needed.into_iter().find(|(set, _)| !set).map(|(_, setting)| setting)
    }
}
