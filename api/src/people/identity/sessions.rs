//! Sign-ins and their refresh tokens: each token is used once, and a second use ends the session.

use entity::value::{AccountId, SessionId};
use entity::{account, refresh_token};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Set};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::devices::{begin, note_seen};
use super::keys::Keys;
use super::rules::{ACCESS_TOKEN_SECONDS, SESSION_DAYS};
use super::store;
use super::visit::Visit;
use crate::platform::db::{one, run};
use crate::platform::problem::Problem;
use crate::platform::secrets;

/// What a sign-in or a refresh gives.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// Goes into `Authorization: Bearer …`.
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// Seconds until the access token ends.
    pub expires_in: i64,
    /// Good for one call of `/v1/auth/refresh`.
    pub refresh_token: String,
}

/// Opens a session for an account, and signs its first tokens.
pub async fn open(
    connection: &impl ConnectionTrait,
    keys: &Keys,
    account: &account::Model,
    (visit, strong): (&Visit, bool),
    now: OffsetDateTime,
) -> Result<Tokens, Problem> {
    let session = begin(connection, account.id, (visit, strong), now).await?;
    tokens(connection, keys, account.id, (session, strong), now).await
}

async fn tokens(
    connection: &impl ConnectionTrait,
    keys: &Keys,
    account: AccountId,
    (session, strong): (SessionId, bool),
    now: OffsetDateTime,
) -> Result<Tokens, Problem> {
    let refresh_token = secrets::token();
    let row = refresh_token::ActiveModel {
        token_hash: Set(secrets::hash(&refresh_token)),
        session_id: Set(session),
        issued_at: Set(now),
        expires_at: Set(now + Duration::days(SESSION_DAYS)),
        used_at: Set(None),
    };
    refresh_token::Entity::insert(row).exec_without_returning(connection).await?;
    let roles = store::roles(connection, account).await?;
    let access_token = keys.sign(account, (session, strong), roles, now).map_err(Problem::internal)?;
    Ok(Tokens { access_token, token_type: "Bearer".to_owned(), expires_in: ACCESS_TOKEN_SECONDS, refresh_token })
}

#[derive(FromQueryResult)]
struct Shown {
    session_id: SessionId,
    account_id: AccountId,
    used_at: Option<OffsetDateTime>,
    alive: bool,
    strong: bool,
}

pub enum Refreshed {
    Tokens(Tokens),
    /// Unknown, expired, or of an ended session.
    Refused,
    /// Used before: the session is ended, and the caller must commit that.
    Reused,
}

pub async fn refresh(
    transaction: &impl ConnectionTrait,
    keys: &Keys,
    token: &str,
    now: OffsetDateTime,
) -> Result<Refreshed, Problem> {
    let hash = secrets::hash(token);
    let shown = one::<Shown>(
        transaction,
        "SELECT t.session_id, s.account_id, t.used_at,
                (t.expires_at > $2 AND s.expires_at > $2 AND s.revoked_at IS NULL AND a.disabled_at IS NULL) AS alive, s.strong
         FROM refresh_token t JOIN session s ON s.id = t.session_id JOIN account a ON a.id = s.account_id
         WHERE t.token_hash = $1",
        [hash.as_str().into(), now.into()],
    )
    .await?;
    let Some(shown) = shown.filter(|shown| shown.alive) else { return Ok(Refreshed::Refused) };
    let fresh = shown.used_at.is_none()
        && run(
            transaction,
            "UPDATE refresh_token SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL",
            [hash.into(), now.into()],
        )
        .await?
            == 1;
    if !fresh {
        tracing::warn!(session = %shown.session_id, "a used refresh token was shown again; session ended");
        end(transaction, shown.session_id, "refresh token reused", now).await?;
        return Ok(Refreshed::Reused);
    }
    note_seen(transaction, shown.session_id, now).await?;
    let session = (shown.session_id, shown.strong);
    Ok(Refreshed::Tokens(tokens(transaction, keys, shown.account_id, session, now).await?))
}

pub async fn end(
    connection: &impl ConnectionTrait,
    session: SessionId,
    reason: &str,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    run(
        connection,
        "UPDATE session SET revoked_at = $2, revoked_reason = $3 WHERE id = $1 AND revoked_at IS NULL",
        [session.into(), now.into(), reason.into()],
    )
    .await?;
    Ok(())
}

/// Ends every session of an account but `except`.
pub async fn end_all(
    connection: &impl ConnectionTrait,
    account: AccountId,
    except: Option<SessionId>,
    reason: &str,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    run(
        connection,
        "UPDATE session SET revoked_at = $2, revoked_reason = $3 WHERE account_id = $1 AND revoked_at IS NULL AND id <> $4",
        [account.into(), now.into(), reason.into(), except.map_or_else(uuid::Uuid::nil, |id| id.0).into()],
    )
    .await?;
    Ok(())
}
