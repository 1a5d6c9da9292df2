//! MoMo v2, wallet ("Collection link", developers.momo.vn): HMAC-SHA256 over named fields in a fixed order.

use actix_web::HttpResponse;
use entity::payment;
use entity::value::{Language, PaymentMethod};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::provider::{
    Answer, CallbackFault, Charge, Failure, Notice, Outcome, PaymentAction, Provider, Raw, Repaid, Repayment,
    SettlementColumns, Started, ask, number, sha256, text,
};
use super::rules::Verdict;
use crate::config::Config;
use crate::platform::secrets;

pub struct Momo {
    pub partner_code: String,
    pub access_key: SecretString,
    pub secret_key: SecretString,
    pub base: String,
    pub http: reqwest::Client,
}

/// As `raw` has them: `accessKey=…&amount=…`.
fn raw(access_key: &str, body: &Value, fields: &[&str]) -> String {
    let value = |field: &&str| match *field {
        "accessKey" => format!("accessKey={access_key}"),
        field => format!("{field}={}", text(&body[field])),
    };
    fields.iter().map(value).collect::<Vec<_>>().join("&")
}

/// Codes of "Result Code" in MoMo's documentation.
fn verdict(code: i64, message: &str) -> Verdict {
    match code {
        0 => Verdict::Paid,
        9000 => Verdict::Authorised,
        1000 | 7000 | 7002 => Verdict::Pending,
        1005 => Verdict::Expired,
        code => Verdict::Failed(format!("MoMo {code} {message}")),
    }
}

const IPN: &[&str] = &[
    "accessKey",
    "amount",
    "extraData",
    "message",
    "orderId",
    "orderInfo",
    "orderType",
    "partnerCode",
    "payType",
    "requestId",
    "responseTime",
    "resultCode",
    "transId",
];

impl Momo {
    pub fn configured(config: &Config, http: &reqwest::Client) -> Option<Self> {
        Some(Self {
            partner_code: config.momo_partner_code.clone()?,
            access_key: config.momo_access_key.clone()?,
            secret_key: config.momo_secret_key.clone()?,
            base: config.momo_url.trim_end_matches('/').to_owned(),
            http: http.clone(),
        })
    }

    fn sign(&self, body: &Value, fields: &[&str]) -> String {
        sha256(self.secret_key.expose_secret(), &raw(self.access_key.expose_secret(), body, fields))
    }

    /// An IPN as MoMo would sign it.
    #[cfg(any(test, feature = "fuzz"))]
    pub fn signed(&self, mut body: Value) -> Value {
        body["signature"] = self.sign(&body, IPN).into();
        body
    }

    async fn call(&self, path: &str, mut body: Value, fields: &[&str]) -> Result<Value, Failure> {
        body["signature"] = self.sign(&body, fields).into();
        ask(self.http.post(format!("{}{path}", self.base)).json(&body)).await
    }
}

