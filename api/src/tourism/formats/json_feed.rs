//! JSON Feed 1.1 (jsonfeed.org).

use serde_json::{Map, Value, json};

use super::{rfc3339, stars};
use crate::tourism::sheet::{Item, Sheet};
use entity::value::{Language, Vnd};

pub fn write(sheet: &Sheet) -> anyhow::Result<Vec<u8>> {
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": sheet.title,
        "home_page_url": sheet.home,
        "feed_url": format!("{}.jsonfeed", sheet.address),
        "description": sheet.disclosure,
        "language": sheet.language.as_str(),
        "authors": [{"name": "Chợ OCOP", "url": sheet.home}],
        "items": sheet.items.iter().map(|one| item(one, sheet)).collect::<Vec<_>>(),
    });
    Ok(serde_json::to_vec(&feed)?)
}

fn item(item: &Item, sheet: &Sheet) -> Value {
    let vietnamese = sheet.language == Language::Vi;
    let price = item.price.map(|price| Vnd(price).to_string()).unwrap_or_default();
    let facts: Vec<_> =
        [&item.pack, &price, &stars(item, vietnamese)].into_iter().filter(|text| !text.is_empty()).cloned().collect();
    let mut out = Map::new();
    out.insert("id".into(), item.id.clone().into());
    out.insert("url".into(), item.link.clone().into());
    out.insert("title".into(), item.name.clone().into());
    out.insert("summary".into(), item.summary.clone().into());
    out.insert("content_text".into(), format!("{}\n{}", item.summary, facts.join(" · ")).into());
    if let Some(image) = &item.image {
        out.insert("image".into(), image.url.clone().into());
    }
    out.insert("date_modified".into(), rfc3339(item.changed_at).into());
    out.insert("authors".into(), json!([{"name": item.cooperative, "url": item.cooperative_url}]));
    out.insert("tags".into(), json!([item.category, item.province]));
    // What the standard has no place for stands under a name of our own, as it asks.
    out.insert(
        "_ocop".into(),
        json!({"about": "https://jsonfeed.org/version/1.1#extensions-a-name-extensions-a", "stars": item.stars, "price": item.price.map(|price| entity::value::Money::from(Vnd(price))),
               "availability": item.availability, "in_season": item.in_season}),
    );
    Value::Object(out)
}
