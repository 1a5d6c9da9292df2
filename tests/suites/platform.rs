//! Configuration, start-up, shutdown, limits, headers.

use std::time::Duration;

use serde_json::json;
use tests::{Server, Settings, on_postgres};

fn text(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn mistakes_in_the_configuration_are_named() {
    for (name, value, said) in [
        ("OCOP_LISTEN", "nowhere", "LISTEN"),
        ("OCOP_LISTN", "127.0.0.1:1", "OCOP_LISTN"),
        ("OCOP_DATABASE_URL", "mysql://x", "OCOP_DATABASE_URL"),
        ("OCOP_MAIL_SINK", "smtp", "OCOP_SMTP_URL"),
        ("OCOP_PASSWORD_MEMORY_KIB", "12", "from 1024"),
        ("OCOP_LOG", "no=such=filter", "OCOP_LOG"),
    ] {
        let server = Server::prepared(Settings::default().set(name, value)).await;
        let output = server.ocop(&["serve"], "");
        assert!(!output.status.success() && text(&output).contains(said), "{name}={value}: {}", text(&output));
    }
}

#[tokio::test]
async fn production_refuses_to_start_without_its_secrets_and_never_serves_the_demo() {
    let production = Settings::default().set("OCOP_ENV", "production");
    let server = Server::prepared(production.clone()).await;
    assert!(text(&server.ocop(&["serve"], "")).contains("OCOP_SECRET_KEYS"));
    let key = String::from_utf8(server.ocop(&["key", "new"], "").stdout).unwrap();
    let signing = production.set("OCOP_SECRET_KEYS", key.trim()).set("OCOP_BASE_URL", "https://cho.example.vn");
    let server = Server::prepared(signing.clone()).await;
    assert!(text(&server.ocop(&["serve"], "")).contains("OCOP_DATA_KEYS must be set"));
    let dear = signing.clone().set("OCOP_PASSWORD_MEMORY_KIB", 19_456);
    let strange = dear.set("OCOP_DATA_KEYS", key.trim()).set("OCOP_PHONE_SIGN_IN", "false");
    let elsewhere = Server::prepared(strange).await;
    assert!(text(&elsewhere.ocop(&["serve"], "")).contains("OCOP_DATA_KEYS does not hold"), "sealed by another");
    let cheap = signing.set("OCOP_DATA_KEYS", server.data_keys());
    let server = Server::prepared(cheap.clone()).await;
    assert!(text(&server.ocop(&["serve"], "")).contains("OCOP_PASSWORD_MEMORY_KIB is at least 19456"));
    let mute = cheap.set("OCOP_PASSWORD_MEMORY_KIB", 19_456);
    let server = Server::prepared(mute.clone()).await;
    assert!(text(&server.ocop(&["serve"], "")).contains("OCOP_MESSENGERS"), "codes to phones need a way");
    let server = Server::prepared(mute.clone().set("OCOP_MESSENGERS", "esms")).await;
    assert!(text(&server.ocop(&["serve"], "")).contains("OCOP_ESMS_API_KEY"));
    let keyed = mute.set("OCOP_PHONE_SIGN_IN", "false");
    let mut server = Server::prepared(keyed.clone()).await;
    assert!(text(&server.ocop(&["demo"], "")).contains("not for production"));
    server.run().await;
    assert!(server.client().get("/healthz").await.header("strict-transport-security").contains("max-age"));
    drop(server);
    let paying = |settings: Settings| {
        settings.set("OCOP_PAYMENTS", "vnpay").set("OCOP_VNPAY_TMN_CODE", "X").set("OCOP_VNPAY_SECRET", "y")
    };
    let server = Server::prepared(keyed.clone().set("OCOP_PAYMENTS", "vnpay")).await;
    assert!(text(&server.ocop(&["serve"], "")).contains("OCOP_VNPAY_TMN_CODE"));
    let server = Server::prepared(paying(keyed.clone())).await;
    assert!(text(&server.ocop(&["serve"], "")).contains("sandbox"));
    let server = Server::prepared(keyed.set("OCOP_CLOCK_AHEAD_SECONDS", 5)).await;
    assert!(text(&server.ocop(&["serve"], "")).contains("development only"));
}

#[tokio::test]
async fn flags_outrank_environment_which_outranks_the_file() {
    let server = Server::prepared(Settings::default().set("OCOP_LOG", "info")).await;
    std::fs::write(server.data.path().join("ocop.toml"), "log = \"x=y=z\"\nquote_minutes = \"many\"\n").unwrap();
    let output = server.ocop(&["check"], "");
    assert!(text(&output).contains("quote_minutes"), "the file is read, and its mistakes named: {}", text(&output));
    std::fs::write(server.data.path().join("ocop.toml"), "log = \"x=y=z\"\n").unwrap();
    assert!(server.ocop(&["check"], "").status.success(), "the environment outranks the file");
    assert!(text(&server.ocop(&["check", "--log", "x=y=z"], "")).contains("OCOP_LOG"), "a flag outranks both");
}

#[tokio::test]
async fn two_nodes_starting_together_migrate_once() {
    let settings = if on_postgres() {
        let url = std::env::var("TEST_POSTGRES").unwrap();
        let name = format!("fresh{}", uuid::Uuid::new_v4().simple());
        let made = std::process::Command::new("psql")
            .args([&format!("{url}/postgres"), "-qc", &format!("CREATE DATABASE {name}")])
            .status()
            .unwrap();
        assert!(made.success());
        Settings::default().set("OCOP_DATABASE_URL", format!("{url}/{name}"))
    } else {
        let folder = tempfile::tempdir().unwrap().keep();
        Settings::default().set("OCOP_DATABASE_URL", format!("sqlite://{}/new.db", folder.display()))
    };
    let server = std::sync::Arc::new(Server::prepared(settings).await);
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let server = server.clone();
            std::thread::spawn(move || server.ocop(&["migrate"], ""))
        })
        .collect();
    for node in nodes {
        let output = node.join().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_server_finishes_what_it_began() {
    let mut server = Server::start().await;
    let client = server.client();
    let slow = tokio::spawn(async move {
        client.post("/v1/auth/login", json!({"login": "lan@example.vn", "password": tests::PASSWORD})).await.status
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let ended = tokio::task::block_in_place(|| server.terminate());
    assert!(ended.success(), "{ended}");
    assert_eq!(slow.await.unwrap(), 200);
}

#[tokio::test]
async fn every_answer_carries_its_request_id_and_the_security_headers() {
    let server = Server::with(Settings::default().set("OCOP_LOG", "info")).await;
    let answer = server.client().header("x-request-id", "order-form-42").get("/v1/products/none").await;
    assert_eq!(answer.header("x-request-id"), "order-form-42");
    assert_eq!(answer.body["request_id"], "order-form-42");
    assert!(server.log().contains("order-form-42"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "cross-origin"),
    ] {
        assert_eq!(answer.header(name), value);
    }
    let page = server.client().get("/privacy").await;
    assert_eq!((page.status, page.header("cross-origin-resource-policy")), (200, "same-origin"));
    assert_eq!(page.header("x-frame-options"), "DENY");
    let hostile = server.client().header("x-request-id", "a b\"c{}").get("/healthz").await;
    assert_ne!(hostile.header("x-request-id"), "a b\"c{}");
}

#[tokio::test]
async fn who_finds_a_weakness_is_told_whom_to_tell() {
    let mut server = Server::start().await;
    server.client().get("/.well-known/security.txt").await.expect_problem(404, "not_found");
    server.restart_with(|settings| settings.set("OCOP_SECURITY_CONTACT", "mailto:an-ninh@example.vn")).await;
    let told = server.client().get("/.well-known/security.txt").await;
    assert!(
        told.status == 200 && told.text.starts_with("Contact: mailto:an-ninh@example.vn\nExpires: 20"),
        "{}",
        told.text
    );
    let output = server.with_settings(|settings| settings.set("OCOP_SECURITY_CONTACT", "an-ninh")).ocop(&["serve"], "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("OCOP_SECURITY_CONTACT"));
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let server = Server::with(Settings::default().set("OCOP_RATE_LIMIT_PER_SECOND", 20)).await;
    let answers =
        futures_util::future::join_all((0..60).map(|_| async { server.client().get("/v1/categories").await })).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!refused.is_empty() && refused.len() < 60);
    assert!(refused.iter().all(|answer| answer.body["code"] == "rate_limited" && answer.header("retry-after") == "1"));
    assert!(answers.iter().any(|answer| answer.header("ratelimit").contains("limit=20")));
}

#[tokio::test]
async fn metrics_and_health_are_served() {
    let server = Server::start().await;
    server.client().get("/v1/products").await.expect(200);
    let metrics = server.client().get("/metrics").await;
    assert!(
        metrics.text.contains("http_request_duration_seconds_count{route=\"/v1/products\",status=\"2xx\"} 1"),
        "{}",
        metrics.text
    );
    assert!(server.ocop(&["health"], "").status.success());
    let guarded = Server::with(Settings::default().set("OCOP_METRICS_TOKEN", "geheim")).await;
    guarded.client().get("/metrics").await.expect(404);
    assert_eq!(guarded.client().bearer("geheim").get("/metrics").await.status, 200);
}

#[tokio::test]
async fn pages_of_other_sites_may_call_only_when_allowed() {
    let server = Server::with(Settings::default().set("OCOP_CORS_ORIGINS", "https://shop.example.vn")).await;
    let allowed = server.client().header("origin", "https://shop.example.vn").get("/v1/products").await;
    assert_eq!(allowed.header("access-control-allow-origin"), "https://shop.example.vn");
    let other = server.client().header("origin", "https://evil.example").get("/v1/products").await;
    assert_eq!(other.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_doctor_says_what_is_wrong_and_changes_nothing() {
    let server = Server::start().await;
    let output = server.ocop(&["doctor", "--json"], "");
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success(), "{findings}");
    let state = |findings: &serde_json::Value, name: &str| {
        let found = findings.as_array().unwrap().iter().find(|finding| finding["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {findings}"))["state"].as_str().unwrap().to_owned()
    };
    for name in ["configuration", "disk", "files", "database", "schema", "clock", "keys", "outbox"] {
        assert_eq!(state(&findings, name), "good", "{name}: {findings}");
    }
    // Mails and codes in a folder are for developers.
    assert_eq!((state(&findings, "mail"), state(&findings, "messengers")), ("look".to_owned(), "look".to_owned()));

    let ill = Settings::default()
        .set("OCOP_MAIL_SINK", "smtp")
        .set("OCOP_SMTP_URL", "smtp://127.0.0.1:1")
        .set("OCOP_MESSENGERS", "http")
        .set("OCOP_SMS_HTTP_URL", "http://127.0.0.1:1/");
    let mut server = Server::prepared(ill).await;
    let waits = "INSERT INTO outbox (id, topic, subject_id, payload, origin, created_at, available_at, attempts)
                 VALUES ('0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f', 'order.placed', '0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f', '{}',
                         '0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f', '2020-01-01 00:00:00+00:00', '2020-01-01 00:00:00+00:00', 0)";
    server.execute(waits).await;
    let output = server.ocop(&["doctor"], "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &text(&output);
    assert!(!output.status.success(), "{said}");
    for wrong in ["mail", "outbox", "SMS gateway"] {
        assert!(said.lines().any(|line| line.starts_with("WRONG") && line.contains(wrong)), "{wrong}: {said}");
    }
    assert!(said.contains("3 of "), "{said}");
    server.kill();
    let bare = Server::empty_machine(Settings::default()).await;
    let said = String::from_utf8_lossy(&bare.ocop(&["doctor"], "").stdout).into_owned();
    assert!(said.contains("there is none yet") || said.contains("changes are still to come"), "{said}");
}
