//! What is known in memory of what is on sale, so that a basket is shown, quoted and bought without reading the tables of the
//! catalogue each time.
//!
//! Everything known carries the version it was read at (`shop_version`, which grows with every change of a cooperative's
//! offers, whoever makes it). Whoever reads a basket reads those versions with it, and what is older is read anew; whoever
//! writes makes them a condition. Memory may be late, and nothing wrong comes of it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use entity::delivery_rate;
use entity::value::{CartId, CartLineId, CategoryId, CooperativeId, OffSeason, OfferId, ProductId, QuoteId, Vnd};
use moka::sync::Cache;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::quoted::Quote;
use super::store::{CartRow, LineRow, cart_lines};
use crate::ledger::commission;
use crate::ledger::rules::Rule;
use crate::platform::db::{all, list, sql};
use crate::shop::catalogue::rules::in_season;
use crate::shop::catalogue::unsellable;
use crate::shop::{delivery, promotion};

/// Offers and quotes known at once. A basket holds three or four; most are of what sells now.
const OFFERS: u64 = 20_000;
const QUOTES: u64 = 4_000;

/// What everything known was read at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Of promotions, commission and categories.
    pub market: i64,
    pub shops: Vec<(CooperativeId, i64)>,
}

/// An offer with what a basket's line shows and charges of it.
#[derive(FromQueryResult)]
pub struct Offer {
    id: OfferId,
    market_version: i64,
    shop_version: i64,
    product_id: ProductId,
    category_id: CategoryId,
    parent_category_id: Option<CategoryId>,
    pub cooperative_id: CooperativeId,
    sku: String,
    pack_vi: String,
    pack_en: String,
    weight_g: i64,
    price_amount: Vnd,
    reduced_bp: i64,
    reduced_until: Option<Date>,
    pub min_quantity: i64,
    pub step_quantity: i64,
    /// Offer, product and cooperative all are.
    active: bool,
    /// By the certificates it must have.
    sold_until: Option<Date>,
    off_season: OffSeason,
    season_from: Option<i32>,
    season_to: Option<i32>,
    product_slug: String,
    name_vi: String,
    name_en: String,
    cooperative_slug: String,
    cooperative_vi: String,
    cooperative_en: String,
    cooperative_commune: String,
    pickup_offered: bool,
    /// From how many on it costs what, from few to many.
    #[sea_orm(skip)]
    tiers: Vec<(i64, Vnd)>,
}

impl Offer {
    pub fn on_sale(&self, today: Date) -> bool {
        let season = self.season_from.zip(self.season_to);
        self.active
            && self.sold_until.is_none_or(|last| today <= last)
            && (self.off_season == OffSeason::Sell || in_season(season, today))
    }

    /// What one costs of so many.
    fn price(&self, quantity: i64, today: Date) -> Vnd {
        let reduced = self.reduced_until.is_some_and(|until| today <= until);
        let off = if reduced { self.price_amount.0 * self.reduced_bp / 10_000 } else { 0 };
        let single = Vnd(self.price_amount.0 - off);
        let cheaper = |(from, amount): &&(i64, Vnd)| *from <= quantity && amount.0 < single.0;
        self.tiers.iter().rev().find(cheaper).map_or(single, |(_, amount)| *amount)
    }

    pub fn line(&self, id: CartLineId, quantity: i64, stock: &InStock, today: Date) -> LineRow {
        LineRow {
            id,
            offer_id: self.id,
            quantity,
            product_id: self.product_id,
            category_id: self.category_id,
            parent_category_id: self.parent_category_id,
            cooperative_id: self.cooperative_id,
            sku: self.sku.clone(),
            pack_vi: self.pack_vi.clone(),
            pack_en: self.pack_en.clone(),
            weight_g: self.weight_g,
            price_amount: self.price(quantity, today),
            min_quantity: self.min_quantity,
            step_quantity: self.step_quantity,
            on_sale: self.on_sale(today),
            available: stock.available,
            product_slug: self.product_slug.clone(),
            name_vi: self.name_vi.clone(),
            name_en: self.name_en.clone(),
            cooperative_slug: self.cooperative_slug.clone(),
            cooperative_vi: self.cooperative_vi.clone(),
            cooperative_en: self.cooperative_en.clone(),
            cooperative_commune: self.cooperative_commune.clone(),
            pickup_offered: self.pickup_offered,
            preorder: false,
            forecast_id: None,
            expected_from: None,
            expected_to: None,
            first_expiry: stock.first_expiry,
        }
    }
}

