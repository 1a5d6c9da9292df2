//! Money that goes back: asked for, after returns, small harvests and disputes. After everything the books agree.

use serde_json::{Value, json};
use tests::{Basket, Client, Gateway, Server};

use crate::payments::{paid, shop, two_cooperatives, until};

#[tokio::test]
async fn refunds_go_by_lines_amounts_and_events_and_large_ones_need_two() {
    let gateway = Gateway::new().await;
    let server = Server::with(gateway.settings().set("OCOP_REFUND_APPROVAL_ABOVE", 100_000)).await;
    let client = server.client();
    let basket = two_cooperatives(&server).await;
    let purchase = basket.buy_by("momo").await;
    let payment = basket.pay(&purchase, "momo", "a").await.expect(201);
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let notice = Gateway::momo_ipn(payment["reference"].as_str().unwrap(), total, 0);
    client.post("/v1/payments/momo/ipn", notice).await.expect(204);
    let seller = server.seller_of("hat-doi").await;
    let offer = server.offer("hat-doi", 0).await;
    let order = purchase["orders"]
        .as_array()
        .unwrap()
        .iter()
        .find(|order| order["cooperative_en"].as_str().unwrap().contains("dổi"))
        .unwrap_or(&purchase["orders"][0]);
    let id = order["id"].as_str().unwrap();
    let ask = async |client: &Client, path: &str, body: Value, key: &str| {
        client.clone().header("idempotency-key", key).post(path, body).await
    };
    let path = seller.path(&format!("orders/{id}/refunds"));
    let too_much = json!({"amount": 90_000_000, "note": "nhầm"});
    ask(&seller.client, &path, too_much, "k0").await.expect_problem(409, "refund_too_much");
    let small = json!({"amount": 10_000, "delivery": false, "note": "hạt vỡ"});
    let first = ask(&seller.client, &path, small.clone(), "k1").await.expect(201);
    assert_eq!(ask(&seller.client, &path, small, "k1").await.expect(201), first, "asked twice, owed once");
    until(&server, "SELECT COUNT(*) FROM refund WHERE state = 'succeeded'", 1).await;

    // Above the limit a second person decides, and not the one who asked.
    let line = json!({"lines": [{"offer_id": offer, "quantity": 2}], "delivery": true, "note": "trả hết"});
    let admin = server.sign_in("admin@example.vn").await;
    let asked = ask(&admin, &format!("/v1/admin/orders/{id}/refunds"), line, "k2").await.expect(201);
    let large =
        asked["items"].as_array().unwrap().iter().find(|refund| refund["state"] == "awaiting_approval").unwrap();
    let decide = format!("/v1/admin/refunds/{}", large["id"].as_str().unwrap());
    admin.post(&decide, json!({"step": "approve"})).await.expect_problem(409, "own_refund");
    let output = server.ocop(
        &["user", "create", "sep@example.vn", "--name", "Sếp", "--role", "admin"],
        &format!("{}\n", tests::PASSWORD),
    );
    assert!(output.status.success());
    let second = server.sign_in("sep@example.vn").await;
    second.post(&decide, json!({"step": "reject"})).await.expect(200);
    second.post(&decide, json!({"step": "approve"})).await.expect_problem(409, "refund_state");
    server.assert_books_agree();

    // The provider refuses: a person sends it, once.
    gateway.given.lock().unwrap().refuse_refunds = true;
    basket.client.post(&Basket::link(order).replace("?token", "/cancel?token"), json!({})).await.expect(200);
    until(&server, "SELECT COUNT(*) FROM refund WHERE state = 'manual' AND reason = 'order_cancelled'", 1).await;
    let manual = admin.get("/v1/admin/refunds?state=manual").await.expect(200);
    let manual = manual["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|refund| refund["reason"] == "order_cancelled")
        .unwrap()
        .clone();
    let decide = format!("/v1/admin/refunds/{}", manual["id"].as_str().unwrap());
    admin.post(&decide, json!({"step": "sent"})).await.expect_problem(422, "invalid");
    let sent = json!({"step": "sent", "bank_reference": "FT26329"});
    admin.post(&decide, sent.clone()).await.expect(200);
    admin.post(&decide, sent).await.expect_problem(409, "refund_state");
    server.assert_books_agree();
}

#[tokio::test]
async fn goods_that_come_back_are_paid_back() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let offer = server.offer("hat-doi", 0).await;
    let basket = server.basket(&[(&offer, 3)]).await;
    let paid = paid(&server, &basket).await;
    let order = &paid["purchase"]["orders"][0];
    let seller = server.seller_of("hat-doi").await;
    seller.deliver(order["id"].as_str().unwrap()).await;
    let goods = paid["purchase"]["goods"]["amount"].as_i64().unwrap();
    let link = Basket::link(order);
    for (round, quantity) in [(1, 1), (2, 2)] {
        let ask = json!({"reason": "spoiled", "text": "bị mốc", "lines": [{"offer_id": offer, "quantity": quantity}]});
        let asked = basket.client.post(&link.replace('?', "/returns?"), ask).await.expect(201);
        let path = seller.path(&format!("returns/{}", asked["id"].as_str().unwrap()));
        seller.client.post(&path, json!({"decision": "receive"})).await.expect(200);
        seller.client.post(&path, json!({"decision": "receive"})).await.expect_problem(409, "return_state");
        seller.client.post(&path, json!({"decision": "close"})).await.expect(200);
        let shown = basket.client.get(&link).await.expect(200);
        assert_eq!(
            shown["refunded"]["amount"],
            if round == 1 { goods / 3 } else { goods },
            "the delivery is not paid back"
        );
        server.assert_books_agree();
    }
    until(&server, "SELECT COUNT(*) FROM refund WHERE state = 'succeeded'", 2).await;
    let sent: i64 = gateway
        .refunds()
        .iter()
        .map(|(times, amount)| {
            assert_eq!(*times, 1);
            amount
        })
        .sum();
    assert_eq!(sent, goods);
    server.message_to("khach@example.vn", "goes back to where you paid from").await;
    server.assert_books_agree();
}

