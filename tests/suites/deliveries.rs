//! What contracts bring: promised with what the shop promises, weighed on arrival, settled to the last đồng, changed by agreement only.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Basket, Client, Gateway, Seller, Server};

use crate::media::photo;
use crate::supply::{Market, crates, store};
use crate::traceability::{day, text};

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// A market with one signed contract of each of some growers.
struct Signed {
    market: Market,
    request: String,
    contracts: Vec<Value>,
}

impl Signed {
    /// Growers that offer so many kilograms for each window at 30,000 đồng; their shares agreed to.
    async fn at(market: Market, windows: &[i64], offers: &[&[i64]], terms: &[(&str, i64)]) -> Self {
        let mut body = market.request(windows);
        for (name, value) in terms {
            body[*name] = json!(value);
        }
        let made = market.owner.post(&market.path("requests"), body).await.expect(201);
        let open = market.step(&made, "publish").await.expect(200);
        for (grower, kilograms) in market.growers.iter().zip(offers) {
            market.offer(grower, &open, 30_000, kilograms).await.expect(200);
        }
        let closed = market.step(&open, "close").await.expect(200);
        let shared = market.shares(&closed, "cheapest").await.expect(200);
        let request = text(&made, "id");
        let path = market.path(&format!("requests/{request}/acceptance"));
        market.owner.post(&path, json!({"version": shared["version"]})).await.expect(200);
        let mut signed = Self { market, request, contracts: Vec::new() };
        signed.contracts = signed.list("contracts").await;
        signed
    }

    async fn list(&self, what: &str) -> Vec<Value> {
        let path = self.market.path(&format!("requests/{}/{what}", self.request));
        self.market.owner.get(&path).await.expect(200)["items"].as_array().unwrap().clone()
    }

    fn contract_of(&self, grower: &Seller) -> Value {
        let own = |one: &&Value| one["cooperative_id"] == grower.cooperative.as_str();
        self.contracts.iter().find(own).unwrap_or_else(|| panic!("no contract of {}", grower.cooperative)).clone()
    }

    async fn answer(&self, grower: &Seller, agree: bool) -> tests::Answer {
        let path = grower.path(&format!("contracts/{}/answer", text(&self.contract_of(grower), "id")));
        let body = if agree { json!({"agree": true}) } else { json!({"agree": false, "reason": "Mất mùa"}) };
        grower.client.post(&path, body).await
    }

    fn buyers(&self, delivery: &Value, rest: &str) -> String {
        self.market.path(&format!("deliveries/{}{rest}", text(delivery, "id")))
    }

    fn sellers(grower: &Seller, delivery: &Value, rest: &str) -> String {
        grower.path(&format!("deliveries/{}{rest}", text(delivery, "id")))
    }

    /// A transfer to the platform's account arrives.
    async fn pay(&self, bill: &Value) {
        let reference = text(bill, "reference");
        assert_eq!(bill["action"]["description"], reference.as_str(), "{bill}");
        let client = self.market.server.client();
        Gateway::transfer(&client, &format!("FT{reference}"), number(&bill["amount"]), &reference).await.expect(200);
    }
}

/// A market whose bills are paid by bank transfer.
async fn paid_by_transfer() -> Market {
    Market::on(Server::with(Gateway::new().await.settings()).await).await
}

/// Packs, ships and delivers what was agreed.
async fn bring(grower: &Seller, delivery: &Value) {
    grower.deliver_from("pack", &text(delivery, "order_id")).await;
}

async fn announce(grower: &Seller, crates: &str, quantity: i64, share_bp: i64) -> String {
    let body = json!({"offer_id": crates, "quantity": quantity, "share_bp": share_bp, "expected_from": day(5), "expected_to": day(12)});
    text(&grower.client.post(&grower.path("forecasts"), body).await.expect(201), "id")
}

