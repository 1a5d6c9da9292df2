//! Keeping destinations: officers and the platform's own people add them, and say what belongs to them.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, post, put};
use entity::value::{
    CooperativeId, DestinationId, DestinationKind, DestinationLink, EventId, MediaPurpose, ProductId, RowId,
};
use entity::{destination, destination_cooperative, destination_event, destination_image, destination_product};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::destinations::{Destination, DestinationEvent};
use super::guide::{Guide, Place, changed};
use crate::media;
use crate::people::desk::Desk;
use crate::people::identity::check_commune;
use crate::people::offices::{Jurisdiction, OfficePermission};
use crate::platform::body::Body;
use crate::platform::db::{by_id, is_duplicate, run};
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::revision;
use crate::platform::upload;
use crate::shop::catalogue::view::Bilingual;
use crate::shop::delivery::Window;

codes! {
    SLUG_TAKEN = "slug_taken" 409 "Đường dẫn này đã có nơi khác dùng." "Another place has this slug.";
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

/// Nobody puts a destination where they may not keep it.
fn within(places: &Jurisdiction, commune_code: &str) -> Result<(), Problem> {
    if places.covers(commune_code) {
        return Ok(());
    }
    let (vi, en) = ("ngoài địa bàn của cơ quan", "lies outside the place of the office");
    Err(Problem::field("/commune_code", "place", vi, en))
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

/// A destination that the caller keeps: officers those of their place, the platform's own people all.
async fn existing(desk: &Desk, id: DestinationId) -> Result<destination::Model, Problem> {
    let places = desk.jurisdiction(OfficePermission::KeepDestinations).await?;
    let row = by_id::<destination::Entity>(desk.db.fresh(), id).await?;
    row.filter(|row| places.covers(&row.commune_code)).ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Add a destination.
#[utoipa::path(tag = "admin", operation_id = "create_destination", security(("access_token" = [])), request_body = DestinationInput, responses((status = 201, description = "The destination", body = Destination)))]
#[post("/v1/admin/destinations")]
pub async fn create_destination(
    desk: Desk,
    guide: Data<Guide>,
    body: Body<DestinationInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(add(&desk, &guide, body.0).await?))
}

/// Destinations the caller keeps, also those that are switched off, by name.
pub async fn kept(desk: &Desk) -> Result<Vec<destination::Model>, Problem> {
    let places = desk.jurisdiction(OfficePermission::KeepDestinations).await?;
    let rows = destination::Entity::find().order_by_asc(destination::Column::NameVi).all(desk.db.fresh()).await?;
    Ok(rows.into_iter().filter(|row| places.covers(&row.commune_code)).collect())
}

/// Adds a destination.
pub async fn add(desk: &Desk, guide: &Guide, input: DestinationInput) -> Result<Destination, Problem> {
    let places = desk.jurisdiction(OfficePermission::KeepDestinations).await?;
    within(&places, &input.commune_code)?;
    let id = DestinationId::new();
    let row = input.row(id, desk)?;
    let transaction = desk.begin().await?;
    row.insert(&transaction).await.map_err(taken)?;
    desk.audit(&transaction, "destination.created", ("destination", id.0), (), &input).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    shown(guide, id).await
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
    Ok(HttpResponse::Ok().json(rewrite(&desk, &guide, *id, body.0, None).await?))
}

/// Changes a destination, or switches it off.
pub async fn rewrite(
    desk: &Desk,
    guide: &Guide,
    id: DestinationId,
    input: DestinationInput,
    seen: Option<&str>,
) -> Result<Destination, Problem> {
    let places = desk.jurisdiction(OfficePermission::KeepDestinations).await?;
    within(&places, &input.commune_code)?;
    let transaction = desk.begin().await?;
    let before = destination::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
    let before = before.filter(|row| places.covers(&row.commune_code)).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    revision::check(seen, &before)?;
    let mut row = input.row(id, desk)?;
    row.created_at = Set(before.created_at);
    row.update(&transaction).await.map_err(taken)?;
    let was = json!({"slug": before.slug, "name_vi": before.name_vi, "active": before.active});
    desk.audit(&transaction, "destination.changed", ("destination", id.0), was, &input).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    shown(guide, id).await
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
