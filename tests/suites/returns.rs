//! After the sale: messages, returns, reviews, and figures that add up.

use serde_json::{Value, json};
use tests::{Basket, Client, Seller, Server};

use crate::media::photo;

async fn delivered(server: &Server, quantity: i64) -> (Seller, String, String, String) {
    let offer = server.offer("hat-doi", 0).await;
    let purchase = server.basket(&[(&offer, quantity)]).await.buy().await;
    let (order, link) =
        (purchase["orders"][0]["id"].as_str().unwrap().to_owned(), Basket::link(&purchase["orders"][0]));
    let shop = server.seller_of("hat-doi").await;
    shop.deliver(&order).await;
    (shop, order, link, offer)
}

#[tokio::test]
async fn buyer_and_seller_talk_and_each_is_told() {
    let server = Server::start().await;
    let offer = server.offer("hat-doi", 0).await;
    let purchase = server.basket(&[(&offer, 1)]).await.buy().await;
    let (order, link) =
        (purchase["orders"][0]["id"].as_str().unwrap().to_owned(), Basket::link(&purchase["orders"][0]));
    let shop = server.seller_of("hat-doi").await;
    let (mine, theirs) = (link.replace('?', "/messages?"), shop.path(&format!("orders/{order}/messages")));
    let guest = server.client();
    guest.post(&mine, json!({"text": "  "})).await.expect_problem(422, "invalid");
    guest.post(&mine, json!({"text": "Giao sau 5 giờ chiều nhé"})).await.expect(201);
    assert_eq!(shop.client.get(&shop.path("queue")).await.expect(200)["unread"]["count"], 1);
    assert_eq!(shop.client.get(&theirs).await.expect(200)["items"][0]["by"], "guest");
    assert_eq!(shop.client.get(&shop.path("queue")).await.expect(200)["unread"]["count"], 0);
    shop.client.post(&theirs, json!({"text": "Vâng ạ"})).await.expect(201);
    assert!(server.message_to("khach@example.vn", "Vâng ạ").await.contains(&format!("/o/{order}")));
    let talk = guest.get(&mine).await.expect(200);
    assert_eq!((talk["items"].as_array().unwrap().len(), &talk["items"][0]["read"]), (2, &json!(true)));
    let stranger = server.seller_of("ruou-muong").await;
    stranger.client.get(&stranger.path(&format!("orders/{order}/messages"))).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn goods_go_back_with_pictures_and_return_to_their_lot() {
    let server = Server::start().await;
    let (shop, order, link, offer) = delivered(&server, 4).await;
    let guest = server.client();
    let before = shop.stock(&offer).await["on_hand"].as_i64().unwrap();
    let picture = guest.upload(&link.replace('?', "/photos?"), "image/jpeg", photo(400, 300, None)).await.expect(201);
    let ask = |quantity: i64| json!({"reason": "damaged", "text": "Hai gói bị rách", "lines": [{"offer_id": offer, "quantity": quantity}], "photos": [picture["id"]]});
    let returns = link.replace('?', "/returns?");
    guest.post(&returns, ask(5)).await.expect_problem(422, "invalid");
    let mut twice = ask(1);
    twice["photos"] = json!([picture["id"], picture["id"]]);
    let twice = guest.post(&returns, twice).await.expect_problem(422, "invalid");
    assert_eq!(twice["errors"][0]["pointer"], "/photos/1");
    let asked = guest.post(&returns, ask(3)).await.expect(201);
    assert_eq!(guest.bytes(asked["photos"][0].as_str().unwrap()).await.0, 200);
    guest.post(&returns, ask(1)).await.expect_problem(409, "return_open");
    let path = shop.path(&format!("returns/{}", asked["id"].as_str().unwrap()));
    shop.client.post(&path, json!({"decision": "close"})).await.expect_problem(409, "return_state");
    shop.client.post(&path, json!({"decision": "refuse"})).await.expect_problem(422, "invalid");
    shop.client.post(&path, json!({"decision": "approve", "answer": "Gửi lại giúp HTX"})).await.expect(200);
    server.message_to("khach@example.vn", "was approved").await;
    let too_many = json!({"decision": "receive", "restocked": [{"offer_id": offer, "quantity": 4}]});
    shop.client.post(&path, too_many).await.expect_problem(422, "invalid");
    let part = json!({"offer_id": offer, "quantity": 2});
    let twice = json!({"decision": "receive", "restocked": [part, part]});
    shop.client.post(&path, twice).await.expect_problem(422, "invalid");
    let receive = json!({"decision": "receive", "restocked": [{"offer_id": offer, "quantity": 1}]});
    // Taken in by two people at once: once.
    let answers = futures_util::future::join_all((0..4).map(|_| shop.client.post(&path, receive.clone()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(shop.stock(&offer).await["on_hand"], before + 1);
    shop.client.post(&path, json!({"decision": "close"})).await.expect(200);
    // What was given back cannot be given back again.
    guest.post(&returns, ask(2)).await.expect_problem(422, "invalid");
    server.assert_books_agree();
    let _ = order;
}

#[tokio::test]
async fn only_what_arrived_is_returned_and_in_time() {
    let mut server = Server::start().await;
    let offer = server.offer("hat-doi", 0).await;
    let purchase = server.basket(&[(&offer, 1)]).await.buy().await;
    let link = Basket::link(&purchase["orders"][0]);
    let ask = json!({"reason": "other", "text": "Không vừa ý", "lines": [{"offer_id": offer, "quantity": 1}]});
    server.client().post(&link.replace('?', "/returns?"), ask.clone()).await.expect_problem(409, "not_returnable");
    server.seller_of("hat-doi").await.deliver(purchase["orders"][0]["id"].as_str().unwrap()).await;
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 9 * 86_400)).await;
    server.client().post(&link.replace('?', "/returns?"), ask).await.expect_problem(409, "not_returnable");
}

#[tokio::test]
async fn a_buyers_address_is_shown_only_while_it_is_needed() {
    let mut server = Server::start().await;
    let (shop, order, link, _) = delivered(&server, 1).await;
    server.client().post(&link.replace('?', "/complete?"), json!({})).await.expect(200);
    let path = shop.path(&format!("orders/{order}"));
    assert_eq!(shop.client.get(&path).await.expect(200)["delivery"]["phone"], "+84912345678");
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 20 * 86_400)).await;
    let shop = server.seller_of("hat-doi").await;
    let seen = shop.client.get(&path).await.expect(200)["delivery"].clone();
    assert_eq!((&seen["phone"], &seen["street"], &seen["recipient"]), (&json!("…678"), &Value::Null, &json!("…")));
    assert_eq!(server.client().get(&link).await.expect(200)["delivery"]["phone"], "+84912345678");
}

