//! Rights in personal data: everything is told, everything is forgotten, books still agree.

use serde_json::{Value, json};
use tests::{Basket, Client, Gateway, PASSWORD, Seller, Server, on_postgres};

use crate::media::photo;

/// A word nobody else says, by its number; digits where a phone number stands.
fn plant(number: usize) -> String {
    format!("gieo{number:02}zq")
}

const MAIL: &str = "gieo00zq@example.vn";
const PHONES: [&str; 4] = ["0977400401", "0977400402", "0977400403", "0977400404"];
const BANK: &str = "4455667788990";

/// Everything that was said to the market, as it is searched for.
fn planted() -> Vec<String> {
    (0..53).map(plant).chain(PHONES.map(|phone| phone[1..].to_owned())).chain([BANK.to_owned()]).collect()
}

/// Signed up as people do it: with a code by mail.
async fn sign_up(server: &Server, name: &str) -> Client {
    let client = server.client();
    let form = json!({"contact": MAIL, "name": name, "password": PASSWORD, "consent": true});
    client.post("/v1/auth/register", form).await.expect(202);
    let mail = server.message_to(MAIL, "confirmation code").await;
    let code = mail.split_whitespace().find(|word| word.len() == 11 && word.as_bytes()[5] == b'-');
    let code = code.unwrap_or_else(|| panic!("no code: {mail}"));
    client.post("/v1/auth/verify", json!({"code": code})).await.expect(200);
    server.sign_in(MAIL).await
}

/// Bought and paid for by bank, with words in every field.
async fn bought(server: &Server, client: Client, first: usize, phone: usize) -> Value {
    let offer = server.offer("hat-doi", 0).await;
    let basket = Basket::of(client, &[(&offer, 2)]).await;
    let address =
        json!({"recipient": plant(first), "phone": PHONES[phone], "street": plant(first + 1), "commune_code": "00070"});
    let quote = basket.client.post(&basket.path("/quote"), json!({"address": address})).await.expect(201);
    let form = json!({
        "cart_id": basket.id, "quote_id": quote["id"], "payment_method": "bank_transfer", "note": plant(first + 2),
        "contact": {"name": plant(first + 3), "phone": PHONES[phone + 1], "email": MAIL},
    });
    let keyed = basket.client.clone().header("idempotency-key", &format!("key-{}", basket.id));
    let purchase = keyed.post("/v1/checkouts", form).await.expect(201);
    let payment = basket.pay(&purchase, "bank_transfer", "a").await.expect(201);
    let reference = payment["reference"].as_str().unwrap();
    let text = format!("{} chuyen tien {reference}", plant(first + 4));
    let amount = purchase["total"]["amount"].as_i64().unwrap();
    let told = Gateway::transfer(&server.client(), &format!("FT-{}", basket.id), amount, &text).await;
    assert_eq!(told.status, 200, "{}", told.text);
    purchase["orders"][0].clone()
}

/// The life of an order, with everybody's words: talk, a return refused, a dispute decided, a review answered.
async fn lived(server: &Server, (buyer, shop): (&Client, &Seller), order: &Value) {
    let id = order["id"].as_str().unwrap();
    let own = |rest: &str| format!("/v1/orders/{id}/{rest}");
    let theirs = |rest: &str| shop.path(&format!("orders/{id}/{rest}"));
    buyer.post(&own("messages"), json!({"text": plant(10)})).await.expect(201);
    buyer.post(&own("messages"), json!({"text": plant(35)})).await.expect(201);
    shop.client.post(&theirs("messages"), json!({"text": plant(11)})).await.expect(201);
    shop.deliver(id).await;
    let picture = buyer.upload(&own("photos"), "image/jpeg", photo(400, 300, None)).await.expect(201);
    let offer = server.offer("hat-doi", 0).await;
    let ask = json!({"reason": "damaged", "text": plant(12), "lines": [{"offer_id": offer, "quantity": 1}], "photos": [picture["id"]]});
    let asked = buyer.post(&own("returns"), ask).await.expect(201);
    let refused = buyer.post("/v1/me/erasure", json!({"password": PASSWORD})).await.expect_problem(409, "still_needed");
    let codes: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|error| error["code"].clone()).collect();
    assert_eq!(codes, ["orders_open", "returns_open"]);
    let answer = json!({"decision": "refuse", "answer": plant(13)});
    shop.client.post(&shop.path(&format!("returns/{}", asked["id"].as_str().unwrap())), answer).await.expect(200);
    let dispute = buyer
        .post(&own("disputes"), json!({"reason": "damaged", "text": format!("{}: hạt mốc gần nửa gói", plant(14))}))
        .await
        .expect(201);
    let dispute = dispute["id"].as_str().unwrap();
    let evidence = json!({"text": plant(15)});
    buyer.post(&own(&format!("disputes/{dispute}/evidence")), evidence).await.expect(201);
    let evidence = json!({"text": plant(16)});
    shop.client.post(&shop.path(&format!("disputes/{dispute}/evidence")), evidence).await.expect(201);
    let admin = server.sign_in("admin@example.vn").await;
    let decision = json!({"decision": "seller", "text": plant(17), "early": true});
    admin.post(&format!("/v1/admin/disputes/{dispute}"), decision).await.expect(200);
    let picture = buyer.upload("/v1/me/review-photos", "image/jpeg", photo(300, 300, None)).await.expect(201);
    let mine = format!("/v1/products/{}/reviews/mine", shop.product);
    let review = json!({"rating": 4, "text": plant(18), "photos": [picture["id"]]});
    buyer.put(&mine, json!({"rating": 5, "text": plant(4)})).await.expect(200);
    let review = buyer.put(&mine, review).await.expect(200);
    let reply = shop.path(&format!("reviews/{}/reply", review["id"].as_str().unwrap()));
    shop.client.post(&reply, json!({"text": plant(19)})).await.expect(200);
    let report = shop.path(&format!("reviews/{}/report", review["id"].as_str().unwrap()));
    shop.client.post(&report, json!({"text": plant(45)})).await.expect(200);
    buyer.post(&own("complete"), json!({})).await.expect(200);
}

