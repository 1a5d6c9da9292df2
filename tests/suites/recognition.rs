//! A dossier from its first draft to the stars, and who may see and do what on its way.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Client, Seller, Server};

use crate::traceability::{day, text};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<</Type /Catalog>>\nendobj\ntrailer <</Root 1 0 R>>\n%%EOF\n";

/// A cooperative in the commune Nật Sơn with a dossier, and the officers it meets.
pub struct Office {
    pub server: Server,
    pub shop: Seller,
    pub dossier: Value,
    pub commune: Client,
    pub clerk: Client,
    pub head: Client,
    pub members: Vec<Client>,
}

/// Scores of every criterion: as many hundredths of its most.
pub fn scores(dossier: &Value, share: impl Fn(&str) -> f64) -> Value {
    let parts = dossier["criteria"]["scorecard"]["parts"].as_array().unwrap();
    let criteria = parts.iter().flat_map(|part| part["criteria"].as_array().unwrap());
    let scores: Vec<Value> = criteria
        .map(|criterion| {
            let (code, most) = (text(criterion, "code"), criterion["points"].as_f64().unwrap());
            let points = (most * share(&code) * 2.0).floor() / 2.0;
            json!({"criterion": code, "points": points, "note": "Theo hồ sơ"})
        })
        .collect();
    json!({"scores": scores})
}

impl Office {
    pub async fn open() -> Self {
        let server = Server::start().await;
        let shop = server.seller_of("buoi-dien-du-sang").await;
        server.execute(&format!("DELETE FROM recognition WHERE product_id = {}", sql_id(&shop.product))).await;
        // What was changed behind its back is read anew with the product.
        for status in ["paused", "published"] {
            let path = shop.path(&format!("products/{}", shop.product));
            shop.client.patch(&path, json!({"status": status})).await.expect(200);
        }
        let start = json!({"product_id": shop.product});
        let dossier = shop.client.post(&shop.path("dossiers"), start).await.expect(201);
        let mut members = Vec::new();
        for index in 1..=3 {
            members.push(server.sign_in(&format!("hoi-dong-{index}@example.vn")).await);
        }
        let commune = server.sign_in("xa-nat-son@example.vn").await;
        let clerk = server.sign_in("van-thu@example.vn").await;
        let head = server.sign_in("can-bo@example.vn").await;
        Self { server, shop, dossier, commune, clerk, head, members }
    }

    fn own(&self, rest: &str) -> String {
        self.shop.path(&format!("dossiers/{}{rest}", text(&self.dossier, "id")))
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/v1/officer/dossiers/{}{rest}", text(&self.dossier, "id"))
    }

    async fn version(&self) -> Value {
        self.shop.client.get(&self.own("")).await.expect(200)["version"].clone()
    }

    /// A step of an office, at the version there is.
    pub async fn step(&self, who: &Client, act: &str, mut more: Value) -> tests::Answer {
        more["act"] = json!(act);
        more["version"] = self.version().await;
        who.post(&self.path("/steps"), more).await
    }

    pub async fn own_step(&self, act: &str, reason: Option<&str>) -> tests::Answer {
        let body = json!({"act": act, "version": self.version().await, "reason": reason});
        self.shop.client.post(&self.own("/steps"), body).await
    }

    /// Scored by the cooperative itself with evidence for everything, and handed in.
    pub async fn hand_in(&self) {
        self.shop.client.put(&self.own("/scores"), scores(&self.dossier, |_| 1.0)).await.expect(200);
        for score in scores(&self.dossier, |_| 1.0)["scores"].as_array().unwrap() {
            let path =
                self.own(&format!("/evidence/files?criterion={}&title=Minh%20ch%E1%BB%A9ng", text(score, "criterion")));
            self.shop.client.upload(&path, "application/octet-stream", PDF.to_vec()).await.expect(201);
        }
        self.own_step("submit", None).await.expect(200);
    }

    pub async fn propose(&self) {
        self.step(&self.commune, "receive_at_commune", json!({})).await.expect(200);
        let report = json!({"reason": "Nguyên liệu và lao động của xã; đề nghị tỉnh đánh giá."});
        self.step(&self.commune, "propose", report).await.expect(200);
        self.step(&self.clerk, "receive_at_province", json!({})).await.expect(200);
    }

