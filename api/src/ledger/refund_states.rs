//! A refund on its way: each step once, whoever takes it.

use entity::refund;
use entity::value::{AccountId, RefundId, RefundState};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use time::OffsetDateTime;

use crate::platform::db::run;

/// Writes a refund down.
pub async fn add(connection: &impl ConnectionTrait, row: refund::ActiveModel) -> Result<(), DbErr> {
    refund::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// Takes it to send it, or to ask about it, until the lease ends; nobody else does meanwhile.
pub async fn take(
    connection: &impl ConnectionTrait,
    (id, from): (RefundId, RefundState),
    lease: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "UPDATE refund SET state = 'sending', attempts = attempts + 1, next_at = $3, updated_at = $4
               WHERE id = $1 AND state = $2 AND next_at <= $4";
    Ok(run(connection, sql, [id.into(), from.as_str().into(), lease.into(), now.into()]).await? == 1)
}

/// Its provider has not said what became of it: to be asked again.
pub async fn unknown(
    connection: &impl ConnectionTrait,
    id: RefundId,
    (reason, again): (&str, OffsetDateTime),
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let sql = "UPDATE refund SET state = 'unknown', next_at = $2, last_error = $3, updated_at = $4 WHERE id = $1 AND state = 'sending'";
    run(connection, sql, [id.into(), again.into(), reason.into(), now.into()]).await?;
    Ok(())
}

/// A person is to send it.
pub async fn hand_over(
    connection: &impl ConnectionTrait,
    id: RefundId,
    reason: &str,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql =
        "UPDATE refund SET state = 'manual', last_error = $2, updated_at = $3 WHERE id = $1 AND state = 'sending'";
    Ok(run(connection, sql, [id.into(), reason.into(), now.into()]).await? == 1)
}

/// It was sent: by its provider, or by a person.
pub async fn succeed(
    connection: &impl ConnectionTrait,
    (id, from): (RefundId, RefundState),
    reference: Option<String>,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "UPDATE refund SET state = 'succeeded', provider_reference = $3, last_error = NULL, updated_at = $4
               WHERE id = $1 AND state = $2";
    Ok(run(connection, sql, [id.into(), from.as_str().into(), reference.into(), now.into()]).await? == 1)
}

/// Small sums go by themselves.
pub async fn let_small_go(connection: &impl ConnectionTrait, id: RefundId, most: i64) -> Result<(), DbErr> {
    let sql = "UPDATE refund SET state = 'due' WHERE id = $1 AND amount <= $2 AND state = 'awaiting_approval'";
    run(connection, sql, [id.into(), most.into()]).await?;
    Ok(())
}

/// A person decided: approved, rejected, or to be sent again.
pub async fn decide(
    connection: &impl ConnectionTrait,
    id: RefundId,
    (from, to): (RefundState, RefundState),
    by: AccountId,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "UPDATE refund SET state = $3, next_at = $4, updated_at = $4, attempts = 0,
                      decided_by = CASE WHEN $2 = 'awaiting_approval' THEN $5 ELSE decided_by END
               WHERE id = $1 AND state = $2";
    let values = [id.into(), from.as_str().into(), to.as_str().into(), now.into(), by.into()];
    Ok(run(connection, sql, values).await? == 1)
}
