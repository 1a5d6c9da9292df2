//! How long goods keep, what is asked for those that must be eaten soon, and what they are packed in.

use serde_json::{Value, json};
use tests::{Seller, Server};

use crate::certificates::{handed_in, judge, paper};
use crate::traceability::{day, empty_shop, text};

async fn shelf_lives(shop: &Seller, items: Value) -> tests::Answer {
    shop.client.put(&shop.path(&format!("products/{}/shelf-lives", shop.product)), json!({"items": items})).await
}

/// A harvest of ten, kept in a kind of store, whose last day nobody tells.
async fn kept(shop: &Seller, offer: &str, code: &str, harvested: i64, storage: &str) -> Value {
    let lot = json!({"product_id": shop.product, "code": code, "harvested_on": day(harvested), "kept": {"storage": storage, "from_c": 4, "to_c": 8},
        "contents": [{"offer_id": offer, "quantity": 10}]});
    shop.client.post(&shop.path("lots"), lot).await.expect(201)
}

async fn offer_of(server: &Server, product: &str) -> Value {
    server.client().get(&format!("/v1/products/{product}")).await.expect(200)["offers"][0].clone()
}

#[tokio::test]
async fn goods_keep_by_the_rule_of_their_day_and_store() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let rules = json!([
        {"storage": "ambient", "days": 20, "from_day": day(-100)},
        {"storage": "chilled", "days": 60, "from_day": day(-100)},
        {"storage": "chilled", "days": 40, "from_day": day(-2)},
    ]);
    shelf_lives(&shop, rules).await.expect(200);
    let twice =
        json!([{"storage": "cool", "days": 2, "from_day": day(0)}, {"storage": "cool", "days": 3, "from_day": day(0)}]);
    let problem = shelf_lives(&shop, twice).await.expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/items/1/from_day");
    let old = kept(&shop, &offer, "CU", -3, "chilled").await;
    assert_eq!((&old["expires_on"], &old["kept"]["to_c"]), (&json!(day(57)), &json!(8)), "the rule of its day");
    assert_eq!(kept(&shop, &offer, "MOI", -2, "chilled").await["expires_on"], day(38));
    // Half of its life is over when it comes into the cold: half a life is left to it there, by the rule of that day.
    let warm = kept(&shop, &offer, "AM", -10, "ambient").await;
    assert_eq!(warm["expires_on"], day(10));
    let events = shop.path(&format!("lots/{}/events", text(&warm, "id")));
    let stored = json!({"act": "stored", "kept": {"storage": "chilled", "from_c": 2, "to_c": 6}});
    shop.client.post(&events, stored.clone()).await.expect(201);
    let path = shop.path(&format!("lots/{}", text(&warm, "id")));
    let moved = shop.client.get(&path).await.expect(200);
    assert_eq!((&moved["expires_on"], &moved["kept"]["storage"]), (&json!(day(20)), &json!("chilled")));
    shop.client.post(&events, stored).await.expect(201);
    assert_eq!(shop.client.get(&path).await.expect(200)["expires_on"], day(20), "it is in that store already");
    let story = server.client().get(&format!("/v1/trace/{}", text(&warm, "trace_code"))).await.expect(200);
    assert_eq!((&story["storage"], &story["kept_from_c"]), (&json!("chilled"), &json!(2)));
    // What makes no sense.
    for (body, pointer) in [
        (json!({"act": "stored", "kept": {"storage": null, "from_c": 9, "to_c": 3}}), "/kept/to_c"),
        (json!({"act": "stored", "kept": {"storage": null, "from_c": -300, "to_c": 3}}), "/kept/from_c"),
        (json!({"act": "inspected", "kept": {"storage": "cool", "from_c": null, "to_c": null}}), "/kept"),
    ] {
        let problem = shop.client.post(&events, body).await.expect_problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    server.assert_books_agree();
}

