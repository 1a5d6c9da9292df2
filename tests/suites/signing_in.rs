//! Who may come in: guessing, devices, a second factor, and where one is signed in.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Browser, Client, PASSWORD, Server, Settings, between};

const MAIL: &str = "hoa@example.vn";

/// What an authenticator app shows: now, or so many times thirty seconds away.
fn app_code(secret: &str, away: i64) -> String {
    let value = |letter| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap();
    let bits = secret.chars().map(|letter| format!("{:05b}", value(letter))).collect::<Vec<_>>().concat();
    let bytes: Vec<u8> =
        bits.as_bytes().chunks_exact(8).map(|byte| byte.iter().fold(0, |all, bit| (all << 1) | (bit - b'0'))).collect();
    let step = time::OffsetDateTime::now_utc().unix_timestamp() / 30 + away;
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let tag = ring::hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes([tag[at] & 127, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

async fn signed_in(server: &Server, login: &str) -> Value {
    server.client().post("/v1/auth/login", json!({"login": login, "password": PASSWORD})).await.expect(200)
}

fn with(server: &Server, tokens: &Value) -> Client {
    server.client().bearer(tokens["access_token"].as_str().unwrap())
}

/// Switches the second factor on; the secret, the code that did so, and the recovery codes.
async fn enrolled(client: &Client) -> (String, String, Vec<String>) {
    let enrolment = client.post("/v1/me/second-factor", json!({})).await.expect(201);
    let secret = enrolment["secret"].as_str().unwrap().to_owned();
    assert!(enrolment["url"].as_str().unwrap().starts_with("otpauth://totp/"), "{enrolment}");
    let used = app_code(&secret, -1);
    let codes = client.post("/v1/me/second-factor/confirm", json!({"code": used})).await.expect(200);
    let codes = codes["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    (secret, used, codes.collect())
}

async fn step_of(client: &Client, device: Option<&str>) -> String {
    let mut login = json!({"login": MAIL, "password": PASSWORD});
    if let Some(device) = device {
        login["device_token"] = device.into();
    }
    let problem = client.post("/v1/auth/login", login).await.expect_problem(401, "second_factor_needed");
    problem["step"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_code_is_asked_for_beside_the_password() {
    let server = Server::start().await;
    server.new_buyer(MAIL).await;
    let first = with(&server, &signed_in(&server, MAIL).await);
    assert_eq!(first.get("/v1/me/second-factor").await.expect(200)["enabled"], false);
    first
        .post("/v1/me/second-factor/confirm", json!({"code": "123456"}))
        .await
        .expect_problem(409, "second_factor_not_set");
    // One that was never confirmed is asked for by nobody, and replaced.
    first.post("/v1/me/second-factor", json!({})).await.expect(201);
    first.post("/v1/me/second-factor/confirm", json!({"code": "000000"})).await.expect_problem(422, "bad_code");
    signed_in(&server, MAIL).await;
    let (secret, used, recovery) = enrolled(&first).await;
    assert_eq!(recovery.len(), 10);
    first.post("/v1/me/second-factor", json!({})).await.expect_problem(409, "second_factor_set");
    server.message_to(MAIL, "vừa được bật").await;

    let client = server.client();
    let enter =
        async |step: &str, code: &str| client.post("/v1/auth/second-factor", json!({"step": step, "code": code})).await;
    let step = step_of(&client, None).await;
    enter(&step, "000000").await.expect_problem(422, "bad_code");
    enter("made-up", &app_code(&secret, 0)).await.expect_problem(401, "step_over");
    // What somebody read over a shoulder was used already.
    enter(&step, &used).await.expect_problem(422, "bad_code");
    let code = app_code(&secret, 0);
    let tokens = enter(&step, &code).await.expect(200);
    enter(&step, &app_code(&secret, 1)).await.expect_problem(401, "step_over");
    let again = step_of(&client, None).await;
    enter(&again, &code).await.expect_problem(422, "bad_code");
    // Two at once with one code: one comes in.
    let spare = step_of(&client, None).await;
    let answers = join_all([&again, &spare].map(|step| enter(step, &recovery[0]))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let strong = with(&server, &tokens);
    let sessions = strong.get("/v1/me/sessions").await.expect(200);
    let current = sessions["items"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap().clone();
    assert_eq!(current["second_factor"], true);
    assert_eq!(strong.get("/v1/me/second-factor").await.expect(200)["recovery_codes_left"], 9);

    strong.post("/v1/me/second-factor/remove", json!({"code": "000000"})).await.expect_problem(422, "bad_code");
    strong.post("/v1/me/second-factor/remove", json!({"code": recovery[1].to_lowercase()})).await.expect(204);
    signed_in(&server, MAIL).await;
    server.message_to(MAIL, "vừa bị tắt").await;
}

#[tokio::test]
async fn a_hundred_wrong_codes_are_stopped_and_the_owner_comes_in() {
    let server = Server::with(Settings::default().set("OCOP_TRUST_PROXY", "true")).await;
    server.new_buyer(MAIL).await;
    let known = signed_in(&server, MAIL).await;
    let device = known["device_token"].as_str().unwrap().to_owned();
    let (secret, _, _) = enrolled(&with(&server, &known)).await;
    // Somebody knows the password, and guesses from a hundred addresses, twenty at once.
    let from = |index: usize| server.client().header("x-forwarded-for", &format!("203.0.113.{index}"));
    let step = step_of(&from(0), None).await;
    let mut judged = 0;
    for round in 0..5 {
        let guesses = (0..20).map(|index| {
            let (client, step) = (from(round * 20 + index), step.clone());
            async move {
                let guess = format!("{:06}", round * 20 + index);
                client.post("/v1/auth/second-factor", json!({"step": step, "code": guess})).await
            }
        });
        for answer in join_all(guesses).await {
            match answer.status {
                422 => judged += 1,
                _ => {
                    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
                    answer.expect_problem(429, "too_many_guesses");
                }
            }
        }
    }
    assert_eq!(judged, 5, "after five it takes a minute");
    // A right code helps nobody from there either.
    let right = json!({"step": step, "code": app_code(&secret, 0)});
    from(7).post("/v1/auth/second-factor", right).await.expect_problem(429, "too_many_guesses");
    // The owner's own device is not held up.
    let owner = server.client().header("x-forwarded-for", "198.51.100.7");
    let step = step_of(&owner, Some(&device)).await;
    let form = json!({"step": step, "code": app_code(&secret, 0), "device_token": device});
    owner.post("/v1/auth/second-factor", form).await.expect(200);

    // The same with passwords.
    let wrong = json!({"login": MAIL, "password": "đoán mò mật khẩu"});
    let answers = join_all((0..30).map(|index| {
        let (client, wrong) = (from(index), wrong.clone());
        async move { client.post("/v1/auth/login", wrong).await.status }
    }))
    .await;
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 5, "{answers:?}");
    let right = json!({"login": MAIL, "password": PASSWORD});
    from(9).post("/v1/auth/login", right).await.expect_problem(429, "too_many_guesses");
    step_of(&owner, Some(&device)).await;
    // Who forgot it sets a new one, and need not wait for what others guessed.
    owner.post("/v1/auth/password/forgot", json!({"contact": MAIL})).await.expect(202);
    let mail = server.message_to(MAIL, "đặt lại mật khẩu").await;
    let code = mail.split_whitespace().find(|word| word.len() == 11 && word.as_bytes()[5] == b'-').unwrap().to_owned();
    owner.post("/v1/auth/password/reset", json!({"code": code, "password": "bưởi diễn tháng chạp"})).await.expect(204);
    let fresh = json!({"login": MAIL, "password": "bưởi diễn tháng chạp"});
    from(40).post("/v1/auth/login", fresh).await.expect_problem(401, "second_factor_needed");
    assert_eq!(
        server.count("SELECT COUNT(*) FROM sign_in_attempt WHERE key LIKE '%hoa%'").await,
        0,
        "keys tell nobody's name"
    );
}

#[tokio::test]
async fn whoever_has_power_shows_a_second_factor_where_it_is_asked_for() {
    let server = Server::with(Settings::default().set("OCOP_SECOND_FACTOR", "required")).await;
    let tokens = signed_in(&server, "admin@example.vn").await;
    let admin = with(&server, &tokens);
    admin.get("/v1/admin/applications").await.expect_problem(403, "second_factor_required");
    admin.get("/v1/me").await.expect(200);
    let officer = with(&server, &signed_in(&server, "can-bo@example.vn").await);
    officer.get("/v1/admin/holidays").await.expect_problem(403, "second_factor_required");
    let shop = server.seller_of("hat-doi").await;
    shop.client.get(&shop.path("orders")).await.expect(200);
    let account = json!({"bank_bin": "970405", "number": "3005217776665", "holder": "HTX"});
    shop.client.put(&shop.path("bank-account"), account.clone()).await.expect_problem(403, "second_factor_required");
    let buyer = server.new_buyer("mua@example.vn").await;
    buyer.get("/v1/admin/applications").await.expect_problem(403, "forbidden");

    // The pages lead to where it is switched on, and open once it was shown.
    let mut browser = Browser::new(&server);
    browser.send("/sign-in", &[("login", "admin@example.vn"), ("password", PASSWORD)]).await;
    for page in ["/console", "/admin"] {
        assert_eq!(browser.get(page).await.header("location"), "/account/security", "{page}");
    }
    let page = browser.get("/account/security").await.text;
    assert!(page.contains("phải bật xác thực hai lớp"), "{page}");
    let csrf = between(&page, "name=\"csrf\" value=\"", "\"").to_owned();
    let forged = browser.send("/account/security/factor", &[("csrf", "forged")]).await;
    assert_eq!(forged.status, 403);
    let shown = browser.send("/account/security/factor", &[("csrf", &csrf)]).await.text;
    assert!(shown.contains("<svg class=\"qr\""), "{shown}");
    let secret = between(&shown, "secret=", "&").to_owned();
    browser.send("/account/security/confirm", &[("csrf", &csrf), ("code", "000000")]).await;
    assert!(browser.get("/account/security").await.text.contains("Mã không đúng"));
    let code = app_code(&secret, -1);
    let codes = browser.send("/account/security/confirm", &[("csrf", &csrf), ("code", &code)]).await.text;
    assert_eq!(codes.matches("<li><code>").count(), 10, "{codes}");
    assert_eq!(browser.get("/admin").await.status, 200, "this session has shown it");

    // Elsewhere the password alone leads to the code.
    let mut other = Browser::new(&server);
    let led = other.send("/console/login", &[("login", "admin@example.vn"), ("password", PASSWORD)]).await;
    assert_eq!(led.header("location"), "/sign-in/second?next=%2Fconsole");
    assert_eq!(other.get("/account").await.status, 303, "nobody is in yet");
    let wrong = other.send("/sign-in/second", &[("code", "000000"), ("next", "/console")]).await;
    assert!(wrong.status == 422 && wrong.text.contains("Mã không đúng"), "{}", wrong.text);
    let code = app_code(&secret, 0);
    let entered = other.send("/sign-in/second", &[("code", &code), ("next", "/console")]).await;
    assert_eq!((entered.status, entered.header("location")), (303, "/console"), "{}", entered.text);
    assert!(!other.cookies.contains_key("ocop_step"));
    assert_eq!(other.get("/console").await.header("location"), "/admin");
    // A token of before is weak still; a new one of the session that was strengthened is not.
    admin.get("/v1/admin/applications").await.expect_problem(403, "second_factor_required");

    let (secret, _, _) = enrolled(&shop.client).await;
    let login = shop.client.get("/v1/me").await.expect(200)["email"].as_str().unwrap().to_owned();
    let form = json!({"login": login, "password": PASSWORD});
    let problem = server.client().post("/v1/auth/login", form).await.expect_problem(401, "second_factor_needed");
    let form = json!({"step": problem["step"], "code": app_code(&secret, 0)});
    let strong = server.client().post("/v1/auth/second-factor", form).await.expect(200);
    with(&server, &strong).put(&shop.path("bank-account"), account).await.expect(200);
}

#[tokio::test]
async fn who_lost_phone_and_paper_is_helped_by_somebody_who_knows_them() {
    let server = Server::start().await;
    let none = server.ocop(&["user", "forget-second-factor", "admin@example.vn"], "");
    assert!(!none.status.success() && String::from_utf8_lossy(&none.stderr).contains("no second factor"), "{none:?}");
    let tokens = signed_in(&server, "admin@example.vn").await;
    enrolled(&with(&server, &tokens)).await;
    let done = server.ocop(&["user", "forget-second-factor", "ADMIN@example.vn"], "");
    assert!(done.status.success(), "{done:?}");
    let renew = json!({"refresh_token": tokens["refresh_token"]});
    server.client().post("/v1/auth/refresh", renew).await.expect_problem(401, "bad_refresh_token");
    signed_in(&server, "admin@example.vn").await;
    server.message_to("admin@example.vn", "vừa bị tắt").await;
    let nobody = server.ocop(&["user", "forget-second-factor", "nobody@example.vn"], "");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("has no account"), "{nobody:?}");
}

#[tokio::test]
async fn a_password_that_became_known_is_nobodys() {
    let server = Server::prepared(Settings::default()).await;
    let list = "mua xuan tuoi dep\ncon gà cục tác\n5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\n";
    let file = server.data().join("breached");
    let output = server.ocop(&["passwords", "-", "--out", file.to_str().unwrap()], list);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("3 passwords are in"), "{output:?}");
    let maker = server;
    let server = Server::with(Settings::default().set("OCOP_BREACHED_PASSWORDS", file.display())).await;
    let form = |password: &str| json!({"contact": MAIL, "name": "Hoa", "password": password, "consent": true});
    for known in ["con gà cục tác", "Mua Xuan Tuoi Dep"] {
        let problem = server.client().post("/v1/auth/register", form(known)).await.expect_problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/password");
        assert!(problem.to_string().contains("became known elsewhere"), "{problem}");
    }
    server.client().post("/v1/auth/register", form("con gà cục tác lá chanh")).await.expect(202);
    let me = with(&server, &signed_in(&server, "lan@example.vn").await);
    let change = json!({"current_password": PASSWORD, "new_password": "con gà cục tác"});
    let problem = me.post("/v1/me/password", change).await.expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/new_password");
    // Who holds a session guesses at its password no faster.
    for _ in 0..5 {
        let guess = json!({"current_password": "đoán mò thôi", "new_password": "con gà cục tác lá chanh"});
        me.post("/v1/me/password", guess).await.expect_problem(401, "bad_credentials");
    }
    let right = json!({"current_password": PASSWORD, "new_password": "con gà cục tác lá chanh"});
    me.post("/v1/me/password", right).await.expect_problem(429, "too_many_guesses");
    let broken = maker.data().join("no-list");
    std::fs::write(&broken, "x").unwrap();
    let refused = Server::prepared(Settings::default().set("OCOP_BREACHED_PASSWORDS", broken.display())).await;
    let said = String::from_utf8_lossy(&refused.ocop(&["serve"], "").stderr).into_owned();
    assert!(said.contains("no file of `ocop passwords`"), "{said}");
}

#[tokio::test]
async fn what_a_guess_costs_is_raised_and_reaches_an_account_as_it_signs_in() {
    let mut server = Server::start().await;
    server.new_buyer(MAIL).await;
    let dear = "SELECT COUNT(*) FROM account WHERE password_hash LIKE '$argon2id$v=19$m=19456,%'";
    assert_eq!(server.count(dear).await, 0);
    server.restart_with(|settings| settings.set("OCOP_PASSWORD_MEMORY_KIB", 19_456)).await;
    let wrong = json!({"login": MAIL, "password": "khong phai mat khau"});
    server.client().post("/v1/auth/login", wrong).await.expect_problem(401, "bad_credentials");
    assert_eq!(server.count(dear).await, 0, "who guesses changes nothing");
    for _ in 0..2 {
        signed_in(&server, MAIL).await;
        assert_eq!(server.count(dear).await, 1);
    }
}

#[tokio::test]
async fn one_sees_where_one_is_signed_in_and_ends_it_there() {
    let server = Server::start().await;
    server.new_buyer(MAIL).await;
    let phone = "Mozilla/5.0 (Linux; Android 13; SM-A125F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36";
    let mut home = Browser::new(&server);
    home.client = home.client.clone().header("user-agent", phone);
    home.send("/sign-in", &[("login", MAIL), ("password", PASSWORD)]).await;
    assert!(
        server.message_to(MAIL, "chưa từng dùng").await.contains("Chrome, Android"),
        "it had signed in elsewhere before"
    );
    // The same device again is no news.
    let letters = || server.messages().iter().filter(|(_, text)| text.contains("chưa từng dùng")).count();
    let before = letters();
    let csrf = between(&home.get("/account").await.text, "name=\"csrf\" value=\"", "\"").to_owned();
    home.send("/account/sign-out", &[("csrf", &csrf)]).await;
    home.send("/sign-in", &[("login", MAIL), ("password", PASSWORD)]).await;
    let mut cafe = Browser::new(&server);
    cafe.client = cafe
        .client
        .clone()
        .header("user-agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0");
    cafe.send("/sign-in", &[("login", MAIL), ("password", PASSWORD)]).await;
    server.message_to(MAIL, "Firefox, Windows").await;
    assert_eq!(letters(), before + 1);

    let page = home.get("/account/security").await.text;
    assert!(page.contains("Firefox, Windows") && page.contains("máy này"), "{page}");
    let listed = page.split("<b>Firefox, Windows</b>").nth(1).unwrap();
    let id = between(listed, "/account/security/sessions/", "\"").to_owned();
    let csrf = between(&page, "name=\"csrf\" value=\"", "\"").to_owned();
    // Nobody else's.
    let stranger = server.new_buyer("la@example.vn").await;
    stranger.delete(&format!("/v1/me/sessions/{id}")).await.expect_problem(404, "not_found");
    assert_eq!(cafe.get("/account").await.status, 200);
    home.send(&format!("/account/security/sessions/{id}"), &[("csrf", &csrf)]).await;
    assert!(!home.get("/account/security").await.text.contains("Firefox, Windows"));
    assert_eq!(cafe.get("/account").await.status, 303, "signed out from afar");

    // By the API, too: the tokens of an ended session are not renewed.
    let (one, two) = (signed_in(&server, MAIL).await, signed_in(&server, MAIL).await);
    let open = with(&server, &two).get("/v1/me/sessions").await.expect(200);
    let other = open["items"].as_array().unwrap().iter().find(|one| one["current"] == false).unwrap()["id"].clone();
    with(&server, &two).delete(&format!("/v1/me/sessions/{}", other.as_str().unwrap())).await.expect(204);
    let renew = json!({"refresh_token": one["refresh_token"]});
    server.client().post("/v1/auth/refresh", renew).await.expect_problem(401, "bad_refresh_token");
}

#[tokio::test]
async fn a_site_with_https_believes_cookies_of_its_own_alone() {
    let server = Server::with(Settings::default().set("OCOP_BASE_URL", "https://cho.example")).await;
    server.new_buyer(MAIL).await;
    let mut browser = Browser::new(&server);
    let entered = browser.send("/sign-in", &[("login", MAIL), ("password", PASSWORD)]).await;
    let said: Vec<_> = entered.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    let session = said.iter().find(|cookie| cookie.starts_with("__Host-ocop_console=")).expect("a session");
    for word in ["Secure", "HttpOnly", "Path=/", "SameSite=Lax"] {
        assert!(session.contains(word), "{session}");
    }
    assert!(!session.contains("Domain"), "{session}");
    assert_eq!(browser.get("/account").await.status, 200);
    // A neighbour, or somebody on an open line, can set one without the prefix only.
    let mut slipped_in = Browser::new(&server);
    slipped_in.cookies.insert("ocop_console".into(), browser.cookies["__Host-ocop_console"].clone());
    assert_eq!(slipped_in.get("/account").await.status, 303);
}
