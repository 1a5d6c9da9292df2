//! Pages made on the server: what every set of templates can do, and files that go with them.

use std::sync::LazyLock;

use actix_web::http::{StatusCode, header};
use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use entity::value::Vnd;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, Error, State, Value, escape_formatter};
use serde::Serialize;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::clock::VIETNAM;

/// The sheet of every page.
static SHEET: &str = include_str!("../../assets/design/design.css");

/// Makes passkeys and signs in with them, on the pages that do.
static PASSKEYS: &str = include_str!("../../assets/design/passkey.js");

/// What every page is built of.
const DESIGN: &[(&str, &str)] = &[
    ("design/base.html", include_str!("../../assets/design/base.html")),
    ("design/macros.html", include_str!("../../assets/design/macros.html")),
    ("design/plain.html", include_str!("../../assets/design/plain.html")),
];

/// Nothing from elsewhere, nothing inline.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                          form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

static PLAIN: LazyLock<Environment<'static>> = LazyLock::new(|| environment(&[]));

/// A page of a few words in both languages, for answers that belong to no other page.
pub fn plain(status: StatusCode, (vi, en): (&str, &str), more: &str, back: &str) -> HttpResponse {
    let values = minijinja::context! { lang => "vi", vi, en, more, back };
    let page = PLAIN.get_template("design/plain.html").and_then(|template| template.render(values));
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .body(page.unwrap_or_else(|_| format!("{vi}\n{en}")))
}

pub fn routes(config: &mut ServiceConfig) {
    config.service(sheet).service(icon).service(passkeys);
}

#[get("/static/design.css")]
async fn sheet() -> HttpResponse {
    asset("text/css; charset=utf-8", SHEET)
}

#[get("/static/passkey.js")]
async fn passkeys() -> HttpResponse {
    asset("text/javascript; charset=utf-8", PASSKEYS)
}

/// A pomelo, for the browser's tab.
#[get("/static/icon.svg")]
async fn icon() -> HttpResponse {
    asset("image/svg+xml", include_str!("../../assets/design/icon.svg"))
}

/// Templates by name, with the words, amounts and times every page needs.
pub fn environment(pages: &[(&'static str, &'static str)]) -> Environment<'static> {
    let mut environment = Environment::new();
    // Slashes need no escaping, and addresses are full of them.
    environment.set_formatter(|out, state, value| match state.auto_escape() {
        AutoEscape::Html if !value.is_safe() && value.as_str().is_some() => {
            Ok(out.write_str(&escape(value.as_str().unwrap_or_default()))?)
        }
        _ => escape_formatter(out, state, value),
    });
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::SemiStrict);
    for (name, source) in DESIGN.iter().chain(pages) {
        if let Err(error) = environment.add_template(name, source) {
            tracing::error!(name, %error, "a template does not parse");
        }
    }
    environment.add_global("design", versioned("/static/design.css", SHEET));
    environment.add_global("passkeys", versioned("/static/passkey.js", PASSKEYS));
    environment.add_function("t", translate);
    // Marks a form, so that sending it twice does its work once.
    environment.add_function("once", || crate::platform::secrets::code(16));
    environment.add_filter("dong", |amount: i64| Vnd(amount).to_string());
    environment.add_filter("moment", moment);
    environment.add_filter("day", day);
    environment.add_filter("local", local);
    environment
}

/// A path that changes with its content, so that it may be kept for good.
pub fn versioned(path: &str, content: &str) -> String {
    format!("{path}?v={}", &hex::encode(Sha256::digest(content.as_bytes()))[..10])
}

/// `t("Tiếng Việt", "English")`: the words in the page's language.
fn translate(state: &State<'_, '_>, vi: &str, en: &str, rest: Kwargs) -> Result<String, Error> {
    rest.assert_all_used()?;
    Ok(if is_english(state) { en } else { vi }.to_owned())
}

pub fn is_english(state: &State<'_, '_>) -> bool {
    state.lookup("lang").is_some_and(|lang| lang.as_str() == Some("en"))
}

/// A moment as JSON tells it, in Vietnam.
fn read(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(|at| at.to_offset(VIETNAM))
}

/// `24/11 16:05`, in Vietnam.
pub fn moment(text: &str) -> String {
    let Some(at) = read(text) else { return text.to_owned() };
    format!("{:02}/{:02} {:02}:{:02}", at.day(), u8::from(at.month()), at.hour(), at.minute())
}

/// `2026-11-24T16:05`, in Vietnam, as a `datetime-local` field wants it; nothing for what is no moment.
#[allow(clippy::needless_pass_by_value, reason = "a filter's signature")]
fn local(value: Value) -> String {
    let at = value.as_str().and_then(read);
    at.map_or_else(String::new, |at| format!("{}T{:02}:{:02}", at.date(), at.hour(), at.minute()))
}

/// `24/11/2026`; of a moment, the day it is in Vietnam.
#[allow(clippy::needless_pass_by_value, reason = "a filter's signature")]
pub fn day(value: Value) -> String {
    let text = value.to_string();
    let text = read(&text).map_or(text, |at| at.date().to_string());
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => format!("{day}/{month}/{year}"),
        _ => text,
    }
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// Anything serialisable, for a template.
pub fn value(of: &impl Serialize) -> Value {
    Value::from(minijinja::value::Serde(of))
}

/// A file under a path that changes with it.
pub fn asset(kind: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(body)
}
