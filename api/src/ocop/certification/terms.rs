//! Deadlines and holidays, as data.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use time::Date;

use super::days::{days_off, due};
use crate::platform::db::{all, one};

#[derive(FromQueryResult)]
struct Term {
    working_days: i32,
}

#[derive(FromQueryResult)]
struct Holiday {
    day: Date,
}

/// The day by which something of this kind is due that begins on a day; `None` where no term is set.
pub async fn due_on(connection: &impl ConnectionTrait, kind: &str, from: Date) -> Result<Option<Date>, DbErr> {
    let sql =
        "SELECT working_days FROM programme_term WHERE kind = $1 AND from_day <= $2 ORDER BY from_day DESC LIMIT 1";
    let Some(term) = one::<Term>(connection, sql, [kind.into(), from.into()]).await? else { return Ok(None) };
    let sql = "SELECT day FROM holiday WHERE day >= $1 ORDER BY day LIMIT 500";
    let holidays = all::<Holiday>(connection, sql, [(from - time::Duration::days(14)).into()]).await?;
    let off: BTreeSet<Date> = days_off(&holidays.into_iter().map(|row| row.day).collect());
    Ok(Some(due(from, term.working_days, &off)))
}