/// What else somebody leaves behind: addresses, favourites, an order cancelled, an application that went nowhere, a basket.
async fn left_behind(server: &Server, buyer: &Client, shop: &Seller) {
    let address = |number: usize, phone: usize| {
        let (recipient, street) = (plant(number), plant(number + 1));
        json!({"recipient": recipient, "phone": PHONES[phone], "street": street, "commune_code": "00070"})
    };
    for number in [20, 47, 49, 51] {
        buyer.post("/v1/me/addresses", address(number, 0)).await.expect(201);
    }
    // What was written over is gone as well, and not left in pages that are free.
    let first = buyer.post("/v1/me/addresses", address(2, 1)).await.expect(201);
    let first = format!("/v1/me/addresses/{}", first["id"].as_str().unwrap());
    buyer.put(&first, address(22, 1)).await.expect(200);
    buyer.put(&format!("/v1/me/favourites/{}", shop.product), json!({"notify": true})).await.expect(200);
    let offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    let other = Basket::of(buyer.clone(), &[(&offer, 1)]).await.buy().await;
    let cancel = format!("/v1/orders/{}/cancel", other["orders"][0]["id"].as_str().unwrap());
    buyer.post(&cancel, json!({"reason": plant(24)})).await.expect(200);
    let unwanted = Basket::of(buyer.clone(), &[(&offer, 1)]).await.buy().await;
    let beekeeper = server.seller_of("mat-ong-rung-hop-tien").await;
    let unwanted = beekeeper.path(&format!("orders/{}/cancel", unwanted["orders"][0]["id"].as_str().unwrap()));
    beekeeper.client.post(&unwanted, json!({"reason": plant(46)})).await.expect(200);
    let mut application = crate::onboarding::application();
    for (number, field) in
        ["name", "legal_name", "representative", "licence_number", "licence_issuer", "street", "bank_holder"]
            .iter()
            .enumerate()
    {
        application[field] = plant(25 + number).into();
    }
    (application["bank_account"], application["phone"]) = (BANK.into(), PHONES[3].into());
    let made = buyer.post("/v1/applications", application).await.expect(201);
    let papers = format!("/v1/applications/{}/documents?kind=identity", made["id"].as_str().unwrap());
    let named = [("file", Some("gieo32zq.pdf"), b"%PDF-1.7 gieo33zq".as_slice())];
    buyer.form(&papers, &named).await.expect(201);
    buyer.form(&papers.replace("identity", "licence"), &named).await.expect(201);
    let path = format!("applications/{}", made["id"].as_str().unwrap());
    buyer.post(&format!("/v1/{path}/submit"), json!({})).await.expect(200);
    let decision = json!({"decision": "more_needed", "message": plant(39)});
    let admin = server.sign_in("admin@example.vn").await;
    admin.post(&format!("/v1/admin/{path}/decision"), decision).await.expect(200);
    let invited = json!({"contact": MAIL, "role": "staff"});
    shop.client.post(&shop.path("invitations"), invited).await.expect(201);
    buyer.patch("/v1/me", json!({"name": plant(34)})).await.expect(200);
    server.client().post("/v1/auth/password/forgot", json!({"contact": MAIL})).await.expect(202);
    let basket = Basket::of(buyer.clone(), &[(&offer, 1)]).await;
    basket.client.post(&basket.path("/quote"), json!({"address": address(37, 2)})).await.expect(201);
}