#[tokio::test]
async fn what_must_be_eaten_soon_is_reduced_and_shown_as_such() {
    let mut server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let listed = offer_of(&server, "hat-doi").await["price"]["amount"].as_i64().unwrap();
    let lot = |code: &str, expires: i64, quantity: i64| json!({"product_id": shop.product, "code": code, "harvested_on": day(-1), "expires_on": day(expires), "contents": [{"offer_id": offer, "quantity": quantity}]});
    for (code, expires, quantity) in [("SOM", 5, 4), ("MUON", 60, 20)] {
        shop.client.post(&shop.path("lots"), lot(code, expires, quantity)).await.expect(201);
    }
    let feed = server.partner().await.feed(json!({"products": ["hat-doi"], "in_stock": false})).await;
    let rules = shop.path("expiry-discounts");
    shop.client
        .put(&rules, json!({"items": [{"product_id": null, "days_before": 3, "rate_bp": 3000}]}))
        .await
        .expect(200);
    assert_eq!(offer_of(&server, "hat-doi").await["reduction"], Value::Null, "its last day is not near enough");
    // A rule of its own takes the place of the general one.
    let both = json!({"items": [{"product_id": null, "days_before": 3, "rate_bp": 3000}, {"product_id": shop.product, "days_before": 7, "rate_bp": 2500}]});
    shop.client.put(&rules, both).await.expect(200);
    let shown = offer_of(&server, "hat-doi").await;
    let reduced = listed - listed * 2500 / 10_000;
    assert_eq!(
        (&shown["price"]["amount"], &shown["reduction"]["listed_price"]["amount"], &shown["reduction"]["eat_by"]),
        (&json!(reduced), &json!(listed), &json!(day(5)))
    );
    // In feeds as such.
    let item = server.client().get(&format!("/feeds/{feed}.json")).await.expect(200)["items"][0].clone();
    assert_eq!((&item["price"]["amount"], &item["listed_price"]["amount"]), (&json!(reduced), &json!(listed)));
    let rss = server.client().get(&format!("/feeds/{feed}.rss")).await.text;
    assert!(rss.contains(&format!("<g:price>{listed} VND</g:price>")), "{rss}");
    assert!(rss.contains(&format!("<g:sale_price>{reduced} VND</g:sale_price>")), "{rss}");
    // Bought at it, as quoted, by the quick way; and a quote from before it is told of the difference.
    let purchase = server.basket(&[(&offer, 3)]).await.buy().await;
    let order = shop.path(&format!("orders/{}", text(&purchase["orders"][0], "id")));
    let order = shop.client.get(&order).await.expect(200);
    assert_eq!(order["lines"][0]["unit_price"]["amount"], reduced);
    shop.client.patch(&shop.path(&format!("offers/{offer}")), json!({"price": listed + 10_000})).await.expect(200);
    let dearer = listed + 10_000;
    assert_eq!(
        offer_of(&server, "hat-doi").await["price"]["amount"],
        dearer - dearer * 2500 / 10_000,
        "of the new price"
    );
    // A harvest to come is not reduced with the old boxes.
    let forecast =
        json!({"offer_id": offer, "quantity": 50, "share_bp": 5000, "expected_from": day(10), "expected_to": day(20)});
    shop.client.post(&shop.path("forecasts"), forecast).await.expect(201);
    let cart = json!({"items": [{"offer_id": offer, "quantity": 1, "preorder": true}]});
    let cart = server.client().post("/v1/carts", cart).await.expect(201);
    assert_eq!(cart["lines"][0]["unit_price"]["amount"], dearer, "{cart}");
    // Those boxes are sold: what is left is fresh, and costs what it is listed at.
    let basket = server.basket(&[(&offer, 1)]).await;
    let quote = basket.quote().await;
    basket.checkout(&quote, "the last of them").await.expect(201);
    let mut left = Value::Null;
    for _ in 0..200 {
        left = offer_of(&server, "hat-doi").await;
        if left["reduction"].is_null() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!((&left["reduction"], &left["price"]["amount"]), (&Value::Null, &json!(dearer)));
    // Near its end by the calendar alone.
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 55 * 86_400)).await;
    for _ in 0..200 {
        left = offer_of(&server, "hat-doi").await;
        if !left["reduction"].is_null() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(left["reduction"]["eat_by"], day(60));
    let shop = Seller { client: server.sign_in_again(&shop).await, ..shop };
    shop.client.put(&shop.path("expiry-discounts"), json!({"items": []})).await.expect(200);
    assert_eq!(offer_of(&server, "hat-doi").await["price"]["amount"], dearer, "switched off");
    let other = server.seller_of("ruou-muong").await.product;
    let foreign = json!({"items": [{"product_id": other, "days_before": 3, "rate_bp": 3000}]});
    let problem = shop.client.put(&shop.path("expiry-discounts"), foreign).await.expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/items/0/product_id");
    let path = shop.path(&format!("products/{other}/shelf-lives"));
    shop.client.put(&path, json!({"items": []})).await.expect_problem(404, "not_found");
    for wrong in [
        json!({"product_id": null, "days_before": 0, "rate_bp": 3000}),
        json!({"product_id": null, "days_before": 3, "rate_bp": 9999}),
    ] {
        shop.client.put(&shop.path("expiry-discounts"), json!({"items": [wrong]})).await.expect_problem(422, "invalid");
    }
}

