//! What is owed back to buyers. Owing is a matter of the books and happens in the transaction of its cause (a cancellation,
//! a return, a dispute); sending it back is the payment slice's.

use entity::value::{AccountId, OfferId, OrderId, OrderLineId, PaymentId, PurchaseId, RefundId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use time::OffsetDateTime;

use super::standing::{Standing, lock, standing};
use crate::ledger::refunds::{Owe, Part, REFUND_TOO_MUCH, parts_of, write_down};
use crate::ledger::rules::{Journal, OrderMoney, Piece, Step, share, split};
use crate::ledger::tax::write_tax;
use crate::platform::db::{all, one, run};
use crate::platform::problem::Problem;

/// What of an order goes back.
#[derive(Clone, Debug)]
pub enum What {
    /// All that is left.
    Everything,
    /// So many of these offers, each at what was paid for it.
    Goods(Vec<(OfferId, i64)>),
    /// The goods of every line, without the delivery.
    AllGoods,
    Delivery,
    /// Spread over lines and delivery in proportion.
    Amount(i64),
    /// Spread over the goods alone.
    AmountOfGoods(i64),
}

#[derive(FromQueryResult)]
struct Sold {
    id: OrderLineId,
    offer_id: OfferId,
    quantity: i64,
    returned: i64,
}

/// What was written down to be sent back.
pub struct Owed {
    /// One for each payment that money goes back of; never none.
    pub refunds: Vec<RefundId>,
    /// To be posted.
    pub journals: Vec<Journal>,
}

/// Steps of orders that are paid back together, of one payment.
struct Group<'a> {
    payment: Option<PaymentId>,
    of: Vec<(&'a Standing, Vec<Step>)>,
}

/// Owes a buyer part of what was paid for orders of one purchase. Nothing if nothing is left to give back.
pub async fn owe(
    transaction: &impl ConnectionTrait,
    orders: &[(OrderId, What)],
    owe: Owe<'_>,
    now: OffsetDateTime,
) -> Result<Option<Owed>, Problem> {
    let mut orders = orders.to_vec();
    orders.sort_by_key(|(order, _)| *order);
    let (mut bought, mut agreed) = (Vec::new(), Vec::new());
    for (order, what) in orders {
        lock(transaction, order).await?;
        let standing = standing(transaction, order, now).await?;
        if standing.paid_at.is_none() {
            continue;
        }
        let sources = if standing.agreed { Some(paid_by(transaction, order).await?) } else { None };
        let most = sources.as_ref().map(|sources| sources.iter().map(|source| source.left).sum());
        let steps = steps(transaction, &standing, what, most).await?;
        match sources {
            _ if steps.is_empty() => {}
            None => bought.push((standing, steps)),
            Some(sources) => agreed.push((standing, steps, sources)),
        }
    }
    let mut groups = Vec::new();
    if let Some((first, _)) = bought.first() {
        let payment = payment_of(transaction, first.purchase, first.money.order).await?;
        groups.push(Group { payment, of: bought.iter().map(|(standing, steps)| (standing, steps.clone())).collect() });
    }
    for (standing, steps, sources) in &agreed {
        for (payment, steps) in by_payment(steps, sources) {
            groups.push(Group { payment: Some(payment), of: vec![(standing, steps)] });
        }
    }
    let mut owed = Owed { refunds: Vec::new(), journals: Vec::new() };
    for group in groups {
        owed.refunds.push(owe_of(transaction, &group, &owe, &mut owed.journals, now).await?);
    }
    Ok((!owed.refunds.is_empty()).then_some(owed))
}

/// Writes one refund down.
async fn owe_of(
    transaction: &impl ConnectionTrait,
    group: &Group<'_>,
    owe: &Owe<'_>,
    journals: &mut Vec<Journal>,
    now: OffsetDateTime,
) -> Result<RefundId, Problem> {
    let id = RefundId::new();
    let mut parts = Vec::new();
    for (standing, steps) in &group.of {
        apply(transaction, &standing.money, steps).await?;
        let (entries, lines) = standing.money.refunded_by(steps, standing.earned_at.is_some());
        write_tax(transaction, &standing.money, &lines, Some(id), now).await?;
        let key = format!("owed:{id}:{}", standing.money.order);
        journals.push(Journal {
            key,
            kind: "refund_owed",
            subject: id.0,
            note: owe.note.clone(),
            actor: owe.by,
            entries,
        });
        parts.extend(steps.iter().map(|step| Part {
            order: standing.money.order,
            line: standing.money.pieces[step.piece].line,
            amount: step.to - step.from,
        }));
    }
    if let Some((first, _)) = group.of.first() {
        write_down(transaction, (id, first.purchase, group.payment), &parts, owe, now).await?;
    }
    Ok(id)
}

/// What paid for an order of a contract, and how much of it can go back.
#[derive(FromQueryResult)]
struct Source {
    id: PaymentId,
    #[sea_orm(from_alias = "left_amount")]
    left: i64,
}

/// An order of a contract was paid by its bill and by a part of the contract's deposit. What was set off because its seller was
/// late is not money that came, and does not go back.
async fn paid_by(connection: &impl ConnectionTrait, order: OrderId) -> Result<Vec<Source>, DbErr> {
    let sql = "SELECT y.id, CAST(CASE WHEN y.order_id IS NULL THEN o.deposit_amount ELSE y.amount END
                    - COALESCE((SELECT SUM(t.amount) FROM refund_part t JOIN refund r ON r.id = t.refund_id
                                WHERE r.payment_id = y.id AND t.order_id = o.id AND r.state <> 'rejected'), 0) AS bigint) AS left_amount
               FROM orders o JOIN payment y ON y.order_id = o.id OR (y.order_id IS NULL AND y.contract_id = o.contract_id)
               WHERE o.id = $1 AND NOT y.surplus AND y.state IN ('captured', 'partly_refunded', 'refunded')
               ORDER BY CASE WHEN y.order_id IS NULL THEN 1 ELSE 0 END, y.id";
    all(connection, sql, [order.into()]).await
}

