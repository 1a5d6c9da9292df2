//! A month of made-up sales in any number, booked as real ones are: for benchmarks of statements and of the ledger's check.

use entity::value::{
    CartId, CartState, CategoryId, CommissionRuleId, CooperativeId, CooperativeKind, DeliveryMethod, Language,
    LedgerAccountKind, LotId, MovementKind, OfferId, OrderActor, OrderId, OrderLineId, OrderState, PaymentMethod,
    PaymentState, ProductId, PurchaseId, ReservationState, RowId, TaxKind, TaxResidence, Vnd,
};
use entity::{
    cart, commission_rule, order, order_event, order_line, payment, purchase, reservation, stock_movement, tax_line,
};
use sea_orm::{ActiveModelTrait, ConnectionTrait, FromQueryResult, NotSet, Set};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::ledger::commission::rules_on;
use crate::ledger::refunds::Owe;
use crate::ledger::rules::{Account, Entry, Journal, OrderMoney, Piece, Rule, Sale, Tax, commissions};
use crate::ledger::tax::{tax_kind, tax_line_row};
use crate::ledger::{self, payments};
use crate::ocop::traceability::events;
use crate::orders::ordering::cash_reference;
use crate::orders::ordering::refunds::{What, owe};
use crate::platform::clock::{Clock, VIETNAM};
use crate::platform::db::{Batch, Db, all, run};
use crate::platform::secrets;

/// Orders a statement's worth of rows.
const CHUNK: usize = 250;
const DAYS: usize = 28;
const FEE: i64 = 35_000;

#[derive(FromQueryResult)]
struct Good {
    offer_id: OfferId,
    product_id: ProductId,
    category_id: CategoryId,
    parent_id: Option<CategoryId>,
    ocop_group: i32,
    cooperative_id: CooperativeId,
    kind: CooperativeKind,
    sku: String,
    name_vi: String,
    name_en: String,
    pack_vi: String,
    pack_en: String,
    weight_g: i64,
    price_amount: Vnd,
    lot_id: LotId,
}

/// Adds so many paid and delivered orders, spread over the last four weeks and all that is on sale; one in twenty is partly
/// refunded. `progress` hears of every chunk.
pub async fn month(db: &Db, clock: Clock, count: usize, progress: impl Fn(usize)) -> anyhow::Result<()> {
    let now = clock.now();
    let goods = all::<Good>(
        db.fresh(),
        "SELECT o.id AS offer_id, o.product_id, p.category_id, g.parent_id, g.ocop_group, o.cooperative_id, c.kind, o.sku, p.name_vi, p.name_en,
                o.pack_vi, o.pack_en, o.weight_g, o.price_amount, (SELECT l.lot_id FROM lot_stock l WHERE l.offer_id = o.id ORDER BY l.lot_id LIMIT 1) AS lot_id
         FROM offer o JOIN product p ON p.id = o.product_id JOIN category g ON g.id = p.category_id JOIN cooperative c ON c.id = o.cooperative_id
              JOIN stock s ON s.offer_id = o.id
         WHERE s.on_hand >= 100000 AND EXISTS (SELECT 1 FROM lot_stock l WHERE l.offer_id = o.id) ORDER BY o.id",
        [],
    )
    .await?;
    anyhow::ensure!(!goods.is_empty(), "there is nothing made up to sell: add products first");
    let today = clock.today();
    let mut rules = rules_on(db.fresh(), today).await?;
    if rules.is_empty() {
        rule_row(now).insert(db.write()).await?;
        rules = rules_on(db.fresh(), today).await?;
    }
    let since = RowId::new();
    let mut done = 0;
    while done < count {
        let size = CHUNK.min(count - done);
        let day = done * DAYS / count;
        let at = now - Duration::days(i64::try_from(DAYS - day).unwrap_or(1)) - Duration::hours(1);
        let transaction = db.begin().await?;
        let mut chunk = Chunk::at(at);
        let mut refunds = Vec::new();
        for index in done..done + size {
            let order = chunk.add(index, &goods, &rules);
            if index % 20 == 7 {
                refunds.push(order);
            }
        }
        chunk.write(&transaction).await?;
        for order in refunds {
            refund(&transaction, order, at + Duration::days(2)).await?;
        }
        transaction.commit().await?;
        done += size;
        progress(size);
    }
    take_from_stock(db).await?;
    Ok(events::catch_up(db.write(), since).await?)
}

