//! A partner's keys for its own programs.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, post};
use entity::api_key;
use entity::value::{ApiKeyId, PartnerId};
use garde::Validate;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::people::desk::PartnerDesk;
use crate::people::identity::partner::{self, Scope};
use crate::platform::body::Body;
use crate::platform::db::{all, by_id};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::secrets;

codes! {
    KEYS_FULL = "keys_full" 409 "Một đối tác có nhiều nhất 20 khóa API còn hiệu lực." "A partner has at most 20 keys in force.";
}

const PER_MINUTE: i32 = 120;
const PER_DAY: i32 = 20_000;
/// The old secret stays good this long beside the new one.
const OVERLAP_HOURS: i64 = 24;

#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyView {
    pub id: ApiKeyId,
    pub name: String,
    /// How the key begins.
    pub prefix: String,
    pub scopes: Vec<String>,
    /// Requests a minute and a day (in Vietnam).
    pub per_minute: i32,
    pub per_day: i32,
    pub used_today: i64,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<OffsetDateTime>,
    /// Until when the secret of before the last rotation is good.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub old_secret_until: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
}

/// A key with its secret, which is shown once.
#[derive(Serialize, ToSchema)]
pub struct ApiKeyWithSecret {
    #[serde(flatten)]
    pub key: ApiKeyView,
    /// Sent as `Authorization: Bearer …`.
    pub secret: String,
}

#[derive(Serialize, ToSchema)]
pub struct ApiKeys {
    items: Vec<ApiKeyView>,
}

#[derive(FromQueryResult)]
struct Used {
    key_id: ApiKeyId,
    requests: i64,
}

fn view(row: api_key::Model, used_today: i64, now: OffsetDateTime) -> ApiKeyView {
    ApiKeyView {
        id: row.id,
        name: row.name,
        prefix: format!("ocop_{}", row.prefix),
        scopes: row.scopes.split(',').map(str::to_owned).collect(),
        per_minute: row.per_minute,
        per_day: row.per_day,
        used_today,
        expires_at: row.expires_at,
        old_secret_until: row.old_until.filter(|until| *until > now),
        last_used_at: row.last_used_at,
        created_at: row.created_at,
    }
}

/// Keys that were not revoked, oldest first.
pub async fn keys_of(desk: &PartnerDesk) -> Result<Vec<ApiKeyView>, Problem> {
    let rows = api_key::Entity::find()
        .filter(api_key::Column::PartnerId.eq(desk.partner))
        .filter(api_key::Column::RevokedAt.is_null())
        .order_by_asc(api_key::Column::Id)
        .all(desk.db.fresh())
        .await?;
    let sql = "SELECT d.key_id, d.requests FROM api_key_day d JOIN api_key k ON k.id = d.key_id WHERE k.partner_id = $1 AND d.day = $2";
    let used = all::<Used>(desk.db.fresh(), sql, [desk.partner.into(), desk.today().into()]).await?;
    let count = |id| used.iter().find(|row| row.key_id == id).map_or(0, |row| row.requests);
    Ok(rows.into_iter().map(|row| view(row.clone(), count(row.id), desk.now())).collect())
}

/// The partner's keys.
#[utoipa::path(tag = "partner", operation_id = "list_api_keys", security(("access_token" = [])), params(("partner_id" = PartnerId, Path)), responses((status = 200, description = "The keys", body = ApiKeys)))]
#[get("/v1/partner/{partner_id}/keys")]
pub async fn list_keys(desk: PartnerDesk) -> Result<HttpResponse, Problem> {
    desk.owner().await?;
    Ok(HttpResponse::Ok().json(ApiKeys { items: keys_of(&desk).await? }))
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"name": "Trang đặt phòng", "scopes": ["feeds:read", "reports:read"]}))]
pub struct NewApiKey {
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[garde(length(min = 1, max = 10))]
    #[schema(min_items = 1, max_items = 10)]
    pub scopes: Vec<Scope>,
    /// Good for ever unless told.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(required = false, value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<OffsetDateTime>,
}

