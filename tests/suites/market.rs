//! What the market's own people set while it runs, and two of them at one thing.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Asked, Basket, Client, FEED, Gateway, Manner, PASSWORD, Server, StandIn, between};

use crate::console::Browser;
use crate::payments::until;
use crate::payouts::{bank_accounts, sold};
use crate::supply::Market;
use crate::traceability::{day, text};

async fn term(admin: &Client, name: &str) -> i64 {
    let terms = admin.get("/v1/admin/terms").await.expect(200);
    let found = terms["items"].as_array().unwrap().iter().find(|one| one["name"] == name).cloned();
    found.unwrap_or_else(|| panic!("no {name} in {terms}"))["value"].as_i64().unwrap()
}

/// In how many hours a cooperative has to answer an order placed now.
async fn hours_to_answer(server: &Server, client: Client, offer: &str) -> i64 {
    let bought = Basket::of(client, &[(offer, 1)]).await.buy_by("cash_on_delivery").await;
    let hours = if tests::on_postgres() {
        "EXTRACT(EPOCH FROM respond_by - placed_at) / 3600"
    } else {
        "(julianday(substr(respond_by, 1, 19)) - julianday(substr(placed_at, 1, 19))) * 24"
    };
    let number = text(&bought["orders"][0], "number");
    server.count(&format!("SELECT CAST(ROUND({hours}) AS bigint) FROM orders WHERE number = '{number}'")).await
}