fn rule_row(now: OffsetDateTime) -> commission_rule::ActiveModel {
    commission_rule::ActiveModel {
        id: Set(CommissionRuleId::new()),
        component: Set("platform".to_owned()),
        category_id: Set(None),
        cooperative_id: Set(None),
        campaign: Set(None),
        rate_bp: Set(500),
        fixed_amount: Set(Vnd::ZERO),
        min_amount: Set(None),
        max_amount: Set(None),
        partner_id: Set(None),
        starts_on: Set((now - Duration::days(60)).to_offset(VIETNAM).date()),
        ends_on: Set(None),
        created_by: Set(None),
        created_at: Set(now),
    }
}

struct Chunk {
    at: OffsetDateTime,
    carts: Vec<cart::ActiveModel>,
    purchases: Vec<purchase::ActiveModel>,
    orders: Vec<order::ActiveModel>,
    lines: Vec<order_line::ActiveModel>,
    payments: Vec<payment::ActiveModel>,
    events: Vec<order_event::ActiveModel>,
    reservations: Vec<reservation::ActiveModel>,
    movements: Vec<stock_movement::ActiveModel>,
    taxes: Vec<tax_line::ActiveModel>,
    journals: Vec<Journal>,
}

const METHODS: [PaymentMethod; 5] = [
    PaymentMethod::Vnpay,
    PaymentMethod::BankTransfer,
    PaymentMethod::Vnpay,
    PaymentMethod::Momo,
    PaymentMethod::CashOnDelivery,
];

impl Chunk {
    fn at(at: OffsetDateTime) -> Self {
        Self {
            at,
            carts: Vec::new(),
            purchases: Vec::new(),
            orders: Vec::new(),
            lines: Vec::new(),
            payments: Vec::new(),
            events: Vec::new(),
            reservations: Vec::new(),
            movements: Vec::new(),
            taxes: Vec::new(),
            journals: Vec::new(),
        }
    }

    /// One order of one cooperative, paid and completed.
    fn add(&mut self, index: usize, goods: &[Good], rules: &[Rule]) -> OrderId {
        let at = self.at;
        let (purchase, id, cart) = (PurchaseId::new(), OrderId::new(), CartId::new());
        let method = METHODS[index % METHODS.len()];
        let first = index.wrapping_mul(7_919) % goods.len();
        let seller = &goods[first];
        let mut pieces = Vec::new();
        for place in 0..=index % 3 {
            if let Some(good) = goods.get(first + place).filter(|good| good.cooperative_id == seller.cooperative_id) {
                pieces.push(self.piece(id, good, 1 + i64::try_from(index % 4).unwrap_or(0), rules));
            }
        }
        let goods_amount: i64 = pieces.iter().map(|piece| piece.gross).sum();
        pieces.push(Piece {
            line: None,
            gross: FEE,
            cooperative_discount: 0,
            platform_discount: 0,
            commissions: Vec::new(),
            tax: tax(seller, TaxKind::Transport),
            refunded: 0,
        });
        let money = OrderMoney { order: id, cooperative: seller.cooperative_id, pieces, completed: true };
        self.book(&money, purchase, method);
        self.carts.push(cart::ActiveModel {
            id: Set(cart),
            account_id: Set(None),
            token_hash: Set(Some(secrets::token())),
            state: Set(CartState::Ordered),
            version: Set(1),
            created_at: Set(at),
            updated_at: Set(at),
            click_id: Set(None),
        });
        self.purchases.push(purchase::ActiveModel {
            id: Set(purchase),
            number: Set(format!("MH-GEN-{}", secrets::code(12))),
            cart_id: Set(cart),
            account_id: Set(None),
            email: Set(None),
            phone: Set("+84912345678".to_owned()),
            language: Set(Language::Vi),
            payment_method: Set(method),
            goods_amount: Set(Vnd(goods_amount)),
            delivery_amount: Set(Vnd(FEE)),
            discount_amount: Set(Vnd::ZERO),
            total_amount: Set(Vnd(goods_amount + FEE)),
            currency: Set(Vnd::CURRENCY.to_owned()),
            created_at: Set(at),
        });
        self.orders.push(order_row(id, purchase, seller.cooperative_id, goods_amount, at));
        self.events.push(order_event::ActiveModel {
            id: Set(RowId::new()),
            order_id: Set(id),
            from_state: Set(Some(OrderState::Delivered)),
            to_state: Set(OrderState::Completed),
            actor_kind: Set(OrderActor::System),
            actor_id: Set(None),
            reason: Set(None),
            reason_code: Set(None),
            at: Set(at),
        });
        id
    }

