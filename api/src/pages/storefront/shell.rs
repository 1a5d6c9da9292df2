//! Around every page: language, basket and click as cookies of our own, the content policy, errors.

use std::future::{Ready, ready};
use std::sync::LazyLock;

use actix_web::body::MessageBody;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, get};
use entity::value::{CartId, Language, OrderId};
use minijinja::{Environment, State, Value, context};
use tokio::sync::OnceCell;

use crate::config::Config;
use crate::money::payment::PAYING;
use crate::orders::ordering::Known;
use crate::pages::guests;
use crate::pages::session::{cookie_of, session_of};
use crate::pages::words;
use crate::people::identity::SignedIn;
use crate::platform::body::service;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::i18n::language_of;
use crate::platform::outbox::Bell;
use crate::platform::problem::Problem;
use crate::platform::read_model::ReadModel;
use crate::platform::templates::{self, asset, is_english, versioned};
use crate::shop::catalogue::Catalogue;
use crate::tourism::Guide;

static SCRIPT: &str = include_str!("../../../assets/storefront/shop.js");
const LANGUAGE: &str = "ocop_lang";
const VIA: &str = "ocop_via";
/// Who receives it and where, kept on this device by who asked for it.
const RECIPIENT: &str = "ocop_recipient";
/// How long it is kept, from the last purchase.
const RECIPIENT_DAYS: i64 = 180;

macro_rules! pages {
    ($($name:literal),* $(,)?) => {
        const PAGES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../assets/storefront/", $name))),)*];
    };
}

pages! {
    "base.html", "macros.html", "home.html", "product.html", "cooperative.html", "destination.html", "basket.html", "checkout.html",
    "account.html", "account_addresses.html", "account_details.html", "account_favourites.html", "account_orders.html", "account_review.html",
    "account_data.html", "account_notices.html", "account_security.html", "account_factor.html",
    "door.html", "map.html", "offline.html", "privacy.html", "review.html", "order.html", "order_after.html", "trace.html", "trace_form.html", "certificate_check.html", "error.html",
}

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = templates::environment(PAGES);
    environment.add_filter("method", method);
    environment.add_filter("state", state_words);
    environment.add_filter("trouble", |state: &State<'_, '_>, key: &str| words::word_of(state, key, words::TROUBLES));
    environment.add_filter("act", |state: &State<'_, '_>, key: &str| words::word_of(state, key, words::ACTS));
    environment.add_filter("diary", |state: &State<'_, '_>, key: &str| words::word_of(state, key, words::DIARY));
    environment.add_filter("storage", |state: &State<'_, '_>, key: &str| words::word_of(state, key, words::STORAGES));
    environment
        .add_filter("certificate", |state: &State<'_, '_>, key: &str| words::word_of(state, key, words::CERTIFICATES));
    environment.add_global("script", versioned("/static/shop.js", SCRIPT));
    environment
});

fn either(state: &State<'_, '_>, (vi, en): (&str, &str)) -> String {
    if is_english(state) { en } else { vi }.to_owned()
}

fn method(state: &State<'_, '_>, key: &str) -> String {
    let words = match key {
        "cash_on_delivery" => ("Tiền mặt khi nhận hàng", "Cash on delivery"),
        "bank_transfer" => ("Chuyển khoản (VietQR)", "Bank transfer (VietQR)"),
        "vnpay" => ("VNPAY", "VNPAY"),
        "momo" => ("Ví MoMo", "MoMo wallet"),
        "zalopay" => ("ZaloPay", "ZaloPay"),
        _ => return key.to_owned(),
    };
    either(state, words)
}

fn state_words(state: &State<'_, '_>, key: &str) -> String {
    let words = match key {
        "awaiting_payment" => ("Chờ thanh toán", "Waiting for payment"),
        "placed" => ("Chờ hợp tác xã xác nhận", "Waiting for the cooperative"),
        "confirmed" => ("Đã xác nhận", "Confirmed"),
        "packed" => ("Đã đóng gói", "Packed"),
        "shipped" => ("Đang giao", "On its way"),
        "delivered" => ("Đã nhận", "Delivered"),
        "completed" => ("Hoàn tất", "Completed"),
        "cancelled" => ("Đã hủy", "Cancelled"),
        "expired" => ("Hết hạn", "Expired"),
        _ => return key.to_owned(),
    };
    either(state, words)
}

#[get("/static/shop.js")]
pub async fn script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

/// When the order was placed that is to be paid.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    Now,
    Before,
}

