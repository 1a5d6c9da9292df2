//! Who brought the buyer: clicks that cannot be forged, commission that everybody can check.

use serde_json::{Value, json};
use tests::{Basket, FEED, Partner, Server, Settings};

fn token_of(order: &Value) -> &str {
    order["link"].as_str().unwrap().split_once("token=").unwrap().1
}

async fn complete(server: &Server, order: &Value) {
    let path = format!("/v1/orders/{}/complete?token={}", order["id"].as_str().unwrap(), token_of(order));
    server.client().post(&path, json!({})).await.expect(200);
}

async fn money(partner: &Partner) -> (i64, i64) {
    let money = partner.get("money").await.expect(200);
    (money["owed"]["amount"].as_i64().unwrap(), money["in_sight"]["amount"].as_i64().unwrap())
}

async fn partner_of(server: &Server, purchase: &Value) -> Value {
    let order = &purchase["orders"][0];
    server.client().get(&Basket::link(order)).await.expect(200)["partner"].clone()
}

#[tokio::test]
async fn a_click_becomes_an_order_a_commission_and_a_payout() {
    let server = Server::start().await;
    let partner = server.partner().await;
    let path = server.link(FEED, "buoi-dien-du-sang").await;
    let click = server.click(&path).await.unwrap();
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    let basket = server.basket(&[(&offer, 2)]).await;
    let cart = basket.attribute(json!({"click": click})).await.expect(200);
    assert_eq!(cart["partner"]["name"], "Homestay Mường Bi");
    assert!(cart["partner"]["disclosure"]["en"].as_str().unwrap().contains("commission"), "the buyer is told");
    let purchase = basket.buy().await;
    assert_eq!(partner_of(&server, &purchase).await["name"], "Homestay Mường Bi", "the order carries the partner");
    let order = &purchase["orders"][0];
    let shop = server.seller_of("buoi-dien-du-sang").await;
    assert_eq!(money(&partner).await, (0, 0));
    shop.deliver(order["id"].as_str().unwrap()).await;
    assert_eq!(money(&partner).await, (0, 25_000), "5 % of 500,000 is in sight, and not owed yet");
    complete(&server, order).await;
    assert_eq!(money(&partner).await, (25_000, 0));
    let report = partner.get("report").await.expect(200);
    let total = &report["total"];
    assert_eq!(
        (&total["clicks"], &total["orders"], &total["goods"], &total["commission"]),
        (&json!(1), &json!(1), &json!(500_000), &json!(25_000)),
        "{report}"
    );
    let by_product = partner.get("report?by=product").await.expect(200);
    assert_eq!(
        (&by_product["rows"][0]["key"], &by_product["rows"][0]["commission"]),
        (&json!("buoi-dien-du-sang"), &json!(25_000)),
        "{by_product}"
    );
    let lines = partner.get("commissions").await.expect(200);
    assert_eq!(
        (&lines["items"][0]["kind"], &lines["items"][0]["order_number"]),
        (&json!("completed"), &order["number"])
    );
    server.assert_books_agree();

    // Whoever tampers with what is owed is found.
    server.execute("UPDATE orders SET state = 'delivered' WHERE partner_id IS NOT NULL").await;
    let checked = server.ocop(&["ledger", "check"], "");
    let told = format!("{}{}", String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr));
    assert!(!checked.status.success() && told.contains("partner's commission"), "{told}");
    server.execute("UPDATE orders SET state = 'completed' WHERE partner_id IS NOT NULL").await;

    // Half of it comes back after all: so does half of the commission.
    let admin = server.sign_in("admin@example.vn").await;
    let refund = json!({"lines": [{"offer_id": offer, "quantity": 1}], "note": "Hộp bị dập"});
    let path = format!("/v1/admin/orders/{}/refunds", order["id"].as_str().unwrap());
    let answer = admin.clone().header("idempotency-key", "r1").post(&path, refund).await;
    assert!(answer.status < 300, "{}", answer.text);
    assert_eq!(money(&partner).await, (12_500, 0));
    assert_eq!(partner.get("report").await.expect(200)["total"]["commission"], 12_500);
    server.assert_books_agree();

    // Paid with the next run, beside the cooperatives.
    server.execute("UPDATE orders SET delivered_at = '2026-01-01 00:00:00+00:00' WHERE partner_id IS NOT NULL").await;
    server.execute("UPDATE refund SET state = 'succeeded' WHERE state = 'impossible'").await;
    let preview = admin.get("/v1/admin/payout-batches/preview").await.expect(200);
    let line = preview["lines"].as_array().unwrap().iter().find(|line| line["partner_id"] == partner.id.as_str());
    assert_eq!(line.expect("the partner is in the run")["amount"]["amount"], 12_500, "{preview}");
}

