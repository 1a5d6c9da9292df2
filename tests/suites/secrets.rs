//! What a stolen database, a stolen folder, or a log would tell.

use std::path::Path;

use serde_json::json;
use tests::{Asked, Gateway, Manner, PASSWORD, Server, Settings, StandIn, on_postgres};

const TOKEN: &str = "carrier-token-7c41f2";
const ACCOUNT: &str = "3005219998887";
const PAPER: &[u8] = b"%PDF-1.7 can cuoc cong dan so 017099001234";

fn read(folder: &Path, bytes: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "mail" {
            read(&path, bytes);
        } else if path.is_file() && !name.starts_with("development-") {
            bytes.extend(std::fs::read(&path).unwrap());
        }
    }
}

/// Everything the data folder holds but the keys of development, and on PostgreSQL the whole database, too.
async fn stolen(server: &Server) -> Vec<u8> {
    let mut bytes = Vec::new();
    read(server.data(), &mut bytes);
    if on_postgres() {
        bytes.extend(server.text("SELECT database_to_xml(true, true, '')::text").await.into_bytes());
    }
    bytes
}

async fn assert_stands_nowhere(server: &Server, secrets: &[&str]) {
    let bytes = stolen(server).await;
    let stands = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(stands("nam@example.vn"), "what is not sealed is found, so the search finds");
    for secret in secrets {
        assert!(!stands(secret), "{secret} stands in the clear");
    }
}

