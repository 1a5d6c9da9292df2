//! What waits and since when, as numbers for Prometheus; read now and then, and never in a request.

use std::time::Duration;

use sea_orm::FromQueryResult;
use time::OffsetDateTime;

use super::to_do::waiting;
use crate::platform::background::Stop;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, one};
use crate::platform::problem::Problem;

const PERIOD: Duration = Duration::from_secs(15);

pub struct Gauges {
    pub db: Db,
    pub clock: Clock,
}

#[derive(FromQueryResult)]
struct Backlog {
    waiting: i64,
    since: Option<OffsetDateTime>,
}

impl Gauges {
    pub async fn run(self, stop: Stop) {
        metrics::describe_gauge!("ocop_waiting", "Tasks that wait for a person, by kind");
        metrics::describe_gauge!("ocop_waiting_oldest_seconds", "How long the oldest of them has waited");
        metrics::describe_gauge!("ocop_outbox_waiting", "Events that are due and not handed over");
        metrics::describe_gauge!("ocop_outbox_oldest_seconds", "How long the oldest of them has waited");
        metrics::describe_gauge!("process_resident_memory_bytes", "Memory in use");
        metrics::gauge!("ocop_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        loop {
            if let Err(problem) = self.read().await {
                tracing::warn!(%problem, "reading what waits failed; trying again");
            }
            if !stop.pause(PERIOD).await {
                return;
            }
        }
    }

    async fn read(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        for task in waiting(self.db.fresh(), now).await? {
            metrics::gauge!("ocop_waiting", "kind" => task.kind.clone()).set(number(task.waiting));
            metrics::gauge!("ocop_waiting_oldest_seconds", "kind" => task.kind).set(age(now, task.since));
        }
        let sql = "SELECT COUNT(*) AS waiting, MIN(created_at) AS since FROM outbox
                   WHERE delivered_at IS NULL AND available_at <= $1";
        if let Some(backlog) = one::<Backlog>(self.db.fresh(), sql, [now.into()]).await? {
            metrics::gauge!("ocop_outbox_waiting").set(number(backlog.waiting));
            metrics::gauge!("ocop_outbox_oldest_seconds").set(age(now, backlog.since));
        }
        if let Some(bytes) = resident() {
            metrics::gauge!("process_resident_memory_bytes").set(bytes);
        }
        Ok(())
    }
}

fn age(now: OffsetDateTime, since: Option<OffsetDateTime>) -> f64 {
    since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
}

fn number(count: i64) -> f64 {
    f64::from(i32::try_from(count).unwrap_or(i32::MAX))
}

/// From `/proc`, where there is one.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u32 = line.split_whitespace().next()?.parse().ok()?;
    Some(f64::from(kilobytes) * 1024.0)
}