#[tokio::test]
async fn a_term_that_is_set_holds_for_what_begins_then_on_every_node() {
    let server = Server::start().await;
    let node = server.second_node().await;
    let admin = server.sign_in("admin@example.vn").await;
    let offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    let path = "/v1/admin/terms/order_response_hours";
    let buyer = server.new_buyer("mua@example.vn").await;
    buyer.get("/v1/admin/terms").await.expect_problem(403, "forbidden");
    buyer.put(path, json!({"value": 48})).await.expect_problem(403, "forbidden");
    let first = term(&admin, "order_response_hours").await;
    assert_eq!(hours_to_answer(&server, server.client(), &offer).await, first);

    for (wrong, code) in [(0, 422), (169, 422)] {
        let problem = admin.put(path, json!({"value": wrong})).await.expect_problem(code, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/value");
    }
    admin.put("/v1/admin/terms/price_of_gold", json!({"value": 1})).await.expect_problem(404, "not_found");
    admin.put(path, json!({"value": 100, "seen": first})).await.expect(200);
    admin.put(path, json!({"value": 7, "seen": first})).await.expect_problem(409, "changed_meanwhile");
    assert_eq!(term(&admin, "order_response_hours").await, 100);
    assert_eq!(hours_to_answer(&server, server.client(), &offer).await, 100, "on the node it was set at, at once");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(hours_to_answer(&server, node.client(), &offer).await, 100, "on the other within a second and a half");
    let trail = admin.get("/v1/admin/audit?action=term.set").await.expect(200);
    assert_eq!(
        (&trail["items"][0]["before"]["value"], &trail["items"][0]["after"]["value"]),
        (&json!(first), &json!(100))
    );
    // Many at once: one of them, and what it says is what holds.
    let both =
        futures_util::future::join_all((1..=8).map(|hours| admin.put(path, json!({"value": hours, "seen": 100}))))
            .await;
    let done: Vec<_> = both.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(done.len(), 1, "{:?}", both.iter().map(|answer| answer.status).collect::<Vec<_>>());
}

async fn set(admin: &Client, name: &str, value: i64) {
    admin.put(&format!("/v1/admin/terms/{name}"), json!({"value": value})).await.expect(200);
}

/// Minutes from one moment of a table's only row of this kind to another.
async fn minutes(server: &Server, table: &str, to: &str, of: &str) -> i64 {
    let between = if tests::on_postgres() {
        format!("EXTRACT(EPOCH FROM {to} - created_at) / 60")
    } else {
        format!("(julianday(substr({to}, 1, 19)) - julianday(substr(created_at, 1, 19))) * 1440")
    };
    server.count(&format!("SELECT CAST(ROUND({between}) AS bigint) FROM {table} WHERE {of}")).await
}

#[tokio::test]
async fn payments_refunds_and_disputes_keep_to_the_terms_that_are_set() {
    let gateway = Gateway::new().await;
    let server = Server::with(gateway.settings()).await;
    let admin = server.sign_in("admin@example.vn").await;
    set(&admin, "payment_minutes", 37).await;
    set(&admin, "bank_transfer_hours", 5).await;
    let offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    for (method, wanted) in [("vnpay", 37), ("bank_transfer", 300)] {
        let basket = server.basket(&[(&offer, 1)]).await;
        let purchase = basket.buy_by(method).await;
        basket.pay(&purchase, method, "a").await.expect(201);
        assert_eq!(minutes(&server, "payment", "expires_at", &format!("method = '{method}'")).await, wanted);
    }

    let (basket, purchase, seller) = sold(&server, "hat-doi").await;
    let order = &purchase["orders"][0];
    let refunds = seller.path(&format!("orders/{}/refunds", text(order, "id")));
    for (limit, key, waiting) in [(1_000_000, "free", 0), (1_000, "large", 1)] {
        set(&admin, "refund_approval_above", limit).await;
        let asked = json!({"amount": 2_000, "delivery": false, "note": "Gói bị rách"});
        seller.client.clone().header("idempotency-key", key).post(&refunds, asked).await.expect(201);
        assert_eq!(server.count("SELECT COUNT(*) FROM refund WHERE state = 'awaiting_approval'").await, waiting);
    }

    set(&admin, "dispute_days", 9).await;
    let told = json!({"reason": "damaged", "text": "Hạt mốc gần một nửa gói"});
    basket.client.post(&Basket::link(order).replace('?', "/disputes?"), told).await.expect(201);
    assert_eq!(minutes(&server, "dispute", "evidence_until", "state = 'open'").await, 9 * 24 * 60);
}

#[tokio::test]
async fn payouts_completion_and_clicks_keep_to_the_terms_that_are_set() {
    let gateway = Gateway::new().await;
    let mut server = Server::with(gateway.settings()).await;
    bank_accounts(&server).await;
    let admin = server.sign_in("admin@example.vn").await;
    server.partner().await;
    for (name, value) in [("order_completion_days", 1), ("attribution_days", 2), ("payout_hold_days", 1)] {
        set(&admin, name, value).await;
    }
    let (_, purchase, seller) = sold(&server, "mat-ong-rung-hop-tien").await;
    let click = server.click(&server.link(FEED, "hat-doi").await).await.unwrap();
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let state = format!(
        "SELECT COUNT(*) FROM orders WHERE state = '{{}}' AND number = '{}'",
        text(&purchase["orders"][0], "number")
    );
    assert_eq!(server.count(&state.replace("{}", "delivered")).await, 1);
    let due = async |admin: &Client| {
        let preview = admin.get("/v1/admin/payout-batches/preview").await.expect(200);
        let lines = preview["lines"].as_array().unwrap();
        let line = lines.iter().find(|line| line["cooperative_id"] == seller.cooperative.as_str());
        line.map_or((0, Value::Null), |line| (line["amount"]["amount"].as_i64().unwrap(), line["left_out"].clone()))
    };
    let held = due(&admin).await.0;

    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 36 * 3_600)).await;
    let admin = server.sign_in("admin@example.vn").await;
    until(&server, &state.replace("{}", "completed"), 1).await;
    assert_eq!(due(&admin).await, (held + total, Value::Null), "a day and a half is over a day");
    set(&admin, "payout_minimum", held + total + 1).await;
    assert_eq!(due(&admin).await, (held + total, json!("below_minimum")));
    set(&admin, "payout_hold_days", 3).await;
    assert_eq!(due(&admin).await.0, held, "and under three");
    let offer = server.offer("hat-doi", 0).await;
    server.basket(&[(&offer, 1)]).await.attribute(json!({"click": click})).await.expect(200);

    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 49 * 3_600)).await;
    let late = server.basket(&[(&offer, 1)]).await.attribute(json!({"click": click})).await;
    late.expect_problem(422, "invalid");
}

#[tokio::test]
async fn text_messages_keep_to_the_terms_that_are_set() {
    let there = StandIn::new(|_: &Asked| Manner::Answer(200, json!({}))).await;
    let url = format!("{}/send?to={{phone}}&text={{text}}", there.url);
    let own = tests::Settings::default().set("OCOP_MESSENGERS", "http").set("OCOP_SMS_HTTP_URL", url);
    let server = Server::with(own.set("OCOP_SMS_HTTP_TOKEN", "gateway-token")).await;
    let admin = server.sign_in("admin@example.vn").await;
    let sign_up = async |number: &str| {
        let form = json!({"contact": number, "name": "Trần Thị Hoa", "password": PASSWORD, "consent": true});
        server.client().post("/v1/auth/register", form).await.expect(202);
    };
    let ended = "SELECT COUNT(*) FROM text_message WHERE state IN ('sent', 'limited')";
    set(&admin, "texts_per_number", 1).await;
    for (number, so_far) in [("0912345678", 1), ("0912345678", 2)] {
        sign_up(number).await;
        until(&server, ended, so_far).await;
    }
    assert_eq!(there.asked().len(), 1, "one to a number");
    set(&admin, "texts_per_number", 9).await;
    set(&admin, "texts_per_day", 2).await;
    for (number, so_far) in [("0987654321", 3), ("0987654322", 4)] {
        sign_up(number).await;
        until(&server, ended, so_far).await;
    }
    assert_eq!(there.asked().len(), 2, "two in all");
}

