//! How an order stands with its money, read under its lock; and the tax that follows it.

use entity::value::{
    CooperativeId, CooperativeKind, OrderId, OrderLineId, OrderState, PurchaseId, RefundId, RowId, TaxKind,
    TaxResidence, Vnd,
};
use entity::{tax_line, tax_rate};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Set};
use serde_json::Value;
use time::OffsetDateTime;

use super::rules::{Commission, OrderMoney, Piece, Tax, TaxLine};
use crate::platform::clock::VIETNAM;
use crate::platform::db::{all, one, run};
use crate::platform::problem::{NOT_FOUND, Problem};

/// An order's money, and how far it has come.
pub struct Standing {
    pub money: OrderMoney,
    pub purchase: PurchaseId,
    pub state: OrderState,
    pub paid_at: Option<OffsetDateTime>,
    pub earned_at: Option<OffsetDateTime>,
}

impl Standing {
    pub fn delivered(&self) -> bool {
        matches!(self.state, OrderState::Delivered | OrderState::Completed)
    }
}

#[derive(FromQueryResult)]
struct OrderRow {
    purchase_id: PurchaseId,
    cooperative_id: CooperativeId,
    kind: CooperativeKind,
    tax_residence: TaxResidence,
    state: OrderState,
    delivery_amount: Vnd,
    delivery_discount_amount: Vnd,
    delivery_platform_discount_amount: Vnd,
    delivery_refunded_amount: Vnd,
    paid_at: Option<OffsetDateTime>,
    earned_at: Option<OffsetDateTime>,
}

#[derive(FromQueryResult)]
struct LineRow {
    id: OrderLineId,
    total_amount: Vnd,
    discount_amount: Vnd,
    platform_discount_amount: Vnd,
    commissions: Value,
    refunded_amount: Vnd,
    ocop_group: i32,
}

/// Takes the order's row until the transaction ends, so that its money is read and changed by one at a time.
pub async fn lock(transaction: &impl ConnectionTrait, order: OrderId) -> Result<(), Problem> {
    match run(transaction, "UPDATE orders SET updated_at = updated_at WHERE id = $1", [order.into()]).await? {
        1 => Ok(()),
        _ => Err(Problem::new(&NOT_FOUND)),
    }
}

/// The money of an order as it stands, taxed by the rates of the day it was paid.
pub async fn standing(
    connection: &impl ConnectionTrait,
    order: OrderId,
    now: OffsetDateTime,
) -> Result<Standing, Problem> {
    let row = one::<OrderRow>(
        connection,
        "SELECT o.purchase_id, o.cooperative_id, c.kind, c.tax_residence, o.state, o.delivery_amount, o.delivery_discount_amount,
                o.delivery_platform_discount_amount, o.delivery_refunded_amount, o.paid_at, o.earned_at
         FROM orders o JOIN cooperative c ON c.id = o.cooperative_id WHERE o.id = $1",
        [order.into()],
    )
    .await?
    .ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let lines = all::<LineRow>(
        connection,
        "SELECT l.id, l.total_amount, l.discount_amount, l.platform_discount_amount, l.commissions, l.refunded_amount, g.ocop_group
         FROM order_line l JOIN product p ON p.id = l.product_id JOIN category g ON g.id = p.category_id
         WHERE l.order_id = $1 ORDER BY l.id",
        [order.into()],
    )
    .await?;
    // Cooperatives and companies declare by themselves; only households are withheld from (Decree 117/2025/NĐ-CP).
    let rates = match row.kind {
        CooperativeKind::Household => rates_of(connection, row.tax_residence, row.paid_at.unwrap_or(now)).await?,
        _ => Vec::new(),
    };
    let tax = |kind: TaxKind| rates.iter().find(|tax| tax.kind == kind).copied();
    let mut pieces = Vec::with_capacity(lines.len() + 1);
    for line in lines {
        let commissions: Vec<Commission> = serde_json::from_value(line.commissions).map_err(Problem::internal)?;
        pieces.push(Piece {
            line: Some(line.id),
            gross: line.total_amount.0,
            cooperative_discount: line.discount_amount.0 - line.platform_discount_amount.0,
            platform_discount: line.platform_discount_amount.0,
            commissions,
            tax: tax(tax_kind(line.ocop_group)),
            refunded: line.refunded_amount.0,
        });
    }
    pieces.push(Piece {
        line: None,
        gross: row.delivery_amount.0,
        cooperative_discount: row.delivery_discount_amount.0 - row.delivery_platform_discount_amount.0,
        platform_discount: row.delivery_platform_discount_amount.0,
        commissions: Vec::new(),
        tax: tax(TaxKind::Transport),
        refunded: row.delivery_refunded_amount.0,
    });
    Ok(Standing {
        money: OrderMoney {
            order,
            cooperative: row.cooperative_id,
            pieces,
            completed: row.state == OrderState::Completed,
        },
        purchase: row.purchase_id,
        state: row.state,
        paid_at: row.paid_at,
        earned_at: row.earned_at,
    })
}

