//! What belongs to a destination: who works there and what grows there, festivals, pictures. Said by whoever keeps it.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, post, put};
use entity::value::{CooperativeId, DestinationId, DestinationLink, EventId, MediaPurpose, ProductId, RowId};
use entity::{destination, destination_cooperative, destination_event, destination_image, destination_product};
use garde::Validate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, DeleteMany, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::destinations::{Destination, DestinationEvent};
use super::guide::{Guide, changed};
use super::keeping::{existing, shown};
use crate::media;
use crate::people::desk::Desk;
use crate::platform::body::Body;
use crate::platform::db::by_id;
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::revision;
use crate::platform::upload;
use crate::shop::catalogue::cooperative_by_slug;
use crate::shop::catalogue::view::Bilingual;

/// More pictures of one place nobody looks at.
const MOST_IMAGES: usize = 20;

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ProductLinkInput {
    pub product_id: ProductId,
    pub kind: DestinationLink,
    #[garde(length(chars, max = 500))]
    #[schema(max_length = 500)]
    pub note_vi: String,
    #[garde(length(chars, max = 500))]
    #[schema(max_length = 500)]
    pub note_en: String,
    #[garde(inner(range(min = 1, max = 12)))]
    #[schema(minimum = 1, maximum = 12)]
    pub from_month: Option<i32>,
    #[garde(inner(range(min = 1, max = 12)))]
    #[schema(minimum = 1, maximum = 12)]
    pub to_month: Option<i32>,
}

/// What belongs to a destination by hand.
#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct DestinationLinks {
    /// In the order they are shown.
    #[garde(length(max = 50))]
    #[schema(max_items = 50)]
    pub cooperatives: Vec<CooperativeId>,
    #[garde(length(max = 100), dive)]
    #[schema(max_items = 100)]
    pub products: Vec<ProductLinkInput>,
}

fn repeated<T: PartialEq>(ids: &[T]) -> Option<usize> {
    (1..ids.len()).find(|index| ids[..*index].contains(&ids[*index]))
}

/// Each once, and none that is not there.
async fn check(desk: &Desk, links: &DestinationLinks) -> Result<(), Problem> {
    let twice = |list: &str, index: usize| {
        Err(Problem::field(format!("/{list}/{index}"), "twice", "đã có trong danh sách", "stands twice"))
    };
    let none = |pointer: String| Err(Problem::field(pointer, "not_found", "không có", "there is none"));
    let products: Vec<_> = links.products.iter().map(|link| link.product_id).collect();
    if let Some(index) = repeated(&links.cooperatives) {
        return twice("cooperatives", index);
    }
    if let Some(index) = repeated(&products) {
        return twice("products", index);
    }
    for (index, cooperative) in links.cooperatives.iter().enumerate() {
        if by_id::<entity::cooperative::Entity>(desk.db.fresh(), *cooperative).await?.is_none() {
            return none(format!("/cooperatives/{index}"));
        }
    }
    for (index, product) in products.iter().enumerate() {
        if by_id::<entity::product::Entity>(desk.db.fresh(), *product).await?.is_none() {
            return none(format!("/products/{index}/product_id"));
        }
    }
    Ok(())
}

