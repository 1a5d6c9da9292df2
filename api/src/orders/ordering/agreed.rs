//! Orders at agreed prices. Those of a contract between an organisation and a cooperative, one for each delivery: promised when it is signed, of the stock and
//! of harvests to come, by the same statements as in the shop; changed by agreement only; worth what was accepted of them, and paid
//! after that (`sale::settle`). Those of a wholesale quotation are paid first, and go as any order of the shop from then on.

use std::collections::{BTreeMap, HashMap};

use entity::value::{
    AccountId, CartId, CartState, CategoryId, ContractId, CooperativeId, DeliveryMethod, ForecastId, Language, OfferId,
    OrderActor, OrderId, OrderLineId, OrderState, PaymentMethod, ProductId, PurchaseId, RowId, Vnd,
};
use entity::{cart, order, order_event, order_line, outbox, preorder, purchase, reservation};
use sea_orm::{ConnectionTrait, FromQueryResult, Set, Value};
use time::{Date, Duration, OffsetDateTime};

use super::steps::GOODS_GONE;
use super::write_up::number;
use crate::ledger::commission::rules_on;
use crate::ledger::rules::{Commission, Rule, Sale, commissions, share, split};
use crate::platform::clock::VIETNAM;
use crate::platform::db::{Batch, all, list, run};
use crate::platform::outbox::event;
use crate::platform::problem::Problem;
use crate::platform::read_model::Level;
use crate::platform::secrets;
use crate::shop::inventory::{self, Outcome, Wanted, preorders};

/// Who buys, and what its orders hang under.
pub struct Buyer {
    pub account: AccountId,
    pub email: String,
    pub phone: String,
    pub language: Language,
}

/// So many of a pack, of the stock and of a harvest to come.
#[derive(Clone, Debug)]
pub struct AgreedLine {
    pub offer: OfferId,
    /// Đồng.
    pub unit_amount: i64,
    pub stock: i64,
    pub harvest: Option<(ForecastId, i64)>,
}

impl AgreedLine {
    fn quantity(&self) -> i64 {
        self.stock + self.harvest.map_or(0, |(_, quantity)| quantity)
    }
}

/// Where an order goes.
#[derive(Clone, Debug)]
pub struct Place {
    pub recipient: String,
    pub phone: String,
    pub street: String,
    pub commune_code: String,
}

/// One delivery.
#[derive(Clone, Debug)]
pub struct AgreedOrder {
    pub place: Place,
    pub note: String,
    /// Goods of the stock are good until then.
    pub keep_until: Date,
    /// Đồng.
    pub delivery: i64,
    pub lines: Vec<AgreedLine>,
}

/// How orders begin.
#[derive(Clone, Copy, Debug)]
pub enum Beginning {
    /// By a contract that somebody of the cooperative signed.
    Signed(ContractId, AccountId),
    /// To be paid until then, as any order of the shop.
    ToPay(OffsetDateTime),
}

impl Beginning {
    fn state(self) -> OrderState {
        match self {
            Self::Signed(..) => OrderState::Confirmed,
            Self::ToPay(_) => OrderState::AwaitingPayment,
        }
    }
}

/// Between whom it is.
pub struct Parties {
    pub cooperative: CooperativeId,
    pub purchase: PurchaseId,
    pub buyer: AccountId,
    pub beginning: Beginning,
}

/// The purchase that orders of contracts will hang under; nothing is bought yet.
pub async fn open_purchase(
    transaction: &impl ConnectionTrait,
    buyer: Buyer,
    now: OffsetDateTime,
) -> Result<PurchaseId, Problem> {
    let (id, basket) = (PurchaseId::new(), CartId::new());
    let basket_row = cart::Model {
        id: basket,
        account_id: Some(buyer.account),
        token_hash: None,
        state: CartState::Ordered,
        version: 1,
        created_at: now,
        updated_at: now,
        click_id: None,
    };
    let row = purchase::ActiveModel {
        id: Set(id),
        number: Set(number("MH", now)),
        cart_id: Set(basket),
        account_id: Set(Some(buyer.account)),
        email: Set(Some(buyer.email)),
        phone: Set(buyer.phone),
        language: Set(buyer.language),
        payment_method: Set(PaymentMethod::BankTransfer),
        goods_amount: Set(Vnd::ZERO),
        delivery_amount: Set(Vnd::ZERO),
        discount_amount: Set(Vnd::ZERO),
        total_amount: Set(Vnd::ZERO),
        currency: Set(Vnd::CURRENCY.to_owned()),
        created_at: Set(now),
    };
    let basket_row = sea_orm::IntoActiveModel::into_active_model(basket_row);
    Batch::default().insert([basket_row]).insert([row]).execute(transaction).await?;
    Ok(id)
}

