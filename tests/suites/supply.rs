//! Supply in quantity: an organisation asks, cooperatives offer, shares are reckoned, shown, and agreed to.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Client, Seller, Server};

use crate::traceability::{day, text};

fn facts(tax_code: &str) -> Value {
    json!({"name": "Siêu thị Sông Đà", "legal_name": "Công ty TNHH Bán lẻ Sông Đà", "tax_code": tax_code, "representative": "Trần Văn Bách",
        "street": "12 Cù Chính Lan", "commune_code": "04978", "phone": "0912000111", "email": "mua-hang@songda.example.vn"})
}

/// An organisation with a place, and the growers of one category.
pub struct Market {
    pub server: Server,
    pub owner: Client,
    pub organisation: String,
    place: String,
    category: String,
    pub growers: Vec<Seller>,
}

/// The pack that supply in quantity is promised in: crates of 10 kg net.
pub async fn crates(grower: &Seller) -> String {
    let offers = grower.client.get(&grower.path(&format!("products/{}", grower.product))).await.expect(200);
    let found = offers["offers"].as_array().unwrap().iter().find(|offer| offer["net_g"] == 10_000).cloned();
    text(&found.unwrap_or_else(|| panic!("no crates in {offers}")), "id")
}

impl Market {
    pub async fn open() -> Self {
        Self::on(Server::start().await).await
    }

    pub async fn on(server: Server) -> Self {
        let owner = server.new_buyer("mua-hang@songda.example.vn").await;
        let made = owner.post("/v1/business", facts("5400999888")).await.expect(201);
        let organisation = text(&made, "id");
        let admin = server.sign_in("admin@example.vn").await;
        let decision = json!({"decision": "approve", "credit_limit": 200_000_000, "credit_days": 30});
        admin.post(&format!("/v1/admin/organisations/{organisation}/decision"), decision).await.expect(200);
        let place = json!({"name": "Kho Hòa Bình", "recipient": "Tổ nhận hàng", "phone": "0912000111", "street": "12 Cù Chính Lan", "commune_code": "04978"});
        let place = owner.post(&format!("/v1/business/{organisation}/places"), place).await.expect(201);
        let place = text(&place, "id");
        let pomelo = server.client().get("/v1/products/buoi-dien-du-sang").await.expect(200);
        let category = text(&pomelo["category"], "slug");
        let mut growers = Vec::new();
        for product in ["buoi-dien-du-sang", "cam-thung-rech", "nhan-son-thuy"] {
            let page = server.client().get(&format!("/v1/products/{product}")).await.expect(200);
            if page["category"]["slug"] == category.as_str() {
                let grower = server.seller_of(product).await;
                let pack = json!({"pack_vi": "Thùng 10 kg", "unit": "box", "weight_g": 10_600, "net_g": 10_000, "price": 400_000});
                let path = grower.path(&format!("products/{}/offers", grower.product));
                grower.client.post(&path, pack).await.expect(201);
                growers.push(grower);
            }
        }
        Self { server, owner, organisation, place, category, growers }
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/v1/business/{}/{rest}", self.organisation)
    }

    pub fn request(&self, kilograms: &[i64]) -> Value {
        let windows: Vec<Value> = (20..)
            .step_by(7)
            .zip(kilograms)
            .map(|(ahead, kilograms)| {
                json!({"place_id": self.place, "from_on": day(ahead), "to_on": day(ahead + 2), "grams": kilograms * 1000})
            })
            .collect();
        json!({"category": self.category, "title": "Quả có múi cho dịp Tết", "packing": "Thùng 10 kg", "papers": ["food_safety"], "tolerance_bp": 500,
            "answer_by": day(10), "windows": windows})
    }

    pub async fn published(&self, kilograms: &[i64]) -> Value {
        let made = self.owner.post(&self.path("requests"), self.request(kilograms)).await.expect(201);
        self.step(&made, "publish").await.expect(200)
    }

    pub async fn step(&self, request: &Value, step: &str) -> tests::Answer {
        let body = json!({"step": step, "version": request["version"]});
        self.owner.post(&self.path(&format!("requests/{}/steps", text(request, "id"))), body).await
    }

