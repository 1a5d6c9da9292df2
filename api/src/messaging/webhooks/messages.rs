//! What was sent to an endpoint: messages, attempts, tests, once more.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::value::{CooperativeId, PartnerId, RowId, WebhookId, WebhookMessageId, WebhookMessageState};
use entity::{webhook_attempt, webhook_message};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::delivery::{body, enqueue};
use super::routes::{Owner, own, partner, shop};
use crate::people::desk::{Desk, PartnerDesk};
use crate::platform::body::Params;
use crate::platform::db::{by_id, run};
use crate::platform::pagination::{Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem};

#[derive(Serialize, ToSchema)]
pub struct WebhookMessage {
    id: WebhookMessageId,
    /// `webhook-id`: the same for every attempt and replay.
    event_id: RowId,
    topic: String,
    state: WebhookMessageState,
    attempts: i32,
    /// What is sent, exactly.
    body: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    next_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

impl From<webhook_message::Model> for WebhookMessage {
    fn from(row: webhook_message::Model) -> Self {
        Self {
            id: row.id,
            event_id: row.event_id,
            topic: row.topic,
            state: row.state,
            attempts: row.attempts,
            body: row.body,
            next_at: row.next_at,
            created_at: row.created_at,
        }
    }
}

/// Send `webhook.test` there.
async fn send_test_of(desk: &Desk, owner: Owner, id: WebhookId) -> Result<HttpResponse, Problem> {
    own(desk, owner, id).await?;
    let (now, event) = (desk.now(), uuid::Uuid::now_v7());
    let data = json!({"owner_id": owner.audit().1, "text": "Xin chào từ Chợ OCOP"});
    let text = body("webhook.test", now, &data).map_err(Problem::internal)?;
    let message = enqueue(desk.db.write(), id, event, "webhook.test", &text, now).await?;
    let row = by_id::<webhook_message::Entity>(desk.db.fresh(), message).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(HttpResponse::Accepted().json(WebhookMessage::from(row)))
}

/// Send `webhook.test` there.
#[utoipa::path(tag = "seller", operation_id = "test_webhook", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("webhook_id" = WebhookId, Path)), responses((status = 202, description = "The message", body = WebhookMessage)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/webhooks/{webhook_id}/test")]
pub async fn send_test(desk: Desk, path: Path<(CooperativeId, WebhookId)>) -> Result<HttpResponse, Problem> {
    let owner = shop(&desk, path.0).await?;
    send_test_of(&desk, owner, path.1).await
}

/// Send `webhook.test` there.
#[utoipa::path(tag = "partner", operation_id = "test_partner_webhook", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("webhook_id" = WebhookId, Path)), responses((status = 202, description = "The message", body = WebhookMessage)))]
#[post("/v1/partner/{partner_id}/webhooks/{webhook_id}/test")]
pub async fn partner_send_test(desk: PartnerDesk, path: Path<(PartnerId, WebhookId)>) -> Result<HttpResponse, Problem> {
    let owner = partner(&desk).await?;
    send_test_of(&desk, owner, path.1).await
}

/// What was sent, or will be, newest first.
async fn list_messages_of(
    desk: &Desk,
    owner: Owner,
    id: WebhookId,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    own(desk, owner, id).await?;
    let (limit, before) = (paging.0.limit(), paging.0.position::<WebhookMessageId>()?);
    let mut query = webhook_message::Entity::find().filter(webhook_message::Column::EndpointId.eq(id));
    if let Some(before) = before {
        query = query.filter(webhook_message::Column::Id.lt(before));
    }
    let rows = query.order_by_desc(webhook_message::Column::Id).limit(limit + 1).all(desk.db.fresh()).await?;
    let page = Page::from_rows(rows, limit, |row| row.id);
    let items: Vec<WebhookMessage> = page.items.into_iter().map(Into::into).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: page.next_cursor }))
}

/// What was sent, or will be, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_webhook_messages", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("webhook_id" = WebhookId, Path), Paging), responses((status = 200, description = "A page of messages", body = Page<WebhookMessage>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/webhooks/{webhook_id}/messages")]
pub async fn list_messages(
    desk: Desk,
    path: Path<(CooperativeId, WebhookId)>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let owner = shop(&desk, path.0).await?;
    list_messages_of(&desk, owner, path.1, paging).await
}

/// What was sent, or will be, newest first.
#[utoipa::path(tag = "partner", operation_id = "list_partner_webhook_messages", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("webhook_id" = WebhookId, Path), Paging), responses((status = 200, description = "A page of messages", body = Page<WebhookMessage>)))]
#[get("/v1/partner/{partner_id}/webhooks/{webhook_id}/messages")]
pub async fn partner_list_messages(
    desk: PartnerDesk,
    path: Path<(PartnerId, WebhookId)>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let owner = partner(&desk).await?;
    list_messages_of(&desk, owner, path.1, paging).await
}

