//! Words, the way people type them.

use serde_json::Value;
use tests::Server;

fn slugs(body: &Value) -> Vec<String> {
    body["items"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap().to_owned()).collect()
}

async fn find(server: &Server, q: &str) -> Vec<String> {
    slugs(&server.client().query("/v1/products", &[("q", q), ("limit", "50")]).await.expect(200))
}

#[tokio::test]
async fn accents_case_and_composition_do_not_matter() {
    let server = Server::start().await;
    for typed in ["buoi dien", "BƯỞI DIỄN", "Bưởi Diễn", "bu\u{31b}o\u{31b}\u{309}i die\u{302}\u{303}n"] {
        assert_eq!(find(&server, typed).await[0], "buoi-dien-du-sang", "{typed}");
    }
    assert_eq!(find(&server, "thuỷ").await, find(&server, "thủy").await);
    assert!(!find(&server, "thủy").await.is_empty());
}

#[tokio::test]
async fn names_outrank_descriptions_and_both_are_found() {
    let server = Server::start().await;
    let found = find(&server, "mat ong").await;
    // Peach-limes are steeped in honey, which only their description says in full.
    let at = |slug: &str| found.iter().position(|found| found == slug).unwrap_or_else(|| panic!("{slug} in {found:?}"));
    assert!(at("mat-ong-rung-hop-tien") < 2 && at("mat-ong-thuong-tien") < 2, "{found:?}");
    assert!(at("chanh-dao-huu-co") >= 2);
    assert!(find(&server, "pomelo").await.contains(&"buoi-dien-du-sang".to_owned()), "English names too");
    assert!(find(&server, "dú sáng").await.contains(&"buoi-dien-du-sang".to_owned()), "the former commune");
}

#[tokio::test]
async fn prefixes_typos_and_phrases_work() {
    let server = Server::start().await;
    assert!(find(&server, "bu").await.contains(&"buoi-dien-du-sang".to_owned()), "prefix");
    assert_eq!(find(&server, "buoi di").await[0], "buoi-dien-du-sang", "unfinished last word");
    assert_eq!(find(&server, "thunh rech").await[0], "cam-thung-rech", "one typo");
    assert_eq!(find(&server, "thuong tein").await[0], "mat-ong-thuong-tien", "two letters swapped");
    assert_eq!(
        find(&server, "\"hop tien\" mat ong").await,
        ["mat-ong-rung-hop-tien", "mat-ong-thuong-tien"].map(str::to_owned),
        "phrase"
    );
    assert!(find(&server, "\"dien buoi\"").await.is_empty(), "the words of a phrase stand in its order");
    assert!(find(&server, "khongcogi").await.is_empty());
}

#[tokio::test]
async fn near_filters_and_sorts_by_distance() {
    let server = Server::start().await;
    let client = server.client();
    let near = client.get("/v1/products?near=20.67,105.53&radius_km=6&sort=distance&limit=50").await.expect(200);
    let distances: Vec<f64> =
        near["items"].as_array().unwrap().iter().map(|item| item["distance_km"].as_f64().unwrap()).collect();
    assert!(!distances.is_empty() && distances.is_sorted() && distances.iter().all(|km| *km <= 6.0), "{distances:?}");
    assert_eq!(near["items"][0]["slug"], "mang-kho-kim-boi");
    client.get("/v1/products?near=abc").await.expect_problem(400, "malformed");
    client.get("/v1/products?radius_km=5").await.expect_problem(400, "malformed");
}

#[tokio::test]
async fn a_changed_name_is_found_though_it_was_asked_for_before() {
    let server = Server::start().await;
    let seller = server.seller_of("tinh-dau-sa").await;
    let path = seller.path(&format!("products/{}", seller.product));
    seller.client.patch(&path, serde_json::json!({"name_vi": "Tinh dầu quế chi"})).await.expect(200);
    for _ in 0..100 {
        if find(&server, "que chi").await == ["tinh-dau-sa"] {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("not indexed within five seconds: {:?}", find(&server, "que chi").await);
}

#[tokio::test]
async fn reindex_brings_back_a_lost_index() {
    let mut server = Server::start().await;
    server.kill();
    std::fs::remove_dir_all(server.data.path().join("search")).unwrap();
    let output = server.ocop(&["reindex"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("14 products are indexed"));
    server.run().await;
    assert_eq!(find(&server, "buoi dien").await[0], "buoi-dien-du-sang");
    // And on a running server, whose searches go on meanwhile.
    let output = server.ocop(&["reindex"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(find(&server, "buoi dien").await[0], "buoi-dien-du-sang");
}
