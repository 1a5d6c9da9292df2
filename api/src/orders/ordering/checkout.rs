//! `/v1/checkouts`: a basket becomes one purchase with one order per cooperative, or nothing happens.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use entity::value::{CartState, DeliveryMethod, Language};
use sea_orm::ConnectionTrait;
use time::{Date, OffsetDateTime};

use super::carts::{is_own, own_cart};
use super::known::{Kept, Known};
use super::purchase::{Checkout, ContactInput, Purchase};
use super::quick;
use super::quotes::{Quote, QuotedShare, Terms, count_what_keeps, discount, shares};
use super::rules::{Change, line_fault};
use super::store::{CartRow, LineRow, cart_lines, offers, quote};
use super::write_up::{Drawn, Plan, Writing};
use crate::config::Config;
use crate::ledger::commission;
use crate::orders::attribution;
use crate::people::identity::{Caller, rules::Contact, rules::phone};
use crate::platform::body::Body;
use crate::platform::clock::{Clock, VIETNAM};
use crate::platform::db::{Db, is_duplicate_of, run};
use crate::platform::fold;
use crate::platform::i18n::language_of;
use crate::platform::idempotency::{Claim, IdempotencyKey, claim_with, fingerprint};
use crate::platform::outbox::Bell;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::read_model::{Level, ReadModel};
use crate::shop::delivery;
use crate::shop::inventory::{self, Outcome, preorders};
use crate::shop::promotion::{self, Buyer, UsedUp};

codes! {
    /// The answer's `changes` tell what differs.
    CHANGED = "changed_since_quote" 409 "Giá, hàng hoặc phí giao đã khác so với báo giá. Không có gì bị tính tiền. Xem chi tiết rồi lấy báo giá mới." "Prices, stock or delivery differ from the quote. Nothing was charged. See the changes and ask for a new quote.";
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
    known: Data<Known>,
    clock: Data<Clock>,
    config: Data<Config>,
    read_model: Data<ReadModel>,
    bell: Data<Bell>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<Checkout>,
) -> Result<HttpResponse, Problem> {
    let shop = Shop { db: &db, known: &known, clock: &clock, config: &config, read_model: &read_model, bell: &bell };
    let language = language_of(&request);
    let kept = known.quote(body.0.quote_id).filter(|kept| is_own(&kept.cart, &request, &caller));
    if let Some(kept) = kept
        && let Some((status, body)) = place_quickly(&shop, &caller, &kept, &body.0, &key, language).await?
    {
        return Ok(answer(status, body));
    }
    let cart = own_cart(db.fresh(), &request, &caller, body.0.cart_id).await?;
    let (status, body) = place(&shop, &caller, &cart, &body.0, &key, language).await?;
    Ok(answer(status, body))
}

/// What a checkout works with.
pub struct Shop<'a> {
    pub db: &'a Db,
    pub known: &'a Known,
    pub clock: &'a Clock,
    pub config: &'a Config,
    pub read_model: &'a ReadModel,
    pub bell: &'a Bell,
}

/// Buys by what is known of the quote; none where anything is not as it was quoted, or asked for in a way to be refused.
async fn place_quickly(
    shop: &Shop<'_>,
    caller: &Caller,
    kept: &Kept,
    input: &Checkout,
    key: &IdempotencyKey,
    language: Language,
) -> Result<Option<(u16, String)>, Problem> {
    let now = shop.clock.now();
    let offered = shop.config.payment_methods().contains(&input.payment_method);
    let good = kept.quote.cart_id == input.cart_id && kept.quote.expires_at > now && kept.day == shop.clock.today();
    let (true, true, Ok(contact)) = (offered, good, contact(&input.contact)) else { return Ok(None) };
    let (scope, print) = named(caller, input)?;
    // If it is not as it was quoted now, it will not be the next time.
    shop.known.forget(kept.quote.id);
    let buying = quick::Buying {
        db: shop.db,
        read_model: shop.read_model,
        bell: shop.bell,
        config: shop.config,
        caller,
        kept,
        input,
        contact: &contact,
        language,
        scope,
        print,
        key: IdempotencyKey(key.0.clone()),
        now,
    };
    Ok(buying.buy().await?.map(|body| (201, body)))
}

