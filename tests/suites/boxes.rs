//! Codes on boxes: GS1's keys and links, labels, and what they lead to.

use serde_json::json;
use tests::Server;

use crate::traceability::{empty_shop, events, harvest, text};

#[tokio::test]
async fn codes_and_links_lead_to_the_story_or_say_what_is_wrong() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let lot = harvest(&shop, &offer, "L1", 4).await;
    let keys = shop.path("gs1-keys");
    for wrong in [
        json!({"gln": "8930000000011", "offers": []}),
        json!({"gln": null, "offers": [{"offer_id": offer, "gtin": "8930000000027"}]}),
    ] {
        shop.client.put(&keys, wrong).await.expect_problem(422, "invalid");
    }
    let foreign = server.offer("mat-ong-rung-hop-tien", 0).await;
    shop.client
        .put(&keys, json!({"gln": null, "offers": [{"offer_id": foreign, "gtin": "8930000000026"}]}))
        .await
        .expect_problem(422, "invalid");
    let mine = json!({"gln": "8930000000019", "offers": [{"offer_id": offer, "gtin": "8930000000026"}]});
    let kept = shop.client.put(&keys, mine.clone()).await.expect(200);
    assert_eq!(kept["offers"][0]["gtin"], "08930000000026");
    let other = server.seller_of("mat-ong-rung-hop-tien").await;
    other
        .client
        .put(&other.path("gs1-keys"), json!({"gln": null, "offers": [{"offer_id": foreign, "gtin": "8930000000026"}]}))
        .await
        .expect_problem(409, "gs1_key_taken");

    // A pick-up point of its own has a GLN of its own; each leads to whose place it is.
    let point = json!({"name_vi": "Kho Nuông Dăm", "name_en": "Nuong Dam store", "street": "Xóm Bái", "commune_code": "05086", "latitude": 20.6, "longitude": 105.6,
        "hours": [{"days": [1, 2, 3, 4, 5, 6], "from": "07:00", "to": "17:30"}], "active": true});
    let point = shop.client.post(&shop.path("pickup-points"), point).await.expect(201);
    let mut places = mine.clone();
    places["places"] = json!([{"pickup_point_id": shop.product, "gln": "8930000000040"}]);
    let problem = shop.client.put(&keys, places.clone()).await.expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/places/0/pickup_point_id");
    places["places"] = json!([{"pickup_point_id": point["id"], "gln": "8930000000040"}]);
    let kept = shop.client.put(&keys, places).await.expect(200);
    assert_eq!((&kept["gln"], &kept["places"][0]["gln"]), (&json!("8930000000019"), &json!("8930000000040")));

    let guest = server.client().staying();
    for gln in ["8930000000019", "8930000000040"] {
        let place = guest.get(&format!("/414/{gln}")).await;
        assert_eq!(place.status, 307);
        assert!(place.header("location").contains("/c/"), "{}", place.header("location"));
    }
    let all = guest.get("/414/8930000000019?linkType=linkset").await.expect(200);
    assert!(all["linkset"][0]["anchor"].as_str().unwrap().ends_with("/414/8930000000019"));
    for (gln, status) in [("8930000000011", 400), ("8930000000057", 404), ("x", 400)] {
        assert_eq!(guest.get(&format!("/414/{gln}")).await.status, status, "{gln}");
    }
    let code = text(&lot, "trace_code").replace('-', "");
    let away = guest.get(&format!("/01/08930000000026/10/{code}")).await;
    assert_eq!((away.status, away.header("location")), (307, format!("{}/t/{code}", server.url()).as_str()));
    let own = guest.get("/01/8930000000026/10/L1?linkType=gs1:certificationInfo").await;
    assert_eq!((own.status, own.header("location")), (307, format!("{}/t/{code}#certificates", server.url()).as_str()));
    let product = guest.get("/01/08930000000026").await;
    assert!(product.header("location").ends_with("/p/hat-doi"), "{}", product.header("location"));
    let all = guest.get(&format!("/01/08930000000026/10/{code}?linkType=linkset")).await.expect(200);
    assert!(
        all["linkset"][0]["https://gs1.org/voc/traceability"][0]["href"].as_str().unwrap().ends_with("#road"),
        "{all}"
    );
    let asked = guest.clone().header("accept", "application/linkset+json").get("/01/08930000000026").await.expect(200);
    assert!(asked["linkset"][0]["https://gs1.org/voc/pip"].is_array());
    for (path, status, problem) in [
        ("/01/08930000000027".to_owned(), 400, "link_malformed"),
        (format!("/01/08930000000026/21/A/10/{code}"), 400, "link_malformed"),
        ("/01/08930000000026/10/NOWHERE".to_owned(), 404, "not_found"),
        ("/01/00000096385074/10/A".to_owned(), 404, "not_found"),
        (format!("/01/{}", "1".repeat(2_000)), 400, "link_malformed"),
        (format!("/v1/trace/{}", "A".repeat(2_000)), 400, "code_malformed"),
        ("/v1/trace/7K3M9Q2XC4TU".to_owned(), 400, "code_malformed"),
    ] {
        guest.get(&path).await.expect_problem(status, problem);
    }
    // Events name the lot by its key, and the place by its own.
    let told = events(&shop, &lot).await;
    assert_eq!(told[0]["quantityList"][0]["epcClass"], format!("{}/01/08930000000026/10/{code}", server.url()));
    assert_eq!(told[0]["readPoint"]["id"], format!("{}/414/8930000000019", server.url()));

    // Labels with a number for each box: those lead to the story, others are known to be copies.
    let labels = shop.path(&format!("lots/{}/labels", text(&lot, "id")));
    let order =
        |count: i64, serials: bool| json!({"offer_id": offer, "count": count, "size": "a4_65", "serials": serials});
    shop.client.post(&labels, order(1_001, false)).await.expect_problem(422, "invalid");
    let printed = shop.client.request(reqwest::Method::POST, &labels).json(&order(66, true)).send().await.unwrap();
    assert_eq!(printed.headers()["content-type"], "application/pdf");
    let bytes = printed.bytes().await.unwrap();
    assert!(bytes.starts_with(b"%PDF-") && bytes.len() < 2_000_000, "{}", bytes.len());
    assert_eq!(server.count("SELECT COUNT(*) FROM box_serial").await, 66);
    let serial = server.text("SELECT serial FROM box_serial ORDER BY serial LIMIT 1").await;
    let story = guest.get(&format!("/v1/trace/{}", format!("{code}{serial}").to_lowercase())).await.expect(200);
    assert_eq!(story["serial"], serial);
    guest.get(&format!("/v1/trace/{code}00000000")).await.expect_problem(404, "box_unknown");
    let second = harvest(&shop, &offer, "L2", 1).await;
    let stolen = format!("/v1/trace/{}{serial}", text(&second, "trace_code"));
    guest.get(&stolen).await.expect_problem(404, "box_unknown");
    // A number that is scanned in three provinces cannot be one box: who scans it is warned, and its maker has something to do.
    let label = format!("/t/{code}{serial}");
    for province in ["25", "01", "79"] {
        assert_eq!(guest.fields(&format!("{label}/here"), &[("province", province)]).await.status, 303);
    }
    assert_eq!(guest.get(&label).await.status, 200);
    let copied = shop.path("copied-boxes");
    let mut found = json!([]);
    for _ in 0..100 {
        found = shop.client.get(&copied).await.expect(200)["items"].clone();
        if found[0]["places"] == 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(
        (&found[0]["places"], found[0]["code"].as_str().unwrap().replace('-', "")),
        (&json!(3), format!("{code}{serial}"))
    );
    assert_eq!(guest.get(&format!("/v1/trace/{code}{serial}")).await.expect(200)["copied"], true);
    assert_eq!(server.count("SELECT COUNT(*) FROM scan WHERE place NOT IN ('', '25', '01', '79')").await, 0);
    // Held back, the label says so.
    shop.client.patch(&shop.path(&format!("lots/{}", text(&lot, "id"))), json!({"state": "blocked"})).await.expect(200);
    assert_eq!(guest.get(&format!("/v1/trace/{code}")).await.expect(200)["state"], "blocked");
    server.assert_books_agree();
}
