//! The money of an order, from payment to what the cooperative has earned. Everything runs in the caller's transaction, in
//! which the order's row is locked; the journals are handed back, to be posted at its end.

use entity::value::{
    ContractId, CooperativeId, FundedBy, LedgerAccountKind, OfferId, OrderId, OrderLineId, PartnerId, PaymentId, Vnd,
};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::refunds::{What, owe, owe_difference};
pub use super::standing::lock;
use super::standing::{Standing, standing};
use crate::ledger::payments;
use crate::ledger::refunds::Owe;
use crate::ledger::rules::{Account, Commission, Entry, Journal, LineDiscount, share};
use crate::ledger::tax::write_tax;
use crate::platform::db::{all, one, run};
use crate::platform::problem::Problem;

/// The order is paid, and the money is at `sources`, together what it costs; `event` names what brought it. Nothing, if it
/// was paid before.
pub async fn capture(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    sources: &[(Account, i64)],
    event: Uuid,
    now: OffsetDateTime,
) -> Result<Vec<Journal>, Problem> {
    let standing = standing(transaction, order, now).await?;
    if standing.paid_at.is_some() {
        return Ok(Vec::new());
    }
    let amount = standing.money.paid();
    run(
        transaction,
        "UPDATE orders SET paid_amount = $2, paid_at = $3 WHERE id = $1",
        [order.into(), amount.into(), now.into()],
    )
    .await?;
    let (entries, lines) = standing.money.captured(sources);
    write_tax(transaction, &standing.money, &lines, None, now).await?;
    let captured = Journal {
        key: format!("captured:{order}"),
        kind: "captured",
        subject: event,
        note: None,
        actor: None,
        entries,
    };
    let mut journals = vec![captured];
    if standing.delivered() {
        journals.extend(earn_it(transaction, &standing, now).await?);
    }
    Ok(journals)
}

#[derive(FromQueryResult)]
struct SetOff {
    cooperative_id: CooperativeId,
    contract_id: Option<ContractId>,
    deposit_amount: i64,
    penalty_amount: i64,
}

/// An order of a contract is settled: its part of the deposit and what its seller owes are set off, and the rest is at `paid`;
/// `event` names what brought it.
pub async fn settle(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    paid: Option<(Account, i64)>,
    event: Uuid,
    now: OffsetDateTime,
) -> Result<Vec<Journal>, Problem> {
    let sql = "SELECT cooperative_id, contract_id, deposit_amount, penalty_amount FROM orders WHERE id = $1";
    let row = one::<SetOff>(transaction, sql, [order.into()]).await?;
    let row = row.ok_or_else(|| Problem::internal(format!("there is no order {order}")))?;
    let contract = row.contract_id.ok_or_else(|| Problem::internal(format!("order {order} has no contract")))?;
    let held = Account::one(LedgerAccountKind::BuyerFunds);
    let entry = |account, amount| Entry { account, amount, order: Some(order), line: None };
    let off = row.deposit_amount + row.penalty_amount;
    let entries = vec![
        entry(Account::of(LedgerAccountKind::Deposits, contract), row.deposit_amount),
        entry(Account::of(LedgerAccountKind::Cooperative, row.cooperative_id), row.penalty_amount),
        entry(held.clone(), -off),
    ];
    let set_off = Journal {
        key: format!("set_off:{order}"),
        kind: "set_off",
        subject: order.0,
        note: None,
        actor: None,
        entries,
    };
    let mut sources = vec![(held, off)];
    sources.extend(paid);
    let mut journals = vec![set_off];
    journals.extend(capture(transaction, order, &sources, event, now).await?);
    Ok(journals)
}

/// The order was delivered: if it is paid, its money is the cooperative's.
pub async fn earn(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    now: OffsetDateTime,
) -> Result<Vec<Journal>, Problem> {
    let standing = standing(transaction, order, now).await?;
    if standing.paid_at.is_none() || standing.earned_at.is_some() {
        return Ok(Vec::new());
    }
    earn_it(transaction, &standing, now).await
}

