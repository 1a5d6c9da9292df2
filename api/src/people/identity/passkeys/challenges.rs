//! What was asked of authenticators: each challenge is answered once, by whoever it was given to, on whichever node.

use entity::passkey_challenge;
use entity::value::AccountId;
use sea_orm::{EntityTrait, FromQueryResult, Set};
use time::{Duration, OffsetDateTime};
use webauthn_rp::request::TimedCeremony;
use webauthn_rp::response::SentChallenge;

use super::{BAD_PASSKEY, text};
use crate::platform::db::{Db, one};
use crate::platform::problem::Problem;

/// As long as browsers wait for a finger.
const MINUTES: i64 = 5;

fn name_of(challenge: SentChallenge) -> String {
    text(challenge.0.to_le_bytes())
}

/// Keeps what was asked for until it is answered.
pub async fn keep(
    db: &Db,
    asked: &impl TimedCeremony,
    (account, state): (Option<AccountId>, String),
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let row = passkey_challenge::ActiveModel {
        challenge: Set(name_of(asked.sent_challenge())),
        account_id: Set(account),
        state: Set(state),
        expires_at: Set(now + Duration::minutes(MINUTES)),
    };
    passkey_challenge::Entity::insert(row).exec_without_returning(db.write()).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Asked {
    state: String,
    account_id: Option<AccountId>,
    alive: bool,
}

/// What was asked for with this challenge, which is used up, however well it was answered.
pub async fn take(
    db: &Db,
    challenge: SentChallenge,
    account: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<String, Problem> {
    let sql =
        "DELETE FROM passkey_challenge WHERE challenge = $1 RETURNING state, account_id, expires_at > $2 AS alive";
    let asked = one::<Asked>(db.write(), sql, [name_of(challenge).into(), now.into()]).await?;
    let asked = asked.filter(|asked| asked.alive && asked.account_id == account);
    asked.map(|asked| asked.state).ok_or_else(|| Problem::new(&BAD_PASSKEY))
}
