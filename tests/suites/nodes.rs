//! Several nodes on one PostgreSQL: what is written on one is seen on the other at once, limits hold over both, and what is
//! due is done by one of them.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use tests::{Cluster, Server, Settings, on_postgres, size};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_price_is_seen_on_the_other_node_within_a_second() {
    if !on_postgres() {
        // SQLite has one node: its file is not shared.
        return;
    }
    let server = Server::start().await;
    let node = server.second_node().await;
    let seller = server.seller_of("hat-doi").await;
    let offer = server.offer("hat-doi", 0).await;
    let (client, path) = (node.client(), seller.path(&format!("offers/{offer}")));
    let mut waited = Vec::new();
    for number in 0..size(200, 40) {
        let price = 150_000 + 1_000 * i64::try_from(number).unwrap();
        seller.client.patch(&path, json!({"price": price})).await.expect(200);
        let written = Instant::now();
        while client.get("/v1/products/hat-doi").await.expect(200)["offers"][0]["price"]["amount"] != price {
            assert!(written.elapsed() < tests::patience(Duration::from_secs(5)), "{price} is not seen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        waited.push(written.elapsed());
    }
    waited.sort_unstable();
    let p99 = waited[waited.len() * 99 / 100];
    println!("seen after {:?} at the median, {p99:?} at p99", waited[waited.len() / 2]);
    assert!(p99 < tests::patience(Duration::from_secs(1)), "{p99:?}");
}

#[tokio::test]
async fn a_limit_of_sign_ins_holds_over_both_nodes() {
    if !on_postgres() {
        return;
    }
    let server = Server::with(Settings::default().set("OCOP_AUTH_RATE_LIMIT_PER_MINUTE", 12)).await;
    let node = server.second_node().await;
    // A minute that is not about to end.
    let second = time::OffsetDateTime::now_utc().second();
    if second > 40 {
        tokio::time::sleep(Duration::from_secs(61 - u64::from(second))).await;
    }
    let mut answers = Vec::new();
    for number in 0..20 {
        let client = if number % 2 == 0 { server.client() } else { node.client() };
        let login = json!({"login": format!("khong-co-{number}@example.vn"), "password": "không đúng mật khẩu"});
        answers.push(client.post("/v1/auth/login", login).await);
    }
    let judged = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(judged, 12, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    let refused = answers.last().unwrap();
    assert!(refused.status == 429 && refused.header("retry-after").parse::<u64>().unwrap() <= 60);
}

#[tokio::test]
async fn what_is_due_in_a_month_is_done_once_though_two_nodes_look() {
    if !on_postgres() {
        return;
    }
    let mut server = Server::start().await;
    let admin = server.sign_in("admin@example.vn").await;
    let keep = json!({"days": 365, "valid_from": (time::OffsetDateTime::now_utc() + time::Duration::hours(7)).date().to_string()});
    admin.put("/v1/admin/retention/events", keep).await.expect(200);
    let offer = server.offer("hat-doi", 0).await;
    // Nobody answers it: it expires. Papers and stars end within the month: their owners are told.
    let order = server.basket(&[(&offer, 1)]).await.buy().await["orders"][0]["id"].as_str().unwrap().to_owned();
    server.execute("UPDATE recognition SET valid_until = CURRENT_DATE + 25 WHERE revoked_at IS NULL").await;
    server.execute("UPDATE certificate SET valid_until = CURRENT_DATE + 20 WHERE valid_until > CURRENT_DATE").await;
    let mut node = server.second_node().await;
    let names = |server: &Server| server.messages().into_iter().map(|(name, _)| name).collect::<HashSet<_>>();
    // What every server of the tests begins with.
    let before: HashSet<_> = names(&server).intersection(&names(&node)).cloned().collect();
    let days: Vec<i64> = (1..=30).step_by(size(1, 10)).collect();
    for day in days {
        let ahead = |settings: Settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", day * DAY);
        // Stopped politely: what is under way is finished, so that a killed node's second attempt is not in the way here.
        for one in [&mut server, &mut node] {
            one.terminate();
            one.with_settings(ahead);
        }
        futures_util::future::join(server.run(), node.run()).await;
        // Who looks for what is due looks after three seconds.
        tokio::time::sleep(Duration::from_millis(4_500)).await;
    }
    crate::payments::until(&server, "SELECT COUNT(*) FROM outbox WHERE delivered_at IS NULL AND attempts = 0", 0).await;
    let twice = server
        .text(
            "SELECT COALESCE(string_agg(topic || ' ' || CAST(payload AS text), '; '), '') FROM
                   (SELECT topic, subject_id, CAST(payload AS text) AS payload FROM outbox
                    WHERE topic NOT LIKE 'product%' AND topic NOT LIKE 'cooperative%'
                    GROUP BY topic, subject_id, CAST(payload AS text) HAVING COUNT(*) > 1) t",
        )
        .await;
    assert_eq!(twice, "", "done twice");
    let told = |topic: &str| format!("SELECT COUNT(*) FROM outbox WHERE topic = '{topic}'");
    assert!(server.count(&told("certificate.ending")).await > 0, "papers that end were told of");
    assert!(server.count(&told("recognition.ending")).await > 0, "stars that end were told of");
    let expired = format!("SELECT COUNT(*) FROM order_event WHERE order_id = '{order}' AND to_state = 'expired'");
    assert_eq!(server.count(&expired).await, 1);
    let both: Vec<_> =
        names(&server).intersection(&names(&node)).filter(|name| !before.contains(*name)).cloned().collect();
    assert_eq!(both, Vec::<String>::new(), "sent by both");
    assert!(names(&server).len() + names(&node).len() > 2 * before.len(), "something was sent");
    server.assert_books_agree();
}

async fn replica_is_used(server: &Server, used: bool) {
    let words = format!("ocop_replica_used {}", u8::from(used));
    for _ in 0..400 {
        if server.client().get("/metrics").await.text.contains(&words) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never {words}:\n{}", server.log());
}

#[tokio::test]
async fn a_replica_is_asked_while_it_is_close_behind_and_the_primary_when_it_is_not() {
    if !on_postgres() {
        return;
    }
    let cluster = Cluster::start();
    let standby = cluster.standby();
    let settings = Settings::default().set("OCOP_READ_DATABASE_URL", standby.url()).set("OCOP_READ_LAG_SECONDS", 1);
    let server = Server::on(&cluster.url(), settings).await;
    replica_is_used(&server, true).await;
    let seller = server.seller_of("hat-doi").await;
    let (path, public) =
        (seller.path("pickup-points"), format!("/v1/cooperatives/{}/pickup-points", seller.cooperative));
    let shown = async |name: &str| server.client().get(&public).await.expect(200).to_string().contains(name);
    let point = |name: &str| {
        json!({"name_vi": name, "name_en": name, "street": "Xóm Sáng", "commune_code": "04978", "latitude": 20.67, "longitude": 105.53,
            "hours": [{"days": [1, 2, 3], "from": "07:00", "to": "17:30"}], "active": true})
    };
    seller.client.patch(&seller.path("profile"), json!({"pickup_offered": true})).await.expect(200);
    let replica = Database::connect(standby.url()).await.unwrap();
    replica.execute_unprepared("SELECT pg_wal_replay_pause()").await.unwrap();
    seller.client.post(&path, point("Nhà văn hoá")).await.expect(201);
    assert!(!shown("Nhà văn hoá").await, "it is the replica that answers, and it stands still");
    replica_is_used(&server, false).await;
    assert!(shown("Nhà văn hoá").await, "the primary answers now");
    replica.execute_unprepared("SELECT pg_wal_replay_resume()").await.unwrap();
    replica_is_used(&server, true).await;
    assert!(shown("Nhà văn hoá").await);
    replica.close().await.unwrap();
    // One that is away holds up neither buyers nor a start.
    standby.stop("immediate");
    replica_is_used(&server, false).await;
    seller.client.post(&path, point("Chợ xã")).await.expect(201);
    assert!(shown("Chợ xã").await);
    let mut server = server;
    server.restart_with(|settings| settings).await;
    assert!(server.client().get(&public).await.expect(200).to_string().contains("Chợ xã"));
    standby.start_again();
    replica_is_used(&server, true).await;
}
