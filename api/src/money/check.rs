//! Proof that the books agree with themselves, and with orders, payments, refunds and payouts. Every check names what does
//! not: what it is, its id, what was expected and what was found.

use sea_orm::{ConnectionTrait, DbErr};

use crate::platform::agreement::Disagreement;
use crate::platform::db::all;

/// `posting` with its account and journal.
const P: &str = "posting p JOIN ledger_account a ON a.id = p.account_id JOIN journal j ON j.id = p.journal_id";

/// What is left of an order line of what was paid for it.
const LINES_LEFT: &str = "(SELECT COALESCE(SUM(l.total_amount - l.discount_amount - l.refunded_amount), 0) FROM order_line l WHERE l.order_id = o.id)";

const CHECKS: &[(&str, &str)] = &[
    (
        "journal is balanced in each currency",
        "SELECT p.journal_id AS id, CAST(0 AS bigint) AS expected, CAST(SUM(p.amount) AS bigint) AS found
         FROM posting p JOIN ledger_account a ON a.id = p.account_id GROUP BY p.journal_id, a.currency HAVING SUM(p.amount) <> 0",
    ),
    (
        "journal has postings",
        "SELECT j.id AS id, CAST(1 AS bigint) AS expected, CAST(0 AS bigint) AS found
         FROM journal j WHERE NOT EXISTS (SELECT 1 FROM posting p WHERE p.journal_id = j.id)",
    ),
    (
        "balance and postings of account",
        "SELECT a.id AS id, CAST(COALESCE(SUM(p.amount), 0) AS bigint) AS expected, a.balance AS found
         FROM ledger_account a LEFT JOIN posting p ON p.account_id = a.id GROUP BY a.id, a.balance
         HAVING COALESCE(SUM(p.amount), 0) <> a.balance",
    ),
    (
        "money held for the buyer of order",
        "SELECT * FROM (
             SELECT o.id AS id, CASE WHEN o.paid_at IS NULL OR o.earned_at IS NOT NULL THEN 0 ELSE o.paid_amount - o.refunded_amount END AS expected,
                    COALESCE(h.held, 0) AS found
             FROM orders o LEFT JOIN (SELECT p.order_id, CAST(-SUM(p.amount) AS bigint) AS held FROM {P} WHERE a.kind = 'buyer_funds' GROUP BY p.order_id) h
                  ON h.order_id = o.id
         ) s WHERE expected <> found",
    ),
    (
        "paid, refunded and lines of order",
        "SELECT o.id AS id, o.paid_amount - o.refunded_amount AS expected,
                CAST({LINES_LEFT} + o.delivery_amount - o.delivery_discount_amount - o.delivery_refunded_amount AS bigint) AS found
         FROM orders o WHERE o.paid_at IS NOT NULL
           AND o.paid_amount - o.refunded_amount <> {LINES_LEFT} + o.delivery_amount - o.delivery_discount_amount - o.delivery_refunded_amount",
    ),
    (
        "discounts of order and its lines",
        "SELECT o.id AS id, o.discount_amount - o.delivery_discount_amount AS expected,
                CAST((SELECT COALESCE(SUM(l.discount_amount), 0) FROM order_line l WHERE l.order_id = o.id) AS bigint) AS found
         FROM orders o WHERE o.discount_amount - o.delivery_discount_amount <> (SELECT COALESCE(SUM(l.discount_amount), 0) FROM order_line l WHERE l.order_id = o.id)",
    ),
    (
        "refunded and refunds of order",
        "SELECT * FROM (
             SELECT o.id AS id, o.refunded_amount AS expected, COALESCE(r.amount, 0) AS found
             FROM orders o LEFT JOIN (SELECT t.order_id, CAST(SUM(t.amount) AS bigint) AS amount FROM refund_part t JOIN refund r ON r.id = t.refund_id
                                      WHERE r.state <> 'rejected' GROUP BY t.order_id) r ON r.order_id = o.id
         ) s WHERE expected <> found",
    ),
    (
        "earned order is delivered and paid",
        "SELECT o.id AS id, CAST(1 AS bigint) AS expected, CAST(0 AS bigint) AS found FROM orders o
         WHERE (o.earned_at IS NOT NULL AND (o.paid_at IS NULL OR o.state NOT IN ('delivered', 'completed')))
            OR (o.earned_at IS NULL AND o.paid_at IS NOT NULL AND o.state IN ('delivered', 'completed'))",
    ),
    (
        "ended order is not paid",
        "SELECT o.id AS id, CAST(0 AS bigint) AS expected, o.paid_amount - o.refunded_amount AS found FROM orders o
         WHERE o.state IN ('cancelled', 'expired', 'awaiting_payment') AND o.paid_amount <> o.refunded_amount",
    ),
    (
        "seller's share of order",
        "SELECT * FROM (
             SELECT o.id AS id,
                    CASE WHEN o.earned_at IS NULL THEN CAST(0 AS bigint) ELSE CAST(
                        (SELECT COALESCE(SUM({line_share}), 0) FROM order_line l WHERE l.order_id = o.id) + {delivery_share} AS bigint) END AS expected,
                    COALESCE(s.amount, 0) AS found
             FROM orders o LEFT JOIN (SELECT p.order_id, CAST(-SUM(p.amount) AS bigint) AS amount FROM {P}
                                      WHERE a.kind IN ('cooperative', 'delivery', 'commission', 'partner', 'tax_withheld')
                                        AND j.kind IN ('earned', 'refund_owed', 'refund_rejected') GROUP BY p.order_id) s ON s.order_id = o.id
         ) s WHERE expected <> found",
    ),
    (
        "commission of order",
        "SELECT * FROM (
             SELECT o.id AS id, CAST((SELECT COALESCE(SUM(l.commission_amount), 0) FROM order_line l WHERE l.order_id = o.id) AS bigint) AS expected,
                    COALESCE(s.amount, 0) AS found
             FROM orders o LEFT JOIN (SELECT p.order_id, CAST(-SUM(p.amount) AS bigint) AS amount FROM {P}
                                      WHERE a.kind IN ('commission', 'partner') GROUP BY p.order_id) s ON s.order_id = o.id
             WHERE o.earned_at IS NOT NULL AND o.refunded_amount = 0
         ) s WHERE expected <> found",
    ),
    (
        "partner's commission is in sight until the order is completed, and owed from then on",
        "SELECT o.id AS id, CAST(0 AS bigint) AS expected, CAST(-SUM(p.amount) AS bigint) AS found FROM {P} JOIN orders o ON o.id = p.order_id
         WHERE a.kind = 'partner' AND ((a.owner LIKE '%/in sight' AND o.state = 'completed') OR (a.owner NOT LIKE '%/in sight' AND o.state <> 'completed'
               AND EXISTS (SELECT 1 FROM posting s JOIN ledger_account t ON t.id = s.account_id WHERE s.order_id = o.id AND t.owner LIKE '%/in sight')))
         GROUP BY o.id HAVING SUM(p.amount) <> 0",
    ),
    (
        "tax withheld and declared of order",
        "SELECT * FROM (
             SELECT o.id AS id, COALESCE(t.amount, 0) AS expected, COALESCE(s.amount, 0) AS found
             FROM orders o
                  LEFT JOIN (SELECT order_id, CAST(SUM(vat_amount + pit_amount) AS bigint) AS amount FROM tax_line GROUP BY order_id) t ON t.order_id = o.id
                  LEFT JOIN (SELECT p.order_id, CAST(-SUM(p.amount) AS bigint) AS amount FROM {P} WHERE a.kind = 'tax_withheld' GROUP BY p.order_id) s
                       ON s.order_id = o.id
         ) s WHERE expected <> found",
    ),
    (
        "tax of a fully refunded order",
        "SELECT o.id AS id, CAST(0 AS bigint) AS expected, CAST(SUM(t.vat_amount + t.pit_amount) AS bigint) AS found
         FROM tax_line t JOIN orders o ON o.id = t.order_id
         WHERE o.paid_amount > 0 AND o.refunded_amount = o.paid_amount AND o.discount_amount = 0
         GROUP BY o.id HAVING SUM(t.vat_amount + t.pit_amount) <> 0",
    ),
    (
        "payment and its journals",
        "SELECT * FROM (
             SELECT y.id AS id, CASE WHEN y.state IN ('captured', 'partly_refunded', 'refunded') THEN y.amount ELSE 0 END AS expected,
                    COALESCE(s.amount, 0) AS found
             FROM payment y LEFT JOIN (SELECT j.subject_id, CAST(-SUM(p.amount) AS bigint) AS amount FROM {P}
                                       WHERE (j.kind IN ('captured', 'surplus') AND a.kind = 'buyer_funds')
                                          OR (j.kind = 'deposited' AND a.kind = 'deposits') GROUP BY j.subject_id) s
                  ON s.subject_id = y.id
         ) s WHERE expected <> found",
    ),
    (
        "paid order and captured payment",
        "SELECT o.id AS id, o.paid_amount AS expected, CAST(0 AS bigint) AS found FROM orders o
         WHERE o.paid_amount > 0 AND NOT EXISTS (
             SELECT 1 FROM payment y WHERE y.purchase_id = o.purchase_id AND (y.order_id IS NULL OR y.order_id = o.id)
               AND NOT y.surplus AND y.state IN ('captured', 'partly_refunded', 'refunded'))",
    ),
    (
        "deposit set off for order",
        "SELECT * FROM (
             SELECT o.id AS id, CASE WHEN o.paid_at IS NULL THEN CAST(0 AS bigint) ELSE o.deposit_amount END AS expected, COALESCE(s.amount, 0) AS found
             FROM orders o LEFT JOIN (SELECT p.order_id, CAST(SUM(p.amount) AS bigint) AS amount FROM {P} WHERE a.kind = 'deposits' GROUP BY p.order_id) s
                  ON s.order_id = o.id
         ) s WHERE expected <> found",
    ),
    (
        "penalty set off for order",
        "SELECT * FROM (
             SELECT o.id AS id, CASE WHEN o.paid_at IS NULL THEN CAST(0 AS bigint) ELSE o.penalty_amount END AS expected, COALESCE(s.amount, 0) AS found
             FROM orders o LEFT JOIN (SELECT p.order_id, CAST(SUM(p.amount) AS bigint) AS amount FROM {P}
                                      WHERE j.kind = 'set_off' AND a.kind = 'cooperative' GROUP BY p.order_id) s
                  ON s.order_id = o.id
         ) s WHERE expected <> found",
    ),
    (
        "no more of a deposit is used than was paid",
        "SELECT a.id AS id, CAST(0 AS bigint) AS expected, a.balance AS found FROM ledger_account a WHERE a.kind = 'deposits' AND a.balance > 0",
    ),
    (
        "foreign money that is gone cost nothing any more",
        "SELECT a.id AS id, CAST(0 AS bigint) AS expected, a.balance AS found FROM ledger_account a
         WHERE a.kind = 'exchange' AND a.currency = 'VND' AND a.balance <> 0
           AND NOT EXISTS (SELECT 1 FROM ledger_account f WHERE f.kind = 'exchange' AND f.owner = a.owner AND f.currency = a.owner AND f.balance <> 0)",
    ),
    (
        "foreign money at the bank, and what it was taken for",
        "SELECT b.id AS id, -b.balance AS expected, COALESCE((SELECT f.balance FROM ledger_account f WHERE f.kind = 'exchange' AND f.currency = b.currency), 0) AS found
         FROM ledger_account b WHERE b.kind = 'bank' AND b.currency <> 'VND'
           AND -b.balance <> COALESCE((SELECT f.balance FROM ledger_account f WHERE f.kind = 'exchange' AND f.currency = b.currency), 0)",
    ),
    (
        "export's money and its payments",
        "SELECT * FROM (
             SELECT o.id AS id, CAST(COALESCE((SELECT SUM(y.dong) FROM export_payment y WHERE y.order_id = o.id), 0) AS bigint) AS expected,
                    CAST(COALESCE((SELECT -SUM(p.amount) FROM {P} WHERE j.subject_id = o.id AND j.kind IN ('export_paid', 'export_returned')
                                     AND a.kind IN ('deposits', 'cooperative')), 0) AS bigint) AS found
             FROM export_order o
         ) s WHERE expected <> found",
    ),
    (
        "refunded and refunds of payment",
        "SELECT * FROM (
             SELECT y.id AS id, y.refunded_amount AS expected, COALESCE(r.amount, 0) AS found
             FROM payment y LEFT JOIN (SELECT payment_id, CAST(SUM(amount) AS bigint) AS amount FROM refund WHERE state = 'succeeded' GROUP BY payment_id) r
                  ON r.payment_id = y.id
         ) s WHERE expected <> found",
    ),
    (
        "refund and what is owed for it",
        "SELECT * FROM (
             SELECT r.id AS id, CASE WHEN r.state IN ('succeeded', 'rejected') THEN 0 ELSE r.amount END AS expected, COALESCE(s.amount, 0) AS found
             FROM refund r LEFT JOIN (SELECT j.subject_id, CAST(-SUM(p.amount) AS bigint) AS amount FROM {P}
                                      WHERE a.kind = 'refunds_payable' GROUP BY j.subject_id) s ON s.subject_id = r.id
         ) s WHERE expected <> found",
    ),
    (
        "payout and its postings",
        "SELECT y.id AS id, CASE WHEN y.state IN ('draft', 'cancelled') THEN -y.amount ELSE CAST(0 AS bigint) END AS expected,
                CAST(COALESCE(SUM(p.amount), 0) AS bigint) AS found
         FROM payout y LEFT JOIN payout_item i ON i.payout_id = y.id LEFT JOIN posting p ON p.id = i.posting_id
         WHERE y.state <> 'cancelled'
         GROUP BY y.id, y.state, y.amount
         HAVING COALESCE(SUM(p.amount), 0) <> CASE WHEN y.state = 'draft' THEN -y.amount ELSE 0 END",
    ),
    (
        "money that nobody knows",
        "SELECT * FROM (
             SELECT a.id AS id, CAST((SELECT COALESCE(SUM(amount), 0) FROM reconciliation_item
                                      WHERE state = 'open' AND kind IN ('unknown_transfer', 'wrong_amount', 'second_transfer', 'unknown_settlement', 'settlement_differs', 'settled_twice')) AS bigint) AS expected,
                    -a.balance AS found
             FROM ledger_account a WHERE a.kind = 'unmatched'
         ) s WHERE expected <> found",
    ),
];

