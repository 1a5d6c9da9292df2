//! What people write about a lot by hand: that it was stored or inspected, and that an event was recorded in error. An event is
//! never changed: its error is declared, and what really happened is written beside it.

use actix_web::web::Path;
use actix_web::{HttpResponse, post};
use entity::value::{CooperativeId, LotId, MovementKind, OfferId, RowId, TraceAct};
use entity::{lot, trace_event, trace_item};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::keeping::{self, Kept};
use super::moves::record;
use super::rules::MAX_QUANTITY;
use super::store::{BELOW_RESERVED, Outcome};
use crate::ocop::traceability::events::{self, Act, Item};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::clock::VIETNAM;
use crate::platform::db::{all, by_id, is_duplicate};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    DECLARED_ALREADY = "error_declared_already" 409 "Sự kiện này đã được đính chính." "The error of this event was declared already.";
    NOT_CORRECTABLE = "event_not_correctable" 409 "Sự kiện này do đơn hàng, chế biến hoặc bên khác ghi: không đính chính ở đây được." "This event comes from an order, a transformation or somebody else, and is not corrected here.";
}

/// What may be seen of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// Brought into a store.
    Stored,
    /// Looked at, and found good.
    Inspected,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"act": "stored", "note": "Kho mát 8 °C"}))]
pub struct NewObservation {
    #[schema(inline)]
    pub act: Observation,
    /// Now unless told.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<OffsetDateTime>,
    /// Of what is brought into a store: how it is kept there. Its last day follows the product's rule for that kind of store.
    #[garde(dive)]
    pub kept: Option<Kept>,
    #[garde(inner(length(chars, max = 300)))]
    #[schema(max_length = 300)]
    pub note: Option<String>,
}

/// An event that was written.
#[derive(Serialize, ToSchema)]
pub struct Written {
    pub event_id: RowId,
}

async fn own(desk: &Desk, cooperative: CooperativeId, id: LotId) -> Result<lot::Model, Problem> {
    let row = by_id::<lot::Entity>(desk.db.fresh(), id).await?.filter(|lot| lot.cooperative_id == cooperative);
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

#[derive(sea_orm::FromQueryResult)]
struct Held {
    offer_id: OfferId,
    on_hand: i64,
}

/// Note that a lot was stored or inspected.
#[utoipa::path(tag = "traceability", operation_id = "observe_lot", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("lot_id" = LotId, Path)), request_body = NewObservation, responses((status = 201, description = "The event", body = Written)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/lots/{lot_id}/events")]
pub async fn observe_lot(
    desk: Desk,
    path: Path<(CooperativeId, LotId)>,
    body: Body<NewObservation>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::CountStock).await?;
    Ok(HttpResponse::Created().json(observe(&desk, cooperative, id, body.0).await?))
}

pub async fn observe(
    desk: &Desk,
    cooperative: CooperativeId,
    id: LotId,
    input: NewObservation,
) -> Result<Written, Problem> {
    let lot = own(desk, cooperative, id).await?;
    let transaction = desk.begin().await?;
    let seen = observe_within(&transaction, desk, &lot, input).await?;
    transaction.commit().await?;
    if seen.moved {
        desk.products_changed(&[lot.product_id]).await?;
    }
    Ok(seen.written)
}

/// What was seen of a lot.
pub struct Seen {
    pub written: Written,
    /// Its last day is another one now.
    pub moved: bool,
}

/// As [`observe`], in the caller's transaction and of whose lot the caller says.
pub async fn observe_within(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    lot: &lot::Model,
    input: NewObservation,
) -> Result<Seen, Problem> {
    let (id, now) = (lot.id, desk.now());
    let at = input.at.unwrap_or(now);
    if at > now || at < lot.created_at - time::Duration::days(3_650) {
        let (vi, en) = ("thời điểm ở tương lai hoặc quá xa", "in the future, or too long ago");
        return Err(Problem::field("/at", "time", vi, en));
    }
    if let Some(kept) = input.kept {
        kept.check("/kept")?;
        if input.act != Observation::Stored {
            let (vi, en) = ("chỉ dùng khi nhập kho", "goes with bringing it into a store");
            return Err(Problem::field("/kept", "act", vi, en));
        }
    }
    let sql = "SELECT offer_id, on_hand FROM lot_stock WHERE lot_id = $1 AND on_hand > 0 ORDER BY offer_id";
    let held = all::<Held>(transaction, sql, [id.into()]).await?;
    let mut items: Vec<Item> = held.iter().map(|held| Item::seen(id, Some(held.offer_id), held.on_hand)).collect();
    if items.is_empty() {
        items.push(Item::seen(id, None, 0));
    }
    let act = if input.act == Observation::Stored { TraceAct::Stored } else { TraceAct::Inspected };
    let note = input.note.map(|note| fold::stored(&note)).filter(|note| !note.is_empty());
    let act = Act { note, ..Act::new(act, Some(desk.who.account), at) };
    let written = events::write(transaction, &act, &items, now).await?;
    let mut moved = false;
    if let Some(kept) = input.kept {
        let on = at.to_offset(VIETNAM).date();
        let expires_on = keeping::bring(transaction, lot, kept, on).await?;
        moved = expires_on != lot.expires_on;
        let before = serde_json::json!({"storage": lot.storage, "expires_on": lot.expires_on});
        let after = serde_json::json!({"storage": kept.storage, "expires_on": expires_on});
        desk.audit(transaction, "lot.stored", ("lot", id.0), before, after).await?;
        emit(transaction, "product.changed", lot.product_id.0, serde_json::json!({"by": "storage"}), now).await?;
    }
    let event_id = written.ok_or_else(|| Problem::internal("an event without lots"))?;
    Ok(Seen { written: Written { event_id }, moved })
}

