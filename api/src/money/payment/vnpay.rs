//! VNPAY 2.1.0, redirect ("Cổng thanh toán VNPAY PAY", sandbox.vnpayment.vn/apis/docs): amounts × 100, times in GMT+7,
//! HMAC-SHA512.

use actix_web::HttpResponse;
use entity::payment;
use entity::value::{Language, PaymentMethod};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;
use uuid::Uuid;

use super::provider::{
    Answer, CallbackFault, Charge, Failure, Notice, Outcome, PaymentAction, Provider, Raw, Repaid, Repayment,
    SettlementColumns, Started, ask, number, sha512, text,
};
use super::rules::Verdict;
use crate::config::Config;
use crate::platform::clock::VIETNAM;
use crate::platform::secrets;

pub struct Vnpay {
    pub tmn_code: String,
    pub secret: SecretString,
    pub pay_url: String,
    pub api_url: String,
    pub http: reqwest::Client,
}

/// `20261124153000`, in Vietnam.
fn stamp(at: OffsetDateTime) -> String {
    at.to_offset(VIETNAM).format(format_description!("[year][month][day][hour][minute][second]")).unwrap_or_default()
}

/// Sorted by name, form-encoded: what is signed, and what stands in the address.
fn canonical(mut parameters: Vec<(String, String)>) -> String {
    parameters.sort();
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

impl Vnpay {
    pub fn configured(config: &Config, http: &reqwest::Client) -> Option<Self> {
        Some(Self {
            tmn_code: config.vnpay_tmn_code.clone()?,
            secret: config.vnpay_secret.clone()?,
            pay_url: config.vnpay_url.clone(),
            api_url: config.vnpay_api_url.clone(),
            http: http.clone(),
        })
    }

    fn sign(&self, content: &str) -> String {
        sha512(self.secret.expose_secret(), content)
    }

    /// The address the buyer is sent to.
    pub fn pay_address(&self, charge: &Charge) -> String {
        let locale = if charge.language == Language::Vi { "vn" } else { "en" };
        let parameters = [
            ("vnp_Version", "2.1.0".to_owned()),
            ("vnp_Command", "pay".to_owned()),
            ("vnp_TmnCode", self.tmn_code.clone()),
            ("vnp_Amount", (charge.amount * 100).to_string()),
            ("vnp_CurrCode", "VND".to_owned()),
            ("vnp_TxnRef", charge.reference.clone()),
            ("vnp_OrderInfo", charge.description.clone()),
            ("vnp_OrderType", "other".to_owned()),
            ("vnp_Locale", locale.to_owned()),
            ("vnp_ReturnUrl", charge.return_url.clone()),
            ("vnp_IpAddr", charge.client_ip.clone()),
            ("vnp_CreateDate", stamp(charge.created_at)),
            ("vnp_ExpireDate", stamp(charge.expires_at)),
        ];
        let content = canonical(parameters.map(|(name, value)| (name.to_owned(), value)).to_vec());
        format!("{}?{content}&vnp_SecureHash={}", self.pay_url, self.sign(&content))
    }

    /// The parameters of an IPN or return whose signature is right.
    pub fn verified(&self, query: &str) -> Result<Vec<(String, String)>, CallbackFault> {
        let all: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let shown = all.iter().find(|(name, _)| name == "vnp_SecureHash").map(|(_, value)| value.to_lowercase());
        let signed: Vec<_> = all
            .into_iter()
            .filter(|(name, _)| name.starts_with("vnp_") && name != "vnp_SecureHash" && name != "vnp_SecureHashType")
            .collect();
        let right = self.sign(&canonical(signed.clone()));
        if shown.is_some_and(|shown| secrets::same(&shown, &right)) { Ok(signed) } else { Err(CallbackFault::Forged) }
    }

    /// An IPN as VNPAY would sign it.
    #[cfg(any(test, feature = "fuzz"))]
    pub fn signed(&self, query: &str) -> String {
        let said = form_urlencoded::parse(query.as_bytes()).into_owned();
        let content = canonical(said.filter(|(name, _)| name.starts_with("vnp_") && !name.contains("Hash")).collect());
        format!("{content}&vnp_SecureHash={}", self.sign(&content))
    }

    async fn call(&self, mut body: Value, fields: &[&str]) -> Result<Value, Failure> {
        let content = fields.iter().map(|field| text(&body[*field])).collect::<Vec<_>>().join("|");
        body["vnp_SecureHash"] = self.sign(&content).into();
        let answer = ask(self.http.post(&self.api_url).json(&body)).await?;
        Ok(answer)
    }

    async fn querydr(&self, payment: &payment::Model, now: OffsetDateTime) -> Result<Value, Failure> {
        let body = json!({
            "vnp_RequestId": Uuid::new_v4().simple().to_string(), "vnp_Version": "2.1.0", "vnp_Command": "querydr",
            "vnp_TmnCode": self.tmn_code, "vnp_TxnRef": payment.reference, "vnp_OrderInfo": format!("Truy van {}", payment.reference),
            "vnp_TransactionDate": stamp(payment.created_at), "vnp_CreateDate": stamp(now), "vnp_IpAddr": "127.0.0.1",
        });
        let fields = [
            "vnp_RequestId",
            "vnp_Version",
            "vnp_Command",
            "vnp_TmnCode",
            "vnp_TxnRef",
            "vnp_TransactionDate",
            "vnp_CreateDate",
            "vnp_IpAddr",
            "vnp_OrderInfo",
        ];
        let answer = self.call(body, &fields).await?;
        // vnp_ResponseCode of the query itself: 00 found, 91 no such transaction.
        match text(&answer["vnp_ResponseCode"]).as_str() {
            "00" => Ok(answer),
            "91" => Err(Failure::Refused("91".to_owned())),
            code => Err(Failure::Unknown(format!("querydr answered {code}"))),
        }
    }
}

fn verdict(response: &str, status: &str) -> Verdict {
    match (response, status) {
        ("00", "00") => Verdict::Paid,
        // 01: not completed; 04, 05, 06: reversed or being refunded, 07: held as suspicious.
        (_, "01" | "07") if response == "00" => Verdict::Pending,
        ("07", _) => Verdict::Pending,
        ("11", _) => Verdict::Expired,
        (response, status) => Verdict::Failed(format!("VNPAY {response}/{status}")),
    }
}

impl Provider for Vnpay {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Vnpay
    }

    fn create<'a>(&'a self, charge: &'a Charge) -> Answer<'a, Started> {
        let url = self.pay_address(charge);
        Box::pin(async move { Ok(Started { action: PaymentAction::Redirect { url }, data: json!({}) }) })
    }

    fn read_callback(&self, raw: &Raw<'_>) -> Result<Notice, CallbackFault> {
        let parameters = self.verified(raw.query)?;
        let get = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let amount = get("vnp_Amount").and_then(|amount| amount.parse::<i64>().ok());
        let (Some(reference), Some(amount)) = (get("vnp_TxnRef"), amount) else {
            return Err(CallbackFault::Unreadable);
        };
        let (response, status) =
            (get("vnp_ResponseCode").unwrap_or_default(), get("vnp_TransactionStatus").unwrap_or_default());
        Ok(Notice {
            reference: reference.to_owned(),
            // Hundredths; a fraction of a đồng agrees with no amount.
            amount: if amount % 100 == 0 { amount / 100 } else { -1 },
            verdict: verdict(response, status),
            provider_reference: get("vnp_TransactionNo").map(str::to_owned),
            data: json!({"bank": get("vnp_BankCode"), "pay_date": get("vnp_PayDate")}),
        })
    }

    fn answer(&self, outcome: Outcome) -> HttpResponse {
        let (code, message) = match outcome {
            Outcome::Confirmed => ("00", "Confirm Success"),
            Outcome::NotFound => ("01", "Order not found"),
            Outcome::AlreadyConfirmed => ("02", "Order already confirmed"),
            Outcome::WrongAmount => ("04", "Invalid amount"),
            Outcome::Forged => ("97", "Invalid signature"),
            Outcome::Unreadable => ("99", "Unreadable"),
        };
        HttpResponse::Ok().json(json!({"RspCode": code, "Message": message}))
    }

    fn query<'a>(&'a self, payment: &'a payment::Model, now: OffsetDateTime) -> Answer<'a, Notice> {
        Box::pin(async move {
            let notice = |verdict, amount, provider_reference| Notice {
                reference: payment.reference.clone(),
                amount,
                verdict,
                provider_reference,
                data: json!({}),
            };
            match self.querydr(payment, now).await {
                Ok(answer) => {
                    let amount = number(&answer["vnp_Amount"]).unwrap_or(0) / 100;
                    let status = text(&answer["vnp_TransactionStatus"]);
                    let verdict = verdict("00", &status);
                    Ok(notice(verdict, amount, Some(text(&answer["vnp_TransactionNo"]))))
                }
                // Nobody has opened the page yet.
                Err(Failure::Refused(code)) if code == "91" => Ok(notice(Verdict::Pending, payment.amount.0, None)),
                Err(failure) => Err(failure),
            }
        })
    }

    fn refund<'a>(&'a self, repayment: &'a Repayment<'a>) -> Answer<'a, Repaid> {
        Box::pin(async move {
            let payment = repayment.payment;
            let body = json!({
                "vnp_RequestId": repayment.reference, "vnp_Version": "2.1.0", "vnp_Command": "refund", "vnp_TmnCode": self.tmn_code,
                "vnp_TransactionType": if repayment.full { "02" } else { "03" }, "vnp_TxnRef": payment.reference,
                "vnp_Amount": repayment.amount * 100, "vnp_TransactionNo": payment.provider_reference.clone().unwrap_or_default(),
                "vnp_TransactionDate": stamp(payment.created_at), "vnp_CreateBy": "cho-ocop", "vnp_CreateDate": stamp(repayment.now),
                "vnp_IpAddr": "127.0.0.1", "vnp_OrderInfo": repayment.description,
            });
            let fields = [
                "vnp_RequestId",
                "vnp_Version",
                "vnp_Command",
                "vnp_TmnCode",
                "vnp_TransactionType",
                "vnp_TxnRef",
                "vnp_Amount",
                "vnp_TransactionNo",
                "vnp_TransactionDate",
                "vnp_CreateBy",
                "vnp_CreateDate",
                "vnp_IpAddr",
                "vnp_OrderInfo",
            ];
            let answer = self.call(body, &fields).await?;
            match text(&answer["vnp_ResponseCode"]).as_str() {
                "00" => Ok(Repaid::Done(Some(text(&answer["vnp_TransactionNo"])))),
                // The same request was heard before; what became of it is asked for.
                "94" => Ok(Repaid::Pending),
                code => Err(Failure::Refused(format!("VNPAY {code} {}", text(&answer["vnp_Message"])))),
            }
        })
    }

    fn query_refund<'a>(&'a self, repayment: &'a Repayment<'a>) -> Answer<'a, Repaid> {
        Box::pin(async move {
            let answer = self.querydr(repayment.payment, repayment.now).await?;
            let refunded = matches!(text(&answer["vnp_TransactionType"]).as_str(), "02" | "03");
            let same = number(&answer["vnp_Amount"]) == Some(repayment.amount * 100);
            match text(&answer["vnp_TransactionStatus"]).as_str() {
                "00" if refunded && same => Ok(Repaid::Done(Some(text(&answer["vnp_TransactionNo"])))),
                "05" | "06" => Ok(Repaid::Pending),
                "09" => Err(Failure::Refused("VNPAY: hoan tien bi tu choi".to_owned())),
                // The query tells of the last transaction alone: a part refunded before hides this one.
                _ => Err(Failure::Unknown("querydr does not tell".to_owned())),
            }
        })
    }

    fn settlement_columns(&self) -> Option<SettlementColumns> {
        Some(SettlementColumns {
            reference: &["vnp_txnref", "ma tham chieu", "reference"],
            amount: &["so tien", "amount"],
            fee: &["phi", "fee"],
        })
    }
}
