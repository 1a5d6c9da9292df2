//! Who acts for a partner: one of its people, or a program with one of its keys.
//!
//! A key is `ocop_<prefix>_<secret>`; the database keeps the secret's hash. A key has scopes, a rate and a daily quota. When it
//! is rotated the old secret stays good for a day, so that nothing stops.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use actix_web::HttpRequest;
use actix_web::http::header;
use entity::api_key;
use entity::value::{AccountId, ApiKeyId, PartnerId, PartnerRole, PartnerState};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::platform::clock::VIETNAM;
use crate::platform::db::{Db, all, one, run};
use crate::platform::limits::KeyAllowance;
use crate::platform::problem::{FORBIDDEN, NOT_FOUND, Problem, RATE_LIMITED, UNAUTHENTICATED, codes};
use crate::platform::secrets;

codes! {
    QUOTA_USED_UP = "quota_used_up" 429 "Khóa API đã dùng hết lượt trong ngày." "The key's requests of the day are used up.";
    PARTNER_NOT_APPROVED = "partner_not_approved" 409 "Đối tác chưa được duyệt hoặc đang tạm ngưng." "The partner is not approved, or suspended.";
}

/// What a key may be used for, and the least role of a person who may do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Scope {
    #[serde(rename = "profile:read")]
    ProfileRead,
    #[serde(rename = "feeds:read")]
    FeedsRead,
    #[serde(rename = "feeds:write")]
    FeedsWrite,
    #[serde(rename = "reports:read")]
    ReportsRead,
    #[serde(rename = "boxes:read")]
    BoxesRead,
    #[serde(rename = "boxes:write")]
    BoxesWrite,
    #[serde(rename = "webhooks:write")]
    WebhooksWrite,
}

impl Scope {
    pub const ALL: &[Self] = &[
        Self::ProfileRead,
        Self::FeedsRead,
        Self::FeedsWrite,
        Self::ReportsRead,
        Self::BoxesRead,
        Self::BoxesWrite,
        Self::WebhooksWrite,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProfileRead => "profile:read",
            Self::FeedsRead => "feeds:read",
            Self::FeedsWrite => "feeds:write",
            Self::ReportsRead => "reports:read",
            Self::BoxesRead => "boxes:read",
            Self::BoxesWrite => "boxes:write",
            Self::WebhooksWrite => "webhooks:write",
        }
    }

    fn least(self) -> PartnerRole {
        match self {
            Self::WebhooksWrite => PartnerRole::Owner,
            _ => PartnerRole::Member,
        }
    }
}

#[derive(FromQueryResult)]
struct MemberRow {
    role: PartnerRole,
    state: PartnerState,
}

/// Refused unless the person is of the partner's team and has this role at least.
pub async fn require_partner(
    connection: &impl ConnectionTrait,
    account: AccountId,
    partner: PartnerId,
    least: PartnerRole,
) -> Result<PartnerState, Problem> {
    let row = one::<MemberRow>(
        connection,
        "SELECT m.role, p.state FROM partner_member m JOIN partner p ON p.id = m.partner_id JOIN account a ON a.id = m.account_id
         WHERE m.partner_id = $1 AND m.account_id = $2 AND a.disabled_at IS NULL",
        [partner.into(), account.into()],
    )
    .await?;
    row.filter(|row| row.role >= least).map(|row| row.state).ok_or_else(|| Problem::new(&FORBIDDEN))
}

/// As [`require_partner`], for a thing that a scope names.
pub async fn require_scope(
    connection: &impl ConnectionTrait,
    account: AccountId,
    partner: PartnerId,
    scope: Scope,
) -> Result<PartnerState, Problem> {
    require_partner(connection, account, partner, scope.least()).await
}

/// A partner somebody works for.
#[derive(Clone, Debug, FromQueryResult)]
pub struct PartnerMembership {
    pub partner_id: PartnerId,
    pub name: String,
    pub role: PartnerRole,
    pub state: PartnerState,
}

pub async fn partnerships(
    connection: &impl ConnectionTrait,
    account: AccountId,
) -> Result<Vec<PartnerMembership>, DbErr> {
    let sql = "SELECT m.partner_id, p.name, m.role, p.state FROM partner_member m JOIN partner p ON p.id = m.partner_id
               WHERE m.account_id = $1 ORDER BY p.id";
    all(connection, sql, [account.into()]).await
}

#[derive(FromQueryResult)]
struct Mailbox {
    email: String,
}

/// Where a partner's owners, and the partner itself, are written to.
pub async fn partner_owners(connection: &impl ConnectionTrait, partner: PartnerId) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT a.email FROM partner_member m JOIN account a ON a.id = m.account_id
               WHERE m.partner_id = $1 AND m.role = 'owner' AND a.disabled_at IS NULL AND a.email IS NOT NULL
               UNION SELECT email FROM partner WHERE id = $1 AND email <> '' ORDER BY 1";
    Ok(all::<Mailbox>(connection, sql, [partner.into()]).await?.into_iter().map(|row| row.email).collect())
}

/// The key a request shows, if it shows one.
pub fn shown_key(request: &HttpRequest) -> Option<&str> {
    let text = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && token.starts_with("ocop_"))
}

