//! Feeds: one source in many formats, fresh, and never showing what may not be shown.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Client, FEED, Server, Settings};

const ENDINGS: [&str; 8] = ["json", "jsonfeed", "rss", "atom", "csv", "tsv", "meta.csv", "jsonld"];

async fn feed(client: &Client, slug: &str) -> Value {
    client.get(&format!("/feeds/{slug}.json")).await.expect(200)
}

fn slugs(feed: &Value) -> Vec<String> {
    feed["items"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_format_tells_of_the_same_products() {
    let server = Server::start().await;
    let client = server.client();
    let json = feed(&client, FEED).await;
    assert_eq!(json["items"].as_array().unwrap().len(), 6);
    assert!(json["disclosure"].as_str().unwrap().contains("hoa hồng"), "the commission is disclosed");
    assert!(
        json["items"].as_array().unwrap().iter().all(|item| item["distance_km"].as_f64().unwrap() < 30.0),
        "near the spring"
    );
    for ending in ENDINGS {
        let answer = client.get(&format!("/feeds/{FEED}.{ending}")).await;
        assert_eq!(answer.status, 200, "{ending}");
        for item in json["items"].as_array().unwrap() {
            // In every format each product stands with its id (its own address in JSON-LD) and its link.
            let mark = if ending == "jsonld" { &item["url"] } else { &item["id"] };
            assert!(answer.text.contains(mark.as_str().unwrap()), "{ending} lacks {mark}");
            assert!(
                ending == "jsonld" || answer.text.contains(item["link"].as_str().unwrap()),
                "{ending}: {}",
                answer.text
            );
            assert!(item["link"].as_str().unwrap().starts_with(&server.url()), "links are absolute");
        }
        let etag = answer.header("etag").to_owned();
        let modified = answer.header("last-modified").to_owned();
        assert!(answer.header("cache-control").contains("stale-while-revalidate"), "{ending}");
        let again = client.clone().header("if-none-match", &etag).get(&format!("/feeds/{FEED}.{ending}")).await;
        assert_eq!((again.status, again.text.len()), (304, 0), "{ending}");
        let again = client.clone().header("if-modified-since", &modified).get(&format!("/feeds/{FEED}.{ending}")).await;
        assert_eq!(again.status, 304, "{ending}");
        let old = client
            .clone()
            .header("if-modified-since", "Mon, 01 Jan 2024 00:00:00 GMT")
            .get(&format!("/feeds/{FEED}.{ending}"))
            .await;
        assert_eq!(old.status, 200, "{ending}");
        let (status, headers, bytes) =
            client.clone().header("accept-encoding", "gzip").bytes(&format!("/feeds/{FEED}.{ending}")).await;
        assert_eq!(
            (status, headers["content-encoding"].as_bytes(), &bytes[..2]),
            (200, b"gzip".as_slice(), [0x1f, 0x8b].as_slice()),
            "{ending}"
        );
        assert!(bytes.len() < answer.text.len() / 2, "{ending}");
    }
    let english = client.get(&format!("/feeds/{FEED}.json?lang=en")).await.expect(200);
    assert!(english["disclosure"].as_str().unwrap().contains("commission"), "{english}");
    client.get(&format!("/feeds/{FEED}.yaml")).await.expect_problem(404, "not_found");
    client.get("/feeds/nobodys.json").await.expect_problem(404, "not_found");
    client.get(&format!("/feeds/{FEED}.rss?updated_since=2026-01-01T00:00:00Z")).await.expect_problem(422, "invalid");
    client.get(&format!("/feeds/{FEED}.json?wrong=1")).await.expect_problem(400, "malformed");
}

#[tokio::test]
async fn a_stock_change_is_in_every_feed_at_once_and_on_another_node_within_two_seconds() {
    let server = Server::start().await;
    let other = server.second_node().await;
    let partner = server.partner().await;
    let slug = partner.feed(json!({"products": ["hat-doi", "ruou-muong"], "in_stock": false, "size": 10})).await;
    let (mine, theirs) = (server.client(), other.client());
    for _ in 0..60 {
        if theirs.get(&format!("/feeds/{slug}.json")).await.status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(feed(&theirs, &slug).await["items"][0]["availability"], "in_stock");
    for ending in ENDINGS {
        theirs.get(&format!("/feeds/{slug}.{ending}")).await;
    }
    let since = feed(&mine, &slug).await;
    assert_eq!(slugs(&since), ["hat-doi", "ruou-muong"], "in the order they were picked");
    let seller = server.seller_of("hat-doi").await;
    let offer = server.offer("hat-doi", 0).await;
    let before = time::OffsetDateTime::now_utc() + time::Duration::seconds(11);
    // Changes within the overlap would be told in any case.
    tokio::time::sleep(Duration::from_secs(12)).await;
    seller.set_available(&offer, 0).await;
    let started = Instant::now();
    let sold_out = |ending: &str, text: &str| match ending {
        "json" | "jsonfeed" => text.contains("\"availability\":\"out_of_stock\""),
        "jsonld" => text.contains("schema.org/OutOfStock"),
        "meta.csv" => text.contains("out of stock"),
        "atom" => text.contains("Hết hàng"),
        _ => text.contains("out_of_stock"),
    };
    for ending in ENDINGS {
        let text = mine.get(&format!("/feeds/{slug}.{ending}")).await.text;
        assert!(sold_out(ending, &text), "{ending} on the node itself: {text}");
    }
    assert!(started.elapsed() < tests::patience(Duration::from_secs(1)), "{:?}", started.elapsed());
    let mut waiting: Vec<&str> = ENDINGS.to_vec();
    while !waiting.is_empty() {
        let mut still = Vec::new();
        for ending in waiting {
            if !sold_out(ending, &theirs.get(&format!("/feeds/{slug}.{ending}")).await.text) {
                still.push(ending);
            }
        }
        assert!(
            started.elapsed() < tests::patience(Duration::from_secs(2)),
            "after {:?} still old on the other node: {still:?}",
            started.elapsed()
        );
        waiting = still;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // What changed since, and all that is there.
    let format = time::format_description::well_known::Rfc3339;
    let moment = before.replace_nanosecond(0).unwrap().format(&format).unwrap();
    let delta = mine.get(&format!("/feeds/{slug}.json?updated_since={moment}")).await.expect(200);
    assert_eq!(slugs(&delta), ["hat-doi"], "{delta}");
    assert_eq!(delta["ids"].as_array().unwrap().len(), 2);
    assert!(delta["as_of"].as_str().unwrap() >= moment.as_str());
    seller.set_available(&offer, 50).await;
    assert_eq!(feed(&mine, &slug).await["items"][0]["availability"], "in_stock");
}

/// A generator that always gives the same numbers: what it found can be found again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn hundredths(&mut self, most: u64) -> f64 {
        f64::from(u32::try_from(self.roll(most)).unwrap()) / 100.0
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }

    fn some<'a>(&mut self, of: &[&'a str], most: u64) -> Vec<&'a str> {
        (0..self.roll(most + 1)).map(|_| self.one(of)).collect()
    }
}

