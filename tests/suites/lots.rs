//! Harvest lots: first expired, first out; nothing sold that would expire on its way; harvests ordered before they are in.

use serde_json::{Value, json};
use tests::{Answer, Basket, Seller, Server};
use time::{Duration, OffsetDateTime};

fn day(offset: i64) -> String {
    let at = OffsetDateTime::now_utc() + Duration::hours(7) + Duration::days(offset);
    at.date().to_string()
}

async fn lot(shop: &Seller, offer: &str, quantity: i64, keeps: i64) -> Value {
    let body = json!({"product_id": shop.product, "code": format!("L-{keeps}-{quantity}"), "harvested_on": day(0), "expires_on": day(keeps),
        "household": "Bùi Thị Hoa", "contents": [{"offer_id": offer, "quantity": quantity}]});
    shop.client.post(&shop.path("lots"), body).await.expect(201)
}

/// A shop whose only stock is what the test harvests.
async fn empty_shop(server: &Server) -> (Seller, String) {
    let shop = server.seller_of("hat-doi").await;
    let offer = server.offer("hat-doi", 0).await;
    shop.set_available(&offer, 0).await;
    (shop, offer)
}

async fn bought(server: &Server, offer: &str, quantity: i64) -> String {
    let purchase = server.basket(&[(offer, quantity)]).await.buy().await;
    purchase["orders"][0]["id"].as_str().unwrap().to_owned()
}

async fn on_hand(shop: &Seller, lot: &Value) -> i64 {
    let path = shop.path(&format!("lots/{}", lot["id"].as_str().unwrap()));
    shop.client.get(&path).await.expect(200)["contents"][0]["on_hand"].as_i64().unwrap()
}

#[tokio::test]
async fn packing_takes_the_lot_that_expires_first() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let (late, early) = (lot(&shop, &offer, 10, 60).await, lot(&shop, &offer, 4, 20).await);
    let order = bought(&server, &offer, 6).await;
    shop.step(&order, "confirm").await.expect(200);
    let list = shop.client.get(&shop.path("pack-list")).await.expect(200);
    let picks: Vec<_> = list["totals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["lot_code"].as_str().unwrap(), p["quantity"].as_i64().unwrap()))
        .collect();
    assert_eq!(picks, [("L-20-4", 4), ("L-60-10", 2)]);
    shop.step(&order, "pack").await.expect(200);
    assert_eq!((on_hand(&shop, &early).await, on_hand(&shop, &late).await), (0, 8));
    // Unpacked again, each returns to where it came from.
    let cancel = json!({"reason": "Khách đổi ý", "reason_code": "buyer_asked"});
    shop.client.post(&shop.path(&format!("orders/{order}/cancel")), cancel).await.expect(200);
    assert_eq!((on_hand(&shop, &early).await, on_hand(&shop, &late).await), (4, 10));
    server.assert_books_agree();
}

#[tokio::test]
async fn lots_may_be_chosen_by_hand_within_what_keeps() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let (late, early) = (lot(&shop, &offer, 10, 60).await, lot(&shop, &offer, 10, 20).await);
    let order = bought(&server, &offer, 5).await;
    shop.step(&order, "confirm").await.expect(200);
    let path = shop.path(&format!("orders/{order}/pack"));
    let pick = |quantity: i64| json!({"picks": [{"offer_id": offer, "lot_id": late["id"], "quantity": quantity}]});
    let refused = shop.client.post(&path, pick(3)).await.expect_problem(409, "lots_short");
    assert_eq!(refused["missing"], 2);
    // A lot named twice has not twice as much.
    let twice = json!({"offer_id": offer, "lot_id": early["id"], "quantity": 3});
    let more = bought(&server, &offer, 12).await;
    shop.step(&more, "confirm").await.expect(200);
    let twice = json!({"picks": [twice, twice, twice, twice]});
    shop.client.post(&shop.path(&format!("orders/{more}/pack")), twice).await.expect_problem(409, "lots_short");
    shop.client.post(&path, pick(5)).await.expect(200);
    assert_eq!((on_hand(&shop, &early).await, on_hand(&shop, &late).await), (10, 5));
    server.assert_books_agree();
}

