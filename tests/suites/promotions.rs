//! Codes and automatic discounts: who pays, limits under a race, and what goes back.

use serde_json::{Value, json};
use tests::{Answer, Basket, Client, Gateway, Server, Settings, address};

async fn admin(server: &Server) -> Client {
    server.sign_in("admin@example.vn").await
}

fn ten_per_cent(code: &str) -> Value {
    json!({"code": code, "kind": "percentage", "rate_bp": 1000, "name_vi": "Giảm 10 %", "name_en": "10 % off"})
}

async fn quote_with(basket: &Basket, codes: &[&str]) -> Answer {
    basket.client.post(&basket.path("/quote"), json!({"address": address(), "codes": codes})).await
}

#[tokio::test]
async fn a_code_comes_off_every_line_and_reaches_the_books() {
    let gateway = Gateway::new().await;
    let server = Server::with(gateway.settings()).await;
    let admin = admin(&server).await;
    admin
        .post("/v1/admin/commission-rules", json!({"component": "platform", "rate_bp": 800, "starts_on": today()}))
        .await
        .expect(201);
    admin.post("/v1/admin/promotions", ten_per_cent("OCOP10")).await.expect(201);
    admin.post("/v1/admin/promotions", ten_per_cent("ocop10")).await.expect_problem(422, "invalid");
    let seller = server.seller_of("hat-doi").await;
    let own =
        json!({"code": "DOI5K", "kind": "amount", "amount": 5_000, "name_vi": "Bớt 5.000", "name_en": "5,000 off"});
    seller.client.post(&seller.path("promotions"), own).await.expect(201);
    let (pepper, honey) = (server.offer("hat-doi", 0).await, server.offer("mat-ong-rung-hop-tien", 0).await);
    let basket = server.basket(&[(&pepper, 3), (&honey, 1)]).await;
    quote_with(&basket, &["NOTHING"]).await.expect_problem(422, "invalid");
    let quote = quote_with(&basket, &["ocop10", "DOI5K"]).await.expect(201);
    let goods = quote["goods"]["amount"].as_i64().unwrap();
    let off = (goods + 5) / 10 + 5_000;
    assert_eq!(quote["discount"]["amount"], off);
    assert_eq!(quote["total"]["amount"], goods + quote["delivery"]["amount"].as_i64().unwrap() - off);
    let lines: i64 = quote["shares"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|share| share["lines"].as_array().unwrap())
        .map(|line| line["discount"]["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(lines, off, "spread over the lines without losing a đồng");

    let mut form = basket.order_form(quote["id"].as_str().unwrap());
    form["payment_method"] = "vnpay".into();
    let purchase = basket.client.clone().header("idempotency-key", "p").post("/v1/checkouts", form).await.expect(201);
    let payment = basket.pay(&purchase, "vnpay", "a").await.expect(201);
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let ipn = Gateway::ipn(payment["reference"].as_str().unwrap(), total, "00");
    assert_eq!(Gateway::tell(&server.client(), &ipn).await, "00");
    for product in ["hat-doi", "mat-ong-rung-hop-tien"] {
        let shop = server.seller_of(product).await;
        let orders = shop.client.get(&shop.path("orders?state=placed")).await.expect(200);
        let id = orders["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|order| order["purchase_id"] == purchase["id"])
            .unwrap()["id"]
            .clone();
        shop.deliver(id.as_str().unwrap()).await;
    }
    server.assert_books_agree();
    // What the platform gave is its expense, what the shop gave is not; commission is what the rule says of the rest.
    let given = server.count("SELECT balance FROM ledger_account WHERE kind = 'platform_discounts'").await;
    assert_eq!(given, (goods + 5) / 10);
    let kept = server.count("SELECT CAST(SUM(commission_amount) AS bigint) FROM order_line l JOIN orders o ON o.id = l.order_id WHERE o.discount_amount > 0").await;
    assert!((kept - (goods - 5_000) * 8 / 100).abs() <= 2, "{kept}");
    // A refund of everything leaves nobody with any of it.
    for order in purchase["orders"].as_array().unwrap() {
        let path = format!("/v1/admin/orders/{}/refunds", order["id"].as_str().unwrap());
        admin
            .clone()
            .header("idempotency-key", order["id"].as_str().unwrap())
            .post(&path, json!({"note": "trả hết"}))
            .await
            .expect(201);
    }
    assert_eq!(server.count("SELECT balance FROM ledger_account WHERE kind = 'platform_discounts'").await, 0);
    server.assert_books_agree();
}

fn today() -> String {
    time::OffsetDateTime::now_utc().to_offset(time::UtcOffset::from_hms(7, 0, 0).unwrap()).date().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_buyers_race_for_ten_uses() {
    let server = Server::with(Settings::crowded().set("OCOP_RATE_LIMIT_PER_SECOND", 0)).await;
    let mut limited = ten_per_cent("MUOI");
    limited["usage_limit"] = 10.into();
    let promotion = admin(&server).await.post("/v1/admin/promotions", limited).await.expect(201);
    let offer = server.offer("tinh-dau-sa", 0).await;
    server.seller_of("tinh-dau-sa").await.set_available(&offer, 500).await;
    // Everybody has a quote with the discount in it, and presses the button at once.
    let ready = futures_util::future::join_all((0..100).map(async |_| {
        let basket = server.basket(&[(&offer, 1)]).await;
        let quote = quote_with(&basket, &["MUOI"]).await.expect(201);
        assert!(quote["discount"]["amount"].as_i64().unwrap() > 0);
        (basket, quote["id"].as_str().unwrap().to_owned())
    }))
    .await;
    let answers = futures_util::future::join_all(
        ready
            .iter()
            .enumerate()
            .map(async |(index, (basket, quote))| basket.checkout(quote, &format!("race-{index}")).await),
    )
    .await;
    let bought = answers.iter().filter(|answer| answer.status == 201).count();
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(refused.body["code"], "changed_since_quote", "{}", refused.text);
    }
    assert_eq!(bought, 10);
    assert_eq!(server.count("SELECT used FROM promotion WHERE code = 'MUOI'").await, 10);
    assert_eq!(server.count("SELECT COUNT(*) FROM orders WHERE discount_amount > 0").await, 10);
    assert_eq!(server.count("SELECT COUNT(*) FROM promotion_use").await, 10);
    server.assert_books_agree();
    // Nothing is lost to those who were too late: they buy without it.
    let (basket, _) = ready.iter().zip(&answers).find(|(_, answer)| answer.status != 201).unwrap().0;
    quote_with(basket, &["MUOI"]).await.expect_problem(422, "invalid");
    basket.buy().await;

    // A cancelled purchase gives its use back, once.
    let placed = answers.iter().find(|answer| answer.status == 201).unwrap();
    let cancel = Basket::link(&placed.body["orders"][0]).replace("?token", "/cancel?token");
    server.client().post(&cancel, json!({})).await.expect(200);
    server.client().post(&cancel, json!({})).await.expect_problem(409, "order_state");
    assert_eq!(server.count("SELECT used FROM promotion WHERE code = 'MUOI'").await, 9);
    let change = format!("/v1/admin/promotions/{}", promotion["id"].as_str().unwrap());
    admin(&server).await.patch(&change, json!({"state": "paused"})).await.expect(200);
    let other = server.basket(&[(&offer, 1)]).await;
    quote_with(&other, &["MUOI"]).await.expect_problem(422, "invalid");
}

#[tokio::test]
async fn one_use_a_buyer_holds_for_account_and_phone() {
    let server = Server::start().await;
    let mut once = ten_per_cent("MOTLAN");
    once["per_buyer_limit"] = 1.into();
    admin(&server).await.post("/v1/admin/promotions", once).await.expect(201);
    let offer = server.offer("tinh-dau-sa", 0).await;
    let first = server.basket(&[(&offer, 1)]).await;
    let quote = quote_with(&first, &["MOTLAN"]).await.expect(201);
    first.checkout(quote["id"].as_str().unwrap(), "a").await.expect(201);
    // The same phone number, as somebody with an account.
    let buyer = server.sign_in("lan@example.vn").await;
    let second = Basket::of(buyer, &[(&offer, 1)]).await;
    let quote = quote_with(&second, &["MOTLAN"]).await.expect(201);
    let refused = second.checkout(quote["id"].as_str().unwrap(), "b").await.expect_problem(409, "changed_since_quote");
    assert_eq!(refused["changes"][0]["kind"], "promotion_used_up");
    server.assert_books_agree();
}

#[tokio::test]
async fn a_shop_sees_and_changes_its_own_promotions_only() {
    let server = Server::start().await;
    let platform = admin(&server).await.post("/v1/admin/promotions", ten_per_cent("SAN")).await.expect(201);
    let (mine, other) = (server.seller_of("hat-doi").await, server.seller_of("ruou-muong").await);
    let own = mine.client.post(&mine.path("promotions"), ten_per_cent("DOI")).await.expect(201);
    assert_eq!((own["funded_by"].as_str(), platform["funded_by"].as_str()), (Some("cooperative"), Some("platform")));
    for id in [&platform["id"], &own["id"]] {
        let path = other.path(&format!("promotions/{}", id.as_str().unwrap()));
        other.client.patch(&path, json!({"state": "paused"})).await.expect_problem(404, "not_found");
    }
    assert_eq!(server.count("SELECT COUNT(*) FROM promotion WHERE state = 'active'").await, 2);
    assert_eq!(other.client.get(&other.path("promotions")).await.expect(200)["items"], json!([]));
    // A shop's discount is off the shop's own goods alone.
    let rum = server.offer("ruou-muong", 0).await;
    quote_with(&server.basket(&[(&rum, 1)]).await, &["DOI"]).await.expect_problem(422, "invalid");
    let product = json!({"kind": "buy_n", "name_vi": "Mua 2 tặng 1", "name_en": "3 for 2", "buy_quantity": 2, "free_quantity": 1, "product_id": mine.product});
    other.client.post(&other.path("promotions"), product.clone()).await.expect_problem(422, "invalid");
    mine.client.post(&mine.path("promotions"), product).await.expect(201);
    let pepper = server.offer("hat-doi", 0).await;
    let quote = server.basket(&[(&pepper, 3)]).await.ask_quote().await.expect(201);
    let line = &quote["shares"][0]["lines"][0];
    assert_eq!(line["discount"], line["unit_price"], "given by itself");
    // Neither before its time, nor below its minimum.
    for (code, field, value) in
        [("MAI", "starts_at", json!("2099-01-01T00:00:00Z")), ("NHIEU", "min_goods", json!(90_000_000))]
    {
        let mut promotion = ten_per_cent(code);
        promotion[field] = value;
        mine.client.post(&mine.path("promotions"), promotion).await.expect(201);
        quote_with(&server.basket(&[(&pepper, 1)]).await, &[code]).await.expect_problem(422, "invalid");
    }
    let mut backwards = ten_per_cent("LUI");
    (backwards["starts_at"], backwards["ends_at"]) = (json!("2027-01-02T00:00:00Z"), json!("2027-01-01T00:00:00Z"));
    mine.client.post(&mine.path("promotions"), backwards).await.expect_problem(422, "invalid");
}
