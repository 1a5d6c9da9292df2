//! `/v1/destinations`: places worth a journey, what grows around them, and what can be tasted there.

use actix_web::http::header;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put};
use entity::value::{
    CooperativeId, DestinationId, DestinationKind, DestinationLink, EventId, MediaPurpose, PartnerId, PlatformRole,
    ProductId, RowId,
};
use entity::{destination, destination_cooperative, destination_event, destination_image, destination_product};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::{IntoParams, ToSchema};

use super::guide::{Guide, Place, changed};
use crate::catalogue::Desk;
use crate::catalogue::Sort;
use crate::catalogue::pick::Pick;
use crate::catalogue::rules::distance_km;
use crate::catalogue::view::{Bilingual, CooperativeCard, Image, ProductCard};
use crate::delivery::Window;
use crate::identity::check_commune;
use crate::media;
use crate::places;
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, is_duplicate, run};
use crate::platform::fold;
use crate::platform::pagination::{DEFAULT_LIMIT, MAX_LIMIT, Page, decode};
use crate::platform::problem::{MALFORMED, NOT_FOUND, Problem, codes};
use crate::platform::ready::{PUBLIC, Ready};
use crate::platform::upload;

codes! {
    SLUG_TAKEN = "slug_taken" 409 "Đường dẫn này đã có nơi khác dùng." "Another place has this slug.";
}

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
            commune_name: commune.map(|c| c.name.clone()).unwrap_or_default(),
            province_name: commune.map(|c| places::province_of(c).name.clone()).unwrap_or_default(),
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
    let event = |row: &destination_event::Model| DestinationEvent {
        id: row.id,
        name: Bilingual::new(&row.name_vi, &row.name_en),
        text: Bilingual::new(&row.text_vi, &row.text_en),
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        website: row.website.clone(),
    };
    let book = guide.book();
    let partners = book.partners_at.get(&place.row.id).map(Vec::as_slice).unwrap_or_default();
    DestinationPage {
        destination: Destination::of(place),
        cooperatives,
        products: products.collect(),
        events: place.events.iter().filter(|row| row.ends_on >= today).map(event).collect(),
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

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"slug": "suoi-khoang-moi", "kind": "hot_spring", "name_vi": "Suối khoáng mới", "name_en": "New hot spring", "text_vi": "Nước khoáng.", "text_en": "Mineral water.",
    "street": "Xóm Mớ Đá", "commune_code": "04978", "latitude": 20.67, "longitude": 105.53, "hours": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "07:00", "to": "21:00"}], "active": true}))]
pub struct DestinationInput {
    #[garde(length(min = 2, max = 100), pattern("^[a-z0-9]+(-[a-z0-9]+)*$"))]
    #[schema(min_length = 2, max_length = 100, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: String,
    kind: DestinationKind,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    name_vi: String,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    name_en: String,
    #[garde(length(chars, max = 5000))]
    #[schema(max_length = 5000)]
    text_vi: String,
    #[garde(length(chars, max = 5000))]
    #[schema(max_length = 5000)]
    text_en: String,
    #[garde(length(chars, max = 200))]
    #[schema(max_length = 200)]
    street: String,
    /// Today's code.
    #[garde(length(max = 10))]
    #[schema(max_length = 10)]
    commune_code: String,
    #[garde(range(min = -90.0, max = 90.0))]
    #[schema(minimum = -90, maximum = 90)]
    latitude: f64,
    #[garde(range(min = -180.0, max = 180.0))]
    #[schema(minimum = -180, maximum = 180)]
    longitude: f64,
    #[garde(length(max = 14), dive)]
    #[schema(max_items = 14)]
    hours: Vec<Window>,
    #[garde(inner(length(max = 500), pattern("^https?://")))]
    #[schema(max_length = 500, pattern = "^https?://")]
    website: Option<String>,
    #[garde(inner(length(max = 30)))]
    #[schema(max_length = 30)]
    phone: Option<String>,
    active: bool,
}

impl DestinationInput {
    fn row(&self, id: DestinationId, desk: &Desk) -> Result<destination::ActiveModel, Problem> {
        check_commune("/commune_code", &self.commune_code)?;
        Ok(destination::ActiveModel {
            id: Set(id),
            slug: Set(self.slug.clone()),
            kind: Set(self.kind),
            name_vi: Set(fold::stored(&self.name_vi)),
            name_en: Set(fold::stored(&self.name_en)),
            text_vi: Set(fold::stored(&self.text_vi)),
            text_en: Set(fold::stored(&self.text_en)),
            street: Set(fold::stored(&self.street)),
            commune_code: Set(self.commune_code.clone()),
            latitude: Set(self.latitude),
            longitude: Set(self.longitude),
            hours: Set(serde_json::to_value(&self.hours).map_err(Problem::internal)?),
            website: Set(self.website.clone()),
            phone: Set(self.phone.clone()),
            active: Set(self.active),
            created_at: Set(desk.now()),
            updated_at: Set(Some(desk.now())),
        })
    }
}