/// What an order line tells of a pack.
#[derive(Clone, FromQueryResult)]
struct Sort {
    id: OfferId,
    product_id: ProductId,
    sku: String,
    pack_vi: String,
    pack_en: String,
    weight_g: i64,
    name_vi: String,
    name_en: String,
    category_id: CategoryId,
    parent_id: Option<CategoryId>,
}

async fn packs(
    transaction: &impl ConnectionTrait,
    cooperative: CooperativeId,
    orders: &[AgreedOrder],
) -> Result<HashMap<OfferId, Sort>, Problem> {
    let mut offers: Vec<OfferId> = orders.iter().flat_map(|order| &order.lines).map(|line| line.offer).collect();
    offers.sort_unstable();
    offers.dedup();
    let sql = format!(
        "SELECT o.id, o.product_id, o.sku, o.pack_vi, o.pack_en, o.weight_g, p.name_vi, p.name_en, p.category_id, g.parent_id
         FROM offer o JOIN product p ON p.id = o.product_id JOIN category g ON g.id = p.category_id
         WHERE o.cooperative_id = $1 AND o.id IN {}",
        list(2, offers.len())
    );
    let values: Vec<Value> = std::iter::once(cooperative.into()).chain(offers.into_iter().map(Value::from)).collect();
    Ok(all::<Sort>(transaction, sql, values).await?.into_iter().map(|pack| (pack.id, pack)).collect())
}

/// What was promised.
pub struct Promised {
    /// In the order they were asked for.
    pub orders: Vec<OrderId>,
    pub levels: Vec<Level>,
    /// Đồng.
    pub total: i64,
}

/// Promises the goods of all orders of a contract, or none: of harvests first, each by one conditional statement, then of the stock.
async fn promise(
    transaction: &impl ConnectionTrait,
    orders: &[AgreedOrder],
    now: OffsetDateTime,
) -> Result<Vec<Level>, Problem> {
    let gone = || Problem::new(&GOODS_GONE);
    let mut harvests: BTreeMap<ForecastId, i64> = BTreeMap::new();
    let mut offers = Vec::new();
    for line in orders.iter().flat_map(|order| &order.lines) {
        if let Some((forecast, quantity)) = line.harvest {
            *harvests.entry(forecast).or_default() += quantity;
        }
        if line.stock > 0 {
            offers.push(line.offer);
        }
    }
    for (forecast, quantity) in harvests {
        if !preorders::book(transaction, forecast, quantity, now).await? {
            return Err(gone());
        }
    }
    offers.sort_unstable();
    offers.dedup();
    inventory::lock(transaction, &offers).await?;
    let mut levels = Vec::new();
    for order in orders {
        let from_stock = order.lines.iter().filter(|line| line.stock > 0);
        let wanted: Vec<Wanted> = from_stock
            .map(|line| Wanted { offer: line.offer, quantity: line.stock, keep_until: order.keep_until })
            .collect();
        match inventory::reserve(transaction, &wanted, now).await? {
            Outcome::Done(after) => levels.extend(after),
            _ => return Err(gone()),
        }
    }
    Ok(levels)
}

#[derive(Default)]
struct Rows {
    orders: Vec<order::ActiveModel>,
    lines: Vec<order_line::ActiveModel>,
    reservations: Vec<reservation::ActiveModel>,
    preorders: Vec<preorder::ActiveModel>,
    steps: Vec<order_event::ActiveModel>,
    told: Vec<outbox::ActiveModel>,
}

