//! Exports: quoted at a rate that stands, shipped with their papers, paid in another currency.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Client, Seller, Server};

use crate::traceability::{day, text};

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// A server with a seller of longan, an admin, and two tonnes to be sold to China in dollars.
struct Trade {
    server: Server,
    seller: Seller,
    admin: Client,
    order: Value,
}

impl Trade {
    async fn begin() -> Self {
        let server = Server::start().await;
        server.execute("DELETE FROM exchange_rate").await;
        let seller = server.seller_of("nhan-son-thuy").await;
        let admin = server.sign_in("admin@example.vn").await;
        let line = json!({"product_id": seller.product, "hs_code": "0810.90", "description": "Fresh longan", "packages": 200, "net_g": 2_000_000, "gross_g": 2_160_500, "price": 185});
        let body = json!({"buyer_name": "Guangxi Fruit Co., Ltd", "buyer_address": "88 Minzu Avenue, Nanning", "country": "CN", "currency": "USD", "incoterm": "DAP",
            "named_place": "Huu Nghi border gate", "deposit_bp": 3_000, "valid_until": day(20), "lines": [line]});
        let mut wrong = body.clone();
        wrong["lines"][0]["gross_g"] = json!(1);
        let told = seller.client.post(&seller.path("export-orders"), wrong).await.expect_problem(422, "invalid");
        assert_eq!(told["errors"][0]["pointer"], "/lines/0/gross_g");
        let order = seller.client.post(&seller.path("export-orders"), body).await.expect(201);
        Self { server, seller, admin, order }
    }

    fn path(&self, rest: &str) -> String {
        self.seller.path(&format!("export-orders/{}{rest}", text(&self.order, "id")))
    }

    async fn now(&self) -> Value {
        self.seller.client.get(&self.path("")).await.expect(200)
    }

    async fn step(&self, step: &str, reason: Option<&str>) -> tests::Answer {
        let mut body = json!({"step": step, "version": self.now().await["version"]});
        if let Some(reason) = reason {
            body["reason"] = json!(reason);
        }
        self.seller.client.post(&self.path("/steps"), body).await
    }

    async fn rate(&self, rate_e4: i64) {
        let rates =
            json!({"items": [{"currency": "USD", "day": day(0), "rate_e4": rate_e4, "source": "Ngân hàng Nhà nước"}]});
        self.admin.put("/v1/admin/exchange-rates", rates).await.expect(204);
    }

    async fn clear_the_shelf(&self) {
        let page =
            self.seller.client.get(&self.seller.path(&format!("products/{}", self.seller.product))).await.expect(200);
        for offer in page["offers"].as_array().unwrap() {
            self.seller.set_available(&text(offer, "id"), 0).await;
        }
    }

    /// 210 crates of 10 kg in two lots, the second of which expires first.
    async fn on_the_shelf(&self) -> String {
        let (client, seller) = (&self.seller.client, &self.seller);
        let pack = json!({"pack_vi": "Thùng 10 kg", "sku": "NL-XK", "unit": "box", "weight_g": 10_600, "net_g": 10_000, "price": 400_000});
        let made = client.post(&seller.path(&format!("products/{}/offers", seller.product)), pack).await.expect(201);
        let offers = made.as_array().unwrap();
        let offer =
            text(offers.iter().find(|offer| offer["net_g"] == 10_000 && offer["sku"] != "NL-T10").unwrap(), "id");
        for (code, quantity, keeps) in [("NL-1", 110, 40), ("NL-2", 100, 20)] {
            let lot = json!({"product_id": seller.product, "code": code, "harvested_on": day(0), "expires_on": day(keeps), "contents": [{"offer_id": offer, "quantity": quantity}]});
            client.post(&seller.path("lots"), lot).await.expect(201);
        }
        offer
    }

    async fn pay(&self, amount: i64, reference: &str) -> tests::Answer {
        let path = format!("/v1/admin/export-orders/{}/payments", text(&self.order, "id"));
        self.admin.post(&path, json!({"amount": amount, "reference": reference})).await
    }

