//! Plans with progress that is counted, measures and their guests, support and what came of it, difficulties and help.

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Client, Manner, Seller, Server, Settings, StandIn};

use crate::traceability::{day, text};

/// A commune's office with a cooperative of its own.
struct Place {
    server: Server,
    shop: Seller,
    head: Client,
    clerk: Client,
}

impl Place {
    async fn open() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        let server = Server::with(settings).await;
        let shop = server.seller_of("buoi-dien-du-sang").await;
        let head = server.sign_in("xa-nat-son@example.vn").await;
        let clerk = server.sign_in("van-thu-nat-son@example.vn").await;
        Self { server, shop, head, clerk }
    }

    /// A plan of this year.
    async fn plan(&self) -> Value {
        let body = json!({"year": year(), "title": "Kế hoạch OCOP xã Nật Sơn"});
        self.clerk.post("/v1/officer/plans", body).await.expect(201)
    }

    /// Goods are bought and handed over; what they cost.
    async fn sell(&self) -> i64 {
        let offer = self.server.offer("buoi-dien-du-sang", 0).await;
        let order = text(&self.server.basket(&[(&offer, 2)]).await.buy().await["orders"][0], "id");
        self.shop.deliver(&order).await;
        let goods = format!("SELECT goods_amount - discount_amount FROM orders WHERE id = {}", sql_id(&order));
        self.server.count(&goods).await
    }
}

fn year() -> i32 {
    day(0)[..4].parse().unwrap()
}

fn path(of: &str, value: &Value, rest: &str) -> String {
    format!("/v1/officer/{of}/{}{rest}", text(value, "id"))
}