/// Whose keys they are, and what the key stands for.
fn named(caller: &Caller, input: &Checkout) -> Result<(String, String), Problem> {
    let scope = match caller.account() {
        Some(account) => format!("checkout:{account}"),
        None => format!("checkout:{}", input.cart_id),
    };
    let print = fingerprint(&["POST /v1/checkouts", &serde_json::to_string(input).map_err(Problem::internal)?]);
    Ok((scope, print))
}

/// Buys what was quoted; the status and body of the answer, the same for the same key.
pub async fn place(
    shop: &Shop<'_>,
    caller: &Caller,
    cart: &CartRow,
    input: &Checkout,
    key: &IdempotencyKey,
    language: Language,
) -> Result<(u16, String), Problem> {
    let now = shop.clock.now();
    let (scope, print) = named(caller, input)?;
    let asked = Asked { language, db: shop.db, config: shop.config, caller, cart, input, now };
    for _ in 0..NUMBER_TRIES {
        let Some(outcome) = asked.buy(&scope, key, &print).await? else { continue };
        quick::follow_up((shop.read_model, shop.bell), &outcome.levels, (outcome.label, "careful")).await;
        return Ok((outcome.status, outcome.body));
    }
    Err(Problem::internal(anyhow::anyhow!("no free order number in {NUMBER_TRIES} tries")))
}

/// How often a checkout is tried whose random number somebody else's order has.
const NUMBER_TRIES: usize = 3;

