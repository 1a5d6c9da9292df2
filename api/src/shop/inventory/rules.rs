//! What a change of stock may be: pure, and the model the property tests run against.

use entity::value::{LotId, MovementKind, OfferId};
use time::Date;

/// No single movement or order line is larger; keeps sums far from 64 bits.
pub const MAX_QUANTITY: i64 = 1_000_000;

/// A change of one offer's stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    pub offer: OfferId,
    pub on_hand: i64,
    pub reserved: i64,
    /// Goods promised by this shift must be good on this day: lots that expire before do not count.
    pub keep_until: Option<Date>,
}

impl Shift {
    pub fn reserve(offer: OfferId, quantity: i64, keep_until: Option<Date>) -> Self {
        Self { offer, on_hand: 0, reserved: quantity, keep_until }
    }

    pub fn release(offer: OfferId, quantity: i64) -> Self {
        Self { offer, on_hand: 0, reserved: -quantity, keep_until: None }
    }

    /// Reserved goods leave the shelf.
    pub fn take(offer: OfferId, quantity: i64) -> Self {
        Self { offer, on_hand: -quantity, reserved: -quantity, keep_until: None }
    }

    /// Goods come onto the shelf, or are found missing.
    pub fn adjust(offer: OfferId, quantity: i64) -> Self {
        Self { offer, on_hand: quantity, reserved: 0, keep_until: None }
    }
}

/// What `stock`'s statement does to one row: `None` when it refuses.
pub fn apply(on_hand: i64, reserved: i64, shift: Shift) -> Option<(i64, i64)> {
    let (on_hand, reserved) = (on_hand + shift.on_hand, reserved + shift.reserved);
    (on_hand >= 0 && reserved >= 0 && reserved <= on_hand).then_some((on_hand, reserved))
}

/// What a lot holds of one offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotLevel {
    pub lot: LotId,
    pub on_hand: i64,
    pub harvested_on: Date,
    pub expires_on: Option<Date>,
    pub blocked: bool,
}

impl LotLevel {
    /// Whether it may be sold to somebody who has it in hand on this day.
    pub fn usable(&self, keep_until: Date) -> bool {
        !self.blocked && self.on_hand > 0 && self.expires_on.is_none_or(|expires_on| expires_on >= keep_until)
    }
}

/// Takes a quantity from lots that keep until a day, the first to expire first; those that do not expire come last, and of
/// two alike the older harvest. Else how much is missing.
pub fn first_expired_first_out(lots: &[LotLevel], quantity: i64, keep_until: Date) -> Result<Vec<(LotId, i64)>, i64> {
    let mut usable: Vec<_> = lots.iter().filter(|lot| lot.usable(keep_until)).collect();
    usable.sort_by_key(|lot| (lot.expires_on.is_none(), lot.expires_on, lot.harvested_on, lot.lot));
    let (mut left, mut picks) = (quantity, Vec::new());
    for lot in usable {
        let taken = left.min(lot.on_hand);
        if taken > 0 {
            picks.push((lot.lot, taken));
            left -= taken;
        }
    }
    if left > 0 { Err(left) } else { Ok(picks) }
}

/// How much of a forecast may be ordered before the harvest.
pub fn preorder_limit(quantity: i64, share_bp: i32) -> i64 {
    quantity.saturating_mul(i64::from(share_bp)) / 10_000
}

/// A harvest goes to those who ordered first; the first it does not suffice for is offered what is left. Per order: what
/// it gets, all or part or nothing.
pub fn allocate(harvested: i64, waiting: &[i64]) -> Vec<i64> {
    let mut left = harvested;
    let mut short = false;
    waiting
        .iter()
        .map(|&wanted| {
            if short {
                return 0;
            }
            let given = wanted.min(left);
            short = given < wanted;
            left -= given;
            given
        })
        .collect()
}

