//! From the box back to the tree: plots and their diary, what happened to lots.

use serde_json::{Value, json};
use tests::{Client, Seller, Server};
use time::{Duration, OffsetDateTime};

use crate::media::photo;
use crate::onboarding::first_leaf;

pub fn day(offset: i64) -> String {
    let at = OffsetDateTime::now_utc() + Duration::hours(7) + Duration::days(offset);
    at.date().to_string()
}

pub fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

async fn plot(shop: &Seller, name: &str) -> String {
    let body = json!({"name": name, "area_m2": 5000, "commune_code": "04990", "crop": "Dổi", "household": "Bùi Thị Hoa", "household_shown": true,
        "outline": {"type": "Polygon", "coordinates": [[[105.53, 20.67], [105.54, 20.67], [105.54, 20.68], [105.53, 20.67]]]}});
    text(&shop.client.post(&shop.path("plots"), body).await.expect(201), "id")
}

async fn write(shop: &Seller, plot: &str, entry: Value) -> Value {
    shop.client.post(&shop.path(&format!("plots/{plot}/diary")), entry).await.expect(201)
}

fn spray(ago: i64, wait_days: i64) -> Value {
    json!({"kind": "plant_protection", "done_on": day(-ago), "done_by": "Bùi Văn Bí Mật", "material": "Actara 25WG", "active_ingredient": "Thiamethoxam", "wait_days": wait_days})
}

/// A shop of dổi seeds with nothing on its shelf.
pub async fn empty_shop(server: &Server) -> (Seller, String) {
    let shop = server.seller_of("hat-doi").await;
    let offer = server.offer("hat-doi", 0).await;
    shop.set_available(&offer, 0).await;
    (shop, offer)
}

pub fn lot_of(shop: &Seller, offer: &str, code: &str, quantity: i64) -> Value {
    json!({"product_id": shop.product, "code": code, "harvested_on": day(0), "expires_on": day(60), "contents": [{"offer_id": offer, "quantity": quantity}]})
}

pub async fn harvest(shop: &Seller, offer: &str, code: &str, quantity: i64) -> Value {
    shop.client.post(&shop.path("lots"), lot_of(shop, offer, code, quantity)).await.expect(201)
}

pub async fn events(shop: &Seller, lot: &Value) -> Vec<Value> {
    let path = shop.path(&format!("lots/{}/events", text(lot, "id")));
    let document = shop.client.get(&path).await.expect(200);
    assert_eq!((&document["type"], &document["schemaVersion"]), (&json!("EPCISDocument"), &json!("2.0")));
    document["epcisBody"]["eventList"].as_array().unwrap().clone()
}

fn steps(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["bizStep"].as_str().unwrap()).collect()
}

