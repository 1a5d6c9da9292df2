//! Parcels: which states follow which, and when one is late or lost. Pure.

use entity::value::{OfferId, ParcelState};
use time::{Date, Duration, OffsetDateTime};

/// Nothing heard of a parcel on its way for so long: it is looked for.
pub const SILENT_DAYS: i64 = 5;

/// Whether a parcel in one state may be reported in another. What carriers say comes twice, late and out of order: a
/// parcel never leaves an end, and never goes back to before it was handed over.
pub fn follows(from: ParcelState, to: ParcelState) -> bool {
    use ParcelState as S;
    match (from, to) {
        (from, to) if from == to => false,
        (S::Delivered | S::Returned | S::Cancelled, _) => false,
        // Found again.
        (S::Lost, to) => matches!(to, S::Delivered | S::Returned),
        (S::Packed | S::Booking | S::Booked, S::Cancelled) | (_, S::Delivered | S::Returned | S::Lost) => true,
        (_, S::Cancelled) | (S::Returning, _) => false,
        (S::Packed, _) => true,
        (S::Booking, to) => to != S::Packed,
        (S::Booked, to) => !matches!(to, S::Packed | S::Booking),
        (S::InTransit, to) => matches!(to, S::OutForDelivery | S::Failed | S::Returning),
        (S::OutForDelivery, to) => matches!(to, S::Failed | S::Returning),
        (S::Failed, to) => matches!(to, S::OutForDelivery | S::Returning),
    }
}

/// Whether it has left the cooperative.
pub fn is_handed_over(state: ParcelState) -> bool {
    !matches!(state, ParcelState::Packed | ParcelState::Booking | ParcelState::Booked | ParcelState::Cancelled)
}

pub fn is_open(state: ParcelState) -> bool {
    !matches!(state, ParcelState::Delivered | ParcelState::Returned | ParcelState::Lost | ParcelState::Cancelled)
}

/// What somebody should look after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worry {
    /// Past the day it was promised for.
    Late,
    /// Nothing heard for days.
    Silent,
    /// The buyer was not there, or refused.
    Failed,
    Lost,
}

pub fn worry(
    state: ParcelState,
    expected_on: Option<Date>,
    last_event_at: OffsetDateTime,
    (now, today): (OffsetDateTime, Date),
) -> Option<Worry> {
    match state {
        ParcelState::Lost => Some(Worry::Lost),
        ParcelState::Failed => Some(Worry::Failed),
        state if !is_open(state) || !is_handed_over(state) => None,
        _ if now - last_event_at > Duration::days(SILENT_DAYS) => Some(Worry::Silent),
        _ if expected_on.is_some_and(|day| today > day) => Some(Worry::Late),
        _ => None,
    }
}

/// What of an order is not in a parcel yet.
pub fn unpacked(ordered: &[(OfferId, i64)], parcelled: &[(OfferId, i64)]) -> Vec<(OfferId, i64)> {
    let rest = |&(offer, quantity): &(OfferId, i64)| {
        let packed: i64 = parcelled.iter().filter(|(id, _)| *id == offer).map(|(_, quantity)| quantity).sum();
        (offer, quantity - packed)
    };
    ordered.iter().map(rest).filter(|(_, left)| *left > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [ParcelState; 11] = [
        ParcelState::Packed,
        ParcelState::Booking,
        ParcelState::Booked,
        ParcelState::InTransit,
        ParcelState::OutForDelivery,
        ParcelState::Delivered,
        ParcelState::Failed,
        ParcelState::Returning,
        ParcelState::Returned,
        ParcelState::Lost,
        ParcelState::Cancelled,
    ];

    proptest! {
        /// However often and in whatever order a carrier reports: a parcel that arrived stays arrived, and one that left
        /// is never back on the packing table.
        #[test]
        fn reports_in_any_order_never_undo_an_end(reports in proptest::collection::vec(proptest::sample::select(ALL.to_vec()), 1..60)) {
            let (mut state, mut left, mut ended) = (ParcelState::Packed, false, None);
            for report in reports {
                if follows(state, report) { state = report; }
                left |= is_handed_over(state);
                prop_assert_eq!(left, is_handed_over(state));
                if let Some(end) = ended { prop_assert_eq!(state, end); }
                if matches!(state, ParcelState::Delivered | ParcelState::Returned | ParcelState::Cancelled) { ended = Some(state); }
            }
        }

        #[test]
        fn parcels_never_hold_more_than_was_ordered(ordered in 1_i64..50, parts in proptest::collection::vec(1_i64..20, 0..10)) {
            let offer = OfferId::new();
            let mut packed = Vec::new();
            for part in parts {
                let left = unpacked(&[(offer, ordered)], &packed).first().map_or(0, |(_, left)| *left);
                if part <= left { packed.push((offer, part)); }
            }
            prop_assert!(packed.iter().map(|(_, quantity)| quantity).sum::<i64>() <= ordered);
        }
    }

    #[test]
    fn what_is_overdue_or_silent_is_seen() {
        let now = time::macros::datetime!(2026-11-24 10:00 UTC);
        let today = now.date();
        let heard = now - Duration::days(1);
        let yesterday = Some(today - Duration::days(1));
        assert_eq!(worry(ParcelState::InTransit, yesterday, heard, (now, today)), Some(Worry::Late));
        assert_eq!(worry(ParcelState::InTransit, Some(today), heard, (now, today)), None);
        assert_eq!(worry(ParcelState::InTransit, None, now - Duration::days(6), (now, today)), Some(Worry::Silent));
        assert_eq!(worry(ParcelState::Packed, yesterday, now - Duration::days(9), (now, today)), None);
        assert_eq!(worry(ParcelState::Delivered, yesterday, heard, (now, today)), None);
    }
}