fn any_definition(dice: &mut Dice) -> Value {
    let language = dice.one(&["vi", "en"]);
    let order = dice.one(&["nearest", "newest", "stars", "price_asc", "price_desc", "name"]);
    let mut out = json!({"in_stock": dice.roll(2) == 0, "in_season": dice.roll(2) == 0, "size": 1 + dice.roll(100), "language": language, "order": order});
    if dice.roll(2) == 0 {
        out["near"] = json!({"latitude": 20.5 + dice.hundredths(40), "longitude": 105.3 + dice.hundredths(40)});
        if dice.roll(2) == 0 {
            out["radius_km"] = json!(1 + dice.roll(60));
        }
    }
    if dice.roll(3) == 0 {
        out["stars"] = json!((0..=dice.roll(3)).map(|_| 3 + dice.roll(3)).collect::<Vec<_>>());
    }
    if dice.roll(3) == 0 {
        out["categories"] = json!(dice.some(&["trai-cay", "ruou", "thuc-pham", "mat-ong", "do-kho", "nothing"], 3));
    }
    if dice.roll(4) == 0 {
        out["communes"] = json!(dice.some(&["04990", "04978", "05014", "05068", "05086"], 3));
    }
    if dice.roll(4) == 0 {
        out["products"] = json!(dice.some(
            &[
                "buoi-dien-du-sang",
                "cam-thung-rech",
                "ruou-muong",
                "hat-doi",
                "mat-ong-rung-hop-tien",
                "nhan-son-thuy",
                "mang-kho-kim-boi",
                "gone"
            ],
            8
        ));
    }
    if dice.roll(5) == 0 {
        out["cooperatives"] =
            json!(dice.some(&["htx-nong-nghiep-xanh-kim-boi", "htx-green-life", "htx-muong-dong"], 2));
    }
    out
}

