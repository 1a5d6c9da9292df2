//! Who may come in: where one is signed in, and the code of an authenticator app.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{PasskeyId, SessionId};
use minijinja::context;

use super::Person;
use crate::pages::storefront::shell::Fault;
use crate::people::identity::{
    BAD_PASSKEY, PASSKEYS_UNAVAILABLE, Passwords, Site, Visit, add_passkey, begin_passkey, confirm_second_factor,
    end_own_session, enrol_second_factor, is_strong, open_sessions, passkeys_of, prove_for_passkeys, remove_passkey,
    remove_second_factor, second_factor_of,
};
use crate::platform::pdf::qr_svg;
use crate::platform::problem::Problem;
use crate::platform::templates::value;

const HERE: &str = "/account/security";

#[get("/account/security")]
pub async fn on_show(request: HttpRequest, person: Person) -> Result<HttpResponse, Fault> {
    let (db, who) = (&person.shell.db, &person.seat.desk.who);
    let sessions = open_sessions(db, who, person.shell.clock.now()).await?;
    let factor = second_factor_of(db, who.account).await?;
    let keys = passkeys_of(db, who.account).await?;
    let values = context! {
        keys => value(&keys), has_name => site(&person).is_some(), strong => is_strong(db, who).await?,
        device => Visit::of_browser(&request).label,
        sessions => value(&sessions), factor => value(&factor), needed => who.require_strong().is_err() && who.is_held_back(),
    };
    person.page("account_security.html", StatusCode::OK, values)
}

#[post("/account/security/sessions/{id}")]
pub async fn on_end(
    request: HttpRequest,
    person: Person,
    id: Path<SessionId>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    person.form(&request, payload).await?;
    let ended = end_own_session(&person.shell.db, &person.seat.desk.who, *id, person.shell.clock.now()).await;
    person.told(HERE, ended, ("Đã đăng xuất máy đó.", "That device is signed out."))
}

/// A fresh secret, shown as a QR code and as text; the page asks for its first code.
#[post("/account/security/factor")]
pub async fn on_enrol(request: HttpRequest, person: Person, payload: Payload) -> Result<HttpResponse, Fault> {
    person.form(&request, payload).await?;
    let who = &person.seat.desk.who;
    match enrol_second_factor(&person.shell.db, who, person.shell.clock.now()).await {
        Ok(enrolment) => {
            let label = person.shell.say("Mã QR cho ứng dụng xác thực", "QR code for the authenticator app");
            let qr = qr_svg(&enrolment.url, label).map_err(|error| person.shell.fault(Problem::internal(error)))?;
            let values = context! { qr => qr, secret => enrolment.secret, url => enrolment.url };
            person.page("account_factor.html", StatusCode::OK, values)
        }
        Err(problem) => person.told(HERE, Err(problem), ("", "")),
    }
}

/// The first code: the recovery codes are shown, once.
#[post("/account/security/confirm")]
pub async fn on_confirm(request: HttpRequest, person: Person, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let (db, who) = (&person.shell.db, &person.seat.desk.who);
    match confirm_second_factor(db, who, form.text("code"), person.shell.clock.now()).await {
        Ok(codes) => {
            person.shell.bell.ring();
            person.page("account_factor.html", StatusCode::OK, context! { codes => codes.recovery_codes })
        }
        Err(problem) => person.told(HERE, Err(problem), ("", "")),
    }
}

#[post("/account/security/remove")]
pub async fn on_remove(request: HttpRequest, person: Person, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let (db, who, visit) = (&person.shell.db, &person.seat.desk.who, Visit::of_browser(&request));
    let removed = remove_second_factor(db, who, &visit, form.text("code"), person.shell.clock.now()).await;
    if removed.is_ok() {
        person.shell.bell.ring();
    }
    person.told(HERE, removed, ("Không hỏi mã nữa.", "No code is asked for any more."))
}

fn site(person: &Person) -> Option<Site> {
    Site::of(&person.shell.config.base_url())
}

/// What a script is told: the question for the browser, or what is wrong.
fn for_script(person: &Person, asked: Result<serde_json::Value, Problem>) -> Result<HttpResponse, Fault> {
    match asked {
        Ok(options) => Ok(HttpResponse::Ok().json(options)),
        Err(problem) if problem.code.status < 500 => {
            let words = problem.words(person.shell.language);
            Ok(HttpResponse::Ok().json(serde_json::json!({"error": words})))
        }
        Err(problem) => Err(person.shell.fault(problem)),
    }
}

/// What the browser is asked, to make a passkey.
#[post("/account/security/passkeys/options")]
pub async fn on_ask_passkey(
    request: HttpRequest,
    person: Person,
    passwords: Data<Passwords>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let (db, who, now) = (&person.shell.db, &person.seat.desk.who, person.shell.clock.now());
    let asked = async {
        let site = site(&person).ok_or_else(|| Problem::new(&PASSKEYS_UNAVAILABLE))?;
        prove_for_passkeys((db, &passwords), who, form.0.field("password"), now).await?;
        begin_passkey(db, &site, who, now).await
    };
    for_script(&person, asked.await)
}

/// The passkey the browser made.
#[post("/account/security/passkeys")]
pub async fn on_add_passkey(request: HttpRequest, person: Person, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let (db, who, now) = (&person.shell.db, &person.seat.desk.who, person.shell.clock.now());
    let added = async {
        let site = site(&person).ok_or_else(|| Problem::new(&PASSKEYS_UNAVAILABLE))?;
        let credential = serde_json::from_str(form.text("credential")).map_err(|_| Problem::new(&BAD_PASSKEY))?;
        add_passkey(db, &site, who, (form.text("label"), &credential), now).await.map(drop)
    };
    let added = added.await;
    if added.is_ok() {
        person.shell.bell.ring();
    }
    person.told(HERE, added, ("Đã thêm khoá.", "The passkey is added."))
}

#[post("/account/security/passkeys/{id}")]
pub async fn on_remove_passkey(
    request: HttpRequest,
    person: Person,
    passwords: Data<Passwords>,
    id: Path<PasskeyId>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let (db, who, now) = (&person.shell.db, &person.seat.desk.who, person.shell.clock.now());
    let removed = async {
        prove_for_passkeys((db, &passwords), who, form.0.field("password"), now).await?;
        remove_passkey(db, who, *id, now).await
    };
    let removed = removed.await;
    if removed.is_ok() {
        person.shell.bell.ring();
    }
    person.told(HERE, removed, ("Đã xoá khoá.", "The passkey is removed."))
}
