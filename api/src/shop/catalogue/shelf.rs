//! The read model: every product on sale, in memory, with its card serialised.
//!
//! Lists, filters, facets and sorting run over it; the database is not asked. A snapshot is immutable and swapped as a
//! whole, so that a reader sees one state; a change replaces the entries it touches. Stock levels alone are updated in
//! place, and a card is made anew when its availability turns.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use entity::category;
use entity::value::{CategoryId, CooperativeId, CooperativeStatus, OffSeason, OfferId, ProductId};
use rustc_hash::FxHashMap;
use time::{Date, OffsetDateTime};

use super::columns::{Columns, Facts};
use super::materials::{MaterialRow, bits};
use super::rules::{Availability, Term, availability, in_season, stars_on};
use super::store::{CooperativeRow, ForecastRow, ImageRow, OfferRow, ProductRow, RecognitionRow, Rows, TierRow};
use super::view::{Bilingual, CategoryRef, CooperativeRef, Image, Origin, ProductCard, Rating, Season};
use crate::people::places;
use crate::platform::fold::collation_key;
use crate::platform::read_model::Level;

static VERSIONS: AtomicU64 = AtomicU64::new(1);

pub fn next_version() -> u64 {
    VERSIONS.fetch_add(1, Ordering::Relaxed)
}

pub struct Snapshot {
    /// Of what is shown; every kept answer remembers it.
    pub version: u64,
    /// The day seasons and stars were judged by.
    pub today: Date,
    pub entries: Vec<Arc<Entry>>,
    /// Of the order of entries; part of the key of what is kept by their places.
    pub arrangement: u64,
    pub columns: Arc<Columns>,
    pub by_id: Arc<FxHashMap<ProductId, usize>>,
    pub by_slug: Arc<HashMap<String, ProductId>>,
    pub by_offer: Arc<HashMap<OfferId, ProductId>>,
    pub cooperatives: Arc<HashMap<CooperativeId, CooperativeRow>>,
    pub categories: Arc<FxHashMap<CategoryId, Category>>,
}

pub struct Category {
    pub row: category::Model,
    /// Its own slug and those above it.
    pub path: Vec<String>,
}

pub struct Entry {
    pub id: ProductId,
    /// Changes with whatever is shown of the product.
    pub version: u64,
    pub card: ProductCard,
    pub card_bytes: Bytes,
    pub cooperative: CooperativeId,
    pub category: CategoryId,
    pub terms: Vec<RecognitionRow>,
    pub images: Vec<Image>,
    pub offers: Vec<OfferEntry>,
    pub off_season: OffSeason,
    /// Out of season, and then not sold.
    pub closed: bool,
    pub collation: Arc<[u8]>,
    pub gtin: Option<String>,
    /// When this node last saw it change.
    pub changed_at: OffsetDateTime,
}

pub struct OfferEntry {
    pub row: OfferRow,
    pub tiers: Box<[TierRow]>,
    /// A harvest that may be ordered before it is there.
    pub forecast: Option<ForecastRow>,
    pub materials: Box<[MaterialRow]>,
    level: Arc<Mutex<(i64, i64)>>,
}

impl OfferEntry {
    fn new(row: OfferRow, tiers: Vec<TierRow>, forecast: Option<ForecastRow>, materials: Vec<MaterialRow>) -> Self {
        Self {
            level: Arc::new(Mutex::new((row.version, row.available))),
            row,
            tiers: tiers.into_boxed_slice(),
            forecast,
            materials: materials.into_boxed_slice(),
        }
    }

    pub fn available(&self) -> i64 {
        self.level.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    pub fn availability(&self) -> Availability {
        availability(self.available(), self.row.min_quantity)
    }

    /// Takes a newer level; whether buyers see a difference.
    fn update(&self, new: Level) -> bool {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        if new.version <= level.0 {
            return false;
        }
        let before = availability(level.1, self.row.min_quantity);
        *level = (new.version, new.available);
        before != availability(new.available, self.row.min_quantity)
    }
}

impl Entry {
    pub fn availability(&self) -> Availability {
        if self.closed {
            return Availability::OutOfStock;
        }
        self.offers.iter().map(OfferEntry::availability).max().unwrap_or(Availability::OutOfStock)
    }