/// Another member of the shop's team.
async fn member(server: &Server, shop: &Seller, role: &str) -> Client {
    let email = format!("{role}@doi.example.vn");
    let person = server.new_buyer(&email).await;
    shop.client.post(&shop.path("invitations"), json!({"contact": email, "role": role})).await.expect(201);
    let mail = server.message_to(&email, "Your code").await;
    let code = mail.split("Your code: ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    person.post("/v1/invitations/accept", json!({"code": code})).await.expect(200);
    person
}

#[tokio::test]
async fn a_sprayed_plot_is_not_harvested_before_its_time() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let (sprayed, clean) = (plot(&shop, "Đồi Vó").await, plot(&shop, "Vườn nhà").await);
    shop.client
        .post(&shop.path("plots"), json!({"name": "Đồi Vó", "area_m2": 1, "commune_code": "04990", "crop": "x"}))
        .await
        .expect_problem(409, "plot_name_taken");
    let diary = shop.path(&format!("plots/{sprayed}/diary"));
    let half = json!({"kind": "plant_protection", "material": "Actara"});
    let refused = shop.client.post(&diary, half).await.expect_problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/active_ingredient");
    shop.client.post(&diary, json!({"kind": "irrigation", "done_on": day(1)})).await.expect_problem(422, "invalid");
    let entry = write(&shop, &sprayed, spray(3, 7)).await;
    assert_eq!(entry["harvest_from"], day(4));
    let shown = shop.client.get(&shop.path(&format!("plots/{sprayed}"))).await.expect(200);
    assert_eq!((&shown["waiting"][0]["until"], &shown["commune_name"]), (&json!(day(4)), &json!("Xã Nật Sơn")));

    let mut body = lot_of(&shop, &offer, "SOM", 5);
    body["plot_ids"] = json!([clean, sprayed]);
    let refused = shop.client.post(&shop.path("lots"), body.clone()).await.expect_problem(409, "harvest_too_early");
    assert_eq!(
        (&refused["waiting"][0]["plot"], &refused["waiting"][0]["material"]),
        (&json!("Đồi Vó"), &json!("Actara 25WG"))
    );
    assert_eq!(shop.stock(&offer).await["on_hand"], 0);
    // Seven days after the spray it may be; the day before it may not.
    for (ago, status) in [(7, 201), (6, 409)] {
        let other = plot(&shop, &format!("Thửa {ago}")).await;
        write(&shop, &other, spray(ago, 7)).await;
        let mut body = lot_of(&shop, &offer, &format!("T{ago}"), 1);
        body["plot_ids"] = json!([other]);
        assert_eq!(shop.client.post(&shop.path("lots"), body).await.status, status, "{ago} days");
    }
    // A manager may say why; buyers read it.
    body["wait_reason"] = json!("Lũ về, phải hái sớm; mẫu đã kiểm nghiệm");
    let early = shop.client.post(&shop.path("lots"), body.clone()).await.expect(201);
    assert_eq!(early["wait_reason"], body["wait_reason"]);
    assert_eq!(early["plots"].as_array().unwrap().len(), 2);
    let story = server.client().get(&format!("/v1/trace/{}", text(&early, "trace_code"))).await.expect(200);
    assert_eq!(story["wait_reason"], body["wait_reason"]);
    assert_eq!(
        (&story["diary"][0]["active_ingredient"], &story["plots"][0]["household"]),
        (&json!("Thiamethoxam"), &json!("Bùi Thị Hoa"))
    );
    assert!(!story.to_string().contains("Bí Mật"), "who sprayed is nobody's business: {story}");
    // Withdrawn, it stays to be seen by the cooperative and holds nobody up.
    let path = format!("{diary}/{}/withdraw", text(&entry, "id"));
    shop.client.post(&path, json!({"reason": "Ghi nhầm thửa"})).await.expect(200);
    shop.client.post(&path, json!({"reason": "Ghi nhầm thửa"})).await.expect_problem(409, "diary_entry_withdrawn");
    assert_eq!(shop.client.get(&diary).await.expect(200)["items"][0]["withdrawn_reason"], "Ghi nhầm thửa");
    let mut body = lot_of(&shop, &offer, "DUNG", 5);
    body["plot_ids"] = json!([sprayed]);
    shop.client.post(&shop.path("lots"), body).await.expect(201);
    server.assert_books_agree();
}

