//! Faults that other shops' users reported, tried here: money that must come back whole, codes that must be free again, days
//! that are Vietnam's, pages that must show everything once.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Basket, Client, Gateway, Seller, Server, address};

use crate::days::today;
use crate::payments::{paid, shop, two_cooperatives, until};

pub async fn admin(server: &Server) -> Client {
    server.sign_in("admin@example.vn").await
}

pub async fn promotion(server: &Server, input: Value) -> Value {
    let mut promotion = json!({"name_vi": "Khuyến mãi", "name_en": "Offer"});
    promotion.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    admin(server).await.post("/v1/admin/promotions", promotion).await.expect(201)
}

/// Quotes with codes and buys, to be paid for this way.
pub async fn buy_with(basket: &Basket, codes: &[&str], method: &str) -> Value {
    let quote = json!({"address": address(), "codes": codes});
    let quote = basket.client.post(&basket.path("/quote"), quote).await.expect(201);
    let mut form = basket.order_form(quote["id"].as_str().unwrap());
    form["payment_method"] = method.into();
    basket.client.clone().header("idempotency-key", &basket.id).post("/v1/checkouts", form).await.expect(201)
}

pub async fn pay(server: &Server, basket: &Basket, purchase: &Value, key: &str) -> String {
    let payment = basket.pay(purchase, "vnpay", key).await.expect(201);
    let reference = payment["reference"].as_str().unwrap().to_owned();
    let ipn = Gateway::ipn(&reference, purchase["total"]["amount"].as_i64().unwrap(), "00");
    assert_eq!(Gateway::tell(&server.client(), &ipn).await, "00");
    reference
}

pub async fn cancel(basket: &Basket, order: &Value) -> tests::Answer {
    basket.client.post(&Basket::link(order).replace("?token", "/cancel?token"), json!({})).await
}

/// Every journal and posting: when these stay, nothing moved.
pub async fn moved(server: &Server) -> (i64, i64, i64) {
    let count = async |sql: &str| server.count(sql).await;
    (
        count("SELECT COUNT(*) FROM journal").await,
        count("SELECT COUNT(*) FROM posting").await,
        count("SELECT COUNT(*) FROM refund").await,
    )
}

#[tokio::test]
async fn an_attempt_that_expires_after_a_later_one_was_paid_moves_nothing() {
    let gateway = Gateway::new().await;
    let mut server = shop(&gateway).await;
    let basket = two_cooperatives(&server).await;
    let purchase = basket.buy_by("vnpay").await;
    basket.pay(&purchase, "vnpay", "first").await.expect(201);
    let second = basket.pay(&purchase, "momo", "second").await.expect(201);
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let notice = Gateway::momo_ipn(second["reference"].as_str().unwrap(), total, 0);
    server.client().post("/v1/payments/momo/ipn", notice).await.expect(204);
    let before = moved(&server).await;
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 3 * 3_600)).await;
    until(&server, "SELECT COUNT(*) FROM payment WHERE state = 'expired'", 1).await;
    assert_eq!(moved(&server).await, before);
    assert_eq!(crate::payments::states(&basket, &purchase).await, ["placed", "placed"]);
    assert_eq!(
        server.count("SELECT COUNT(*) FROM payment WHERE state = 'captured' AND method <> 'cash_on_delivery'").await,
        1
    );
    server.assert_books_agree();
}

#[tokio::test]
async fn paid_told_again_after_cancellation_and_refund_moves_nothing() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let offer = server.offer("hat-doi", 0).await;
    let seller = server.seller_of("hat-doi").await;
    let before = seller.stock(&offer).await["available"].clone();
    let basket = server.basket(&[(&offer, 2)]).await;
    let told = paid(&server, &basket).await;
    let purchase = &told["purchase"];
    cancel(&basket, &purchase["orders"][0]).await.expect(200);
    until(&server, "SELECT COUNT(*) FROM refund WHERE state = 'succeeded'", 1).await;
    let after = moved(&server).await;
    let ipn = Gateway::ipn(told["reference"].as_str().unwrap(), purchase["total"]["amount"].as_i64().unwrap(), "00");
    for _ in 0..3 {
        assert!(["00", "02"].contains(&Gateway::tell(&server.client(), &ipn).await.as_str()));
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(moved(&server).await, after);
    assert_eq!(gateway.refunds().len(), 1);
    assert_eq!(seller.stock(&offer).await["available"], before);
    assert_eq!(crate::payments::states(&basket, purchase).await, ["cancelled"]);
    server.assert_books_agree();
}

