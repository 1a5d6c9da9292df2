//! Destinations: what the public sees, and who keeps them.

use serde_json::{Value, json};
use tests::{Client, Server};

use crate::media::photo;

async fn officer(server: &Server) -> Client {
    server.sign_in("can-bo@example.vn").await
}

fn place(slug: &str) -> Value {
    json!({"slug": slug, "kind": "farm", "name_vi": "Vườn bưởi Đú Sáng", "name_en": "Đú Sáng pomelo garden", "text_vi": "Vườn hai mươi năm tuổi.", "text_en": "A garden of twenty years.",
        "street": "Xóm Suối Chuộn", "commune_code": "04990", "latitude": 20.75, "longitude": 105.50, "hours": [{"days": [6, 7], "from": "08:00", "to": "16:00"}], "website": "https://vuon.example", "active": true})
}

#[tokio::test]
async fn destinations_are_found_by_place_kind_and_commune() {
    let server = Server::start().await;
    let client = server.client();
    let near = client.get("/v1/destinations?near=20.67,105.53").await.expect(200);
    let names: Vec<&str> =
        near["items"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap()).collect();
    assert_eq!(names[0], "suoi-khoang-kim-boi");
    assert_eq!(names.len(), 5);
    let distances: Vec<f64> =
        near["items"].as_array().unwrap().iter().map(|item| item["distance_km"].as_f64().unwrap()).collect();
    assert!(distances.is_sorted(), "{distances:?}");
    let close = client.get("/v1/destinations?near=20.67,105.53&radius_km=10").await.expect(200);
    assert_eq!(close["items"].as_array().unwrap().len(), 3);
    let lakes = client.get("/v1/destinations?kind=lake").await.expect(200);
    assert_eq!(lakes["items"].as_array().unwrap().len(), 1);
    let there = client.get("/v1/destinations?commune=04978").await.expect(200);
    assert_eq!(there["items"].as_array().unwrap().len(), 2);
    client.get("/v1/destinations?radius_km=3").await.expect_problem(400, "malformed");
    client.get("/v1/destinations?near=here").await.expect_problem(400, "malformed");
    let first = client.get("/v1/destinations?limit=2").await.expect(200);
    let rest = client
        .get(&format!("/v1/destinations?limit=3&cursor={}", first["next_cursor"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 3);

    let map = client.get("/v1/destinations.geojson?near=20.67,105.53").await;
    assert_eq!(map.header("content-type"), "application/geo+json");
    let map = map.expect(200);
    assert_eq!((&map["type"], map["features"].as_array().unwrap().len()), (&json!("FeatureCollection"), 5));
    assert_eq!(map["features"][0]["geometry"], json!({"type": "Point", "coordinates": [105.53, 20.67]}));

    let page = client.get("/v1/destinations/suoi-khoang-kim-boi").await.expect(200);
    assert_eq!(page["products"][0]["kind"], "farm_visit");
    assert_eq!(page["products"][0]["product"]["slug"], "buoi-dien-du-sang");
    assert_eq!(page["cooperatives"][0]["slug"], "htx-nong-nghiep-xanh-kim-boi", "chosen by hand comes first");
    assert!(page["cooperatives"].as_array().unwrap().len() > 3, "others by distance");
    assert_eq!(page["events"][0]["name"]["vi"], "Ngày hội bưởi (minh họa)");
    assert_eq!(page["partners"][0]["name"], "Homestay Mường Bi");
    let pomelo = page["products"][0]["product"]["id"].as_str().unwrap();
    let where_it_grows = client.get(&format!("/v1/products/{pomelo}/destinations")).await.expect(200);
    assert_eq!(where_it_grows["items"][0]["destination"]["slug"], "suoi-khoang-kim-boi");
    client.get("/v1/destinations/nowhere").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn officers_keep_destinations_and_every_node_shows_them() {
    let server = Server::start().await;
    let officer = officer(&server).await;
    let other = server.second_node().await;
    let made = officer.post("/v1/admin/destinations", place("vuon-buoi")).await.expect(201);
    let id = made["id"].as_str().unwrap();
    officer.post("/v1/admin/destinations", place("vuon-buoi")).await.expect_problem(409, "slug_taken");
    let mut wrong = place("vuon-khac");
    wrong["commune_code"] = "99999".into();
    let refused = officer.post("/v1/admin/destinations", wrong).await.expect_problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/commune_code");
    let path = format!("/v1/admin/destinations/{id}");
    let picture = officer.upload(&format!("{path}/images"), "image/jpeg", photo(800, 600, None)).await.expect(201);
    let product = server.client().get("/v1/products/buoi-dien-du-sang").await.expect(200);
    let links = json!({"cooperatives": [product["seller"]["id"]], "products": [{"product_id": product["id"], "kind": "tasting", "note_vi": "Nếm tại vườn", "note_en": "Taste it", "from_month": 11, "to_month": 2}]});
    officer.put(&format!("{path}/links"), links.clone()).await.expect(200);
    let mut twice = links.clone();
    twice["cooperatives"] = json!([product["seller"]["id"], product["seller"]["id"]]);
    officer.put(&format!("{path}/links"), twice).await.expect_problem(422, "invalid");
    let event = json!({"name_vi": "Ngày hái bưởi", "name_en": "Picking day", "text_vi": "", "text_en": "", "starts_on": "2099-11-01", "ends_on": "2099-11-02"});
    let event = officer.post(&format!("{path}/events"), event).await.expect(201);
    let past = json!({"name_vi": "Đã qua", "name_en": "Over", "text_vi": "", "text_en": "", "starts_on": "2020-01-01", "ends_on": "2020-01-02"});
    officer.post(&format!("{path}/events"), past).await.expect(201);

    let page = server.client().get("/v1/destinations/vuon-buoi").await.expect(200);
    assert_eq!((page["images"].as_array().unwrap().len(), page["events"].as_array().unwrap().len()), (1, 1), "{page}");
    assert!(page["images"][0]["srcset"].as_str().unwrap().contains("320w"));
    assert_eq!(page["products"][0]["note"]["en"], "Taste it");
    for _ in 0..40 {
        if other.client().get("/v1/destinations/vuon-buoi").await.status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    other.client().get("/v1/destinations/vuon-buoi").await.expect(200);

    officer.delete(&format!("{path}/images/{}", picture["id"].as_str().unwrap())).await.expect(204);
    officer.delete(&format!("{path}/events/{}", event["id"].as_str().unwrap())).await.expect(204);
    officer.delete(&format!("{path}/events/{}", event["id"].as_str().unwrap())).await.expect_problem(404, "not_found");
    let mut off = place("vuon-buoi");
    off["active"] = false.into();
    officer.put(&path, off).await.expect(200);
    server.client().get("/v1/destinations/vuon-buoi").await.expect_problem(404, "not_found");
    server
        .sign_in("lan@example.vn")
        .await
        .post("/v1/admin/destinations", place("cua-khach"))
        .await
        .expect_problem(403, "forbidden");
}