    pub async fn shares(&self, request: &Value, rule: &str) -> tests::Answer {
        let body = json!({"version": request["version"], "rule": rule});
        self.owner.post(&self.path(&format!("requests/{}/shares", text(request, "id"))), body).await
    }

    pub async fn offer(&self, grower: &Seller, request: &Value, price: i64, kilograms: &[i64]) -> tests::Answer {
        let windows: Vec<Value> = request["windows"]
            .as_array()
            .unwrap()
            .iter()
            .zip(kilograms)
            .filter(|(_, kilograms)| **kilograms > 0)
            .map(|(window, kilograms)| json!({"window_id": window["id"], "grams": kilograms * 1000}))
            .collect();
        let body = json!({"product_id": grower.product, "price": price, "box_grams": 10_000, "valid_until": day(30), "windows": windows});
        grower.client.put(&grower.path(&format!("requests/{}/offer", text(request, "id"))), body).await
    }
}

/// Puts so much of the shop's product on the shelf, in kilograms: all of it in crates that keep, and nothing to come.
pub async fn store(server: &Server, grower: &Seller, kilograms: i64) {
    let crates = crates(grower).await;
    let page = grower.client.get(&grower.path(&format!("products/{}", grower.product))).await.expect(200);
    for offer in page["offers"].as_array().unwrap() {
        let pieces = if offer["id"] == crates.as_str() { kilograms / 10 } else { 0 };
        grower.set_available(&text(offer, "id"), pieces).await;
    }
    server.execute("UPDATE lot SET expires_on = NULL").await;
    server.execute("UPDATE forecast SET state = 'cancelled'").await;
}

#[tokio::test]
async fn an_organisation_is_verified_before_it_asks() {
    let server = Server::start().await;
    let owner = server.new_buyer("mua-hang@songda.example.vn").await;
    let made = owner.post("/v1/business", facts("5400999888")).await.expect(201);
    let path = |rest: &str| format!("/v1/business/{}{rest}", text(&made, "id"));
    owner.post("/v1/business", facts("5400999888")).await.expect_problem(409, "organisation_exists");
    let mut wrong = facts("5400999888");
    wrong["phone"] = json!("12");
    let told = owner.post("/v1/business", wrong).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/phone");
    let ask = json!({"category": "x", "title": "Thử", "tolerance_bp": 0, "answer_by": day(1), "windows": [{"place_id": "0197f2a0-0000-7000-8000-000000000001", "from_on": day(2), "to_on": day(2), "grams": 1000}]});
    owner.post(&path("/requests"), ask).await.expect_problem(409, "organisation_not_approved");
    let admin = server.sign_in("admin@example.vn").await;
    let decide = format!("/v1/admin/organisations/{}/decision", text(&made, "id"));
    owner.post(&decide, json!({"decision": "approve"})).await.expect_problem(403, "forbidden");
    admin.post(&decide, json!({"decision": "reject"})).await.expect_problem(422, "invalid");
    let approved = admin
        .post(&decide, json!({"decision": "approve", "credit_limit": 5_000_000, "credit_days": 15}))
        .await
        .expect(200);
    assert_eq!((&approved["state"], &approved["credit_days"]), (&json!("approved"), &json!(15)));
    // A team that never loses its last owner; strangers are shut out.
    let colleague = server.new_buyer("ke-toan@songda.example.vn").await;
    colleague.get(&path("")).await.expect_problem(403, "forbidden");
    let member = json!({"login": "ke-toan@songda.example.vn", "role": "member"});
    let team = owner.put(&path("/members"), member).await.expect(200);
    assert_eq!(team["items"].as_array().unwrap().len(), 2);
    colleague.get(&path("")).await.expect(200);
    colleague
        .post(
            &path("/places"),
            json!({"name": "Kho", "recipient": "Ai", "phone": "0912000111", "street": "Số 1", "commune_code": "04978"}),
        )
        .await
        .expect_problem(403, "forbidden");
    let own = team["items"].as_array().unwrap().iter().find(|one| one["role"] == "owner").unwrap().clone();
    owner
        .delete(&path(&format!("/members/{}", text(&own, "account_id"))))
        .await
        .expect_problem(409, "last_organisation_owner");
    let demoted = json!({"login": "mua-hang@songda.example.vn", "role": "buyer"});
    owner.put(&path("/members"), demoted).await.expect_problem(409, "last_organisation_owner");
    // Facts that change are verified anew.
    let mut moved = facts("5400999888");
    moved["street"] = json!("Số 99");
    assert_eq!(owner.put(&path(""), moved).await.expect(200)["state"], "submitted");
}

