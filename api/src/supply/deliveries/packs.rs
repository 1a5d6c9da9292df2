//! What a cooperative can promise of a product: packs of known net weight, on the shelf until they expire, and of harvests to come as far
//! as they may be ordered before. The shop promises the same rows, so nothing is promised twice.

use std::collections::HashMap;

use entity::value::{ForecastId, OfferId, ProductId};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use time::Date;

use crate::platform::db::{all, list};
use crate::platform::problem::Problem;
use crate::supply::share::Grams;

/// A harvest to come.
#[derive(Clone, Copy, Debug)]
pub struct Harvest {
    pub id: ForecastId,
    pub until: Date,
    /// Packs that may still be promised of it.
    pub room: i64,
}

/// A pack, and how many of it there are.
#[derive(Clone, Debug)]
pub struct Pack {
    pub offer: OfferId,
    pub net: Grams,
    /// On the shelf, and promised to nobody.
    free: i64,
    /// Of it, what may no longer be sold after a day.
    expiring: Vec<(Date, i64)>,
    pub harvest: Option<Harvest>,
}

impl Pack {
    /// Packs of the shelf that are good on a day.
    pub fn good_on(&self, day: Date) -> i64 {
        let gone: i64 = self.expiring.iter().filter(|(until, _)| *until < day).map(|(_, quantity)| quantity).sum();
        (self.free - gone).max(0)
    }

    /// So many fewer are free.
    pub fn less(&mut self, packs: i64) {
        self.free -= packs;
    }

    /// Whether whole boxes are made of it at a price that comes out even.
    pub fn fits(&self, box_grams: Grams, price: i64) -> bool {
        self.net > 0 && box_grams % self.net == 0 && (i128::from(self.net) * i128::from(price)) % 1_000 == 0
    }

    /// Of so many packs, those that make whole boxes; in grams.
    fn boxes(&self, packs: i64, box_grams: Grams) -> Grams {
        packs.max(0) * self.net / box_grams * box_grams
    }
}

/// What there is of it on a day, in grams of whole boxes: on the shelf, or harvested by then.
pub fn there(packs: &[Pack], (box_grams, price): (Grams, i64), day: Date) -> Grams {
    let fitting = packs.iter().filter(|pack| pack.fits(box_grams, price));
    fitting
        .map(|pack| {
            let harvested = pack.harvest.filter(|harvest| harvest.until <= day).map_or(0, |harvest| harvest.room);
            pack.boxes(pack.good_on(day), box_grams) + pack.boxes(harvested, box_grams)
        })
        .sum()
}

/// So many packs for a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub offer: OfferId,
    pub net: Grams,
    pub stock: i64,
    pub harvest: Option<(ForecastId, i64)>,
}

/// Takes grams for a delivery that ends on a day: what lies on the shelf before what is harvested, the sooner harvest before the later;
/// what is missing.
pub fn take(packs: &mut [Pack], (box_grams, price): (Grams, i64), mut grams: Grams, day: Date) -> (Vec<Taken>, Grams) {
    let mut taken: Vec<Taken> = Vec::new();
    for pack in packs.iter_mut().filter(|pack| pack.fits(box_grams, price)) {
        let some = pack.boxes(pack.good_on(day), box_grams).min(grams / box_grams * box_grams) / pack.net;
        if some > 0 {
            pack.free -= some;
            grams -= some * pack.net;
            taken.push(Taken { offer: pack.offer, net: pack.net, stock: some, harvest: None });
        }
    }
    let mut coming: Vec<&mut Pack> = packs
        .iter_mut()
        .filter(|pack| pack.fits(box_grams, price) && pack.harvest.is_some_and(|harvest| harvest.until <= day))
        .collect();
    coming.sort_by_key(|pack| pack.harvest.map(|harvest| (harvest.until, harvest.id)));
    for pack in coming {
        let (offer, net) = (pack.offer, pack.net);
        let Some(harvest) = pack.harvest else { continue };
        let some = pack.boxes(harvest.room, box_grams).min(grams / box_grams * box_grams) / net;
        if some == 0 {
            continue;
        }
        pack.harvest = Some(Harvest { room: harvest.room - some, ..harvest });
        grams -= some * net;
        match taken.iter_mut().find(|line| line.offer == offer) {
            Some(line) => line.harvest = Some((harvest.id, some)),
            None => taken.push(Taken { offer, net, stock: 0, harvest: Some((harvest.id, some)) }),
        }
    }
    (taken, grams)
}

#[derive(FromQueryResult)]
struct PackRow {
    product_id: ProductId,
    offer_id: OfferId,
    net: i64,
    free: i64,
    forecast_id: Option<ForecastId>,
    until: Option<Date>,
    room: Option<i64>,
}

#[derive(FromQueryResult)]
struct LotRow {
    offer_id: OfferId,
    expires_on: Option<Date>,
    blocked: bool,
    on_hand: i64,
}

