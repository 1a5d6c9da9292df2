//! From the outbox to the endpoints.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use entity::value::{
    CooperativeId, OrderId, PartnerId, ProductId, RowId, WebhookId, WebhookMessageId, WebhookMessageState, WebhookState,
};
use entity::{outbox, webhook_attempt, webhook_endpoint, webhook_message};
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Set};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::task::{JoinError, JoinSet};
use uuid::Uuid;

use super::rules::{is_event, pause_after, sign, wants};
use crate::platform::background::Stop;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all, by_id, one, run};
use crate::platform::outbox::{Consumer, emit};
use crate::platform::outgoing;
use crate::tourism::Guide;

/// Writes a message for every endpoint that wants an event.
pub struct Hooks {
    pub db: Db,
    pub clock: Clock,
    pub guide: Arc<Guide>,
}

impl Consumer for Hooks {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn wants(&self, topic: &str) -> bool {
        is_event(topic)
    }

    /// What nobody listens for is not read.
    fn handle_all<'a>(&'a self, events: &'a [&'a outbox::Model]) -> BoxFuture<'a, Vec<anyhow::Result<()>>> {
        Box::pin(async move {
            let sql = "SELECT DISTINCT events FROM webhook_endpoint WHERE state = 'enabled'";
            let listening = match all::<Listening>(self.db.fresh(), sql, []).await {
                Ok(listening) => listening,
                Err(error) => return events.iter().map(|_| Err(anyhow::anyhow!("{error}"))).collect(),
            };
            let mut done = Vec::with_capacity(events.len());
            for event in events {
                let heard = listening.iter().any(|endpoint| wants(&endpoint.events, &event.topic));
                done.push(if heard { self.handle(event).await } else { Ok(()) });
            }
            done
        })
    }

    fn handle<'a>(&'a self, event: &'a outbox::Model) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let Some((cooperative, data)) = about(self.db.fresh(), event).await? else { return Ok(()) };
            let mut whose = Condition::any();
            if let Some(cooperative) = cooperative {
                whose = whose.add(webhook_endpoint::Column::CooperativeId.eq(cooperative));
            }
            let partners = self.partners(event).await?;
            if !partners.is_empty() {
                whose = whose.add(webhook_endpoint::Column::PartnerId.is_in(partners));
            }
            if whose.is_empty() {
                return Ok(());
            }
            let endpoints = webhook_endpoint::Entity::find()
                .filter(whose)
                .filter(webhook_endpoint::Column::State.eq(WebhookState::Enabled))
                .all(self.db.fresh())
                .await?;
            let wanting = endpoints.iter().filter(|endpoint| wants(&endpoint.events, &event.topic));
            for endpoint in wanting {
                let body = body(&event.topic, event.created_at, &data)?;
                let next_at = self.clock.now();
                enqueue(self.db.write(), endpoint.id, event.id.0, &event.topic, &body, next_at).await?;
            }
            Ok(())
        })
    }
}

#[derive(FromQueryResult)]
struct Listening {
    events: String,
}

#[derive(FromQueryResult)]
struct Brought {
    partner_id: PartnerId,
}

impl Hooks {
    /// The partners an event concerns: who earned, who brought the order, whose feeds show the product.
    async fn partners(&self, event: &outbox::Model) -> Result<Vec<PartnerId>, DbErr> {
        Ok(match event.topic.split('.').next().unwrap_or_default() {
            "commission" => event.payload["partner"].as_str().and_then(|id| id.parse().ok()).into_iter().collect(),
            "recall" => {
                Some(PartnerId(event.subject_id)).filter(|_| event.topic == "recall.partner").into_iter().collect()
            }
            "order" => {
                let sql = "SELECT partner_id FROM orders WHERE id = $1 AND partner_id IS NOT NULL";
                let row = one::<Brought>(self.db.fresh(), sql, [event.subject_id.into()]).await?;
                row.into_iter().map(|row| row.partner_id).collect()
            }
            "product" => {
                let sql = "SELECT DISTINCT partner_id FROM webhook_endpoint WHERE partner_id IS NOT NULL AND state = 'enabled'";
                let listening = all::<Brought>(self.db.fresh(), sql, []).await?;
                let shows = |row: &Brought| self.guide.shows(row.partner_id, ProductId(event.subject_id));
                listening.into_iter().filter(shows).map(|row| row.partner_id).collect()
            }
            _ => Vec::new(),
        })
    }
}

