//! Partners: approval, team, sites that may show widgets, keys, webhooks.

use serde_json::{Value, json};
use tests::{FEED, Manner, PHONE, Server, Settings, StandIn, facts};

#[tokio::test]
async fn a_partner_is_approved_told_and_can_be_suspended() {
    let server = Server::start().await;
    let owner = server.new_buyer("mai@example.vn").await;
    let mut wrong = facts("Nhà nghỉ");
    wrong["tax_code"] = "12".into();
    let refused = owner.post("/v1/partners", wrong).await.expect_problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/tax_code");
    let partner = owner.post("/v1/partners", facts("Nhà nghỉ Thác")).await.expect(201);
    assert_eq!((&partner["state"], &partner["bank_account"]), (&json!("submitted"), &json!("…1111")));
    let id = partner["id"].as_str().unwrap();
    let path = |rest: &str| format!("/v1/partner/{id}/{rest}");
    owner
        .post(&path("feeds"), json!({"name": "x", "definition": {}}))
        .await
        .expect_problem(409, "partner_not_approved");
    let admin = server.sign_in("admin@example.vn").await;
    let waiting = admin.get("/v1/admin/partners?state=submitted").await.expect(200);
    assert_eq!(waiting["items"].as_array().unwrap().len(), 1);
    let decision = format!("/v1/admin/partners/{id}/decision");
    admin.post(&decision, json!({"decision": "suspend"})).await.expect_problem(409, "partner_state");
    admin.post(&decision, json!({"decision": "reject", "note": "Thiếu giấy tờ"})).await.expect(200);
    assert!(server.message_to("mai@example.vn", "Thiếu giấy tờ").await.contains("/partner"));
    let again = owner.put(&path("profile"), facts("Nhà nghỉ Thác Bạc")).await.expect(200);
    assert_eq!(again["state"], "submitted", "who was rejected is decided on again");
    admin.post(&decision, json!({"decision": "approve"})).await.expect(200);
    server.message_to("mai@example.vn", "đã được duyệt").await;
    let feed = owner.post(&path("feeds"), json!({"name": "Nguồn", "definition": {"size": 3}})).await.expect(201);
    let address = format!("/feeds/{}.json", feed["slug"].as_str().unwrap());
    server.client().get(&address).await.expect(200);
    let spring = server.client().get("/v1/destinations/suoi-khoang-kim-boi").await.expect(200);
    owner.put(&path("destinations"), json!({"destinations": [spring["id"]]})).await.expect(200);
    let there = server.client().get("/v1/destinations/suoi-khoang-kim-boi").await.expect(200);
    assert_eq!(there["partners"].as_array().unwrap().len(), 2);
    let mut moved = facts("Nhà nghỉ Thác Bạc");
    moved["bank_account"] = "9999999999".into();
    owner.put(&path("profile"), moved).await.expect(200);
    server.message_to("mai@example.vn", "Tài khoản nhận hoa hồng").await;
    admin.post(&decision, json!({"decision": "suspend", "note": "Khiếu nại"})).await.expect(200);
    server.client().get(&address).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_team_never_loses_its_last_owner() {
    let server = Server::start().await;
    let partner = server.partner().await;
    let staff = server.new_buyer("le-tan@example.vn").await;
    let invitation = partner.post("invitations", json!({"role": "member"})).await.expect(201);
    staff.post("/v1/partners/join", json!({"code": "WRONG"})).await.expect_problem(409, "bad_invitation");
    staff.post("/v1/partners/join", json!({"code": invitation["code"]})).await.expect(200);
    staff.post("/v1/partners/join", json!({"code": invitation["code"]})).await.expect_problem(409, "bad_invitation");
    staff.get(&partner.path("feeds")).await.expect(200);
    staff.get(&partner.path("keys")).await.expect_problem(403, "forbidden");
    let team = partner.get("members").await.expect(200);
    let account = |role: &str| {
        team["members"].as_array().unwrap().iter().find(|one| one["role"] == role).unwrap()["account_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (owner, member) = (account("owner"), account("member"));
    partner.client.delete(&partner.path(&format!("members/{owner}"))).await.expect_problem(409, "last_owner");
    partner
        .client
        .patch(&partner.path(&format!("members/{owner}")), json!({"role": "member"}))
        .await
        .expect_problem(409, "last_owner");
    partner.client.patch(&partner.path(&format!("members/{member}")), json!({"role": "owner"})).await.expect(200);
    partner.client.delete(&partner.path(&format!("members/{owner}"))).await.expect(204);
    partner.get("feeds").await.expect_problem(403, "forbidden");
    staff.get(&partner.path("keys")).await.expect(200);
}

#[tokio::test]
async fn only_verified_sites_show_widgets() {
    let server = Server::with(Settings::default().set("OCOP_WEBHOOKS_ALLOW_PRIVATE", true)).await;
    let partner = server.partner().await;
    let token = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let shown = token.clone();
    let site = StandIn::new(move |asked| match asked.path.as_str() {
        "/" => Manner::Text(
            200,
            "text/html",
            format!(
                "<html><head><meta name=\"cho-ocop-verification\" content=\"{}\"></head></html>",
                shown.lock().unwrap()
            ),
        ),
        _ => Manner::Text(404, "text/plain", String::new()),
    })
    .await;
    let named = partner.post("sites", json!({"url": format!("{}/dat-phong?x=1", site.url)})).await.expect(201);
    assert_eq!(named["origin"], site.url);
    partner.post("sites", json!({"url": site.url})).await.expect_problem(409, "site_known");
    let verify = format!("sites/{}/verify", named["id"].as_str().unwrap());
    partner.post(&verify, json!({})).await.expect_problem(409, "mark_not_found");
    let unverified = server.client().header("origin", &site.url);
    unverified.get(&format!("/feeds/{FEED}.json")).await.expect_problem(403, "site_not_verified");
    let frame = server.client().get(&format!("/embed/{FEED}")).await;
    assert!(!frame.header("content-security-policy").contains(&site.url), "not yet");
    *token.lock().unwrap() = named["token"].as_str().unwrap().to_owned();
    partner.post(&verify, json!({})).await.expect(200);
    let answer = unverified.get(&format!("/feeds/{FEED}.json")).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin"), answer.header("vary").contains("Origin")),
        (200, site.url.as_str(), true)
    );
    let frame = server.client().get(&format!("/embed/{FEED}?layout=carousel&theme=dark&lang=en")).await;
    let policy = frame.header("content-security-policy").to_owned();
    assert!(policy.contains(&format!("frame-ancestors 'self' {}", site.url)), "{policy}");
    assert!(
        frame.headers.get("x-frame-options").is_none()
            && frame.text.contains("data-theme=\"dark\"")
            && frame.text.contains("commission"),
        "{}",
        frame.text
    );
    assert!(frame.text.contains("application/json+oembed"));
    server
        .client()
        .header("origin", "https://evil.example")
        .get(&format!("/feeds/{FEED}.json"))
        .await
        .expect_problem(403, "site_not_verified");
    // Two partners never share a site.
    let other = server.new_partner(&server.new_buyer("khac@example.vn").await).await;
    let theirs = other.post("sites", json!({"url": site.url})).await.expect(201);
    *token.lock().unwrap() = theirs["token"].as_str().unwrap().to_owned();
    other
        .post(&format!("sites/{}/verify", theirs["id"].as_str().unwrap()), json!({}))
        .await
        .expect_problem(409, "site_of_another");
    // Views are told from verified pages, by people.
    let seen = format!("/feeds/{FEED}/views");
    let items = answer.body["items"].clone();
    let id = |index: usize| items[index]["id"].as_str().unwrap().to_owned();
    // What is told twice, is no product or of no such feed counts for nothing.
    let told = format!("{},{},{},{},chuối", id(0), id(1), id(1), "01a20f56-2293-77cb-af7a-682ae46d6ea6");
    unverified.clone().header("user-agent", PHONE).upload(&seen, "text/plain", told.into_bytes()).await.expect(204);
    unverified
        .clone()
        .header("user-agent", "Googlebot/2.1 (+http://www.google.com/bot.html)")
        .post(&seen, json!({}))
        .await
        .expect(204);
    server
        .client()
        .header("origin", "https://evil.example")
        .header("user-agent", PHONE)
        .post(&seen, json!({}))
        .await
        .expect_problem(403, "site_not_verified");
    for _ in 0..100 {
        if server.count("SELECT COUNT(*) FROM feed_view").await > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let report = partner.get("report?by=page").await.expect(200);
    assert_eq!((&report["total"]["views"], &report["rows"][0]["key"]), (&json!(1), &json!(site.url)), "{report}");
    let report = partner.get("report?by=product").await.expect(200);
    let rows = report["rows"].as_array().unwrap();
    let mut viewed: Vec<_> =
        rows.iter().map(|row| (row["key"].clone(), row["name"].clone(), row["views"].clone())).collect();
    viewed.sort_by_key(|row| row.0.to_string());
    let of = |index: usize| (items[index]["slug"].clone(), items[index]["name"].clone(), json!(1));
    let mut wanted = vec![of(0), of(1)];
    wanted.sort_by_key(|row| row.0.to_string());
    assert_eq!(viewed, wanted, "each product once: {report}");
    partner.client.delete(&partner.path(&format!("sites/{}", named["id"].as_str().unwrap()))).await.expect(204);
    unverified.get(&format!("/feeds/{FEED}.json")).await.expect_problem(403, "site_not_verified");

    let embed =
        server.client().get(&format!("/oembed?url={}/embed/{FEED}&maxwidth=400", server.url())).await.expect(200);
    assert_eq!((&embed["type"], &embed["version"], &embed["width"]), (&json!("rich"), &json!("1.0"), &json!(400)));
    assert!(embed["html"].as_str().unwrap().contains("<iframe"));
    let link = server.client().get(&format!("/oembed?url={}/p/buoi-dien-du-sang", server.url())).await.expect(200);
    assert_eq!(link["type"], "link");
    server.client().get("/oembed?url=https://elsewhere.example/").await.expect_problem(404, "not_found");
    let xml = server.client().get(&format!("/oembed?format=xml&url={}/embed/{FEED}", server.url())).await;
    assert!(xml.status == 200 && xml.text.contains("<type>rich</type>"), "{}", xml.text);
    server
        .client()
        .get(&format!("/oembed?format=yaml&url={}/embed/{FEED}", server.url()))
        .await
        .expect_problem(400, "malformed");
}

#[tokio::test]
async fn keys_have_scopes_a_rate_and_rotate_without_a_gap() {
    let server = Server::start().await;
    let partner = server.partner().await;
    let made = partner.post("keys", json!({"name": "Trang đặt phòng", "scopes": ["feeds:read"]})).await.expect(201);
    let secret = made["secret"].as_str().unwrap();
    let key = server.client().bearer(secret);
    let answer = key.get(&partner.path("feeds")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("ratelimit-policy"), "\"minute\";q=120;w=60, \"day\";q=20000;w=86400");
    assert!(answer.header("ratelimit").starts_with("\"minute\";r=119;t="), "{}", answer.header("ratelimit"));
    key.get(&partner.path("report")).await.expect_problem(403, "forbidden");
    key.get(&partner.path("keys")).await.expect_problem(403, "forbidden");
    key.post(&partner.path("feeds"), json!({"name": "x", "definition": {}})).await.expect_problem(403, "forbidden");
    key.get("/v1/me").await.expect_problem(401, "unauthenticated");
    let other = server.new_partner(&server.new_buyer("khac@example.vn").await).await;
    key.get(&other.path("feeds")).await.expect_problem(403, "forbidden");
    let id = made["id"].as_str().unwrap();
    let rotated = partner.post(&format!("keys/{id}/rotate"), json!({})).await.expect(200);
    let new = server.client().bearer(rotated["secret"].as_str().unwrap());
    new.get(&partner.path("feeds")).await.expect(200);
    key.get(&partner.path("feeds")).await.expect(200);
    let listed = partner.get("keys").await.expect(200);
    assert!(
        listed["items"][0]["last_used_at"].is_string() && listed["items"][0]["used_today"].as_i64().unwrap() >= 3,
        "{listed}"
    );
    assert!(!listed.to_string().contains(secret), "a secret is shown once");
    server.execute("UPDATE api_key SET per_day = 9").await;
    let mut last = 200;
    for _ in 0..8 {
        last = new.get(&partner.path("feeds")).await.status;
    }
    assert_eq!(last, 429);
    let refused = new.get(&partner.path("feeds")).await;
    assert!(
        refused.header("retry-after").parse::<u64>().unwrap() > 0
            && refused.header("ratelimit").contains("\"day\";r=0")
    );
    refused.expect_problem(429, "quota_used_up");
    server.execute("UPDATE api_key SET per_day = 9000, per_minute = 1").await;
    new.get(&partner.path("feeds")).await.expect_problem(429, "rate_limited");
    server.execute("UPDATE api_key SET per_minute = 9000").await;
    let mut later = server;
    later.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 25 * 3600)).await;
    let (old, new) = (later.client().bearer(secret), later.client().bearer(rotated["secret"].as_str().unwrap()));
    old.get(&partner.path("feeds")).await.expect_problem(401, "unauthenticated");
    new.get(&partner.path("feeds")).await.expect(200);
    let partner = later.partner().await;
    partner.client.delete(&partner.path(&format!("keys/{id}"))).await.expect(204);
    new.get(&partner.path("feeds")).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn partners_systems_hear_of_products_and_commission() {
    let hook = StandIn::new(|_| Manner::Answer(200, Value::Null)).await;
    let server = Server::with(Settings::default().set("OCOP_WEBHOOKS_ALLOW_PRIVATE", true)).await;
    let partner = server.partner().await;
    let events = json!({"url": format!("{}/hook", hook.url), "events": ["product.changed", "commission.earned", "commission.reversed", "order.placed"]});
    partner.post("webhooks", events).await.expect(201);
    let shop = server.seller_of("buoi-dien-du-sang").await;
    let page = shop.client.get(&shop.path(&format!("products/{}", shop.product))).await.expect(200);
    assert!(page["id"].is_string());
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    let click = server.click(&server.link(FEED, "buoi-dien-du-sang").await).await.unwrap();
    let purchase = server.buy_through(&click, &[(&offer, 2)]).await;
    let order = purchase["orders"][0]["id"].as_str().unwrap();
    shop.deliver(order).await;
    let token = purchase["orders"][0]["link"].as_str().unwrap().split_once("token=").unwrap().1.to_owned();
    server.client().post(&format!("/v1/orders/{order}/complete?token={token}"), json!({})).await.expect(200);
    // A product of the feed.
    shop.client.patch(&shop.path(&format!("offers/{offer}")), json!({"price": 251_000})).await.expect(200);
    let heard = hook.asked_times(3).await;
    let topics: Vec<String> = heard.iter().map(|asked| asked.json()["type"].as_str().unwrap().to_owned()).collect();
    assert!(topics.contains(&"product.changed".to_owned()), "{topics:?}");
    assert!(
        topics.contains(&"order.placed".to_owned()) && topics.contains(&"commission.earned".to_owned()),
        "{topics:?}"
    );
    let earned = heard.iter().find(|asked| asked.json()["type"] == "commission.earned").unwrap().json();
    assert_eq!((&earned["data"]["amount"], &earned["data"]["order_id"]), (&json!(25_000), &json!(order)));
    // One that is in none of the partner's feeds is not told of; one that leaves the market is.
    let other = server.seller_of("mat-ong-rung-hop-tien").await;
    let honey = server.offer("mat-ong-rung-hop-tien", 0).await;
    let feeds = partner.get("feeds").await.expect(200);
    let path = partner.path(&format!("feeds/{}", feeds["items"][0]["id"].as_str().unwrap()));
    partner.client.patch(&path, json!({"definition": {"products": ["buoi-dien-du-sang"]}})).await.expect(200);
    other.client.patch(&other.path(&format!("offers/{honey}")), json!({"price": 199_000})).await.expect(200);
    shop.client.patch(&shop.path(&format!("products/{}", shop.product)), json!({"status": "paused"})).await.expect(200);
    let heard = hook.asked_times(4).await;
    let last = heard.last().unwrap().json();
    assert_eq!(
        (&last["type"], &last["data"]["product_id"]),
        (&json!("product.changed"), &json!(shop.product)),
        "{last}"
    );
}
