//! What becomes of recalled lots; when it is written of all of them, the recall is over.

use entity::recall_lot;
use entity::value::{CooperativeId, LotId, LotState, OfferId, RecallId, RecallOutcome, TraceAct};
use garde::Validate;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::platform::db::{all, by_id, one, run};
use crate::platform::fold;
use crate::platform::i18n::Text;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::read_model::Level;
use crate::shop::inventory::holding::let_go;
use crate::shop::inventory::{Outcome, record};

codes! {
    RECALL_SETTLED = "recalled_lot_settled" 409 "Lô này đã được xử lý." "What becomes of this lot is written already.";
    /// `orders` names them.
    ORDERS_WAIT = "orders_wait_for_goods" 409 "Còn đơn chưa đóng gói chờ hàng này: hãy hủy hoặc nhập hàng khác trước." "Orders that are not packed wait for these goods: cancel them, or record others, first.";
    OTHER_RECALL_OPEN = "other_recall_open" 409 "Lô còn nằm trong một đợt thu hồi khác." "Another recall still holds this lot.";
}

#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"outcome": "destroyed", "note": "Chôn lấp tại bãi xã, có biên bản ngày 26/11"}))]
pub struct OutcomeInput {
    /// `corrected` goods are sold again; of all others what is left leaves the books.
    pub outcome: RecallOutcome,
    #[garde(length(chars, min = 5, max = 500))]
    #[schema(min_length = 5, max_length = 500)]
    pub note: String,
}

#[derive(FromQueryResult)]
struct Left {
    offer_id: OfferId,
    on_hand: i64,
}

#[derive(FromQueryResult)]
struct Waiting {
    number: String,
}

/// Which orders wait for goods that are to leave the books.
async fn waiting(transaction: &impl ConnectionTrait, offer: OfferId) -> Result<Problem, Problem> {
    let sql = "SELECT DISTINCT o.number FROM reservation r JOIN orders o ON o.id = r.order_id
               WHERE r.offer_id = $1 AND r.state = 'held' ORDER BY o.number LIMIT 50";
    let orders = all::<Waiting>(transaction, sql, [offer.into()]).await?;
    let numbers: Vec<String> = orders.into_iter().map(|order| order.number).collect();
    let (vi, en) = (ORDERS_WAIT.vi, ORDERS_WAIT.en);
    let named = numbers.join(", ");
    Ok(Problem::new(&ORDERS_WAIT)
        .detail(Text::new(format!("{vi} {named}"), format!("{en} {named}")))
        .extension("orders", numbers))
}

/// Everything that is left of a lot leaves the books.
async fn write_off(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    lot: LotId,
    (act, note): (TraceAct, &str),
) -> Result<Vec<Level>, Problem> {
    let sql = "SELECT offer_id, on_hand FROM lot_stock WHERE lot_id = $1 AND on_hand > 0 ORDER BY offer_id";
    let mut levels = Vec::new();
    for left in all::<Left>(transaction, sql, [lot.into()]).await? {
        let (note, actor) = (Some(note.to_owned()), Some(desk.who.account));
        let done = record(transaction, left.offer_id, act, -left.on_hand, Some(lot), note, actor, desk.now()).await?;
        let Outcome::Done(found) = done else { return Err(waiting(transaction, left.offer_id).await?) };
        levels.extend(found);
    }
    Ok(levels)
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

async fn count(transaction: &impl ConnectionTrait, sql: &str, values: [sea_orm::Value; 2]) -> Result<i64, Problem> {
    Ok(one::<Count>(transaction, sql, values).await?.map_or(0, |row| row.count))
}

/// Writes what becomes of a lot; of another cooperative's lot that is for its own people to say.
pub async fn settle(
    desk: &Desk,
    cooperative: CooperativeId,
    (id, lot): (RecallId, LotId),
    input: OutcomeInput,
) -> Result<(), Problem> {
    let recall = by_id::<entity::recall::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let row = by_id::<entity::lot::Entity>(desk.db.fresh(), lot).await?;
    let row = row.filter(|row| row.cooperative_id == cooperative).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let of = recall_lot::Entity::find_by_id((id, lot)).one(desk.db.fresh()).await?;
    of.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let (now, note) = (desk.now(), fold::stored(&input.note));
    let transaction = desk.begin().await?;
    let sql = "UPDATE recall_lot SET outcome = $3, outcome_note = $4, outcome_at = $5 WHERE recall_id = $1 AND lot_id = $2 AND outcome IS NULL";
    let values = [id.into(), lot.into(), input.outcome.as_str().into(), note.as_str().into(), now.into()];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&RECALL_SETTLED));
    }
    let mut products = vec![row.product_id];
    let levels = match input.outcome {
        RecallOutcome::Corrected => {
            let sql = "SELECT COUNT(*) AS count FROM recall_lot WHERE lot_id = $1 AND recall_id <> $2 AND (outcome IS NULL OR outcome <> 'corrected')";
            if count(&transaction, sql, [lot.into(), id.into()]).await? > 0 {
                return Err(Problem::new(&OTHER_RECALL_OPEN));
            }
            let held = let_go(&transaction, &[lot], now).await?;
            products = held.products;
            held.levels
        }
        RecallOutcome::Destroyed => write_off(&transaction, desk, lot, (TraceAct::Destroyed, &note)).await?,
        RecallOutcome::OtherUse | RecallOutcome::ReExported => {
            write_off(&transaction, desk, lot, (TraceAct::Counted, &note)).await?
        }
    };
    let sql = "UPDATE recall SET state = 'closed', closed_at = $2 WHERE id = $1 AND state = 'open'
               AND NOT EXISTS (SELECT 1 FROM recall_lot l WHERE l.recall_id = recall.id AND l.outcome IS NULL)";
    run(&transaction, sql, [id.into(), now.into()]).await?;
    let before = serde_json::json!({"state": row.state});
    let held = if input.outcome == RecallOutcome::Corrected { LotState::Good } else { row.state };
    let after = serde_json::json!({"recall": recall.number, "outcome": input.outcome, "note": note, "state": held});
    desk.audit(&transaction, "recall.lot_settled", ("lot", lot.0), before, after).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    desk.products_changed(&products).await
}