/// What is asked for, and by whom.
struct Asked<'a> {
    language: Language,
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
        let written = |plan: Plan| match serde_json::to_string(&plan.answer) {
            Ok(body) => Ok((plan, body)),
            Err(error) => Err(Problem::internal(error)),
        };
        let plan = self.plan().await.and_then(written);

        let transaction = self.db.begin().await?;
        let kept = plan.as_ref().ok().map(|(_, body)| (201, body.as_str()));
        if let Claim::Again { status, body } = claim_with(&transaction, scope, key, print, kept, now).await? {
            return Ok(Some(Bought { status, body, levels: Vec::new(), label: "repeated" }));
        }
        let (plan, body) = plan.inspect_err(|_| {
            metrics::counter!("ocop_checkouts_total", "outcome" => "refused", "way" => "careful").increment(1);
        })?;
        close_cart(&transaction, self.cart, now).await?;
        for (pickup_point_id, boxes) in &plan.receptions {
            if !delivery::has_room(&transaction, *pickup_point_id, *boxes).await? {
                transaction.rollback().await?;
                metrics::counter!("ocop_checkouts_total", "outcome" => "pickup_point_full", "way" => "careful")
                    .increment(1);
                return Err(refused(vec![Change::PickupPointFull { pickup_point_id: *pickup_point_id }]));
            }
        }
        // Forecasts before stock, as everywhere.
        let reserved = if book(&transaction, &plan.lines, now).await? {
            inventory::reserve(&transaction, &plan.wanted, now).await?
        } else {
            Outcome::Short
        };
        let Outcome::Done(levels) = reserved else {
            transaction.rollback().await?;
            metrics::counter!("ocop_checkouts_total", "outcome" => "sold_out", "way" => "careful").increment(1);
            return Err(refused(shortages(self.db, &plan, now.to_offset(VIETNAM).date()).await?));
        };
        let (purchase, email) = (plan.answer.id, plan.email.as_deref());
        let buyer = Buyer { account: self.caller.account(), phone: &plan.phone, email };
        match plan.rows.execute(&transaction).await {
            Err(error) if is_duplicate_of(&error, "number") => {
                transaction.rollback().await?;
                tracing::warn!(%error, "an order number was taken; trying another");
                return Ok(None);
            }
            done => done?,
        }
        if let Err(UsedUp::ByAll(promotion_id) | UsedUp::ByThisBuyer(promotion_id)) =
            promotion::take(&transaction, purchase, &plan.promotions, buyer, now).await?
        {
            transaction.rollback().await?;
            metrics::counter!("ocop_checkouts_total", "outcome" => "promotion_used_up", "way" => "careful")
                .increment(1);
            return Err(refused(vec![Change::PromotionUsedUp { promotion_id }]));
        }
        transaction.commit().await?;
        Ok(Some(Bought { status: 201, body, levels, label: "bought" }))
    }

    async fn plan(&self) -> Result<Plan, Problem> {
        let Self { language, db, config, caller, cart, input, now } = *self;
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
        let points: Vec<_> = quoted.shares.iter().filter_map(|share| share.pickup_point_id).collect();
        let terms = Terms::read(db.fresh(), &sellers, &points).await?;
        let way_of = |id| {
            quoted
                .shares
                .iter()
                .find(|share| share.cooperative_id == id)
                .map_or((DeliveryMethod::Delivery, None), |share| (share.method, share.pickup_point_id))
        };
        count_what_keeps(db.fresh(), &mut lines, &terms, quoted.address.as_ref(), way_of, today).await?;
        let (mut fresh, faults) = shares(&lines, &terms, quoted.address.as_ref(), way_of)?;
        changes.extend(faults);
        let codes: Vec<String> = quoted.promotions.iter().filter_map(|given| given.code.clone()).collect();
        discount(db.fresh(), &mut fresh, &lines, &codes, now).await?;
        changes.extend(differences(&quoted, &fresh, &lines));
        if !changes.is_empty() {
            return Err(refused(changes));
        }
        if !config.payment_methods().contains(&input.payment_method) {
            let (vi, en) = ("hình thức thanh toán này chưa được hỗ trợ", "this way of paying is not offered");
            return Err(Problem::field("/payment_method", "payment_method", vi, en));
        }
        let rules = commission::rules_on(db.fresh(), today).await?;
        let brought = match cart.click_id {
            Some(click) => {
                let reached = (contact.phone.as_str(), contact.email.as_deref());
                attribution::brought(db.fresh(), click, caller.account(), reached, now).await?
            }
            None => None,
        };
        let writing = Writing {
            account: caller.account(),
            config,
            cart: cart.id,
            input,
            contact: &contact,
            quoted: &quoted,
            rules: &rules,
            brought,
            language,
            now,
        };
        let mut plan = writing.write_up(lines, Drawn::new(quoted.shares.len(), now))?;
        // In the order of their ids, as two checkouts take them.
        for reception in &terms.receptions {
            let boxes =
                quoted.shares.iter().filter(|share| share.pickup_point_id == Some(reception.pickup_point_id)).count();
            if plan.receptions.iter().all(|(known, _)| *known != reception.pickup_point_id) {
                plan.receptions.push((reception.pickup_point_id, i64::try_from(boxes).unwrap_or(i64::MAX)));
            }
        }
        plan.receptions.sort_unstable();
        Ok(plan)
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
        if !preorders::book(transaction, forecast, quantity, now).await? {
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
        let fresh_share = fresh.iter().find(same);
        if let Some(now) = fresh_share.filter(|now| now.delivery != share.delivery) {
            // A free limit reached or left by a price change shows here too.
            let (quoted, now) = (share.delivery.amount, now.delivery.amount);
            changes.push(Change::DeliveryPriceChanged { cooperative_id: share.cooperative_id, quoted, now });
        }
        if let Some(now) = fresh_share.filter(|now| now.discount != share.discount && now.goods == share.goods) {
            let (quoted, now) = (share.discount.amount, now.discount.amount);
            changes.push(Change::DiscountChanged { cooperative_id: share.cooperative_id, quoted, now });
        }
    }
    changes
}