pub async fn make(desk: &PartnerDesk, input: &NewApiKey) -> Result<ApiKeyWithSecret, Problem> {
    desk.owner().await?;
    if keys_of(desk).await?.len() >= 20 {
        return Err(Problem::new(&KEYS_FULL));
    }
    let now = desk.now();
    if input.expires_at.is_some_and(|at| at <= now) {
        return Err(Problem::field("/expires_at", "past", "ở quá khứ", "is in the past"));
    }
    let (prefix, secret) = (secrets::code(10), secrets::token());
    let mut scopes: Vec<&str> =
        Scope::ALL.iter().filter(|scope| input.scopes.contains(scope)).map(|scope| scope.as_str()).collect();
    scopes.dedup();
    let row = api_key::Model {
        id: ApiKeyId::new(),
        partner_id: desk.partner,
        name: input.name.clone(),
        prefix: prefix.clone(),
        secret_hash: secrets::hash(&secret),
        old_secret_hash: None,
        old_until: None,
        scopes: scopes.join(","),
        per_minute: PER_MINUTE,
        per_day: PER_DAY,
        expires_at: input.expires_at,
        revoked_at: None,
        last_used_at: None,
        created_by: desk.who.account,
        created_at: now,
    };
    let transaction = desk.begin().await?;
    partner::add_key(&transaction, row.clone()).await?;
    desk.audit(&transaction, "partner.key_made", ("partner", desk.partner.0), (), input).await?;
    transaction.commit().await?;
    Ok(ApiKeyWithSecret { key: view(row, 0, now), secret: format!("ocop_{prefix}_{secret}") })
}

/// Make a key. Its secret is shown once.
#[utoipa::path(tag = "partner", operation_id = "create_api_key", security(("access_token" = [])), params(("partner_id" = PartnerId, Path)), request_body = NewApiKey, responses((status = 201, description = "The key and its secret", body = ApiKeyWithSecret)))]
#[post("/v1/partner/{partner_id}/keys")]
pub async fn create_key(desk: PartnerDesk, body: Body<NewApiKey>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(make(&desk, &body.0).await?))
}

async fn own(desk: &PartnerDesk, id: ApiKeyId) -> Result<api_key::Model, Problem> {
    desk.owner().await?;
    let row = by_id::<api_key::Entity>(desk.db.fresh(), id).await?;
    row.filter(|row| row.partner_id == desk.partner && row.revoked_at.is_none()).ok_or_else(|| Problem::new(&NOT_FOUND))
}

pub async fn rotate(desk: &PartnerDesk, id: ApiKeyId) -> Result<ApiKeyWithSecret, Problem> {
    let row = own(desk, id).await?;
    let (secret, now) = (secrets::token(), desk.now());
    let transaction = desk.begin().await?;
    let until = now + Duration::hours(OVERLAP_HOURS);
    partner::rotate_key(&transaction, id, &secrets::hash(&secret), until).await?;
    desk.audit(&transaction, "partner.key_rotated", ("partner", desk.partner.0), (), json!({"key": id})).await?;
    transaction.commit().await?;
    let secret = format!("ocop_{}_{secret}", row.prefix);
    let row = by_id::<api_key::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(ApiKeyWithSecret { key: view(row, 0, now), secret })
}

/// A new secret; the old one stays good for a day, so that nothing stops.
#[utoipa::path(tag = "partner", operation_id = "rotate_api_key", security(("access_token" = [])), params(("partner_id" = PartnerId, Path), ("key_id" = ApiKeyId, Path)), responses((status = 200, description = "The key and its new secret", body = ApiKeyWithSecret)))]
#[post("/v1/partner/{partner_id}/keys/{key_id}/rotate")]
pub async fn rotate_key(desk: PartnerDesk, path: Path<(PartnerId, ApiKeyId)>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(rotate(&desk, path.1).await?))
}

pub async fn revoke(desk: &PartnerDesk, id: ApiKeyId) -> Result<(), Problem> {
    own(desk, id).await?;
    let transaction = desk.begin().await?;
    partner::revoke_key(&transaction, id, desk.now()).await?;
    desk.audit(&transaction, "partner.key_revoked", ("partner", desk.partner.0), json!({"key": id}), ()).await?;
    transaction.commit().await?;
    Ok(())
}

/// Revoke a key: nothing is done with it any more, at once.
#[utoipa::path(tag = "partner", operation_id = "revoke_api_key", security(("access_token" = [])), params(("partner_id" = PartnerId, Path), ("key_id" = ApiKeyId, Path)), responses((status = 204, description = "Revoked")))]
#[delete("/v1/partner/{partner_id}/keys/{key_id}")]
pub async fn revoke_key(desk: PartnerDesk, path: Path<(PartnerId, ApiKeyId)>) -> Result<HttpResponse, Problem> {
    revoke(&desk, path.1).await?;
    Ok(HttpResponse::NoContent().finish())
}