/// Which steps go back of which payment: as much as it has left, the rest of the next.
fn by_payment(steps: &[Step], sources: &[Source]) -> Vec<(PaymentId, Vec<Step>)> {
    let mut groups = Vec::new();
    let mut steps = steps.to_vec();
    for source in sources {
        let (mut left, mut mine, mut rest) = (source.left.max(0), Vec::new(), Vec::new());
        for step in steps {
            let until = step.to.min(step.from + left);
            left -= until - step.from;
            if until > step.from {
                mine.push(Step { to: until, ..step });
            }
            if until < step.to {
                rest.push(Step { from: until, ..step });
            }
        }
        if !mine.is_empty() {
            groups.push((source.id, mine));
        }
        steps = rest;
    }
    groups
}

/// Owes what a paid order costs less, now that one of its lines is smaller.
pub(super) async fn owe_difference(
    transaction: &impl ConnectionTrait,
    before: &Standing,
    after: &Standing,
    line: OrderLineId,
    now: OffsetDateTime,
) -> Result<Vec<Journal>, Problem> {
    let (order, owed) = (after.money.order, before.money.paid() - after.money.paid());
    let (entries, lines) = before.money.shrunk_to(&after.money);
    let sql = "UPDATE orders SET refunded_amount = refunded_amount + $2 WHERE id = $1 AND refunded_amount + $2 <= paid_amount";
    if run(transaction, sql, [order.into(), owed.into()]).await? != 1 {
        return Err(Problem::new(&REFUND_TOO_MUCH));
    }
    if owed == 0 {
        return Ok(Vec::new());
    }
    let id = RefundId::new();
    write_tax(transaction, &after.money, &lines, Some(id), now).await?;
    let payment = payment_of(transaction, after.purchase, order).await?;
    let part = Part { order, line: Some(line), amount: owed };
    write_down(transaction, (id, after.purchase, payment), &[part], &Owe::because("harvest_short"), now).await?;
    let key = format!("owed:{id}:{order}");
    Ok(vec![Journal { key, kind: "refund_owed", subject: id.0, note: None, actor: None, entries }])
}

#[derive(FromQueryResult)]
struct PaymentRow {
    id: PaymentId,
}

/// What paid for an order.
async fn payment_of(
    connection: &impl ConnectionTrait,
    purchase: PurchaseId,
    order: OrderId,
) -> Result<Option<PaymentId>, DbErr> {
    let row = one::<PaymentRow>(
        connection,
        "SELECT id FROM payment WHERE purchase_id = $1 AND (order_id = $2 OR (order_id IS NULL AND contract_id IS NULL)) AND NOT surplus
           AND state IN ('captured', 'partly_refunded', 'refunded')",
        [purchase.into(), order.into()],
    )
    .await?;
    Ok(row.map(|row| row.id))
}

/// What goes back of each piece; no more than `most` of all, if there is such a bound.
async fn steps(
    transaction: &impl ConnectionTrait,
    standing: &Standing,
    what: What,
    most: Option<i64>,
) -> Result<Vec<Step>, Problem> {
    let money = &standing.money;
    let too_much = || Problem::new(&REFUND_TOO_MUCH);
    let most = most.unwrap_or(i64::MAX).max(0);
    let left = |of: &dyn Fn(&Piece) -> bool| -> i64 {
        let left: i64 = money.pieces.iter().filter(|piece| of(piece)).map(|piece| piece.paid() - piece.refunded).sum();
        left.min(most)
    };
    let goods = |piece: &Piece| piece.line.is_some();
    let spread = |amount: i64, of: &dyn Fn(&Piece) -> bool| match amount {
        0 => Ok(Vec::new()),
        amount if amount > most => Err(too_much()),
        amount => money.spread(amount, of).ok_or_else(too_much),
    };
    match what {
        What::Everything => spread(left(&|_| true), &|_| true),
        What::AllGoods => spread(left(&goods), &goods),
        What::Delivery => spread(left(&|piece| piece.line.is_none()), &|piece| piece.line.is_none()),
        What::Amount(amount) => spread(amount, &|_| true),
        What::AmountOfGoods(amount) => spread(amount, &goods),
        What::Goods(lines) => {
            let sold = sold(transaction, money.order).await?;
            let (mut steps, mut most) = (Vec::new(), most);
            for (offer, quantity) in lines {
                let Some(line) = sold.iter().find(|line| line.offer_id == offer) else { return Err(too_much()) };
                let found = money.pieces.iter().position(|piece| piece.line == Some(line.id));
                let Some(piece) = found else { return Err(too_much()) };
                if quantity < 1 || quantity > line.quantity {
                    return Err(too_much());
                }
                let (paid, from) = (money.pieces[piece].paid(), money.pieces[piece].refunded);
                // Of several returns of a line the last brings what rounding left.
                let gone = line.returned.max(quantity).min(line.quantity);
                let until = share(paid, gone, line.quantity);
                let single = share(paid, quantity, line.quantity);
                let owed = (until - from).min(single + 1).min(paid - from).min(most);
                if owed > 0 {
                    most -= owed;
                    steps.push(Step { piece, from, to: from + owed });
                }
            }
            Ok(steps)
        }
    }
}

