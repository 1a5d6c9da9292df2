//! Baskets, quotes, and buying: exactly once, exactly what was told, never more than there is.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Basket, Server, Settings};

fn changes(body: &Value) -> Vec<&str> {
    body["changes"].as_array().unwrap().iter().map(|change| change["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn one_checkout_makes_one_order_per_cooperative() {
    let server = Server::start().await;
    let (pomelo, honey) = (server.offer("buoi-dien-du-sang", 0).await, server.offer("mat-ong-rung-hop-tien", 0).await);
    let basket = server.basket(&[(&pomelo, 2), (&honey, 1)]).await;
    let quote = basket.ask_quote().await.expect(201);
    assert_eq!(quote["shares"].as_array().unwrap().len(), 2);
    assert_eq!(quote["goods"]["amount"], 2 * 250_000 + 165_000);
    // 13 kg and 0.65 kg from Phú Thọ to Hà Nội: 35,000 + 11 × 6,000, and 35,000.
    assert_eq!(quote["delivery"]["amount"], 35_000 + 11 * 6_000 + 35_000);
    let purchase = basket.checkout(quote["id"].as_str().unwrap(), "one").await.expect(201);
    assert_eq!(purchase["orders"].as_array().unwrap().len(), 2);
    assert_eq!(purchase["total"], quote["total"]);
    assert_eq!(basket.client.get(&basket.path("")).await.expect(200)["state"], "ordered");
    let seller = server.seller_of("buoi-dien-du-sang").await;
    let stock = seller.stock(&pomelo).await;
    assert_eq!((&stock["on_hand"], &stock["reserved"]), (&json!(118), &json!(2)));
    server.assert_books_agree();
}

#[tokio::test]
async fn two_hundred_buyers_race_for_ten_and_ten_are_sold() {
    let server = Server::with(Settings::crowded()).await;
    let offer = server.offer("mut-buoi-huu-co", 0).await;
    let seller = server.seller_of("mut-buoi-huu-co").await;
    seller.set_available(&offer, 10).await;
    let ready = join_all((0..200).map(|_| async {
        let basket = server.basket(&[(&offer, 1)]).await;
        let quote = basket.quote().await;
        (basket, quote)
    }))
    .await;
    let answers = join_all(ready.iter().map(|(basket, quote)| basket.checkout(quote, "race"))).await;
    let sold = answers.iter().filter(|answer| answer.status == 201).count();
    let told =
        answers.iter().filter(|answer| answer.status == 409 && changes(&answer.body) == ["insufficient_stock"]).count();
    assert_eq!((sold, told), (10, 190), "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    let stock = seller.stock(&offer).await;
    assert_eq!((&stock["on_hand"], &stock["reserved"], &stock["available"]), (&json!(10), &json!(10), &json!(0)));
    let page = server.client().get("/v1/products/mut-buoi-huu-co").await.expect(200);
    assert_eq!(page["availability"], "out_of_stock", "and buyers see it at once");
    server.assert_books_agree();
}

#[tokio::test]
async fn fifty_equal_checkouts_are_one_purchase() {
    let server = Server::with(Settings::crowded()).await;
    let offer = server.offer("mat-ong-thuong-tien", 0).await;
    let basket = server.basket(&[(&offer, 1)]).await;
    let quote = basket.quote().await;
    let answers = join_all((0..50).map(|_| basket.checkout(&quote, "the same key"))).await;
    let bodies: HashSet<_> =
        answers.iter().filter(|answer| answer.status == 201).map(|answer| answer.text.clone()).collect();
    assert_eq!(bodies.len(), 1, "all who were answered got the same");
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.body["code"] == "still_running"));
    assert_eq!(server.count("SELECT COUNT(*) FROM purchase WHERE number NOT LIKE 'MH-DEMO%'").await, 1);
    // Later, too; and the key stays bound to its request.
    assert!(bodies.contains(&basket.checkout(&quote, "the same key").await.text));
    let mut other = basket.order_form(&quote);
    other["note"] = json!("khác");
    let reused = basket.client.clone().header("idempotency-key", "the same key").post("/v1/checkouts", other).await;
    reused.expect_problem(422, "idempotency_key_reused");
    basket.client.post("/v1/checkouts", basket.order_form(&quote)).await.expect_problem(400, "idempotency_key_missing");
    server.assert_books_agree();
}

#[tokio::test]
async fn the_same_offer_in_two_lines_counts_as_one() {
    let server = Server::start().await;
    let offer = server.offer("hat-doi", 0).await;
    server.seller_of("hat-doi").await.set_available(&offer, 10).await;
    let basket = server.basket(&[(&offer, 6), (&offer, 6)]).await;
    let cart = basket.client.get(&basket.path("")).await.expect(200);
    assert_eq!((cart["lines"].as_array().unwrap().len(), &cart["lines"][0]["quantity"]), (1, &json!(12)));
    let refused = basket.ask_quote().await.expect_problem(409, "not_available");
    assert_eq!((changes(&refused), &refused["changes"][0]["available"]), (vec!["insufficient_stock"], &json!(10)));
    let line = cart["lines"][0]["id"].as_str().unwrap();
    basket.client.patch(&basket.path(&format!("/items/{line}")), json!({"quantity": 10})).await.expect(200);
    basket.buy().await;
    server.assert_books_agree();
}

#[tokio::test]
async fn what_changed_since_the_quote_is_told_line_by_line_and_nothing_is_charged() {
    let server = Server::start().await;
    let (tea, oil) = (server.offer("tra-thao-duoc-thuong-bi", 0).await, server.offer("tinh-dau-sa", 0).await);
    let (tea_seller, oil_seller) =
        (server.seller_of("tra-thao-duoc-thuong-bi").await, server.seller_of("tinh-dau-sa").await);
    let basket = server.basket(&[(&tea, 1), (&oil, 5)]).await;
    let quote = basket.quote().await;
    tea_seller.client.patch(&tea_seller.path(&format!("offers/{tea}")), json!({"price": 99_000})).await.expect(200);
    oil_seller.set_available(&oil, 3).await;
    let rates = oil_seller.client.get(&oil_seller.path("delivery-rates")).await.expect(200);
    let mut dearer = rates.clone();
    for rate in dearer["items"].as_array_mut().unwrap() {
        rate["base_price"] = json!(50_000);
    }
    oil_seller.client.put(&oil_seller.path("delivery-rates"), dearer).await.expect(200);
    let refused = basket.checkout(&quote, "changed").await.expect_problem(409, "changed_since_quote");
    let mut kinds = changes(&refused);
    kinds.sort_unstable();
    assert_eq!(kinds, ["delivery_price_changed", "insufficient_stock", "price_changed"], "{refused}");
    let price = refused["changes"].as_array().unwrap().iter().find(|change| change["kind"] == "price_changed").unwrap();
    assert_eq!((&price["quoted"], &price["now"], &price["offer_id"]), (&json!(95_000), &json!(99_000), &json!(tea)));
    assert_eq!(server.count("SELECT COUNT(*) FROM purchase WHERE number NOT LIKE 'MH-DEMO%'").await, 0);
    // The key is free: after a new quote it buys.
    oil_seller.set_available(&oil, 5).await;
    let fresh = basket.quote().await;
    basket.checkout(&fresh, "changed").await.expect(201);
    server.assert_books_agree();
}

#[tokio::test]
async fn a_quote_ends_with_its_time_or_with_a_change_of_the_basket() {
    let mut server = Server::start().await;
    let offer = server.offer("mang-kho-kim-boi", 0).await;
    let basket = server.basket(&[(&offer, 1)]).await;
    let quote = basket.quote().await;
    basket.client.post(&basket.path("/items"), json!({"offer_id": offer, "quantity": 1})).await.expect(200);
    let refused = basket.checkout(&quote, "a").await.expect_problem(409, "changed_since_quote");
    assert_eq!(changes(&refused), ["cart_changed"]);
    let quote = basket.quote().await;
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 31 * 60)).await;
    let refused = basket.checkout(&quote, "b").await.expect_problem(409, "changed_since_quote");
    assert_eq!(changes(&refused), ["quote_expired"]);
}

