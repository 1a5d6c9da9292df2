//! Killed in the middle of it, again and again: what was acknowledged is there, and nothing is there by half.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tests::{Basket, Server};
use tokio::sync::Mutex;

const BUYERS: usize = 6;

async fn buy_until_killed(url: String, offers: Arc<Vec<String>>, acknowledged: Arc<Mutex<Vec<Value>>>) {
    let client = tests::Client::new(&url);
    let sent = async |request| {
        let answer = tests::Client::try_send(request).await?;
        assert_eq!(answer.status, 201, "refused: {}", answer.text);
        Some(answer)
    };
    for round in 0.. {
        let items: Vec<_> =
            offers.iter().map(|offer| serde_json::json!({"offer_id": offer, "quantity": 1 + round % 2})).collect();
        let request = client.request(reqwest::Method::POST, "/v1/carts").json(&serde_json::json!({"items": items}));
        let Some(cart) = sent(request).await else { return };
        let id = cart.body["id"].as_str().unwrap().to_owned();
        let token = cart.body["token"].as_str().unwrap().to_owned();
        let basket = Basket { client: client.clone().header("x-cart-token", &token), id, token: Some(token) };
        let address = serde_json::json!({"address": {"recipient": "Lan", "phone": "0912345678", "street": "1 phố Huế", "commune_code": "00256"}});
        let request = basket.client.request(reqwest::Method::POST, &basket.path("/quote")).json(&address);
        let Some(quote) = sent(request).await else { return };
        let form = basket.order_form(quote.body["id"].as_str().unwrap());
        let request = basket
            .client
            .clone()
            .header("idempotency-key", &basket.id)
            .request(reqwest::Method::POST, "/v1/checkouts")
            .json(&form);
        let Some(bought) = sent(request).await else { return };
        acknowledged.lock().await.push(bought.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_that_was_acknowledged() {
    let mut server = Server::start().await;
    let offers = Arc::new(vec![
        server.offer("buoi-dien-du-sang", 0).await,
        server.offer("mat-ong-rung-hop-tien", 0).await,
        server.offer("hat-doi", 0).await,
    ]);
    for product in ["buoi-dien-du-sang", "mat-ong-rung-hop-tien", "hat-doi"] {
        let offer = server.offer(product, 0).await;
        server.seller_of(product).await.set_available(&offer, 900_000).await;
    }
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let kills = tests::size(50, 8);
    for kill in 0..kills {
        let buyers: Vec<_> = (0..BUYERS)
            .map(|_| tokio::spawn(buy_until_killed(server.url(), offers.clone(), acknowledged.clone())))
            .collect();
        // At any moment, but not before somebody has bought: on a busy machine that takes longer.
        let before = acknowledged.lock().await.len();
        tokio::time::sleep(Duration::from_millis(300 + (kill as u64 * 37) % 400)).await;
        for _ in 0..400 {
            if acknowledged.lock().await.len() > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        server.kill();
        for buyer in buyers {
            buyer.await.unwrap();
        }
        server.run().await;
    }
    let purchases = acknowledged.lock().await.clone();
    assert!(purchases.len() >= kills, "only {} purchases under load: the test would show nothing", purchases.len());
    println!("{} purchases acknowledged over {kills} kills", purchases.len());
    let mut owed = HashSet::new();
    for purchase in &purchases {
        for order in purchase["orders"].as_array().unwrap() {
            owed.insert(order["number"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(owed.len(), purchases.len() * 3, "three sellers each");
    for purchase in &purchases {
        for order in purchase["orders"].as_array().unwrap() {
            let shown = server.client().get(&Basket::link(order)).await.expect(200);
            assert_eq!(
                (&shown["number"], &shown["state"], &shown["total"]),
                (&order["number"], &serde_json::json!("placed"), &order["total"])
            );
        }
    }
    server.assert_books_agree();
    // The outbox owes every order a mail to both sides; leases of killed workers run out after 30 seconds.
    for _ in 0..1200 {
        if server.count("SELECT COUNT(*) FROM outbox WHERE delivered_at IS NULL").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(server.count("SELECT COUNT(*) FROM outbox WHERE delivered_at IS NULL").await, 0);
    let mails: Vec<_> = server.messages().into_iter().map(|(_, text)| text).collect();
    for number in owed {
        let about = mails.iter().filter(|text| text.contains(&number)).count();
        assert_eq!(about, 2, "one mail to the buyer and one to the seller of {number}");
    }
}