    /// The account ids of three assessors, by the beginning of their e-mail.
    async fn accounts(&self, begin: &str) -> Vec<Value> {
        let mut ids = Vec::new();
        for index in 1..=3 {
            ids.push(account(&self.server.sign_in(&format!("{begin}-{index}@example.vn")).await).await);
        }
        ids
    }
}

/// An id as it stands in SQL of both databases.
fn sql_id(id: &str) -> String {
    if tests::on_postgres() { format!("'{id}'") } else { format!("X'{}'", id.replace('-', "")) }
}

pub async fn stars_shown(server: &Server) -> Value {
    server.client().get("/v1/products/buoi-dien-du-sang").await.expect(200)["stars"].clone()
}

fn vietnamese(server: &Server) -> Client {
    server.client().header("accept-language", "vi")
}

pub async fn account(client: &Client) -> Value {
    client.get("/v1/me").await.expect(200)["id"].clone()
}

#[tokio::test]
async fn a_dossier_goes_from_draft_to_stars() {
    let office = Office::open().await;
    assert_eq!(stars_shown(&office.server).await, json!(null));
    let dossier = &office.dossier;
    assert_eq!((&dossier["state"], &dossier["kind"]), (&json!("draft"), &json!("new")));
    assert!(dossier["criteria"]["illustrative"].as_bool().unwrap() && dossier["facts"]["plots"].as_i64().unwrap() > 0);
    // Incomplete: what is missing is named, nothing happens.
    let refused = office.own_step("submit", None).await.expect_problem(409, "dossier_incomplete");
    assert!(refused["missing"].as_array().unwrap().len() > 10, "{refused}");
    let again = json!({"product_id": office.shop.product});
    office.shop.client.post(&office.shop.path("dossiers"), again).await.expect_problem(409, "dossier_open");
    // Nobody in an office sees a draft.
    office.commune.get(&office.path("")).await.expect_problem(404, "not_found");
    office.hand_in().await;
    let seen = office.commune.get("/v1/officer/dossiers?to_do=true").await.expect(200);
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "{seen}");
    office.head.get(&office.path("")).await.expect_problem(404, "not_found");
    // The commune asks for more, and is given it.
    office.step(&office.commune, "send_back_from_commune", json!({})).await.expect_problem(422, "invalid");
    let why = json!({"reason": "Thiếu danh sách lao động"});
    office.step(&office.commune, "send_back_from_commune", why).await.expect(200);
    let told = office.server.message_to("xanh-kim-boi@example.vn", "Thiếu danh sách lao động").await;
    assert!(told.contains(&text(dossier, "number")), "{told}");
    office.own_step("submit", None).await.expect(200);
    office.propose().await;
    for officer in ["van-thu-nat-son@example.vn", "van-thu@example.vn"] {
        office.server.message_to(officer, "đang chờ bạn").await;
    }
    // A council of three, two working days ahead.
    let members = office.accounts("hoi-dong").await;
    let few = json!({"members": &members[..2]});
    office.step(&office.clerk, "name_council", few).await.expect_problem(422, "invalid");
    let soon = json!({"members": members, "meets_on": day(0)});
    office.step(&office.clerk, "name_council", soon).await.expect_problem(422, "invalid");
    let named = office.step(&office.clerk, "name_council", json!({"members": members})).await.expect(200);
    assert_eq!((&named["state"], &named["councils"][0]["award"]), (&json!("province_scoring"), &json!(null)));
    office.server.message_to("hoi-dong-1@example.vn", "đang chờ bạn").await;
    office
        .step(&office.head, "close_round", json!({"reason": "Biên bản họp"}))
        .await
        .expect_problem(409, "scores_missing");
    for (index, member) in office.members.iter().enumerate() {
        let share = [0.75, 0.8, 0.7][index];
        member.put(&office.path("/scores"), scores(dossier, |_| share)).await.expect(200);
        // Nobody reads another's before all are in: not a member, not the clerk, not the head.
        for other in office.members.iter().chain([&office.clerk, &office.head]) {
            let seen = other.get(&office.path("")).await.expect(200);
            let council = &seen["councils"][0];
            assert!(council["scores"] == json!([]) && council["award"].is_null(), "{council}");
        }
        member.post(&office.path("/scores/hand-in"), json!({})).await.expect(200);
        member.put(&office.path("/scores"), scores(dossier, |_| 0.1)).await.expect_problem(409, "scores_handed_in");
    }
    let early = json!({"reason": "Biên bản họp hội đồng"});
    office.step(&office.head, "close_round", early).await.expect_problem(409, "too_early");
    office.server.execute("UPDATE dossier SET meets_on = NULL").await;
    let closed =
        office.step(&office.clerk, "close_round", json!({"reason": "Biên bản họp hội đồng"})).await.expect(200);
    let council = &closed["councils"][0];
    assert_eq!(council["scores"].as_array().unwrap().len(), 3 * 20, "{council}");
    let sum: f64 = council["scores"].as_array().unwrap().iter().map(|score| score["points"].as_f64().unwrap()).sum();
    let mean = (sum / 3.0 * 100.0).floor() / 100.0;
    assert!((council["award"]["total"].as_f64().unwrap() - mean).abs() < 1e-9, "{council}");
    // The clerk decides nothing; the cooperative does not see the scores before the decision.
    let decision = json!({"decision_number": "1234/QĐ-UBND"});
    office.step(&office.clerk, "decide", decision.clone()).await.expect_problem(403, "forbidden");
    assert_eq!(office.shop.client.get(&office.own("")).await.expect(200)["councils"], json!([]));
    let decided = office.step(&office.head, "decide", decision).await.expect(200);
    let stars = council["award"]["stars"].clone();
    assert_eq!((&decided["state"], &decided["stars"]), (&json!("recognised"), &stars));
    assert_eq!(stars_shown(&office.server).await, stars);
    // What anybody may check.
    let register = office.server.client().get("/v1/ocop/products?commune_code=04990").await.expect(200);
    let own =
        register["items"].as_array().unwrap().iter().find(|own| own["decision_number"] == "1234/QĐ-UBND").unwrap();
    let code = own["check_url"].as_str().unwrap().rsplit('/').next().unwrap();
    let checked = office.server.client().get(&format!("/v1/ocop/certificates/{code}")).await.expect(200);
    assert_eq!((&checked["validity"], &checked["stars"]), (&json!("valid"), &stars));
    let page = vietnamese(&office.server).get(&format!("/s/{code}")).await;
    assert!(
        page.status == 200 && page.text.contains("1234/QĐ-UBND") && page.text.contains("Còn hiệu lực"),
        "{}",
        page.text
    );
    let (status, _, pdf) = office.server.client().bytes(&format!("/v1/ocop/certificates/{code}/pdf")).await;
    assert!(status == 200 && pdf.starts_with(b"%PDF"));
    let csv = office.server.client().get("/v1/ocop/products.csv").await;
    assert!(csv.text.contains("1234/QĐ-UBND"), "{}", csv.text);
    // Stars are taken back at once, with a reason.
    office
        .step(&office.head, "revoke_five", json!({"reason": "Vi phạm ghi nhãn"}))
        .await
        .expect_problem(403, "forbidden");
    office.step(&office.head, "revoke", json!({"reason": "Vi phạm ghi nhãn"})).await.expect(200);
    assert_eq!(stars_shown(&office.server).await, json!(null));
    let page = vietnamese(&office.server).get(&format!("/s/{code}")).await;
    assert!(page.text.contains("Đã bị thu hồi") && page.text.contains("Vi phạm ghi nhãn"), "{}", page.text);
    // The way it went stays as it was written.
    let steps = office.shop.client.get(&office.own("")).await.expect(200)["steps"].clone();
    let acts: Vec<String> = steps.as_array().unwrap().iter().map(|step| text(step, "act")).collect();
    assert_eq!(acts.first(), Some(&"start".to_owned()));
    assert_eq!(acts.last(), Some(&"revoke".to_owned()));
    assert!(office.server.try_execute("DELETE FROM dossier_step").await.is_err());
    assert!(office.server.try_execute("UPDATE dossier_step SET reason = 'x'").await.is_err());
    assert!(office.server.try_execute("UPDATE criteria_set SET name = 'x'").await.is_err());
}