pub async fn buyer_with_order(server: &Server, email: &str) -> (Client, String) {
    let buyer = server.new_buyer(email).await;
    let offer = server.offer("hat-doi", 0).await;
    let purchase = Basket::of(buyer.clone(), &[(&offer, 1)]).await.buy().await;
    (buyer, purchase["orders"][0]["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn reviews_come_from_who_bought_one_each_and_count_on_the_card() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let (buyer, order) = buyer_with_order(&server, "hoa@example.vn").await;
    let mine = format!("/v1/products/{}/reviews/mine", shop.product);
    buyer.put(&mine, json!({"rating": 5, "text": "Ngon"})).await.expect_problem(409, "not_bought");
    shop.deliver(&order).await;
    buyer.put(&mine, json!({"rating": 6})).await.expect_problem(422, "invalid");
    let picture = buyer.upload("/v1/me/review-photos", "image/jpeg", photo(300, 300, None)).await.expect(201);
    let written = buyer.put(&mine, json!({"rating": 5, "text": "Ngon", "photos": [picture["id"]]})).await.expect(200);
    assert_eq!((written["author"].as_str().unwrap(), written["photos"].as_array().unwrap().len()), ("mua N.", 1));
    let twice = json!({"rating": 5, "photos": [picture["id"], picture["id"]]});
    buyer.put(&mine, twice).await.expect_problem(422, "invalid");
    buyer.put(&mine, json!({"rating": 4, "text": "Ngon, hơi nhỏ"})).await.expect(200);
    let (second, order) = buyer_with_order(&server, "mai@example.vn").await;
    shop.deliver(&order).await;
    let foreign = json!({"rating": 1, "text": "Tệ", "photos": [picture["id"]]});
    second.put(&mine, foreign).await.expect_problem(422, "invalid");
    let bad = second.put(&mine, json!({"rating": 1, "text": "Spam!"})).await.expect(200);
    let card = |page: Value| page["rating"].clone();
    assert_eq!(
        card(server.client().get("/v1/products/hat-doi").await.expect(200)),
        json!({"average": 2.5, "count": 2})
    );

    let id = bad["id"].as_str().unwrap();
    shop.client.post(&shop.path(&format!("reviews/{id}/reply")), json!({"text": "HTX xin lỗi"})).await.expect(200);
    shop.client
        .post(&shop.path(&format!("reviews/{id}/report")), json!({"text": "Không phải khách"}))
        .await
        .expect(200);
    let other = server.seller_of("ruou-muong").await;
    other
        .client
        .post(&other.path(&format!("reviews/{id}/reply")), json!({"text": "?"}))
        .await
        .expect_problem(404, "not_found");
    let admin = server.sign_in("admin@example.vn").await;
    assert_eq!(admin.get("/v1/admin/reviews").await.expect(200)["items"][0]["id"], json!(id));
    admin.post(&format!("/v1/admin/reviews/{id}"), json!({"hidden": true})).await.expect(200);
    assert_eq!(
        card(server.client().get("/v1/products/hat-doi").await.expect(200)),
        json!({"average": 4.0, "count": 1})
    );
    let public = server.client().get(&format!("/v1/products/{}/reviews", shop.product)).await.expect(200);
    assert_eq!(public["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn reports_equal_the_orders_and_the_movements() {
    let server = Server::start().await;
    let (shop, _, link, offer) = delivered(&server, 4).await;
    server.basket(&[(&offer, 2)]).await.buy().await;
    let gone = server.basket(&[(&offer, 3)]).await.buy().await;
    server.client().post(&Basket::link(&gone["orders"][0]).replace('?', "/cancel?"), json!({})).await.expect(200);
    let asked = server
        .client()
        .post(
            &link.replace('?', "/returns?"),
            json!({"reason": "other", "text": "Thừa một gói", "lines": [{"offer_id": offer, "quantity": 1}]}),
        )
        .await
        .expect(201);
    let path = shop.path(&format!("returns/{}", asked["id"].as_str().unwrap()));
    shop.client
        .post(&path, json!({"decision": "receive", "restocked": [{"offer_id": offer, "quantity": 1}]}))
        .await
        .expect(200);

    let ours = |sql: &str| {
        sql.replace(
            "{shop}",
            "SELECT o2.cooperative_id FROM offer o2 JOIN product p2 ON p2.id = o2.product_id WHERE p2.slug = 'hat-doi'",
        )
    };
    let goods = server.count(&ours("SELECT CAST(SUM(goods_amount) AS bigint) FROM orders WHERE cooperative_id IN ({shop}) AND state NOT IN ('cancelled', 'expired')")).await;
    let moved = server.count(&ours("SELECT CAST(-SUM(m.quantity) AS bigint) FROM stock_movement m JOIN orders o ON o.id = m.order_id WHERE o.cooperative_id IN ({shop})")).await;
    for by in ["day", "product", "place", "channel"] {
        let report = shop
            .client
            .get(&shop.path(&format!("reports/sales?by={by}&from=2020-01-01&to=2021-12-31")))
            .await
            .expect(200);
        assert_eq!(report["rows"], json!([]));
        let today = time::OffsetDateTime::now_utc() + time::Duration::hours(7);
        let from = today.date() - time::Duration::days(90);
        let report = shop.client.get(&shop.path(&format!("reports/sales?by={by}&from={from}"))).await.expect(200);
        let total = &report["total"];
        assert_eq!(
            (&total["goods"], &total["moved_units"], &total["cancelled_orders"]),
            (&json!(goods), &json!(moved), &json!(1)),
            "{by}: {report}"
        );
        let sum: i64 = report["rows"].as_array().unwrap().iter().map(|row| row["units"].as_i64().unwrap()).sum();
        assert_eq!(total["units"], sum);
    }
    let (status, headers, sheet) = shop.client.bytes(&shop.path("reports/sales?format=xlsx")).await;
    assert!(
        status == 200 && sheet.starts_with(b"PK") && headers["content-disposition"].to_str().unwrap().contains("xlsx")
    );
    let stock = shop.client.get(&shop.path("reports/stock")).await.expect(200);
    let row = stock["rows"].as_array().unwrap().iter().find(|row| row["offer_id"] == json!(offer)).unwrap().clone();
    assert_eq!(row["on_hand"], shop.stock(&offer).await["on_hand"]);
    shop.client.get(&shop.path("reports/sales?from=2026-02-01&to=2026-01-01")).await.expect_problem(400, "malformed");
}

#[tokio::test]
async fn what_was_looked_for_in_vain_is_counted() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    for _ in 0..3 {
        server.client().query("/v1/products", &[("q", "Sầu riêng Ri6")]).await.expect(200);
    }
    server.client().query("/v1/products", &[("q", "bưởi")]).await.expect(200);
    let mut report = Value::Null;
    for _ in 0..100 {
        report = shop.client.get(&shop.path("reports/searches")).await.expect(200);
        if report["items"][0]["count"] == 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(report["items"], json!([{"term": "sau rieng ri6", "count": 3}]));
}
