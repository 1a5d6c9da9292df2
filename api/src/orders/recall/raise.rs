//! Raising a recall: everything at once, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use entity::value::{
    CooperativeId, LotId, NoticeId, NoticeKind, NoticeState, OrderActor, OrderId, OrderState, PartnerId, RecallId,
    RecallKind, RecallState,
};
use entity::{recall, recall_lot, recall_notice};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::choose::{Chosen, choose};
use super::store::{Taken, taken};
use crate::ocop::traceability::reach::{Reached, downstream};
use crate::orders::ordering::{Action, By, lock_order, number, order_within, step_within, tell_all};
use crate::people::desk::Desk;
use crate::platform::fault;
use crate::platform::fold;
use crate::platform::idempotency::{Claim, IdempotencyKey, claim_with, fingerprint};
use crate::platform::outbox;
use crate::platform::problem::Problem;
use crate::platform::read_model::Level;
use crate::shop::inventory::holding::{Held, hold_back, makers_of};

/// Rows written by one statement.
const CHUNK: usize = 200;

#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"lots": {"codes": ["7K3M-9Q2X-C4TB"]}, "reason": "Dư lượng thuốc vượt mức trong mẫu kiểm nghiệm", "advice": "Không ăn. Giữ hộp lại, hợp tác xã sẽ đến nhận và hoàn tiền."}))]
pub struct NewRecall {
    #[garde(dive)]
    pub lots: Chosen,
    #[garde(length(chars, min = 5, max = 500))]
    #[schema(min_length = 5, max_length = 500)]
    pub reason: String,
    /// What buyers are to do.
    #[garde(length(chars, min = 5, max = 500))]
    #[schema(min_length = 5, max_length = 500)]
    pub advice: String,
}

/// Who orders it: the cooperative itself, or an authority by its decision.
pub type Decision = Option<String>;

/// Stops what is packed and has not left: the goods return to their lots, which are blocked, and what was paid goes back.
async fn stop(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    order: &Taken,
    number: &str,
) -> Result<Option<Vec<Level>>, Problem> {
    if order.state != OrderState::Packed || order.left {
        return Ok(None);
    }
    let row = order_within(transaction, order.order_id).await?;
    let by = By {
        reason_code: Some("recall"),
        ..By::of(OrderActor::System, Some(desk.who.account), Some(format!("Thu hồi {number}")))
    };
    Ok(Some(step_within(transaction, &desk.tools(), &row, Action::Cancel, by).await?))
}

/// Somebody to be told.
struct Told {
    kind: NoticeKind,
    order: Option<OrderId>,
    cooperative: Option<CooperativeId>,
    partner: Option<PartnerId>,
    quantity: i64,
    stopped: bool,
}

impl Told {
    fn buyer(order: &Taken, stopped: bool) -> Self {
        let (kind, quantity) = (NoticeKind::Buyer, order.quantity);
        Self { kind, order: Some(order.order_id), cooperative: None, partner: None, quantity, stopped }
    }

    /// Of a lot that was made of recalled ones.
    fn maker(maker: CooperativeId) -> Self {
        let kind = NoticeKind::Cooperative;
        Self { kind, order: None, cooperative: Some(maker), partner: None, quantity: 0, stopped: false }
    }

    /// Where boxes wait for their buyers.
    fn reception(partner: PartnerId, quantity: i64) -> Self {
        let kind = NoticeKind::Partner;
        Self { kind, order: None, cooperative: None, partner: Some(partner), quantity, stopped: true }
    }

    /// Topic and subject of the event that sends the mail.
    fn topic(&self) -> Option<(&'static str, uuid::Uuid)> {
        let buyer = self.order.map(|order| ("recall.order", order.0));
        let maker = self.cooperative.map(|cooperative| ("recall.cooperative", cooperative.0));
        buyer.or(maker).or(self.partner.map(|partner| ("recall.partner", partner.0)))
    }
}

async fn tell(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    recall: &recall::Model,
    told: &[Told],
) -> Result<(), Problem> {
    let now = desk.now();
    for part in told.chunks(CHUNK) {
        let notices = part.iter().map(|one| recall_notice::ActiveModel {
            id: Set(NoticeId::new()),
            recall_id: Set(recall.id),
            kind: Set(one.kind),
            order_id: Set(one.order),
            cooperative_id: Set(one.cooperative),
            partner_id: Set(one.partner),
            quantity: Set(one.quantity),
            stopped: Set(one.stopped),
            state: Set(NoticeState::Open),
            confirmed_at: Set(None),
            note: Set(None),
            refund_id: Set(None),
            created_at: Set(now),
        });
        recall_notice::Entity::insert_many(notices.collect::<Vec<_>>()).exec_without_returning(transaction).await?;
        let events = part.iter().filter_map(|one| {
            let (topic, subject) = one.topic()?;
            let payload = json!({"number": recall.number, "reason": recall.reason, "advice": recall.advice, "quantity": one.quantity, "stopped": one.stopped});
            Some(outbox::event(topic, subject, payload, now))
        });
        outbox::emit_all(transaction, events.collect()).await?;
    }
    let text = format!("Thu hồi {}: {} {}", recall.number, recall.reason, recall.advice);
    let orders: Vec<OrderId> = told.iter().filter_map(|one| one.order).collect();
    tell_all(transaction, &orders, desk.who.account, &text, now).await
}

