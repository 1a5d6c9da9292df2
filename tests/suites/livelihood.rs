//! Jobs by season, and what households were paid: counts for everybody, names for nobody else.

use serde_json::{Value, json};
use tests::{Seller, Server};

use crate::traceability::{day, text};

fn season(turnover: i64) -> Value {
    json!({"from_on": day(-60), "to_on": day(0), "households": 42, "regular_workers": 6, "seasonal_workers": 35, "women": 22, "working_days": 1250, "turnover": turnover})
}

async fn household(shop: &Seller, name: &str, consent: bool) -> Value {
    let body = json!({"name": name, "people": 4, "consent": consent});
    shop.client.post(&shop.path("households"), body).await.expect(201)
}

#[tokio::test]
async fn seasons_are_told_in_counts() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let path = shop.path("seasons/V%E1%BB%A5%20d%E1%BB%95i");
    shop.client.put(&path, season(10)).await.expect(200);
    shop.client.put(&path, season(1_850_000_000)).await.expect(200);
    let mut wrong = season(1);
    wrong["women"] = json!(99);
    let told = shop.client.put(&path, wrong).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/women");
    let mut late = season(1);
    late["to_on"] = json!(day(400));
    shop.client.put(&path, late).await.expect_problem(422, "invalid");
    let own = shop.client.get(&shop.path("seasons")).await.expect(200);
    let mine: Vec<&Value> = own["items"].as_array().unwrap().iter().filter(|one| one["season"] == "Vụ dổi").collect();
    assert_eq!(mine.len(), 1, "the same name corrects what was told: {own}");
    assert_eq!(mine[0]["turnover"], 1_850_000_000_i64);
    let public = server.client().get(&format!("/v1/cooperatives/{}/seasons", shop.cooperative)).await.expect(200);
    assert_eq!(public["items"][0]["seasonal_workers"], 35);
    assert!(!public.to_string().contains("turnover"), "{public}");
    // The commune's figures have them.
    let officer = server.sign_in("can-bo@example.vn").await;
    let figures = officer.get("/v1/officer/figures").await.expect(200);
    assert!(figures["total"]["workers"].as_i64().unwrap() >= 41, "{figures}");
    assert!(figures["total"]["declared_turnover"].as_i64().unwrap() >= 1_850_000_000);
}

#[tokio::test]
async fn income_is_kept_with_consent_and_read_by_the_household_alone() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let agreed = household(&shop, "Hộ bà Bùi Thị Hiền", true).await;
    let silent = household(&shop, "Hộ ông Đinh Văn Kín", false).await;
    let twice = json!({"name": "Hộ bà Bùi Thị Hiền", "people": 2, "consent": true});
    shop.client.post(&shop.path("households"), twice).await.expect_problem(409, "household_exists");
    let own = |one: &Value, rest: &str| shop.path(&format!("households/{}{rest}", text(one, "id")));
    let pay = |reference: &str, amount: i64| json!({"kind": "wages", "amount": amount, "paid_on": day(-1), "reference": reference});
    shop.client.post(&own(&silent, "/incomes"), pay("PC-1", 5)).await.expect_problem(409, "no_consent");
    shop.client.post(&own(&silent, "/link"), json!({})).await.expect_problem(409, "no_consent");
    let first = shop.client.post(&own(&agreed, "/incomes"), pay("PC-1", 3_200_000)).await.expect(201);
    shop.client.post(&own(&agreed, "/incomes"), pay("PC-1", 3_200_000)).await.expect_problem(409, "income_exists");
    let ahead = json!({"kind": "share", "amount": 1, "paid_on": day(2), "reference": "PC-9"});
    shop.client.post(&own(&agreed, "/incomes"), ahead).await.expect_problem(422, "invalid");
    // Another cooperative reaches none of it.
    let other = server.seller_of("mat-ong-rung-hop-tien").await;
    let reach = other.path(&format!("households/{}/incomes", text(&agreed, "id")));
    other.client.get(&reach).await.expect_problem(404, "not_found");
    other.client.post(&reach, pay("PC-7", 1)).await.expect_problem(404, "not_found");
    // Its own page opens by the link alone, and the newest one at that.
    let old = text(&shop.client.post(&own(&agreed, "/link"), json!({})).await.expect(201), "url");
    let link = text(&shop.client.post(&own(&agreed, "/link"), json!({})).await.expect(201), "url");
    let secret = |url: &str| url.rsplit('=').next().unwrap().to_owned();
    let guest = server.client();
    guest.get(&format!("/v1/household-income?token={}", secret(&old))).await.expect_problem(404, "not_found");
    let read = guest.get(&format!("/v1/household-income?token={}", secret(&link))).await.expect(200);
    assert_eq!((&read["years"][0]["wages"], &read["payments"][0]["reference"]), (&json!(3_200_000), &json!("PC-1")));
    let page = guest.get(&format!("/h?token={}", secret(&link))).await;
    assert!(page.status == 200 && page.text.contains("3.200.000"), "{}", page.text);
    assert!(page.header("x-robots-tag").contains("noindex") && page.header("cache-control").contains("no-store"));
    assert_eq!(guest.get("/h?token=khong-co").await.status, 404);
    assert!(!server.log().contains(&secret(&link)), "the secret is in no log");
    // Names of households are in nothing that others read.
    let public = guest.get(&format!("/v1/cooperatives/{}/seasons", shop.cooperative)).await.expect(200);
    assert!(!public.to_string().contains("Hiền"));
    // Written by mistake, removed once.
    let remove = own(&agreed, &format!("/incomes/{}", text(&first, "id")));
    shop.client.delete(&remove).await.expect(204);
    shop.client.delete(&remove).await.expect_problem(404, "not_found");
    shop.client.post(&own(&agreed, "/incomes"), pay("PC-2", 1_000)).await.expect(201);
    // The consent taken back takes everything with it.
    let without = json!({"name": "Hộ bà Bùi Thị Hiền", "people": 4, "consent": false});
    shop.client.put(&own(&agreed, ""), without).await.expect(200);
    guest.get(&format!("/v1/household-income?token={}", secret(&link))).await.expect_problem(404, "not_found");
    let left = shop.client.get(&own(&agreed, "/incomes")).await.expect(200);
    assert_eq!(left["items"].as_array().unwrap().len(), 0);
    assert_eq!(server.count("SELECT COUNT(*) FROM household_income WHERE reference = 'PC-2'").await, 0);
}

