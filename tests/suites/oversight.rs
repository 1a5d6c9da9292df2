//! What the platform's people see over everything: what waits, search, the trail, figures, rights; and their pages.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Basket, Gateway, PASSWORD, Server, between};

use crate::console::Browser;
use crate::payments::{paid, two_cooperatives};
use crate::traceability::{day, text};

fn waiting(tasks: &Value, kind: &str) -> i64 {
    let items = tasks["items"].as_array().unwrap();
    items.iter().find(|one| one["kind"] == kind).unwrap_or_else(|| panic!("no {kind} in {tasks}"))["waiting"]
        .as_i64()
        .unwrap()
}

fn second_admin(server: &Server) {
    let asked = ["user", "create", "sep@example.vn", "--name", "Sếp", "--role", "admin"];
    assert!(server.ocop(&asked, &format!("{PASSWORD}\n")).status.success());
}

#[tokio::test]
async fn what_waits_is_counted_found_and_leaves_a_trail() {
    let server = Server::start().await;
    let admin = server.sign_in("admin@example.vn").await;
    let before = admin.get("/v1/admin/tasks").await.expect(200);
    let host = server.new_buyer("nha-nghi@example.vn").await;
    let facts = json!({"name": "Nhà nghỉ Thác Bạc", "legal_name": "Hộ kinh doanh Thác Bạc", "tax_code": "5400111222", "representative": "Bùi Thị Mận", "street": "Xóm Mu",
        "commune_code": "04978", "phone": "0912000333", "email": "nha-nghi@example.vn", "bank_bin": "970436", "bank_account": "0071000123456", "bank_holder": "BUI THI MAN"});
    let made = host.post("/v1/partners", facts).await.expect(201);
    let after = admin.get("/v1/admin/tasks").await.expect(200);
    assert_eq!(waiting(&after, "partners"), waiting(&before, "partners") + 1);
    // By a name without accents, by a phone as people write it, by a mail, by the beginning of a number.
    let found = async |words: &str| {
        let path = format!("/v1/admin/search?q={}", words.replace(' ', "+").replace('@', "%40"));
        admin.get(&path).await.expect(200)["items"].as_array().unwrap().clone()
    };
    let is = |all: &[Value], kind: &str, id: &str| all.iter().any(|one| one["kind"] == kind && one["id"] == id);
    assert!(is(&found("thac bac").await, "partner", &text(&made, "id")));
    let offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    let bought = Basket::of(server.client(), &[(&offer, 1)]).await.buy_by("cash_on_delivery").await;
    let order = bought["orders"][0].clone();
    let number = text(&order, "number");
    assert!(is(&found(&number.to_lowercase()).await, "order", &text(&order, "id")));
    let by_phone = found("0912 345 678").await;
    assert!(by_phone.iter().any(|one| one["kind"] == "order"), "{by_phone:?}");
    assert!(is(&found(&text(&bought, "number")).await, "purchase", &text(&bought, "id")));
    assert_eq!(found("100%").await, Vec::<Value>::new(), "signs of patterns find nothing");
    admin.get("/v1/admin/search?q=x").await.expect_problem(400, "malformed");
    // A decision leaves its trail, by thing and by person.
    let decide = format!("/v1/admin/partners/{}/decision", text(&made, "id"));
    admin.post(&decide, json!({"decision": "approve"})).await.expect(200);
    let trail = admin.get(&format!("/v1/admin/audit?entity_id={}", text(&made, "id"))).await.expect(200);
    let last = &trail["items"][0];
    assert_eq!((&last["action"], &last["before"]["state"]), (&json!("partner.decided"), &json!("submitted")));
    let own = admin.get(&format!("/v1/admin/audit?actor_id={}&action=partner.decided", text(last, "actor_id"))).await;
    assert_eq!(own.expect(200)["items"][0]["entity_id"], made["id"]);
    let nothing = admin.get(&format!("/v1/admin/audit?entity_id={}&action=refund.decided", text(&made, "id"))).await;
    assert_eq!(nothing.expect(200)["items"], json!([]));
    // An order that nobody sends is late; messages that do not get through are told.
    let late = waiting(&admin.get("/v1/admin/tasks").await.expect(200), "late_orders");
    server
        .execute(&format!(
            "UPDATE orders SET state = 'confirmed', placed_at = '{} 00:00:00+00:00' WHERE number = '{number}'",
            day(-9)
        ))
        .await;
    server.execute(&format!("UPDATE order_event SET to_state = 'confirmed' WHERE order_id = (SELECT id FROM orders WHERE number = '{number}')")).await;
    assert_eq!(waiting(&admin.get("/v1/admin/tasks").await.expect(200), "late_orders"), late + 1);
    let listed = admin.get("/v1/admin/late-orders").await.expect(200);
    assert!(listed.to_string().contains(&number), "{listed}");
    let failures = admin.get("/v1/admin/failures").await.expect(200);
    assert!(failures["items"].is_array());
}

