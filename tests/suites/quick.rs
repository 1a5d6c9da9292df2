//! What is known in memory may be late, and nothing wrong comes of it: baskets, quotes and purchases over changes made elsewhere.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Basket, Server, Settings};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// How many checkouts were answered so far, by outcome and way.
async fn counted(server: &Server, outcome: &str, way: &str) -> u64 {
    let metrics = server.client().get("/metrics").await;
    let label = format!("ocop_checkouts_total{{outcome=\"{outcome}\",way=\"{way}\"}} ");
    let line = metrics.text.lines().find_map(|line| line.strip_prefix(&label).map(ToOwned::to_owned));
    line.map_or(0, |count| count.parse().unwrap())
}

async fn purchases(server: &Server) -> i64 {
    server.count("SELECT COUNT(*) FROM purchase").await
}

async fn basket_of(server: &Server, offers: &[&str]) -> Basket {
    let items: Vec<_> = offers.iter().map(|offer| (*offer, 1)).collect();
    Basket::of(server.client(), &items).await
}

fn kinds(body: &Value) -> Vec<&str> {
    body["changes"].as_array().unwrap().iter().map(|change| change["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_purchase_goes_the_quick_way_and_its_repeat_gets_the_same_answer() {
    let server = Server::start().await;
    let (pomelo, honey) = (server.offer("buoi-dien-du-sang", 0).await, server.offer("mat-ong-rung-hop-tien", 0).await);
    let (basket, before) = (basket_of(&server, &[&pomelo, &honey]).await, purchases(&server).await);
    let quote = basket.quote().await;
    let first = basket.checkout(&quote, "once").await.expect(201);
    assert_eq!((counted(&server, "bought", "quick").await, counted(&server, "bought", "careful").await), (1, 0));
    let again = basket.checkout(&quote, "once").await.expect(201);
    assert_eq!(first, again);
    // Another key finds the basket ordered.
    basket.checkout(&quote, "twice").await.expect_problem(409, "changed_since_quote");
    assert_eq!(purchases(&server).await, before + 1);
    server.assert_books_agree();
}

#[tokio::test]
async fn what_is_changed_past_this_node_is_shown_and_charged_as_it_stands() {
    let server = Server::start().await;
    let other = server.second_node().await;
    let offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    let price =
        async |basket: &Basket| basket.client.get(&basket.path("")).await.expect(200)["goods"]["amount"].clone();
    let set = async |amount: i64| {
        other.execute(&format!("UPDATE offer SET price_amount = {amount} WHERE sku = 'MORHT-350'")).await;
    };
    let (basket, before) = (basket_of(&server, &[&offer]).await, purchases(&server).await);
    assert_eq!(price(&basket).await, 165_000);
    set(166_000).await;
    assert_eq!(price(&basket).await, 166_000, "a basket is shown as it stands");
    let quote = basket.ask_quote().await.expect(201);
    assert_eq!(quote["goods"]["amount"], 166_000);
    let id = quote["id"].as_str().unwrap();
    // Dearer or cheaper after the quote: refused, in words, and nothing is written.
    set(1_000).await;
    let problem = basket.checkout(id, "cheaper").await.expect_problem(409, "changed_since_quote");
    assert_eq!(kinds(&problem), ["price_changed"]);
    assert_eq!(purchases(&server).await, before);
    // As it was quoted again: bought, though not from memory.
    set(166_000).await;
    basket.checkout(id, "as-quoted").await.expect(201);
    assert_eq!((counted(&server, "bought", "quick").await, counted(&server, "bought", "careful").await), (0, 1));
    server.assert_books_agree();
}

#[tokio::test]
async fn every_change_of_what_is_sold_grows_the_version_and_sales_do_not() {
    let server = Server::start().await;
    let seller = "(SELECT cooperative_id FROM product WHERE slug = 'mat-ong-rung-hop-tien')";
    let nil = if tests::on_postgres() { "'00000000-0000-0000-0000-000000000000'" } else { "zeroblob(16)" };
    let version = async |of: &str| server.count(&format!("SELECT version FROM shop_version WHERE id = {of}")).await;
    let changes = [
        format!("UPDATE offer SET weight_g = weight_g + 1 WHERE cooperative_id = {seller}"),
        format!("UPDATE product SET season_from = NULL, season_to = NULL WHERE cooperative_id = {seller}"),
        format!("UPDATE cooperative SET pickup_offered = NOT pickup_offered WHERE id = {seller}"),
        format!("DELETE FROM delivery_rate WHERE cooperative_id = {seller} AND zone = 'nationwide'"),
        format!(
            "INSERT INTO price_tier (offer_id, from_quantity, amount) SELECT id, 50, 1 FROM offer WHERE cooperative_id = {seller}"
        ),
        format!("DELETE FROM price_tier WHERE offer_id IN (SELECT id FROM offer WHERE cooperative_id = {seller})"),
    ];
    for change in changes {
        let before = version(seller).await;
        server.execute(&change).await;
        assert!(version(seller).await > before, "{change}");
    }
    for change in ["UPDATE category SET position = position", "UPDATE commission_rule SET rate_bp = rate_bp"] {
        let before = version(nil).await;
        server.execute(change).await;
        assert!(version(nil).await > before, "{change}");
    }
    let before = (version(seller).await, version(nil).await);
    let offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    let basket = basket_of(&server, &[&offer]).await;
    basket.client.get(&basket.path("")).await.expect(200);
    server.execute("UPDATE promotion SET used = used + 1").await;
    assert_eq!((version(seller).await, version(nil).await), before);
}

#[tokio::test]
async fn buyers_at_two_nodes_take_exactly_what_there_is_in_whatever_order_they_want_it() {
    let server = Server::with(Settings::crowded()).await;
    let other = server.second_node().await;
    let (jam, honey) = (server.offer("mut-buoi-huu-co", 0).await, server.offer("mat-ong-thuong-tien", 0).await);
    server.seller_of("mut-buoi-huu-co").await.set_available(&jam, 80).await;
    server.seller_of("mat-ong-thuong-tien").await.set_available(&honey, 80).await;
    let ready = join_all((0..200).map(|n| {
        let (node, crossed) = (if n % 2 == 0 { &server } else { &other }, n % 4 < 2);
        let offers = if crossed { [jam.as_str(), honey.as_str()] } else { [honey.as_str(), jam.as_str()] };
        async move {
            let basket = basket_of(node, &offers).await;
            let quote = basket.quote().await;
            (basket, quote)
        }
    }))
    .await;
    let answers = join_all(ready.iter().map(|(basket, quote)| basket.checkout(quote, "race"))).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 80, "{statuses:?}");
    server.assert_books_agree();
}

#[tokio::test]
async fn a_quote_opens_no_basket_that_has_changed_hands() {
    let server = Server::start().await;
    let offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    server.new_buyer("hoa@example.vn").await;
    let guest = basket_of(&server, &[&offer]).await;
    let (quote, before) = (guest.quote().await, purchases(&server).await);
    let login = json!({"login": "hoa@example.vn", "password": tests::PASSWORD, "guest_cart": {"id": guest.id, "token": guest.token}});
    let signed_in = server.client().post("/v1/auth/login", login).await.expect(200);
    assert_eq!(signed_in["cart_id"], json!(guest.id), "the basket is the account's now");
    guest.checkout(&quote, "too-late").await.expect_problem(404, "not_found");
    assert_eq!(purchases(&server).await, before);
}

#[tokio::test]
async fn a_buyer_who_hangs_up_leaves_no_goods_shown_that_are_sold() {
    let server = Server::start().await;
    let offer = server.offer("mut-buoi-huu-co", 0).await;
    let seller = server.seller_of("mut-buoi-huu-co").await;
    let mut bought = 0;
    for pause in 0..12_u64 {
        seller.set_available(&offer, 1).await;
        let basket = basket_of(&server, &[&offer]).await;
        let form = basket.order_form(&basket.quote().await).to_string();
        let before = purchases(&server).await;
        let mut line = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
        let head = format!(
            "POST /v1/checkouts HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nidempotency-key: {pause}\r\nx-cart-token: {}\r\ncontent-length: {}\r\n\r\n",
            basket.token.as_ref().unwrap(),
            form.len()
        );
        line.write_all((head + &form).as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(pause * 4)).await;
        // A reset, as an app that is closed may send.
        line.set_zero_linger().unwrap();
        drop(line);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let sold = purchases(&server).await - before;
        let page = server.client().get("/v1/products/mut-buoi-huu-co").await.expect(200);
        let shown = if sold == 1 { "out_of_stock" } else { "in_stock" };
        assert_eq!(page["availability"], shown, "after {} ms", pause * 4);
        bought += sold;
    }
    assert!(bought > 0, "nobody's purchase went through");
    server.assert_books_agree();
}

#[tokio::test]
async fn the_orders_of_a_purchase_are_told_in_one_mail_and_each_seller_is_told_his_own() {
    let server = Server::start().await;
    let (pomelo, honey) = (server.offer("buoi-dien-du-sang", 0).await, server.offer("mat-ong-rung-hop-tien", 0).await);
    let basket = basket_of(&server, &[&pomelo, &honey]).await;
    let bought = basket.checkout(&basket.quote().await, "mails").await.expect(201);
    let numbers: Vec<_> =
        bought["orders"].as_array().unwrap().iter().map(|one| one["number"].as_str().unwrap()).collect();
    assert_eq!(numbers.len(), 2);
    let mail = server.message_to("khach@example.vn", numbers[0]).await;
    let links = bought["orders"].as_array().unwrap().iter().filter(|one| mail.contains(one["id"].as_str().unwrap()));
    assert!(mail.contains(numbers[1]) && mail.contains("were placed") && links.count() == 2, "{mail}");
    // Its sellers' come after it: then all is told.
    for number in &numbers {
        let own = |text: &String| text.contains(number) && !text.contains("khach@example.vn");
        while !server.messages().iter().any(|(_, text)| own(text)) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let told = server
        .messages()
        .into_iter()
        .filter(|(_, text)| text.contains("To: khach@example.vn") && text.contains(numbers[1]));
    assert_eq!(told.count(), 1);
}
