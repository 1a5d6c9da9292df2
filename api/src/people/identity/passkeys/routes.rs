//! `/v1/me/passkeys` and `/v1/auth/passkey`: what is asked of a browser, and what it answered. Both are the JSON of the standard
//! (`PublicKeyCredential.parseCreationOptionsFromJSON` and `toJSON`).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::PasskeyId;
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    PASSKEYS_UNAVAILABLE, Passkey, Site, add_passkey, begin_entry, begin_passkey, enter_by_passkey, passkeys_of,
    prove_for_passkeys, remove_passkey,
};
use crate::config::Config;
use crate::people::identity::keys::Keys;
use crate::people::identity::routes::{SignIn, signed_in};
use crate::people::identity::sessions::open;
use crate::people::identity::visit::Visit;
use crate::people::identity::{GuestCart, Passwords, SignInHook, SignedIn};
use crate::platform::body::Body;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::outbox::Bell;
use crate::platform::problem::Problem;

fn site(config: &Config) -> Result<Site, Problem> {
    Site::of(&config.base_url()).ok_or_else(|| Problem::new(&PASSKEYS_UNAVAILABLE))
}

/// What a browser is asked.
#[derive(Serialize, ToSchema)]
pub struct CeremonyOptions {
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`, and then as `publicKey` for
    /// `navigator.credentials`.
    #[schema(value_type = Object)]
    options: Value,
}

#[derive(Serialize, ToSchema)]
pub struct PasskeyList {
    pub items: Vec<Passkey>,
}

/// The account's passkeys.
#[utoipa::path(tag = "me", operation_id = "list_passkeys", security(("access_token" = [])), responses((status = 200, description = "The oldest first", body = PasskeyList)))]
#[get("/v1/me/passkeys")]
pub async fn list(db: Data<Db>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(PasskeyList { items: passkeys_of(&db, caller.account).await? }))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "bưởi diễn mùa đông"}))]
pub struct Proof {
    /// Needed by who signed in with a password alone.
    #[garde(inner(length(max = 800)))]
    #[schema(max_length = 200, format = Password)]
    password: Option<String>,
}

/// What to ask the browser for, to make a passkey. Good for five minutes, once.
#[utoipa::path(tag = "me", operation_id = "begin_passkey", security(("access_token" = [])), request_body = Proof, responses((status = 200, description = "For `navigator.credentials.create`", body = CeremonyOptions)))]
#[post("/v1/me/passkeys/options")]
pub async fn ask_to_add(
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    passwords: Data<Passwords>,
    caller: SignedIn,
    body: Body<Proof>,
) -> Result<HttpResponse, Problem> {
    let (site, now) = (site(&config)?, clock.now());
    prove_for_passkeys((&db, &passwords), &caller, body.0.password.as_deref(), now).await?;
    let options = begin_passkey(&db, &site, &caller, now).await?;
    Ok(HttpResponse::Ok().json(CeremonyOptions { options }))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// As its owner calls it.
    #[garde(length(chars, min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "Điện thoại của Lan")]
    label: String,
    /// `PublicKeyCredential.toJSON()`.
    #[garde(skip)]
    #[schema(value_type = Object)]
    credential: Value,
}

/// Add the passkey the browser made. From now on it signs in, without password or code.
#[utoipa::path(tag = "me", operation_id = "add_passkey", security(("access_token" = [])), request_body = NewPasskey, responses((status = 201, description = "Added", body = Passkey)))]
#[post("/v1/me/passkeys")]
pub async fn add(
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    bell: Data<Bell>,
    caller: SignedIn,
    body: Body<NewPasskey>,
) -> Result<HttpResponse, Problem> {
    let made = (body.0.label.as_str(), &body.0.credential);
    let added = add_passkey(&db, &site(&config)?, &caller, made, clock.now()).await?;
    bell.ring();
    Ok(HttpResponse::Created().json(added))
}

/// Remove a passkey: it lets in no more.
#[utoipa::path(tag = "me", operation_id = "remove_passkey", security(("access_token" = [])), params(("id" = PasskeyId, Path, description = "The passkey")), request_body = Proof, responses((status = 204, description = "Removed")))]
#[post("/v1/me/passkeys/{id}/remove")]
pub async fn remove(
    db: Data<Db>,
    clock: Data<Clock>,
    passwords: Data<Passwords>,
    bell: Data<Bell>,
    caller: SignedIn,
    id: Path<PasskeyId>,
    body: Body<Proof>,
) -> Result<HttpResponse, Problem> {
    let now = clock.now();
    prove_for_passkeys((&db, &passwords), &caller, body.0.password.as_deref(), now).await?;
    remove_passkey(&db, &caller, *id, now).await?;
    bell.ring();
    Ok(HttpResponse::NoContent().finish())
}

/// What to ask the browser for, to sign in with a passkey. Good for five minutes, once; it does not tell who has one.
#[utoipa::path(tag = "auth", operation_id = "begin_passkey_login", responses((status = 200, description = "For `navigator.credentials.get`", body = CeremonyOptions)))]
#[post("/v1/auth/passkey/options")]
pub async fn ask_to_enter(db: Data<Db>, clock: Data<Clock>, config: Data<Config>) -> Result<HttpResponse, Problem> {
    let options = begin_entry(&db, &site(&config)?, clock.now()).await?;
    Ok(HttpResponse::Ok().json(CeremonyOptions { options }))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PasskeyLogin {
    /// `PublicKeyCredential.toJSON()`.
    #[garde(skip)]
    #[schema(value_type = Object)]
    credential: Value,
    /// A basket filled before signing in, to be merged into the account's.
    #[garde(dive)]
    guest_cart: Option<GuestCart>,
    /// What this device was given at an earlier sign-in.
    #[garde(inner(length(max = 100)))]
    #[schema(max_length = 100)]
    device_token: Option<String>,
}

/// Sign in with a passkey: no password, and no code after it.
#[utoipa::path(tag = "auth", operation_id = "login_passkey", request_body = PasskeyLogin, responses((status = 200, description = "Signed in", body = SignIn)))]
#[post("/v1/auth/passkey")]
pub async fn enter(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    keys: Data<Keys>,
    hook: Data<SignInHook>,
    body: Body<PasskeyLogin>,
) -> Result<HttpResponse, Problem> {
    let Body(input) = body;
    let (visit, now) = (Visit::of_program(&request, input.device_token), clock.now());
    let account = enter_by_passkey(&db, &site(&config)?, &input.credential, now).await?;
    let transaction = db.begin().await?;
    let tokens = open(&transaction, &keys, &account, (&visit, true), now).await?;
    transaction.commit().await?;
    signed_in(&db, &hook, account, (tokens, visit), input.guest_cart).await
}
