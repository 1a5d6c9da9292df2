//! How the databases answer what is asked all day when there is much: every statement of a day's work, recorded from the
//! server, is planned over 100,000 products, and none reads a big table from end to end.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tests::{Basket, Gateway, Server, Settings, on_postgres};

/// Tables that grow: name, columns with keys that are made anew, columns with texts that nobody else may have.
const GROWING: &[(&str, &[&str], &[&str])] = &[
    ("product", &["id"], &["slug"]),
    ("offer", &["id", "product_id"], &["sku"]),
    ("lot", &["id", "product_id"], &["code"]),
    ("stock", &["offer_id"], &[]),
    ("lot_stock", &["lot_id", "offer_id"], &[]),
    ("stock_movement", &["id", "offer_id", "lot_id"], &[]),
    ("recognition", &["id", "product_id"], &["certificate_number", "code"]),
    ("outbox", &["id"], &[]),
    ("audit_entry", &["id"], &[]),
];
const SEEDED: usize = 2_500;
const COPIES: usize = 40;

async fn run(database: &DatabaseConnection, sql: &str) {
    database.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn texts(database: &DatabaseConnection, sql: &str, column: usize) -> Vec<String> {
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let rows = database.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.try_get_by_index::<String>(column).unwrap()).collect()
}

/// Copies what was seeded under new keys, by the database itself: a hundredth of the time that writing it would take.
async fn multiply(database: &DatabaseConnection) {
    // Keys of version 8 beside those of version 7.
    let id = |column: &str| {
        if on_postgres() {
            format!("(substr({column}::text, 1, 14) || to_hex(32768 + c.n) || substr({column}::text, 19))::uuid")
        } else {
            format!("CAST(substr({column}, 1, 6) || unhex(printf('%04x', 32768 + c.n)) || substr({column}, 9) AS BLOB)")
        }
    };
    let copies = if on_postgres() {
        format!("(SELECT generate_series(1, {}) AS n) c", COPIES - 1)
    } else {
        format!(
            "(WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {}) SELECT n FROM up) c",
            COPIES - 1
        )
    };
    for (table, ids, unique) in GROWING {
        let columns = if on_postgres() {
            let sql = format!(
                "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}' AND is_generated = 'NEVER'"
            );
            texts(database, &sql, 0).await
        } else {
            texts(database, &format!("SELECT name FROM pragma_table_info('{table}')"), 0).await
        };
        let value = |column: &String| {
            if ids.contains(&column.as_str()) {
                id(&format!("t.{column}"))
            } else if unique.contains(&column.as_str()) {
                format!("t.{column} || '-' || c.n")
            } else {
                format!("t.{column}")
            }
        };
        let values: Vec<_> = columns.iter().map(value).collect();
        let sql = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {table} t, {copies}",
            columns.join(", "),
            values.join(", ")
        );
        run(database, &sql).await;
    }
}

/// A day's work: browsing, buying, paying, selling, partners, officers; and what the server does by itself meanwhile.
async fn work(server: &Server) {
    let client = server.client();
    let (pepper, honey) = (server.offer("hat-doi", 0).await, server.offer("mat-ong-rung-hop-tien", 0).await);
    for path in ["/v1/products?q=buoi", "/v1/products/hat-doi", "/v1/cooperatives", "/p/hat-doi"] {
        assert_eq!(client.get(path).await.status, 200, "{path}");
    }
    let product = client.get("/v1/products/hat-doi").await.expect(200)["id"].as_str().unwrap().to_owned();
    client.get(&format!("/v1/products/{product}/reviews")).await.expect(200);
    let basket = server.basket(&[(&pepper, 1), (&honey, 1)]).await;
    basket.client.get(&basket.path("")).await.expect(200);
    let paid = crate::payments::paid(server, &basket).await;
    for order in paid["purchase"]["orders"].as_array().unwrap() {
        basket.client.get(&Basket::link(order)).await.expect(200);
    }
    let buyer = server.sign_in("lan@example.vn").await;
    let cash = Basket::of(buyer.clone(), &[(&pepper, 1)]).await.buy().await;
    for path in ["/v1/me", "/v1/orders", "/v1/me/addresses"] {
        assert_eq!(buyer.get(path).await.status, 200, "{path}");
    }
    let shop = server.seller_of("hat-doi").await;
    let orders = shop.client.get(&shop.path("orders")).await.expect(200);
    let mine = |order: &&Value| order["purchase_id"] == paid["purchase"]["id"];
    let order = orders["items"].as_array().unwrap().iter().find(mine).unwrap()["id"].as_str().unwrap().to_owned();
    shop.deliver(&order).await;
    shop.step(cash["orders"][0]["id"].as_str().unwrap(), "confirm").await.expect(200);
    for path in [
        "orders?state=placed",
        "products",
        "products?q=doi",
        "stock",
        "lots",
        "shipments",
        "payouts",
        "statements",
        "imports",
        "returns",
    ] {
        let answer = shop.client.get(&shop.path(path)).await;
        assert!([200, 404, 422, 400].contains(&answer.status), "{path}: {}", answer.text);
    }
    let movement = json!({"kind": "receipt", "quantity": 5});
    shop.client.post(&shop.path(&format!("stock/{pepper}/movements")), movement).await.expect(201);
    shop.client.patch(&shop.path(&format!("offers/{pepper}")), json!({"price": 91_000})).await.expect(200);
    // The sweeper, the till and the postman have had their turns.
    tokio::time::sleep(std::time::Duration::from_secs(17)).await;
}