/// What is wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    DidNotOccur,
    IncorrectData,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"reason": "incorrect_data", "quantity": 30, "note": "Đếm nhầm một chồng"}))]
pub struct ErrorDeclaration {
    #[schema(inline)]
    pub reason: Wrong,
    /// How many it really were; asked for with `incorrect_data` where the event moved stock.
    #[garde(inner(range(min = 0, max = MAX_QUANTITY)))]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub quantity: Option<i64>,
    #[garde(length(chars, min = 2, max = 300))]
    #[schema(min_length = 2, max_length = 300)]
    pub note: String,
}

/// How much more or less is on hand once an event is put right.
fn difference(item: &trace_item::Model, input: &ErrorDeclaration) -> Result<i64, Problem> {
    if item.effect == 0 {
        return Ok(0);
    }
    let right = match (input.reason, input.quantity) {
        (Wrong::DidNotOccur, _) => 0,
        (Wrong::IncorrectData, Some(quantity)) => quantity,
        (Wrong::IncorrectData, None) => {
            let (vi, en) = ("cần số lượng đúng", "the right quantity is needed");
            return Err(Problem::field("/quantity", "missing", vi, en));
        }
    };
    Ok((right - item.quantity) * item.effect.signum())
}

/// Declare that an event of a lot was recorded in error. Where it moved stock, the difference is recorded as a movement of its
/// own, and named as the corrective event.
#[utoipa::path(tag = "traceability", operation_id = "declare_event_error", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("lot_id" = LotId, Path), ("event_id" = RowId, Path)), request_body = ErrorDeclaration, responses((status = 201, description = "The corrective event, or the one that was wrong", body = Written)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/lots/{lot_id}/events/{event_id}/error")]
pub async fn declare_error(
    desk: Desk,
    path: Path<(CooperativeId, LotId, RowId)>,
    body: Body<ErrorDeclaration>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id, event) = path.into_inner();
    desk.may(cooperative, Permission::CorrectTraces).await?;
    Ok(HttpResponse::Created().json(declare(&desk, cooperative, (id, event), body.0).await?))
}

pub async fn declare(
    desk: &Desk,
    cooperative: CooperativeId,
    (id, event): (LotId, RowId),
    input: ErrorDeclaration,
) -> Result<Written, Problem> {
    let (lot, now, actor) = (own(desk, cooperative, id).await?, desk.now(), Some(desk.who.account));
    let connection = desk.db.fresh();
    let wrong = by_id::<trace_event::Entity>(connection, event).await?;
    let wrong = wrong.filter(|row| row.cooperative_id == cooperative).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let items = trace_item::Entity::find().filter(trace_item::Column::EventId.eq(event)).all(connection).await?;
    if !items.iter().any(|item| item.lot_id == lot.id) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let by_hand = matches!(
        wrong.act,
        TraceAct::Harvested | TraceAct::Counted | TraceAct::Destroyed | TraceAct::Stored | TraceAct::Inspected
    );
    let Some((item, [])) = items.split_first().filter(|_| by_hand && wrong.order_id.is_none()) else {
        return Err(Problem::new(&NOT_CORRECTABLE));
    };
    let change = difference(item, &input)?;
    let note = fold::stored(&input.note);
    let transaction = desk.begin().await?;
    let declared = trace_event::Entity::find().filter(trace_event::Column::CorrectsId.eq(event)).one(&transaction);
    if declared.await?.is_some() {
        return Err(Problem::new(&DECLARED_ALREADY));
    }
    let (mut corrective, mut levels) = (None, Vec::new());
    if let Some(offer) = item.offer_id.filter(|_| change != 0) {
        let (kind, lot) = (TraceAct::Declared, Some(lot.id));
        let said = Some(note.clone());
        let Outcome::Done(left) = record(&transaction, offer, kind, change, lot, said, actor, now).await? else {
            return Err(Problem::new(&BELOW_RESERVED));
        };
        levels = left;
        let act = Act { note: Some(note.clone()), ..Act::new(TraceAct::Counted, actor, now) };
        corrective = events::write(&transaction, &act, &[Item::moved(item.lot_id, offer, change)], now).await?;
        emit(&transaction, "stock.changed", offer.0, serde_json::json!({"offers": [offer]}), now).await?;
    }
    let reason = if input.reason == Wrong::DidNotOccur { "did_not_occur" } else { "incorrect_data" };
    let act = Act { note: Some(note), ..Act::new(TraceAct::Declared, actor, now) };
    events::declare(&transaction, &wrong, corrective, reason, &act, now)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&DECLARED_ALREADY) } else { error.into() })?;
    let after =
        serde_json::json!({"event": event, "reason": reason, "change": change, "kind": MovementKind::Correction});
    desk.audit(&transaction, "event.declared_wrong", ("lot", lot.id.0), (), after).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    Ok(Written { event_id: corrective.unwrap_or(event) })
}
