//! `/v1/carts/{id}/quote`: what the basket costs, delivered where the buyer says. Kept, and charged as told.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, post};
use entity::quote;
use entity::value::{
    CartId, CooperativeId, DeliveryMethod, DeliveryZone, Money, OfferId, PaymentMethod, PickupPointId, QuoteId, Vnd,
};
use entity::{delivery_rate, value::CartState};
use garde::Validate;
use sea_orm::{ConnectionTrait, Set};
use serde::Deserialize;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::carts::{CART_CLOSED, own_basket};
use super::known::{Basket, Kept, Known};
pub use super::quoted::{Expected, Quote, QuotedLine, QuotedPromotion, QuotedShare};
use super::rules::{Change, line_fault};
use super::store::LineRow;
use crate::config::Config;
pub use crate::ledger::rules::LineDiscount;
use crate::people::identity::{AddressInput, Caller};
use crate::platform::body::Body;
use crate::platform::clock::Clock;
use crate::platform::db::{Batch, Db};
use crate::platform::problem::{Problem, codes};
use crate::shop::delivery::{self, Reception, rates, receptions};
use crate::shop::inventory;
use crate::shop::promotion::{
    self,
    rules::{Delivery, Line, apply},
};

codes! {
    CART_EMPTY = "cart_empty" 409 "Giỏ hàng đang trống." "The basket is empty.";
    NOT_AVAILABLE = "not_available" 409 "Có mặt hàng không mua được như trong giỏ. Xem chi tiết từng dòng." "Something in the basket cannot be bought as it is. See the changes line by line.";
}

/// How one cooperative's goods are to come.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Choice {
    pub cooperative_id: CooperativeId,
    pub method: DeliveryMethod,
    /// Where to collect; the cooperative's own address unless told.
    pub pickup_point_id: Option<PickupPointId>,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct QuoteRequest {
    /// Needed unless everything is collected.
    #[garde(dive)]
    pub address: Option<AddressInput>,
    /// Delivered, unless told otherwise.
    #[garde(length(max = 100), dive)]
    #[serde(default)]
    #[schema(max_items = 100)]
    pub deliveries: Vec<Choice>,
    /// Promotion codes, in the order they are to be applied.
    #[garde(length(max = 5), inner(length(min = 1, max = 30)))]
    #[serde(default)]
    #[schema(max_items = 5)]
    pub codes: Vec<String>,
}

fn overflow() -> Problem {
    Problem::field("", "amount", "số tiền quá lớn", "the amount is too large")
}

/// How goods of a cooperative are to come: method and pick-up point.
pub type Way = (DeliveryMethod, Option<PickupPointId>);

/// What delivery is offered for: rates by zone, and terms of bringing boxes to partners' receptions.
pub struct Terms {
    pub rates: Vec<delivery_rate::Model>,
    pub receptions: Vec<Reception>,
}

impl Terms {
    /// The terms of these cooperatives; of receptions only those asked for.
    pub async fn read(
        connection: &impl ConnectionTrait,
        sellers: &[CooperativeId],
        points: &[PickupPointId],
    ) -> Result<Self, Problem> {
        Ok(Self { rates: rates(connection, sellers).await?, receptions: receptions(connection, points).await? })
    }

    /// The same by what is known, as a basket was read.
    pub async fn of_basket(
        connection: &impl ConnectionTrait,
        known: &Known,
        basket: &Basket,
        points: &[PickupPointId],
    ) -> Result<Self, Problem> {
        let Some(versions) = &basket.versions else {
            let sellers: Vec<_> = basket.lines.iter().map(|line| line.cooperative_id).collect();
            return Self::read(connection, &sellers, points).await;
        };
        let rates = known.rates(connection, &versions.shops).await?;
        Ok(Self { rates, receptions: receptions(connection, points).await? })
    }