#[tokio::test]
async fn what_happens_to_a_lot_is_an_event_that_nobody_changes() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let lot = harvest(&shop, &offer, "L1", 20).await;
    let path = |rest: &str| shop.path(&format!("lots/{}/{rest}", text(&lot, "id")));
    shop.client.post(&path("events"), json!({"act": "stored", "note": "Kho mát"})).await.expect(201);
    shop.client
        .post(&path("events"), json!({"act": "stored", "at": "2999-01-01T00:00:00Z"}))
        .await
        .expect_problem(422, "invalid");
    let purchase = server.basket(&[(&offer, 3)]).await.buy().await;
    let order = text(&purchase["orders"][0], "id");
    shop.deliver(&order).await;
    let gone = server.basket(&[(&offer, 2)]).await.buy().await;
    let gone = text(&gone["orders"][0], "id");
    shop.step(&gone, "confirm").await.expect(200);
    shop.step(&gone, "pack").await.expect(200);
    let cancel = json!({"reason": "Khách đổi ý", "reason_code": "buyer_asked"});
    shop.client.post(&shop.path(&format!("orders/{gone}/cancel")), cancel).await.expect(200);
    shop.client.post(&path("write-off"), json!({"offer_id": offer, "quantity": 4, "note": "mốc"})).await.expect(200);
    let told = events(&shop, &lot).await;
    assert_eq!(
        steps(&told),
        ["commissioning", "storing", "packing", "shipping", "retail_selling", "packing", "unpacking", "destroying"]
    );
    let quantity = |index: usize| told[index]["quantityList"][0]["quantity"].as_i64().unwrap();
    assert_eq!((quantity(0), quantity(1), quantity(2), quantity(3), quantity(4), quantity(7)), (20, 20, 3, 3, 3, 4));
    assert_eq!(told[0]["ilmd"]["cbvmda:lotNumber"], "L1");
    // The same page by page.
    let (mut pages, mut next) = (Vec::new(), format!("{}?perPage=3", path("events")));
    while !next.is_empty() {
        let page = shop.client.get(&next).await;
        next = page.header("link").trim_start_matches('<').split('>').next().unwrap_or_default().to_owned();
        pages.extend(page.expect(200)["epcisBody"]["eventList"].as_array().unwrap().clone());
    }
    assert_eq!(pages, told);
    assert_eq!(told[2]["bizTransactionList"][0]["bizTransaction"], format!("urn:uuid:{order}"));

    // Twenty were written down, eighteen there were.
    let first = text(&told[0], "eventID").replace("urn:uuid:", "");
    let wrong = path(&format!("events/{first}/error"));
    shop.client
        .post(&wrong, json!({"reason": "incorrect_data", "note": "đếm nhầm"}))
        .await
        .expect_problem(422, "invalid");
    shop.client
        .post(&wrong, json!({"reason": "did_not_occur", "note": "đếm nhầm"}))
        .await
        .expect_problem(409, "below_reserved");
    let put_right = shop
        .client
        .post(&wrong, json!({"reason": "incorrect_data", "quantity": 18, "note": "đếm nhầm"}))
        .await
        .expect(201);
    shop.client
        .post(&wrong, json!({"reason": "incorrect_data", "quantity": 17, "note": "nữa"}))
        .await
        .expect_problem(409, "error_declared_already");
    let packing = text(&told[2], "eventID").replace("urn:uuid:", "");
    shop.client
        .post(&path(&format!("events/{packing}/error")), json!({"reason": "did_not_occur", "note": "không"}))
        .await
        .expect_problem(409, "event_not_correctable");
    let told = events(&shop, &lot).await;
    let declared = told.iter().find(|event| event["errorDeclaration"].is_object()).expect("a declaration");
    assert_eq!(declared["eventID"], told[0]["eventID"], "the same event once more");
    assert_eq!(
        declared["errorDeclaration"]["correctiveEventIDs"],
        json!([format!("urn:uuid:{}", text(&put_right, "event_id"))])
    );
    assert_eq!(shop.stock(&offer).await["on_hand"], 18 - 3 - 4);
    server.assert_books_agree();

    for sql in [
        "UPDATE trace_event SET note = 'x'",
        "DELETE FROM trace_event",
        "UPDATE trace_item SET quantity = 1, effect = 1",
        "DELETE FROM trace_item",
    ] {
        let error = server.try_execute(sql).await.expect_err(sql);
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_returned_box_is_back_in_its_lot_and_its_story() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let lot = harvest(&shop, &offer, "L1", 5).await;
    let purchase = server.basket(&[(&offer, 2)]).await.buy().await;
    let (order, link) = (text(&purchase["orders"][0], "id"), tests::Basket::link(&purchase["orders"][0]));
    shop.deliver(&order).await;
    let photo =
        server.client().upload(&link.replace('?', "/photos?"), "image/jpeg", photo(400, 300, None)).await.expect(201);
    let asked = json!({"reason": "other", "text": "Đặt nhầm loại, hộp còn nguyên", "lines": [{"offer_id": offer, "quantity": 2}], "photos": [photo["id"]]});
    let asked = server.client().post(&link.replace('?', "/returns?"), asked).await.expect(201);
    let path = shop.path(&format!("returns/{}", text(&asked, "id")));
    shop.client.post(&path, json!({"decision": "approve", "answer": "Vâng"})).await.expect(200);
    let received = json!({"decision": "receive", "restocked": [{"offer_id": offer, "quantity": 1}]});
    shop.client.post(&path, received).await.expect(200);
    let told = events(&shop, &lot).await;
    let back = told.last().unwrap();
    assert_eq!((&back["disposition"], &back["quantityList"][0]["quantity"]), (&json!("returned"), &json!(1)));
    server.assert_books_agree();
}