#[tokio::test]
async fn figures_are_sums_of_orders_and_postings() {
    let server = Server::start().await;
    let admin = server.sign_in("admin@example.vn").await;
    let offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    for quantity in 1..4 {
        Basket::of(server.client(), &[(&offer, quantity)]).await.buy_by("cash_on_delivery").await;
    }
    let path = format!("/v1/admin/figures?from={}&to={}", day(-364), day(0));
    let found = admin.get(&path).await.expect(200);
    let days = found["days"].as_array().unwrap();
    assert_eq!(days.len(), 365);
    let sum = |name: &str| days.iter().map(|one| one[name].as_i64().unwrap()).sum::<i64>();
    let good = "state NOT IN ('awaiting_payment', 'cancelled', 'expired')";
    assert_eq!(sum("orders"), server.count(&format!("SELECT COUNT(*) FROM orders WHERE {good}")).await);
    let goods = format!("SELECT CAST(SUM(goods_amount - discount_amount) AS bigint) FROM orders WHERE {good}");
    assert!(sum("orders") >= 3 && found["sellers"].as_i64().unwrap() > 0, "{found}");
    assert_eq!(sum("goods"), server.count(&goods).await);
    let taken = "SELECT CAST(COALESCE(-SUM(p.amount), 0) AS bigint) FROM posting p JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = 'commission'";
    assert_eq!(found["takings"].as_i64().unwrap(), server.count(taken).await);
    let wrong = format!("/v1/admin/figures?from={}&to={}", day(0), day(-1));
    admin.get(&wrong).await.expect_problem(422, "invalid");
}

/// Administrators come from each other; nobody leaves the platform without one.
#[tokio::test]
async fn the_last_administrator_stays() {
    let server = Server::start().await;
    second_admin(&server);
    let (first, second) = (server.sign_in("admin@example.vn").await, server.sign_in("sep@example.vn").await);
    let people = first.get("/v1/admin/accounts").await.expect(200);
    let id = |mail: &str| {
        let all = people["items"].as_array().unwrap();
        text(all.iter().find(|one| one["email"] == mail).unwrap(), "id")
    };
    let (one, other) = (id("admin@example.vn"), id("sep@example.vn"));
    let rights = |id: &str| format!("/v1/admin/accounts/{id}/rights");
    first.put(&rights(&one), json!({"admin": false})).await.expect_problem(409, "own_rights");
    let (a, b) = (rights(&other), rights(&one));
    let answers = join_all([first.put(&a, json!({"admin": false})), second.put(&b, json!({"admin": false}))]).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1, "one of two who dismiss each other");
    assert_eq!(server.count("SELECT COUNT(*) FROM account_role WHERE role = 'admin'").await, 1);
}

/// Every page of the platform: for its people alone, on a phone's terms.
#[tokio::test]
async fn pages_are_for_the_platforms_people_alone() {
    let server = Server::start().await;
    let mut admin = Browser::sign_in(&server, "admin@example.vn").await;
    let mut seller = Browser::sign_in(&server, "xanh-kim-boi@example.vn").await;
    let front = admin.get("/console").await;
    assert_eq!((front.status, front.path.as_str()), (200, "/admin"), "the role decides where one lands");
    for page in [
        "",
        "/search?q=buoi",
        "/trail",
        "/figures",
        "/late",
        "/failures",
        "/recalls",
        "/applications",
        "/listings",
        "/reviews",
        "/partners",
        "/organisations",
        "/refunds",
        "/disputes",
        "/reconciliation",
        "/payouts",
        "/settlements",
        "/tax",
        "/commission",
        "/promotions",
        "/rates",
        "/people",
    ] {
        let path = format!("/admin{page}");
        let shown = admin.get(&path).await;
        assert!(shown.status == 200 && shown.text.contains("<h1>"), "{path}: {} {}", shown.status, shown.text);
        assert_eq!(seller.get(&path).await.status, 403, "{path}");
    }
}

