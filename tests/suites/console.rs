//! The console without a browser: sessions, forged forms, permissions, weight, and every page for every role.

use serde_json::json;
use tests::{PASSWORD, Server};

/// A browser without scripts: keeps cookies, follows redirects, sends forms. A clone is another tab.
#[derive(Clone)]
pub struct Browser {
    http: reqwest::Client,
    base: String,
    cookies: std::collections::BTreeMap<String, String>,
}

pub struct Page {
    pub status: u16,
    pub path: String,
    pub text: String,
    pub headers: reqwest::header::HeaderMap,
}

impl Browser {
    fn new(server: &Server) -> Self {
        let http = tests::http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, base: server.url(), cookies: std::collections::BTreeMap::default() }
    }

    async fn send(&mut self, mut request: reqwest::RequestBuilder, mut path: String) -> Page {
        loop {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let response = request.header("cookie", cookies.join("; ")).send().await.unwrap();
            for cookie in response.headers().get_all("set-cookie") {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                if value.is_empty() {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
            }
            if response.status().as_u16() != 303 {
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                return Page { status, path, headers, text: response.text().await.unwrap() };
            }
            path = response.headers()["location"].to_str().unwrap().to_owned();
            request = self.http.get(format!("{}{path}", self.base));
        }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.http.get(format!("{}{path}", self.base));
        self.send(request, path.to_owned()).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let url = reqwest::Url::parse_with_params("http://x/", fields).unwrap();
        let request =
            self.http.post(format!("{}{path}", self.base)).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(url.query().unwrap_or_default().to_owned()), path.to_owned()).await
    }

    pub async fn sign_in(server: &Server, login: &str) -> Self {
        let mut browser = Self::new(server);
        let page = browser.post("/console/login", &[("login", login), ("password", PASSWORD), ("lang", "vi")]).await;
        assert_eq!(page.status, 200, "{}", page.text);
        browser
    }

    /// What a page writes into its first form under this name, for this path.
    fn hidden(page: &Page, action: &str, name: &str) -> Option<String> {
        let form =
            page.text.split(&format!("action=\"{action}\"")).nth(1).unwrap_or_else(|| panic!("no form {action}"));
        let form = form.split("</form>").next().unwrap();
        let value = form.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
        Some(value.split('"').next().unwrap().to_owned())
    }

    /// What a form of a page carries to be sent: whose it is, that it is sent once, what was looked at.
    pub async fn marks(&mut self, page: &str, action: &str) -> Vec<(String, String)> {
        let page = self.get(page).await;
        ["csrf", "once", "seen"]
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), Self::hidden(&page, action, name)?)))
            .collect()
    }

    /// Sends a form with its marks and what is filled in.
    pub async fn fill(&mut self, action: &str, marks: &[(String, String)], fields: &[(&str, &str)]) -> Page {
        let marks = marks.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        self.post(action, &marks.chain(fields.iter().copied()).collect::<Vec<_>>()).await
    }

    async fn csrf(&mut self) -> String {
        let page = self.get("/console/team").await;
        page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }
}

const PAGES: &[&str] = &[
    "/console/today",
    "/console/orders",
    "/console/pack",
    "/console/stock",
    "/console/products",
    "/console/products/new",
    "/console/import",
    "/console/lots",
    "/console/team",
    "/console/income",
];

#[tokio::test]
async fn sessions_are_cookies_and_forms_carry_their_secret() {
    let server = Server::start().await;
    let mut nobody = Browser::new(&server);
    assert_eq!(nobody.get("/console/today").await.path, "/console/login");
    let wrong =
        nobody.post("/console/login", &[("login", "dong-tam@example.vn"), ("password", "nope"), ("lang", "vi")]).await;
    assert!(wrong.status == 422 && nobody.cookies.is_empty(), "{}", wrong.text);

    let shop = server.seller_of("hat-doi").await;
    let login = owner_of(&server, "hat-doi").await;
    let mut owner = Browser::sign_in(&server, &login).await;
    let page = owner.get("/console/today").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'")
            && policy.contains("frame-ancestors 'none'")
            && !policy.contains("unsafe")
    );
    assert!(
        !page.text.contains("<script>") && !page.text.contains(" style=") && !page.text.contains("onclick"),
        "nothing inline"
    );
    let offer = server.offer("hat-doi", 0).await;
    let before = shop.stock(&offer).await["on_hand"].as_i64().unwrap();
    let path = format!("/console/stock/{offer}");
    for forged in [&[("by", "+5")][..], &[("by", "+5"), ("csrf", "guess")][..]] {
        assert_eq!(owner.post(&path, forged).await.status, 403);
    }
    let csrf = owner.csrf().await;
    let mut other = Browser::sign_in(&server, &owner_of(&server, "ruou-muong").await).await;
    let foreign = other.csrf().await;
    assert_eq!(owner.post(&path, &[("by", "+5"), ("csrf", &foreign)]).await.status, 403);
    let refused = other.post(&path, &[("by", "+5"), ("csrf", &foreign)]).await;
    assert!(refused.text.contains("Không tìm thấy."), "{}", refused.text);
    assert_eq!(shop.stock(&offer).await["on_hand"], before);
    let saved = owner.post(&path, &[("by", "+5"), ("csrf", &csrf)]).await;
    assert!(saved.status == 200 && saved.text.contains("Đã ghi."));
    assert_eq!(shop.stock(&offer).await["on_hand"], before + 5);
    // Said once.
    assert!(!owner.get("/console/stock").await.text.contains("Đã ghi."));

    // A changed password ends the browser's session too.
    let change = json!({"current_password": PASSWORD, "new_password": "mot mat khau khac han"});
    shop.client.post("/v1/me/password", change).await.expect(204);
    assert_eq!(owner.get("/console/today").await.path, "/console/login");
    other.post("/console/logout", &[("csrf", &foreign)]).await;
    assert_eq!(other.get("/console/today").await.path, "/console/login");
}