    fn reception(&self, cooperative: CooperativeId, way: Way) -> Option<&Reception> {
        let point = way.1.filter(|_| way.0 == DeliveryMethod::Pickup)?;
        self.receptions.iter().find(|one| one.cooperative_id == cooperative && one.pickup_point_id == point)
    }
}

/// Days from shipping until a buyer has goods in hand, at most.
fn arrive_days(line: &LineRow, terms: &Terms, address: Option<&AddressInput>, way: Way) -> i32 {
    if let Some(reception) = terms.reception(line.cooperative_id, way) {
        return reception.days;
    }
    let (DeliveryMethod::Delivery, Some(address)) = (way.0, address) else { return 0 };
    let rates = &terms.rates;
    let zone = delivery::rules::zone(&line.cooperative_commune, &address.commune_code);
    let rate = rates.iter().find(|rate| rate.cooperative_id == line.cooperative_id && rate.zone == zone);
    rate.map_or(0, |rate| rate.max_days)
}

/// Leaves out of what is available the lots that would expire on their way to this buyer.
pub async fn count_what_keeps(
    connection: &impl ConnectionTrait,
    lines: &mut [LineRow],
    terms: &Terms,
    address: Option<&AddressInput>,
    way_of: impl Fn(CooperativeId) -> Way,
    today: Date,
) -> Result<(), Problem> {
    let mut asked = Vec::new();
    for line in lines.iter().filter(|line| !line.preorder) {
        let arrival =
            today + time::Duration::days(arrive_days(line, terms, address, way_of(line.cooperative_id)).into());
        if line.first_expiry.is_some_and(|expiry| expiry < arrival) {
            asked.push((line.offer_id, arrival));
        }
    }
    for (offer, available) in inventory::sellable(connection, &asked).await? {
        for line in lines.iter_mut().filter(|line| line.offer_id == offer) {
            line.available = available;
        }
    }
    Ok(())
}

/// The shares of a basket at today's prices, or why it cannot be bought; pure but for its inputs.
pub fn shares(
    lines: &[LineRow],
    terms: &Terms,
    address: Option<&AddressInput>,
    way_of: impl Fn(CooperativeId) -> Way,
) -> Result<(Vec<QuotedShare>, Vec<Change>), Problem> {
    let mut changes: Vec<_> =
        lines.iter().filter_map(|line| line_fault(line.offer_id, line.quantity, &line.standing())).collect();
    let mut ids: Vec<(CooperativeId, bool)> = lines.iter().map(|line| (line.cooperative_id, line.preorder)).collect();
    ids.sort();
    ids.dedup();
    let mut shares = Vec::new();
    for (id, preorder) in ids {
        let own: Vec<&LineRow> =
            lines.iter().filter(|line| line.cooperative_id == id && line.preorder == preorder).collect();
        let Some(first) = own.first() else { continue };
        let (quoted, goods, weight_g) = quoted_lines(&own)?;
        let (method, pickup_point_id) = way_of(id);
        let (zone, fee) = delivery_fee(first, terms, address, (method, pickup_point_id), (weight_g, goods))?;
        let Some(fee) = fee else {
            changes.push(Change::DeliveryNotOffered { cooperative_id: id });
            continue;
        };
        shares.push(QuotedShare {
            cooperative_id: id,
            cooperative_vi: first.cooperative_vi.clone(),
            cooperative_en: first.cooperative_en.clone(),
            lines: quoted,
            preorder: preorder.then(|| expected(&own)).flatten(),
            arrive_days: arrive_days(first, terms, address, (method, pickup_point_id)),
            pickup_point_id: pickup_point_id.filter(|_| method == DeliveryMethod::Pickup),
            method,
            zone,
            weight_g,
            goods: goods.into(),
            delivery: fee.into(),
            discount: Vnd::ZERO.into(),
            delivery_discounts: Vec::new(),
            total: goods.plus(fee).ok_or_else(overflow)?.into(),
        });
    }
    Ok((shares, changes))
}