#[tokio::test]
async fn no_definition_shows_what_may_not_be_shown() {
    // The day after tomorrow is past the end of a certificate.
    let server = Server::with(Settings::default()).await;
    let partner = server.partner().await;
    // One of each: paused, archived, of a suspended shop, sold out, and with a star that ran out.
    server.execute("UPDATE product SET status = 'paused' WHERE slug = 'ruou-muong'").await;
    server.execute("UPDATE product SET status = 'archived' WHERE slug = 'mat-ong-thuong-tien'").await;
    server.execute("UPDATE product SET status = 'draft' WHERE slug = 'tinh-dau-sa'").await;
    server.execute("UPDATE cooperative SET status = 'suspended' WHERE id = (SELECT cooperative_id FROM product WHERE slug = 'mang-kho-kim-boi')").await;
    server.execute("UPDATE stock SET on_hand = reserved WHERE offer_id IN (SELECT o.id FROM offer o JOIN product p ON p.id = o.product_id WHERE p.slug = 'cam-thung-rech')").await;
    server.execute("UPDATE recognition SET issued_on = '2020-01-01', valid_until = '2026-01-01' WHERE product_id = (SELECT id FROM product WHERE slug = 'hat-doi')").await;
    server.execute("UPDATE outbox SET delivered_at = created_at").await;
    let mut server = server;
    server.restart_with(|settings| settings).await;
    let hidden = ["ruou-muong", "mat-ong-thuong-tien", "tinh-dau-sa", "mang-kho-kim-boi"];
    let month = i64::from(u8::from((time::OffsetDateTime::now_utc() + time::Duration::hours(7)).month()));
    let mut dice = Dice(0x0C0F_FEE5_EED5_2026);
    let mut shown = 0;
    for round in 0..300 {
        let definition = any_definition(&mut dice);
        let answer = partner.post("feed-trials", json!({"definition": definition})).await;
        if definition["radius_km"].is_null() || !definition["near"].is_null() {
            assert_eq!(answer.status, 200, "round {round}: {definition}: {}", answer.text);
        }
        let found = answer.body;
        let size = definition["size"].as_u64().unwrap();
        let items = found["items"].as_array().unwrap();
        assert!(items.len() as u64 <= size);
        for item in items {
            shown += 1;
            let slug = item["slug"].as_str().unwrap();
            assert!(!hidden.contains(&slug), "round {round}: {slug} is shown by {definition}");
            if slug == "hat-doi" {
                assert!(item["stars"].is_null(), "a star that ran out is shown");
            }
            if definition["in_stock"] == true {
                assert_ne!(item["availability"], "out_of_stock", "round {round}: {definition}");
                assert_ne!(slug, "cam-thung-rech", "sold out");
            }
            if definition["in_season"] == true && item["season"].is_array() {
                let (from, to) = (item["season"][0].as_i64().unwrap(), item["season"][1].as_i64().unwrap());
                let inside = if from <= to { (from..=to).contains(&month) } else { month >= from || month <= to };
                assert!(inside, "round {round}: {slug} is out of season: {definition}");
            }
            if let Some(stars) = definition["stars"].as_array() {
                assert!(
                    stars.contains(&item["stars"]),
                    "round {round}: {slug} has {} stars: {definition}",
                    item["stars"]
                );
            }
            let by_hand = definition["products"].as_array().is_some_and(|picked| !picked.is_empty());
            if let Some(radius) = definition["radius_km"].as_f64().filter(|_| !by_hand) {
                assert!(item["distance_km"].as_f64().unwrap() <= radius + 0.05, "round {round}: {definition}");
            }
            if let Some(picked) = definition["products"].as_array().filter(|picked| !picked.is_empty()) {
                assert!(picked.iter().any(|one| one == slug), "round {round}: {definition}");
            }
        }
    }
    assert!(shown > 500, "definitions showed {shown} products: too few to mean anything");
    // The same in every format: what is hidden is hidden in all of them.
    let slug = partner.feed(json!({"size": 100, "in_stock": true})).await;
    for ending in ENDINGS {
        let text = server.client().get(&format!("/feeds/{slug}.{ending}")).await.text;
        for hidden in hidden.iter().chain(&["cam-thung-rech"]) {
            assert!(!text.contains(hidden), "{hidden} is in the {ending}");
        }
    }
}

