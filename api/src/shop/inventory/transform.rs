//! Goods made of other lots: pomelos into jam. What goes in leaves its lot, what comes out is a lot of its own, and one event
//! tells both sides. What another cooperative grew may go in, as far as this one bought it.

use entity::value::{CooperativeId, LotId, LotState, OfferId, TraceAct, TraceRole};
use entity::{lot, lot_source};
use garde::Validate;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set, Value};
use serde::Deserialize;
use utoipa::ToSchema;

use super::moves::record;
use super::rules::MAX_QUANTITY;
use super::store::{Outcome, lock};
use crate::ocop::traceability::codes::Code;
use crate::ocop::traceability::events::{self, Act, Item};
use crate::ocop::traceability::lot_of;
use crate::people::desk::Desk;
use crate::platform::db::{all, by_id, list, one, run};
use crate::platform::problem::{Problem, codes};
use crate::platform::read_model::Level;

codes! {
    /// `ingredient` counts from 0.
    INGREDIENT_HELD = "ingredient_held_back" 409 "Lô nguyên liệu đang bị giữ lại hoặc thu hồi." "An ingredient's lot is held back or recalled.";
    /// `ingredient` counts from 0.
    INGREDIENT_SHORT = "ingredient_short" 409 "Không còn đủ nguyên liệu trong lô." "There is not enough left of an ingredient.";
}

/// How much of a lot went in.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Ingredient {
    /// A lot of one's own.
    pub lot_id: Option<LotId>,
    /// Or the code on a box that was bought.
    #[garde(inner(length(max = 60)))]
    #[schema(max_length = 60)]
    pub code: Option<String>,
    pub offer_id: OfferId,
    #[garde(range(min = 1, max = MAX_QUANTITY))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub quantity: i64,
}

struct Input {
    lot: lot::Model,
    offer: OfferId,
    quantity: i64,
}

fn unknown(index: usize) -> Problem {
    let (vi, en) = ("không có lô này", "there is no such lot");
    Problem::field(format!("/made_of/{index}/lot_id"), "lot", vi, en)
}

async fn inputs(
    transaction: &impl ConnectionTrait,
    into: &lot::Model,
    of: &[Ingredient],
) -> Result<Vec<Input>, Problem> {
    let mut found: Vec<Input> = Vec::new();
    for (index, ingredient) in of.iter().enumerate() {
        let by_code = match &ingredient.code {
            Some(code) => lot_of(transaction, &Code::read(code).ok_or_else(|| unknown(index))?).await?,
            None => None,
        };
        let id = ingredient.lot_id.or(by_code).ok_or_else(|| unknown(index))?;
        let lot = by_id::<lot::Entity>(transaction, id).await?.ok_or_else(|| unknown(index))?;
        // By its id only one's own is known.
        if ingredient.lot_id.is_some() && lot.cooperative_id != into.cooperative_id {
            return Err(unknown(index));
        }
        match found.iter_mut().find(|input| input.lot.id == id && input.offer == ingredient.offer_id) {
            Some(input) => input.quantity = input.quantity.saturating_add(ingredient.quantity),
            None => found.push(Input { lot, offer: ingredient.offer_id, quantity: ingredient.quantity }),
        }
    }
    found.sort_by_key(|input| (input.offer, input.lot.id));
    Ok(found)
}

#[derive(FromQueryResult)]
struct Left {
    quantity: i64,
}

/// How much of a foreign lot a cooperative bought and has not used up. Who asks at the same time waits.
async fn bought(transaction: &impl ConnectionTrait, cooperative: CooperativeId, input: &Input) -> Result<i64, Problem> {
    run(transaction, "UPDATE lot SET created_at = created_at WHERE id = $1", [input.lot.id.into()]).await?;
    let left = one::<Left>(
        transaction,
        "SELECT CAST(COALESCE((SELECT -SUM(m.quantity) FROM stock_movement m JOIN orders o ON o.id = m.order_id
                               WHERE m.lot_id = $2 AND m.offer_id = $3 AND o.state IN ('delivered', 'completed')
                                 AND o.account_id IN (SELECT account_id FROM cooperative_member WHERE cooperative_id = $1)), 0)
              - COALESCE((SELECT SUM(s.quantity) FROM lot_source s JOIN lot l ON l.id = s.lot_id
                          WHERE l.cooperative_id = $1 AND s.source_lot_id = $2 AND s.offer_id = $3), 0) AS bigint) AS quantity",
        [cooperative.into(), input.lot.id.into(), input.offer.into()],
    )
    .await?;
    Ok(left.map_or(0, |left| left.quantity))
}

