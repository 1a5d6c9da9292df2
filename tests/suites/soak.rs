//! An hour of a market (`tests/soak hour`): guests look and search, buyers buy and pay, cooperatives pack, deliver, give money back and
//! read sheets in, lots are recalled, everything due is paid out. Nobody may see an error, memory stays flat, the books agree.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::{Basket, Gateway, Seller, Server};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::imports::{import, read_in};
use crate::payouts::{admins, bank_accounts, make};
use crate::traceability::{harvest, text};

const PRODUCTS: [&str; 2] = ["buoi-dien-du-sang", "mat-ong-rung-hop-tien"];
const LOOKS: [&str; 12] = [
    "/v1/products?limit=20",
    "/v1/products?q=buoi",
    "/v1/products?q=m%E1%BA%ADt%20ong&sort=price_asc",
    "/v1/products?star=3&limit=50",
    "/v1/products/buoi-dien-du-sang",
    "/v1/categories",
    "/v1/admin-units?q=du%20sang",
    "/",
    "/p/buoi-dien-du-sang",
    "/?q=cam",
    "/privacy",
    "/map",
];

/// What was done, by name.
#[derive(Clone, Default)]
struct Done(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Done {
    async fn note(&self, what: &'static str) {
        *self.0.lock().await.entry(what).or_default() += 1;
    }
}

/// Everything somebody needs who takes part; tokens last a quarter of an hour, so each signs in again.
#[derive(Clone)]
struct Market {
    server: Arc<Server>,
    done: Done,
    until: Instant,
}

impl Market {
    fn is_open(&self) -> bool {
        Instant::now() < self.until
    }

    async fn look(self, from: usize) {
        let client = self.server.client();
        for path in LOOKS.iter().cycle().skip(from) {
            if !self.is_open() {
                return;
            }
            let status = client.get(path).await.status;
            assert_eq!(status, 200, "{path}");
            self.done.note("looked").await;
            sleep(Duration::from_millis(40)).await;
        }
    }

    /// Buys of two cooperatives, pays by gateway or in cash; then it is delivered, or called off, or some money goes back.
    async fn buy(self, number: usize) {
        let offers = [self.server.offer(PRODUCTS[0], 0).await, self.server.offer(PRODUCTS[1], 0).await];
        let mut round = number;
        while self.is_open() {
            let sellers = [self.server.seller_of(PRODUCTS[0]).await, self.server.seller_of(PRODUCTS[1]).await];
            for _ in 0..40 {
                round += 1;
                if !self.is_open() {
                    return;
                }
                self.purchase(&offers, &sellers, round).await;
                sleep(Duration::from_millis(150)).await;
            }
        }
    }

    async fn purchase(&self, offers: &[String; 2], sellers: &[Seller; 2], round: usize) {
        let quantity = i64::try_from(1 + round % 3).unwrap();
        let basket = self.server.basket(&[(&offers[0], quantity), (&offers[1], 1)]).await;
        let by_gateway = round.is_multiple_of(2);
        let purchase = basket.buy_by(if by_gateway { "vnpay" } else { "cash_on_delivery" }).await;
        self.done.note("bought").await;
        if by_gateway {
            let payment = basket.pay(&purchase, "vnpay", "once").await.expect(201);
            let total = purchase["total"]["amount"].as_i64().unwrap();
            let ipn = Gateway::ipn(&text(&payment, "reference"), total, "00");
            // A gateway repeats itself.
            assert_eq!(Gateway::tell(&basket.client, &ipn).await, "00");
            assert_eq!(Gateway::tell(&basket.client, &ipn).await, "02");
            self.done.note("paid").await;
        }
        for order in purchase["orders"].as_array().unwrap() {
            let id = text(order, "id");
            let mine = order["number"].as_str().unwrap();
            let shown = basket.client.get(&Basket::link(order)).await.expect(200);
            assert_eq!(shown["number"], mine);
            let seller =
                sellers.iter().find(|seller| shown["cooperative"]["id"] == seller.cooperative.as_str()).unwrap();
            match round % 7 {
                0 => {
                    let cancel = Basket::link(order).replace('?', "/cancel?");
                    basket.client.post(&cancel, json!({"reason": "đặt nhầm"})).await.expect(200);
                    self.done.note("called off").await;
                }
                1 if by_gateway => {
                    seller.deliver(&id).await;
                    let refund = json!({"amount": 5_000, "delivery": false, "note": "Hộp bị móp"});
                    let path = seller.path(&format!("orders/{id}/refunds"));
                    seller.client.clone().header("idempotency-key", &id).post(&path, refund).await.expect(201);
                    self.done.note("given back").await;
                }
                _ => {
                    seller.deliver(&id).await;
                    self.done.note("delivered").await;
                }
            }
        }
        for (seller, offer) in sellers.iter().zip(offers) {
            if round.is_multiple_of(25) {
                seller.set_available(offer, 5_000).await;
            }
        }
    }

    /// The same goods with other prices and counts, so that the catalogue does not grow by it.
    async fn import(self) {
        let sheet = crate::imports::sheet(&self.server).await;
        while self.is_open() {
            let shop = self.server.seller_of("hat-doi").await;
            for round in 0..20 {
                if !self.is_open() {
                    return;
                }
                let changed = sheet.replace("60000", &(60_000 + round * 1_000).to_string());
                let job = import(&shop, "products", changed.into_bytes()).await;
                let job = read_in(&shop, &job).await;
                assert_eq!(job["state"], "done", "{job}");
                self.done.note("sheets read in").await;
                sleep(Duration::from_secs(5)).await;
            }
        }
    }

    /// A harvest, some of it sold and sent, all of it taken back.
    async fn recall(self) {
        let offer = self.server.offer("hat-doi", 0).await;
        for round in 0.. {
            if !self.is_open() {
                return;
            }
            let shop = self.server.seller_of("hat-doi").await;
            shop.set_available(&offer, 0).await;
            harvest(&shop, &offer, &format!("S{round}"), 12).await;
            let basket = self.server.basket(&[(&offer, 2)]).await;
            let order = basket.buy().await["orders"][0].clone();
            shop.deliver(&text(&order, "id")).await;
            let recall = json!({"lots": {"codes": [format!("S{round}")]}, "reason": "Dư lượng thuốc vượt mức", "advice": "Không ăn"});
            let client = shop.client.clone().header("idempotency-key", &format!("recall-{round}"));
            client.post(&shop.path("recalls"), recall).await.expect(201);
            self.done.note("recalls").await;
            sleep(Duration::from_secs(10)).await;
        }
    }

    /// At half-time, once, for there is one run a day: one makes it, another approves it, the bank pays.
    async fn pay_out(self) {
        sleep((self.until - Instant::now()) / 2).await;
        let (admin, second) = admins(&self.server).await;
        let batch = make(&admin, "run").await.expect(201);
        let path = format!("/v1/admin/payout-batches/{}", text(&batch, "id"));
        second.post(&path, json!({"step": "approve"})).await.expect(200);
        for payout in batch["payouts"].as_array().unwrap() {
            let paid = json!({"outcome": "paid", "bank_reference": format!("FT-{}", text(payout, "reference"))});
            second.post(&format!("/v1/admin/payouts/{}", text(payout, "id")), paid).await.expect(200);
            self.done.note("payouts").await;
        }
    }
}

fn mean(samples: &[u64]) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "megabytes")]
    let (sum, count) = (samples.iter().sum::<u64>() as f64, samples.len() as f64);
    sum / count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "an hour: tests/soak hour"]