async fn owner_of(server: &Server, product: &str) -> String {
    let page = server.client().get(&format!("/v1/products/{product}")).await.expect(200);
    let slug = page["seller"]["slug"].as_str().unwrap();
    format!("{}@example.vn", slug.trim_start_matches("htx-").trim_start_matches("nong-nghiep-"))
}

#[tokio::test]
async fn every_page_is_light_in_both_languages_and_shown_by_role() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let mut owner = Browser::sign_in(&server, &owner_of(&server, "hat-doi").await).await;
    let assets: usize = {
        let page = owner.get("/console/stock").await.text;
        let mut sum = 0;
        for asset in page.split(['"']).filter(|part| part.starts_with("/console/static/")) {
            sum += owner.get(asset).await.text.len();
        }
        sum
    };
    for path in PAGES {
        let page = owner.get(path).await;
        assert_eq!((page.status, page.path.as_str()), (200, *path), "{}", page.text);
        assert!(page.text.len() + assets < 100 * 1024, "{path}: {} + {assets} bytes", page.text.len());
        assert!(page.text.contains("<html lang=\"vi\">"));
    }
    let csrf = owner.csrf().await;
    owner.post("/console/language", &[("csrf", &csrf), ("lang", "en")]).await;
    for path in PAGES {
        let page = owner.get(path).await;
        assert!(page.text.contains("<html lang=\"en\">") && !page.text.contains("Việc hôm nay"), "{path}");
    }
    let member = format!("{}:staff", shop.cooperative);
    let made = server
        .ocop(&["user", "create", "tho@example.vn", "--name", "Thợ", "--member", &member], &format!("{PASSWORD}\n"));
    assert!(made.status.success());
    let mut staff = Browser::sign_in(&server, "tho@example.vn").await;
    for (path, status) in [
        ("/console/today", 200),
        ("/console/stock", 200),
        ("/console/products", 200),
        ("/console/products/new", 403),
        ("/console/import", 403),
        ("/console/export.xlsx", 403),
        ("/console/income", 403),
    ] {
        assert_eq!(staff.get(path).await.status, status, "{path}");
    }
    let team = staff.csrf().await;
    let invite = [("csrf", team.as_str()), ("do", "invite"), ("contact", "a@example.vn"), ("role", "owner")];
    assert!(staff.post("/console/team", &invite).await.text.contains("không có quyền"));
    // Who works nowhere is asked to apply.
    let buyer = Browser::sign_in(&server, "lan@example.vn").await.get("/console/today").await;
    assert_eq!(buyer.path, "/console/apply");
}

#[tokio::test]
async fn an_order_is_worked_without_scripts() {
    let server = Server::start().await;
    let offer = server.offer("hat-doi", 0).await;
    let id = server.basket(&[(&offer, 2)]).await.buy().await["orders"][0]["id"].as_str().unwrap().to_owned();
    let mut owner = Browser::sign_in(&server, &owner_of(&server, "hat-doi").await).await;
    let csrf = owner.csrf().await;
    assert!(owner.get("/console/today").await.text.contains(&id));
    for step in ["confirm", "pack", "ship", "deliver"] {
        let page = owner.post(&format!("/console/orders/{id}/{step}"), &[("csrf", &csrf)]).await;
        assert!(page.status == 200 && page.text.contains("Đã ghi."), "{step}: {}", page.text);
    }
    let again = owner.post(&format!("/console/orders/{id}/pack"), &[("csrf", &csrf)]).await;
    assert!(again.text.contains("không còn ở trạng thái"));
    assert_eq!(owner.get(&format!("/console/orders/{id}/note.pdf")).await.headers["content-type"], "application/pdf");
    let mut stranger = Browser::sign_in(&server, &owner_of(&server, "ruou-muong").await).await;
    assert_eq!(stranger.get(&format!("/console/orders/{id}")).await.status, 404);
    // What people write is text, never markup.
    let evil = "<script>alert(1)</script>";
    owner.post(&format!("/console/orders/{id}/message"), &[("csrf", &csrf), ("text", evil)]).await;
    let page = owner.get(&format!("/console/orders/{id}")).await;
    assert!(page.text.contains("&lt;script&gt;") && !page.text.contains(evil));
    server.assert_books_agree();
}