/// How an offer stands this moment, and what must be known of it at least.
#[derive(Clone, FromQueryResult)]
pub struct InStock {
    pub offer_id: OfferId,
    pub available: i64,
    pub first_expiry: Option<Date>,
    pub cooperative_id: CooperativeId,
    pub shop_version: i64,
    pub market_version: i64,
}

/// The columns of [`InStock`], of an offer `o` with its stock `s` and version `v`, on the day and by the nil id at these places.
pub fn in_stock_columns(today: &str, nil: &str) -> String {
    format!(
        "o.id AS offer_id, COALESCE(s.on_hand - s.reserved, 0) - {} AS available,
         (SELECT MIN(lt.expires_on) FROM lot_stock ls JOIN lot lt ON lt.id = ls.lot_id WHERE ls.offer_id = o.id AND ls.on_hand > 0) AS first_expiry,
         o.cooperative_id, v.version AS shop_version, (SELECT version FROM shop_version WHERE id = {nil}) AS market_version",
        unsellable("o.id", today)
    )
}

/// A basket as it was read, each line at the price its quantity has.
pub struct Basket {
    pub row: CartRow,
    pub lines: Vec<LineRow>,
    /// What its lines were read at; none where something waits for its harvest.
    pub versions: Option<Versions>,
}

#[derive(FromQueryResult)]
struct BasketLine {
    id: CartLineId,
    quantity: i64,
    preorder: bool,
    #[sea_orm(nested)]
    stock: InStock,
}

/// What holds everywhere on a day.
pub struct Market {
    version: i64,
    day: Date,
    pub rules: Vec<Rule>,
    promotions: Vec<promotion::Window>,
}

impl Market {
    /// Whether some promotion may take something off now.
    pub fn may_give(&self, codes: &[String], now: OffsetDateTime) -> bool {
        self.promotions.iter().any(|window| window.holds(codes, now))
    }
}

/// A quote with everything a purchase needs of it.
pub struct Kept {
    pub quote: Quote,
    pub cart: CartRow,
    pub lines: Vec<LineRow>,
    pub versions: Versions,
    pub market: Arc<Market>,
    pub day: Date,
}

pub struct Known {
    offers: Cache<OfferId, Arc<Offer>>,
    rates: Cache<CooperativeId, Arc<(i64, Vec<delivery_rate::Model>)>>,
    market: RwLock<Option<Arc<Market>>>,
    quotes: Cache<QuoteId, Arc<Kept>>,
}

impl Known {
    /// Quotes are good for so long.
    pub fn new(quotes_for: Duration) -> Self {
        Self {
            offers: Cache::new(OFFERS),
            rates: Cache::new(OFFERS),
            market: RwLock::new(None),
            quotes: Cache::builder().max_capacity(QUOTES).time_to_live(quotes_for).build(),
        }
    }

    pub fn keep(&self, kept: Kept) {
        self.quotes.insert(kept.quote.id, Arc::new(kept));
    }

    pub fn quote(&self, id: QuoteId) -> Option<Arc<Kept>> {
        self.quotes.get(&id)
    }

    pub fn forget(&self, id: QuoteId) {
        self.quotes.invalidate(&id);
    }

