//! Text messages as they are written down.

use sea_orm::FromQueryResult;
use time::{Duration, OffsetDateTime};

use super::{Receipt, TextMessage};
use crate::platform::db::{Db, one, run};

/// Longer than any provider is waited for: whoever began before that is gone.
const GIVEN_UP: Duration = Duration::minutes(2);

/// Writes a message down before it is handed over; false where that was done already, or is being done.
pub async fn begin(db: &Db, message: &TextMessage, now: OffsetDateTime) -> anyhow::Result<bool> {
    let sql = "INSERT INTO text_message AS m (key, phone, state, created_at, updated_at) VALUES ($1, $2, 'sending', $3, $3)
               ON CONFLICT (key) DO UPDATE SET updated_at = excluded.updated_at WHERE m.state = 'sending' AND m.updated_at < $4";
    let values = [message.key.as_str().into(), message.to.as_str().into(), now.into(), (now - GIVEN_UP).into()];
    if run(db.write(), sql, values).await? == 1 {
        return Ok(true);
    }
    let sql = "SELECT state, updated_at FROM text_message WHERE key = $1";
    let row = one::<Held>(db.fresh(), sql, [message.key.as_str().into()]).await?;
    if row.is_some_and(|row| row.state == "sending") {
        anyhow::bail!("the text message is being sent");
    }
    Ok(false)
}

#[derive(FromQueryResult)]
struct Held {
    state: String,
}

#[derive(FromQueryResult)]
pub struct SentSince {
    pub to_number: i64,
    pub in_all: i64,
}

/// How many were begun, the one under way among them.
pub async fn sent_since(db: &Db, phone: &str, since: OffsetDateTime) -> anyhow::Result<SentSince> {
    let sql = "SELECT (SELECT COUNT(*) FROM text_message WHERE phone = $1 AND created_at > $2 AND state <> 'limited') AS to_number,
                      (SELECT COUNT(*) FROM text_message WHERE created_at > $2 AND state <> 'limited') AS in_all";
    let row = one::<SentSince>(db.fresh(), sql, [phone.into(), since.into()]).await?;
    Ok(row.unwrap_or(SentSince { to_number: 0, in_all: 0 }))
}

pub async fn sent(db: &Db, key: &str, (channel, receipt): (&str, &Receipt), now: OffsetDateTime) -> anyhow::Result<()> {
    let sql = "UPDATE text_message SET state = 'sent', channel = $2, provider_id = $3, cost_amount = $4, error = NULL, updated_at = $5
               WHERE key = $1 AND state = 'sending'";
    let id = receipt.provider_id.as_str();
    run(db.write(), sql, [key.into(), channel.into(), id.into(), receipt.cost.into(), now.into()]).await?;
    Ok(())
}

/// It goes no further.
pub async fn end(db: &Db, key: &str, state: &str, error: &str, now: OffsetDateTime) -> anyhow::Result<()> {
    let sql = "UPDATE text_message SET state = $2, error = $3, updated_at = $4 WHERE key = $1 AND state = 'sending'";
    run(db.write(), sql, [key.into(), state.into(), error.into(), now.into()]).await?;
    Ok(())
}

/// Tries again at once: nobody took it.
pub async fn release(db: &Db, key: &str, now: OffsetDateTime) -> anyhow::Result<()> {
    let sql = "UPDATE text_message SET updated_at = $2 WHERE key = $1 AND state = 'sending'";
    run(db.write(), sql, [key.into(), (now - GIVEN_UP - Duration::seconds(1)).into()]).await?;
    Ok(())
}

/// What a provider reports of a message; out of order or twice, what arrived has arrived.
pub async fn reported(db: &Db, channel: &str, id: &str, arrived: bool, now: OffsetDateTime) -> anyhow::Result<bool> {
    let sql = "UPDATE text_message SET state = $3, updated_at = $4
               WHERE channel = $1 AND provider_id = $2 AND (state = 'sent' OR (state = 'failed' AND $3 = 'delivered'))";
    let state = if arrived { "delivered" } else { "failed" };
    Ok(run(db.write(), sql, [channel.into(), id.into(), state.into(), now.into()]).await? > 0)
}
