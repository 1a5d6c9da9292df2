//! What an order's page shows beside the order: a talk with the seller, goods that go back, disputes, what may be reviewed.

use entity::value::{OfferId, OrderState, ProductId};
use serde::Serialize;
use time::OffsetDateTime;

use super::shell::Shell;
use crate::orders::dispute::{self, DisputeView};
use crate::orders::ordering::{
    BuyersOrder, Messages, ReturnView, lines_of, read_talk, returnable_until, returns_of_order,
};
use crate::platform::clock::VIETNAM;
use crate::platform::db::by_id;
use crate::platform::problem::Problem;

/// A bought product that may be reviewed.
#[derive(Serialize)]
struct Bought {
    product_id: ProductId,
    offer_id: OfferId,
    name_vi: String,
    name_en: String,
    quantity: i64,
}

/// What an order's page shows beside the order.
#[derive(Serialize)]
pub struct After {
    talk: Messages,
    returns: Vec<ReturnView>,
    disputes: Vec<DisputeView>,
    bought: Vec<Bought>,
    /// Until when goods may be asked to go back; none where they may not.
    returnable_until: Option<String>,
    disputable: bool,
    /// A review is written by an account.
    reviewable: bool,
    receipt: bool,
}

pub async fn of(shell: &Shell, order: &BuyersOrder) -> Result<After, Problem> {
    let (id, now) = (order.row.id, shell.clock.now());
    let row = by_id::<entity::order::Entity>(shell.db.fresh(), id).await?;
    let (state, delivered_at) = row.map_or((order.row.state, None), |row| (row.state, row.delivered_at));
    let returns = returns_of_order(shell.db.fresh(), id).await?;
    let disputes = dispute::of_order(shell.db.fresh(), id).await?;
    let arrived = matches!(state, OrderState::Delivered | OrderState::Completed);
    let asked = returns.iter().any(ReturnView::is_open);
    let until = returnable_until(&order.row, delivered_at, &shell.config).filter(|until| now <= *until && !asked);
    let day = |at: OffsetDateTime| at.to_offset(VIETNAM).date().to_string();
    let bought = lines_of(shell.db.fresh(), &[id]).await?.into_iter().map(|line| Bought {
        product_id: line.product_id,
        offer_id: line.offer_id,
        name_vi: line.name_vi,
        name_en: line.name_en,
        quantity: line.quantity,
    });
    Ok(After {
        talk: read_talk(&shell.db, id, order.kind, now).await?,
        disputable: arrived && !disputes.iter().any(DisputeView::is_open),
        bought: bought.collect(),
        returnable_until: until.map(day),
        reviewable: arrived && order.row.account_id.is_some(),
        receipt: !matches!(state, OrderState::AwaitingPayment | OrderState::Expired | OrderState::Cancelled),
        returns,
        disputes,
    })
}