#[tokio::test]
async fn a_paid_pre_order_of_a_harvest_too_small_is_paid_back_in_part() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let seller = server.seller_of("hat-doi").await;
    let offer = server.offer("hat-doi", 0).await;
    seller.set_available(&offer, 0).await;
    let day = |days: i64| (time::OffsetDateTime::now_utc() + time::Duration::days(days)).date().to_string();
    let body = json!({"offer_id": offer, "quantity": 50, "share_bp": 10_000, "expected_from": day(10), "expected_to": day(20)});
    let forecast = seller.client.post(&seller.path("forecasts"), body).await.expect(201);
    let items = json!({"items": [{"offer_id": offer, "quantity": 5, "preorder": true}]});
    let cart = server.client().post("/v1/carts", items).await.expect(201);
    let client = server.client().header("x-cart-token", cart["token"].as_str().unwrap());
    let basket = Basket { client, id: cart["id"].as_str().unwrap().to_owned(), token: None };
    let paid = paid(&server, &basket).await;
    let order = &paid["purchase"]["orders"][0];
    let total = paid["purchase"]["total"]["amount"].as_i64().unwrap();
    let lot = json!({"product_id": seller.product, "code": "VU-1", "harvested_on": day(0), "expires_on": day(40), "forecast_id": forecast["id"],
        "contents": [{"offer_id": offer, "quantity": 3}]});
    seller.client.post(&seller.path("lots"), lot).await.expect(201);
    let link = Basket::link(order);
    let taken = basket.client.post(&link.replace('?', "/shortfall?"), json!({"choice": "part"})).await.expect(200);
    let unit = taken["lines"][0]["unit_price"]["amount"].as_i64().unwrap();
    assert_eq!(taken["total"]["amount"], total - 2 * unit);
    assert_eq!((taken["paid"]["amount"].as_i64(), taken["refunded"]["amount"].as_i64()), (Some(total), Some(2 * unit)));
    server.assert_books_agree();
    seller.deliver(order["id"].as_str().unwrap()).await;
    until(&server, "SELECT COUNT(*) FROM refund WHERE state = 'succeeded'", 1).await;
    assert_eq!(gateway.refunds(), [(1, 2 * unit)]);
    server.assert_books_agree();
}