/// The big tables that a plan reads from end to end.
async fn scanned(
    database: &DatabaseConnection,
    number: usize,
    (sql, types): &Recorded,
    big: &[String],
) -> Result<Vec<String>, String> {
    let plan = if on_postgres() {
        let types = if types.is_empty() { String::new() } else { format!("({})", types.join(", ")) };
        let prepared = database.execute_unprepared(&format!("PREPARE s{number}{types} AS {sql}")).await;
        prepared.map_err(|error| error.to_string())?;
        let call = types.split(", ").map(|_| "NULL").collect::<Vec<_>>().join(", ");
        let call = if types.is_empty() { String::new() } else { format!("({call})") };
        texts(database, &format!("EXPLAIN EXECUTE s{number}{call}"), 0).await
    } else {
        let mut plan = Vec::new();
        // What is written to several tables at once is several statements.
        for one in sql.split(";\n").filter(|one| !one.trim().is_empty()) {
            plan.extend(texts(database, &format!("EXPLAIN QUERY PLAN {one}"), 3).await);
        }
        plan
    };
    let reads_whole = |line: &String, table: &String| {
        if on_postgres() {
            line.contains(&format!("Seq Scan on {table} ")) || line.ends_with(&format!("Seq Scan on {table}"))
        } else {
            // `SCAN product USING INDEX …` in the order of an index ends with its LIMIT; a bare one does not end early.
            let mut words = line.split_whitespace();
            words.next() == Some("SCAN") && words.next() == Some(table.as_str()) && !line.contains("USING")
        }
    };
    Ok(big.iter().filter(|table| plan.iter().any(|line| reads_whole(line, table))).cloned().collect())
}

/// What reads much by its nature, and seldom: at the start, once a day, or for a person who asked for all of it.
fn reads_all(sql: &str) -> bool {
    ["ORDER BY rowid", "sqlite_master", "pg_catalog", "seaql_migrations"].iter().any(|word| sql.contains(word))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hot_statement_scans_a_big_table() {
    let gateway = Gateway::new().await;
    let log = tempfile::NamedTempFile::new().unwrap();
    let server = Server::with(gateway.settings()).await;
    let recorded =
        server.second_node_with(|settings: Settings| settings.set("OCOP_STATEMENT_LOG", log.path().display())).await;
    // What is read whole at the start is not asked all day.
    let started = lines(&log);
    work(&recorded).await;
    let statements: Vec<Recorded> =
        lines(&log).into_iter().filter(|one| !started.contains(one) && !reads_all(&one.0)).collect();
    drop(recorded);
    assert!(statements.len() > 120, "only {} statements were recorded", statements.len());

    let output = server.ocop(&["seed", "--products", &SEEDED.to_string()], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut options = sea_orm::ConnectOptions::new(server.database_url());
    options.max_connections(1);
    let database = Box::pin(Database::connect(options)).await.unwrap();
    multiply(&database).await;
    assert!(server.count("SELECT COUNT(*) FROM product").await >= 100_000);
    run(&database, if on_postgres() { "ANALYZE" } else { "PRAGMA optimize = 0x10002" }).await;
    if on_postgres() {
        run(&database, "SET plan_cache_mode = force_generic_plan").await;
    }
    let mut big = Vec::new();
    for (table, ..) in GROWING {
        if server.count(&format!("SELECT COUNT(*) FROM {table}")).await > 20_000 {
            big.push((*table).to_owned());
        }
    }
    assert!(big.len() >= 7, "{big:?}");
    let mut faults = Vec::new();
    for (number, one) in statements.iter().enumerate() {
        let sql = &one.0;
        match scanned(&database, number, one, &big).await {
            Ok(tables) if tables.is_empty() => {}
            Ok(tables) => faults.push(format!("reads all of {}: {sql}", tables.join(", "))),
            Err(error) => faults.push(format!("cannot be planned ({error}): {sql}")),
        }
    }
    assert!(faults.is_empty(), "{} of {} statements:\n{}", faults.len(), statements.len(), faults.join("\n\n"));
    println!("{} statements planned over 100,000 products", statements.len());
}

/// A statement and the types of its values.
type Recorded = (String, Vec<String>);

fn lines(log: &tempfile::NamedTempFile) -> Vec<Recorded> {
    let text = std::fs::read_to_string(log.path()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