#[tokio::test]
async fn five_stars_go_to_the_ministry_and_fall_back_to_four() {
    let office = Office::open().await;
    office.hand_in().await;
    office.propose().await;
    let members = office.accounts("hoi-dong").await;
    office.step(&office.head, "name_council", json!({"members": members})).await.expect(200);
    for member in &office.members {
        member.put(&office.path("/scores"), scores(&office.dossier, |_| 1.0)).await.expect(200);
        member.post(&office.path("/scores/hand-in"), json!({})).await.expect(200);
    }
    office.server.execute("UPDATE dossier SET meets_on = NULL").await;
    let ministry = office.server.sign_in("bo@example.vn").await;
    ministry.get(&office.path("")).await.expect_problem(404, "not_found");
    office.step(&office.head, "close_round", json!({"reason": "Biên bản họp hội đồng"})).await.expect(200);
    let decision = json!({"decision_number": "77/QĐ"});
    office.step(&office.head, "decide", decision.clone()).await.expect_problem(409, "five_stars_go_up");
    office.step(&office.head, "send_up", json!({})).await.expect(200);
    office.step(&office.head, "confirm", decision.clone()).await.expect_problem(403, "forbidden");
    office.step(&ministry, "receive_at_ministry", json!({})).await.expect(200);
    let central = office.accounts("trung-uong").await;
    office.step(&ministry, "name_central_council", json!({"members": central})).await.expect(200);
    for index in 1..=3 {
        let member = office.server.sign_in(&format!("trung-uong-{index}@example.vn")).await;
        // The weight of one floor holds the fifth star back though the total is above 90.
        member
            .put(&office.path("/scores"), scores(&office.dossier, |code| if code == "C4" { 0.7 } else { 1.0 }))
            .await
            .expect(200);
        member.post(&office.path("/scores/hand-in"), json!({})).await.expect(200);
    }
    office.server.execute("UPDATE dossier SET meets_on = NULL").await;
    let closed =
        office.step(&ministry, "close_central_round", json!({"reason": "Biên bản trung ương"})).await.expect(200);
    let award = &closed["councils"][1]["award"];
    assert!(award["total"].as_f64().unwrap() >= 90.0 && award["stars"] == 4, "{award}");
    assert_eq!(award["held_by"][0]["criterion"], "C4");
    office.step(&ministry, "confirm", decision.clone()).await.expect_problem(409, "not_five_stars");
    office.step(&ministry, "decline", json!({"reason": "Chưa đủ chứng nhận tiên tiến"})).await.expect(200);
    // Two heads at once, and again by one: one decision, one recognition.
    let version = office.version().await;
    let body = json!({"act": "decide", "version": version, "decision_number": "78/QĐ"});
    let path = office.path("/steps");
    let all = join_all((0..8).map(|_| office.head.post(&path, body.clone()))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(all.iter().all(|answer| answer.status == 200 || answer.status == 409));
    assert_eq!(office.server.count("SELECT COUNT(*) FROM recognition WHERE decision_number = '78/QĐ'").await, 1);
    assert_eq!(stars_shown(&office.server).await, json!(4));
    // Not content: within its time the result is looked at once more, and stands meanwhile.
    // While another dossier of the product is under way nothing else is opened.
    let upgrade = json!({"product_id": office.shop.product});
    let next = office.shop.client.post(&office.shop.path("dossiers"), upgrade).await.expect(201);
    assert_eq!((&next["kind"], next["claims"].as_array().unwrap().len()), (&json!("upgrade"), 20));
    office.own_step("complain", Some("Đề nghị xem lại điểm C4")).await.expect_problem(409, "dossier_open");
    let away = json!({"act": "withdraw", "version": next["version"]});
    let path = office.shop.path(&format!("dossiers/{}/steps", text(&next, "id")));
    office.shop.client.post(&path, away).await.expect(200);
    office.own_step("complain", Some("Đề nghị xem lại điểm C4")).await.expect(200);
    assert_eq!(stars_shown(&office.server).await, json!(4));
    office.step(&office.head, "reject_complaint", json!({"reason": "Chứng nhận đã hết hạn"})).await.expect(200);
    let after = office.shop.client.get(&office.own("")).await.expect(200);
    assert_eq!((&after["state"], after["councils"].as_array().unwrap().len()), (&json!("recognised"), 2));
    // Stars end by the clock.
    let mut server = office.server;
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 1_100 * 86_400)).await;
    assert_eq!(stars_shown(&server).await, json!(null));
}

