//! A checkout as rows: purchase, orders, lines with their discounts and commissions, reservations, cash to collect, events.

use entity::value::{
    AccountId, CartId, DeliveryMethod, FundedBy, Language, OrderActor, OrderId, OrderLineId, OrderState, PaymentMethod,
    PickupPointId, PromotionId, PurchaseId, RowId, SalesChannel, Vnd,
};
use entity::{order, order_event, order_line, outbox, payment, preorder, purchase, reservation};
use sea_orm::{NotSet, Set};
use time::{Date, Duration, OffsetDateTime};

use super::purchase::{Checkout, ContactInput, PlacedOrder, Purchase};
use super::quotes::{LineDiscount, Quote, QuotedShare};
use super::store::LineRow;
use crate::config::Config;
use crate::ledger::payments;
use crate::ledger::rules::{Rule, Sale, commissions};
use crate::orders::attribution::Brought;
use crate::platform::clock::VIETNAM;
use crate::platform::db::Batch;
use crate::platform::outbox::event;
use crate::platform::problem::Problem;
use crate::platform::{fold, secrets};
use crate::shop::inventory::{self, Wanted, preorders};

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

/// What people see of what is drawn at random for a purchase: numbers, secrets, codes, as values. Keys of the rows below are made
/// as those are written up.
pub struct Drawn {
    purchase: (PurchaseId, String),
    orders: Vec<DrawnOrder>,
}

struct DrawnOrder {
    id: OrderId,
    number: String,
    /// Opens the order without an account.
    access_token: String,
    /// Shown where it is collected.
    collection_code: String,
    cash_reference: String,
}

impl Drawn {
    /// For a purchase of so many orders.
    pub fn new(orders: usize, now: OffsetDateTime) -> Self {
        let order = |_| DrawnOrder {
            id: OrderId::new(),
            number: number("DH", now),
            access_token: secrets::token(),
            collection_code: secrets::code(6),
            cash_reference: cash_reference(now),
        };
        Self { purchase: (PurchaseId::new(), number("MH", now)), orders: (0..orders).map(order).collect() }
    }
}

/// Everything a purchase is made of.
pub struct Writing<'a> {
    pub account: Option<AccountId>,
    pub config: &'a Config,
    pub cart: CartId,
    pub input: &'a Checkout,
    pub contact: &'a ContactInput,
    pub quoted: &'a Quote,
    pub rules: &'a [Rule],
    pub brought: Option<Brought>,
    pub language: Language,
    pub now: OffsetDateTime,
}

/// Rows of the tables below a purchase.
#[derive(Default)]
struct Rows {
    orders: Vec<order::ActiveModel>,
    lines: Vec<order_line::ActiveModel>,
    reservations: Vec<reservation::ActiveModel>,
    preorders: Vec<preorder::ActiveModel>,
    steps: Vec<order_event::ActiveModel>,
    payments: Vec<payment::ActiveModel>,
    events: Vec<outbox::ActiveModel>,
    wanted: Vec<Wanted>,
    placed: Vec<PlacedOrder>,
}