    async fn paper(&self, kind: &str) {
        let body = json!({"number": "VN-1", "issued_on": day(-1), "expires_on": day(10)});
        self.seller.client.put(&self.path(&format!("/papers/{kind}")), body).await.expect(200);
    }

    async fn balance(&self, kind: &str, currency: &str) -> i64 {
        let accounts = self.admin.get("/v1/admin/ledger/accounts?limit=100").await.expect(200);
        let all = accounts["items"].as_array().unwrap();
        all.iter()
            .filter(|one| one["kind"] == kind && one["balance"]["currency"] == currency)
            .map(|one| number(&one["balance"]["amount"]))
            .sum()
    }
}

#[tokio::test]
async fn two_tonnes_of_longan_go_to_china() {
    let trade = Trade::begin().await;
    trade.step("quote", None).await.expect_problem(409, "rate_missing");
    trade.rate(254_125_000).await;
    let quoted = trade.step("quote", None).await.expect(200);
    // 2,000 kg at 1.85 USD, at 25,412.5 đồng.
    assert_eq!((number(&quoted["total"]), number(&quoted["total_dong"])), (370_000, 94_026_250));
    trade.rate(300_000_000).await;
    assert_eq!(number(&trade.now().await["rate_e4"]), 254_125_000, "the rate on the paper stands");
    let (status, _, bytes) = trade.seller.client.bytes(&trade.path("/documents/quotation")).await;
    assert!(status == 200 && bytes.starts_with(b"%PDF"));
    trade.seller.client.get(&trade.path("/documents/invoice")).await.expect_problem(404, "not_found");
    trade.step("confirm", None).await.expect(200);
    // Nothing ships without its deposit and its papers.
    trade.step("ship", None).await.expect_problem(409, "deposit_missing");
    let twice = join_all((0..3).map(|_| trade.pay(111_000, "TT-CN-1"))).await;
    assert_eq!(twice.iter().filter(|answer| answer.status == 201).count(), 1);
    trade.pay(300_000, "TT-CN-2").await.expect_problem(409, "export_payment_too_much");
    let told = trade.step("ship", None).await.expect_problem(409, "papers_missing");
    assert_eq!(told["missing"], json!(["phytosanitary", "growing_area", "packing_house", "origin"]));
    for kind in ["phytosanitary", "growing_area", "packing_house"] {
        trade.paper(kind).await;
    }
    let pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF".to_vec();
    trade
        .seller
        .client
        .upload(&trade.path("/papers/origin/file"), "application/pdf", pdf.clone())
        .await
        .expect_problem(404, "not_found");
    trade.seller.client.upload(&trade.path("/papers/phytosanitary/file"), "application/pdf", pdf).await.expect(200);
    assert_eq!(trade.seller.client.bytes(&trade.path("/papers/phytosanitary/file")).await.0, 200);
    // Nothing leaves that is not on the shelf.
    trade.clear_the_shelf().await;
    let why = Some("C/O mẫu E cấp sau khi thông quan");
    let told = trade.step("ship", why).await.expect_problem(409, "export_goods_missing");
    assert!(number(&told["missing_g"]) > 0, "{told}");
    let crates = trade.on_the_shelf().await;
    // The deposit is held; shipped with a reason, it is the cooperative's.
    assert_eq!((trade.balance("bank", "USD").await, trade.balance("deposits", "VND").await), (111_000, -28_207_875));
    let shipped = trade.step("ship", Some("C/O mẫu E cấp sau khi thông quan")).await.expect(200);
    assert_eq!(
        (&shipped["state"], &shipped["ship_reason"]),
        (&json!("shipped"), &json!("C/O mẫu E cấp sau khi thông quan"))
    );
    assert_eq!(trade.balance("deposits", "VND").await, 0);
    // The lots are named, and their history tells that they left.
    assert_eq!(shipped["lots"].as_array().unwrap().iter().map(|lot| number(&lot["grams"])).sum::<i64>(), 2_000_000);
    assert_eq!(number(&trade.seller.stock(&crates).await["available"]), 10);
    let acts = "SELECT COUNT(*) FROM trace_event e JOIN export_order o ON o.number = e.note WHERE e.act IN ('packed', 'shipped')";
    assert_eq!(trade.server.count(acts).await, 2);
    trade.step("cancel", None).await.expect_problem(409, "export_state");
    let closed = trade.pay(259_000, "TT-CN-3").await.expect(201);
    assert_eq!((&closed["state"], number(&closed["paid"])), (&json!("closed"), 370_000));
    // Changed at the bank for more than it was taken for: the difference stands on an account of its own.
    let change = json!({"currency": "USD", "amount": 370_000, "dong": 94_800_000, "reference": "FX-1"});
    trade.admin.post("/v1/admin/exchange-rates/changes", change.clone()).await.expect(204);
    trade.admin.post("/v1/admin/exchange-rates/changes", change).await.expect_problem(409, "money_change_known");
    assert_eq!(trade.balance("exchange_difference", "VND").await, -(94_800_000 - 94_026_250));
    assert_eq!((trade.balance("bank", "USD").await, trade.balance("exchange", "VND").await), (0, 0));
    let statement = trade
        .seller
        .client
        .get(&trade.seller.path(&format!("statements?from={}&to={}", day(-1), day(1))))
        .await
        .expect(200);
    let lines = statement["lines"].as_array().unwrap();
    let own: i64 =
        lines.iter().filter(|line| text(line, "event").starts_with("export")).map(|line| number(&line["amount"])).sum();
    assert_eq!(own, 94_026_250, "the paper's đồng are the cooperative's: {statement}");
    trade.server.assert_books_agree();
    let stranger = trade.server.seller_of("mat-ong-rung-hop-tien").await;
    let foreign = stranger.path(&format!("export-orders/{}", text(&trade.order, "id")));
    stranger.client.get(&foreign).await.expect_problem(404, "not_found");
}

