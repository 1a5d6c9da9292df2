//! A replica that answers public reads while it is close behind the primary; when it is not, or does not answer, the primary does.
//!
//! How far behind: every half second the primary's place in its log is noted, with the time. The oldest of these that the replica has
//! not come to yet tells how long it has been behind; a primary where nothing happens leaves it none (`pg_last_xact_replay_timestamp`
//! would say that it lags).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sea_orm::{DatabaseConnection, DbErr, FromQueryResult};

use super::one;
use crate::platform::background::Stop;

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Longer than this it does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(FromQueryResult)]
struct Place {
    place: i64,
}

async fn place_of(connection: &DatabaseConnection) -> Result<i64, DbErr> {
    let sql = "SELECT CAST(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END
                           - CAST('0/0' AS pg_lsn) AS bigint) AS place";
    Ok(one::<Place>(connection, sql, []).await?.map_or(0, |row| row.place))
}

/// Places in the primary's log, and when they were noted.
#[derive(Default)]
struct Behind(VecDeque<(Instant, i64)>);

impl Behind {
    fn note(&mut self, now: Instant, place: i64) {
        if self.0.back().is_none_or(|(_, last)| *last < place) {
            self.0.push_back((now, place));
        }
        // A replica that is away for days: when it fell behind is known by the oldest.
        if self.0.len() > 10_000 {
            self.0.remove(1);
        }
    }

    /// How long a replica that has come to this place is behind.
    fn by(&mut self, now: Instant, place: i64) -> Duration {
        while self.0.front().is_some_and(|(_, noted)| *noted <= place) {
            self.0.pop_front();
        }
        self.0.front().map_or(Duration::ZERO, |(since, _)| now.duration_since(*since))
    }
}

/// Whether the replica may be asked. It may not until it was looked at.
#[derive(Default)]
pub struct Replica {
    near: AtomicBool,
}

impl Replica {
    pub fn is_near(&self) -> bool {
        self.near.load(Ordering::Relaxed)
    }

    fn turn(&self, near: bool, lag: Option<Duration>) {
        if self.near.swap(near, Ordering::Relaxed) != near {
            if near {
                tracing::info!("public reads are the replica's");
            } else {
                tracing::warn!(
                    lag = lag.map(|lag| lag.as_secs_f64()),
                    "public reads are the primary's: the replica is behind or away"
                );
            }
        }
        metrics::gauge!("ocop_replica_used").set(if near { 1.0 } else { 0.0 });
        if let Some(lag) = lag {
            metrics::gauge!("ocop_replica_lag_seconds").set(lag.as_secs_f64());
        }
    }

    pub async fn watch(
        &self,
        (primary, replica): (&DatabaseConnection, &DatabaseConnection),
        most: Duration,
        stop: Stop,
    ) {
        metrics::describe_gauge!("ocop_replica_used", "1 while public reads are the replica's");
        metrics::describe_gauge!("ocop_replica_lag_seconds", "How long the replica has been behind");
        let mut behind = Behind::default();
        loop {
            // While the primary is away nothing more is written: what the replica has is all there is.
            if let Ok(Ok(place)) = tokio::time::timeout(PATIENCE, place_of(primary)).await {
                behind.note(Instant::now(), place);
            }
            match tokio::time::timeout(PATIENCE, place_of(replica)).await {
                Ok(Ok(place)) => {
                    let lag = behind.by(Instant::now(), place);
                    self.turn(lag <= most, Some(lag));
                }
                _ => self.turn(false, None),
            }
            if !stop.pause(LOOK_EVERY).await {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_is_behind_since_what_it_has_not_come_to() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut behind = Behind::default();
        behind.note(start, 100);
        assert_eq!(behind.by(start + second, 100), Duration::ZERO, "nothing happened since");
        behind.note(start + second, 200);
        behind.note(start + 2 * second, 300);
        behind.note(start + 3 * second, 300);
        assert_eq!(behind.by(start + 5 * second, 100), 4 * second);
        assert_eq!(behind.by(start + 6 * second, 250), 4 * second, "it came nearer");
        assert_eq!(behind.by(start + 7 * second, 300), Duration::ZERO);
        for place in 0..20_000 {
            behind.note(start + 8 * second, 1_000 + place);
        }
        assert!(behind.0.len() <= 10_001);
        assert_eq!(behind.by(start + 10 * second, 300), 2 * second);
    }
}
