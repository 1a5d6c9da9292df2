//! `/v1/me/push-subscriptions`: browsers that are told, as the Push API describes them.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::sealed::Sealed;
use entity::value::{AccountId, PushId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::seal::{AUTH, seal};
use super::store::{drop_subscription, public_key, subscriptions};
use super::{Reach, push};
use crate::config::Config;
use crate::people::identity::{SignedIn, Visit};
use crate::platform::body::Body;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, run};
use crate::platform::problem::{NOT_FOUND, Problem};

/// An account's devices: of more the oldest is told no longer.
const MOST: usize = 10;

/// `PushSubscription.toJSON()`.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"endpoint": "https://push.example/send/abc", "keys": {"p256dh": "BCVx…", "auth": "BTBZ…"}}))]
pub struct Subscription {
    #[garde(length(max = 500))]
    #[schema(max_length = 500)]
    pub(super) endpoint: String,
    #[garde(dive)]
    pub(super) keys: SubscriptionKeys,
}

#[derive(Deserialize, ToSchema, Validate)]
pub struct SubscriptionKeys {
    #[garde(length(max = 100))]
    #[schema(max_length = 100)]
    pub(super) p256dh: String,
    #[garde(length(max = 50))]
    #[schema(max_length = 50)]
    pub(super) auth: String,
}

/// A device that is told.
#[derive(Serialize, ToSchema)]
pub struct Device {
    pub id: PushId,
    #[schema(example = "Chrome, Android")]
    pub label: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
pub struct DeviceList {
    items: Vec<Device>,
}

#[derive(Serialize, ToSchema)]
pub struct PushKey {
    /// `applicationServerKey` of `PushManager.subscribe`.
    public_key: String,
}

pub async fn devices_of(db: &Db, account: AccountId) -> Result<Vec<Device>, Problem> {
    let rows = subscriptions(db, account).await?.into_iter();
    Ok(rows.map(|row| Device { id: row.id, label: row.label, created_at: row.created_at }).collect())
}

fn wrong(pointer: &str) -> Problem {
    Problem::field(pointer, "subscription", "không phải của trình duyệt", "is none of a browser's")
}

/// From now on the browser is told what its owner is told, until that sign-in ends.
pub async fn subscribe(
    (db, reach): (&Db, &Reach),
    config: &Config,
    who: &SignedIn,
    (input, label): (&Subscription, &str),
    now: OffsetDateTime,
) -> Result<Device, Problem> {
    if push::origin_of(&input.endpoint, config.webhooks_allow_private).is_none() {
        return Err(wrong("/endpoint"));
    }
    let read = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    let auth = read(&input.keys.auth).filter(|auth| auth.len() == AUTH).ok_or_else(|| wrong("/keys/auth"))?;
    let public = read(&input.keys.p256dh).filter(|public| seal(b"", public, &auth).is_ok());
    let public = public.ok_or_else(|| wrong("/keys/p256dh"))?;
    let id = PushId::new();
    let sql = "INSERT INTO push_subscription (id, account_id, endpoint, p256dh, auth, label, created_at, session_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (endpoint) DO UPDATE SET id = excluded.id, account_id = excluded.account_id, p256dh = excluded.p256dh,
                   auth = excluded.auth, label = excluded.label, created_at = excluded.created_at,
                   session_id = excluded.session_id";
    let values = [
        id.into(),
        who.account.into(),
        input.endpoint.as_str().into(),
        URL_SAFE_NO_PAD.encode(public).into(),
        Sealed::from(URL_SAFE_NO_PAD.encode(auth)).into(),
        label.into(),
        now.into(),
        who.session.into(),
    ];
    run(db.write(), sql, values).await?;
    for old in subscriptions(db, who.account).await?.iter().skip(MOST) {
        drop_subscription(db, who.account, old.id).await?;
    }
    reach.note();
    Ok(Device { id, label: label.to_owned(), created_at: now })
}

pub async fn forget_device(db: &Db, account: AccountId, id: PushId) -> Result<(), Problem> {
    if drop_subscription(db, account, id).await? { Ok(()) } else { Err(Problem::new(&NOT_FOUND)) }
}

/// What a browser subscribes with.
#[utoipa::path(tag = "me", operation_id = "show_push_key", responses((status = 200, description = "The key", body = PushKey)))]
#[get("/v1/push-key")]
pub async fn show_key(db: Data<Db>, clock: Data<Clock>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(PushKey { public_key: public_key(&db, clock.now()).await? }))
}

/// Devices that are told.
#[utoipa::path(tag = "me", operation_id = "list_push_subscriptions", security(("access_token" = [])), responses((status = 200, description = "The newest first", body = DeviceList)))]
#[get("/v1/me/push-subscriptions")]
pub async fn list(db: Data<Db>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(DeviceList { items: devices_of(&db, caller.account).await? }))
}

/// Have a browser told, too, until the sign-in this is asked with is ended. The same endpoint again is the same device.
#[utoipa::path(tag = "me", operation_id = "create_push_subscription", security(("access_token" = [])), request_body = Subscription, responses((status = 201, description = "It is told from now on", body = Device)))]
#[post("/v1/me/push-subscriptions")]
pub async fn create(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    reach: Data<Reach>,
    caller: SignedIn,
    body: Body<Subscription>,
) -> Result<HttpResponse, Problem> {
    let label = Visit::of_program(&request, None).label;
    let made = subscribe((&db, &reach), &config, &caller, (&body.0, &label), clock.now()).await?;
    Ok(HttpResponse::Created().json(made))
}

/// It is told no longer.
#[utoipa::path(tag = "me", operation_id = "delete_push_subscription", security(("access_token" = [])), params(("id" = PushId, Path, description = "The device")), responses((status = 204, description = "It is told no longer")))]
#[delete("/v1/me/push-subscriptions/{id}")]
pub async fn delete(db: Data<Db>, caller: SignedIn, id: Path<PushId>) -> Result<HttpResponse, Problem> {
    forget_device(&db, caller.account, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
