//! Reads cases as JSON and writes what our code makes of them, to be compared with what other people's code does
//! (`tests/outside/vectors.mjs`).

use std::io::Read;

use api::money::payment::vietqr;
use api::money::payment::{Charge, Vnpay};
use entity::value::Language;
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;

#[derive(Deserialize)]
struct Cases {
    tmn_code: String,
    secret: String,
    pay_url: String,
    pay: Vec<Pay>,
    ipn: Vec<String>,
    qr: Vec<Qr>,
}

#[derive(Deserialize)]
struct Pay {
    amount: i64,
    reference: String,
    description: String,
    english: bool,
    client_ip: String,
    return_url: String,
    /// Seconds since 1970.
    created_at: i64,
    expires_at: i64,
}

#[derive(Deserialize)]
struct Qr {
    bank_bin: String,
    account: String,
    amount: Option<i64>,
    text: String,
}

fn main() -> anyhow::Result<()> {
    api::platform::outgoing::prepare_tls();
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let cases: Cases = serde_json::from_str(&input)?;
    let vnpay = Vnpay {
        tmn_code: cases.tmn_code,
        secret: cases.secret.into(),
        pay_url: cases.pay_url,
        api_url: String::new(),
        http: reqwest::Client::new(),
    };
    let mut pay = Vec::new();
    for case in cases.pay {
        pay.push(vnpay.pay_address(&Charge {
            reference: case.reference,
            amount: case.amount,
            description: case.description,
            language: if case.english { Language::En } else { Language::Vi },
            client_ip: case.client_ip,
            created_at: OffsetDateTime::from_unix_timestamp(case.created_at)?,
            expires_at: OffsetDateTime::from_unix_timestamp(case.expires_at)?,
            return_url: case.return_url,
            notify_url: String::new(),
        }));
    }
    let ipn: Vec<bool> = cases.ipn.iter().map(|query| vnpay.verified(query).is_ok()).collect();
    let qr = cases.qr.iter().map(|case| {
        let text = vietqr::plain(&case.text);
        json!({"text": text, "code": vietqr::code(&case.bank_bin, &case.account, case.amount, &case.text)})
    });
    println!("{}", json!({"pay": pay, "ipn": ipn, "qr": qr.collect::<Vec<_>>()}));
    Ok(())
}
