//! `/v1/destinations`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use entity::destination;
use entity::value::{DestinationId, DestinationKind};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::view::Bilingual;
use crate::places;
use crate::platform::body::Params;
use crate::platform::db::Db;
use crate::platform::pagination::{Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::ready::{PUBLIC, Ready};

/// A place worth a journey.
#[derive(Serialize, ToSchema)]
pub struct Destination {
    id: DestinationId,
    slug: String,
    kind: DestinationKind,
    name: Bilingual,
    text: Bilingual,
    commune_code: String,
    commune_name: String,
    province_name: String,
    latitude: f64,
    longitude: f64,
}

impl From<destination::Model> for Destination {
    fn from(row: destination::Model) -> Self {
        let commune = places::commune(&row.commune_code);
        Self {
            id: row.id,
            slug: row.slug,
            kind: row.kind,
            name: Bilingual { vi: row.name_vi, en: row.name_en },
            text: Bilingual { vi: row.text_vi, en: row.text_en },
            commune_name: commune.map(|c| c.name.clone()).unwrap_or_default(),
            province_name: commune.map(|c| places::province_of(c).name.clone()).unwrap_or_default(),
            commune_code: row.commune_code,
            latitude: row.latitude,
            longitude: row.longitude,
        }
    }
}

/// Destinations.
#[utoipa::path(tag = "tourism", operation_id = "list_destinations", params(Paging), responses((status = 200, description = "A page of destinations", body = Page<Destination>), (status = 304, description = "Unchanged")))]
#[get("/v1/destinations")]
pub async fn list(request: HttpRequest, db: Data<Db>, paging: Params<Paging>) -> Result<HttpResponse, Problem> {
    let (limit, after) = (paging.0.limit(), paging.0.position::<DestinationId>()?);
    let mut rows = destination::Entity::find().order_by_asc(destination::Column::Id).limit(limit + 1);
    if let Some(after) = after {
        rows = rows.filter(destination::Column::Id.gt(after));
    }
    let items = rows.all(db.read()).await?.into_iter().map(Destination::from).collect();
    let page = Page::from_rows(items, limit, |row: &Destination| row.id);
    Ok(Ready::json(&page).map_err(Problem::internal)?.respond(&request, PUBLIC))
}

/// A destination, by id or slug. What grows around it: `/v1/products?near=`.
#[utoipa::path(tag = "tourism", operation_id = "show_destination", params(("key" = String, Path, description = "Id or slug", max_length = 200)), responses((status = 200, description = "The destination", body = Destination), (status = 304, description = "Unchanged")))]
#[get("/v1/destinations/{key}")]
pub async fn show(request: HttpRequest, db: Data<Db>, key: Path<String>) -> Result<HttpResponse, Problem> {
    let query = match key.parse::<DestinationId>() {
        Ok(id) => destination::Entity::find_by_id(id),
        Err(_) if key.contains('\0') => return Err(Problem::new(&NOT_FOUND)),
        Err(_) => destination::Entity::find().filter(destination::Column::Slug.eq(key.as_str())),
    };
    let row = query.one(db.read()).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(Ready::json(&Destination::from(row)).map_err(Problem::internal)?.respond(&request, PUBLIC))
}
