//! `/v1/admin-units`.

use serde_json::{Value, json};
use tests::Server;

fn codes(body: &Value) -> Vec<&str> {
    body["items"].as_array().unwrap().iter().map(|unit| unit["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn former_names_without_accents_lead_to_todays_commune() {
    let server = Server::start().await;
    let client = server.client();
    let found = client.query("/v1/admin-units", &[("q", "du sang, kim boi, hoa binh")]).await.expect(200);
    assert_eq!(found["items"][0]["code"], "04990");
    assert_eq!(found["items"][0]["province_name"], "Phú Thọ");
    assert_eq!(found["items"][0]["matched_former_name"], "Xã Đú Sáng, Huyện Kim Bôi, Tỉnh Hoà Bình");
    for (typed, code) in [("Mỵ Hòa, Kim Bôi", "05086"), ("nat son", "04990"), ("Kim Boi, Phu Tho", "04978")] {
        assert_eq!(codes(&client.query("/v1/admin-units", &[("q", typed)]).await.expect(200))[0], code, "{typed}");
    }
}

#[tokio::test]
async fn units_are_listed_and_shown_by_todays_and_former_codes() {
    let server = Server::start().await;
    let client = server.client();
    assert_eq!(codes(&client.get("/v1/admin-units").await.expect(200)).len(), 34);
    assert!(codes(&client.get("/v1/admin-units?province=25").await.expect(200)).contains(&"04990"));
    let unit = client.get("/v1/admin-units/04990").await.expect(200);
    let former: Vec<_> =
        unit["former"].as_array().unwrap().iter().map(|former| former["name"].as_str().unwrap()).collect();
    assert!(former.contains(&"Xã Đú Sáng"), "{former:?}");
    // With the names of before, for who chooses step by step.
    let provinces = client.get("/v1/admin-units?former=true").await.expect(200);
    let phu_tho = provinces["items"].as_array().unwrap().iter().find(|one| one["code"] == "25").unwrap();
    assert_eq!(phu_tho["former_provinces"], json!(["Tỉnh Hoà Bình", "Tỉnh Phú Thọ", "Tỉnh Vĩnh Phúc"]));
    let communes = client.get("/v1/admin-units?province=25&former=true").await.expect(200);
    let nat_son = communes["items"].as_array().unwrap().iter().find(|one| one["code"] == "04990").unwrap();
    let was = |one: &Value| one["name"] == "Xã Đú Sáng" && one["district"] == "Huyện Kim Bôi";
    assert!(nat_son["former"].as_array().unwrap().iter().any(was), "{nat_son}");
    client.get("/v1/admin-units?former=maybe").await.expect_problem(400, "malformed");
    assert_eq!(client.get("/v1/admin-units/25").await.expect(200)["level"], "province");
    client.get("/v1/admin-units/99999").await.expect_problem(404, "not_found");
    let answer = client.get("/v1/admin-units/04990").await;
    let etag = answer.header("etag").to_owned();
    assert_eq!(client.clone().header("if-none-match", &etag).get("/v1/admin-units/04990").await.status, 304);
}