/// `{"type", "timestamp", "data"}`, as Standard Webhooks recommends.
pub fn body(topic: &str, at: OffsetDateTime, data: &Value) -> anyhow::Result<String> {
    Ok(serde_json::to_string(&json!({"type": topic, "timestamp": at.format(&Rfc3339)?, "data": data}))?)
}

/// Owes a message; one that is owed already stays as it is.
pub async fn enqueue(
    connection: &impl ConnectionTrait,
    endpoint: WebhookId,
    event: Uuid,
    topic: &str,
    body: &str,
    now: OffsetDateTime,
) -> Result<WebhookMessageId, DbErr> {
    let id = WebhookMessageId::new();
    run(
        connection,
        "INSERT INTO webhook_message (id, endpoint_id, event_id, topic, body, state, attempts, next_at, created_at)
         VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6, $6) ON CONFLICT (endpoint_id, event_id) DO NOTHING",
        [id.into(), endpoint.into(), event.into(), topic.into(), body.into(), now.into()],
    )
    .await?;
    Ok(id)
}

#[derive(FromQueryResult)]
struct Owner {
    cooperative_id: CooperativeId,
}

#[derive(FromQueryResult)]
struct OrderFacts {
    cooperative_id: CooperativeId,
    number: String,
    state: String,
    total_amount: i64,
}

/// Whose event it is, and what is told of it.
async fn about(
    connection: &impl ConnectionTrait,
    event: &outbox::Model,
) -> Result<Option<(Option<CooperativeId>, Value)>, DbErr> {
    let family = event.topic.split('.').next().unwrap_or_default();
    let mut data = match &event.payload {
        Value::Object(map) => Value::Object(map.clone()),
        _ => json!({}),
    };
    let owner_by = |sql: &'static str, id: Uuid| one::<Owner>(connection, sql, [id.into()]);
    let cooperative = match family {
        "order" | "preorder" | "return" | "message" | "refund" | "dispute" => {
            let sql = "SELECT cooperative_id, number, state, total_amount FROM orders WHERE id = $1";
            let Some(order) = one::<OrderFacts>(connection, sql, [event.subject_id.into()]).await? else {
                return Ok(None);
            };
            data["order_id"] = json!(OrderId(event.subject_id));
            data["number"] = json!(order.number);
            data["state"] = json!(order.state);
            data["total"] = json!({"amount": order.total_amount, "currency": "VND"});
            Some(order.cooperative_id)
        }
        "parcel" => {
            data["parcel_id"] = json!(event.subject_id);
            owner_by("SELECT cooperative_id FROM parcel WHERE id = $1", event.subject_id)
                .await?
                .map(|row| row.cooperative_id)
        }
        "review" => {
            data["review_id"] = json!(event.subject_id);
            let sql = "SELECT p.cooperative_id FROM review r JOIN product p ON p.id = r.product_id WHERE r.id = $1";
            owner_by(sql, event.subject_id).await?.map(|row| row.cooperative_id)
        }
        "stock" => {
            let offer = event.payload["offers"][0].as_str().and_then(|id| id.parse::<Uuid>().ok());
            match offer {
                Some(offer) => owner_by("SELECT cooperative_id FROM offer WHERE id = $1", offer)
                    .await?
                    .map(|row| row.cooperative_id),
                None => None,
            }
        }
        "product" => {
            data["product_id"] = json!(event.subject_id);
            owner_by("SELECT cooperative_id FROM product WHERE id = $1", event.subject_id)
                .await?
                .map(|row| row.cooperative_id)
        }
        "recall" if event.topic == "recall.partner" => None,
        "recall" | "certificate" | "dossier" | "recognition" | "measure" | "support" | "help" | "request"
        | "contract" | "delivery" | "storage" | "processing" => Some(CooperativeId(event.subject_id)),
        "commission" => {
            data["order_id"] = json!(OrderId(event.subject_id));
            None
        }
        _ => return Ok(None),
    };
    Ok(Some((cooperative, data)))
}