#[tokio::test]
async fn payments_come_by_sheet_all_or_none() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let agreed = household(&shop, "Hộ bà Bùi Thị Hiền", true).await;
    household(&shop, "Hộ ông Đinh Văn Kín", false).await;
    let send = |rows: &str| {
        let sheet = format!("Hộ;Khoản;Số tiền;Ngày;Số chứng từ;Ghi chú\n{rows}");
        let shop = &shop;
        async move { shop.client.upload(&shop.path("income-sheet"), "text/csv", sheet.into_bytes()).await }
    };
    let today = day(0);
    let good = format!(
        "Hộ bà Bùi Thị Hiền;Tiền công;3tr2;{today};PC-1;\nHo ba bui thi hien;chia lãi;250k;{today};PC-2;Cuối vụ\n"
    );
    let bad = format!("{good}Hộ ai đó;Tiền công;1tr;{today};PC-3;\nHộ bà Bùi Thị Hiền;Thưởng;nhiều;{today};PC-4;\n");
    let told = send(&bad).await.expect_problem(422, "invalid");
    let pointers: Vec<&str> =
        told["errors"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert!(pointers.contains(&"/rows/4/Hộ") && pointers.iter().any(|one| one.starts_with("/rows/5/")), "{told}");
    let own = shop.path(&format!("households/{}/incomes", text(&agreed, "id")));
    let kept = || async { shop.client.get(&own).await.expect(200)["items"].as_array().unwrap().len() };
    assert_eq!(kept().await, 0);
    assert_eq!(send(&good).await.expect(201)["rows"], 2);
    assert_eq!(kept().await, 2);
    // The same list again, and a household that has not agreed, change nothing.
    send(&good).await.expect_problem(422, "invalid");
    let told = send(&format!("Hộ ông Đinh Văn Kín;Tiền công;1tr;{today};PC-8;\n")).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/rows/2");
    assert_eq!(kept().await, 2);
    let sums =
        server.count("SELECT CAST(SUM(amount) AS bigint) FROM household_income WHERE reference IN ('PC-1', 'PC-2')");
    assert_eq!(sums.await, 3_450_000);
    let (status, _, bytes) = shop.client.bytes(&shop.path("income-sheet")).await;
    assert!(status == 200 && bytes.starts_with(b"PK"));
}
