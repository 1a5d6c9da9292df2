//! Paying: gateways, bank transfers, settlements, tax. After everything the books agree.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Basket, Gateway, Server};

pub async fn shop(gateway: &Gateway) -> Server {
    Server::with(gateway.settings()).await
}

pub async fn states(basket: &Basket, purchase: &Value) -> Vec<String> {
    let mut states = Vec::new();
    for order in purchase["orders"].as_array().unwrap() {
        let shown = basket.client.get(&Basket::link(order)).await.expect(200);
        states.push(shown["state"].as_str().unwrap().to_owned());
    }
    states
}

pub async fn two_cooperatives(server: &Server) -> Basket {
    let (pepper, honey) = (server.offer("hat-doi", 0).await, server.offer("mat-ong-rung-hop-tien", 0).await);
    server.basket(&[(&pepper, 2), (&honey, 1)]).await
}

/// Waits until a count is reached.
pub async fn until(server: &Server, sql: &str, wanted: i64) {
    for _ in 0..300 {
        if server.count(sql).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{sql}: {} instead of {wanted}", server.count(sql).await);
}

/// Paid through VNPAY.
pub async fn paid(server: &Server, basket: &Basket) -> Value {
    let purchase = basket.buy_by("vnpay").await;
    let payment = basket.pay(&purchase, "vnpay", "a").await.expect(201);
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let ipn = Gateway::ipn(payment["reference"].as_str().unwrap(), total, "00");
    assert_eq!(Gateway::tell(&server.client(), &ipn).await, "00");
    json!({"purchase": purchase, "reference": payment["reference"]})
}

#[tokio::test]
async fn a_purchase_over_two_cooperatives_is_paid_once() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let basket = two_cooperatives(&server).await;
    let purchase = basket.buy_by("vnpay").await;
    assert_eq!(states(&basket, &purchase).await, ["awaiting_payment", "awaiting_payment"]);
    let order = purchase["orders"][0]["id"].as_str().unwrap();
    // Nobody packs what is not paid.
    for product in ["hat-doi", "mat-ong-rung-hop-tien"] {
        let answer = server.seller_of(product).await.step(order, "confirm").await;
        assert!([404, 409].contains(&answer.status), "{}", answer.text);
    }
    // Nor does a seller learn who has not paid.
    let seller = server.seller_of("hat-doi").await;
    let listed = seller.client.get(&seller.path("orders?state=awaiting_payment")).await.expect(200);
    assert_eq!(listed["items"][0]["delivery"]["phone"], "…678");
    let report = seller.client.get(&seller.path("reports/sales")).await.expect(200);
    assert_eq!((report["total"]["orders"].as_i64(), report["total"]["cancelled_orders"].as_i64()), (Some(0), Some(0)));
    let payment = basket.pay(&purchase, "vnpay", "one").await.expect(201);
    let again = basket.pay(&purchase, "vnpay", "one").await.expect(201);
    assert_eq!(payment["id"], again["id"], "the same key is the same attempt");
    let (reference, total) = (payment["reference"].as_str().unwrap(), purchase["total"]["amount"].as_i64().unwrap());
    assert_eq!(payment["amount"]["amount"], total);
    let url = payment["action"]["url"].as_str().unwrap();
    assert!(url.contains(&format!("vnp_Amount={}", total * 100)) && url.contains(reference), "{url}");

    let client = server.client();
    assert_eq!(Gateway::tell(&client, &Gateway::forged_ipn(reference, total)).await, "97");
    assert_eq!(Gateway::tell(&client, &Gateway::ipn("TT261124NOBODYKNOW", total, "00")).await, "01");
    assert_eq!(Gateway::tell(&client, &Gateway::ipn(reference, total - 1, "00")).await, "04");
    assert_eq!(states(&basket, &purchase).await, ["awaiting_payment", "awaiting_payment"]);
    assert_eq!(Gateway::tell(&client, &Gateway::ipn(reference, total, "00")).await, "00");
    assert_eq!(Gateway::tell(&client, &Gateway::ipn(reference, total, "00")).await, "02");
    // A failure that comes after the success changes nothing.
    assert_eq!(Gateway::tell(&client, &Gateway::ipn(reference, total, "24")).await, "02");
    assert_eq!(states(&basket, &purchase).await, ["placed", "placed"]);
    let link = Basket::link(&purchase["orders"][0]);
    let token = link.split_once("token=").unwrap().1;
    let id = payment["id"].as_str().unwrap();
    client.get(&format!("/v1/payments/{id}")).await.expect_problem(404, "not_found");
    assert_eq!(client.get(&format!("/v1/payments/{id}?token={token}")).await.expect(200)["state"], "captured");
    basket.pay(&purchase, "momo", "two").await.expect_problem(409, "nothing_to_pay");
    let told = client.get(&link.replace('?', "/payments?")).await.expect(200);
    assert_eq!((&told["payments"][0]["state"], &told["refunds"]), (&json!("captured"), &json!([])));
    let paid: i64 = server
        .count("SELECT CAST(SUM(paid_amount) AS bigint) FROM orders WHERE paid_at IS NOT NULL AND state = 'placed'")
        .await;
    assert_eq!(paid, total);
    assert_eq!(server.count("SELECT CAST(SUM(times) AS bigint) FROM payment_callback").await, 6);
    server.assert_books_agree();
}

