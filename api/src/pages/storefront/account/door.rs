//! Coming in by mail or phone: signing in and up, the code that was sent, a forgotten password.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::AccountId;
use minijinja::context;

use crate::pages::guests::bring_basket;
use crate::pages::session::{Coming, sit_down, step_of, to_second_step};
use crate::pages::storefront::basket::own_form;
use crate::pages::storefront::shell::{Fault, Shell, parameter};
use crate::people::identity::{
    BAD_PASSKEY, Entered, PASSKEYS_UNAVAILABLE, Passwords, SignInHook, SignUp, Site, ask_to_reset, authenticate,
    begin_entry, confirm, enter_by_passkey, reset_by_code, second_step, sign_up as ask_in,
};
use crate::platform::forms::Form;
use crate::platform::problem::Problem;

/// Where a door leads when nothing else was asked for: the account's page tells what else opens.
const IN: &str = "/account";

/// A path of ours; anything else leads to the account.
fn own_path(next: &str) -> &str {
    let own = next.len() <= 300
        && next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if own { next } else { IN }
}

/// One template for every door: `step` says which.
fn door(
    shell: &Shell,
    step: &str,
    status: StatusCode,
    (next, error): (&str, &str),
    form: Option<&Form>,
) -> Result<HttpResponse, Fault> {
    let text = |name: &str| form.map(|form| form.text(name).to_owned()).unwrap_or_default();
    let values = context! {
        step => step, next => own_path(next), error => error, login => text("login"), contact => text("contact"), name => text("name"),
    };
    shell.page("door.html", status, values)
}

fn next_of(request: &HttpRequest) -> String {
    parameter(request, "next").unwrap_or_default()
}

/// What somebody is told who is not let in; what failed on our side is no fault of theirs.
fn refused(shell: &Shell, step: &str, problem: Problem, form: &Form) -> Result<HttpResponse, Fault> {
    if problem.code.status >= 500 {
        return Err(shell.fault(problem));
    }
    let words = problem.words(shell.language);
    door(shell, step, StatusCode::UNPROCESSABLE_ENTITY, (form.text("next"), &words), Some(form))
}

#[get("/sign-in")]
pub async fn sign_in_page(request: HttpRequest, shell: Shell) -> Result<HttpResponse, Fault> {
    let next = next_of(&request);
    if shell.person().await?.is_some() {
        return Ok(shell.to(own_path(&next)));
    }
    door(&shell, "in", StatusCode::OK, (&next, ""), None)
}

#[post("/sign-in")]
pub async fn sign_in(
    request: HttpRequest,
    shell: Shell,
    passwords: Data<Passwords>,
    hook: Data<SignInHook>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let password = form.0.field("password").unwrap_or_default();
    let (coming, now) = (Coming::by_password(&request, shell.is_secure()), shell.clock.now());
    let next = own_path(form.text("next"));
    match authenticate(&shell.db, &passwords, &coming.visit, (form.text("login"), password), now).await {
        Ok(Entered::In(account)) => come_in(&request, (&shell, &hook), account.id, coming, next).await,
        Ok(Entered::Step(step)) => Ok(to_second_step(step, coming.secure, next)),
        Err(problem) => refused(&shell, "in", problem, &form),
    }
}

/// What the browser is asked, to sign in with a passkey.
#[post("/sign-in/passkey/options")]
pub async fn ask_passkey(request: HttpRequest, shell: Shell, payload: Payload) -> Result<HttpResponse, Fault> {
    own_form(&shell, &request, payload).await?;
    let Some(site) = Site::of(&shell.config.base_url()) else {
        let words = Problem::new(&PASSKEYS_UNAVAILABLE).words(shell.language);
        return Ok(HttpResponse::Ok().json(serde_json::json!({"error": words})));
    };
    Ok(HttpResponse::Ok().json(begin_entry(&shell.db, &site, shell.clock.now()).await?))
}

/// In with a passkey: no password, and no code after it.
#[post("/sign-in/passkey")]
pub async fn by_passkey(
    request: HttpRequest,
    shell: Shell,
    hook: Data<SignInHook>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let coming = Coming { strong: true, ..Coming::by_password(&request, shell.is_secure()) };
    let entered = async {
        let site = Site::of(&shell.config.base_url()).ok_or_else(|| Problem::new(&PASSKEYS_UNAVAILABLE))?;
        let credential = serde_json::from_str(form.text("credential")).map_err(|_| Problem::new(&BAD_PASSKEY))?;
        enter_by_passkey(&shell.db, &site, &credential, shell.clock.now()).await
    };
    match entered.await {
        Ok(account) => come_in(&request, (&shell, &hook), account.id, coming, own_path(form.text("next"))).await,
        Err(problem) => refused(&shell, "in", problem, &form),
    }
}

