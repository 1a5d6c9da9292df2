//! Events, written in the transaction that caused them and delivered at least once.
//!
//! Two readers: the worker here, which owes each event to the consumers of its topic (mails, webhooks), and every node's
//! catalogue, which follows the table to keep its read model fresh (`catalogue::freshness`).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use actix_web::web::Data;
use entity::outbox;
use entity::value::RowId;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Set};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::Notify;
use tracing::Instrument;
use uuid::Uuid;

use super::background::Stop;
use super::clock::Clock;
use super::db::{Db, all, list, one, padded, run};
use super::problem::Problem;

/// A worker that dies leaves its events to others after this many seconds.
const LEASE_SECONDS: i64 = 30;
const BATCH: usize = 200;
/// What happens within so long is handed over together.
const GATHER: Duration = Duration::from_millis(25);
/// With growing delay, the last attempt comes after about three days.
const MAX_ATTEMPTS: i32 = 30;

/// This process among those that share the database.
pub static NODE: LazyLock<Uuid> = LazyLock::new(Uuid::new_v4);

/// An event to be stored with the change it tells of.
pub fn event(topic: &str, subject: Uuid, payload: Value, now: OffsetDateTime) -> outbox::ActiveModel {
    outbox::ActiveModel {
        id: Set(RowId::new()),
        topic: Set(topic.to_owned()),
        subject_id: Set(subject),
        payload: Set(payload),
        origin: Set(*NODE),
        created_at: Set(now),
        available_at: Set(now),
        attempts: Set(0),
        delivered_at: Set(None),
        last_error: Set(None),
    }
}

/// Stores one event.
pub async fn emit(
    connection: &impl ConnectionTrait,
    topic: &str,
    subject: Uuid,
    payload: Value,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    outbox::Entity::insert(event(topic, subject, payload, now)).exec_without_returning(connection).await?;
    Ok(())
}

/// Stores many at once.
pub async fn emit_all(connection: &impl ConnectionTrait, events: Vec<outbox::ActiveModel>) -> Result<(), DbErr> {
    if !events.is_empty() {
        outbox::Entity::insert_many(events).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// Forgets what was handed over about these.
pub async fn forget_about(connection: &impl ConnectionTrait, subjects: &[Uuid]) -> Result<(), DbErr> {
    for some in subjects.chunks(500) {
        let places: Vec<_> = (1..=some.len()).map(|place| format!("${place}")).collect();
        let sql =
            format!("DELETE FROM outbox WHERE delivered_at IS NOT NULL AND subject_id IN ({})", places.join(", "));
        run(connection, sql, some.iter().map(|id| (*id).into())).await?;
    }
    Ok(())
}

/// Somebody who wants events. Handling one twice must do no harm.
pub trait Consumer: Send + Sync {
    fn name(&self) -> &'static str;
    fn wants(&self, topic: &str) -> bool;
    fn handle<'a>(&'a self, event: &'a outbox::Model) -> BoxFuture<'a, anyhow::Result<()>>;

    /// Several at once, oldest first, for who reads once for all of them; what became of each.
    fn handle_all<'a>(&'a self, events: &'a [&'a outbox::Model]) -> BoxFuture<'a, Vec<anyhow::Result<()>>> {
        Box::pin(async move {
            let mut done = Vec::with_capacity(events.len());
            for event in events {
                done.push(self.handle(event).await);
            }
            done
        })
    }
}

/// Tells the worker of this process that there is something to deliver.
#[derive(Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

pub struct Worker {
    pub db: Db,
    pub clock: Clock,
    pub bell: Data<Bell>,
    pub consumers: Vec<Arc<dyn Consumer>>,
}

/// An event that could not be handled is tried again now; whether there is one.
pub async fn try_again(connection: &impl ConnectionTrait, id: RowId, now: OffsetDateTime) -> Result<bool, DbErr> {
    let sql = "UPDATE outbox SET available_at = $2, attempts = 0 WHERE id = $1 AND delivered_at IS NULL";
    Ok(run(connection, sql, [id.into(), now.into()]).await? > 0)
}

