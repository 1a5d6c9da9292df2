//! Properties of the splits and the books.

use std::collections::HashMap;

use proptest::prelude::*;
use time::macros::date;

use super::*;

fn commission(amount: i64, partner: bool) -> Commission {
    let partner_id = partner.then(|| entity::value::PartnerId(Uuid::from_u128(7)));
    Commission { component: "platform".to_owned(), rule_id: CommissionRuleId::new(), rate_bp: 500, amount, partner_id }
}

fn piece() -> impl Strategy<Value = Piece> {
    let discounts = (0_i64..=100, 0_i64..=100);
    (0_i64..5_000_000, discounts, 0_i64..=3_000, any::<bool>(), any::<bool>()).prop_map(
        |(gross, (cooperative, platform), bp, household, partner)| {
            let cooperative_discount = gross * cooperative / 300;
            let platform_discount = gross * platform / 300;
            let whole = gross - cooperative_discount;
            let tax = household.then_some(Tax {
                kind: TaxKind::Goods,
                residence: TaxResidence::Resident,
                vat_bp: 100,
                pit_bp: 50,
            });
            let amount = share(whole, bp, WHOLE_BP);
            Piece {
                line: Some(OrderLineId::new()),
                gross,
                cooperative_discount,
                platform_discount,
                commissions: vec![commission(amount, partner), commission(amount / 3, false)],
                tax,
                refunded: 0,
            }
        },
    )
}

fn order() -> impl Strategy<Value = OrderMoney> {
    (prop::collection::vec(piece(), 1..5), 0_i64..80_000).prop_map(|(mut pieces, fee)| {
        let tax = pieces[0].tax.map(|_| Tax {
            kind: TaxKind::Transport,
            residence: TaxResidence::Resident,
            vat_bp: 300,
            pit_bp: 150,
        });
        let goods = pieces[0].tax;
        for piece in &mut pieces {
            piece.tax = goods;
        }
        pieces.push(Piece {
            line: None,
            gross: fee,
            cooperative_discount: 0,
            platform_discount: fee / 4,
            commissions: Vec::new(),
            tax,
            refunded: 0,
        });
        OrderMoney { order: OrderId::new(), cooperative: CooperativeId(Uuid::from_u128(1)), pieces, completed: false }
    })
}

/// What happens to an order's money.
#[derive(Clone, Debug)]
enum Event {
    Pay,
    Deliver,
    /// Per cent of what is left, a return, a dispute or a gesture alike.
    Refund(i64),
    /// Taken back: a refund that was refused.
    Unrefund,
    Cancel,
    Payout,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        2 => Just(Event::Pay),
        2 => Just(Event::Deliver),
        4 => (1_i64..=100).prop_map(Event::Refund),
        1 => Just(Event::Unrefund),
        1 => Just(Event::Cancel),
        3 => Just(Event::Payout),
    ];
    prop::collection::vec(event, 1..24)
}

#[derive(Default)]
struct Books {
    balances: HashMap<Account, i64>,
    tax: (i64, i64),
    paid_out: i64,
}

impl Books {
    fn write(&mut self, entries: Vec<Entry>, lines: &[TaxLine]) -> Result<(), TestCaseError> {
        prop_assert_eq!(entries.iter().map(|entry| entry.amount).sum::<i64>(), 0);
        for entry in entries {
            *self.balances.entry(entry.account).or_default() += entry.amount;
        }
        for line in lines {
            self.tax.0 += line.vat;
            self.tax.1 += line.pit;
        }
        Ok(())
    }

    fn of(&self, kind: LedgerAccountKind) -> i64 {
        self.balances.iter().filter(|(account, _)| account.kind == kind).map(|(_, balance)| balance).sum()
    }