/// Blocks these lots and all that was made of them. Nobody packs or makes anything of them from here on; what was made
/// meanwhile is among them.
async fn block(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    chosen: &[LotId],
) -> Result<(Vec<Reached>, Held), Problem> {
    let now = desk.now();
    let ids = |reached: &[Reached]| reached.iter().map(|reached| reached.lot_id).collect::<Vec<LotId>>();
    let mut reached = downstream(transaction, chosen).await?;
    // Orders before stock, as whoever cancels one locks them.
    for order in taken(transaction, &ids(&reached)).await?.iter().filter(|order| order.state == OrderState::Packed) {
        lock_order(transaction, order.order_id, now).await?;
    }
    loop {
        let held = hold_back(transaction, &ids(&reached), now).await?;
        let again = downstream(transaction, chosen).await?;
        if again.len() == reached.len() {
            return Ok((reached, held));
        }
        reached = again;
    }
}

async fn write_lots(transaction: &impl ConnectionTrait, recall: RecallId, reached: &[Reached]) -> Result<(), DbErr> {
    for part in reached.chunks(CHUNK) {
        let rows = part.iter().map(|reached| recall_lot::ActiveModel {
            recall_id: Set(recall),
            lot_id: Set(reached.lot_id),
            depth: Set(reached.depth),
            outcome: Set(None),
            outcome_note: Set(None),
            outcome_at: Set(None),
        });
        recall_lot::Entity::insert_many(rows.collect::<Vec<_>>()).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// Stops what can be stopped; everybody to be told, and the levels it leaves.
async fn find_all(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    recall: &recall::Model,
    lots: &[LotId],
) -> Result<(Vec<Told>, Vec<Level>), Problem> {
    let (mut told, mut levels) = (Vec::new(), Vec::new());
    let mut receptions: BTreeMap<PartnerId, i64> = BTreeMap::new();
    for order in taken(transaction, lots).await? {
        let stopped = stop(transaction, desk, &order, &recall.number).await?;
        told.push(Told::buyer(&order, stopped.is_some()));
        if let Some(partner) = order.partner_id.filter(|_| order.state == OrderState::Packed) {
            *receptions.entry(partner).or_default() += order.quantity;
        }
        levels.extend(stopped.into_iter().flatten());
    }
    let others: BTreeSet<CooperativeId> =
        makers_of(transaction, lots).await?.into_iter().filter(|maker| *maker != recall.cooperative_id).collect();
    told.extend(others.into_iter().map(Told::maker));
    told.extend(receptions.into_iter().map(|(partner, quantity)| Told::reception(partner, quantity)));
    Ok((told, levels))
}

/// The recall that was raised by the same request before, if it was; else `id` is what the key stands for.
async fn raised_before(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    key: &IdempotencyKey,
    print: &str,
    id: RecallId,
) -> Result<Option<RecallId>, Problem> {
    let scope = format!("recalls:{}", desk.who.account);
    match claim_with(transaction, &scope, key, print, Some((201, &id.to_string())), desk.now()).await? {
        Claim::First => Ok(None),
        Claim::Again { body, .. } => body.parse().map(Some).map_err(Problem::internal),
    }
}

/// Raises a recall of a cooperative's lots and of all that was made of them; its id. The same request with the same key
/// finds the recall it raised.
pub async fn raise(
    desk: &Desk,
    cooperative: CooperativeId,
    input: NewRecall,
    decision: Decision,
    key: Option<&IdempotencyKey>,
) -> Result<RecallId, Problem> {
    let (id, now) = (RecallId::new(), desk.now());
    let transaction = desk.begin().await?;
    if let Some(key) = key {
        let asked = json!({"cooperative": cooperative, "decision": decision, "recall": input}).to_string();
        if let Some(before) = raised_before(&transaction, desk, key, &fingerprint(&[&asked]), id).await? {
            return Ok(before);
        }
    }
    let chosen = choose(&transaction, cooperative, &input.lots).await?;
    let kind = if decision.is_some() { RecallKind::Mandatory } else { RecallKind::Voluntary };
    let recall = recall::Model {
        id,
        number: number("TH", now),
        cooperative_id: cooperative,
        kind,
        decision_number: decision,
        reason: fold::stored(&input.reason),
        advice: fold::stored(&input.advice),
        state: RecallState::Open,
        raised_by: desk.who.account,
        raised_at: now,
        closed_at: None,
    };
    recall::Entity::insert(recall.clone().into_active_model()).exec_without_returning(&transaction).await?;
    let (reached, held) = block(&transaction, desk, &chosen).await?;
    write_lots(&transaction, recall.id, &reached).await?;
    let lots: Vec<LotId> = reached.iter().map(|reached| reached.lot_id).collect();
    let (told, stopped) = find_all(&transaction, desk, &recall, &lots).await?;
    tell(&transaction, desk, &recall, &told).await?;
    let payload = json!({"recall_id": recall.id, "number": recall.number, "reason": recall.reason, "lots": lots.len(), "notices": told.len()});
    outbox::emit(&transaction, "recall.raised", cooperative.0, payload, now).await?;
    fault::point("recall.told");
    let after = json!({"number": recall.number, "kind": kind, "decision": recall.decision_number, "lots": lots.len(), "told": told.len()});
    desk.audit(&transaction, "recall.raised", ("recall", recall.id.0), (), after).await?;
    fault::point("recall.before_commit");
    transaction.commit().await?;
    fault::point("recall.after_commit");
    // The last word about an offer counts.
    let levels: BTreeMap<_, Level> = held.levels.into_iter().chain(stopped).map(|level| (level.offer, level)).collect();
    desk.read_model.levels_changed(&levels.into_values().collect::<Vec<_>>()).await;
    desk.products_changed(&held.products).await?;
    Ok(recall.id)
}