#[tokio::test]
async fn goods_may_be_collected_at_the_cooperative() {
    let server = Server::start().await;
    let offer = server.offer("cam-thung-rech", 1).await;
    let seller = server.seller_of("cam-thung-rech").await;
    let basket = server.basket(&[(&offer, 1)]).await;
    let pickup = json!({"deliveries": [{"cooperative_id": seller.cooperative, "method": "pickup"}]});
    let quote = basket.client.post(&basket.path("/quote"), pickup.clone()).await.expect(201);
    assert_eq!((&quote["delivery"]["amount"], &quote["total"]["amount"]), (&json!(0), &json!(165_000)));
    let purchase = basket.checkout(quote["id"].as_str().unwrap(), "pickup").await.expect(201);
    let order = purchase["orders"][0]["id"].as_str().unwrap();
    seller.step(order, "confirm").await.expect(200);
    seller.step(order, "pack").await.expect(200);
    seller.step(order, "ship").await.expect_problem(409, "order_state");
    // Collected against the code the buyer alone is told.
    seller.step(order, "deliver").await.expect_problem(409, "collection_code_needed");
    let shown = basket.client.get(&Basket::link(&purchase["orders"][0])).await.expect(200);
    let code = shown["delivery"]["collection_code"].as_str().unwrap();
    let seen = seller.client.get(&seller.path(&format!("orders/{order}"))).await.expect(200);
    assert_eq!(seen["delivery"]["collection_code"], json!(null));
    let collect = seller.path(&format!("orders/{order}/collect"));
    seller.client.post(&collect, json!({"code": "WRONG2"})).await.expect_problem(409, "wrong_collection_code");
    let collected = seller.client.post(&collect, json!({"code": code.to_lowercase()})).await.expect(200);
    assert_eq!(collected["state"], "delivered");
    seller.client.patch(&seller.path("profile"), json!({"pickup_offered": false})).await.expect(200);
    let basket = server.basket(&[(&offer, 1)]).await;
    let refused = basket.client.post(&basket.path("/quote"), pickup).await.expect_problem(409, "not_available");
    assert_eq!(changes(&refused), ["delivery_not_offered"]);
}

