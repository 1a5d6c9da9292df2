//! A checkout as rows: purchase, orders, lines with their discounts and commissions, reservations, cash to collect, events.

use entity::value::{
    CartId, DeliveryMethod, FundedBy, Language, OrderActor, OrderId, OrderLineId, OrderState, PaymentId, PaymentMethod,
    PaymentState, PickupPointId, PromotionId, PurchaseId, ReservationState, RowId, SalesChannel, Vnd,
};
use entity::{order, order_event, order_line, payment, purchase, reservation};
use sea_orm::Set;
use time::{Date, Duration, OffsetDateTime};

use super::purchase::{Checkout, ContactInput, PlacedOrder, Purchase};
use super::quotes::{LineDiscount, Quote, QuotedPromotion, QuotedShare};
use super::store::LineRow;
use crate::config::Config;
use crate::ledger::rules::{Rule, Sale, commissions};
use crate::orders::attribution::Brought;
use crate::people::identity::Caller;
use crate::platform::clock::VIETNAM;
use crate::platform::db::Batch;
use crate::platform::outbox::event;
use crate::platform::problem::Problem;
use crate::platform::{fold, secrets};
use crate::shop::inventory::{Wanted, forecasts};

/// Everything a checkout will write, and its answer.
pub struct Plan {
    pub lines: Vec<LineRow>,
    /// From stock, good until it arrives.
    pub wanted: Vec<Wanted>,
    pub rows: Batch,
    pub answer: Purchase,
    /// Used up by it, and what each takes off.
    pub promotions: Vec<(PromotionId, i64)>,
    pub phone: String,
    pub email: Option<String>,
    /// Partners' receptions it is collected at, and how many boxes there.
    pub receptions: Vec<(PickupPointId, i64)>,
}

/// `DH-261124-K7MPXQ2R`: the day in Vietnam and about 40 random bits; the unique key has the last word.
pub fn number(kind: &str, now: OffsetDateTime) -> String {
    let (year, month, day) = now.to_offset(VIETNAM).to_calendar_date();
    format!("{kind}-{:02}{:02}{day:02}-{}", year % 100, u8::from(month), secrets::code(8))
}