    /// What is owed to the seller.
    fn owed(&self) -> i64 {
        -self.of(LedgerAccountKind::Cooperative) - self.of(LedgerAccountKind::Delivery)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn splits_sum_to_the_whole_and_stay_within_one_of_their_share(total in 0_i64..10_000_000_000, weights in prop::collection::vec(0_i64..1_000_000_000, 1..40)) {
        let parts = split(total, &weights);
        prop_assert_eq!(parts.iter().sum::<i64>(), total);
        let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        if sum > 0 {
            for (part, weight) in parts.iter().zip(&weights) {
                let floor = i128::from(total) * i128::from(*weight) / sum;
                prop_assert!((floor..=floor + 1).contains(&i128::from(*part)));
            }
        }
    }

    /// Any legal sequence of payment, refunds, cancellation, delivery and payouts keeps the books balanced; the seller never
    /// gets more than was earned; the declaration is the sum of its lines.
    #[test]
    fn no_sequence_of_events_unbalances_the_books((start, events) in (order(), events())) {
        let mut order = start;
        let mut books = Books::default();
        let (mut paid, mut earned, mut cancelled) = (false, false, false);
        let mut last: Vec<Step> = Vec::new();
        let total = order.paid();
        for event in events {
            match event {
                Event::Pay if !paid && !cancelled => {
                    let (entries, lines) = order.captured(&[(Account::of(LedgerAccountKind::Gateway, "vnpay"), total)]);
                    books.write(entries, &lines)?;
                    paid = true;
                }
                Event::Deliver if paid && !earned && !cancelled => {
                    books.write(order.earned(), &[])?;
                    earned = true;
                }
                Event::Refund(percent) if paid => {
                    let left = order.paid() - order.refunded();
                    let amount = share(left, percent, 100);
                    let Some(steps) = order.spread(amount, |_| true) else { continue };
                    let (entries, lines) = order.refunded_by(&steps, earned);
                    books.write(entries, &lines)?;
                    for step in &steps { order.pieces[step.piece].refunded = step.to; }
                    last = steps;
                }
                Event::Unrefund if !last.is_empty() => {
                    let back: Vec<Step> = last.drain(..).map(|step| Step { piece: step.piece, from: step.to, to: step.from }).collect();
                    let (entries, lines) = order.refunded_by(&back, earned);
                    books.write(entries, &lines)?;
                    for step in &back { order.pieces[step.piece].refunded = step.to; }
                }
                Event::Cancel if paid && !earned && !cancelled => {
                    cancelled = true;
                    last.clear();
                    let Some(steps) = order.spread(order.paid() - order.refunded(), |_| true) else { continue };
                    let (entries, lines) = order.refunded_by(&steps, false);
                    books.write(entries, &lines)?;
                    for step in &steps { order.pieces[step.piece].refunded = step.to; }
                }
                // Only of what was earned; what is negative is carried over.
                Event::Payout if earned => {
                    let due = books.owed();
                    if due > 0 {
                        let seller = Account::of(LedgerAccountKind::Cooperative, order.cooperative);
                        let bank = Account::one(LedgerAccountKind::Bank);
                        books.write(vec![Entry::new(seller, due), Entry::new(bank, -due)], &[])?;
                        books.paid_out += due;
                    }
                }
                _ => continue,
            }
            let sums: i64 = books.balances.values().sum();
            prop_assert_eq!(sums, 0);
            // Held for the buyer: what was paid and is neither refunded nor earned.
            let held = if paid && !earned { total - order.refunded() } else { 0 };
            prop_assert_eq!(-books.of(LedgerAccountKind::BuyerFunds), held);
            prop_assert_eq!(-books.of(LedgerAccountKind::RefundsPayable), order.refunded());
            let net = |order: &OrderMoney| -> i64 {
                order.pieces.iter().map(|piece| {
                    let shares = piece.at(piece.refunded);
                    shares.seller - shares.commissions.iter().sum::<i64>() - shares.vat - shares.pit
                }).sum()
            };
            if earned {
                prop_assert_eq!(books.owed() + books.paid_out, net(&order));
                prop_assert!(books.paid_out <= order.pieces.iter().map(|piece| piece.at(0).seller).sum::<i64>());
            }
            if paid {
                let tax: (i64, i64) = order.pieces.iter().map(|piece| piece.at(piece.refunded)).fold((0, 0), |sum, shares| (sum.0 + shares.vat, sum.1 + shares.pit));
                prop_assert_eq!(books.tax, tax);
                prop_assert_eq!(-books.of(LedgerAccountKind::TaxWithheld), tax.0 + tax.1);
            }
            if order.refunded() == total && total > 0 && order.pieces.iter().all(|piece| piece.paid() > 0 || piece.gross == 0) {
                // All given back: nobody keeps anything of it.
                prop_assert_eq!(books.of(LedgerAccountKind::Commission) + books.of(LedgerAccountKind::Partner), 0);
                prop_assert_eq!(books.of(LedgerAccountKind::PlatformDiscounts), 0);
                prop_assert_eq!(books.tax, (0, 0));
            }
        }
    }

    #[test]
    fn commissions_never_exceed_what_the_seller_gets(base in 0_i64..1_000_000, bp in 0_i64..=10_000, fixed in 0_i64..100_000, min in 0_i64..50_000) {
        let rule = |component: &str| Rule { id: CommissionRuleId::new(), component: component.to_owned(), category_id: None, cooperative_id: None, campaign: None,
            rate_bp: bp, fixed, min: Some(min), max: Some(min + 70_000), partner_id: None, starts_on: date!(2026-01-01), ends_on: None };
        let rules = [rule("platform"), rule("partner"), rule("payment")];
        let sale = Sale { categories: &[], cooperative: CooperativeId::new(), campaigns: &[], base, partner: Some(entity::value::PartnerId(Uuid::from_u128(7))) };
        let kept = commissions(&rules, &sale, date!(2026-11-24));
        prop_assert_eq!(kept.len(), 3);
        let sum: i64 = kept.iter().map(|kept| kept.amount).sum();
        prop_assert!(sum <= base && kept.iter().all(|kept| kept.amount >= 0 && kept.amount <= min + 70_000));
    }
}

#[test]
fn the_most_specific_rule_that_holds_today_is_used() {
    let (leaf, root, cooperative) = (CategoryId::new(), CategoryId::new(), CooperativeId::new());
    let rule = |bp: i64| Rule {
        id: CommissionRuleId::new(),
        component: "platform".to_owned(),
        category_id: None,
        cooperative_id: None,
        campaign: None,
        rate_bp: bp,
        fixed: 0,
        min: None,
        max: None,
        partner_id: None,
        starts_on: date!(2026 - 01 - 01),
        ends_on: None,
    };
    let rules = [
        rule(500),
        Rule { category_id: Some(root), ..rule(400) },
        Rule { category_id: Some(leaf), ..rule(300) },
        Rule { campaign: Some("tet".to_owned()), ..rule(200) },
        Rule { cooperative_id: Some(cooperative), ends_on: Some(date!(2026 - 06 - 30)), ..rule(100) },
        Rule { cooperative_id: Some(cooperative), starts_on: date!(2026 - 12 - 01), ..rule(50) },
    ];
    let rate = |categories: &[CategoryId], campaigns: &[String], day| {
        let sale = Sale { categories, cooperative, campaigns, base: 100_000, partner: None };
        commissions(&rules, &sale, day)[0].amount
    };
    let tet = ["tet".to_owned()];
    assert_eq!(rate(&[], &[], date!(2026 - 11 - 24)), 5_000);
    assert_eq!(rate(&[CategoryId::new(), root], &[], date!(2026 - 11 - 24)), 4_000);
    assert_eq!(rate(&[leaf, root], &[], date!(2026 - 11 - 24)), 3_000);
    assert_eq!(rate(&[leaf, root], &tet, date!(2026 - 11 - 24)), 2_000);
    assert_eq!(rate(&[leaf, root], &tet, date!(2026 - 06 - 30)), 1_000);
    assert_eq!(rate(&[leaf, root], &tet, date!(2026 - 12 - 01)), 500);
}

#[test]
fn shares_round_half_away_from_zero() {
    assert_eq!(share(5, 1, 10), 1);
    assert_eq!(share(4, 1, 10), 0);
    assert_eq!(share(-5, 1, 10), -1);
    assert_eq!(share(i64::MAX, 10_000, 10_000), i64::MAX);
    assert_eq!(share(1, 1, 0), 0);
}