impl Provider for Momo {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Momo
    }

    fn create<'a>(&'a self, charge: &'a Charge) -> Answer<'a, Started> {
        Box::pin(async move {
            let body = json!({
                "partnerCode": self.partner_code, "requestId": charge.reference, "orderId": charge.reference, "amount": charge.amount,
                "orderInfo": charge.description, "redirectUrl": charge.return_url, "ipnUrl": charge.notify_url, "extraData": "",
                "requestType": "captureWallet", "lang": if charge.language == Language::Vi { "vi" } else { "en" },
            });
            let fields = [
                "accessKey",
                "amount",
                "extraData",
                "ipnUrl",
                "orderId",
                "orderInfo",
                "partnerCode",
                "redirectUrl",
                "requestId",
                "requestType",
            ];
            let answer = self.call("/v2/gateway/api/create", body, &fields).await?;
            match (number(&answer["resultCode"]), answer["payUrl"].as_str()) {
                (Some(0), Some(url)) => {
                    Ok(Started { action: PaymentAction::Redirect { url: url.to_owned() }, data: json!({}) })
                }
                (Some(0) | None, _) => Err(Failure::Unknown("an answer without an address".to_owned())),
                (Some(code), _) => Err(Failure::Refused(format!("MoMo {code} {}", text(&answer["message"])))),
            }
        })
    }

    fn read_callback(&self, raw: &Raw<'_>) -> Result<Notice, CallbackFault> {
        let body: Value = serde_json::from_str(raw.body).map_err(|_| CallbackFault::Unreadable)?;
        if !secrets::same(&text(&body["signature"]), &self.sign(&body, IPN)) {
            return Err(CallbackFault::Forged);
        }
        let (amount, code) = (number(&body["amount"]), number(&body["resultCode"]));
        let (Some(amount), Some(code)) = (amount, code) else { return Err(CallbackFault::Unreadable) };
        Ok(Notice {
            reference: text(&body["orderId"]),
            amount,
            verdict: verdict(code, &text(&body["message"])),
            provider_reference: Some(text(&body["transId"])),
            data: json!({"pay_type": body["payType"]}),
        })
    }

    fn answer(&self, outcome: Outcome) -> HttpResponse {
        match outcome {
            Outcome::Forged | Outcome::Unreadable => HttpResponse::BadRequest().finish(),
            Outcome::NotFound => HttpResponse::NotFound().finish(),
            Outcome::WrongAmount => HttpResponse::Conflict().finish(),
            Outcome::Confirmed | Outcome::AlreadyConfirmed => HttpResponse::NoContent().finish(),
        }
    }

    fn query<'a>(&'a self, payment: &'a payment::Model, now: OffsetDateTime) -> Answer<'a, Notice> {
        Box::pin(async move {
            let request = format!("{}-{}", payment.reference, now.unix_timestamp());
            let body = json!({"partnerCode": self.partner_code, "requestId": request, "orderId": payment.reference, "lang": "vi"});
            let fields = ["accessKey", "orderId", "partnerCode", "requestId"];
            let answer = self.call("/v2/gateway/api/query", body, &fields).await?;
            let code = number(&answer["resultCode"]).ok_or_else(|| Failure::Unknown("no result code".to_owned()))?;
            Ok(Notice {
                reference: payment.reference.clone(),
                amount: number(&answer["amount"]).unwrap_or(0),
                verdict: verdict(code, &text(&answer["message"])),
                provider_reference: Some(text(&answer["transId"])),
                data: json!({}),
            })
        })
    }

    fn refund<'a>(&'a self, repayment: &'a Repayment<'a>) -> Answer<'a, Repaid> {
        Box::pin(async move {
            let body = json!({
                "partnerCode": self.partner_code, "orderId": repayment.reference, "requestId": repayment.reference, "amount": repayment.amount,
                "transId": number(&Value::from(repayment.payment.provider_reference.clone().unwrap_or_default())).unwrap_or(0),
                "lang": "vi", "description": repayment.description,
            });
            let fields = ["accessKey", "amount", "description", "orderId", "partnerCode", "requestId", "transId"];
            let answer = self.call("/v2/gateway/api/refund", body, &fields).await?;
            match number(&answer["resultCode"]) {
                Some(0) => Ok(Repaid::Done(Some(text(&answer["transId"])))),
                // 40, 41: this order or request was there before; its outcome is asked for.
                Some(40 | 41 | 7000 | 7002) => Ok(Repaid::Pending),
                Some(code) => Err(Failure::Refused(format!("MoMo {code} {}", text(&answer["message"])))),
                None => Err(Failure::Unknown("no result code".to_owned())),
            }
        })
    }

    fn query_refund<'a>(&'a self, repayment: &'a Repayment<'a>) -> Answer<'a, Repaid> {
        Box::pin(async move {
            let request = format!("{}-{}", repayment.reference, repayment.now.unix_timestamp());
            let body = json!({"partnerCode": self.partner_code, "requestId": request, "orderId": repayment.reference, "lang": "vi"});
            let fields = ["accessKey", "orderId", "partnerCode", "requestId"];
            let answer = self.call("/v2/gateway/api/refund/query", body, &fields).await?;
            match number(&answer["resultCode"]) {
                Some(0) => Ok(Repaid::Done(Some(text(&answer["transId"])))),
                Some(42) => Ok(Repaid::NotThere),
                Some(7000 | 7002) => Ok(Repaid::Pending),
                Some(code) => Err(Failure::Refused(format!("MoMo {code} {}", text(&answer["message"])))),
                None => Err(Failure::Unknown("no result code".to_owned())),
            }
        })
    }

    fn settlement_columns(&self) -> Option<SettlementColumns> {
        Some(SettlementColumns {
            reference: &["orderid", "ma don hang", "reference"],
            amount: &["amount", "so tien"],
            fee: &["fee", "phi"],
        })
    }
}
