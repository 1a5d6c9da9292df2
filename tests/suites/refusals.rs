//! What is refused, clearly and without a trace.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Server};

async fn raw(client: &Client, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> tests::Answer {
    Client::try_send(client.request(Method::POST, path).header("content-type", kind).body(body))
        .await
        .expect("an answer")
}

#[tokio::test]
async fn quantities_that_cannot_be_are_refused_with_a_pointer() {
    let server = Server::start().await;
    let offer = server.offer("hat-doi", 0).await;
    let client = server.client();
    for quantity in ["-1", "0", "1.5", "10000", "99999999999999999999", "\"1\"", "null", "1e3"] {
        let body = format!(r#"{{"items":[{{"offer_id":"{offer}","quantity":{quantity}}}]}}"#);
        let refused = raw(&client, "/v1/carts", "application/json", body).await.expect_problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], "/items/0/quantity", "{quantity}: {refused}");
    }
    assert_eq!(server.count("SELECT COUNT(*) FROM cart WHERE state = 'open'").await, 0, "and nothing was stored");
}

#[tokio::test]
async fn the_client_has_no_say_in_prices_and_unknown_fields_are_refused() {
    let server = Server::start().await;
    let offer = server.offer("hat-doi", 0).await;
    let client = server.client();
    for extra in ["price", "unit_price", "total", "discount"] {
        let mut item = json!({"offer_id": offer, "quantity": 1});
        item[extra] = json!(1);
        let refused = client.post("/v1/carts", json!({"items": [item]})).await.expect_problem(422, "invalid");
        assert_eq!(refused["errors"][0]["code"], "unknown_field");
    }
    let basket = server.basket(&[(&offer, 1)]).await;
    let quote = basket.quote().await;
    let mut form = basket.order_form(&quote);
    form["total"] = json!({"amount": 1, "currency": "VND"});
    let refused = basket.client.clone().header("idempotency-key", "k").post("/v1/checkouts", form).await;
    refused.expect_problem(422, "invalid");
    client.get("/v1/products?colour=red").await.expect_problem(400, "malformed");
}

#[tokio::test]
async fn bodies_that_are_too_large_or_no_json_are_refused() {
    let server = Server::start().await;
    let client = server.client();
    let large = format!(r#"{{"items":[{}]}}"#, " ".repeat(10 * 1024 * 1024));
    // The server may hang up on the rest of the body; what matters is that it refused and lives.
    if let Some(answer) = Client::try_send(
        client.request(Method::POST, "/v1/carts").header("content-type", "application/json").body(large),
    )
    .await
    {
        answer.expect_problem(413, "too_large");
    }
    raw(&client, "/v1/carts", "text/plain", "{}").await.expect_problem(415, "unsupported_media_type");
    raw(&client, "/v1/carts", "application/json", "{\"items\":").await.expect_problem(400, "malformed");
    raw(&client, "/v1/carts", "application/json", "{} {}").await.expect_problem(400, "malformed");
    raw(&client, "/v1/carts", "application/json", vec![b'[', 0xff, b']']).await;
    client.get("/v1/carts/not-a-uuid").await.expect_problem(404, "not_found");
    client.get("/nothing").await.expect_problem(404, "not_found");
    client.get("/healthz").await.expect(200);
}

#[tokio::test]
async fn sql_in_any_parameter_is_only_text() {
    let server = Server::start().await;
    let client = server.client();
    let attacks = [
        "' OR 1=1 --",
        "'; DROP TABLE orders; --",
        "%' UNION SELECT password_hash FROM account --",
        "\\",
        "\"",
        "$1",
        "*:*",
        "a AND (",
        "name:x^9999",
    ];
    for name in [
        "q",
        "category",
        "star",
        "cooperative",
        "province",
        "commune",
        "min_price",
        "max_price",
        "in_stock",
        "in_season",
        "near",
        "radius_km",
        "sort",
        "limit",
        "cursor",
        "facets",
    ] {
        for attack in attacks {
            let answer = client.query("/v1/products", &[(name, attack)]).await;
            assert!(matches!(answer.status, 200 | 400), "{name}={attack}: {} {}", answer.status, answer.text);
            assert!(!answer.text.to_lowercase().contains("syntax error"), "{}", answer.text);
        }
    }
    for attack in attacks {
        assert!(matches!(client.query("/v1/admin-units", &[("q", attack)]).await.status, 200 | 400));
    }
    client.get("/v1/products/'%20OR%201=1").await.expect_problem(404, "not_found");
    client.get("/v1/destinations/'%20OR%201=1").await.expect_problem(404, "not_found");
    client
        .post("/v1/auth/login", json!({"login": "' OR 1=1 --", "password": "x"}))
        .await
        .expect_problem(401, "bad_credentials");
    assert_eq!(client.get("/v1/products").await.expect(200)["total"], 14);
}

#[tokio::test]
async fn no_page_is_far_away_and_limits_hold() {
    let server = Server::start().await;
    let client = server.client();
    for query in [
        "offset=1000000",
        "page=99999",
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=99999999999999999999",
        "cursor=AAAA",
    ] {
        client.get(&format!("/v1/products?{query}")).await.expect_problem(400, "malformed");
    }
    let forged = base64::Engine::encode(
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
        r#"{"s":"newest","m":18446744073709551615,"i":"00000000-0000-0000-0000-000000000000"}"#,
    );
    assert_eq!(client.get(&format!("/v1/products?cursor={forged}")).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn errors_speak_the_readers_language_and_keep_their_code() {
    let server = Server::start().await;
    let read = async |language: &str| -> Value {
        server.client().header("accept-language", language).get("/v1/products/none").await.expect(404)
    };
    let (vi, en) = (read("vi-VN,vi;q=0.9,en;q=0.5").await, read("en-GB").await);
    assert_eq!((vi["code"].as_str(), en["code"].as_str()), (Some("not_found"), Some("not_found")));
    assert_eq!((vi["title"].as_str(), en["title"].as_str()), (Some("Không tìm thấy."), Some("Nothing is here.")));
    let vi = server
        .client()
        .header("accept-language", "vi")
        .post("/v1/carts", json!({"items": [{"offer_id": uuid::Uuid::nil(), "quantity": 0}]}))
        .await;
    assert_eq!(vi.expect(422)["errors"][0]["detail"], "không được nhỏ hơn 1");
}
