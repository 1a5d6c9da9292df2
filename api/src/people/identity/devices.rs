//! Sessions as their owner sees them, and the devices they are on.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get};
use entity::session;
use entity::value::{AccountId, SessionId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::SignedIn;
use super::rules::SESSION_DAYS;
use super::visit::Visit;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, one, run};
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::secrets;

/// So many devices of an account are remembered.
const MOST: i64 = 50;

/// Opens a session on a device, and has its owner told if an account that is known elsewhere was never seen there.
pub async fn begin(
    connection: &impl ConnectionTrait,
    account: AccountId,
    (visit, strong): (&Visit, bool),
    now: OffsetDateTime,
) -> Result<SessionId, Problem> {
    if remember(connection, account, visit, now).await? {
        let payload = serde_json::json!({"device": visit.label});
        emit(connection, "sign_in.new_device", account.0, payload, now).await?;
    }
    let id = SessionId::new();
    let row = session::ActiveModel {
        id: Set(id),
        account_id: Set(account),
        created_at: Set(now),
        expires_at: Set(now + Duration::days(SESSION_DAYS)),
        revoked_at: Set(None),
        revoked_reason: Set(None),
        label: Set(visit.label.clone()),
        seen_at: Set(Some(now)),
        strong: Set(strong),
    };
    session::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(id)
}

#[derive(FromQueryResult)]
struct Others {
    devices: i64,
    like_it: i64,
}

/// Whether the device is a new one of an account that has others.
async fn remember(
    connection: &impl ConnectionTrait,
    account: AccountId,
    visit: &Visit,
    now: OffsetDateTime,
) -> Result<bool, Problem> {
    let (hash, label) = (secrets::hash(&visit.device), visit.label.as_str());
    let sql = "UPDATE device SET label = $3, last_seen_at = $4 WHERE account_id = $1 AND token_hash = $2";
    let values = || [account.into(), hash.as_str().into(), label.into(), now.into()];
    if run(connection, sql, values()).await? == 1 {
        return Ok(false);
    }
    let sql = "SELECT COUNT(*) AS devices, COALESCE(CAST(SUM(CASE WHEN label = $2 THEN 1 ELSE 0 END) AS bigint), 0) AS like_it
               FROM device WHERE account_id = $1";
    let others = one::<Others>(connection, sql, [account.into(), label.into()]).await?;
    let sql =
        "INSERT INTO device (account_id, token_hash, label, first_seen_at, last_seen_at) VALUES ($1, $2, $3, $4, $4)
               ON CONFLICT (account_id, token_hash) DO NOTHING";
    run(connection, sql, values()).await?;
    let Some(others) = others.filter(|others| others.devices > 0) else { return Ok(false) };
    if others.devices >= MOST {
        let sql = "DELETE FROM device WHERE account_id = $1 AND token_hash IN (
                       SELECT token_hash FROM device WHERE account_id = $1 ORDER BY last_seen_at DESC, token_hash LIMIT 1000 OFFSET $2)";
        run(connection, sql, [account.into(), MOST.into()]).await?;
    }
    Ok(!visit.by_label || others.like_it == 0)
}

/// A sign-in that is open.
#[derive(Serialize, ToSchema)]
pub struct OpenSession {
    pub id: SessionId,
    /// As the device calls itself: `Chrome, Android`.
    pub device: String,
    /// The one this is asked with.
    pub current: bool,
    /// A second factor was shown.
    pub second_factor: bool,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
pub struct OpenSessions {
    pub items: Vec<OpenSession>,
}

/// Sign-ins that are open, the newest first.
pub async fn open_sessions(db: &Db, who: &SignedIn, now: OffsetDateTime) -> Result<Vec<OpenSession>, Problem> {
    let rows = session::Entity::find()
        .filter(session::Column::AccountId.eq(who.account))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .order_by_desc(session::Column::Id)
        .limit(100)
        .all(db.fresh())
        .await?;
    let view = |row: session::Model| OpenSession {
        id: row.id,
        device: row.label,
        current: row.id == who.session,
        second_factor: row.strong,
        created_at: row.created_at,
        seen_at: row.seen_at.unwrap_or(row.created_at),
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Notes that a session is still used.
pub async fn note_seen(
    connection: &impl ConnectionTrait,
    session: SessionId,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    run(connection, "UPDATE session SET seen_at = $2 WHERE id = $1", [session.into(), now.into()]).await?;
    Ok(())
}

/// Ends one of one's own sign-ins.
pub async fn end_own(db: &Db, who: &SignedIn, id: SessionId, now: OffsetDateTime) -> Result<(), Problem> {
    let sql = "UPDATE session SET revoked_at = $3, revoked_reason = 'ended by its owner'
               WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL";
    match run(db.write(), sql, [id.into(), who.account.into(), now.into()]).await? {
        1 => Ok(()),
        _ => Err(Problem::new(&NOT_FOUND)),
    }
}

/// Where one is signed in.
#[utoipa::path(tag = "me", operation_id = "list_sessions", security(("access_token" = [])), responses((status = 200, description = "Open sessions, the newest first", body = OpenSessions)))]
#[get("/v1/me/sessions")]
pub async fn list(db: Data<Db>, clock: Data<Clock>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(OpenSessions { items: open_sessions(&db, &caller, clock.now()).await? }))
}

/// End one of one's own sessions: its refresh tokens end now, its access token within 15 minutes.
#[utoipa::path(tag = "me", operation_id = "end_session", security(("access_token" = [])), params(("id" = SessionId, Path)), responses((status = 204, description = "Ended")))]
#[delete("/v1/me/sessions/{id}")]
pub async fn end(
    db: Data<Db>,
    clock: Data<Clock>,
    caller: SignedIn,
    id: Path<SessionId>,
) -> Result<HttpResponse, Problem> {
    end_own(&db, &caller, *id, clock.now()).await?;
    Ok(HttpResponse::NoContent().finish())
}
