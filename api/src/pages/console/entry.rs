//! Coming in: signing up and in, applying to sell, joining a team.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{ApplicationState, CooperativeId, CooperativeKind, DocumentKind, Language};
use minijinja::context;
use serde::Deserialize;

use super::render::{open_page, page, page_with, value};
use super::{admin, business, officer, partner};
use crate::config::Config;
use crate::pages::guests::bring_basket;
use crate::pages::session::{
    Coming, FORM, Form, Seat, Turn, choose, foreign_form, sit_down, speak, stand_up, to, to_second_step,
};
use crate::people::identity::{Entered, Passwords, SignInHook, SignUp, authenticate, confirm, sign_up};
use crate::people::places;
use crate::platform::body::validate;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::i18n::language_of;
use crate::platform::outbox::Bell;
use crate::platform::problem::Problem;
use crate::shop::selling::applications::{self, ApplicationInput, ApplicationView};
use crate::shop::selling::team;

/// Where somebody belongs: their shop's day, their application, or the way in.
#[get("/console")]
pub async fn front(request: HttpRequest, seat: Seat) -> Result<HttpResponse, Turn> {
    if partner::is_meant(&request) || (seat.shop.is_none() && partner::works_for_one(&seat).await?) {
        return Ok(to("/partner"));
    }
    if seat.shop.is_none() && seat.desk.who.is_held_back() {
        return Ok(to("/account/security"));
    }
    if seat.shop.is_none() && admin::is_one(&seat) {
        return Ok(to("/admin"));
    }
    if seat.shop.is_none() && officer::works_in_one(&seat).await? {
        return Ok(to("/officer"));
    }
    if seat.shop.is_none() && business::works_for_one(&seat).await? {
        return Ok(to("/business"));
    }
    if seat.shop.is_some() {
        return Ok(to("/console/today"));
    }
    Ok(to("/console/apply"))
}

#[derive(Deserialize)]
pub struct LanguageQuery {
    pub(super) lang: Option<String>,
}

pub(super) fn spoken(request: &HttpRequest, query: &LanguageQuery) -> Language {
    match query.lang.as_deref() {
        Some("en") => Language::En,
        Some("vi") => Language::Vi,
        // Vietnamese first: only who asks for English gets it.
        _ if request.headers().contains_key("accept-language") => language_of(request),
        _ => Language::Vi,
    }
}

#[get("/console/login")]
pub async fn login_page(request: HttpRequest, query: Query<LanguageQuery>) -> Result<HttpResponse, Turn> {
    let language = spoken(&request, &query);
    open_page("login.html", StatusCode::OK, language, context! { error => "", login => "" })
}

#[post("/console/login")]
pub async fn login(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    passwords: Data<Passwords>,
    hook: Data<SignInHook>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = foreign_form(&request, payload).await?;
    let language = if form.text("lang") == "en" { Language::En } else { Language::Vi };
    let (coming, now) = (Coming::by_password(&request, config.is_https()), clock.now());
    let shown = (form.text("login"), form.0.field("password").unwrap_or_default());
    match authenticate(&db, &passwords, &coming.visit, shown, now).await {
        Ok(Entered::In(account)) => {
            let transaction = db.begin().await?;
            let secure = coming.secure;
            let mut response = sit_down(&transaction, (account.id, language), coming, now, "/console").await?;
            transaction.commit().await?;
            bring_basket(&request, &hook, account.id, (&mut response, secure)).await?;
            Ok(response)
        }
        Ok(Entered::Step(step)) => Ok(to_second_step(step, coming.secure, "/console")),
        Err(problem) if problem.code.status < 500 => {
            let values = context! { error => problem.words(language), login => form.text("login") };
            open_page("login.html", StatusCode::UNPROCESSABLE_ENTITY, language, values)
        }
        Err(problem) => Err(problem.into()),
    }
}

#[get("/console/register")]
pub async fn register_page(request: HttpRequest, query: Query<LanguageQuery>) -> Result<HttpResponse, Turn> {
    let language = spoken(&request, &query);
    open_page("register.html", StatusCode::OK, language, context! { error => "", contact => "", name => "" })
}

