//! A second factor: a code of an authenticator app beside the password, and codes on paper for who lost the phone.

use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use entity::value::AccountId;
use entity::{account, recovery_code, second_factor};
use garde::Validate;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::checks::BAD_CODE;
use super::sessions::end_all;
use super::throttle::Tried;
use super::visit::Visit;
use super::{SignedIn, store, totp};
use crate::platform::body::Body;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, by_id, one, run};
use crate::platform::outbox::emit;
use crate::platform::problem::{Problem, UNAUTHENTICATED, codes};
use crate::platform::secrets;

codes! {
    SECOND_FACTOR_NEEDED = "second_factor_needed" 401 "Hãy nhập mã của ứng dụng xác thực." "Enter the code of your authenticator app.";
    STEP_OVER = "step_over" 401 "Đã quá lâu. Hãy đăng nhập lại." "That took too long. Sign in again.";
    FACTOR_SET = "second_factor_set" 409 "Tài khoản đã có xác thực hai lớp." "The account has a second factor already.";
    FACTOR_NOT_SET = "second_factor_not_set" 409 "Tài khoản chưa có xác thực hai lớp." "The account has no second factor.";
}

/// How long the code may take after the password.
const STEP_MINUTES: i64 = 10;
const RECOVERY_CODES: usize = 10;
const RECOVERY_LENGTH: usize = 10;

/// What is put into an authenticator app.
#[derive(Serialize, ToSchema)]
pub struct Enrolment {
    /// To be typed, where the QR code cannot be scanned.
    pub secret: String,
    /// To be shown as a QR code.
    #[schema(example = "otpauth://totp/Ch%E1%BB%A3%20OCOP:lan@example.vn?secret=…&issuer=Ch%E1%BB%A3%20OCOP")]
    pub url: String,
}

/// Codes that let in once each; shown once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    pub recovery_codes: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SecondFactor {
    pub enabled: bool,
    pub recovery_codes_left: i64,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "287082"}))]
pub struct FactorCode {
    /// Of the app, or a recovery code.
    #[garde(length(min = 1, max = 50))]
    #[schema(min_length = 1, max_length = 50)]
    pub code: String,
}

async fn factor(
    connection: &impl ConnectionTrait,
    account: AccountId,
) -> Result<Option<second_factor::Model>, Problem> {
    Ok(by_id::<second_factor::Entity>(connection, account).await?)
}

pub async fn has_one(connection: &impl ConnectionTrait, account: AccountId) -> Result<bool, Problem> {
    Ok(factor(connection, account).await?.is_some_and(|row| row.confirmed_at.is_some()))
}

#[derive(FromQueryResult)]
struct Unused {
    unused: i64,
}

pub async fn state_of(db: &Db, account: AccountId) -> Result<SecondFactor, Problem> {
    let sql = "SELECT COUNT(*) AS unused FROM recovery_code WHERE account_id = $1 AND used_at IS NULL";
    let left = one::<Unused>(db.fresh(), sql, [account.into()]).await?.map_or(0, |row| row.unused);
    Ok(SecondFactor { enabled: has_one(db.fresh(), account).await?, recovery_codes_left: left })
}

/// A fresh secret, which counts once a code of it was shown. One that was never shown is replaced.
pub async fn enrol(db: &Db, who: &SignedIn, now: OffsetDateTime) -> Result<Enrolment, Problem> {
    let account = store::find(db.fresh(), who.account).await?.ok_or_else(|| Problem::new(&UNAUTHENTICATED))?;
    let secret = totp::base32(&rand::random::<[u8; 20]>());
    let sealed = entity::sealed::Sealed::from(secret.clone());
    let sql = "INSERT INTO second_factor (account_id, secret, last_step, created_at) VALUES ($1, $2, 0, $3)
               ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, last_step = 0, created_at = excluded.created_at
               WHERE second_factor.confirmed_at IS NULL";
    if run(db.write(), sql, [who.account.into(), sealed.into(), now.into()]).await? != 1 {
        return Err(Problem::new(&FACTOR_SET));
    }
    let name = account.email.or(account.phone).unwrap_or_default();
    let escaped =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let issuer = escaped("Chợ OCOP");
    let url = format!("otpauth://totp/{issuer}:{}?secret={secret}&issuer={issuer}", escaped(&name));
    Ok(Enrolment { secret, url })
}

