//! What there is: the front page, products, cooperatives, destinations.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use actix_web::{HttpResponse, get};
use entity::value::{Language, ProductId};
use minijinja::context;
use serde::Deserialize;
use serde_json::{Value, json};

use super::shell::{Fault, Shell};
use crate::platform::numbers;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::ready::Ready;
use crate::platform::templates::value;
use crate::tourism::destinations::{Destination, page_of, products_near};

fn data(ready: &Ready) -> Result<Value, Problem> {
    serde_json::from_slice(&ready.bytes).map_err(Problem::internal)
}

/// In a script element: nothing in it may end the element.
fn inline(json: &Value) -> String {
    json.to_string().replace('<', "\\u003c")
}

fn say(text: &Value, language: Language) -> &str {
    let own = if language == Language::En { text["en"].as_str() } else { None };
    own.filter(|text| !text.is_empty()).or(text["vi"].as_str()).unwrap_or_default()
}

#[derive(Deserialize)]
pub struct HomeQuery {
    q: Option<String>,
    cursor: Option<String>,
}

#[get("/")]
pub async fn home(shell: Shell, query: Query<HomeQuery>) -> Result<HttpResponse, Fault> {
    let q: String = query.q.clone().unwrap_or_default().chars().take(100).collect();
    let mut asked = form_urlencoded::Serializer::new("limit=24".to_owned());
    if !q.trim().is_empty() {
        asked.append_pair("q", &q);
    }
    if let Some(cursor) = &query.cursor {
        asked.append_pair("cursor", cursor);
    }
    let found = shell.catalogue.product_list(&asked.finish()).map_err(|problem| shell.fault(problem))?;
    let found = data(&found).map_err(|problem| shell.fault(problem))?;
    let book = shell.guide.book().clone();
    let places: Vec<Destination> = book.places.iter().take(12).map(|place| Destination::of(place)).collect();
    let values = context! {
        items => value(&found["items"]), next => found["next_cursor"].as_str().unwrap_or_default(), q => q.clone(),
        places => if q.is_empty() { value(&places) } else { value(&Vec::<u8>::new()) },
    };
    if q.is_empty() && query.cursor.is_none() {
        let canonical = format!("{}/", shell.config.storefront_url());
        return shell.page("home.html", StatusCode::OK, context! { canonical => canonical, ..values });
    }
    shell.page("home.html", StatusCode::OK, values)
}

#[get("/p/{slug}")]
pub async fn product(shell: Shell, slug: Path<String>) -> Result<HttpResponse, Fault> {
    let page = shell.catalogue.product_page(&slug).await.map_err(|problem| shell.fault(problem))?;
    let page = data(&page).map_err(|problem| shell.fault(problem))?;
    let base = shell.config.storefront_url();
    let own = page["slug"].as_str().unwrap_or_default();
    if own != slug.as_str() {
        return Ok(shell.to(&format!("/p/{own}")));
    }
    let canonical = format!("{base}/p/{own}");
    let id: Option<ProductId> = page["id"].as_str().and_then(|id| id.parse().ok());
    let book = shell.guide.book().clone();
    let places: Vec<Value> = id
        .map(|id| {
            let link = |(place, link): (&std::sync::Arc<crate::tourism::Place>, &entity::destination_product::Model)| {
                json!({"destination": Destination::of(place), "kind": link.kind, "from_month": link.from_month, "to_month": link.to_month,
                       "note": {"vi": link.note_vi, "en": link.note_en}})
            };
            book.of_product(id).map(link).collect()
        })
        .unwrap_or_default();
    let partner = shell.disclosure().await?;
    // What keeps for years is not fresher for being young.
    let fresh =
        page["harvested_on"].as_str().filter(|_| page["shelf_life_days"].as_i64().is_some_and(|days| days <= 120));
    let fresh = fresh.and_then(|day| numbers::date(day).ok()).map(|day| (shell.clock.today() - day).whole_days());
    let address: String = form_urlencoded::byte_serialize(canonical.as_bytes()).collect();
    let values = context! {
        canonical => canonical.clone(), json_ld => inline(&product_ld(&page, &base, &canonical, shell.language)), p => value(&page), places => value(&places),
        fresh => fresh, partner => partner, oembed => format!("{}/oembed?url={address}", shell.config.base_url()),
    };
    shell.page("product.html", StatusCode::OK, values)
}