#[tokio::test]
async fn both_sides_of_a_dispute_are_heard_and_nobody_else() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let offer = server.offer("hat-doi", 0).await;
    let basket = server.basket(&[(&offer, 1)]).await;
    let paid = paid(&server, &basket).await;
    let order = &paid["purchase"]["orders"][0];
    let disputes = Basket::link(order).replace('?', "/disputes?");
    let body = json!({"reason": "not_as_described", "text": "Hạt vụn, không phải loại một"});
    basket.client.post(&disputes, body.clone()).await.expect_problem(409, "not_disputable");
    let seller = server.seller_of("hat-doi").await;
    seller.deliver(order["id"].as_str().unwrap()).await;
    let opened = basket.client.post(&disputes, body.clone()).await.expect(201);
    basket.client.post(&disputes, body.clone()).await.expect_problem(409, "dispute_open");
    let id = opened["id"].as_str().unwrap();
    let evidence = json!({"text": "Ảnh lúc mở gói"});
    let mine = disputes.replace('?', &format!("/{id}/evidence?"));
    basket.client.post(&mine, evidence.clone()).await.expect(201);
    let mut strange = evidence.clone();
    strange["photo"] = json!("0192f0c4-8a3e-7b43-9d55-2f3c1f0e7a11");
    basket.client.post(&mine, strange).await.expect_problem(422, "invalid");
    let theirs = seller.path(&format!("disputes/{id}/evidence"));
    let heard = seller.client.post(&theirs, json!({"text": "Hàng đúng mẫu đã đăng"})).await.expect(201);
    let sides: Vec<_> = heard["evidence"].as_array().unwrap().iter().map(|one| one["side"].as_str().unwrap()).collect();
    assert_eq!(sides, ["buyer", "seller"]);
    let other = server.seller_of("ruou-muong").await;
    other
        .client
        .post(&other.path(&format!("disputes/{id}/evidence")), evidence.clone())
        .await
        .expect_problem(404, "not_found");
    assert_eq!(other.client.get(&other.path("disputes")).await.expect(200)["items"], json!([]));
    server.message_to("ho-kinh-doanh-nuong-dam@example.vn", "disputes order").await;
    let admin = server.sign_in("admin@example.vn").await;
    let decision = json!({"decision": "seller", "text": "Đúng như mô tả", "early": true});
    admin.post(&format!("/v1/admin/disputes/{id}"), decision).await.expect(200);
    basket.client.post(&mine, evidence).await.expect_problem(409, "dispute_over");
    basket
        .client
        .post(&disputes.replace('?', &format!("/{id}/withdraw?")), json!({}))
        .await
        .expect_problem(409, "dispute_over");
    assert_eq!(server.count("SELECT COUNT(*) FROM refund").await, 0);
    // A second one is withdrawn: they agreed.
    let again = basket.client.post(&disputes, body).await.expect(201);
    let withdraw = disputes.replace('?', &format!("/{}/withdraw?", again["id"].as_str().unwrap()));
    assert_eq!(basket.client.post(&withdraw, json!({})).await.expect(200)["state"], "withdrawn");
    server.assert_books_agree();
}

#[tokio::test]
async fn a_sum_of_a_purchase_is_borne_by_the_cooperatives_in_proportion() {
    let gateway = Gateway::new().await;
    let server = shop(&gateway).await;
    let basket = two_cooperatives(&server).await;
    let paid = paid(&server, &basket).await;
    let admin = server.sign_in("admin@example.vn").await;
    let path = format!("/v1/admin/purchases/{}/refunds", paid["purchase"]["id"].as_str().unwrap());
    let ask = async |amount: i64, key: &str| {
        admin.clone().header("idempotency-key", key).post(&path, json!({"amount": amount, "note": "giao chậm"})).await
    };
    let total = paid["purchase"]["total"]["amount"].as_i64().unwrap();
    ask(total + 1, "much").await.expect_problem(409, "refund_too_much");
    let refund = ask(33_333, "some").await.expect(201)["items"][0].clone();
    assert_eq!(refund["amount"]["amount"], 33_333);
    let mut sum = 0;
    for order in paid["purchase"]["orders"].as_array().unwrap() {
        let shown = basket.client.get(&Basket::link(order)).await.expect(200);
        let (back, of) = (shown["refunded"]["amount"].as_i64().unwrap(), order["total"]["amount"].as_i64().unwrap());
        assert!((back * total - 33_333 * of).abs() < total, "{back} of {of}");
        sum += back;
    }
    assert_eq!(sum, 33_333, "not a đồng more or less");
    until(&server, "SELECT COUNT(*) FROM refund WHERE state = 'succeeded'", 1).await;
    assert_eq!(gateway.refunds(), [(1, 33_333)], "sent back once, to where it came from");
    let told =
        basket.client.get(&Basket::link(&paid["purchase"]["orders"][0]).replace('?', "/payments?")).await.expect(200);
    assert_eq!(
        (&told["payments"][0]["state"], &told["refunds"][0]["number"]),
        (&json!("partly_refunded"), &refund["number"])
    );
    server.assert_books_agree();
}
