//! Making invoices. The number is the counter's next, taken in the invoice's own transaction: what fails leaves no gap.

use entity::invoice;
use entity::value::{CooperativeId, InvoiceId, InvoiceKind, InvoiceState, OrderId, OrderLineId, RefundId, Vnd};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Set};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::ledger::rules::share;
use crate::orders::ordering::{OrderRow, lines_of, order_within, sale};
use crate::platform::clock::VIETNAM;
use crate::platform::db::{Db, all, by_id, one};
use crate::platform::problem::Problem;

#[derive(FromQueryResult)]
struct Counter {
    last: i32,
}

async fn next_number(
    transaction: &impl ConnectionTrait,
    cooperative: CooperativeId,
    year: i32,
) -> Result<i32, Problem> {
    let counter = one::<Counter>(
        transaction,
        "INSERT INTO invoice_counter (cooperative_id, year, last) VALUES ($1, $2, 1)
         ON CONFLICT (cooperative_id, year) DO UPDATE SET last = invoice_counter.last + 1 RETURNING last",
        [cooperative.into(), year.into()],
    )
    .await?;
    Ok(counter.ok_or_else(|| Problem::internal("no invoice number"))?.last)
}

#[derive(FromQueryResult)]
struct Known {
    id: InvoiceId,
}

async fn sale_of(connection: &impl ConnectionTrait, order: OrderId) -> Result<Option<InvoiceId>, DbErr> {
    let sql = "SELECT id FROM invoice WHERE order_id = $1 AND kind = 'sale'";
    Ok(one::<Known>(connection, sql, [order.into()]).await?.map(|row| row.id))
}

async fn parties(connection: &impl ConnectionTrait, row: &OrderRow) -> Result<Value, Problem> {
    let seller = by_id::<entity::cooperative::Entity>(connection, row.cooperative_id).await?;
    let seller = seller.ok_or_else(|| Problem::internal("an order of no cooperative"))?;
    Ok(json!({
        "seller": {"name": seller.legal_name, "tax_code": seller.tax_code, "address": seller.street, "commune_code": seller.commune_code},
        "buyer": {"name": row.recipient, "address": row.street, "commune_code": row.commune_code},
        "order": row.number, "currency": Vnd::CURRENCY, "payment_method": row.payment_method,
    }))
}

struct New {
    kind: InvoiceKind,
    order: OrderId,
    cooperative: CooperativeId,
    refund: Option<RefundId>,
    adjusts: Option<InvoiceId>,
    data: Value,
    total: i64,
}

async fn write(transaction: &impl ConnectionTrait, new: New, now: OffsetDateTime) -> Result<(), Problem> {
    let year = now.to_offset(VIETNAM).year();
    let number = next_number(transaction, new.cooperative, year).await?;
    let row = invoice::ActiveModel {
        id: Set(InvoiceId::new()),
        cooperative_id: Set(new.cooperative),
        year: Set(year),
        number: Set(number),
        kind: Set(new.kind),
        order_id: Set(new.order),
        refund_id: Set(new.refund),
        adjusts_id: Set(new.adjusts),
        data: Set(new.data),
        total_amount: Set(Vnd(new.total)),
        state: Set(InvoiceState::Waiting),
        provider_reference: Set(None),
        last_error: Set(None),
        attempts: Set(0),
        next_at: Set(now),
        created_at: Set(now),
    };
    invoice::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}

/// So many of a contract's packs were accepted, as their weight told: with as many decimals as an invoice takes.
fn accepted(total: i64, unit: i64) -> Value {
    let ten_thousandths = share(10_000, total, unit);
    let (whole, rest) = (ten_thousandths / 10_000, ten_thousandths % 10_000);
    let text = format!("{whole}.{rest:04}");
    json!(text.trim_end_matches('0').trim_end_matches('.'))
}

/// The invoice of a delivered order, if it has none. Of a contract's order only what was accepted is invoiced: see
/// `order.accepted`.
pub async fn of_sale(db: &Db, (order, weighed): (OrderId, bool), now: OffsetDateTime) -> Result<(), Problem> {
    let transaction = db.begin().await?;
    // Two who make the same invoice come one after the other.
    sale::lock(&transaction, order).await?;
    if sale_of(&transaction, order).await?.is_some() {
        return Ok(());
    }
    let row = order_within(&transaction, order).await?;
    if row.contract_id.is_some() && !weighed {
        return Ok(());
    }
    let mut data = parties(&transaction, &row).await?;
    let lines: Vec<Value> = lines_of(&transaction, &[order])
        .await?
        .iter()
        .map(|line| {
            let total = line.total_amount.0 - line.discount_amount.0;
            let name = format!("{} {}", line.name_vi, line.pack_vi);
            let (quantity, discount) = if row.contract_id.is_some() {
                (accepted(total, line.unit_amount.0), 0)
            } else {
                (json!(line.quantity), line.discount_amount.0)
            };
            json!({"sku": line.sku, "name": name, "quantity": quantity, "unit_amount": line.unit_amount, "discount": discount, "total": total})
        })
        .collect();
    data["lines"] = lines.into();
    data["delivery"] = row.delivery_amount.0.into();
    data["discount"] = row.discount_amount.0.into();
    data["total"] = row.total_amount.0.into();
    let total = row.total_amount.0;
    let cooperative = row.cooperative_id;
    let new = New { kind: InvoiceKind::Sale, order, cooperative, refund: None, adjusts: None, data, total };
    write(&transaction, new, now).await?;
    transaction.commit().await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Part {
    order_id: OrderId,
    order_line_id: Option<OrderLineId>,
    sku: Option<String>,
    amount: Vnd,
}

/// What adjusts the invoices of orders that money went back of.
pub async fn of_refund(db: &Db, refund: RefundId, now: OffsetDateTime) -> Result<(), Problem> {
    let parts = all::<Part>(
        db.fresh(),
        "SELECT p.order_id, p.order_line_id, l.sku, p.amount FROM refund_part p LEFT JOIN order_line l ON l.id = p.order_line_id
         WHERE p.refund_id = $1 ORDER BY p.order_id, p.id",
        [refund.into()],
    )
    .await?;
    let mut orders: Vec<OrderId> = parts.iter().map(|part| part.order_id).collect();
    orders.dedup();
    for order in orders {
        let transaction = db.begin().await?;
        sale::lock(&transaction, order).await?;
        let sql = "SELECT id FROM invoice WHERE refund_id = $1 AND order_id = $2";
        let known = one::<Known>(&transaction, sql, [refund.into(), order.into()]).await?;
        // Money that went back before anything was handed over was never on an invoice.
        let Some(adjusts) = sale_of(&transaction, order).await?.filter(|_| known.is_none()) else { continue };
        let row = order_within(&transaction, order).await?;
        let mut data = parties(&transaction, &row).await?;
        let ours = parts.iter().filter(|part| part.order_id == order);
        let lines: Vec<Value> = ours
            .clone()
            .map(|part| json!({"sku": part.sku, "delivery": part.order_line_id.is_none(), "total": -part.amount.0}))
            .collect();
        let total = -ours.map(|part| part.amount.0).sum::<i64>();
        data["lines"] = lines.into();
        data["total"] = total.into();
        let cooperative = row.cooperative_id;
        let new = New {
            kind: InvoiceKind::Adjustment,
            order,
            cooperative,
            refund: Some(refund),
            adjusts: Some(adjusts),
            data,
            total,
        };
        write(&transaction, new, now).await?;
        transaction.commit().await?;
    }
    Ok(())
}
