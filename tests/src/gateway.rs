//! VNPAY, MoMo and ZaloPay as a local server that has their manners, and what they would call us with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use crate::{Answer, Asked, Client, Manner, Settings, StandIn};

pub const SECRET: &str = "a secret between us and VNPAY";
pub const BANK_SECRET: &str = "a secret between us and the bank's messenger";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
}

fn sha512(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hex(&mac.finalize().into_bytes())
}

fn sha256(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// What the gateway knows of a payment or refund.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// `vnp_TransactionStatus` of payments by reference.
    pub standing: HashMap<String, (String, i64)>,
    /// Refunds by their request's number: how often each was asked for, and its amount.
    pub refunds: HashMap<String, (usize, i64)>,
    /// The next so many refunds are carried out, and their answers lost.
    pub lose_answers: usize,
    pub refuse_refunds: bool,
}

/// The providers' servers.
pub struct Gateway {
    pub stand_in: StandIn,
    pub given: Arc<Mutex<Given>>,
}

impl Gateway {
    pub async fn new() -> Self {
        let given = Arc::new(Mutex::new(Given::default()));
        let known = given.clone();
        let stand_in = StandIn::new(move |asked| {
            let mut given = known.lock().unwrap();
            let body = asked.json();
            if asked.path == "/vnpay" {
                return vnpay(&mut given, &body);
            }
            if asked.path == "/v2/gateway/api/create" {
                let order = body["orderId"].as_str().unwrap();
                return Manner::Answer(
                    200,
                    json!({"resultCode": 0, "payUrl": format!("https://momo.example/pay?order={order}")}),
                );
            }
            if asked.path == "/v2/create" {
                return Manner::Answer(200, json!({"return_code": 1, "order_url": "https://zalopay.example/pay"}));
            }
            if asked.path.starts_with("/v2/gateway/api/refund") {
                let number = body["orderId"].as_str().unwrap().to_owned();
                if asked.path.ends_with("/query") {
                    let known = given.refunds.contains_key(&number);
                    return Manner::Answer(200, json!({"resultCode": if known { 0 } else { 42 }, "transId": 77}));
                }
                return refund(
                    &mut given,
                    number,
                    body["amount"].as_i64().unwrap(),
                    json!({"resultCode": 0, "transId": 77}),
                );
            }
            Manner::Answer(200, json!({"return_code": 3, "is_processing": true, "resultCode": 7000, "amount": 0}))
        })
        .await;
        Self { stand_in, given }
    }

    /// A server that offers every way to pay through this gateway.
    pub fn settings(&self) -> Settings {
        let url = &self.stand_in.url;
        Settings::default()
            .set("OCOP_PAYMENTS", "cash_on_delivery,bank_transfer,vnpay,momo,zalopay")
            .set("OCOP_VNPAY_API_URL", format!("{url}/vnpay"))
            .set("OCOP_VNPAY_TMN_CODE", "CHOOCOP1")
            .set("OCOP_VNPAY_SECRET", SECRET)
            .set("OCOP_MOMO_URL", url)
            .set("OCOP_MOMO_PARTNER_CODE", "MOMOTEST")
            .set("OCOP_MOMO_ACCESS_KEY", "access")
            .set("OCOP_MOMO_SECRET_KEY", SECRET)
            .set("OCOP_ZALOPAY_URL", url)
            .set("OCOP_ZALOPAY_APP_ID", "2554")
            .set("OCOP_ZALOPAY_KEY1", "key one")
            .set("OCOP_ZALOPAY_KEY2", SECRET)
            .set("OCOP_BANK_BIN", "970436")
            .set("OCOP_BANK_ACCOUNT", "0071000888888")
            .set("OCOP_BANK_HOLDER", "CONG TY CHO OCOP")
            .set("OCOP_BANK_WEBHOOK_SECRET", BANK_SECRET)
            .set("OCOP_RATE_LIMIT_PER_SECOND", 0)
    }

