//! ZaloPay v2 (docs.zalopay.vn/v2): forms, HMAC-SHA256 with key1 for what we send and key2 for what comes.

use actix_web::HttpResponse;
use entity::payment;
use entity::value::PaymentMethod;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::provider::{
    Answer, CallbackFault, Charge, Failure, Notice, Outcome, PaymentAction, Provider, Raw, Repaid, Repayment,
    SettlementColumns, Started, ask, number, sha256, text,
};
use super::rules::Verdict;
use crate::config::Config;
use crate::platform::clock::VIETNAM;
use crate::platform::secrets;

pub struct Zalopay {
    pub app_id: String,
    pub key1: SecretString,
    pub key2: SecretString,
    pub base: String,
    pub http: reqwest::Client,
}

fn milliseconds(at: OffsetDateTime) -> i128 {
    at.unix_timestamp_nanos() / 1_000_000
}

/// `261124_` and our reference: ZaloPay wants the day of the order, in GMT+7, before it.
fn trans_id(reference: &str, at: OffsetDateTime) -> String {
    let day = at.to_offset(VIETNAM).format(format_description!("[year repr:last_two][month][day]")).unwrap_or_default();
    format!("{day}_{reference}")
}

impl Zalopay {
    pub fn configured(config: &Config, http: &reqwest::Client) -> Option<Self> {
        Some(Self {
            app_id: config.zalopay_app_id.clone()?,
            key1: config.zalopay_key1.clone()?,
            key2: config.zalopay_key2.clone()?,
            base: config.zalopay_url.trim_end_matches('/').to_owned(),
            http: http.clone(),
        })
    }

    fn mac(&self, fields: &[&str]) -> String {
        sha256(self.key1.expose_secret(), &fields.join("|"))
    }

    async fn call(&self, path: &str, form: &[(&str, String)]) -> Result<Value, Failure> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.post(format!("{}{path}", self.base));
        ask(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    }

    /// ZaloPay numbers refunds `yymmdd_appid_…`.
    fn refund_id(&self, repayment: &Repayment<'_>) -> String {
        // Our number holds the day it was made: HT261124…
        let day = repayment.reference.get(2..8).unwrap_or("000000");
        format!("{day}_{}_{}", self.app_id, repayment.reference)
    }
}

