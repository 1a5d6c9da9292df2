//! `/v1/auth`: sign up, sign in, stay signed in, sign out, forget a password.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use entity::value::{CartId, Language};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::checks::BAD_REFRESH_TOKEN;
use super::entry::{Entered, SignUp, ask_to_reset, authenticate, confirm, reset_by_code, sign_up};
use super::keys::Keys;
use super::me::Profile;
use super::second::{SECOND_FACTOR_NEEDED, second_step};
use super::sessions::{Refreshed, Tokens, end, open, refresh as refresh_session};
use super::visit::Visit;
use super::{GuestCart, Passwords, SignInHook, SignedIn};
use crate::config::Config;
use crate::platform::body::Body;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::i18n::language_of;
use crate::platform::outbox::Bell;
use crate::platform::problem::Problem;

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"contact": "lan@example.vn", "name": "Nguyễn Thị Lan", "password": "bưởi diễn mùa đông", "consent": true}))]
pub struct Registration {
    /// An e-mail address or a Vietnamese phone number.
    #[garde(length(min = 3, max = 254))]
    #[schema(min_length = 3, max_length = 254)]
    contact: String,
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// 10 characters or more.
    #[garde(length(max = 800))]
    #[schema(min_length = 10, max_length = 200, format = Password)]
    password: String,
    /// Agreement to the processing of personal data (law 91/2025/QH15); nothing is stored without it.
    #[garde(skip)]
    consent: bool,
    /// The language of mails; that of `Accept-Language` unless told.
    #[garde(skip)]
    language: Option<Language>,
}

/// The same for everybody, known or not.
#[derive(Serialize, ToSchema)]
pub struct Accepted {
    /// `code_sent`
    #[schema(example = "code_sent")]
    status: String,
}

fn accepted() -> HttpResponse {
    HttpResponse::Accepted().json(Accepted { status: "code_sent".to_owned() })
}

/// Sign up. A code goes to the contact; the account exists once it is shown to `/v1/auth/verify`.
#[utoipa::path(tag = "auth", request_body = Registration, responses((status = 202, description = "A code was sent", body = Accepted)))]
#[post("/v1/auth/register")]
pub async fn register(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    passwords: Data<Passwords>,
    bell: Data<Bell>,
    config: Data<Config>,
    body: Body<Registration>,
) -> Result<HttpResponse, Problem> {
    let Body(input) = body;
    if !input.consent {
        return Err(Problem::field(
            "/consent",
            "consent",
            "cần đồng ý cho xử lý dữ liệu cá nhân",
            "consent to the processing of personal data is needed",
        ));
    }
    let language = input.language.unwrap_or_else(|| language_of(&request));
    let Registration { contact, name, password, .. } = &input;
    let who = SignUp { contact, name, password, language, by_phone: config.phone_sign_in };
    sign_up(&db, &passwords, who, clock.now()).await?;
    bell.ring();
    Ok(accepted())
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "K7MPX-2QRSA"}))]
pub struct Verification {
    /// As it was sent; dashes, blanks and case do not matter.
    #[garde(length(min = 1, max = 50))]
    #[schema(min_length = 1, max_length = 50)]
    code: String,
    #[garde(dive)]
    guest_cart: Option<GuestCart>,
    /// What this device was given at an earlier sign-in.
    #[garde(inner(length(max = 100)))]
    #[schema(max_length = 100)]
    device_token: Option<String>,
}

/// Signed in.
#[derive(Serialize, ToSchema)]
pub struct SignIn {
    #[serde(flatten)]
    tokens: Tokens,
    account: Profile,
    /// The basket to go on with: the account's, into which the guest's was merged.
    #[schema(required = true)]
    cart_id: Option<CartId>,
    /// Kept by the device and sent with its next sign-in: a device that is known is not held up when strangers guess at the account.
    device_token: String,
}

/// Confirm a sign-up with its code, and be signed in.
#[utoipa::path(tag = "auth", request_body = Verification, responses((status = 200, description = "Signed in", body = SignIn)))]
#[post("/v1/auth/verify")]
pub async fn verify(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    keys: Data<Keys>,
    hook: Data<SignInHook>,
    body: Body<Verification>,
) -> Result<HttpResponse, Problem> {
    let Body(input) = body;
    let (visit, now) = (Visit::of_program(&request, input.device_token), clock.now());
    let transaction = db.begin().await?;
    let account = confirm(&transaction, &input.code, now).await?;
    let tokens = open(&transaction, &keys, &account, (&visit, false), now).await?;
    transaction.commit().await?;
    signed_in(&db, &hook, account, (tokens, visit), input.guest_cart).await
}

pub async fn signed_in(
    db: &Db,
    hook: &SignInHook,
    account: entity::account::Model,
    (tokens, visit): (Tokens, Visit),
    guest_cart: Option<GuestCart>,
) -> Result<HttpResponse, Problem> {
    let cart_id = match &guest_cart {
        Some(cart) => hook.signed_in(account.id, cart).await?,
        None => None,
    };
    let account = Profile::of(db.fresh(), account).await?;
    Ok(HttpResponse::Ok().json(SignIn { tokens, account, cart_id, device_token: visit.device }))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"login": "lan@example.vn", "password": "bưởi diễn mùa đông"}))]
#[allow(clippy::struct_field_names, reason = "what clients send")]
pub struct Login {
    /// The e-mail address or phone number of the account.
    #[garde(length(max = 254))]
    #[schema(max_length = 254)]
    login: String,
    #[garde(length(max = 800))]
    #[schema(max_length = 200, format = Password)]
    password: String,
    /// A basket filled before signing in, to be merged into the account's.
    #[garde(dive)]
    guest_cart: Option<GuestCart>,
    /// What this device was given at an earlier sign-in.
    #[garde(inner(length(max = 100)))]
    #[schema(max_length = 100)]
    device_token: Option<String>,
}