/// Whether an app's code is good now, and was not used before.
async fn use_app_code(
    connection: &impl ConnectionTrait,
    row: &second_factor::Model,
    typed: &str,
    now: OffsetDateTime,
) -> Result<bool, Problem> {
    let Some(secret) = totp::from_base32(&row.secret) else { return Ok(false) };
    let this = totp::step(now.unix_timestamp());
    let good = (this - totp::SLACK..=this + totp::SLACK).find(|step| secrets::same(&totp::code(&secret, *step), typed));
    let Some(step) = good else { return Ok(false) };
    let sql = "UPDATE second_factor SET last_step = $2 WHERE account_id = $1 AND last_step < $2";
    Ok(run(connection, sql, [row.account_id.into(), step.into()]).await? == 1)
}

/// Uses up a code of the app or of the paper.
async fn use_code(
    connection: &impl ConnectionTrait,
    account: AccountId,
    typed: &str,
    now: OffsetDateTime,
) -> Result<bool, Problem> {
    let row = factor(connection, account).await?.filter(|row| row.confirmed_at.is_some());
    let Some(row) = row else { return Ok(false) };
    let typed = secrets::normalise_code(typed);
    if typed.len() == 6 {
        return use_app_code(connection, &row, &typed, now).await;
    }
    let sql = "UPDATE recovery_code SET used_at = $3 WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL";
    Ok(run(connection, sql, [account.into(), secrets::hash(&typed).into(), now.into()]).await? == 1)
}

/// The first code of a new secret: from now on one is asked for, and this session has shown one.
pub async fn confirm(db: &Db, who: &SignedIn, typed: &str, now: OffsetDateTime) -> Result<RecoveryCodes, Problem> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| secrets::code(RECOVERY_LENGTH)).collect();
    let transaction = db.begin().await?;
    let row = factor(&transaction, who.account).await?.ok_or_else(|| Problem::new(&FACTOR_NOT_SET))?;
    if row.confirmed_at.is_some() {
        return Err(Problem::new(&FACTOR_SET));
    }
    if !use_app_code(&transaction, &row, &secrets::normalise_code(typed), now).await? {
        return Err(Problem::new(&BAD_CODE));
    }
    let sql = "UPDATE second_factor SET confirmed_at = $2 WHERE account_id = $1 AND confirmed_at IS NULL";
    run(&transaction, sql, [who.account.into(), now.into()]).await?;
    let rows = codes.iter().map(|code| recovery_code::ActiveModel {
        account_id: Set(who.account),
        code_hash: Set(secrets::hash(code)),
        used_at: Set(None),
    });
    recovery_code::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    run(&transaction, "UPDATE session SET strong = $2 WHERE id = $1", [who.session.into(), true.into()]).await?;
    let payload = serde_json::json!({"enabled": true});
    emit(&transaction, "sign_in.second_factor", who.account.0, payload, now).await?;
    transaction.commit().await?;
    let halves = |code: &String| format!("{}-{}", &code[..RECOVERY_LENGTH / 2], &code[RECOVERY_LENGTH / 2..]);
    Ok(RecoveryCodes { recovery_codes: codes.iter().map(halves).collect() })
}

/// No more codes are asked for; whoever says so shows one.
pub async fn remove(db: &Db, who: &SignedIn, visit: &Visit, typed: &str, now: OffsetDateTime) -> Result<(), Problem> {
    if !has_one(db.fresh(), who.account).await? {
        return Err(Problem::new(&FACTOR_NOT_SET));
    }
    let tried = Tried::of(db, &format!("code:{}", who.account), Some(who.account), visit).await?;
    tried.begin(db, now).await?;
    let transaction = db.begin().await?;
    if !use_code(&transaction, who.account, typed, now).await? {
        return Err(Problem::new(&BAD_CODE));
    }
    tried.good(&transaction).await?;
    switch_off(&transaction, who.account, now).await?;
    transaction.commit().await?;
    Ok(())
}

/// No code is asked for any more, and what was shown before counts no longer. The owner is told.
async fn switch_off(
    transaction: &impl ConnectionTrait,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    for sql in ["DELETE FROM recovery_code WHERE account_id = $1", "DELETE FROM second_factor WHERE account_id = $1"] {
        run(transaction, sql, [account.into()]).await?;
    }
    let sql = "UPDATE session SET strong = $2 WHERE account_id = $1";
    run(transaction, sql, [account.into(), false.into()]).await?;
    let payload = serde_json::json!({"enabled": false});
    emit(transaction, "sign_in.second_factor", account.0, payload, now).await?;
    Ok(())
}

