//! Choosing products for somebody else's page: what a feed, a destination or a page of ours shows.

use std::collections::HashSet;
use std::sync::Arc;

use entity::value::{OfferId, ProductId, Unit, Vnd};
use time::{Date, OffsetDateTime};

use super::Catalogue;
use super::browse::{Sort, Wanted, find};
use super::rules::{Availability, Term, in_season, stars_on};
use super::shelf::{Entry, Snapshot};
use super::view::ProductCard;
use entity::value::OffSeason;

/// What is asked for; empty lists ask for nothing in particular.
#[derive(Clone, Debug, Default)]
pub struct Pick {
    pub near: Option<(f64, f64)>,
    pub radius_km: Option<f64>,
    /// Slugs; those below count too.
    pub categories: Vec<String>,
    pub stars: Vec<i32>,
    /// Slugs or ids.
    pub cooperatives: Vec<String>,
    pub provinces: Vec<String>,
    pub communes: Vec<String>,
    /// Slugs or ids, in the order they are to stand in; nothing else is shown then.
    pub products: Vec<String>,
    pub in_season: bool,
    pub in_stock: bool,
    pub sort: Option<Sort>,
    pub limit: usize,
}

/// The cheapest offer that can be had, or the cheapest there is.
#[derive(Clone, Debug)]
pub struct PickedOffer {
    pub id: OfferId,
    pub sku: String,
    pub pack_vi: String,
    pub pack_en: String,
    pub unit: Unit,
    pub price: Vnd,
    /// As listed, while it is reduced.
    pub listed: Option<Vnd>,
    pub weight_g: i64,
    pub min_quantity: i64,
}

/// A product as it stands on the day asked about.
#[derive(Clone, Debug)]
pub struct Picked {
    pub card: ProductCard,
    pub offer: Option<PickedOffer>,
    pub gtin: Option<String>,
    /// When this node last saw it change.
    pub changed_at: OffsetDateTime,
}

/// Products chosen, and of which state of the catalogue.
pub struct Chosen {
    pub version: u64,
    pub items: Vec<Picked>,
}

impl Catalogue {
    /// Grows with every change of what is shown.
    pub fn version(&self) -> u64 {
        self.snapshot().version
    }

    /// The products asked for, judged by this day: stars only while they are valid, seasons by its month.
    pub fn pick(&self, pick: &Pick, today: Date) -> Chosen {
        let snapshot = self.snapshot();
        Chosen { version: snapshot.version, items: choose(&snapshot, pick, today) }
    }
}

fn choose(snapshot: &Snapshot, pick: &Pick, today: Date) -> Vec<Picked> {
    let wanted = Wanted::of(pick);
    let fits = |item: &Picked| {
        (!pick.in_season || item.card.in_season)
            && (!pick.in_stock || item.card.availability != Availability::OutOfStock)
            && (pick.stars.is_empty() || item.card.stars.is_some_and(|stars| pick.stars.contains(&stars)))
    };
    let mut named = Vec::new();
    let found: Vec<(&Arc<Entry>, Option<f64>)> = if pick.products.is_empty() {
        find(snapshot, &wanted, None).items
    } else {
        let mut seen: HashSet<ProductId> = HashSet::new();
        for key in &pick.products {
            let id = key.parse().ok().or_else(|| snapshot.by_slug.get(key).copied());
            named.extend(id.filter(|id| seen.insert(*id)).and_then(|id| snapshot.get(id)));
        }
        named.into_iter().map(|entry| (entry, wanted.distance(entry))).collect()
    };
    let items = found.into_iter().map(|(entry, distance)| picked(entry, distance, today));
    items.filter(fits).take(pick.limit).collect()
}

fn picked(entry: &Entry, distance: Option<f64>, today: Date) -> Picked {
    let mut card = entry.card.clone();
    let terms = entry.terms.iter();
    card.stars =
        stars_on(terms.map(|t| Term { stars: t.stars, issued_on: t.issued_on, valid_until: t.valid_until }), today);
    card.in_season = in_season(card.season.as_ref().map(|season| (season.from_month, season.to_month)), today);
    card.availability = if entry.off_season != OffSeason::Sell && !card.in_season {
        Availability::OutOfStock
    } else {
        entry.offers.iter().map(super::shelf::OfferEntry::availability).max().unwrap_or(Availability::OutOfStock)
    };
    card.distance_km = distance.map(|km| (km * 10.0).round() / 10.0);
    let offer = entry
        .offers
        .iter()
        .min_by_key(|offer| (offer.availability() == Availability::OutOfStock, offer.row.price_amount, offer.row.id));
    let offer = offer.map(|offer| PickedOffer {
        id: offer.row.id,
        sku: offer.row.sku.clone(),
        pack_vi: offer.row.pack_vi.clone(),
        pack_en: offer.row.pack_en.clone(),
        unit: offer.row.unit,
        price: offer.row.price_amount,
        listed: Some(offer.row.listed_amount).filter(|listed| *listed > offer.row.price_amount),
        weight_g: offer.row.weight_g,
        min_quantity: offer.row.min_quantity,
    });
    Picked { card, offer, gtin: entry.gtin.clone(), changed_at: entry.changed_at }
}

impl Wanted {
    /// What a pick asks for, but for what depends on the day: seasons, stock and stars are judged by who picks.
    pub fn of(pick: &Pick) -> Self {
        Self {
            q: None,
            category: pick.categories.clone(),
            star: Vec::new(),
            cooperative: pick.cooperatives.clone(),
            province: pick.provinces.clone(),
            commune: pick.communes.clone(),
            materials: 0,
            price: None,
            in_stock: None,
            in_season: None,
            near: pick.near,
            radius_km: pick.radius_km.filter(|_| pick.near.is_some()),
            sort: pick.sort.filter(|sort| *sort != Sort::Distance || pick.near.is_some()).unwrap_or(Sort::Newest),
            limit: usize::MAX - 1,
            after: None,
            facets: false,
        }
    }
}
