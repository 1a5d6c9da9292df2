//! Goods on their way: released, packed, brought back, counted. First expired, first out.

use std::collections::BTreeMap;

use entity::value::{AccountId, LotId, OfferId, OrderId, TraceAct};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use time::{Date, OffsetDateTime};

use super::lot_of_the_day::lot_of_the_day;
use super::preorders;
use super::rules::{Shift, first_expired_first_out};
use super::store::{Move, Outcome, day, lock, lots_of, post, shift, turn};
use crate::ocop::traceability::events::{self, Act, Item};
use crate::platform::db::{all, run};
use crate::platform::read_model::Level;

/// Frees what an order had reserved, of stock and of harvests to come.
pub async fn release(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    preorders::cancel_preorders(transaction, order, now).await?;
    let reserved = turn(transaction, order, "held", "released").await?;
    let shifts: Vec<_> = reserved.iter().map(|row| Shift::release(row.offer_id, row.quantity)).collect();
    shift(transaction, &shifts, now).await
}

/// A lot chosen by hand for an offer, and how many from it.
#[derive(Clone, Copy, Debug)]
pub struct Pick {
    pub offer: OfferId,
    pub lot: LotId,
    pub quantity: i64,
}

/// Who does it, when, and until when the goods must keep.
#[derive(Clone, Copy, Debug)]
pub struct Packing<'a> {
    pub actor: Option<AccountId>,
    pub now: OffsetDateTime,
    pub keep_until: Date,
    /// First expired, first out, unless lots were chosen.
    pub picks: &'a [Pick],
}

/// What an order had reserved leaves the shelf, lot by lot: a sale.
pub async fn take(transaction: &impl ConnectionTrait, order: OrderId, packing: Packing<'_>) -> Result<Outcome, DbErr> {
    if preorders::waits(transaction, order).await? {
        return Ok(Outcome::Waiting);
    }
    let reserved = turn(transaction, order, "held", "taken").await?;
    let offers: Vec<_> = reserved.iter().map(|row| row.offer_id).collect();
    lock(transaction, &offers).await?;
    let mut moves = Vec::new();
    for row in &reserved {
        let lots = lots_of(transaction, row.offer_id).await?;
        // A lot named twice counts once, with both quantities.
        let mut chosen: BTreeMap<LotId, i64> = BTreeMap::new();
        for pick in packing.picks.iter().filter(|pick| pick.offer == row.offer_id) {
            let quantity = chosen.entry(pick.lot).or_default();
            *quantity = quantity.saturating_add(pick.quantity);
        }
        let picks = if chosen.is_empty() {
            first_expired_first_out(&lots, row.quantity, packing.keep_until)
        } else {
            let held = |id: LotId| lots.iter().find(|lot| lot.lot == id && lot.usable(packing.keep_until));
            chosen.retain(|id, quantity| *quantity > 0 && held(*id).is_some_and(|lot| lot.on_hand >= *quantity));
            let good: i64 = chosen.values().sum();
            if good == row.quantity { Ok(chosen.into_iter().collect()) } else { Err(row.quantity - good) }
        };
        match picks {
            Err(missing) => return Ok(Outcome::LotsShort { offer: row.offer_id, missing }),
            Ok(picks) => moves.extend(picks.into_iter().map(|(lot, quantity)| Move {
                offer: row.offer_id,
                lot,
                act: TraceAct::Packed,
                quantity: -quantity,
                order: Some(order),
                note: None,
            })),
        }
    }
    if !post(transaction, moves, packing.actor, packing.now).await? {
        return Ok(Outcome::Short);
    }
    let shifts: Vec<_> = reserved.iter().map(|row| Shift::take(row.offer_id, row.quantity)).collect();
    shift(transaction, &shifts, packing.now).await
}

/// What became of goods that were to leave without an order of the shop.
pub enum SentOut {
    Done { lots: Vec<(LotId, i64)>, level: Vec<Level> },
    Short,
}

/// Packs leave the shelf under a paper of their own, first expired first out: packed, and shipped. What is promised to others stays.
pub async fn send_out(
    transaction: &impl ConnectionTrait,
    (offer, quantity): (OfferId, i64),
    (paper, actor): (&str, Option<AccountId>),
    now: OffsetDateTime,
) -> Result<SentOut, DbErr> {
    lock(transaction, &[offer]).await?;
    let lots = lots_of(transaction, offer).await?;
    let Ok(picks) = first_expired_first_out(&lots, quantity, day(now)) else { return Ok(SentOut::Short) };
    let moves = picks.iter().map(|&(lot, quantity)| Move {
        offer,
        lot,
        act: TraceAct::Packed,
        quantity: -quantity,
        order: None,
        note: Some(paper.to_owned()),
    });
    if !post(transaction, moves.collect(), actor, now).await? {
        return Ok(SentOut::Short);
    }
    let Outcome::Done(level) = shift(transaction, &[Shift::adjust(offer, -quantity)], now).await? else {
        return Ok(SentOut::Short);
    };
    let act = Act { note: Some(paper.to_owned()), ..Act::new(TraceAct::Shipped, actor, now) };
    let items: Vec<_> = picks.iter().map(|&(lot, quantity)| Item::seen(lot, Some(offer), quantity)).collect();
    events::write(transaction, &act, &items, now).await?;
    Ok(SentOut::Done { lots: picks, level })
}