#[tokio::test]
async fn a_request_is_offered_for_shared_and_agreed_to() {
    let market = Market::open().await;
    assert!(market.growers.len() >= 2, "the test needs two growers of {}", market.category);
    let (first, second) = (&market.growers[0], &market.growers[1]);
    store(&market.server, first, 5_000).await;
    store(&market.server, second, 5_000).await;
    let draft = market.owner.post(&market.path("requests"), market.request(&[1_000, 1_000])).await.expect(201);
    let at = |grower: &Seller, rest: &str| grower.path(&format!("requests/{}{rest}", text(&draft, "id")));
    first.client.get(&at(first, "")).await.expect_problem(404, "not_found");
    let mut late = market.request(&[1_000]);
    late["windows"][0]["from_on"] = json!(day(1));
    let told = market.owner.post(&market.path("requests"), late).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/windows/0/from_on");
    let open = market.step(&draft, "publish").await.expect(200);
    market.step(&draft, "cancel").await.expect_problem(409, "request_changed");
    // Who can serve it hears of it, and finds it with what speaks for them.
    let mailbox = text(&first.client.get("/v1/me").await.expect(200), "email");
    market.server.message_to(&mailbox, "Quả có múi cho dịp Tết").await;
    let found = first.client.get(&first.path("requests")).await.expect(200);
    let mine = found["items"].as_array().unwrap().iter().find(|one| one["id"] == open["id"]).unwrap().clone();
    assert!(mine["fit"]["stored_grams"].as_i64().unwrap() >= 5_000_000, "{mine}");
    let far = mine["fit"]["distance_km"].as_f64().unwrap();
    assert!(mine["fit"]["in_season"].is_boolean() && (0.0..200.0).contains(&far), "{mine}");
    let stranger = market.server.seller_of("mat-ong-rung-hop-tien").await;
    stranger.client.get(&at(&stranger, "")).await.expect_problem(404, "not_found");
    // Offers: of one's own product, for windows there are; a second one is written over the first only as it was seen.
    let wrong = json!({"product_id": second.product, "price": 30_000, "box_grams": 10_000, "valid_until": day(30), "windows": [{"window_id": open["windows"][0]["id"], "grams": 1}]});
    let told = first.client.put(&at(first, "/offer"), wrong).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/product_id");
    market.offer(first, &open, 30_000, &[900, 900]).await.expect(200);
    market.offer(first, &open, 29_000, &[900, 900]).await.expect_problem(409, "supply_offer_changed");
    market.offer(second, &open, 25_000, &[400, 600]).await.expect(200);
    let seen = first.client.get(&at(first, "")).await.expect(200);
    assert_eq!(seen["offers"].as_array().unwrap().len(), 1, "a competitor's offer is not seen: {seen}");
    // Closed, no more offers; shares by rule, with reasons; nothing beyond what was offered.
    market.shares(&open, "cheapest").await.expect_problem(409, "request_state");
    let closed = market.step(&open, "close").await.expect(200);
    market.offer(second, &open, 24_000, &[1_000, 1_000]).await.expect_problem(409, "request_state");
    second.client.delete(&at(second, "/offer")).await.expect_problem(409, "request_state");
    let acceptance = market.path(&format!("requests/{}/acceptance", text(&draft, "id")));
    let version = |of: &Value| json!({"version": of["version"]});
    market.owner.post(&acceptance, version(&closed)).await.expect_problem(409, "shares_missing");
    let shared = market.shares(&closed, "cheapest").await.expect(200);
    let of = |shared: &Value, grower: &Seller| -> Vec<i64> {
        let offers = shared["offers"].as_array().unwrap();
        let own = offers.iter().find(|one| one["cooperative_id"] == grower.cooperative.as_str()).unwrap();
        own["shares"].as_array().unwrap().iter().map(|share| share["grams"].as_i64().unwrap() / 1000).collect()
    };
    assert_eq!((of(&shared, second), of(&shared, first)), (vec![400, 600], vec![600, 400]));
    assert_eq!(shared["missing"], json!([0, 0]));
    let equal = market.shares(&shared, "equal").await.expect(200);
    assert_eq!(
        of(&equal, first).iter().zip(of(&equal, second)).map(|(a, b)| a + b).collect::<Vec<_>>(),
        [1_000, 1_000]
    );
    // Everybody who offered sees all shares and their reasons, and nobody another's price.
    let seen = first.client.get(&at(first, "")).await.expect(200);
    assert_eq!(seen["offers"].as_array().unwrap().len(), 2);
    assert!(!seen.to_string().contains("25000"), "{seen}");
    let reasons = &seen["offers"][0]["shares"][0]["reason_vi"];
    assert!(reasons.as_str().unwrap().contains("chia đều"), "{reasons}");
    market.server.message_to(&mailbox, "Phần của bạn trong").await;
    // Two agree at once: one does; what was agreed to stands.
    let answers = join_all((0..3).map(|_| market.owner.post(&acceptance, version(&equal)))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409]);
    let agreed = market.owner.get(&market.path(&format!("requests/{}", text(&draft, "id")))).await.expect(200);
    market.step(&agreed, "cancel").await.expect_problem(409, "request_state");
    market.server.message_to(&mailbox, "Người mua đồng ý").await;
    contracts(&market, &agreed).await;
}

