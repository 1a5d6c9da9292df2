//! Figures by commune equal what plain SQL counts, for a country and five years within two seconds.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tests::{Client, Server, on_postgres};

use crate::console::Browser;
use crate::traceability::day;

fn of<'a>(figures: &'a Value, code: &str) -> Option<&'a Value> {
    figures["communes"].as_array().unwrap().iter().find(|one| one["commune_code"] == code)
}

#[tokio::test]
async fn officers_see_the_figures_of_their_place() {
    let server = Server::start().await;
    let province = server.sign_in("can-bo@example.vn").await;
    let commune = server.sign_in("xa-nat-son@example.vn").await;
    let ministry = server.sign_in("bo@example.vn").await;
    let all = province.get("/v1/officer/figures?limit=4000").await.expect(200);
    let own = commune.get("/v1/officer/figures").await.expect(200);
    assert_eq!((own["communes_in_place"].as_i64(), own["communes"].as_array().unwrap().len()), (Some(1), 1));
    assert_eq!(of(&all, "04990").unwrap()["figures"], own["total"]);
    assert!(ministry.get("/v1/officer/figures").await.expect(200)["communes_in_place"].as_i64().unwrap() == 3321);
    // Somebody else's place is no place; one's own may be looked into.
    commune.get("/v1/officer/figures?place=04978").await.expect_problem(403, "forbidden");
    commune.get("/v1/officer/figures/report?place=04978").await.expect_problem(403, "forbidden");
    commune.get("/v1/officer/figures.geojson?place=04978").await.expect_problem(403, "forbidden");
    commune.get("/v1/officer/figures/history?place=04978").await.expect_problem(403, "forbidden");
    commune.get("/v1/officer/figures?place=99999").await.expect_problem(422, "invalid");
    let inside = province.get("/v1/officer/figures?place=04990").await.expect(200);
    assert_eq!(inside["total"], own["total"]);
    province.get("/v1/officer/figures?from=2026-02-01&to=2026-01-01").await.expect_problem(422, "invalid");
    // Ranked, the same figure the same rank; sums are those of the communes.
    let ranks: Vec<(i64, i64)> = all["communes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["rank"].as_i64().unwrap(), one["figures"]["revenue"].as_i64().unwrap()))
        .collect();
    assert!(
        ranks.windows(2).all(|pair| pair[0].1 >= pair[1].1 && (pair[0].1 == pair[1].1) == (pair[0].0 == pair[1].0)),
        "{ranks:?}"
    );
    let sum: i64 = ranks.iter().map(|(_, revenue)| revenue).sum();
    assert_eq!(all["total"]["revenue"].as_i64(), Some(sum));
    // Files and the map tell the same.
    let (status, headers, bytes) = province.bytes("/v1/officer/figures/report?format=xlsx").await;
    assert!(status == 200 && bytes.starts_with(b"PK"), "{headers:?}");
    let (status, _, bytes) = province.bytes("/v1/officer/figures/report?format=pdf").await;
    assert!(status == 200 && bytes.starts_with(b"%PDF-1."));
    let (_, _, bytes) = province.bytes("/v1/officer/figures/report?format=csv").await;
    let csv = String::from_utf8(bytes).unwrap();
    assert!(csv.contains(&sum.to_string()) && csv.contains("Nật Sơn"), "{csv}");
    let map = province.get("/v1/officer/figures.geojson").await.expect(200);
    let dot =
        map["features"].as_array().unwrap().iter().find(|one| one["properties"]["commune_code"] == "04990").unwrap();
    assert_eq!(dot["properties"]["figures"], own["total"]);
    assert!(dot["geometry"]["coordinates"][1].as_f64().unwrap() > 20.0);
    let history = province.get("/v1/officer/figures/history").await.expect(200);
    let years = history["years"].as_array().unwrap();
    assert_eq!((years.len(), &years[4]["figures"]), (5, &all["total"]));
    server.new_buyer("khach@example.vn").await.get("/v1/officer/figures").await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn indicators_are_data_of_the_ministry() {
    let server = Server::start().await;
    let ministry = server.sign_in("bo@example.vn").await;
    let province = server.sign_in("can-bo@example.vn").await;
    let shipped = province.get("/v1/officer/indicators").await.expect(200);
    assert!(
        shipped["items"].as_array().unwrap().iter().all(|one| one["source"].as_str().unwrap().contains("minh họa"))
    );
    let one = |code: &str, least: i64| json!({"code": code, "figure": "recognised", "least": least, "name_vi": "Có sản phẩm OCOP", "name_en": "Has OCOP products", "source": "318/QĐ-TTg"});
    let written = json!({"items": [one("13.2", 1), one("13.2+", 1_000)]});
    province.put("/v1/officer/indicators", written.clone()).await.expect_problem(403, "forbidden");
    let twice = json!({"items": [one("13.2", 1), one("13.2", 2)]});
    let told = ministry.put("/v1/officer/indicators", twice).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/items/1/code");
    ministry.put("/v1/officer/indicators", written).await.expect(200);
    let figures = province.get("/v1/officer/figures?limit=4000").await.expect(200);
    let communes = figures["communes"].as_array().unwrap();
    for commune in communes {
        let reached = commune["figures"]["recognised"].as_i64().unwrap() >= 1;
        assert_eq!(commune["reached"], if reached { json!(["13.2"]) } else { json!([]) });
    }
    let count = communes.iter().filter(|one| one["reached"] != json!([])).count();
    assert_eq!(figures["indicators"][0]["communes"].as_u64(), Some(count as u64));
}

/// A country of five years, made by the database itself.
struct Country {
    database: DatabaseConnection,
    codes: Vec<String>,
}

const PRODUCTS: i64 = 20_000;
const ORDERS: i64 = 60_000;

impl Country {
    async fn make(server: &Server) -> Self {
        let places = server.client().get("/v1/admin-units").await.expect(200);
        let mut codes = Vec::new();
        for province in places["items"].as_array().unwrap() {
            let path = format!("/v1/admin-units?province={}", province["code"].as_str().unwrap());
            let shown = server.client().get(&path).await.expect(200);
            let communes = shown["items"].as_array().unwrap().iter();
            codes.extend(communes.map(|commune| commune["code"].as_str().unwrap().to_owned()));
        }
        assert_eq!(codes.len(), 3321);
        let database = Database::connect(server.database_url()).await.unwrap();
        let country = Self { database, codes };
        country.fill().await;
        country
    }

    async fn run(&self, sql: &str) {
        self.database.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    async fn rows(&self, sql: &str) -> Vec<(String, i64)> {
        let statement = Statement::from_string(self.database.get_database_backend(), sql);
        let rows = self.database.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())).collect()
    }

    async fn columns(&self, table: &str) -> Vec<String> {
        let sql = if on_postgres() {
            format!(
                "SELECT column_name::text, 1::bigint FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}' AND is_generated = 'NEVER'"
            )
        } else {
            format!("SELECT name, 1 FROM pragma_table_info('{table}')")
        };
        self.rows(&sql).await.into_iter().map(|(name, _)| name).collect()
    }

    /// As many copies of a table's first row, with these columns made anew of `n`.
    async fn copy(&self, table: &str, count: i64, anew: &[(&str, String)]) {
        let columns = self.columns(table).await;
        let value = |column: &String| {
            anew.iter().find(|(name, _)| name == column).map_or_else(|| format!("t.{column}"), |(_, sql)| sql.clone())
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let series = if on_postgres() {
            format!("generate_series(0, {}) AS c(n)", count - 1)
        } else {
            format!(
                "(WITH RECURSIVE up(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM up WHERE n < {}) SELECT n FROM up) c",
                count - 1
            )
        };
        let (columns, values) = (columns.join(", "), values.join(", "));
        self.run(&format!("INSERT INTO {table} ({columns}) SELECT {values} FROM (SELECT * FROM {table} ORDER BY id LIMIT 1) t, {series}")).await;
    }

    async fn fill(&self) {
        self.run("CREATE TABLE made_place (n bigint PRIMARY KEY, code text NOT NULL)").await;
        let places: Vec<String> = self.codes.iter().enumerate().map(|(n, code)| format!("({n}, '{code}')")).collect();
        self.run(&format!("INSERT INTO made_place VALUES {}", places.join(", "))).await;
        let home = |n: &str| format!("(SELECT code FROM made_place WHERE made_place.n = {n})");
        let name = |word: &str| format!("'{word}-' || c.n");
        let today = if on_postgres() { "current_date" } else { "date('now', '+7 hours')" };
        let ago = |days: &str| {
            if on_postgres() {
                format!("({today} - CAST({days} AS integer))")
            } else {
                format!("date({today}, '-' || ({days}) || ' days')")
            }
        };
        let moment = |days: &str| {
            if on_postgres() {
                format!("(now() - ({days}) * INTERVAL '1 day')")
            } else {
                format!("strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || ({days}) || ' days')")
            }
        };
        let five = "(c.n * 7919 % 1820)";
        let cooperative = |n: &str| id(1, &format!("({n} % 3321)"));
        let made = [
            ("id", id(1, "c.n")),
            ("slug", name("htx")),
            ("commune_code", home("c.n")),
            ("tax_code", name("mst")),
            ("status", "'active'".into()),
            ("created_at", moment("2000")),
        ];
        self.copy("cooperative", 3321, &made).await;
        let made = [
            ("id", id(2, "c.n")),
            ("slug", name("hang")),
            ("cooperative_id", cooperative("c.n")),
            ("origin_commune_code", home("(c.n % 3321)")),
            ("status", "'published'".into()),
            ("published_at", moment(five)),
            ("gtin", "NULL".into()),
        ];
        self.copy("product", PRODUCTS, &made).await;
        let until = if on_postgres() {
            format!("({} + 1095)", ago(five))
        } else {
            format!("date({}, '+1095 days')", ago(five))
        };
        let made = [
            ("id", id(3, "c.n")),
            ("product_id", id(2, "c.n")),
            ("certificate_number", name("so")),
            ("code", name("ma")),
            ("issued_on", ago(five)),
            ("valid_until", until),
            ("revoked_at", "NULL".into()),
            ("dossier_id", "NULL".into()),
        ];
        self.copy("recognition", PRODUCTS, &made).await;
        let made = [
            ("id", id(4, "c.n")),
            ("number", name("DH")),
            ("cooperative_id", cooperative("c.n")),
            ("state", "'completed'".into()),
            ("placed_at", moment(&format!("{five} + 3"))),
            ("delivered_at", moment(five)),
            ("goods_amount", "100000 + c.n".into()),
            ("discount_amount", "c.n % 50".into()),
            ("delivery_amount", "0".into()),
            ("delivery_discount_amount", "0".into()),
            ("delivery_platform_discount_amount", "0".into()),
            ("total_amount", "100000 + c.n - c.n % 50".into()),
            ("access_token", name("t")),
        ];
        self.copy("orders", ORDERS, &made).await;
        let made = [
            ("id", id(5, "c.n")),
            ("cooperative_id", cooperative("c.n")),
            ("product_id", id(2, "c.n")),
            ("code", name("L")),
            ("harvested_on", ago(five)),
            ("forecast_id", "NULL".into()),
        ];
        self.copy("lot", PRODUCTS, &made).await;
        if on_postgres() {
            self.run("ANALYZE").await;
        }
    }
}

fn id(kind: u8, n: &str) -> String {
    if on_postgres() {
        format!("CAST('0000000{kind}-0000-7000-8000-' || lpad(to_hex({n}), 12, '0') AS uuid)")
    } else {
        format!("unhex('0000000{kind}000070008000' || printf('%012x', {n}))")
    }
}

const LIMIT: Duration = Duration::from_secs(2);
/// What the server takes is meant, not what else the machine does at that moment: the best of so many tries counts.
const TRIES: usize = 4;

async fn timed(client: &Client, path: &str) -> Vec<u8> {
    let mut best = Duration::MAX;
    for _ in 0..TRIES {
        let begun = Instant::now();
        let (status, _, bytes) = client.bytes(path).await;
        best = best.min(begun.elapsed());
        println!("{path}: {} bytes in {best:?} at the best", bytes.len());
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&bytes));
        if best < tests::patience(LIMIT) {
            return bytes;
        }
    }
    panic!("{path} took {best:?}");
}