/// A share's lines at today's prices, what they come to, and what they weigh.
fn quoted_lines(own: &[&LineRow]) -> Result<(Vec<QuotedLine>, Vnd, i64), Problem> {
    let mut quoted = Vec::new();
    let (mut goods, mut weight_g) = (Vnd::ZERO, 0_i64);
    for line in own {
        let total = line.price_amount.times(line.quantity).ok_or_else(overflow)?;
        goods = goods.plus(total).ok_or_else(overflow)?;
        let weight = line.weight_g.checked_mul(line.quantity);
        weight_g = weight.and_then(|weight| weight_g.checked_add(weight)).ok_or_else(overflow)?;
        quoted.push(QuotedLine {
            offer_id: line.offer_id,
            name_vi: line.name_vi.clone(),
            name_en: line.name_en.clone(),
            pack_vi: line.pack_vi.clone(),
            pack_en: line.pack_en.clone(),
            quantity: line.quantity,
            unit_price: line.price_amount.into(),
            total: total.into(),
            discount: Vnd::ZERO.into(),
            discounts: Vec::new(),
        });
    }
    Ok((quoted, goods, weight_g))
}

/// The zone, and the fee where the way is offered.
fn delivery_fee(
    first: &LineRow,
    terms: &Terms,
    address: Option<&AddressInput>,
    way: Way,
    (weight_g, goods): (i64, Vnd),
) -> Result<(Option<DeliveryZone>, Option<Vnd>), Problem> {
    let id = first.cooperative_id;
    match (way.0, address) {
        (DeliveryMethod::Pickup, _) => {
            let reception = terms.reception(id, way).map(|reception| reception.fee_amount);
            Ok((None, reception.or(first.pickup_offered.then_some(Vnd::ZERO))))
        }
        (DeliveryMethod::Delivery, Some(address)) => {
            let zone = delivery::rules::zone(&first.cooperative_commune, &address.commune_code);
            let rate = terms.rates.iter().find(|rate| rate.cooperative_id == id && rate.zone == zone);
            let fee = rate.map(|rate| delivery::rules::price(rate, weight_g, goods).ok_or_else(overflow));
            Ok((Some(zone), fee.transpose()?))
        }
        (DeliveryMethod::Delivery, None) => {
            let (vi, en) = ("cần địa chỉ để giao hàng", "an address is needed for delivery");
            Err(Problem::field("/address", "missing", vi, en))
        }
    }
}

/// Takes what promotions give off the shares; the promotions that give something.
pub async fn discount(
    connection: &impl ConnectionTrait,
    shares: &mut [QuotedShare],
    lines: &[LineRow],
    codes: &[String],
    now: OffsetDateTime,
) -> Result<Vec<QuotedPromotion>, Problem> {
    let active: Vec<_> = promotion::active(connection, codes, now).await?;
    let promotions: Vec<_> = active.into_iter().filter(|active| active.left).map(|active| active.promotion).collect();
    if promotions.is_empty() {
        return Ok(Vec::new());
    }
    let product = |offer: OfferId| lines.iter().find(|line| line.offer_id == offer).map(|line| line.product_id);
    let mut asked = Vec::new();
    for quoted in shares.iter() {
        for line in &quoted.lines {
            let product = product(line.offer_id).ok_or_else(|| Problem::internal("a quoted line of no basket"))?;
            let (unit, quantity) = (line.unit_price.amount, line.quantity);
            asked.push(Line { cooperative: quoted.cooperative_id, product, unit, quantity });
        }
    }
    let delivery = |share: &QuotedShare| Delivery { cooperative: share.cooperative_id, fee: share.delivery.amount };
    let deliveries: Vec<_> = shares.iter().map(delivery).collect();
    let found = apply(&promotions, &asked, &deliveries);
    let given = |off: &Vec<(usize, i64)>| -> Vec<LineDiscount> {
        let one = |(index, amount): &(usize, i64)| {
            let promotion = &promotions[*index];
            LineDiscount { promotion_id: promotion.id, funded_by: promotion.funded_by, amount: *amount }
        };
        off.iter().map(one).collect()
    };
    let mut of_lines = found.lines.iter();
    for (share, off) in shares.iter_mut().zip(&found.deliveries) {
        share.delivery_discounts = given(off);
        let mut discount: i64 = share.delivery_discounts.iter().map(|given| given.amount).sum();
        for line in &mut share.lines {
            line.discounts = of_lines.next().map(given).unwrap_or_default();
            let off: i64 = line.discounts.iter().map(|given| given.amount).sum();
            line.discount = Vnd(off).into();
            discount += off;
        }
        share.discount = Vnd(discount).into();
        share.total = Vnd(share.goods.amount + share.delivery.amount - discount).into();
    }
    let quoted = promotions.into_iter().zip(found.totals).filter(|(_, amount)| *amount > 0);
    let quoted = quoted.map(|(promotion, amount)| QuotedPromotion {
        promotion_id: promotion.id,
        code: promotion.code,
        campaign: promotion.campaign,
        name_vi: promotion.name_vi,
        name_en: promotion.name_en,
        amount: Vnd(amount).into(),
    });
    Ok(quoted.collect())
}