/// The packs of some products.
pub async fn packs_of(
    connection: &impl ConnectionTrait,
    products: &[ProductId],
) -> Result<HashMap<ProductId, Vec<Pack>>, Problem> {
    let mut found: HashMap<ProductId, Vec<Pack>> = HashMap::new();
    if products.is_empty() {
        return Ok(found);
    }
    let among = list(1, products.len());
    let values = || products.iter().map(|id| Value::from(*id));
    let sql = format!(
        "SELECT f.product_id, f.id AS offer_id, COALESCE(f.net_g, f.weight_g) AS net, COALESCE(s.on_hand - s.reserved, 0) AS free,
                x.id AS forecast_id, x.expected_to AS until, x.quantity * x.share_bp / 10000 - x.preordered AS room
         FROM offer f LEFT JOIN stock s ON s.offer_id = f.id LEFT JOIN forecast x ON x.offer_id = f.id AND x.state = 'open'
         WHERE f.product_id IN {among} ORDER BY f.product_id, f.position, f.id"
    );
    let rows = all::<PackRow>(connection, sql, values()).await?;
    let sql = format!(
        "SELECT s.offer_id, l.expires_on, l.state = 'blocked' AS blocked, CAST(SUM(s.on_hand) AS bigint) AS on_hand
         FROM lot_stock s JOIN lot l ON l.id = s.lot_id JOIN offer f ON f.id = s.offer_id
         WHERE f.product_id IN {among} AND s.on_hand > 0 AND (l.expires_on IS NOT NULL OR l.state = 'blocked')
         GROUP BY s.offer_id, l.expires_on, l.state"
    );
    let lots = all::<LotRow>(connection, sql, values()).await?;
    for row in rows {
        let own = lots.iter().filter(|lot| lot.offer_id == row.offer_id);
        let blocked: i64 = own.clone().filter(|lot| lot.blocked).map(|lot| lot.on_hand).sum();
        let expiring = own.filter(|lot| !lot.blocked).filter_map(|lot| Some((lot.expires_on?, lot.on_hand))).collect();
        let harvest = match (row.forecast_id, row.until, row.room) {
            (Some(id), Some(until), Some(room)) => Some(Harvest { id, until, room }),
            _ => None,
        };
        found.entry(row.product_id).or_default().push(Pack {
            offer: row.offer_id,
            net: row.net,
            free: row.free - blocked,
            expiring,
            harvest,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 29);

    fn pack(net: Grams, free: i64, expiring: &[(i64, i64)], harvest: Option<(i64, i64)>) -> Pack {
        Pack {
            offer: OfferId::new(),
            net,
            free,
            expiring: expiring.iter().map(|(days, quantity)| (TODAY + Duration::days(*days), *quantity)).collect(),
            harvest: harvest.map(|(days, room)| Harvest {
                id: ForecastId::new(),
                until: TODAY + Duration::days(days),
                room,
            }),
        }
    }

    #[test]
    fn the_shelf_comes_first_and_only_what_keeps() {
        let mut packs = [pack(10_000, 30, &[(5, 20)], Some((9, 100))), pack(6_500, 500, &[], None)];
        let day = TODAY + Duration::days(10);
        assert_eq!(there(&packs, (10_000, 30_000), day), 100_000 + 1_000_000);
        let (taken, missing) = take(&mut packs, (10_000, 30_000), 250_000, day);
        assert_eq!((missing, taken.len()), (0, 1));
        assert_eq!((taken[0].stock, taken[0].harvest.map(|(_, some)| some)), (10, Some(15)));
        // Before the harvest there is only the shelf.
        let (taken, missing) = take(&mut packs, (10_000, 30_000), 100_000, TODAY + Duration::days(5));
        assert_eq!((taken.iter().map(|line| line.stock).sum::<i64>(), missing), (10, 0));
    }

    proptest! {
        /// Deliveries in the order of their days get what there is, and together never more; never a part of a box.
        #[test]
        fn nothing_is_taken_twice(
            shelves in prop::collection::vec((1_usize..4, 0_i64..60, 0_i64..60, 0_i64..40, 0_i64..60), 1..5),
            wanted in prop::collection::vec((1_i64..60, 1_i64..80), 1..8),
        ) {
            let nets = [500, 1_000, 5_000, 10_000];
            let mut packs: Vec<Pack> = shelves
                .iter()
                .map(|(net, free, expiring, days, room)| pack(nets[*net], *free, &[(*days, (*expiring).min(*free))], Some((*days, *room))))
                .collect();
            let whole: Grams = packs.iter().map(|pack| (pack.free + pack.harvest.map_or(0, |harvest| harvest.room)) * pack.net).sum();
            let mut days = wanted.clone();
            days.sort_unstable();
            let mut total = 0;
            for (ahead, boxes) in days {
                let day = TODAY + Duration::days(ahead);
                let before = there(&packs, (10_000, 20_000), day);
                let (taken, missing) = take(&mut packs, (10_000, 20_000), boxes * 10_000, day);
                let got: Grams = taken.iter().map(|line| (line.stock + line.harvest.map_or(0, |(_, some)| some)) * line.net).sum();
                prop_assert_eq!(got + missing, boxes * 10_000);
                prop_assert_eq!(got, before.min(boxes * 10_000));
                for line in &taken { prop_assert_eq!((line.stock * line.net) % 10_000, 0); }
                total += got;
            }
            prop_assert!(total <= whole);
            for pack in &packs { prop_assert!(pack.free >= 0 && pack.harvest.is_none_or(|harvest| harvest.room >= 0)); }
        }
    }
}
