//! `/v1/me`: one's own account.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch, post};
use entity::account;
use entity::value::{AccountId, CooperativeId, Language, MemberRole, PlatformRole};
use garde::Validate;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::checks::BAD_CREDENTIALS;
use super::passwords::Fit;
use super::sessions::end_all;
use super::throttle::Tried;
use super::{Passwords, SignedIn, store};
use crate::platform::body::Body;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, run};
use crate::platform::fold;
use crate::platform::outbox::{Bell, emit};
use crate::platform::problem::{Problem, UNAUTHENTICATED};

#[derive(Serialize, ToSchema)]
pub struct Profile {
    id: AccountId,
    name: String,
    #[schema(required = true)]
    email: Option<String>,
    /// E.164.
    #[schema(required = true)]
    phone: Option<String>,
    language: Language,
    /// Roles on the platform beside that of a buyer, which everybody has.
    roles: Vec<PlatformRole>,
    cooperatives: Vec<ProfileMembership>,
}

/// A cooperative the account works for.
#[derive(Serialize, ToSchema)]
pub struct ProfileMembership {
    id: CooperativeId,
    name_vi: String,
    name_en: String,
    role: MemberRole,
}

impl Profile {
    pub async fn of(connection: &impl ConnectionTrait, account: account::Model) -> Result<Self, Problem> {
        let roles = store::roles(connection, account.id).await?;
        let memberships = store::memberships(connection, account.id).await?;
        let membership = |m: store::Membership| ProfileMembership {
            id: m.cooperative_id,
            name_vi: m.name_vi,
            name_en: m.name_en,
            role: m.role,
        };
        Ok(Self {
            id: account.id,
            name: account.name,
            email: account.email,
            phone: account.phone,
            language: account.language,
            roles,
            cooperatives: memberships.into_iter().map(membership).collect(),
        })
    }
}

async fn own_account(db: &Db, caller: &SignedIn) -> Result<account::Model, Problem> {
    store::find(db.fresh(), caller.account).await?.ok_or_else(|| Problem::new(&UNAUTHENTICATED))
}

/// One's own account.
#[utoipa::path(tag = "me", operation_id = "show_me", security(("access_token" = [])), responses((status = 200, description = "The account", body = Profile)))]
#[get("/v1/me")]
pub async fn show(db: Data<Db>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    let account = own_account(&db, &caller).await?;
    Ok(HttpResponse::Ok().json(Profile::of(db.fresh(), account).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Nguyễn Thị Lan", "language": "vi"}))]
pub struct ProfileChange {
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    #[garde(skip)]
    pub language: Option<Language>,
}

/// Change name or language; what is left out stays.
#[utoipa::path(tag = "me", operation_id = "update_me", security(("access_token" = [])), request_body = ProfileChange, responses((status = 200, description = "The account", body = Profile)))]
#[patch("/v1/me")]
pub async fn update(
    db: Data<Db>,
    clock: Data<Clock>,
    caller: SignedIn,
    body: Body<ProfileChange>,
) -> Result<HttpResponse, Problem> {
    let account = change(&db, &caller, body.0, clock.now()).await?;
    Ok(HttpResponse::Ok().json(Profile::of(db.fresh(), account).await?))
}

/// Changes the caller's name or language; what is left out stays.
pub async fn change(
    db: &Db,
    caller: &SignedIn,
    input: ProfileChange,
    now: OffsetDateTime,
) -> Result<account::Model, Problem> {
    let mut account = own_account(db, caller).await?;
    if let Some(name) = input.name {
        account.name = fold::stored(&name);
        if account.name.is_empty() {
            return Err(Problem::field("/name", "missing", "không được để trống", "must not be blank"));
        }
    }
    account.language = input.language.unwrap_or(account.language);
    run(
        db.write(),
        "UPDATE account SET name = $2, language = $3, updated_at = $4 WHERE id = $1",
        [account.id.into(), account.name.as_str().into(), account.language.as_str().into(), now.into()],
    )
    .await?;
    Ok(account)
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[garde(length(max = 800))]
    #[schema(max_length = 200, format = Password)]
    pub current_password: String,
    #[garde(length(max = 800))]
    #[schema(min_length = 10, max_length = 200, format = Password)]
    pub new_password: String,
}

/// Change the password. All other sessions end.
#[utoipa::path(tag = "me", security(("access_token" = [])), request_body = PasswordChange, responses((status = 204, description = "Changed")))]
#[post("/v1/me/password")]
pub async fn change_password(
    db: Data<Db>,
    clock: Data<Clock>,
    passwords: Data<Passwords>,
    bell: Data<Bell>,
    caller: SignedIn,
    body: Body<PasswordChange>,
) -> Result<HttpResponse, Problem> {
    set_new_password((&db, &passwords), &caller, body.0, clock.now()).await?;
    bell.ring();
    Ok(HttpResponse::NoContent().finish())
}

/// The caller's account, if this is its password: asked for once more before what cannot be undone.
pub async fn prove(
    (db, passwords): (&Db, &Passwords),
    caller: &SignedIn,
    password: &str,
    now: OffsetDateTime,
) -> Result<account::Model, Problem> {
    let account = own_account(db, caller).await?;
    let tried = Tried::from_anywhere(&format!("current:{}", account.id));
    tried.begin(db, now).await?;
    if matches!(passwords.verify(password, Some(&account.password_hash)).await?, Fit::No) {
        return Err(Problem::new(&BAD_CREDENTIALS));
    }
    tried.good(db.write()).await?;
    Ok(account)
}

/// Sets the caller's new password and ends all other sessions.
pub async fn set_new_password(
    (db, passwords): (&Db, &Passwords),
    caller: &SignedIn,
    input: PasswordChange,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let account = prove((db, passwords), caller, &input.current_password, now).await?;
    let contact = account.email.as_deref().or(account.phone.as_deref()).unwrap_or_default();
    passwords.check("/new_password", &input.new_password, contact)?;
    let hash = passwords.hash(&input.new_password).await?;
    let transaction = db.begin().await?;
    store::set_password(&transaction, account.id, &hash, now).await?;
    end_all(&transaction, account.id, Some(caller.session), "password changed", now).await?;
    emit(&transaction, "password.changed", account.id.0, serde_json::json!({}), now).await?;
    transaction.commit().await?;
    Ok(())
}