/// The last of the harvests a share waits for.
fn expected(lines: &[&LineRow]) -> Option<Expected> {
    let from = lines.iter().filter_map(|line| line.expected_from).max()?;
    let to = lines.iter().filter_map(|line| line.expected_to).max()?;
    Some(Expected { from, to })
}

/// Ask what a basket costs. `409 not_available` tells line by line what cannot be bought.
#[utoipa::path(tag = "carts", operation_id = "quote_cart", security((), ("access_token" = [])), params(("id" = CartId, Path), ("X-Cart-Token" = Option<String>, Header)), request_body = QuoteRequest, responses((status = 201, description = "The quote", body = Quote)))]
#[post("/v1/carts/{id}/quote")]
#[allow(clippy::too_many_arguments, reason = "extractors")]
pub async fn create(
    request: HttpRequest,
    db: Data<Db>,
    known: Data<Known>,
    clock: Data<Clock>,
    config: Data<Config>,
    caller: Caller,
    id: Path<CartId>,
    body: Body<QuoteRequest>,
) -> Result<HttpResponse, Problem> {
    let basket = own_basket((&db, &known), &request, &caller, *id, clock.today()).await?;
    Ok(HttpResponse::Created().json(make((&db, &known), &clock, &config, basket, body.0).await?))
}

