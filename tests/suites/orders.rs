//! Orders on their way, and who may see and move them.

use serde_json::{Value, json};
use tests::{Basket, Server};

async fn order_of(server: &Server, product: &str, quantity: i64) -> (Value, String) {
    let offer = server.offer(product, 0).await;
    let purchase = server.basket(&[(&offer, quantity)]).await.buy().await;
    (purchase["orders"][0].clone(), offer)
}

#[tokio::test]
async fn an_order_goes_from_placed_to_completed_with_every_step_written() {
    let server = Server::start().await;
    let (order, offer) = order_of(&server, "buoi-dien-du-sang", 3).await;
    let id = order["id"].as_str().unwrap();
    let seller = server.seller_of("buoi-dien-du-sang").await;
    seller.step(id, "pack").await.expect_problem(409, "order_state");
    seller.deliver(id).await;
    let stock = seller.stock(&offer).await;
    assert_eq!(
        (&stock["on_hand"], &stock["reserved"]),
        (&json!(115), &json!(0)),
        "120, two sold in the past, three now"
    );
    let link = Basket::link(&order);
    let guest = server.client();
    guest.post(&link.replace('?', "/complete?"), json!({})).await.expect(200);
    let shown = guest.get(&link).await.expect(200);
    let road: Vec<_> = shown["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["state"].as_str().unwrap(), step["by"].as_str().unwrap()))
        .collect();
    assert_eq!(
        road,
        [
            ("placed", "guest"),
            ("confirmed", "seller"),
            ("packed", "seller"),
            ("shipped", "seller"),
            ("delivered", "seller"),
            ("completed", "guest")
        ]
    );
    assert_eq!(shown["actions"], json!([]));
    server.assert_books_agree();
}

#[tokio::test]
async fn both_sides_are_told_by_mail_in_both_languages() {
    let server = Server::start().await;
    let (order, _) = order_of(&server, "buoi-dien-du-sang", 1).await;
    let number = order["number"].as_str().unwrap();
    let buyer = server.message_to("khach@example.vn", "was placed").await;
    assert!(buyer.contains(number) && buyer.contains("đã được đặt") && buyer.contains("250.000 ₫"), "{buyer}");
    let (id, link) = (order["id"].as_str().unwrap(), order["link"].as_str().unwrap());
    let key = link.split_once("token=").unwrap().1;
    assert!(buyer.contains(&format!("/o/{id}?token={key}")), "a guest's key comes by mail");
    let seller = server.message_to("xanh-kim-boi@example.vn", number).await;
    assert!(seller.contains("chờ xác nhận") && seller.contains("waits for you to confirm"), "{seller}");
}

#[tokio::test]
async fn a_buyer_cancels_before_packing_and_the_stock_is_free_again() {
    let server = Server::start().await;
    let (order, offer) = order_of(&server, "mang-kho-kim-boi", 5).await;
    let link = Basket::link(&order).replace('?', "/cancel?");
    let seller = server.seller_of("mang-kho-kim-boi").await;
    assert_eq!(seller.stock(&offer).await["reserved"], 5);
    let cancelled = server.client().post(&link, json!({"reason": "đặt nhầm"})).await.expect(200);
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(seller.stock(&offer).await["reserved"], 0);
    server.client().post(&link, json!({})).await.expect_problem(409, "order_state");
    let (order, _) = order_of(&server, "mang-kho-kim-boi", 1).await;
    let id = order["id"].as_str().unwrap();
    seller.step(id, "confirm").await.expect(200);
    seller.step(id, "pack").await.expect(200);
    server
        .client()
        .post(&Basket::link(&order).replace('?', "/cancel?"), json!({}))
        .await
        .expect_problem(409, "order_state");
    server.assert_books_agree();
}

#[tokio::test]
async fn a_seller_cancels_with_a_reason_and_packed_goods_return() {
    let server = Server::start().await;
    let (order, offer) = order_of(&server, "tra-thao-duoc-thuong-bi", 2).await;
    let id = order["id"].as_str().unwrap();
    let seller = server.seller_of("tra-thao-duoc-thuong-bi").await;
    let before = seller.stock(&offer).await["on_hand"].as_i64().unwrap();
    seller.step(id, "confirm").await.expect(200);
    seller.step(id, "pack").await.expect(200);
    assert_eq!(seller.stock(&offer).await["on_hand"], before - 2);
    seller.step(id, "cancel").await.expect_problem(422, "invalid");
    let path = seller.path(&format!("orders/{id}/cancel"));
    seller.client.post(&path, json!({"reason": "Hộp bị ướt"})).await.expect(200);
    assert_eq!(seller.stock(&offer).await["on_hand"], before);
    let movements = seller.client.get(&seller.path(&format!("stock/{offer}/movements?limit=2"))).await.expect(200);
    let kinds: Vec<_> = movements["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["kind"].as_str().unwrap(), m["quantity"].as_i64().unwrap()))
        .collect();
    assert_eq!(kinds, [("cancel", 2), ("sale", -2)]);
    assert!(server.message_to("khach@example.vn", "was cancelled").await.contains("Hộp bị ướt"));
    server.assert_books_agree();
}

#[tokio::test]
async fn an_unanswered_order_expires_and_a_delivered_one_is_completed_by_time() {
    let mut server = Server::start().await;
    let (waiting, offer) = order_of(&server, "mat-ong-thuong-tien", 1).await;
    let (delivered, _) = order_of(&server, "hat-doi", 1).await;
    server.seller_of("hat-doi").await.deliver(delivered["id"].as_str().unwrap()).await;
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 8 * 86_400)).await;
    for (order, state) in [(&waiting, "expired"), (&delivered, "completed")] {
        let mut now = Value::Null;
        for _ in 0..100 {
            now = server.client().get(&Basket::link(order)).await.expect(200)["state"].clone();
            if now == state {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(now, state);
    }
    assert_eq!(server.seller_of("mat-ong-thuong-tien").await.stock(&offer).await["reserved"], 0);
    server.assert_books_agree();
}

#[tokio::test]
async fn nobody_sees_or_moves_the_orders_of_others() {
    let server = Server::start().await;
    let buyer = server.sign_in("lan@example.vn").await;
    let mine = buyer.get("/v1/orders?limit=1").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let stranger = server.new_buyer("khac@example.vn").await;
    for client in [server.client(), stranger.clone(), server.sign_in("admin@example.vn").await] {
        client.get(&format!("/v1/orders/{mine}")).await.expect_problem(404, "not_found");
        client.get(&format!("/v1/orders/{mine}?token=guess")).await.expect_problem(404, "not_found");
        client.post(&format!("/v1/orders/{mine}/cancel"), json!({})).await.expect_problem(404, "not_found");
    }
    assert_eq!(stranger.get("/v1/orders").await.expect(200)["items"], json!([]));
    // Another cooperative: neither through its own path nor through the right one.
    let (order, _) = order_of(&server, "buoi-dien-du-sang", 1).await;
    let id = order["id"].as_str().unwrap();
    let (owner, other) = (server.seller_of("buoi-dien-du-sang").await, server.seller_of("hat-doi").await);
    other.step(id, "confirm").await.expect_problem(404, "not_found");
    other.client.post(&owner.path(&format!("orders/{id}/confirm")), json!({})).await.expect_problem(403, "forbidden");
    other.client.get(&owner.path("orders")).await.expect_problem(403, "forbidden");
    buyer.get(&owner.path("orders")).await.expect_problem(403, "forbidden");
    server.client().get(&owner.path("orders")).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn two_people_confirm_at_once_and_one_of_them_does() {
    let server = Server::start().await;
    let (order, _) = order_of(&server, "buoi-dien-du-sang", 1).await;
    let id = order["id"].as_str().unwrap();
    let seller = server.seller_of("buoi-dien-du-sang").await;
    let answers = futures_util::future::join_all((0..8).map(|_| seller.step(id, "confirm"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.body["state"] == "confirmed"));
}