#[tokio::test]
async fn from_the_signature_to_the_settlement_of_a_window() {
    let market = paid_by_transfer().await;
    let grower = market.growers[0].clone();
    store(&market.server, &grower, 5_000).await;
    let terms = [("deposit_bp", 2_000), ("penalty_bp", 800), ("late_bp", 100)];
    let signed = Signed::at(market, &[2_000, 1_000], &[&[2_000, 1_000]], &terms).await;
    signed.market.server.execute("UPDATE cooperative SET status = 'suspended'").await;
    signed.answer(&grower, true).await.expect_problem(409, "shop_not_active");
    signed.market.server.execute("UPDATE cooperative SET status = 'active'").await;
    let contract = signed.answer(&grower, true).await.expect(200);
    assert_eq!((number(&contract["total"]), number(&contract["deposit"]["amount"])), (90_000_000, 18_000_000));
    signed.answer(&grower, true).await.expect_problem(409, "contract_answered");
    let crate_of_ten = crates(&grower).await;
    assert_eq!(number(&grower.stock(&crate_of_ten).await["available"]), 200, "300 of 500 crates are promised");
    signed.pay(&contract["deposit"]).await;
    let deliveries = signed.list("deliveries").await;
    let first = &deliveries[0];
    assert_eq!((number(&first["grams"]), &first["order_state"]), (2_000_000, &json!("confirmed")));
    // Nobody changes it alone, and nothing is weighed before it arrived.
    let order = text(first, "order_id");
    let reason = json!({"reason": "Không giao nữa"});
    let cancel = grower.path(&format!("orders/{order}/cancel"));
    grower.client.post(&cancel, reason.clone()).await.expect_problem(409, "contract_order");
    signed.market.owner.post(&format!("/v1/orders/{order}/cancel"), reason).await.expect_problem(409, "contract_order");
    let record = json!({"received_on": day(0), "gross_g": 2_120_000, "tare_g": 120_000, "rejected_g": 80_000, "reason": "Dập khi chở", "grade": "Loại 1"});
    let weigh = signed.buyers(first, "/acceptance");
    signed.market.owner.put(&weigh, record.clone()).await.expect_problem(409, "not_delivered");
    bring(&grower, first).await;
    let mut wrong = record.clone();
    wrong["rejected_g"] = json!(2_500_000);
    let told = signed.market.owner.put(&weigh, wrong).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/rejected_g");
    let photo = signed
        .market
        .owner
        .upload(&signed.buyers(first, "/photos"), "image/jpeg", photo(400, 300, None))
        .await
        .expect(201);
    let mut record = record;
    record["photos"] = json!([photo["id"]]);
    let weighed = signed.market.owner.put(&weigh, record.clone()).await.expect(200);
    assert_eq!(number(&weighed["acceptance"]["accepted_g"]), 1_920_000);
    // The cooperative objects, the buyer weighs again, the cooperative agrees, once.
    let answer = Signed::sellers(&grower, first, "/acceptance");
    let no = json!({"version": 1, "agree": false, "reason": "Cân lại giúp"});
    grower.client.post(&answer, no).await.expect(200);
    signed.market.server.message_to("mua-hang@songda.example.vn", "Cân lại giúp").await;
    signed.market.owner.put(&weigh, record.clone()).await.expect_problem(409, "acceptance_changed");
    record["version"] = json!(2);
    signed.market.owner.put(&weigh, record).await.expect(200);
    let yes = json!({"version": 3, "agree": true});
    let answers = join_all((0..3).map(|_| grower.client.post(&answer, yes.clone()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let settled = signed.list("deliveries").await[0].clone();
    let money = &settled["acceptance"];
    // 1,920 kg at 30,000; a fifth of it from the deposit; 4 % rejected is within the tolerance of 5 %.
    assert_eq!(
        (
            number(&money["amount"]),
            number(&money["penalty"]),
            number(&money["deposit"]),
            number(&settled["bill"]["amount"])
        ),
        (57_600_000, 0, 11_520_000, 46_080_000)
    );
    signed.market.server.assert_books_agree();
    let (status, _, paper) = signed.market.owner.bytes(&signed.buyers(first, "/pdf")).await;
    assert!(status == 200 && paper.starts_with(b"%PDF"));
    signed.pay(&settled["bill"]).await;
    signed.pay(&settled["bill"]).await;
    let mailbox = text(&grower.client.get("/v1/me").await.expect(200), "email");
    for (to, words) in
        [("mua-hang@songda.example.vn", "Sàn đã nhận 46.080.000"), (mailbox.as_str(), "đã trả 46.080.000")]
    {
        signed.market.server.message_to(to, words).await;
    }
    let order = grower.client.get(&grower.path(&format!("orders/{order}"))).await.expect(200);
    assert_eq!((&order["state"], number(&order["total"]["amount"])), (&json!("completed"), 57_600_000));
    signed.market.server.assert_books_agree();
    last_window(&signed, &grower, &deliveries[1]).await;
    money_back(&signed, &deliveries[1]).await;
}

/// What goes back of a contract's order is money that came: of its bill first, then of its part of the deposit; what was set off for delay
/// never was money.
async fn money_back(signed: &Signed, delivery: &Value) {
    let admin = signed.market.server.sign_in("admin@example.vn").await;
    let path = format!("/v1/admin/orders/{}/refunds", text(delivery, "order_id"));
    let ask = async |key: &str, body: Value| admin.clone().header("idempotency-key", key).post(&path, body).await;
    // 13,920,000 by the bill and 6,480,000 of the deposit, of goods for 21,000,000.
    ask("r0", json!({"amount": 20_400_001, "note": "quá nhiều"})).await.expect_problem(409, "refund_too_much");
    let part = ask("r1", json!({"amount": 920_000, "note": "Dập thêm"})).await.expect(201);
    let amounts = |asked: &Value| -> Vec<i64> {
        let items = asked["items"].as_array().unwrap();
        items.iter().map(|one| number(&one["amount"]["amount"])).collect()
    };
    assert_eq!(amounts(&part), [920_000]);
    let rest = ask("r2", json!({"note": "Trả lại hết"})).await.expect(201);
    assert_eq!(amounts(&rest), [13_000_000, 6_480_000], "{rest}");
    ask("r3", json!({"note": "Thêm nữa"})).await.expect_problem(409, "not_paid");
    signed.market.server.assert_books_agree();
}

/// A part of a lesser grade is paid at its price; grades nobody agreed on are refused.
#[tokio::test]
async fn lesser_grades_are_paid_at_their_price() {
    let market = paid_by_transfer().await;
    let grower = market.growers[0].clone();
    store(&market.server, &grower, 5_000).await;
    let open = market.published(&[1_000]).await;
    let offer = grower.path(&format!("requests/{}/offer", text(&open, "id")));
    let mut body = json!({"product_id": grower.product, "price": 30_000, "box_grams": 10_000, "valid_until": day(30),
        "windows": [{"window_id": open["windows"][0]["id"], "grams": 1_000_000}], "grades": [{"grade": "Loại 2", "price": 30_000}]});
    let told = grower.client.put(&offer, body.clone()).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/grades/0/price");
    body["grades"] = json!([{"grade": "Loại 2", "price": 24_000}, {"grade": "Loại 3", "price": 15_000}]);
    grower.client.put(&offer, body).await.expect(200);
    let closed = market.step(&open, "close").await.expect(200);
    let shared = market.shares(&closed, "cheapest").await.expect(200);
    let acceptance = market.path(&format!("requests/{}/acceptance", text(&open, "id")));
    market.owner.post(&acceptance, json!({"version": shared["version"]})).await.expect(200);
    let mut signed = Signed { market, request: text(&open, "id"), contracts: Vec::new() };
    signed.contracts = signed.list("contracts").await;
    signed.answer(&grower, true).await.expect(200);
    let delivery = signed.list("deliveries").await[0].clone();
    bring(&grower, &delivery).await;
    let mut record = json!({"received_on": day(0), "gross_g": 1_050_000, "tare_g": 50_000, "graded": [{"grade": "Loại 4", "grams": 1_000}]});
    let weigh = signed.buyers(&delivery, "/acceptance");
    let told = signed.market.owner.put(&weigh, record.clone()).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/graded/0/grade");
    record["graded"] = json!([{"grade": "loai 2", "grams": 200_000}, {"grade": "Loại 3", "grams": 100_000}]);
    signed.market.owner.put(&weigh, record).await.expect(200);
    let path = Signed::sellers(&grower, &delivery, "/acceptance");
    grower.client.post(&path, json!({"version": 1, "agree": true})).await.expect(200);
    let settled = signed.list("deliveries").await[0].clone();
    let money = &settled["acceptance"];
    assert_eq!(number(&money["amount"]), 700 * 30_000 + 200 * 24_000 + 100 * 15_000);
    assert_eq!((&money["graded"][0]["grade"], number(&money["penalty"])), (&json!("Loại 2"), 0));
    for language in ["vi", "en"] {
        let paper = signed.buyers(&delivery, &format!("/pdf?language={language}"));
        assert_eq!(signed.market.owner.bytes(&paper).await.0, 200);
    }
    signed.pay(&settled["bill"]).await;
    signed.market.server.assert_books_agree();
}

/// Contracts proposed by an earlier release hang under no purchase: two growers sign theirs at once.
#[tokio::test]
async fn contracts_of_an_earlier_release_are_signed() {
    let market = paid_by_transfer().await;
    let growers = [market.growers[0].clone(), market.growers[1].clone()];
    for grower in &growers {
        store(&market.server, grower, 2_000).await;
    }
    let signed = Signed::at(market, &[2_000], &[&[1_000], &[1_000]], &[]).await;
    signed.market.server.execute("UPDATE supply_request SET purchase_id = NULL").await;
    let answers = join_all(growers.iter().map(|grower| signed.answer(grower, true))).await;
    for answer in answers {
        answer.expect(200);
    }
    let deliveries = signed.list("deliveries").await;
    assert_eq!(deliveries.len(), 2, "{deliveries:?}");
    let mut purchases = Vec::new();
    for delivery in &deliveries {
        let path = format!("/v1/orders/{}", text(delivery, "order_id"));
        purchases.push(text(&signed.market.owner.get(&path).await.expect(200), "purchase_id"));
    }
    assert_eq!(purchases[0], purchases[1], "one purchase for the whole request");
}

/// The last window comes late and short: what is missing and late is set off, what is left of the deposit is used or goes back.
async fn last_window(signed: &Signed, grower: &Seller, delivery: &Value) {
    bring(grower, delivery).await;
    let record = json!({"received_on": day(0), "gross_g": 700_000, "tare_g": 0, "rejected_g": 0});
    signed.market.owner.put(&signed.buyers(delivery, "/acceptance"), record).await.expect(200);
    let path = Signed::sellers(grower, delivery, "/acceptance");
    grower.client.post(&path, json!({"version": 1, "agree": true})).await.expect(200);
    let settled = signed.list("deliveries").await[1].clone();
    let money = &settled["acceptance"];
    // 700 kg; 250 kg are missing beyond the tolerance, at 8 %; everything left of the deposit is set off.
    assert_eq!((number(&money["amount"]), number(&money["penalty"])), (21_000_000, 600_000));
    assert_eq!(number(&money["deposit"]), 18_000_000 - 11_520_000);
    assert_eq!(number(&settled["bill"]["amount"]), 21_000_000 - 600_000 - 6_480_000);
    signed.pay(&settled["bill"]).await;
    signed.market.server.assert_books_agree();
    let period = format!("from={}&to={}", day(-10), day(10));
    let statement = grower.client.get(&grower.path(&format!("statements?{period}"))).await.expect(200);
    assert!(statement.to_string().contains(&text(&settled, "order_number")), "the statement leads to the order");
}

#[tokio::test]
async fn silence_is_agreement_and_a_deposit_that_is_left_goes_back() {
    let market = paid_by_transfer().await;
    let grower = market.growers[0].clone();
    store(&market.server, &grower, 5_000).await;
    let signed = Signed::at(market, &[1_000, 1_000], &[&[1_000, 1_000]], &[("deposit_bp", 5_000)]).await;
    let contract = signed.answer(&grower, true).await.expect(200);
    signed.pay(&contract["deposit"]).await;
    let deliveries = signed.list("deliveries").await;
    bring(&grower, &deliveries[0]).await;
    // The second is called off by agreement: nobody agrees to his own proposal, and the answer comes once.
    let proposal = json!({"kind": "cancel", "reason": "Mưa đá, không còn quả"});
    let path = Signed::sellers(&grower, &deliveries[1], "/changes");
    let changed = grower.client.post(&path, proposal.clone()).await.expect(201);
    grower.client.post(&path, proposal).await.expect_problem(409, "change_open");
    let change = text(&changed["change"], "id");
    grower.client.post(&format!("{path}/{change}"), json!({"agree": true})).await.expect_problem(404, "not_found");
    let answer = signed.buyers(&deliveries[1], &format!("/changes/{change}"));
    let answers = join_all((0..3).map(|_| signed.market.owner.post(&answer, json!({"agree": true})))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let crate_of_ten = crates(&grower).await;
    assert_eq!(number(&grower.stock(&crate_of_ten).await["available"]), 400, "what was called off is free again");
    let mut signed = signed;
    signed.market.server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 4 * 86_400)).await;
    signed.market.owner = signed.market.server.sign_in("mua-hang@songda.example.vn").await;
    signed.market.server.message_to("mua-hang@songda.example.vn", "Tiền hàng 30.000.000 ₫, còn phải trả 0 ₫").await;
    let settled = signed.list("deliveries").await[0].clone();
    let money = &settled["acceptance"];
    // In full, with nothing to pay beside the deposit of half of both windows.
    assert_eq!((number(&money["amount"]), number(&money["deposit"])), (30_000_000, 30_000_000));
    assert_eq!((&settled["bill"], &settled["order_state"]), (&Value::Null, &json!("completed")));
    signed.market.server.assert_books_agree();
}

#[tokio::test]
async fn who_forgets_is_reminded_once() {
    let market = paid_by_transfer().await;
    let mut grower = market.growers[0].clone();
    store(&market.server, &grower, 1_000).await;
    let mut signed = Signed::at(market, &[500], &[&[500]], &[]).await;
    signed.answer(&grower, true).await.expect(200);
    let mailbox = text(&grower.client.get("/v1/me").await.expect(200), "email");
    // The window begins in 20 days; the bill is due 30 days after it was agreed to.
    signed.market.server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 18 * 86_400)).await;
    signed.market.server.message_to(&mailbox, "giao từ ngày").await;
    signed.market.owner = signed.market.server.sign_in("mua-hang@songda.example.vn").await;
    grower.client = signed.market.server.sign_in_again(&grower).await;
    let delivery = signed.list("deliveries").await[0].clone();
    bring(&grower, &delivery).await;
    let record = json!({"received_on": day(18), "gross_g": 500_000});
    signed.market.owner.put(&signed.buyers(&delivery, "/acceptance"), record).await.expect(200);
    let path = Signed::sellers(&grower, &delivery, "/acceptance");
    grower.client.post(&path, json!({"version": 1, "agree": true})).await.expect(200);
    signed.market.server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 50 * 86_400)).await;
    signed.market.server.message_to("mua-hang@songda.example.vn", "Hạn trả của đơn").await;
    let told = |words: &str| signed.market.server.messages().iter().filter(|(_, mail)| mail.contains(words)).count();
    assert_eq!((told("giao từ ngày"), told("Hạn trả của đơn")), (1, 1));
}

