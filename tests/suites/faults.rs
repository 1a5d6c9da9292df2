//! What is around us fails: the disk is full, the mail server hangs, the clock jumps back. What then is in `docs/operations.md`.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::{Asked, Basket, Manner, Server, Settings, StandIn, on_postgres};

/// A file system of so many megabytes, gone at the end.
struct Small(tempfile::TempDir);

impl Small {
    /// None where nobody may mount.
    fn new(megabytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "ocop-test"]).arg(folder.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all that is left.
    fn fill(&self) {
        let mut size = 1 << 20;
        let mut number = 0;
        while size >= 512 {
            number += 1;
            let file = self.path().join(format!("filler{number}"));
            if std::fs::write(&file, vec![1_u8; size]).is_err() {
                size /= 2;
            }
        }
    }

    fn free(&self) {
        for entry in std::fs::read_dir(self.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("filler") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_to_sell_goes_on_showing_and_recovers() {
    if on_postgres() {
        // PostgreSQL has a disk of its own; its refusals (class 53) are told alike.
        return;
    }
    let Some(small) = Small::new(64) else {
        eprintln!("not run: mounting takes root");
        return;
    };
    let mut server = Server::on(&format!("sqlite://{}/ocop.db", small.path().display()), Settings::default()).await;
    let offer = server.offer("hat-doi", 0).await;
    let bought = server.basket(&[(&offer, 1)]).await.buy().await;
    let link = Basket::link(&bought["orders"][0]);
    small.fill();
    // What fits into pages that are there still goes through; then there is no room.
    let mut refused = None;
    for _ in 0..2_000 {
        let answer = server.client().post("/v1/carts", json!({"items": [{"offer_id": offer, "quantity": 1}]})).await;
        if answer.status != 201 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a disk that is full takes no more baskets");
    refused.expect_problem(503, "unavailable");
    // Whoever goes on trying is refused, too: a commit that failed spoils none that come after.
    let tries = (0..24).map(|_| async { server.client().post("/v1/carts", json!({"items": []})).await.status });
    let told = futures_util::future::join_all(tries).await;
    assert!(told.iter().all(|status| [201, 503].contains(status)) && told.contains(&503), "{told:?}");
    server.client().get("/v1/products/hat-doi").await.expect(200);
    server.client().get(&link).await.expect(200);
    small.free();
    let started = Instant::now();
    loop {
        let answer = server.client().post("/v1/carts", json!({"items": []})).await;
        if answer.status == 201 {
            break;
        }
        let within = started.elapsed() < tests::patience(Duration::from_secs(10));
        assert!(within, "it goes on when there is room: {} {}\n{}", answer.status, answer.text, server.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let again = server.basket(&[(&offer, 2)]).await.buy().await;
    server.assert_books_agree();
    server.kill();
    server.run().await;
    server.client().get(&Basket::link(&again["orders"][0])).await.expect(200);
    server.assert_books_agree();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_hangs_holds_up_nobody_and_gets_its_mail_later() {
    let hangs = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = hangs.local_addr().unwrap().port();
    // Takes every connection and says nothing.
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in hangs.incoming() {
            held.push(stream);
        }
    });
    let settings =
        Settings::default().set("OCOP_MAIL_SINK", "smtp").set("OCOP_SMTP_URL", format!("smtp://127.0.0.1:{port}"));
    let mut server = Server::with(settings).await;
    let offer = server.offer("hat-doi", 0).await;
    let started = Instant::now();
    for _ in 0..5 {
        server.basket(&[(&offer, 1)]).await.buy().await;
    }
    assert!(
        started.elapsed() < tests::patience(Duration::from_secs(10)),
        "buyers do not wait for mails: {:?}",
        started.elapsed()
    );
    let seller = server.seller_of("hat-doi").await;
    seller.client.get(&seller.path("orders")).await.expect(200);
    let stopping = Instant::now();
    let ended = tokio::task::block_in_place(|| server.terminate());
    assert!(
        ended.success() && stopping.elapsed() < tests::patience(Duration::from_secs(40)),
        "{ended} after {:?}",
        stopping.elapsed()
    );
    // The mail server is back: what was owed is sent.
    server.with_settings(|settings| settings.set("OCOP_MAIL_SINK", "file"));
    server.run().await;
    server.message_to("khach@example.vn", "DH-").await;
}

#[tokio::test]
async fn a_clock_that_jumps_back_loses_nothing() {
    let mut server = Server::with(Settings::default().set("OCOP_CLOCK_AHEAD_SECONDS", 3_600)).await;
    let offer = server.offer("hat-doi", 0).await;
    let bought = server.basket(&[(&offer, 1)]).await.buy().await;
    let link = Basket::link(&bought["orders"][0]);
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 0)).await;
    assert_eq!(server.client().get(&link).await.expect(200)["state"], "placed");
    let shop = server.seller_of("hat-doi").await;
    shop.deliver(bought["orders"][0]["id"].as_str().unwrap()).await;
    server.basket(&[(&offer, 1)]).await.buy().await;
    let told = server.message_to("khach@example.vn", "DH-").await;
    assert!(!told.is_empty());
    server.assert_books_agree();
}

#[tokio::test]
async fn a_store_of_pictures_that_is_away_is_told_of_and_the_shop_goes_on() {
    let store = StandIn::new(|_: &Asked| Manner::Answer(503, json!({"error": "slow down"}))).await;
    let settings = Settings::default()
        .set("OCOP_OBJECTS_URL", "s3://pictures/ocop")
        .set("OCOP_S3_ENDPOINT", &store.url)
        .set("OCOP_S3_ACCESS_KEY", "planted")
        .set("OCOP_S3_SECRET_KEY", "planted-secret");
    let server = Server::with(settings).await;
    let shop = server.seller_of("hat-doi").await;
    let started = Instant::now();
    let refused = shop.client.upload(&shop.path("media"), "image/jpeg", crate::media::photo(300, 200, None)).await;
    refused.expect_problem(503, "unavailable");
    assert!(started.elapsed() < tests::patience(Duration::from_secs(15)), "{:?}", started.elapsed());
    assert_eq!(server.count("SELECT COUNT(*) FROM media WHERE width = 300 AND height = 200").await, 0);
    server.client().get("/v1/products/hat-doi").await.expect(200);
    let offer = server.offer("hat-doi", 0).await;
    server.basket(&[(&offer, 1)]).await.buy().await;
}