#[tokio::test]
async fn offices_of_other_places_and_levels_see_nothing() {
    let office = Office::open().await;
    office.hand_in().await;
    let elsewhere = office.server.sign_in("xa-kim-boi@example.vn").await;
    elsewhere.get(&office.path("")).await.expect_problem(404, "not_found");
    office.step(&elsewhere, "receive_at_commune", json!({})).await.expect_problem(404, "not_found");
    let seen = elsewhere.get("/v1/officer/dossiers").await.expect(200);
    let communes: Vec<String> = seen["items"].as_array().unwrap().iter().map(|one| text(one, "commune_code")).collect();
    assert!(!communes.is_empty() && communes.iter().all(|code| code == "04978"), "{communes:?}");
    let evidence = office.shop.client.get(&office.own("")).await.expect(200)["evidence"][0]["id"].clone();
    let file = office.path(&format!("/evidence/{}", evidence.as_str().unwrap()));
    elsewhere.get(&file).await.expect_problem(404, "not_found");
    assert_eq!(office.commune.bytes(&file).await.0, 200);
    // Not the platform's people, not another cooperative, not a buyer.
    let other = office.server.seller_of("hat-doi").await;
    other.client.get(&office.own("")).await.expect_problem(403, "forbidden");
    let id = text(&office.dossier, "id");
    other.client.get(&other.path(&format!("dossiers/{id}"))).await.expect_problem(404, "not_found");
    let admin = office.server.sign_in("admin@example.vn").await;
    admin.get(&office.path("")).await.expect_problem(403, "forbidden");
    // Scoring needs a chair.
    office.propose().await;
    office.step(&office.head, "name_council", json!({"members": office.accounts("hoi-dong").await})).await.expect(200);
    office.head.get(&office.path("/scores")).await.expect_problem(403, "forbidden");
    let ministry = office.server.sign_in("trung-uong-1@example.vn").await;
    ministry.put(&office.path("/scores"), scores(&office.dossier, |_| 1.0)).await.expect_problem(404, "not_found");
    // Who leaves the office leaves the council.
    let seats = office.head.get("/v1/officer/offices").await.expect(200);
    let own = text(&seats["items"][0], "id");
    let gone = account(&office.members[0]).await;
    office.members[0].get(&format!("/v1/officer/offices/{own}/members")).await.expect_problem(403, "forbidden");
    let path = format!("/v1/officer/offices/{own}/members");
    office.head.delete(&format!("{path}/{}", gone.as_str().unwrap())).await.expect(204);
    office.members[0].get(&office.path("/scores")).await.expect_problem(403, "forbidden");
    // An office keeps a head, and takes in who has an account.
    let myself = json!({"contact": "can-bo@example.vn", "role": "clerk"});
    office.head.put(&path, myself).await.expect_problem(409, "last_head");
    let stranger = json!({"contact": "khong-co@example.vn", "role": "clerk"});
    office.head.put(&path, stranger).await.expect_problem(422, "invalid");
    let offices = admin.get("/v1/admin/offices").await.expect(200);
    assert!(offices["items"].as_array().unwrap().len() > 5, "{offices}");
    let twice = json!({"level": "commune", "name": "UBND xã", "commune_code": "04990"});
    admin.post("/v1/admin/offices", twice).await.expect_problem(409, "office_exists");
    let nowhere = json!({"level": "commune", "name": "UBND xã", "commune_code": "99999"});
    admin.post("/v1/admin/offices", nowhere).await.expect_problem(422, "invalid");
}