    /// The basket by one statement, and one more for what is not known of its offers yet.
    pub async fn basket(
        &self,
        connection: &impl ConnectionTrait,
        id: CartId,
        today: Date,
    ) -> Result<Option<Basket>, DbErr> {
        let rows = connection
            .query_all_raw(sql(
                connection,
                format!(
                    "SELECT c.account_id, c.token_hash, c.state, c.version, c.click_id, l.id, l.quantity, l.preorder, {}
                     FROM cart c LEFT JOIN cart_line l ON l.cart_id = c.id LEFT JOIN offer o ON o.id = l.offer_id
                          LEFT JOIN stock s ON s.offer_id = o.id LEFT JOIN shop_version v ON v.id = o.cooperative_id
                     WHERE c.id = $1 ORDER BY l.id",
                    in_stock_columns("$2", "$3")
                ),
                [id.into(), today.into(), Uuid::nil().into()],
            ))
            .await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let row = CartRow {
            id,
            account_id: first.try_get("", "account_id")?,
            token_hash: first.try_get("", "token_hash")?,
            state: first.try_get("", "state")?,
            version: first.try_get("", "version")?,
            click_id: first.try_get("", "click_id")?,
        };
        if first.try_get::<Option<CartLineId>>("", "id")?.is_none() {
            let market = first.try_get("", "market_version")?;
            return Ok(Some(Basket { row, lines: Vec::new(), versions: Some(Versions { market, shops: Vec::new() }) }));
        }
        let read = rows.iter().map(|row| BasketLine::from_query_result(row, ""));
        let read: Vec<BasketLine> = read.collect::<Result<_, _>>()?;
        if read.iter().any(|line| line.preorder) {
            let lines = cart_lines(connection, id, today).await?;
            return Ok(Some(Basket { row, lines, versions: None }));
        }
        let stock: Vec<InStock> = read.iter().map(|line| line.stock.clone()).collect();
        let offers = self.as_of(connection, &stock).await?;
        let mut lines = Vec::with_capacity(read.len());
        for line in &read {
            let Some(offer) = offers.get(&line.stock.offer_id) else { continue };
            lines.push(offer.line(line.id, line.quantity, &line.stock, today));
        }
        Ok(Some(Basket { row, lines, versions: Some(versions(offers.values())) }))
    }

    /// These offers, none older than it was read to be.
    pub async fn as_of(
        &self,
        connection: &impl ConnectionTrait,
        stock: &[InStock],
    ) -> Result<HashMap<OfferId, Arc<Offer>>, DbErr> {
        let mut found = HashMap::new();
        let mut missing = Vec::new();
        for one in stock {
            match self.offers.get(&one.offer_id) {
                Some(offer) if (offer.shop_version, offer.market_version) == (one.shop_version, one.market_version) => {
                    found.insert(one.offer_id, offer);
                }
                _ => missing.push(one.offer_id),
            }
        }
        found.extend(self.read_offers(connection, &missing).await?);
        Ok(found)
    }

    /// These offers as they are known, however late that may be.
    pub async fn offers(
        &self,
        connection: &impl ConnectionTrait,
        ids: &[OfferId],
    ) -> Result<HashMap<OfferId, Arc<Offer>>, DbErr> {
        let known = ids.iter().filter_map(|id| Some((*id, self.offers.get(id)?)));
        let mut found: HashMap<_, _> = known.collect();
        let missing: Vec<_> = ids.iter().filter(|id| !found.contains_key(id)).copied().collect();
        found.extend(self.read_offers(connection, &missing).await?);
        Ok(found)
    }

