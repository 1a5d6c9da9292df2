//! Passkeys (W3C Web Authentication, level 3): a key in a phone or computer signs in by finger, face or PIN. Nothing is typed, so
//! nothing can be guessed or given away; and since the device asked for its owner, it counts as both factors.
//!
//! A ceremony begins with a challenge of ours (`challenges`), which is answered once and within minutes; `site` says what a passkey
//! is bound to. What is judged is judged by `webauthn_rp`. A key is kept as its public half; there is no secret to steal here.

mod challenges;
mod routes;
mod site;

pub use routes::{add, ask_to_add, ask_to_enter, enter, list, remove};
pub use site::Site;

use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::value::{AccountId, PasskeyId};
use entity::{account, passkey};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::PublicKeyCredentialDescriptor;
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{
    Extension, Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, Username,
};
use webauthn_rp::response::auth::DiscoverableAuthentication16;
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration,
};

use super::caller::SECOND_FACTOR_REQUIRED;
use super::second::has_one;
use super::{Passwords, SignedIn, prove_password, store};
use crate::platform::db::{Db, is_duplicate, one, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem, UNAUTHENTICATED, codes};
use challenges::{keep, take};
use site::{account_of, handle_of};

codes! {
    PASSKEYS_UNAVAILABLE = "passkeys_unavailable" 409 "Trang này chưa có tên miền nên chưa dùng được khoá đăng nhập." "This site has no domain name yet, so passkeys cannot be used.";
    BAD_PASSKEY = "bad_passkey" 422 "Khoá đăng nhập không đúng hoặc đã quá lâu. Hãy thử lại." "The passkey does not fit, or it took too long. Try again.";
    PASSKEY_KNOWN = "passkey_known" 409 "Khoá này đã được thêm rồi." "This passkey was added already.";
    TOO_MANY_PASSKEYS = "too_many_passkeys" 409 "Tài khoản đã có 20 khoá. Hãy xoá bớt." "The account has 20 passkeys. Remove one first.";
}

/// An account has so many at the most.
const MOST: usize = 20;

/// A passkey as its owner sees it.
#[derive(Serialize, ToSchema)]
pub struct Passkey {
    pub id: PasskeyId,
    #[schema(example = "Điện thoại của Lan")]
    pub label: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub last_used_at: Option<OffsetDateTime>,
}

impl From<passkey::Model> for Passkey {
    fn from(row: passkey::Model) -> Self {
        Self { id: row.id, label: row.label, created_at: row.created_at, last_used_at: row.last_used_at }
    }
}

