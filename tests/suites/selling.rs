//! A cooperative's shop: what its people may do, and what is remembered of it.

use serde_json::json;
use tests::{PASSWORD, Server};

#[tokio::test]
async fn staff_pack_and_count_but_do_not_set_prices() {
    let server = Server::start().await;
    let owner = server.seller_of("hat-doi").await;
    let member = format!("{}:staff", owner.cooperative);
    let output = server
        .ocop(&["user", "create", "tho@example.vn", "--name", "Thợ", "--member", &member], &format!("{PASSWORD}\n"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let staff = server.sign_in("tho@example.vn").await;
    let offer = server.offer("hat-doi", 0).await;
    staff.get(&owner.path("orders")).await.expect(200);
    staff
        .post(&owner.path(&format!("stock/{offer}/movements")), json!({"kind": "receipt", "quantity": 3}))
        .await
        .expect(201);
    staff.patch(&owner.path(&format!("offers/{offer}")), json!({"price": 1})).await.expect_problem(403, "forbidden");
    staff.patch(&owner.path("profile"), json!({"pickup_offered": false})).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn stock_never_falls_below_what_is_ordered() {
    let server = Server::start().await;
    let offer = server.offer("hat-doi", 0).await;
    let seller = server.seller_of("hat-doi").await;
    server.basket(&[(&offer, 30)]).await.buy().await;
    let path = seller.path(&format!("stock/{offer}/movements"));
    seller
        .client
        .post(&path, json!({"kind": "correction", "quantity": -11}))
        .await
        .expect_problem(409, "below_reserved");
    seller.client.post(&path, json!({"kind": "correction", "quantity": -10})).await.expect(201);
    for (kind, quantity) in [("sale", -1), ("receipt", -5), ("receipt", 0), ("correction", 0)] {
        seller.client.post(&path, json!({"kind": kind, "quantity": quantity})).await.expect_problem(422, "invalid");
    }
    server.assert_books_agree();
}

#[tokio::test]
async fn every_change_of_money_and_stock_is_in_the_audit_trail() {
    let server = Server::start().await;
    let offer = server.offer("hat-doi", 0).await;
    let seller = server.seller_of("hat-doi").await;
    seller.client.patch(&seller.path(&format!("offers/{offer}")), json!({"price": 199_000})).await.expect(200);
    seller.set_available(&offer, 12).await;
    let entries =
        "SELECT COUNT(*) FROM audit_entry WHERE action IN ('offer.changed', 'stock.moved') AND actor_id IS NOT NULL";
    assert_eq!(server.count(entries).await, 2);
}

#[tokio::test]
async fn offers_and_products_of_others_cannot_be_changed() {
    let server = Server::start().await;
    let (seller, other) = (server.seller_of("hat-doi").await, server.seller_of("ruou-muong").await);
    let foreign = server.offer("ruou-muong", 0).await;
    seller
        .client
        .patch(&seller.path(&format!("offers/{foreign}")), json!({"price": 1}))
        .await
        .expect_problem(404, "not_found");
    seller
        .client
        .patch(&seller.path(&format!("products/{}", other.product)), json!({"status": "archived"}))
        .await
        .expect_problem(404, "not_found");
    let path = seller.path(&format!("stock/{foreign}/movements"));
    seller.client.post(&path, json!({"kind": "receipt", "quantity": 1})).await.expect_problem(404, "not_found");
    seller
        .client
        .patch(&other.path("profile"), json!({"pickup_offered": false}))
        .await
        .expect_problem(403, "forbidden");
}
