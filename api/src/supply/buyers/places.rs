//! Where an organisation's goods are delivered to.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post, put};
use entity::organisation_place;
use entity::supply::OrganisationRole;
use entity::value::{DeliveryPlaceId, OrganisationId};
use garde::Validate;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::team::may;
use crate::people::desk::Desk;
use crate::people::identity::check_commune;
use crate::people::identity::rules::phone;
use crate::platform::body::Body;
use crate::platform::db::{all, is_duplicate, one, run};
use crate::platform::fold;
use crate::platform::pagination::Page;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    PLACE_EXISTS = "place_exists" 409 "Đã có nơi nhận tên này." "There is a delivery place of this name.";
    PLACES_FULL = "places_full" 409 "Đã đủ 50 nơi nhận." "There are 50 delivery places already.";
}

const MOST: u64 = 50;

/// A place goods are delivered to.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct DeliveryPlace {
    pub id: DeliveryPlaceId,
    pub name: String,
    pub recipient: String,
    pub phone: String,
    pub street: String,
    pub commune_code: String,
    pub active: bool,
}

const SELECT: &str =
    "SELECT p.id, p.name, p.recipient, p.phone, p.street, p.commune_code, p.active FROM organisation_place p";

/// All places of an organisation, by name.
pub async fn places(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<Vec<DeliveryPlace>, Problem> {
    let sql = format!("{SELECT} WHERE p.organisation_id = $1 ORDER BY p.name, p.id");
    Ok(all(connection, sql, [organisation.into()]).await?)
}

/// An active place of the organisation.
pub async fn place_of(
    connection: &impl ConnectionTrait,
    (organisation, id): (OrganisationId, DeliveryPlaceId),
) -> Result<Option<DeliveryPlace>, Problem> {
    let sql = format!("{SELECT} WHERE p.id = $1 AND p.organisation_id = $2");
    let row = one::<DeliveryPlace>(connection, sql, [id.into(), organisation.into()]).await?;
    Ok(row.filter(|row| row.active))
}

/// Delivery places, by name.
#[utoipa::path(tag = "business", operation_id = "list_delivery_places", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path)), responses((status = 200, description = "The places", body = Page<DeliveryPlace>)))]
#[get("/v1/business/{organisation_id}/places")]
pub async fn list_delivery_places(desk: Desk, id: Path<OrganisationId>) -> Result<HttpResponse, Problem> {
    may(&desk, *id, OrganisationRole::Member).await?;
    Ok(HttpResponse::Ok().json(Page { items: places(desk.db.fresh(), *id).await?, next_cursor: None }))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"name": "Kho Hòa Bình", "recipient": "Tổ nhận hàng", "phone": "0912000111", "street": "12 Cù Chính Lan", "commune_code": "04978"}))]
pub struct DeliveryPlaceInput {
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub name: String,
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub recipient: String,
    #[garde(length(max = 30))]
    #[schema(max_length = 30)]
    pub phone: String,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub street: String,
    /// Today's code.
    #[garde(length(max = 10))]
    #[schema(max_length = 10)]
    pub commune_code: String,
    /// True unless told.
    pub active: Option<bool>,
}

fn right_phone(text: &str) -> Result<String, Problem> {
    let wrong = || Problem::field("/phone", "phone", "số điện thoại không hợp lệ", "not a valid phone number");
    phone(text).ok_or_else(wrong)
}

/// Add a delivery place.
pub async fn add_place(
    desk: &Desk,
    organisation: OrganisationId,
    input: DeliveryPlaceInput,
) -> Result<DeliveryPlace, Problem> {
    may(desk, organisation, OrganisationRole::Buyer).await?;
    check_commune("/commune_code", &input.commune_code)?;
    let phone = right_phone(&input.phone)?;
    let id = DeliveryPlaceId::new();
    let transaction = desk.begin().await?;
    let held = organisation_place::Entity::find().filter(organisation_place::Column::OrganisationId.eq(organisation));
    if held.count(&transaction).await? >= MOST {
        return Err(Problem::new(&PLACES_FULL));
    }
    let row = organisation_place::ActiveModel {
        id: Set(id),
        organisation_id: Set(organisation),
        name: Set(fold::stored(&input.name)),
        recipient: Set(fold::stored(&input.recipient)),
        phone: Set(phone),
        street: Set(fold::stored(&input.street)),
        commune_code: Set(input.commune_code),
        active: Set(input.active.unwrap_or(true)),
        created_at: Set(desk.now()),
    };
    match organisation_place::Entity::insert(row).exec_without_returning(&transaction).await {
        Err(error) if is_duplicate(&error) => return Err(Problem::new(&PLACE_EXISTS)),
        done => done?,
    };
    transaction.commit().await?;
    one_of(desk.db.fresh(), organisation, id).await
}

async fn one_of(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    id: DeliveryPlaceId,
) -> Result<DeliveryPlace, Problem> {
    let sql = format!("{SELECT} WHERE p.id = $1 AND p.organisation_id = $2");
    let row = one::<DeliveryPlace>(connection, sql, [id.into(), organisation.into()]).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Add a delivery place.
#[utoipa::path(tag = "business", operation_id = "add_delivery_place", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path)), request_body = DeliveryPlaceInput, responses((status = 201, description = "The place", body = DeliveryPlace)))]
#[post("/v1/business/{organisation_id}/places")]
pub async fn add_delivery_place(
    desk: Desk,
    id: Path<OrganisationId>,
    body: Body<DeliveryPlaceInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(add_place(&desk, *id, body.0).await?))
}

/// Write a delivery place anew; one that is not active takes no more goods.
#[utoipa::path(tag = "business", operation_id = "change_delivery_place", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("place_id" = DeliveryPlaceId, Path)), request_body = DeliveryPlaceInput, responses((status = 200, description = "The place", body = DeliveryPlace)))]
#[put("/v1/business/{organisation_id}/places/{place_id}")]
pub async fn change_delivery_place(
    desk: Desk,
    path: Path<(OrganisationId, DeliveryPlaceId)>,
    body: Body<DeliveryPlaceInput>,
) -> Result<HttpResponse, Problem> {
    let ((organisation, id), input) = (path.into_inner(), body.0);
    may(&desk, organisation, OrganisationRole::Buyer).await?;
    check_commune("/commune_code", &input.commune_code)?;
    let phone = right_phone(&input.phone)?;
    let transaction = desk.begin().await?;
    let sql = "UPDATE organisation_place SET name = $3, recipient = $4, phone = $5, street = $6, commune_code = $7, active = $8
               WHERE id = $1 AND organisation_id = $2";
    let values: [sea_orm::Value; 8] = [
        id.into(),
        organisation.into(),
        fold::stored(&input.name).into(),
        fold::stored(&input.recipient).into(),
        phone.into(),
        fold::stored(&input.street).into(),
        input.commune_code.into(),
        input.active.unwrap_or(true).into(),
    ];
    match run(&transaction, sql, values).await {
        Err(error) if is_duplicate(&error) => return Err(Problem::new(&PLACE_EXISTS)),
        Ok(0) => return Err(Problem::new(&NOT_FOUND)),
        done => done?,
    };
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(one_of(desk.db.fresh(), organisation, id).await?))
}