#[tokio::test]
async fn nothing_is_sold_that_would_expire_before_it_arrives() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    // Hà Nội is four days away at most; this lot is good for two.
    let short = lot(&shop, &offer, 5, 2).await;
    let basket = server.basket(&[(&offer, 1)]).await;
    let refused = basket.ask_quote().await.expect_problem(409, "not_available");
    assert_eq!(
        refused["changes"][0],
        json!({"kind": "insufficient_stock", "offer_id": offer, "wanted": 1, "available": 0})
    );
    // Collected at the farm it is fine.
    shop.client.patch(&shop.path("profile"), json!({"pickup_offered": true})).await.expect(200);
    let pickup = json!({"deliveries": [{"cooperative_id": shop.cooperative, "method": "pickup"}]});
    basket.client.post(&basket.path("/quote"), pickup).await.expect(201);
    // A longer-lived lot is sold, the short one left out.
    lot(&shop, &offer, 3, 30).await;
    assert_eq!(server.basket(&[(&offer, 4)]).await.ask_quote().await.status, 409);
    let basket = server.basket(&[(&offer, 3)]).await;
    let quote = basket.quote().await;
    // Between quote and checkout a part of what keeps is held back.
    let kept = shop.client.get(&shop.path("lots?in_stock=true")).await.expect(200);
    let id = kept["items"].as_array().unwrap().iter().find(|l| l["code"] == "L-30-3").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    shop.client.patch(&shop.path(&format!("lots/{id}")), json!({"state": "blocked"})).await.expect(200);
    basket.checkout(&quote, "k").await.expect_problem(409, "changed_since_quote");
    shop.client.patch(&shop.path(&format!("lots/{id}")), json!({"state": "good"})).await.expect(200);
    basket.checkout(&quote, "k").await.expect(201);
    assert_eq!(on_hand(&shop, &short).await, 5);
    server.assert_books_agree();
}

#[tokio::test]
async fn what_expires_overnight_leaves_the_shelf_by_itself() {
    let mut server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    lot(&shop, &offer, 5, 3).await;
    let shown = |page: Value| page["offers"][0]["availability"].clone();
    assert_eq!(shown(server.client().get("/v1/products/hat-doi").await.expect(200)), "low_stock");
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 5 * 86_400)).await;
    assert_eq!(shown(server.client().get("/v1/products/hat-doi").await.expect(200)), "out_of_stock");
    let shop = server.seller_of("hat-doi").await;
    let stock = shop.stock(&offer).await;
    assert_eq!((&stock["on_hand"], &stock["unsellable"], &stock["available"]), (&json!(5), &json!(5), &json!(0)));
    let expiring = shop.client.get(&shop.path("lots?in_stock=true&expires_within=0")).await.expect(200);
    let spoiled = &expiring["items"][0];
    assert_eq!(spoiled["days_left"], -2);
    let off = shop.path(&format!("lots/{}/write-off", spoiled["id"].as_str().unwrap()));
    shop.client
        .post(&off, json!({"offer_id": offer, "quantity": 6, "note": "quá hạn"}))
        .await
        .expect_problem(409, "below_reserved");
    shop.client.post(&off, json!({"offer_id": offer, "quantity": 5, "note": "quá hạn"})).await.expect(200);
    let path = shop.path(&format!("stock/{offer}/movements"));
    let into = json!({"kind": "receipt", "quantity": 1, "lot_id": spoiled["id"]});
    shop.client.post(&path, into).await.expect_problem(409, "lot_expired");
    server.assert_books_agree();
}

