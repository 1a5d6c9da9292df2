//! Who is signed in on pages, at whichever door: a cookie, its session, and the secret that every form carries.

use std::future::Future;
use std::pin::Pin;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, web};
use entity::console_session;
use entity::value::{AccountId, CooperativeId, Language, MemberRole, SessionId};
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use time::OffsetDateTime;

use crate::config::Config;
use crate::people::desk::Desk;
use crate::people::identity::{
    Alive, DEVICE, Permission, SignedIn, Visit, begin_session, end_session, is_alive, memberships, note_seen, roles_of,
};
use crate::platform::body::service;
use crate::platform::clock::Clock;
use crate::platform::cookies::{self, gone, kept};
use crate::platform::db::{Db, by_id, run};

pub use crate::platform::forms::{FORM, Form};
use crate::platform::forms::{is_foreign, read_form};
use crate::platform::idempotency::DONE_ALREADY;
use crate::platform::personal::Record;
use crate::platform::problem::{FORBIDDEN, Problem};
use crate::platform::retention::Over;
use crate::platform::secrets;
use crate::platform::templates::plain;

/// A password that was right, until the code comes.
const STEP: &str = "ocop_step";
/// How often it is noted that a session is still used.
const SEEN_EVERY: time::Duration = time::Duration::hours(1);

/// What is forgotten, and after how many days.
pub const OVER: &[Over] = &[Over::new(
    "page_sessions",
    ("lần đăng nhập trên trang web", "sign-ins on pages"),
    (61, 1),
    &["DELETE FROM console_session WHERE created_at < $1"],
)];

pub const PERSONAL: &[Record] = &[Record::forgotten(
    "console_session",
    ("Lần đăng nhập trên trang web", "Sign-ins on pages"),
    "account_id = :account",
    &[],
)];

const COOKIE: &str = "ocop_console";
const FLASH: &str = "ocop_flash";
const SHOP: &str = "ocop_shop";

/// What a page ends with instead of itself.
#[derive(Debug)]
pub enum Turn {
    /// Elsewhere, such as to the sign-in.
    To(String),
    /// An error page.
    Problem(Problem),
}

impl std::fmt::Display for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::To(path) => write!(f, "turned to {path}"),
            Self::Problem(problem) => write!(f, "{problem}"),
        }
    }
}

impl<E: Into<Problem>> From<E> for Turn {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

impl ResponseError for Turn {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::To(_) => StatusCode::SEE_OTHER,
            Self::Problem(problem) => problem.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::To(path) => to(path),
            Self::Problem(problem) => {
                let (vi, en) = (problem.words(Language::Vi), problem.words(Language::En));
                plain(self.status_code(), (&vi, &en), "", "/console")
            }
        }
    }
}

/// `303 See Other`: a form was taken, or somebody must sign in first.
pub fn to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path.to_owned())).finish()
}

/// A cooperative the person works for.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Shop {
    pub id: CooperativeId,
    pub name: String,
    pub role: MemberRole,
}

/// Somebody signed in at the console.
pub struct Seat {
    pub desk: Desk,
    pub csrf: String,
    pub language: Language,
    pub shops: Vec<Shop>,
    /// Chosen by cookie; the first otherwise.
    pub shop: Option<Shop>,
    /// What the page before wanted said: whether it went well, and the words.
    pub flash: Option<(bool, String)>,
    pub name: String,
    pub secure: bool,
}

impl FromRequest for Seat {
    type Error = Turn;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turn>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { take_seat(&request, "/console/login").await })
    }
}

/// The session a browser's cookie stands for, while it is open.
pub async fn session_of(
    db: &Db,
    cookie: &str,
    now: OffsetDateTime,
) -> Result<Option<(console_session::Model, Alive)>, Problem> {
    let Some(row) = by_id::<console_session::Entity>(db.fresh(), secrets::hash(cookie)).await? else { return Ok(None) };
    Ok(is_alive(db.fresh(), row.session_id, now).await?.map(|alive| (row, alive)))
}

/// What a browser shows of its session.
pub fn cookie_of(request: &HttpRequest) -> Option<String> {
    cookies::shown(request, COOKIE)
}