#[tokio::test]
async fn stars_leave_feeds_with_the_end_of_their_certificate() {
    let server = Server::with(Settings::default()).await;
    server.execute("UPDATE recognition SET valid_until = '2026-12-31', issued_on = '2024-01-01'").await;
    let ahead = |days: i64| {
        let until = time::Date::from_calendar_date(2026, time::Month::December, 31).unwrap();
        let today = (time::OffsetDateTime::now_utc() + time::Duration::hours(7)).date();
        ((until - today).whole_days() + days) * 86_400
    };
    let mut server = server;
    for (days, stars) in [(0, true), (1, false)] {
        server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", ahead(days))).await;
        let shown = feed(&server.client(), FEED).await;
        let starred = shown["items"].as_array().unwrap().iter().filter(|item| !item["stars"].is_null()).count();
        assert_eq!(starred > 0, stars, "{days} days past the last: {shown}");
    }
}

#[tokio::test]
async fn partners_define_change_and_pause_feeds() {
    let server = Server::start().await;
    let partner = server.partner().await;
    let wrong = |definition: Value| json!({"name": "x", "definition": definition});
    for (definition, pointer) in [
        (json!({"size": 0}), "/definition/size"),
        (json!({"size": 101}), "/definition/size"),
        (json!({"radius_km": 5}), "/definition/radius_km"),
        (json!({"communes": ["99999"]}), "/definition/communes/0"),
        (json!({"near": {"latitude": 91, "longitude": 0}}), "/definition/near/latitude"),
        (json!({"destination_id": uuid::Uuid::nil()}), "/definition/destination_id"),
        (json!({"stars": [6]}), "/definition/stars/0"),
    ] {
        let refused = partner.post("feeds", wrong(definition)).await.expect_problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let made = partner
        .post(
            "feeds",
            json!({"name": "Mật ong", "slug": "mat-ong-gan-day", "definition": {"categories": ["mat-ong"], "size": 3}}),
        )
        .await
        .expect(201);
    partner
        .post("feeds", json!({"name": "Mật ong", "slug": "mat-ong-gan-day", "definition": {}}))
        .await
        .expect_problem(409, "feed_slug_taken");
    let path = partner.path(&format!("feeds/{}", made["id"].as_str().unwrap()));
    server.client().get("/feeds/mat-ong-gan-day.json").await.expect(200);
    let changed =
        partner.client.patch(&path, json!({"definition": {"products": ["buoi-dien-du-sang"]}})).await.expect(200);
    assert_eq!(changed["definition"]["products"][0], "buoi-dien-du-sang");
    assert_eq!(slugs(&feed(&server.client(), "mat-ong-gan-day").await), ["buoi-dien-du-sang"]);
    partner.client.patch(&path, json!({"state": "paused"})).await.expect(200);
    server.client().get("/feeds/mat-ong-gan-day.json").await.expect_problem(404, "not_found");
    assert_eq!(partner.get("feeds").await.expect(200)["items"].as_array().unwrap().len(), 2);
    partner.client.delete(&path).await.expect(204);
    partner.client.get(&path).await.expect_problem(404, "not_found");
    let other = server.new_partner(&server.new_buyer("khac@example.vn").await).await;
    let foreign = format!(
        "/v1/partner/{}/feeds/{}",
        other.id,
        partner.get("feeds").await.expect(200)["items"][0]["id"].as_str().unwrap()
    );
    other.client.get(&foreign).await.expect_problem(404, "not_found");
    let (status, headers, poster) = partner
        .client
        .bytes(&partner.path(&format!(
            "feeds/{}/poster.pdf?size=table_cards",
            partner.get("feeds").await.expect(200)["items"][0]["id"].as_str().unwrap()
        )))
        .await;
    assert_eq!(
        (status, headers["content-type"].as_bytes(), &poster[..5]),
        (200, b"application/pdf".as_slice(), b"%PDF-".as_slice())
    );
}
