//! The demo's partner, others like it, and guests who come through them.

use serde_json::{Value, json};

use crate::{Answer, Basket, Client, Server};

/// As a guest's phone tells of itself.
pub const PHONE: &str = "Mozilla/5.0 (Linux; Android 11; Redmi 9A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36";
/// The slug of the demo's feed.
pub const FEED: &str = "qua-que-suoi-khoang";

/// Somebody who shows products, and who acts for them.
pub struct Partner {
    pub id: String,
    pub client: Client,
}

impl Partner {
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/partner/{}/{rest}", self.id)
    }

    pub async fn get(&self, rest: &str) -> Answer {
        self.client.get(&self.path(rest)).await
    }

    pub async fn post(&self, rest: &str, body: Value) -> Answer {
        self.client.post(&self.path(rest), body).await
    }

    /// Defines a feed; its slug.
    pub async fn feed(&self, definition: Value) -> String {
        let feed = self.post("feeds", json!({"name": "Nguồn thử", "definition": definition})).await.expect(201);
        feed["slug"].as_str().unwrap().to_owned()
    }
}

pub fn facts(name: &str) -> Value {
    json!({"name": name, "legal_name": format!("Công ty {name}"), "tax_code": "5400512345", "representative": "Bùi Thị Mai", "street": "Xóm Mớ Đá",
        "commune_code": "04978", "phone": "0987654321", "email": "doi-tac-moi@example.vn", "bank_bin": "970405", "bank_account": "3005215001111", "bank_holder": "BUI THI MAI"})
}

impl Server {
    /// The demo's homestay, and its owner.
    pub async fn partner(&self) -> Partner {
        let client = self.sign_in("homestay@example.vn").await;
        let own = client.get("/v1/partners").await.expect(200);
        Partner { id: own["items"][0]["id"].as_str().unwrap().to_owned(), client }
    }

    /// Signs a partner up and has it approved.
    pub async fn new_partner(&self, client: &Client) -> Partner {
        let partner = client.post("/v1/partners", facts("Nhà nghỉ Thác")).await.expect(201);
        let id = partner["id"].as_str().unwrap().to_owned();
        let admin = self.sign_in("admin@example.vn").await;
        admin.post(&format!("/v1/admin/partners/{id}/decision"), json!({"decision": "approve"})).await.expect(200);
        Partner { id, client: client.clone() }
    }

    /// A guest's client.
    pub fn guest(&self) -> Client {
        self.client().header("user-agent", PHONE)
    }

    /// The link of a product in a feed, as a path.
    pub async fn link(&self, feed: &str, product: &str) -> String {
        let feed = self.client().get(&format!("/feeds/{feed}.json")).await.expect(200);
        let item = feed["items"].as_array().unwrap().iter().find(|item| item["slug"] == product);
        let link = item.unwrap_or_else(|| panic!("{product} is not in the feed: {feed}"))["link"].as_str().unwrap();
        link[link.find("/go/").unwrap()..].to_owned()
    }

    /// A guest clicks a link; the click's token, or nothing.
    pub async fn click(&self, path: &str) -> Option<String> {
        let answer = self.guest().staying().get(path).await;
        assert_eq!(answer.status, 302, "{}", answer.text);
        let location = answer.header("location");
        location.split(['?', '&']).find_map(|part| part.strip_prefix("via=")).map(str::to_owned)
    }

    /// Buys through a click.
    pub async fn buy_through(&self, click: &str, items: &[(&str, i64)]) -> Value {
        let basket = self.basket(items).await;
        basket.attribute(json!({"click": click})).await.expect(200);
        basket.buy().await
    }
}

impl Basket {
    pub async fn attribute(&self, body: Value) -> Answer {
        self.client.put(&self.path("/attribution"), body).await
    }
}
