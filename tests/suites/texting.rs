//! Codes to phones: by Zalo or SMS, whoever takes them; once, in bounds, and followed until they arrived.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tests::{Asked, Manner, Server, Settings, StandIn};

const PASSWORD: &str = "mot mat khau dai";

/// Providers in one: Zalo lets in only with the newest token, and does not know the number that ends with 79.
async fn providers(renewals: Arc<AtomicUsize>) -> StandIn {
    StandIn::new(move |asked: &Asked| {
        if asked.path.starts_with("/v4/oa/access_token") {
            let before = renewals.load(Ordering::SeqCst);
            let wanted = if before == 0 { "refresh-first".to_owned() } else { format!("refresh-{before}") };
            if asked.header("secret_key") != "zalo-app-secret"
                || !asked.text.contains(&format!("refresh_token={wanted}"))
            {
                return Manner::Answer(200, json!({"error": -14014, "error_name": "Invalid refresh token"}));
            }
            renewals.store(before + 1, Ordering::SeqCst);
            let (access, refresh) = (format!("access-{}", before + 1), format!("refresh-{}", before + 1));
            return Manner::Answer(
                200,
                json!({"access_token": access, "refresh_token": refresh, "expires_in": "90000"}),
            );
        }
        if asked.path.starts_with("/message/template") {
            let (body, newest) = (asked.json(), format!("access-{}", renewals.load(Ordering::SeqCst)));
            if asked.header("access_token") != newest {
                return Manner::Answer(200, json!({"error": -124, "message": "Access token invalid"}));
            }
            if body["phone"].as_str().unwrap().ends_with("79") {
                return Manner::Answer(200, json!({"error": -118, "message": "Zalo account not existed"}));
            }
            let id = format!("zalo-{}", body["tracking_id"].as_str().unwrap());
            return Manner::Answer(
                200,
                json!({"error": 0, "message": "Success", "data": {"msg_id": id, "sent_time": "1"}}),
            );
        }
        if asked.path.starts_with("/MainService.svc") {
            let body = asked.json();
            if body["ApiKey"] != "esms-key" || body["SecretKey"] != "esms-secret" {
                return Manner::Answer(200, json!({"CodeResult": "101", "ErrorMessage": "Authorization failed"}));
            }
            return Manner::Answer(
                200,
                json!({"CodeResult": "100", "SMSID": format!("e-{}", body["RequestId"].as_str().unwrap())}),
            );
        }
        Manner::Answer(404, json!({}))
    })
    .await
}

fn settings(there: &StandIn, messengers: &str) -> Settings {
    Settings::default()
        .set("OCOP_MESSENGERS", messengers)
        .set("OCOP_ZALO_URL", &there.url)
        .set("OCOP_ZALO_OAUTH_URL", &there.url)
        .set("OCOP_ZALO_APP_ID", "4567")
        .set("OCOP_ZALO_APP_SECRET", "zalo-app-secret")
        .set("OCOP_ZALO_REFRESH_TOKEN", "refresh-first")
        .set("OCOP_ZALO_CODE_TEMPLATE", "302255")
        .set("OCOP_ESMS_URL", &there.url)
        .set("OCOP_ESMS_API_KEY", "esms-key")
        .set("OCOP_ESMS_SECRET_KEY", "esms-secret")
        .set("OCOP_ESMS_BRAND", "CHOOCOP")
        .set("OCOP_SPEEDSMS_URL", &there.url)
        .set("OCOP_SPEEDSMS_TOKEN", "speed-token")
        .set("OCOP_MESSENGER_WEBHOOK_TOKEN", "report-token")
}

async fn sign_up(server: &Server, contact: &str) {
    let form = json!({"contact": contact, "name": "Trần Thị Hoa", "password": PASSWORD, "consent": true});
    server.client().post("/v1/auth/register", form).await.expect(202);
}

