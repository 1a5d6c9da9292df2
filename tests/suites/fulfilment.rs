//! Parcels, papers, bulk work, and carriers with the manners they have.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tests::{Asked, Manner, Seller, Server, Settings, StandIn};

async fn packed(server: &Server, quantity: i64) -> (Seller, String, String) {
    let offer = server.offer("hat-doi", 0).await;
    let order = server.basket(&[(&offer, quantity)]).await.buy().await["orders"][0]["id"].as_str().unwrap().to_owned();
    let shop = server.seller_of("hat-doi").await;
    shop.step(&order, "confirm").await.expect(200);
    shop.step(&order, "pack").await.expect(200);
    (shop, order, offer)
}

async fn state(shop: &Seller, order: &str) -> Value {
    shop.client.get(&shop.path(&format!("orders/{order}"))).await.expect(200)["state"].clone()
}

async fn step(shop: &Seller, parcel: &Value, step: &str) -> tests::Answer {
    let path = shop.path(&format!("parcels/{}", parcel["id"].as_str().unwrap()));
    shop.client.post(&path, json!({"step": step})).await
}

#[tokio::test]
async fn an_order_goes_in_two_parcels_and_moves_when_both_have_moved() {
    let server = Server::start().await;
    let (shop, order, offer) = packed(&server, 5).await;
    let parcels = shop.path(&format!("orders/{order}/parcels"));
    let part = json!({"carrier": "own", "lines": [{"offer_id": offer, "quantity": 2}]});
    let first = shop.client.post(&parcels, part).await.expect(201);
    let too_much = json!({"carrier": "own", "lines": [{"offer_id": offer, "quantity": 4}]});
    shop.client.post(&parcels, too_much).await.expect_problem(422, "invalid");
    // Several people make the rest at once: it is made once.
    let rest = json!({"carrier": "own"});
    let answers = futures_util::future::join_all((0..5).map(|_| shop.client.post(&parcels, rest.clone()))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1, "{:?}", answers.iter().map(|a| &a.text).collect::<Vec<_>>());
    let second = made[0].body.clone();
    let total: i64 = [&first, &second].iter().map(|parcel| parcel["cod"]["amount"].as_i64().unwrap()).sum();
    let whole = shop.client.get(&shop.path(&format!("orders/{order}"))).await.expect(200);
    assert_eq!(whole["total"]["amount"], total, "what is collected with the parcels is the order's total");

    step(&shop, &first, "hand_over").await.expect(200);
    assert_eq!(state(&shop, &order).await, "packed");
    // What is on its way cannot be put back on the shelf.
    let cancel = shop.path(&format!("orders/{order}/cancel"));
    shop.client.post(&cancel, json!({"reason": "out_of_stock"})).await.expect_problem(409, "partly_sent");
    step(&shop, &second, "hand_over").await.expect(200);
    assert_eq!(state(&shop, &order).await, "shipped");
    step(&shop, &first, "delivered").await.expect(200);
    assert_eq!(state(&shop, &order).await, "shipped");
    step(&shop, &first, "hand_over").await.expect_problem(409, "parcel_state");
    step(&shop, &second, "delivered").await.expect(200);
    assert_eq!(state(&shop, &order).await, "delivered");
    server.assert_books_agree();
}

#[tokio::test]
async fn an_order_arrives_with_the_last_of_parcels_that_arrive_at_once() {
    let server = Server::start().await;
    for _ in 0..4 {
        let (shop, order, offer) = packed(&server, 5).await;
        let parcels = shop.path(&format!("orders/{order}/parcels"));
        let part = json!({"carrier": "own", "lines": [{"offer_id": offer, "quantity": 1}]});
        let mut made = Vec::new();
        for _ in 0..5 {
            made.push(shop.client.post(&parcels, part.clone()).await.expect(201));
        }
        for (name, after) in [("hand_over", "shipped"), ("delivered", "delivered")] {
            let moved = futures_util::future::join_all(made.iter().map(|parcel| step(&shop, parcel, name))).await;
            assert!(moved.iter().all(|answer| answer.status == 200), "{moved:?}");
            assert_eq!(state(&shop, &order).await, after);
        }
    }
}

#[tokio::test]
async fn papers_are_printed_with_the_orders_code() {
    let server = Server::start().await;
    let (shop, order, _) = packed(&server, 1).await;
    let (status, headers, note) = shop.client.bytes(&shop.path(&format!("orders/{order}/delivery-note"))).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/pdf"));
    assert!(note.starts_with(b"%PDF-") && note.len() > 5_000 && note.len() < 200_000, "{}", note.len());
    let parcel =
        shop.client.post(&shop.path(&format!("orders/{order}/parcels")), json!({"carrier": "own"})).await.expect(201);
    let (status, _, label) =
        shop.client.bytes(&shop.path(&format!("parcels/{}/label", parcel["id"].as_str().unwrap()))).await;
    assert!(status == 200 && label.starts_with(b"%PDF-"));
    let other = server.seller_of("ruou-muong").await;
    let foreign = other.path(&format!("parcels/{}/label", parcel["id"].as_str().unwrap()));
    assert_eq!(other.client.get(&foreign).await.status, 404);
}

