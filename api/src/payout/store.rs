//! What is due to whom.

use entity::value::{CooperativeId, PayoutId, Vnd};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use time::{Date, Duration, OffsetDateTime};

use crate::platform::clock::VIETNAM;
use crate::platform::db::{all, one, run};

/// Postings that no payout has settled, of orders that were delivered before `$1` (or ended without), with no dispute and no
/// return under way. Postings without an order are payouts that came back.
const DUE: &str = "FROM posting p JOIN ledger_account a ON a.id = p.account_id JOIN cooperative c ON c.id = a.cooperative_id
    WHERE NOT EXISTS (SELECT 1 FROM payout_item i WHERE i.posting_id = p.id)
      AND (p.order_id IS NULL OR EXISTS (
          SELECT 1 FROM orders o WHERE o.id = p.order_id
            AND ((o.earned_at IS NOT NULL AND o.delivered_at <= $1) OR o.state IN ('cancelled', 'expired'))
            AND NOT EXISTS (SELECT 1 FROM dispute d WHERE d.order_id = o.id AND d.state = 'open')
            AND NOT EXISTS (SELECT 1 FROM return_request r WHERE r.order_id = o.id AND r.state IN ('requested', 'approved'))))";

/// The end of a run's last day, less the time money is held.
pub fn delivered_by(cutoff_on: Date, hold_days: u32) -> OffsetDateTime {
    (cutoff_on + Duration::days(1)).midnight().assume_offset(VIETNAM).to_offset(time::UtcOffset::UTC)
        - Duration::days(hold_days.into())
}

/// What is due to one cooperative.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Due {
    pub cooperative_id: CooperativeId,
    pub name: String,
    pub active: bool,
    pub bank_bin: Option<String>,
    pub bank_account: Option<String>,
    pub bank_holder: Option<String>,
    /// Đồng; negative where the cooperative owes.
    pub amount: Vnd,
}

pub async fn due(connection: &impl ConnectionTrait, delivered_by: OffsetDateTime) -> Result<Vec<Due>, DbErr> {
    all(
        connection,
        format!(
            "SELECT s.cooperative_id, c.legal_name AS name, (c.status = 'active') AS active, b.bank_bin, b.number AS bank_account,
                    b.holder AS bank_holder, s.amount
             FROM (SELECT c.id AS cooperative_id, CAST(-SUM(p.amount) AS bigint) AS amount {DUE} GROUP BY c.id) s
                  JOIN cooperative c ON c.id = s.cooperative_id LEFT JOIN bank_account b ON b.cooperative_id = c.id
             ORDER BY c.id"
        ),
        [delivered_by.into()],
    )
    .await
}

#[derive(FromQueryResult)]
struct Sum {
    amount: Vnd,
}

/// Marks what is due to a cooperative as settled by a payout; what it comes to.
pub async fn settle(
    transaction: &impl ConnectionTrait,
    payout: PayoutId,
    cooperative: CooperativeId,
    delivered_by: OffsetDateTime,
) -> Result<Vnd, DbErr> {
    run(
        transaction,
        format!("INSERT INTO payout_item (posting_id, payout_id) SELECT p.id, $2 {DUE} AND c.id = $3"),
        [delivered_by.into(), payout.into(), cooperative.into()],
    )
    .await?;
    // Counted from what was taken: between two statements another event may have posted.
    let sql = "SELECT CAST(COALESCE(-SUM(p.amount), 0) AS bigint) AS amount FROM payout_item i JOIN posting p ON p.id = i.posting_id WHERE i.payout_id = $1";
    Ok(one::<Sum>(transaction, sql, [payout.into()]).await?.map_or(Vnd::ZERO, |row| row.amount))
}