/// Orders of a contract that was just signed: all of them are confirmed, and their goods promised; refused with `goods_gone` if
/// something is no longer there.
pub async fn place(
    transaction: &impl ConnectionTrait,
    parties: &Parties,
    orders: &[AgreedOrder],
    now: OffsetDateTime,
) -> Result<Promised, Problem> {
    let levels = promise(transaction, orders, now).await?;
    let today = now.to_offset(VIETNAM).date();
    let rules = rules_on(transaction, today).await?;
    let packs = packs(transaction, parties.cooperative, orders).await?;
    let (mut rows, mut ids, mut goods, mut delivery) = (Rows::default(), Vec::new(), 0, 0);
    for agreed in orders {
        let id = OrderId::new();
        let mut total = 0;
        for line in &agreed.lines {
            let pack = packs.get(&line.offer).ok_or_else(|| Problem::new(&GOODS_GONE))?;
            let row = line_row((id, parties.cooperative), line, pack, (&rules, today))?;
            total += line.unit_amount * line.quantity();
            rows.lines.push(row);
            if let Some((forecast, quantity)) = line.harvest {
                rows.preorders.push(preorders::row(id, line.offer, forecast, quantity, now));
            }
            if line.stock > 0 {
                let until = match parties.beginning {
                    Beginning::Signed(..) => now + Duration::days((agreed.keep_until - today).whole_days().max(1)),
                    Beginning::ToPay(until) => until,
                };
                rows.reservations.push(inventory::held(id, line.offer, line.stock, until, now));
            }
        }
        rows.orders.push(order_row(id, parties, agreed, total, now));
        rows.steps.push(first_step(id, parties, now));
        let offers: Vec<_> = agreed.lines.iter().map(|line| line.offer).collect();
        let topic = match parties.beginning {
            Beginning::Signed(..) => "order.agreed",
            Beginning::ToPay(_) => "order.awaiting_payment",
        };
        rows.told.push(event(topic, id.0, serde_json::json!({"offers": offers}), now));
        ids.push(id);
        goods += total;
        delivery += agreed.delivery;
    }
    Batch::default()
        .insert(rows.orders)
        .insert(rows.lines)
        .insert(rows.reservations)
        .insert(rows.preorders)
        .insert(rows.steps)
        .insert(rows.told)
        .execute(transaction)
        .await?;
    let sql = "UPDATE purchase SET goods_amount = goods_amount + $2, delivery_amount = delivery_amount + $3, total_amount = total_amount + $2 + $3 WHERE id = $1";
    run(transaction, sql, [parties.purchase.into(), goods.into(), delivery.into()]).await?;
    Ok(Promised { orders: ids, levels, total: goods + delivery })
}

fn line_row(
    (order, cooperative): (OrderId, CooperativeId),
    line: &AgreedLine,
    pack: &Sort,
    (rules, today): (&[Rule], Date),
) -> Result<order_line::ActiveModel, Problem> {
    let quantity = line.quantity();
    let total = line.unit_amount * quantity;
    let categories: Vec<CategoryId> = std::iter::once(pack.category_id).chain(pack.parent_id).collect();
    let sale = Sale { categories: &categories, cooperative, campaigns: &[], base: total, partner: None };
    let kept = commissions(rules, &sale, today);
    Ok(order_line::ActiveModel {
        id: Set(OrderLineId::new()),
        order_id: Set(order),
        offer_id: Set(line.offer),
        product_id: Set(pack.product_id),
        sku: Set(pack.sku.clone()),
        name_vi: Set(pack.name_vi.clone()),
        name_en: Set(pack.name_en.clone()),
        pack_vi: Set(pack.pack_vi.clone()),
        pack_en: Set(pack.pack_en.clone()),
        quantity: Set(quantity),
        unit_amount: Set(Vnd(line.unit_amount)),
        total_amount: Set(Vnd(total)),
        weight_g: Set(pack.weight_g.saturating_mul(quantity)),
        discount_amount: Set(Vnd::ZERO),
        platform_discount_amount: Set(Vnd::ZERO),
        discounts: Set(serde_json::json!([])),
        commission_amount: Set(Vnd(kept.iter().map(|one| one.amount).sum())),
        commissions: Set(serde_json::to_value(&kept).map_err(Problem::internal)?),
        refunded_amount: Set(Vnd::ZERO),
    })
}

fn first_step(order: OrderId, parties: &Parties, now: OffsetDateTime) -> order_event::ActiveModel {
    let (kind, who, reason) = match parties.beginning {
        Beginning::Signed(_, seller) => (OrderActor::Seller, seller, Some("contract".to_owned())),
        Beginning::ToPay(_) => (OrderActor::Buyer, parties.buyer, None),
    };
    order_event::ActiveModel {
        id: Set(RowId::new()),
        order_id: Set(order),
        from_state: Set(None),
        to_state: Set(parties.beginning.state()),
        actor_kind: Set(kind),
        actor_id: Set(Some(who.0)),
        reason: Set(reason),
        reason_code: Set(None),
        at: Set(now),
    }
}