fn rejected(why: impl std::fmt::Display) -> Problem {
    tracing::info!(%why, "a passkey was refused");
    Problem::new(&BAD_PASSKEY)
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What cannot fail.
fn sure<T>(made: Result<T, Infallible>) -> T {
    match made {
        Ok(made) => made,
        Err(never) => match never {},
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, Problem> {
    URL_SAFE_NO_PAD.decode(text).map_err(Problem::internal)
}

async fn rows(connection: &impl ConnectionTrait, account: AccountId) -> Result<Vec<passkey::Model>, Problem> {
    let own = passkey::Entity::find().filter(passkey::Column::AccountId.eq(account));
    Ok(own.order_by_asc(passkey::Column::CreatedAt).all(connection).await?)
}

/// An account's passkeys, the oldest first.
pub async fn passkeys_of(db: &Db, account: AccountId) -> Result<Vec<Passkey>, Problem> {
    Ok(rows(db.fresh(), account).await?.into_iter().map(Passkey::from).collect())
}

#[derive(sea_orm::FromQueryResult)]
struct Strength {
    strong: bool,
}

/// Whether a second factor was shown in this session.
pub async fn is_strong(db: &Db, who: &SignedIn) -> Result<bool, Problem> {
    let sql = "SELECT strong FROM session WHERE id = $1";
    let session = one::<Strength>(db.fresh(), sql, [who.session.into()]).await?;
    Ok(session.is_some_and(|session| session.strong))
}

/// Who signed in with a password alone proves it once more, unless the account has a second factor: then that is asked for.
pub async fn prove_for_passkeys(
    (db, passwords): (&Db, &Passwords),
    who: &SignedIn,
    password: Option<&str>,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    if is_strong(db, who).await? {
        return Ok(());
    }
    let asked_for = who.is_held_back() && !rows(db.fresh(), who.account).await?.is_empty();
    if asked_for || has_one(db.fresh(), who.account).await? {
        return Err(Problem::new(&SECOND_FACTOR_REQUIRED));
    }
    prove_password((db, passwords), who, password.unwrap_or_default(), now).await.map(drop)
}

/// What a browser is asked to make a passkey with.
pub async fn begin_passkey(db: &Db, site: &Site, who: &SignedIn, now: OffsetDateTime) -> Result<Value, Problem> {
    let account = store::find(db.fresh(), who.account).await?.ok_or_else(|| Problem::new(&UNAUTHENTICATED))?;
    let known = rows(db.fresh(), who.account).await?;
    if known.len() >= MOST {
        return Err(Problem::new(&TOO_MANY_PASSKEYS));
    }
    let handle = handle_of(who.account);
    let mut user = PublicKeyCredentialUserEntity::from(&handle);
    let contact = account.email.or(account.phone).unwrap_or_default();
    if let Ok(name) = Username::try_from(contact.as_str()) {
        user.name = name;
    }
    user.display_name = Nickname::try_from(account.name.as_str()).ok();
    let excluded = known.iter().map(descriptor).collect::<Result<Vec<_>, _>>()?;
    let mut options = PublicKeyCredentialCreationOptions::passkey(&site.id, user, excluded);
    // Phones and computers that cannot promise more protection than a finger would be turned away otherwise.
    options.extensions = Extension::default();
    let (asked, told) = options.start_ceremony().map_err(Problem::internal)?;
    let state = text(asked.encode().map_err(Problem::internal)?);
    keep(db, &asked, (Some(who.account), state), now).await?;
    serde_json::to_value(&told).map_err(Problem::internal)
}

fn descriptor(row: &passkey::Model) -> Result<PublicKeyCredentialDescriptor<Vec<u8>>, Problem> {
    let id = CredentialId::<Vec<u8>>::decode(bytes(&row.credential_id)?).map_err(Problem::internal)?;
    let transports = u8::try_from(row.transports).map_err(Problem::internal)?;
    Ok(PublicKeyCredentialDescriptor { id, transports: AuthTransports::decode(transports).map_err(Problem::internal)? })
}

/// Takes in the passkey a browser made; the session that did so has shown a second factor.
pub async fn add_passkey(
    db: &Db,
    site: &Site,
    who: &SignedIn,
    (label, credential): (&str, &Value),
    now: OffsetDateTime,
) -> Result<Passkey, Problem> {
    let label = fold::stored(label);
    if label.is_empty() {
        return Err(Problem::field("/label", "missing", "không được để trống", "must not be blank"));
    }
    let credential = serde_json::to_vec(credential).map_err(Problem::internal)?;
    let made = Registration::from_json_relaxed(&credential).map_err(rejected)?;
    let challenge = made.challenge_relaxed().map_err(rejected)?;
    let asked = take(db, challenge, Some(who.account), now).await?;
    let asked = webauthn_rp::RegistrationServerState::<16>::decode(&bytes(&asked)?).map_err(Problem::internal)?;
    let origins = [site.origin.as_str()];
    let options = RegistrationVerificationOptions::<&str, &str> {
        allowed_origins: &origins,
        // What a browser says beside what it was asked is its own business.
        error_on_unsolicited_extensions: false,
        ..RegistrationVerificationOptions::default()
    };
    let made = asked.verify(&site.id, &made, &options).map_err(rejected)?;
    let transaction = db.begin().await?;
    let row = passkey::Model {
        id: PasskeyId::new(),
        account_id: who.account,
        credential_id: text(made.id().as_ref()),
        label,
        transports: i32::from(sure(made.transports().encode())),
        public_key: text(sure(made.static_state().encode())),
        state: text(sure(made.dynamic_state().encode())),
        created_at: now,
        last_used_at: None,
    };
    let insert = passkey::Entity::insert(passkey::ActiveModel::from(row.clone()));
    insert
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&PASSKEY_KNOWN) } else { error.into() })?;
    run(&transaction, "UPDATE session SET strong = $2 WHERE id = $1", [who.session.into(), true.into()]).await?;
    let payload = serde_json::json!({"added": true, "label": row.label});
    emit(&transaction, "sign_in.passkey", who.account.0, payload, now).await?;
    transaction.commit().await?;
    Ok(row.into())
}