#[tokio::test]
async fn many_orders_are_worked_at_once_each_for_itself() {
    let server = Server::start().await;
    let offer = server.offer("hat-doi", 0).await;
    let shop = server.seller_of("hat-doi").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(server.basket(&[(&offer, 1)]).await.buy().await["orders"][0]["id"].as_str().unwrap().to_owned());
    }
    shop.step(&ids[0], "confirm").await.expect(200);
    let queue = shop.client.get(&shop.path("queue")).await.expect(200);
    assert_eq!((&queue["to_confirm"]["count"], &queue["to_pack"]["count"]), (&json!(2), &json!(1)));
    let bulk = json!({"action": "confirm", "order_ids": ids});
    let results = shop.client.post(&shop.path("orders/bulk"), bulk).await.expect(200);
    let done: Vec<_> = results["items"].as_array().unwrap().iter().map(|r| r["done"].as_bool().unwrap()).collect();
    assert_eq!(done, [false, true, true]);
    assert_eq!(results["items"][0]["code"], "order_state");
    for action in ["pack", "ship"] {
        let results =
            shop.client.post(&shop.path("orders/bulk"), json!({"action": action, "order_ids": ids})).await.expect(200);
        assert!(results["items"].as_array().unwrap().iter().all(|r| r["done"] == true), "{results}");
    }
    let foreign = server.seller_of("ruou-muong").await;
    let results = foreign
        .client
        .post(&foreign.path("orders/bulk"), json!({"action": "pack", "order_ids": ids}))
        .await
        .expect(200);
    assert!(results["items"].as_array().unwrap().iter().all(|r| r["code"] == "not_found"));
    server.assert_books_agree();
}

/// GHN as it is: codes in the body, one order per client code.
fn ghn(asked: &Asked) -> Manner {
    let body = asked.json();
    if asked.header("token") != "the-ghn-token" {
        return Manner::Answer(401, json!({"code": 401, "message": "Token is not valid!", "data": null}));
    }
    match asked.path.rsplit('/').next().unwrap() {
        "create" => {
            let code = body["client_order_code"].as_str().unwrap();
            let data = json!({"order_code": format!("GHN{}", &code[code.len() - 6..]), "total_fee": 33_000, "expected_delivery_time": "2099-01-02T16:59:59Z"});
            Manner::Answer(200, json!({"code": 200, "message": "Success", "data": data}))
        }
        "cancel" => Manner::Answer(
            200,
            json!({"code": 200, "message": "Success", "data": [{"order_code": body["order_codes"][0], "result": true, "message": "OK"}]}),
        ),
        "gen-token" => Manner::Answer(200, json!({"code": 200, "message": "Success", "data": {"token": "print-1"}})),
        _ => Manner::Answer(400, json!({"code": 400, "message": "not found", "data": null})),
    }
}

fn settings(carrier: &StandIn) -> Settings {
    Settings::default()
        .set("OCOP_GHN_URL", &carrier.url)
        .set("OCOP_GHTK_URL", &carrier.url)
        .set("OCOP_VIETTEL_POST_URL", &carrier.url)
        .set("OCOP_CARRIER_WEBHOOK_TOKEN", "hook-secret")
}

async fn booked(server: &Server, carrier: &str, token: &str) -> (Seller, String, Value) {
    let (shop, order, _) = packed(server, 2).await;
    let parcels = shop.path(&format!("orders/{order}/parcels"));
    shop.client.post(&parcels, json!({"carrier": carrier})).await.expect_problem(409, "no_carrier_contract");
    let contract = json!({"token": token, "shop_id": "4711"});
    let shown = shop.client.put(&shop.path(&format!("carriers/{carrier}")), contract).await.expect(200);
    assert!(!shown.to_string().contains(token) && shown["items"][0]["token_ends_with"] == token[token.len() - 4..]);
    let parcel = shop.client.post(&parcels, json!({"carrier": carrier})).await.expect(201);
    (shop, order, parcel)
}

async fn report(server: &Server, carrier: &str, body: Value) -> u16 {
    server.client().post(&format!("/v1/carriers/{carrier}/webhook?token=hook-secret"), body).await.status
}

