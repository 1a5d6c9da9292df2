//! Keeping destinations: officers and the platform's own people add them; what belongs to one is said in `belonging`.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use actix_web::{post, put};
use entity::destination;
use entity::value::{DestinationId, DestinationKind};
use garde::Validate;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::destinations::Destination;
use super::guide::{Guide, Place, changed};
use crate::people::desk::Desk;
use crate::people::identity::check_commune;
use crate::people::offices::{Jurisdiction, OfficePermission};
use crate::platform::body::Body;
use crate::platform::db::{by_id, is_duplicate};
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::revision;
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

pub(super) async fn shown(guide: &Guide, id: DestinationId) -> Result<Destination, Problem> {
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
pub(super) async fn existing(desk: &Desk, id: DestinationId) -> Result<destination::Model, Problem> {
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