#[tokio::test]
async fn a_country_of_five_years_is_counted_within_two_seconds() {
    let server = Server::start().await;
    let country = Country::make(&server).await;
    let officer = server.sign_in("bo@example.vn").await;
    let (from, to) = (day(-1824), day(0));
    let period = format!("from={from}&to={to}");
    let whole = timed(&officer, &format!("/v1/officer/figures?{period}&limit=4000")).await;
    let whole: Value = serde_json::from_slice(&whole).unwrap();
    assert_eq!(whole["ranked"].as_i64(), Some(3321));
    let day_of = |column: &str| {
        if on_postgres() {
            format!("CAST({column} AT TIME ZONE 'Asia/Ho_Chi_Minh' AS date)")
        } else {
            format!("date({column}, '+7 hours')")
        }
    };
    let within = |column: &str| format!("{column} >= '{from}' AND {column} <= '{to}'");
    let checks = [
        ("revenue", format!("SELECT c.commune_code, CAST(SUM(o.goods_amount - o.discount_amount) AS bigint) FROM orders o, cooperative c WHERE c.id = o.cooperative_id AND o.delivered_at IS NOT NULL AND {} GROUP BY 1", within(&day_of("o.delivered_at")))),
        ("orders", format!("SELECT c.commune_code, COUNT(*) FROM orders o, cooperative c WHERE c.id = o.cooperative_id AND o.delivered_at IS NOT NULL AND {} GROUP BY 1", within(&day_of("o.delivered_at")))),
        ("lots", format!("SELECT c.commune_code, COUNT(*) FROM lot l, cooperative c WHERE c.id = l.cooperative_id AND {} GROUP BY 1", within("l.harvested_on"))),
        ("recognised", format!("SELECT c.commune_code, COUNT(DISTINCT p.id) FROM recognition r, product p, cooperative c WHERE p.id = r.product_id AND c.id = p.cooperative_id AND r.issued_on <= '{to}' AND r.valid_until >= '{to}' AND r.revoked_at IS NULL GROUP BY 1")),
        ("new_products", format!("SELECT x.commune_code, COUNT(*) FROM (SELECT c.commune_code, p.id FROM recognition r, product p, cooperative c WHERE p.id = r.product_id AND c.id = p.cooperative_id GROUP BY c.commune_code, p.id HAVING MIN(r.issued_on) >= '{from}' AND MIN(r.issued_on) <= '{to}') x GROUP BY 1")),
        ("cooperatives", "SELECT commune_code, COUNT(*) FROM cooperative WHERE status = 'active' GROUP BY 1".to_owned()),
        ("selling_cooperatives", "SELECT c.commune_code, COUNT(DISTINCT c.id) FROM cooperative c, product p WHERE p.cooperative_id = c.id AND c.status = 'active' AND p.status = 'published' GROUP BY 1".to_owned()),
    ];
    for (figure, sql) in checks {
        let mut plain = country.rows(&sql).await;
        let mut told: Vec<(String, i64)> = whole["communes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["commune_code"].as_str().unwrap().to_owned(), one["figures"][figure].as_i64().unwrap()))
            .filter(|(_, number)| *number != 0)
            .collect();
        plain.retain(|(_, number)| *number != 0);
        plain.sort();
        told.sort();
        assert!(plain == told, "{figure}: {} communes by SQL, {} told", plain.len(), told.len());
        let sum: i64 = plain.iter().map(|(_, number)| number).sum();
        assert_eq!(whole["total"][figure].as_i64(), Some(sum), "{figure}");
    }
    for path in ["report?format=xlsx&", "report?format=csv&", "report?format=pdf&"] {
        timed(&officer, &format!("/v1/officer/figures/{path}{period}")).await;
    }
    timed(&officer, &format!("/v1/officer/figures.geojson?{period}")).await;
    timed(&officer, "/v1/officer/figures/history").await;
    // The page, signed in as people do; figures and five years one after the other, unoptimised here.
    let mut browser = Browser::sign_in(&server, "bo@example.vn").await;
    let mut took = Duration::MAX;
    for _ in 0..TRIES {
        let begun = Instant::now();
        let page = browser.get(&format!("/officer/figures?{period}")).await;
        took = took.min(begun.elapsed());
        println!("/officer/figures?{period}: {} bytes in {took:?} at the best", page.text.len());
        assert!(page.status == 200 && page.text.contains("svg class=\"chart map\""), "{}", page.text);
        if took < tests::patience(2 * LIMIT) {
            break;
        }
    }
    assert!(took < tests::patience(2 * LIMIT), "the page took {took:?}");
    let province = server.sign_in("can-bo@example.vn").await;
    timed(&province, &format!("/v1/officer/figures?{period}")).await;
    country.database.close().await.unwrap();
}
