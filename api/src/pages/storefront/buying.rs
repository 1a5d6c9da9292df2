//! Checkout in two steps: who and where, then the total, which is exactly what is charged.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{CartId, CooperativeId, DeliveryMethod, PaymentMethod, SalesChannel};
use minijinja::context;
use serde_json::{Value, json};

use super::basket::{bring_along, cart_of, held, own_form};
use super::shell::{Fault, Placed, Shell, parameter};
use crate::money::payment::{Till, begin_payment};
use crate::orders::ordering::{
    Checkout, Choice, ContactInput, Holder, Purchase, QuoteRequest, Shop, held_basket, held_cart, make_quote, place,
};
use crate::people::identity::{AddressInput, Caller, address_book, find_account};
use crate::people::places;
use crate::platform::body::validate;
use crate::platform::db::by_id;
use crate::platform::edge::client_address;
use crate::platform::forms::Form;
use crate::platform::idempotency::IdempotencyKey;
use crate::platform::problem::Problem;
use crate::platform::templates::value;
use crate::shop::delivery::pickup_points_for_buyers;

type Typed = BTreeMap<String, String>;

/// What of a form is carried from step to step.
const CARRIED: &[&str] = &["name", "phone", "email", "street", "commune", "method", "codes", "note", "remember"];
/// What of it a device remembers for who wants that.
const RECIPIENT: &[&str] = &["name", "phone", "email", "street", "commune"];

/// The recipient as a cookie holds it; nothing where it was not asked for.
fn remembered(typed: &Typed) -> Option<String> {
    typed.get("remember")?;
    let fields = RECIPIENT.iter().filter_map(|name| Some((name, typed.get(*name)?)));
    Some(form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

/// The fields a device remembered: what its cookie holds is no more than typed, and is checked as such.
fn recalled(recipient: Option<&str>) -> Typed {
    let Some(recipient) = recipient else { return Typed::new() };
    let known = |name: &str| RECIPIENT.contains(&name);
    let mut typed: Typed = form_urlencoded::parse(recipient.as_bytes())
        .filter(|(name, _)| known(name))
        .map(|(name, text)| (name.into_owned(), text.chars().take(254).collect()))
        .collect();
    typed.insert("remember".to_owned(), "1".to_owned());
    typed
}

fn typed(form: &Form) -> Typed {
    let known = |name: &str| CARRIED.contains(&name) || name.starts_with("how-");
    form.0.fields.iter().filter(|(name, _)| known(name)).cloned().collect()
}

/// The cooperatives of the basket, each with how its goods may come.
async fn shops(shell: &Shell, cart: &crate::orders::ordering::Cart, typed: &Typed) -> Result<Vec<Value>, Problem> {
    let mut shops: Vec<Value> = Vec::new();
    for line in &cart.lines {
        let id = line.cooperative.id;
        if shops.iter().any(|shop| shop["id"] == json!(id)) {
            continue;
        }
        let row = by_id::<entity::cooperative::Entity>(shell.db.fresh(), id).await?;
        let points = pickup_points_for_buyers(shell.db.fresh(), id).await?;
        shops.push(json!({
            "id": id, "name": line.cooperative.name, "pickup": row.is_some_and(|row| row.pickup_offered), "points": points,
            "chosen": typed.get(&format!("how-{id}")),
        }));
    }
    Ok(shops)
}

async fn checkout_page(shell: &Shell, status: StatusCode, typed: &Typed, error: &str) -> Result<HttpResponse, Fault> {
    let cart = cart_of(shell).await.map_err(|problem| shell.fault(problem))?;
    let Some(cart) = cart.filter(|cart| !cart.lines.is_empty()) else { return Ok(shell.to("/basket")) };
    let shops = shops(shell, &cart, typed).await.map_err(|problem| shell.fault(problem))?;
    let methods: Vec<&str> = shell.config.payment_methods().iter().map(|method| method.as_str()).collect();
    let addresses = match shell.person().await? {
        Some(person) => address_book(&shell.db, person).await?,
        None => Vec::new(),
    };
    let values = context! { addresses => value(&addresses), shops => value(&shops), methods => methods, form => value(typed), error => error };
    // A search engine has no basket, and is sent to the front; what is somebody's own is kept by nobody on the way.
    let canonical = format!("{}/checkout", shell.config.storefront_url());
    let body = shell.filled("checkout.html", context! { canonical => canonical, ..values })?;
    Ok(shell.respond(status, body, false))
}

/// What is known of who is signed in: their name and contact, and the address they chose of their book, or the newest.
async fn known(shell: &Shell, chosen: Option<&str>) -> Result<Typed, Problem> {
    let Some(person) = shell.person().await? else { return Ok(Typed::new()) };
    let account = find_account(shell.db.fresh(), person.account).await?;
    let book = address_book(&shell.db, person).await?;
    let address = book.iter().find(|one| Some(one.id.to_string().as_str()) == chosen).or(book.first());
    let mut typed = Typed::new();
    let mut know = |name: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            typed.insert(name.to_owned(), text);
        }
    };
    if let Some(account) = account {
        know("name", Some(account.name));
        know("phone", account.phone);
        know("email", account.email);
    }
    if let Some(one) = address {
        know("name", Some(one.recipient.clone()));
        know("phone", Some(one.phone.clone()));
        know("street", Some(one.street.clone()));
        know("commune", Some(format!("{}, {}", one.commune_name, one.province_name)));
    }
    Ok(typed)
}