    /// Reads offers anew. The version is read with or before what it stands for: late memory is told by it, at worst once more
    /// than needed.
    pub async fn read_offers(
        &self,
        connection: &impl ConnectionTrait,
        ids: &[OfferId],
    ) -> Result<HashMap<OfferId, Arc<Offer>>, DbErr> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut values: Vec<Value> = vec![Uuid::nil().into()];
        values.extend(ids.iter().map(|id| Value::from(*id)));
        let offers = all::<Offer>(
            connection,
            format!(
                "SELECT o.id, (SELECT version FROM shop_version WHERE id = $1) AS market_version, v.version AS shop_version,
                        o.product_id, p.category_id, g.parent_id AS parent_category_id, o.cooperative_id, o.sku, o.pack_vi, o.pack_en,
                        o.weight_g, o.price_amount, o.reduced_bp, o.reduced_until, o.min_quantity, o.step_quantity,
                        (o.status = 'active' AND p.status = 'published' AND c.status = 'active') AS active,
                        (SELECT sold_until FROM product_clearance x WHERE x.product_id = p.id) AS sold_until,
                        p.off_season, p.season_from, p.season_to, p.slug AS product_slug, p.name_vi, p.name_en,
                        c.slug AS cooperative_slug, c.name_vi AS cooperative_vi, c.name_en AS cooperative_en,
                        c.commune_code AS cooperative_commune, c.pickup_offered
                 FROM offer o JOIN product p ON p.id = o.product_id JOIN category g ON g.id = p.category_id
                      JOIN cooperative c ON c.id = o.cooperative_id JOIN shop_version v ON v.id = o.cooperative_id
                 WHERE o.id IN {}",
                list(2, ids.len())
            ),
            values,
        )
        .await?;
        let tiers = all::<Tier>(
            connection,
            format!(
                "SELECT offer_id, from_quantity, amount FROM price_tier WHERE offer_id IN {} ORDER BY offer_id, from_quantity",
                list(1, ids.len())
            ),
            ids.iter().map(|id| Value::from(*id)),
        )
        .await?;
        let mut found = HashMap::new();
        for mut offer in offers {
            let own = tiers.iter().filter(|tier| tier.offer_id == offer.id);
            offer.tiers = own.map(|tier| (tier.from_quantity, tier.amount)).collect();
            let offer = Arc::new(offer);
            self.offers.insert(offer.id, offer.clone());
            found.insert(offer.id, offer);
        }
        Ok(found)
    }

    /// The delivery rates of these cooperatives.
    pub async fn rates(
        &self,
        connection: &impl ConnectionTrait,
        shops: &[(CooperativeId, i64)],
    ) -> Result<Vec<delivery_rate::Model>, DbErr> {
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for (shop, version) in shops {
            match self.rates.get(shop) {
                Some(known) if known.0 == *version => found.extend(known.1.iter().cloned()),
                _ => missing.push((*shop, *version)),
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let ids: Vec<_> = missing.iter().map(|(shop, _)| *shop).collect();
        let rates = delivery::rates(connection, &ids).await?;
        for (shop, version) in missing {
            let own: Vec<_> = rates.iter().filter(|rate| rate.cooperative_id == shop).cloned().collect();
            self.rates.insert(shop, Arc::new((version, own)));
        }
        found.extend(rates);
        Ok(found)
    }

    /// What holds everywhere, by its version, on a day.
    pub async fn market(
        &self,
        connection: &impl ConnectionTrait,
        version: i64,
        day: Date,
    ) -> Result<Arc<Market>, DbErr> {
        let known = self.market.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(market) = known.filter(|market| market.version == version && market.day == day) {
            return Ok(market);
        }
        let rules = commission::rules_on(connection, day).await?;
        let promotions = promotion::windows(connection).await?;
        let market = Arc::new(Market { version, day, rules, promotions });
        *self.market.write().unwrap_or_else(PoisonError::into_inner) = Some(market.clone());
        Ok(market)
    }
}

#[derive(FromQueryResult)]
struct Tier {
    offer_id: OfferId,
    from_quantity: i64,
    amount: Vnd,
}

/// What these offers were read at: the oldest, where they differ.
pub fn versions<'a>(offers: impl Iterator<Item = &'a Arc<Offer>>) -> Versions {
    let mut shops: HashMap<CooperativeId, i64> = HashMap::new();
    let mut market = i64::MAX;
    for offer in offers {
        market = market.min(offer.market_version);
        let version = shops.entry(offer.cooperative_id).or_insert(offer.shop_version);
        *version = offer.shop_version.min(*version);
    }
    let mut shops: Vec<_> = shops.into_iter().collect();
    shops.sort_unstable();
    Versions { market, shops }
}