#[tokio::test]
async fn ghn_fetches_a_parcel_and_its_reports_move_it_only_forward() {
    let carrier = StandIn::new(ghn).await;
    let server = Server::with(settings(&carrier)).await;
    let (shop, order, parcel) = booked(&server, "ghn", "the-ghn-token").await;
    let after = step(&shop, &parcel, "book").await.expect(200);
    let code = after["tracking_code"].as_str().unwrap().to_owned();
    assert_eq!(
        (&after["state"], &after["fee"]["amount"], &after["expected_on"]),
        (&json!("booked"), &json!(33_000), &json!("2099-01-02"))
    );
    let asked = carrier.asked()[0].clone();
    assert_eq!(
        (asked.header("shopid"), asked.json()["client_order_code"].as_str()),
        ("4711", parcel["number"].as_str())
    );
    assert_eq!(asked.json()["cod_amount"], parcel["cod"]["amount"]);
    let label = server.client();
    drop(label);

    let report_of = |status: &str| json!({"OrderCode": code, "ClientOrderCode": parcel["number"], "Status": status, "Time": "2026-11-24T10:00:00Z", "Type": "switch_status"});
    // Forged, and with no token at all.
    for path in ["/v1/carriers/ghn/webhook?token=guess", "/v1/carriers/ghn/webhook?token="] {
        server.client().post(path, report_of("delivered")).await.expect_problem(404, "not_found");
    }
    for status in ["transporting", "transporting", "picked"] {
        assert_eq!(report(&server, "ghn", report_of(status)).await, 204);
    }
    assert_eq!(state(&shop, &order).await, "shipped");
    // Out of order and twice: what arrived has arrived.
    for status in ["delivered", "delivering", "delivered", "cancel", "storing"] {
        assert_eq!(report(&server, "ghn", report_of(status)).await, 204);
    }
    assert_eq!(state(&shop, &order).await, "delivered");
    let steps = "SELECT COUNT(*) FROM order_event WHERE to_state = 'delivered' AND actor_kind = 'system' AND order_id IN (SELECT order_id FROM parcel)";
    assert_eq!(server.count(steps).await, 1);
    assert_eq!(server.count("SELECT COUNT(*) FROM carrier_event").await, 6, "each report is kept once");
    assert_eq!(report(&server, "ghn", json!({"OrderCode": "NOBODY", "Status": "delivered"})).await, 204);
    assert_eq!(report(&server, "ghn", json!({"what": "ever"})).await, 204);
    assert_eq!(
        server.count("SELECT COUNT(*) FROM carrier_event WHERE outcome IN ('unknown_parcel', 'unreadable')").await,
        2
    );
    server.assert_books_agree();
}

