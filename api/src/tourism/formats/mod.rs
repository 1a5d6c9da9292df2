//! A feed's sheet, written as each of its readers wants it.

pub mod json;
pub mod json_feed;
pub mod json_ld;
pub mod table;
pub mod xml;

use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

use super::sheet::Item;
use crate::shop::catalogue::rules::Availability;

pub fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

pub fn rfc2822(at: OffsetDateTime) -> String {
    at.format(&Rfc2822).unwrap_or_default()
}

/// As Google's and Meta's product data specifications call it.
pub fn availability(item: &Item) -> &'static str {
    if item.availability == Availability::OutOfStock { "out_of_stock" } else { "in_stock" }
}

/// `3 sao OCOP`; empty without stars.
pub fn stars(item: &Item, vietnamese: bool) -> String {
    match item.stars {
        Some(stars) if vietnamese => format!("{stars} sao OCOP"),
        Some(stars) => format!("OCOP {stars} stars"),
        None => String::new(),
    }
}

/// What product listings require beside what every item has: a picture and a price.
pub fn is_listing(item: &Item) -> bool {
    item.image.is_some() && item.price.is_some()
}