    /// How often refunds were asked for, one by one.
    pub fn refunds(&self) -> Vec<(usize, i64)> {
        self.given.lock().unwrap().refunds.values().copied().collect()
    }

    /// The path of an IPN: `00` is paid, `24` called off by the buyer.
    pub fn ipn(reference: &str, amount: i64, code: &str) -> String {
        let mut url = Url::parse("http://x/v1/payments/vnpay/ipn").unwrap();
        let status = if code == "00" { "00" } else { "02" };
        let fields = [
            ("vnp_Amount", (amount * 100).to_string()),
            ("vnp_BankCode", "NCB".to_owned()),
            ("vnp_OrderInfo", format!("Thanh toan {reference}")),
            ("vnp_PayDate", "20261124153000".to_owned()),
            ("vnp_ResponseCode", code.to_owned()),
            ("vnp_TmnCode", "CHOOCOP1".to_owned()),
            ("vnp_TransactionNo", "14422574".to_owned()),
            ("vnp_TransactionStatus", status.to_owned()),
            ("vnp_TxnRef", reference.to_owned()),
        ];
        url.query_pairs_mut().extend_pairs(fields);
        let hash = sha512(SECRET, url.query().unwrap());
        format!("/v1/payments/vnpay/ipn?{}&vnp_SecureHash={hash}", url.query().unwrap())
    }

    /// Whether VNPAY would take a payment's address: the signature is of the query as it stands.
    pub fn is_signed_for_vnpay(url: &str) -> bool {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        query.split_once("&vnp_SecureHash=").is_some_and(|(content, hash)| sha512(SECRET, content) == hash)
    }

