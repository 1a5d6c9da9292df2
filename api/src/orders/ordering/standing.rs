//! How an order stands with its money, read under its lock: what the books are told.

use entity::value::{
    ContractId, CooperativeId, CooperativeKind, OrderId, OrderLineId, OrderState, PurchaseId, TaxKind, TaxResidence,
    Vnd,
};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use time::OffsetDateTime;

use crate::ledger::rules::{Commission, OrderMoney, Piece};
use crate::ledger::tax::{rates_of, tax_kind};
use crate::platform::db::{all, one, run};
use crate::platform::problem::{NOT_FOUND, Problem};

/// An order's money, and how far it has come.
pub struct Standing {
    pub money: OrderMoney,
    pub purchase: PurchaseId,
    pub state: OrderState,
    /// Of a contract: paid by a bill and a part of the deposit.
    pub agreed: bool,
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
    contract_id: Option<ContractId>,
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
        "SELECT o.purchase_id, o.cooperative_id, c.kind, c.tax_residence, o.state, o.contract_id, o.delivery_amount, o.delivery_discount_amount,
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
        agreed: row.contract_id.is_some(),
        paid_at: row.paid_at,
        earned_at: row.earned_at,
    })
}