/// The key, if it is good now.
pub async fn key_of(
    connection: &impl ConnectionTrait,
    shown: &str,
    now: OffsetDateTime,
) -> Result<api_key::Model, Problem> {
    let refused = || Problem::new(&UNAUTHENTICATED);
    let (prefix, secret) = shown.strip_prefix("ocop_").and_then(|rest| rest.split_once('_')).ok_or_else(refused)?;
    let row = api_key::Entity::find().filter(api_key::Column::Prefix.eq(prefix)).one(connection).await?;
    let row = row.ok_or_else(refused)?;
    let hash = secrets::hash(secret);
    let old = row.old_secret_hash.as_deref().filter(|_| row.old_until.is_some_and(|until| until > now));
    let right = secrets::same(&hash, &row.secret_hash) | old.is_some_and(|old| secrets::same(&hash, old));
    if !right || row.revoked_at.is_some() || row.expires_at.is_some_and(|at| at <= now) {
        return Err(refused());
    }
    Ok(row)
}

/// Requests of this minute by key, on this node.
static MINUTES: LazyLock<Mutex<HashMap<ApiKeyId, (i64, i64)>>> = LazyLock::new(Mutex::default);

#[derive(FromQueryResult)]
struct Counted {
    requests: i64,
}

/// Counts a request of a key; refused beyond its rate or its quota of the day.
pub async fn count(
    db: &Db,
    key: &api_key::Model,
    now: OffsetDateTime,
) -> Result<KeyAllowance, (Problem, KeyAllowance)> {
    let minute = now.unix_timestamp() / 60;
    let used = {
        let mut minutes = MINUTES.lock().unwrap_or_else(PoisonError::into_inner);
        if minutes.len() > 10_000 {
            minutes.retain(|_, (of, _)| *of == minute);
        }
        let entry = minutes.entry(key.id).or_insert((minute, 0));
        if entry.0 != minute {
            *entry = (minute, 0);
        }
        entry.1 += 1;
        entry.1
    };
    let local = now.to_offset(VIETNAM);
    let mut allowance = KeyAllowance {
        per_minute: key.per_minute.into(),
        minute_left: (i64::from(key.per_minute) - used).max(0),
        minute_reset: 60 - now.unix_timestamp() % 60,
        per_day: key.per_day.into(),
        day_left: key.per_day.into(),
        day_reset: 86_400 - i64::from(local.hour()) * 3600 - i64::from(local.minute()) * 60 - i64::from(local.second()),
    };
    if used > key.per_minute.into() {
        let wait = u64::try_from(allowance.minute_reset).unwrap_or(60);
        return Err((Problem::new(&RATE_LIMITED).retry_after(wait), allowance));
    }
    let counted = one::<Counted>(
        db.write(),
        "INSERT INTO api_key_day (key_id, day, requests) VALUES ($1, $2, 1)
         ON CONFLICT (key_id, day) DO UPDATE SET requests = api_key_day.requests + 1 RETURNING requests",
        [key.id.into(), local.date().into()],
    )
    .await;
    let requests = match counted {
        Ok(row) => row.map_or(1, |row| row.requests),
        Err(error) => return Err((error.into(), allowance)),
    };
    allowance.day_left = (i64::from(key.per_day) - requests).max(0);
    if requests > key.per_day.into() {
        let wait = u64::try_from(allowance.day_reset).unwrap_or(86_400);
        return Err((Problem::new(&QUOTA_USED_UP).retry_after(wait), allowance));
    }
    if key.last_used_at.is_none_or(|at| now - at > time::Duration::minutes(1)) {
        let sql = "UPDATE api_key SET last_used_at = $2 WHERE id = $1";
        if let Err(error) = run(db.write(), sql, [key.id.into(), now.into()]).await {
            return Err((error.into(), allowance));
        }
    }
    Ok(allowance)
}

/// The partner a path names.
pub fn partner_in(request: &HttpRequest) -> Result<PartnerId, Problem> {
    request.match_info().get("partner_id").and_then(|id| id.parse().ok()).ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Writes a new key down.
pub async fn add_key(connection: &impl ConnectionTrait, row: api_key::Model) -> Result<(), DbErr> {
    api_key::Entity::insert(row.into_active_model()).exec_without_returning(connection).await?;
    Ok(())
}

/// Another secret; the one before stays good until then.
pub async fn rotate_key(
    connection: &impl ConnectionTrait,
    id: ApiKeyId,
    secret_hash: &str,
    old_until: OffsetDateTime,
) -> Result<(), DbErr> {
    let sql = "UPDATE api_key SET old_secret_hash = secret_hash, old_until = $3, secret_hash = $2 WHERE id = $1 AND revoked_at IS NULL";
    run(connection, sql, [id.into(), secret_hash.into(), old_until.into()]).await?;
    Ok(())
}

pub async fn revoke_key(connection: &impl ConnectionTrait, id: ApiKeyId, now: OffsetDateTime) -> Result<(), DbErr> {
    run(connection, "UPDATE api_key SET revoked_at = $2 WHERE id = $1", [id.into(), now.into()]).await?;
    Ok(())
}
