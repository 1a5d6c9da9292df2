//! A cooperative takes goods back of its own accord, as when their lot is recalled.

use entity::return_line;
use entity::value::{OfferId, OrderId, ReturnId};
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use time::OffsetDateTime;

use super::returns::returned;
use super::write_up::number;
use crate::platform::db::run;
use crate::platform::outbox::emit;
use crate::platform::problem::Problem;

/// The cooperative takes goods of a delivered order back: an approved return, unless one is open or nothing is left with the
/// buyer. Whether it was opened.
pub async fn take_back(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    goods: &[(OfferId, i64)],
    text: &str,
    now: OffsetDateTime,
) -> Result<bool, Problem> {
    let before = returned(transaction, order).await?;
    let gone =
        |offer: OfferId| before.iter().filter(|line| line.offer_id == offer).map(|line| line.quantity).sum::<i64>();
    let left = goods.iter().map(|(offer, quantity)| (*offer, quantity - gone(*offer)));
    let left: Vec<_> = left.filter(|(_, quantity)| *quantity > 0).collect();
    if left.is_empty() {
        return Ok(false);
    }
    let id = ReturnId::new();
    let opened = run(
        transaction,
        "INSERT INTO return_request (id, number, order_id, cooperative_id, state, reason_code, text, created_at, updated_at)
         SELECT $1, $2, o.id, o.cooperative_id, 'approved', 'other', $4, $5, $5 FROM orders o
         WHERE o.id = $3 AND o.state IN ('delivered', 'completed')
         ON CONFLICT DO NOTHING",
        [id.into(), number("TH", now).into(), order.into(), text.into(), now.into()],
    )
    .await?;
    if opened != 1 {
        return Ok(false);
    }
    let lines = left.into_iter().map(|(offer, quantity)| return_line::ActiveModel {
        return_id: Set(id),
        offer_id: Set(offer),
        quantity: Set(quantity),
        restocked: Set(0),
    });
    return_line::Entity::insert_many(lines.collect::<Vec<_>>()).exec_without_returning(transaction).await?;
    emit(transaction, "return.approved", order.0, serde_json::json!({"return": id}), now).await?;
    Ok(true)
}
