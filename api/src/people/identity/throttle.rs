//! Guessing at one account is slow, from however many addresses it comes; and whoever guesses does not lock the owner out:
//! a device the account has signed in on counts by itself.

use entity::value::AccountId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use time::{Duration, OffsetDateTime};

use super::visit::Visit;
use crate::platform::db::{Db, one, run};
use crate::platform::problem::{Problem, codes};
use crate::platform::secrets;

codes! {
    TOO_MANY_GUESSES = "too_many_guesses" 429 "Đã thử sai nhiều lần. Hãy đợi rồi thử lại, hoặc đặt lại mật khẩu." "Too many wrong attempts. Wait and try again, or reset the password.";
}

/// After so many failures one waits so long; what is a day old is forgotten.
const WAITS: [(i64, Duration); 4] =
    [(20, Duration::hours(1)), (15, Duration::minutes(15)), (10, Duration::minutes(5)), (5, Duration::minutes(1))];
const FORGOTTEN: Duration = Duration::hours(24);

/// What is tried: a login or an account's code, from a device it knows or from anywhere.
pub struct Tried(String);

impl Tried {
    pub async fn of(db: &Db, what: &str, account: Option<AccountId>, visit: &Visit) -> Result<Self, Problem> {
        let known = match account.filter(|_| !visit.fresh) {
            Some(account) => is_known(db.fresh(), account, visit).await?,
            None => false,
        };
        let from = if known { visit.device.as_str() } else { "anywhere" };
        Ok(Self(secrets::hash(&format!("{what}\n{from}"))))
    }

    /// Whoever tries this is known already.
    pub fn from_anywhere(what: &str) -> Self {
        Self(secrets::hash(&format!("{what}\nanywhere")))
    }

    /// Counts an attempt before it is judged, so that a thousand at once are a thousand; refused while it must wait.
    pub async fn begin(&self, db: &Db, now: OffsetDateTime) -> Result<(), Problem> {
        let mut waits = String::new();
        let mut values: Vec<sea_orm::Value> = vec![self.0.as_str().into(), now.into(), (now - FORGOTTEN).into()];
        for (failures, wait) in WAITS {
            values.push((now + wait).into());
            waits += &format!(" WHEN a.failures + 1 >= {failures} THEN ${}", values.len());
        }
        let sql = format!(
            "INSERT INTO sign_in_attempt AS a (key, failures, last_at, blocked_until) VALUES ($1, 1, $2, $2)
             ON CONFLICT (key) DO UPDATE SET
                failures = CASE WHEN a.last_at < $3 THEN 1 ELSE a.failures + 1 END, last_at = $2,
                blocked_until = CASE WHEN a.last_at < $3 THEN $2{waits} ELSE $2 END
             WHERE a.blocked_until <= $2"
        );
        if run(db.write(), sql, values).await? == 1 {
            return Ok(());
        }
        let sql = "SELECT blocked_until FROM sign_in_attempt WHERE key = $1";
        let row = one::<Blocked>(db.fresh(), sql, [self.0.as_str().into()]).await?;
        let wait = row.map_or(60, |row| (row.blocked_until - now).whole_seconds().max(1));
        Err(Problem::new(&TOO_MANY_GUESSES).retry_after(u64::try_from(wait).unwrap_or(60)))
    }

    /// It was good: what was tried before is forgotten.
    pub async fn good(&self, connection: &impl ConnectionTrait) -> Result<(), Problem> {
        run(connection, "DELETE FROM sign_in_attempt WHERE key = $1", [self.0.as_str().into()]).await?;
        Ok(())
    }
}

/// What is tried with a password.
pub fn password_of(login: &str) -> String {
    format!("password:{login}")
}

/// Whoever set a new password need not wait for what others guessed of the old one.
pub async fn forget_guesses(connection: &impl ConnectionTrait, login: &str) -> Result<(), Problem> {
    Tried::from_anywhere(&password_of(login)).good(connection).await
}

#[derive(FromQueryResult)]
struct Blocked {
    blocked_until: OffsetDateTime,
}

#[derive(FromQueryResult)]
struct Known {
    #[allow(dead_code, reason = "that there is a row is what counts")]
    label: String,
}

async fn is_known(connection: &impl ConnectionTrait, account: AccountId, visit: &Visit) -> Result<bool, Problem> {
    let sql = "SELECT label FROM device WHERE account_id = $1 AND token_hash = $2";
    let known = one::<Known>(connection, sql, [account.into(), secrets::hash(&visit.device).into()]).await?;
    Ok(known.is_some())
}