#[tokio::test]
async fn jam_leads_back_to_the_fruit_and_weighs_no_more_than_went_in() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let fruit = harvest(&shop, &offer, "QUA", 10).await;
    let jam = json!({"name_vi": "Muối dổi", "name_en": "Dổi salt", "category": first_leaf(&server).await, "summary_vi": "Muối hạt dổi rang", "story_vi": "", "storage_vi": "",
        "offers": [{"pack_vi": "Lọ 100 g", "unit": "jar", "weight_g": 100, "price": 50_000}]});
    let jam = shop.client.post(&shop.path("products"), jam).await.expect(201);
    let (product, jar) = (text(&jam, "id"), text(&jam["offers"][0], "id"));
    let weight = server
        .count(&format!(
            "SELECT weight_g FROM offer WHERE sku = '{}'",
            server.client().get("/v1/products/hat-doi").await.expect(200)["offers"][0]["sku"].as_str().unwrap()
        ))
        .await;
    let body = |taken: i64, made: i64, added: i64| {
        json!({"product_id": product, "code": format!("MUOI-{made}-{added}"), "harvested_on": day(0), "contents": [{"offer_id": jar, "quantity": made}],
            "made_of": [{"lot_id": fruit["id"], "offer_id": offer, "quantity": taken}], "added_g": added})
    };
    let most = weight * 4 / 100;
    let refused = shop.client.post(&shop.path("lots"), body(4, most + 1, 0)).await.expect_problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/added_g");
    shop.client.post(&shop.path("lots"), body(11, 1, 0)).await.expect_problem(409, "ingredient_short");
    assert_eq!(shop.stock(&offer).await["on_hand"], 10);
    let made = shop.client.post(&shop.path("lots"), body(4, most, 100)).await.expect(201);
    assert_eq!((&made["sources"][0]["code"], &made["sources"][0]["quantity"]), (&json!("QUA"), &json!(4)));
    assert_eq!(shop.stock(&offer).await["on_hand"], 6);
    let told = events(&shop, &made).await;
    assert_eq!(told[0]["type"], "TransformationEvent");
    assert_eq!(
        (&told[0]["inputQuantityList"][0]["quantity"], &told[0]["outputQuantityList"][0]["quantity"]),
        (&json!(4), &json!(most))
    );
    assert_eq!(events(&shop, &fruit).await.last(), told.last(), "both lots tell of it");
    let story = server.client().get(&format!("/v1/trace/{}", text(&made, "trace_code"))).await.expect(200);
    assert_eq!(story["sources"][0]["code"], fruit["trace_code"]);

    // Another cooperative makes something of what it bought, and of no more.
    let honey = server.seller_of("mat-ong-rung-hop-tien").await;
    let code = text(&fruit, "trace_code");
    let honey_offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    let mix = |quantity: i64| {
        json!({"product_id": honey.product, "code": format!("TRON-{quantity}"), "harvested_on": day(0), "expires_on": day(90), "contents": [{"offer_id": honey_offer, "quantity": 1}],
            "made_of": [{"code": code, "offer_id": offer, "quantity": quantity}], "added_g": 5_000})
    };
    honey.client.post(&honey.path("lots"), mix(1)).await.expect_problem(409, "ingredient_short");
    let purchase = tests::Basket::of(honey.client.clone(), &[(&offer, 2)]).await.buy().await;
    shop.deliver(&text(&purchase["orders"][0], "id")).await;
    honey.client.post(&honey.path("lots"), mix(3)).await.expect_problem(409, "ingredient_short");
    let mut by_id = mix(1);
    by_id["made_of"][0] = json!({"lot_id": fruit["id"], "offer_id": offer, "quantity": 1});
    honey.client.post(&honey.path("lots"), by_id).await.expect_problem(422, "invalid");
    honey.client.post(&honey.path("lots"), mix(2)).await.expect(201);
    honey.client.post(&honey.path("lots"), mix(1)).await.expect_problem(409, "ingredient_short");
    // Who bought reads what happened to the fruit, and not whose orders it went into.
    let found = honey.client.get(&format!("/v1/epcis/events?MATCH_anyEPCClass={code}&perPage=100")).await.expect(200);
    let found = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"].as_array().unwrap().clone();
    assert!(steps(&found).contains(&"packing"), "{found:?}");
    assert!(found.iter().all(|event| event["bizTransactionList"].is_null()), "{found:?}");
    server.assert_books_agree();
}

