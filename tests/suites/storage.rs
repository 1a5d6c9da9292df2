//! Cold rooms are never overbooked, goods keep by their rules, and processing is shared to the last đồng.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Seller, Server, Settings};

use crate::traceability::{day, text};

fn room(capacity: i64) -> Value {
    json!({"name": "Kho mát Mường Động", "storage": "cool", "from_c": 10, "to_c": 13, "capacity_kg": capacity, "price": 9_000,
        "street": "Xóm Bãi", "commune_code": "04978", "certificates": "HACCP", "open": true})
}

async fn two(server: &Server) -> (Seller, Seller) {
    (server.seller_of("buoi-dien-du-sang").await, server.seller_of("cam-thung-rech").await)
}

fn kilograms(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[tokio::test]
async fn a_hundred_racing_bookings_never_exceed_the_room() {
    let settings = Settings::default().set("OCOP_RATE_LIMIT_PER_SECOND", 0);
    let server = Server::with(settings).await;
    let second = server.second_node().await;
    let (guest, keeper) = two(&server).await;
    let made = keeper.client.post(&keeper.path("cold-rooms"), room(1_000)).await.expect(201);
    keeper.client.post(&keeper.path("cold-rooms"), room(1_000)).await.expect_problem(409, "cold_room_exists");
    let elsewhere = second.sign_in(&text(&guest.client.get("/v1/me").await.expect(200), "email")).await;
    // Periods that overlap on some days: 30 kg each, over two nodes.
    let tries = (0..100).map(|index: i64| {
        let client = if index % 2 == 0 { &guest.client } else { &elsewhere };
        let (from, to) = (day(3 + index % 4), day(6 + index % 5));
        let body = json!({"room_id": made["id"], "from": from, "to": to, "kg": 30});
        let path = guest.path("cold-bookings");
        async move { client.post(&path, body).await }
    });
    let answers = join_all(tries).await;
    let booked = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409)) && booked >= 33, "{booked} are booked");
    let most = server.count("SELECT MAX(booked_kg) FROM cold_day").await;
    assert!((971..=1_000).contains(&most), "{most} of 1,000 kg on the fullest day");
    let differing = server
        .count("SELECT COUNT(*) FROM cold_day d WHERE d.booked_kg <> (SELECT COALESCE(SUM(b.kg), 0) FROM cold_booking b WHERE b.room_id = d.room_id AND b.state = 'booked' AND d.day BETWEEN b.from_on AND b.to_on)")
        .await;
    assert_eq!(differing, 0, "days and bookings agree");
    let full = answers.into_iter().find(|answer| answer.status == 409).unwrap().expect_problem(409, "cold_room_full");
    assert!(full["free_kg"].as_i64().unwrap() < 30 && full["day"].is_string(), "{full}");
    // What is booked stands when the room is made smaller, and a cancelled booking is free again.
    let mut smaller = room(900);
    smaller["version"] = made["version"].clone();
    let path = keeper.path(&format!("cold-rooms/{}", text(&made, "id")));
    keeper.client.put(&path, smaller).await.expect_problem(409, "cold_room_booked");
    let own = guest.client.get(&guest.path("cold-bookings?limit=1")).await.expect(200)["items"][0].clone();
    let cancel = guest.path(&format!("cold-bookings/{}/cancel", text(&own, "id")));
    keeper
        .client
        .post(&keeper.path(&format!("cold-bookings/{}/cancel", text(&own, "id"))), json!({}))
        .await
        .expect_problem(404, "not_found");
    guest.client.post(&cancel, json!({})).await.expect(200);
    guest.client.post(&cancel, json!({})).await.expect_problem(409, "cold_booking_state");
    let again = json!({"room_id": made["id"], "from": own["from_on"], "to": own["to_on"], "kg": 30});
    guest.client.post(&guest.path("cold-bookings"), again).await.expect(201);
    server.assert_books_agree();
}