#[tokio::test]
async fn a_buyer_tries_again_another_way() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let client = server.client();
    let total = |purchase: &Value| purchase["total"]["amount"].as_i64().unwrap();

    let basket = two_cooperatives(&server).await;
    let purchase = basket.buy_by("vnpay").await;
    let failed = basket.pay(&purchase, "vnpay", "a").await.expect(201);
    let reference = failed["reference"].as_str().unwrap();
    assert_eq!(Gateway::tell(&client, &Gateway::ipn(reference, total(&purchase), "24")).await, "00");
    let momo = basket.pay(&purchase, "momo", "b").await.expect(201);
    assert_eq!(momo["action"]["kind"], "redirect");
    let notice = Gateway::momo_ipn(momo["reference"].as_str().unwrap(), total(&purchase), 0);
    let mut forged = notice.clone();
    forged["amount"] = 1.into();
    client.post("/v1/payments/momo/ipn", forged).await.expect(400);
    client.post("/v1/payments/momo/ipn", notice).await.expect(204);
    assert_eq!(states(&basket, &purchase).await, ["placed", "placed"]);

    let basket = two_cooperatives(&server).await;
    let purchase = basket.buy_by("zalopay").await;
    let attempt = basket.pay(&purchase, "zalopay", "a").await.expect(201);
    let notice = Gateway::zalopay_callback(attempt["reference"].as_str().unwrap(), total(&purchase));
    assert_eq!(client.post("/v1/payments/zalopay/ipn", notice.clone()).await.expect(200)["return_code"], 1);
    assert_eq!(client.post("/v1/payments/zalopay/ipn", notice).await.expect(200)["return_code"], 2);
    let forged = json!({"data": "{}", "mac": "00", "type": 1});
    assert_eq!(client.post("/v1/payments/zalopay/ipn", forged).await.expect(200)["return_code"], -1);
    assert_eq!(states(&basket, &purchase).await, ["placed", "placed"]);

    // In the end rather at the door.
    let basket = two_cooperatives(&server).await;
    let purchase = basket.buy_by("vnpay").await;
    basket.pay(&purchase, "cash_on_delivery", "a").await.expect(201);
    assert_eq!(states(&basket, &purchase).await, ["placed", "placed"]);
    server.assert_books_agree();
}