#[tokio::test]
async fn a_harvest_that_falls_short_is_asked_of_others() {
    let market = paid_by_transfer().await;
    let (first, second) = (market.growers[0].clone(), market.growers[1].clone());
    store(&market.server, &first, 0).await;
    store(&market.server, &second, 0).await;
    let crate_of_ten = crates(&first).await;
    let forecast = announce(&first, &crate_of_ten, 100, 10_000).await;
    announce(&second, &crates(&second).await, 100, 10_000).await;
    let signed = Signed::at(market, &[600], &[&[600], &[600]], &[]).await;
    // Equal prices: who offered first brings all of it.
    signed.answer(&first, true).await.expect(200);
    let forecasts = first.client.get(&first.path("forecasts")).await.expect(200);
    assert_eq!(number(&forecasts["items"][0]["preordered"]), 60);
    let delivery = signed.list("deliveries").await[0].clone();
    assert_eq!((&delivery["waits"], &delivery["short"]), (&json!(true), &json!(false)));
    first.step(&text(&delivery, "order_id"), "pack").await.expect_problem(409, "harvest_awaited");
    // Forty crates only.
    let lot = json!({"product_id": first.product, "code": "VU-1", "harvested_on": day(0), "expires_on": day(40), "forecast_id": forecast, "contents": [{"offer_id": crate_of_ten, "quantity": 40}]});
    first.client.post(&first.path("lots"), lot).await.expect(201);
    let delivery = signed.list("deliveries").await[0].clone();
    assert_eq!((&delivery["short"], number(&delivery["held"])), (&json!(true), 400_000));
    let path = signed.buyers(&delivery, "/shortfall");
    let taken = signed.market.owner.post(&path, json!({"choice": "part"})).await.expect(200);
    assert_eq!((number(&taken["grams"]), &taken["short"]), (400_000, &json!(false)));
    let request =
        signed.market.owner.get(&signed.market.path(&format!("requests/{}", signed.request))).await.expect(200);
    let rest = signed.market.path(&format!("requests/{}/rest", signed.request));
    let body = json!({"version": request["version"], "rule": "cheapest"});
    let answers = join_all((0..3).map(|_| signed.market.owner.post(&rest, body.clone()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "once");
    let contracts = signed.list("contracts").await;
    let others = contracts.iter().find(|one| one["cooperative_id"] == second.cooperative.as_str()).unwrap();
    assert_eq!(number(&others["grams"]), 200_000);
    let path = second.path(&format!("contracts/{}/answer", text(others, "id")));
    second.client.post(&path, json!({"agree": true})).await.expect(200);
    let request =
        signed.market.owner.get(&signed.market.path(&format!("requests/{}", signed.request))).await.expect(200);
    let body = json!({"version": request["version"], "rule": "cheapest"});
    signed.market.owner.post(&rest, body).await.expect_problem(409, "nothing_missing");
    bring(&first, &delivery).await;
    signed.market.server.assert_books_agree();
}

#[tokio::test]
async fn the_shop_and_contracts_race_for_one_harvest_over_two_nodes() {
    let market = paid_by_transfer().await;
    let grower = market.growers[0].clone();
    store(&market.server, &grower, 0).await;
    let crate_of_ten = crates(&grower).await;
    // Half of 60 crates may be promised before the harvest.
    announce(&grower, &crate_of_ten, 60, 5_000).await;
    let first = Signed::at(market, &[200], &[&[200]], &[]).await;
    let second = first.market.server.second_node().await;
    let path = grower.path(&format!("contracts/{}/answer", text(&first.contract_of(&grower), "id")));
    let buyers = (0..15).map(|index| {
        let node = if index % 2 == 0 { first.market.server.client() } else { second.client() };
        preorder(node, &crate_of_ten, 2)
    });
    let (bought, signed) = tokio::join!(join_all(buyers), grower.client.post(&path, json!({"agree": true})));
    let retail = 2 * i64::try_from(bought.iter().filter(|bought| **bought).count()).unwrap();
    let bulk = if signed.status == 200 { 20 } else { 0 };
    let forecasts = grower.client.get(&grower.path("forecasts")).await.expect(200);
    let promised = number(&forecasts["items"][0]["preordered"]);
    assert_eq!(promised, retail + bulk);
    assert!(promised <= 30, "{promised} of 30");
    assert!(promised >= 29 || (bulk == 0 && promised >= 12), "{promised} are promised, and the rest refused");
    if signed.status != 200 {
        signed.expect_problem(409, "supply_gone");
    }
    first.market.server.assert_books_agree();
}

/// Whether a guest got so many of a harvest to come.
async fn preorder(client: Client, offer: &str, quantity: i64) -> bool {
    let items = json!({"items": [{"offer_id": offer, "quantity": quantity, "preorder": true}]});
    let cart = client.post("/v1/carts", items).await;
    if cart.status != 201 {
        return false;
    }
    let token = text(&cart.body, "token");
    let basket =
        Basket { client: client.header("x-cart-token", &token), id: text(&cart.body, "id"), token: Some(token) };
    let quote = basket.ask_quote().await;
    quote.status == 201 && basket.checkout(&text(&quote.body, "id"), &format!("pre-{}", basket.id)).await.status == 201
}
