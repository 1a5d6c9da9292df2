//! `/v1/seller/cooperatives/{id}/webhooks`, and the same for partners.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, patch, post};
use entity::value::{CooperativeId, PartnerId, WebhookId, WebhookState};
use entity::webhook_endpoint;
use garde::Validate;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::rules::{is_event, new_secret};
use crate::people::desk::{Desk, PartnerDesk};
use crate::people::identity::Permission;
use crate::people::identity::partner::Scope;
use crate::platform::body::Body;
use crate::platform::db::{by_id, run};
use crate::platform::outgoing;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    ENDPOINTS_FULL = "webhooks_full" 409 "Có nhiều nhất 10 webhook." "There are at most 10 webhooks.";
}

const MOST: usize = 10;
/// The old secret signs beside the new one for a day.
const ROTATION_HOURS: i64 = 24;

#[derive(Serialize, ToSchema)]
pub struct WebhookEndpoint {
    id: WebhookId,
    url: String,
    /// `*` is all.
    events: Vec<String>,
    state: WebhookState,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

impl From<webhook_endpoint::Model> for WebhookEndpoint {
    fn from(row: webhook_endpoint::Model) -> Self {
        Self {
            id: row.id,
            url: row.url,
            events: row.events.split(',').map(str::to_owned).collect(),
            state: row.state,
            created_at: row.created_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct WebhookEndpoints {
    items: Vec<WebhookEndpoint>,
}

/// An endpoint with its secret, which is shown once.
#[derive(Serialize, ToSchema)]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    endpoint: WebhookEndpoint,
    /// `whsec_…`: verifies the signatures.
    secret: String,
}

/// Whose endpoints: a cooperative's or a partner's. Whoever acts has been let in before.
#[derive(Clone, Copy)]
pub enum Owner {
    Shop(CooperativeId),
    Partner(PartnerId),
}

impl Owner {
    pub(super) fn audit(self) -> (&'static str, uuid::Uuid) {
        match self {
            Self::Shop(id) => ("cooperative", id.0),
            Self::Partner(id) => ("partner", id.0),
        }
    }

    fn has(self, row: &webhook_endpoint::Model) -> bool {
        match self {
            Self::Shop(id) => row.cooperative_id == Some(id),
            Self::Partner(id) => row.partner_id == Some(id),
        }
    }
}

/// A member of a cooperative who may manage its webhooks.
pub(super) async fn shop(desk: &Desk, cooperative: CooperativeId) -> Result<Owner, Problem> {
    desk.may(cooperative, Permission::ManageWebhooks).await?;
    Ok(Owner::Shop(cooperative))
}

/// A partner's owner, or its key with the scope.
pub(super) async fn partner(desk: &PartnerDesk) -> Result<Owner, Problem> {
    desk.approved(Scope::WebhooksWrite).await?;
    Ok(Owner::Partner(desk.partner))
}

pub(super) async fn own(desk: &Desk, owner: Owner, id: WebhookId) -> Result<webhook_endpoint::Model, Problem> {
    let row = by_id::<webhook_endpoint::Entity>(desk.db.fresh(), id).await?;
    row.filter(|row| owner.has(row)).ok_or_else(|| Problem::new(&NOT_FOUND))
}

async fn all(desk: &Desk, owner: Owner) -> Result<Vec<webhook_endpoint::Model>, Problem> {
    let (column, id) = match owner {
        Owner::Shop(id) => (webhook_endpoint::Column::CooperativeId, id.0),
        Owner::Partner(id) => (webhook_endpoint::Column::PartnerId, id.0),
    };
    let query = webhook_endpoint::Entity::find().filter(column.eq(id));
    Ok(query.order_by_asc(webhook_endpoint::Column::Id).all(desk.db.fresh()).await?)
}

fn check_url(desk: &Desk, text: &str) -> Result<String, Problem> {
    let wrong = || {
        let (vi, en) = ("cần địa chỉ https công khai", "a public https address is needed");
        Problem::field("/url", "url", vi, en)
    };
    let url = reqwest::Url::parse(text.trim()).map_err(|_| wrong())?;
    let allowed = desk.config.webhooks_allow_private;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let private =
        host.parse().is_ok_and(|address| !outgoing::is_public(address)) || host == "localhost" || host.is_empty();
    let secure = url.scheme() == "https" || (allowed && url.scheme() == "http");
    if !secure || (private && !allowed) || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong());
    }
    Ok(url.to_string())
}

fn check_events(events: &[String]) -> Result<String, Problem> {
    for (index, event) in events.iter().enumerate() {
        if event != "*" && !is_event(event) {
            let (vi, en) = ("không có loại sự kiện này", "there is no such event");
            return Err(Problem::field(format!("/events/{index}"), "event", vi, en));
        }
    }
    Ok(events.join(","))
}

/// Where events go.
async fn list_endpoints_of(desk: &Desk, owner: Owner) -> Result<HttpResponse, Problem> {
    let items = all(desk, owner).await?.into_iter().map(Into::into).collect();
    Ok(HttpResponse::Ok().json(WebhookEndpoints { items }))
}

/// Where events go.
#[utoipa::path(tag = "seller", operation_id = "list_webhooks", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The endpoints", body = WebhookEndpoints)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/webhooks")]
pub async fn list_endpoints(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    let owner = shop(&desk, *cooperative).await?;
    list_endpoints_of(&desk, owner).await
}

/// Where events go.
#[utoipa::path(tag = "partner", operation_id = "list_partner_webhooks", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), responses((status = 200, description = "The endpoints", body = WebhookEndpoints)))]
#[get("/v1/partner/{partner_id}/webhooks")]
pub async fn partner_list_endpoints(desk: PartnerDesk) -> Result<HttpResponse, Problem> {
    let owner = partner(&desk).await?;
    list_endpoints_of(&desk, owner).await
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://htx.example.vn/ocop", "events": ["order.placed", "order.cancelled"]}))]
pub struct NewWebhook {
    #[garde(length(max = 500))]
    #[schema(max_length = 500)]
    url: String,
    /// `*` is all.
    #[garde(length(min = 1, max = 30))]
    #[schema(min_items = 1, max_items = 30)]
    events: Vec<String>,
}

/// Have events sent somewhere. The secret is shown once.
async fn create_endpoint_of(desk: &Desk, owner: Owner, body: Body<NewWebhook>) -> Result<HttpResponse, Problem> {
    let (url, events) = (check_url(desk, &body.0.url)?, check_events(&body.0.events)?);
    if all(desk, owner).await?.len() >= MOST {
        return Err(Problem::new(&ENDPOINTS_FULL));
    }
    let (secret, now) = (new_secret(), desk.now());
    let row = webhook_endpoint::ActiveModel {
        id: Set(WebhookId::new()),
        cooperative_id: Set(match owner {
            Owner::Shop(id) => Some(id),
            Owner::Partner(_) => None,
        }),
        url: Set(url),
        events: Set(events),
        secret: Set(secret.clone().into()),
        old_secret: Set(None),
        old_secret_until: Set(None),
        state: Set(WebhookState::Enabled),
        created_at: Set(now),
        updated_at: Set(now),
        partner_id: Set(match owner {
            Owner::Shop(_) => None,
            Owner::Partner(id) => Some(id),
        }),
    };
    let transaction = desk.db.begin().await?;
    let row = row.insert(&transaction).await?;
    let after = json!({"url": row.url, "events": row.events});
    desk.audit(&transaction, "webhook.created", owner.audit(), (), after).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Created().json(WebhookWithSecret { endpoint: row.into(), secret }))
}

/// Have events sent somewhere. The secret is shown once.
#[utoipa::path(tag = "seller", operation_id = "create_webhook", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = NewWebhook, responses((status = 201, description = "The endpoint and its secret", body = WebhookWithSecret)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/webhooks")]
pub async fn create_endpoint(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<NewWebhook>,
) -> Result<HttpResponse, Problem> {
    let owner = shop(&desk, *cooperative).await?;
    create_endpoint_of(&desk, owner, body).await
}

/// Have events sent somewhere. The secret is shown once.
#[utoipa::path(tag = "partner", operation_id = "create_partner_webhook", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), request_body = NewWebhook, responses((status = 201, description = "The endpoint and its secret", body = WebhookWithSecret)))]
#[post("/v1/partner/{partner_id}/webhooks")]
pub async fn partner_create_endpoint(desk: PartnerDesk, body: Body<NewWebhook>) -> Result<HttpResponse, Problem> {
    let owner = partner(&desk).await?;
    create_endpoint_of(&desk, owner, body).await
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct WebhookChange {
    #[garde(inner(length(max = 500)))]
    #[schema(max_length = 500)]
    url: Option<String>,
    #[garde(inner(length(min = 1, max = 30)))]
    #[schema(min_items = 1, max_items = 30)]
    events: Option<Vec<String>>,
    /// Switch it on or off; on also after it was switched off for failing.
    enabled: Option<bool>,
}

/// Change where events go, or which, or whether.
async fn update_endpoint_of(
    desk: &Desk,
    owner: Owner,
    id: WebhookId,
    body: Body<WebhookChange>,
) -> Result<HttpResponse, Problem> {
    let row = own(desk, owner, id).await?;
    let before = json!({"url": row.url, "events": row.events, "state": row.state});
    let mut change = row.into_active_model();
    if let Some(url) = &body.0.url {
        change.url = Set(check_url(desk, url)?);
    }
    if let Some(events) = &body.0.events {
        change.events = Set(check_events(events)?);
    }
    if let Some(enabled) = body.0.enabled {
        change.state = Set(if enabled { WebhookState::Enabled } else { WebhookState::Disabled });
    }
    change.updated_at = Set(desk.now());
    let transaction = desk.db.begin().await?;
    let row = change.update(&transaction).await?;
    let after = json!({"url": row.url, "events": row.events, "state": row.state});
    desk.audit(&transaction, "webhook.changed", owner.audit(), before, after).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(WebhookEndpoint::from(row)))
}

/// Change where events go, or which, or whether.
#[utoipa::path(tag = "seller", operation_id = "update_webhook", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("webhook_id" = WebhookId, Path)), request_body = WebhookChange, responses((status = 200, description = "The endpoint", body = WebhookEndpoint)))]
#[patch("/v1/seller/cooperatives/{cooperative_id}/webhooks/{webhook_id}")]
pub async fn update_endpoint(
    desk: Desk,
    path: Path<(CooperativeId, WebhookId)>,
    body: Body<WebhookChange>,
) -> Result<HttpResponse, Problem> {
    let owner = shop(&desk, path.0).await?;
    update_endpoint_of(&desk, owner, path.1, body).await
}

/// Change where events go, or which, or whether.
#[utoipa::path(tag = "partner", operation_id = "update_partner_webhook", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("webhook_id" = WebhookId, Path)), request_body = WebhookChange, responses((status = 200, description = "The endpoint", body = WebhookEndpoint)))]
#[patch("/v1/partner/{partner_id}/webhooks/{webhook_id}")]
pub async fn partner_update_endpoint(
    desk: PartnerDesk,
    path: Path<(PartnerId, WebhookId)>,
    body: Body<WebhookChange>,
) -> Result<HttpResponse, Problem> {
    let owner = partner(&desk).await?;
    update_endpoint_of(&desk, owner, path.1, body).await
}

/// Send nothing there any more; its log goes with it.
async fn delete_endpoint_of(desk: &Desk, owner: Owner, id: WebhookId) -> Result<HttpResponse, Problem> {
    let row = own(desk, owner, id).await?;
    let transaction = desk.db.begin().await?;
    for sql in [
        "DELETE FROM webhook_attempt WHERE message_id IN (SELECT id FROM webhook_message WHERE endpoint_id = $1)",
        "DELETE FROM webhook_message WHERE endpoint_id = $1",
        "DELETE FROM webhook_endpoint WHERE id = $1",
    ] {
        run(&transaction, sql, [id.into()]).await?;
    }
    let before = json!({"url": row.url});
    desk.audit(&transaction, "webhook.deleted", owner.audit(), before, ()).await?;
    transaction.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Send nothing there any more; its log goes with it.
#[utoipa::path(tag = "seller", operation_id = "delete_webhook", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("webhook_id" = WebhookId, Path)), responses((status = 204, description = "Gone")))]
#[delete("/v1/seller/cooperatives/{cooperative_id}/webhooks/{webhook_id}")]
pub async fn delete_endpoint(desk: Desk, path: Path<(CooperativeId, WebhookId)>) -> Result<HttpResponse, Problem> {
    let owner = shop(&desk, path.0).await?;
    delete_endpoint_of(&desk, owner, path.1).await
}

/// Send nothing there any more; its log goes with it.
#[utoipa::path(tag = "partner", operation_id = "delete_partner_webhook", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("webhook_id" = WebhookId, Path)), responses((status = 204, description = "Gone")))]
#[delete("/v1/partner/{partner_id}/webhooks/{webhook_id}")]
pub async fn partner_delete_endpoint(
    desk: PartnerDesk,
    path: Path<(PartnerId, WebhookId)>,
) -> Result<HttpResponse, Problem> {
    let owner = partner(&desk).await?;
    delete_endpoint_of(&desk, owner, path.1).await
}

/// A new secret; the old one signs beside it for a day.
async fn rotate_secret_of(desk: &Desk, owner: Owner, id: WebhookId) -> Result<HttpResponse, Problem> {
    let row = own(desk, owner, id).await?;
    let (secret, old, now) = (new_secret(), row.secret.clone(), desk.now());
    let mut change = row.into_active_model();
    change.secret = Set(secret.clone().into());
    change.old_secret = Set(Some(old));
    change.old_secret_until = Set(Some(now + Duration::hours(ROTATION_HOURS)));
    change.updated_at = Set(now);
    let transaction = desk.db.begin().await?;
    let row = change.update(&transaction).await?;
    desk.audit(&transaction, "webhook.rotated", owner.audit(), (), json!({"url": row.url})).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(WebhookWithSecret { endpoint: row.into(), secret }))
}

/// A new secret; the old one signs beside it for a day.
#[utoipa::path(tag = "seller", operation_id = "rotate_webhook_secret", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("webhook_id" = WebhookId, Path)), responses((status = 200, description = "The endpoint and its new secret", body = WebhookWithSecret)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/webhooks/{webhook_id}/rotate")]
pub async fn rotate_secret(desk: Desk, path: Path<(CooperativeId, WebhookId)>) -> Result<HttpResponse, Problem> {
    let owner = shop(&desk, path.0).await?;
    rotate_secret_of(&desk, owner, path.1).await
}

/// A new secret; the old one signs beside it for a day.
#[utoipa::path(tag = "partner", operation_id = "rotate_partner_webhook_secret", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("webhook_id" = WebhookId, Path)), responses((status = 200, description = "The endpoint and its new secret", body = WebhookWithSecret)))]
#[post("/v1/partner/{partner_id}/webhooks/{webhook_id}/rotate")]
pub async fn partner_rotate_secret(
    desk: PartnerDesk,
    path: Path<(PartnerId, WebhookId)>,
) -> Result<HttpResponse, Problem> {
    let owner = partner(&desk).await?;
    rotate_secret_of(&desk, owner, path.1).await
}
