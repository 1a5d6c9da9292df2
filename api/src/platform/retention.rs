//! What is long over is forgotten: every slice names its own rows and after how many days, and the platform's people may say
//! otherwise from a day on.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use entity::retention_rule;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};
use time::Date;

use super::background::Stop;
use super::clock::Clock;
use super::db::{Db, all, run};
use super::objects::Objects;

/// Something that is kept for a while.
#[derive(Clone, Copy)]
pub struct Over {
    pub kind: &'static str,
    /// What it is, in Vietnamese and English.
    pub what: (&'static str, &'static str),
    /// So long it is kept unless a rule says otherwise.
    pub days: i64,
    /// No rule may say less: what was promised, or what the law asks for.
    pub least: i64,
    /// Statements that forget what is older than the moment at `$1`, in order.
    pub sql: &'static [&'static str],
    /// A select of the files (`object_key`) that go first; a row that is found again asks for its file again.
    pub files: Option<&'static str>,
}

impl Over {
    pub const fn new(
        kind: &'static str,
        what: (&'static str, &'static str),
        (days, least): (i64, i64),
        sql: &'static [&'static str],
    ) -> Self {
        Self { kind, what, days, least, sql, files: None }
    }
}

/// What the platform itself keeps.
pub const OVER: &[Over] = &[
    Over::new(
        "answers",
        ("câu trả lời giữ để lặp lại yêu cầu", "answers kept for repeats of a request"),
        (2, 2),
        &["DELETE FROM idempotency_key WHERE created_at < $1"],
    ),
    Over::new(
        "events",
        ("sự kiện đã báo xong", "events that were handed over"),
        (14, 7),
        &["DELETE FROM outbox WHERE delivered_at IS NOT NULL AND created_at < $1"],
    ),
    Over::new(
        "sign_in_minutes",
        ("số lần thử đăng nhập mỗi phút", "how often sign-in was tried a minute"),
        (1, 1),
        &["DELETE FROM rate_window WHERE minute < $1"],
    ),
    // Law on accounting 88/2015/QH13, article 41: ten years.
    Over::new(
        "trail",
        ("nhật ký ai đã đổi gì", "the trail of who changed what"),
        (3_653, 3_653),
        &["DELETE FROM audit_entry WHERE at < $1"],
    ),
];

const PERIOD: Duration = Duration::from_mins(10);
const DAY: Duration = Duration::from_hours(24);
/// Days after which there may be much of it.
const LONG: i64 = 30;

#[derive(FromQueryResult)]
struct Named {
    object_key: String,
}

/// The rules as they are and will be, oldest first.
pub async fn rules(connection: &impl ConnectionTrait) -> Result<Vec<retention_rule::Model>, DbErr> {
    retention_rule::Entity::find().order_by_asc(retention_rule::Column::ValidFrom).all(connection).await
}

/// How long what is kept on this day, where a rule says so.
pub async fn in_force(connection: &impl ConnectionTrait, on: Date) -> Result<HashMap<String, i64>, DbErr> {
    let rows = retention_rule::Entity::find()
        .filter(retention_rule::Column::ValidFrom.lte(on))
        .order_by_asc(retention_rule::Column::ValidFrom)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.days)).collect())
}

pub struct Janitor {
    pub db: Db,
    pub clock: Clock,
    pub objects: Arc<Objects>,
    pub over: Vec<Over>,
}

impl Janitor {
    /// Clears away until it is told to stop. Several nodes may: what is gone is gone. What is kept long is looked for once a
    /// day: there may be much of it.
    pub async fn run(self, stop: Stop) {
        let mut looked: HashMap<&str, Instant> = HashMap::new();
        loop {
            match in_force(self.db.fresh(), self.clock.today()).await {
                Ok(rules) => {
                    for over in &self.over {
                        let days = rules.get(over.kind).copied().unwrap_or(over.days).max(over.least);
                        let pause = if days > LONG { DAY } else { PERIOD };
                        if looked.get(over.kind).is_some_and(|at| at.elapsed() < pause) {
                            continue;
                        }
                        looked.insert(over.kind, Instant::now());
                        if let Err(error) = self.clear(over, days).await {
                            tracing::warn!(error = %format!("{error:#}"), kind = over.kind, "clearing away failed; trying again");
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "reading how long things are kept failed; trying again"),
            }
            if !stop.pause(PERIOD).await {
                return;
            }
        }
    }

    async fn clear(&self, over: &Over, days: i64) -> anyhow::Result<()> {
        let before = self.clock.now() - time::Duration::days(days);
        if let Some(files) = over.files {
            for file in all::<Named>(self.db.fresh(), files, [before.into()]).await? {
                self.objects.delete(&file.object_key).await?;
            }
        }
        for sql in over.sql {
            run(self.db.write(), *sql, [before.into()]).await?;
        }
        Ok(())
    }
}
