//! What a basket gets off: pure.

use entity::value::{CooperativeId, FundedBy, ProductId, PromotionId, PromotionKind};

use crate::ledger::rules::{WHOLE_BP, share, split};

#[derive(Clone, Debug)]
pub struct Promotion {
    pub id: PromotionId,
    /// None: given by itself.
    pub code: Option<String>,
    /// None: on everything.
    pub cooperative_id: Option<CooperativeId>,
    pub product_id: Option<ProductId>,
    pub funded_by: FundedBy,
    pub kind: PromotionKind,
    pub campaign: Option<String>,
    pub name_vi: String,
    pub name_en: String,
    pub rate_bp: i64,
    pub amount: i64,
    pub buy: i64,
    pub free: i64,
    pub max: Option<i64>,
    pub min_goods: i64,
}

/// A line of a basket, before discounts.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub cooperative: CooperativeId,
    pub product: ProductId,
    pub unit: i64,
    pub quantity: i64,
}

/// One cooperative's delivery.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    pub cooperative: CooperativeId,
    pub fee: i64,
}

/// A discount on one line or delivery: which promotion (by its place), how much.
pub type Off = (usize, i64);

/// What is off, line by line and delivery by delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discounts {
    pub lines: Vec<Vec<Off>>,
    pub deliveries: Vec<Vec<Off>>,
    /// What each promotion took off in all; 0 where it is not for this basket.
    pub totals: Vec<i64>,
}

fn off(given: &[Off]) -> i64 {
    given.iter().map(|(_, amount)| amount).sum()
}

/// Applies promotions one after the other, each to what the ones before have left. Nothing ever costs less than nothing.
pub fn apply(promotions: &[Promotion], lines: &[Line], deliveries: &[Delivery]) -> Discounts {
    let mut found = Discounts {
        lines: vec![Vec::new(); lines.len()],
        deliveries: vec![Vec::new(); deliveries.len()],
        totals: Vec::new(),
    };
    for (index, promotion) in promotions.iter().enumerate() {
        let ours = |line: &Line| {
            promotion.cooperative_id.is_none_or(|id| id == line.cooperative)
                && promotion.product_id.is_none_or(|id| id == line.product)
        };
        let goods: i64 = lines.iter().filter(|line| ours(line)).map(|line| line.unit * line.quantity).sum();
        let mut total = 0;
        if goods > 0 && goods >= promotion.min_goods {
            let left = |place: usize, line: &Line| line.unit * line.quantity - off(&found.lines[place]);
            let parts = match promotion.kind {
                PromotionKind::Percentage | PromotionKind::Amount => {
                    let left: Vec<i64> = lines
                        .iter()
                        .enumerate()
                        .map(|(place, line)| if ours(line) { left(place, line) } else { 0 })
                        .collect();
                    let whole: i64 = left.iter().sum();
                    let amount = match promotion.kind {
                        PromotionKind::Percentage => share(whole, promotion.rate_bp, WHOLE_BP),
                        _ => promotion.amount,
                    };
                    split(amount.min(promotion.max.unwrap_or(i64::MAX)).min(whole), &left)
                }
                PromotionKind::BuyN => free_pieces(promotion, lines, ours, left),
                PromotionKind::FreeDelivery => Vec::new(),
            };
            for (place, amount) in parts.into_iter().enumerate().filter(|(_, amount)| *amount > 0) {
                found.lines[place].push((index, amount));
                total += amount;
            }
            if promotion.kind == PromotionKind::FreeDelivery {
                let left: Vec<i64> = deliveries
                    .iter()
                    .zip(&found.deliveries)
                    .map(|(delivery, given)| {
                        let ours = promotion.cooperative_id.is_none_or(|id| id == delivery.cooperative);
                        if ours { delivery.fee - off(given) } else { 0 }
                    })
                    .collect();
                let amount = left.iter().sum::<i64>().min(promotion.max.unwrap_or(i64::MAX));
                for (place, amount) in split(amount, &left).into_iter().enumerate().filter(|(_, amount)| *amount > 0) {
                    found.deliveries[place].push((index, amount));
                    total += amount;
                }
            }
        }
        found.totals.push(total);
    }
    found
}