/// One delivery less is under way; a delivery that panicked is forgotten with all of its kind, which only lets more out.
fn done(busy: &mut HashMap<WebhookId, i64>, back: Result<WebhookId, JoinError>) {
    match back {
        Ok(endpoint) => {
            if let Some(count) = busy.get_mut(&endpoint) {
                *count -= 1;
            }
            busy.retain(|_, count| *count > 0);
        }
        Err(error) => {
            tracing::error!(%error, "a delivery broke off");
            busy.clear();
        }
    }
}

/// Delivers what is owed.
pub struct Postman {
    pub db: Db,
    pub clock: Clock,
    pub http: reqwest::Client,
    pub allow_private: bool,
}

/// A postman that dies leaves its messages to others after this.
const LEASE_SECONDS: i64 = 60;
/// So many at once, and to one endpoint: a slow one holds up no other.
const AT_ONCE: usize = 32;
const AT_ONCE_EACH: i64 = 4;

impl Postman {
    pub async fn run(self, stop: Stop) {
        let postman = Arc::new(self);
        let mut under_way: JoinSet<WebhookId> = JoinSet::new();
        let mut busy: HashMap<WebhookId, i64> = HashMap::new();
        while !stop.is_asked() {
            let taken = match postman.take(AT_ONCE - under_way.len().min(AT_ONCE), &busy).await {
                Ok(taken) => taken,
                Err(error) => {
                    tracing::warn!(%error, "taking webhooks up failed; trying again");
                    stop.pause(Duration::from_secs(2)).await;
                    continue;
                }
            };
            let idle = taken.is_empty();
            for message in taken {
                *busy.entry(message.endpoint_id).or_default() += 1;
                let postman = postman.clone();
                under_way.spawn(async move {
                    if let Err(error) = postman.deliver(&message).await {
                        tracing::warn!(%error, message = %message.id, "a webhook's outcome could not be written; it goes out again");
                    }
                    message.endpoint_id
                });
            }
            if idle {
                // Until somebody is back, or something new may be due.
                let pause = stop.pause(Duration::from_millis(500));
                tokio::select! {
                    Some(back) = under_way.join_next() => done(&mut busy, back),
                    _ = pause => {}
                }
            }
            while let Some(back) = under_way.try_join_next() {
                done(&mut busy, back);
            }
        }
        under_way.join_all().await;
    }

