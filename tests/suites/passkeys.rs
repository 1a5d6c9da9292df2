//! Passkeys: made once, they sign in without a password; nobody else's, from nowhere else, and each answer once.

use serde_json::{Value, json};
use tests::{Authenticator, Browser, Client, PASSWORD, Server, Settings, between};

const MAIL: &str = "hoa@example.vn";

/// Browsers make passkeys for names, not for addresses.
async fn named(settings: Settings) -> Server {
    let mut server = Server::prepared(settings).await;
    let origin = server.origin();
    server.with_settings(|settings| settings.set("OCOP_BASE_URL", origin));
    server.run().await;
    server
}

async fn tokens(server: &Server, login: &str) -> Value {
    server.client().post("/v1/auth/login", json!({"login": login, "password": PASSWORD})).await.expect(200)
}

fn with(server: &Server, tokens: &Value) -> Client {
    server.client().bearer(tokens["access_token"].as_str().unwrap())
}

async fn asked(client: &Client, path: &str, body: Value) -> Value {
    client.post(path, body).await.expect(200)["options"].clone()
}

async fn added(server: &Server, client: &Client, phone: &mut Authenticator) -> Value {
    let options = asked(client, "/v1/me/passkeys/options", json!({"password": PASSWORD})).await;
    let credential = phone.make(&options, &server.origin());
    client.post("/v1/me/passkeys", json!({"label": "Máy của Hoa", "credential": credential})).await.expect(201)
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_password() {
    let server = named(Settings::default()).await;
    let buyer = server.new_buyer(MAIL).await;
    let me = "/v1/me/passkeys";
    // A session alone adds none: whoever found an open computer would.
    for body in [json!({}), json!({"password": "đoán mò mật khẩu"})] {
        buyer.post(&format!("{me}/options"), body).await.expect_problem(401, "bad_credentials");
    }
    let options = asked(&buyer, &format!("{me}/options"), json!({"password": PASSWORD})).await;
    assert_eq!(options["rp"]["id"], "localhost");
    assert_eq!(options["user"]["name"], MAIL);
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    let mut phone = Authenticator::default();
    let label = |credential: &Value| json!({"label": "Máy của Hoa", "credential": credential});
    // Made elsewhere, for a page that looks like ours.
    let foreign = phone.make(&options, "https://cho-0cop.example");
    buyer.post(me, label(&foreign)).await.expect_problem(422, "bad_passkey");
    // And that challenge is used up.
    let late = phone.make(&options, &server.origin());
    buyer.post(me, label(&late)).await.expect_problem(422, "bad_passkey");
    let options = asked(&buyer, &format!("{me}/options"), json!({"password": PASSWORD})).await;
    let made = phone.make(&options, &server.origin());
    buyer.post(me, label(&made)).await.expect(201);
    buyer.post(me, label(&made)).await.expect_problem(422, "bad_passkey");
    assert!(server.message_to(MAIL, "vừa được thêm").await.contains("Máy của Hoa"));
    // The second time the phone is told that it has one.
    let options = asked(&buyer, &format!("{me}/options"), json!({})).await;
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
    let again = phone.make(&options, &server.origin());
    buyer.post(me, label(&again)).await.expect_problem(409, "passkey_known");

    let guest = server.client();
    let options = asked(&guest, "/v1/auth/passkey/options", json!({})).await;
    let shown = phone.sign(&options, &server.origin());
    let enter = async |shown: &Value| guest.post("/v1/auth/passkey", json!({"credential": shown})).await;
    let entered = enter(&shown).await.expect(200);
    assert_eq!(entered["account"]["email"], MAIL);
    enter(&shown).await.expect_problem(422, "bad_passkey");
    let listed = with(&server, &entered).get(me).await.expect(200);
    assert!(listed["items"][0]["last_used_at"].is_string(), "{listed}");
    let sessions = with(&server, &entered).get("/v1/me/sessions").await.expect(200);
    let current = sessions["items"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap().clone();
    assert_eq!(current["second_factor"], true, "the phone asked for its owner");

    // Removed, it lets in no more.
    let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
    let stranger = server.new_buyer("la@example.vn").await;
    let remove = format!("{me}/{id}/remove");
    stranger.post(&remove, json!({"password": PASSWORD})).await.expect_problem(404, "not_found");
    with(&server, &entered).post(&remove, json!({})).await.expect(204);
    server.message_to(MAIL, "vừa bị xoá").await;
    let options = asked(&guest, "/v1/auth/passkey/options", json!({})).await;
    enter(&phone.sign(&options, &server.origin())).await.expect_problem(422, "bad_passkey");
}

#[tokio::test]
async fn nobody_elses_passkey_and_no_copy_lets_in() {
    let server = named(Settings::default()).await;
    let (hoa, la) = (server.new_buyer(MAIL).await, server.new_buyer("la@example.vn").await);
    let (mut phone, mut other) = (Authenticator::default(), Authenticator::default());
    added(&server, &hoa, &mut phone).await;
    added(&server, &la, &mut other).await;
    let guest = server.client();
    let options = async || asked(&guest, "/v1/auth/passkey/options", json!({})).await;
    let refused = async |shown: Value| {
        guest.post("/v1/auth/passkey", json!({"credential": shown})).await.expect_problem(422, "bad_passkey");
    };
    // One's own key under another's name.
    let mut shown = other.sign(&options().await, &server.origin());
    shown["response"]["userHandle"] = phone.sign(&options().await, &server.origin())["response"]["userHandle"].clone();
    refused(shown).await;
    // One's own signature under another's key.
    let (asked_once, mine) = (options().await, ["id", "rawId"]);
    let mut shown = other.sign(&asked_once, &server.origin());
    let theirs = phone.sign(&asked_once, &server.origin());
    for name in mine {
        shown[name] = theirs[name].clone();
    }
    shown["response"]["userHandle"] = theirs["response"]["userHandle"].clone();
    refused(shown).await;
    // From a page that looks like ours; a challenge of one's own; without a finger; what was asked for another purpose.
    refused(phone.sign(&options().await, "https://cho-0cop.example")).await;
    let mut made_up = options().await;
    made_up["challenge"] = "AAAAAAAAAAAAAAAAAAAAAA".into();
    refused(phone.sign(&made_up, &server.origin())).await;
    phone.verifies = false;
    refused(phone.sign(&options().await, &server.origin())).await;
    phone.verifies = true;
    let adding = asked(&hoa, "/v1/me/passkeys/options", json!({"password": PASSWORD})).await;
    let mut for_adding = options().await;
    for_adding["challenge"] = adding["challenge"].clone();
    refused(phone.sign(&for_adding, &server.origin())).await;
    for credential in [json!({}), json!("x"), json!({"id": "x", "response": {"clientDataJSON": "x"}})] {
        refused(credential).await;
    }
    // A copy that counts from where it was made is behind the one its owner used since.
    for _ in 0..3 {
        let shown = phone.sign(&options().await, &server.origin());
        guest.post("/v1/auth/passkey", json!({"credential": shown})).await.expect(200);
    }
    phone.rewind(2);
    refused(phone.sign(&options().await, &server.origin())).await;
    // Another's challenge adds nothing to one's own account.
    let theirs = asked(&la, "/v1/me/passkeys/options", json!({"password": PASSWORD})).await;
    let made = Authenticator::default().make(&theirs, &server.origin());
    hoa.post("/v1/me/passkeys", json!({"label": "x", "credential": made})).await.expect_problem(422, "bad_passkey");
    // An account that was closed opens for nobody.
    server.execute("UPDATE account SET disabled_at = updated_at WHERE email = 'la@example.vn'").await;
    refused(other.sign(&options().await, &server.origin())).await;
}

#[tokio::test]
async fn whoever_has_power_may_show_a_passkey_for_a_second_factor() {
    let server = named(Settings::default().set("OCOP_SECOND_FACTOR", "required")).await;
    let login = "admin@example.vn";
    let weak = with(&server, &tokens(&server, login).await);
    weak.get("/v1/admin/applications").await.expect_problem(403, "second_factor_required");
    let mut phone = Authenticator::default();
    added(&server, &weak, &mut phone).await;
    // From now on a password alone changes nothing of it, even with the password said twice.
    let again = with(&server, &tokens(&server, login).await);
    let proof = json!({"password": PASSWORD});
    again.post("/v1/me/passkeys/options", proof.clone()).await.expect_problem(403, "second_factor_required");
    let id = again.get("/v1/me/passkeys").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let remove = format!("/v1/me/passkeys/{id}/remove");
    again.post(&remove, proof).await.expect_problem(403, "second_factor_required");
    let guest = server.client();
    let options = asked(&guest, "/v1/auth/passkey/options", json!({})).await;
    let shown = phone.sign(&options, &server.origin());
    let entered = guest.post("/v1/auth/passkey", json!({"credential": shown})).await.expect(200);
    with(&server, &entered).get("/v1/admin/applications").await.expect(200);
    // Who lost it is helped by somebody who knows them.
    let done = server.ocop(&["user", "forget-second-factor", login], "");
    assert!(done.status.success(), "{done:?}");
    let options = asked(&guest, "/v1/auth/passkey/options", json!({})).await;
    let shown = json!({"credential": phone.sign(&options, &server.origin())});
    guest.post("/v1/auth/passkey", shown).await.expect_problem(422, "bad_passkey");
}

#[tokio::test]
async fn pages_add_and_use_passkeys_where_the_site_has_a_name() {
    let nameless = Server::start().await;
    let buyer = nameless.new_buyer(MAIL).await;
    let proof = json!({"password": PASSWORD});
    buyer.post("/v1/me/passkeys/options", proof).await.expect_problem(409, "passkeys_unavailable");

    let server = named(Settings::default()).await;
    server.new_buyer(MAIL).await;
    let mut browser = Browser::new(&server);
    browser.send("/sign-in", &[("login", MAIL), ("password", PASSWORD)]).await;
    let page = browser.get("/account/security").await.text;
    assert!(page.contains("data-passkey=\"/account/security/passkeys/options\""), "{page}");
    let csrf = between(&page, "name=\"csrf\" value=\"", "\"").to_owned();
    let ask = "/account/security/passkeys/options";
    let refused = browser.send(ask, &[("csrf", &csrf), ("password", "đoán mò")]).await;
    assert!(refused.text.contains("\"error\":"), "{}", refused.text);
    let options: Value =
        serde_json::from_str(&browser.send(ask, &[("csrf", &csrf), ("password", PASSWORD)]).await.text).unwrap();
    let mut phone = Authenticator::default();
    let credential = phone.make(&options, &server.origin()).to_string();
    let form = [("csrf", csrf.as_str()), ("label", "Máy của Hoa"), ("credential", &credential)];
    browser.send("/account/security/passkeys", &form).await;
    let page = browser.get("/account/security").await.text;
    assert!(page.contains("<b>Máy của Hoa</b>") && page.contains("Đã thêm khoá"), "{page}");
    let id = between(&page, "action=\"/account/security/passkeys/", "\"").to_owned();

    let mut other = Browser::new(&server);
    let options: Value = serde_json::from_str(&other.send("/sign-in/passkey/options", &[]).await.text).unwrap();
    let credential = phone.sign(&options, &server.origin()).to_string();
    let form = [("next", "/account/orders"), ("credential", credential.as_str())];
    let entered = other.send("/sign-in/passkey", &form).await;
    assert_eq!((entered.status, entered.header("location")), (303, "/account/orders"), "{}", entered.text);
    assert_eq!(other.get("/account/orders").await.status, 200);
    let again = Browser::new(&server).send("/sign-in/passkey", &form).await;
    assert!(again.status == 422 && again.text.contains("Khoá đăng nhập không đúng"), "{}", again.text);
    browser.send(&format!("/account/security/passkeys/{id}"), &[("csrf", &csrf)]).await;
    assert!(!browser.get("/account/security").await.text.contains("Máy của Hoa"));
}

/// Each question is a row: nobody asks without end.
#[tokio::test]
async fn questions_are_counted_as_sign_ins_are() {
    let server = named(Settings::default().set("OCOP_AUTH_RATE_LIMIT_PER_MINUTE", "3")).await;
    let mut browser = Browser::new(&server);
    assert_eq!(browser.send("/sign-in/passkey/options", &[]).await.status, 200);
    let guest = server.client();
    for _ in 0..2 {
        guest.post("/v1/auth/passkey/options", json!({})).await.expect(200);
    }
    guest.post("/v1/auth/passkey/options", json!({})).await.expect_problem(429, "rate_limited");
    assert_eq!(browser.send("/sign-in/passkey/options", &[]).await.status, 429);
    assert_eq!(browser.send("/sign-in/passkey", &[("credential", "{}")]).await.status, 429);
    assert_eq!(server.count("SELECT COUNT(*) FROM passkey_challenge").await, 3);
}