/// The requests to a path, once there are so many.
async fn asked_of(there: &StandIn, path: &str, count: usize) -> Vec<Asked> {
    for _ in 0..400 {
        let found: Vec<_> = there.asked().into_iter().filter(|asked| asked.path.starts_with(path)).collect();
        if found.len() >= count {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{path} was not asked {count} times: {:?}", there.asked());
}

#[tokio::test]
async fn a_code_reaches_a_phone_by_whoever_takes_it() {
    let renewals = Arc::new(AtomicUsize::new(0));
    let there = providers(renewals.clone()).await;
    let mut server = Server::with(settings(&there, "zalo, esms")).await;

    // Somebody with Zalo: by template, in a name of ours.
    sign_up(&server, "0912 345 678").await;
    let sent = asked_of(&there, "/message/template", 1).await[0].json();
    assert_eq!((&sent["phone"], &sent["template_id"]), (&json!("84912345678"), &json!("302255")));
    let code = sent["template_data"]["otp"].as_str().unwrap().to_owned();
    let signed_in = server.client().post("/v1/auth/verify", json!({"code": code})).await.expect(200);
    assert_eq!(signed_in["account"]["phone"], "+84912345678");
    crate::payments::until(&server, "SELECT COUNT(*) FROM text_message WHERE channel = 'zalo' AND state = 'sent'", 1)
        .await;

    // Somebody without: by SMS, short and without accents.
    sign_up(&server, "0912 345 679").await;
    let sms = asked_of(&there, "/MainService.svc", 1).await[0].json();
    let text = sms["Content"].as_str().unwrap();
    assert!(text.is_ascii() && text.len() <= 160, "{text}");
    assert_eq!(
        (&sms["Phone"], &sms["Brandname"], &sms["SmsType"]),
        (&json!("84912345679"), &json!("CHOOCOP"), &json!("2"))
    );
    let code = text.split_whitespace().find(|word| word.len() >= 11 && word.as_bytes()[5] == b'-').unwrap();
    server.client().post("/v1/auth/verify", json!({"code": code.trim_end_matches('.')})).await.expect(200);

    // The token was renewed once, and is what a new start goes on with; when it is over, it is renewed again.
    assert_eq!(renewals.load(Ordering::SeqCst), 1);
    server.restart_with(|settings| settings).await;
    server.execute("UPDATE messenger_token SET expires_at = '2020-01-01 00:00:00+00:00'").await;
    sign_up(&server, "0912 345 677").await;
    asked_of(&there, "/message/template", 3).await;
    crate::payments::until(&server, "SELECT COUNT(*) FROM text_message WHERE channel = 'zalo' AND state = 'sent'", 2)
        .await;
    assert_eq!(renewals.load(Ordering::SeqCst), 2);
    // An answer was lost with the token it held: what the operator sets anew lets in again.
    let past = "'2020-01-01 00:00:00+00:00'";
    server.execute(&format!("UPDATE messenger_token SET expires_at = {past}, renewing_until = {past}")).await;
    renewals.store(3, Ordering::SeqCst);
    server.restart_with(|settings| settings.set("OCOP_ZALO_REFRESH_TOKEN", "refresh-3")).await;
    sign_up(&server, "0912 345 676").await;
    let sent = "SELECT COUNT(*) FROM text_message WHERE channel = 'zalo' AND state = 'sent'";
    crate::payments::until(&server, sent, 3).await;
    assert_eq!(renewals.load(Ordering::SeqCst), 4);
    let tokens = server.text("SELECT access_token FROM messenger_token").await;
    assert!(tokens.starts_with("sealed:"), "{tokens}");

    // What arrived is reported; what is forged is nobody's.
    let id = server.text("SELECT provider_id FROM text_message WHERE channel = 'esms'").await;
    let report = |token: &str, reached: &str| {
        format!("/v1/messages/esms/report?token={token}&SMSID={id}&SendSuccess={reached}&SendFailed=0&TypeId=2")
    };
    for token in ["", "guess"] {
        server.client().get(&report(token, "1")).await.expect_problem(404, "not_found");
    }
    let state = "SELECT state FROM text_message WHERE channel = 'esms'";
    // Out of order and twice: what arrived has arrived.
    for (reached, wanted) in [("0", "failed"), ("1", "delivered"), ("1", "delivered"), ("0", "delivered")] {
        server.client().get(&report("report-token", reached)).await.expect(204);
        assert_eq!(server.text(state).await, wanted);
    }
    let id =
        server.text("SELECT provider_id FROM text_message WHERE channel = 'zalo' ORDER BY created_at LIMIT 1").await;
    let seen = json!({"event_name": "user_received_message", "message": {"msg_id": id}});
    server.client().post("/v1/messages/zalo/report?token=report-token", seen).await.expect(204);
    server
        .client()
        .post("/v1/messages/zalo/report?token=report-token", json!({"event_name": "follow"}))
        .await
        .expect(204);
    assert_eq!(server.count("SELECT COUNT(*) FROM text_message WHERE state = 'delivered'").await, 2);
    server.client().post("/v1/messages/zalo/report", json!({})).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn after_an_answer_that_is_lost_the_code_that_came_last_is_good() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let there = StandIn::new(move |asked: &Asked| {
        if asked.path.starts_with("/index.php/sms/send") {
            return Manner::Answer(200, json!({"status": "error", "code": "008", "message": "Balance is not enough"}));
        }
        match counted.fetch_add(1, Ordering::SeqCst) {
            0 | 2 => Manner::HangUp,
            3 => Manner::Answer(200, json!({"CodeResult": "124", "ErrorMessage": "RequestID already exists"})),
            _ => Manner::Answer(200, json!({"CodeResult": "100", "SMSID": "e1"})),
        }
    })
    .await;
    let server = Server::with(settings(&there, "speedsms,esms")).await;
    let arrived = "SELECT COUNT(*) FROM text_message WHERE channel = 'esms' AND state = 'sent'";
    sign_up(&server, "0912 345 678").await;
    crate::payments::until(&server, arrived, 1).await;
    let asked = asked_of(&there, "/MainService.svc", 2).await;
    // It may have arrived before the line broke: its code is over, and the next one is no repeat of it.
    let code = |asked: &Asked| {
        let text = asked.json()["Content"].as_str().unwrap().to_owned();
        text.split_whitespace().find(|word| word.len() == 11 && word.as_bytes()[5] == b'-').unwrap().to_owned()
    };
    assert_ne!(asked[0].json()["RequestId"], asked[1].json()["RequestId"]);
    let verify = async |code: String| server.client().post("/v1/auth/verify", json!({"code": code})).await;
    verify(code(&asked[0])).await.expect_problem(422, "bad_code");
    verify(code(&asked[1])).await.expect(200);
    let spoken = asked_of(&there, "/index.php/sms/send", 1).await[0].clone();
    assert_eq!(spoken.header("authorization"), "Basic c3BlZWQtdG9rZW46eA==");
    assert_eq!((&spoken.json()["to"], &spoken.json()["sms_type"]), (&json!(["84912345678"]), &json!(2)));

    // The same words are the same message: the provider tells it by its name, and nobody reads it twice.
    let login = json!({"login": "0912345678", "password": PASSWORD});
    server.client().header("user-agent", "another-device/1.0").post("/v1/auth/login", login).await.expect(200);
    crate::payments::until(&server, arrived, 2).await;
    let asked = asked_of(&there, "/MainService.svc", 4).await;
    assert!(asked[2].json()["Content"].as_str().unwrap().contains("/account/security"), "{asked:?}");
    assert_eq!(asked[2].json()["RequestId"], asked[3].json()["RequestId"]);
}

#[tokio::test]
async fn nobody_is_written_to_without_end() {
    let there = StandIn::new(|_: &Asked| Manner::Answer(200, json!({}))).await;
    let url = format!("{}/send?to={{phone}}&text={{text}}", there.url);
    let own = Settings::default()
        .set("OCOP_MESSENGERS", "http")
        .set("OCOP_SMS_HTTP_URL", url)
        .set("OCOP_SMS_HTTP_TOKEN", "gateway-token")
        .set("OCOP_TEXTS_PER_NUMBER", 2)
        .set("OCOP_TEXTS_PER_DAY", 3);
    let server = Server::with(own).await;
    for number in ["0912345678", "0912345678", "0912345678", "0987654321", "0987654321"] {
        sign_up(&server, number).await;
    }
    crate::payments::until(&server, "SELECT COUNT(*) FROM text_message WHERE state IN ('sent', 'limited')", 5).await;
    assert_eq!(server.count("SELECT COUNT(*) FROM text_message WHERE state = 'limited'").await, 2);
    let asked = there.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked[0].path.starts_with("/send?to=%2B84"), "{asked:?}");
    assert_eq!(asked[0].header("authorization"), "Bearer gateway-token");
    assert!(
        std::fs::read_dir(server.data().join("mail")).map_or(true, |mut files| files.next().is_none()),
        "nothing lies in the folder"
    );
}

#[tokio::test]
async fn where_no_phone_is_written_to_nobody_signs_up_by_phone() {
    let server = Server::with(Settings::default().set("OCOP_PHONE_SIGN_IN", "false")).await;
    let form = json!({"contact": "0912345678", "name": "Hoa", "password": PASSWORD, "consent": true});
    let problem: Value = server.client().post("/v1/auth/register", form).await.expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["code"], "no_phones", "{problem}");
    sign_up(&server, "hoa@example.vn").await;
}