/// Sends so many pieces back, each lot as a return of its own; what came back in all.
pub async fn return_pieces(seller: &Seller, basket: &Basket, order: &Value, offer: &str, pieces: &[i64]) -> i64 {
    let link = Basket::link(order);
    for quantity in pieces {
        let ask = json!({"reason": "spoiled", "text": "hỏng", "lines": [{"offer_id": offer, "quantity": quantity}]});
        let asked = basket.client.post(&link.replace('?', "/returns?"), ask).await.expect(201);
        let path = seller.path(&format!("returns/{}", asked["id"].as_str().unwrap()));
        for decision in ["receive", "close"] {
            seller.client.post(&path, json!({"decision": decision})).await.expect(200);
        }
    }
    basket.client.get(&link).await.expect(200)["refunded"]["amount"].as_i64().unwrap()
}

pub async fn balance(server: &Server, kind: &str) -> i64 {
    let sql = format!("SELECT CAST(COALESCE(SUM(balance), 0) AS bigint) FROM ledger_account WHERE kind = '{kind}'");
    server.count(&sql).await
}

#[tokio::test]
async fn pieces_returned_one_by_one_give_back_exactly_what_was_paid() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let seller = server.seller_of("hat-doi").await;
    let offer = server.offer("hat-doi", 0).await;
    let rule = json!({"component": "platform", "rate_bp": 775, "starts_on": today()});
    admin(&server).await.post("/v1/admin/commission-rules", rule).await.expect(201);
    seller.client.patch(&seller.path(&format!("offers/{offer}")), json!({"price": 23_900})).await.expect(200);
    promotion(&server, json!({"code": "GIAM25", "kind": "percentage", "rate_bp": 2500})).await;
    promotion(&server, json!({"code": "BOT10K", "kind": "amount", "amount": 10_000})).await;
    let idle = (balance(&server, "commission").await, balance(&server, "tax_withheld").await);
    for (code, quantity, pieces) in [
        ("GIAM25", 10, vec![1; 10]),
        ("GIAM25", 10, vec![3, 1, 2, 4]),
        ("BOT10K", 3, vec![1, 1, 1]),
        ("BOT10K", 3, vec![2, 1]),
        ("BOT10K", 3, vec![1, 2]),
    ] {
        let basket = server.basket(&[(&offer, quantity)]).await;
        let purchase = buy_with(&basket, &[code], "vnpay").await;
        pay(&server, &basket, &purchase, "a").await;
        let order = &purchase["orders"][0];
        seller.deliver(order["id"].as_str().unwrap()).await;
        let goods = 23_900 * quantity - if code == "GIAM25" { (23_900 * quantity + 2) / 4 } else { 10_000 };
        let back = return_pieces(&seller, &basket, order, &offer, &pieces).await;
        assert_eq!(back, goods, "{code}, {pieces:?}");
        // Delivery stays taxed: what the goods left of commission and tax is nothing.
        assert_eq!(balance(&server, "commission").await, idle.0, "{code}, {pieces:?}");
        let path = format!("/v1/admin/tax-declaration?period={}", &today()[..7]);
        let declared = admin(&server).await.get(&path).await.expect(200);
        let goods_tax = declared["lines"].as_array().unwrap().iter().find(|line| line["kind"] == "goods");
        let left = goods_tax.map_or(0, |line| line["vat"].as_i64().unwrap() + line["pit"].as_i64().unwrap());
        assert_eq!(left, 0, "{code}, {pieces:?}: {declared}");
    }
    server.assert_books_agree();
}

