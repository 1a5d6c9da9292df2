//! Names with signs in them, before signatures, QR codes and check sums.

use crate::payments::until;
use tests::{Gateway, Server};

fn crc16(text: &str) -> String {
    let crc = text.bytes().fold(0xffff_u16, |crc, byte| {
        (0..8)
            .fold(crc ^ (u16::from(byte) << 8), |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 })
    });
    format!("{crc:04X}")
}

/// The fields of an EMV code: two digits of name, two of length.
fn fields(mut code: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    while !code.is_empty() {
        let length: usize = code[2..4].parse().unwrap_or_else(|_| panic!("no length in {code}"));
        out.push((code[..2].to_owned(), code[4..4 + length].to_owned()));
        code = &code[4 + length..];
    }
    out
}

#[tokio::test]
async fn signatures_and_codes_bear_a_cooperative_with_signs_in_its_name() {
    const NAME: &str = "Mai & Cường + 100%";
    let gateway = Gateway::new().await;
    let settings = gateway.settings().set("OCOP_BANK_HOLDER", format!("Công ty {NAME}"));
    let mut server = Server::with(settings).await;
    server
        .execute(&format!("UPDATE cooperative SET name_vi = '{NAME}', name_en = '{NAME}', legal_name = '{NAME}'"))
        .await;
    server.restart_with(|settings| settings).await;
    let offer = server.offer("hat-doi", 0).await;
    let client = server.client();
    let start = async |method: &str| {
        let basket = server.basket(&[(&offer, 1)]).await;
        let purchase = basket.buy_by(method).await;
        let payment = basket.pay(&purchase, method, "a").await.expect(201);
        (purchase["total"]["amount"].as_i64().unwrap(), payment)
    };
    let (total, payment) = start("vnpay").await;
    let url = payment["action"]["url"].as_str().unwrap_or_default().to_owned();
    assert!(Gateway::is_signed_for_vnpay(&url), "{url}");
    assert_eq!(Gateway::tell(&client, &Gateway::ipn(payment["reference"].as_str().unwrap(), total, "00")).await, "00");
    let (total, payment) = start("momo").await;
    let notice = Gateway::momo_ipn(payment["reference"].as_str().unwrap(), total, 0);
    client.post("/v1/payments/momo/ipn", notice).await.expect(204);
    let (total, payment) = start("zalopay").await;
    let callback = Gateway::zalopay_callback(payment["reference"].as_str().unwrap(), total);
    assert_eq!(client.post("/v1/payments/zalopay/ipn", callback).await.expect(200)["return_code"], 1);
    for asked in gateway.stand_in.asked() {
        assert!(Gateway::is_signed(&asked), "{} {}", asked.path, asked.text);
    }
    until(&server, "SELECT COUNT(*) FROM payment WHERE state = 'captured' AND method <> 'cash_on_delivery'", 3).await;
    let (_, payment) = start("bank_transfer").await;
    let text = payment["action"].to_string();
    let code = text.split('"').find(|part| part.starts_with("000201")).unwrap_or_else(|| panic!("{text}"));
    assert!(code.is_ascii(), "{code}");
    let (body, crc) = code.split_at(code.len() - 4);
    assert_eq!(crc16(body), crc, "{code}");
    let found = fields(code);
    for (name, value) in &found {
        assert!(!value.is_empty(), "{name} of {code}");
    }
    let inside = |name: &str| fields(&found.iter().find(|(field, _)| field == name).unwrap().1);
    assert!(!inside("38").is_empty() && !inside("62").is_empty());
    assert!(!text.contains("Cường"), "the holder stands there without accents: {text}");
    server.assert_books_agree();
}