#[tokio::test]
async fn what_is_paid_twice_goes_back_once() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let client = server.client();
    let basket = two_cooperatives(&server).await;
    let purchase = basket.buy_by("vnpay").await;
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let first = basket.pay(&purchase, "vnpay", "a").await.expect(201);
    let second = basket.pay(&purchase, "vnpay", "b").await.expect(201);
    // The answer to the refund is lost on its way: it is asked about, not sent again.
    gateway.given.lock().unwrap().lose_answers = 1;
    let paths = [&first, &second].map(|payment| Gateway::ipn(payment["reference"].as_str().unwrap(), total, "00"));
    let told = futures_util::future::join_all(paths.iter().map(|path| Gateway::tell(&client, path))).await;
    assert_eq!(told, ["00", "00"]);
    until(&server, "SELECT COUNT(*) FROM refund WHERE state = 'unknown'", 1).await;
    server.execute("UPDATE refund SET next_at = '2026-01-01T00:00:00Z'").await;
    until(&server, "SELECT COUNT(*) FROM refund WHERE state = 'succeeded'", 1).await;
    assert_eq!(gateway.refunds(), [(1, total)]);
    assert_eq!(states(&basket, &purchase).await, ["placed", "placed"]);
    server.assert_books_agree();
}

#[tokio::test]
async fn paid_at_the_gateway_and_at_the_door_at_once_is_paid_once() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let (client, mut back) = (server.client(), 0);
    for _ in 0..12 {
        let basket = two_cooperatives(&server).await;
        let purchase = basket.buy_by("vnpay").await;
        let payment = basket.pay(&purchase, "vnpay", "a").await.expect(201);
        let total = purchase["total"]["amount"].as_i64().unwrap();
        let ipn = Gateway::ipn(payment["reference"].as_str().unwrap(), total, "00");
        let (told, door) = tokio::join!(Gateway::tell(&client, &ipn), basket.pay(&purchase, "cash_on_delivery", "b"));
        assert_eq!(told, "00");
        assert!([201, 409].contains(&door.status), "{}", door.text);
        back += i64::from(door.status == 201);
        assert_eq!(states(&basket, &purchase).await, ["placed", "placed"]);
    }
    // Where the door was first, what the gateway brought goes back whole; the cash is still to come.
    until(&server, "SELECT COUNT(*) FROM refund WHERE state = 'succeeded'", back).await;
    let cash = "SELECT COUNT(*) FROM payment WHERE method = 'cash_on_delivery' AND state = 'pending'
                  AND order_id IN (SELECT id FROM orders WHERE state = 'placed' AND paid_at IS NULL)";
    assert_eq!(
        server
            .count(&format!("{cash} AND purchase_id IN (SELECT purchase_id FROM payment WHERE method = 'vnpay')"))
            .await,
        2 * back
    );
    server.assert_books_agree();
}

#[tokio::test]
async fn money_that_comes_too_late_buys_what_is_left_or_goes_back() {
    let gateway = Gateway::new().await;
    let mut server = shop(&gateway).await;
    let offer = server.offer("hat-doi", 0).await;
    let seller = server.seller_of("hat-doi").await;
    let mut bought = Vec::new();
    for _ in 0..2 {
        let basket = server.basket(&[(&offer, 2)]).await;
        let purchase = basket.buy_by("vnpay").await;
        let payment = basket.pay(&purchase, "vnpay", "a").await.expect(201);
        bought.push((purchase, payment["reference"].as_str().unwrap().to_owned()));
    }
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 3_600)).await;
    until(&server, "SELECT COUNT(*) FROM orders WHERE state = 'expired'", 2).await;
    let seller = tests::Seller { client: server.sign_in_again(&seller).await, ..seller };
    seller.set_available(&offer, 3).await;
    let client = server.client();
    for (purchase, reference) in &bought {
        let total = purchase["total"]["amount"].as_i64().unwrap();
        assert_eq!(Gateway::tell(&client, &Gateway::ipn(reference, total, "00")).await, "00");
    }
    let shown = async |purchase: &Value| client.get(&Basket::link(&purchase["orders"][0])).await.expect(200);
    assert_eq!(shown(&bought[0].0).await["state"], "placed", "its goods are still there");
    let late = shown(&bought[1].0).await;
    assert_eq!(late["state"], "expired");
    assert_eq!(late["refunded"], late["paid"], "too late: all of it goes back");
    until(&server, "SELECT COUNT(*) FROM refund WHERE state = 'succeeded'", 1).await;
    assert_eq!(gateway.refunds(), [(1, bought[1].0["total"]["amount"].as_i64().unwrap())]);
    server.assert_books_agree();
}

