//! SQLite and PostgreSQL behind one path.
//!
//! SQLite: WAL, `synchronous=FULL`, one writer connection whose transactions begin `IMMEDIATE`, a pool of readers.
//! PostgreSQL: one pool; reads may go to a replica. SQL is written once, with `$n` placeholders, which both understand.

mod batch;
mod bound;
mod errors;
mod record;
mod replica;
mod together;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, Connection, SqliteConnection};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseConnectionType, DatabaseTransaction,
    DbBackend, DbErr, EntityTrait, FromQueryResult, QueryResult, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, Value,
};

use super::background::Stop;
use super::clock::Clock;
use super::problem::Problem;
pub use batch::Batch;
pub use bound::Bound;
pub use errors::{Trouble, is_duplicate, is_duplicate_of, is_lock_timeout, refusal, trouble};
use replica::Replica;
pub use together::Script;

/// So long a server that is not up is waited for: at the start, and by a request.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Db {
    write: DatabaseConnection,
    read: DatabaseConnection,
    /// Where `read` is a replica: whether it is close enough behind to be asked.
    replica: Option<Arc<Replica>>,
    /// Who waits for the writer, on SQLite.
    group: Option<together::Group>,
}

/// Where the data is.
pub struct Target<'a> {
    pub url: &'a str,
    /// A PostgreSQL replica for public reads.
    pub read_url: Option<&'a str>,
    pub connections: u32,
}

impl Db {
    pub async fn connect(target: &Target<'_>) -> anyhow::Result<Self> {
        if target.url.starts_with("sqlite:") {
            return Self::sqlite(target).await;
        }
        if !target.url.starts_with("postgres") {
            anyhow::bail!("OCOP_DATABASE_URL must begin with sqlite: or postgres:");
        }
        errors::reach(target.url, PATIENCE).await.context("cannot reach the database")?;
        let write = Self::postgres(target.url, target.connections, false).await.context("cannot reach the database")?;
        let (read, replica) = match target.read_url {
            // One that is away holds up no start: the primary is asked until it answers.
            Some(url) => {
                let read = Self::postgres(url, target.connections, true).await.context("OCOP_READ_DATABASE_URL")?;
                (read, Some(Arc::default()))
            }
            None => (write.clone(), None),
        };
        Ok(Self { write, read, replica, group: None })
    }

    async fn postgres(url: &str, connections: u32, lazily: bool) -> Result<DatabaseConnection, DbErr> {
        let mut options = ConnectOptions::new(url);
        options
            .connect_lazy(lazily)
            .max_connections(connections)
            .min_connections(1)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .sqlx_logging(false)
            .map_sqlx_postgres_opts(|options| {
                options.options([("lock_timeout", "10s"), ("idle_in_transaction_session_timeout", "60s")])
            });
        Database::connect(options).await
    }

    async fn sqlite(target: &Target<'_>) -> anyhow::Result<Self> {
        let path = target.url.trim_start_matches("sqlite://").split('?').next().unwrap_or_default();
        if let Some(folder) = Path::new(path).parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let options = |connections: u32, readonly: bool| {
            let mut options = ConnectOptions::new(format!("sqlite://{path}?mode=rwc"));
            options
                .max_connections(connections)
                .min_connections(1)
                .acquire_timeout(Duration::from_secs(30))
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
                .sqlx_logging(false)
                .map_sqlx_sqlite_pool_opts(|pool| {
                    pool.after_release(|connection, _| Box::pin(between_transactions(connection)))
                })
                .map_sqlx_sqlite_opts(move |options| {
                    options
                        .journal_mode(SqliteJournalMode::Wal)
                        .synchronous(SqliteSynchronous::Full)
                        .foreign_keys(true)
                        .busy_timeout(Duration::from_secs(10))
                        .pragma("query_only", if readonly { "on" } else { "off" })
                        // What was deleted is written over, and not left in pages that are free.
                        .pragma("secure_delete", "on")
                        .pragma("cache_size", "-4000")
                        .statement_cache_capacity(256)
                });
            options
        };
        let write = Database::connect(options(1, false)).await.with_context(|| format!("cannot open {path}"))?;
        let read = Database::connect(options(target.connections.clamp(1, 4), true)).await?;
        let group = Some(together::Group::new(write.clone()));
        Ok(Self { write, read, replica: None, group })
    }

    /// Has every statement written down, once each.
    pub fn record(&mut self, path: &Path) -> anyhow::Result<()> {
        record::record([&mut self.write, &mut self.read], path)?;
        // Who writes for the group writes through the recorded connection, too.
        self.group = self.group.take().map(|_| together::Group::new(self.write.clone()));
        Ok(())
    }