/// Who is signed in; whoever is not is sent to a door.
pub async fn take_seat(request: &HttpRequest, door: &str) -> Result<Seat, Turn> {
    let away = || Turn::To(door.to_owned());
    let (db, clock) = (service::<Db>(request)?, service::<Clock>(request)?);
    let cookie = cookie_of(request).ok_or_else(away)?;
    let (row, alive) = session_of(&db, &cookie, clock.now()).await?.ok_or_else(away)?;
    if alive.seen_at.is_none_or(|seen| clock.now() - seen > SEEN_EVERY) {
        note_seen(db.write(), row.session_id, clock.now()).await?;
    }
    let account = by_id::<entity::account::Entity>(db.fresh(), row.account_id).await?.ok_or_else(away)?;
    let roles = roles_of(db.fresh(), row.account_id).await?;
    let strong = alive.strong || !service::<Config>(request)?.asks_for_second_factor();
    let who = SignedIn::new(row.account_id, row.session_id, roles, strong);
    let desk = Desk::of(request, who)?;
    let shops: Vec<Shop> = memberships(db.fresh(), row.account_id)
        .await?
        .into_iter()
        .map(|m| Shop {
            id: m.cooperative_id,
            name: if row.language == Language::Vi { m.name_vi } else { m.name_en },
            role: m.role,
        })
        .collect();
    let chosen = request.cookie(SHOP).and_then(|cookie| cookie.value().parse::<CooperativeId>().ok());
    let shop = shops.iter().find(|shop| Some(shop.id) == chosen).or(shops.first()).cloned();
    let flash = request.cookie(FLASH).and_then(|cookie| {
        let text = percent_encoding::percent_decode_str(cookie.value()).decode_utf8().ok()?.into_owned();
        let (kind, words) = text.split_once(':')?;
        Some((kind == "good", words.to_owned()))
    });
    Ok(Seat {
        secure: desk.config.is_https(),
        desk,
        csrf: row.csrf,
        language: row.language,
        shops,
        shop,
        flash,
        name: account.name,
    })
}

/// What is said of most that is written.
pub const WRITTEN: (&str, &str) = ("Đã ghi.", "Written down.");

impl Seat {
    /// The cooperative worked for, if the person may do this there; who works for none is sent to apply.
    pub fn shop(&self, permission: Permission) -> Result<CooperativeId, Turn> {
        let shop = self.shop.as_ref().ok_or_else(|| Turn::To("/console".to_owned()))?;
        if shop.role >= permission.least() { Ok(shop.id) } else { Err(Problem::new(&FORBIDDEN).into()) }
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.shop.as_ref().is_some_and(|shop| shop.role >= permission.least())
    }

    /// Reads a form and refuses it without the session's secret.
    pub async fn form(&self, request: &HttpRequest, payload: web::Payload, most: usize) -> Result<Form, Turn> {
        let form = read_form(request, payload, most).await?;
        match form.0.field("csrf") {
            Some(csrf) if secrets::same(csrf, &self.csrf) => {
                self.desk.once.marked(form.0.field("once"));
                Ok(form)
            }
            _ => Err(Problem::new(&FORBIDDEN).into()),
        }
    }

    /// Back to a page, with these words once it is done, in Vietnamese and English, or with what is wrong.
    pub fn told(
        &self,
        path: &str,
        done: Result<(), Problem>,
        (vi, en): (&'static str, &'static str),
    ) -> Result<HttpResponse, Turn> {
        match done {
            Ok(()) => Ok(self.back(path, Ok(self.say(vi, en)))),
            Err(problem) if problem.code.status < 500 => Ok(self.back(path, Err(&problem))),
            Err(problem) => Err(problem.into()),
        }
    }

    /// Back to a page, with a word of how it went.
    pub fn back(&self, path: &str, outcome: Result<&str, &Problem>) -> HttpResponse {
        match outcome {
            Ok(words) => self.back_with(path, true, words),
            Err(problem) => self.back_in(path, problem, self.language),
        }
    }

    /// Back to a page, with what is wrong, in the language of that page.
    pub fn back_in(&self, path: &str, problem: &Problem, language: Language) -> HttpResponse {
        // A second click: what it wanted is so.
        self.back_with(path, problem.code.name == DONE_ALREADY.name, &problem.words(language))
    }