#[tokio::test]
async fn stars_typed_in_count_when_a_second_officer_says_so() {
    let office = Office::open().await;
    let input = json!({"product_id": office.shop.product, "stars": 3, "certificate_number": "12/OCOP-HB", "decision_number": "2345/QĐ-UBND", "issuer": "UBND huyện Kim Bôi", "issued_on": day(-400)});
    let entry = office.clerk.post("/v1/officer/recognitions", input.clone()).await.expect(201);
    assert_eq!(stars_shown(&office.server).await, json!(null));
    let path = format!("/v1/officer/recognitions/{}", text(&entry, "id"));
    office.clerk.post(&path, json!({"confirm": true})).await.expect_problem(403, "second_officer");
    office.commune.post(&path, json!({"confirm": true})).await.expect_problem(403, "forbidden");
    office.head.post(&path, json!({"confirm": true})).await.expect(200);
    office.head.post(&path, json!({"confirm": true})).await.expect_problem(409, "entry_settled");
    assert_eq!(stars_shown(&office.server).await, json!(3));
    // By the number on the paper, too.
    let page = vietnamese(&office.server).get("/s/12/OCOP-HB").await;
    assert!(page.status == 200 && page.text.contains("2345/QĐ-UBND"), "{}", page.text);
    assert_eq!(office.server.client().get("/s/khong-co").await.status, 404);
    assert_eq!(office.server.client().get(&format!("/s/{}", "9".repeat(2_000))).await.status, 404);
    let client = office.server.client();
    for path in ["/s/%00", "/v1/ocop/certificates/a%00b", "/v1/ocop/criteria/%00"] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
    client.get("/v1/ocop/products?commune_code=99999").await.expect_problem(422, "invalid");
    let mut old = input;
    old["issued_on"] = json!(day(-1_200));
    office.clerk.post("/v1/officer/recognitions", old).await.expect_problem(422, "invalid");
    // In time somebody is told that they end: 36 months after day -400 less eight months.
    let mut server = office.server;
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", (1_095 - 400 - 240) * 86_400)).await;
    let told = server.message_to("xanh-kim-boi@example.vn", "dưới 9 tháng").await;
    assert!(told.contains("Bưởi Diễn"), "{told}");
}

