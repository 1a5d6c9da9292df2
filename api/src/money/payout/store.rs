//! What is due to whom.

use entity::sealed::Sealed;
use entity::value::{CooperativeId, PartnerId, PayoutId, Vnd};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use time::{Date, Duration, OffsetDateTime};

use crate::platform::clock::VIETNAM;
use crate::platform::db::{all, one, run};

/// Postings that no payout has settled, of orders that were delivered before `$1` (or ended without), with no dispute and no
/// return under way. Postings without an order are payouts that came back. A partner's commission is posted once its order is
/// completed, and waits for the same.
const DUE: &str = "FROM posting p JOIN ledger_account a ON a.id = p.account_id
    WHERE (a.cooperative_id IS NOT NULL OR a.partner_id IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM payout_item i WHERE i.posting_id = p.id)
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

/// What is due to one cooperative or partner.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Due {
    pub cooperative_id: Option<CooperativeId>,
    pub partner_id: Option<PartnerId>,
    pub name: String,
    pub active: bool,
    pub bank_bin: Option<String>,
    pub bank_account: Option<Sealed>,
    pub bank_holder: Option<String>,
    /// Đồng; negative where money is owed to us.
    pub amount: Vnd,
}

/// The column of the ledger's accounts that names a payee, and its id.
pub type Payee = (&'static str, uuid::Uuid);

impl Due {
    pub fn payee(&self) -> Payee {
        match self.cooperative_id {
            Some(id) => ("cooperative_id", id.0),
            None => ("partner_id", self.partner_id.map_or_else(uuid::Uuid::nil, |id| id.0)),
        }
    }
}

pub async fn due(connection: &impl ConnectionTrait, delivered_by: OffsetDateTime) -> Result<Vec<Due>, DbErr> {
    all(
        connection,
        format!(
            "SELECT s.cooperative_id, s.partner_id, COALESCE(c.legal_name, q.legal_name) AS name,
                    CASE WHEN c.id IS NULL THEN q.state = 'approved' ELSE c.status = 'active' END AS active,
                    COALESCE(b.bank_bin, NULLIF(q.bank_bin, '')) AS bank_bin, COALESCE(b.number, NULLIF(q.bank_account, '')) AS bank_account,
                    COALESCE(b.holder, NULLIF(q.bank_holder, '')) AS bank_holder, s.amount
             FROM (SELECT a.cooperative_id, a.partner_id, CAST(-SUM(p.amount) AS bigint) AS amount {DUE} GROUP BY a.cooperative_id, a.partner_id) s
                  LEFT JOIN cooperative c ON c.id = s.cooperative_id LEFT JOIN bank_account b ON b.cooperative_id = c.id
                  LEFT JOIN partner q ON q.id = s.partner_id
             ORDER BY c.id, q.id"
        ),
        [delivered_by.into()],
    )
    .await
}

/// What is due to one cooperative, what it is owed in all, and whether it can be paid.
#[derive(Clone, Debug, FromQueryResult)]
pub struct DueToOne {
    pub due: Vnd,
    pub owed: Vnd,
    pub active: bool,
    pub has_account: bool,
}

pub async fn due_to(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    delivered_by: OffsetDateTime,
) -> Result<Option<DueToOne>, DbErr> {
    let sql = format!(
        "SELECT CAST(COALESCE((SELECT -SUM(p.amount) {DUE} AND a.cooperative_id = $2), 0) AS bigint) AS due,
                CAST(COALESCE((SELECT -SUM(l.balance) FROM ledger_account l WHERE l.cooperative_id = $2), 0) AS bigint) AS owed,
                c.status = 'active' AS active, EXISTS (SELECT 1 FROM bank_account b WHERE b.cooperative_id = c.id) AS has_account
         FROM cooperative c WHERE c.id = $2"
    );
    one(connection, sql, [delivered_by.into(), cooperative.into()]).await
}

#[derive(FromQueryResult)]
struct Sum {
    amount: Vnd,
}

/// Marks what is due to a payee as settled by a payout; what it comes to.
pub async fn settle(
    transaction: &impl ConnectionTrait,
    payout: PayoutId,
    (column, id): Payee,
    delivered_by: OffsetDateTime,
) -> Result<Vnd, DbErr> {
    run(
        transaction,
        format!("INSERT INTO payout_item (posting_id, payout_id) SELECT p.id, $2 {DUE} AND a.{column} = $3"),
        [delivered_by.into(), payout.into(), id.into()],
    )
    .await?;
    // Counted from what was taken: between two statements another event may have posted.
    let sql = "SELECT CAST(COALESCE(-SUM(p.amount), 0) AS bigint) AS amount FROM payout_item i JOIN posting p ON p.id = i.posting_id WHERE i.payout_id = $1";
    Ok(one::<Sum>(transaction, sql, [payout.into()]).await?.map_or(Vnd::ZERO, |row| row.amount))
}