/// For who lost phone and paper, by somebody who knows them: the second factor is off, passkeys are gone, and every session ends. False where there
/// was none.
pub async fn forget(db: &Db, account: AccountId, now: OffsetDateTime) -> Result<bool, Problem> {
    let transaction = db.begin().await?;
    let passkeys = run(&transaction, "DELETE FROM passkey WHERE account_id = $1", [account.into()]).await?;
    if passkeys == 0 && factor(&transaction, account).await?.is_none() {
        return Ok(false);
    }
    switch_off(&transaction, account, now).await?;
    end_all(&transaction, account, None, "second factor forgotten", now).await?;
    transaction.commit().await?;
    Ok(true)
}

/// The password was right: what is shown with the code.
pub async fn first_step(db: &Db, account: AccountId, now: OffsetDateTime) -> Result<String, Problem> {
    let token = secrets::token();
    let sql = "INSERT INTO second_step (token_hash, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    let until = now + Duration::minutes(STEP_MINUTES);
    run(db.write(), sql, [secrets::hash(&token).into(), account.into(), now.into(), until.into()]).await?;
    Ok(token)
}

#[derive(FromQueryResult)]
struct Stepping {
    account_id: AccountId,
}

/// The account whose password was right and whose code is good.
pub async fn second_step(
    db: &Db,
    visit: &Visit,
    (step, typed): (&str, &str),
    now: OffsetDateTime,
) -> Result<account::Model, Problem> {
    let over = || Problem::new(&STEP_OVER);
    let hash = secrets::hash(step);
    let sql = "SELECT account_id FROM second_step WHERE token_hash = $1 AND expires_at > $2";
    let row = one::<Stepping>(db.fresh(), sql, [hash.as_str().into(), now.into()]).await?.ok_or_else(over)?;
    let tried = Tried::of(db, &format!("code:{}", row.account_id), Some(row.account_id), visit).await?;
    tried.begin(db, now).await?;
    let transaction = db.begin().await?;
    if !use_code(&transaction, row.account_id, typed, now).await? {
        return Err(Problem::new(&BAD_CODE));
    }
    let gone = run(&transaction, "DELETE FROM second_step WHERE token_hash = $1", [hash.into()]).await?;
    let account = store::find(&transaction, row.account_id).await?.filter(|_| gone == 1).ok_or_else(over)?;
    tried.good(&transaction).await?;
    transaction.commit().await?;
    Ok(account)
}

/// Whether a code is asked for at sign-in.
#[utoipa::path(tag = "me", operation_id = "show_second_factor", security(("access_token" = [])), responses((status = 200, description = "Whether, and how many recovery codes are left", body = SecondFactor)))]
#[get("/v1/me/second-factor")]
pub async fn show(db: Data<Db>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(state_of(&db, caller.account).await?))
}

/// A fresh secret for an authenticator app. It counts once a code of it was confirmed.
#[utoipa::path(tag = "me", operation_id = "enrol_second_factor", security(("access_token" = [])), responses((status = 201, description = "The secret", body = Enrolment)))]
#[post("/v1/me/second-factor")]
pub async fn begin(db: Data<Db>, clock: Data<Clock>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(enrol(&db, &caller, clock.now()).await?))
}

/// Show the first code of the app: from now on one is asked for at sign-in. The recovery codes are shown once.
#[utoipa::path(tag = "me", operation_id = "confirm_second_factor", security(("access_token" = [])), request_body = FactorCode, responses((status = 200, description = "The recovery codes", body = RecoveryCodes)))]
#[post("/v1/me/second-factor/confirm")]
pub async fn confirm_first(
    db: Data<Db>,
    clock: Data<Clock>,
    caller: SignedIn,
    body: Body<FactorCode>,
) -> Result<Json<RecoveryCodes>, Problem> {
    Ok(Json(confirm(&db, &caller, &body.0.code, clock.now()).await?))
}

/// Ask for codes no more; takes a code.
#[utoipa::path(tag = "me", operation_id = "remove_second_factor", security(("access_token" = [])), request_body = FactorCode, responses((status = 204, description = "No code is asked for any more")))]
#[post("/v1/me/second-factor/remove")]
pub async fn end(
    request: actix_web::HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    caller: SignedIn,
    body: Body<FactorCode>,
) -> Result<HttpResponse, Problem> {
    let visit = Visit::of_program(&request, None);
    remove(&db, &caller, &visit, &body.0.code, clock.now()).await?;
    Ok(HttpResponse::NoContent().finish())
}