async fn an_hour_of_a_market_leaves_memory_flat_and_the_books_right() {
    let minutes = std::env::var("MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let gateway = Gateway::new().await;
    let settings = gateway.settings().set("OCOP_PAYOUT_HOLD_DAYS", 0).set("OCOP_PAYOUT_MINIMUM", 1_000);
    let server = Arc::new(Server::with(settings).await);
    bank_accounts(&server).await;
    for product in PRODUCTS {
        let offer = server.offer(product, 0).await;
        server.seller_of(product).await.set_available(&offer, 5_000).await;
    }
    let done = Done::default();
    let until = Instant::now() + Duration::from_secs(60 * minutes);
    let market = Market { server: server.clone(), done: done.clone(), until };
    let mut everybody = JoinSet::new();
    for from in 0..3 {
        everybody.spawn(market.clone().look(from * 4));
        everybody.spawn(market.clone().buy(from * 100));
    }
    everybody.spawn(market.clone().import());
    everybody.spawn(market.clone().recall());
    everybody.spawn(market.clone().pay_out());

    let mut memory = Vec::new();
    let mut told = Instant::now();
    while market.is_open() {
        sleep(Duration::from_secs(2)).await;
        memory.push(server.memory_mb());
        if let Some(ended) = everybody.try_join_next() {
            ended.unwrap();
        }
        if told.elapsed() > Duration::from_mins(1) {
            told = Instant::now();
            println!("{} MB; {:?}", memory.last().unwrap(), done.0.lock().await);
        }
    }
    while let Some(ended) = everybody.join_next().await {
        ended.unwrap();
    }
    crate::payments::until(&server, "SELECT COUNT(*) FROM outbox WHERE delivered_at IS NULL", 0).await;
    server.assert_books_agree();
    assert!(!server.log().contains("ERROR"), "{}", server.log());
    let done = done.0.lock().await.clone();
    for what in
        ["looked", "bought", "paid", "delivered", "called off", "given back", "sheets read in", "recalls", "payouts"]
    {
        assert!(done.get(what).is_some_and(|count| *count > 0), "nothing was {what}: {done:?}");
    }
    // The first quarter of an hour fills what is meant to be kept: answers, pages of tables. In less it is still being filled.
    let filling = if minutes < 45 { 30.0 } else { 10.0 };
    let quarter = memory.len() / 4;
    let (early, late) = (mean(&memory[quarter..2 * quarter]), mean(&memory[3 * quarter..]));
    println!("{minutes} minutes: {done:?}; memory {early:.0} MB in the second quarter, {late:.0} MB in the last");
    assert!(late <= early * 1.1 + filling, "memory grew from {early:.0} to {late:.0} MB");
}