/// Destinations are kept by officers and by the platform's own people.
fn require_keeper(desk: &Desk) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Officer).or_else(|_| desk.who.require(PlatformRole::Admin))
}

fn taken(error: sea_orm::DbErr) -> Problem {
    if is_duplicate(&error) { Problem::new(&SLUG_TAKEN) } else { error.into() }
}

async fn shown(guide: &Guide, id: DestinationId) -> Result<Destination, Problem> {
    guide.refresh().await?;
    if let Some(place) = guide.book().place_by_id(id) {
        return Ok(Destination::of(place));
    }
    // Not shown to the public: told to who switched it off.
    let row = by_id::<destination::Entity>(guide.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let place = Place { row, images: Vec::new(), cooperatives: Vec::new(), products: Vec::new(), events: Vec::new() };
    Ok(Destination::of(&place))
}

async fn existing(desk: &Desk, id: DestinationId) -> Result<destination::Model, Problem> {
    require_keeper(desk)?;
    by_id::<destination::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Add a destination.
#[utoipa::path(tag = "admin", operation_id = "create_destination", security(("access_token" = [])), request_body = DestinationInput, responses((status = 201, description = "The destination", body = Destination)))]
#[post("/v1/admin/destinations")]
pub async fn create_destination(
    desk: Desk,
    guide: Data<Guide>,
    body: Body<DestinationInput>,
) -> Result<HttpResponse, Problem> {
    require_keeper(&desk)?;
    let id = DestinationId::new();
    let row = body.0.row(id, &desk)?;
    let transaction = desk.begin().await?;
    row.insert(&transaction).await.map_err(taken)?;
    desk.audit(&transaction, "destination.created", ("destination", id.0), (), &body.0).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Created().json(shown(&guide, id).await?))
}

/// Change a destination, or switch it off.
#[utoipa::path(tag = "admin", operation_id = "update_destination", security(("access_token" = [])), params(("id" = DestinationId, Path)), request_body = DestinationInput, responses((status = 200, description = "The destination", body = Destination)))]
#[put("/v1/admin/destinations/{id}")]
pub async fn update_destination(
    desk: Desk,
    guide: Data<Guide>,
    id: Path<DestinationId>,
    body: Body<DestinationInput>,
) -> Result<HttpResponse, Problem> {
    let before = existing(&desk, *id).await?;
    let mut row = body.0.row(*id, &desk)?;
    row.created_at = Set(before.created_at);
    let transaction = desk.begin().await?;
    row.update(&transaction).await.map_err(taken)?;
    let was = json!({"slug": before.slug, "name_vi": before.name_vi, "active": before.active});
    desk.audit(&transaction, "destination.changed", ("destination", id.0), was, &body.0).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(shown(&guide, *id).await?))
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ProductLinkInput {
    product_id: ProductId,
    kind: DestinationLink,
    #[garde(length(chars, max = 500))]
    #[schema(max_length = 500)]
    note_vi: String,
    #[garde(length(chars, max = 500))]
    #[schema(max_length = 500)]
    note_en: String,
    #[garde(inner(range(min = 1, max = 12)))]
    #[schema(minimum = 1, maximum = 12)]
    from_month: Option<i32>,
    #[garde(inner(range(min = 1, max = 12)))]
    #[schema(minimum = 1, maximum = 12)]
    to_month: Option<i32>,
}

/// What belongs to a destination by hand.
#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct DestinationLinks {
    /// In the order they are shown.
    #[garde(length(max = 50))]
    #[schema(max_items = 50)]
    cooperatives: Vec<CooperativeId>,
    #[garde(length(max = 100), dive)]
    #[schema(max_items = 100)]
    products: Vec<ProductLinkInput>,
}

fn twice<T: PartialEq>(ids: &[T]) -> Option<usize> {
    (1..ids.len()).find(|index| ids[..*index].contains(&ids[*index]))
}

