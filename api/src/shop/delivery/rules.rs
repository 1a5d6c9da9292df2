//! Delivery prices: by how far a parcel goes and how much it weighs.

use entity::delivery_rate;
use entity::value::{DeliveryZone, Vnd};

use crate::people::places;

/// The zone a parcel crosses from one commune to another (codes of today).
pub fn zone(from: &str, to: &str) -> DeliveryZone {
    let province = |code: &str| places::commune(code).map(|commune| places::province_of(commune).code);
    if from == to {
        DeliveryZone::SameCommune
    } else if province(from).is_some() && province(from) == province(to) {
        DeliveryZone::SameProvince
    } else {
        DeliveryZone::Nationwide
    }
}

/// The base price up to the base weight, a step for every begun step of weight above it, nothing from the free limit on.
/// `None` past 64 bits.
pub fn price(rate: &delivery_rate::Model, weight_g: i64, goods: Vnd) -> Option<Vnd> {
    if rate.free_from_amount.is_some_and(|limit| goods >= limit) {
        return Some(Vnd::ZERO);
    }
    let above = (weight_g - rate.base_weight_g).max(0);
    let steps = above / rate.step_weight_g + i64::from(above % rate.step_weight_g != 0);
    rate.base_amount.plus(rate.step_amount.times(steps)?)
}

/// What a new cooperative starts with: zone, base and step price in đồng, days until it arrives. It sets its own.
pub const DEFAULT_RATES: [(DeliveryZone, i64, i64, i32); 3] = [
    (DeliveryZone::SameCommune, 15_000, 2_000, 1),
    (DeliveryZone::SameProvince, 25_000, 4_000, 2),
    (DeliveryZone::Nationwide, 35_000, 6_000, 4),
];
pub const DEFAULT_BASE_WEIGHT_G: i64 = 2_000;
pub const DEFAULT_STEP_WEIGHT_G: i64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use entity::value::{CooperativeId, RowId};
    use proptest::prelude::*;

    fn rate(free_from: Option<i64>) -> delivery_rate::Model {
        delivery_rate::Model {
            id: RowId::new(),
            cooperative_id: CooperativeId::new(),
            zone: DeliveryZone::Nationwide,
            base_weight_g: 2_000,
            base_amount: Vnd(35_000),
            step_weight_g: 1_000,
            step_amount: Vnd(6_000),
            free_from_amount: free_from.map(Vnd),
            max_days: 4,
        }
    }

    #[test]
    fn every_begun_kilogram_costs() {
        assert_eq!(price(&rate(None), 2_000, Vnd(1)), Some(Vnd(35_000)));
        assert_eq!(price(&rate(None), 2_001, Vnd(1)), Some(Vnd(41_000)));
        assert_eq!(price(&rate(None), 9_000, Vnd(1)), Some(Vnd(77_000)));
        assert_eq!(price(&rate(Some(500_000)), 9_000, Vnd(500_000)), Some(Vnd::ZERO));
    }

    #[test]
    fn zones_follow_todays_map() {
        assert_eq!(zone("04990", "04990"), DeliveryZone::SameCommune);
        assert_eq!(zone("04990", "04978"), DeliveryZone::SameProvince);
        assert_eq!(zone("04990", "00004"), DeliveryZone::Nationwide);
    }

    proptest! {
        #[test]
        fn heavier_is_never_cheaper(a in 1_i64..10_000_000, b in 1_i64..10_000_000) {
            let (light, heavy) = (a.min(b), a.max(b));
            prop_assert!(price(&rate(None), light, Vnd(1)) <= price(&rate(None), heavy, Vnd(1)));
        }
    }
}
