//! Who may come in: where one is signed in, and the code of an authenticator app.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::SessionId;
use minijinja::context;

use super::Person;
use crate::pages::storefront::shell::Fault;
use crate::people::identity::{
    Visit, confirm_second_factor, end_own_session, enrol_second_factor, open_sessions, remove_second_factor,
    second_factor_of,
};
use crate::platform::pdf::qr_svg;
use crate::platform::problem::Problem;
use crate::platform::templates::value;

const HERE: &str = "/account/security";

#[get("/account/security")]
pub async fn on_show(person: Person) -> Result<HttpResponse, Fault> {
    let (db, who) = (&person.shell.db, &person.seat.desk.who);
    let sessions = open_sessions(db, who, person.shell.clock.now()).await?;
    let factor = second_factor_of(db, who.account).await?;
    let values = context! {
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