/// Says which cooperatives and products belong to a destination; what was said before is forgotten, unless it is not what was
/// `seen` then.
pub async fn link(
    desk: &Desk,
    guide: &Guide,
    id: DestinationId,
    links: &DestinationLinks,
    seen: Option<&str>,
) -> Result<Destination, Problem> {
    existing(desk, id).await?;
    check(desk, links).await?;
    let transaction = desk.begin().await?;
    destination::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
    revision::check(seen, &links_of(&transaction, id).await?)?;
    let mine = destination_cooperative::Column::DestinationId.eq(id);
    destination_cooperative::Entity::delete_many().filter(mine).exec(&transaction).await?;
    let mine = destination_product::Column::DestinationId.eq(id);
    destination_product::Entity::delete_many().filter(mine).exec(&transaction).await?;
    for (position, cooperative) in (0..).zip(&links.cooperatives) {
        let row = destination_cooperative::ActiveModel {
            destination_id: Set(id),
            cooperative_id: Set(*cooperative),
            position: Set(position),
        };
        destination_cooperative::Entity::insert(row).exec_without_returning(&transaction).await?;
    }
    for link in &links.products {
        let row = destination_product::ActiveModel {
            destination_id: Set(id),
            product_id: Set(link.product_id),
            kind: Set(link.kind),
            note_vi: Set(fold::stored(&link.note_vi)),
            note_en: Set(fold::stored(&link.note_en)),
            from_month: Set(link.from_month),
            to_month: Set(link.to_month),
        };
        destination_product::Entity::insert(row).exec_without_returning(&transaction).await?;
    }
    desk.audit(&transaction, "destination.linked", ("destination", id.0), (), links).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    shown(guide, id).await
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
    Ok(HttpResponse::Ok().json(link(&desk, &guide, *id, &body.0, None).await?))
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

/// Announces a festival or another event.
pub async fn announce(
    desk: &Desk,
    guide: &Guide,
    id: DestinationId,
    input: EventInput,
) -> Result<DestinationEvent, Problem> {
    existing(desk, id).await?;
    if input.ends_on < input.starts_on {
        return Err(Problem::field("/ends_on", "range", "trước ngày bắt đầu", "before the first day"));
    }
    let event = EventId::new();
    let row = destination_event::ActiveModel {
        id: Set(event),
        destination_id: Set(id),
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
    let name = Bilingual::new(&input.name_vi, &input.name_en);
    let text = Bilingual::new(&input.text_vi, &input.text_en);
    let EventInput { starts_on, ends_on, website, .. } = input;
    Ok(DestinationEvent { id: event, name, text, starts_on, ends_on, website })
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
    Ok(HttpResponse::Created().json(announce(&desk, &guide, *id, body.0).await?))
}

async fn remove<E: EntityTrait>(
    desk: &Desk,
    guide: &Guide,
    id: DestinationId,
    (rows, row): (DeleteMany<E>, uuid::Uuid),
) -> Result<(), Problem> {
    existing(desk, id).await?;
    let transaction = desk.begin().await?;
    if rows.exec(&transaction).await?.rows_affected != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    desk.audit(&transaction, "destination.part_removed", ("destination", id.0), json!({"id": row}), ()).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    guide.refresh().await
}

/// Calls an event off.
pub async fn call_off(desk: &Desk, guide: &Guide, id: DestinationId, event: EventId) -> Result<(), Problem> {
    let rows = destination_event::Entity::delete_many()
        .filter(destination_event::Column::DestinationId.eq(id))
        .filter(destination_event::Column::Id.eq(event));
    remove(desk, guide, id, (rows, event.0)).await
}

/// Call an event off.
#[utoipa::path(tag = "admin", operation_id = "delete_destination_event", security(("access_token" = [])), params(("id" = DestinationId, Path), ("event_id" = EventId, Path)), responses((status = 204, description = "Gone")))]
#[delete("/v1/admin/destinations/{id}/events/{event_id}")]
pub async fn delete_event(
    desk: Desk,
    guide: Data<Guide>,
    path: Path<(DestinationId, EventId)>,
) -> Result<HttpResponse, Problem> {
    call_off(&desk, &guide, path.0, path.1).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Serialize, ToSchema)]
pub struct DestinationPicture {
    id: RowId,
    picture: media::Media,
}

/// Hangs a picture behind those there are; without words it is called as the place is.
pub async fn hang(
    desk: &Desk,
    guide: &Guide,
    id: DestinationId,
    (bytes, alt_vi, alt_en): (Vec<u8>, Option<&str>, Option<&str>),
) -> Result<DestinationPicture, Problem> {
    let place = existing(desk, id).await?;
    let words = |words: Option<&str>, name: &str| words.map_or_else(|| name.to_owned(), fold::stored);
    let owner = media::Owner {
        purpose: MediaPurpose::Listing,
        cooperative: None,
        account: Some(desk.who.account),
        order: None,
    };
    let file = media::keep(desk.db.write(), &desk.objects, owner, bytes, desk.now()).await?;
    let transaction = desk.begin().await?;
    let held = destination_image::Entity::find()
        .filter(destination_image::Column::DestinationId.eq(id))
        .all(&transaction)
        .await?;
    if held.len() >= MOST_IMAGES {
        return Err(Problem::field("", "images", "nhiều nhất 20 ảnh", "at most 20 pictures"));
    }
    let row = RowId::new();
    let image = destination_image::ActiveModel {
        id: Set(row),
        destination_id: Set(id),
        media_id: Set(file.id),
        alt_vi: Set(words(alt_vi, &place.name_vi)),
        alt_en: Set(words(alt_en, &place.name_en)),
        position: Set(held.iter().map(|row| row.position + 1).max().unwrap_or(0)),
    };
    destination_image::Entity::insert(image).exec_without_returning(&transaction).await?;
    desk.audit(&transaction, "destination.image_added", ("destination", id.0), (), json!({"media": file.id})).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    guide.refresh().await?;
    Ok(DestinationPicture { id: row, picture: media::view(&file, &desk.config.base_url()) })
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
    // Nobody's upload is read who may not hang it.
    existing(&desk, *id).await?;
    let mut upload = upload::read(&request, payload, media::pictures::MAX_BYTES).await?;
    let bytes = std::mem::take(&mut upload.bytes);
    let hung = hang(&desk, &guide, *id, (bytes, upload.field("alt_vi"), upload.field("alt_en"))).await?;
    Ok(HttpResponse::Created().json(hung))
}

/// Takes a picture away.
pub async fn take_down(desk: &Desk, guide: &Guide, id: DestinationId, image: RowId) -> Result<(), Problem> {
    let rows = destination_image::Entity::delete_many()
        .filter(destination_image::Column::DestinationId.eq(id))
        .filter(destination_image::Column::Id.eq(image));
    remove(desk, guide, id, (rows, image.0)).await
}

/// Take a picture away.
#[utoipa::path(tag = "admin", operation_id = "delete_destination_image", security(("access_token" = [])), params(("id" = DestinationId, Path), ("image_id" = RowId, Path)), responses((status = 204, description = "Gone")))]
#[delete("/v1/admin/destinations/{id}/images/{image_id}")]
pub async fn delete_image(
    desk: Desk,
    guide: Data<Guide>,
    path: Path<(DestinationId, RowId)>,
) -> Result<HttpResponse, Problem> {
    take_down(&desk, &guide, path.0, path.1).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Something that belongs to a destination, by name.
#[derive(Serialize)]
pub struct Named<T> {
    pub id: T,
    pub name: String,
    pub kind: Option<DestinationLink>,
}

/// What belongs to a destination, for whoever keeps it.
#[derive(Serialize)]
pub struct Belongings {
    pub cooperatives: Vec<Named<CooperativeId>>,
    pub products: Vec<Named<ProductId>>,
    pub events: Vec<DestinationEvent>,
    pub pictures: Vec<(DestinationPicture, String)>,
    /// The same as one would say it again.
    #[serde(skip)]
    pub links: DestinationLinks,
}

type Linked = (Vec<destination_cooperative::Model>, Vec<destination_product::Model>);

async fn linked(connection: &impl ConnectionTrait, id: DestinationId) -> Result<Linked, DbErr> {
    let makers = destination_cooperative::Entity::find()
        .filter(destination_cooperative::Column::DestinationId.eq(id))
        .order_by_asc(destination_cooperative::Column::Position);
    let goods = destination_product::Entity::find()
        .filter(destination_product::Column::DestinationId.eq(id))
        .order_by_asc(destination_product::Column::ProductId);
    Ok((makers.all(connection).await?, goods.all(connection).await?))
}

fn links(makers: &[destination_cooperative::Model], goods: Vec<destination_product::Model>) -> DestinationLinks {
    DestinationLinks {
        cooperatives: makers.iter().map(|maker| maker.cooperative_id).collect(),
        products: goods.into_iter().map(ProductLinkInput::from).collect(),
    }
}

async fn links_of(connection: &impl ConnectionTrait, id: DestinationId) -> Result<DestinationLinks, DbErr> {
    let (makers, goods) = linked(connection, id).await?;
    Ok(links(&makers, goods))
}

pub async fn belongings(desk: &Desk, id: DestinationId) -> Result<Belongings, Problem> {
    existing(desk, id).await?;
    let (connection, base_url) = (desk.db.fresh(), desk.config.base_url());
    let (makers, goods) = linked(connection, id).await?;
    let (mut cooperatives, mut products, mut pictures) = (Vec::new(), Vec::new(), Vec::new());
    for row in &makers {
        let maker = by_id::<entity::cooperative::Entity>(connection, row.cooperative_id).await?;
        let name = maker.map(|maker| maker.name_vi).unwrap_or_default();
        cooperatives.push(Named { id: row.cooperative_id, name, kind: None });
    }
    for row in &goods {
        let product = by_id::<entity::product::Entity>(connection, row.product_id).await?;
        let name = product.map(|product| product.name_vi).unwrap_or_default();
        products.push(Named { id: row.product_id, name, kind: Some(row.kind) });
    }
    let hung = destination_image::Entity::find()
        .filter(destination_image::Column::DestinationId.eq(id))
        .order_by_asc(destination_image::Column::Position);
    for row in hung.all(connection).await? {
        if let Some(file) = by_id::<entity::media::Entity>(connection, row.media_id).await? {
            pictures.push((DestinationPicture { id: row.id, picture: media::view(&file, &base_url) }, row.alt_vi));
        }
    }
    let events = destination_event::Entity::find()
        .filter(destination_event::Column::DestinationId.eq(id))
        .order_by_desc(destination_event::Column::StartsOn);
    let links = links(&makers, goods);
    let events = events.all(connection).await?.iter().map(DestinationEvent::of).collect();
    Ok(Belongings { cooperatives, products, events, pictures, links })
}

/// The last part of an address, as it is copied from the shop: `…/p/mat-ong-rung`.
fn path_in(typed: &str) -> &str {
    typed.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

fn unknown(field: &str) -> Problem {
    let (vi, en) =
        ("không có; hãy dán địa chỉ trang của gian hàng", "there is none; paste the address of its page in the shop");
    Problem::field(format!("/{field}"), "not_found", vi, en)
}

/// The cooperative whose page this is.
pub async fn cooperative_meant(desk: &Desk, typed: &str) -> Result<CooperativeId, Problem> {
    cooperative_by_slug(desk.db.fresh(), path_in(typed)).await?.ok_or_else(|| unknown("cooperative"))
}

/// The product whose page this is.
pub async fn product_meant(desk: &Desk, typed: &str) -> Result<ProductId, Problem> {
    let found = entity::product::Entity::find().filter(entity::product::Column::Slug.eq(path_in(typed)));
    Ok(found.one(desk.db.fresh()).await?.ok_or_else(|| unknown("product"))?.id)
}

impl From<destination_product::Model> for ProductLinkInput {
    fn from(row: destination_product::Model) -> Self {
        let destination_product::Model { product_id, kind, note_vi, note_en, from_month, to_month, .. } = row;
        Self { product_id, kind, note_vi, note_en, from_month, to_month }
    }
}