#[post("/console/register")]
pub async fn register(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    bell: Data<Bell>,
    passwords: Data<Passwords>,
    config: Data<Config>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = foreign_form(&request, payload).await?;
    let language = if form.text("lang") == "en" { Language::En } else { Language::Vi };
    let who = SignUp {
        contact: form.text("contact"),
        name: form.text("name"),
        password: form.0.field("password").unwrap_or_default(),
        language,
        by_phone: config.phone_sign_in,
    };
    let outcome = if form.text("consent") == "yes" {
        sign_up(&db, &passwords, who, clock.now()).await
    } else {
        let (vi, en) = ("cần đồng ý cho xử lý dữ liệu cá nhân", "consent to the processing of personal data is needed");
        Err(Problem::field("/consent", "consent", vi, en))
    };
    match outcome {
        Ok(()) => {
            bell.ring();
            Ok(to(&format!("/console/verify?lang={}", language.as_str())))
        }
        Err(problem) if problem.code.status < 500 => {
            let values = context! { error => problem.words(language), contact => form.text("contact"), name => form.text("name") };
            open_page("register.html", StatusCode::UNPROCESSABLE_ENTITY, language, values)
        }
        Err(problem) => Err(problem.into()),
    }
}

#[get("/console/verify")]
pub async fn verify_page(request: HttpRequest, query: Query<LanguageQuery>) -> Result<HttpResponse, Turn> {
    open_page("verify.html", StatusCode::OK, spoken(&request, &query), context! { error => "" })
}

#[post("/console/verify")]
pub async fn verify(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    hook: Data<SignInHook>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = foreign_form(&request, payload).await?;
    let language = if form.text("lang") == "en" { Language::En } else { Language::Vi };
    let now = clock.now();
    let transaction = db.begin().await?;
    match confirm(&transaction, form.text("code"), now).await {
        Ok(account) => {
            let secure = config.is_https();
            let coming = Coming::by_password(&request, secure);
            let mut response = sit_down(&transaction, (account.id, language), coming, now, "/console").await?;
            transaction.commit().await?;
            bring_basket(&request, &hook, account.id, (&mut response, secure)).await?;
            Ok(response)
        }
        Err(problem) if problem.code.status < 500 => {
            let values = context! { error => problem.words(language) };
            open_page("verify.html", StatusCode::UNPROCESSABLE_ENTITY, language, values)
        }
        Err(problem) => Err(problem.into()),
    }
}

#[post("/console/logout")]
pub async fn logout(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    seat.form(&request, payload, FORM).await?;
    stand_up(&seat, "/console/login").await
}

#[post("/console/language")]
pub async fn set_language(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    speak(&seat, if form.text("lang") == "en" { Language::En } else { Language::Vi }).await?;
    Ok(to(if form.text("next") == "/partner" { "/partner" } else { "/console" }))
}

#[post("/console/shop")]
pub async fn set_shop(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let id: CooperativeId = form.parsed("shop")?;
    let mut response = to("/console/today");
    if seat.shops.iter().any(|shop| shop.id == id) {
        choose(&mut response, id, seat.desk.config.is_https());
    }
    Ok(response)
}

fn apply_form(
    seat: &Seat,
    status: StatusCode,
    application: Option<&ApplicationView>,
    values: &std::collections::BTreeMap<String, String>,
    error: &str,
) -> Result<HttpResponse, Turn> {
    let editable = application.is_none_or(|application| {
        matches!(application.state, ApplicationState::Draft | ApplicationState::MoreNeeded | ApplicationState::Rejected)
    });
    let values =
        context! { application => application.map(value), form => value(values), error => error, editable => editable };
    page_with(seat, "apply.html", "apply", status, values)
}

/// The commune a person names: a code, or `name, province` as they know it.
fn commune(text: &str) -> Option<String> {
    if places::commune(text).is_some() {
        return Some(text.to_owned());
    }
    places::commune_meant(text)
}