#[tokio::test]
async fn lots_are_refused_with_a_reason() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let good = json!({"product_id": shop.product, "code": "A", "harvested_on": day(0), "contents": [{"offer_id": offer, "quantity": 1}]});
    for (field, value, pointer) in [
        ("harvested_on", json!(day(2)), "/harvested_on"),
        ("expires_on", json!(day(-1)), "/expires_on"),
        ("product_id", json!(uuid::Uuid::nil()), "/product_id"),
        ("contents", json!([{"offer_id": uuid::Uuid::nil(), "quantity": 1}]), "/contents/0/offer_id"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let refused = shop.client.post(&shop.path("lots"), body).await.expect_problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
    shop.client.post(&shop.path("lots"), good.clone()).await.expect(201);
    shop.client.post(&shop.path("lots"), good).await.expect_problem(409, "lot_code_taken");
    server.assert_books_agree();
}

async fn forecast(shop: &Seller, offer: &str, quantity: i64, share_bp: i64) -> String {
    let body = json!({"offer_id": offer, "quantity": quantity, "share_bp": share_bp, "expected_from": day(10), "expected_to": day(20)});
    shop.client.post(&shop.path("forecasts"), body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn preorder(server: &Server, offer: &str, quantity: i64) -> (Basket, Answer) {
    let cart = server
        .client()
        .post("/v1/carts", json!({"items": [{"offer_id": offer, "quantity": quantity, "preorder": true}]}))
        .await
        .expect(201);
    let token = cart["token"].as_str().unwrap().to_owned();
    let basket = Basket {
        client: server.client().header("x-cart-token", &token),
        id: cart["id"].as_str().unwrap().to_owned(),
        token: Some(token),
    };
    let quote = basket.ask_quote().await;
    if quote.status != 201 {
        return (basket, quote);
    }
    assert!(quote.body["shares"][0]["preorder"]["from"].is_string(), "{}", quote.body);
    let answer = basket.checkout(quote.body["id"].as_str().unwrap(), &format!("pre-{}", basket.id)).await;
    (basket, answer)
}

fn order_of(answer: Answer) -> (String, String) {
    let purchase = answer.expect(201);
    (purchase["orders"][0]["id"].as_str().unwrap().to_owned(), Basket::link(&purchase["orders"][0]))
}

#[tokio::test]
async fn preorders_never_exceed_the_share_of_the_forecast() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let body = json!({"items": [{"offer_id": offer, "quantity": 1, "preorder": true}]});
    server.client().post("/v1/carts", body).await.expect_problem(422, "invalid");
    let id = forecast(&shop, &offer, 20, 5_000).await;
    let page = server.client().get("/v1/products/hat-doi").await.expect(200);
    assert!(page["offers"][0]["preorder"]["expected_from"].is_string());
    // Thirty buyers want one each of the ten that may be ordered.
    let answers = futures_util::future::join_all((0..30).map(|_| preorder(&server, &offer, 1))).await;
    let bought = answers.iter().filter(|(_, answer)| answer.status == 201).count();
    assert_eq!(bought, 10);
    assert!(answers.iter().all(|(_, answer)| matches!(answer.status, 201 | 409)));
    let path = shop.path(&format!("forecasts/{id}"));
    assert_eq!(shop.client.get(&shop.path("forecasts")).await.expect(200)["items"][0]["preordered"], 10);
    shop.client.patch(&path, json!({"quantity": 15})).await.expect_problem(409, "forecast_promised");
    shop.client.patch(&path, json!({"share_bp": 10_000})).await.expect(200);
    assert_eq!(preorder(&server, &offer, 10).await.1.status, 201);
    server.assert_books_agree();
}

#[tokio::test]
async fn a_harvest_goes_to_who_ordered_first_and_the_short_are_asked() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let id = forecast(&shop, &offer, 100, 10_000).await;
    let mut orders = Vec::new();
    for quantity in [4, 5, 3, 2] {
        let (order, link) = order_of(preorder(&server, &offer, quantity).await.1);
        shop.step(&order, "confirm").await.expect(200);
        shop.step(&order, "pack").await.expect_problem(409, "harvest_awaited");
        orders.push((order, link));
    }
    // A cancelled pre-order makes room.
    let (gone, link) = order_of(preorder(&server, &offer, 50).await.1);
    server.client().post(&link.replace('?', "/cancel?"), json!({})).await.expect(200);
    assert_eq!(shop.client.get(&shop.path("forecasts")).await.expect(200)["items"][0]["preordered"], 14);
    drop(gone);

    // Seven come in: the first four, then three of five, then nothing.
    let body = json!({"product_id": shop.product, "code": "VU-1", "harvested_on": day(0), "expires_on": day(40), "forecast_id": id,
        "contents": [{"offer_id": offer, "quantity": 7}]});
    shop.client.post(&shop.path("lots"), body).await.expect(201);
    let buyer = server.client();
    let short: Vec<Value> = {
        let mut short = Vec::new();
        for (_, link) in &orders {
            short.push(buyer.get(link).await.expect(200)["shortfalls"].clone());
        }
        short
    };
    assert_eq!(short[0], json!([]));
    assert_eq!((&short[1][0]["wanted"], &short[1][0]["offered"]), (&json!(5), &json!(3)));
    assert_eq!((&short[2][0]["offered"], &short[3][0]["offered"]), (&json!(0), &json!(0)));
    server.message_to("khach@example.vn", "too small").await;
    shop.deliver_from("pack", &orders[0].0).await;

    let answer = |link: &str, choice: &str| (link.replace('?', "/shortfall?"), json!({"choice": choice}));
    let (path, body) = answer(&orders[2].1, "part");
    buyer.post(&path, body).await.expect_problem(409, "nothing_offered");
    let (path, body) = answer(&orders[1].1, "part");
    let taken = buyer.post(&path, body.clone()).await.expect(200);
    assert_eq!((&taken["lines"][0]["quantity"], &taken["shortfalls"]), (&json!(3), &json!([])));
    let unit = taken["lines"][0]["unit_price"]["amount"].as_i64().unwrap();
    let fee = taken["delivery_fee"]["amount"].as_i64().unwrap();
    assert_eq!(taken["total"]["amount"], 3 * unit + fee);
    buyer.post(&path, body).await.expect_problem(409, "nothing_short");
    let (path, body) = answer(&orders[2].1, "wait");
    buyer.post(&path, body).await.expect(200);
    let (path, body) = answer(&orders[3].1, "refund");
    assert_eq!(buyer.post(&path, body).await.expect(200)["state"], "cancelled");
    shop.deliver_from("pack", &orders[1].0).await;
    server.assert_books_agree();

    // The next lot of the harvest serves who waited.
    let body = json!({"product_id": shop.product, "code": "VU-2", "harvested_on": day(0), "expires_on": day(40), "forecast_id": id,
        "contents": [{"offer_id": offer, "quantity": 10}]});
    shop.client.post(&shop.path("lots"), body).await.expect(201);
    shop.deliver_from("pack", &orders[2].0).await;
    let stock = shop.stock(&offer).await;
    assert_eq!((&stock["on_hand"], &stock["reserved"]), (&json!(7), &json!(0)));
    server.assert_books_agree();
}

#[tokio::test]
async fn a_harvest_is_recorded_while_its_buyers_cancel() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    for round in 0..4 {
        let id = forecast(&shop, &offer, 100, 10_000).await;
        let mut links = Vec::new();
        for _ in 0..8 {
            links.push(order_of(preorder(&server, &offer, 2).await.1).1);
        }
        let body = json!({"product_id": shop.product, "code": format!("VU-{round}"), "harvested_on": day(0), "expires_on": day(40),
            "forecast_id": id, "contents": [{"offer_id": offer, "quantity": 9}]});
        let lots = shop.path("lots");
        let recorded = shop.client.post(&lots, body);
        let buyer = server.client();
        let cancelled = futures_util::future::join_all(links.iter().map(|link| {
            let (buyer, path) = (&buyer, link.replace('?', "/cancel?"));
            async move { buyer.post(&path, json!({})).await }
        }));
        let (recorded, cancelled) = futures_util::future::join(recorded, cancelled).await;
        assert_eq!(recorded.status, 201, "{}", recorded.text);
        assert!(cancelled.iter().all(|answer| answer.status == 200), "{cancelled:?}");
        server.assert_books_agree();
        assert_eq!(shop.stock(&offer).await["reserved"], 0, "nothing is held for an order that is no more");
    }
}