/// What a page works with, and who looks at it.
pub struct Shell {
    pub db: Data<Db>,
    pub known: Data<Known>,
    pub clock: Data<Clock>,
    pub config: Data<Config>,
    pub catalogue: Data<Catalogue>,
    pub read_model: Data<ReadModel>,
    pub guide: Data<Guide>,
    pub bell: Data<Bell>,
    pub language: Language,
    /// The path asked for.
    pub here: String,
    /// The basket's id and token, as its cookie has them.
    pub basket: Option<(CartId, String)>,
    /// The click the guest came by.
    pub via: Option<String>,
    /// The fields of a recipient who wanted to be remembered, as a query.
    pub recipient: Option<String>,
    /// What the browser shows of a session, and whose it was found to be.
    session: Option<String>,
    person: OnceCell<Option<SignedIn>>,
    /// Came with this very request: to be kept.
    fresh: bool,
    chosen: bool,
}

impl FromRequest for Shell {
    type Error = Fault;
    type Future = Ready<Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).map_err(|problem| Fault { problem: Box::new(problem), language: Language::Vi }))
    }
}

fn forgotten(name: &str) -> Cookie<'_> {
    Cookie::build(name, "").path("/").max_age(actix_web::cookie::time::Duration::ZERO).finish()
}

pub fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    form_urlencoded::parse(request.query_string().as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

impl Shell {
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let asked = parameter(request, "lang").and_then(|lang| lang.parse::<Language>().ok());
        let kept = request.cookie(LANGUAGE).and_then(|cookie| cookie.value().parse::<Language>().ok());
        let foreign = || request.headers().contains_key(header::ACCEPT_LANGUAGE).then(|| language_of(request));
        let arrived = parameter(request, "via").filter(|via| via.len() <= 100);
        let fresh = arrived.is_some();
        let guide: Data<Guide> = service(request)?;
        let clock: Data<Clock> = service(request)?;
        let via = arrived.or_else(|| request.cookie(VIA).map(|cookie| cookie.value().to_owned()));
        // A token that is not ours, or has run out, is nothing.
        let via = via.filter(|via| guide.signer.read_click(via, clock.now()).is_some());
        Ok(Self {
            db: service(request)?,
            known: service(request)?,
            clock,
            config: service(request)?,
            catalogue: service(request)?,
            read_model: service(request)?,
            bell: service(request)?,
            language: asked.or(kept).or_else(foreign).unwrap_or_default(),
            here: request.path().to_owned(),
            basket: guests::basket_of(request),
            recipient: request.cookie(RECIPIENT).map(|cookie| cookie.value().to_owned()),
            session: cookie_of(request),
            person: OnceCell::new(),
            fresh: fresh && via.is_some(),
            via,
            guide,
            chosen: asked.is_some(),
        })
    }

    /// Who is signed in, if anybody; asked of the database once a request, and only of who shows a session.
    pub async fn person(&self) -> Result<Option<&SignedIn>, Problem> {
        let find = || async {
            let Some(cookie) = &self.session else { return Ok(None) };
            let found = session_of(&self.db, cookie, self.clock.now()).await?;
            // What a buyer does asks for no role.
            let buyer =
                |row: entity::console_session::Model| SignedIn::new(row.account_id, row.session_id, Vec::new(), true);
            Ok::<_, Problem>(found.map(|(row, _)| buyer(row)))
        };
        Ok(self.person.get_or_try_init(find).await?.as_ref())
    }

    pub fn say<'a>(&self, vi: &'a str, en: &'a str) -> &'a str {
        if self.language == Language::En { en } else { vi }
    }

    /// Whether the site is reached by HTTPS: cookies go no other way then.
    pub fn is_secure(&self) -> bool {
        self.config.is_https()
    }

    fn cookie<'a>(&self, name: &'a str, value: String, days: i64) -> Cookie<'a> {
        Cookie::build(name, value)
            .path("/")
            .http_only(true)
            .secure(self.is_secure())
            .same_site(SameSite::Lax)
            .max_age(actix_web::cookie::time::Duration::days(days))
            .finish()
    }

    /// Keeps what the request brought along.
    fn keep(&self, response: &mut HttpResponse) {
        if self.chosen {
            let _ = response.add_cookie(&self.cookie(LANGUAGE, self.language.as_str().to_owned(), 365));
        }
        if let Some(via) = self.via.as_ref().filter(|_| self.fresh) {
            let days = i64::from(self.config.terms().attribution_days);
            let _ = response.add_cookie(&self.cookie(VIA, via.clone(), days));
        }
    }

    pub fn keep_basket(&self, response: &mut HttpResponse, basket: Option<(CartId, &str)>) {
        guests::keep_basket(response, basket, self.is_secure());
    }

    /// Keeps the recipient on this device, or forgets who was kept.
    pub fn keep_recipient(&self, response: &mut HttpResponse, recipient: Option<String>) {
        let cookie = match recipient {
            Some(recipient) => self.cookie(RECIPIENT, recipient, RECIPIENT_DAYS),
            None => forgotten(RECIPIENT),
        };
        let _ = response.add_cookie(&cookie);
    }

    /// A page. One with a `canonical` may be found by search engines.
    pub fn page(&self, name: &str, status: StatusCode, values: Value) -> Result<HttpResponse, Fault> {
        let public = values.get_attr("canonical").is_ok_and(|canonical| !canonical.is_undefined());
        let body = self.filled(name, values)?;
        Ok(self.respond(status, body, public))
    }

    /// The page's text.
    pub fn filled(&self, name: &str, values: Value) -> Result<String, Fault> {
        let values = context! { lang => self.language.as_str(), here => self.here.clone(), ..values };
        let template = ENVIRONMENT.get_template(name).map_err(|error| self.fault(Problem::internal(error)))?;
        template.render(values).map_err(|error| self.fault(Problem::internal(format!("{name}: {error:#}"))))
    }

    /// A page's text as an answer.
    pub fn respond(&self, status: StatusCode, body: impl MessageBody + 'static, public: bool) -> HttpResponse {
        let mut response = HttpResponse::build(status)
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CONTENT_SECURITY_POLICY, self.policy()))
            .insert_header((
                header::CACHE_CONTROL,
                if public { "private, max-age=0, must-revalidate" } else { "private, no-store" },
            ))
            .insert_header((header::REFERRER_POLICY, "same-origin"))
            .insert_header((header::CONTENT_LANGUAGE, self.language.as_str()))
            .insert_header((header::VARY, "Cookie, Accept-Language"))
            .body(body);
        self.keep(&mut response);
        response
    }

    fn policy(&self) -> String {
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {}; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            self.config.base_url()
        )
    }

    /// `303 See Other`, after a form.
    pub fn to(&self, path: &str) -> HttpResponse {
        let mut response = HttpResponse::SeeOther().insert_header((header::LOCATION, path.to_owned())).finish();
        self.keep(&mut response);
        response
    }

    /// To an order's page, which shows what is to be done to pay it; whoever comes back from a provider is led there too.
    pub fn to_be_paid(&self, id: OrderId, token: &str, placed: Placed) -> HttpResponse {
        let page = format!("/o/{id}?token={token}");
        let mark = if placed == Placed::Now { "&thanks=1" } else { "" };
        let mut response = self.to(&format!("{page}{mark}&paying=1"));
        let _ = response.add_cookie(&self.cookie(PAYING, page, 1));
        response
    }

    pub fn fault(&self, problem: Problem) -> Fault {
        Fault { problem: Box::new(problem), language: self.language }
    }

    /// What is told of who brought the guest, while the click counts.
    pub async fn disclosure(&self) -> Result<String, Problem> {
        let now = self.clock.now();
        let Some(click) = self.via.as_ref().and_then(|via| self.guide.signer.read_click(via, now)) else {
            return Ok(String::new());
        };
        let partner = crate::orders::attribution::partner_of_click(self.db.fresh(), click, now).await?;
        let told = partner.map(|partner| crate::orders::attribution::disclosure(&partner));
        Ok(told.map(|told| if self.language == Language::En { told.en } else { told.vi }).unwrap_or_default())
    }
}

/// An error, as a page.
#[derive(Debug)]
pub struct Fault {
    pub problem: Box<Problem>,
    language: Language,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem.fmt(f)
    }
}

impl<E: Into<Problem>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self { problem: Box::new(error.into()), language: Language::Vi }
    }
}

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        self.problem.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let words = self.problem.words(self.language);
        let values = context! { lang => self.language.as_str(), here => "/", words => words.clone() };
        let body = ENVIRONMENT.get_template("error.html").and_then(|template| template.render(values));
        HttpResponse::build(self.status_code())
            .content_type("text/html; charset=utf-8")
            .insert_header((
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
            ))
            .insert_header((header::CACHE_CONTROL, "private, no-store"))
            .body(body.unwrap_or(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_parses() {
        let mut environment = Environment::new();
        for (name, source) in PAGES {
            environment.add_template(name, source).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }
}