pub(super) async fn write_tax(
    transaction: &impl ConnectionTrait,
    money: &OrderMoney,
    lines: &[TaxLine],
    refund: Option<RefundId>,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows = lines.iter().map(|line| tax_line_row(money, line, refund, now));
    tax_line::Entity::insert_many(rows.collect::<Vec<_>>()).exec_without_returning(transaction).await?;
    Ok(())
}

pub fn tax_line_row(
    money: &OrderMoney,
    line: &TaxLine,
    refund: Option<RefundId>,
    now: OffsetDateTime,
) -> tax_line::ActiveModel {
    let bp = |value: i64| i32::try_from(value).unwrap_or(i32::MAX);
    tax_line::ActiveModel {
        id: Set(RowId::new()),
        cooperative_id: Set(money.cooperative),
        order_id: Set(money.order),
        order_line_id: Set(line.line),
        period: Set(period(now)),
        kind: Set(line.tax.kind),
        residence: Set(line.tax.residence),
        revenue_amount: Set(Vnd(line.revenue)),
        vat_bp: Set(bp(line.tax.vat_bp)),
        pit_bp: Set(bp(line.tax.pit_bp)),
        vat_amount: Set(Vnd(line.vat)),
        pit_amount: Set(Vnd(line.pit)),
        refund_id: Set(refund),
        at: Set(now),
    }
}

/// `2026-11`: the month in Vietnam.
pub fn period(at: OffsetDateTime) -> String {
    let day = at.to_offset(VIETNAM).date();
    format!("{}-{:02}", day.year(), u8::from(day.month()))
}

/// Group 6 of the OCOP programme are services of community tourism; everything else is goods (Decision 148/QĐ-TTg).
pub fn tax_kind(ocop_group: i32) -> TaxKind {
    if ocop_group == 6 { TaxKind::Service } else { TaxKind::Goods }
}

/// The rates that hold on a day.
async fn rates_of(
    connection: &impl ConnectionTrait,
    residence: TaxResidence,
    at: OffsetDateTime,
) -> Result<Vec<Tax>, DbErr> {
    let rows = all::<tax_rate::Model>(
        connection,
        "SELECT * FROM tax_rate WHERE residence = $1 AND valid_from <= $2 ORDER BY valid_from DESC",
        [residence.as_str().into(), at.to_offset(VIETNAM).date().into()],
    )
    .await?;
    let mut rates: Vec<Tax> = Vec::new();
    for row in rows {
        if rates.iter().all(|known| known.kind != row.kind) {
            let (vat_bp, pit_bp) = (row.vat_bp.into(), row.pit_bp.into());
            rates.push(Tax { kind: row.kind, residence, vat_bp, pit_bp });
        }
    }
    Ok(rates)
}
