//! `/v1/admin-units`.

use serde_json::Value;
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
    assert_eq!(client.get("/v1/admin-units/25").await.expect(200)["level"], "province");
    client.get("/v1/admin-units/99999").await.expect_problem(404, "not_found");
    let answer = client.get("/v1/admin-units/04990").await;
    let etag = answer.header("etag").to_owned();
    assert_eq!(client.clone().header("if-none-match", &etag).get("/v1/admin-units/04990").await.status, 304);
}