#[tokio::test]
async fn of_a_voucher_over_three_cooperatives_only_the_cancelled_share_goes_back() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    promotion(&server, json!({"code": "BACAI", "kind": "amount", "amount": 50_001})).await;
    let mut items = Vec::new();
    for product in ["hat-doi", "mat-ong-rung-hop-tien", "ruou-muong"] {
        items.push(server.offer(product, 0).await);
    }
    let items: Vec<_> = items.iter().map(|offer| (offer.as_str(), 1)).collect();
    let basket = server.basket(&items).await;
    let purchase = buy_with(&basket, &["BACAI"], "vnpay").await;
    assert_eq!(purchase["orders"].as_array().unwrap().len(), 3);
    pay(&server, &basket, &purchase, "a").await;
    let orders = purchase["orders"].as_array().unwrap();
    let paid: i64 = orders.iter().map(|order| order["total"]["amount"].as_i64().unwrap()).sum();
    assert_eq!(paid, purchase["total"]["amount"].as_i64().unwrap());
    cancel(&basket, &orders[1]).await.expect(200);
    until(&server, "SELECT COUNT(*) FROM refund WHERE state = 'succeeded'", 1).await;
    assert_eq!(gateway.refunds(), [(1, orders[1]["total"]["amount"].as_i64().unwrap())], "its share, and no more");
    assert_eq!(
        server.count("SELECT used FROM promotion WHERE code = 'BACAI'").await,
        1,
        "two orders still stand by it"
    );
    server.assert_books_agree();
}

#[tokio::test]
async fn a_code_is_free_again_once_nothing_stands_by_it() {
    let gateway = Gateway::new().await;
    let mut server = shop(&gateway).await;
    let offer = server.offer("hat-doi", 0).await;
    let seller = server.seller_of("hat-doi").await;
    for code in ["HETHAN", "NHATU", "NGUOIMUA", "DATRA", "IMLANG"] {
        let limited = json!({"code": code, "kind": "percentage", "rate_bp": 1000, "usage_limit": 1});
        promotion(&server, limited).await;
    }
    let used = async |server: &Server, code: &str| {
        server.count(&format!("SELECT used FROM promotion WHERE code = '{code}'")).await
    };
    let basket = async |server: &Server| server.basket(&[(&offer, 1)]).await;
    // The seller refuses.
    let refused = basket(&server).await;
    let purchase = buy_with(&refused, &["NHATU"], "cash_on_delivery").await;
    let taken = basket(&server).await;
    let quote = json!({"address": address(), "codes": ["NHATU"]});
    let second = taken.client.post(&taken.path("/quote"), quote).await;
    if second.status == 201 {
        let answer = taken.checkout(second.body["id"].as_str().unwrap(), "second").await;
        answer.expect_problem(409, "changed_since_quote");
    }
    let reason = json!({"reason_code": "quality", "reason": "Vườn không còn quả"});
    let path = seller.path(&format!("orders/{}/cancel", purchase["orders"][0]["id"].as_str().unwrap()));
    seller.client.post(&path, reason).await.expect(200);
    assert_eq!(used(&server, "NHATU").await, 0);
    // The buyer cancels, before and after having paid.
    for (code, method) in [("NGUOIMUA", "cash_on_delivery"), ("DATRA", "vnpay")] {
        let bought = basket(&server).await;
        let purchase = buy_with(&bought, &[code], method).await;
        if method == "vnpay" {
            pay(&server, &bought, &purchase, "a").await;
        }
        assert_eq!(used(&server, code).await, 1);
        cancel(&bought, &purchase["orders"][0]).await.expect(200);
        assert_eq!(used(&server, code).await, 0, "{code}");
        // And can be used once more, by whoever comes first.
        buy_with(&basket(&server).await, &[code], "cash_on_delivery").await;
        assert_eq!(used(&server, code).await, 1, "{code}");
    }
    // Nobody paid in time; nobody answered for 72 hours.
    buy_with(&basket(&server).await, &["HETHAN"], "vnpay").await;
    buy_with(&basket(&server).await, &["IMLANG"], "cash_on_delivery").await;
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 2 * 3_600)).await;
    until(&server, "SELECT used FROM promotion WHERE code = 'HETHAN'", 0).await;
    assert_eq!(used(&server, "IMLANG").await, 1);
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 73 * 3_600)).await;
    until(&server, "SELECT used FROM promotion WHERE code = 'IMLANG'", 0).await;
    server.assert_books_agree();
}