/// Movements a person may record; sales and cancellations come from orders.
pub fn may_be_recorded(kind: MovementKind, quantity: i64) -> bool {
    match kind {
        MovementKind::Receipt | MovementKind::Return => quantity > 0,
        MovementKind::Correction => quantity != 0,
        MovementKind::Sale | MovementKind::Cancel => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Adjust(i64),
        Order(i64),
        Pack(usize),
        Cancel(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (-20_i64..40).prop_map(Step::Adjust),
            (1_i64..12).prop_map(Step::Order),
            (0_usize..8).prop_map(Step::Pack),
            (0_usize..8).prop_map(Step::Cancel),
        ]
    }

    proptest! {
        /// Whatever is tried in whatever order: nothing is negative, no more is promised than there is, and on-hand is
        /// the sum of its movements.
        #[test]
        fn stock_is_the_sum_of_its_movements(steps in proptest::collection::vec(step(), 1..120)) {
            let offer = OfferId::new();
            let (mut on_hand, mut reserved, mut movements) = (0, 0, 0);
            let mut orders: Vec<(i64, bool)> = Vec::new();
            for step in steps {
                match step {
                    Step::Adjust(quantity) => {
                        if let Some(next) = apply(on_hand, reserved, Shift::adjust(offer, quantity)) {
                            (on_hand, reserved) = next;
                            movements += quantity;
                        }
                    }
                    Step::Order(quantity) => {
                        if let Some(next) = apply(on_hand, reserved, Shift::reserve(offer, quantity, None)) {
                            (on_hand, reserved) = next;
                            orders.push((quantity, false));
                        }
                    }
                    Step::Pack(index) => {
                        if let Some((quantity, packed)) = orders.get_mut(index).filter(|(_, packed)| !packed) {
                            let next = apply(on_hand, reserved, Shift::take(offer, *quantity));
                            prop_assert!(next.is_some(), "what was reserved can always be packed");
                            (on_hand, reserved) = next.unwrap_or_default();
                            movements -= *quantity;
                            *packed = true;
                        }
                    }
                    Step::Cancel(index) if index < orders.len() => {
                        let (quantity, packed) = orders.remove(index);
                        let shift = if packed { Shift::adjust(offer, quantity) } else { Shift::release(offer, quantity) };
                        let next = apply(on_hand, reserved, shift);
                        prop_assert!(next.is_some(), "an order can always be undone");
                        (on_hand, reserved) = next.unwrap_or_default();
                        movements += if packed { quantity } else { 0 };
                    }
                    Step::Cancel(_) => {}
                }
                prop_assert!(on_hand >= 0 && reserved >= 0 && reserved <= on_hand);
                prop_assert_eq!(on_hand, movements);
                let held: i64 = orders.iter().filter(|(_, packed)| !packed).map(|(quantity, _)| quantity).sum();
                prop_assert_eq!(reserved, held);
            }
        }
    }

    #[derive(Clone, Debug)]
    enum LotStep {
        Harvest { quantity: i64, keeps: i64 },
        Sell { quantity: i64, days: i64 },
        Return(usize),
        Correct { lot: usize, quantity: i64 },
        Block(usize),
        NextDay,
    }

    fn lot_step() -> impl Strategy<Value = LotStep> {
        prop_oneof![
            (1_i64..30, 0_i64..20).prop_map(|(quantity, keeps)| LotStep::Harvest { quantity, keeps }),
            (1_i64..20, 0_i64..6).prop_map(|(quantity, days)| LotStep::Sell { quantity, days }),
            (0_usize..10).prop_map(LotStep::Return),
            (0_usize..10, -15_i64..10).prop_map(|(lot, quantity)| LotStep::Correct { lot, quantity }),
            (0_usize..10).prop_map(LotStep::Block),
            Just(LotStep::NextDay),
        ]
    }

    proptest! {
        /// Whatever is harvested, sold, returned, corrected and blocked: no lot is negative, on-hand is the sum of the
        /// lots and of the movements, and every sale takes the earliest lot that still keeps.
        #[test]
        fn lots_hold_what_their_movements_say(steps in proptest::collection::vec(lot_step(), 1..80)) {
            let mut today = time::macros::date!(2026 - 11 - 24);
            let mut lots: Vec<LotLevel> = Vec::new();
            let mut sales: Vec<Vec<(LotId, i64)>> = Vec::new();
            let mut movements: Vec<(LotId, i64)> = Vec::new();
            for step in steps {
                match step {
                    LotStep::Harvest { quantity, keeps } => {
                        // Every seventh kind of goods does not expire.
                        let expires_on = (keeps % 7 != 6).then(|| today + time::Duration::days(keeps));
                        let lot = LotLevel { lot: LotId::new(), on_hand: quantity, harvested_on: today, expires_on, blocked: false };
                        movements.push((lot.lot, quantity));
                        lots.push(lot);
                    }
                    LotStep::Sell { quantity, days } => {
                        let keep_until = today + time::Duration::days(days);
                        let sellable: i64 = lots.iter().filter(|lot| lot.usable(keep_until)).map(|lot| lot.on_hand).sum();
                        match first_expired_first_out(&lots, quantity, keep_until) {
                            Err(missing) => prop_assert_eq!(missing, quantity - sellable),
                            Ok(picks) => {
                                prop_assert_eq!(picks.iter().map(|(_, taken)| taken).sum::<i64>(), quantity);
                                for (id, taken) in &picks {
                                    let picked = lots.iter().find(|lot| lot.lot == *id).copied().expect("a lot of ours");
                                    prop_assert!(picked.usable(keep_until) && *taken <= picked.on_hand);
                                    // Whatever usable lot was left untouched does not expire before this one.
                                    for other in lots.iter().filter(|lot| lot.usable(keep_until)) {
                                        let untouched = picks.iter().all(|(id, _)| *id != other.lot);
                                        let later = match (picked.expires_on, other.expires_on) {
                                            (_, None) => true,
                                            (None, Some(_)) => false,
                                            (Some(mine), Some(theirs)) => mine <= theirs,
                                        };
                                        prop_assert!(!untouched || later, "{:?} before {:?}", picked, other);
                                    }
                                }
                                for (id, taken) in &picks {
                                    for lot in lots.iter_mut().filter(|lot| lot.lot == *id) { lot.on_hand -= taken; }
                                    movements.push((*id, -taken));
                                }
                                sales.push(picks);
                            }
                        }
                    }
                    LotStep::Return(index) if index < sales.len() => {
                        for (id, quantity) in sales.remove(index) {
                            for lot in lots.iter_mut().filter(|lot| lot.lot == id) { lot.on_hand += quantity; }
                            movements.push((id, quantity));
                        }
                    }
                    LotStep::Correct { lot, quantity } => {
                        if let Some(lot) = lots.get_mut(lot).filter(|lot| lot.on_hand + quantity >= 0) {
                            lot.on_hand += quantity;
                            movements.push((lot.lot, quantity));
                        }
                    }
                    LotStep::Block(index) => if let Some(lot) = lots.get_mut(index) { lot.blocked = !lot.blocked },
                    LotStep::NextDay => today += time::Duration::days(1),
                    LotStep::Return(_) => {}
                }
                for lot in &lots {
                    prop_assert!(lot.on_hand >= 0);
                    let moved: i64 = movements.iter().filter(|(id, _)| *id == lot.lot).map(|(_, quantity)| quantity).sum();
                    prop_assert_eq!(lot.on_hand, moved);
                }
            }
        }

        /// However pre-orders come and go, they never exceed the share; a harvest is given in the order of purchase and
        /// never twice.
        #[test]
        fn preorders_stay_within_their_share(
            quantity in 1_i64..500, share_bp in 1_i32..=10_000, tries in proptest::collection::vec((1_i64..60, any::<bool>()), 1..60), harvested in 0_i64..600,
        ) {
            let limit = preorder_limit(quantity, share_bp);
            prop_assert!(limit * 10_000 <= quantity * i64::from(share_bp));
            let mut waiting: Vec<i64> = Vec::new();
            for (wanted, cancel) in tries {
                let ordered: i64 = waiting.iter().sum();
                // The condition of the statement that books a pre-order.
                if (ordered + wanted) * 10_000 <= quantity * i64::from(share_bp) { waiting.push(wanted); }
                if cancel { waiting.pop(); }
                prop_assert!(waiting.iter().sum::<i64>() <= limit);
            }
            let given = allocate(harvested, &waiting);
            prop_assert_eq!(given.len(), waiting.len());
            prop_assert!(given.iter().sum::<i64>() <= harvested);
            let whole = given.iter().zip(&waiting).take_while(|(given, wanted)| given == wanted).count();
            prop_assert!(given.iter().skip(whole + 1).all(|given| *given == 0), "nobody is served before an earlier buyer");
        }
    }
}