#[tokio::test]
async fn a_partner_is_paid_by_a_run_that_two_people_made() {
    let server =
        Server::with(Settings::default().set("OCOP_PAYOUT_MINIMUM", 1_000).set("OCOP_PAYOUT_HOLD_DAYS", 0)).await;
    let partner = server.partner().await;
    let click = server.click(&server.link(FEED, "buoi-dien-du-sang").await).await.unwrap();
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    let purchase = server.buy_through(&click, &[(&offer, 2)]).await;
    server.seller_of("buoi-dien-du-sang").await.deliver(purchase["orders"][0]["id"].as_str().unwrap()).await;
    complete(&server, &purchase["orders"][0]).await;
    let admin = server.sign_in("admin@example.vn").await;
    let output = server.ocop(
        &["user", "create", "ke-toan@example.vn", "--name", "Kế toán", "--role", "admin"],
        &format!("{}\n", tests::PASSWORD),
    );
    assert!(output.status.success());
    let second = server.sign_in("ke-toan@example.vn").await;
    let batch =
        admin.clone().header("idempotency-key", "b").post("/v1/admin/payout-batches", json!({})).await.expect(201);
    let paid = batch["payouts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["partner_id"] == partner.id.as_str())
        .unwrap()
        .clone();
    assert_eq!((&paid["amount"]["amount"], &paid["cooperative_id"]), (&json!(25_000), &Value::Null));
    let decide = format!("/v1/admin/payout-batches/{}", batch["id"].as_str().unwrap());
    second.post(&decide, json!({"step": "approve"})).await.expect(200);
    assert_eq!(money(&partner).await.0, 0, "on its way");
    server.message_to("homestay@example.vn", "25.000").await;
    let mark = format!("/v1/admin/payouts/{}", paid["id"].as_str().unwrap());
    admin.post(&mark, json!({"outcome": "paid", "bank_reference": "FT1"})).await.expect(200);
    assert_eq!(partner.get("money").await.expect(200)["payouts"][0]["state"], "paid");
    admin.post(&mark, json!({"outcome": "returned", "reason": "sai số"})).await.expect(200);
    assert_eq!(money(&partner).await.0, 25_000, "what came back is owed again");
    server.assert_books_agree();
}

#[tokio::test]
async fn attribution_cannot_be_forged_replayed_or_claimed_by_another() {
    let server = Server::start().await;
    let partner = server.partner().await;
    let other = server.new_partner(&server.new_buyer("khac@example.vn").await).await;
    let theirs = other.feed(json!({"products": ["buoi-dien-du-sang"], "in_stock": false})).await;
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    let path = server.link(FEED, "buoi-dien-du-sang").await;

    // A link of one feed with the mark of another, or of another product, or none: led on, and nobody earns.
    let mark = path.split_once("s=").unwrap().1;
    for forged in [
        format!("/go/{theirs}/buoi-dien-du-sang?s={mark}"),
        format!("/go/{FEED}/ruou-muong?s={mark}"),
        format!("/go/{FEED}/buoi-dien-du-sang"),
        format!("/go/{FEED}/buoi-dien-du-sang?c=NOBODY"),
    ] {
        assert_eq!(server.click(&forged).await, None, "{forged}");
    }
    // Programs follow links too.
    let bot =
        server.client().header("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)").staying().get(&path).await;
    assert!(bot.status == 302 && !bot.header("location").contains("via="));
    let ahead = server.guest().header("sec-purpose", "prefetch").staying().get(&path).await;
    assert!(!ahead.header("location").contains("via="), "looking ahead is no click");
    // The partner's own people, signed in at its pages.
    let signed_in = server
        .client()
        .staying()
        .fields("/console/login", &[("login", "homestay@example.vn"), ("password", tests::PASSWORD)])
        .await;
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let own = server.guest().header("cookie", &cookie).staying().get(&path).await;
    assert!(own.status == 302 && !own.header("location").contains("via="), "one's own click is none");
    assert_eq!(server.count("SELECT COUNT(*) FROM click").await, 0);

    // A token that is not ours.
    let click = server.click(&path).await.unwrap();
    let basket = server.basket(&[(&offer, 1)]).await;
    let (body, mark) = click.rsplit_once('.').unwrap();
    let (id, until) = body.split_once('.').unwrap();
    let longer = format!("{id}.{}.{mark}", until.parse::<i64>().unwrap() + 86_400);
    for forged in [
        longer,
        format!("{body}.AAAAAAAAAAAAAAAAAAAAAA"),
        "x".to_owned(),
        format!("{}.{until}.{mark}", &id[..id.len() - 1]),
    ] {
        let refused = basket.attribute(json!({"click": forged})).await.expect_problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], "/click");
    }
    basket.attribute(json!({"code": "NOBODY"})).await.expect_problem(422, "invalid");
    assert!(basket.client.get(&basket.path("")).await.expect(200)["partner"].is_null());

    // The last click wins; an older one does not come back.
    let second = server.click(&server.link(&theirs, "buoi-dien-du-sang").await).await.unwrap();
    basket.attribute(json!({"click": second})).await.expect(200);
    let cart = basket.attribute(json!({"click": click})).await.expect(200);
    assert_eq!(cart["partner"]["name"], "Nhà nghỉ Thác");
    let purchase = basket.buy().await;
    assert_eq!(partner_of(&server, &purchase).await["name"], "Nhà nghỉ Thác");

    // A poster scanned.
    let scanned = server.click(&format!("/go/{FEED}?c=KIMBOI26")).await.unwrap();
    let basket = server.basket(&[(&offer, 1)]).await;
    let cart = basket.attribute(json!({"click": scanned})).await.expect(200);
    assert_eq!(cart["partner"]["name"], "Homestay Mường Bi");
    // A code where there is no web, typed as people type.
    let basket = server.basket(&[(&offer, 1)]).await;
    basket.attribute(json!({"code": " kimboi-26 "})).await.expect(200);
    assert_eq!(partner_of(&server, &basket.buy().await).await["name"], "Homestay Mường Bi");

    // One's own purchase brings nothing: by account, and by the phone given.
    let own = Basket::of(partner.client.clone(), &[(&offer, 1)]).await;
    own.attribute(json!({"click": click})).await.expect(200);
    let purchase = own.buy().await;
    assert_eq!(server.count("SELECT COUNT(*) FROM orders WHERE partner_id IS NOT NULL").await, 2);
    assert!(partner_of(&server, &purchase).await.is_null());
    let guest = server.basket(&[(&offer, 1)]).await;
    guest.attribute(json!({"click": click})).await.expect(200);
    let quote = guest.quote().await;
    let mut form = guest.order_form(&quote);
    form["contact"]["phone"] = "0987650001".into();
    guest.client.clone().header("idempotency-key", "own").post("/v1/checkouts", form).await.expect(201);
    assert_eq!(server.count("SELECT COUNT(*) FROM orders WHERE partner_id IS NOT NULL").await, 2);

    // Suspended between click and purchase.
    let admin = server.sign_in("admin@example.vn").await;
    let waiting = server.basket(&[(&offer, 1)]).await;
    waiting.attribute(json!({"click": click})).await.expect(200);
    admin
        .post(&format!("/v1/admin/partners/{}/decision", partner.id), json!({"decision": "suspend"}))
        .await
        .expect(200);
    assert!(partner_of(&server, &waiting.buy().await).await.is_null());
    admin
        .post(&format!("/v1/admin/partners/{}/decision", partner.id), json!({"decision": "approve"}))
        .await
        .expect(200);

    // Past its window a click is nothing: as a token, and in a basket that took it in time.
    let held = server.basket(&[(&offer, 1)]).await;
    held.attribute(json!({"click": click})).await.expect(200);
    let mut later = server;
    later.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 7 * 86_400 + 60)).await;
    let held = Basket { client: later.client().header("x-cart-token", held.token.as_deref().unwrap()), ..held };
    held.attribute(json!({"click": click})).await.expect_problem(422, "invalid");
    assert!(partner_of(&later, &held.buy().await).await.is_null(), "replayed after its window");
}

