//! The filling of windows, one after the other.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::{Filled, Grams, Offer, Offered, Reason, Share, ShareRule, Wanted};

/// Somebody's next pick, the next by the rule on top.
struct Next {
    /// By which the rule compares: the lower comes first.
    key: Key,
    offer: usize,
    pick: Grams,
}

/// A price, or grams against a weight; ties by who offered first.
struct Key {
    grams: Grams,
    weight: Grams,
    order: usize,
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        let cross = |a: &Key, b: &Key| i128::from(a.grams) * i128::from(b.weight.max(1));
        let (a, b) = (&self.key, &other.key);
        // A weight of nothing comes after every other one.
        let weightless = (a.weight <= 0).cmp(&(b.weight <= 0));
        weightless.then_with(|| cross(a, b).cmp(&cross(b, a))).then_with(|| a.order.cmp(&b.order))
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Next {}

fn whole_boxes(grams: Grams, offer: &Offer) -> Grams {
    if offer.box_grams <= 0 { 0 } else { grams.max(0) / offer.box_grams * offer.box_grams }
}

/// The least somebody gives: his minimum lot in whole boxes, one box at the least.
fn least_lot(offer: &Offer) -> Grams {
    let boxes = (offer.least_grams.max(1) + offer.box_grams - 1) / offer.box_grams.max(1);
    boxes.max(1) * offer.box_grams
}

fn key(rule: ShareRule, offer: &Offer, after: Grams) -> Key {
    let (grams, weight) = match rule {
        ShareRule::Cheapest | ShareRule::ByHand => (offer.price, 1),
        ShareRule::FairByForecast => (after, offer.forecast),
        ShareRule::Equal => (after, 1),
    };
    Key { grams, weight, order: offer.order }
}

/// What can be taken of somebody in a window: offered, and there after what earlier windows took.
fn limit(offer: &Offer, offered: Offered, taken: Grams) -> Grams {
    whole_boxes(offered.grams.min(offered.there - taken), offer)
}

fn fill(rule: ShareRule, wanted: &Wanted, offers: &[Offer], limits: &[Grams]) -> Vec<Grams> {
    let mut shares = vec![0; offers.len()];
    let mut total: Grams = 0;
    let mut heap = BinaryHeap::new();
    for (index, offer) in offers.iter().enumerate() {
        let pick = least_lot(offer);
        if offer.box_grams > 0 && pick <= limits[index] {
            heap.push(Reverse(Next { key: key(rule, offer, pick), offer: index, pick }));
        }
    }
    while let Some(Reverse(next)) = heap.pop() {
        if total >= wanted.grams {
            break;
        }
        // What does not fit now fits no more later: the total only grows.
        if next.pick > wanted.most() - total {
            continue;
        }
        let offer = &offers[next.offer];
        shares[next.offer] += next.pick;
        total += next.pick;
        let pick = offer.box_grams;
        let after = shares[next.offer] + pick;
        if after <= limits[next.offer] {
            heap.push(Reverse(Next { key: key(rule, offer, after), offer: next.offer, pick }));
        }
    }
    shares
}

fn by_hand(offers: &[Offer], window: usize, limits: &[Grams]) -> Vec<Grams> {
    let chosen = |(index, offer): (usize, &Offer)| {
        let grams = whole_boxes(offer.windows[window].chosen.min(limits[index]), offer);
        if grams < least_lot(offer) { 0 } else { grams }
    };
    offers.iter().enumerate().map(chosen).collect()
}

fn why(rule: ShareRule, offer: &Offer, offered: Offered, (share, limit): (Grams, Grams)) -> Reason {
    match share {
        _ if rule == ShareRule::ByHand && (share > 0 || offered.chosen == 0) => Reason::ByHand,
        0 if offered.grams <= 0 => Reason::NotOffered,
        0 if limit == 0 && whole_boxes(offered.grams, offer) > 0 => Reason::NotThere,
        0 if limit < least_lot(offer) => Reason::BelowLot,
        _ if share == limit => Reason::All,
        _ => Reason::Enough,
    }
}

/// The shares of every window, in their order. What one window takes is not there for the next.
pub fn allocate(rule: ShareRule, windows: &[Wanted], offers: &[Offer]) -> Vec<Filled> {
    let mut taken = vec![0; offers.len()];
    let mut filled = Vec::with_capacity(windows.len());
    for (window, wanted) in windows.iter().enumerate() {
        let offered = |offer: &Offer| offer.windows.get(window).copied().unwrap_or_default();
        let limits: Vec<Grams> =
            offers.iter().zip(&taken).map(|(offer, taken)| limit(offer, offered(offer), *taken)).collect();
        let grams = if rule == ShareRule::ByHand {
            by_hand(offers, window, &limits)
        } else {
            fill(rule, wanted, offers, &limits)
        };
        let mut shares = Vec::with_capacity(offers.len());
        for (index, offer) in offers.iter().enumerate() {
            taken[index] += grams[index];
            let reason = why(rule, offer, offered(offer), (grams[index], limits[index]));
            shares.push(Share { grams: grams[index], reason });
        }
        let total = grams.iter().sum();
        filled.push(Filled { shares, total, missing: (wanted.least() - total).max(0) });
    }
    filled
}