fn read(folder: &std::path::Path, bytes: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, bytes);
        } else {
            bytes.extend(std::fs::read(&path).unwrap());
        }
    }
}

/// Everything the market holds: database, index, pictures, papers, mails, log.
async fn held(server: &Server) -> String {
    let mut bytes = Vec::new();
    read(server.data(), &mut bytes);
    let mut text = String::from_utf8_lossy(&bytes).into_owned() + &server.log();
    if on_postgres() {
        text += &server.text("SELECT database_to_xml(true, true, '')::text").await;
    }
    text
}

fn standing(text: &str) -> Vec<String> {
    planted().into_iter().filter(|word| text.contains(word)).collect()
}

#[tokio::test]
async fn everything_is_told_and_then_forgotten() {
    let gateway = Gateway::new().await;
    let server = Server::with(gateway.settings()).await;
    let shop = server.seller_of("hat-doi").await;
    // As a guest first, and then with an account of the same address.
    let guest = bought(&server, server.client(), 40, 2).await;
    let buyer = sign_up(&server, &plant(1)).await;
    let order = bought(&server, buyer.clone(), 5, 0).await;
    lived(&server, (&buyer, &shop), &order).await;
    left_behind(&server, &buyer, &shop).await;
    shop.deliver(guest["id"].as_str().unwrap()).await;
    // Somebody else bought the same, and said something of it: nobody touches that.
    let (other, theirs) = crate::returns::buyer_with_order(&server, "mai@example.vn").await;
    other.post(&format!("/v1/orders/{theirs}/messages"), json!({"text": "Giao buổi sáng nhé"})).await.expect(201);
    let of_other = || async { other.get("/v1/me/data").await.expect(200)["sections"].clone() };
    let kept = of_other().await;
    let before = held(&server).await;
    assert!(standing(&before).len() >= 50, "what was planted is found, so the search finds: {:?}", standing(&before));

    let known = buyer.get("/v1/me/data").await.expect(200).to_string();
    // Written over, sealed, of a quote that nobody bought, or said by others about a review.
    let untold = ["gieo01zq", "gieo02zq", "gieo03zq", "gieo04zq", "gieo37zq", "gieo38zq", "gieo45zq"];
    let missing: Vec<_> = planted()
        .into_iter()
        .filter(|word| !untold.contains(&word.as_str()) && before.contains(word) && !known.contains(word))
        .collect();
    assert!(missing.is_empty(), "the export does not tell {missing:?}");
    let section = |name: &str| known.contains(&format!("\"record\":\"{name}\""));
    assert!(section("session") && section("consent") && section("favourite") && section("cart_line"), "{known}");
    assert!(known.contains(&format!("\"bank_account\":\"{BANK}\"")), "sealed for others, not for its owner");

    buyer.post("/v1/me/erasure", json!({"password": "sai mật khẩu"})).await.expect_problem(401, "bad_credentials");
    let link = Basket::link(&guest);
    server.client().post(&link.replace('?', "/complete?"), json!({})).await.expect(200);
    buyer.post("/v1/me/erasure", json!({"password": PASSWORD})).await.expect(204);
    crate::payments::until(&server, "SELECT COUNT(*) FROM outbox WHERE delivered_at IS NULL", 0).await;
    let after = held(&server).await;
    assert_eq!(standing(&after), Vec::<String>::new(), "forgotten everywhere");
    assert_eq!(server.count("SELECT COUNT(*) FROM media WHERE purpose IN ('review', 'return')").await, 0);

    assert_eq!(of_other().await, kept, "another's data is as it was");
    assert!(kept.to_string().contains("Giao buổi sáng nhé"));

    // Nobody can tell it from an account that never was.
    let sign_in = |login: &str| {
        let form = json!({"login": login, "password": PASSWORD});
        let client = server.client();
        async move { client.post("/v1/auth/login", form).await }
    };
    let (gone, never) = (sign_in(MAIL).await, sign_in("chua-tung-co@example.vn").await);
    assert_eq!((gone.status, &gone.body["code"]), (never.status, &never.body["code"]));
    buyer.get("/v1/me").await.expect_problem(401, "unauthenticated");
    server.client().get(&link).await.expect_problem(404, "not_found");
    let shown = shop.client.get(&shop.path(&format!("orders/{}", order["id"].as_str().unwrap()))).await.expect(200);
    assert_eq!((&shown["delivery"]["street"], &shown["delivery"]["recipient"]), (&json!(""), &json!("")));
    let admin = server.sign_in("admin@example.vn").await;
    let found = admin.query("/v1/admin/search", &[("q", MAIL)]).await.expect(200);
    assert!(!found.to_string().contains("gieo"), "{found}");
    let reviews = server.client().get(&format!("/v1/products/{}/reviews", shop.product)).await.expect(200);
    assert_eq!((&reviews["items"][0]["text"], &reviews["items"][0]["rating"]), (&json!(""), &json!(4)));
    let again = sign_up(&server, "Người mới").await;
    let known = again.get("/v1/me/data").await.expect(200).to_string();
    assert!(!known.contains("\"record\":\"orders\""), "another person: {known}");
    server.assert_books_agree();
}

