//! Events to sellers' own systems: signed, repeated, logged, replayed, and never into our own network.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use tests::{Asked, Manner, Server, Settings, StandIn};

use crate::certificates::{handed_in, judge, paper};
use crate::traceability::{empty_shop, harvest};

fn signed_with(asked: &Asked, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(
        format!("{}.{}.{}", asked.header("webhook-id"), asked.header("webhook-timestamp"), asked.text).as_bytes(),
    );
    let right = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    asked.header("webhook-signature").split(' ').any(|signature| signature == right)
}

fn open() -> Settings {
    Settings::default().set("OCOP_WEBHOOKS_ALLOW_PRIVATE", "true")
}

#[tokio::test]
async fn events_arrive_signed_and_a_rotated_secret_overlaps() {
    let receiver = StandIn::new(|_: &Asked| Manner::Answer(200, json!({}))).await;
    let server = Server::with(open()).await;
    let shop = server.seller_of("hat-doi").await;
    let hooks = shop.path("webhooks");
    let made = shop
        .client
        .post(&hooks, json!({"url": receiver.url, "events": ["order.placed", "order.cancelled"]}))
        .await
        .expect(201);
    let (id, secret) = (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned());
    assert!(!shop.client.get(&hooks).await.expect(200).to_string().contains("whsec_"));
    let offer = server.offer("hat-doi", 0).await;
    let order = server.basket(&[(&offer, 1)]).await.buy().await["orders"][0]["id"].as_str().unwrap().to_owned();
    shop.step(&order, "confirm").await.expect(200);
    let asked = receiver.asked_times(1).await;
    assert!(signed_with(&asked[0], &secret), "{asked:?}");
    let body = asked[0].json();
    assert_eq!((&body["type"], &body["data"]["order_id"]), (&json!("order.placed"), &json!(order)));
    assert!(body["data"]["total"]["amount"].as_i64().unwrap() > 0 && body["timestamp"].is_string());

    let rotated = shop.client.post(&format!("{hooks}/{id}/rotate"), json!({})).await.expect(200)["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    shop.client.post(&format!("{hooks}/{id}/test"), json!({})).await.expect(202);
    let asked = receiver.asked_times(2).await;
    assert!(signed_with(&asked[1], &secret) && signed_with(&asked[1], &rotated));
    assert_eq!(asked[1].json()["type"], "webhook.test");

    let messages = shop.client.get(&format!("{hooks}/{id}/messages")).await.expect(200);
    let first = messages["items"].as_array().unwrap().last().unwrap().clone();
    let message = format!("{hooks}/{id}/messages/{}", first["id"].as_str().unwrap());
    shop.client.post(&format!("{message}/replay"), json!({})).await.expect(202);
    let asked = receiver.asked_times(3).await;
    assert_eq!(asked[2].header("webhook-id"), asked[0].header("webhook-id"), "a replay has the same id");
    for _ in 0..100 {
        let attempts = shop.client.get(&format!("{message}/attempts")).await.expect(200);
        if attempts["items"].as_array().unwrap().len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let attempts = shop.client.get(&format!("{message}/attempts")).await.expect(200);
    assert_eq!((attempts["items"].as_array().unwrap().len(), &attempts["items"][0]["status"]), (2, &json!(200)));
    // Others know nothing of it.
    let other = server.seller_of("ruou-muong").await;
    other.client.get(&other.path(&format!("webhooks/{id}/messages"))).await.expect_problem(404, "not_found");
    shop.client.delete(&format!("{hooks}/{id}")).await.expect(204);
    assert_eq!(server.count("SELECT COUNT(*) FROM webhook_message").await, 0);
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_with_the_same_id() {
    let status = Arc::new(AtomicU16::new(500));
    let says = status.clone();
    let receiver = StandIn::new(move |_: &Asked| match says.load(Ordering::SeqCst) {
        0 => Manner::HangUp,
        status => Manner::Answer(status, json!({})),
    })
    .await;
    let mut server = Server::with(open()).await;
    let shop = server.seller_of("hat-doi").await;
    let made =
        shop.client.post(&shop.path("webhooks"), json!({"url": receiver.url, "events": ["*"]})).await.expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    shop.client.post(&shop.path(&format!("webhooks/{id}/test")), json!({})).await.expect(202);
    receiver.asked_times(1).await;
    status.store(0, Ordering::SeqCst);
    receiver.asked_times(2).await;
    status.store(204, Ordering::SeqCst);
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 3_600)).await;
    let asked = receiver.asked_times(3).await;
    assert!(asked.iter().all(|one| one.header("webhook-id") == asked[0].header("webhook-id")));
    for _ in 0..100 {
        if server.count("SELECT COUNT(*) FROM webhook_message WHERE state = 'delivered'").await == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(
        server.count("SELECT COUNT(*) FROM webhook_message WHERE state = 'delivered' AND attempts = 3").await,
        1
    );
}

#[tokio::test]
async fn a_dead_endpoint_is_switched_off_and_its_owner_told() {
    let receiver = StandIn::new(|_: &Asked| Manner::Answer(503, json!({}))).await;
    let server = Server::with(open()).await;
    let shop = server.seller_of("hat-doi").await;
    let made =
        shop.client.post(&shop.path("webhooks"), json!({"url": receiver.url, "events": ["*"]})).await.expect(201);
    let hook = shop.path(&format!("webhooks/{}", made["id"].as_str().unwrap()));
    shop.client.post(&format!("{hook}/test"), json!({})).await.expect(202);
    // Three days in a few seconds: each attempt is due at once.
    for attempt in 1..=10 {
        receiver.asked_times(attempt).await;
        for _ in 0..100 {
            if server.count("SELECT COUNT(*) FROM webhook_attempt").await == i64::try_from(attempt).unwrap() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        server.execute("UPDATE webhook_message SET next_at = created_at").await;
    }
    for _ in 0..100 {
        if server.count("SELECT COUNT(*) FROM webhook_endpoint WHERE state = 'failing'").await == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let hooks = shop.client.get(&shop.path("webhooks")).await.expect(200);
    assert_eq!(hooks["items"][0]["state"], "failing", "{hooks}");
    assert_eq!(server.count("SELECT COUNT(*) FROM webhook_message WHERE state = 'failed'").await, 1);
    assert_eq!(server.count("SELECT COUNT(*) FROM outbox WHERE topic = 'shop.webhook_failing'").await, 1);
    // Nothing more is sent until somebody switches it on again.
    let offer = server.offer("hat-doi", 0).await;
    server.basket(&[(&offer, 1)]).await.buy().await;
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    assert_eq!(receiver.asked().len(), 10);
}

#[tokio::test]
async fn what_was_to_be_told_is_told_though_the_server_was_killed() {
    let receiver = StandIn::new(|_: &Asked| Manner::Answer(200, json!({}))).await;
    let mut server = Server::with(open()).await;
    let shop = server.seller_of("hat-doi").await;
    let wanted = json!({"url": receiver.url, "events": ["order.placed"]});
    shop.client.post(&shop.path("webhooks"), wanted).await.expect(201);
    let offer = server.offer("hat-doi", 0).await;
    let mut orders = std::collections::BTreeSet::new();
    for kill in 1..=5_i64 {
        for _ in 0..3 {
            let bought = server.basket(&[(&offer, 1)]).await.buy().await;
            orders.insert(bought["orders"][0]["id"].as_str().unwrap().to_owned());
        }
        // The leases of the one that died are over.
        server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", kill * 90)).await;
    }
    let told = || -> std::collections::BTreeSet<String> {
        receiver.asked().iter().map(|asked| asked.json()["data"]["order_id"].as_str().unwrap().to_owned()).collect()
    };
    for _ in 0..200 {
        if told() == orders {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(told(), orders, "every order that was acknowledged, and no other");
}

#[tokio::test]
async fn an_endpoint_that_never_answers_holds_up_no_other() {
    // Connections are taken by the system and never read.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let receiver = StandIn::new(|_: &Asked| Manner::Answer(200, json!({}))).await;
    let server = Server::with(open()).await;
    let (slow, quick) = (server.seller_of("hat-doi").await, server.seller_of("ruou-muong").await);
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let dead = slow.client.post(&slow.path("webhooks"), json!({"url": url, "events": ["*"]})).await.expect(201);
    let test = slow.path(&format!("webhooks/{}/test", dead["id"].as_str().unwrap()));
    for _ in 0..40 {
        slow.client.post(&test, json!({})).await.expect(202);
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let body = json!({"url": receiver.url, "events": ["*"]});
    let made = quick.client.post(&quick.path("webhooks"), body).await.expect(201);
    let test = quick.path(&format!("webhooks/{}/test", made["id"].as_str().unwrap()));
    let asked = std::time::Instant::now();
    quick.client.post(&test, json!({})).await.expect(202);
    receiver.asked_times(1).await;
    assert!(asked.elapsed() < tests::patience(std::time::Duration::from_secs(3)), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn our_own_network_is_not_reached_through_us() {
    let receiver = StandIn::new(|_: &Asked| Manner::Answer(200, json!({}))).await;
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    for url in [
        receiver.url.as_str(),
        "https://127.0.0.1/x",
        "https://10.0.0.8/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://localhost/",
        "http://example.com/",
        "https://user:secret@example.com/",
        "ftp://example.com",
        "",
    ] {
        let refused = shop
            .client
            .post(&shop.path("webhooks"), json!({"url": url, "events": ["*"]}))
            .await
            .expect_problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], "/url", "{url}");
    }
    let unknown = json!({"url": "https://example.com/", "events": ["order.eaten"]});
    shop.client.post(&shop.path("webhooks"), unknown).await.expect_problem(422, "invalid");
    // A name that resolves to this machine is refused when connecting, not when it is written down.
    let named = json!({"url": "https://localhost.localdomain.test/", "events": ["*"]});
    let made = shop.client.post(&shop.path("webhooks"), named).await.expect(201);
    shop.client
        .post(&shop.path(&format!("webhooks/{}/test", made["id"].as_str().unwrap())), json!({}))
        .await
        .expect(202);
    for _ in 0..200 {
        if server.count("SELECT COUNT(*) FROM webhook_attempt").await > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(
        server.count("SELECT COUNT(*) FROM webhook_attempt WHERE status IS NULL AND error IS NOT NULL").await,
        1
    );
    assert_eq!(receiver.asked().len(), 0);
}

#[tokio::test]
async fn recalls_and_certificates_are_told_to_systems_too() {
    let receiver = StandIn::new(|_: &Asked| Manner::Answer(200, json!({}))).await;
    let server = Server::with(open()).await;
    let (shop, offer) = empty_shop(&server).await;
    let events = ["recall.raised", "certificate.verified", "certificate.ending"];
    shop.client.post(&shop.path("webhooks"), json!({"url": receiver.url, "events": events})).await.expect(201);
    harvest(&shop, &offer, "A", 5).await;
    let recall = json!({"lots": {"codes": ["A"]}, "reason": "Mẫu vượt mức", "advice": "Không ăn, giữ hộp lại"});
    let client = shop.client.clone().header("idempotency-key", "a recall");
    let raised = client.post(&shop.path("recalls"), recall).await.expect(201);
    let told = receiver.asked_times(1).await[0].json();
    assert_eq!((&told["type"], &told["data"]["number"]), (&json!("recall.raised"), &raised["number"]));
    let certificate = handed_in(&shop, paper("vietgap", Some(20))).await;
    judge(&server.sign_in("can-bo@example.vn").await, &certificate, "verify").await.expect(200);
    let told = receiver.asked_times(2).await[1].json();
    assert_eq!((&told["type"], &told["data"]["certificate_id"]), (&json!("certificate.verified"), &certificate["id"]));
    let mut server = server;
    server.restart_with(|settings| settings).await;
    let told = receiver.asked_times(3).await[2].json();
    assert_eq!((&told["type"], &told["data"]["days_left"]), (&json!("certificate.ending"), &json!(20)));
}