fn order_row(
    id: OrderId,
    parties: &Parties,
    agreed: &AgreedOrder,
    total: i64,
    now: OffsetDateTime,
) -> order::ActiveModel {
    let (contract, until, channel) = match parties.beginning {
        Beginning::Signed(contract, _) => (Some(contract), None, "contract"),
        Beginning::ToPay(until) => (None, Some(until), "wholesale"),
    };
    order::ActiveModel {
        id: Set(id),
        number: Set(number("DH", now)),
        purchase_id: Set(parties.purchase),
        cooperative_id: Set(parties.cooperative),
        account_id: Set(Some(parties.buyer)),
        access_token: Set(secrets::token().into()),
        state: Set(parties.beginning.state()),
        goods_amount: Set(Vnd(total)),
        delivery_amount: Set(Vnd(agreed.delivery)),
        total_amount: Set(Vnd(total + agreed.delivery)),
        discount_amount: Set(Vnd::ZERO),
        delivery_discount_amount: Set(Vnd::ZERO),
        delivery_platform_discount_amount: Set(Vnd::ZERO),
        delivery_refunded_amount: Set(Vnd::ZERO),
        paid_amount: Set(Vnd::ZERO),
        refunded_amount: Set(Vnd::ZERO),
        contract_id: Set(contract),
        deposit_amount: Set(Vnd::ZERO),
        penalty_amount: Set(Vnd::ZERO),
        paid_at: Set(None),
        earned_at: Set(None),
        partner_id: Set(None),
        click_id: Set(None),
        arrived_at: Set(None),
        collect_by: Set(None),
        currency: Set(Vnd::CURRENCY.to_owned()),
        delivery_method: Set(DeliveryMethod::Delivery),
        recipient: Set(agreed.place.recipient.clone()),
        phone: Set(agreed.place.phone.clone()),
        street: Set(Some(agreed.place.street.clone())),
        commune_code: Set(Some(agreed.place.commune_code.clone())),
        note: Set(Some(agreed.note.clone())),
        placed_at: Set(now),
        respond_by: Set(until),
        delivered_at: Set(None),
        updated_at: Set(now),
        preorder: Set(agreed.lines.iter().any(|line| line.harvest.is_some())),
        arrive_days: Set(0),
        pickup_point_id: Set(None),
        collection_code: Set(None),
        channel: Set(channel.to_owned()),
    }
}

#[derive(FromQueryResult)]
struct Line {
    id: OrderLineId,
    total_amount: Vnd,
    commissions: serde_json::Value,
}

/// What both sides accepted of an order.
pub struct Accepted {
    /// Đồng for the goods.
    pub amount: i64,
    /// Of it, set off against a deposit, and against what the seller owes.
    pub deposit: i64,
    pub penalty: i64,
}

/// The order costs what was accepted of it: what was not is taken off its lines at the seller's expense, commission with it. Its row
/// is locked by the caller.
pub async fn accept(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    accepted: &Accepted,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let sql = "SELECT id, total_amount, commissions FROM order_line WHERE order_id = $1 ORDER BY id";
    let lines = all::<Line>(transaction, sql, [order.into()]).await?;
    let totals: Vec<i64> = lines.iter().map(|line| line.total_amount.0).collect();
    let whole: i64 = totals.iter().sum();
    if accepted.amount > whole || accepted.deposit + accepted.penalty > accepted.amount {
        return Err(Problem::internal(format!("order {order} is worth {whole}, not {}", accepted.amount)));
    }
    for (line, left) in lines.into_iter().zip(split(accepted.amount, &totals)) {
        let mut kept: Vec<Commission> = serde_json::from_value(line.commissions).map_err(Problem::internal)?;
        for one in &mut kept {
            one.amount = share(one.amount, left, line.total_amount.0);
        }
        let sum: i64 = kept.iter().map(|one| one.amount).sum();
        let kept = serde_json::to_value(&kept).map_err(Problem::internal)?;
        let sql = "UPDATE order_line SET discount_amount = $2, commission_amount = $3, commissions = $4 WHERE id = $1";
        run(transaction, sql, [line.id.into(), (line.total_amount.0 - left).into(), sum.into(), kept.into()]).await?;
    }
    let off = whole - accepted.amount;
    let sql = "UPDATE orders SET discount_amount = $2, total_amount = goods_amount - $2, deposit_amount = $3, penalty_amount = $4, updated_at = $5
               WHERE id = $1";
    let values: [Value; 5] = [order.into(), off.into(), accepted.deposit.into(), accepted.penalty.into(), now.into()];
    run(transaction, sql, values).await?;
    let sql = "UPDATE purchase SET discount_amount = discount_amount + $2, total_amount = total_amount - $2
               WHERE id = (SELECT purchase_id FROM orders WHERE id = $1)";
    run(transaction, sql, [order.into(), off.into()]).await?;
    Ok(())
}
