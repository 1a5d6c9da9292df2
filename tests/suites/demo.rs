//! The first minute of a newcomer.

use std::process::{Command, Stdio};
use std::time::Duration;

use tests::{Server, Settings};

#[tokio::test]
async fn the_printed_lines_buy_a_pomelo_and_honey_and_have_them_delivered() {
    // `demo` on the database of the harness, which holds the demo already: it is left as it is.
    let mut server = Server::with(Settings::default()).await;
    server.kill();
    let output = server.data.path().join("tour.txt");
    let binary = std::env::var("TEST_OCOP")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../target/debug/ocop").into());
    let data = tempfile::tempdir().unwrap();
    let port = server.port.to_string();
    let mut demo = Command::new(binary)
        .arg("demo")
        .current_dir(data.path())
        .env("OCOP_DATA_DIR", data.path())
        .env("OCOP_LISTEN", format!("127.0.0.1:{port}"))
        .env("OCOP_LOG", "warn")
        .stdout(std::fs::File::create(&output).unwrap())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut tour = String::new();
    for _ in 0..600 {
        tour = std::fs::read_to_string(&output).unwrap();
        if tour.contains("# --- to here") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (_, rest) = tour.split_once("# --- from here").expect("the tour is printed");
    let (script, _) = rest.split_once("# --- to here").unwrap();
    let shell = Command::new("bash").args(["-euo", "pipefail", "-c", script]).output().unwrap();
    let text = String::from_utf8_lossy(&shell.stdout).into_owned();
    let faults = String::from_utf8_lossy(&shell.stderr).into_owned();
    let logins: Vec<_> = ["lan@example.vn", "green-life@example.vn", "admin@example.vn"]
        .into_iter()
        .filter(|who| tour.contains(who))
        .collect();
    let check = {
        let mut check = Command::new(
            std::env::var("TEST_OCOP")
                .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../target/debug/ocop").into()),
        );
        check
            .arg("check")
            .env("OCOP_DATA_DIR", data.path())
            .env("OCOP_LOG", "warn")
            .current_dir(data.path())
            .output()
            .unwrap()
    };
    demo.kill().unwrap();
    demo.wait().unwrap();
    assert!(shell.status.success(), "{text}\n{faults}");
    assert_eq!(text.matches(r#""state":"delivered""#).count(), 2, "{text}");
    assert_eq!(
        text.matches(r#""kind":"sale","quantity":-1"#).count(),
        3,
        "two sales now and one of honey in the past: {text}"
    );
    assert_eq!(logins.len(), 3, "{tour}");
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}

#[tokio::test]
async fn the_demo_has_every_product_producer_and_destination_and_past_orders() {
    let server = Server::start().await;
    let client = server.client();
    let products = client.get("/v1/products?limit=100").await.expect(200);
    assert_eq!(products["total"], 14);
    let pictures = products["items"].as_array().unwrap().iter().filter(|item| item["image"]["url"].is_string());
    assert_eq!(pictures.count(), 14);
    assert_eq!(client.get("/v1/cooperatives?limit=100").await.expect(200)["items"].as_array().unwrap().len(), 13);
    assert_eq!(client.get("/v1/destinations").await.expect(200)["items"].as_array().unwrap().len(), 5);
    assert_eq!(client.get("/media/demo/buoi-dien-du-sang.png").await.header("content-type"), "image/png");
    let buyer = server.sign_in("lan@example.vn").await;
    let orders = buyer.get("/v1/orders").await.expect(200);
    assert_eq!(orders["items"].as_array().unwrap().len(), 6);
    server.assert_books_agree();
}