#[tokio::test]
async fn goods_keep_longer_in_the_cold_and_what_it_costs_is_owed_once() {
    let mut server = Server::start().await;
    let (mut guest, mut keeper) = two(&server).await;
    let made = keeper.client.post(&keeper.path("cold-rooms"), room(5_000)).await.expect(201);
    let free = format!("cold-rooms/free?from={}&to={}&kg=800", day(0), day(9));
    let found = guest.client.get(&guest.path(&free)).await.expect(200)["items"][0].clone();
    // 800 kg through ten days at 9,000 đồng for 100 kg.
    assert_eq!((kilograms(&found["free_kg"]), kilograms(&found["amount"])), (5_000, 720_000));
    let body = json!({"room_id": made["id"], "from": day(0), "to": day(9), "kg": 800});
    let booking = guest.client.post(&guest.path("cold-bookings"), body).await.expect(201);
    let mailbox = text(&keeper.client.get("/v1/me").await.expect(200), "email");
    server.message_to(&mailbox, "800 kg").await;
    let rules = json!({"items": [{"storage": "cool", "days": 90, "from_day": day(-30)}, {"storage": "ambient", "days": 30, "from_day": day(-30)}]});
    guest.client.put(&guest.path(&format!("products/{}/shelf-lives", guest.product)), rules).await.expect(200);
    let page = guest.client.get(&guest.path(&format!("products/{}", guest.product))).await.expect(200);
    let lot = json!({"product_id": guest.product, "code": "VU-LANH", "harvested_on": day(0), "expires_on": day(30), "contents": [{"offer_id": page["offers"][0]["id"], "quantity": 100}]});
    let lot = guest.client.post(&guest.path("lots"), lot).await.expect(201);
    let moves = |shop: &Seller| shop.path(&format!("cold-bookings/{}/moves", text(&booking, "id")));
    let going = |going: &str, kg: i64| json!({"lot_id": lot["id"], "going": going, "kg": kg, "temperature_c": 12});
    guest.client.post(&moves(&guest), going("out", 1)).await.expect_problem(409, "not_inside");
    guest.client.post(&moves(&guest), going("in", 801)).await.expect_problem(409, "more_than_booked");
    let inside = keeper.client.post(&moves(&keeper), going("in", 600)).await.expect(201);
    assert_eq!(kilograms(&inside["inside_kg"]), 600);
    let kept = guest.client.get(&guest.path(&format!("lots/{}", text(&lot, "id")))).await.expect(200);
    assert_eq!(kept["expires_on"], day(90), "30 days in the open are 90 in the cool: {kept}");
    guest.client.post(&moves(&guest), going("out", 600)).await.expect(201);
    let kept = guest.client.get(&guest.path(&format!("lots/{}", text(&lot, "id")))).await.expect(200);
    assert_eq!(kept["expires_on"], day(30), "back in the open: {kept}");
    let events = server.count("SELECT COUNT(*) FROM trace_event WHERE act = 'stored' AND note LIKE 'Kho mát%'").await;
    assert_eq!(events, 2);
    let stranger = server.seller_of("mat-ong-rung-hop-tien").await;
    stranger.client.get(&moves(&stranger)).await.expect_problem(404, "not_found");
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 11 * 86_400)).await;
    (guest.client, keeper.client) = (server.sign_in_again(&guest).await, server.sign_in_again(&keeper).await);
    for _ in 0..300 {
        if server.count("SELECT COUNT(*) FROM cold_booking WHERE state = 'ended'").await == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for (shop, amount) in [(&guest, -720_000), (&keeper, 720_000)] {
        let path = shop.path(&format!("statements?from={}&to={}", day(-1), day(12)));
        let statement = shop.client.get(&path).await.expect(200);
        let lines = statement["lines"].as_array().unwrap();
        let own: i64 =
            lines.iter().filter(|line| line["event"] == "storage").map(|line| kilograms(&line["amount"])).sum();
        assert_eq!(own, amount, "{statement}");
    }
    server.assert_books_agree();
}

