//! Wholesale without a request: own prices, pasted lists, quotations that hold, orders at quoted prices.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Gateway, Seller, Server};

use crate::supply::Market;
use crate::traceability::{day, text};

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("no number: {value}"))
}

async fn place_of(market: &Market) -> String {
    let places = market.owner.get(&market.path("places")).await.expect(200);
    text(&places["items"][0], "id")
}

async fn first_offer(seller: &Seller) -> Value {
    seller.client.get(&seller.path(&format!("products/{}", seller.product))).await.expect(200)["offers"][0].clone()
}

#[tokio::test]
async fn a_pasted_list_is_quoted_at_own_prices_and_ordered_once() {
    let market = Market::on(Server::with(Gateway::new().await.settings()).await).await;
    let (first, second) = (&market.growers[0], &market.growers[1]);
    let (pomelo, orange) = (first_offer(first).await, first_offer(second).await);
    first.set_available(&text(&pomelo, "id"), 100).await;
    second.set_available(&text(&orange, "id"), 100).await;
    market.server.execute("UPDATE lot SET expires_on = NULL").await;
    let prices = first.path(&format!("organisation-prices/{}", market.organisation));
    let own =
        json!({"items": [{"offer_id": pomelo["id"], "price": 201_000, "from_quantity": 30, "valid_until": day(30)}]});
    second
        .client
        .put(&second.path(&format!("organisation-prices/{}", market.organisation)), own.clone())
        .await
        .expect_problem(422, "invalid");
    first.client.put(&prices, own).await.expect(200);
    let found = market.owner.get(&market.path("wholesale?q=buoi")).await.expect(200);
    let goods = found["items"].as_array().unwrap().iter().find(|one| one["offer_id"] == pomelo["id"]).unwrap().clone();
    assert!(goods["prices"].as_array().unwrap().iter().any(|one| one["own"] == true), "{goods}");
    let (sku, other) = (text(&pomelo, "sku"), text(&orange, "sku"));
    let place = place_of(&market).await;
    let quote = |list: String| json!({"place_id": place, "goods": {"text": list}});
    let path = market.path("quotations");
    let told = market.owner.post(&path, quote(format!("{sku} 40\nKHÔNG-CÓ 3"))).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/goods/lines/1/sku");
    let told = market.owner.post(&path, quote(format!("{sku} nhiều"))).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/goods/text");
    let made = market.owner.post(&path, quote(format!("Mã\tSố lượng\n{sku}\t40\n{other};20"))).await.expect(201);
    assert_eq!(made["lines"].as_array().unwrap().len(), 2);
    assert_eq!(number(&made["lines"][0]["unit_amount"]), 201_000);
    assert_eq!(number(&made["total"]), number(&made["goods"]) + number(&made["delivery"]));
    let at = |rest: &str| market.path(&format!("quotations/{}{rest}", text(&made, "id")));
    let (status, _, bytes) = market.owner.bytes(&at("/pdf")).await;
    assert!(status == 200 && bytes.starts_with(b"%PDF"));
    // The same goods by the sheet that is given to be filled; what is left empty is passed over.
    let (status, headers, sheet) = market.owner.bytes(&market.path("wholesale/sheet?format=csv")).await;
    assert!(status == 200 && headers["content-disposition"].to_str().unwrap().contains("ban-buon.csv"));
    let fill = |line: &str| match line.split(',').next() {
        Some(first) if first == sku => line.replacen(&format!("{sku},"), &format!("{sku},40"), 1),
        Some(first) if first == other => line.replacen(&format!("{other},"), &format!("{other},20"), 1),
        _ => line.to_owned(),
    };
    let filled: Vec<String> = String::from_utf8(sheet).unwrap().lines().map(fill).collect();
    let filled = filled.join("\n").into_bytes();
    let by_sheet = market.owner.upload(&market.path("quotations/sheet"), "application/octet-stream", filled).await;
    let by_sheet = by_sheet.expect(201);
    let of = |quotation: &Value| {
        let lines = quotation["lines"].as_array().unwrap().iter();
        let mut lines: Vec<_> = lines.map(|line| (text(line, "sku"), number(&line["total"]))).collect();
        lines.sort();
        lines
    };
    assert_eq!((of(&by_sheet), &by_sheet["total"]), (of(&made), &made["total"]));
    // The price goes up; what was quoted stands, and a new quotation of the same goods is dearer.
    first.client.put(&prices, json!({"items": []})).await.expect(200);
    let again = market.owner.post(&at("/again"), json!({})).await.expect(201);
    assert!(number(&again["goods"]) > number(&made["goods"]), "{again}");
    let order = at("/order");
    let answers = join_all((0..4).map(|_| market.owner.post(&order, json!({})))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "ordered once");
    let ordered = market.owner.get(&at("")).await.expect(200);
    let orders = ordered["orders"].as_array().unwrap();
    assert!(orders.len() == 2 && orders.iter().all(|order| order["state"] == "awaiting_payment"), "{ordered}");
    let left = first.stock(&text(&pomelo, "id")).await;
    assert_eq!(number(&left["available"]), 60);
    // More than there is left is not held.
    let more = market.owner.post(&path, quote(format!("{sku} 80"))).await.expect(201);
    market
        .owner
        .post(&market.path(&format!("quotations/{}/order", text(&more, "id"))), json!({}))
        .await
        .expect_problem(409, "goods_gone");
    // What was taken off sale meanwhile is sold to nobody.
    let off = market.owner.post(&path, quote(format!("{other} 1"))).await.expect(201);
    market.server.execute("UPDATE product SET status = 'paused'").await;
    market
        .owner
        .post(&market.path(&format!("quotations/{}/order", text(&off, "id"))), json!({}))
        .await
        .expect_problem(409, "goods_gone");
    market.server.execute("UPDATE product SET status = 'published'").await;
    // Paid by transfer as any purchase, the orders go to their sellers, and end as any order of the shop.
    let pay = json!({"purchase_id": ordered["purchase_id"], "method": "bank_transfer"});
    let client = market.owner.clone().header("idempotency-key", "wholesale-1");
    let payment = client.post("/v1/payments", pay).await.expect(201);
    assert_eq!(number(&payment["amount"]["amount"]), number(&made["total"]));
    let reference = text(&payment, "reference");
    let guest = market.server.client();
    Gateway::transfer(&guest, "FT-W-1", number(&made["total"]), &reference).await.expect(200);
    let own = |seller: &Seller| seller.path("orders?limit=1");
    let order = first.client.get(&own(first)).await.expect(200)["items"][0].clone();
    assert_eq!(order["state"], "placed");
    first.deliver(&text(&order, "id")).await;
    market.server.assert_books_agree();
    let stranger = market.server.new_buyer("to-mo@example.vn").await;
    stranger.get(&at("")).await.expect_problem(403, "forbidden");
}