fn prefilled(application: &ApplicationView) -> std::collections::BTreeMap<String, String> {
    let place = places::commune(&application.commune_code);
    let commune = place.map_or_else(
        || application.commune_code.clone(),
        |commune| format!("{}, {}", commune.name, places::province_of(commune).name),
    );
    [
        ("kind", application.kind.as_str().to_owned()),
        ("name", application.name.clone()),
        ("legal_name", application.legal_name.clone()),
        ("tax_code", application.tax_code.clone()),
        ("representative", application.representative.clone()),
        ("licence_number", application.licence_number.clone()),
        ("licence_issuer", application.licence_issuer.clone()),
        ("street", application.street.clone()),
        ("commune", commune),
        ("phone", application.phone.clone()),
        ("email", application.email.clone().unwrap_or_default()),
        ("bank_bin", application.bank_bin.clone()),
        ("bank_account", application.bank_account.clone()),
        ("bank_holder", application.bank_holder.clone()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

#[get("/console/apply")]
pub async fn apply_page(seat: Seat) -> Result<HttpResponse, Turn> {
    let latest = applications::latest(&seat.desk).await?;
    let values = latest.as_ref().map(prefilled).unwrap_or_default();
    apply_form(&seat, StatusCode::OK, latest.as_ref(), &values, "")
}

fn input(form: &Form) -> Result<ApplicationInput, Problem> {
    let kind: CooperativeKind = form.parsed("kind")?;
    let place = commune(form.text("commune")).ok_or_else(|| {
        let (vi, en) =
            ("không tìm thấy xã này; viết như “Kim Bôi, Phú Thọ”", "no such commune; write “Kim Bôi, Phú Thọ”");
        Problem::field("/commune", "commune", vi, en)
    })?;
    let text = |name: &str| form.text(name).to_owned();
    validate(ApplicationInput {
        kind,
        name: text("name"),
        legal_name: text("legal_name"),
        tax_code: text("tax_code"),
        representative: text("representative"),
        licence_number: text("licence_number"),
        licence_issuer: text("licence_issuer"),
        street: text("street"),
        commune_code: place,
        former_commune: None,
        latitude: None,
        longitude: None,
        phone: text("phone"),
        email: form.some("email"),
        bank_bin: text("bank_bin"),
        bank_account: text("bank_account"),
        bank_holder: text("bank_holder"),
    })
}

async fn hand_in(seat: &Seat, form: &mut Form) -> Result<(), Problem> {
    let open = applications::latest(&seat.desk)
        .await?
        .filter(|application| matches!(application.state, ApplicationState::Draft | ApplicationState::MoreNeeded));
    let facts = input(form)?;
    let application = match open {
        Some(open) => applications::change(&seat.desk, open.id, facts).await?,
        None => applications::start(&seat.desk, facts).await?,
    };
    for (field, kind) in [("identity", DocumentKind::Identity), ("licence", DocumentKind::Licence)] {
        if let Some(bytes) = form.0.other(field) {
            applications::add_paper(&seat.desk, application.id, kind, field, bytes).await?;
        }
    }
    applications::hand_in(&seat.desk, application.id).await?;
    Ok(())
}

/// Facts, papers and handing in, in one step. What failed is kept as a draft.
#[post("/console/apply")]
pub async fn apply(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let mut form = seat.form(&request, payload, 25 * 1024 * 1024).await?;
    match hand_in(&seat, &mut form).await {
        Ok(()) => Ok(seat.back(
            "/console/apply",
            Ok(seat.say("Đã gửi hồ sơ. Chúng tôi sẽ trả lời sớm.", "Sent. We will answer soon.")),
        )),
        Err(problem) if problem.code.status < 500 => {
            let latest = applications::latest(&seat.desk).await?;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            apply_form(&seat, status, latest.as_ref(), &form.values(), &problem.words(seat.language))
        }
        Err(problem) => Err(problem.into()),
    }
}

#[get("/console/join")]
pub async fn join_page(seat: Seat) -> Result<HttpResponse, Turn> {
    page(&seat, "join.html", "join", context! {})
}

#[post("/console/join")]
pub async fn join(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    match team::accept(&seat.desk, form.text("code")).await {
        Ok(joined) => {
            let mut response = seat.back("/console/today", Ok(seat.say("Đã tham gia.", "Joined.")));
            choose(&mut response, joined.cooperative_id, seat.desk.config.is_https());
            Ok(response)
        }
        Err(problem) if problem.code.status < 500 => Ok(seat.back("/console/join", Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}