impl Writing<'_> {
    /// Whether money is asked for before the cooperatives are.
    fn prepaid(&self) -> bool {
        self.input.payment_method != PaymentMethod::CashOnDelivery && self.quoted.total.amount > 0
    }

    /// How an order begins, and until when somebody must act.
    fn beginning(&self) -> (OrderState, OffsetDateTime) {
        if self.prepaid() {
            (OrderState::AwaitingPayment, self.now + self.config.payment_time(self.input.payment_method))
        } else {
            (OrderState::Placed, self.now + Duration::hours(self.config.terms().order_response_hours.into()))
        }
    }

    fn today(&self) -> Date {
        self.now.to_offset(VIETNAM).date()
    }

    /// Writes up what was quoted, for one batch.
    pub fn write_up(&self, lines: Vec<LineRow>, drawn: Drawn) -> Result<Plan, Problem> {
        let quoted = self.quoted;
        let (id, number) = drawn.purchase;
        let mut rows = Rows::default();
        for (share, drawn) in quoted.shares.iter().zip(&drawn.orders) {
            self.order(&mut rows, id, share, &lines, drawn)?;
        }
        let answer = Purchase {
            id,
            number: number.clone(),
            orders: rows.placed,
            goods: quoted.goods.clone(),
            delivery: quoted.delivery.clone(),
            discount: quoted.discount.clone(),
            total: quoted.total.clone(),
            pay_by: self.prepaid().then_some(self.beginning().1),
            payment_method: self.input.payment_method,
            placed_at: self.now,
        };
        let batch = Batch::default()
            .insert([self.purchase_row(id, number)])
            .insert(rows.orders)
            .insert(rows.lines)
            .insert(rows.reservations)
            .insert(rows.preorders)
            .insert(rows.steps)
            .insert(rows.payments)
            .insert(rows.events);
        let promotions = quoted.promotions.iter().map(|given| (given.promotion_id, given.amount.amount)).collect();
        Ok(Plan {
            lines,
            wanted: rows.wanted,
            rows: batch,
            answer,
            promotions,
            phone: self.contact.phone.clone(),
            email: self.contact.email.clone(),
            receptions: Vec::new(),
        })
    }

    fn purchase_row(&self, id: PurchaseId, number: String) -> purchase::ActiveModel {
        let (contact, quoted) = (self.contact, self.quoted);
        purchase::ActiveModel {
            id: Set(id),
            number: Set(number),
            cart_id: Set(self.cart),
            account_id: Set(self.account),
            email: Set(contact.email.clone()),
            phone: Set(contact.phone.clone()),
            language: Set(self.language),
            payment_method: Set(self.input.payment_method),
            goods_amount: Set(Vnd(quoted.goods.amount)),
            delivery_amount: Set(Vnd(quoted.delivery.amount)),
            discount_amount: Set(Vnd(quoted.discount.amount)),
            total_amount: Set(Vnd(quoted.total.amount)),
            currency: Set(Vnd::CURRENCY.to_owned()),
            created_at: Set(self.now),
        }
    }

    /// One cooperative's order, with all that hangs on it.
    fn order(
        &self,
        rows: &mut Rows,
        purchase: PurchaseId,
        share: &QuotedShare,
        lines: &[LineRow],
        drawn: &DrawnOrder,
    ) -> Result<(), Problem> {
        let id = drawn.id;
        rows.placed.push(PlacedOrder {
            id,
            number: drawn.number.clone(),
            cooperative_vi: share.cooperative_vi.clone(),
            cooperative_en: share.cooperative_en.clone(),
            state: self.beginning().0,
            total: share.total.clone(),
            link: format!("{}/v1/orders/{id}?token={}", self.config.base_url(), drawn.access_token),
        });
        rows.orders.push(self.order_row(purchase, share, drawn));
        if !self.prepaid() && share.total.amount > 0 {
            let reference = drawn.cash_reference.clone();
            rows.payments.push(payments::cash_row(purchase, id, share.total.amount, reference, self.now));
        }
        let ours =
            |line: &&LineRow| line.cooperative_id == share.cooperative_id && line.preorder == share.preorder.is_some();
        for line in lines.iter().filter(ours) {
            self.line(rows, id, share, line)?;
        }
        rows.steps.push(self.first_step(id));
        let offers: Vec<_> = share.lines.iter().map(|line| line.offer_id).collect();
        let topic = format!("order.{}", self.beginning().0.as_str());
        rows.events.push(event(&topic, id.0, serde_json::json!({"offers": offers}), self.now));
        Ok(())
    }

    /// A line, and what is held for it: of the stock, or of a harvest to come.
    fn line(&self, rows: &mut Rows, order: OrderId, share: &QuotedShare, line: &LineRow) -> Result<(), Problem> {
        rows.lines.push(self.line_row(order, line, share)?);
        if let Some(forecast) = line.forecast_id {
            rows.preorders.push(preorders::row(order, line.offer_id, forecast, line.quantity, self.now));
            return Ok(());
        }
        let keep_until = self.today() + Duration::days(share.arrive_days.into());
        rows.wanted.push(Wanted { offer: line.offer_id, quantity: line.quantity, keep_until });
        let until = self.beginning().1;
        rows.reservations.push(inventory::held(order, line.offer_id, line.quantity, until, self.now));
        Ok(())
    }

    fn first_step(&self, order: OrderId) -> order_event::ActiveModel {
        order_event::ActiveModel {
            id: Set(RowId::new()),
            order_id: Set(order),
            from_state: Set(None),
            to_state: Set(self.beginning().0),
            actor_kind: Set(self.account.map_or(OrderActor::Guest, |_| OrderActor::Buyer)),
            actor_id: Set(self.account.map(|account| account.0)),
            reason: Set(None),
            reason_code: Set(None),
            at: Set(self.now),
        }
    }

    fn order_row(&self, purchase: PurchaseId, share: &QuotedShare, drawn: &DrawnOrder) -> order::ActiveModel {
        let (now, contact, brought) = (self.now, self.contact, self.brought);
        let (first, respond_by) = self.beginning();
        let delivered = share.method == DeliveryMethod::Delivery;
        let address = self.quoted.address.as_ref().filter(|_| delivered);
        let channel = self.input.channel.unwrap_or(SalesChannel::Web);
        order::ActiveModel {
            id: Set(drawn.id),
            number: Set(drawn.number.clone()),
            purchase_id: Set(purchase),
            cooperative_id: Set(share.cooperative_id),
            account_id: Set(self.account),
            access_token: Set(drawn.access_token.clone().into()),
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
            paid_at: Set((share.total.amount == 0 && !self.prepaid()).then_some(now)),
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
            note: Set(self.input.note.as_deref().map(fold::stored).filter(|note| !note.is_empty())),
            placed_at: Set(now),
            respond_by: Set(Some(respond_by)),
            delivered_at: Set(None),
            updated_at: Set(now),
            contract_id: NotSet,
            deposit_amount: NotSet,
            penalty_amount: NotSet,
            preorder: Set(share.preorder.is_some()),
            arrive_days: Set(share.arrive_days),
            pickup_point_id: Set(share.pickup_point_id),
            collection_code: Set((!delivered).then(|| drawn.collection_code.clone())),
            channel: Set(channel.as_str().to_owned()),
        }
    }

    fn line_row(
        &self,
        order: OrderId,
        line: &LineRow,
        share: &QuotedShare,
    ) -> Result<order_line::ActiveModel, Problem> {
        let quoted = share.lines.iter().find(|quoted| quoted.offer_id == line.offer_id);
        let discounts = quoted.map_or(&[][..], |quoted| &quoted.discounts);
        let (total, all) = (line.price_amount.0.saturating_mul(line.quantity), off(discounts, None));
        let campaigns: Vec<String> = discounts
            .iter()
            .filter_map(|given| {
                self.quoted.promotions.iter().find(|promotion| promotion.promotion_id == given.promotion_id)
            })
            .filter_map(|promotion| promotion.campaign.clone())
            .collect();
        let sale = Sale {
            categories: &line.categories(),
            cooperative: line.cooperative_id,
            campaigns: &campaigns,
            base: total - off(discounts, Some(FundedBy::Cooperative)),
            partner: self.brought.map(|brought| brought.partner_id),
        };
        let commissions = commissions(self.rules, &sale, self.today());
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
}

/// What of some discounts, all or those somebody pays for, comes to.
fn off(discounts: &[LineDiscount], funded_by: Option<FundedBy>) -> i64 {
    let ours = |given: &&LineDiscount| funded_by.is_none_or(|by| by == given.funded_by);
    discounts.iter().filter(ours).map(|given| given.amount).sum()
}

/// What cash collected for an order is told by.
pub fn cash_reference(now: OffsetDateTime) -> String {
    number("TM", now).replace('-', "")
}
