//! What the market's own people set while it runs, and two of them at one thing.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Basket, Client, PASSWORD, Server, between};

use crate::console::Browser;
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