#[tokio::test]
async fn terms_are_set_on_a_page_as_people_write_amounts() {
    let server = Server::start().await;
    let mut admin = Browser::sign_in(&server, "admin@example.vn").await;
    let (page, path) = ("/admin/terms", "/admin/terms/payout_minimum");
    let (first, second) = (admin.marks(page, path).await, admin.marks(page, path).await);
    let kept = admin.fill(path, &first, &[("value", "250k")]).await;
    assert!(kept.text.contains("Đã ghi.") && kept.text.contains("250.000 ₫"), "{}", kept.text);
    let told = admin.fill(path, &second, &[("value", "1 triệu")]).await;
    assert!(told.text.contains("Người khác vừa sửa") && !told.text.contains("1.000.000 ₫"), "{}", told.text);
    let marks = admin.marks(page, path).await;
    let told = admin.fill(path, &marks, &[("value", "nhiều")]).await;
    assert!(told.text.contains("250.000 ₫") && !told.text.contains("Đã ghi."), "{}", told.text);
    let mut seller = Browser::sign_in(&server, "xanh-kim-boi@example.vn").await;
    assert_eq!(seller.get(page).await.status, 403);
}

#[tokio::test]
async fn a_partners_site_is_taken_away_and_the_partner_is_told_why() {
    let server = Server::start().await;
    let partner = server.partner().await;
    let site = partner.post("sites", json!({"url": "https://homestay-kim-boi.vn"})).await.expect(201);
    let admin = server.sign_in("admin@example.vn").await;
    let sites = format!("/v1/admin/partners/{}/sites", partner.id);
    let shown = admin.get(&sites).await;
    assert!(shown.text.contains("https://homestay-kim-boi.vn") && !shown.text.contains(&text(&site, "token")));
    let mut page = Browser::sign_in(&server, "admin@example.vn").await;
    let listed = page.get("/admin/partners").await.text;
    assert!(listed.contains("https://homestay-kim-boi.vn") && listed.contains("chưa thấy mã"), "{listed}");

    let path = format!("{sites}/{}/withdrawal", text(&site, "id"));
    let why = json!({"note": "Trang đã đổi chủ."});
    let buyer = server.new_buyer("mua@example.vn").await;
    buyer.post(&path, why.clone()).await.expect_problem(403, "forbidden");
    let other = server.new_partner(&buyer).await;
    let foreign = path.replace(&partner.id, &other.id);
    admin.post(&foreign, why.clone()).await.expect_problem(404, "not_found");
    admin.post(&path, json!({"note": ""})).await.expect_problem(422, "invalid");
    assert_eq!(partner.get("sites").await.expect(200)["items"].as_array().unwrap().len(), 1);

    let action = format!("/admin/partners/{}/sites/{}", partner.id, text(&site, "id"));
    let marks = page.marks("/admin/partners", &action).await;
    let done = page.fill(&action, &marks, &[("note", "Trang đã đổi chủ.")]).await;
    assert!(done.text.contains("Đã ghi.") && !done.text.contains("homestay-kim-boi.vn"), "{}", done.text);
    assert_eq!(partner.get("sites").await.expect(200)["items"], json!([]));
    admin.post(&path, why).await.expect_problem(404, "not_found");
    let owner = server.text("SELECT a.email FROM partner_member m JOIN account a ON a.id = m.account_id WHERE a.email LIKE '%@%' ORDER BY a.id LIMIT 1").await;
    server.message_to(&owner, "Trang đã đổi chủ.").await;
}

/// What a page shows of the second of two who press at once.
async fn second_is_told(admin: &mut Browser, page: &str, path: &str, fields: &[(&str, &str)], words: &str) {
    let (first, second) = (admin.marks(page, path).await, admin.marks(page, path).await);
    let kept = admin.fill(path, &first, fields).await;
    assert!(kept.text.contains("Đã ghi."), "{path}: {}", kept.text);
    let told = admin.fill(path, &second, fields).await;
    assert!(told.text.contains(words) && !told.text.contains("Đã ghi."), "{path}: {}", told.text);
}