#[tokio::test]
async fn a_limit_per_buyer_holds_however_phone_and_mail_are_spelt() {
    let server = Server::start().await;
    let once = json!({"code": "MOTLAN", "kind": "percentage", "rate_bp": 1000, "per_buyer_limit": 1});
    promotion(&server, once).await;
    let offer = server.offer("tinh-dau-sa", 0).await;
    let buy = async |phone: &str, email: &str, key: &str| {
        let basket = server.basket(&[(&offer, 1)]).await;
        let quote = json!({"address": address(), "codes": ["MOTLAN"]});
        let quote = basket.client.post(&basket.path("/quote"), quote).await.expect(201);
        let mut form = basket.order_form(quote["id"].as_str().unwrap());
        form["contact"] = json!({"name": "Nguyễn Thị Lan", "phone": phone, "email": email});
        basket.client.clone().header("idempotency-key", key).post("/v1/checkouts", form).await
    };
    buy("0912345678", "A@x.vn", "first").await.expect(201);
    for (phone, email, key) in [
        ("+84 912 345 678", "a@x.vn", "both"),
        ("84912345678", "other@x.vn", "phone"),
        ("0987654321", "a@X.VN", "mail"),
    ] {
        let refused = buy(phone, email, key).await.expect_problem(409, "changed_since_quote");
        assert_eq!(refused["changes"][0]["kind"], "promotion_used_up", "{key}");
    }
    buy("0987654321", "other@x.vn", "somebody else").await.expect(201);
    server.assert_books_agree();
}

#[tokio::test]
async fn pages_show_every_product_once_though_all_are_equal() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let group = crate::imports::category(&server).await;
    let mut sheet = String::from(
        "Mã hàng (SKU),Tên sản phẩm,Nhóm hàng,Mô tả ngắn,Quy cách,Đơn vị,Khối lượng (g),Giá (đ),Tồn kho,Trạng thái\n",
    );
    for number in 0..30 {
        sheet += &format!("E-{number},Giống nhau số {number},{group},Như nhau,Gói,Gói,500,250k,10,Đang bán\n");
    }
    let job = crate::imports::import(&shop, "products", sheet.into_bytes()).await;
    crate::imports::read_in(&shop, &job).await;
    server.execute("UPDATE product SET created_at = '2026-01-01T00:00:00Z', published_at = '2026-01-01T00:00:00Z' WHERE name_vi LIKE 'Giống nhau%'").await;
    let node = server.second_node().await;
    let client = node.client();
    let cooperative = client.get(&format!("/v1/cooperatives/{}", shop.cooperative)).await.expect(200);
    let slug = cooperative["slug"].as_str().unwrap();
    for sort in ["relevance", "newest", "price_asc", "price_desc", "name", "stars", "distance"] {
        for q in ["", "&q=giong+nhau"] {
            let near = if sort == "distance" { "&near=20.67,105.53" } else { "" };
            let base = format!("/v1/products?cooperative={slug}&limit=7&sort={sort}{q}{near}");
            let (mut seen, mut page, mut pages) = (Vec::new(), client.get(&base).await.expect(200), 0);
            loop {
                seen.extend(
                    page["items"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap().to_owned()),
                );
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                pages += 1;
                assert!(pages < 20, "{base} never ends");
                page = client.get(&format!("{base}&cursor={cursor}")).await.expect(200);
            }
            let ours: Vec<_> = seen.iter().filter(|slug| slug.starts_with("giong-nhau")).collect();
            let mut unique = ours.clone();
            unique.sort();
            unique.dedup();
            assert_eq!((ours.len(), unique.len()), (30, 30), "{base}: {ours:?}");
        }
    }
    drop(node);
    // Also while one is added: what was there before the first page is shown once.
    let base = format!("/v1/products?cooperative={slug}&limit=7&sort=newest");
    let mut page = server.client().get(&base).await.expect(200);
    let mut seen = Vec::new();
    for round in 0.. {
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str().map(str::to_owned) else { break };
        if round == 1 {
            let one = format!(
                "Mã hàng (SKU),Tên sản phẩm,Nhóm hàng,Mô tả ngắn,Quy cách,Đơn vị,Khối lượng (g),Giá (đ),Tồn kho,Trạng thái\nE-99,Thêm vào,{group},Mới,Gói,Gói,500,250k,10,Đang bán\n"
            );
            let job = crate::imports::import(&shop, "products", one.into_bytes()).await;
            crate::imports::read_in(&shop, &job).await;
        }
        page = server.client().get(&format!("{base}&cursor={cursor}")).await.expect(200);
    }
    let mut ours: Vec<_> = seen.iter().filter(|slug| slug.starts_with("giong-nhau")).collect();
    let all = ours.len();
    ours.sort();
    ours.dedup();
    assert_eq!((all, ours.len()), (30, 30));
}