/// A homestay lets its cold room: booked, filled, and paid for like its commission.
#[tokio::test]
async fn a_partner_lets_a_cold_room() {
    let mut server = Server::start().await;
    let partner = server.partner().await;
    let (guest, stranger) = two(&server).await;
    let made = partner.post("cold-rooms", room(2_000)).await.expect(201);
    assert_eq!((&made["partner_id"], &made["cooperative_id"]), (&json!(partner.id), &Value::Null));
    partner.post("cold-rooms", room(2_000)).await.expect_problem(409, "cold_room_exists");
    let mut larger = room(3_000);
    larger["version"] = made["version"].clone();
    let path = partner.path(&format!("cold-rooms/{}", text(&made, "id")));
    partner.client.put(&path, larger.clone()).await.expect(200);
    partner.client.put(&path, larger).await.expect_problem(409, "cold_room_changed");
    // Only an owner changes rooms, and nobody another's.
    let others = stranger.path(&format!("cold-rooms/{}", text(&made, "id")));
    let mut own = room(1_000);
    own["version"] = json!(2);
    stranger.client.put(&others, own).await.expect_problem(404, "not_found");
    let free = format!("cold-rooms/free?from={}&to={}&kg=800", day(0), day(1));
    let found = guest.client.get(&guest.path(&free)).await.expect(200)["items"][0].clone();
    assert_eq!((&found["id"], kilograms(&found["amount"])), (&made["id"], 144_000));
    let body = json!({"room_id": made["id"], "from": day(0), "to": day(1), "kg": 800});
    let booking = guest.client.post(&guest.path("cold-bookings"), body).await.expect(201);
    server.message_to("homestay@example.vn", "800 kg").await;
    let guests = partner.get("cold-rooms/bookings").await.expect(200);
    assert_eq!(guests["items"][0]["id"], booking["id"]);
    let page = guest.client.get(&guest.path(&format!("products/{}", guest.product))).await.expect(200);
    let lot = json!({"product_id": guest.product, "code": "VU-LANH", "harvested_on": day(0), "contents": [{"offer_id": page["offers"][0]["id"], "quantity": 100}]});
    let lot = guest.client.post(&guest.path("lots"), lot).await.expect(201);
    let moves = format!("cold-bookings/{}/moves", text(&booking, "id"));
    let inside = partner.post(&moves, json!({"lot_id": lot["id"], "going": "in", "kg": 600})).await.expect(201);
    assert_eq!(kilograms(&inside["inside_kg"]), 600);
    assert_eq!(partner.get(&moves).await.expect(200)["items"].as_array().unwrap().len(), 1);
    stranger.client.get(&stranger.path(&moves)).await.expect_problem(404, "not_found");
    let before = kilograms(&partner.get("money").await.expect(200)["owed"]["amount"]);
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 3 * 86_400)).await;
    for _ in 0..300 {
        if server.count("SELECT COUNT(*) FROM cold_booking WHERE state = 'ended'").await == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let partner = server.partner().await;
    assert_eq!(kilograms(&partner.get("money").await.expect(200)["owed"]["amount"]), before + 144_000);
    server.assert_books_agree();
}

#[tokio::test]
async fn processing_is_asked_priced_agreed_done_and_shared() {
    let server = Server::start().await;
    let (owner, maker) = two(&server).await;
    let page = owner.client.get(&owner.path(&format!("products/{}", owner.product))).await.expect(200);
    let mut lots = Vec::new();
    for (code, household, grams) in [("H1", "Hộ ông Bùi", 120_000), ("H2", "Hộ bà Đinh", 80_001)] {
        let lot = json!({"product_id": owner.product, "code": code, "household": household, "harvested_on": day(0), "contents": [{"offer_id": page["offers"][0]["id"], "quantity": 100}]});
        let lot = owner.client.post(&owner.path("lots"), lot).await.expect(201);
        lots.push(json!({"lot_id": lot["id"], "grams": grams}));
    }
    let path = owner.path("processing");
    let own = json!({"processor_id": owner.cooperative, "wanted": "Mứt vỏ bưởi", "lots": lots});
    owner.client.post(&path, own).await.expect_problem(422, "invalid");
    let body = json!({"processor_id": maker.cooperative, "wanted": "Mứt vỏ bưởi", "lots": lots});
    let asked = owner.client.post(&path, body).await.expect(201);
    let step = |shop: &Seller, body: Value| {
        let (client, path) = (shop.client.clone(), shop.path(&format!("processing/{}/steps", text(&asked, "id"))));
        async move { client.post(&path, body).await }
    };
    step(&owner, json!({"step": "price", "version": 1, "price": 1})).await.expect_problem(409, "processing_state");
    step(&maker, json!({"step": "done", "version": 1, "output_g": 1})).await.expect_problem(409, "processing_state");
    step(&maker, json!({"step": "price", "version": 1, "price": 6_000})).await.expect(200);
    step(&owner, json!({"step": "agree", "version": 1})).await.expect_problem(409, "processing_state");
    step(&owner, json!({"step": "agree", "version": 2})).await.expect(200);
    let answers =
        join_all((0..3).map(|_| step(&maker, json!({"step": "done", "version": 3, "output_g": 60_000})))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let done = owner.client.get(&path).await.expect(200)["items"][0].clone();
    // 200.001 kg at 6,000 đồng; yield 30 %.
    assert_eq!((kilograms(&done["amount"]), kilograms(&done["yield_bp"])), (1_200_006, 3_000));
    let shares: Vec<i64> = done["households"].as_array().unwrap().iter().map(|one| kilograms(&one["amount"])).collect();
    assert_eq!(shares.iter().sum::<i64>(), 1_200_006);
    let stranger = server.seller_of("mat-ong-rung-hop-tien").await;
    step(&stranger, json!({"step": "decline", "version": 4, "reason": "không"})).await.expect_problem(404, "not_found");
    server.assert_books_agree();
}