#[tokio::test]
async fn the_same_guest_counts_once_in_half_an_hour() {
    let server = Server::start().await;
    let partner = server.partner().await;
    let path = server.link(FEED, "buoi-dien-du-sang").await;
    for _ in 0..5 {
        assert!(server.click(&path).await.is_some(), "each click still brings the guest");
    }
    assert_eq!(partner.get("report").await.expect(200)["total"]["clicks"], 1);
    let feeds = partner.get("feeds").await.expect(200);
    let link = feeds["items"][0]["link"].as_str().unwrap().to_owned();
    let answer = server.guest().staying().get(&link[link.find("/go/").unwrap()..]).await;
    assert!(
        answer.header("location").contains("/d/suoi-khoang-kim-boi?via="),
        "a feed's own link leads to its destination: {}",
        answer.header("location")
    );
}

#[tokio::test]
async fn a_partners_own_rate_counts_more_than_the_general_one() {
    let server = Server::start().await;
    let partner = server.partner().await;
    let admin = server.sign_in("admin@example.vn").await;
    let today = (time::OffsetDateTime::now_utc() + time::Duration::hours(7)).date().to_string();
    let rule = |rate: i64, partner: Value| json!({"component": "partner", "rate_bp": rate, "starts_on": today, "partner_id": partner});
    admin.post("/v1/admin/commission-rules", rule(800, json!(partner.id))).await.expect(201);
    admin.post("/v1/admin/commission-rules", rule(100, json!(uuid::Uuid::nil()))).await.expect_problem(422, "invalid");
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    let click = server.click(&server.link(FEED, "buoi-dien-du-sang").await).await.unwrap();
    let purchase = server.buy_through(&click, &[(&offer, 1)]).await;
    let shop = server.seller_of("buoi-dien-du-sang").await;
    shop.deliver(purchase["orders"][0]["id"].as_str().unwrap()).await;
    assert_eq!(money(&partner).await, (0, 20_000), "8 % of 250,000");
    // Nobody brought this one: nobody earns by it.
    let plain = server.basket(&[(&offer, 1)]).await.buy().await;
    shop.deliver(plain["orders"][0]["id"].as_str().unwrap()).await;
    assert_eq!(money(&partner).await, (0, 20_000));
    server.assert_books_agree();
}