async fn earn_it(
    transaction: &impl ConnectionTrait,
    standing: &Standing,
    now: OffsetDateTime,
) -> Result<Vec<Journal>, Problem> {
    let order = standing.money.order;
    run(transaction, "UPDATE orders SET earned_at = $2 WHERE id = $1", [order.into(), now.into()]).await?;
    let entries = standing.money.earned();
    Ok(vec![Journal {
        key: format!("earned:{order}"),
        kind: "earned",
        subject: order.0,
        note: None,
        actor: None,
        entries,
    }])
}

#[derive(FromQueryResult)]
struct InSight {
    owner: String,
    order_line_id: Option<OrderLineId>,
    amount: i64,
}

/// The order is completed: what a partner had in sight for it is owed to the partner.
pub async fn complete(transaction: &impl ConnectionTrait, order: OrderId) -> Result<Vec<Journal>, Problem> {
    let rows = all::<InSight>(
        transaction,
        "SELECT a.owner, p.order_line_id, CAST(-SUM(p.amount) AS bigint) AS amount FROM posting p JOIN ledger_account a ON a.id = p.account_id
         WHERE p.order_id = $1 AND a.kind = 'partner' AND a.partner_id IS NULL GROUP BY a.owner, p.order_line_id",
        [order.into()],
    )
    .await?;
    let mut entries = Vec::new();
    for row in rows {
        let Some(partner) = row.owner.strip_suffix("/in sight").and_then(|id| id.parse::<PartnerId>().ok()) else {
            continue;
        };
        let entry = |account, amount| Entry { account, amount, order: Some(order), line: row.order_line_id };
        entries.push(entry(Account::in_sight(partner), row.amount));
        entries.push(entry(Account::of(LedgerAccountKind::Partner, partner), -row.amount));
    }
    let key = format!("completed:{order}");
    Ok(vec![Journal { key, kind: "completed", subject: order.0, note: None, actor: None, entries }])
}

#[derive(FromQueryResult)]
struct Cash {
    id: PaymentId,
    cooperative_id: CooperativeId,
    carrier: Option<String>,
    carried: i64,
    unsettled: i64,
}

/// Cash for an order that nobody has booked yet: booked, if all of it has been handed over. What a cooperative's own people
/// took at the door, or at its counter, is in its hands and off what it is owed; what a carrier took counts once the carrier
/// has handed it over.
pub async fn collect_cash(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    now: OffsetDateTime,
) -> Result<Vec<Journal>, Problem> {
    const CONTRACT: &str = "FROM parcel WHERE parcel.order_id = p.order_id AND parcel.carrier IN ('ghn', 'ghtk', 'viettel_post') AND parcel.state <> 'cancelled'";
    let cash = one::<Cash>(
        transaction,
        format!(
            "SELECT p.id, o.cooperative_id, (SELECT MIN(carrier) {CONTRACT}) AS carrier,
                    CAST(COALESCE((SELECT SUM(cod_amount) {CONTRACT}), 0) AS bigint) AS carried,
                    (SELECT COUNT(*) {CONTRACT} AND settled_at IS NULL) AS unsettled
             FROM payment p JOIN orders o ON o.id = p.order_id
             WHERE p.order_id = $1 AND p.method = 'cash_on_delivery' AND p.state = 'pending' AND o.state IN ('delivered', 'completed')"
        ),
        [order.into()],
    )
    .await?;
    let Some(cash) = cash.filter(|cash| cash.unsettled == 0) else { return Ok(Vec::new()) };
    payments::cash_in(transaction, cash.id, now).await?;
    let total = standing(transaction, order, now).await?.money.paid();
    let carried = cash.carried.min(total);
    let mut sources = vec![(Account::of(LedgerAccountKind::Cooperative, cash.cooperative_id), total - carried)];
    if let Some(carrier) = cash.carrier {
        sources.push((Account::of(LedgerAccountKind::Carrier, carrier), carried));
    }
    let mut journals = capture(transaction, order, &sources, cash.id.0, now).await?;
    // Goods that came back before their money was booked.
    let back = all::<Back>(
        transaction,
        "SELECT b.offer_id, CAST(SUM(b.quantity) AS bigint) AS quantity FROM return_line b JOIN return_request r ON r.id = b.return_id
         WHERE r.order_id = $1 AND r.state IN ('received', 'closed') GROUP BY b.offer_id ORDER BY b.offer_id",
        [order.into()],
    )
    .await?;
    if !back.is_empty() {
        let goods = back.into_iter().map(|line| (line.offer_id, line.quantity)).collect();
        let owed = owe(transaction, &[(order, What::Goods(goods))], Owe::because("return_received"), now).await?;
        journals.extend(owed.into_iter().flat_map(|owed| owed.journals));
    }
    Ok(journals)
}