/// It lets in no more.
pub async fn remove_passkey(db: &Db, who: &SignedIn, id: PasskeyId, now: OffsetDateTime) -> Result<(), Problem> {
    let transaction = db.begin().await?;
    let label = rows(&transaction, who.account).await?.into_iter().find(|row| row.id == id).map(|row| row.label);
    let label = label.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let sql = "DELETE FROM passkey WHERE id = $1 AND account_id = $2";
    if run(&transaction, sql, [id.into(), who.account.into()]).await? != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    let payload = serde_json::json!({"added": false, "label": label});
    emit(&transaction, "sign_in.passkey", who.account.0, payload, now).await?;
    transaction.commit().await?;
    Ok(())
}

/// What a browser is asked for by somebody who wants to come in; it does not tell who.
pub async fn begin_entry(db: &Db, site: &Site, now: OffsetDateTime) -> Result<Value, Problem> {
    let options = DiscoverableCredentialRequestOptions::passkey(&site.id);
    let (asked, told) = options.start_ceremony().map_err(Problem::internal)?;
    let state = text(asked.encode().map_err(Problem::internal)?);
    keep(db, &asked, (None, state), now).await?;
    serde_json::to_value(&told).map_err(Problem::internal)
}

/// The account whose passkey answered.
pub async fn enter_by_passkey(
    db: &Db,
    site: &Site,
    credential: &Value,
    now: OffsetDateTime,
) -> Result<account::Model, Problem> {
    let credential = serde_json::to_vec(credential).map_err(Problem::internal)?;
    let shown = DiscoverableAuthentication16::from_json_relaxed(&credential).map_err(rejected)?;
    let challenge = shown.challenge_relaxed().map_err(rejected)?;
    let asked = take(db, challenge, None, now).await?;
    let asked =
        webauthn_rp::DiscoverableAuthenticationServerState::decode(&bytes(&asked)?).map_err(Problem::internal)?;
    let id = text(shown.raw_id().as_ref());
    let known = passkey::Entity::find().filter(passkey::Column::CredentialId.eq(id)).one(db.fresh()).await?;
    let row = known.ok_or_else(|| rejected("nobody's"))?;
    let handle = shown.response().user_handle();
    if account_of(handle) != Some(row.account_id) {
        return Err(rejected("somebody else's"));
    }
    let (public, state) = (bytes(&row.public_key)?, bytes(&row.state)?);
    let public = StaticState::<CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>>::decode(&public);
    let state: [u8; 7] = state.try_into().map_err(|_| Problem::internal("a passkey's state of another length"))?;
    let state = DynamicState::decode(state).map_err(Problem::internal)?;
    let mut held = AuthenticatedCredential::new(shown.raw_id(), handle, public.map_err(Problem::internal)?, state)
        .map_err(Problem::internal)?;
    let origins = [site.origin.as_str()];
    let options = AuthenticationVerificationOptions::<&str, &str> {
        allowed_origins: &origins,
        // What a browser says beside what it was asked is its own business.
        error_on_unsolicited_extensions: false,
        ..AuthenticationVerificationOptions::default()
    };
    asked.verify(&site.id, &shown, &mut held, &options).map_err(rejected)?;
    let changed = passkey::ActiveModel {
        id: Set(row.id),
        state: Set(text(sure(held.dynamic_state().encode()))),
        last_used_at: Set(Some(now)),
        ..Default::default()
    };
    passkey::Entity::update(changed).exec(db.write()).await?;
    let account = store::find(db.fresh(), row.account_id).await?.filter(|account| account.disabled_at.is_none());
    account.ok_or_else(|| rejected("an account that is closed"))
}
