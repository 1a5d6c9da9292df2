//! `/v1/checkouts`: a basket becomes one purchase with one order per cooperative, or nothing happens.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use entity::value::{
    CartId, CartState, DeliveryMethod, Language, Money, OrderActor, OrderId, OrderLineId, OrderState, PaymentMethod,
    PurchaseId, QuoteId, ReservationState, RowId, SalesChannel, Vnd,
};
use entity::{order, order_event, order_line, purchase, reservation};
use garde::Validate;
use sea_orm::{ConnectionTrait, Set};
use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::carts::own_cart;
use super::quotes::{Quote, QuotedShare, count_what_keeps, shares};
use super::rules::{Change, line_fault};
use super::store::{CartRow, LineRow, cart_lines, offers, quote};
use crate::catalogue::{Catalogue, rules::Level};
use crate::config::Config;
use crate::delivery::rates;
use crate::identity::{Caller, rules::Contact, rules::phone};
use crate::inventory::{self, Outcome, Wanted, forecasts};
use crate::platform::body::Body;
use crate::platform::clock::{Clock, VIETNAM};
use crate::platform::db::{Batch, Db, is_duplicate_of, run};
use crate::platform::i18n::language_of;
use crate::platform::idempotency::{Claim, IdempotencyKey, claim, fingerprint, keep};
use crate::platform::outbox::{Bell, event};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::{fold, secrets};

codes! {
    /// The answer's `changes` tell what differs.
    CHANGED = "changed_since_quote" 409 "Giá, hàng hoặc phí giao đã khác so với báo giá. Không có gì bị tính tiền. Xem chi tiết rồi lấy báo giá mới." "Prices, stock or delivery differ from the quote. Nothing was charged. See the changes and ask for a new quote.";
}

/// Who to reach about the purchase.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ContactInput {
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[garde(length(min = 3, max = 30))]
    #[schema(min_length = 3, max_length = 30)]
    phone: String,
    /// For mails about the orders; an account's own address unless told.
    #[garde(inner(length(max = 254)))]
    #[schema(max_length = 254)]
    email: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"cart_id": "0192f0c4-8a3e-7b43-9d55-2f3c1f0e7a11", "quote_id": "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f",
    "contact": {"name": "Nguyễn Thị Lan", "phone": "0912345678", "email": "lan@example.vn"}, "payment_method": "cash_on_delivery"}))]
pub struct Checkout {
    cart_id: CartId,
    /// What is charged is what this quote told.
    quote_id: QuoteId,
    #[garde(dive)]
    contact: ContactInput,
    payment_method: PaymentMethod,
    /// Through which front end it was bought; `web` unless told.
    channel: Option<SalesChannel>,
    /// For the sellers.
    #[garde(inner(length(chars, max = 500)))]
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// One cooperative's order in a purchase.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PlacedOrder {
    id: OrderId,
    number: String,
    cooperative_vi: String,
    cooperative_en: String,
    state: OrderState,
    total: Money,
    /// Opens the order without an account; keep it secret.
    link: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Purchase {
    id: PurchaseId,
    number: String,
    orders: Vec<PlacedOrder>,
    goods: Money,
    delivery: Money,
    total: Money,
    payment_method: PaymentMethod,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    placed_at: OffsetDateTime,
}

/// Buy what was quoted. One transaction: all orders or none. `409 changed_since_quote` tells line by line what differs;
/// nothing is charged then. The same `Idempotency-Key` with the same body gets the first answer again.
#[utoipa::path(tag = "checkout", operation_id = "checkout", security((), ("access_token" = [])),
    params(("Idempotency-Key" = String, Header, min_length = 1, max_length = 200), ("X-Cart-Token" = Option<String>, Header)),
    request_body = Checkout, responses((status = 201, description = "Bought", body = Purchase)))]