#[tokio::test]
async fn a_payment_nobody_told_us_of_is_asked_for() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let basket = two_cooperatives(&server).await;
    let purchase = basket.buy_by("vnpay").await;
    let payment = basket.pay(&purchase, "vnpay", "a").await.expect(201);
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let reference = payment["reference"].as_str().unwrap().to_owned();
    gateway.given.lock().unwrap().standing.insert(reference, ("00".to_owned(), total));
    server.execute("UPDATE payment SET next_query_at = '2026-01-01T00:00:00Z'").await;
    until(&server, "SELECT COUNT(*) FROM orders WHERE state = 'placed' AND paid_at IS NOT NULL", 2).await;
    server.assert_books_agree();
}

#[tokio::test]
async fn transfers_are_matched_or_wait_for_a_person() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let client = server.client();
    let basket = two_cooperatives(&server).await;
    let purchase = basket.buy_by("bank_transfer").await;
    let payment = basket.pay(&purchase, "bank_transfer", "a").await.expect(201);
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let code = payment["reference"].as_str().unwrap();
    assert_eq!(payment["action"]["description"], code);
    assert!(payment["action"]["qr"].as_str().unwrap().contains(&format!("54{:02}{total}", total.to_string().len())));
    let stranger = client.clone().header("authorization", "Apikey wrong");
    stranger
        .post("/v1/payments/bank_transfer/webhook", json!({"transferAmount": 1}))
        .await
        .expect_problem(404, "not_found");
    let spaced = format!("MBVCB 99 {} {} ct tu 01", &code[..7].to_lowercase(), &code[7..]);
    Gateway::transfer(&client, "FT1", total - 1_000, &spaced).await.expect(200);
    assert_eq!(states(&basket, &purchase).await[0], "awaiting_payment", "not exactly what is to be paid");
    Gateway::transfer(&client, "FT2", total, &spaced).await.expect(200);
    Gateway::transfer(&client, "FT2", total, &spaced).await.expect(200);
    assert_eq!(states(&basket, &purchase).await, ["placed", "placed"]);
    Gateway::transfer(&client, "FT3", total, code).await.expect(200);
    Gateway::transfer(&client, "FT4", 77_000, "tien cam").await.expect(200);
    server.assert_books_agree();

    let admin = server.sign_in("admin@example.vn").await;
    let queue = admin.get("/v1/admin/reconciliation").await.expect(200);
    let items = queue["items"].as_array().unwrap();
    let kinds: Vec<_> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["unknown_transfer", "second_transfer", "wrong_amount"]);
    // The unknown one turns out to be for another purchase.
    let other = server.basket(&[(&server.offer("tinh-dau-sa", 0).await, 1)]).await;
    let second = other.buy_by("bank_transfer").await;
    let attempt = other.pay(&second, "bank_transfer", "a").await.expect(201);
    let resolve = async |item: &Value, body: Value, key: &str| {
        let path = format!("/v1/admin/reconciliation/{}/resolve", item["id"].as_str().unwrap());
        admin.clone().header("idempotency-key", key).post(&path, body).await
    };
    let assign = json!({"resolution": "assign", "payment_id": attempt["id"], "note": "khách báo"});
    resolve(&items[0], assign, "r0").await.expect_problem(409, "not_assignable");
    let back = json!({"resolution": "sent_back", "note": "Đã chuyển trả FT9"});
    resolve(&items[1], back.clone(), "r1").await.expect(200);
    resolve(&items[1], back.clone(), "r1").await.expect(200);
    resolve(&items[1], back.clone(), "r1b").await.expect_problem(409, "already_resolved");
    resolve(&items[2], json!({"resolution": "noted", "note": "xem"}), "r2")
        .await
        .expect_problem(409, "resolution_not_possible");
    let sum = second["total"]["amount"].as_i64().unwrap();
    Gateway::transfer(&client, "FT5", sum, "quen ghi ma").await.expect(200);
    let newest = admin.get("/v1/admin/reconciliation").await.expect(200)["items"][0].clone();
    let assign = json!({"resolution": "assign", "payment_id": attempt["id"], "note": "khách báo"});
    resolve(&newest, assign, "r3").await.expect(200);
    assert_eq!(states(&other, &second).await, ["placed"]);
    server.assert_books_agree();
}