/// Everything about money that must agree and does not.
pub async fn check(connection: &impl ConnectionTrait) -> Result<Vec<Disagreement>, DbErr> {
    // What a seller keeps of a piece after a refund; as `rules::Piece::at` has it.
    let share = |whole: &str, paid: &str, refunded: &str| {
        format!("({whole}) - CASE WHEN ({paid}) = 0 THEN 0 ELSE ({refunded}) * ({whole}) / ({paid}) END")
    };
    let line = share(
        "l.total_amount - l.discount_amount + l.platform_discount_amount",
        "l.total_amount - l.discount_amount",
        "l.refunded_amount",
    );
    let delivery = share(
        "o.delivery_amount - o.delivery_discount_amount + o.delivery_platform_discount_amount",
        "o.delivery_amount - o.delivery_discount_amount",
        "o.delivery_refunded_amount",
    );
    let mut found = Vec::new();
    for (what, sql) in CHECKS {
        let sql = sql.replace("{P}", P).replace("{LINES_LEFT}", LINES_LEFT);
        let sql = sql.replace("{line_share}", &line).replace("{delivery_share}", &delivery);
        let sql = format!("SELECT '{}' AS what, c.* FROM ({sql}) c", what.replace('\'', "''"));
        found.extend(all::<Disagreement>(connection, sql, []).await?);
    }
    Ok(found)
}

/// How much there is to agree: journals and postings.
pub async fn size(connection: &impl ConnectionTrait) -> Result<(i64, i64), DbErr> {
    #[derive(sea_orm::FromQueryResult)]
    struct Count {
        journals: i64,
        postings: i64,
    }
    let sql = "SELECT (SELECT COUNT(*) FROM journal) AS journals, (SELECT COUNT(*) FROM posting) AS postings";
    let count = crate::platform::db::one::<Count>(connection, sql, []).await?;
    Ok(count.map_or((0, 0), |count| (count.journals, count.postings)))
}