    /// Takes up to `most` due messages under a lease, and of no endpoint more than may be under way to it at once.
    async fn take(&self, most: usize, busy: &HashMap<WebhookId, i64>) -> anyhow::Result<Vec<webhook_message::Model>> {
        let mut mine = Vec::new();
        if most == 0 {
            return Ok(mine);
        }
        let now = self.clock.now();
        let due = all::<webhook_message::Model>(
            self.db.fresh(),
            format!(
                "SELECT id, endpoint_id, event_id, topic, body, state, attempts, next_at, created_at FROM (
                     SELECT m.*, ROW_NUMBER() OVER (PARTITION BY endpoint_id ORDER BY next_at, id) AS place
                     FROM webhook_message m WHERE state = 'waiting' AND next_at <= $1) AS due
                 WHERE place <= {AT_ONCE_EACH} ORDER BY next_at, id LIMIT {AT_ONCE}"
            ),
            [now.into()],
        )
        .await?;
        let mut taken: HashMap<WebhookId, i64> = busy.clone();
        for message in due {
            let count = taken.entry(message.endpoint_id).or_default();
            if mine.len() == most || *count >= AT_ONCE_EACH {
                continue;
            }
            let sql = "UPDATE webhook_message SET next_at = $3, attempts = attempts + 1 WHERE id = $1 AND state = 'waiting' AND next_at = $2";
            let until = now + time::Duration::seconds(LEASE_SECONDS);
            if run(self.db.write(), sql, [message.id.into(), message.next_at.into(), until.into()]).await? == 1 {
                *count += 1;
                mine.push(webhook_message::Model { attempts: message.attempts + 1, ..message });
            }
        }
        Ok(mine)
    }

    async fn deliver(&self, message: &webhook_message::Model) -> anyhow::Result<()> {
        let endpoint = by_id::<webhook_endpoint::Entity>(self.db.fresh(), message.endpoint_id).await?;
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.state == WebhookState::Enabled) else {
            return self.finish(message, WebhookMessageState::Failed).await;
        };
        let started = Instant::now();
        let sent = self.post(&endpoint, message).await;
        let (status, error) = match &sent {
            Ok(status) => (Some(i32::from(*status)), None),
            Err(error) => (None, Some(error.clone())),
        };
        let attempt = webhook_attempt::ActiveModel {
            id: Set(RowId::new()),
            message_id: Set(message.id),
            status: Set(status),
            error: Set(error),
            took_ms: Set(i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX)),
            at: Set(self.clock.now()),
        };
        webhook_attempt::Entity::insert(attempt).exec_without_returning(self.db.write()).await?;
        if sent.is_ok_and(|status| (200..300).contains(&status)) {
            return self.finish(message, WebhookMessageState::Delivered).await;
        }
        match pause_after(message.attempts) {
            Some(pause) => {
                // A fifth of the pause more or less, so that a server that comes back is not stormed.
                let jitter = pause * i64::from(rand::random::<u8>()) / 1280;
                let next_at = self.clock.now() + time::Duration::seconds(pause + jitter);
                let sql = "UPDATE webhook_message SET next_at = $2 WHERE id = $1 AND state = 'waiting'";
                run(self.db.write(), sql, [message.id.into(), next_at.into()]).await?;
                Ok(())
            }
            None => self.give_up(&endpoint, message).await,
        }
    }

    async fn post(&self, endpoint: &webhook_endpoint::Model, message: &webhook_message::Model) -> Result<u16, String> {
        // The address itself may stand in the URL; then no name is looked up that could be refused.
        let url = reqwest::Url::parse(&endpoint.url).map_err(|_| "not a URL".to_owned())?;
        let address = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        if !self.allow_private && address.is_some_and(|address| !outgoing::is_public(address)) {
            return Err("the address is not public".to_owned());
        }
        let (id, now) = (message.event_id.0.to_string(), self.clock.now());
        let timestamp = now.unix_timestamp();
        let mut signatures = vec![sign(&endpoint.secret, &id, timestamp, &message.body).unwrap_or_default()];
        if let Some(old) =
            endpoint.old_secret.as_ref().filter(|_| endpoint.old_secret_until.is_some_and(|until| until > now))
        {
            signatures.extend(sign(old, &id, timestamp, &message.body));
        }
        let asked = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signatures.join(" "))
            .body(message.body.clone());
        match outgoing::send(asked).await {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) if error.is_timeout() => Err("no answer in time".to_owned()),
            Err(error) => {
                // The cause, without the URL, which may carry a token.
                let mut cause: &dyn std::error::Error = &error;
                while let Some(below) = cause.source() {
                    cause = below;
                }
                Err(cause.to_string().chars().take(200).collect())
            }
        }
    }

    async fn finish(&self, message: &webhook_message::Model, state: WebhookMessageState) -> anyhow::Result<()> {
        let sql = "UPDATE webhook_message SET state = $2 WHERE id = $1";
        run(self.db.write(), sql, [message.id.into(), state.as_str().into()]).await?;
        Ok(())
    }

    /// Three days without success: the endpoint is switched off, and its owners are told.
    async fn give_up(
        &self,
        endpoint: &webhook_endpoint::Model,
        message: &webhook_message::Model,
    ) -> anyhow::Result<()> {
        let now = self.clock.now();
        let transaction = self.db.begin().await?;
        let sql = "UPDATE webhook_message SET state = 'failed' WHERE id = $1";
        run(&transaction, sql, [message.id.into()]).await?;
        let sql = "UPDATE webhook_endpoint SET state = 'failing', updated_at = $2 WHERE id = $1 AND state = 'enabled'";
        if run(&transaction, sql, [endpoint.id.into(), now.into()]).await? == 1 {
            let (topic, owner) = match (endpoint.cooperative_id, endpoint.partner_id) {
                (Some(shop), _) => ("shop.webhook_failing", shop.0),
                (None, partner) => ("partner.webhook_failing", partner.map_or_else(Uuid::nil, |partner| partner.0)),
            };
            emit(&transaction, topic, owner, json!({"url": endpoint.url}), now).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
