//! Lists, pages, facets, cursors, validators.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Server, on_postgres};

fn ids(body: &Value) -> Vec<String> {
    body["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_filter_keeps_what_fits_and_drops_the_rest() {
    let server = Server::start().await;
    let client = server.client();
    let total =
        async |query: &str| client.get(&format!("/v1/products?{query}")).await.expect(200)["total"].as_u64().unwrap();
    assert_eq!(total("category=thuc-pham").await, 10, "with the categories below");
    assert_eq!(total("category=mat-ong").await, 2);
    assert_eq!(total("star=4,5").await, 2);
    assert_eq!(total("cooperative=trang-trai-huu-co-linh-dung").await, 2);
    assert_eq!(total("province=25").await, 14);
    assert_eq!(total("commune=04990").await, 3);
    assert_eq!(total("min_price=200000&max_price=300000").await, 2);
    assert_eq!(total("in_stock=false").await, 1, "longan is not in stock");
    assert_eq!(total("category=nothing-of-the-kind").await, 0);
}

#[tokio::test]
async fn a_price_range_finds_who_has_an_offer_within_it() {
    let server = Server::start().await;
    let client = server.client();
    let list = client.get("/v1/products?limit=100").await.expect(200);
    let mut products = Vec::new();
    for id in ids(&list) {
        let shown = client.get(&format!("/v1/products/{id}")).await.expect(200);
        let prices: Vec<i64> = shown["offers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|offer| offer["price"]["amount"].as_i64().unwrap())
            .collect();
        products.push((id, prices));
    }
    let ends = products.iter().map(|(_, prices)| (*prices.iter().min().unwrap(), *prices.iter().max().unwrap()));
    let between: Vec<_> = ends.filter(|(least, greatest)| least + 1 < *greatest).collect();
    assert!(!between.is_empty(), "some product has offers at two prices");
    for (least, greatest) in between {
        let (min, max) = (least + 1, greatest - 1);
        let found = client.get(&format!("/v1/products?limit=100&min_price={min}&max_price={max}")).await.expect(200);
        let within = |prices: &[i64]| prices.iter().any(|price| (min..=max).contains(price));
        let expected: HashSet<_> =
            products.iter().filter(|(_, prices)| within(prices)).map(|(id, _)| id.clone()).collect();
        assert_eq!(ids(&found).into_iter().collect::<HashSet<_>>(), expected, "{min} to {max}");
    }
}

#[tokio::test]
async fn facets_count_what_another_choice_would_bring() {
    let server = Server::start().await;
    let list = server.client().get("/v1/products?star=3&facets=true&limit=1").await.expect(200);
    let stars: Vec<_> = list["facets"]["star"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["value"].as_str().unwrap(), f["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(stars, [("5", 1), ("4", 1), ("3", 11)], "the chosen facet still counts its other values");
    let foods = list["facets"]["category"].as_array().unwrap().iter().find(|f| f["value"] == "thuc-pham").unwrap();
    assert_eq!(foods["count"], 7, "other facets count within the choice");
    assert_eq!(list["total"], 11);
}

#[tokio::test]
async fn cursors_walk_the_whole_list_in_every_order_without_a_gap_or_a_repeat() {
    let server = Server::start().await;
    let client = server.client();
    for order in ["newest", "price_asc", "price_desc", "name", "stars", "distance", "relevance", "season"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/products?limit=3&near=20.67,105.53&sort={order}{cursor}");
            let answer = client.get(&path).await;
            let page = answer.clone().expect(200);
            seen.extend(ids(&page));
            match page["next_cursor"].as_str() {
                Some(next) => {
                    assert!(answer.header("link").contains("rel=\"next\""));
                    cursor = format!("&cursor={next}");
                }
                None => break,
            }
        }
        assert_eq!(seen.len(), 14, "{order}");
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 14, "{order}");
    }
    let names = client.get("/v1/products?sort=name&limit=100").await.expect(200);
    let names: Vec<_> =
        names["items"].as_array().unwrap().iter().map(|item| item["name"]["vi"].as_str().unwrap()).collect();
    assert_eq!(names[..4], ["Bưởi Diễn Đú Sáng", "Cam Thung Rếch", "Chanh đào hữu cơ ngâm mật", "Hạt dổi"]);
    client.get("/v1/products?cursor=nonsense").await.expect_problem(400, "malformed");
}

#[tokio::test]
async fn the_product_page_shows_what_buyers_must_see() {
    let server = Server::start().await;
    let page = server.client().get("/v1/products/mat-ong-rung-hop-tien").await.expect(200);
    insta::assert_json_snapshot!(page, {
        ".id" => "[id]", ".**.id" => "[id]", ".**.url" => "[url]", ".**.issued_on" => "[date]", ".**.valid_until" => "[date]",
        ".harvested_on" => "[date]", ".story_code" => "[code]",
    });
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again_and_a_changed_one_is() {
    let server = Server::start().await;
    let client = server.client();
    for path in [
        "/v1/products",
        "/v1/products/hat-doi",
        "/v1/categories",
        "/v1/cooperatives",
        "/v1/cooperatives/htx-green-life",
    ] {
        let answer = client.get(path).await;
        assert!(answer.header("cache-control").contains("stale-while-revalidate"), "{path}");
        let again = client.clone().header("if-none-match", answer.header("etag")).get(path).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
    }
    let before = client.get("/v1/products/hat-doi").await;
    let seller = server.seller_of("hat-doi").await;
    let offer = server.offer("hat-doi", 0).await;
    seller.client.patch(&seller.path(&format!("offers/{offer}")), json!({"price": 205_000})).await.expect(200);
    let after =
        client.clone().header("if-none-match", before.header("etag")).get("/v1/products/hat-doi").await.expect(200);
    assert_eq!(after["offers"][0]["price"]["amount"], 205_000, "a write is seen on the same node at once");
}

#[tokio::test]
async fn large_bodies_are_compressed_for_who_can_read_them() {
    let server = Server::start().await;
    let client = server.client().header("accept-encoding", "gzip");
    let large = client.get("/v1/products?limit=100").await;
    assert_eq!(large.header("content-encoding"), "gzip");
    let small = client.get("/v1/products?category=none").await;
    assert_eq!(small.header("content-encoding"), "", "{}", small.text);
    small.expect(200);
}

#[tokio::test]
async fn stars_are_shown_only_while_valid() {
    let mut server = Server::start().await;
    let page = server.client().get("/v1/products/mang-kho-kim-boi").await.expect(200);
    assert_eq!(page["stars"], 5);
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 1_100 * 86_400)).await;
    let page = server.client().get("/v1/products/mang-kho-kim-boi").await.expect(200);
    assert_eq!((&page["stars"], page["recognitions"].as_array().unwrap().len()), (&Value::Null, 0));
    let list = server.client().get("/v1/products?star=3,4,5&facets=true").await.expect(200);
    assert_eq!((&list["total"], list["facets"]["star"].as_array().unwrap().len()), (&json!(0), 0));
}

#[tokio::test]
async fn what_is_paused_or_suspended_is_not_shown() {
    let server = Server::start().await;
    let client = server.client();
    let seller = server.seller_of("ruou-muong").await;
    let path = seller.path(&format!("products/{}", seller.product));
    seller.client.patch(&path, json!({"status": "paused"})).await.expect(200);
    client.get("/v1/products/ruou-muong").await.expect_problem(404, "not_found");
    assert_eq!(
        client.query("/v1/products", &[("q", "ruou muong"), ("category", "ruou")]).await.expect(200)["total"],
        0
    );
    seller.client.patch(&path, json!({"status": "published"})).await.expect(200);
    client.get("/v1/products/ruou-muong").await.expect(200);
}

#[tokio::test]
async fn categories_begin_with_the_six_ocop_groups() {
    let server = Server::start().await;
    let tree = server.client().get("/v1/categories").await.expect(200);
    let roots: Vec<_> =
        tree["items"].as_array().unwrap().iter().map(|root| root["ocop_group"].as_i64().unwrap()).collect();
    assert_eq!(roots, [1, 2, 3, 4, 5, 6]);
    assert_eq!(tree["items"][0]["product_count"], 10);
}

#[tokio::test]
async fn another_node_sees_a_write_within_a_second() {
    let server = Server::start().await;
    if !on_postgres() {
        // SQLite has one node: its file is not shared.
        return;
    }
    let node = server.second_node().await;
    let seller = server.seller_of("hat-doi").await;
    let offer = server.offer("hat-doi", 0).await;
    seller.client.patch(&seller.path(&format!("offers/{offer}")), json!({"price": 211_000})).await.expect(200);
    seller.set_available(&offer, 0).await;
    let written = Instant::now();
    loop {
        let page = node.client().get("/v1/products/hat-doi").await.expect(200);
        if page["offers"][0]["price"]["amount"] == 211_000 && page["availability"] == "out_of_stock" {
            break;
        }
        assert!(written.elapsed() < tests::patience(Duration::from_secs(1)), "{page}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