/// Makes a quote and keeps it.
pub async fn make(
    (db, known): (&Db, &Known),
    clock: &Clock,
    config: &Config,
    mut basket: Basket,
    input: QuoteRequest,
) -> Result<Quote, Problem> {
    if basket.row.state != CartState::Open {
        return Err(Problem::new(&CART_CLOSED));
    }
    let address = input.address.map(|address| address.normalised("/address")).transpose()?;
    let (now, today) = (clock.now(), clock.today());
    if basket.lines.is_empty() {
        return Err(Problem::new(&CART_EMPTY));
    }
    check_choices(db, &input.deliveries, &basket.lines).await?;
    let points: Vec<_> = input.deliveries.iter().filter_map(|choice| choice.pickup_point_id).collect();
    let terms = Terms::of_basket(db.fresh(), known, &basket, &points).await?;
    let way_of = |id| {
        let choice = input.deliveries.iter().rev().find(|choice| choice.cooperative_id == id);
        choice.map_or((DeliveryMethod::Delivery, None), |choice| (choice.method, choice.pickup_point_id))
    };
    count_what_keeps(db.fresh(), &mut basket.lines, &terms, address.as_ref(), way_of, today).await?;
    let (mut shares, changes) = shares(&basket.lines, &terms, address.as_ref(), way_of)?;
    if !changes.is_empty() {
        return Err(Problem::new(&NOT_AVAILABLE).extension("changes", changes));
    }
    let codes: Vec<String> = input.codes.iter().map(|code| code.trim().to_uppercase()).collect();
    let market = match &basket.versions {
        Some(versions) => Some(known.market(db.fresh(), versions.market, today).await?),
        None => None,
    };
    let promotions = if market.as_ref().is_none_or(|market| market.may_give(&codes, now)) {
        discount(db.fresh(), &mut shares, &basket.lines, &codes, now).await?
    } else {
        Vec::new()
    };
    for (index, code) in codes.iter().enumerate() {
        if promotions.iter().all(|given| given.code.as_ref() != Some(code)) || codes[..index].contains(code) {
            let (vi, en) = ("mã không dùng được cho giỏ hàng này", "this code gives nothing on this basket");
            return Err(Problem::field(format!("/codes/{index}"), "promotion", vi, en));
        }
    }
    let expires_at = now + time::Duration::minutes(config.quote_minutes.into());
    let cart = (basket.row.id, basket.row.version);
    let quote = total(cart, shares, promotions, address, config.payment_methods(), expires_at)?;
    let row = quote::ActiveModel {
        id: Set(quote.id),
        cart_id: Set(cart.0),
        cart_version: Set(cart.1),
        snapshot: Set(serde_json::to_value(&quote).map_err(Problem::internal)?),
        created_at: Set(now),
        expires_at: Set(quote.expires_at),
    };
    db.insert(Batch::default().insert([row])).await?;
    // Where somebody else's word counts (a promotion, a partner), it is asked again.
    if let (Some(versions), Some(market)) = (basket.versions, market)
        && (points.is_empty() && quote.promotions.is_empty() && basket.row.click_id.is_none())
    {
        let kept = Kept { quote: quote.clone(), cart: basket.row, lines: basket.lines, versions, market, day: today };
        known.keep(kept);
    }
    Ok(quote)
}

/// Goods come as was chosen only where something of that cooperative is in the basket, and the point is open.
async fn check_choices(db: &Db, choices: &[Choice], lines: &[LineRow]) -> Result<(), Problem> {
    for (index, choice) in choices.iter().enumerate() {
        if lines.iter().all(|line| line.cooperative_id != choice.cooperative_id) {
            return Err(Problem::field(
                format!("/deliveries/{index}/cooperative_id"),
                "cooperative",
                "giỏ không có hàng của hợp tác xã này",
                "nothing in the basket is of this cooperative",
            ));
        }
        if let Some(point) = choice.pickup_point_id
            && !delivery::is_open_point(db.fresh(), choice.cooperative_id, point).await?
        {
            let (vi, en) = ("không có điểm lấy hàng này", "there is no such pick-up point");
            return Err(Problem::field(format!("/deliveries/{index}/pickup_point_id"), "pickup_point", vi, en));
        }
    }
    Ok(())
}

fn total(
    (cart_id, cart_version): (CartId, i64),
    shares: Vec<QuotedShare>,
    promotions: Vec<QuotedPromotion>,
    address: Option<AddressInput>,
    payment_methods: Vec<PaymentMethod>,
    expires_at: OffsetDateTime,
) -> Result<Quote, Problem> {
    let sum = |amount: fn(&QuotedShare) -> &Money| {
        Vnd::sum(shares.iter().map(|share| Vnd(amount(share).amount))).ok_or_else(overflow)
    };
    Ok(Quote {
        id: QuoteId::new(),
        cart_id,
        cart_version,
        goods: sum(|share| &share.goods)?.into(),
        delivery: sum(|share| &share.delivery)?.into(),
        discount: sum(|share| &share.discount)?.into(),
        promotions,
        total: sum(|share| &share.total)?.into(),
        shares,
        address,
        payment_methods,
        expires_at,
    })
}