/// Sign in. Where the account has a second factor, `401 second_factor_needed` gives a `step` for `/v1/auth/second-factor`.
#[utoipa::path(tag = "auth", operation_id = "login", request_body = Login, responses((status = 200, description = "Signed in", body = SignIn)))]
#[post("/v1/auth/login")]
pub async fn sign_in(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    keys: Data<Keys>,
    passwords: Data<Passwords>,
    hook: Data<SignInHook>,
    body: Body<Login>,
) -> Result<HttpResponse, Problem> {
    let Body(input) = body;
    let (visit, now) = (Visit::of_program(&request, input.device_token), clock.now());
    let shown = (input.login.as_str(), input.password.as_str());
    let account = match authenticate(&db, &passwords, &visit, shown, now).await? {
        Entered::In(account) => account,
        Entered::Step(step) => return Err(Problem::new(&SECOND_FACTOR_NEEDED).extension("step", step)),
    };
    let transaction = db.begin().await?;
    let tokens = open(&transaction, &keys, &account, (&visit, false), now).await?;
    transaction.commit().await?;
    signed_in(&db, &hook, account, (tokens, visit), input.guest_cart).await
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"step": "q8h…", "code": "287082"}))]
pub struct SecondStep {
    /// What the right password was answered with.
    #[garde(length(max = 100))]
    #[schema(max_length = 100)]
    step: String,
    /// Of the authenticator app, or a recovery code.
    #[garde(length(min = 1, max = 50))]
    #[schema(min_length = 1, max_length = 50)]
    code: String,
    #[garde(dive)]
    guest_cart: Option<GuestCart>,
    /// What this device was given at an earlier sign-in.
    #[garde(inner(length(max = 100)))]
    #[schema(max_length = 100)]
    device_token: Option<String>,
}

/// Sign in with the code that follows the password.
#[utoipa::path(tag = "auth", operation_id = "login_second_factor", request_body = SecondStep, responses((status = 200, description = "Signed in", body = SignIn)))]
#[post("/v1/auth/second-factor")]
pub async fn sign_in_second(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    keys: Data<Keys>,
    hook: Data<SignInHook>,
    body: Body<SecondStep>,
) -> Result<HttpResponse, Problem> {
    let Body(input) = body;
    let (visit, now) = (Visit::of_program(&request, input.device_token), clock.now());
    let account = second_step(&db, &visit, (&input.step, &input.code), now).await?;
    let transaction = db.begin().await?;
    let tokens = open(&transaction, &keys, &account, (&visit, true), now).await?;
    transaction.commit().await?;
    signed_in(&db, &hook, account, (tokens, visit), input.guest_cart).await
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    #[garde(length(max = 200))]
    #[schema(max_length = 200)]
    refresh_token: String,
}

/// Exchange a refresh token for new tokens. Each is good for one exchange; shown twice, it ends the session.
#[utoipa::path(tag = "auth", request_body = RefreshRequest, responses((status = 200, description = "New tokens", body = Tokens)))]
#[post("/v1/auth/refresh")]
pub async fn refresh(
    db: Data<Db>,
    clock: Data<Clock>,
    keys: Data<Keys>,
    body: Body<RefreshRequest>,
) -> Result<HttpResponse, Problem> {
    let transaction = db.begin().await?;
    let outcome = refresh_session(&transaction, &keys, &body.0.refresh_token, clock.now()).await?;
    transaction.commit().await?;
    match outcome {
        Refreshed::Tokens(tokens) => Ok(HttpResponse::Ok().json(tokens)),
        Refreshed::Refused | Refreshed::Reused => Err(Problem::new(&BAD_REFRESH_TOKEN)),
    }
}

/// Sign out: the session's refresh tokens end now, its access token within 15 minutes.
#[utoipa::path(tag = "auth", security(("access_token" = [])), responses((status = 204, description = "Signed out")))]
#[post("/v1/auth/logout")]
pub async fn logout(db: Data<Db>, clock: Data<Clock>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    end(db.write(), caller.session, "signed out", clock.now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"contact": "lan@example.vn"}))]
pub struct ForgottenPassword {
    #[garde(length(min = 3, max = 254))]
    #[schema(min_length = 3, max_length = 254)]
    contact: String,
}

/// Ask for a code to set a new password. The answer is the same whether or not there is an account.
#[utoipa::path(tag = "auth", request_body = ForgottenPassword, responses((status = 202, description = "A code was sent, if there is an account", body = Accepted)))]
#[post("/v1/auth/password/forgot")]
pub async fn forgot_password(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    bell: Data<Bell>,
    body: Body<ForgottenPassword>,
) -> Result<HttpResponse, Problem> {
    ask_to_reset(&db, &body.0.contact, language_of(&request), clock.now()).await?;
    bell.ring();
    Ok(accepted())
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    #[garde(length(min = 1, max = 50))]
    #[schema(min_length = 1, max_length = 50)]
    code: String,
    #[garde(length(max = 800))]
    #[schema(min_length = 10, max_length = 200, format = Password)]
    password: String,
}

/// Set a new password with a code. Every session of the account ends.
#[utoipa::path(tag = "auth", request_body = PasswordReset, responses((status = 204, description = "The new password is set")))]
#[post("/v1/auth/password/reset")]
pub async fn reset_password(
    db: Data<Db>,
    clock: Data<Clock>,
    passwords: Data<Passwords>,
    body: Body<PasswordReset>,
) -> Result<HttpResponse, Problem> {
    reset_by_code(&db, &passwords, &body.0.code, &body.0.password, clock.now()).await?;
    Ok(HttpResponse::NoContent().finish())
}