/// Two at one refund: one decides, the other is told; who asked does not approve.
#[tokio::test]
async fn two_at_one_item_and_one_of_them_decides() {
    let gateway = Gateway::new().await;
    let server = Server::with(gateway.settings().set("OCOP_REFUND_APPROVAL_ABOVE", 1_000)).await;
    second_admin(&server);
    let asked = ["user", "create", "ba@example.vn", "--name", "Ba", "--role", "admin"];
    assert!(server.ocop(&asked, &format!("{PASSWORD}\n")).status.success());
    let basket = two_cooperatives(&server).await;
    let order = paid(&server, &basket).await["purchase"]["orders"][0].clone();
    let mut asks = Browser::sign_in(&server, "admin@example.vn").await;
    let path = format!("/admin/orders/{}", text(&order, "id"));
    let (asking, marks) = (format!("{path}/refunds"), asks.marks(&path, &format!("{path}/refunds")).await);
    let told = asks.fill(&asking, &marks, &[("amount", "20k"), ("note", "Dập hai quả")]).await;
    assert!(told.text.contains("Đã ghi."), "{}", told.text);
    let id = server.text("SELECT CAST(number AS text) FROM refund WHERE state = 'awaiting_approval'").await;
    let own = asks.get("/admin/refunds").await;
    assert!(own.text.contains(&id), "{}", own.text);
    let action = own.text.split("action=\"/admin/refunds/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let action = format!("/admin/refunds/{action}");
    let marks = asks.marks("/admin/refunds", &action).await;
    let refused = asks.fill(&action, &marks, &[("step", "approve")]).await;
    assert!(refused.text.contains("Người duyệt phải khác người đề nghị"), "{}", refused.text);
    let mut first = Browser::sign_in(&server, "sep@example.vn").await;
    let mut second = Browser::sign_in(&server, "ba@example.vn").await;
    // Both have the page before them.
    let (seen, also) = (first.marks("/admin/refunds", &action).await, second.marks("/admin/refunds", &action).await);
    let one = first.fill(&action, &seen, &[("step", "approve")]).await;
    let other = second.fill(&action, &also, &[("step", "reject")]).await;
    assert!(one.text.contains("Đã ghi."), "{}", one.text);
    assert!(other.text.contains("không còn ở trạng thái"), "{}", other.text);
    server.assert_books_agree();
}

/// The action of the first form of a page that goes there.
fn action(page: &str, beginning: &str) -> String {
    let rest = page
        .split(&format!("action=\"{beginning}"))
        .nth(1)
        .unwrap_or_else(|| panic!("no form to {beginning} in {page}"));
    format!("{beginning}{}", rest.split('"').next().unwrap())
}

/// A dispute with both sides' words, a listing with what changes, a reported review: each decided on its page.
#[tokio::test]
async fn what_people_wait_for_is_decided_on_pages() {
    let gateway = Gateway::new().await;
    let server = Server::with(gateway.settings().set("OCOP_LISTING_REVIEW", "edits")).await;
    let offer = server.offer("hat-doi", 0).await;
    let basket = server.basket(&[(&offer, 1)]).await;
    let order = paid(&server, &basket).await["purchase"]["orders"][0].clone();
    let seller = server.seller_of("hat-doi").await;
    seller.deliver(&text(&order, "id")).await;
    let disputes = Basket::link(&order).replace('?', "/disputes?");
    let opened = basket
        .client
        .post(&disputes, json!({"reason": "damaged", "text": "Hạt mốc gần một nửa gói"}))
        .await
        .expect(201);
    let theirs = seller.path(&format!("disputes/{}/evidence", text(&opened, "id")));
    seller.client.post(&theirs, json!({"text": "Gửi đi còn khô"})).await.expect(201);
    let mut admin = Browser::sign_in(&server, "admin@example.vn").await;
    let shown = admin.get("/admin/disputes").await;
    assert!(shown.text.contains("Hạt mốc") && shown.text.contains("Gửi đi còn khô"), "{}", shown.text);
    let decide = action(&shown.text, "/admin/disputes/");
    let marks = admin.marks("/admin/disputes", &decide).await;
    let part = [("decision", "part"), ("amount", "5k"), ("text", "Mốc một phần")];
    let soon = admin.fill(&decide, &marks, &part).await;
    assert!(!soon.text.contains("Đã ghi."), "before its time only if it is said: {}", soon.text);
    let marks = admin.marks("/admin/disputes", &decide).await;
    let early = [part[0], part[1], part[2], ("early", "yes")];
    let told = admin.fill(&decide, &marks, &early).await;
    assert!(told.text.contains("Đã ghi.") && told.text.contains("Không có tranh chấp nào"), "{}", told.text);
    // A listing as it will be; refused with a reason, and approved.
    let made = crate::listings::draft(&server, &seller).await;
    let product = seller.path(&format!("products/{}", text(&made, "id")));
    seller.client.patch(&product, json!({"status": "published"})).await.expect(200);
    let shown = admin.get("/admin/listings").await;
    let judge = action(&shown.text, "/admin/listings/");
    let marks = admin.marks("/admin/listings", &judge).await;
    assert!(admin.fill(&judge, &marks, &[("do", "approve")]).await.text.contains("Đã ghi."));
    seller.client.patch(&product, json!({"name_vi": "Măng khô loại một"})).await.expect(200);
    let shown = admin.get("/admin/listings").await;
    assert!(
        shown.text.contains("<del>Măng khô") && shown.text.contains("<ins>Măng khô loại một</ins>"),
        "{}",
        shown.text
    );
    let judge = action(&shown.text, "/admin/listings/");
    let marks = admin.marks("/admin/listings", &judge).await;
    let told = admin.fill(&judge, &marks, &[("do", "refuse"), ("reason", "Chưa có giấy phân loại")]).await;
    assert!(told.text.contains("Không có tin nào chờ duyệt"), "{}", told.text);
    assert_eq!(seller.client.get(&product).await.expect(200)["refused_because"], "Chưa có giấy phân loại");
    // A review that is reported stays, or is hidden.
    let (buyer, order) = crate::returns::buyer_with_order(&server, "mai@example.vn").await;
    seller.deliver(&order).await;
    let product = server.client().get("/v1/products/hat-doi").await.expect(200);
    let mine = format!("/v1/products/{}/reviews/mine", text(&product, "id"));
    let written = buyer.put(&mine, json!({"rating": 1, "text": "Mua ở chỗ khác rẻ hơn"})).await.expect(200);
    let report = seller.path(&format!("reviews/{}/report", text(&written, "id")));
    seller.client.post(&report, json!({"text": "Quảng cáo"})).await.expect(200);
    let shown = admin.get("/admin/reviews").await;
    let judge = action(&shown.text, "/admin/reviews/");
    let marks = admin.marks("/admin/reviews", &judge).await;
    let told = admin.fill(&judge, &marks, &[("do", "hide")]).await;
    assert!(told.text.contains("Không có đánh giá nào bị báo cáo"), "{}", told.text);
    server.assert_books_agree();
}

#[tokio::test]
async fn what_is_written_unclearly_on_a_page_changes_nothing() {
    let server = Server::start().await;
    let mut admin = Browser::sign_in(&server, "admin@example.vn").await;
    let page = "/admin/promotions";
    let kept = async || server.count("SELECT COUNT(*) FROM promotion").await;
    let before = kept().await;
    let fields = [("kind", "percentage"), ("name_vi", "Thử"), ("name_en", "Trial"), ("starts_on", "2026-12-01")];
    for rate in ["nhiều", "10%", "-5", ""] {
        let marks = admin.marks(page, page).await;
        let told = admin.fill(page, &marks, &[&fields[..], &[("rate_bp", rate)]].concat()).await;
        assert!(!told.text.contains("Đã ghi."), "{rate}: {}", told.text);
        assert_eq!(kept().await, before, "{rate}");
    }
    let marks = admin.marks(page, page).await;
    let told = admin.fill(page, &marks, &[&fields[..], &[("rate_bp", "1000")]].concat()).await;
    assert!(told.text.contains("Đã ghi."), "{}", told.text);
    assert_eq!(kept().await, before + 1, "and what is clear is kept");
}

#[tokio::test]
async fn categories_holidays_and_what_did_not_get_through_are_kept_by_admins() {
    let server = Server::start().await;
    let admin = server.sign_in("admin@example.vn").await;
    let buyer = server.new_buyer("mua@example.vn").await;
    let root = server.client().get("/v1/categories").await.expect(200)["items"][0].clone();
    let new = json!({"slug": "qua-co-mui-moi", "parent": root["slug"], "name_vi": "Quả có múi", "name_en": "Citrus", "position": 3});
    buyer.post("/v1/admin/categories", new.clone()).await.expect_problem(403, "forbidden");
    let made = admin.post("/v1/admin/categories", new.clone()).await.expect(201);
    assert_eq!(made["ocop_group"], root["ocop_group"], "below a group it is of that group");
    admin.post("/v1/admin/categories", new).await.expect_problem(409, "category_taken");
    let nowhere = json!({"slug": "o-dau", "parent": "khong-co", "name_vi": "Ở đâu", "name_en": "Where", "position": 0});
    let problem = admin.post("/v1/admin/categories", nowhere).await.expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/parent");
    let path = format!("/v1/admin/categories/{}", text(&made, "id"));
    admin.put(&path, json!({"name_vi": "Cam, bưởi", "name_en": "Citrus fruit", "position": 1})).await.expect(200);
    let tree = server.client().get("/v1/categories").await.text;
    assert!(tree.contains("Citrus fruit") && tree.contains("qua-co-mui-moi"), "{tree}");
    two_change_one_thing(&server, &text(&made, "id")).await;

    // A day in the past changes no deadline; one to come does, and is struck again.
    let name = json!({"name": "Tết Nguyên đán"});
    let past = admin.put("/v1/admin/holidays/2025-01-29", name.clone()).await.expect_problem(422, "invalid");
    assert_eq!(past["errors"][0]["pointer"], "/day");
    admin.put("/v1/admin/holidays/tomorrow", name.clone()).await.expect_problem(404, "not_found");
    buyer.put("/v1/admin/holidays/2099-02-06", name.clone()).await.expect_problem(403, "forbidden");
    admin.put("/v1/admin/holidays/2099-02-06", name.clone()).await.expect(200);
    admin.put("/v1/admin/holidays/2099-02-06", json!({"name": "Tết"})).await.expect(200);
    let days = admin.get("/v1/admin/holidays").await.expect(200);
    let kept = days["items"].as_array().unwrap().iter().filter(|day| day["day"] == "2099-02-06").collect::<Vec<_>>();
    assert_eq!((kept.len(), &kept[0]["name"]), (1, &json!("Tết")));
    admin.delete("/v1/admin/holidays/2099-02-06").await.expect(204);
    admin.delete("/v1/admin/holidays/2099-02-06").await.expect_problem(404, "not_found");
    assert_eq!(server.count("SELECT COUNT(*) FROM audit_entry WHERE action LIKE 'holiday.%'").await, 3);

    // A mail that was given up is tried again when somebody says so.
    let id = "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f";
    admin.post(&format!("/v1/admin/failures/event/{id}/retry"), json!({})).await.expect_problem(404, "not_found");
    server.client().post("/v1/auth/password/forgot", json!({"contact": "mua@example.vn"})).await.expect(202);
    server.message_to("mua@example.vn", "đặt lại mật khẩu").await;
    server.execute("UPDATE outbox SET delivered_at = NULL, attempts = 40, available_at = '2099-01-01 00:00:00+00:00', last_error = 'mailbox full' WHERE topic = 'password_reset.requested'").await;
    let failed = admin.get("/v1/admin/failures").await.expect(200)["items"][0].clone();
    assert_eq!((&failed["kind"], &failed["error"]), (&json!("event"), &json!("mailbox full")));
    let retry = format!("/v1/admin/failures/event/{}/retry", text(&failed, "id"));
    buyer.post(&retry, json!({})).await.expect_problem(403, "forbidden");
    admin.post(&retry, json!({})).await.expect(204);
    for _ in 0..200 {
        if admin.get("/v1/admin/failures").await.expect(200)["items"] == json!([]) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it was not tried again: {}", admin.get("/v1/admin/failures").await.text);
}

/// Two admins with the same form before them: the second is told, and overwrites nothing.
async fn two_change_one_thing(server: &Server, category: &str) {
    let mut admin = Browser::sign_in(server, "admin@example.vn").await;
    let (page, path) = ("/admin/categories", format!("/admin/categories/{category}"));
    let (first, second) = (admin.marks(page, &path).await, admin.marks(page, &path).await);
    let named = |name| [("name_vi", name), ("name_en", "Citrus"), ("position", "1")];
    let kept = admin.fill(&path, &first, &named("Cam, quýt, bưởi")).await;
    assert!(kept.text.contains("Đã ghi.") && kept.text.contains("Cam, quýt, bưởi"), "{}", kept.text);
    let told = admin.fill(&path, &second, &named("Bưởi thôi")).await;
    assert!(told.text.contains("Người khác vừa sửa") && told.text.contains("Cam, quýt, bưởi"), "{}", told.text);
    assert!(!told.text.contains("Bưởi thôi"));

    let places = admin.get("/admin/destinations").await.text;
    let path = format!("/admin/destinations/{}", between(&places, "href=\"/admin/destinations/", "\""));
    let marks = admin.marks(&path, &path).await;
    server.execute("UPDATE destination SET phone = '02183999000'").await;
    let typed = [
        ("name_vi", "Tên khác"),
        ("name_en", "Another name"),
        ("kind", "hot_spring"),
        ("text_vi", "Nước khoáng"),
        ("text_en", "Hot springs"),
        ("street", "Xóm Mớ Đá"),
        ("commune", "Kim Bôi, Phú Thọ"),
        ("latitude", "20,67"),
        ("longitude", "105,53"),
        ("active", "yes"),
    ];
    let told = admin.fill(&path, &marks, &typed).await;
    assert!(told.text.contains("Người khác vừa sửa") && !told.text.contains("Tên khác"), "{}", told.text);
    let marks = admin.marks(&path, &path).await;
    let kept = admin.fill(&path, &marks, &typed).await;
    assert!(kept.text.contains("Đã ghi.") && kept.text.contains("Tên khác"), "{}", kept.text);
    belongings(&mut admin, &path).await;
}

/// What belongs to a destination is said on its page: festivals, cooperatives, products; by their addresses in the shop.
async fn belongings(admin: &mut Browser, path: &str) {
    let (events, links) = (format!("{path}/events"), format!("{path}/links"));
    let named = [("name_vi", "Lễ hội bưởi"), ("name_en", "Pomelo festival"), ("starts_on", "24/12/2099")];
    let marks = admin.marks(path, &events).await;
    let told = admin.fill(&events, &marks, &[named[0], named[1], ("starts_on", "mai")]).await;
    assert!(!told.text.contains("Lễ hội bưởi"), "{}", told.text);
    let marks = admin.marks(path, &events).await;
    let kept = admin.fill(&events, &marks, &named).await;
    assert!(kept.text.contains("Lễ hội bưởi") && kept.text.contains("24/12/2099"), "{}", kept.text);
    let off = format!("{events}/{}", between(&kept.text, &format!("action=\"{events}/"), "\""));
    let marks = admin.marks(path, &off).await;
    assert!(!admin.fill(&off, &marks, &[]).await.text.contains("Lễ hội bưởi"));
    for (act, field, typed, name) in [
        ("product", "product", "http://cho.example/p/mat-ong-rung-hop-tien/", "Mật ong"),
        ("cooperative", "cooperative", "no-such-shop", "hãy dán địa chỉ trang"),
    ] {
        let marks = admin.marks(path, &links).await;
        let told = admin.fill(&links, &marks, &[("act", act), (field, typed), ("kind", "tasting")]).await;
        assert!(told.text.contains(name), "{}", told.text);
    }
}
