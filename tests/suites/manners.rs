//! Purchases and a gateway with bad manners: its word comes one to five times, in any order, forged, with a
//! wrong amount, late, and while the server is killed. What was paid is captured once, and the books agree to the đồng.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use futures_util::stream;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Basket, Client, Gateway, Server, address};
use tokio::sync::Mutex;

const KILLS: usize = 8;
const AT_ONCE: usize = 12;

/// What becomes of a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Paid,
    /// The buyer called it off.
    CalledOff,
    /// Only forgers and liars speak of it.
    Unpaid,
    /// Told hours after it expired.
    Late,
}

struct Purchase {
    fate: Fate,
    reference: String,
    total: i64,
}

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

async fn post(client: &Client, path: &str, body: Value) -> Value {
    client.post(path, body).await.expect(201)
}

async fn purchase(client: Client, offers: Arc<Vec<String>>, number: usize) -> (String, i64) {
    let items = json!([{"offer_id": offers[number % 3], "quantity": 1 + number % 3}, {"offer_id": offers[(number + 1) % 3], "quantity": 1}]);
    let cart = post(&client, "/v1/carts", json!({"items": items})).await;
    let client = client.header("x-cart-token", cart["token"].as_str().unwrap());
    let basket = Basket { client, id: cart["id"].as_str().unwrap().to_owned(), token: None };
    let quote = post(&basket.client, &basket.path("/quote"), json!({"address": address()})).await;
    let mut form = basket.order_form(quote["id"].as_str().unwrap());
    form["payment_method"] = "vnpay".into();
    let bought = post(&basket.client.clone().header("idempotency-key", &basket.id), "/v1/checkouts", form).await;
    let payment = basket.pay(&bought, "vnpay", "once").await.expect(201);
    (payment["reference"].as_str().unwrap().to_owned(), bought["total"]["amount"].as_i64().unwrap())
}

/// What the gateway (and others) will say, in any order. The word that counts comes last in no particular place.
fn words(purchases: &[Purchase], late: bool, dice: &mut Dice) -> Vec<(String, &'static [&'static str])> {
    let mut all = Vec::new();
    for purchase in purchases.iter().filter(|purchase| (purchase.fate == Fate::Late) == late) {
        let Purchase { reference, total, fate } = purchase;
        let mut say = |path: String, times: u64, heard: &'static [&'static str]| {
            all.extend((0..times).map(|_| (path.clone(), heard)));
        };
        match fate {
            Fate::Paid | Fate::Late => say(Gateway::ipn(reference, *total, "00"), 1 + dice.roll(5), &["00", "02"]),
            Fate::CalledOff => say(Gateway::ipn(reference, *total, "24"), 1 + dice.roll(5), &["00", "02"]),
            Fate::Unpaid => {}
        }
        if dice.roll(3) == 0 || *fate == Fate::Unpaid {
            say(Gateway::forged_ipn(reference, *total), 1 + dice.roll(3), &["97"]);
        }
        if dice.roll(5) == 0 || *fate == Fate::Unpaid {
            say(Gateway::ipn(reference, total + 1_000, "00"), 1 + dice.roll(2), &["04"]);
        }
        // A failure may come before or after the success.
        if *fate == Fate::Paid && dice.roll(5) == 0 {
            say(Gateway::ipn(reference, *total, "24"), 1, &["00", "02"]);
        }
    }
    for place in (1..all.len()).rev() {
        all.swap(place, usize::try_from(dice.roll(place as u64 + 1)).unwrap());
    }
    all
}

