//! How people are told: the way they chose, the next where one fails, and on their devices, which alone can read it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey as Verifier};
use serde_json::{Value, json};
use tests::{Asked, Basket, Browser, Client, Manner, PASSWORD, Server, Settings, StandIn, between};

const MAIL: &str = "hoa@example.vn";

/// A browser's side of the Push API (RFC 8291).
struct Phone {
    private: EphemeralPrivateKey,
    public: Vec<u8>,
    auth: [u8; 16],
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derived<const N: usize>(salt: &[u8], input: &[u8], info: &[&[u8]]) -> [u8; N] {
    let mut made = [0; N];
    Salt::new(HKDF_SHA256, salt).extract(input).expand(info, Length(N)).unwrap().fill(&mut made).unwrap();
    made
}

impl Phone {
    fn new() -> Self {
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
        let public = private.compute_public_key().unwrap().as_ref().to_vec();
        Self { private, public, auth: [42; 16] }
    }

    fn subscription(&self, endpoint: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "endpoint": endpoint, "expirationTime": null,
            "keys": {"p256dh": text(&self.public), "auth": text(&self.auth)},
        })
    }

    fn read(self, body: &[u8]) -> Value {
        let (salt, ours, mut sealed) = (&body[..16], &body[21..86], body[86..].to_vec());
        let opened = agree_ephemeral(self.private, &UnparsedPublicKey::new(&ECDH_P256, ours), |secret| {
            let input: [u8; 32] = derived(&self.auth, secret, &[b"WebPush: info\0", &self.public, ours]);
            let key: [u8; 16] = derived(salt, &input, &[b"Content-Encoding: aes128gcm\0"]);
            let nonce: [u8; 12] = derived(salt, &input, &[b"Content-Encoding: nonce\0"]);
            let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
            key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).unwrap().to_vec()
        });
        let opened = opened.unwrap();
        assert_eq!(opened.last(), Some(&2), "the last record");
        serde_json::from_slice(&opened[..opened.len() - 1]).unwrap()
    }
}

/// Who sent it, by the token's signature and claims.
fn verify(asked: &Asked, origin: &str, public: &str) {
    let said = asked.header("authorization").strip_prefix("vapid t=").unwrap();
    let (token, key) = said.split_once(", k=").unwrap();
    assert_eq!(key, public);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let read = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    Verifier::new(&ECDSA_P256_SHA256_FIXED, read(key)).verify(signed.as_bytes(), &read(signature)).unwrap();
    let claims: Value = serde_json::from_slice(&read(signed.split_once('.').unwrap().1)).unwrap();
    assert_eq!(claims["aud"], origin);
    assert!(claims["sub"].as_str().unwrap().starts_with("http"), "{claims}");
    assert_eq!((asked.header("content-encoding"), asked.header("ttl")), ("aes128gcm", "86400"));
}

async fn ordered(server: &Server, client: &Client) -> Value {
    let offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    let basket = Basket::of(client.clone(), &[(&offer, 1)]).await;
    let quote = basket.quote().await;
    let mut form = basket.order_form(&quote);
    form["contact"]["email"] = MAIL.into();
    let client = basket.client.clone().header("idempotency-key", &format!("buy-{}", basket.id));
    client.post("/v1/checkouts", form).await.expect(201)
}