    pub fn point(&self) -> (f64, f64) {
        (self.card.origin.latitude, self.card.origin.longitude)
    }

    fn facts(&self) -> Facts<'_> {
        let prices = || self.offers.iter().map(|offer| offer.row.price_amount.0);
        Facts {
            id: self.id,
            prices: prices().min().zip(prices().max()),
            category: self.category,
            cooperative: self.cooperative,
            province: &self.card.origin.province_code,
            commune: &self.card.origin.commune_code,
            stars: self.card.stars,
            in_season: self.card.in_season,
            materials: bits(self.offers.iter().flat_map(|offer| &offer.materials)),
        }
    }

    /// The same product with its card made anew.
    fn renewed(&self, now: OffsetDateTime) -> Self {
        let mut card = self.card.clone();
        card.availability = self.availability();
        Self {
            id: self.id,
            version: next_version(),
            card_bytes: serialise(&card),
            card,
            cooperative: self.cooperative,
            category: self.category,
            terms: self.terms.iter().map(copy_term).collect(),
            images: self.images.clone(),
            offers: self
                .offers
                .iter()
                .map(|offer| OfferEntry {
                    row: copy_offer(&offer.row),
                    tiers: offer.tiers.clone(),
                    forecast: offer.forecast.clone(),
                    materials: offer.materials.clone(),
                    level: offer.level.clone(),
                })
                .collect(),
            off_season: self.off_season,
            closed: self.closed,
            collation: self.collation.clone(),
            gtin: self.gtin.clone(),
            changed_at: now,
        }
    }
}

fn copy_term(row: &RecognitionRow) -> RecognitionRow {
    RecognitionRow { certificate_number: row.certificate_number.clone(), issuer: row.issuer.clone(), ..*row }
}

fn copy_offer(row: &OfferRow) -> OfferRow {
    OfferRow { sku: row.sku.clone(), pack_vi: row.pack_vi.clone(), pack_en: row.pack_en.clone(), ..*row }
}

fn serialise(card: &ProductCard) -> Bytes {
    serde_json::to_vec(card).map(Bytes::from).unwrap_or_default()
}

/// Everything entries refer to.
pub struct Context<'a> {
    pub cooperatives: &'a HashMap<CooperativeId, CooperativeRow>,
    pub categories: &'a FxHashMap<CategoryId, Category>,
    pub today: Date,
    pub now: OffsetDateTime,
    pub base_url: &'a str,
}

pub fn category_index(rows: Vec<category::Model>) -> FxHashMap<CategoryId, Category> {
    let by_id: HashMap<_, _> = rows.iter().map(|row| (row.id, row)).collect();
    let path = |row: &category::Model| {
        let mut path = vec![row.slug.clone()];
        let mut parent = row.parent_id;
        // A tree this deep is a mistake, and a loop would never end.
        while let Some(above) = parent.and_then(|id| by_id.get(&id)).filter(|_| path.len() < 10) {
            path.push(above.slug.clone());
            parent = above.parent_id;
        }
        path
    };
    let paths: Vec<_> = rows.iter().map(path).collect();
    rows.into_iter().zip(paths).map(|(row, path)| (row.id, Category { row, path })).collect()
}