#[tokio::test]
async fn a_refusal_puts_the_parcel_back_and_a_cancelled_order_is_called_off() {
    let carrier = StandIn::new(ghn).await;
    let server = Server::with(settings(&carrier)).await;
    let (shop, order, parcel) = booked(&server, "ghn", "the-wrong-token").await;
    let refused = step(&shop, &parcel, "book").await.expect_problem(409, "carrier_refused");
    assert!(refused["detail"].as_str().unwrap().contains("Token is not valid"), "{refused}");
    shop.client.put(&shop.path("carriers/ghn"), json!({"token": "the-ghn-token", "shop_id": "4711"})).await.expect(200);
    assert_eq!(step(&shop, &parcel, "book").await.expect(200)["state"], "booked");
    shop.client.post(&shop.path(&format!("orders/{order}/cancel")), json!({"reason": "Khách đổi ý"})).await.expect(200);
    for _ in 0..100 {
        if server.count("SELECT COUNT(*) FROM parcel WHERE state = 'cancelled'").await == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(carrier.asked().iter().any(|asked| asked.path.ends_with("switch-status/cancel")));
    assert_eq!(server.count("SELECT COUNT(*) FROM parcel WHERE state = 'cancelled'").await, 1);
    server.assert_books_agree();
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_and_nothing_is_booked_twice() {
    let creations = Arc::new(AtomicUsize::new(0));
    let counted = creations.clone();
    let carrier = StandIn::new(move |asked: &Asked| {
        if asked.path.starts_with("/services/shipment/order") {
            counted.fetch_add(1, Ordering::SeqCst);
            return Manner::HangUp;
        }
        if let Some(reference) = asked.path.strip_prefix("/services/shipment/v2/partner_id:") {
            let order =
                json!({"label_id": "S1.A1.17373471", "partner_id": reference, "status": "2", "ship_money": "22000"});
            return Manner::Answer(200, json!({"success": true, "message": "", "order": order}));
        }
        Manner::Answer(200, json!({"success": false, "message": "?"}))
    })
    .await;
    let mut server = Server::with(settings(&carrier)).await;
    let (shop, order, parcel) = booked(&server, "ghtk", "the-ghtk-token").await;
    assert_eq!(step(&shop, &parcel, "book").await.expect(200)["state"], "booking");
    step(&shop, &parcel, "book").await.expect_problem(409, "parcel_state");
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 60)).await;
    let shop = Seller { client: server.seller_of("hat-doi").await.client, ..shop };
    let path = shop.path(&format!("orders/{order}/parcels"));
    let mut now = Value::Null;
    for _ in 0..250 {
        now = shop.client.get(&path).await.expect(200)["items"][0].clone();
        if now["state"] == "booked" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!((&now["tracking_code"], &now["fee"]["amount"]), (&json!("S1.A1.17373471"), &json!(22_000)));
    assert_eq!(creations.load(Ordering::SeqCst), 1);
    // GHTK reports in numbers, by form or JSON.
    let form = format!(
        "partner_id={}&label_id=S1.A1.17373471&status_id=5&action_time=2026-11-24T10:00:00%2B07:00",
        parcel["number"].as_str().unwrap()
    );
    let answer = server
        .client()
        .upload("/v1/carriers/ghtk/webhook?token=hook-secret", "application/x-www-form-urlencoded", form.into_bytes())
        .await;
    assert_eq!(answer.status, 204);
    assert_eq!(state(&shop, &order).await, "delivered");
}

#[tokio::test]
async fn viettel_post_settles_an_unknown_booking_by_its_report() {
    let carrier = StandIn::new(|_: &Asked| Manner::HangUp).await;
    let server = Server::with(settings(&carrier)).await;
    let (shop, order, parcel) = booked(&server, "viettel_post", "the-vtp-token").await;
    assert_eq!(step(&shop, &parcel, "book").await.expect(200)["state"], "booking");
    let data = |status: i64| json!({"DATA": {"ORDER_NUMBER": "16725190", "ORDER_REFERENCE": parcel["number"], "ORDER_STATUS": status, "ORDER_STATUSDATE": "24/11/2026 10:00:00"}, "TOKEN": "x"});
    assert_eq!(report(&server, "viettel_post", data(200)).await, 204);
    let parcels = shop.client.get(&shop.path(&format!("orders/{order}/parcels"))).await.expect(200);
    assert_eq!(
        (&parcels["items"][0]["state"], &parcels["items"][0]["tracking_code"]),
        (&json!("in_transit"), &json!("16725190"))
    );
    assert_eq!(report(&server, "viettel_post", data(507)).await, 204);
    let queue = shop.client.get(&shop.path("queue")).await.expect(200);
    assert_eq!(queue["parcels"][0]["worry"], "failed");
}

#[tokio::test]
async fn late_and_silent_parcels_come_to_light() {
    let mut server = Server::start().await;
    let (shop, order, _) = packed(&server, 1).await;
    shop.step(&order, "ship").await.expect(200);
    assert_eq!(shop.client.get(&shop.path("queue")).await.expect(200)["parcels"].as_array().unwrap().len(), 0);
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 7 * 86_400)).await;
    let shop = server.seller_of("hat-doi").await;
    let queue = shop.client.get(&shop.path("queue")).await.expect(200);
    assert_eq!(queue["parcels"][0]["worry"], "silent", "{queue}");
}

#[tokio::test]
async fn pick_up_points_have_hours_and_are_chosen_by_buyers() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    shop.client.patch(&shop.path("profile"), json!({"pickup_offered": true})).await.expect(200);
    let point = json!({"name_vi": "Kho Đú Sáng", "name_en": "Du Sang store", "street": "Xóm Suối Chuộn", "commune_code": "04978", "latitude": 20.67, "longitude": 105.53,
        "hours": [{"days": [1, 2, 3], "from": "07:00", "to": "17:30"}], "active": true});
    let made = shop.client.post(&shop.path("pickup-points"), point.clone()).await.expect(201);
    let mut wrong = point.clone();
    wrong["hours"][0]["from"] = json!("25:00");
    let refused = shop.client.post(&shop.path("pickup-points"), wrong).await.expect_problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/hours/0/from");
    let public = server.client().get(&format!("/v1/cooperatives/{}/pickup-points", shop.cooperative)).await.expect(200);
    assert_eq!(public["items"][0]["hours"][0]["to"], "17:30");
    let offer = server.offer("hat-doi", 0).await;
    let basket = server.basket(&[(&offer, 1)]).await;
    let choice = |id: &Value| json!({"deliveries": [{"cooperative_id": shop.cooperative, "method": "pickup", "pickup_point_id": id}]});
    basket.client.post(&basket.path("/quote"), choice(&json!(uuid::Uuid::nil()))).await.expect_problem(422, "invalid");
    let quote = basket.client.post(&basket.path("/quote"), choice(&made["id"])).await.expect(201);
    let purchase = basket.checkout(quote["id"].as_str().unwrap(), "p").await.expect(201);
    let shown = basket.client.get(&tests::Basket::link(&purchase["orders"][0])).await.expect(200);
    assert_eq!(shown["delivery"]["pickup_point_id"], made["id"]);
}
