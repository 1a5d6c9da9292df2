//! What an export takes of the stock when it leaves: whole packs of its products, first expired first, by lot.

use entity::export_lot;
use entity::value::{ExportId, LotId, OfferId};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use time::Date;

use super::view::ExportOrder;
use crate::people::desk::Desk;
use crate::platform::problem::{Problem, codes};
use crate::platform::read_model::Level;
use crate::shop::inventory::{self, SentOut};
use crate::supply::deliveries::{Pack, packs_of};
use crate::supply::share::Grams;

codes! {
    GOODS_MISSING = "export_goods_missing" 409 "Kho không đủ hàng cho đơn này: ghi thu hoạch hoặc đóng gói trước." "There are not enough goods on the shelf for it: record the harvest or the packing first.";
}

/// Packs of a product that come to so many grams, the largest first; and the grams nothing is there for.
fn packs_for(packs: &[Pack], grams: Grams, today: Date) -> (Vec<(OfferId, i64)>, Grams) {
    let mut by_size: Vec<&Pack> = packs.iter().filter(|pack| pack.net > 0).collect();
    by_size.sort_by_key(|pack| std::cmp::Reverse(pack.net));
    let (mut left, mut taken) = (grams, Vec::new());
    for pack in by_size {
        let some = (left / pack.net).min(pack.good_on(today));
        if some > 0 {
            taken.push((pack.offer, some));
            left -= some * pack.net;
        }
    }
    (taken, left)
}

/// Takes the goods of an export off the shelf; their lots are told that they were shipped.
pub(super) async fn take(
    desk: &Desk,
    transaction: &impl ConnectionTrait,
    found: &ExportOrder,
) -> Result<Vec<Level>, Problem> {
    let products: Vec<_> = found.lines.iter().map(|line| line.product_id).collect();
    let mut packs = packs_of(transaction, &products).await?;
    let mut wanted: Vec<(i32, OfferId, i64)> = Vec::new();
    for (position, line) in (0_i32..).zip(&found.lines) {
        let known = packs.entry(line.product_id).or_default();
        let (taken, missing) = packs_for(known, line.net_g, desk.today());
        if missing > 0 {
            let problem = Problem::new(&GOODS_MISSING);
            return Err(problem.extension("line", position).extension("missing_g", missing));
        }
        for (offer, quantity) in taken {
            // Two lines of one product do not take the same packs.
            if let Some(pack) = known.iter_mut().find(|pack| pack.offer == offer) {
                pack.less(quantity);
            }
            wanted.push((position, offer, quantity));
        }
    }
    // In the order in which everybody else takes stock.
    wanted.sort_by_key(|(position, offer, _)| (*offer, *position));
    let (mut levels, mut rows) = (Vec::new(), Vec::new());
    for (position, offer, quantity) in wanted {
        let why = (found.number.as_str(), Some(desk.who.account));
        match inventory::send_out(transaction, (offer, quantity), why, desk.now()).await? {
            SentOut::Done { lots, level } => {
                levels.extend(level);
                rows.extend(lots.into_iter().map(|(lot, quantity)| row(found.id, position, (lot, offer), quantity)));
            }
            SentOut::Short => return Err(Problem::new(&GOODS_MISSING).extension("line", position)),
        }
    }
    export_lot::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    Ok(levels)
}

fn row(order: ExportId, position: i32, (lot, offer): (LotId, OfferId), quantity: i64) -> export_lot::ActiveModel {
    export_lot::ActiveModel {
        order_id: Set(order),
        position: Set(position),
        lot_id: Set(lot),
        offer_id: Set(offer),
        quantity: Set(quantity),
    }
}