/// Makes entries of rows.
pub fn entries(rows: Rows, context: &Context<'_>) -> Vec<Entry> {
    let mut offers = grouped(rows.offers, |row| row.product_id);
    let mut terms = grouped(rows.recognitions, |row| row.product_id);
    let mut images = grouped(rows.images, |row| row.product_id);
    let mut tiers: HashMap<OfferId, Vec<TierRow>> = HashMap::new();
    for tier in rows.tiers {
        tiers.entry(tier.offer_id).or_default().push(tier);
    }
    let mut materials: HashMap<OfferId, Vec<MaterialRow>> = HashMap::new();
    for fact in rows.materials {
        materials.entry(fact.offer_id).or_default().push(fact);
    }
    let mut forecasts: HashMap<OfferId, ForecastRow> =
        rows.forecasts.into_iter().map(|row| (row.offer_id, row)).collect();
    rows.products
        .into_iter()
        .filter_map(|row| {
            let id = row.id;
            let whole = |row: OfferRow| {
                let tiers = tiers.remove(&row.id).unwrap_or_default();
                let forecast = forecasts.remove(&row.id);
                let materials = materials.remove(&row.id).unwrap_or_default();
                OfferEntry::new(row, tiers, forecast, materials)
            };
            let offers = offers.remove(&id).unwrap_or_default().into_iter().map(whole).collect();
            entry(row, offers, terms.remove(&id).unwrap_or_default(), images.remove(&id).unwrap_or_default(), context)
        })
        .collect()
}