#[tokio::test]
async fn a_server_killed_behind_an_erasure_deletes_the_files_when_it_is_back() {
    let mut server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let (buyer, order) = crate::returns::buyer_with_order(&server, "hoa@example.vn").await;
    shop.deliver(&order).await;
    buyer.post(&format!("/v1/orders/{order}/complete"), json!({})).await.expect(200);
    let picture = buyer.upload("/v1/me/review-photos", "image/jpeg", photo(300, 300, None)).await.expect(201);
    let folder = server.data().join("media/m").join(picture["id"].as_str().unwrap());
    let files = || folder.read_dir().map_or(0, Iterator::count);
    assert!(files() > 0, "{}", folder.display());
    // Twice at once: one is told that it is done, the other that nobody is there any more.
    let ask = || buyer.post("/v1/me/erasure", json!({"password": PASSWORD}));
    let (one, other) = futures_util::future::join(ask(), ask()).await;
    server.kill();
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert!(statuses[0] == 204 && [401, 404, 429].contains(&statuses[1]), "{statuses:?}");
    // The killed server's lease on the event would run for half a minute.
    server.execute("UPDATE outbox SET available_at = created_at WHERE topic = 'person.erased'").await;
    server.run().await;
    let started = std::time::Instant::now();
    while files() > 0 {
        assert!(started.elapsed() < tests::patience(std::time::Duration::from_secs(10)), "the picture is still there");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    server.assert_books_agree();
}

#[tokio::test]
async fn what_is_agreed_to_is_written_down_and_taken_back_as_easily() {
    let server = Server::start().await;
    let buyer = server.new_buyer("hoa@example.vn").await;
    let product = server.client().get("/v1/products/hat-doi").await.expect(200)["id"].as_str().unwrap().to_owned();
    let listed = buyer.get("/v1/me/consents").await.expect(200);
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["purpose"]), (1, &json!("account")));
    buyer.put(&format!("/v1/me/favourites/{product}"), json!({"notify": true})).await.expect(200);
    buyer.put(&format!("/v1/me/favourites/{product}"), json!({"notify": true})).await.expect(200);
    let given = buyer.get("/v1/me/consents").await.expect(200);
    assert_eq!(
        (given["items"].as_array().unwrap().len(), &given["items"][0]["purpose"]),
        (2, &json!("notices")),
        "{given}"
    );
    let back = buyer.put("/v1/me/consents/notices", json!({"given": false})).await.expect(200);
    assert!(back["items"][0]["withdrawn_at"].is_string(), "{back}");
    buyer.put("/v1/me/consents/account", json!({"given": false})).await.expect_problem(409, "account_needs_consent");
    buyer.put("/v1/me/consents/everything", json!({"given": true})).await.expect(404);
    let shop = server.seller_of("hat-doi").await;
    let offer = server.offer("hat-doi", 0).await;
    // Sold out and back: who took it back is told nothing, who agrees is.
    let other = server.new_buyer("mai@example.vn").await;
    other.put(&format!("/v1/me/favourites/{product}"), json!({"notify": true})).await.expect(200);
    for (available, there) in [(0, "false"), (20, "true")] {
        shop.set_available(&offer, available).await;
        let seen = format!("SELECT COUNT(*) FROM favourite WHERE there = {there}");
        crate::payments::until(&server, &seen, 2).await;
    }
    assert_eq!(server.count("SELECT COUNT(*) FROM outbox WHERE topic = 'favourite.back'").await, 1);
    server.message_to("mai@example.vn", "Hạt dổi").await;
}

