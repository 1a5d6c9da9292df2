//! What is long over is forgotten: every slice names its own rows and after how many days.

use std::time::Duration;

use super::background::Stop;
use super::clock::Clock;
use super::db::{Db, run};

/// A statement that forgets what is older than the moment at `$1`, and how many days ago that is.
pub type Over = (&'static str, i64);

/// What the platform itself keeps.
pub const OVER: &[Over] = &[
    ("DELETE FROM idempotency_key WHERE created_at < $1", 2),
    ("DELETE FROM outbox WHERE delivered_at IS NOT NULL AND created_at < $1", 14),
];

const PERIOD: Duration = Duration::from_mins(1);

pub struct Janitor {
    pub db: Db,
    pub clock: Clock,
    pub over: Vec<Over>,
}

impl Janitor {
    /// Clears away until it is told to stop. Several nodes may: what is gone is gone.
    pub async fn run(self, stop: Stop) {
        loop {
            for (sql, days) in &self.over {
                let before = self.clock.now() - time::Duration::days(*days);
                if let Err(error) = run(self.db.write(), *sql, [before.into()]).await {
                    tracing::warn!(%error, sql, "clearing away failed; trying again");
                }
            }
            if !stop.pause(PERIOD).await {
                return;
            }
        }
    }
}
