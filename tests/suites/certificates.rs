//! Papers beside the stars: looked at before they count, and what is not sold without.

use serde_json::{Value, json};
use tests::{Basket, Client, Seller, Server};

use crate::traceability::{day, empty_shop, harvest, text};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<</Type /Catalog>>\nendobj\ntrailer <</Root 1 0 R>>\n%%EOF\n";

pub fn paper(kind: &str, until: Option<i64>) -> Value {
    json!({"kind": kind, "number": format!("{kind}/01"), "issuer": "Chi cục Quản lý chất lượng", "issued_on": day(-300), "valid_until": until.map(day), "file_shown": true})
}

/// Entered, with its file: what an officer is to look at.
pub async fn handed_in(shop: &Seller, paper: Value) -> Value {
    let made = shop.client.post(&shop.path("certificates"), paper).await.expect(201);
    assert_eq!(made["state"], "draft");
    put_file(shop, &made, PDF).await.expect(200)
}

async fn put_file(shop: &Seller, certificate: &Value, bytes: &[u8]) -> tests::Answer {
    let path = shop.path(&format!("certificates/{}/file", text(certificate, "id")));
    let request = shop.client.request(reqwest::Method::PUT, &path).header("content-type", "application/octet-stream");
    Client::try_send(request.body(bytes.to_vec())).await.expect("an answer")
}

pub async fn judge(office: &Client, certificate: &Value, judgement: &str) -> tests::Answer {
    let body = json!({"judgement": judgement, "version": certificate["version"], "note": "Số không khớp"});
    office.post(&format!("/v1/officer/certificates/{}", text(certificate, "id")), body).await
}

/// Goods of this product's kind must have an alcohol licence or a test report from a day on.
async fn rule(server: &Server, product: &str, from: i64) -> Value {
    let category =
        server.client().get(&format!("/v1/products/{product}")).await.expect(200)["category"]["slug"].clone();
    let rule = json!({"category": category, "any_of": ["alcohol_licence", "test_report"], "from_day": day(from), "source": "Nghị định 105/2017/NĐ-CP"});
    server.sign_in("admin@example.vn").await.post("/v1/officer/certificate-rules", rule).await.expect(201)
}