#[tokio::test]
async fn a_stolen_database_tells_no_secret_and_keys_are_changed_while_serving() {
    let mut server = Server::with(Settings::default().set("OCOP_WEBHOOKS_ALLOW_PRIVATE", "true")).await;
    let receiver = StandIn::new(|_: &Asked| Manner::Answer(200, json!({}))).await;
    let shop = server.seller_of("hat-doi").await;
    shop.client.put(&shop.path("carriers/ghn"), json!({"token": TOKEN, "shop_id": "4711"})).await.expect(200);
    let account = json!({"bank_bin": "970405", "number": ACCOUNT, "holder": "HTX"});
    shop.client.put(&shop.path("bank-account"), account).await.expect(200);
    let made = json!({"url": receiver.url, "events": ["*"]});
    let hook = shop.client.post(&shop.path("webhooks"), made).await.expect(201);
    let (id, first) = (hook["id"].as_str().unwrap(), hook["secret"].as_str().unwrap());
    let rotated = shop.client.post(&shop.path(&format!("webhooks/{id}/rotate")), json!({})).await.expect(200);
    let second = rotated["secret"].as_str().unwrap();
    let applicant = server.new_buyer("nam@example.vn").await;
    let mut application = crate::onboarding::application();
    application["bank_account"] = "1903777666555".into();
    let application = applicant.post("/v1/applications", application).await.expect(201);
    let papers = format!("/v1/applications/{}/documents", application["id"].as_str().unwrap());
    applicant.upload(&format!("{papers}?kind=identity"), "application/pdf", PAPER.to_vec()).await.expect(201);
    let partner = server.new_buyer("doi-tac@example.vn").await;
    let mut house = tests::facts("Nhà Mận");
    house["bank_account"] = "0451000333222".into();
    partner.post("/v1/partners", house).await.expect(201);

    let offer = server.offer("hat-doi", 0).await;
    let bought = server.basket(&[(&offer, 1)]).await.buy().await;
    let link = tests::Basket::link(&bought["orders"][0]);
    let (_, order_token) = link.split_once("token=").unwrap();
    let paper = "017099001234";
    let planted = [order_token, TOKEN, ACCOUNT, first, second, "1903777666555", "0451000333222", paper];
    assert_stands_nowhere(&server, &planted).await;

    // What an earlier version left in the clear is sealed at the next start.
    server.execute("UPDATE bank_account SET number = '9704111222333' WHERE bank_bin = '970405'").await;
    let before = server.data_keys();
    server.restart_with(|settings| settings).await;
    crate::payments::until(&server, "SELECT COUNT(*) FROM bank_account WHERE number NOT LIKE 'sealed:%'", 0).await;
    let shown = server.sign_in_again(&shop).await.get(&shop.path("bank-account")).await.expect(200);
    assert_eq!(shown["number"], "…2333");

    // A new key beside the old one; everything is sealed anew while the server serves.
    let new = String::from_utf8(server.ocop(&["key", "new"], "").stdout).unwrap().trim().to_owned();
    let both = format!("{new},{before}");
    server.restart_with(|settings| settings.set("OCOP_DATA_KEYS", &both)).await;
    let output = server.ocop(&["key", "rotate"], "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("private files: 1 sealed anew"), "{said}");
    let again = String::from_utf8_lossy(&server.ocop(&["key", "rotate"], "").stdout).into_owned();
    assert!(again.contains("bank_account.number: 0") && again.contains("private files: 0"), "{again}");
    server.restart_with(|settings| settings.set("OCOP_DATA_KEYS", &new)).await;
    let client = server.sign_in_again(&shop).await;
    assert_eq!(client.get(&shop.path("bank-account")).await.expect(200)["number"], "…2333");
    let contracts = client.get(&shop.path("carriers")).await.expect(200);
    assert_eq!(contracts["items"][0]["token_ends_with"], "41f2");
    let admin = server.sign_in("admin@example.vn").await;
    let own = server.sign_in("nam@example.vn").await;
    let shown = own.get(&format!("/v1/applications/{}", application["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(shown["bank_account"], "1903777666555", "who wrote it reads it");
    let document = shown["documents"][0]["id"].as_str().unwrap();
    let submit = format!("/v1/applications/{}/submit", application["id"].as_str().unwrap());
    own.upload(&format!("{papers}?kind=licence"), "application/pdf", PAPER.to_vec()).await.expect(201);
    own.post(&submit, json!({})).await.expect(200);
    let (status, _, bytes) = admin.bytes(&format!("/v1/admin{}/{document}", &papers["/v1".len()..])).await;
    assert_eq!((status, bytes.as_slice()), (200, PAPER));
    client.post(&shop.path(&format!("webhooks/{}/test", hook["id"].as_str().unwrap())), json!({})).await.expect(202);
    assert!(receiver.asked_times(1).await[0].header("webhook-signature").starts_with("v1,"));
    assert_stands_nowhere(&server, &planted).await;
    assert_stands_nowhere(&server, &["9704111222333"]).await;

    // Without the key it was sealed with nothing starts: better now than at the next payout.
    server.kill();
    let output = server.with_settings(|settings| settings.set("OCOP_DATA_KEYS", &before)).ocop(&["serve"], "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("OCOP_DATA_KEYS does not hold"), "{said}");
}

/// A day of a market with everything switched on, its log as talkative as it gets.
#[tokio::test]
async fn a_log_tells_no_secret() {
    let carrier = StandIn::new(|_: &Asked| Manner::Answer(401, json!({"code": 401, "message": "no"}))).await;
    let receiver = StandIn::new(|_: &Asked| Manner::Answer(500, json!({}))).await;
    let gateway = Gateway::new().await;
    let settings = gateway
        .settings()
        .set("OCOP_LOG", "debug,api=trace")
        .set("OCOP_WEBHOOKS_ALLOW_PRIVATE", "true")
        .set("OCOP_GHN_URL", &carrier.url)
        .set("OCOP_CARRIER_WEBHOOK_TOKEN", "planted-carrier-hook")
        .set("OCOP_METRICS_TOKEN", "planted-metrics-token")
        .set("OCOP_MAIL_SINK", "smtp")
        .set("OCOP_SMTP_URL", "smtp://post:planted-smtp-password@127.0.0.1:1");
    let server = Server::with(settings).await;
    let mut answers = String::new();

    let signed = json!({"login": "admin@example.vn", "password": PASSWORD});
    let tokens = server.client().post("/v1/auth/login", signed).await.expect(200);
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    for wrong in [
        json!({"login": "admin@example.vn", "password": "planted-wrong-password"}),
        json!({"login": "admin@example.vn", "password": ["planted-wrong-password"]}),
        json!({"login": "admin@example.vn", "secret": "planted-wrong-password"}),
    ] {
        answers += &server.client().post("/v1/auth/login", wrong).await.text;
    }
    let admin = server.client().bearer(access);
    admin.get("/v1/me").await.expect(200);
    answers += &server.client().bearer(&format!("{access}x")).get("/v1/me").await.text;
    let renewed = server.client().post("/v1/auth/refresh", json!({"refresh_token": refresh})).await.expect(200);
    answers += &server.client().post("/v1/auth/refresh", json!({"refresh_token": refresh})).await.text;

    let basket = crate::payments::two_cooperatives(&server).await;
    let bought = crate::payments::paid(&server, &basket).await;
    let order = &bought["purchase"]["orders"][0];
    let link = tests::Basket::link(order);
    let token = link.split("token=").nth(1).unwrap().to_owned();
    server.client().get(&link).await;
    server.client().get(&format!("/o/{}?token={token}", order["id"].as_str().unwrap())).await;
    answers += &server.client().get(&format!("/o/{}x?token={token}", order["id"].as_str().unwrap())).await.text;
    let wrong_sum = bought["reference"].as_str().unwrap();
    server.client().get(&Gateway::ipn(wrong_sum, 1, "00")).await;
    server.client().get(&Gateway::forged_ipn(wrong_sum, 1)).await;
    Gateway::transfer(&server.client(), "FT1", 1_000, "khong ai biet").await;

    let shop = server.seller_of("hat-doi").await;
    let contract = json!({"token": "planted-ghn-token", "shop_id": "4711"});
    shop.client.put(&shop.path("carriers/ghn"), contract).await.expect(200);
    let made = json!({"url": receiver.url, "events": ["*"]});
    let hook = shop.client.post(&shop.path("webhooks"), made).await.expect(201);
    let id = hook["id"].as_str().unwrap();
    shop.client.post(&shop.path(&format!("webhooks/{id}/test")), json!({})).await.expect(202);
    receiver.asked_times(1).await;
    let account = json!({"bank_bin": "970405", "number": "3005210004567", "holder": "HTX"});
    shop.client.put(&shop.path("bank-account"), account).await.expect(200);
    let offer = server.offer("hat-doi", 0).await;
    let mine = server.basket(&[(&offer, 1)]).await.buy().await["orders"][0]["id"].as_str().unwrap().to_owned();
    shop.step(&mine, "confirm").await.expect(200);
    shop.step(&mine, "pack").await.expect(200);
    let parcels = shop.path(&format!("orders/{mine}/parcels"));
    let parcel = shop.client.post(&parcels, json!({"carrier": "ghn"})).await.expect(201);
    let book = shop.path(&format!("parcels/{}/book", parcel["id"].as_str().unwrap()));
    answers += &shop.client.post(&book, json!({})).await.text;
    for path in ["/v1/carriers/ghn/webhook?token=planted-carrier-hook", "/v1/carriers/ghn/webhook?token=planted-guess"]
    {
        answers += &server.client().post(path, json!({"OrderCode": "X", "Status": "delivered"})).await.text;
    }
    server.client().bearer("planted-metrics-token").get("/metrics").await.expect(200);
    answers += &server.client().bearer("planted-metrics-guess").get("/metrics").await.text;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;

    let log = server.log();
    assert!(log.contains("DEBUG") && log.len() > 2_000, "it is talkative: {log}");
    let secrets = [
        access,
        refresh,
        renewed["access_token"].as_str().unwrap(),
        renewed["refresh_token"].as_str().unwrap(),
        &token,
        hook["secret"].as_str().unwrap(),
        "planted-",
        PASSWORD,
        "3005210004567",
        tests::GATEWAY_SECRET,
        tests::BANK_SECRET,
    ];
    for secret in secrets {
        if let Some(line) = log.lines().find(|line| line.contains(secret)) {
            panic!("{secret} stands in the log: {line}");
        }
        assert!(!answers.contains(secret), "{secret} is told: {answers}");
    }
}