#[tokio::test]
async fn others_tell_of_lots_each_thing_once() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let (lot, other) = (harvest(&shop, &offer, "L1", 20).await, server.seller_of("mat-ong-rung-hop-tien").await);
    let event = |id: &str, step: &str| {
        json!({"type": "ObjectEvent", "eventID": id, "eventTime": "2026-01-24T02:00:00Z", "eventTimeZoneOffset": "+07:00", "action": "OBSERVE", "bizStep": step,
            "quantityList": [{"epcClass": lot["trace_url"], "quantity": 20, "uom": "H87"}]})
    };
    let document = |events: Vec<Value>| {
        json!({"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-01-24T03:00:00Z", "epcisBody": {"eventList": events}})
    };
    let path = shop.path("epcis/capture");
    let two = document(vec![event("urn:x:1", "storing"), event("urn:x:2", "transporting")]);
    assert_eq!(shop.client.post(&path, two.clone()).await.expect(201), json!({"captured": 2, "known": 0}));
    assert_eq!(shop.client.post(&path, two.clone()).await.expect(201), json!({"captured": 0, "known": 2}));
    // The same name for something else: all of the document is refused.
    let mixed = document(vec![event("urn:x:3", "storing"), event("urn:x:2", "loading")]);
    shop.client.post(&path, mixed).await.expect_problem(409, "event_id_taken");
    other.client.post(&other.path("epcis/capture"), two).await.expect_problem(422, "invalid");
    let found = shop.client.get("/v1/epcis/events?EQ_bizStep=storing").await.expect(200);
    let found = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"].as_array().unwrap().clone();
    assert_eq!((found.len(), &found[0]), (1, &event("urn:x:1", "storing")), "told as it came");
    for (field, value, pointer) in [
        ("type", json!("SensorEvent"), "type"),
        ("eventID", json!("one"), "eventID"),
        ("eventTime", json!("yesterday"), "eventTime"),
        ("eventTime", json!("2999-01-01T00:00:00Z"), "eventTime"),
        ("eventTimeZoneOffset", json!("7"), "eventTimeZoneOffset"),
        ("action", json!("LOOK"), "action"),
        ("quantityList", json!([{"quantity": 1}]), "quantityList"),
        ("quantityList", json!([{"epcClass": "https://elsewhere.example/01/96385074/10/A"}]), "epcList"),
    ] {
        let mut wrong = event("urn:x:9", "storing");
        wrong[field] = value;
        let refused = shop.client.post(&path, document(vec![wrong])).await.expect_problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], format!("/epcisBody/eventList/0/{pointer}"));
    }
    for (field, value) in [
        ("@context", json!(["https://schema.org"])),
        ("creationDate", json!("hôm nay")),
        ("type", json!("Document")),
        ("schemaVersion", json!("1.2")),
        ("epcisBody", json!({"eventList": []})),
    ] {
        let mut wrong = document(vec![event("urn:x:9", "storing")]);
        wrong[field] = value;
        let refused = shop.client.post(&path, wrong).await.expect_problem(422, "invalid");
        assert_eq!(
            refused["errors"][0]["pointer"],
            if field == "epcisBody" { "/epcisBody/eventList".to_owned() } else { format!("/{field}") }
        );
    }
    // Page by page, by time, by kind.
    let first = shop.client.get("/v1/epcis/events?perPage=1&eventType=ObjectEvent").await;
    let link = first.header("link");
    assert!(link.contains("rel=\"next\"") && link.contains("eventType=ObjectEvent"), "{link}");
    shop.client.get("/v1/epcis/events?GE_eventTime=heute").await.expect_problem(422, "invalid");
    let old = shop.client.get("/v1/epcis/events?LT_eventTime=2020-01-01T00:00:00Z").await.expect(200);
    assert_eq!(old["epcisBody"]["queryResults"]["resultsBody"]["eventList"], json!([]));
    // Another cooperative, and who has none, read nothing of it.
    for client in [other.client.clone(), server.new_buyer("la@example.vn").await] {
        let found =
            client.get(&format!("/v1/epcis/events?MATCH_anyEPCClass={}", text(&lot, "trace_code"))).await.expect(200);
        assert_eq!(found["epcisBody"]["queryResults"]["resultsBody"]["eventList"], json!([]));
    }
    server.assert_books_agree();
}