#[tokio::test]
async fn materials_are_shown_and_found_while_their_proof_counts() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let offer = server.offer("hat-doi", 0).await;
    let officer = server.sign_in("can-bo@example.vn").await;
    let proof = handed_in(&shop, paper("material_proof", Some(100))).await;
    let path = shop.path(&format!("offers/{offer}/materials"));
    let crate_ = json!({"part": "packaging", "material": "bamboo", "returnable": true, "deposit_amount": 20_000, "certificate_id": proof["id"], "note": null});
    let paper_ = json!({"part": "packaging", "material": "paper", "recycled_bp": 8_000, "deposit_amount": null, "certificate_id": proof["id"], "note": null});
    let grown = json!({"part": "input", "material": "organic_fertiliser", "deposit_amount": null, "certificate_id": proof["id"], "note": "Phân ủ"});
    for (wrong, pointer) in [
        (
            json!({"part": "input", "material": "bamboo", "deposit_amount": null, "certificate_id": proof["id"], "note": null}),
            "/items/0/material",
        ),
        (
            json!({"part": "packaging", "material": "paper", "deposit_amount": 5, "certificate_id": proof["id"], "note": null}),
            "/items/0/deposit_amount",
        ),
        (
            json!({"part": "packaging", "material": "paper", "deposit_amount": null, "certificate_id": shop.product, "note": null}),
            "/items/0/certificate_id",
        ),
    ] {
        let problem = shop.client.put(&path, json!({"items": [wrong]})).await.expect_problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    shop.client.put(&path, json!({"items": [crate_, paper_, grown]})).await.expect(200);
    let found = async |material: &str| {
        let page = server.client().get(&format!("/v1/products?material={material}&facets=true")).await.expect(200);
        (page["total"].clone(), page["facets"]["material"].clone())
    };
    assert_eq!(found("bamboo").await.0, 0, "nobody has looked at the proof");
    let verified = judge(&officer, &proof, "verify").await.expect(200);
    let (total, facets) = found("returnable,glass").await;
    assert_eq!(total, 1);
    let facets: Vec<_> =
        facets.as_array().unwrap().iter().map(|one| (text(one, "value"), one["count"].clone())).collect();
    let all = ["recycled", "returnable", "paper", "bamboo", "organic_fertiliser"];
    assert_eq!(facets, all.map(|value| (value.to_owned(), json!(1))), "each further choice, and how many have it");
    server.client().get("/v1/products?material=stone").await.expect_problem(400, "malformed");
    let shown = offer_of(&server, "hat-doi").await["materials"].clone();
    assert_eq!(shown.as_array().unwrap().len(), 3);
    assert_eq!((&shown[0]["deposit"]["amount"], &shown[0]["proof"]), (&json!(20_000), &json!("material_proof/01")));
    judge(&officer, &verified, "revoke").await.expect(200);
    assert_eq!(
        (found("returnable").await.0, offer_of(&server, "hat-doi").await["materials"].clone()),
        (json!(0), json!([]))
    );
}
