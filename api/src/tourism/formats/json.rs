//! Our own schema, as the widget reads it.

use entity::value::{Language, Vnd};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::rfc3339;
use crate::shop::catalogue::rules::Availability;
use crate::shop::catalogue::view::Image;
use crate::tourism::sheet::{Item, Sheet};

/// Nodes may learn of a change this much apart: a delta goes so much further back, and never misses one.
const OVERLAP: Duration = Duration::seconds(10);

/// A feed of products.
#[derive(Serialize, ToSchema)]
pub struct FeedDocument {
    /// Of this schema.
    version: u8,
    title: String,
    partner: String,
    /// To be shown wherever the products are.
    disclosure: String,
    language: Language,
    home: String,
    items: Vec<FeedItem>,
    /// All products of the feed in their order; with `updated_since`, what is not among them is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    ids: Option<Vec<String>>,
    /// What to ask with next time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    as_of: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct FeedItem {
    id: String,
    slug: String,
    name: String,
    summary: String,
    /// Counts the click and leads to the product.
    link: String,
    /// The product's own page.
    url: String,
    #[schema(required = true)]
    image: Option<FeedImage>,
    #[schema(required = true)]
    price: Option<entity::value::Money>,
    /// As people write it.
    price_text: String,
    /// As listed, while it is reduced because it must be eaten soon.
    #[schema(required = true)]
    listed_price: Option<entity::value::Money>,
    listed_price_text: String,
    pack: String,
    /// OCOP stars in force.
    #[schema(required = true)]
    stars: Option<i32>,
    availability: Availability,
    in_season: bool,
    #[schema(required = true)]
    season: Option<(i32, i32)>,
    category: String,
    cooperative: String,
    cooperative_url: String,
    commune: String,
    province: String,
    #[schema(required = true)]
    distance_km: Option<f64>,
    updated_at: String,
}

#[derive(Serialize, ToSchema)]
pub struct FeedImage {
    url: String,
    #[schema(required = true)]
    srcset: Option<String>,
    width: i32,
    height: i32,
    alt: String,
}

fn image(image: &Image, language: Language) -> FeedImage {
    FeedImage {
        url: image.url.clone(),
        srcset: image.srcset.clone(),
        width: image.width,
        height: image.height,
        alt: crate::tourism::sheet::say(&image.alt, language),
    }
}

fn item(item: &Item, language: Language) -> FeedItem {
    FeedItem {
        id: item.id.clone(),
        slug: item.slug.clone(),
        name: item.name.clone(),
        summary: item.summary.clone(),
        link: item.link.clone(),
        url: item.url.clone(),
        image: item.image.as_ref().map(|one| image(one, language)),
        price: item.price.map(|price| Vnd(price).into()),
        price_text: item.price.map(|price| Vnd(price).to_string()).unwrap_or_default(),
        listed_price: item.listed.map(|listed| Vnd(listed).into()),
        listed_price_text: item.listed.map(|listed| Vnd(listed).to_string()).unwrap_or_default(),
        pack: item.pack.clone(),
        stars: item.stars,
        availability: item.availability,
        in_season: item.in_season,
        season: item.season,
        category: item.category.clone(),
        cooperative: item.cooperative.clone(),
        cooperative_url: item.cooperative_url.clone(),
        commune: item.commune.clone(),
        province: item.province.clone(),
        distance_km: item.distance_km,
        updated_at: rfc3339(item.changed_at),
    }
}

/// The whole feed, or what changed since a moment.
pub fn document(sheet: &Sheet, since: Option<OffsetDateTime>, now: OffsetDateTime) -> FeedDocument {
    let fits = |item: &&Item| since.is_none_or(|since| item.changed_at >= since - OVERLAP);
    FeedDocument {
        version: 1,
        title: sheet.title.clone(),
        partner: sheet.partner.clone(),
        disclosure: sheet.disclosure.clone(),
        language: sheet.language,
        home: sheet.home.clone(),
        items: sheet.items.iter().filter(fits).map(|one| item(one, sheet.language)).collect(),
        ids: since.map(|_| sheet.items.iter().map(|item| item.id.clone()).collect()),
        as_of: since.map(|_| rfc3339(now)),
    }
}

pub fn write(sheet: &Sheet, now: OffsetDateTime) -> anyhow::Result<Vec<u8>> {
    Ok(serde_json::to_vec(&document(sheet, None, now))?)
}