#[derive(FromQueryResult)]
struct Weight {
    id: OfferId,
    weight_g: i64,
}

/// What is made weighs no more than what it was made of.
async fn check_weight(
    transaction: &impl ConnectionTrait,
    inputs: &[Input],
    outputs: &[(OfferId, i64)],
    added_g: i64,
) -> Result<(), Problem> {
    let offers: Vec<Value> = inputs
        .iter()
        .map(|input| input.offer)
        .chain(outputs.iter().map(|(offer, _)| *offer))
        .map(Value::from)
        .collect();
    let sql = format!("SELECT id, weight_g FROM offer WHERE id IN {}", list(1, offers.len()));
    let weights = all::<Weight>(transaction, sql, offers).await?;
    let weight = |offer: OfferId, quantity: i64| {
        weights.iter().find(|known| known.id == offer).map_or(0, |known| known.weight_g.saturating_mul(quantity))
    };
    let taken: i64 = inputs.iter().map(|input| weight(input.offer, input.quantity)).fold(added_g, i64::saturating_add);
    let made: i64 = outputs.iter().map(|(offer, quantity)| weight(*offer, *quantity)).fold(0, i64::saturating_add);
    if made <= taken {
        return Ok(());
    }
    let missing = made - taken;
    let vi = format!("thành phẩm nặng hơn nguyên liệu {missing} g: ghi thêm phần cho vào (đường, lọ…)");
    let en =
        format!("what is made weighs {missing} g more than what it is made of: add what else went in (sugar, jars…)");
    Err(Problem::field("/added_g", "weight", vi, en))
}

/// Nothing is made of a lot that is held back. What was taken keeps others from it by now, so this is the last word.
async fn refuse_held(transaction: &impl ConnectionTrait, inputs: &[Input]) -> Result<(), Problem> {
    for (index, input) in inputs.iter().enumerate() {
        let lot = by_id::<lot::Entity>(transaction, input.lot.id).await?;
        if lot.is_none_or(|lot| lot.state == LotState::Blocked) {
            return Err(Problem::new(&INGREDIENT_HELD).extension("ingredient", index));
        }
    }
    Ok(())
}

/// Takes what a lot is made of; the levels it leaves, or nothing when the lot is not made but harvested.
pub async fn use_up(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    into: &lot::Model,
    of: &[Ingredient],
    outputs: &[(OfferId, i64)],
    added_g: i64,
) -> Result<Option<Vec<Level>>, Problem> {
    if of.is_empty() {
        return Ok(None);
    }
    let (now, actor) = (desk.now(), Some(desk.who.account));
    let inputs = inputs(transaction, into, of).await?;
    check_weight(transaction, &inputs, outputs, added_g).await?;
    // In one order with what comes out, so that two who make things wait for, and never on, each other.
    let mut offers: Vec<OfferId> =
        inputs.iter().map(|input| input.offer).chain(outputs.iter().map(|(offer, _)| *offer)).collect();
    offers.sort_unstable();
    offers.dedup();
    lock(transaction, &offers).await?;
    let short = |index: usize| Problem::new(&INGREDIENT_SHORT).extension("ingredient", index);
    let mut levels = Vec::new();
    let mut items: Vec<Item> = outputs
        .iter()
        .map(|(offer, quantity)| Item { role: TraceRole::Output, ..Item::moved(into.id, *offer, *quantity) })
        .collect();
    for (index, input) in inputs.iter().enumerate() {
        let own = input.lot.cooperative_id == into.cooperative_id;
        if own {
            let act = TraceAct::Transformed;
            let note = Some(format!("làm thành {}", into.code));
            let outcome =
                record(transaction, input.offer, act, -input.quantity, Some(input.lot.id), note, actor, now).await?;
            let Outcome::Done(left) = outcome else { return Err(short(index)) };
            levels.extend(left);
        } else if bought(transaction, into.cooperative_id, input).await? < input.quantity {
            return Err(short(index));
        }
        let effect = if own { -input.quantity } else { 0 };
        let role = TraceRole::Input;
        items.push(Item { lot: input.lot.id, offer: Some(input.offer), role, quantity: input.quantity, effect });
    }
    refuse_held(transaction, &inputs).await?;
    let rows = inputs.iter().map(|input| lot_source::ActiveModel {
        lot_id: Set(into.id),
        source_lot_id: Set(input.lot.id),
        offer_id: Set(input.offer),
        quantity: Set(input.quantity),
    });
    lot_source::Entity::insert_many(rows.collect::<Vec<_>>()).exec_without_returning(transaction).await?;
    events::write(transaction, &Act::new(TraceAct::Transformed, actor, now), &items, now).await?;
    Ok(Some(levels))
}