#[tokio::test]
async fn of_two_admins_at_a_rule_a_promotion_or_an_organisation_the_second_is_told() {
    let market = Market::open().await;
    let server = &market.server;
    let admin = server.sign_in("admin@example.vn").await;
    let mut page = Browser::sign_in(server, "admin@example.vn").await;
    let rule = json!({"component": "platform", "rate_bp": 700, "starts_on": day(0)});
    let rule = admin.post("/v1/admin/commission-rules", rule).await.expect(201);
    let end = format!("/admin/commission/{}/end", text(&rule, "id"));
    second_is_told(&mut page, "/admin/commission", &end, &[], "đã có ngày cuối").await;

    let given =
        json!({"kind": "percentage", "name_vi": "Tết", "name_en": "Tet", "rate_bp": 500, "starts_at": "2026-01-01"});
    let given: Value = admin.post("/v1/admin/promotions", given).await.expect(201);
    let path = format!("/admin/promotions/{}", text(&given, "id"));
    second_is_told(&mut page, "/admin/promotions", &path, &[("state", "paused")], "Người khác vừa sửa").await;

    let listed = page.get("/admin/organisations").await.text;
    let path = format!("/admin/organisations/{}", between(&listed, "action=\"/admin/organisations/", "\""));
    let credit = [("decision", "approve"), ("credit_limit", "150 triệu"), ("credit_days", "15")];
    second_is_told(&mut page, "/admin/organisations", &path, &credit, "Người khác vừa sửa").await;
    let kept = server.count("SELECT credit_limit FROM organisation WHERE credit_days = 15").await;
    assert_eq!(kept, 150_000_000);
}

#[tokio::test]
async fn of_many_who_name_growers_of_a_place_at_once_nobody_overwrites_another() {
    let server = Server::start().await;
    let mut admin = Browser::sign_in(&server, "admin@example.vn").await;
    let listed = admin.get("/admin/destinations").await.text;
    let page = format!("/admin/destinations/{}", between(&listed, "href=\"/admin/destinations/", "\""));
    let action = format!("{page}/links");
    let growers = server.client().get("/v1/cooperatives?limit=50").await.expect(200);
    let before = admin.get(&page).await.text;
    let named = |grower: &&Value| !before.contains(grower["name"]["vi"].as_str().unwrap());
    let growers: Vec<_> = growers["items"].as_array().unwrap().iter().filter(named).take(6).cloned().collect();
    assert_eq!(growers.len(), 6, "{before}");
    let mut tabs = Vec::new();
    for grower in &growers {
        let mut tab = admin.clone();
        let marks = tab.marks(&page, &action).await;
        let (path, address) = (action.clone(), format!("{}/c/{}", server.url(), text(grower, "slug")));
        tabs.push(
            async move { tab.fill(&path, &marks, &[("act", "cooperative"), ("cooperative", &address)]).await.text },
        );
    }
    let told = futures_util::future::join_all(tabs).await;
    let after = admin.get(&page).await.text;
    let mut kept = 0;
    for (told, grower) in told.iter().zip(&growers) {
        let (kept_it, refused) = (told.contains("Đã ghi."), told.contains("Người khác vừa sửa"));
        assert!(kept_it != refused, "one or the other: {told}");
        assert_eq!(after.contains(grower["name"]["vi"].as_str().unwrap()), kept_it, "{grower}");
        kept += i32::from(kept_it);
    }
    assert!(kept > 0);
}

#[tokio::test]
async fn a_guests_basket_comes_along_by_the_consoles_door_too() {
    let server = Server::start().await;
    let mut browser = tests::Browser::new(&server);
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    browser.send("/basket/add", &[("offer", &offer), ("quantity", "2")]).await;
    let own = server.sign_in("xanh-kim-boi@example.vn").await;
    let honey = server.offer("mat-ong-rung-hop-tien", 0).await;
    own.post("/v1/carts", json!({"items": [{"offer_id": honey, "quantity": 1}]})).await.expect(201);
    let typed = [("login", "xanh-kim-boi@example.vn"), ("password", PASSWORD), ("lang", "vi")];
    assert_eq!(browser.send("/console/login", &typed).await.status, 303);
    assert!(!browser.cookies.contains_key("ocop_basket"), "the basket is the account's now");
    let basket = browser.get("/basket").await.text;
    assert!(basket.contains("500.000 ₫") && basket.contains("Mật ong"), "{basket}");
}