/// A product with an offer for each of its packs, as Google's product snippets and merchant listings ask.
fn product_ld(page: &Value, base: &str, canonical: &str, language: Language) -> Value {
    let seller = &page["seller"];
    let shop = format!("{base}/c/{}", seller["slug"].as_str().unwrap_or_default());
    let offer = |offer: &Value| {
        let availability = match offer["availability"].as_str() {
            Some("in_stock") => "https://schema.org/InStock",
            Some("low_stock") => "https://schema.org/LimitedAvailability",
            _ => "https://schema.org/OutOfStock",
        };
        json!({
            "@type": "Offer", "name": say(&offer["pack"], language), "sku": offer["sku"], "url": canonical, "price": offer["price"]["amount"].to_string(), "priceCurrency": "VND",
            "availability": availability, "itemCondition": "https://schema.org/NewCondition",
            "seller": {"@type": "Organization", "name": say(&seller["name"], language), "url": shop},
        })
    };
    let offers: Vec<Value> = page["offers"].as_array().into_iter().flatten().map(offer).collect();
    let images: Vec<&Value> = page["images"].as_array().into_iter().flatten().map(|image| &image["url"]).collect();
    let mut out = json!({
        "@context": "https://schema.org", "@type": "Product", "@id": canonical, "url": canonical, "name": say(&page["name"], language),
        "description": say(&page["summary"], language), "sku": page["offers"][0]["sku"], "image": images, "category": say(&page["category"]["name"], language),
        "brand": {"@type": "Brand", "name": say(&seller["name"], language)}, "offers": offers,
    });
    if let Some(gtin) = page["gtin"].as_str() {
        out["gtin"] = gtin.into();
    }
    if let Some(stars) = page["stars"].as_i64() {
        out["award"] = format!("OCOP {stars} sao").into();
    }
    if page["rating"].is_object() {
        out["aggregateRating"] = json!({"@type": "AggregateRating", "ratingValue": page["rating"]["average"], "reviewCount": page["rating"]["count"], "bestRating": 5});
    }
    out
}

#[get("/c/{slug}")]
pub async fn cooperative(shell: Shell, slug: Path<String>) -> Result<HttpResponse, Fault> {
    let page = shell.catalogue.cooperative_page(&slug).await.map_err(|problem| shell.fault(problem))?;
    let page = data(&page).map_err(|problem| shell.fault(problem))?;
    let canonical = format!("{}/c/{}", shell.config.storefront_url(), page["slug"].as_str().unwrap_or_default());
    let seller = &page["seller"];
    let json_ld = json!({
        "@context": "https://schema.org", "@type": "Organization", "@id": canonical, "url": canonical, "name": say(&page["name"], shell.language),
        "legalName": seller["legal_name"], "taxID": seller["tax_code"], "telephone": seller["phone"],
        "address": {"@type": "PostalAddress", "streetAddress": seller["address"], "addressLocality": page["origin"]["commune_name"], "addressRegion": page["origin"]["province_name"], "addressCountry": "VN"},
        "location": {"@type": "Place", "geo": {"@type": "GeoCoordinates", "latitude": page["origin"]["latitude"], "longitude": page["origin"]["longitude"]}},
    });
    shell.page(
        "cooperative.html",
        StatusCode::OK,
        context! { canonical => canonical, json_ld => inline(&json_ld), c => value(&page) },
    )
}

#[get("/d/{slug}")]
pub async fn destination(shell: Shell, slug: Path<String>) -> Result<HttpResponse, Fault> {
    let place = shell.guide.book().place(&slug).cloned().ok_or_else(|| shell.fault(Problem::new(&NOT_FOUND)))?;
    let page = serde_json::to_value(page_of(&shell.guide, &place)).map_err(Problem::internal)?;
    let near = products_near(&shell.guide, &place, 12);
    let canonical = format!("{}/d/{}", shell.config.storefront_url(), place.row.slug);
    let images: Vec<&Value> = page["images"].as_array().into_iter().flatten().map(|image| &image["url"]).collect();
    let json_ld = json!({
        "@context": "https://schema.org", "@type": "TouristAttraction", "@id": canonical, "url": canonical, "name": say(&page["name"], shell.language),
        "description": say(&page["text"], shell.language), "image": images,
        "address": {"@type": "PostalAddress", "streetAddress": page["street"], "addressLocality": page["commune_name"], "addressRegion": page["province_name"], "addressCountry": "VN"},
        "geo": {"@type": "GeoCoordinates", "latitude": page["latitude"], "longitude": page["longitude"]},
    });
    let partner = shell.disclosure().await?;
    let values = context! { canonical => canonical, json_ld => inline(&json_ld), d => value(&page), near => value(&near), partner => partner };
    shell.page("destination.html", StatusCode::OK, values)
}
