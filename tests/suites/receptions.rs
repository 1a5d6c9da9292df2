//! Boxes collected at a partner's reception.

use serde_json::{Value, json};
use tests::{Answer, Basket, Partner, Server};

async fn point_of(server: &Server, cooperative: &str) -> String {
    let points = server.client().get(&format!("/v1/cooperatives/{cooperative}/pickup-points")).await.expect(200);
    let point = points["items"].as_array().unwrap().iter().find(|point| point["partner_id"].is_string());
    point.unwrap_or_else(|| panic!("no reception: {points}"))["id"].as_str().unwrap().to_owned()
}

async fn quote_at(basket: &Basket, cooperative: &str, point: &str) -> Answer {
    let body = json!({"deliveries": [{"cooperative_id": cooperative, "method": "pickup", "pickup_point_id": point}]});
    basket.client.post(&basket.path("/quote"), body).await
}

async fn boxed(partner: &Partner, order: &str) -> Value {
    let boxes = partner.get("boxes").await.expect(200);
    boxes["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["order_id"] == order)
        .unwrap_or_else(|| panic!("{boxes}"))
        .clone()
}

#[tokio::test]
async fn a_box_is_brought_handed_over_by_code_or_goes_back() {
    let server = Server::start().await;
    let partner = server.partner().await;
    let shop = server.seller_of("buoi-dien-du-sang").await;
    let point = point_of(&server, &shop.cooperative).await;
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    let mut orders = Vec::new();
    for _ in 0..2 {
        let basket = server.basket(&[(&offer, 1)]).await;
        let quote = quote_at(&basket, &shop.cooperative, &point).await.expect(201);
        assert_eq!(
            (&quote["delivery"]["amount"], &quote["shares"][0]["arrive_days"]),
            (&json!(10_000), &json!(1)),
            "the cooperative's fee for bringing it"
        );
        let purchase = basket.checkout(quote["id"].as_str().unwrap(), &format!("box-{}", basket.id)).await.expect(201);
        orders.push(purchase["orders"][0].clone());
    }
    let (first, second) = (orders[0]["id"].as_str().unwrap(), orders[1]["id"].as_str().unwrap());
    assert_eq!(boxed(&partner, first).await["state"], "expected");
    partner.post(&format!("boxes/{first}/arrive"), json!({})).await.expect_problem(409, "order_state");
    for order in [first, second] {
        shop.step(order, "confirm").await.expect(200);
        shop.step(order, "pack").await.expect(200);
    }
    partner.post(&format!("boxes/{first}/hand-over"), json!({"code": "ANY"})).await.expect_problem(409, "not_arrived");
    let waiting = partner.post(&format!("boxes/{first}/arrive"), json!({})).await.expect(200);
    assert_eq!((&waiting["state"], &waiting["to_collect"]), (&json!("waiting"), &json!(260_000)));
    assert!(!waiting.to_string().contains("912345678"), "the reception needs no whole phone number");
    let code = server.client().get(&Basket::link(&orders[0])).await.expect(200)["delivery"]["collection_code"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(server.message_to("khach@example.vn", &code).await.contains("/o/"), "the buyer is told, with the code");
    partner
        .post(&format!("boxes/{first}/hand-over"), json!({"code": "WRONG1"}))
        .await
        .expect_problem(409, "wrong_collection_code");
    let other = server.new_partner(&server.new_buyer("khac@example.vn").await).await;
    other.post(&format!("boxes/{first}/hand-over"), json!({"code": code})).await.expect_problem(404, "not_found");
    let done =
        partner.post(&format!("boxes/{first}/hand-over"), json!({"code": code.to_lowercase()})).await.expect(200);
    assert_eq!(done["state"], "collected");
    let seen = server.client().get(&Basket::link(&orders[0])).await.expect(200);
    assert_eq!(
        (&seen["state"], &seen["history"].as_array().unwrap().last().unwrap()["by"]),
        (&json!("delivered"), &json!("partner"))
    );

    // Nobody comes for the second.
    partner.post(&format!("boxes/{second}/arrive"), json!({})).await.expect(200);
    partner.post(&format!("boxes/{second}/give-back"), json!({})).await.expect_problem(409, "still_waiting");
    let before = shop.stock(&offer).await["on_hand"].as_i64().unwrap();
    let mut later = server;
    later.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 4 * 86_400)).await;
    let partner = later.partner().await;
    assert_eq!(boxed(&partner, second).await["state"], "overdue");
    partner.post(&format!("boxes/{second}/give-back"), json!({})).await.expect(200);
    let shop = tests::Seller { client: later.sign_in_again(&shop).await, ..shop };
    assert_eq!(shop.stock(&offer).await["on_hand"], before + 1, "it is on the shelf again");
    let seen = later.client().get(&Basket::link(&orders[1])).await.expect(200);
    assert_eq!(
        (&seen["state"], &seen["history"].as_array().unwrap().last().unwrap()["reason"]),
        (&json!("cancelled"), &json!("Khách không đến nhận"))
    );
    later.assert_books_agree();
}

