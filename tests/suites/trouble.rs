//! When things break underneath: the database restarts, is not there, the process is told to stop, everybody comes at once.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::{Basket, Cluster, FEED, PASSWORD, Server, Settings, on_postgres};

/// What is answered from memory: lists, searches and feeds always, a page once somebody has seen it.
const READS: &[&str] = &[
    "/v1/products",
    "/v1/products?q=buoi&facets=true",
    "/v1/products/buoi-dien-du-sang",
    "/v1/categories",
    "/v1/cooperatives",
    "/v1/destinations",
    "/p/buoi-dien-du-sang",
    "/",
];

#[tokio::test]
async fn while_postgresql_restarts_nobody_is_told_of_an_internal_error() {
    if !on_postgres() {
        return;
    }
    let cluster = Cluster::start();
    let server = Server::on(&cluster.url(), Settings::default()).await;
    let client = server.client();
    let offer = server.offer("hat-doi", 0).await;
    let feed = format!("/feeds/{FEED}.json");
    let seller = server.seller_of("hat-doi").await;
    let stock_page = seller.path("stock");
    for path in READS {
        client.get(path).await;
    }
    let mut statuses = Vec::new();
    for mode in ["fast", "immediate"] {
        cluster.stop(mode);
        for path in READS.iter().copied().chain([feed.as_str(), "/healthz"]) {
            let answer = client.get(path).await;
            assert_eq!(answer.status, 200, "{path} while the database is away ({mode}): {}", answer.text);
        }
        let login = json!({"login": "lan@example.vn", "password": PASSWORD});
        let (cart, signed_in, stock, ready) = tokio::join!(
            client.post("/v1/carts", json!({"items": [{"offer_id": offer, "quantity": 1}]})),
            client.post("/v1/auth/login", login),
            seller.client.get(&stock_page),
            client.get("/readyz"),
        );
        for (what, answer) in [("cart", cart), ("sign-in", signed_in), ("stock", stock), ("readyz", ready)] {
            assert!(!answer.header("retry-after").is_empty(), "{what}: {}", answer.text);
            answer.expect_problem(503, "unavailable");
        }
        cluster.start_again();
        // Requests that come while it is on its way, and those that find a connection of the time before.
        let started = Instant::now();
        let mut good = 0;
        while good < 20 {
            assert!(started.elapsed() < tests::patience(Duration::from_secs(30)), "never well again: {statuses:?}");
            let answer = client.post("/v1/carts", json!({"items": [{"offer_id": offer, "quantity": 1}]})).await;
            good = if answer.status == 201 { good + 1 } else { 0 };
            statuses.push(answer.status);
        }
    }
    assert!(statuses.iter().all(|status| [201, 503].contains(status)), "{statuses:?}");
    Basket::of(client, &[(&offer, 1)]).await.buy().await;
    server.assert_books_agree();
    let log = server.log();
    assert!(!log.contains("internal error"), "{log}");
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_at_the_start_is_told_by_its_reason() {
    let told = |url: String| {
        let server = Server::unstarted(&url, Settings::default());
        let output = server.ocop(&["migrate"], "");
        assert!(!output.status.success());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!text.contains("timed out") && !text.contains("secret-word"), "{text}");
        text
    };
    let nobody = told("postgres://ocop:secret-word@127.0.0.1:9/ocop".to_owned());
    assert!(nobody.contains("nobody listens at 127.0.0.1:9"), "{nobody}");
    if on_postgres() {
        let cluster = std::env::var("TEST_POSTGRES").unwrap();
        let missing = told(format!("{cluster}/no_such_database"));
        assert!(missing.contains("there is no database no_such_database"), "{missing}");
        let stranger = told(format!("{}/postgres", cluster.replace("postgres@", "nobody_known:secret-word@")));
        assert!(stranger.contains("nobody_known"), "{stranger}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_stop_logs_no_error() {
    let mut server = Server::start().await;
    // Work of every kind has just been done on connections of the requests' threads.
    let offer = server.offer("hat-doi", 0).await;
    let buying = (0..8).map(|_| async { server.basket(&[(&offer, 1)]).await.buy().await });
    futures_util::future::join_all(buying).await;
    let started = Instant::now();
    let ended = tokio::task::block_in_place(|| server.terminate());
    assert!(ended.success(), "{ended}");
    assert!(started.elapsed() < tests::patience(Duration::from_secs(10)), "{:?}", started.elapsed());
    let log = server.log();
    for word in ["ERROR", "WARN", "failed", "Tokio 1.x context", "panicked"] {
        assert!(!log.contains(word), "“{word}” in the log of a clean stop:\n{log}");
    }
    server.assert_books_agree();
}

#[tokio::test]
async fn watchers_are_answered_however_busy_their_address_is() {
    let server = Server::with(Settings::default().set("OCOP_RATE_LIMIT_PER_SECOND", 2)).await;
    let client = server.client();
    let mut limited = 0;
    for _ in 0..20 {
        limited += usize::from(client.get("/v1/categories").await.status == 429);
        for path in ["/healthz", "/readyz", "/metrics"] {
            client.get(path).await.expect(200);
        }
    }
    assert!(limited > 10, "{limited}");
}
