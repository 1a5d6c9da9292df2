//! Where things grow and where one may go: drawn from our own data, no map of others is asked.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get};
use minijinja::context;
use serde_json::json;

use super::shell::{Fault, Shell};
use crate::pages::charts::dots;
use crate::platform::templates::value;
use crate::tourism::destinations::Destination;

#[get("/map")]
pub async fn on_map(shell: Shell) -> Result<HttpResponse, Fault> {
    let book = shell.guide.book().clone();
    let growers = shell.catalogue.cooperative_cards();
    let name = |text: &crate::shop::catalogue::view::Bilingual| shell.say(&text.vi, &text.en).to_owned();
    // One frame for both, so that they stand where they lie to each other.
    let places = book.places.iter().map(|place| {
        let shown = Destination::of(place);
        (shown.latitude, shown.longitude, name(&shown.name), format!("/d/{}", shown.slug), 0)
    });
    let farms = growers.iter().map(|card| {
        let (name, path) = (name(&card.name), format!("/c/{}", card.slug));
        (card.origin.latitude, card.origin.longitude, name, path, i64::try_from(card.product_count).unwrap_or(0))
    });
    let drawn = dots(places.chain(farms));
    let (places, farms) = drawn.split_at(book.places.len());
    let listed: Vec<_> = book.places.iter().map(|place| Destination::of(place)).collect();
    let canonical = format!("{}/map", shell.config.storefront_url());
    let values = context! {
        canonical => canonical, places => value(&json!(places)), farms => value(&json!(farms)), destinations => value(&listed), growers => value(&growers),
    };
    shell.page("map.html", StatusCode::OK, values)
}