#[tokio::test]
async fn a_guests_basket_is_merged_at_sign_in() {
    let server = Server::start().await;
    let (tea, oil) = (server.offer("tra-thao-duoc-thuong-bi", 0).await, server.offer("tinh-dau-sa", 0).await);
    let buyer = server.new_buyer("hoa@example.vn").await;
    let own = Basket::of(buyer.clone(), &[(&tea, 1)]).await;
    let guest = server.basket(&[(&tea, 2), (&oil, 1)]).await;
    let login = json!({"login": "hoa@example.vn", "password": tests::PASSWORD, "guest_cart": {"id": guest.id, "token": guest.token}});
    let signed_in = server.client().post("/v1/auth/login", login.clone()).await.expect(200);
    assert_eq!(signed_in["cart_id"], json!(own.id));
    let cart = buyer.get(&own.path("")).await.expect(200);
    let quantities: Vec<_> =
        cart["lines"].as_array().unwrap().iter().map(|line| line["quantity"].as_i64().unwrap()).collect();
    assert_eq!(quantities, [3, 1]);
    // Once: signing in again adds nothing, and the guest's basket is closed.
    server.client().post("/v1/auth/login", login).await.expect(200);
    assert_eq!(buyer.get(&own.path("")).await.expect(200)["lines"], cart["lines"]);
    guest
        .client
        .post(&guest.path("/items"), json!({"offer_id": tea, "quantity": 1}))
        .await
        .expect_problem(409, "cart_closed");
}

#[tokio::test]
async fn a_basket_is_its_holders_alone() {
    let server = Server::start().await;
    let offer = server.offer("tra-thao-duoc-thuong-bi", 0).await;
    let guest = server.basket(&[(&offer, 1)]).await;
    server.client().get(&guest.path("")).await.expect_problem(404, "not_found");
    server.client().header("x-cart-token", "wrong").get(&guest.path("")).await.expect_problem(404, "not_found");
    let buyer = Basket::of(server.sign_in("lan@example.vn").await, &[(&offer, 1)]).await;
    server.sign_in("admin@example.vn").await.get(&buyer.path("")).await.expect_problem(404, "not_found");
    let quote = guest.quote().await;
    let stranger = server.client().header("idempotency-key", "x").post("/v1/checkouts", guest.order_form(&quote)).await;
    stranger.expect_problem(404, "not_found");
}