/// The lines of an order with what was sent back of each.
async fn sold(connection: &impl ConnectionTrait, order: OrderId) -> Result<Vec<Sold>, DbErr> {
    all(
        connection,
        "SELECT l.id, l.offer_id, l.quantity,
                CAST(COALESCE((SELECT SUM(b.quantity) FROM return_line b JOIN return_request r ON r.id = b.return_id
                               WHERE r.order_id = l.order_id AND b.offer_id = l.offer_id AND r.state IN ('received', 'closed')), 0) AS bigint) AS returned
         FROM order_line l WHERE l.order_id = $1",
        [order.into()],
    )
    .await
}

async fn apply(transaction: &impl ConnectionTrait, money: &OrderMoney, steps: &[Step]) -> Result<(), Problem> {
    let mut total = 0;
    for step in steps {
        let difference = step.to - step.from;
        total += difference;
        let changed = match money.pieces[step.piece].line {
            Some(line) => {
                let sql = "UPDATE order_line SET refunded_amount = refunded_amount + $2 WHERE id = $1";
                run(transaction, sql, [line.into(), difference.into()]).await?
            }
            None => {
                let sql = "UPDATE orders SET delivery_refunded_amount = delivery_refunded_amount + $2 WHERE id = $1";
                run(transaction, sql, [money.order.into(), difference.into()]).await?
            }
        };
        if changed != 1 {
            return Err(Problem::internal("a refund of a line that is not there"));
        }
    }
    let sql = "UPDATE orders SET refunded_amount = refunded_amount + $2 WHERE id = $1 AND refunded_amount + $2 BETWEEN 0 AND paid_amount";
    match run(transaction, sql, [money.order.into(), total.into()]).await? {
        1 => Ok(()),
        _ => Err(Problem::new(&REFUND_TOO_MUCH)),
    }
}

/// Undoes what a refund that was rejected owed; the journals to be posted.
pub async fn take_back(
    transaction: &impl ConnectionTrait,
    id: RefundId,
    by: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<Vec<Journal>, Problem> {
    let parts = parts_of(transaction, id).await?;
    let mut journals = Vec::new();
    let mut orders: Vec<OrderId> = parts.iter().map(|part| part.order).collect();
    orders.dedup();
    for order in orders {
        lock(transaction, order).await?;
        let standing = standing(transaction, order, now).await?;
        let mut steps = Vec::new();
        for part in parts.iter().filter(|part| part.order == order) {
            let found = standing.money.pieces.iter().position(|piece| piece.line == part.line);
            let piece = found.ok_or_else(|| Problem::internal("a refund of a line that is not there"))?;
            let from = standing.money.pieces[piece].refunded;
            steps.push(Step { piece, from, to: from - part.amount });
        }
        apply(transaction, &standing.money, &steps).await?;
        let (entries, lines) = standing.money.refunded_by(&steps, standing.earned_at.is_some());
        write_tax(transaction, &standing.money, &lines, Some(id), now).await?;
        let key = format!("not_owed:{id}:{order}");
        journals.push(Journal { key, kind: "refund_rejected", subject: id.0, note: None, actor: by, entries });
    }
    Ok(journals)
}

/// A sum over what is left of several orders, in proportion.
pub async fn over_orders(
    transaction: &impl ConnectionTrait,
    orders: &[OrderId],
    amount: i64,
    now: OffsetDateTime,
) -> Result<Vec<(OrderId, What)>, Problem> {
    let mut left = Vec::new();
    for order in orders {
        let standing = standing(transaction, *order, now).await?;
        let paid = standing.paid_at.is_some();
        left.push(if paid { standing.money.paid() - standing.money.refunded() } else { 0 });
    }
    if amount > left.iter().sum() {
        return Err(Problem::new(&REFUND_TOO_MUCH));
    }
    let parts = split(amount, &left);
    let parts = orders.iter().zip(parts).filter(|(_, part)| *part > 0);
    Ok(parts.map(|(order, part)| (*order, What::Amount(part))).collect())
}