#[tokio::test]
async fn a_plan_is_adopted_and_its_progress_counted() {
    let place = Place::open().await;
    let plan = place.plan().await;
    let again = json!({"year": year(), "title": "Kế hoạch khác"});
    place.head.post("/v1/officer/plans", again.clone()).await.expect_problem(409, "plan_exists");
    let end = format!("{}-12-31", year());
    let targets = |version: i64, goal: i64| json!({"version": version, "targets": [{"kind": "revenue", "goal": goal, "due_on": end}, {"kind": "new_products", "goal": 2, "due_on": end}]});
    let own = path("plans", &plan, "/targets");
    // What is not of the year, twice there, or written over somebody else's.
    let wrong = json!({"version": 1, "targets": [{"kind": "revenue", "goal": 1, "due_on": "2001-01-01"}]});
    let told = place.clerk.put(&own, wrong).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/targets/0/due_on");
    let twice = json!({"version": 1, "targets": [{"kind": "revenue", "goal": 1, "due_on": end}, {"kind": "revenue", "goal": 2, "due_on": end}]});
    place.clerk.put(&own, twice).await.expect_problem(422, "invalid");
    place.clerk.put(&own, targets(1, 10_000_000)).await.expect(200);
    place.clerk.put(&own, targets(1, 99)).await.expect_problem(409, "plan_changed");
    // Progress is what was sold in the commune, to the đồng.
    let before = place.head.get(&path("plans", &plan, "")).await.expect(200);
    let reached = |plan: &Value, kind: &str| {
        let targets = plan["targets"].as_array().unwrap();
        targets.iter().find(|one| one["kind"] == kind).unwrap()["reached"].as_i64().unwrap()
    };
    let sold = place.sell().await;
    let after = place.head.get(&path("plans", &plan, "")).await.expect(200);
    assert_eq!(reached(&after, "revenue"), reached(&before, "revenue") + sold);
    let first = format!(
        "SELECT COUNT(*) FROM (SELECT r.product_id FROM recognition r JOIN product p ON p.id = r.product_id JOIN cooperative c ON c.id = p.cooperative_id
         WHERE c.commune_code = '04990' GROUP BY r.product_id HAVING MIN(r.issued_on) >= '{}-01-01') x",
        year()
    );
    assert_eq!(reached(&after, "new_products"), place.server.count(&first).await);
    // Only a head adopts, once, and its targets stand.
    let adoption = json!({"version": 2, "decision_number": "12/KH-UBND", "adopted_on": day(0)});
    let adopt = path("plans", &plan, "/adoption");
    place.clerk.post(&adopt, adoption.clone()).await.expect_problem(403, "forbidden");
    let answers = join_all((0..4).map(|_| place.head.post(&adopt, adoption.clone()))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    place.clerk.put(&own, targets(3, 5)).await.expect_problem(409, "plan_adopted");
    // Seen by the province, written by nobody else, unknown to other communes.
    let province = place.server.sign_in("can-bo@example.vn").await;
    let seen = province.get(&path("plans", &plan, "")).await.expect(200);
    assert_eq!((&seen["mine"], &seen["decision_number"]), (&json!(false), &json!("12/KH-UBND")));
    let fair = json!({"kind": "trade_promotion", "title": "Hội chợ", "starts_on": day(0), "ends_on": day(0)});
    let measures = path("plans", &plan, "/measures");
    province.post(&measures, fair.clone()).await.expect_problem(403, "forbidden");
    let other = place.server.sign_in("xa-kim-boi@example.vn").await;
    other.get(&path("plans", &plan, "")).await.expect_problem(404, "not_found");
    other.post(&measures, fair).await.expect_problem(404, "not_found");
    let listed = other.get("/v1/officer/plans").await.expect(200);
    assert!(!listed.to_string().contains(&text(&plan, "id")), "{listed}");
    place.shop.client.get(&path("plans", &plan, "")).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn guests_are_invited_come_and_say_what_it_was_like() {
    let hook = StandIn::new(|_| Manner::Answer(200, Value::Null)).await;
    let place = Place::with(Settings::default().set("OCOP_WEBHOOKS_ALLOW_PRIVATE", true)).await;
    let events = json!({"url": format!("{}/hook", hook.url), "events": ["measure.invited", "support.granted", "help.offered", "dossier.step"]});
    place.shop.client.post(&place.shop.path("webhooks"), events).await.expect(201);
    let plan = place.plan().await;
    let course = json!({"kind": "course", "title": "Chụp ảnh & viết bài", "subject": "Kỹ năng số", "venue": "Nhà văn hóa", "starts_on": day(0), "ends_on": day(1),
        "budget": [{"source": "cooperative_alliance", "planned": 15_000_000}, {"source": "own", "planned": 2_000_000, "spent": 1_900_000}]});
    let shown = place.clerk.post(&path("plans", &plan, "/measures"), course.clone()).await.expect(201);
    let measure = shown["measures"][0].clone();
    assert_eq!(measure["budget"].as_array().unwrap().len(), 2);
    let mut twice = course.clone();
    twice["budget"] = json!([{"source": "own", "planned": 1}, {"source": "own", "planned": 2}]);
    let told = place.clerk.post(&path("plans", &plan, "/measures"), twice).await.expect_problem(422, "invalid");
    assert_eq!(told["errors"][0]["pointer"], "/budget/1/source");
    let invite = |cooperative: &str, people: Value| {
        let body = json!({"cooperative_id": cooperative, "people": people});
        let path = path("measures", &measure, "/guests");
        let clerk = &place.clerk;
        async move { clerk.post(&path, body).await }
    };
    invite(&place.shop.cooperative, json!(["Bùi Thị Mai", "Bùi Văn Tâm"])).await.expect(201);
    invite(&place.shop.cooperative, json!(["Bùi Thị Mai"])).await.expect_problem(409, "guest_exists");
    let elsewhere = place.server.seller_of("mat-ong-rung-hop-tien").await;
    if elsewhere.cooperative != place.shop.cooperative {
        let home = place
            .server
            .text(&format!("SELECT commune_code FROM cooperative WHERE id = {}", sql_id(&elsewhere.cooperative)))
            .await;
        assert_ne!(home, "04990", "the test needs a cooperative of another commune");
        invite(&elsewhere.cooperative, json!(["Ai đó"])).await.expect_problem(422, "invalid");
    }
    // The cooperative hears of it by mail and webhook, and says nothing before somebody came.
    let owner = text(&place.shop.client.get("/v1/me").await.expect(200), "email");
    place.server.message_to(&owner, "Chụp ảnh & viết bài").await;
    let own = place.shop.client.get(&place.shop.path("courses")).await.expect(200);
    let guest = own["items"].as_array().unwrap().iter().find(|one| one["person"] == "Bùi Thị Mai").unwrap().clone();
    let feedback = place.shop.path(&format!("courses/{}/feedback", text(&guest, "id")));
    let words = json!({"rating": 4, "feedback": "Dễ hiểu"});
    place.shop.client.post(&feedback, words.clone()).await.expect_problem(409, "not_attended");
    let strangers = elsewhere.path(&format!("courses/{}/feedback", text(&guest, "id")));
    elsewhere.client.post(&strangers, words.clone()).await.expect_problem(404, "not_found");
    let attendance = json!({"came": [guest["id"]]});
    let shown = place.clerk.post(&path("measures", &measure, "/attendance"), attendance).await.expect(200);
    let states: Vec<&Value> =
        shown["measures"][0]["guests"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert!(states.contains(&&json!("came")) && states.contains(&&json!("absent")), "{states:?}");
    place.shop.client.post(&feedback, words).await.expect(200);
    let shown = place.head.get(&path("plans", &plan, "")).await.expect(200);
    assert_eq!(shown["measures"][0]["rating_hundredths"], 400);
    let nobody = json!({"came": ["0197f2a0-0000-7000-8000-000000000001"]});
    place.clerk.post(&path("measures", &measure, "/attendance"), nobody).await.expect_problem(422, "invalid");
    let kept = place.head.get(&path("plans", &plan, "")).await.expect(200);
    assert_eq!(kept["measures"][0]["rating_hundredths"], 400, "what was refused changed nothing");
    // Written over what somebody else wrote; cancelled, nobody is invited any more.
    let mut changed = course;
    changed["version"] = json!(1);
    changed["state"] = json!("cancelled");
    place.clerk.put(&path("measures", &measure, ""), changed.clone()).await.expect(200);
    place.clerk.put(&path("measures", &measure, ""), changed).await.expect_problem(409, "measure_changed");
    invite(&place.shop.cooperative, json!(["Thêm người"])).await.expect_problem(409, "measure_cancelled");
    // A dossier's step is told by webhook, too.
    let start = json!({"product_id": place.shop.product, "kind": "upgrade"});
    place.shop.client.post(&place.shop.path("dossiers"), start).await;
    let heard = hook.asked_times(1).await;
    assert_eq!(heard[0].json()["type"], "measure.invited");
    assert_eq!(heard[0].json()["data"]["people"][1], "Bùi Văn Tâm");
}

fn sql_id(id: &str) -> String {
    if tests::on_postgres() { format!("'{id}'") } else { format!("X'{}'", id.replace('-', "")) }
}

#[tokio::test]
async fn support_shows_what_came_of_it() {
    let place = Place::open().await;
    let grant = |cooperative: &str, on: String| json!({"cooperative_id": cooperative, "what": "Máy hút chân không", "purpose": "Bảo quản bưởi", "worth": 45_000_000, "source": "industrial_promotion", "granted_on": on});
    let body = grant(&place.shop.cooperative, day(-3));
    place.clerk.post("/v1/officer/supports", body.clone()).await.expect_problem(403, "forbidden");
    place
        .head
        .post("/v1/officer/supports", grant(&place.shop.cooperative, day(1)))
        .await
        .expect_problem(422, "invalid");
    let other = place.server.sign_in("xa-kim-boi@example.vn").await;
    other.post("/v1/officer/supports", body.clone()).await.expect_problem(422, "invalid");
    let sold = place.sell().await;
    let made = place.head.post("/v1/officer/supports", body).await.expect(201);
    // Three days before and three from then on: today's sale is the fourth day.
    assert_eq!(made["outcome"]["days"], 3);
    let newer = place.head.post("/v1/officer/supports", grant(&place.shop.cooperative, day(0))).await.expect(201);
    assert_eq!(newer["outcome"], Value::Null);
    let sum = |from: String, to: String| {
        let day = if tests::on_postgres() {
            "CAST(delivered_at AT TIME ZONE 'Asia/Ho_Chi_Minh' AS date)"
        } else {
            "date(delivered_at, '+7 hours')"
        };
        format!(
            "SELECT CAST(COALESCE(SUM(goods_amount - discount_amount), 0) AS bigint) FROM orders WHERE cooperative_id = {} AND delivered_at IS NOT NULL
             AND {day} BETWEEN '{from}' AND '{to}'",
            sql_id(&place.shop.cooperative)
        )
    };
    let after = place.server.count(&sum(day(-3), day(-1))).await;
    let before = place.server.count(&sum(day(-6), day(-4))).await;
    assert_eq!(
        (&made["outcome"]["before"]["revenue"], &made["outcome"]["after"]["revenue"]),
        (&json!(before), &json!(after))
    );
    let moved =
        format!("UPDATE support_grant SET granted_on = '{}' WHERE id = {}", day(-1), sql_id(&text(&newer, "id")));
    place.server.execute(&moved).await;
    place
        .server
        .execute(&format!(
            "UPDATE orders SET delivered_at = {} WHERE cooperative_id = {} AND delivered_at IS NOT NULL",
            yesterday(),
            sql_id(&place.shop.cooperative)
        ))
        .await;
    let grown = place.head.get(&path("supports", &newer, "")).await.expect(200);
    assert!(grown["outcome"]["after"]["revenue"].as_i64().unwrap() >= sold, "{grown}");
    assert!(grown["outcome"]["note_vi"].as_str().unwrap().contains("không chứng minh nguyên nhân"));
    // The cooperative sees it; other places do not; withdrawn once, with a reason, and counted no more.
    let own = place.shop.client.get(&place.shop.path("supports")).await.expect(200);
    assert!(own.to_string().contains("Máy hút chân không"));
    other.get(&path("supports", &newer, "")).await.expect_problem(404, "not_found");
    let granted = || async {
        let figures = place.head.get("/v1/officer/figures").await.expect(200);
        figures["total"]["support"].as_i64().unwrap()
    };
    let counted = granted().await;
    let reason = json!({"reason": "Ghi nhầm cơ sở"});
    place.clerk.post(&path("supports", &newer, "/withdrawal"), reason.clone()).await.expect_problem(403, "forbidden");
    place.head.post(&path("supports", &newer, "/withdrawal"), reason.clone()).await.expect(200);
    place.head.post(&path("supports", &newer, "/withdrawal"), reason).await.expect_problem(409, "support_withdrawn");
    assert_eq!(granted().await, counted - 45_000_000);
}

fn yesterday() -> &'static str {
    if tests::on_postgres() { "now() - INTERVAL '1 day'" } else { "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day')" }
}

#[tokio::test]
async fn a_difficulty_finds_help_and_comes_to_an_end() {
    let place = Place::open().await;
    let open = |story: &str| {
        let body = json!({"kind": "preservation", "story": story});
        let shop = &place.shop;
        async move { shop.client.post(&shop.path("difficulties"), body).await }
    };
    let lack = open("Bưởi chín rộ trong ba tuần, chưa có kho mát").await.expect(201);
    open("Ít").await.expect_problem(422, "invalid");
    let offers = path("difficulties", &lack, "/offers");
    let offer = json!({"offer": "Giới thiệu kho mát của hợp tác xã bạn"});
    let other = place.server.sign_in("xa-kim-boi@example.vn").await;
    other.post(&offers, offer.clone()).await.expect_problem(404, "not_found");
    place.clerk.post(&offers, offer.clone()).await.expect(201);
    place.head.post(&offers, offer.clone()).await.expect_problem(409, "help_offered");
    let partner = place.server.partner().await;
    let seen = partner.get("difficulties").await.expect(200);
    assert!(seen.to_string().contains("kho mát"), "{seen}");
    let both = partner.post(&format!("difficulties/{}/offers", text(&lack, "id")), offer.clone()).await.expect(201);
    assert_eq!(both["offers"].as_array().unwrap().len(), 2);
    let owner = text(&place.shop.client.get("/v1/me").await.expect(200), "email");
    place.server.message_to(&owner, "Giới thiệu kho mát").await;
    let own = |rest: &str| place.shop.path(&format!("difficulties/{}{rest}", text(&lack, "id")));
    let place = &place;
    let answer = |offer: &Value, answer: &str| {
        let path = own(&format!("/offers/{}", text(offer, "id")));
        let body = json!({"answer": answer, "outcome": "Thuê được kho"});
        async move { place.shop.client.post(&path, body).await }.boxed_local()
    };
    let (first, second) = (both["offers"][0].clone(), both["offers"][1].clone());
    answer(&first, "done").await.expect_problem(409, "help_state");
    assert_eq!(answer(&first, "accept").await.expect(200)["state"], "helped");
    place.server.message_to("xa-nat-son@example.vn", "nhận lời giúp").await;
    assert_eq!(answer(&first, "failed").await.expect(200)["state"], "open");
    assert_eq!(answer(&second, "accept").await.expect(200)["state"], "helped");
    // Somebody offers anew; several things at once come to one end.
    let third = place.head.post(&offers, offer).await.expect(201)["offers"].as_array().unwrap().last().unwrap().clone();
    let closing = json!({"solved": false, "outcome": "Không cần nữa"});
    let close = own("/closing");
    let racing = [
        answer(&second, "done"),
        answer(&third, "accept"),
        async { place.shop.client.post(&close, closing).await }.boxed_local(),
    ];
    let statuses: Vec<u16> = join_all(racing).await.iter().map(|answer| answer.status).collect();
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    let over = place.shop.client.get(&place.shop.path("difficulties")).await.expect(200)["items"][0].clone();
    assert!(over["state"] == "solved" || over["state"] == "withdrawn", "{over}");
    let under_way = |offer: &Value| offer["state"] == "offered" || offer["state"] == "accepted";
    assert!(!over["offers"].as_array().unwrap().iter().any(under_way), "{over}");
    answer(&third, "accept").await.expect_problem(409, "difficulty_over");
    let figures = place.head.get("/v1/officer/difficulties/figures").await.expect(200);
    let kind = figures["items"].as_array().unwrap().iter().find(|one| one["kind"] == "preservation").unwrap().clone();
    let ended = kind["solved"].as_i64().unwrap() + kind["withdrawn"].as_i64().unwrap();
    assert!(ended >= 1 && kind["offers"].as_i64().unwrap() >= 3, "{kind}");
    // Another cooperative's owner reaches none of it by its id.
    let other = place.server.seller_of("mat-ong-rung-hop-tien").await;
    let foreign = |rest: &str| other.path(&format!("difficulties/{}{rest}", text(&lack, "id")));
    let closing = json!({"solved": true, "outcome": "Không phải việc của tôi"});
    other.client.post(&foreign("/closing"), closing).await.expect_problem(404, "not_found");
    let path = foreign(&format!("/offers/{}", text(&third, "id")));
    other.client.post(&path, json!({"answer": "accept"})).await.expect_problem(404, "not_found");
    // Staff may not, strangers see nothing.
    let stranger = place.server.new_buyer("khach-la@example.vn").await;
    stranger.get(&place.shop.path("difficulties")).await.expect_problem(403, "forbidden");
}

/// Whatever an office has, officers of another commune, and of none, meet closed doors: in lists, and by id.
#[tokio::test]
async fn officers_of_other_places_meet_closed_doors_everywhere() {
    let place = Place::open().await;
    let plan = place.plan().await;
    let course = json!({"kind": "course", "title": "Khóa riêng của xã", "starts_on": day(0), "ends_on": day(0)});
    let shown = place.clerk.post(&path("plans", &plan, "/measures"), course.clone()).await.expect(201);
    let measure = shown["measures"][0].clone();
    let grant = json!({"cooperative_id": place.shop.cooperative, "what": "Kệ riêng", "purpose": "Kho", "worth": 1000, "source": "own", "granted_on": day(-1)});
    let support = place.head.post("/v1/officer/supports", grant).await.expect(201);
    let lack = json!({"kind": "capital", "story": "Chuyện riêng của xã Nật Sơn"});
    let lack = place.shop.client.post(&place.shop.path("difficulties"), lack).await.expect(201);
    let help = json!({"offer": "Một lời giúp đỡ"});
    let helped = place.clerk.post(&path("difficulties", &lack, "/offers"), help.clone()).await.expect(201);
    let withdrawal = format!("/offers/{}/withdrawal", text(&helped["offers"][0], "id"));
    let guests = json!({"cooperative_id": place.shop.cooperative, "people": ["Ai"]});
    let doors = [
        ("PUT", path("plans", &plan, "/targets"), json!({"version": 1, "targets": []})),
        (
            "POST",
            path("plans", &plan, "/adoption"),
            json!({"version": 1, "decision_number": "1", "adopted_on": day(0)}),
        ),
        ("POST", path("plans", &plan, "/measures"), course.clone()),
        ("PUT", path("measures", &measure, ""), course),
        ("POST", path("measures", &measure, "/guests"), guests),
        ("POST", path("measures", &measure, "/attendance"), json!({"came": []})),
        ("POST", path("supports", &support, "/withdrawal"), json!({"reason": "Không phải của tôi"})),
        ("POST", path("difficulties", &lack, "/offers"), help),
        ("POST", path("difficulties", &lack, &withdrawal), json!({})),
        ("GET", path("plans", &plan, ""), Value::Null),
        ("GET", path("supports", &support, ""), Value::Null),
        ("GET", "/v1/officer/figures?place=04990".to_owned(), Value::Null),
        ("GET", "/v1/officer/figures.geojson?place=04990".to_owned(), Value::Null),
        ("GET", "/v1/officer/figures/history?place=04990".to_owned(), Value::Null),
        ("GET", "/v1/officer/figures/report?place=04990".to_owned(), Value::Null),
    ];
    let lists =
        ["plans", "supports", "difficulties", "figures?limit=4000", "figures.geojson", "figures/report?format=csv"];
    let mut faults = Vec::new();
    for login in ["xa-kim-boi@example.vn", "xa-muong-dong@example.vn", "xanh-kim-boi@example.vn", "lan@example.vn"] {
        let stranger = place.server.sign_in(login).await;
        for (method, path, body) in &doors {
            let answer = match *method {
                "GET" => stranger.get(path).await,
                "PUT" => stranger.put(path, body.clone()).await,
                _ => stranger.post(path, body.clone()).await,
            };
            if answer.status != 403 && answer.status != 404 {
                faults.push(format!("{login}: {method} {path}: {}", answer.status));
            }
        }
        for list in lists {
            let (_, _, bytes) = stranger.bytes(&format!("/v1/officer/{list}")).await;
            let told = String::from_utf8_lossy(&bytes);
            for secret in ["Khóa riêng", "Kệ riêng", "Chuyện riêng", "04990", &text(&plan, "id")] {
                if told.contains(secret) {
                    faults.push(format!("{login}: {list} tells of {secret}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
