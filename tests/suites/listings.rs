//! Listings: from draft to sale, prices by quantity and by date, seasons, reviews.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Server, Settings};

use crate::onboarding::{first_leaf, with};

pub async fn draft(server: &Server, shop: &tests::Seller) -> Value {
    let product = json!({"category": first_leaf(server).await, "name_vi": "Măng khô Tú Sơn", "summary_vi": "Măng nứa phơi nắng",
        "offers": [{"sku": "MK-500", "pack_vi": "Gói 500 g", "unit": "pack", "weight_g": 550, "price": 120_000,
                    "tiers": [{"from_quantity": 10, "price": 110_000}, {"from_quantity": 50, "price": 95_000}], "wholesale_from": 50}]});
    shop.client.post(&shop.path("products"), product).await.expect(201)
}

#[tokio::test]
async fn a_listing_goes_from_draft_to_sale_and_back() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let made = draft(&server, &shop).await;
    let (id, slug) = (made["id"].as_str().unwrap(), made["slug"].as_str().unwrap().to_owned());
    let path = shop.path(&format!("products/{id}"));
    assert_eq!((made["status"].as_str(), made["name_en"].as_str()), (Some("draft"), Some("Măng khô Tú Sơn")));
    assert_eq!(server.client().get(&format!("/v1/products/{slug}")).await.status, 404);
    assert_eq!(shop.client.patch(&path, json!({"status": "published"})).await.expect(200)["status"], "published");
    let page = server.client().get(&format!("/v1/products/{slug}")).await.expect(200);
    assert_eq!(
        page["offers"][0]["tiers"][1],
        json!({"from_quantity": 50, "price": {"amount": 95_000, "currency": "VND"}})
    );
    assert_eq!(page["offers"][0]["wholesale_from"], 50);
    shop.client.patch(&path, json!({"status": "draft"})).await.expect_problem(409, "listing_state");
    shop.client.patch(&path, json!({"status": "paused"})).await.expect(200);
    assert_eq!(server.client().get(&format!("/v1/products/{slug}")).await.status, 404);

    let copy = shop.client.post(&format!("{path}/duplicate"), json!({})).await.expect(201);
    assert_eq!((copy["status"].as_str(), copy["offers"][0]["tiers"].as_array().unwrap().len()), (Some("draft"), 2));
    assert_ne!(copy["offers"][0]["sku"], "MK-500");
    shop.client.delete(&path).await.expect(204);
    let found = shop.client.query(&shop.path("products"), &[("q", "MK-500"), ("status", "archived")]).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let none = json!({"category": "khong-co", "name_vi": "Gì đó", "offers": []});
    let refused = shop.client.post(&shop.path("products"), none).await.expect_problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/category");
}

#[tokio::test]
async fn the_more_is_bought_the_less_a_piece_costs() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let made = draft(&server, &shop).await;
    let (id, offer) = (made["id"].as_str().unwrap(), made["offers"][0]["id"].as_str().unwrap().to_owned());
    shop.client.patch(&shop.path(&format!("products/{id}")), json!({"status": "published"})).await.expect(200);
    shop.client
        .post(&shop.path(&format!("stock/{offer}/movements")), json!({"kind": "receipt", "quantity": 100}))
        .await
        .expect(201);
    for (quantity, unit) in [(9, 120_000), (10, 110_000), (50, 95_000)] {
        let basket = server.basket(&[(&offer, quantity)]).await;
        let quote = basket.ask_quote().await.expect(201);
        assert_eq!(quote["shares"][0]["lines"][0]["unit_price"]["amount"], unit);
        assert_eq!(quote["goods"]["amount"], unit * quantity);
        if quantity == 50 {
            let purchase = basket.checkout(quote["id"].as_str().unwrap(), "wholesale").await.expect(201);
            assert_eq!(purchase["goods"]["amount"], 95_000 * 50);
        }
    }
    let path = shop.path(&format!("offers/{offer}"));
    let rising = json!({"tiers": [{"from_quantity": 10, "price": 130_000}]});
    shop.client.patch(&path, rising).await.expect_problem(422, "invalid");
    shop.client.patch(&path, json!({"tiers": []})).await.expect(200);
    let basket = server.basket(&[(&offer, 10)]).await;
    assert_eq!(basket.ask_quote().await.expect(201)["goods"]["amount"], 1_200_000);
    server.assert_books_agree();
}