/// Somebody is who they say: their basket comes along.
async fn come_in(
    request: &HttpRequest,
    (shell, hook): (&Shell, &SignInHook),
    account: AccountId,
    coming: Coming,
    next: &str,
) -> Result<HttpResponse, Fault> {
    let who = (account, shell.language);
    let transaction = shell.db.begin().await?;
    let mut response = sit_down(&transaction, who, coming, shell.clock.now(), next).await?;
    transaction.commit().await?;
    shell.bell.ring();
    bring_basket(request, hook, account, (&mut response, shell.is_secure())).await?;
    Ok(response)
}

#[get("/sign-in/second")]
pub async fn second_page(request: HttpRequest, shell: Shell) -> Result<HttpResponse, Fault> {
    door(&shell, "second", StatusCode::OK, (&next_of(&request), ""), None)
}

/// The code that follows the password.
#[post("/sign-in/second")]
pub async fn second(
    request: HttpRequest,
    shell: Shell,
    hook: Data<SignInHook>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let coming = Coming { strong: true, ..Coming::by_password(&request, shell.is_secure()) };
    let shown = (step_of(&request), form.text("code"));
    match second_step(&shell.db, &coming.visit, (&shown.0, shown.1), shell.clock.now()).await {
        Ok(account) => come_in(&request, (&shell, &hook), account.id, coming, own_path(form.text("next"))).await,
        Err(problem) => refused(&shell, "second", problem, &form),
    }
}

#[get("/sign-up")]
pub async fn sign_up_page(request: HttpRequest, shell: Shell) -> Result<HttpResponse, Fault> {
    door(&shell, "up", StatusCode::OK, (&next_of(&request), ""), None)
}

#[post("/sign-up")]
pub async fn sign_up(
    request: HttpRequest,
    shell: Shell,
    passwords: Data<Passwords>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let who = SignUp {
        contact: form.text("contact"),
        name: form.text("name"),
        password: form.0.field("password").unwrap_or_default(),
        language: shell.language,
        by_phone: shell.config.phone_sign_in,
    };
    let asked = if form.text("consent") == "yes" {
        ask_in(&shell.db, &passwords, who, shell.clock.now()).await
    } else {
        let (vi, en) = ("cần đồng ý cho xử lý dữ liệu cá nhân", "consent to the processing of personal data is needed");
        Err(Problem::field("/consent", "consent", vi, en))
    };
    if let Err(problem) = asked {
        return refused(&shell, "up", problem, &form);
    }
    shell.bell.ring();
    let next: String = form_urlencoded::byte_serialize(own_path(form.text("next")).as_bytes()).collect();
    Ok(shell.to(&format!("/sign-up/code?next={next}")))
}

#[get("/sign-up/code")]
pub async fn code_page(request: HttpRequest, shell: Shell) -> Result<HttpResponse, Fault> {
    door(&shell, "code", StatusCode::OK, (&next_of(&request), ""), None)
}

#[post("/sign-up/code")]
pub async fn code(
    request: HttpRequest,
    shell: Shell,
    hook: Data<SignInHook>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let now = shell.clock.now();
    let transaction = shell.db.begin().await?;
    let account = match confirm(&transaction, form.text("code"), now).await {
        Ok(account) => account,
        Err(problem) => return refused(&shell, "code", problem, &form),
    };
    let (who, next) = ((account.id, shell.language), own_path(form.text("next")));
    let coming = Coming::by_password(&request, shell.is_secure());
    let mut response = sit_down(&transaction, who, coming, now, next).await?;
    transaction.commit().await?;
    bring_basket(&request, &hook, account.id, (&mut response, shell.is_secure())).await?;
    Ok(response)
}

#[get("/forgot")]
pub async fn forgot_page(shell: Shell) -> Result<HttpResponse, Fault> {
    door(&shell, "forgot", StatusCode::OK, ("", ""), None)
}

#[post("/forgot")]
pub async fn forgot(request: HttpRequest, shell: Shell, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    if let Err(problem) = ask_to_reset(&shell.db, form.text("contact"), shell.language, shell.clock.now()).await {
        return refused(&shell, "forgot", problem, &form);
    }
    shell.bell.ring();
    Ok(shell.to("/forgot/code"))
}

#[get("/forgot/code")]
pub async fn reset_page(shell: Shell) -> Result<HttpResponse, Fault> {
    door(&shell, "reset", StatusCode::OK, ("", ""), None)
}

#[post("/forgot/code")]
pub async fn reset(
    request: HttpRequest,
    shell: Shell,
    passwords: Data<Passwords>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let password = form.0.field("password").unwrap_or_default();
    match reset_by_code(&shell.db, &passwords, form.text("code"), password, shell.clock.now()).await {
        Ok(()) => Ok(shell.to("/sign-in")),
        Err(problem) => refused(&shell, "reset", problem, &form),
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn a_door_leads_to_paths_of_ours_only() {
        for (asked, led) in [
            ("/account/orders", "/account/orders"),
            ("/p/buoi?x=1", "/p/buoi?x=1"),
            ("", "/account"),
            ("https://elsewhere.example", "/account"),
            ("//elsewhere.example", "/account"),
            ("/\\elsewhere.example", "/account"),
            ("/a\nSet-Cookie: x", "/account"),
        ] {
            assert_eq!(own_path(asked), led, "{asked}");
        }
    }
}