#[allow(clippy::too_many_arguments, reason = "everything a purchase is made of, once")]
/// Writes up what was quoted, for one batch.
pub fn write_up(
    caller: &Caller,
    config: &Config,
    cart: CartId,
    input: &Checkout,
    contact: &ContactInput,
    quoted: &Quote,
    lines: Vec<LineRow>,
    rules: &[Rule],
    brought: Option<Brought>,
    language: Language,
    now: OffsetDateTime,
) -> Result<Plan, Problem> {
    let account = caller.account();
    let purchase_id = PurchaseId::new();
    let purchase_number = number("MH", now);
    let purchase = purchase::ActiveModel {
        id: Set(purchase_id),
        number: Set(purchase_number.clone()),
        cart_id: Set(cart),
        account_id: Set(account),
        email: Set(contact.email.clone()),
        phone: Set(contact.phone.clone()),
        language: Set(language),
        payment_method: Set(input.payment_method),
        goods_amount: Set(Vnd(quoted.goods.amount)),
        delivery_amount: Set(Vnd(quoted.delivery.amount)),
        discount_amount: Set(Vnd(quoted.discount.amount)),
        total_amount: Set(Vnd(quoted.total.amount)),
        currency: Set(Vnd::CURRENCY.to_owned()),
        created_at: Set(now),
    };
    let prepaid = input.payment_method != PaymentMethod::CashOnDelivery && quoted.total.amount > 0;
    let (first, respond_by) = if prepaid {
        (OrderState::AwaitingPayment, now + config.payment_time(input.payment_method))
    } else {
        (OrderState::Placed, now + Duration::hours(config.order_response_hours.into()))
    };
    let mut payments = Vec::new();
    let note = input.note.as_deref().map(fold::stored).filter(|note| !note.is_empty());
    let today = now.to_offset(VIETNAM).date();
    let channel = input.channel.unwrap_or(SalesChannel::Web);
    let (mut orders, mut order_lines, mut reservations, mut preorders, mut wanted) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut steps, mut events, mut placed) = (Vec::new(), Vec::new(), Vec::new());
    for share in &quoted.shares {
        let id = OrderId::new();
        let order_number = number("DH", now);
        let access_token = secrets::token();
        let delivered = share.method == DeliveryMethod::Delivery;
        let address = quoted.address.as_ref().filter(|_| delivered);
        placed.push(PlacedOrder {
            id,
            number: order_number.clone(),
            cooperative_vi: share.cooperative_vi.clone(),
            cooperative_en: share.cooperative_en.clone(),
            state: first,
            total: share.total.clone(),
            link: format!("{}/v1/orders/{id}?token={access_token}", config.base_url()),
        });
        orders.push(order::ActiveModel {
            id: Set(id),
            number: Set(order_number),
            purchase_id: Set(purchase_id),
            cooperative_id: Set(share.cooperative_id),
            account_id: Set(account),
            access_token: Set(access_token),
            state: Set(first),
            goods_amount: Set(Vnd(share.goods.amount)),
            delivery_amount: Set(Vnd(share.delivery.amount)),
            total_amount: Set(Vnd(share.total.amount)),
            discount_amount: Set(Vnd(share.discount.amount)),
            delivery_discount_amount: Set(Vnd(off(&share.delivery_discounts, None))),
            delivery_platform_discount_amount: Set(Vnd(off(&share.delivery_discounts, Some(FundedBy::Platform)))),
            delivery_refunded_amount: Set(Vnd::ZERO),
            paid_amount: Set(Vnd::ZERO),
            refunded_amount: Set(Vnd::ZERO),
            // Nothing is to be paid for it.
            paid_at: Set((share.total.amount == 0 && !prepaid).then_some(now)),
            earned_at: Set(None),
            partner_id: Set(brought.map(|brought| brought.partner_id)),
            click_id: Set(brought.map(|brought| brought.click_id)),
            arrived_at: Set(None),
            collect_by: Set(None),
            currency: Set(Vnd::CURRENCY.to_owned()),
            delivery_method: Set(share.method),
            recipient: Set(address.map_or_else(|| contact.name.clone(), |address| address.recipient.clone())),
            phone: Set(address.map_or_else(|| contact.phone.clone(), |address| address.phone.clone())),
            street: Set(address.map(|address| address.street.clone())),
            commune_code: Set(address.map(|address| address.commune_code.clone())),
            note: Set(note.clone()),
            placed_at: Set(now),
            respond_by: Set(Some(respond_by)),
            delivered_at: Set(None),
            updated_at: Set(now),
            preorder: Set(share.preorder.is_some()),
            arrive_days: Set(share.arrive_days),
            pickup_point_id: Set(share.pickup_point_id),
            collection_code: Set((!delivered).then(|| secrets::code(6))),
            channel: Set(channel.as_str().to_owned()),
        });
        if !prepaid && share.total.amount > 0 {
            payments.push(cash_row(purchase_id, id, share.total.amount, now));
        }
        let keep_until = today + Duration::days(share.arrive_days.into());
        let ours =
            |line: &&LineRow| line.cooperative_id == share.cooperative_id && line.preorder == share.preorder.is_some();
        for line in lines.iter().filter(ours) {
            order_lines.push(order_line_row(id, line, share, &quoted.promotions, rules, brought, today)?);
            if let Some(forecast) = line.forecast_id {
                preorders.push(forecasts::row(id, line.offer_id, forecast, line.quantity, now));
                continue;
            }
            wanted.push(Wanted { offer: line.offer_id, quantity: line.quantity, keep_until });
            reservations.push(reservation::ActiveModel {
                id: Set(RowId::new()),
                order_id: Set(id),
                offer_id: Set(line.offer_id),
                quantity: Set(line.quantity),
                state: Set(ReservationState::Held),
                created_at: Set(now),
                expires_at: Set(Some(respond_by)),
            });
        }
        steps.push(order_event::ActiveModel {
            id: Set(RowId::new()),
            order_id: Set(id),
            from_state: Set(None),
            to_state: Set(first),
            actor_kind: Set(account.map_or(OrderActor::Guest, |_| OrderActor::Buyer)),
            actor_id: Set(account.map(|account| account.0)),
            reason: Set(None),
            reason_code: Set(None),
            at: Set(now),
        });
        let offers: Vec<_> = share.lines.iter().map(|line| line.offer_id).collect();
        let topic = format!("order.{}", first.as_str());
        events.push(event(&topic, id.0, serde_json::json!({"offers": offers}), now));
    }
    let answer = Purchase {
        id: purchase_id,
        number: purchase_number,
        orders: placed,
        goods: quoted.goods.clone(),
        delivery: quoted.delivery.clone(),
        discount: quoted.discount.clone(),
        total: quoted.total.clone(),
        pay_by: prepaid.then_some(respond_by),
        payment_method: input.payment_method,
        placed_at: now,
    };
    let rows = Batch::default()
        .insert([purchase])
        .insert(orders)
        .insert(order_lines)
        .insert(reservations)
        .insert(preorders)
        .insert(steps)
        .insert(payments)
        .insert(events);
    let promotions = quoted.promotions.iter().map(|given| (given.promotion_id, given.amount.amount)).collect();
    Ok(Plan {
        lines,
        wanted,
        rows,
        answer,
        promotions,
        phone: contact.phone.clone(),
        email: contact.email.clone(),
        receptions: Vec::new(),
    })
}

