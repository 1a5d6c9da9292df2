//! Sealing anew what is stored: what is in the clear, and what an older key has sealed. The server goes on meanwhile: a row
//! that somebody writes at the same time is sealed by whoever writes it.

use anyhow::Context;
use entity::sealed::{MARK, Sealed, held, newest};
use sea_orm::{DbBackend, FromQueryResult};

use super::db::{Db, all, one, run};

/// A table and its column that is sealed; every slice names its own.
pub type SealedColumn = (&'static str, &'static str);

/// So many rows are one transaction.
const CHUNK: u32 = 500;

/// What is to be sealed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// What is in the clear.
    Clear,
    /// What the newest key has not sealed.
    Older,
}

#[derive(FromQueryResult)]
struct Row {
    place: String,
    kept: String,
    open: Sealed,
}

/// Seals a column with the newest key; how many rows were sealed.
pub async fn seal_column(db: &Db, (table, column): SealedColumn, what: What) -> anyhow::Result<u64> {
    let is_postgres = db.write().get_database_backend() == DbBackend::Postgres;
    // Where a row stands, so that what was looked at is not looked at again: tables may be long.
    let (place, first, [at, behind]) = if is_postgres {
        ("CAST(ctid AS text)", "(0,0)", ["ctid = CAST($1 AS tid)", "ctid > CAST($2 AS tid)"])
    } else {
        ("CAST(rowid AS text)", "0", ["rowid = CAST($1 AS integer)", "rowid > CAST($2 AS integer)"])
    };
    let done = match what {
        What::Clear => MARK.to_owned(),
        What::Older => newest(),
    };
    let select = format!(
        "SELECT {place} AS place, {column} AS kept, {column} AS open FROM {table}
         WHERE {behind} AND {column} <> '' AND substr({column}, 1, {}) <> $1 LIMIT {CHUNK}",
        done.len()
    );
    let update = format!("UPDATE {table} SET {column} = $3 WHERE {at} AND {column} = $2");
    let (mut sealed, mut last, mut found) = (0, first.to_owned(), false);
    loop {
        let rows = all::<Row>(db.fresh(), select.as_str(), [done.as_str().into(), last.as_str().into()]).await;
        let rows = rows.with_context(|| format!("{table}.{column}"))?;
        match rows.last() {
            Some(row) => (last, found) = (row.place.clone(), true),
            // A row may have moved meanwhile: it is over when a whole round finds nothing.
            None if found => {
                (last, found) = (first.to_owned(), false);
                continue;
            }
            None => return Ok(sealed),
        }
        let transaction = db.begin().await?;
        for row in rows {
            let values = [row.place.into(), row.kept.into(), row.open.into()];
            sealed += run(&transaction, update.as_str(), values).await?;
        }
        transaction.commit().await?;
    }
}

/// How many rows the newest key has not sealed.
pub async fn not_newest(db: &Db, columns: &[SealedColumn]) -> anyhow::Result<i64> {
    let mut rows = 0;
    for (table, column) in columns {
        let mark = newest();
        let sql = format!(
            "SELECT COUNT(*) AS rows FROM {table} WHERE {column} <> '' AND substr({column}, 1, {}) <> $1",
            mark.len()
        );
        let counted =
            one::<Count>(db.fresh(), sql, [mark.into()]).await.with_context(|| format!("{table}.{column}"))?;
        rows += counted.map_or(0, |counted| counted.rows);
    }
    Ok(rows)
}

#[derive(FromQueryResult)]
struct Count {
    rows: i64,
}

/// Refused where something stored was sealed with a key that is not held: better at the start than at the next payout.
pub async fn check_keys(db: &Db, columns: &[SealedColumn]) -> anyhow::Result<()> {
    for (table, column) in columns {
        // One of any key, and one of a key that is not held: neither is, or both can be opened.
        let begins = |mark: &str| format!("substr({column}, 1, {}) = '{mark}'", mark.len());
        let sealed = begins(MARK);
        let strange = held().iter().map(|mark| format!(" AND NOT {}", begins(mark))).collect::<Vec<_>>().concat();
        for which in [sealed.clone(), sealed + &strange] {
            let sql = format!("SELECT '' AS place, '' AS kept, {column} AS open FROM {table} WHERE {which} LIMIT 1");
            let sample = all::<Row>(db.fresh(), sql, []).await;
            sample.with_context(|| format!("{table}.{column} cannot be opened"))?;
        }
    }
    Ok(())
}

/// Seals what an earlier version left in the clear.
pub async fn seal_what_is_clear(db: Db, columns: Vec<SealedColumn>) {
    let mut sealed = 0;
    for column in columns {
        match seal_column(&db, column, What::Clear).await {
            Ok(rows) => sealed += rows,
            Err(error) => tracing::warn!(error = %format!("{error:#}"), "sealing what is stored in the clear failed"),
        }
    }
    if sealed == 0 {
        return;
    }
    tracing::info!(rows = sealed, "sealed what an earlier version stored in the clear");
    if let Err(error) = db.scrub().await {
        tracing::warn!(%error, "the file may still hold what was sealed, in pages that are free");
    }
}