/// Of every `buy + free` pieces `free` cost nothing, the cheapest.
fn free_pieces(
    promotion: &Promotion,
    lines: &[Line],
    ours: impl Fn(&Line) -> bool,
    left: impl Fn(usize, &Line) -> i64,
) -> Vec<i64> {
    let pieces: i64 = lines.iter().filter(|line| ours(line)).map(|line| line.quantity).sum();
    let mut free = pieces / (promotion.buy + promotion.free).max(1) * promotion.free;
    let mut room = promotion.max.unwrap_or(i64::MAX);
    let mut parts = vec![0; lines.len()];
    let mut cheapest: Vec<usize> = (0..lines.len()).filter(|place| ours(&lines[*place])).collect();
    cheapest.sort_by_key(|place| lines[*place].unit);
    for place in cheapest {
        let line = &lines[place];
        let pieces = free.min(line.quantity);
        let amount = (line.unit * pieces).min(left(place, line)).min(room);
        free -= pieces;
        room -= amount;
        parts[place] = amount;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn promotion(kind: PromotionKind) -> Promotion {
        Promotion {
            id: PromotionId::new(),
            code: None,
            cooperative_id: None,
            product_id: None,
            funded_by: FundedBy::Platform,
            kind,
            campaign: None,
            name_vi: String::new(),
            name_en: String::new(),
            rate_bp: 1_000,
            amount: 50_000,
            buy: 2,
            free: 1,
            max: None,
            min_goods: 0,
        }
    }

    fn line(unit: i64, quantity: i64) -> Line {
        Line { cooperative: CooperativeId(uuid::Uuid::nil()), product: ProductId(uuid::Uuid::nil()), unit, quantity }
    }

    #[test]
    fn the_cheapest_pieces_are_free() {
        let found = apply(&[promotion(PromotionKind::BuyN)], &[line(30_000, 4), line(20_000, 3)], &[]);
        // Seven pieces: two free, both of the cheaper.
        assert_eq!(found.totals, [40_000]);
        assert_eq!(found.lines, [vec![], vec![(0, 40_000)]]);
    }

    #[test]
    fn what_is_below_the_minimum_gets_nothing() {
        let least = Promotion { min_goods: 100_001, ..promotion(PromotionKind::Amount) };
        assert_eq!(apply(&[least], &[line(100_000, 1)], &[]).totals, [0]);
    }

    #[test]
    fn free_delivery_is_spread_over_deliveries() {
        let cooperative = CooperativeId(uuid::Uuid::nil());
        let capped = Promotion { max: Some(30_000), ..promotion(PromotionKind::FreeDelivery) };
        let deliveries = [Delivery { cooperative, fee: 40_000 }, Delivery { cooperative, fee: 20_000 }];
        let found = apply(&[capped], &[line(100_000, 1)], &deliveries);
        assert_eq!(found.deliveries, [vec![(0, 20_000)], vec![(0, 10_000)]]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

        /// The parts sum to what each promotion took off, and nothing costs less than nothing.
        #[test]
        fn discounts_are_spread_without_losing_a_dong(
            units in prop::collection::vec((0_i64..500_000, 1_i64..20), 1..12),
            kinds in prop::collection::vec((0_usize..4, 1_i64..=10_000, 1_i64..2_000_000, prop::option::of(1_i64..300_000)), 0..5),
            fees in prop::collection::vec(0_i64..90_000, 0..3),
        ) {
            let lines: Vec<Line> = units.iter().map(|(unit, quantity)| line(*unit, *quantity)).collect();
            let all = [PromotionKind::Percentage, PromotionKind::Amount, PromotionKind::FreeDelivery, PromotionKind::BuyN];
            let promotions: Vec<Promotion> = kinds.iter().map(|(kind, rate_bp, amount, max)| Promotion { rate_bp: *rate_bp, amount: *amount, max: *max, ..promotion(all[*kind]) }).collect();
            let deliveries: Vec<Delivery> = fees.iter().map(|fee| Delivery { cooperative: CooperativeId(uuid::Uuid::nil()), fee: *fee }).collect();
            let found = apply(&promotions, &lines, &deliveries);
            for (index, promotion) in promotions.iter().enumerate() {
                let parts: i64 = found.lines.iter().chain(&found.deliveries).flatten().filter(|(of, _)| *of == index).map(|(_, amount)| amount).sum();
                prop_assert_eq!(parts, found.totals[index]);
                prop_assert!(promotion.max.is_none_or(|max| parts <= max));
            }
            for (line, given) in lines.iter().zip(&found.lines) {
                prop_assert!(off(given) <= line.unit * line.quantity && given.iter().all(|(_, amount)| *amount > 0));
            }
            for (delivery, given) in deliveries.iter().zip(&found.deliveries) {
                prop_assert!(off(given) <= delivery.fee);
            }
        }
    }
}