#[derive(Serialize, ToSchema)]
pub struct WebhookAttempt {
    /// HTTP status answered, if anything was.
    #[schema(required = true)]
    status: Option<i32>,
    #[schema(required = true)]
    error: Option<String>,
    took_ms: i32,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
pub struct WebhookAttempts {
    items: Vec<WebhookAttempt>,
}

async fn own_message(
    desk: &Desk,
    owner: Owner,
    (id, message): (WebhookId, WebhookMessageId),
) -> Result<webhook_message::Model, Problem> {
    own(desk, owner, id).await?;
    let row = by_id::<webhook_message::Entity>(desk.db.fresh(), message).await?;
    row.filter(|row| row.endpoint_id == id).ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// How often a message was tried, and what came of it, newest first.
async fn list_attempts_of(
    desk: &Desk,
    owner: Owner,
    ids: (WebhookId, WebhookMessageId),
) -> Result<HttpResponse, Problem> {
    let message = own_message(desk, owner, ids).await?;
    let rows = webhook_attempt::Entity::find()
        .filter(webhook_attempt::Column::MessageId.eq(message.id))
        .order_by_desc(webhook_attempt::Column::Id)
        .limit(100)
        .all(desk.db.fresh())
        .await?;
    let view = |row: webhook_attempt::Model| WebhookAttempt {
        status: row.status,
        error: row.error,
        took_ms: row.took_ms,
        at: row.at,
    };
    Ok(HttpResponse::Ok().json(WebhookAttempts { items: rows.into_iter().map(view).collect() }))
}

/// How often a message was tried, and what came of it, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_webhook_attempts", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("webhook_id" = WebhookId, Path), ("message_id" = WebhookMessageId, Path)), responses((status = 200, description = "The attempts", body = WebhookAttempts)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/webhooks/{webhook_id}/messages/{message_id}/attempts")]
pub async fn list_attempts(
    desk: Desk,
    path: Path<(CooperativeId, WebhookId, WebhookMessageId)>,
) -> Result<HttpResponse, Problem> {
    let owner = shop(&desk, path.0).await?;
    list_attempts_of(&desk, owner, (path.1, path.2)).await
}

/// How often a message was tried, and what came of it, newest first.
#[utoipa::path(tag = "partner", operation_id = "list_partner_webhook_attempts", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("webhook_id" = WebhookId, Path), ("message_id" = WebhookMessageId, Path)), responses((status = 200, description = "The attempts", body = WebhookAttempts)))]
#[get("/v1/partner/{partner_id}/webhooks/{webhook_id}/messages/{message_id}/attempts")]
pub async fn partner_list_attempts(
    desk: PartnerDesk,
    path: Path<(PartnerId, WebhookId, WebhookMessageId)>,
) -> Result<HttpResponse, Problem> {
    let owner = partner(&desk).await?;
    list_attempts_of(&desk, owner, (path.1, path.2)).await
}

/// A message is sent again, under the same id; whether there is one.
pub async fn again(
    connection: &impl ConnectionTrait,
    message: WebhookMessageId,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "UPDATE webhook_message SET state = 'waiting', attempts = 0, next_at = $2 WHERE id = $1";
    Ok(run(connection, sql, [message.into(), now.into()]).await? > 0)
}

/// Send a message again, under the same id.
async fn replay_of(desk: &Desk, owner: Owner, ids: (WebhookId, WebhookMessageId)) -> Result<HttpResponse, Problem> {
    let message = own_message(desk, owner, ids).await?;
    again(desk.db.write(), message.id, desk.now()).await?;
    let row = by_id::<webhook_message::Entity>(desk.db.fresh(), message.id).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(HttpResponse::Accepted().json(WebhookMessage::from(row)))
}

/// Send a message again, under the same id.
#[utoipa::path(tag = "seller", operation_id = "replay_webhook_message", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("webhook_id" = WebhookId, Path), ("message_id" = WebhookMessageId, Path)), responses((status = 202, description = "The message", body = WebhookMessage)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/webhooks/{webhook_id}/messages/{message_id}/replay")]
pub async fn replay(
    desk: Desk,
    path: Path<(CooperativeId, WebhookId, WebhookMessageId)>,
) -> Result<HttpResponse, Problem> {
    let owner = shop(&desk, path.0).await?;
    replay_of(&desk, owner, (path.1, path.2)).await
}

/// Send a message again, under the same id.
#[utoipa::path(tag = "partner", operation_id = "replay_partner_webhook_message", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("webhook_id" = WebhookId, Path), ("message_id" = WebhookMessageId, Path)), responses((status = 202, description = "The message", body = WebhookMessage)))]
#[post("/v1/partner/{partner_id}/webhooks/{webhook_id}/messages/{message_id}/replay")]
pub async fn partner_replay(
    desk: PartnerDesk,
    path: Path<(PartnerId, WebhookId, WebhookMessageId)>,
) -> Result<HttpResponse, Problem> {
    let owner = partner(&desk).await?;
    replay_of(&desk, owner, (path.1, path.2)).await
}
