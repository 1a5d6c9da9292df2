//! Signing up, in, out; sessions; tokens that are not good.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use tests::{Client, PASSWORD, Server, Settings};

fn code_in(message: &str) -> String {
    let word = message.split_whitespace().find(|word| word.len() == 11 && word.as_bytes()[5] == b'-');
    word.unwrap_or_else(|| panic!("no code in: {message}")).to_owned()
}

async fn sign_up(server: &Server, contact: &str) -> Value {
    let form = json!({"contact": contact, "name": "Trần Thị Hoa", "password": "mot mat khau dai", "consent": true});
    server.client().post("/v1/auth/register", form).await.expect(202)
}

#[tokio::test]
async fn who_signs_up_confirms_with_a_code_by_mail_or_phone() {
    let server = Server::start().await;
    for (contact, shown) in [("hoa@example.vn", "hoa@example.vn"), ("0912 345 679", "+84912345679")] {
        sign_up(&server, contact).await;
        let login = json!({"login": contact, "password": "mot mat khau dai"});
        server.client().post("/v1/auth/login", login.clone()).await.expect_problem(401, "bad_credentials");
        let code = code_in(&server.message_to(shown, "confirmation code").await);
        let signed_in = server.client().post("/v1/auth/verify", json!({"code": code.to_lowercase()})).await.expect(200);
        let me = server.client().bearer(signed_in["access_token"].as_str().unwrap()).get("/v1/me").await.expect(200);
        assert_eq!(me["name"], "Trần Thị Hoa");
        server.client().post("/v1/auth/verify", json!({"code": code})).await.expect_problem(422, "bad_code");
        server.client().post("/v1/auth/login", login).await.expect(200);
    }
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let server = Server::start().await;
    assert_eq!(sign_up(&server, "lan@example.vn").await, sign_up(&server, "nobody@example.vn").await);
    assert!(server.message_to("lan@example.vn", "already have an account").await.contains("đã có tài khoản"));
    let client = server.client();
    let forgot =
        async |contact: &str| client.post("/v1/auth/password/forgot", json!({"contact": contact})).await.expect(202);
    assert_eq!(forgot("lan@example.vn").await, forgot("nobody@example.vn").await);
    let strip = |mut body: Value| {
        body["request_id"].take();
        body
    };
    let login = async |login: &str| {
        client.post("/v1/auth/login", json!({"login": login, "password": "wrong password"})).await.expect(401)
    };
    assert_eq!(strip(login("lan@example.vn").await), strip(login("nobody@example.vn").await));
    // The same work is done either way; medians of interleaved tries lie close together.
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        for (times, who) in [(&mut known, "lan@example.vn"), (&mut unknown, "nobody@example.vn")] {
            server.execute("DELETE FROM sign_in_attempt").await;
            let started = Instant::now();
            login(who).await;
            times.push(started.elapsed());
        }
    }
    // Nor by who must wait.
    for who in ["lan@example.vn", "nobody@example.vn"] {
        for _ in 0..5 {
            client.post("/v1/auth/login", json!({"login": who, "password": "wrong password"})).await;
        }
        let form = json!({"login": who, "password": "wrong password"});
        client.post("/v1/auth/login", form).await.expect_problem(429, "too_many_guesses");
    }
    known.sort();
    unknown.sort();
    let ratio = known[7].as_secs_f64() / unknown[7].as_secs_f64();
    assert!((0.6..1.7).contains(&ratio), "known {:?}, unknown {:?}", known[7], unknown[7]);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_session() {
    let server = Server::start().await;
    let client = server.client();
    let first =
        client.post("/v1/auth/login", json!({"login": "lan@example.vn", "password": PASSWORD})).await.expect(200);
    let refresh = async |token: &Value| client.post("/v1/auth/refresh", json!({"refresh_token": token})).await;
    let second = refresh(&first["refresh_token"]).await.expect(200);
    refresh(&first["refresh_token"]).await.expect_problem(401, "bad_refresh_token");
    refresh(&second["refresh_token"]).await.expect_problem(401, "bad_refresh_token");
    let other =
        client.post("/v1/auth/login", json!({"login": "lan@example.vn", "password": PASSWORD})).await.expect(200);
    client.clone().bearer(other["access_token"].as_str().unwrap()).post("/v1/auth/logout", json!({})).await.expect(204);
    refresh(&other["refresh_token"]).await.expect_problem(401, "bad_refresh_token");
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_all_sessions_end() {
    let server = Server::start().await;
    let client = server.client();
    let session =
        client.post("/v1/auth/login", json!({"login": "lan@example.vn", "password": PASSWORD})).await.expect(200);
    client.post("/v1/auth/password/forgot", json!({"contact": "lan@example.vn"})).await.expect(202);
    let code = code_in(&server.message_to("lan@example.vn", "set a new password").await);
    let weak = client.post("/v1/auth/password/reset", json!({"code": code, "password": "1234567890"})).await;
    weak.expect_problem(422, "invalid");
    client.post("/v1/auth/password/reset", json!({"code": code, "password": "mat khau moi tinh"})).await.expect(204);
    client
        .post("/v1/auth/password/reset", json!({"code": code, "password": "mat khau khac nua"}))
        .await
        .expect_problem(422, "bad_code");
    client
        .post("/v1/auth/login", json!({"login": "lan@example.vn", "password": PASSWORD}))
        .await
        .expect_problem(401, "bad_credentials");
    client
        .post("/v1/auth/refresh", json!({"refresh_token": session["refresh_token"]}))
        .await
        .expect_problem(401, "bad_refresh_token");
    let fresh = client
        .post("/v1/auth/login", json!({"login": "lan@example.vn", "password": "mat khau moi tinh"}))
        .await
        .expect(200);
    let me = client.clone().bearer(fresh["access_token"].as_str().unwrap());
    let change = json!({"current_password": "mat khau moi tinh", "new_password": PASSWORD});
    me.post("/v1/me/password", change.clone()).await.expect(204);
    me.post("/v1/me/password", change).await.expect_problem(401, "bad_credentials");
}

fn token(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn forged_expired_and_unsigned_tokens_are_refused() {
    let secret = [7_u8; 32];
    let keys = format!("test:{}", URL_SAFE_NO_PAD.encode(secret));
    let server = Server::with(Settings::default().set("OCOP_SECRET_KEYS", keys)).await;
    let buyer = server
        .client()
        .post("/v1/auth/login", json!({"login": "lan@example.vn", "password": PASSWORD}))
        .await
        .expect(200);
    let account = buyer["account"]["id"].clone();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = |exp: u64| json!({"iss": "cho-ocop", "sub": account, "sid": uuid::Uuid::now_v7(), "roles": ["admin"], "iat": now, "exp": exp});
    let header = json!({"alg": "HS256", "typ": "JWT", "kid": "test"});
    let tried = async |token: String| server.client().bearer(&token).get("/v1/me").await.status;
    assert_eq!(tried(token(&header, &claims(now + 60), &secret)).await, 200, "the test knows how to sign");
    assert_eq!(tried(token(&header, &claims(now - 1), &secret)).await, 401, "expired");
    assert_eq!(tried(token(&header, &claims(now + 60), &[8; 32])).await, 401, "forged");
    assert_eq!(
        tried(token(&json!({"alg": "HS256", "kid": "other"}), &claims(now + 60), &secret)).await,
        401,
        "unknown key"
    );
    assert_eq!(tried(token(&json!({"alg": "HS256"}), &claims(now + 60), &secret)).await, 401, "no key id");
    assert_eq!(
        tried(token(&json!({"alg": "HS512", "kid": "test"}), &claims(now + 60), &secret)).await,
        401,
        "other algorithm"
    );
    let mut foreign = claims(now + 60);
    foreign["iss"] = json!("somebody else");
    assert_eq!(tried(token(&header, &foreign, &secret)).await, 401, "other issuer");
    for algorithm in ["none", "None", "NONE"] {
        let unsigned = token(&json!({"alg": algorithm, "kid": "test"}), &claims(now + 60), &secret);
        let unsigned = unsigned.rsplit_once('.').unwrap().0;
        assert_eq!(tried(format!("{unsigned}.")).await, 401, "{algorithm}");
    }
    for nonsense in ["", "a.b.c", "....", "Bearer"] {
        assert_eq!(tried(nonsense.to_owned()).await, 401, "{nonsense}");
    }
}

#[tokio::test]
async fn keys_rotate_without_signing_anybody_out() {
    let key = |id: &str, byte: u8| format!("{id}:{}", URL_SAFE_NO_PAD.encode([byte; 32]));
    let mut server = Server::with(Settings::default().set("OCOP_SECRET_KEYS", key("old", 1))).await;
    let client: Client = server.sign_in("lan@example.vn").await;
    server.restart_with(|s| s.set("OCOP_SECRET_KEYS", format!("{},{}", key("new", 2), key("old", 1)))).await;
    client.get("/v1/me").await.expect(200);
    server.sign_in("lan@example.vn").await.get("/v1/me").await.expect(200);
    server.restart_with(|s| s.set("OCOP_SECRET_KEYS", key("new", 2))).await;
    client.get("/v1/me").await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let server = Server::with(Settings::default().set("OCOP_AUTH_RATE_LIMIT_PER_MINUTE", 5)).await;
    let mut last = None;
    for _ in 0..8 {
        last = Some(
            server.client().post("/v1/auth/login", json!({"login": "lan@example.vn", "password": "guess guess"})).await,
        );
    }
    let last = last.unwrap();
    assert!(last.header("retry-after").parse::<u64>().unwrap() >= 1);
    last.expect_problem(429, "rate_limited");
    server.client().get("/v1/products").await.expect(200);
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test]
async fn the_address_book_takes_todays_communes_only() {
    let server = Server::start().await;
    let buyer = server.sign_in("lan@example.vn").await;
    let address = json!({"recipient": "Lan", "phone": "0912345678", "street": "Xóm Sáng", "commune_code": "04990"});
    let saved = buyer.post("/v1/me/addresses", address.clone()).await.expect(201);
    assert_eq!((&saved["phone"], &saved["commune_name"]), (&json!("+84912345678"), &json!("Xã Nật Sơn")));
    let mut former = address.clone();
    former["commune_code"] = json!("05077");
    let refused = buyer.post("/v1/me/addresses", former).await.expect_problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/commune_code");
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("05086"), "{refused}");
    let path = format!("/v1/me/addresses/{}", saved["id"].as_str().unwrap());
    server.sign_in("admin@example.vn").await.delete(&path).await.expect_problem(404, "not_found");
    buyer.delete(&path).await.expect(204);
    assert_eq!(buyer.get("/v1/me/addresses").await.expect(200)["items"], json!([]));
}
