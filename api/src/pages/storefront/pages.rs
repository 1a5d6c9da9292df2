//! What there is: products, cooperatives, destinations.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use actix_web::{HttpResponse, get};
use entity::value::{CooperativeId, Language, ProductId, Vnd};
use minijinja::context;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::shell::{Fault, Shell};
use crate::people::places;
use crate::platform::numbers;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::ready::Ready;
use crate::platform::templates::value;
use crate::shop::delivery::{rate_to, rules as delivery};
use crate::shop::favourites::is_liked;
use crate::shop::reviews::newest_of as newest_reviews;
use crate::tourism::destinations::{Destination, page_of, products_near};

pub fn data(ready: &Ready) -> Result<Value, Problem> {
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

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ProductQuery {
    /// Where it would go to, as typed: what that costs is told before anything is in the basket.
    to: String,
}

/// What it costs to have one pack of each kind brought to a commune, and how long it takes at most.
#[derive(Serialize)]
struct Brought {
    to: String,
    offers: Vec<(Value, i64, i32)>,
}

async fn brought(shell: &Shell, page: &Value, typed: &str) -> Result<Result<Brought, Problem>, Fault> {
    let Some(code) = places::commune_meant(typed) else {
        let (vi, en) =
            ("Không tìm thấy xã này; viết như “Kim Bôi, Phú Thọ”", "No such commune; write “Kim Bôi, Phú Thọ”");
        return Ok(Err(Problem::field("/to", "commune", vi, en)));
    };
    let commune = places::commune(&code);
    let to = commune.map(|commune| format!("{}, {}", commune.name, places::province_of(commune).name));
    let seller: Option<CooperativeId> = page["cooperative"]["id"].as_str().and_then(|id| id.parse().ok());
    let Some(seller) = seller else { return Ok(Err(Problem::internal("a product without its seller"))) };
    let rate = rate_to(shell.db.fresh(), seller, &code).await?;
    let fee = |offer: &Value| {
        let rate = rate.as_ref()?;
        let quantity = offer["min_quantity"].as_i64()?;
        let goods = Vnd(offer["price"]["amount"].as_i64()?.checked_mul(quantity)?);
        let fee = delivery::price(rate, offer["weight_g"].as_i64()?.checked_mul(quantity)?, goods)?;
        Some((offer["id"].clone(), fee.0, rate.max_days))
    };
    let offers = page["offers"].as_array().into_iter().flatten().filter_map(fee).collect();
    Ok(Ok(Brought { to: to.unwrap_or_default(), offers }))
}

/// Others of the same category, and others of the same growers.
fn beside(shell: &Shell, page: &Value) -> Result<(Vec<Value>, Vec<Value>), Problem> {
    let of = |name: &str, key: &Value| -> Result<Vec<Value>, Problem> {
        let key: String = form_urlencoded::byte_serialize(key.as_str().unwrap_or_default().as_bytes()).collect();
        let found = data(&*shell.catalogue.product_list(&format!("limit=7&sort=season&{name}={key}"))?)?;
        let others = found["items"].as_array().cloned().unwrap_or_default();
        Ok(others.into_iter().filter(|item| item["id"] != page["id"]).take(6).collect())
    };
    let same = of("cooperative", &page["cooperative"]["slug"])?;
    let mut related = of("category", &page["category"]["slug"])?;
    related.retain(|item| same.iter().all(|one| one["id"] != item["id"]));
    Ok((related, same))
}

#[get("/p/{slug}")]
pub async fn product(shell: Shell, slug: Path<String>, query: Query<ProductQuery>) -> Result<HttpResponse, Fault> {
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
    let said = match id.filter(|_| page["rating"].is_object()) {
        Some(id) => newest_reviews(&shell.db, id, 5).await?,
        None => Vec::new(),
    };
    let (related, same) = beside(&shell, &page).map_err(|problem| shell.fault(problem))?;
    let typed: String = query.to.trim().chars().take(100).collect();
    let (brought, unknown) = match typed.as_str() {
        "" => (None, String::new()),
        typed => match brought(&shell, &page, typed).await? {
            Ok(brought) => (Some(brought), String::new()),
            Err(problem) => (None, problem.words(shell.language)),
        },
    };
    let liked = match (shell.person().await?, id) {
        (Some(person), Some(id)) => Some(is_liked(shell.db.fresh(), person.account, id).await?.is_some()),
        _ => None,
    };
    let address: String = form_urlencoded::byte_serialize(canonical.as_bytes()).collect();
    let values = context! {
        canonical => canonical.clone(), json_ld => inline(&product_ld(&page, &base, &canonical, shell.language)), p => value(&page), places => value(&places),
        said => value(&said), related => value(&related), same => value(&same), to => typed, brought => value(&brought), unknown => unknown,
        liked => liked, fresh => fresh, partner => partner, oembed => format!("{}/oembed?url={address}", shell.config.base_url()),
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
