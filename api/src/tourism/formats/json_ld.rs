//! JSON-LD with schema.org's words: an `ItemList` of `Product`s with their `Offer`s, as search engines read them.

use entity::value::Language;
use serde_json::{Map, Value, json};

use super::stars;
use crate::shop::catalogue::rules::Availability;
use crate::tourism::sheet::{Item, Sheet};

pub fn write(sheet: &Sheet) -> anyhow::Result<Vec<u8>> {
    let element = |(place, one): (usize, &Item)| json!({"@type": "ListItem", "position": place + 1, "item": product(one, sheet.language)});
    let list = json!({
        "@context": "https://schema.org",
        "@type": "ItemList",
        "@id": format!("{}.jsonld", sheet.address),
        "name": sheet.title,
        "numberOfItems": sheet.items.len(),
        "itemListElement": sheet.items.iter().enumerate().map(element).collect::<Vec<_>>(),
    });
    Ok(serde_json::to_vec(&list)?)
}

/// A product with its offer.
pub fn product(item: &Item, language: Language) -> Value {
    let mut out = Map::new();
    out.insert("@type".into(), "Product".into());
    out.insert("@id".into(), item.url.clone().into());
    out.insert("url".into(), item.url.clone().into());
    out.insert("name".into(), item.name.clone().into());
    out.insert("description".into(), item.summary.clone().into());
    out.insert("sku".into(), item.sku.clone().into());
    out.insert("category".into(), item.category.clone().into());
    out.insert("brand".into(), json!({"@type": "Brand", "name": item.cooperative}));
    if let Some(image) = &item.image {
        out.insert("image".into(), json!([image.url]));
    }
    if let Some(gtin) = &item.gtin {
        out.insert("gtin".into(), gtin.clone().into());
    }
    if item.stars.is_some() {
        out.insert("award".into(), stars(item, language == Language::Vi).into());
    }
    if let Some((average, count)) = item.rating {
        out.insert(
            "aggregateRating".into(),
            json!({"@type": "AggregateRating", "ratingValue": average, "reviewCount": count, "bestRating": 5}),
        );
    }
    if let Some(price) = item.price {
        let availability = match item.availability {
            Availability::OutOfStock => "https://schema.org/OutOfStock",
            Availability::LowStock => "https://schema.org/LimitedAvailability",
            Availability::InStock => "https://schema.org/InStock",
        };
        let listed = item.listed.map(|listed| {
            json!({"@type": "UnitPriceSpecification", "priceType": "https://schema.org/StrikethroughPrice", "price": listed.to_string(), "priceCurrency": "VND"})
        });
        let mut offer = json!({
                "@type": "Offer",
                "url": item.url,
                "price": price.to_string(),
                "priceCurrency": "VND",
                "availability": availability,
                "itemCondition": "https://schema.org/NewCondition",
                "seller": seller(item),
        });
        if let Some(listed) = listed {
            offer["priceSpecification"] = listed;
        }
        out.insert("offers".into(), offer);
    }
    Value::Object(out)
}

fn seller(item: &Item) -> Value {
    json!({
        "@type": "Organization",
        "@id": item.cooperative_url,
        "name": item.cooperative,
        "url": item.cooperative_url,
        "address": {"@type": "PostalAddress", "addressLocality": item.commune, "addressRegion": item.province, "addressCountry": "VN"},
        "location": {"@type": "Place", "name": item.commune, "geo": {"@type": "GeoCoordinates", "latitude": item.point.0, "longitude": item.point.1}},
    })
}
