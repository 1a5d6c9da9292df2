//! `/v1/destinations`: places worth a journey, what grows around them, and what can be tasted there.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use entity::value::{DestinationId, DestinationKind, DestinationLink, EventId, PartnerId, ProductId};
use entity::{destination, destination_event, destination_product};
use garde::Validate;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::{IntoParams, ToSchema};

use super::guide::{Guide, Place};
use crate::people::places;
use crate::platform::body::Params;
use crate::platform::db::by_id;
use crate::platform::pagination::{DEFAULT_LIMIT, MAX_LIMIT, Page, decode};
use crate::platform::problem::{MALFORMED, NOT_FOUND, Problem};
use crate::platform::ready::{PUBLIC, Ready};
use crate::shop::catalogue::Sort;
use crate::shop::catalogue::pick::Pick;
use crate::shop::catalogue::rules::distance_km;
use crate::shop::catalogue::view::{Bilingual, CooperativeCard, Image, ProductCard};
use crate::shop::delivery::Window;

/// Cooperatives count as near a destination up to here.
const NEAR_KM: f64 = 25.0;
const NEAR_MOST: usize = 12;

/// A place worth a journey.
#[derive(Clone, Serialize, ToSchema)]
pub struct Destination {
    pub id: DestinationId,
    pub slug: String,
    pub kind: DestinationKind,
    pub name: Bilingual,
    pub text: Bilingual,
    pub street: String,
    pub commune_code: String,
    pub commune_name: String,
    pub province_name: String,
    pub latitude: f64,
    pub longitude: f64,
    pub hours: Vec<Window>,
    #[schema(required = true)]
    pub website: Option<String>,
    #[schema(required = true)]
    pub phone: Option<String>,
    pub images: Vec<Image>,
    /// Only when asked for with `near`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub distance_km: Option<f64>,
}

impl Destination {
    pub fn of(place: &Place) -> Self {
        let row = &place.row;
        let commune = places::commune(&row.commune_code);
        Self {
            id: row.id,
            slug: row.slug.clone(),
            kind: row.kind,
            name: Bilingual::new(&row.name_vi, &row.name_en),
            text: Bilingual::new(&row.text_vi, &row.text_en),
            street: row.street.clone(),
            commune_name: commune.map(|c| c.name.to_owned()).unwrap_or_default(),
            province_name: commune.map(|c| places::province_of(c).name.to_owned()).unwrap_or_default(),
            commune_code: row.commune_code.clone(),
            latitude: row.latitude,
            longitude: row.longitude,
            hours: serde_json::from_value(row.hours.clone()).unwrap_or_default(),
            website: row.website.clone(),
            phone: row.phone.clone(),
            images: place.images.clone(),
            distance_km: None,
        }
    }
}

/// What there is of a product at a destination.
#[derive(Clone, Serialize, ToSchema)]
pub struct DestinationProduct {
    pub kind: DestinationLink,
    pub note: Bilingual,
    /// First month, 1–12; all year unless told.
    #[schema(required = true)]
    pub from_month: Option<i32>,
    #[schema(required = true)]
    pub to_month: Option<i32>,
    pub product: ProductCard,
}

/// A harvest festival and the like.
#[derive(Clone, Serialize, ToSchema)]
pub struct DestinationEvent {
    pub id: EventId,
    pub name: Bilingual,
    pub text: Bilingual,
    #[schema(value_type = String, format = Date)]
    pub starts_on: Date,
    #[schema(value_type = String, format = Date)]
    pub ends_on: Date,
    #[schema(required = true)]
    pub website: Option<String>,
}

impl DestinationEvent {
    pub fn of(row: &destination_event::Model) -> Self {
        let (name, text) = (Bilingual::new(&row.name_vi, &row.name_en), Bilingual::new(&row.text_vi, &row.text_en));
        Self { id: row.id, name, text, starts_on: row.starts_on, ends_on: row.ends_on, website: row.website.clone() }
    }
}

#[derive(Clone, Serialize, ToSchema)]
pub struct PartnerRef {
    pub id: PartnerId,
    pub name: String,
}

/// A destination with what belongs to it.
#[derive(Clone, Serialize, ToSchema)]
pub struct DestinationPage {
    #[serde(flatten)]
    pub destination: Destination,
    /// Those chosen by hand, then the nearest.
    pub cooperatives: Vec<CooperativeCard>,
    /// Taste it where it grows.
    pub products: Vec<DestinationProduct>,
    /// Not over yet, soonest first.
    pub events: Vec<DestinationEvent>,
    pub partners: Vec<PartnerRef>,
}

