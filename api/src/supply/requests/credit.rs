//! Credit the platform granted: days, as long as what was accepted and is not paid stays within the limit.

use entity::value::OrganisationId;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::platform::db::one;
use crate::platform::problem::{Problem, codes};

codes! {
    CREDIT_USED_UP = "credit_used_up" 409 "Hạn mức công nợ đã dùng hết: hãy trả các hóa đơn đến hạn trước." "The credit is used up: pay the open bills first.";
}

#[derive(FromQueryResult)]
struct Granted {
    credit_limit: i64,
    credit_days: i32,
    open: i64,
}

/// The days an organisation has to pay, if what it still has to pay is within its limit.
pub(super) async fn credit_for(connection: &impl ConnectionTrait, id: OrganisationId) -> Result<i32, Problem> {
    let sql = "SELECT o.credit_limit, o.credit_days, CAST(COALESCE((
                   SELECT SUM(y.amount) FROM payment y JOIN supply_contract k ON k.id = y.contract_id JOIN supply_request r ON r.id = k.request_id
                   WHERE r.organisation_id = o.id AND y.order_id IS NOT NULL AND y.state = 'pending'), 0) AS bigint) AS open
               FROM organisation o WHERE o.id = $1";
    let row = one::<Granted>(connection, sql, [id.into()]).await?;
    let row = row.ok_or_else(|| Problem::internal("an organisation that is gone"))?;
    if row.open > row.credit_limit {
        return Err(Problem::new(&CREDIT_USED_UP).extension("open", row.open).extension("limit", row.credit_limit));
    }
    Ok(row.credit_days)
}
