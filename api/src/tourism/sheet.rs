//! A feed as data, before it is written in any format: one source for all of them.

use crate::shop::catalogue::pick::Pick;
use entity::value::PartnerId;
use std::fmt::Write as _;

use entity::value::{Language, ProductId, Unit};
use time::OffsetDateTime;

use super::guide::{Book, FeedEntry, Guide};
use crate::orders::attribution::{Signer, disclosure};
use crate::shop::catalogue::pick::Picked;
use crate::shop::catalogue::rules::Availability;
use crate::shop::catalogue::view::Bilingual;

/// A product as a feed shows it, in the feed's language.
pub struct Item {
    pub id: String,
    pub sku: String,
    pub slug: String,
    pub name: String,
    pub summary: String,
    /// Counts the click and leads to the product.
    pub link: String,
    /// The product's own address.
    pub url: String,
    pub image: Option<crate::shop::catalogue::view::Image>,
    /// Đồng.
    pub price: Option<i64>,
    /// As listed, while it is reduced because it must be eaten soon.
    pub listed: Option<i64>,
    pub pack: String,
    pub unit: Unit,
    pub weight_g: i64,
    pub stars: Option<i32>,
    pub availability: Availability,
    pub in_season: bool,
    pub season: Option<(i32, i32)>,
    pub rating: Option<(f64, i64)>,
    pub category: String,
    pub cooperative: String,
    pub cooperative_url: String,
    pub commune: String,
    pub province: String,
    pub point: (f64, f64),
    pub distance_km: Option<f64>,
    pub gtin: Option<String>,
    pub changed_at: OffsetDateTime,
}

pub struct Sheet {
    pub slug: String,
    pub title: String,
    pub partner: String,
    pub disclosure: String,
    pub language: Language,
    /// The address it is served under, without the ending.
    pub address: String,
    pub home: String,
    pub items: Vec<Item>,
    /// Of the catalogue and of the book it was made from.
    pub versions: (u64, u64),
}

impl Sheet {
    /// What it shows.
    pub fn products(&self) -> impl Iterator<Item = ProductId> + '_ {
        self.items.iter().filter_map(|item| item.id.parse().ok())
    }
}

pub fn say(text: &Bilingual, language: Language) -> String {
    match language {
        Language::En if !text.en.is_empty() => text.en.clone(),
        _ => text.vi.clone(),
    }
}

/// The address that counts a click on a feed and leads on: to a product, or to the shop with an empty one.
pub fn click_link(base_url: &str, signer: &Signer, feed: &str, product: &str) -> String {
    let mut link = format!("{base_url}/go/{feed}");
    if !product.is_empty() {
        let _ = write!(link, "/{product}");
    }
    let _ = write!(link, "?s={}", signer.link(feed, product));
    link
}

/// What is printed: it carries the feed's code, which hangs on the wall beside it, and outlives the server's keys.
pub fn poster_link(base_url: &str, feed: &str, code: &str) -> String {
    format!("{base_url}/go/{feed}?c={code}")
}

/// What a feed shows now.
pub fn sheet(guide: &Guide, book: &Book, feed: &FeedEntry) -> Sheet {
    let definition = &feed.definition;
    let place = definition.destination_id.and_then(|id| book.place_by_id(id));
    let chosen = if definition.destination_id.is_some() && place.is_none() {
        // Its destination is not shown any more: neither is what was near it.
        crate::shop::catalogue::pick::Chosen { version: guide.catalogue.version(), items: Vec::new() }
    } else {
        let point = place.map(|place| (place.row.latitude, place.row.longitude));
        guide.catalogue.pick(&definition.pick(point), guide.clock.today())
    };
    let language = definition.language;
    Sheet {
        slug: feed.slug.clone(),
        title: feed.name.clone(),
        partner: feed.partner_name.clone(),
        disclosure: say(&disclosure(&feed.partner_name), language),
        language,
        address: format!("{}/feeds/{}", guide.base_url, feed.slug),
        home: guide.storefront_url.clone(),
        items: chosen.items.into_iter().map(|picked| item(guide, feed, picked, language)).collect(),
        versions: (chosen.version, book.version),
    }
}

fn item(guide: &Guide, feed: &FeedEntry, picked: Picked, language: Language) -> Item {
    let Picked { card, offer, gtin, changed_at } = picked;
    let suffix = if language == Language::En { "?lang=en" } else { "" };
    let shop = &guide.storefront_url;
    Item {
        id: card.id.to_string(),
        sku: offer.as_ref().map_or_else(|| card.slug.clone(), |offer| offer.sku.clone()),
        name: say(&card.name, language),
        summary: say(&card.summary, language),
        link: click_link(&guide.base_url, &guide.signer, &feed.slug, &card.slug),
        url: format!("{shop}/p/{}{suffix}", card.slug),
        price: offer.as_ref().map(|offer| offer.price.0),
        listed: offer.as_ref().and_then(|offer| offer.listed).map(|listed| listed.0),
        pack: offer
            .as_ref()
            .map(|offer| if language == Language::En { offer.pack_en.clone() } else { offer.pack_vi.clone() })
            .unwrap_or_default(),
        unit: offer.as_ref().map_or(Unit::Piece, |offer| offer.unit),
        weight_g: offer.as_ref().map_or(0, |offer| offer.weight_g),
        stars: card.stars,
        availability: if offer.is_some() { card.availability } else { Availability::OutOfStock },
        in_season: card.in_season,
        season: card.season.as_ref().map(|season| (season.from_month, season.to_month)),
        rating: card.rating.as_ref().map(|rating| (rating.average, rating.count)),
        category: say(&card.category.name, language),
        cooperative: say(&card.cooperative.name, language),
        cooperative_url: format!("{shop}/c/{}{suffix}", card.cooperative.slug),
        commune: card.origin.commune_name.clone(),
        province: card.origin.province_name.clone(),
        point: (card.origin.latitude, card.origin.longitude),
        distance_km: card.distance_km,
        gtin,
        image: card.image,
        changed_at,
        slug: card.slug,
    }
}

fn copy(feed: &FeedEntry) -> FeedEntry {
    FeedEntry {
        id: feed.id,
        partner: feed.partner,
        slug: feed.slug.clone(),
        code: feed.code.clone(),
        name: feed.name.clone(),
        partner_name: feed.partner_name.clone(),
        definition: feed.definition.clone(),
        updated_at: feed.updated_at,
    }
}

/// The feed in another language.
pub fn spoken(feed: &FeedEntry, language: Language) -> FeedEntry {
    let mut other = copy(feed);
    other.definition.language = language;
    other
}

impl Guide {
    /// Whether a feed of the partner shows the product now, or could have until it left the market. The market is asked
    /// last: what leaves it between the two questions is then told of, too.
    pub fn shows(&self, partner: PartnerId, product: ProductId) -> bool {
        let book = self.book();
        let mut own = book.feeds.values().filter(|feed| feed.partner == partner);
        let id = product.to_string();
        let shown = own.any(|feed| sheet(self, &book, feed).items.iter().any(|item| item.id == id));
        let pick = Pick { products: vec![id], limit: 1, ..Pick::default() };
        shown || self.catalogue.pick(&pick, self.clock.today()).items.is_empty()
    }
}