/// Each cooperative has a contract of its own, which it signs or declines once; figures of the paper are those of the shares.
async fn contracts(market: &Market, agreed: &Value) {
    let (first, second) = (&market.growers[0], &market.growers[1]);
    let buyers =
        market.owner.get(&market.path(&format!("requests/{}/contracts", text(agreed, "id")))).await.expect(200);
    let all = buyers["items"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    for contract in all {
        let (grams, price, total) = (&contract["grams"], &contract["price"], &contract["total"]);
        assert_eq!(total.as_i64().unwrap(), grams.as_i64().unwrap() / 1000 * price.as_i64().unwrap(), "{contract}");
        assert_eq!((&contract["state"], &contract["credit_days"]), (&json!("proposed"), &json!(30)));
    }
    let whole: i64 = all.iter().map(|contract| contract["grams"].as_i64().unwrap()).sum();
    assert_eq!(whole, 2_000_000);
    let own = |of: &Seller| all.iter().find(|one| one["cooperative_id"] == of.cooperative.as_str()).unwrap().clone();
    let answer = |of: &Seller, contract: &Value| of.path(&format!("contracts/{}/answer", text(contract, "id")));
    let (mine, others) = (own(first), own(second));
    first.client.post(&answer(first, &others), json!({"agree": true})).await.expect_problem(404, "not_found");
    second.client.post(&answer(second, &others), json!({"agree": false})).await.expect_problem(422, "invalid");
    let path = answer(first, &mine);
    let signed = join_all((0..3).map(|_| first.client.post(&path, json!({"agree": true})))).await;
    assert_eq!(signed.iter().filter(|answer| answer.status == 200).count(), 1);
    let no = json!({"agree": false, "reason": "Mất mùa vì mưa đá"});
    second.client.post(&answer(second, &others), no).await.expect(200);
    market.server.message_to("mua-hang@songda.example.vn", "Mất mùa vì mưa đá").await;
    let paper = |of: &Seller, contract: &Value| of.path(&format!("contracts/{}/pdf", text(contract, "id")));
    let (status, headers, bytes) = first.client.bytes(&paper(first, &mine)).await;
    assert!(status == 200 && bytes.starts_with(b"%PDF-1.") && headers["content-type"] == "application/pdf");
    first.client.get(&paper(first, &others)).await.expect_problem(404, "not_found");
    let buyers = market.path(&format!("contracts/{}/pdf", text(&others, "id")));
    assert_eq!(market.owner.bytes(&buyers).await.0, 200);
    let stranger = market.server.new_buyer("to-mo@example.vn").await;
    stranger.get(&buyers).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_chosen_request_is_seen_by_the_chosen_alone_and_never_promises_what_is_not_there() {
    let market = Market::open().await;
    let (first, second) = (&market.growers[0], &market.growers[1]);
    store(&market.server, first, 300).await;
    let mut body = market.request(&[1_000]);
    body["audience"] = json!([first.cooperative]);
    let made = market.owner.post(&market.path("requests"), body).await.expect(201);
    let open = market.step(&made, "publish").await.expect(200);
    let at = |grower: &Seller| grower.path(&format!("requests/{}", text(&open, "id")));
    second.client.get(&at(second)).await.expect_problem(404, "not_found");
    market.offer(second, &open, 20_000, &[500]).await.expect_problem(404, "not_found");
    let listed = second.client.get(&second.path("requests")).await.expect(200);
    assert!(!listed.to_string().contains(&text(&open, "id")));
    market.offer(first, &open, 20_000, &[1_000]).await.expect(200);
    let closed = market.step(&open, "close").await.expect(200);
    let shared = market.shares(&closed, "fair_by_forecast").await.expect(200);
    let given = shared["offers"][0]["shares"][0]["grams"].as_i64().unwrap();
    assert!(given <= 300_000 && given > 0, "no more than there is on the shelf: {given}");
    assert_eq!(shared["missing"][0].as_i64().unwrap(), 950_000 - given);
    // Opened again, the shares are gone, and the offer may change.
    let reopened = market.step(&shared, "reopen").await.expect(200);
    assert_eq!((reopened["missing"].as_array().unwrap().len(), &reopened["rule"]), (0, &Value::Null));
    let offered = first.client.get(&at(first)).await.expect(200);
    let mut anew = json!({"version": offered["offers"][0]["version"], "product_id": first.product, "price": 19_000, "box_grams": 10_000, "valid_until": day(30)});
    anew["windows"] = json!([{"window_id": open["windows"][0]["id"], "grams": 200_000}]);
    first.client.put(&format!("{}/offer", at(first)), anew).await.expect(200);
    first.client.delete(&format!("{}/offer", at(first))).await.expect(204);
    let closed = market
        .step(&market.owner.get(&market.path(&format!("requests/{}", text(&open, "id")))).await.expect(200), "close")
        .await
        .expect(200);
    market.shares(&closed, "equal").await.expect_problem(409, "nothing_offered");
    // By hand, of an offer there is, no more than was offered; another organisation reaches nothing.
    let other = market.server.new_buyer("khac@example.vn").await;
    let foreign = other.post("/v1/business", facts("5400777666")).await.expect(201);
    let reach = format!("/v1/business/{}/requests/{}", text(&foreign, "id"), text(&open, "id"));
    other.get(&reach).await.expect_problem(404, "not_found");
    other.get(&market.path(&format!("requests/{}", text(&open, "id")))).await.expect_problem(403, "forbidden");
    let again = market.published(&[500]).await;
    market.offer(first, &again, 18_000, &[250]).await.expect(200);
    let closed = market.step(&again, "close").await.expect(200);
    let by_hand = json!({"version": closed["version"], "rule": "by_hand", "chosen": [{"offer_id": closed["offers"][0]["id"], "window_id": closed["windows"][0]["id"], "grams": 400_000}]});
    let chosen =
        market.owner.post(&market.path(&format!("requests/{}/shares", text(&again, "id"))), by_hand).await.expect(200);
    assert_eq!(chosen["offers"][0]["shares"][0]["grams"], 250_000);
}

/// A lead asks another to offer with it: one price, a contract each.
#[tokio::test]
async fn offers_are_gathered_under_one_answer() {
    let market = Market::open().await;
    let (lead, member) = (&market.growers[0], &market.growers[1]);
    store(&market.server, lead, 5_000).await;
    store(&market.server, member, 5_000).await;
    let open = market.published(&[1_000]).await;
    let at = |grower: &Seller, rest: &str| grower.path(&format!("requests/{}{rest}", text(&open, "id")));
    let offer = |grower: &Seller, kilograms: i64, more: Value| {
        let mut body = json!({"product_id": grower.product, "price": 30_000, "box_grams": 10_000, "valid_until": day(30), "conditions": "Giao buổi sáng",
            "windows": [{"window_id": open["windows"][0]["id"], "grams": kilograms * 1_000}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (client, path) = (grower.client.clone(), at(grower, "/offer"));
        async move { client.put(&path, body).await }
    };
    let near = lead.client.get(&at(lead, "/neighbours")).await.expect(200);
    assert!(near.to_string().contains(&member.cooperative), "{near}");
    // Nobody stands under an answer that did not ask; nobody who cannot serve it is asked.
    let told = offer(member, 300, json!({"lead_id": lead.cooperative})).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/lead_id");
    let honey = market.server.seller_of("mat-ong-rung-hop-tien").await;
    let told = offer(lead, 700, json!({"gathers": [honey.cooperative]})).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/gathers/0");
    let lesser = json!([{"grade": "Loại 2", "price": 24_000}]);
    let made = offer(lead, 700, json!({"gathers": [member.cooperative], "grades": lesser})).await.expect(200);
    let mailbox = text(&member.client.get("/v1/me").await.expect(200), "email");
    market.server.message_to(&mailbox, "mời hợp tác xã chào chung").await;
    // Who was asked sees the terms, and takes them over whatever he writes.
    let seen = member.client.get(&at(member, "")).await.expect(200);
    assert_eq!((&seen["leads"][0]["price"], &seen["leads"][0]["grades"]), (&json!(30_000), &lesser));
    let joined = offer(member, 300, json!({"lead_id": lead.cooperative, "price": 99_000})).await.expect(200);
    let own =
        joined["offers"].as_array().unwrap().iter().find(|one| one["cooperative_id"] == member.cooperative.as_str());
    assert_eq!((&own.unwrap()["price"], &own.unwrap()["grades"]), (&json!(30_000), &lesser));
    // What was joined stands; how much the lead itself brings may change.
    let version = made["offers"][0]["version"].clone();
    let dearer = json!({"version": version, "price": 31_000, "gathers": [member.cooperative]});
    let told = offer(lead, 700, dearer).await.expect_problem(409, "supply_offer_leads");
    assert_eq!(told["joined"], 1);
    let more = json!({"version": version, "gathers": [member.cooperative], "grades": lesser});
    let whole = offer(lead, 800, more).await.expect(200);
    assert_eq!(whole["offers"].as_array().unwrap().len(), 2, "a lead sees what stands under its answer: {whole}");
    // The buyer sees one answer of both, and each has a contract of its own.
    let closed = market.step(&open, "close").await.expect(200);
    let under = closed["offers"].as_array().unwrap().iter().find(|one| !one["lead_id"].is_null()).unwrap();
    assert_eq!(under["lead_id"], lead.cooperative.as_str());
    let shared = market.shares(&closed, "fair_by_forecast").await.expect(200);
    let acceptance = market.path(&format!("requests/{}/acceptance", text(&open, "id")));
    market.owner.post(&acceptance, json!({"version": shared["version"]})).await.expect(200);
    let contracts = market.owner.get(&market.path(&format!("requests/{}/contracts", text(&open, "id")))).await;
    let contracts = contracts.expect(200)["items"].as_array().unwrap().clone();
    assert_eq!(contracts.len(), 2);
    assert!(contracts.iter().all(|one| one["grades"] == lesser && one["price"] == 30_000), "{contracts:?}");
    // A lead that withdraws leaves the others' offers standing.
    let again = market.published(&[1_000]).await;
    let at = |grower: &Seller, rest: &str| grower.path(&format!("requests/{}{rest}", text(&again, "id")));
    let body = |grower: &Seller, more: (&str, Value)| {
        json!({"product_id": grower.product, "price": 30_000, "box_grams": 10_000, "valid_until": day(30), more.0: more.1,
            "windows": [{"window_id": again["windows"][0]["id"], "grams": 300_000}]})
    };
    lead.client.put(&at(lead, "/offer"), body(lead, ("gathers", json!([member.cooperative])))).await.expect(200);
    member.client.put(&at(member, "/offer"), body(member, ("lead_id", json!(lead.cooperative)))).await.expect(200);
    lead.client.delete(&at(lead, "/offer")).await.expect(204);
    let left = member.client.get(&at(member, "")).await.expect(200);
    let own = &left["offers"][0];
    assert_eq!((&own["lead_id"], &own["state"], &left["leads"]), (&Value::Null, &json!("offered"), &Value::Null));
}