impl Provider for Zalopay {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Zalopay
    }

    fn create<'a>(&'a self, charge: &'a Charge) -> Answer<'a, Started> {
        Box::pin(async move {
            let id = trans_id(&charge.reference, charge.created_at);
            let (amount, time) = (charge.amount.to_string(), milliseconds(charge.created_at).to_string());
            let embed = json!({"redirecturl": charge.return_url}).to_string();
            let (user, item) = ("cho-ocop", "[]");
            let mac = self.mac(&[&self.app_id, &id, user, &amount, &time, &embed, item]);
            let seconds = (charge.expires_at - charge.created_at).whole_seconds().max(300);
            let form = [
                ("app_id", self.app_id.clone()),
                ("app_user", user.to_owned()),
                ("app_trans_id", id.clone()),
                ("app_time", time.clone()),
                ("expire_duration_seconds", seconds.to_string()),
                ("amount", amount.clone()),
                ("description", charge.description.clone()),
                ("item", item.to_owned()),
                ("embed_data", embed.clone()),
                ("bank_code", String::new()),
                ("callback_url", charge.notify_url.clone()),
                ("mac", mac),
            ];
            let answer = self.call("/v2/create", &form).await?;
            match (number(&answer["return_code"]), answer["order_url"].as_str()) {
                (Some(1), Some(url)) => Ok(Started {
                    action: PaymentAction::Redirect { url: url.to_owned() },
                    data: json!({"app_trans_id": id}),
                }),
                (Some(code), _) if code != 1 => {
                    Err(Failure::Refused(format!("ZaloPay {code} {}", text(&answer["return_message"]))))
                }
                _ => Err(Failure::Unknown("an answer without an address".to_owned())),
            }
        })
    }

    fn read_callback(&self, raw: &Raw<'_>) -> Result<Notice, CallbackFault> {
        let body: Value = serde_json::from_str(raw.body).map_err(|_| CallbackFault::Unreadable)?;
        let data = body["data"].as_str().ok_or(CallbackFault::Unreadable)?;
        if !secrets::same(&text(&body["mac"]), &sha256(self.key2.expose_secret(), data)) {
            return Err(CallbackFault::Forged);
        }
        let data: Value = serde_json::from_str(data).map_err(|_| CallbackFault::Unreadable)?;
        let id = text(&data["app_trans_id"]);
        let (Some((_, reference)), Some(amount)) = (id.split_once('_'), number(&data["amount"])) else {
            return Err(CallbackFault::Unreadable);
        };
        // ZaloPay calls back for what was paid, and for nothing else.
        Ok(Notice {
            reference: reference.to_owned(),
            amount,
            verdict: Verdict::Paid,
            provider_reference: Some(text(&data["zp_trans_id"])),
            data: json!({"channel": data["channel"]}),
        })
    }

    fn answer(&self, outcome: Outcome) -> HttpResponse {
        let (code, message) = match outcome {
            Outcome::Confirmed => (1, "success"),
            Outcome::AlreadyConfirmed => (2, "already handled"),
            Outcome::Forged => (-1, "mac not equal"),
            Outcome::NotFound => (-2, "order not found"),
            Outcome::WrongAmount => (-3, "wrong amount"),
            Outcome::Unreadable => (-4, "unreadable"),
        };
        HttpResponse::Ok().json(json!({"return_code": code, "return_message": message}))
    }

    fn query<'a>(&'a self, payment: &'a payment::Model, _: OffsetDateTime) -> Answer<'a, Notice> {
        Box::pin(async move {
            let id = trans_id(&payment.reference, payment.created_at);
            let mac = self.mac(&[&self.app_id, &id, self.key1.expose_secret()]);
            let form = [("app_id", self.app_id.clone()), ("app_trans_id", id.clone()), ("mac", mac)];
            let answer = self.call("/v2/query", &form).await?;
            let verdict = match (number(&answer["return_code"]), answer["is_processing"].as_bool()) {
                (Some(1), _) => Verdict::Paid,
                (Some(3), _) | (_, Some(true)) => Verdict::Pending,
                (Some(2), _) if number(&answer["sub_return_code"]) == Some(-54) => Verdict::Expired,
                (Some(2), _) => Verdict::Failed(format!("ZaloPay {}", text(&answer["sub_return_message"]))),
                _ => return Err(Failure::Unknown("no return code".to_owned())),
            };
            Ok(Notice {
                reference: payment.reference.clone(),
                amount: number(&answer["amount"]).unwrap_or(payment.amount.0),
                verdict,
                provider_reference: Some(text(&answer["zp_trans_id"])),
                data: json!({}),
            })
        })
    }

    fn refund<'a>(&'a self, repayment: &'a Repayment<'a>) -> Answer<'a, Repaid> {
        Box::pin(async move {
            let zp_trans_id = repayment.payment.provider_reference.clone().unwrap_or_default();
            let (amount, time) = (repayment.amount.to_string(), milliseconds(repayment.now).to_string());
            let mac = self.mac(&[&self.app_id, &zp_trans_id, &amount, repayment.description, &time]);
            let form = [
                ("app_id", self.app_id.clone()),
                ("m_refund_id", self.refund_id(repayment)),
                ("zp_trans_id", zp_trans_id.clone()),
                ("amount", amount.clone()),
                ("timestamp", time.clone()),
                ("description", repayment.description.to_owned()),
                ("mac", mac),
            ];
            let answer = self.call("/v2/refund", &form).await?;
            refund_standing(&answer)
        })
    }

    fn query_refund<'a>(&'a self, repayment: &'a Repayment<'a>) -> Answer<'a, Repaid> {
        Box::pin(async move {
            let (id, time) = (self.refund_id(repayment), milliseconds(repayment.now).to_string());
            let mac = self.mac(&[&self.app_id, &id, &time]);
            let form = [
                ("app_id", self.app_id.clone()),
                ("m_refund_id", id.clone()),
                ("timestamp", time.clone()),
                ("mac", mac),
            ];
            let answer = self.call("/v2/query_refund", &form).await?;
            refund_standing(&answer)
        })
    }

    fn settlement_columns(&self) -> Option<SettlementColumns> {
        Some(SettlementColumns {
            reference: &["app_trans_id", "apptransid", "reference"],
            amount: &["amount", "so tien"],
            fee: &["fee", "phi"],
        })
    }
}

/// 1 done, 2 failed, 3 under way.
fn refund_standing(answer: &Value) -> Result<Repaid, Failure> {
    match (number(&answer["return_code"]), number(&answer["sub_return_code"])) {
        (Some(1), _) => Ok(Repaid::Done(Some(text(&answer["refund_id"])))),
        (Some(3), _) => Ok(Repaid::Pending),
        (Some(2), Some(-101)) => Ok(Repaid::NotThere),
        (Some(2), _) => Err(Failure::Refused(format!("ZaloPay {}", text(&answer["sub_return_message"])))),
        _ => Err(Failure::Unknown("no return code".to_owned())),
    }
}