#[tokio::test]
async fn things_are_kept_as_long_as_the_rules_of_the_day_say() {
    let mut server = Server::start().await;
    let admin = server.sign_in("admin@example.vn").await;
    let offer = server.offer("hat-doi", 0).await;
    server.basket(&[(&offer, 1)]).await;
    let rules = admin.get("/v1/admin/retention").await.expect(200);
    let carts = rules["items"].as_array().unwrap().iter().find(|rule| rule["kind"] == "carts").unwrap().clone();
    assert_eq!((&carts["days"], &carts["least_days"]), (&json!(60), &json!(7)));
    let rule = |days: i64, from: &str| json!({"days": days, "valid_from": from});
    let path = "/v1/admin/retention/carts";
    admin.put(path, rule(3, "2099-01-01")).await.expect_problem(422, "invalid");
    admin.put(path, rule(30, "2020-01-01")).await.expect_problem(422, "invalid");
    admin.put("/v1/admin/retention/everything", rule(30, "2099-01-01")).await.expect_problem(404, "not_found");
    let set = admin.put(path, rule(10, "2099-01-01")).await.expect(200);
    assert!(set.to_string().contains("2099-01-01"), "{set}");
    let carts = "SELECT COUNT(*) FROM cart WHERE account_id IS NULL AND state = 'open'";
    let later = |days: i64| move |settings: tests::Settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", days * 86_400);
    let before = server.count(carts).await;
    server.restart_with(later(20)).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(server.count(carts).await, before, "a rule of a later day does not hold yet");
    let admin = server.sign_in("admin@example.vn").await;
    let day = (time::OffsetDateTime::now_utc() + time::Duration::days(21)).date().to_string();
    admin.put(path, rule(10, &day)).await.expect(200);
    server.restart_with(later(22)).await;
    crate::payments::until(&server, carts, 0).await;
    let buyer = server.new_buyer("hoa@example.vn").await;
    buyer.get("/v1/admin/retention").await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn papers_of_refused_applications_go_with_their_files() {
    let mut server = Server::start().await;
    let applicant = server.new_buyer("nam@example.vn").await;
    let made = applicant.post("/v1/applications", crate::onboarding::application()).await.expect(201);
    let papers = format!("/v1/applications/{}/documents?kind=identity", made["id"].as_str().unwrap());
    applicant.upload(&papers, "application/pdf", b"%PDF-1.7 giay to".to_vec()).await.expect(201);
    let paper = server.data().join("media").join(server.text("SELECT object_key FROM application_document").await);
    assert!(paper.exists(), "{}", paper.display());
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 181 * 86_400)).await;
    crate::payments::until(&server, "SELECT COUNT(*) FROM application_document", 0).await;
    crate::payments::until(&server, "SELECT COUNT(*) FROM application WHERE state = 'draft'", 0).await;
    assert!(!paper.exists(), "{}", paper.display());
}

#[tokio::test]
async fn a_breach_is_recorded_with_its_clock() {
    let mut server = Server::start().await;
    let admin = server.sign_in("admin@example.vn").await;
    let found = time::OffsetDateTime::now_utc() - time::Duration::hours(1);
    let found = found.format(&time::format_description::well_known::Rfc3339).unwrap();
    let input = json!({"found_at": found, "happened": "Mất một máy tính xách tay", "data": "Tên, số điện thoại", "people": 12, "measures": ""});
    let mut early = input.clone();
    early["found_at"] = "2099-01-01T00:00:00Z".into();
    admin.post("/v1/admin/breaches", early).await.expect_problem(422, "invalid");
    let made = admin.post("/v1/admin/breaches", input.clone()).await.expect(201);
    assert_eq!(made["late"], false);
    let path = format!("/v1/admin/breaches/{}", made["id"].as_str().unwrap());
    let mut closed = input.clone();
    (closed["closed"], closed["seen"]) = (true.into(), made["seen"].clone());
    let refused = admin.put(&path, closed.clone()).await.expect_problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/authority_told_at");
    closed["authority_told_at"] = found.as_str().into();
    // Two at once on the same record: one wins, the other is told.
    let answers = futures_util::future::join_all((0..2).map(|_| admin.put(&path, closed.clone()))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    admin.post("/v1/admin/breaches", input.clone()).await.expect(201);
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 4 * 86_400)).await;
    let admin = server.sign_in("admin@example.vn").await;
    let listed = admin.get("/v1/admin/breaches").await.expect(200);
    let late: Vec<_> = listed["items"].as_array().unwrap().iter().map(|row| row["late"].clone()).collect();
    assert_eq!(late.iter().filter(|late| **late == json!(true)).count(), 1, "{listed}");
    server.seller_of("hat-doi").await.client.get("/v1/admin/breaches").await.expect_problem(403, "forbidden");
}