#[tokio::test]
async fn a_product_tells_when_what_is_packed_next_was_harvested() {
    let server = Server::start().await;
    let shop = server.seller_of("cam-thung-rech").await;
    let offer = server.offer("cam-thung-rech", 0).await;
    // Nothing is left of what the demo had, of any pack.
    for item in shop.client.get(&shop.path("stock?limit=100")).await.expect(200)["items"].as_array().unwrap() {
        if item["available"].as_i64().unwrap() > 0 {
            shop.set_available(item["offer_id"].as_str().unwrap(), 0).await;
        }
    }
    let page = async || server.client().get("/v1/products/cam-thung-rech").await.expect(200)["harvested_on"].clone();
    assert_eq!(page().await, Value::Null);
    for (code, ago, keeps) in [("MOI", 1, 30), ("CU", 4, 20)] {
        let body = json!({"product_id": shop.product, "code": code, "harvested_on": day(-ago), "expires_on": day(keeps), "contents": [{"offer_id": offer, "quantity": 9}]});
        shop.client.post(&shop.path("lots"), body).await.expect(201);
    }
    assert_eq!(page().await, day(-4), "the first to expire is packed first");
    let html = server.client().header("accept-language", "vi").get("/p/cam-thung-rech").await.text;
    let words: Vec<&str> = html.split_whitespace().collect();
    assert!(words.join(" ").contains("Thu hoạch cách đây 4 ngày"), "{html}");
}

#[tokio::test]
async fn staff_write_the_diary_and_leave_decisions_to_managers() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let sprayed = plot(&shop, "Đồi Vó").await;
    let entry = write(&shop, &sprayed, spray(1, 30)).await;
    let staff = Seller { client: member(&server, &shop, "staff").await, ..shop.clone() };
    write(&staff, &sprayed, json!({"kind": "irrigation"})).await;
    let withdraw = staff.path(&format!("plots/{sprayed}/diary/{}/withdraw", text(&entry, "id")));
    staff.client.post(&withdraw, json!({"reason": "muốn hái"})).await.expect_problem(403, "forbidden");
    let mut early = lot_of(&staff, &offer, "SOM", 1);
    early["plot_ids"] = json!([sprayed]);
    early["wait_reason"] = json!("Tôi nghĩ là được");
    staff.client.post(&staff.path("lots"), early).await.expect_problem(403, "forbidden");
    let fine = harvest(&staff, &offer, "L1", 3).await;
    let first = text(&events(&staff, &fine).await[0], "eventID").replace("urn:uuid:", "");
    let wrong = staff.path(&format!("lots/{}/events/{first}/error", text(&fine, "id")));
    staff
        .client
        .post(&wrong, json!({"reason": "did_not_occur", "note": "nhầm"}))
        .await
        .expect_problem(403, "forbidden");
    server.assert_books_agree();
}