    /// Whether MoMo or ZaloPay would take what they were sent; others' requests are judged where they are answered.
    pub fn is_signed(asked: &Asked) -> bool {
        let body = asked.json();
        if asked.path == "/v2/gateway/api/create" {
            let text = |name: &str| body[name].as_str().map_or_else(|| body[name].to_string(), str::to_owned);
            let names = [
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
            let raw =
                names.iter().fold("accessKey=access".to_owned(), |raw, name| raw + &format!("&{name}={}", text(name)));
            return body["signature"] == sha256(SECRET, &raw);
        }
        if asked.path == "/v2/create" {
            let form = Url::parse(&format!("http://form/?{}", asked.text)).unwrap();
            let text = |wanted: &str| {
                form.query_pairs()
                    .find(|(name, _)| name == wanted)
                    .map_or_else(String::new, |(_, value)| value.into_owned())
            };
            let names = ["app_id", "app_trans_id", "app_user", "amount", "app_time", "embed_data", "item"];
            return text("mac") == sha256("key one", &names.map(text).join("|"));
        }
        true
    }

    /// The same with a signature that is not VNPAY's.
    pub fn forged_ipn(reference: &str, amount: i64) -> String {
        let path = Self::ipn(reference, amount, "00");
        let (query, _) = path.split_once("&vnp_SecureHash=").unwrap();
        format!("{query}&vnp_SecureHash={}", sha512("somebody else's secret", query))
    }

    /// VNPAY's word reaches us; the `RspCode` it hears.
    pub async fn tell(client: &Client, path: &str) -> String {
        let answer = client.get(path).await.expect(200);
        answer["RspCode"].as_str().unwrap().to_owned()
    }

    pub fn momo_ipn(reference: &str, amount: i64, code: i64) -> Value {
        let mut body = json!({"partnerCode": "MOMOTEST", "orderId": reference, "requestId": reference, "amount": amount, "orderInfo": "Thanh toan",
            "orderType": "momo_wallet", "transId": 4_088_878_653_i64, "resultCode": code, "message": "Giao dịch", "payType": "qr",
            "responseTime": 1_721_720_663_942_i64, "extraData": ""});
        let raw = format!(
            "accessKey=access&amount={amount}&extraData=&message=Giao dịch&orderId={reference}&orderInfo=Thanh toan&orderType=momo_wallet\
             &partnerCode=MOMOTEST&payType=qr&requestId={reference}&responseTime=1721720663942&resultCode={code}&transId=4088878653"
        );
        body["signature"] = sha256(SECRET, &raw).into();
        body
    }

    pub fn zalopay_callback(reference: &str, amount: i64) -> Value {
        let data = json!({"app_id": 2554, "app_trans_id": format!("261124_{reference}"), "amount": amount, "zp_trans_id": 240_331_000_000_175_i64, "channel": 38}).to_string();
        json!({"data": data, "mac": sha256(SECRET, &data), "type": 1})
    }

    /// A transfer as SePay tells of it.
    pub async fn transfer(client: &Client, reference: &str, amount: i64, text: &str) -> Answer {
        let body = json!({"id": 1, "gateway": "Vietcombank", "transactionDate": "2026-11-24 14:02:37", "accountNumber": "0071000888888",
            "content": text, "transferType": "in", "transferAmount": amount, "referenceCode": reference});
        let client = client.clone().header("authorization", &format!("Apikey {BANK_SECRET}"));
        client.post("/v1/payments/bank_transfer/webhook", body).await
    }
}

fn refund(given: &mut Given, number: String, amount: i64, answer: Value) -> Manner {
    if given.refuse_refunds {
        return Manner::Answer(200, json!({"resultCode": 1080, "vnp_ResponseCode": "95", "vnp_Message": "no"}));
    }
    given.refunds.entry(number).or_insert((0, amount)).0 += 1;
    if given.lose_answers > 0 {
        given.lose_answers -= 1;
        return Manner::HangUp;
    }
    Manner::Answer(200, answer)
}

fn vnpay(given: &mut Given, body: &Value) -> Manner {
    let fields: &[&str] = match body["vnp_Command"].as_str().unwrap() {
        "querydr" => &[
            "vnp_RequestId",
            "vnp_Version",
            "vnp_Command",
            "vnp_TmnCode",
            "vnp_TxnRef",
            "vnp_TransactionDate",
            "vnp_CreateDate",
            "vnp_IpAddr",
            "vnp_OrderInfo",
        ],
        _ => &[
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
        ],
    };
    let text = |field: &&str| match &body[*field] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let content = fields.iter().map(text).collect::<Vec<_>>().join("|");
    if body["vnp_SecureHash"] != sha512(SECRET, &content).as_str() {
        return Manner::Answer(200, json!({"vnp_ResponseCode": "97"}));
    }
    let reference = body["vnp_TxnRef"].as_str().unwrap();
    if body["vnp_Command"] == "querydr" {
        // After a refund the query tells of the refund.
        if let Some((_, amount)) = given
            .refunds
            .values()
            .next()
            .copied()
            .filter(|_| given.standing.get(reference).is_some_and(|(status, _)| status == "refunded"))
        {
            return Manner::Answer(
                200,
                json!({"vnp_ResponseCode": "00", "vnp_TransactionStatus": "00", "vnp_TransactionType": "02", "vnp_Amount": amount * 100, "vnp_TransactionNo": "9"}),
            );
        }
        return match given.standing.get(reference) {
            Some((status, amount)) => Manner::Answer(
                200,
                json!({"vnp_ResponseCode": "00", "vnp_TransactionStatus": status, "vnp_TransactionType": "01", "vnp_Amount": amount * 100, "vnp_TransactionNo": "14422574"}),
            ),
            None => Manner::Answer(200, json!({"vnp_ResponseCode": "91"})),
        };
    }
    let amount = body["vnp_Amount"].as_i64().unwrap() / 100;
    let number = body["vnp_RequestId"].as_str().unwrap().to_owned();
    if given.lose_answers > 0 {
        given.standing.insert(reference.to_owned(), ("refunded".to_owned(), amount));
    }
    refund(given, number, amount, json!({"vnp_ResponseCode": "00", "vnp_TransactionNo": "9"}))
}