#[tokio::test]
async fn a_household_pays_tax_when_it_is_paid_and_gets_it_back_with_the_goods() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let client = server.client();
    let offer = server.offer("hat-doi", 0).await;
    let basket = server.basket(&[(&offer, 3)]).await;
    let purchase = basket.buy_by("vnpay").await;
    let payment = basket.pay(&purchase, "vnpay", "a").await.expect(201);
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let ipn = Gateway::ipn(payment["reference"].as_str().unwrap(), total, "00");
    assert_eq!(Gateway::tell(&client, &ipn).await, "00");
    let goods = purchase["goods"]["amount"].as_i64().unwrap();
    let admin = server.sign_in("admin@example.vn").await;
    let today = time::OffsetDateTime::now_utc().to_offset(time::UtcOffset::from_hms(7, 0, 0).unwrap()).date();
    let period = format!("{}-{:02}", today.year(), u8::from(today.month()));
    let path = format!("/v1/admin/tax-declaration?period={period}");
    let declared = admin.get(&path).await.expect(200);
    let line = declared["lines"].as_array().unwrap().iter().find(|line| line["kind"] == "goods").unwrap().clone();
    assert_eq!((line["vat_bp"].as_i64(), line["pit_bp"].as_i64()), (Some(100), Some(50)));
    // The demo's past holds no sale of this household.
    assert_eq!(line["revenue"], goods);
    assert_eq!(line["vat"], (goods + 50) / 100);
    assert_eq!(line["pit"], (goods * 50 + 5_000) / 10_000);
    for format in ["xlsx", "csv"] {
        let (status, _, bytes) = admin.bytes(&format!("{path}&format={format}")).await;
        assert!(status == 200 && bytes.len() > 100, "{format}: {status}");
    }
    let seller = server.seller_of("hat-doi").await;
    let own = seller.client.get(&seller.path(&format!("tax?period={period}"))).await.expect(200);
    assert_eq!(own["vat"], declared["vat"]);
    basket
        .client
        .post(&Basket::link(&purchase["orders"][0]).replace("?token", "/cancel?token"), json!({}))
        .await
        .expect(200);
    let declared = admin.get(&path).await.expect(200);
    assert_eq!(
        (declared["vat"].as_i64(), declared["pit"].as_i64(), declared["revenue"].as_i64()),
        (Some(0), Some(0), Some(0))
    );
    server.assert_books_agree();
}