/// Says everything, again and again where no answer came, while the server is killed so many times.
async fn deliver(server: &mut Server, words: Vec<(String, &'static [&'static str])>, kills: usize) {
    let heard: Arc<Mutex<HashMap<String, Vec<String>>>> = Arc::default();
    let mut waiting = words;
    for round in 0..=kills {
        let client = server.client();
        let count = if round == kills { waiting.len() } else { waiting.len() / (kills - round + 1) };
        let rest = waiting.split_off(count);
        let lost = Arc::new(Mutex::new(Vec::new()));
        let said = Arc::new(AtomicUsize::new(0));
        let all = stream::iter(waiting).for_each_concurrent(AT_ONCE, |(path, expected)| {
            let (client, lost, said, heard) = (client.clone(), lost.clone(), said.clone(), heard.clone());
            async move {
                said.fetch_add(1, Ordering::Relaxed);
                match Client::try_send(client.request(Method::GET, &path)).await {
                    Some(answer) if answer.status == 200 => {
                        let code = answer.body["RspCode"].as_str().unwrap().to_owned();
                        assert!(expected.contains(&code.as_str()), "{code} for {path}, not {expected:?}");
                        heard.lock().await.entry(path).or_default().push(code);
                    }
                    // Not acknowledged: it will be said again.
                    _ => lost.lock().await.push((path, expected)),
                }
            }
        });
        if round == kills {
            all.await;
        } else {
            let half = count / 2;
            let killer = async {
                while said.load(Ordering::Relaxed) < half {
                    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                }
                server.kill();
            };
            tokio::join!(all, killer);
            server.run().await;
        }
        waiting = rest;
        waiting.extend(std::mem::take(&mut *lost.lock().await));
    }
    assert!(waiting.is_empty(), "{} words were not acknowledged", waiting.len());
    // Of what was said several times, at most one was the first.
    for (path, codes) in heard.lock().await.iter() {
        assert!(codes.iter().filter(|code| *code == "00").count() <= 1, "{path}: {codes:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purchases_through_a_gateway_with_bad_manners() {
    let gateway = Gateway::new().await;
    let mut server = Server::with(gateway.settings().set("OCOP_LOG", "error")).await;
    let products = ["hat-doi", "mat-ong-rung-hop-tien", "tinh-dau-sa"];
    let mut offers = Vec::new();
    for product in products {
        let offer = server.offer(product, 0).await;
        server.seller_of(product).await.set_available(&offer, 900_000).await;
        offers.push(offer);
    }
    let (client, offers, mut dice) = (server.client(), Arc::new(offers), Dice(20_261_124));
    let bought: Vec<(String, i64)> = stream::iter(0..tests::size(2_000, 130))
        .map(|number| tokio::spawn(purchase(client.clone(), offers.clone(), number)))
        .buffered(AT_ONCE)
        .map(|joined| joined.unwrap())
        .collect()
        .await;
    let purchases: Vec<Purchase> = bought
        .into_iter()
        .map(|(reference, total)| {
            let fate = match dice.roll(20) {
                0..=13 => Fate::Paid,
                14..=15 => Fate::CalledOff,
                16..=17 => Fate::Unpaid,
                _ => Fate::Late,
            };
            Purchase { fate, reference, total }
        })
        .collect();
    let of = |fates: &[Fate]| {
        let ours = purchases.iter().filter(|purchase| fates.contains(&purchase.fate));
        ours.fold((0_i64, 0), |(count, sum), purchase| (count + 1, sum + purchase.total))
    };
    deliver(&mut server, words(&purchases, false, &mut dice), KILLS).await;
    let captured = "SELECT COUNT(*) FROM payment WHERE state = 'captured' AND method = 'vnpay' AND NOT surplus";
    assert_eq!(server.count(captured).await, of(&[Fate::Paid]).0);
    let placed = "SELECT COUNT(DISTINCT purchase_id) FROM orders WHERE state = 'placed' AND paid_at IS NOT NULL AND earned_at IS NULL";
    assert_eq!(server.count(placed).await, of(&[Fate::Paid]).0);
    server.assert_books_agree();

    // Hours later the rest is told. It had expired; its goods are still there.
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 3 * 3_600)).await;
    for _ in 0..600 {
        if server.count("SELECT COUNT(*) FROM orders WHERE state = 'awaiting_payment'").await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert_eq!(server.count("SELECT COUNT(*) FROM orders WHERE state = 'awaiting_payment'").await, 0);
    deliver(&mut server, words(&purchases, true, &mut dice), 2).await;
    let (count, sum) = of(&[Fate::Paid, Fate::Late]);
    assert_eq!(server.count(captured).await, count);
    assert_eq!(server.count(placed).await, count);
    let held = "SELECT CAST(-balance AS bigint) FROM ledger_account WHERE kind = 'buyer_funds'";
    assert_eq!(server.count(held).await, sum, "every đồng that was paid is held");
    assert_eq!(server.count("SELECT COUNT(*) FROM refund").await, 0);
    let journals = "SELECT COUNT(*) FROM journal WHERE kind = 'captured' AND subject_id IN (SELECT id FROM payment WHERE method = 'vnpay')";
    let orders = "SELECT COUNT(*) FROM orders WHERE paid_at IS NOT NULL AND state = 'placed'";
    assert_eq!(server.count(journals).await, server.count(orders).await, "once an order");
    server.assert_books_agree();
}