#[tokio::test]
async fn a_failed_harvest_asks_everybody_and_promises_nothing() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let id = forecast(&shop, &offer, 10, 10_000).await;
    let (order, link) = order_of(preorder(&server, &offer, 4).await.1);
    let path = shop.path(&format!("forecasts/{id}"));
    shop.client.patch(&path, json!({"state": "cancelled"})).await.expect(200);
    shop.client.patch(&path, json!({"state": "closed"})).await.expect_problem(409, "forecast_closed");
    let shown = server.client().get(&link).await.expect(200);
    assert_eq!((&shown["shortfalls"][0]["offered"], &shown["preorder"]), (&json!(0), &json!(true)));
    server.client().post(&link.replace('?', "/shortfall?"), json!({"choice": "refund"})).await.expect(200);
    shop.step(&order, "confirm").await.expect_problem(409, "order_state");
    server.assert_books_agree();
}

#[tokio::test]
async fn goods_at_hand_and_goods_to_come_are_separate_orders() {
    let server = Server::start().await;
    let shop = server.seller_of("cam-thung-rech").await;
    let (offer, other) = (server.offer("cam-thung-rech", 0).await, server.offer("cam-thung-rech", 1).await);
    forecast(&shop, &offer, 10, 10_000).await;
    let items =
        json!({"items": [{"offer_id": offer, "quantity": 2, "preorder": true}, {"offer_id": other, "quantity": 1}]});
    let cart = server.client().post("/v1/carts", items).await.expect(201);
    let token = cart["token"].as_str().unwrap().to_owned();
    let basket = Basket {
        client: server.client().header("x-cart-token", &token),
        id: cart["id"].as_str().unwrap().to_owned(),
        token: Some(token),
    };
    let purchase = basket.buy().await;
    assert_eq!(purchase["orders"].as_array().unwrap().len(), 2);
    server.assert_books_agree();
}

#[tokio::test]
async fn the_second_harvest_of_a_day_has_a_code_of_its_own() {
    let server = Server::start().await;
    let (shop, offer) = crate::traceability::empty_shop(&server).await;
    let mut codes = Vec::new();
    for _ in 0..3 {
        let harvest = json!({"product_id": shop.product, "harvested_on": crate::traceability::day(0), "contents": [{"offer_id": offer, "quantity": 2}]});
        let lot = shop.client.post(&shop.path("lots"), harvest).await.expect(201);
        codes.push(lot["code"].as_str().unwrap().to_owned());
    }
    assert_eq!(codes[1..], [format!("{}-2", codes[0]), format!("{}-3", codes[0])]);
    // Sent again because the answer was lost: nothing is counted twice.
    let client = shop.client.clone().header("idempotency-key", "a harvest");
    let harvest = json!({"product_id": shop.product, "harvested_on": crate::traceability::day(0), "contents": [{"offer_id": offer, "quantity": 2}]});
    client.post(&shop.path("lots"), harvest.clone()).await.expect(201);
    client.post(&shop.path("lots"), harvest).await.expect_problem(409, "done_already");
    assert_eq!(shop.stock(&offer).await["on_hand"], 8);
}