#[derive(FromQueryResult)]
struct Back {
    offer_id: OfferId,
    quantity: i64,
}

#[derive(FromQueryResult)]
struct Sold {
    quantity: i64,
    unit_amount: Vnd,
    commissions: Value,
    weight_g: i64,
    discounts: Value,
}

/// Fewer of a line than were bought, or none: its money shrinks in proportion, and what was paid for the rest is owed back.
/// The journals to be posted. Only before the order is earned.
pub async fn shrink(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    line: OrderLineId,
    quantity: i64,
    now: OffsetDateTime,
) -> Result<Vec<Journal>, Problem> {
    lock(transaction, order).await?;
    let before = standing(transaction, order, now).await?;
    let sold = one::<Sold>(
        transaction,
        "SELECT quantity, unit_amount, commissions, weight_g, discounts FROM order_line WHERE id = $1 AND order_id = $2",
        [line.into(), order.into()],
    )
    .await?
    .ok_or_else(|| Problem::internal(format!("order {order} has no line {line}")))?;
    let part = |amount: i64| share(amount, quantity, sold.quantity);
    if quantity == 0 {
        run(transaction, "DELETE FROM order_line WHERE id = $1", [line.into()]).await?;
    } else {
        let mut commissions: Vec<Commission> = serde_json::from_value(sold.commissions).map_err(Problem::internal)?;
        for kept in &mut commissions {
            kept.amount = part(kept.amount);
        }
        let mut discounts: Vec<LineDiscount> = serde_json::from_value(sold.discounts).map_err(Problem::internal)?;
        for given in &mut discounts {
            given.amount = part(given.amount);
        }
        let discount: i64 = discounts.iter().map(|given| given.amount).sum();
        let platform: i64 =
            discounts.iter().filter(|given| given.funded_by == FundedBy::Platform).map(|given| given.amount).sum();
        let kept: i64 = commissions.iter().map(|kept| kept.amount).sum();
        run(
            transaction,
            "UPDATE order_line SET quantity = $2, total_amount = $3, weight_g = $4, discount_amount = $5, platform_discount_amount = $6,
                    discounts = $7, commission_amount = $8, commissions = $9 WHERE id = $1",
            [
                line.into(),
                quantity.into(),
                (sold.unit_amount.0 * quantity).into(),
                (sold.weight_g / sold.quantity.max(1) * quantity).into(),
                discount.into(),
                platform.into(),
                serde_json::to_value(&discounts).map_err(Problem::internal)?.into(),
                kept.into(),
                serde_json::to_value(&commissions).map_err(Problem::internal)?.into(),
            ],
        )
        .await?;
    }
    if before.paid_at.is_none() {
        return Ok(Vec::new());
    }
    let after = standing(transaction, order, now).await?;
    owe_difference(transaction, &before, &after, line, now).await
}