#[tokio::test]
async fn baskets_merged_beyond_stock_sign_in_and_name_the_line() {
    let server = Server::start().await;
    let offer = server.offer("tinh-dau-sa", 0).await;
    server.seller_of("tinh-dau-sa").await.set_available(&offer, 5).await;
    let buyer = server.new_buyer("hoa@example.vn").await;
    let own = Basket::of(buyer.clone(), &[(&offer, 4)]).await;
    let guest = server.basket(&[(&offer, 4)]).await;
    let login = json!({"login": "hoa@example.vn", "password": tests::PASSWORD, "guest_cart": {"id": guest.id, "token": guest.token}});
    let signed_in = server.client().post("/v1/auth/login", login).await.expect(200);
    assert_eq!(signed_in["cart_id"], json!(own.id));
    let cart = buyer.get(&own.path("")).await.expect(200);
    let line = &cart["lines"][0];
    let (quantity, issue) = (line["quantity"].as_i64().unwrap(), &line["issue"]);
    assert!(quantity <= 5 || !issue.is_null(), "capped or named: {cart}");
    let many = Basket::of(server.client(), &[(&offer, 9_999)]).await;
    let login = json!({"login": "hoa@example.vn", "password": tests::PASSWORD, "guest_cart": {"id": many.id, "token": many.token}});
    server.client().post("/v1/auth/login", login).await.expect(200);
    let cart = buyer.get(&own.path("")).await.expect(200);
    assert!(cart["lines"][0]["quantity"].as_i64().unwrap() <= 9_999, "{cart}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateways_no_and_a_buyers_no_at_once_put_stock_back_once() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let offer = server.offer("hat-doi", 0).await;
    let seller = server.seller_of("hat-doi").await;
    let before = seller.stock(&offer).await["available"].as_i64().unwrap();
    for _ in 0..6 {
        let basket = server.basket(&[(&offer, 2)]).await;
        let purchase = basket.buy_by("vnpay").await;
        let payment = basket.pay(&purchase, "vnpay", "a").await.expect(201);
        let total = purchase["total"]["amount"].as_i64().unwrap();
        let no = Gateway::ipn(payment["reference"].as_str().unwrap(), total, "24");
        let client = server.client();
        let told = async {
            Gateway::tell(&client, &no).await;
        };
        let called_off = async {
            cancel(&basket, &purchase["orders"][0]).await;
        };
        tokio::join!(told, called_off);
        cancel(&basket, &purchase["orders"][0]).await;
        assert_eq!(seller.stock(&offer).await["available"], before);
        assert_eq!(crate::payments::states(&basket, &purchase).await, ["cancelled"]);
    }
    server.assert_books_agree();
}

#[tokio::test]
async fn what_was_frozen_is_accepted_whatever_changed_meanwhile() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let offer = server.offer("hat-doi", 0).await;
    let seller = server.seller_of("hat-doi").await;
    let made = promotion(&server, json!({"code": "DANGCHAY", "kind": "percentage", "rate_bp": 1000})).await;
    let basket = server.basket(&[(&offer, 2)]).await;
    let purchase = buy_with(&basket, &["DANGCHAY"], "vnpay").await;
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let payment = basket.pay(&purchase, "vnpay", "a").await.expect(201);
    seller.client.patch(&seller.path(&format!("offers/{offer}")), json!({"price": 990_000})).await.expect(200);
    let path = format!("/v1/admin/promotions/{}", made["id"].as_str().unwrap());
    admin(&server).await.patch(&path, json!({"state": "paused"})).await.expect(200);
    seller.client.delete(&seller.path(&format!("products/{}", seller.product))).await.expect(204);
    let ipn = Gateway::ipn(payment["reference"].as_str().unwrap(), total, "00");
    assert_eq!(Gateway::tell(&server.client(), &ipn).await, "00");
    let shown = basket.client.get(&Basket::link(&purchase["orders"][0])).await.expect(200);
    assert_eq!((&shown["state"], &shown["paid"]["amount"]), (&json!("placed"), &json!(total)));
    seller.deliver(purchase["orders"][0]["id"].as_str().unwrap()).await;
    server.assert_books_agree();
}