/// What of some discounts, all or those somebody pays for, comes to.
fn off(discounts: &[LineDiscount], funded_by: Option<FundedBy>) -> i64 {
    let ours = |given: &&LineDiscount| funded_by.is_none_or(|by| by == given.funded_by);
    discounts.iter().filter(ours).map(|given| given.amount).sum()
}

/// Cash to be collected for an order.
pub fn cash_row(purchase: PurchaseId, order: OrderId, amount: i64, now: OffsetDateTime) -> payment::ActiveModel {
    payment::ActiveModel {
        id: Set(PaymentId::new()),
        purchase_id: Set(purchase),
        order_id: Set(Some(order)),
        method: Set(PaymentMethod::CashOnDelivery),
        reference: Set(number("TM", now).replace('-', "")),
        state: Set(PaymentState::Pending),
        amount: Set(Vnd(amount)),
        refunded_amount: Set(Vnd::ZERO),
        currency: Set(Vnd::CURRENCY.to_owned()),
        orders: Set(serde_json::json!([order])),
        action: Set(None),
        provider_reference: Set(None),
        provider_data: Set(None),
        surplus: Set(false),
        failure: Set(None),
        queries: Set(0),
        next_query_at: Set(None),
        expires_at: Set(None),
        captured_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

fn order_line_row(
    order: OrderId,
    line: &LineRow,
    share: &QuotedShare,
    promotions: &[QuotedPromotion],
    rules: &[Rule],
    brought: Option<Brought>,
    today: Date,
) -> Result<order_line::ActiveModel, Problem> {
    let quoted = share.lines.iter().find(|quoted| quoted.offer_id == line.offer_id);
    let discounts = quoted.map_or(&[][..], |quoted| &quoted.discounts);
    let (total, all) = (line.price_amount.0.saturating_mul(line.quantity), off(discounts, None));
    let campaigns: Vec<String> = discounts
        .iter()
        .filter_map(|given| promotions.iter().find(|promotion| promotion.promotion_id == given.promotion_id))
        .filter_map(|promotion| promotion.campaign.clone())
        .collect();
    let sale = Sale {
        categories: &line.categories(),
        cooperative: line.cooperative_id,
        campaigns: &campaigns,
        base: total - off(discounts, Some(FundedBy::Cooperative)),
        partner: brought.map(|brought| brought.partner_id),
    };
    let commissions = commissions(rules, &sale, today);
    Ok(order_line::ActiveModel {
        id: Set(OrderLineId::new()),
        order_id: Set(order),
        offer_id: Set(line.offer_id),
        product_id: Set(line.product_id),
        sku: Set(line.sku.clone()),
        name_vi: Set(line.name_vi.clone()),
        name_en: Set(line.name_en.clone()),
        pack_vi: Set(line.pack_vi.clone()),
        pack_en: Set(line.pack_en.clone()),
        quantity: Set(line.quantity),
        unit_amount: Set(line.price_amount),
        total_amount: Set(Vnd(total)),
        weight_g: Set(line.weight_g.saturating_mul(line.quantity)),
        discount_amount: Set(Vnd(all)),
        platform_discount_amount: Set(Vnd(off(discounts, Some(FundedBy::Platform)))),
        discounts: Set(serde_json::to_value(discounts).map_err(Problem::internal)?),
        commission_amount: Set(Vnd(commissions.iter().map(|kept| kept.amount).sum())),
        commissions: Set(serde_json::to_value(&commissions).map_err(Problem::internal)?),
        refunded_amount: Set(Vnd::ZERO),
    })
}