#[tokio::test]
async fn twenty_guests_take_no_more_than_five_places() {
    let server = Server::start().await;
    let partner = server.partner().await;
    let shop = server.seller_of("buoi-dien-du-sang").await;
    let spring = server.client().get("/v1/destinations/suoi-khoang-kim-boi").await.expect(200);
    let hours = json!([{"days": [1, 2, 3, 4, 5, 6, 7], "from": "07:00", "to": "21:00"}]);
    let reception = |capacity: i64| {
        json!({"point": {"name_vi": "Quầy lễ tân", "name_en": "Front desk", "street": "Xóm Mớ Đá", "commune_code": "04978", "latitude": 20.67, "longitude": 105.53, "hours": hours, "active": true},
        "destination_id": spring["id"], "capacity": capacity, "keep_days": 2})
    };
    partner.post("pickup-points", reception(0)).await.expect_problem(422, "invalid");
    let point = partner.post("pickup-points", reception(5)).await.expect(201)["id"].as_str().unwrap().to_owned();
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    let basket = server.basket(&[(&offer, 1)]).await;
    quote_at(&basket, &shop.cooperative, &point).await.expect_problem(422, "invalid");
    let path = shop.path(&format!("receptions/{point}"));
    let offered = shop.client.get(&shop.path("receptions")).await.expect(200);
    assert!(
        offered["items"].as_array().unwrap().iter().any(|one| one["id"] == point.as_str() && one["served"] == false),
        "{offered}"
    );
    shop.client.put(&path, json!({"fee": 5_000, "days": 1})).await.expect(204);
    let mut baskets = Vec::new();
    for _ in 0..20 {
        let basket = server.basket(&[(&offer, 1)]).await;
        let quote = quote_at(&basket, &shop.cooperative, &point).await.expect(201);
        baskets.push((basket, quote["id"].as_str().unwrap().to_owned()));
    }
    let tried = baskets
        .iter()
        .map(|(basket, quote)| async move { basket.checkout(quote, &format!("race-{}", basket.id)).await });
    let answers = futures_util::future::join_all(tried).await;
    let (bought, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((bought.len(), refused.len()), (5, 15));
    for answer in refused {
        let problem = answer.expect_problem(409, "changed_since_quote");
        assert_eq!(problem["changes"][0]["kind"], "pickup_point_full", "{problem}");
    }
    assert_eq!(partner.get("boxes?state=expected").await.expect(200)["items"].as_array().unwrap().len(), 5);
    // A place that becomes free is taken again.
    let order = bought[0].body["orders"][0]["id"].as_str().unwrap();
    shop.client
        .post(&shop.path(&format!("orders/{order}/cancel")), json!({"reason": "out_of_stock"}))
        .await
        .expect(200);
    let basket = server.basket(&[(&offer, 1)]).await;
    let quote = quote_at(&basket, &shop.cooperative, &point).await.expect(201);
    basket.checkout(quote["id"].as_str().unwrap(), "again").await.expect(201);
    shop.client.delete(&path).await.expect(204);
    let basket = server.basket(&[(&offer, 1)]).await;
    quote_at(&basket, &shop.cooperative, &point).await.expect_problem(422, "invalid");
}
