//! Quantities, what changed since a quote, and the states of an order: pure.

use entity::value::{DeliveryMethod, OfferId, OrderActor, OrderState, Vnd};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// More lines than this is no household's shopping; bulk orders get their own way.
pub const MAX_LINES: usize = 100;
pub const MAX_QUANTITY: i64 = 9_999;

/// Whether an offer may be bought in this quantity: at least the minimum, in whole steps above it.
pub fn quantity_fits(quantity: i64, min: i64, step: i64) -> bool {
    (min..=MAX_QUANTITY).contains(&quantity) && (quantity - min) % step == 0
}

/// What somebody does to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The money is there.
    Pay,
    /// The money came after the order had expired, and its goods are still there.
    Revive,
    Confirm,
    Pack,
    Ship,
    Deliver,
    Complete,
    Cancel,
    Expire,
}

/// What a step does to stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    None,
    /// Reserved goods leave the shelf.
    Take,
    /// What was reserved is free again.
    Release,
    /// What was free again is reserved once more.
    Reserve,
    /// Packed goods return to the shelf.
    PutBack,
}

/// A row of the table below.
pub struct Step {
    pub from: OrderState,
    pub action: Action,
    pub to: OrderState,
    pub by: &'static [OrderActor],
    pub effect: Effect,
    /// Only for this way of delivery.
    pub only: Option<DeliveryMethod>,
}

const SELLER: &[OrderActor] = &[OrderActor::Seller];
/// By hand, or because the carrier says so.
const SELLER_OR_CARRIER: &[OrderActor] = &[OrderActor::Seller, OrderActor::System];
const SELLER_OR_PARTNER: &[OrderActor] = &[OrderActor::Seller, OrderActor::Partner];
/// By hand, or because its goods are recalled.
const SELLER_PARTNER_OR_RECALL: &[OrderActor] = &[OrderActor::Seller, OrderActor::Partner, OrderActor::System];
/// By hand, or because buyer and cooperative of a contract agreed to it.
const ANYONE_OR_AGREED: &[OrderActor] = &[OrderActor::Buyer, OrderActor::Guest, OrderActor::Seller, OrderActor::System];
const SYSTEM: &[OrderActor] = &[OrderActor::System];
const ANYONE: &[OrderActor] = &[OrderActor::Buyer, OrderActor::Guest, OrderActor::Seller];
const BUYERS: &[OrderActor] = &[OrderActor::Buyer, OrderActor::Guest];
const BUYERS_OR_TIME: &[OrderActor] = &[OrderActor::Buyer, OrderActor::Guest, OrderActor::System];

const fn step(from: OrderState, action: Action, to: OrderState, by: &'static [OrderActor], effect: Effect) -> Step {
    Step { from, action, to, by, effect, only: None }
}

/// Every step an order can take; anything else is refused.
pub static STEPS: &[Step] = {
    use Action as A;
    use OrderState as S;
    &[
        step(S::AwaitingPayment, A::Pay, S::Placed, SYSTEM, Effect::None),
        step(S::AwaitingPayment, A::Cancel, S::Cancelled, BUYERS, Effect::Release),
        step(S::AwaitingPayment, A::Expire, S::Expired, SYSTEM, Effect::Release),
        step(S::Expired, A::Revive, S::Placed, SYSTEM, Effect::Reserve),
        step(S::Placed, A::Confirm, S::Confirmed, SELLER, Effect::None),
        step(S::Confirmed, A::Pack, S::Packed, SELLER, Effect::Take),
        Step {
            only: Some(DeliveryMethod::Delivery),
            ..step(S::Packed, A::Ship, S::Shipped, SELLER_OR_CARRIER, Effect::None)
        },
        step(S::Shipped, A::Deliver, S::Delivered, SELLER_OR_CARRIER, Effect::None),
        // Collected at the cooperative or at a partner's reception: nothing is shipped.
        Step {
            only: Some(DeliveryMethod::Pickup),
            ..step(S::Packed, A::Deliver, S::Delivered, SELLER_OR_PARTNER, Effect::None)
        },
        step(S::Delivered, A::Complete, S::Completed, BUYERS_OR_TIME, Effect::None),
        step(S::Placed, A::Cancel, S::Cancelled, ANYONE, Effect::Release),
        step(S::Confirmed, A::Cancel, S::Cancelled, ANYONE_OR_AGREED, Effect::Release),
        step(S::Packed, A::Cancel, S::Cancelled, SELLER_PARTNER_OR_RECALL, Effect::PutBack),
        step(S::Placed, A::Expire, S::Expired, SYSTEM, Effect::Release),
    ]
};

/// The step from a state, if there is one for this actor and way of delivery.
pub fn next(from: OrderState, action: Action, by: OrderActor, method: DeliveryMethod) -> Option<&'static Step> {
    STEPS.iter().find(|step| {
        step.from == from
            && step.action == action
            && step.by.contains(&by)
            && step.only.is_none_or(|only| only == method)
    })
}

/// What this actor can do now.
pub fn actions(from: OrderState, by: OrderActor, method: DeliveryMethod) -> Vec<Action> {
    let open = STEPS
        .iter()
        .filter(|step| step.from == from && step.by.contains(&by) && step.only.is_none_or(|only| only == method));
    open.map(|step| step.action).collect()
}