/// Everything about a destination.
pub fn page_of(guide: &Guide, place: &Place) -> DestinationPage {
    let here = (place.row.latitude, place.row.longitude);
    let mut cooperatives: Vec<CooperativeCard> =
        place.cooperatives.iter().filter_map(|id| guide.catalogue.cooperative_card(*id)).collect();
    let mut near: Vec<_> = guide
        .catalogue
        .cooperative_cards()
        .into_iter()
        .map(|card| (distance_km(here, (card.origin.latitude, card.origin.longitude)), card))
        .filter(|(km, card)| *km <= NEAR_KM && cooperatives.iter().all(|known| known.id != card.id))
        .collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    cooperatives.extend(near.into_iter().map(|(_, card)| card));
    cooperatives.truncate(NEAR_MOST.max(place.cooperatives.len()));
    let today = guide.clock.today();
    let keys: Vec<String> = place.products.iter().map(|link| link.product_id.to_string()).collect();
    let pick = Pick { products: keys, limit: 100, ..Pick::default() };
    let chosen = if place.products.is_empty() { Vec::new() } else { guide.catalogue.pick(&pick, today).items };
    let products = chosen.into_iter().filter_map(|picked| {
        let link = place.products.iter().find(|link| link.product_id == picked.card.id)?;
        Some(DestinationProduct {
            kind: link.kind,
            note: Bilingual::new(&link.note_vi, &link.note_en),
            from_month: link.from_month,
            to_month: link.to_month,
            product: picked.card,
        })
    });
    let book = guide.book();
    let partners = book.partners_at.get(&place.row.id).map(Vec::as_slice).unwrap_or_default();
    DestinationPage {
        destination: Destination::of(place),
        cooperatives,
        products: products.collect(),
        events: place.events.iter().filter(|row| row.ends_on >= today).map(DestinationEvent::of).collect(),
        partners: partners.iter().map(|(id, name)| PartnerRef { id: *id, name: name.clone() }).collect(),
    }
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct DestinationQuery {
    /// `latitude,longitude`: the nearest first, with distances.
    #[garde(inner(length(max = 60)))]
    #[param(max_length = 60, example = "20.67,105.53")]
    near: Option<String>,
    /// With `near`: no further than this.
    #[garde(inner(range(min = 0.0, max = 21_000.0)))]
    #[param(minimum = 0, maximum = 21000)]
    radius_km: Option<f64>,
    #[param(inline)]
    kind: Option<DestinationKind>,
    /// Today's code.
    #[garde(inner(length(max = 10)))]
    #[param(max_length = 10)]
    commune: Option<String>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cursor: Option<String>,
}

fn fault(parameter: &str, vi: &'static str, en: &'static str) -> Problem {
    let mut problem = Problem::field(parameter, "parameter", vi, en);
    problem.code = &MALFORMED;
    problem
}

fn point(text: &str) -> Result<(f64, f64), Problem> {
    let wrong = || fault("near", "cần vĩ độ,kinh độ như 20.67,105.53", "latitude,longitude such as 20.67,105.53");
    let (latitude, longitude) = text.split_once(',').ok_or_else(wrong)?;
    let point: (f64, f64) =
        (latitude.trim().parse().map_err(|_| wrong())?, longitude.trim().parse().map_err(|_| wrong())?);
    if (-90.0..=90.0).contains(&point.0) && (-180.0..=180.0).contains(&point.1) { Ok(point) } else { Err(wrong()) }
}

/// The destinations asked for: all that fit, in their order.
fn found(guide: &Guide, query: &DestinationQuery) -> Result<Vec<Destination>, Problem> {
    let near = query.near.as_deref().map(point).transpose()?;
    if query.radius_km.is_some() && near.is_none() {
        return Err(fault("radius_km", "cần kèm theo near", "needs near beside it"));
    }
    let book = guide.book();
    let fits = |place: &&std::sync::Arc<Place>| {
        query.kind.is_none_or(|kind| place.row.kind == kind)
            && query.commune.as_ref().is_none_or(|code| place.row.commune_code == *code)
    };
    let mut rows: Vec<Destination> = book.places.iter().filter(fits).map(|place| Destination::of(place)).collect();
    if let Some(near) = near {
        for row in &mut rows {
            row.distance_km = Some((distance_km(near, (row.latitude, row.longitude)) * 10.0).round() / 10.0);
        }
        rows.retain(|row| query.radius_km.is_none_or(|radius| row.distance_km.is_some_and(|km| km <= radius)));
        rows.sort_by(|a, b| a.distance_km.unwrap_or(0.0).total_cmp(&b.distance_km.unwrap_or(0.0)));
    }
    Ok(rows)
}

/// Destinations, those shown first longest ago first, or the nearest first.
#[utoipa::path(tag = "tourism", operation_id = "list_destinations", params(DestinationQuery), responses((status = 200, description = "A page of destinations", body = Page<Destination>), (status = 304, description = "Unchanged")))]
#[get("/v1/destinations")]
pub async fn list_destinations(
    request: HttpRequest,
    guide: Data<Guide>,
    query: Params<DestinationQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = query.0.limit.unwrap_or(DEFAULT_LIMIT);
    let after: Option<DestinationId> = query.0.cursor.as_deref().map(decode).transpose()?;
    let mut rows = found(&guide, &query.0)?;
    if let Some(after) = after {
        let place = rows.iter().position(|row| row.id == after).map_or(rows.len(), |index| index + 1);
        rows.drain(..place);
    }
    rows.truncate(usize::try_from(limit).unwrap_or(100) + 1);
    let page = Page::from_rows(rows, limit, |row: &Destination| row.id);
    Ok(Ready::json(&page).map_err(Problem::internal)?.respond(&request, PUBLIC))
}

/// Destinations as GeoJSON (RFC 7946), for maps.
#[utoipa::path(tag = "tourism", operation_id = "destinations_geojson", params(DestinationQuery), responses((status = 200, description = "A FeatureCollection", body = serde_json::Value, content_type = "application/geo+json")))]
#[get("/v1/destinations.geojson")]
pub async fn geojson(guide: Data<Guide>, query: Params<DestinationQuery>) -> Result<HttpResponse, Problem> {
    let shop = &guide.storefront_url;
    let feature = |row: Destination| {
        json!({
            "type": "Feature",
            "id": row.id,
            "geometry": {"type": "Point", "coordinates": [row.longitude, row.latitude]},
            "properties": {
                "slug": row.slug, "kind": row.kind, "name_vi": row.name.vi, "name_en": row.name.en, "commune": row.commune_name,
                "province": row.province_name, "website": row.website, "distance_km": row.distance_km, "url": format!("{shop}/d/{}", row.slug),
            },
        })
    };
    let features: Vec<_> = found(&guide, &query.0)?.into_iter().take(1000).map(feature).collect();
    Ok(HttpResponse::Ok()
        .content_type("application/geo+json")
        .insert_header((header::CACHE_CONTROL, PUBLIC))
        .body(json!({"type": "FeatureCollection", "features": features}).to_string()))
}

/// A destination, by id or slug: what grows around it, what can be tasted there, its festivals.
#[utoipa::path(tag = "tourism", operation_id = "show_destination", params(("key" = String, Path, description = "Id or slug", max_length = 200)), responses((status = 200, description = "The destination", body = DestinationPage), (status = 304, description = "Unchanged")))]
#[get("/v1/destinations/{key}")]
pub async fn show_destination(
    request: HttpRequest,
    guide: Data<Guide>,
    key: Path<String>,
) -> Result<HttpResponse, Problem> {
    let place = guide.book().place(&key).cloned().ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(Ready::json(&page_of(&guide, &place)).map_err(Problem::internal)?.respond(&request, PUBLIC))
}

/// Destinations where a product can be tasted, seen growing or bought.
#[derive(Serialize, ToSchema)]
pub struct WhereItGrows {
    items: Vec<ProductPlace>,
}

#[derive(Serialize, ToSchema)]
pub struct ProductPlace {
    kind: DestinationLink,
    note: Bilingual,
    #[schema(required = true)]
    from_month: Option<i32>,
    #[schema(required = true)]
    to_month: Option<i32>,
    destination: Destination,
}

/// Where a product can be tasted, seen growing or bought.
#[utoipa::path(tag = "tourism", operation_id = "list_product_destinations", params(("id" = ProductId, Path)), responses((status = 200, description = "The destinations", body = WhereItGrows)))]
#[get("/v1/products/{id}/destinations")]
pub async fn list_of_product(guide: Data<Guide>, id: Path<ProductId>) -> HttpResponse {
    let book = guide.book();
    let view = |(place, link): (&std::sync::Arc<Place>, &destination_product::Model)| ProductPlace {
        kind: link.kind,
        note: Bilingual::new(&link.note_vi, &link.note_en),
        from_month: link.from_month,
        to_month: link.to_month,
        destination: Destination::of(place),
    };
    HttpResponse::Ok().json(WhereItGrows { items: book.of_product(*id).map(view).collect() })
}

/// The nearest products on sale around a destination.
pub fn products_near(guide: &Guide, place: &Place, limit: usize) -> Vec<ProductCard> {
    let pick = Pick {
        near: Some((place.row.latitude, place.row.longitude)),
        radius_km: Some(NEAR_KM),
        in_stock: true,
        sort: Some(Sort::Distance),
        limit,
        ..Pick::default()
    };
    guide.catalogue.pick(&pick, guide.clock.today()).items.into_iter().map(|picked| picked.card).collect()
}

/// Whether a destination is there to be named.
pub async fn exists(connection: &impl ConnectionTrait, id: DestinationId) -> Result<bool, Problem> {
    Ok(by_id::<destination::Entity>(connection, id).await?.is_some())
}