#[tokio::test]
async fn a_device_is_told_and_nobody_on_the_way_reads_it() {
    let status = Arc::new(AtomicU16::new(503));
    let answer = status.clone();
    let service = StandIn::new(move |_: &Asked| Manner::Answer(answer.load(Ordering::SeqCst), json!({}))).await;
    let server = Server::with(Settings::default().set("OCOP_WEBHOOKS_ALLOW_PRIVATE", "true")).await;
    let buyer = server.new_buyer(MAIL).await;
    let public = server.client().get("/v1/push-key").await.expect(200)["public_key"].as_str().unwrap().to_owned();
    let (phone, path) = (Phone::new(), "/v1/me/push-subscriptions");
    let subscription = phone.subscription(&format!("{}/send/abc", service.url));
    for (name, wrong) in
        [("endpoint", json!("javascript:alert(1)")), ("keys", json!({"p256dh": "AAAA", "auth": "AAAA"}))]
    {
        let mut other = subscription.clone();
        other[name] = wrong;
        buyer.post(path, other).await.expect_problem(422, "invalid");
    }
    // Somebody else used this browser before.
    let other = server.new_buyer("la@example.vn").await;
    other.post(path, subscription.clone()).await.expect(201);
    let device = buyer.post(path, subscription).await.expect(201);
    assert_eq!(other.get(path).await.expect(200)["items"], json!([]));
    assert_eq!(buyer.get(path).await.expect(200)["items"][0]["id"], device["id"]);
    other.delete(&format!("{path}/{}", device["id"].as_str().unwrap())).await.expect_problem(404, "not_found");

    ordered(&server, &buyer).await;
    // A service that is busy holds up no mail, and is asked again.
    server.message_to(MAIL, "was placed").await;
    let first = service.asked_times(1).await[0].clone();
    status.store(201, Ordering::SeqCst);
    server.execute("UPDATE outbox SET available_at = created_at WHERE delivered_at IS NULL").await;
    let asked = service.asked_times(2).await[1].clone();
    verify(&asked, &service.url, &public);
    assert_eq!((asked.path.as_str(), first.header("topic")), ("/send/abc", asked.header("topic")));
    assert!(!asked.text.contains("Chợ"), "{}", asked.text);
    let said = phone.read(&asked.bytes);
    assert!(said["title"].as_str().unwrap().contains("was placed"), "{said}");
    assert!(said["url"].as_str().unwrap().contains("/o/"), "{said}");
    // A browser that is gone is believed.
    status.store(410, Ordering::SeqCst);
    ordered(&server, &buyer).await;
    crate::payments::until(&server, "SELECT COUNT(*) FROM push_subscription", 0).await;
    // A stolen database does not tell what the browser shares with us.
    buyer.post(path, Phone::new().subscription(&format!("{}/send/x", service.url))).await.expect(201);
    assert_eq!(server.count("SELECT COUNT(*) FROM push_subscription WHERE auth LIKE 'sealed:%'").await, 1);
    assert_eq!(server.count("SELECT COUNT(*) FROM push_key WHERE private_key LIKE 'sealed:%'").await, 1);
}

#[tokio::test]
async fn each_is_told_the_way_they_chose_and_the_next_where_it_fails() {
    let there = StandIn::new(|asked: &Asked| {
        if asked.path.starts_with("/v4/oa/access_token") {
            return Manner::Answer(200, json!({"access_token": "a", "refresh_token": "r", "expires_in": "90000"}));
        }
        let known = asked.json()["phone"].as_str().is_some_and(|phone| !phone.ends_with("79"));
        if known {
            return Manner::Answer(200, json!({"error": 0, "data": {"msg_id": asked.json()["tracking_id"]}}));
        }
        Manner::Answer(200, json!({"error": -118, "message": "Zalo account not existed"}))
    })
    .await;
    let settings = Settings::default()
        .set("OCOP_MESSENGERS", "zalo")
        .set("OCOP_ZALO_URL", &there.url)
        .set("OCOP_ZALO_OAUTH_URL", &there.url)
        .set("OCOP_ZALO_APP_ID", "4567")
        .set("OCOP_ZALO_APP_SECRET", "s")
        .set("OCOP_ZALO_REFRESH_TOKEN", "r")
        .set("OCOP_ZALO_CODE_TEMPLATE", "302255")
        .set("OCOP_ZALO_NOTICE_TEMPLATE", "302256");
    let server = Server::with(settings).await;
    let buyer = server.new_buyer(MAIL).await;
    let path = "/v1/me/notices";
    assert_eq!(buyer.get(path).await.expect(200)["ways"], json!([]));
    let problem = buyer.put(path, json!({"ways": ["zalo"]})).await.expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/ways/0", "no phone is known");
    server.execute(&format!("UPDATE account SET phone = '+84912345670' WHERE email = '{MAIL}'")).await;
    buyer.put(path, json!({"ways": ["zalo", "zalo"]})).await.expect_problem(422, "invalid");
    buyer.put(path, json!({"ways": ["zalo", "email"]})).await.expect(200);

    let mails = || server.messages().iter().filter(|(_, text)| text.contains(MAIL)).count();
    let before = mails();
    ordered(&server, &buyer).await;
    let told = there.asked_times(2).await;
    let notice = told.iter().map(Asked::json).find(|asked| asked["template_id"] == "302256").expect("a notice by Zalo");
    assert!(notice["template_data"]["noi_dung"].as_str().unwrap().contains("/o/"), "{notice}");
    assert_eq!(mails(), before, "one way is enough");
    // Zalo knows another number not: the mail comes.
    server.execute(&format!("UPDATE account SET phone = '+84912345679' WHERE email = '{MAIL}'")).await;
    ordered(&server, &buyer).await;
    server.message_to(MAIL, "was placed").await;
    // What keeps the account safe goes where it was signed up.
    let change = json!({"current_password": PASSWORD, "new_password": "bưởi diễn tháng chạp"});
    buyer.post("/v1/me/password", change).await.expect(204);
    server.message_to(MAIL, "vừa được đổi").await;
    buyer.put(path, json!({"ways": []})).await.expect(200);
    assert_eq!(server.count("SELECT COUNT(*) FROM notice_choice").await, 0);
}

