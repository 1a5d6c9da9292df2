//! What a failed statement means: told by SQLSTATE and by the driver's kind of error, never by words of a message, which
//! servers write in their own language.

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::{self, Connection, PgConnection};
use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// Why the database did not do what it was asked, where it is not the statement's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Somebody else holds what was needed: try again at once.
    Busy,
    /// Nobody answers, or the server is going down or coming up.
    Unavailable,
}

/// Whether an error will pass, and which way.
pub fn trouble(error: &DbErr) -> Option<Trouble> {
    match error {
        // Nobody gave a connection back in time: there is none, or all are held up behind a server that is away.
        DbErr::ConnectionAcquire(_) => Some(Trouble::Unavailable),
        DbErr::Conn(inner) | DbErr::Exec(inner) | DbErr::Query(inner) => match inner {
            RuntimeErr::SqlxError(inner) => of_driver(inner),
            RuntimeErr::Internal(_) => None,
        },
        _ => None,
    }
}

fn of_driver(error: &sqlx::Error) -> Option<Trouble> {
    use sqlx::Error::{BeginFailed, Database, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
    match error {
        Io(_) | Tls(_) | PoolTimedOut | PoolClosed | WorkerCrashed | BeginFailed | Protocol(_) => {
            Some(Trouble::Unavailable)
        }
        Database(error) => of_code(error.as_ref()),
        _ => None,
    }
}

fn of_code(error: &dyn DatabaseError) -> Option<Trouble> {
    let code = error.code()?;
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        // The primary code stands in the lowest byte: SQLITE_BUSY, SQLITE_LOCKED; SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL,
        // SQLITE_CANTOPEN: the disk's, and over when there is room again.
        return match code.parse::<u32>().ok()? & 0xff {
            5 | 6 => Some(Trouble::Busy),
            8 | 10 | 13 | 14 => Some(Trouble::Unavailable),
            _ => None,
        };
    }
    of_sqlstate(&code)
}

/// PostgreSQL, Appendix A. Class 08: connections; 57P0x: shut down, crashed, not yet up; class 53: no room on the disk, no memory, too many
/// connections; 25006: a standby, as in the middle of a failover.
fn of_sqlstate(code: &str) -> Option<Trouble> {
    match code {
        "40001" | "40P01" | "55P03" => Some(Trouble::Busy),
        "57P01" | "57P02" | "57P03" | "57P05" | "25006" => Some(Trouble::Unavailable),
        code if code.starts_with("08") || code.starts_with("53") => Some(Trouble::Unavailable),
        _ => None,
    }
}

/// Whether PostgreSQL waited in vain for a row that somebody else holds.
pub fn is_lock_timeout(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner))) = error else {
        return false;
    };
    inner.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == "55P03")
}

/// The reason with which a statement refused itself (`refuse` in SQL); PostgreSQL only.
pub fn refusal(error: &DbErr) -> Option<&str> {
    let (DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner))) = error else {
        return None;
    };
    let error = inner.as_database_error()?;
    (error.code()? == "OC001").then(|| error.message())
}

/// Whether an insert failed on a unique key.
pub fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Whether an insert failed on the unique key of this column (SQLite names the column, PostgreSQL the key made of it).
pub fn is_duplicate_of(error: &DbErr, column: &str) -> bool {
    if !is_duplicate(error) {
        return false;
    }
    let (DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner))) = error else {
        return false;
    };
    match inner.as_database_error() {
        Some(error) => match error.constraint() {
            Some(key) => key.ends_with(&format!("_{column}_key")),
            // "UNIQUE constraint failed: orders.number": SQLite speaks no other language.
            None => error.message().contains(&format!(".{column}")),
        },
        None => false,
    }
}

/// One connection to PostgreSQL, to learn why there is none: a pool only says that it timed out. A server that is not up yet
/// is waited for.
pub async fn reach(url: &str, patience: std::time::Duration) -> anyhow::Result<()> {
    let options: sqlx::postgres::PgConnectOptions =
        url.parse().map_err(|_| anyhow::anyhow!("the address of the database is not one of PostgreSQL"))?;
    let started = std::time::Instant::now();
    loop {
        let failed = match tokio::time::timeout(patience, PgConnection::connect_with(&options)).await {
            Ok(Ok(connection)) => return Ok(connection.close().await?),
            Ok(Err(error)) => error,
            Err(_) => sqlx::Error::PoolTimedOut,
        };
        if of_driver(&failed) != Some(Trouble::Unavailable) || started.elapsed() >= patience {
            return Err(anyhow::anyhow!(reason(&failed, &options)));
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

fn reason(error: &sqlx::Error, options: &sqlx::postgres::PgConnectOptions) -> String {
    let (host, port, user) = (options.get_host(), options.get_port(), options.get_username());
    let database = options.get_database().unwrap_or(user);
    match error {
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            format!("nobody listens at {host}:{port}: is PostgreSQL running there?")
        }
        sqlx::Error::Io(error) => format!("{host}:{port} cannot be reached: {error}"),
        sqlx::Error::PoolTimedOut => format!("{host}:{port} does not answer"),
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("28P01") => format!("{host}:{port} refuses the password of {user}"),
            Some("28000") => format!("{host}:{port} does not let {user} in: {}", error.message()),
            Some("3D000") => format!("there is no database {database} at {host}:{port}: make it with `createdb`"),
            Some("57P03") => format!("{host}:{port} is starting or shutting down"),
            Some("53300") => format!("{host}:{port} has no connection left"),
            _ => format!("{host}:{port}: {}", error.message()),
        },
        other => format!("{host}:{port}: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_tell_what_passes() {
        for code in ["57P01", "57P02", "57P03", "08006", "08001", "53300", "25006"] {
            assert_eq!(of_sqlstate(code), Some(Trouble::Unavailable), "{code}");
        }
        for code in ["40001", "40P01", "55P03"] {
            assert_eq!(of_sqlstate(code), Some(Trouble::Busy), "{code}");
        }
        for code in ["23505", "42P01", "22P02", "57014", "XX000"] {
            assert_eq!(of_sqlstate(code), None, "{code}");
        }
    }

    #[test]
    fn what_the_driver_says_counts_and_not_its_words() {
        let io = |kind| sqlx::Error::Io(std::io::Error::new(kind, "kết nối bị từ chối"));
        let error = DbErr::Exec(RuntimeErr::SqlxError(io(std::io::ErrorKind::BrokenPipe).into()));
        assert_eq!(trouble(&error), Some(Trouble::Unavailable));
        assert_eq!(trouble(&DbErr::Custom("deadlock detected, database is locked".to_owned())), None);
        assert_eq!(of_driver(&sqlx::Error::PoolTimedOut), Some(Trouble::Unavailable));
        assert_eq!(of_driver(&sqlx::Error::RowNotFound), None);
    }
}