    /// For what everybody may see: of a replica, where there is one that is close enough behind.
    pub fn read(&self) -> &DatabaseConnection {
        match &self.replica {
            Some(replica) if !replica.is_near() => &self.write,
            _ => &self.read,
        }
    }

    /// Looks how far the replica is behind, where there is one; `most` is how far it may be.
    pub async fn watch_replica(self, most: Duration, stop: Stop) {
        if let Some(replica) = self.replica.clone() {
            replica.watch((&self.write, &self.read), most, stop).await;
        }
    }

    /// For reads that must see the newest: never a replica, and on SQLite not the one writer.
    pub fn fresh(&self) -> &DatabaseConnection {
        match self.write.get_database_backend() {
            DbBackend::Sqlite => &self.read,
            _ => &self.write,
        }
    }

    /// For single statements that change something.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// A statement that stands by itself, and the rows it returns: on SQLite together with whoever else waits for the writer.
    pub async fn alone<T: FromQueryResult + Send + 'static>(
        &self,
        text: String,
        values: Vec<Value>,
    ) -> Result<Vec<T>, Problem> {
        if self.write.get_database_backend() == DbBackend::Postgres {
            return Ok(all(&self.write, text, values).await?);
        }
        let read = |rows: Result<Vec<QueryResult>, DbErr>| {
            Ok(Some(rows?.iter().map(|row| T::from_query_result(row, "")).collect::<Result<_, _>>()?))
        };
        Ok(self.together(Script { text, values }, read).await?.unwrap_or_default())
    }

    /// Rows that stand by themselves: one statement of PostgreSQL, on SQLite together with whoever else waits for the writer.
    pub async fn insert(&self, rows: Batch) -> Result<(), Problem> {
        if self.write.get_database_backend() == DbBackend::Postgres {
            return Ok(rows.execute(&self.write).await?);
        }
        if !rows.is_empty() {
            self.together(rows.script(), |rows| Ok(Some(rows.map(|_| ())?))).await?;
        }
        Ok(())
    }

    /// Waits until every connection is back in its pool, so long at the most. A connection goes back in the thread of the
    /// request that used it: that thread must not end before.
    pub async fn settle(&self, most: Duration) {
        let under_way = |connection: &DatabaseConnection| match &connection.inner {
            DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
                let pool = connection.get_postgres_connection_pool();
                pool.size() as usize > pool.num_idle()
            }
            DatabaseConnectionType::SqlxSqlitePoolConnection(_) => {
                let pool = connection.get_sqlite_connection_pool();
                pool.size() as usize > pool.num_idle()
            }
            DatabaseConnectionType::Disconnected => false,
        };
        let until = tokio::time::Instant::now() + most;
        while (under_way(&self.write) || under_way(&self.read)) && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A transaction that may write from its first statement on.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        begin(&self.write).await
    }

    /// Has the database look at what it holds, after much was loaded at once: without it PostgreSQL plans as if tables were
    /// empty until its autovacuum comes by (checkouts ran at half the speed), and SQLite takes columns that are mostly NULL
    /// for selective.
    pub async fn analyze(&self) -> Result<(), DbErr> {
        let sql = match self.write.get_database_backend() {
            DbBackend::Postgres => "ANALYZE",
            // Bit 0x10000: tables that were never looked at, too; `analysis_limit` keeps it short.
            _ => "PRAGMA analysis_limit = 2000; PRAGMA optimize = 0x10002;",
        };
        self.write.execute_unprepared(sql).await?;
        Ok(())
    }

    /// Lets go of the database.
    pub async fn close(self) -> Result<(), DbErr> {
        self.read.close().await?;
        self.write.close().await
    }

    /// Writes SQLite's file anew, so that free pages tell nothing of what they held. PostgreSQL's vacuum does so in time.
    pub async fn scrub(&self) -> Result<(), DbErr> {
        if self.write.get_database_backend() == DbBackend::Postgres {
            return Ok(());
        }
        self.write.execute_unprepared("VACUUM").await?;
        self.write.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        Ok(())
    }

    /// What was deleted stands no more in the log beside the database file either. PostgreSQL's autovacuum clears its pages.
    pub async fn overwrite_deleted(&self) -> Result<(), DbErr> {
        if self.write.get_database_backend() != DbBackend::Postgres {
            self.write.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        }
        Ok(())
    }

    /// Takes statistics where nobody else does and they are missing or old: when a database is opened, and after bulk work.
    /// PostgreSQL's autovacuum does so by itself.
    pub async fn refresh_statistics(&self) -> Result<(), DbErr> {
        if self.write.get_database_backend() == DbBackend::Postgres { Ok(()) } else { self.analyze().await }
    }

    /// Looks at what changed much, now and then, as SQLite's documentation asks of long-lived connections. PostgreSQL's
    /// autovacuum does so by itself.
    pub async fn keep_statistics(self, clock: Clock, stop: Stop) {
        if self.write.get_database_backend() == DbBackend::Postgres {
            return;
        }
        let mut looked_on = clock.today();
        while stop.pause(Duration::from_mins(10)).await {
            if clock.today() != looked_on {
                looked_on = clock.today();
                if let Err(error) = self.analyze().await {
                    tracing::warn!(%error, "statistics could not be taken");
                }
            }
        }
    }

    /// How many changes of the schema are still to come.
    pub async fn pending_migrations(&self) -> Result<usize, DbErr> {
        Ok(Migrator::get_pending_migrations(&self.write).await?.len())
    }

    /// Brings the schema up to date. Two nodes that start together do this one after the other.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        if Migrator::get_pending_migrations(&self.write).await.is_ok_and(|pending| pending.is_empty()) {
            return Ok(());
        }
        if self.write.get_database_backend() == DbBackend::Postgres {
            // The lock belongs to the transaction's connection and ends with it, whatever happens.
            let guard = self.write.begin().await?;
            guard.execute_unprepared("SELECT pg_advisory_xact_lock(7236283)").await?;
            Migrator::up(&self.write, None).await.context("migrating the schema")?;
            guard.commit().await?;
        } else {
            let row = self.write.query_one_raw(sql(&self.write, "PRAGMA database_list", [])).await?;
            let file: String = row.context("no database file")?.try_get("", "file")?;
            let lock = std::fs::File::create(format!("{file}.migrate.lock"))?;
            let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await??;
            Migrator::up(&self.write, None).await.context("migrating the schema")?;
            drop(lock);
        }
        tracing::info!("the schema was brought up to date");
        Ok(())
    }
}