#[tokio::test]
async fn the_ledger_takes_no_change_and_a_backup_agrees() {
    let server = Server::start().await;
    assert!(server.count("SELECT COUNT(*) FROM posting").await > 0, "the demo has sold something");
    for sql in [
        "UPDATE posting SET amount = amount + 1",
        "DELETE FROM posting",
        "UPDATE journal SET kind = 'x'",
        "DELETE FROM journal",
    ] {
        let error = server.try_execute(sql).await.expect_err(sql);
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
    server.assert_books_agree();
    server.assert_backup_agrees();
    // What was tampered with around the journals is found and named.
    for (sql, named) in [
        (
            "UPDATE ledger_account SET balance = balance + 1 WHERE kind = 'buyer_funds'",
            "balance and postings of account",
        ),
        ("UPDATE orders SET earned_at = NULL WHERE state = 'completed'", "earned order is delivered and paid"),
        ("UPDATE payment SET amount = amount + 1 WHERE state = 'captured'", "payment and its journals"),
        ("UPDATE order_line SET refunded_amount = 1", "paid, refunded and lines of order"),
    ] {
        server.execute(sql).await;
        let output = server.ocop(&["ledger", "check"], "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && text.contains(named), "{sql}: {text}");
    }
}

#[tokio::test]
async fn a_gateways_settlement_is_matched_line_by_line() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let offer = server.offer("tinh-dau-sa", 0).await;
    let mut paid_for = Vec::new();
    for _ in 0..2 {
        paid_for.push(paid(&server, &server.basket(&[(&offer, 1)]).await).await);
    }
    let unpaid = server.basket(&[(&offer, 1)]).await;
    let waiting = unpaid.buy_by("vnpay").await;
    let waiting = unpaid.pay(&waiting, "vnpay", "a").await.expect(201);
    let of = |paid: &Value| {
        (paid["reference"].as_str().unwrap().to_owned(), paid["purchase"]["total"]["amount"].as_i64().unwrap())
    };
    let ((first, sum), (second, other)) = (of(&paid_for[0]), of(&paid_for[1]));
    let file = format!(
        "vnp_TxnRef,Số tiền,Phí\n{first},{sum},1100\n{first},{sum},1100\n{second},{},1100\nNOBODY,50000,0\n{},{sum},0\n",
        other - 500,
        waiting["reference"].as_str().unwrap()
    );
    let admin = server.sign_in("admin@example.vn").await;
    let booked = admin.upload("/v1/admin/settlements/vnpay", "text/csv", file.clone().into_bytes()).await.expect(201);
    assert_eq!((booked["lines"].as_i64(), booked["fees"]["amount"].as_i64()), (Some(5), Some(3_300)));
    admin
        .upload("/v1/admin/settlements/vnpay", "text/csv", file.into_bytes())
        .await
        .expect_problem(409, "settlement_known");
    let queue = admin.get("/v1/admin/reconciliation").await.expect(200);
    let kinds: Vec<_> = queue["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["settlement_differs", "unknown_settlement", "settlement_differs", "settled_twice"]);
    // One payment has left the gateway for our bank account, less the fees.
    assert_eq!(server.count("SELECT balance FROM ledger_account WHERE kind = 'gateway'").await, other);
    assert_eq!(server.count("SELECT balance FROM ledger_account WHERE kind = 'gateway_fees'").await, 3_300);
    server.assert_books_agree();
    let keep = json!({"resolution": "keep", "note": "chênh lệch nhỏ"});
    for (index, item) in queue["items"].as_array().unwrap().iter().enumerate() {
        let path = format!("/v1/admin/reconciliation/{}/resolve", item["id"].as_str().unwrap());
        admin.clone().header("idempotency-key", &format!("k{index}")).post(&path, keep.clone()).await.expect(200);
    }
    assert_eq!(server.count("SELECT balance FROM ledger_account WHERE kind = 'unmatched'").await, 0);
    server.assert_books_agree();
}

#[tokio::test]
async fn what_is_not_paid_in_time_frees_its_goods_and_its_promotions() {
    let gateway = Gateway::new().await;
    let mut server = shop(&gateway).await;
    let offer = server.offer("hat-doi", 0).await;
    let seller = server.seller_of("hat-doi").await;
    let before = seller.stock(&offer).await["available"].as_i64().unwrap();
    let basket = server.basket(&[(&offer, 2)]).await;
    let purchase = basket.buy_by("vnpay").await;
    assert!(purchase["pay_by"].is_string());
    assert_eq!(seller.stock(&offer).await["available"], before - 2);
    // A payment in flight holds the goods longer than the order alone would.
    let held = "SELECT COUNT(*) FROM orders o JOIN payment p ON p.purchase_id = o.purchase_id WHERE o.respond_by > p.expires_at";
    assert_eq!(server.count(held).await, 0);
    basket.pay(&purchase, "vnpay", "a").await.expect(201);
    assert_eq!(server.count(held).await, 1);
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 40 * 60)).await;
    assert_eq!(states(&basket, &purchase).await, ["awaiting_payment"], "a payment is in flight");
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 50 * 60)).await;
    until(&server, "SELECT COUNT(*) FROM orders WHERE state = 'expired'", 1).await;
    let seller = tests::Seller { client: server.sign_in_again(&seller).await, ..seller };
    assert_eq!(seller.stock(&offer).await["available"], before);
    until(&server, "SELECT COUNT(*) FROM payment WHERE state = 'expired'", 1).await;
    server.assert_books_agree();
}
