//! Repeated requests get the first answer again.
//!
//! The key is claimed inside the transaction of the work itself. A second request with the same key waits at the unique
//! key until the first has committed, and then reads its answer; if the first failed or its server died, the key
//! vanished with the transaction and the second does the work. No half-done state exists that could need clearing up.

use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::sealed::Sealed;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::db::{Bound, is_lock_timeout, one, run};
use super::problem::{Problem, codes};
use super::sealing::SealedColumn;

codes! {
    KEY_MISSING = "idempotency_key_missing" 400 "Thiếu tiêu đề Idempotency-Key." "The Idempotency-Key header is missing.";
    KEY_REUSED = "idempotency_key_reused" 422 "Khóa Idempotency-Key này đã dùng cho một yêu cầu khác." "This Idempotency-Key was used for another request.";
    STILL_RUNNING = "still_running" 409 "Yêu cầu trước với khóa này chưa xong." "The first request with this key is still running.";
    DONE_ALREADY = "done_already" 409 "Việc này đã được ghi rồi." "This was done already.";
}

/// The `Idempotency-Key` header, required where it is asked for.
pub struct IdempotencyKey(pub String);

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = request.headers().get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::trim);
        ready(match key {
            Some(key) if (1..=200).contains(&key.len()) => Ok(Self(key.to_owned())),
            _ => Err(Problem::new(&KEY_MISSING)),
        })
    }
}

pub enum Claim {
    /// Do the work, then [`keep`] the answer in the same transaction.
    First,
    /// It was done before; this was the answer.
    Again { status: u16, body: String },
}

#[derive(FromQueryResult)]
struct Kept {
    request_hash: String,
    response_status: Option<i32>,
    response_body: Option<Sealed>,
}

/// Answers hold links with their secrets, and addresses.
pub const SEALED: &[SealedColumn] = &[("idempotency_key", "response_body")];

/// Identifies a request: same key with another of these is refused.
pub fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// Claims a key, as a part of a larger statement too: touches a row if it was free.
pub fn claim_part(
    bound: &mut Bound,
    (scope, key, fingerprint): (&str, &IdempotencyKey, &str),
    answer: Option<(u16, &str)>,
    now: OffsetDateTime,
) -> String {
    let values: [Value; 6] = [
        scope.into(),
        key.0.as_str().into(),
        fingerprint.into(),
        now.into(),
        answer.map(|(status, _)| i32::from(status)).into(),
        answer.map_or(Value::String(None), |(_, body)| Sealed::from(body.to_owned()).into()),
    ];
    format!(
        "INSERT INTO idempotency_key (scope, key, request_hash, created_at, response_status, response_body) VALUES ({})
         ON CONFLICT (scope, key) DO NOTHING",
        bound.list(values)
    )
}

pub async fn claim(
    transaction: &impl ConnectionTrait,
    scope: &str,
    key: &IdempotencyKey,
    fingerprint: &str,
    now: OffsetDateTime,
) -> Result<Claim, Problem> {
    claim_with(transaction, scope, key, fingerprint, None, now).await
}

/// Claims a key by an answer that is known before the work is done: nothing is left to [`keep`].
pub async fn claim_with(
    transaction: &impl ConnectionTrait,
    scope: &str,
    key: &IdempotencyKey,
    fingerprint: &str,
    answer: Option<(u16, &str)>,
    now: OffsetDateTime,
) -> Result<Claim, Problem> {
    let mut bound = Bound::default();
    let claim = claim_part(&mut bound, (scope, key, fingerprint), answer, now);
    let fresh = run(transaction, claim, bound.0).await.map_err(|error| {
        if is_lock_timeout(&error) {
            return Problem::new(&STILL_RUNNING).retry_after(2);
        }
        error.into()
    })?;
    if fresh == 1 {
        return Ok(Claim::First);
    }
    let kept = one::<Kept>(
        transaction,
        "SELECT request_hash, response_status, response_body FROM idempotency_key WHERE scope = $1 AND key = $2",
        [scope.into(), key.0.as_str().into()],
    )
    .await?
    .ok_or_else(|| Problem::new(&STILL_RUNNING).retry_after(1))?;
    if kept.request_hash != fingerprint {
        return Err(Problem::new(&KEY_REUSED));
    }
    match (kept.response_status, kept.response_body) {
        (Some(status), Some(body)) => {
            Ok(Claim::Again { status: u16::try_from(status).unwrap_or(200), body: body.into_open() })
        }
        _ => Err(Problem::new(&STILL_RUNNING).retry_after(1)),
    }
}

/// The mark of a form, claimed by the first transaction of what the form asks for: a second click, or a page that is sent
/// again, changes nothing and is told [`DONE_ALREADY`]; what failed may be sent again.
#[derive(Clone, Default)]
pub struct Once(Arc<Mutex<Option<IdempotencyKey>>>);

impl Once {
    /// Longer marks are none of ours.
    const LONGEST: usize = 300;

    pub fn marked(&self, mark: Option<&str>) {
        if let Ok(mut held) = self.0.lock() {
            *held = mark
                .filter(|mark| !mark.is_empty() && mark.len() <= Self::LONGEST)
                .map(|mark| IdempotencyKey(mark.to_owned()));
        }
    }

    /// Told already before the work begins, where a part of it stands outside the transaction that claims.
    pub async fn refuse_again(&self, connection: &impl ConnectionTrait, scope: &str) -> Result<(), Problem> {
        let mark = self.0.lock().ok().and_then(|held| held.as_ref().map(|key| key.0.clone()));
        let Some(mark) = mark else { return Ok(()) };
        let sql =
            "SELECT request_hash, response_status, response_body FROM idempotency_key WHERE scope = $1 AND key = $2";
        match one::<Kept>(connection, sql, [scope.into(), mark.into()]).await? {
            Some(_) => Err(Problem::new(&DONE_ALREADY)),
            None => Ok(()),
        }
    }

    pub async fn claim(
        &self,
        transaction: &impl ConnectionTrait,
        scope: &str,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        let Some(key) = self.0.lock().ok().and_then(|mut held| held.take()) else { return Ok(()) };
        match claim_with(transaction, scope, &key, "", Some((204, "")), now).await? {
            Claim::First => Ok(()),
            Claim::Again { .. } => Err(Problem::new(&DONE_ALREADY)),
        }
    }
}

/// Keeps the answer for repeats of the request; at least 24 hours, until the sweeper takes it.
pub async fn keep(
    transaction: &impl ConnectionTrait,
    scope: &str,
    key: &IdempotencyKey,
    status: u16,
    body: &str,
) -> Result<(), Problem> {
    run(
        transaction,
        "UPDATE idempotency_key SET response_status = $3, response_body = $4 WHERE scope = $1 AND key = $2",
        [scope.into(), key.0.as_str().into(), i32::from(status).into(), Sealed::from(body.to_owned()).into()],
    )
    .await?;
    Ok(())
}