#[tokio::test]
async fn criteria_come_as_sheets_and_stay_as_they_came() {
    let office = Office::open().await;
    let code = "minh-hoa-trai-cay";
    let (status, _, sheet) = office.server.client().bytes(&format!("/v1/ocop/criteria/{code}/sheet")).await;
    assert_eq!(status, 200);
    let send = async |who: &Client, bytes: &[u8]| {
        who.upload("/v1/officer/criteria", "application/octet-stream", bytes.to_vec()).await
    };
    // The same again changes nothing.
    let same = send(&office.head, &sheet).await.expect(200);
    assert_eq!((&same["version"], same["code"].as_str()), (&json!(1), Some(code)));
    send(&office.commune, &sheet).await.expect_problem(403, "forbidden");
    // What is wrong is named by cell.
    let csv = std::fs::read_to_string("../api/src/ocop/certification/data/trai-cay-tuoi.csv").unwrap();
    let broken = csv.replace("A,Sản phẩm và sức mạnh cộng đồng,40", "A,Sản phẩm và sức mạnh cộng đồng,bốn mươi");
    let refused = send(&office.head, broken.as_bytes()).await.expect_problem(422, "invalid");
    let pointers: Vec<String> =
        refused["errors"].as_array().unwrap().iter().map(|error| text(error, "pointer")).collect();
    assert!(pointers.contains(&"/C8".to_owned()), "{pointers:?}");
    send(&office.head, b"a,b\n1,2\n").await.expect_problem(422, "invalid");
    // Another sheet is a further version: a draft has to move to it, what was handed in stays with its own.
    let next = csv.replace("Tổ chức và quản trị của cơ sở", "Tổ chức và quản trị");
    let made = send(&office.head, next.as_bytes()).await.expect(201);
    assert_eq!(made["version"], 2);
    office.shop.client.put(&office.own("/scores"), scores(&office.dossier, |_| 1.0)).await.expect(200);
    office.own_step("submit", None).await.expect_problem(409, "criteria_changed");
    let moved = office.shop.client.post(&office.own("/criteria"), json!({})).await.expect(200);
    assert_eq!((&moved["criteria"]["version"], moved["claims"].as_array().unwrap().len()), (&json!(2), 20));
    // By the command line, out and in.
    let out = std::env::temp_dir().join(format!("criteria-{}.xlsx", std::process::id()));
    let out = out.to_str().unwrap();
    let wrote = office.server.ocop(&["criteria", "export", code, "--out", out], "");
    assert!(wrote.status.success(), "{}", String::from_utf8_lossy(&wrote.stderr));
    let read = office.server.ocop(&["criteria", "import", out], "");
    assert!(String::from_utf8_lossy(&read.stdout).contains("version 2: here already"), "{read:?}");
    std::fs::write(out, broken).unwrap();
    let refused = office.server.ocop(&["criteria", "import", out], "");
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("C8"), "{refused:?}");
    std::fs::remove_file(out).unwrap();
    // Points that fit no option are refused.
    let wrong = json!({"scores": [{"criterion": "A1", "points": 6.3}]});
    let refused = office.shop.client.put(&office.own("/scores"), wrong).await.expect_problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/scores/0/points");
}