/// One way in which a basket is not what it was thought to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// No longer sold.
    Unavailable {
        offer_id: OfferId,
    },
    InsufficientStock {
        offer_id: OfferId,
        wanted: i64,
        available: i64,
    },
    /// The seller changed minimum or step.
    QuantityNotAllowed {
        offer_id: OfferId,
        wanted: i64,
        min_quantity: i64,
        step_quantity: i64,
    },
    PriceChanged {
        offer_id: OfferId,
        quoted: i64,
        now: i64,
    },
    DeliveryPriceChanged {
        cooperative_id: entity::value::CooperativeId,
        quoted: i64,
        now: i64,
    },
    /// The cooperative no longer delivers there, or no longer lets buyers collect.
    DeliveryNotOffered {
        cooperative_id: entity::value::CooperativeId,
    },
    /// The reception has no room for another box.
    PickupPointFull {
        pickup_point_id: entity::value::PickupPointId,
    },
    /// What comes off is not what was told.
    DiscountChanged {
        cooperative_id: entity::value::CooperativeId,
        quoted: i64,
        now: i64,
    },
    /// Its last use went to somebody else, or this buyer has had it.
    PromotionUsedUp {
        promotion_id: entity::value::PromotionId,
    },
    /// Lines were added, removed or changed after the quote.
    CartChanged,
    QuoteExpired,
}

/// An offer as it stands now.
#[derive(Clone, Debug)]
pub struct Standing {
    pub on_sale: bool,
    pub price: Vnd,
    pub min_quantity: i64,
    pub step_quantity: i64,
    pub available: i64,
}

/// Why a line cannot be bought as it is, or `None`.
pub fn line_fault(offer: OfferId, quantity: i64, now: &Standing) -> Option<Change> {
    if !now.on_sale {
        return Some(Change::Unavailable { offer_id: offer });
    }
    if !quantity_fits(quantity, now.min_quantity, now.step_quantity) {
        return Some(Change::QuantityNotAllowed {
            offer_id: offer,
            wanted: quantity,
            min_quantity: now.min_quantity,
            step_quantity: now.step_quantity,
        });
    }
    if now.available < quantity {
        return Some(Change::InsufficientStock { offer_id: offer, wanted: quantity, available: now.available.max(0) });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_buyer_cancels_before_packing_and_not_after() {
        for (state, may) in [
            (OrderState::Placed, true),
            (OrderState::Confirmed, true),
            (OrderState::Packed, false),
            (OrderState::Shipped, false),
        ] {
            assert_eq!(
                next(state, Action::Cancel, OrderActor::Buyer, DeliveryMethod::Delivery).is_some(),
                may,
                "{state:?}"
            );
        }
    }

    #[test]
    fn what_is_collected_is_never_shipped() {
        assert!(next(OrderState::Packed, Action::Ship, OrderActor::Seller, DeliveryMethod::Pickup).is_none());
        assert!(next(OrderState::Packed, Action::Deliver, OrderActor::Seller, DeliveryMethod::Pickup).is_some());
        assert!(next(OrderState::Packed, Action::Deliver, OrderActor::Seller, DeliveryMethod::Delivery).is_none());
    }

    #[test]
    fn ended_orders_stay_ended() {
        for ended in [OrderState::Completed, OrderState::Cancelled, OrderState::Expired] {
            // But for money that comes too late.
            let on = STEPS.iter().filter(|step| step.action != Action::Revive);
            assert!(on.into_iter().all(|step| step.from != ended), "{ended:?}");
        }
    }

    fn action() -> impl Strategy<Value = (Action, OrderActor)> {
        let actions = prop_oneof![
            Just(Action::Pay),
            Just(Action::Revive),
            Just(Action::Confirm),
            Just(Action::Pack),
            Just(Action::Ship),
            Just(Action::Deliver),
            Just(Action::Complete),
            Just(Action::Cancel),
            Just(Action::Expire),
        ];
        let actors = proptest::sample::select(vec![
            OrderActor::Buyer,
            OrderActor::Guest,
            OrderActor::Seller,
            OrderActor::System,
        ]);
        (actions, actors)
    }

    proptest! {
        /// Goods leave the shelf at most once, return at most once, and only if they left.
        #[test]
        fn no_sequence_of_steps_takes_or_returns_goods_twice(tries in proptest::collection::vec(action(), 1..60), pickup: bool, prepaid: bool) {
            let method = if pickup { DeliveryMethod::Pickup } else { DeliveryMethod::Delivery };
            let first = if prepaid { OrderState::AwaitingPayment } else { OrderState::Placed };
            let (mut state, mut reserved, mut taken) = (first, 1, 0);
            for (action, actor) in tries {
                let Some(step) = next(state, action, actor, method) else { continue };
                match step.effect {
                    Effect::None => {}
                    Effect::Take => { reserved -= 1; taken += 1; }
                    Effect::Release => reserved -= 1,
                    Effect::Reserve => reserved += 1,
                    Effect::PutBack => taken -= 1,
                }
                state = step.to;
                prop_assert!((0..=1).contains(&reserved) && (0..=1).contains(&taken));
                let held = matches!(state, OrderState::AwaitingPayment | OrderState::Placed | OrderState::Confirmed);
                prop_assert_eq!(reserved == 1, held);
                prop_assert_eq!(taken == 1, !held && !matches!(state, OrderState::Cancelled | OrderState::Expired));
            }
        }
    }

    #[test]
    fn quantities_go_in_steps_above_the_minimum() {
        assert!(quantity_fits(2, 2, 3) && quantity_fits(5, 2, 3));
        assert!(
            !quantity_fits(3, 2, 3)
                && !quantity_fits(1, 2, 3)
                && !quantity_fits(0, 1, 1)
                && !quantity_fits(10_000, 1, 1)
        );
    }
}