    /// Back to a page, with these words.
    pub fn back_with(&self, path: &str, good: bool, words: &str) -> HttpResponse {
        let text = format!("{}:{words}", if good { "good" } else { "bad" });
        let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let mut response = to(path);
        let cookie = Cookie::build(FLASH, encoded)
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .max_age(actix_web::cookie::time::Duration::seconds(30))
            .finish();
        let _ = response.add_cookie(&cookie);
        response
    }

    /// In the person's language.
    pub fn say<'a>(&self, vi: &'a str, en: &'a str) -> &'a str {
        if self.language == Language::Vi { vi } else { en }
    }
}

/// A form from nobody in particular: signing in. Browsers say where it comes from.
pub async fn foreign_form(request: &HttpRequest, payload: web::Payload) -> Result<Form, Turn> {
    if is_foreign(request) {
        return Err(Problem::new(&FORBIDDEN).into());
    }
    Ok(read_form(request, payload, FORM).await?)
}

/// How somebody comes in.
pub struct Coming {
    pub visit: Visit,
    /// With a second factor.
    pub strong: bool,
    /// By HTTPS: cookies go no other way then.
    pub secure: bool,
}

impl Coming {
    pub fn by_password(request: &HttpRequest, secure: bool) -> Self {
        Self { visit: Visit::of_browser(request), strong: false, secure }
    }
}

/// The password was right, and a code is still to come: led to where it is typed.
pub fn to_second_step(step: String, secure: bool, next: &str) -> HttpResponse {
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    let mut response = to(&format!("/sign-in/second?next={next}"));
    let _ = response.add_cookie(&kept(STEP, step, secure, actix_web::cookie::time::Duration::minutes(10)));
    response
}

/// What a browser shows of a password that was right.
pub fn step_of(request: &HttpRequest) -> String {
    cookies::shown(request, STEP).unwrap_or_default()
}

/// Opens a session for a browser, which is led on and gets its cookies.
pub async fn sit_down(
    connection: &impl ConnectionTrait,
    (account, language): (AccountId, Language),
    coming: Coming,
    now: OffsetDateTime,
    next: &str,
) -> Result<HttpResponse, Problem> {
    let token = secrets::token();
    let Coming { visit, strong, secure } = coming;
    let session: SessionId = begin_session(connection, account, (&visit, strong), now).await?;
    let row = console_session::ActiveModel {
        token_hash: Set(secrets::hash(&token)),
        session_id: Set(session),
        account_id: Set(account),
        csrf: Set(secrets::token()),
        language: Set(language),
        created_at: Set(now),
        seen_at: Set(now),
    };
    console_session::Entity::insert(row).exec_without_returning(connection).await?;
    let mut response = to(next);
    let _ = response.add_cookie(&kept(COOKIE, token, secure, actix_web::cookie::time::Duration::days(60)));
    let _ = response.add_cookie(&kept(DEVICE, visit.device, secure, actix_web::cookie::time::Duration::days(730)));
    let _ = response.add_cookie(&gone(STEP, secure));
    Ok(response)
}

/// Ends the session of a browser.
pub async fn stand_up(seat: &Seat, next: &str) -> Result<HttpResponse, Turn> {
    end_session(seat.desk.db.write(), seat.desk.who.session, "signed out", seat.desk.now()).await?;
    let mut response = to(next);
    let _ = response.add_cookie(&gone(COOKIE, seat.secure));
    Ok(response)
}

/// A flash is said once.
pub fn said(response: &mut HttpResponse) {
    let _ = response.add_cookie(&gone(FLASH, false));
}

/// Chooses which of one's cooperatives to work for.
pub fn choose(response: &mut HttpResponse, id: CooperativeId, secure: bool) {
    let cookie = Cookie::build(SHOP, id.to_string())
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .max_age(actix_web::cookie::time::Duration::days(365))
        .finish();
    let _ = response.add_cookie(&cookie);
}

/// The language of a browser's session.
pub async fn speak(seat: &Seat, language: Language) -> Result<(), Turn> {
    let sql = "UPDATE console_session SET language = $2 WHERE session_id = $1";
    run(seat.desk.db.write(), sql, [seat.desk.who.session.into(), language.as_str().into()]).await?;
    Ok(())
}