#[get("/checkout")]
pub async fn checkout_form(request: HttpRequest, shell: Shell) -> Result<HttpResponse, Fault> {
    let chosen = parameter(&request, "address");
    let mut typed = known(&shell, chosen.as_deref()).await.map_err(|problem| shell.fault(problem))?;
    if chosen.is_none() {
        typed.extend(recalled(shell.recipient.as_deref()));
    }
    checkout_page(&shell, StatusCode::OK, &typed, "").await
}

fn text<'a>(typed: &'a Typed, name: &str) -> &'a str {
    typed.get(name).map(|text| text.trim()).unwrap_or_default()
}

fn some(typed: &Typed, name: &str) -> Option<String> {
    Some(text(typed, name).to_owned()).filter(|text| !text.is_empty())
}

fn choices(typed: &Typed) -> Vec<Choice> {
    let how = |(name, how): (&String, &String)| {
        let cooperative_id: CooperativeId = name.strip_prefix("how-")?.parse().ok()?;
        let (method, pickup_point_id) = match how.as_str() {
            "pickup" => (DeliveryMethod::Pickup, None),
            point => match point.parse() {
                Ok(point) => (DeliveryMethod::Pickup, Some(point)),
                Err(_) => (DeliveryMethod::Delivery, None),
            },
        };
        Some(Choice { cooperative_id, method, pickup_point_id })
    };
    typed.iter().filter_map(how).collect()
}

fn quote_request(typed: &Typed) -> Result<QuoteRequest, Problem> {
    let deliveries = choices(typed);
    let delivered = deliveries.is_empty() || deliveries.iter().any(|choice| choice.method == DeliveryMethod::Delivery);
    let address = if delivered {
        let commune_code = places::commune_meant(text(typed, "commune")).ok_or_else(|| {
            let (vi, en) =
                ("Không tìm thấy xã này; viết như “Kim Bôi, Phú Thọ”", "No such commune; write “Kim Bôi, Phú Thọ”");
            Problem::field("/commune", "commune", vi, en)
        })?;
        Some(AddressInput {
            recipient: text(typed, "name").to_owned(),
            phone: text(typed, "phone").to_owned(),
            street: text(typed, "street").to_owned(),
            commune_code,
        })
    } else {
        None
    };
    let codes =
        text(typed, "codes").split([',', ' ']).filter(|code| !code.is_empty()).take(5).map(str::to_owned).collect();
    validate(QuoteRequest { address, deliveries, codes })
}

fn contact(typed: &Typed) -> Result<ContactInput, Problem> {
    validate(ContactInput {
        name: text(typed, "name").to_owned(),
        phone: text(typed, "phone").to_owned(),
        email: some(typed, "email"),
    })
}

#[post("/checkout")]
pub async fn review(request: HttpRequest, shell: Shell, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let typed = typed(&form);
    let Some((id, holder)) = held(&shell).await? else { return Ok(shell.to("/basket")) };
    let quoted = async {
        bring_along(&shell, id).await?;
        contact(&typed)?;
        crate::people::identity::rules::phone(text(&typed, "phone")).ok_or_else(|| {
            Problem::field("/phone", "phone", "Số điện thoại không hợp lệ", "Not a valid phone number")
        })?;
        let asked = quote_request(&typed)?;
        let tools = (shell.db.get_ref(), shell.known.get_ref());
        let basket = held_basket(tools, (id, holder), shell.clock.today()).await?;
        make_quote(tools, &shell.clock, &shell.config, basket, asked).await
    };
    match quoted.await {
        Ok(quote) => {
            let partner = cart_of(&shell).await?.and_then(|cart| cart.partner);
            let partner = partner.map(|partner| shell.say(&partner.disclosure.vi, &partner.disclosure.en).to_owned());
            let values = context! { quote => value(&quote), cart => value(&id), form => value(&typed), partner => partner.unwrap_or_default() };
            shell.page("review.html", StatusCode::OK, values)
        }
        Err(problem) if problem.code.status < 500 => {
            checkout_page(&shell, StatusCode::UNPROCESSABLE_ENTITY, &typed, &problem.words(shell.language)).await
        }
        Err(problem) => Err(shell.fault(problem)),
    }
}

