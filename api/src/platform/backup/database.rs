//! The database of a backup: a consistent copy while everybody goes on working, what it holds, and how it comes back.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, bail, ensure};
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, IsolationLevel, TransactionTrait,
};
use tokio::process::Command;

use crate::platform::db::{Db, all, one};

/// What can be counted of a database, by name.
pub type Counts = BTreeMap<String, i64>;

#[derive(FromQueryResult)]
struct Named {
    name: String,
}

#[derive(FromQueryResult)]
struct Counted {
    name: String,
    value: i64,
}

/// Rows of every table, and what `balances` (name and value) sums up.
pub async fn counts(connection: &impl ConnectionTrait, balances: &str) -> anyhow::Result<Counts> {
    let mut counts = Counts::new();
    for table in tables(connection).await? {
        let sql = format!("SELECT '{table}' AS name, COUNT(*) AS value FROM \"{table}\"");
        if let Some(row) = one::<Counted>(connection, sql, []).await? {
            counts.insert(row.name, row.value);
        }
    }
    for row in all::<Counted>(connection, balances, []).await? {
        counts.insert(format!("balance of {}", row.name), row.value);
    }
    Ok(counts)
}

async fn tables(connection: &impl ConnectionTrait) -> anyhow::Result<Vec<String>> {
    let sql = match connection.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT CAST(tablename AS text) AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
        }
        _ => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
        }
    };
    Ok(all::<Named>(connection, sql, []).await?.into_iter().map(|row| row.name).collect())
}

/// Refused where there is something already.
pub async fn ensure_empty(db: &Db) -> anyhow::Result<()> {
    let found = tables(db.write()).await?;
    ensure!(
        found.is_empty(),
        "the database is not empty ({} tables): a backup is restored into an empty one",
        found.len()
    );
    Ok(())
}

/// Writes a consistent copy into a file, and tells what it holds.
pub async fn copy(db: &Db, url: &str, file: &Path, balances: &str) -> anyhow::Result<Counts> {
    if db.write().get_database_backend() == DbBackend::Postgres {
        return dump(db, url, file, balances).await;
    }
    let path = file.to_str().filter(|path| !path.contains('\'')).context("a path with odd letters")?;
    db.write().execute_unprepared(&format!("VACUUM INTO '{path}'")).await.context("copying the database")?;
    let copy =
        Db::connect(&super::super::db::Target { url: &format!("sqlite://{path}"), read_url: None, connections: 1 })
            .await?;
    let counts = counts(copy.read(), balances).await?;
    copy.close().await?;
    Ok(counts)
}

/// `pg_dump` of the very snapshot that is counted.
async fn dump(db: &Db, url: &str, file: &Path, balances: &str) -> anyhow::Result<Counts> {
    let write = db.write();
    let transaction = write.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await?;
    transaction.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0").await?;
    let snapshot = exported(&transaction).await?;
    let counts = counts(&transaction, balances).await?;
    let mut command = client("pg_dump", url)?;
    command.args(["--format=custom", "--compress=0", "--no-owner", "--no-acl", "--snapshot", &snapshot]);
    finished(command.arg("--file").arg(file), "pg_dump").await?;
    transaction.rollback().await?;
    Ok(counts)
}

async fn exported(transaction: &DatabaseTransaction) -> anyhow::Result<String> {
    let row = one::<Named>(transaction, "SELECT pg_export_snapshot() AS name", []).await?;
    Ok(row.context("no snapshot")?.name)
}

/// Puts a dump into an empty PostgreSQL database, all of it or nothing.
pub async fn restore_dump(url: &str, file: &Path) -> anyhow::Result<()> {
    let mut command = client("pg_restore", url)?;
    let name = reqwest::Url::parse(url)?.path().trim_start_matches('/').to_owned();
    command.args(["--single-transaction", "--exit-on-error", "--no-owner", "--no-acl", "--dbname", &name]);
    finished(command.arg(file), "pg_restore").await
}

/// A program of PostgreSQL's that finds its way by the environment: a command line is everybody's to read.
fn client(program: &str, url: &str) -> anyhow::Result<Command> {
    let url = reqwest::Url::parse(url).context("the database's URL")?;
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut command = Command::new(program);
    command.env("PGDATABASE", decoded(url.path().trim_start_matches('/')));
    if let Some(host) = url.host_str() {
        command.env("PGHOST", host);
    }
    if let Some(port) = url.port() {
        command.env("PGPORT", port.to_string());
    }
    if !url.username().is_empty() {
        command.env("PGUSER", decoded(url.username()));
    }
    if let Some(password) = url.password() {
        command.env("PGPASSWORD", decoded(password));
    }
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "sslmode" => command.env("PGSSLMODE", value.as_ref()),
            "sslrootcert" => command.env("PGSSLROOTCERT", value.as_ref()),
            "host" => command.env("PGHOST", value.as_ref()),
            _ => &mut command,
        };
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    Ok(command)
}

async fn finished(command: &mut Command, program: &str) -> anyhow::Result<()> {
    let output = command.output().await.with_context(|| {
        format!("{program} cannot be run: it comes with PostgreSQL's client (Debian: postgresql-client)")
    })?;
    if !output.status.success() {
        bail!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