/// Say which cooperatives and products belong to a destination; what was said before is forgotten.
#[utoipa::path(tag = "admin", operation_id = "link_destination", security(("access_token" = [])), params(("id" = DestinationId, Path)), request_body = DestinationLinks, responses((status = 200, description = "The destination", body = Destination)))]
#[put("/v1/admin/destinations/{id}/links")]
pub async fn link_destination(
    desk: Desk,
    guide: Data<Guide>,
    id: Path<DestinationId>,
    body: Body<DestinationLinks>,
) -> Result<HttpResponse, Problem> {
    existing(&desk, *id).await?;
    let Body(input) = body;
    let products: Vec<_> = input.products.iter().map(|link| link.product_id).collect();
    if let Some(index) = twice(&input.cooperatives) {
        return Err(Problem::field(format!("/cooperatives/{index}"), "twice", "đã có trong danh sách", "stands twice"));
    }
    if let Some(index) = twice(&products) {
        return Err(Problem::field(format!("/products/{index}"), "twice", "đã có trong danh sách", "stands twice"));
    }
    for (index, cooperative) in input.cooperatives.iter().enumerate() {
        if by_id::<entity::cooperative::Entity>(desk.db.fresh(), *cooperative).await?.is_none() {
            return Err(Problem::field(format!("/cooperatives/{index}"), "not_found", "không có", "there is none"));
        }
    }
    for (index, product) in products.iter().enumerate() {
        if by_id::<entity::product::Entity>(desk.db.fresh(), *product).await?.is_none() {
            return Err(Problem::field(
                format!("/products/{index}/product_id"),
                "not_found",
                "không có",
                "there is none",
            ));
        }
    }
    let transaction = desk.begin().await?;
    for sql in [
        "DELETE FROM destination_cooperative WHERE destination_id = $1",
        "DELETE FROM destination_product WHERE destination_id = $1",
    ] {
        run(&transaction, sql, [(*id).into()]).await?;
    }
    for (position, cooperative) in (0..).zip(&input.cooperatives) {
        let row = destination_cooperative::ActiveModel {
            destination_id: Set(*id),
            cooperative_id: Set(*cooperative),
            position: Set(position),
        };
        destination_cooperative::Entity::insert(row).exec_without_returning(&transaction).await?;
    }
    for link in &input.products {
        let row = destination_product::ActiveModel {
            destination_id: Set(*id),
            product_id: Set(link.product_id),
            kind: Set(link.kind),
            note_vi: Set(fold::stored(&link.note_vi)),
            note_en: Set(fold::stored(&link.note_en)),
            from_month: Set(link.from_month),
            to_month: Set(link.to_month),
        };
        destination_product::Entity::insert(row).exec_without_returning(&transaction).await?;
    }
    desk.audit(&transaction, "destination.linked", ("destination", id.0), (), &input).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(shown(&guide, *id).await?))
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"name_vi": "Lễ hội bưởi Đú Sáng", "name_en": "Pomelo festival", "text_vi": "", "text_en": "", "starts_on": "2026-12-05", "ends_on": "2026-12-07"}))]
pub struct EventInput {
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    name_vi: String,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    name_en: String,
    #[garde(length(chars, max = 2000))]
    #[schema(max_length = 2000)]
    text_vi: String,
    #[garde(length(chars, max = 2000))]
    #[schema(max_length = 2000)]
    text_en: String,
    #[schema(value_type = String, format = Date)]
    starts_on: Date,
    #[schema(value_type = String, format = Date)]
    ends_on: Date,
    #[garde(inner(length(max = 500), pattern("^https?://")))]
    #[schema(max_length = 500, pattern = "^https?://")]
    website: Option<String>,
}

/// Announce a festival or another event.
#[utoipa::path(tag = "admin", operation_id = "create_destination_event", security(("access_token" = [])), params(("id" = DestinationId, Path)), request_body = EventInput, responses((status = 201, description = "The event", body = DestinationEvent)))]
#[post("/v1/admin/destinations/{id}/events")]
pub async fn create_event(
    desk: Desk,
    guide: Data<Guide>,
    id: Path<DestinationId>,
    body: Body<EventInput>,
) -> Result<HttpResponse, Problem> {
    existing(&desk, *id).await?;
    let Body(input) = body;
    if input.ends_on < input.starts_on {
        return Err(Problem::field("/ends_on", "range", "trước ngày bắt đầu", "before the first day"));
    }
    let event = EventId::new();
    let row = destination_event::ActiveModel {
        id: Set(event),
        destination_id: Set(*id),
        name_vi: Set(fold::stored(&input.name_vi)),
        name_en: Set(fold::stored(&input.name_en)),
        text_vi: Set(fold::stored(&input.text_vi)),
        text_en: Set(fold::stored(&input.text_en)),
        starts_on: Set(input.starts_on),
        ends_on: Set(input.ends_on),
        website: Set(input.website.clone()),
        created_at: Set(desk.now()),
    };
    let transaction = desk.begin().await?;
    destination_event::Entity::insert(row).exec_without_returning(&transaction).await?;
    desk.audit(&transaction, "destination.event_created", ("destination", id.0), (), &input).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    guide.refresh().await?;
    Ok(HttpResponse::Created().json(DestinationEvent {
        id: event,
        name: Bilingual::new(&input.name_vi, &input.name_en),
        text: Bilingual::new(&input.text_vi, &input.text_en),
        starts_on: input.starts_on,
        ends_on: input.ends_on,
        website: input.website,
    }))
}