    /// A line of an order, with what was taken from the shelves for it.
    fn piece(&mut self, order: OrderId, good: &Good, quantity: i64, rules: &[Rule]) -> Piece {
        let at = self.at;
        let total = good.price_amount.0 * quantity;
        let categories: Vec<CategoryId> = std::iter::once(good.category_id).chain(good.parent_id).collect();
        let sale = Sale {
            categories: &categories,
            cooperative: good.cooperative_id,
            campaigns: &[],
            base: total,
            partner: None,
        };
        let kept = commissions(rules, &sale, at.to_offset(VIETNAM).date());
        let line = OrderLineId::new();
        self.lines.push(line_row(line, order, good, quantity, &kept));
        self.reservations.push(reservation::ActiveModel {
            id: Set(RowId::new()),
            order_id: Set(order),
            offer_id: Set(good.offer_id),
            quantity: Set(quantity),
            state: Set(ReservationState::Taken),
            created_at: Set(at),
            expires_at: Set(None),
        });
        self.movements.push(stock_movement::ActiveModel {
            id: Set(RowId::new()),
            offer_id: Set(good.offer_id),
            kind: Set(MovementKind::Sale),
            quantity: Set(-quantity),
            order_id: Set(Some(order)),
            lot_id: Set(Some(good.lot_id)),
            note: Set(None),
            actor_id: Set(None),
            at: Set(at),
        });
        Piece {
            line: Some(line),
            gross: total,
            cooperative_discount: 0,
            platform_discount: 0,
            commissions: kept,
            tax: tax(good, tax_kind(good.ocop_group)),
            refunded: 0,
        }
    }

    /// Paid, and earned, as `ordering::sale` books it.
    fn book(&mut self, money: &OrderMoney, purchase: PurchaseId, method: PaymentMethod) {
        let mut row = payments::cash_row(purchase, money.order, money.paid(), cash_reference(self.at), self.at);
        row.method = Set(method);
        row.state = Set(PaymentState::Captured);
        row.captured_at = Set(Some(self.at));
        if method != PaymentMethod::CashOnDelivery {
            row.order_id = Set(None);
        }
        let source = match method {
            PaymentMethod::CashOnDelivery => Account::of(LedgerAccountKind::Cooperative, money.cooperative),
            PaymentMethod::BankTransfer => Account::one(LedgerAccountKind::Bank),
            _ => Account::of(LedgerAccountKind::Gateway, method.as_str()),
        };
        let (entries, taxes) = money.captured(&[(source, money.paid())]);
        self.taxes.extend(taxes.iter().map(|line| tax_line_row(money, line, None, self.at)));
        let subject = match &row.id {
            Set(id) => id.0,
            _ => money.order.0,
        };
        let journal = |key: &str, subject, entries| Journal {
            key: format!("{key}:{}", money.order),
            kind: if key == "captured" { "captured" } else { "earned" },
            subject,
            note: None,
            actor: None,
            entries,
        };
        self.journals.push(journal("captured", subject, entries));
        self.journals.push(journal("earned", money.order.0, money.earned()));
        self.payments.push(row);
    }

    async fn write(self, transaction: &impl ConnectionTrait) -> anyhow::Result<()> {
        for batch in [
            Batch::default().insert(self.carts).insert(self.purchases).insert(self.orders),
            Batch::default().insert(self.lines).insert(self.payments).insert(self.events),
            Batch::default().insert(self.reservations).insert(self.movements).insert(self.taxes),
        ] {
            batch.execute(transaction).await?;
        }
        ledger::post(transaction, self.journals, self.at).await.map_err(|problem| anyhow::anyhow!("{problem}"))
    }
}

/// What is withheld of a household's sales.
fn tax(seller: &Good, kind: TaxKind) -> Option<Tax> {
    let (vat_bp, pit_bp) = match kind {
        TaxKind::Goods => (100, 50),
        TaxKind::Service => (500, 200),
        TaxKind::Transport => (300, 150),
    };
    let household = seller.kind == CooperativeKind::Household;
    household.then_some(Tax { kind, residence: TaxResidence::Resident, vat_bp, pit_bp })
}

fn line_row(
    id: OrderLineId,
    order: OrderId,
    good: &Good,
    quantity: i64,
    kept: &[crate::ledger::rules::Commission],
) -> order_line::ActiveModel {
    order_line::ActiveModel {
        id: Set(id),
        order_id: Set(order),
        offer_id: Set(good.offer_id),
        product_id: Set(good.product_id),
        sku: Set(good.sku.clone()),
        name_vi: Set(good.name_vi.clone()),
        name_en: Set(good.name_en.clone()),
        pack_vi: Set(good.pack_vi.clone()),
        pack_en: Set(good.pack_en.clone()),
        quantity: Set(quantity),
        unit_amount: Set(good.price_amount),
        total_amount: Set(Vnd(good.price_amount.0 * quantity)),
        weight_g: Set(good.weight_g * quantity),
        discount_amount: Set(Vnd::ZERO),
        platform_discount_amount: Set(Vnd::ZERO),
        discounts: Set(json!([])),
        commission_amount: Set(Vnd(kept.iter().map(|kept| kept.amount).sum())),
        commissions: Set(json!(kept)),
        refunded_amount: Set(Vnd::ZERO),
    }
}