/// A table of rates comes in whole, as people write it, or not at all.
#[tokio::test]
async fn rates_come_in_by_a_table() {
    let trade = Trade::begin().await;
    let table = |rate: &str| {
        format!("Ngoại tệ;Ngày;Tỷ giá;Nguồn\nUSD;29/11/2026;{rate};NHNN\nJPY;29/11/2026;168,09;NHNN\n").into_bytes()
    };
    let path = "/v1/admin/exchange-rates/import";
    let kind = "application/octet-stream";
    let told = trade.admin.upload(path, kind, table("nhiều")).await.expect_problem(422, "invalid");
    assert!(text(&told["errors"][0], "pointer").starts_with("/rows/2"), "{told}");
    let none = trade.admin.get("/v1/admin/exchange-rates").await.expect(200);
    assert_eq!(none["items"], json!([]));
    let read = trade.admin.upload(path, kind, table("25.412,5")).await.expect(201);
    assert_eq!((number(&read["items"][0]["rate_e4"]), number(&read["items"][1]["rate_e4"])), (254_125_000, 1_680_900));
    trade.seller.client.upload(path, kind, table("25.412,5")).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn what_came_goes_back_at_the_paper_s_rate() {
    let trade = Trade::begin().await;
    trade.rate(254_125_000).await;
    trade.step("quote", None).await.expect(200);
    for (amount, reference) in [(33_333, "A-1"), (33_333, "A-2"), (44_334, "A-3")] {
        trade.pay(amount, reference).await.expect(201);
    }
    // Parts add up to the paper's đồng.
    assert_eq!(trade.balance("deposits", "VND").await, -28_207_875);
    trade.step("cancel", None).await.expect_problem(409, "export_state");
    // Some of it was changed at another rate meanwhile.
    let change = json!({"currency": "USD", "amount": 11_000, "dong": 2_900_000, "reference": "FX-2"});
    trade.admin.post("/v1/admin/exchange-rates/changes", change).await.expect(204);
    trade.pay(-111_000, "B-1").await.expect_problem(409, "too_little_held");
    trade.pay(-100_000, "B-2").await.expect(201);
    trade.server.assert_books_agree();
    assert_eq!(trade.balance("deposits", "VND").await, -2_795_375, "at 25,412.5 for 110 dollars");
    assert_eq!((trade.balance("bank", "USD").await, trade.balance("exchange", "VND").await), (0, 0));
    trade.seller.client.put(&trade.path(""), json!({})).await.expect_problem(422, "invalid");
}