async fn gone(
    desk: &Desk,
    guide: &Guide,
    id: DestinationId,
    sql: &str,
    row: uuid::Uuid,
) -> Result<HttpResponse, Problem> {
    existing(desk, id).await?;
    let transaction = desk.begin().await?;
    if run(&transaction, sql, [id.into(), row.into()]).await? != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    desk.audit(&transaction, "destination.part_removed", ("destination", id.0), json!({"id": row}), ()).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    guide.refresh().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Call an event off.
#[utoipa::path(tag = "admin", operation_id = "delete_destination_event", security(("access_token" = [])), params(("id" = DestinationId, Path), ("event_id" = EventId, Path)), responses((status = 204, description = "Gone")))]
#[delete("/v1/admin/destinations/{id}/events/{event_id}")]
pub async fn delete_event(
    desk: Desk,
    guide: Data<Guide>,
    path: Path<(DestinationId, EventId)>,
) -> Result<HttpResponse, Problem> {
    let (id, event) = path.into_inner();
    gone(&desk, &guide, id, "DELETE FROM destination_event WHERE destination_id = $1 AND id = $2", event.0).await
}

#[derive(Serialize, ToSchema)]
pub struct DestinationPicture {
    id: RowId,
    picture: media::Media,
}

/// Add a picture, as the body itself or as a form's `file` with `alt_vi` and `alt_en`: JPEG, PNG or WebP, at most 12 MB.
#[utoipa::path(tag = "admin", operation_id = "add_destination_image", security(("access_token" = [])), params(("id" = DestinationId, Path)), request_body(content = Vec<u8>, content_type = "image/jpeg"), responses((status = 201, description = "The picture", body = DestinationPicture)))]
#[post("/v1/admin/destinations/{id}/images")]
pub async fn add_image(
    desk: Desk,
    guide: Data<Guide>,
    id: Path<DestinationId>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let place = existing(&desk, *id).await?;
    let upload = upload::read(&request, payload, media::pictures::MAX_BYTES).await?;
    let alt = |name: &str, other: &str| upload.field(name).map_or_else(|| other.to_owned(), fold::stored);
    let (alt_vi, alt_en) = (alt("alt_vi", &place.name_vi), alt("alt_en", &place.name_en));
    let owner = media::Owner {
        purpose: MediaPurpose::Listing,
        cooperative: None,
        account: Some(desk.who.account),
        order: None,
    };
    let file = media::keep(desk.db.write(), &desk.objects, owner, upload.bytes, desk.now()).await?;
    let transaction = desk.begin().await?;
    let held = destination_image::Entity::find()
        .filter(destination_image::Column::DestinationId.eq(*id))
        .all(&transaction)
        .await?;
    if held.len() >= 20 {
        return Err(Problem::field("", "images", "nhiều nhất 20 ảnh", "at most 20 pictures"));
    }
    let row = RowId::new();
    let image = destination_image::ActiveModel {
        id: Set(row),
        destination_id: Set(*id),
        media_id: Set(file.id),
        alt_vi: Set(alt_vi),
        alt_en: Set(alt_en),
        position: Set(held.iter().map(|row| row.position + 1).max().unwrap_or(0)),
    };
    destination_image::Entity::insert(image).exec_without_returning(&transaction).await?;
    desk.audit(&transaction, "destination.image_added", ("destination", id.0), (), json!({"media": file.id})).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    guide.refresh().await?;
    Ok(HttpResponse::Created()
        .json(DestinationPicture { id: row, picture: media::view(&file, &desk.config.base_url()) }))
}

/// Take a picture away.
#[utoipa::path(tag = "admin", operation_id = "delete_destination_image", security(("access_token" = [])), params(("id" = DestinationId, Path), ("image_id" = RowId, Path)), responses((status = 204, description = "Gone")))]
#[delete("/v1/admin/destinations/{id}/images/{image_id}")]
pub async fn delete_image(
    desk: Desk,
    guide: Data<Guide>,
    path: Path<(DestinationId, RowId)>,
) -> Result<HttpResponse, Problem> {
    let (id, image) = path.into_inner();
    gone(&desk, &guide, id, "DELETE FROM destination_image WHERE destination_id = $1 AND id = $2", image.0).await
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