#[post("/v1/checkouts")]
#[allow(clippy::too_many_arguments, reason = "extractors")]
pub async fn create(
    request: HttpRequest,
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    catalogue: Data<Catalogue>,
    bell: Data<Bell>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<Checkout>,
) -> Result<HttpResponse, Problem> {
    let Body(input) = body;
    let cart = own_cart(db.fresh(), &request, &caller, input.cart_id).await?;
    let now = clock.now();
    let scope = match caller.account() {
        Some(account) => format!("checkout:{account}"),
        None => format!("checkout:{}", cart.id),
    };
    let print = fingerprint(&["POST /v1/checkouts", &serde_json::to_string(&input).map_err(Problem::internal)?]);
    let asked = Asked { request: &request, db: &db, config: &config, caller: &caller, cart: &cart, input: &input, now };
    for _ in 0..NUMBER_TRIES {
        let Some(outcome) = asked.buy(&scope, &key, &print).await? else { continue };
        catalogue.levels_changed(&outcome.levels).await;
        bell.ring();
        metrics::counter!("ocop_checkouts_total", "outcome" => outcome.label).increment(1);
        return Ok(answer(outcome.status, outcome.body));
    }
    Err(Problem::internal(anyhow::anyhow!("no free order number in {NUMBER_TRIES} tries")))
}

/// How often a checkout is tried whose random number somebody else's order has.
const NUMBER_TRIES: usize = 3;

/// What is asked for, and by whom.
struct Asked<'a> {
    request: &'a HttpRequest,
    db: &'a Db,
    config: &'a Config,
    caller: &'a Caller,
    cart: &'a CartRow,
    input: &'a Checkout,
    now: OffsetDateTime,
}

struct Bought {
    status: u16,
    body: String,
    levels: Vec<Level>,
    label: &'static str,
}

impl Asked<'_> {
    /// One try in one transaction; `None` if a number was taken and nothing was written.
    async fn buy(&self, scope: &str, key: &IdempotencyKey, print: &str) -> Result<Option<Bought>, Problem> {
        let now = self.now;
        // Read before the transaction, which stays short; whatever could change in between is a condition of its statements.
        let plan = self.plan().await;

        let transaction = self.db.begin().await?;
        if let Claim::Again { status, body } = claim(&transaction, scope, key, print, now).await? {
            return Ok(Some(Bought { status, body, levels: Vec::new(), label: "repeated" }));
        }
        let plan =
            plan.inspect_err(|_| metrics::counter!("ocop_checkouts_total", "outcome" => "refused").increment(1))?;
        close_cart(&transaction, self.cart, now).await?;
        // Forecasts before stock, as everywhere.
        let reserved = if book(&transaction, &plan.lines, now).await? {
            inventory::reserve(&transaction, &plan.wanted, now).await?
        } else {
            Outcome::Short
        };
        let Outcome::Done(levels) = reserved else {
            transaction.rollback().await?;
            metrics::counter!("ocop_checkouts_total", "outcome" => "sold_out").increment(1);
            return Err(refused(shortages(self.db, &plan, now.to_offset(VIETNAM).date()).await?));
        };
        let body = serde_json::to_string(&plan.answer).map_err(Problem::internal)?;
        match plan.rows.execute(&transaction).await {
            Err(error) if is_duplicate_of(&error, "number") => {
                transaction.rollback().await?;
                tracing::warn!(%error, "an order number was taken; trying another");
                return Ok(None);
            }
            done => done?,
        }
        keep(&transaction, scope, key, 201, &body).await?;
        transaction.commit().await?;
        Ok(Some(Bought { status: 201, body, levels, label: "bought" }))
    }

    async fn plan(&self) -> Result<Plan, Problem> {
        let Self { request, db, config, caller, cart, input, now } = *self;
        let contact = contact(&input.contact)?;
        let kept = quote(db.fresh(), cart.id, input.quote_id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
        let quoted: Quote = serde_json::from_value(kept.snapshot).map_err(Problem::internal)?;
        let today = now.to_offset(VIETNAM).date();
        let mut lines = cart_lines(db.fresh(), cart.id, today).await?;
        let mut changes = Vec::new();
        if kept.expires_at <= now {
            changes.push(Change::QuoteExpired);
        }
        if cart.state != CartState::Open || kept.cart_version != cart.version {
            changes.push(Change::CartChanged);
            return Err(refused(changes));
        }
        let sellers: Vec<_> = quoted.shares.iter().map(|share| share.cooperative_id).collect();
        let rates = rates(db.fresh(), &sellers).await?;
        let way_of = |id| {
            quoted
                .shares
                .iter()
                .find(|share| share.cooperative_id == id)
                .map_or((DeliveryMethod::Delivery, None), |share| (share.method, share.pickup_point_id))
        };
        count_what_keeps(db.fresh(), &mut lines, &rates, quoted.address.as_ref(), way_of, today).await?;
        let (fresh, faults) = shares(&lines, &rates, quoted.address.as_ref(), way_of)?;
        changes.extend(faults);
        changes.extend(differences(&quoted, &fresh, &lines));
        if !changes.is_empty() {
            return Err(refused(changes));
        }
        let language = language_of(request);
        Ok(write_up(caller, config, cart.id, input, &contact, &quoted, lines, language, now))
    }
}