fn grouped<T>(rows: Vec<T>, key: impl Fn(&T) -> ProductId) -> HashMap<ProductId, Vec<T>> {
    let mut groups: HashMap<_, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

pub fn image(row: ImageRow, base_url: &str) -> Image {
    let stem = row.object_key.rsplit_once('/').map_or("", |(stem, _)| stem);
    let source = |width: &str| format!("{base_url}/media/{stem}/{width}.webp {width}w");
    Image {
        srcset: row.widths.as_deref().map(|widths| widths.split(',').map(source).collect::<Vec<_>>().join(", ")),
        url: format!("{base_url}/media/{}", row.object_key),
        width: row.width,
        height: row.height,
        alt: Bilingual { vi: row.alt_vi, en: row.alt_en },
    }
}

pub fn origin(code: &str, former: Option<String>, latitude: f64, longitude: f64) -> Origin {
    let commune = places::commune(code);
    let province = commune.map(places::province_of);
    Origin {
        commune_code: code.to_owned(),
        commune_name: commune.map(|c| c.name.to_owned()).unwrap_or_default(),
        province_code: province.map(|p| p.code.to_owned()).unwrap_or_default(),
        province_name: province.map(|p| p.name.to_owned()).unwrap_or_default(),
        former_commune: former,
        latitude,
        longitude,
    }
}

fn entry(
    row: ProductRow,
    offers: Vec<OfferEntry>,
    terms: Vec<RecognitionRow>,
    images: Vec<ImageRow>,
    context: &Context<'_>,
) -> Option<Entry> {
    let cooperative =
        context.cooperatives.get(&row.cooperative_id).filter(|c| c.status == CooperativeStatus::Active)?;
    let category = context.categories.get(&row.category_id)?;
    let season = row.season_from.zip(row.season_to);
    let images: Vec<_> = images.into_iter().map(|row| image(row, context.base_url)).collect();
    let in_season = in_season(season, context.today);
    let closed = row.off_season != OffSeason::Sell && !in_season;
    let in_force = terms.iter().map(|t| Term { stars: t.stars, issued_on: t.issued_on, valid_until: t.valid_until });
    let card = ProductCard {
        id: row.id,
        slug: row.slug,
        stars: stars_on(in_force, context.today),
        category: CategoryRef {
            slug: category.row.slug.clone(),
            name: Bilingual::new(&category.row.name_vi, &category.row.name_en),
        },
        cooperative: CooperativeRef {
            id: cooperative.id,
            slug: cooperative.slug.clone(),
            name: Bilingual::new(&cooperative.name_vi, &cooperative.name_en),
        },
        origin: origin(&row.origin_commune_code, row.former_commune, row.latitude, row.longitude),
        price_from: offers.iter().map(|offer| offer.row.price_amount).min().map(Into::into),
        availability: if closed {
            Availability::OutOfStock
        } else {
            offers.iter().map(OfferEntry::availability).max().unwrap_or(Availability::OutOfStock)
        },
        rating: Rating::of(row.rating_sum, row.rating_count),
        season: season.map(|(from_month, to_month)| Season { from_month, to_month }),
        in_season,
        image: images.first().cloned(),
        distance_km: None,
        summary: Bilingual { vi: row.summary_vi, en: row.summary_en },
        name: Bilingual { vi: row.name_vi, en: row.name_en },
    };
    Some(Entry {
        id: row.id,
        version: next_version(),
        card_bytes: serialise(&card),
        collation: collation_key(&card.name.vi).into(),
        card,
        cooperative: row.cooperative_id,
        category: row.category_id,
        terms,
        images,
        offers,
        off_season: row.off_season,
        closed,
        gtin: row.gtin,
        changed_at: context.now,
    })
}

impl Snapshot {
    pub fn empty(today: Date) -> Self {
        Self::new(Vec::new(), Arc::default(), Arc::default(), today)
    }

    pub fn new(
        entries: Vec<Arc<Entry>>,
        cooperatives: Arc<HashMap<CooperativeId, CooperativeRow>>,
        categories: Arc<FxHashMap<CategoryId, Category>>,
        today: Date,
    ) -> Self {
        let by_id = Arc::new(entries.iter().enumerate().map(|(index, entry)| (entry.id, index)).collect());
        let by_slug = Arc::new(entries.iter().map(|entry| (entry.card.slug.clone(), entry.id)).collect());
        let by_offer =
            Arc::new(entries.iter().flat_map(|entry| entry.offers.iter().map(|o| (o.row.id, entry.id))).collect());
        let columns = Arc::new(Columns::of(entries.iter().map(|entry| entry.facts())));
        let version = next_version();
        let arrangement = version;
        Self { version, today, entries, arrangement, columns, by_id, by_slug, by_offer, cooperatives, categories }
    }

    /// With the products named replaced by `fresh`; those no longer among them are gone.
    pub fn with(
        &self,
        named: &[ProductId],
        fresh: Vec<Entry>,
        cooperatives: Arc<HashMap<CooperativeId, CooperativeRow>>,
        categories: Arc<FxHashMap<CategoryId, Category>>,
    ) -> Self {
        let kept = self.entries.iter().filter(|entry| !named.contains(&entry.id)).cloned();
        let entries = kept.chain(fresh.into_iter().map(Arc::new)).collect();
        Self::new(entries, cooperatives, categories, self.today)
    }

    pub fn get(&self, id: ProductId) -> Option<&Arc<Entry>> {
        self.by_id.get(&id).map(|&index| &self.entries[index])
    }

    /// Takes new stock levels. Where buyers see a difference, the snapshot to show from now on.
    pub fn take_levels(&self, levels: &[Level], now: OffsetDateTime) -> Option<Self> {
        let mut turned = Vec::new();
        for level in levels {
            let Some(entry) = self.by_offer.get(&level.offer).and_then(|id| self.get(*id)) else { continue };
            let Some(offer) = entry.offers.iter().find(|offer| offer.row.id == level.offer) else { continue };
            if offer.update(*level) && !turned.contains(&entry.id) {
                turned.push(entry.id);
            }
        }
        if turned.is_empty() {
            return None;
        }
        let mut entries = self.entries.clone();
        for id in turned {
            if let Some(&index) = self.by_id.get(&id) {
                entries[index] = Arc::new(entries[index].renewed(now));
            }
        }
        Some(Self {
            version: next_version(),
            today: self.today,
            entries,
            arrangement: self.arrangement,
            columns: self.columns.clone(),
            by_id: self.by_id.clone(),
            by_slug: self.by_slug.clone(),
            by_offer: self.by_offer.clone(),
            cooperatives: self.cooperatives.clone(),
            categories: self.categories.clone(),
        })
    }
}