/// The way to pay was chosen once: the attempt begins with the order. Where it cannot, the order stands, and its page offers
/// to try again or another way.
async fn begin_to_pay(shell: &Shell, till: &Till, request: &HttpRequest, (purchase, once): (&Purchase, &str)) {
    let begun = async {
        let row = by_id::<entity::purchase::Entity>(shell.db.fresh(), purchase.id).await?;
        let row = row.ok_or_else(|| Problem::internal("a purchase that was just made"))?;
        let key = IdempotencyKey(format!("page:{}:pay", once.chars().take(64).collect::<String>()));
        let address = client_address(request).map_or_else(|| "127.0.0.1".to_owned(), |address| address.to_string());
        begin_payment(till, row, purchase.payment_method, &key, address).await
    };
    if let Err(problem) = begun.await {
        tracing::warn!(purchase = %purchase.number, code = problem.code.name, "a payment could not begin with its order");
    }
}

/// The basket a page of totals is about: clicked twice, it is not open any more, and the second click gets the first's answer.
async fn meant<'a>(shell: &'a Shell, form: &Form) -> Result<Option<(CartId, Holder<'a>)>, Problem> {
    let named = form.text("cart").parse::<CartId>().ok();
    if let (Some(person), Some(id)) = (shell.person().await?, named) {
        let holder = Holder::Account(person.account);
        match held_cart(shell.db.fresh(), id, holder).await {
            Ok(_) => return Ok(Some((id, holder))),
            Err(problem) if problem.code.status >= 500 => return Err(problem),
            Err(_) => {}
        }
    }
    let own = shell.basket.as_ref().filter(|(id, _)| named.is_none_or(|named| named == *id));
    Ok(own.map(|(id, token)| (*id, Holder::Guest(token))))
}

#[post("/checkout/buy")]
pub async fn buy(
    request: HttpRequest,
    shell: Shell,
    till: Data<Till>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let typed = typed(&form);
    let Some((id, holder)) = meant(&shell, &form).await? else { return Ok(shell.to("/basket")) };
    let person = shell.person().await?.cloned();
    let bought = async {
        let row = held_cart(shell.db.fresh(), id, holder).await?;
        let method: PaymentMethod = form.parsed("method")?;
        let input = validate(Checkout {
            cart_id: id,
            quote_id: form.parsed("quote")?,
            contact: contact(&typed)?,
            payment_method: method,
            channel: Some(if shell.via.is_some() { SalesChannel::Widget } else { SalesChannel::Web }),
            note: some(&typed, "note"),
        })?;
        let key = IdempotencyKey(format!("page:{}", form.text("once").chars().take(64).collect::<String>()));
        let shop = Shop {
            db: &shell.db,
            known: &shell.known,
            clock: &shell.clock,
            config: &shell.config,
            read_model: &shell.read_model,
            bell: &shell.bell,
        };
        let (_, body) = place(&shop, &Caller(person.clone()), &row, &input, &key, shell.language).await?;
        serde_json::from_str::<Purchase>(&body).map_err(Problem::internal)
    };
    match bought.await {
        Ok(purchase) => {
            let first = purchase.orders.first().ok_or_else(|| Problem::internal("a purchase without orders"))?;
            let secret = first.link.split_once("token=").map(|(_, token)| token).unwrap_or_default();
            let mut response = match purchase.pay_by {
                Some(_) => {
                    begin_to_pay(&shell, &till, &request, (&purchase, form.text("once"))).await;
                    shell.to_be_paid(first.id, secret, Placed::Now)
                }
                None => shell.to(&format!("/o/{}?token={secret}&thanks=1", first.id)),
            };
            shell.keep_basket(&mut response, None);
            shell.keep_recipient(&mut response, remembered(&typed));
            Ok(response)
        }
        Err(problem) if problem.code.status < 500 => {
            checkout_page(&shell, StatusCode::CONFLICT, &typed, &problem.words(shell.language)).await
        }
        Err(problem) => Err(shell.fault(problem)),
    }
}