#[tokio::test]
async fn a_feed_tells_of_what_left_it_also_who_asks_by_date() {
    let server = Server::start().await;
    let partner = server.partner().await;
    let feed = partner.feed(json!({"products": ["hat-doi", "ruou-muong"], "in_stock": false, "size": 10})).await;
    let client = server.client();
    let shop = server.seller_of("ruou-muong").await;
    let product = shop.path(&format!("products/{}", shop.product));
    let offer = server.offer("ruou-muong", 0).await;
    let endings = ["json", "rss", "atom", "csv", "jsonld", "jsonfeed"];
    let conditions = async |ending: &str| {
        let answer = client.get(&format!("/feeds/{feed}.{ending}")).await;
        (answer.header("etag").to_owned(), answer.header("last-modified").to_owned(), answer.text)
    };
    let asks = async |ending: &str, (etag, modified, old): &(String, String, String), what: &str| {
        let path = format!("/feeds/{feed}.{ending}");
        for (name, value) in [("if-modified-since", modified), ("if-none-match", etag)] {
            let answer = client.clone().header(name, value).get(&path).await;
            assert!(answer.status == 200 && answer.text != *old, "{what}, {ending} by {name}: {}", answer.status);
        }
    };
    // Twice within a second the price changes: each is seen.
    for price in [181_000, 182_000, 183_000] {
        let known = join_all(endings.map(&conditions)).await;
        shop.client.patch(&shop.path(&format!("offers/{offer}")), json!({"price": price})).await.expect(200);
        for (ending, known) in endings.iter().zip(&known) {
            asks(ending, known, "a price changed").await;
            assert!(client.get(&format!("/feeds/{feed}.{ending}")).await.text.contains("183") || price != 183_000);
        }
    }
    // The newest product leaves: what stays is older than what was there.
    let known = join_all(endings.map(&conditions)).await;
    shop.client.patch(&product, json!({"status": "paused"})).await.expect(200);
    for (ending, known) in endings.iter().zip(&known) {
        asks(ending, known, "a product left").await;
    }
    // A price ends by the clock.
    shop.client.patch(&product, json!({"status": "published"})).await.expect(200);
    let ends = (time::OffsetDateTime::now_utc() + time::Duration::seconds(5))
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap();
    let starts = (time::OffsetDateTime::now_utc() - time::Duration::seconds(1))
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap();
    let sale = json!({"price": 99_000, "starts_at": starts, "ends_at": ends});
    let answer = shop.client.post(&shop.path(&format!("offers/{offer}/prices")), sale).await;
    answer.expect(201);
    until(&server, "SELECT COUNT(*) FROM scheduled_price WHERE state = 'running'", 1).await;
    // The row is written a moment before it is read again.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let known = join_all(endings.map(&conditions)).await;
    assert!(known[0].2.contains("99000"), "{}", known[0].2);
    until(&server, "SELECT COUNT(*) FROM scheduled_price WHERE state = 'over'", 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    for (ending, known) in endings.iter().zip(&known) {
        asks(ending, known, "a price ended").await;
    }
}
