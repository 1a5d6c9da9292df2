//! What a change of stock may be: pure, and the model the property tests run against.

use entity::value::{MovementKind, OfferId};

/// No single movement or order line is larger; keeps sums far from 64 bits.
pub const MAX_QUANTITY: i64 = 1_000_000;

/// A change of one offer's stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    pub offer: OfferId,
    pub on_hand: i64,
    pub reserved: i64,
}

impl Shift {
    pub fn reserve(offer: OfferId, quantity: i64) -> Self {
        Self { offer, on_hand: 0, reserved: quantity }
    }

    pub fn release(offer: OfferId, quantity: i64) -> Self {
        Self { offer, on_hand: 0, reserved: -quantity }
    }

    /// Reserved goods leave the shelf.
    pub fn take(offer: OfferId, quantity: i64) -> Self {
        Self { offer, on_hand: -quantity, reserved: -quantity }
    }

    /// Goods come onto the shelf, or are found missing.
    pub fn adjust(offer: OfferId, quantity: i64) -> Self {
        Self { offer, on_hand: quantity, reserved: 0 }
    }
}

/// What `stock`'s statement does to one row: `None` when it refuses.
pub fn apply(on_hand: i64, reserved: i64, shift: Shift) -> Option<(i64, i64)> {
    let (on_hand, reserved) = (on_hand + shift.on_hand, reserved + shift.reserved);
    (on_hand >= 0 && reserved >= 0 && reserved <= on_hand).then_some((on_hand, reserved))
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
                        if let Some(next) = apply(on_hand, reserved, Shift::reserve(offer, quantity)) {
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
}