async fn price(server: &Server) -> i64 {
    let page = server.client().get("/v1/products/hat-doi").await.expect(200);
    page["offers"][0]["price"]["amount"].as_i64().unwrap()
}

async fn price_becomes(server: &Server, expected: i64) {
    for _ in 0..60 {
        if price(server).await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the price is {}, not {expected}", price(server).await);
}

#[tokio::test]
async fn a_price_begins_and_ends_at_its_moment() {
    let mut server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let (offer, before) = (server.offer("hat-doi", 0).await, price(&server).await);
    let prices = shop.path(&format!("offers/{offer}/prices"));
    let at = |days: i64| {
        let at = time::OffsetDateTime::now_utc() + time::Duration::days(days);
        at.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    let sale = json!({"price": before - 20_000, "starts_at": at(2), "ends_at": at(5)});
    shop.client.post(&prices, sale.clone()).await.expect(201);
    shop.client.post(&prices, sale).await.expect_problem(409, "scheduled_price_overlap");
    let backwards = json!({"price": 1000, "starts_at": at(9), "ends_at": at(8)});
    shop.client.post(&prices, backwards).await.expect_problem(422, "invalid");
    assert_eq!(price(&server).await, before);
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 3 * 86_400)).await;
    price_becomes(&server, before - 20_000).await;
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 6 * 86_400)).await;
    price_becomes(&server, before).await;
    assert_eq!(
        server.count("SELECT COUNT(*) FROM audit_entry WHERE action = 'offer.changed' AND actor_kind = 'system'").await,
        2
    );
}