#[derive(FromQueryResult)]
struct Sold {
    offer_id: OfferId,
    lot_id: LotId,
    quantity: i64,
}

/// What an order took from each lot and has not given back.
async fn sold_lots(transaction: &impl ConnectionTrait, order: OrderId) -> Result<Vec<Sold>, DbErr> {
    all(
        transaction,
        "SELECT offer_id, lot_id, CAST(-SUM(quantity) AS bigint) AS quantity FROM stock_movement
         WHERE order_id = $1 GROUP BY offer_id, lot_id HAVING SUM(quantity) < 0 ORDER BY offer_id, lot_id",
        [order.into()],
    )
    .await
}

/// A packed order is cancelled: its goods return to the lots they came from.
pub async fn put_back(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    actor: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    let taken = turn(transaction, order, "taken", "released").await?;
    let lines: Vec<_> = taken.iter().map(|row| (row.offer_id, row.quantity)).collect();
    bring_back(transaction, order, TraceAct::Unpacked, &lines, actor, now).await
}

/// Goods a buyer sent back, in good state, return to the lots they came from.
pub async fn restock(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    lines: &[(OfferId, i64)],
    actor: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    bring_back(transaction, order, TraceAct::Returned, lines, actor, now).await
}

async fn bring_back(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    act: TraceAct,
    lines: &[(OfferId, i64)],
    actor: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    let mut lines = lines.to_vec();
    lines.sort_unstable();
    lock(transaction, &lines.iter().map(|(offer, _)| *offer).collect::<Vec<_>>()).await?;
    let sold = sold_lots(transaction, order).await?;
    let mut moves = Vec::new();
    for &(offer, quantity) in &lines {
        let mut left = quantity;
        for row in sold.iter().filter(|row| row.offer_id == offer) {
            let back = left.min(row.quantity);
            if back > 0 {
                moves.push(Move { offer, lot: row.lot_id, act, quantity: back, order: Some(order), note: None });
                left -= back;
            }
        }
        if left > 0 {
            return Ok(Outcome::Short);
        }
    }
    if !post(transaction, moves, actor, now).await? {
        return Ok(Outcome::Short);
    }
    let shifts: Vec<_> = lines.iter().map(|&(offer, quantity)| Shift::adjust(offer, quantity)).collect();
    shift(transaction, &shifts, now).await
}

/// A receipt, a return, a count or a write-off by a person. Without a lot, what comes in goes into the day's own lot of the
/// product, and what is missing is taken from the lots that expire first, the expired before all.
#[allow(clippy::too_many_arguments, reason = "what a movement is made of")]
pub async fn record(
    transaction: &impl ConnectionTrait,
    offer: OfferId,
    act: TraceAct,
    quantity: i64,
    lot: Option<LotId>,
    note: Option<String>,
    actor: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<Outcome, DbErr> {
    run(
        transaction,
        "INSERT INTO stock (offer_id, on_hand, reserved, version, updated_at) VALUES ($1, 0, 0, 1, $2)
         ON CONFLICT (offer_id) DO NOTHING",
        [offer.into(), now.into()],
    )
    .await?;
    lock(transaction, &[offer]).await?;
    let entry = |lot, quantity| Move { offer, lot, act, quantity, order: None, note: note.clone() };
    let moves = match lot {
        Some(lot) => vec![entry(lot, quantity)],
        None if quantity > 0 => vec![entry(lot_of_the_day(transaction, offer, now).await?, quantity)],
        None => {
            let mut lots = lots_of(transaction, offer).await?;
            for lot in &mut lots {
                lot.blocked = false;
            }
            match first_expired_first_out(&lots, -quantity, Date::MIN) {
                Ok(picks) => picks.into_iter().map(|(lot, quantity)| entry(lot, -quantity)).collect(),
                Err(_) => return Ok(Outcome::Short),
            }
        }
    };
    if !post(transaction, moves, actor, now).await? {
        return Ok(Outcome::Short);
    }
    shift(transaction, &[Shift::adjust(offer, quantity)], now).await
}