fn order_row(
    id: OrderId,
    purchase: PurchaseId,
    cooperative: CooperativeId,
    goods: i64,
    at: OffsetDateTime,
) -> order::ActiveModel {
    order::ActiveModel {
        id: Set(id),
        number: Set(format!("DH-GEN-{}", secrets::code(12))),
        purchase_id: Set(purchase),
        cooperative_id: Set(cooperative),
        account_id: Set(None),
        access_token: Set(secrets::token().into()),
        state: Set(OrderState::Completed),
        goods_amount: Set(Vnd(goods)),
        delivery_amount: Set(Vnd(FEE)),
        total_amount: Set(Vnd(goods + FEE)),
        currency: Set(Vnd::CURRENCY.to_owned()),
        delivery_method: Set(DeliveryMethod::Delivery),
        recipient: Set("Người mua minh họa".to_owned()),
        phone: Set("+84912345678".to_owned()),
        street: Set(Some("12 phố Hàng Bông".to_owned())),
        commune_code: Set(Some("00070".to_owned())),
        note: Set(None),
        placed_at: Set(at),
        respond_by: Set(None),
        delivered_at: Set(Some(at)),
        updated_at: Set(at),
        contract_id: NotSet,
        deposit_amount: NotSet,
        penalty_amount: NotSet,
        preorder: Set(false),
        arrive_days: Set(4),
        pickup_point_id: Set(None),
        collection_code: Set(None),
        channel: Set("web".to_owned()),
        discount_amount: Set(Vnd::ZERO),
        delivery_discount_amount: Set(Vnd::ZERO),
        delivery_platform_discount_amount: Set(Vnd::ZERO),
        delivery_refunded_amount: Set(Vnd::ZERO),
        paid_amount: Set(Vnd(goods + FEE)),
        refunded_amount: Set(Vnd::ZERO),
        paid_at: Set(Some(at)),
        earned_at: Set(Some(at)),
        partner_id: Set(None),
        click_id: Set(None),
        arrived_at: Set(None),
        collect_by: Set(None),
    }
}

/// Part of an order goes back, and has been sent.
async fn refund(transaction: &impl ConnectionTrait, order: OrderId, at: OffsetDateTime) -> anyhow::Result<()> {
    let told = |problem: crate::platform::problem::Problem| anyhow::anyhow!("{problem}");
    let owed = owe(transaction, &[(order, What::Amount(12_345))], Owe::because("asked_for"), at).await.map_err(told)?;
    let Some(mut owed) = owed else { return Ok(()) };
    let Some(id) = owed.refunds.first().copied() else { return Ok(()) };
    let entries = vec![
        Entry::new(Account::one(LedgerAccountKind::RefundsPayable), 12_345),
        Entry::new(Account::one(LedgerAccountKind::Bank), -12_345),
    ];
    owed.journals.push(Journal {
        key: format!("refunded:{id}"),
        kind: "refunded",
        subject: id.0,
        note: None,
        actor: None,
        entries,
    });
    run(transaction, "UPDATE refund SET state = 'succeeded' WHERE id = $1", [id.into()]).await?;
    let sql = "UPDATE payment SET refunded_amount = 12345, state = 'partly_refunded' WHERE id = (SELECT payment_id FROM refund WHERE id = $1)";
    run(transaction, sql, [id.into()]).await?;
    ledger::post(transaction, owed.journals, at).await.map_err(told)
}

/// Stock and lots are what their movements say.
async fn take_from_stock(db: &Db) -> anyhow::Result<()> {
    let transaction = db.begin().await?;
    let moved =
        "COALESCE((SELECT CAST(SUM(m.quantity) AS bigint) FROM stock_movement m WHERE m.offer_id = s.offer_id), 0)";
    run(&transaction, format!("UPDATE stock AS s SET on_hand = {moved} WHERE on_hand <> {moved}"), []).await?;
    let moved = "COALESCE((SELECT CAST(SUM(m.quantity) AS bigint) FROM stock_movement m WHERE m.offer_id = s.offer_id AND m.lot_id = s.lot_id), 0)";
    run(&transaction, format!("UPDATE lot_stock AS s SET on_hand = {moved} WHERE on_hand <> {moved}"), []).await?;
    transaction.commit().await?;
    Ok(())
}