#[tokio::test]
async fn where_reviews_are_asked_for_buyers_see_nothing_before() {
    let server = Server::with(Settings::default().set("OCOP_LISTING_REVIEW", "edits")).await;
    let (shop, admin) = (server.seller_of("hat-doi").await, server.sign_in("admin@example.vn").await);
    let made = draft(&server, &shop).await;
    let (id, slug) = (made["id"].as_str().unwrap(), made["slug"].as_str().unwrap());
    let path = shop.path(&format!("products/{id}"));
    assert_eq!(shop.client.patch(&path, json!({"status": "published"})).await.expect(200)["status"], "in_review");
    assert_eq!(server.client().get(&format!("/v1/products/{slug}")).await.status, 404);
    let review = admin.get("/v1/admin/listing-reviews").await.expect(200)["items"][0].clone();
    let decide = format!("/v1/admin/listing-reviews/{}", review["id"].as_str().unwrap());
    admin.post(&decide, json!({"approve": false})).await.expect_problem(422, "invalid");
    admin.post(&decide, json!({"approve": false, "reason": "Thiếu ảnh"})).await.expect(204);
    let refused = shop.client.get(&path).await.expect(200);
    assert_eq!((&refused["status"], &refused["refused_because"]), (&json!("draft"), &json!("Thiếu ảnh")));
    shop.client.patch(&path, json!({"status": "published"})).await.expect(200);
    let seen = admin.get("/v1/admin/listing-reviews").await.expect(200)["items"][0]["id"].clone();
    // Other texts than those that were looked at cannot be approved.
    shop.client.patch(&path, json!({"story_vi": "Thuốc chữa bách bệnh"})).await.expect(200);
    let seen = format!("/v1/admin/listing-reviews/{}", seen.as_str().unwrap());
    admin.post(&seen, json!({"approve": true})).await.expect_problem(409, "review_decided");
    let review =
        admin.get("/v1/admin/listing-reviews").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    admin.post(&format!("/v1/admin/listing-reviews/{review}"), json!({"approve": true})).await.expect(204);
    admin
        .post(&format!("/v1/admin/listing-reviews/{review}"), json!({"approve": true}))
        .await
        .expect_problem(409, "review_decided");

    // Texts of what is published wait; a price does not.
    let edited = shop.client.patch(&path, json!({"name_vi": "Măng khô loại một"})).await.expect(200);
    assert_eq!(
        (&edited["name_vi"], &edited["pending_changes"]["name_vi"]),
        (&json!("Măng khô Tú Sơn"), &json!("Măng khô loại một"))
    );
    let page = server.client().get(&format!("/v1/products/{slug}")).await.expect(200);
    assert_eq!(page["name"]["vi"], "Măng khô Tú Sơn");
    // A further edit joins what waits; what is published already waits no longer; the same again changes nothing.
    let first = admin.get("/v1/admin/listing-reviews").await.expect(200)["items"][0]["id"].clone();
    let both = shop.client.patch(&path, json!({"summary_vi": "Nứa non"})).await.expect(200);
    assert_eq!(both["pending_changes"], json!({"name_vi": "Măng khô loại một", "summary_vi": "Nứa non"}));
    let old = format!("/v1/admin/listing-reviews/{}", first.as_str().unwrap());
    admin.post(&old, json!({"approve": true})).await.expect_problem(409, "review_decided");
    let second = admin.get("/v1/admin/listing-reviews").await.expect(200)["items"][0]["id"].clone();
    shop.client.patch(&path, json!({"summary_vi": "Nứa non"})).await.expect(200);
    assert_eq!(admin.get("/v1/admin/listing-reviews").await.expect(200)["items"][0]["id"], second);
    let one = shop.client.patch(&path, json!({"summary_vi": "Măng nứa phơi nắng"})).await.expect(200);
    assert_eq!(one["pending_changes"], json!({"name_vi": "Măng khô loại một"}));
    let review =
        admin.get("/v1/admin/listing-reviews").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    admin.post(&format!("/v1/admin/listing-reviews/{review}"), json!({"approve": true})).await.expect(204);
    let page = server.client().get(&format!("/v1/products/{slug}")).await.expect(200);
    assert_eq!(page["name"]["vi"], "Măng khô loại một");
}

#[tokio::test]
async fn out_of_season_a_closed_product_is_read_and_not_sold() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let now: i64 = month_in_vietnam();
    let product = shop.path(&format!("products/{}", shop.product));
    shop.client.patch(&product, json!({"season_from": now, "season_to": now})).await.expect(200);
    assert_eq!(server.client().get("/v1/products/hat-doi").await.expect(200)["in_season"], true);
    // A season of the month after next alone.
    let (from, to) = ((now + 1) % 12 + 1, (now + 1) % 12 + 1);
    let change = json!({"season_from": from, "season_to": to, "off_season": "closed"});
    shop.client.patch(&product, change).await.expect(200);
    let page = server.client().get("/v1/products/hat-doi").await.expect(200);
    assert_eq!(
        (&page["in_season"], &page["availability"], &page["off_season"]),
        (&json!(false), &json!("out_of_stock"), &json!("closed"))
    );
    let offer = server.offer("hat-doi", 0).await;
    let body = json!({"items": [{"offer_id": offer, "quantity": 1}]});
    server.client().post("/v1/carts", body.clone()).await.expect_problem(422, "invalid");
    let change = with(json!({}), "off_season", json!("sell"));
    shop.client.patch(&shop.path(&format!("products/{}", shop.product)), change).await.expect(200);
    server.client().post("/v1/carts", body).await.expect(201);
}

/// The month in Vietnam, 1–12.
fn month_in_vietnam() -> i64 {
    let now = time::OffsetDateTime::now_utc() + time::Duration::hours(7);
    i64::from(u8::from(now.month()))
}