/// Whether a connection that comes back may be used again. Where a commit fails, as on a full disk, SQLite takes the transaction
/// back by itself; the driver's own `ROLLBACK` finds none, and from then on it takes every transaction for one inside another,
/// whose commit keeps nothing. Such a connection is closed, and a new one opened.
async fn between_transactions(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // What is to be taken back is on its way: asked after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

async fn begin(write: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    write
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        })
        .await
}

/// A statement in SQL that both databases read; values stand at `$1`, `$2`, …
pub fn sql(
    connection: &impl ConnectionTrait,
    text: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(connection.get_database_backend(), text, values)
}

pub async fn all<T: FromQueryResult>(
    connection: &impl ConnectionTrait,
    text: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>, DbErr> {
    T::find_by_statement(sql(connection, text, values)).all(connection).await
}

pub async fn one<T: FromQueryResult>(
    connection: &impl ConnectionTrait,
    text: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<T>, DbErr> {
    T::find_by_statement(sql(connection, text, values)).one(connection).await
}

/// Runs a statement; the number of rows it touched.
pub async fn run(
    connection: &impl ConnectionTrait,
    text: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, DbErr> {
    Ok(connection.execute_raw(sql(connection, text, values)).await?.rows_affected())
}

/// `($1, $2), ($3, $4)` for `rows` rows of `columns` values, counting from `first`.
pub fn placeholders(first: usize, rows: usize, columns: usize) -> String {
    let row = |r: usize| {
        let values: Vec<_> = (0..columns).map(|c| format!("${}", first + r * columns + c)).collect();
        format!("({})", values.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// `($1, $2, $3)`
pub fn list(first: usize, count: usize) -> String {
    placeholders(first, 1, count)
}

/// The same ids, the last one repeated up to 1, 2, 4, 8, … of them: lists of every length would each be a statement of its own to
/// databases, read, planned and kept.
pub fn padded<T: Copy>(ids: &[T]) -> Vec<T> {
    let mut padded = ids.to_vec();
    if let Some(last) = ids.last() {
        padded.resize(ids.len().next_power_of_two(), *last);
    }
    padded
}

/// The row with this key, or `None`.
pub async fn by_id<E: EntityTrait>(
    connection: &impl ConnectionTrait,
    id: impl Into<<E::PrimaryKey as sea_orm::PrimaryKeyTrait>::ValueType>,
) -> Result<Option<E::Model>, DbErr> {
    E::find_by_id(id.into()).one(connection).await
}

#[cfg(test)]
mod tests {
    use super::padded;

    #[test]
    fn lists_come_in_few_lengths_and_name_nobody_else() {
        assert_eq!(padded(&[7, 8, 9]), [7, 8, 9, 9]);
        assert!(padded::<i32>(&[]).is_empty());
        assert_eq!((padded(&[1]).len(), padded(&[1; 200]).len()), (1, 256));
    }
}