/// Waits for a mail with these words.
async fn told(server: &Server, words: &str) {
    for _ in 0..100 {
        if server.messages().iter().any(|(_, text)| text.contains(words)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("nobody was told `{words}`");
}

async fn shown(server: &Server, product: &str) -> u16 {
    server.client().get(&format!("/v1/products/{product}")).await.status
}

#[tokio::test]
async fn what_must_have_a_certificate_is_sold_with_one_only() {
    let server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    let lot = harvest(&shop, &offer, "A", 30).await;
    let officer = server.sign_in("can-bo@example.vn").await;
    // Quoted before the rule: bought neither by the quick way nor by the careful one.
    let basket = server.basket(&[(&offer, 2)]).await;
    let quote = basket.quote().await;
    let sold = server.count("SELECT COUNT(*) FROM purchase").await;
    rule(&server, "hat-doi", 0).await;
    let refused = basket.checkout(&quote, "late").await;
    assert!((400..500).contains(&refused.status), "{}", refused.text);
    assert_eq!(server.count("SELECT COUNT(*) FROM purchase").await, sold);
    assert_eq!(shown(&server, "hat-doi").await, 404);
    let again = Basket::of(server.client(), &[]).await;
    let added = again.client.post(&again.path("/items"), json!({"offer_id": offer, "quantity": 1})).await;
    assert!((400..500).contains(&added.status), "{}", added.text);
    let lacking = shop.client.get(&shop.path("certificates/lacking")).await.expect(200)["items"].clone();
    assert_eq!((&lacking[0]["on_sale"], &lacking[0]["source"]), (&json!(false), &json!("Nghị định 105/2017/NĐ-CP")));

    // One of the kinds is enough, of the product or of the whole cooperative; not before an officer looked at it.
    let mut licence = paper("alcohol_licence", Some(40));
    licence["product_id"] = json!(shop.product);
    let licence = handed_in(&shop, licence).await;
    assert_eq!((&licence["state"], &licence["media_type"]), (&json!("submitted"), &json!("application/pdf")));
    assert_eq!(shown(&server, "hat-doi").await, 404);
    let waiting = officer.get("/v1/officer/certificates").await.expect(200)["items"].clone();
    assert_eq!((&waiting[0]["id"], &waiting[0]["of"]), (&licence["id"], &json!("Hạt dổi")));
    let verified = judge(&officer, &licence, "verify").await.expect(200);
    assert_eq!(verified["state"], "verified");
    let page = server.client().get("/v1/products/hat-doi").await.expect(200);
    let on_page = page["certificates"].as_array().unwrap().iter().find(|one| one["kind"] == "alcohol_licence").unwrap();
    assert_eq!((&on_page["valid_until"], &on_page["valid"]), (&json!(day(40)), &json!(true)));
    let story = server.client().get(&format!("/v1/trace/{}", text(&lot, "trace_code"))).await.expect(200);
    assert!(story["certificates"].as_array().unwrap().iter().any(|one| one["kind"] == "alcohol_licence"));
    let (status, headers, bytes) = server.client().bytes(on_page["file_url"].as_str().unwrap()).await;
    assert_eq!((status, bytes.as_slice()), (200, PDF));
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("sandbox"));
    let basket = server.basket(&[(&offer, 2)]).await;
    basket.buy().await;

    // Taken back, it counts no longer, at once.
    let quote = server.basket(&[(&offer, 2)]).await;
    let before = quote.quote().await;
    judge(&officer, &verified, "revoke").await.expect(200);
    assert_eq!(shown(&server, "hat-doi").await, 404);
    let refused = quote.checkout(&before, "revoked").await;
    assert!((400..500).contains(&refused.status), "{}", refused.text);
    assert_eq!(server.client().bytes(on_page["file_url"].as_str().unwrap()).await.0, 404);
    told(&server, "counts no longer").await;
    // A rule that ends asks for nothing.
    let admin = server.sign_in("admin@example.vn").await;
    let rules = admin.get("/v1/officer/certificate-rules").await.expect(200);
    admin.delete(&format!("/v1/officer/certificate-rules/{}", text(&rules["items"][0], "id"))).await.expect(204);
    assert_eq!(shown(&server, "hat-doi").await, 200);
}

#[tokio::test]
async fn a_certificate_is_judged_as_it_was_seen_and_by_nobody_of_the_cooperative() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let officer = server.sign_in("can-bo@example.vn").await;
    let made = shop.client.post(&shop.path("certificates"), paper("vietgap", Some(300))).await.expect(201);
    let script = b"%PDF-1.7\n1 0 obj\n<</OpenAction <</S /JavaScript /JS (app.alert(1))>>>>\nendobj\n%%EOF\n";
    put_file(&shop, &made, script).await.expect_problem(422, "active_pdf");
    put_file(&shop, &made, b"MZ\x90\x00 a program").await.expect_problem(415, "not_a_certificate_file");
    judge(&officer, &made, "verify").await.expect_problem(409, "certificate_state");
    let seen = put_file(&shop, &made, PDF).await.expect(200);
    // Changed after it was looked at.
    let path = shop.path(&format!("certificates/{}", text(&made, "id")));
    let changed = shop.client.put(&path, paper("vietgap", Some(900))).await.expect(200);
    judge(&officer, &seen, "verify").await.expect_problem(409, "certificate_changed");
    judge(&officer, &changed, "revoke").await.expect_problem(409, "certificate_state");
    let refused = judge(&officer, &changed, "refuse").await.expect(200);
    assert_eq!((&refused["state"], &refused["note"]), (&json!("refused"), &json!("Số không khớp")));
    told(&server, "Số không khớp").await;
    let again = put_file(&shop, &made, PDF).await.expect(200);
    // Many judge and change at once: one version is judged, once.
    let body = json!({"judgement": "verify", "version": again["version"]});
    let judged = format!("/v1/officer/certificates/{}", text(&made, "id"));
    let all = futures_util::future::join_all((0..8).map(|_| officer.post(&judged, body.clone()))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 200).count(), 1);
    shop.client.put(&path, paper("organic", None)).await.expect_problem(409, "certificate_state");
    // Its own people do not judge it, whatever else they are.
    let member = format!("{}:manager", shop.cooperative);
    let seat = format!("{}:clerk", text(&officer.get("/v1/officer/offices").await.expect(200)["items"][0], "id"));
    let output = server.ocop(
        &["user", "create", "hai-vai@example.vn", "--name", "Hai Vai", "--office", &seat, "--member", &member],
        &format!("{}\n", tests::PASSWORD),
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let both = server.sign_in("hai-vai@example.vn").await;
    let current = shop.client.get(&path).await.expect(200);
    judge(&both, &current, "revoke").await.expect_problem(403, "own_certificate");
    // What is not the cooperative's, and days that make no sense.
    let other = server.seller_of("ruou-muong").await;
    for (field, value) in [
        ("product_id", json!(other.product)),
        ("issued_on", json!(day(1))),
        ("valid_until", json!(day(-400))),
        ("number", json!("")),
    ] {
        let mut wrong = paper("organic", Some(10));
        wrong[field] = value;
        let problem = shop.client.post(&shop.path("certificates"), wrong).await.expect_problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
    }
    other
        .client
        .get(&other.path(&format!("certificates/{}", text(&made, "id"))))
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_certificate_that_ends_is_told_of_in_time_and_then_stops_the_sale() {
    let mut server = Server::start().await;
    let (shop, offer) = empty_shop(&server).await;
    harvest(&shop, &offer, "A", 30).await;
    rule(&server, "hat-doi", 5).await;
    let officer = server.sign_in("can-bo@example.vn").await;
    let lacking = |list: Value| (text(&list["items"][0], "sold_until"), list["items"][0]["on_sale"].clone());
    let path = shop.path("certificates/lacking");
    assert_eq!(lacking(shop.client.get(&path).await.expect(200)), (day(4), json!(true)));
    let licence = handed_in(&shop, paper("test_report", Some(45))).await;
    judge(&officer, &licence, "verify").await.expect(200);
    assert_eq!(lacking(shop.client.get(&path).await.expect(200)), (day(45), json!(true)));
    told(&server, "ends on").await;
    for (ahead, letters, status) in [(10, 1, 200), (20, 2, 200), (39, 3, 200), (45, 3, 200), (46, 3, 404)] {
        server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", ahead * 86_400)).await;
        assert_eq!(shown(&server, "hat-doi").await, status, "{ahead} days ahead");
        if status == 200 {
            let basket = server.basket(&[(&offer, 1)]).await;
            basket.quote().await;
        } else {
            let basket = Basket::of(server.client(), &[]).await;
            let added = basket.client.post(&basket.path("/items"), json!({"offer_id": offer, "quantity": 1})).await;
            assert!((400..500).contains(&added.status), "{}", added.text);
        }
        let told = || server.messages().iter().filter(|(_, text)| text.contains("ends on")).count();
        for _ in 0..60 {
            if told() >= letters {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(told(), letters, "{ahead} days ahead");
    }
}

#[tokio::test]
async fn nothing_is_published_without_and_a_listing_from_a_sheet_is_not_sold() {
    let server = Server::start().await;
    let (shop, _) = empty_shop(&server).await;
    rule(&server, "hat-doi", 0).await;
    let path = shop.path(&format!("products/{}", shop.product));
    shop.client.patch(&path, json!({"status": "paused"})).await.expect(200);
    let problem =
        shop.client.patch(&path, json!({"status": "published"})).await.expect_problem(409, "certificate_needed");
    assert_eq!(problem["needed"][0]["any_of"], json!(["alcohol_licence", "test_report"]));
    let licence = handed_in(&shop, paper("alcohol_licence", None)).await;
    judge(&server.sign_in("can-bo@example.vn").await, &licence, "verify").await.expect(200);
    shop.client.patch(&path, json!({"status": "published"})).await.expect(200);
    assert_eq!(shown(&server, "hat-doi").await, 200);
    let path = shop.path(&format!("certificates/{}", text(&licence, "id")));
    shop.client.delete(&path).await.expect(204);
    assert_eq!(shown(&server, "hat-doi").await, 404);
}
