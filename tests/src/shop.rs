//! Short ways to what most tests need: an offer, a seller, a basket quoted and ready to buy.

use serde_json::{Value, json};

use crate::{Answer, Client, Server};

/// Of everybody in the demo.
pub const PASSWORD: &str = "buoi-dien-kim-boi";

impl Server {
    /// Signed in as somebody of the demo.
    pub async fn sign_in(&self, login: &str) -> Client {
        let answer =
            self.client().post("/v1/auth/login", json!({"login": login, "password": PASSWORD})).await.expect(200);
        self.client().bearer(answer["access_token"].as_str().unwrap())
    }

    /// A fresh account, made on the command line.
    pub async fn new_buyer(&self, email: &str) -> Client {
        let output = self.ocop(&["user", "create", email, "--name", "Người mua"], &format!("{PASSWORD}\n"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.sign_in(email).await
    }

    /// The id of an offer of the demo, by the slug of its product and its place among the product's offers.
    pub async fn offer(&self, product: &str, index: usize) -> String {
        let page = self.client().get(&format!("/v1/products/{product}")).await.expect(200);
        page["offers"][index]["id"].as_str().unwrap_or_else(|| panic!("{product} has no offer {index}")).to_owned()
    }

    pub async fn seller_of(&self, product: &str) -> Seller {
        let page = self.client().get(&format!("/v1/products/{product}")).await.expect(200);
        let seller = &page["seller"];
        let slug = seller["slug"].as_str().unwrap();
        let login = format!("{}@example.vn", slug.trim_start_matches("htx-").trim_start_matches("nong-nghiep-"));
        Seller {
            cooperative: seller["id"].as_str().unwrap().to_owned(),
            product: page["id"].as_str().unwrap().to_owned(),
            client: self.sign_in(&login).await,
        }
    }

    /// The same seller with a token that a clock run ahead still takes.
    pub async fn sign_in_again(&self, seller: &Seller) -> Client {
        let page = self.client().get(&format!("/v1/products/{}", seller.product)).await.expect(200);
        let slug = page["seller"]["slug"].as_str().unwrap().to_owned();
        self.sign_in(&format!("{}@example.vn", slug.trim_start_matches("htx-").trim_start_matches("nong-nghiep-")))
            .await
    }

    /// A guest's basket with these offers and quantities.
    pub async fn basket(&self, items: &[(&str, i64)]) -> Basket {
        Basket::of(self.client(), items).await
    }
}

/// Somebody who sells.
#[derive(Clone)]
pub struct Seller {
    pub cooperative: String,
    pub product: String,
    pub client: Client,
}

impl Seller {
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/seller/cooperatives/{}/{rest}", self.cooperative)
    }

    pub async fn step(&self, order: &str, step: &str) -> Answer {
        self.client.post(&self.path(&format!("orders/{order}/{step}")), json!({})).await
    }

    /// Confirms, packs, ships and delivers.
    pub async fn deliver(&self, order: &str) {
        for step in ["confirm", "pack", "ship", "deliver"] {
            self.step(order, step).await.expect(200);
        }
    }

    /// From this step on to its end.
    pub async fn deliver_from(&self, first: &str, order: &str) {
        for step in ["confirm", "pack", "ship", "deliver"].into_iter().skip_while(|step| *step != first) {
            self.step(order, step).await.expect(200);
        }
    }

    pub async fn stock(&self, offer: &str) -> Value {
        let page = self.client.get(&self.path("stock?limit=100")).await.expect(200);
        page["items"].as_array().unwrap().iter().find(|item| item["offer_id"] == offer).unwrap().clone()
    }

    /// Counts the shelf anew.
    pub async fn set_available(&self, offer: &str, quantity: i64) {
        let now = self.stock(offer).await["available"].as_i64().unwrap();
        if now != quantity {
            let movement = json!({"kind": "correction", "quantity": quantity - now, "note": "kiểm kho"});
            self.client.post(&self.path(&format!("stock/{offer}/movements")), movement).await.expect(201);
        }
    }
}

/// A basket and who holds it.
pub struct Basket {
    pub client: Client,
    pub id: String,
    pub token: Option<String>,
}

pub fn address() -> Value {
    json!({"recipient": "Nguyễn Thị Lan", "phone": "0912345678", "street": "12 phố Hàng Bông", "commune_code": "00070"})
}

impl Basket {
    pub async fn of(client: Client, items: &[(&str, i64)]) -> Self {
        let items: Vec<_> =
            items.iter().map(|(offer, quantity)| json!({"offer_id": offer, "quantity": quantity})).collect();
        let cart = client.post("/v1/carts", json!({"items": items})).await.expect(201);
        let token = cart["token"].as_str().map(str::to_owned);
        let client = match &token {
            Some(token) => client.header("x-cart-token", token),
            None => client,
        };
        Self { client, id: cart["id"].as_str().unwrap().to_owned(), token }
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/v1/carts/{}{rest}", self.id)
    }

    pub async fn ask_quote(&self) -> Answer {
        self.client.post(&self.path("/quote"), json!({"address": address()})).await
    }

    /// The id of a quote for delivery to Hà Nội.
    pub async fn quote(&self) -> String {
        self.ask_quote().await.expect(201)["id"].as_str().unwrap().to_owned()
    }

    pub fn order_form(&self, quote: &str) -> Value {
        json!({
            "cart_id": self.id, "quote_id": quote, "payment_method": "cash_on_delivery",
            "contact": {"name": "Nguyễn Thị Lan", "phone": "0912345678", "email": "khach@example.vn"},
        })
    }

    pub async fn checkout(&self, quote: &str, key: &str) -> Answer {
        self.client.clone().header("idempotency-key", key).post("/v1/checkouts", self.order_form(quote)).await
    }

    /// Buys, to be paid for this way.
    pub async fn buy_by(&self, method: &str) -> Value {
        let quote = self.quote().await;
        let mut form = self.order_form(&quote);
        form["payment_method"] = method.into();
        let client = self.client.clone().header("idempotency-key", &format!("buy-{}", self.id));
        client.post("/v1/checkouts", form).await.expect(201)
    }

    /// Starts to pay for a purchase.
    pub async fn pay(&self, purchase: &Value, method: &str, key: &str) -> Answer {
        let link = Self::link(&purchase["orders"][0]);
        let token = link.split_once("token=").unwrap().1;
        let body = json!({"purchase_id": purchase["id"], "method": method, "token": token});
        self.client.clone().header("idempotency-key", key).post("/v1/payments", body).await
    }

    /// Quotes and buys.
    pub async fn buy(&self) -> Value {
        let quote = self.quote().await;
        self.checkout(&quote, &format!("buy-{}", self.id)).await.expect(201)
    }
}

impl Basket {
    /// The path a guest's secret link leads to.
    pub fn link(order: &Value) -> String {
        let link = order["link"].as_str().unwrap();
        link[link.find("/v1/").unwrap()..].to_owned()
    }
}
