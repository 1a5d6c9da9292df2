//! Allocation by rules: examples, and whatever requests and offers may come.

use proptest::prelude::*;

use super::{Filled, Offer, Offered, Reason, ShareRule, Wanted, allocate};

const RULES: [ShareRule; 4] = [ShareRule::Cheapest, ShareRule::FairByForecast, ShareRule::Equal, ShareRule::ByHand];

fn offer(order: usize, price: i64, forecast: i64, windows: &[i64]) -> Offer {
    let windows = windows.iter().map(|grams| Offered { grams: *grams, there: i64::MAX / 4, chosen: 0 }).collect();
    Offer { order, price, box_grams: 10_000, least_grams: 0, forecast, windows }
}

fn wanted(kilograms: i64) -> Wanted {
    Wanted { grams: kilograms * 1000, tolerance_bp: 500 }
}

fn kilograms(filled: &Filled) -> Vec<i64> {
    filled.shares.iter().map(|share| share.grams / 1000).collect()
}

#[test]
fn each_rule_fills_in_its_own_way() {
    let offers =
        [offer(0, 30, 6_000_000, &[900_000]), offer(1, 25, 3_000_000, &[500_000]), offer(2, 28, 1_000_000, &[800_000])];
    let share = |rule| kilograms(&allocate(rule, &[wanted(1_000)], &offers)[0]);
    assert_eq!(share(ShareRule::Cheapest), [0, 500, 500]);
    assert_eq!(share(ShareRule::FairByForecast), [600, 300, 100]);
    assert_eq!(share(ShareRule::Equal), [340, 330, 330]);
    let filled = &allocate(ShareRule::Cheapest, &[wanted(1_000)], &offers)[0];
    let reasons: Vec<Reason> = filled.shares.iter().map(|share| share.reason).collect();
    assert_eq!(reasons, [Reason::Enough, Reason::All, Reason::Enough]);
}

#[test]
fn what_is_missing_is_told_and_what_is_taken_is_not_there_again() {
    let mut one = offer(0, 25, 1, &[400_000, 400_000]);
    for window in &mut one.windows {
        window.there = 500_000;
    }
    let filled = allocate(ShareRule::Cheapest, &[wanted(400), wanted(400)], &[one.clone()]);
    assert_eq!((filled[0].total, filled[0].missing), (400_000, 0));
    assert_eq!((filled[1].total, filled[1].missing), (100_000, 280_000));
    one.least_grams = 150_000;
    let filled = allocate(ShareRule::Cheapest, &[wanted(400), wanted(400)], &[one]);
    assert_eq!((filled[1].total, filled[1].shares[0].reason), (0, Reason::BelowLot));
}

#[test]
fn two_hundred_cooperatives_and_a_year_of_weeks_take_no_time() {
    let windows: Vec<Wanted> = (0..52).map(|_| wanted(20_000)).collect();
    let offers: Vec<Offer> = (0..200_i64)
        .zip(0..)
        .map(|(index, order)| offer(order, 20 + index * 7 % 13, 1_000 + index, &[150_000 + index * 1_000; 52]))
        .collect();
    let begun = std::time::Instant::now();
    for rule in RULES {
        assert_eq!(allocate(rule, &windows, &offers).len(), 52);
    }
    let took = begun.elapsed();
    println!("four rules, 200 offers, 52 windows: {took:?}");
    // Unoptimised, and beside other tests.
    assert!(took.as_millis() < 4 * 200 * 5, "{took:?}");
}

fn offers(windows: usize) -> impl Strategy<Value = Vec<Offer>> {
    let offered = (0..2_000_000_i64, 0..6_000_000_i64, 0..2_000_000_i64).prop_map(|(grams, there, chosen)| Offered {
        grams,
        there,
        chosen,
    });
    let one = (1..60_i64, 1..50_i64, 0..300_000_i64, 0..9_000_000_i64, prop::collection::vec(offered, windows));
    prop::collection::vec(one, 0..8).prop_map(|all| {
        let offer = |(order, (price, kilograms, least_grams, forecast, windows))| Offer {
            order,
            price,
            box_grams: kilograms * 1_000,
            least_grams,
            forecast,
            windows,
        };
        all.into_iter().enumerate().map(offer).collect()
    })
}

fn case() -> impl Strategy<Value = (ShareRule, Vec<Wanted>, Vec<Offer>)> {
    (1..5_usize).prop_flat_map(|windows| {
        let wanted = (0..5_000_000_i64, 0..2_000_i64).prop_map(|(grams, tolerance_bp)| Wanted { grams, tolerance_bp });
        (prop::sample::select(RULES.to_vec()), prop::collection::vec(wanted, windows), offers(windows))
    })
}

/// Whether the offer could still have given something that fits.
fn could_give(offer: &Offer, share: i64, left: i64, room: i64) -> bool {
    let least = (offer.least_grams.max(1) + offer.box_grams - 1) / offer.box_grams * offer.box_grams;
    let pick = if share == 0 { least } else { offer.box_grams };
    pick <= left && pick <= room
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn shares_keep_every_bound((rule, windows, offers) in case()) {
        let filled = allocate(rule, &windows, &offers);
        prop_assert_eq!(&filled, &allocate(rule, &windows, &offers), "the same input gives the same answer");
        let mut taken = vec![0_i64; offers.len()];
        for (index, (window, filled)) in windows.iter().zip(&filled).enumerate() {
            prop_assert_eq!(filled.shares.iter().map(|share| share.grams).sum::<i64>(), filled.total);
            if rule != ShareRule::ByHand {
                prop_assert!(filled.total <= window.most());
            }
            prop_assert_eq!(filled.missing, (window.least() - filled.total).max(0));
            for ((offer, share), taken) in offers.iter().zip(&filled.shares).zip(&mut taken) {
                let offered = offer.windows[index];
                prop_assert_eq!(share.grams % offer.box_grams, 0);
                prop_assert!(share.grams == 0 || share.grams >= offer.least_grams);
                prop_assert!(share.grams <= offered.grams && *taken + share.grams <= offered.there.max(*taken));
                // Nobody is passed over who could have filled what is missing.
                if rule != ShareRule::ByHand && filled.total < window.grams {
                    let left = offered.grams.min(offered.there - *taken) - share.grams;
                    prop_assert!(!could_give(offer, share.grams, left, window.most() - filled.total));
                }
                *taken += share.grams;
            }
        }
    }

    #[test]
    fn nobodys_share_falls_when_his_offer_rises((rule, windows, offers) in case(), who in 0..8_usize, more in 0..2_000_000_i64) {
        if offers.is_empty() {
            return Ok(());
        }
        let (who, last) = (who % offers.len(), windows.len() - 1);
        let before = allocate(rule, &windows, &offers)[last].shares[who].grams;
        let mut raised = offers;
        raised[who].windows[last].grams += more;
        let after = allocate(rule, &windows, &raised)[last].shares[who].grams;
        prop_assert!(after >= before, "{after} < {before}");
    }
}