/// What waits to be handed over.
#[derive(FromQueryResult)]
pub struct Backlog {
    pub waiting: i64,
    /// Of those, how many were tried and failed.
    pub failing: i64,
    pub oldest: Option<OffsetDateTime>,
}

pub async fn backlog(db: &Db) -> Result<Option<Backlog>, DbErr> {
    let sql = "SELECT COUNT(*) AS waiting, COALESCE(CAST(SUM(CASE WHEN attempts > 0 THEN 1 ELSE 0 END) AS bigint), 0) AS failing,
                      MIN(created_at) AS oldest FROM outbox WHERE delivered_at IS NULL";
    one(db.fresh(), sql, []).await
}

impl Worker {
    /// Delivers until it is told to stop. A failed round is logged and tried again.
    pub async fn run(self, stop: Stop) {
        let mut rung = false;
        while !stop.is_asked() {
            let started = Instant::now();
            match self.round(rung).await {
                // What comes next rings the bell; what handling an event caused may not, and is asked for soon.
                Ok(taken) if taken < BATCH => {
                    let silence = Duration::from_millis(if taken == 0 { 1_000 } else { 200 });
                    let waited = tokio::time::timeout(silence, self.bell.0.notified());
                    rung = matches!(stop.until(waited).await, Some(Ok(())));
                    if rung {
                        // Whoever rang is seldom alone, and waits for an answer, not for a mail.
                        stop.pause(GATHER).await;
                    }
                }
                // A full batch means a rush: buyers come before mails about their orders.
                Ok(_) => drop(stop.pause(started.elapsed() * 2).await),
                Err(error) => {
                    tracing::warn!(%error, "outbox round failed");
                    stop.pause(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Takes what is due under a lease, hands it out, and marks what arrived. The number of events taken.
    async fn round(&self, rung: bool) -> Result<usize, Problem> {
        let events = self.take(rung).await?;
        let failed = self.deliver(&events).await;
        for event in &events {
            if let Some(error) = failed.get(&event.id) {
                self.postpone(event, &format!("{error:#}")).await?;
            }
        }
        let delivered: Vec<_> = events.iter().map(|event| event.id).filter(|id| !failed.contains_key(id)).collect();
        if !delivered.is_empty() {
            let mut values = vec![self.clock.now().into()];
            let named = padded(&delivered);
            values.extend(named.iter().map(|id| id.0.into()));
            let ids = list(2, named.len());
            let sql = format!("UPDATE outbox SET delivered_at = $1, last_error = NULL WHERE id IN {ids}");
            self.db.alone::<Value>(sql, values).await?;
            metrics::counter!("ocop_outbox_delivered_total").increment(delivered.len() as u64);
        }
        Ok(events.len())
    }

    async fn take(&self, rung: bool) -> Result<Vec<outbox::Model>, Problem> {
        let now = self.clock.now();
        // Unless the bell was rung, nothing owed is the common case: ask without taking the writer.
        if !rung
            && all::<outbox::Model>(
                self.db.read(),
                "SELECT * FROM outbox WHERE delivered_at IS NULL AND available_at <= $1 LIMIT 1",
                [now.into()],
            )
            .await?
            .is_empty()
        {
            return Ok(Vec::new());
        }
        let skip = match self.db.write().get_database_backend() {
            DbBackend::Postgres => "FOR UPDATE SKIP LOCKED",
            _ => "",
        };
        let sql = format!(
            "UPDATE outbox SET available_at = $2, attempts = attempts + 1 WHERE id IN (
                 SELECT id FROM outbox WHERE delivered_at IS NULL AND available_at <= $1 ORDER BY id LIMIT {BATCH} {skip}
             ) RETURNING *"
        );
        let leased_until = now + time::Duration::seconds(LEASE_SECONDS);
        let mut events = self.db.alone::<outbox::Model>(sql, vec![now.into(), leased_until.into()]).await?;
        events.sort_by_key(|event| event.id);
        Ok(events)
    }

    /// Hands all of them to one consumer after the other; what failed goes no further, and is told why.
    async fn deliver(&self, events: &[outbox::Model]) -> HashMap<RowId, anyhow::Error> {
        let mut failed = HashMap::new();
        for consumer in &self.consumers {
            let wanted = |event: &&outbox::Model| consumer.wants(&event.topic) && !failed.contains_key(&event.id);
            let wanted: Vec<_> = events.iter().filter(wanted).collect();
            let job = tracing::info_span!("job", otel.name = consumer.name(), events = wanted.len());
            let done = if wanted.is_empty() { Vec::new() } else { consumer.handle_all(&wanted).instrument(job).await };
            for (event, done) in wanted.iter().zip(done) {
                if let Err(error) = done {
                    failed.insert(event.id, error.context(consumer.name()));
                }
            }
        }
        failed
    }

    async fn postpone(&self, event: &outbox::Model, error: &str) -> Result<(), DbErr> {
        tracing::warn!(event = %event.id, topic = %event.topic, attempt = event.attempts, error, "event not delivered");
        metrics::counter!("ocop_outbox_failed_total").increment(1);
        let delay = if event.attempts >= MAX_ATTEMPTS { 365 * 86_400 } else { retry_delay_seconds(event.attempts) };
        run(
            self.db.write(),
            "UPDATE outbox SET available_at = $2, last_error = $3 WHERE id = $1",
            [event.id.0.into(), (self.clock.now() + time::Duration::seconds(delay)).into(), error.into()],
        )
        .await?;
        Ok(())
    }
}

/// 2 s, 4 s, 8 s, … up to three hours, spread so that a recovered mail server is not stormed.
fn retry_delay_seconds(attempt: i32) -> i64 {
    let base = 2_i64.saturating_pow(u32::try_from(attempt.clamp(1, 14)).unwrap_or(1)).min(3 * 3600);
    base + i64::from(rand::random::<u8>()) * base / 1024
}

/// A commit may come this much later than its event's time.
const OVERLAP_SECONDS: i64 = 10;
const MOST_NEWS: usize = 2000;

/// An event that another node stored.
#[derive(FromQueryResult)]
pub struct News {
    pub id: RowId,
    pub topic: String,
    pub subject_id: Uuid,
    pub payload: Value,
    pub created_at: OffsetDateTime,
}

/// Follows what other nodes store. Events are looked at by time with an overlap, since a transaction may commit after a later
/// one has.
pub struct Follower {
    since: OffsetDateTime,
    seen: HashMap<RowId, OffsetDateTime>,
    topic: &'static str,
}

impl Follower {
    /// Starts at a moment before the first reading of what is followed. An empty topic is every topic.
    pub fn new(now: OffsetDateTime, topic: &'static str) -> Self {
        Self { since: now - time::Duration::seconds(OVERLAP_SECONDS), seen: HashMap::new(), topic }
    }

    /// What is new since the last time.
    pub async fn news(&mut self, db: &Db, now: OffsetDateTime) -> Result<Vec<News>, DbErr> {
        let events = all::<News>(
            db.fresh(),
            format!(
                "SELECT id, topic, subject_id, payload, created_at FROM outbox
                 WHERE created_at >= $1 AND origin <> $2 AND ($3 = '' OR topic = $3) ORDER BY created_at LIMIT {MOST_NEWS}"
            ),
            [self.since.into(), (*NODE).into(), self.topic.into()],
        )
        .await?;
        let full = events.len() == MOST_NEWS;
        let newest = events.last().map(|event| event.created_at);
        let fresh: Vec<_> =
            events.into_iter().filter(|event| self.seen.insert(event.id, event.created_at).is_none()).collect();
        let caught_up = if full { newest.unwrap_or(now) } else { now };
        self.since = self.since.max(caught_up - time::Duration::seconds(if full { 1 } else { OVERLAP_SECONDS }));
        let since = self.since;
        self.seen.retain(|_, created_at| *created_at >= since);
        Ok(fresh)
    }
}