#[tokio::test]
async fn a_second_click_does_nothing_and_what_was_refused_can_be_sent_again() {
    let server = Server::start().await;
    let offer = server.offer("hat-doi", 0).await;
    let shop = server.seller_of("hat-doi").await;
    let mut owner = Browser::sign_in(&server, &owner_of(&server, "hat-doi").await).await;
    let csrf = owner.csrf().await;

    let path = format!("/console/stock/{offer}");
    let once = Browser::hidden(&owner.get("/console/stock").await, &path, "once").unwrap();
    let before = shop.stock(&offer).await["on_hand"].as_i64().unwrap();
    let tap = [("csrf", csrf.as_str()), ("once", &once), ("by", "+5")];
    for words in ["Đã ghi.", "đã được ghi rồi"] {
        let page = owner.post(&path, &tap).await;
        assert!(page.status == 200 && page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!(shop.stock(&offer).await["on_hand"], before + 5);
    let next = Browser::hidden(&owner.get("/console/stock").await, &path, "once").unwrap();
    assert_ne!(next, once);
    owner.post(&path, &[("csrf", &csrf), ("once", &next), ("by", "+5")]).await;
    assert_eq!(shop.stock(&offer).await["on_hand"], before + 10);

    // A listing is written as a whole, or not at all.
    let made = "SELECT COUNT(*) FROM product WHERE name_vi = 'Măng ớt'";
    let page = owner.get("/console/products/new").await;
    let once = Browser::hidden(&page, "/console/products/new", "once").unwrap();
    let category = crate::onboarding::first_leaf(&server).await;
    let form = |summary: &'static str| {
        [
            ("csrf", csrf.clone()),
            ("once", once.clone()),
            ("name_vi", "Măng ớt".to_owned()),
            ("summary_vi", summary.to_owned()),
            ("category", category.as_str().to_owned()),
            ("pack_vi", "Lọ 300 g".to_owned()),
            ("unit", "jar".to_owned()),
            ("weight_g", "400".to_owned()),
            ("price", "45.000".to_owned()),
            ("stock", "7".to_owned()),
            ("publish", "yes".to_owned()),
        ]
    };
    let refused = form("").map(|(name, value)| (name, value));
    let refused: Vec<_> = refused.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = owner.post("/console/products/new", &refused).await;
    assert!(page.status == 422 && page.text.contains("Chưa đủ để đăng bán"), "{}", page.text);
    assert_eq!(server.count(made).await, 0);
    let right = form("Măng ngâm ớt");
    let right: Vec<_> = right.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut second = Browser { http: owner.http.clone(), base: owner.base.clone(), cookies: owner.cookies.clone() };
    let both = futures_util::future::join(
        owner.post("/console/products/new", &right),
        second.post("/console/products/new", &right),
    );
    let (first, again) = both.await;
    assert!(first.status == 200 && again.status == 200, "{} {}", first.text, again.text);
    assert_eq!(server.count(made).await, 1);
    assert_eq!(server.count("SELECT s.on_hand FROM stock s JOIN offer o ON o.id = s.offer_id JOIN product p ON p.id = o.product_id WHERE p.name_vi = 'Măng ớt' AND p.status = 'published'").await, 7);
    server.assert_books_agree();
}

#[tokio::test]
async fn prices_and_weights_are_typed_as_people_write_them_and_slips_are_asked_about() {
    let server = Server::start().await;
    let offer = server.offer("hat-doi", 0).await;
    let shop = server.seller_of("hat-doi").await;
    let login = owner_of(&server, "hat-doi").await;
    let mut owner = Browser::sign_in(&server, &login).await;
    let csrf = owner.csrf().await;
    let path = format!("/console/products/{}", shop.product);
    let sql =
        format!("SELECT price_amount FROM offer WHERE sku = (SELECT sku FROM offer WHERE {} LIMIT 1)", by_id(&offer));
    let before = server.count(&sql).await;
    let mut change = async |fields: &[(&str, &str)]| {
        let mut all = vec![("csrf", csrf.as_str()), ("do", "price"), ("offer", offer.as_str())];
        all.extend(fields);
        owner.post(&path, &all).await
    };
    let page = change(&[("price", "250k/hộp")]).await;
    assert!(page.text.contains("không hiểu “/hộp”"), "{}", page.text);
    // A thousand times less: asked about, and nothing is changed before the box is ticked.
    let slip = (before / 1_000).to_string();
    let page = change(&[("price", &slip)]).await;
    assert!(
        page.status == 422 && page.text.contains("name=\"sure\"") && page.text.contains("khác xa giá cũ"),
        "{}",
        page.text
    );
    assert_eq!(server.count(&sql).await, before);
    change(&[("price", &slip), ("sure", "yes")]).await;
    assert_eq!(server.count(&sql).await, before / 1_000);
    change(&[("price", "1tr2"), ("sure", "yes")]).await;
    assert_eq!(server.count(&sql).await, 1_200_000);
}

/// A key as the database at hand compares it.
fn by_id(id: &str) -> String {
    if tests::on_postgres() { format!("id = '{id}'") } else { format!("id = x'{}'", id.replace('-', "")) }
}