/// Orders by three partners and nobody, some cancelled, some returned in part or whole, some not completed: what reports
/// say is what the ledger holds is what plain SQL over orders, lines and refunds comes to.
#[tokio::test]
async fn orders_with_returns_agree_in_reports_ledger_and_plain_sql() {
    let count = tests::size(1_000, 80);
    let server = Server::with(
        Settings::default().set("OCOP_RATE_LIMIT_PER_SECOND", 0).set("OCOP_REFUND_APPROVAL_ABOVE", 1_000_000_000),
    )
    .await;
    let mut partners = vec![server.partner().await];
    for name in ["hai@example.vn", "ba@example.vn"] {
        partners.push(server.new_partner(&server.new_buyer(name).await).await);
    }
    let mut slugs = vec![FEED.to_owned()];
    for partner in &partners[1..] {
        slugs.push(partner.feed(json!({"products": ["hat-doi", "ruou-muong"], "in_stock": false})).await);
    }
    let offers = [server.offer("hat-doi", 0).await, server.offer("ruou-muong", 0).await];
    let mut clicks = Vec::new();
    for slug in &slugs[1..] {
        clicks.push(server.click(&server.link(slug, "hat-doi").await).await.unwrap());
    }
    let own = partners[0].get("feeds").await.expect(200)["items"][0]["link"].as_str().unwrap().to_owned();
    clicks.insert(0, server.click(&own[own.find("/go/").unwrap()..]).await.unwrap());
    let shops = [server.seller_of("hat-doi").await, server.seller_of("ruou-muong").await];
    for (shop, offer) in shops.iter().zip(&offers) {
        shop.set_available(offer, 50_000).await;
    }

    let buy = async |index: usize| {
        let (which, quantity) = (index % 2, 1 + i64::try_from(index % 5).unwrap());
        let basket = server.basket(&[(&offers[which], quantity)]).await;
        if index % 4 < 3 {
            basket.attribute(json!({"click": clicks[index % 4]})).await.expect(200);
        }
        basket.buy().await["orders"][0].clone()
    };
    let mut orders: Vec<Value> = Vec::with_capacity(count);
    for chunk in (0..count).collect::<Vec<_>>().chunks(8) {
        orders.extend(futures_util::future::join_all(chunk.iter().map(|index| buy(*index))).await);
    }
    let id = |order: &Value| order["id"].as_str().unwrap().to_owned();
    for (which, shop) in shops.iter().enumerate() {
        let own: Vec<String> =
            orders.iter().enumerate().filter(|(index, _)| index % 2 == which).map(|(_, order)| id(order)).collect();
        // Every tenth is cancelled before anything happens.
        for order in own.iter().step_by(10) {
            shop.client
                .post(&shop.path(&format!("orders/{order}/cancel")), json!({"reason": "out_of_stock"}))
                .await
                .expect(200);
        }
        let rest: Vec<&String> =
            own.iter().enumerate().filter(|(index, _)| index % 10 != 0).map(|(_, order)| order).collect();
        for chunk in rest.chunks(100) {
            for action in ["confirm", "pack", "ship"] {
                let done = shop
                    .client
                    .post(&shop.path("orders/bulk"), json!({"action": action, "order_ids": chunk}))
                    .await
                    .expect(200);
                assert!(done["items"].as_array().unwrap().iter().all(|item| item["done"] == true), "{done}");
            }
        }
        for chunk in rest.chunks(8) {
            futures_util::future::join_all(
                chunk.iter().map(|order| async move { shop.step(order, "deliver").await.expect(200) }),
            )
            .await;
        }
    }
    let admin = server.sign_in("admin@example.vn").await;
    for (index, order) in orders.iter().enumerate() {
        if (index / 2) % 10 == 0 {
            continue;
        }
        // Some are refunded before they are completed, some after; some are never completed.
        let refund = async |key: &str| {
            let body = match index % 3 {
                0 => json!({"lines": [{"offer_id": offers[index % 2], "quantity": 1}], "note": "Trả một món"}),
                1 => json!({"amount": 7_777, "note": "Bớt cho khách"}),
                _ => {
                    json!({"lines": [{"offer_id": offers[index % 2], "quantity": 1 + i64::try_from(index % 5).unwrap()}], "delivery": true, "note": "Trả hết"})
                }
            };
            let path = format!("/v1/admin/orders/{}/refunds", id(order));
            let answer = admin.clone().header("idempotency-key", key).post(&path, body).await;
            assert!(answer.status < 300, "{}", answer.text);
        };
        if index % 7 == 1 {
            refund(&format!("early{index}")).await;
        }
        if (index / 4) % 6 != 5 {
            complete(&server, order).await;
        }
        if index % 7 == 2 {
            refund(&format!("late{index}")).await;
        }
    }
    server.assert_books_agree();
    let mut all = 0;
    for partner in &partners {
        let (owed, in_sight) = money(partner).await;
        for by in ["day", "product", "page", "feed"] {
            let report = partner.get(&format!("report?by={by}")).await.expect(200);
            assert_eq!(
                (&report["total"]["commission"], &report["total"]["in_sight"]),
                (&json!(owed), &json!(in_sight)),
                "by {by}: {report}"
            );
            assert!(by == "product" || report["total"]["orders"] == count / 4, "by {by}: {report}");
        }
        // What a line earns is its rate of what the seller keeps of it: price less the seller's own discounts, less what went
        // back. No posting is looked at.
        let uuid = if tests::on_postgres() {
            format!("'{}'", partner.id)
        } else {
            format!("x'{}'", partner.id.replace('-', ""))
        };
        let plain = |states: &str| {
            format!(
                "SELECT CAST(COALESCE(SUM((l.commission_amount * (l.total_amount - l.refunded_amount) + l.total_amount / 2) / l.total_amount), 0) AS bigint)
                 FROM order_line l JOIN orders o ON o.id = l.order_id WHERE o.partner_id = {uuid} AND o.state IN ({states})"
            )
        };
        let (completed, delivered) =
            (server.count(&plain("'completed'")).await, server.count(&plain("'delivered'")).await);
        assert_eq!((owed, in_sight), (completed, delivered));
        assert!(owed > 0 && in_sight > 0);
        all += owed + in_sight;
    }
    let ledger = server.count("SELECT CAST(-SUM(balance) AS bigint) FROM ledger_account WHERE kind = 'partner'").await;
    assert_eq!(all, ledger);
}