#[tokio::test]
async fn the_page_puts_ways_in_order_and_knows_devices() {
    let server = Server::with(Settings::default().set("OCOP_WEBHOOKS_ALLOW_PRIVATE", "true")).await;
    server.new_buyer(MAIL).await;
    server.execute(&format!("UPDATE account SET phone = '+84912345670' WHERE email = '{MAIL}'")).await;
    let mut browser = Browser::new(&server);
    browser.send("/sign-in", &[("login", MAIL), ("password", PASSWORD)]).await;
    let page = browser.get("/account/notices").await.text;
    let csrf = between(&page, "name=\"csrf\" value=\"", "\"").to_owned();
    let form = [("csrf", csrf.as_str()), ("way0", "sms"), ("way1", "email"), ("way2", "")];
    browser.send("/account/notices", &form).await;
    let page = browser.get("/account/notices").await.text;
    assert!(page.contains("value=\"sms\" selected") && page.contains("value=\"email\" selected"), "{page}");
    let subscription = Phone::new().subscription("http://127.0.0.1:9/send").to_string();
    browser.send("/account/notices/devices", &[("csrf", csrf.as_str()), ("subscription", &subscription)]).await;
    let page = browser.get("/account/notices").await.text;
    let id = between(&page, "action=\"/account/notices/devices/", "\"").to_owned();
    assert!(page.contains("Máy này sẽ nhận thông báo"), "{page}");
    browser.send(&format!("/account/notices/devices/{id}"), &[("csrf", &csrf)]).await;
    browser.send("/account/notices/devices", &[("csrf", csrf.as_str()), ("subscription", "{}")]).await;
    assert_eq!(server.count("SELECT COUNT(*) FROM push_subscription").await, 0);
}

#[tokio::test]
async fn who_was_texted_enough_today_is_told_the_next_way() {
    let there = StandIn::new(|_: &Asked| Manner::Answer(200, json!({}))).await;
    let settings = Settings::default()
        .set("OCOP_MESSENGERS", "http")
        .set("OCOP_SMS_HTTP_URL", format!("{}/send?to={{phone}}&text={{text}}", there.url))
        .set("OCOP_TEXTS_PER_NUMBER", 1);
    let server = Server::with(settings).await;
    let buyer = server.new_buyer(MAIL).await;
    server.execute(&format!("UPDATE account SET phone = '+84912345670' WHERE email = '{MAIL}'")).await;
    buyer.put("/v1/me/notices", json!({"ways": ["sms", "email"]})).await.expect(200);
    ordered(&server, &buyer).await;
    there.asked_times(1).await;
    ordered(&server, &buyer).await;
    server.message_to(MAIL, "was placed").await;
    assert_eq!(there.asked().len(), 1);
}

#[tokio::test]
async fn a_shared_phone_says_nothing_after_signing_out() {
    let service = StandIn::new(|_: &Asked| Manner::Answer(201, json!({}))).await;
    let server = Server::with(Settings::default().set("OCOP_WEBHOOKS_ALLOW_PRIVATE", "true")).await;
    let (shared, path) = (server.new_buyer(MAIL).await, "/v1/me/push-subscriptions");
    let own = server.sign_in(MAIL).await;
    for (client, name) in [(&shared, "shared"), (&own, "own")] {
        client.post(path, Phone::new().subscription(&format!("{}/{name}", service.url))).await.expect(201);
    }
    shared.post("/v1/auth/logout", json!({})).await.expect(204);
    let devices = own.get(path).await.expect(200);
    assert_eq!(devices["items"].as_array().map(Vec::len), Some(1), "{devices}");
    ordered(&server, &own).await;
    assert_eq!(service.asked_times(1).await[0].path, "/own");
    // Nor is anything owed to a device where the last sign-in was ended from elsewhere.
    let third = server.sign_in(MAIL).await;
    let session = own.get("/v1/me/sessions").await.expect(200);
    let mine = session["items"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap();
    third.delete(&format!("/v1/me/sessions/{}", mine["id"].as_str().unwrap())).await.expect(204);
    ordered(&server, &third).await;
    crate::payments::until(&server, "SELECT COUNT(*) FROM outbox WHERE delivered_at IS NULL", 0).await;
    assert_eq!(service.asked().len(), 1);
}