fn answer(status: u16, body: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    HttpResponse::build(status).content_type("application/json").body(body)
}

fn refused(changes: Vec<Change>) -> Problem {
    Problem::new(&CHANGED).extension("changes", changes)
}

/// From now on the basket is ordered; refused if it was touched since it was read.
async fn close_cart(transaction: &impl ConnectionTrait, cart: &CartRow, now: OffsetDateTime) -> Result<(), Problem> {
    let sql = "UPDATE cart SET state = 'ordered', updated_at = $3 WHERE id = $1 AND version = $2 AND state = 'open'";
    match run(transaction, sql, [cart.id.into(), cart.version.into(), now.into()]).await? {
        1 => Ok(()),
        _ => Err(refused(vec![Change::CartChanged])),
    }
}

/// Books what is ordered before its harvest, forecasts in the order of their ids; whether there was room.
async fn book(transaction: &impl ConnectionTrait, lines: &[LineRow], now: OffsetDateTime) -> Result<bool, Problem> {
    let ordered = lines.iter().filter(|line| line.preorder);
    let mut wanted: Vec<_> = ordered.map(|line| (line.forecast_id, line.quantity)).collect();
    wanted.sort_unstable();
    for (forecast, quantity) in wanted {
        let Some(forecast) = forecast else { return Ok(false) };
        if !forecasts::book(transaction, forecast, quantity, now).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn shortages(db: &Db, plan: &Plan, today: Date) -> Result<Vec<Change>, Problem> {
    let ids: Vec<_> = plan.lines.iter().map(|line| line.offer_id).collect();
    let standing = offers(db.fresh(), &ids, today).await?;
    let asked: Vec<_> = plan.wanted.iter().map(|wanted| (wanted.offer, wanted.keep_until)).collect();
    let keeps = inventory::sellable(db.fresh(), &asked).await?;
    let mut changes = Vec::new();
    for line in &plan.lines {
        let (offer, quantity) = (line.offer_id, line.quantity);
        let available = if line.preorder {
            standing.iter().find(|row| row.id == offer).and_then(|row| row.preorders_left).unwrap_or(0)
        } else {
            keeps.iter().find(|(id, _)| *id == offer).map_or(0, |(_, available)| *available)
        };
        if available < quantity {
            changes.push(Change::InsufficientStock { offer_id: offer, wanted: quantity, available: available.max(0) });
        }
    }
    if changes.is_empty() {
        // Somebody gave back what was missing a moment ago.
        changes.push(Change::CartChanged);
    }
    Ok(changes)
}

/// Everything a checkout will write, and its answer.
struct Plan {
    lines: Vec<LineRow>,
    /// From stock, good until it arrives.
    wanted: Vec<Wanted>,
    rows: Batch,
    answer: Purchase,
}

/// A contact with its phone in E.164.
fn contact(input: &ContactInput) -> Result<ContactInput, Problem> {
    let phone = phone(&input.phone).ok_or_else(|| {
        Problem::field("/contact/phone", "phone", "số điện thoại không hợp lệ", "not a valid phone number")
    })?;
    let email = match input.email.as_deref().map(Contact::parse) {
        None => None,
        Some(Some(Contact::Email(email))) => Some(email),
        Some(_) => {
            return Err(Problem::field("/contact/email", "email", "e-mail không hợp lệ", "not a valid e-mail address"));
        }
    };
    let name = fold::stored(&input.name);
    if name.is_empty() || name.contains('\0') {
        return Err(Problem::field("/contact/name", "missing", "không được để trống", "must not be blank"));
    }
    Ok(ContactInput { name, phone, email })
}

/// Where what is quoted is not what would be charged now.
fn differences(quoted: &Quote, fresh: &[QuotedShare], lines: &[LineRow]) -> Vec<Change> {
    let mut changes = Vec::new();
    for share in &quoted.shares {
        for line in &share.lines {
            let same = |row: &&LineRow| row.offer_id == line.offer_id && row.preorder == share.preorder.is_some();
            let Some(now) = lines.iter().find(same) else {
                changes.push(Change::CartChanged);
                continue;
            };
            if line_fault(line.offer_id, line.quantity, &now.standing()).is_none()
                && now.price_amount.0 != line.unit_price.amount
            {
                let (quoted, now) = (line.unit_price.amount, now.price_amount.0);
                changes.push(Change::PriceChanged { offer_id: line.offer_id, quoted, now });
            }
        }
        let same = |fresh: &&QuotedShare| {
            fresh.cooperative_id == share.cooperative_id && fresh.preorder.is_some() == share.preorder.is_some()
        };
        let now = fresh.iter().find(same);
        if let Some(now) = now.filter(|now| now.delivery != share.delivery) {
            // A free limit reached or left by a price change shows here too.
            let (quoted, now) = (share.delivery.amount, now.delivery.amount);
            changes.push(Change::DeliveryPriceChanged { cooperative_id: share.cooperative_id, quoted, now });
        }
    }
    changes
}

/// `DH-261124-K7MPXQ2R`: the day in Vietnam and about 40 random bits; the unique key has the last word.
pub fn number(kind: &str, now: OffsetDateTime) -> String {
    let (year, month, day) = now.to_offset(VIETNAM).to_calendar_date();
    format!("{kind}-{:02}{:02}{day:02}-{}", year % 100, u8::from(month), secrets::code(8))
}

#[allow(clippy::too_many_arguments, reason = "everything a purchase is made of, once")]
fn write_up(
    caller: &Caller,
    config: &Config,
    cart: CartId,
    input: &Checkout,
    contact: &ContactInput,
    quoted: &Quote,
    lines: Vec<LineRow>,
    language: Language,
    now: OffsetDateTime,
) -> Plan {
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
        total_amount: Set(Vnd(quoted.total.amount)),
        currency: Set(Vnd::CURRENCY.to_owned()),
        created_at: Set(now),
    };
    let respond_by = now + Duration::hours(config.order_response_hours.into());
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
            state: OrderState::Placed,
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
            state: Set(OrderState::Placed),
            goods_amount: Set(Vnd(share.goods.amount)),
            delivery_amount: Set(Vnd(share.delivery.amount)),
            total_amount: Set(Vnd(share.total.amount)),
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
        let keep_until = today + Duration::days(share.arrive_days.into());
        let ours =
            |line: &&LineRow| line.cooperative_id == share.cooperative_id && line.preorder == share.preorder.is_some();
        for line in lines.iter().filter(ours) {
            order_lines.push(order_line_row(id, line));
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
            to_state: Set(OrderState::Placed),
            actor_kind: Set(account.map_or(OrderActor::Guest, |_| OrderActor::Buyer)),
            actor_id: Set(account.map(|account| account.0)),
            reason: Set(None),
            reason_code: Set(None),
            at: Set(now),
        });
        let offers: Vec<_> = share.lines.iter().map(|line| line.offer_id).collect();
        events.push(event("order.placed", id.0, serde_json::json!({"offers": offers}), now));
    }
    let answer = Purchase {
        id: purchase_id,
        number: purchase_number,
        orders: placed,
        goods: quoted.goods.clone(),
        delivery: quoted.delivery.clone(),
        total: quoted.total.clone(),
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
        .insert(events);
    Plan { lines, wanted, rows, answer }
}

fn order_line_row(order: OrderId, line: &LineRow) -> order_line::ActiveModel {
    order_line::ActiveModel {
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
        total_amount: Set(Vnd(line.price_amount.0.saturating_mul(line.quantity))),
        weight_g: Set(line.weight_g.saturating_mul(line.quantity)),
    }
}
