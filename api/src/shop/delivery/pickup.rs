//! Pick-up points: where a buyer collects, and when somebody is there.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post, put};
use entity::pickup_point;
use entity::value::{CooperativeId, PickupPointId};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::point::{PickupPoint, Window};
use super::reception::receptions;
use crate::people::desk::Desk;
use crate::people::identity::{Permission, check_commune};
use crate::platform::body::Body;
use crate::platform::db::{Db, all, by_id};
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    POINTS_FULL = "pickup_points_full" 409 "Một gian hàng có nhiều nhất 20 điểm lấy hàng." "A shop has at most 20 pick-up points.";
}

const MOST: usize = 20;

#[derive(Serialize, ToSchema)]
pub struct PickupPoints {
    pub items: Vec<PickupPoint>,
}

/// A cooperative's points, oldest first.
pub async fn find(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    only_active: bool,
) -> Result<Vec<PickupPoint>, DbErr> {
    let mut query = pickup_point::Entity::find().filter(pickup_point::Column::CooperativeId.eq(cooperative));
    if only_active {
        query = query.filter(pickup_point::Column::Active.eq(true));
    }
    let rows = query.order_by_asc(pickup_point::Column::Id).all(connection).await?;
    Ok(rows.into_iter().map(PickupPoint::from).collect())
}

pub async fn is_open_point(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    id: PickupPointId,
) -> Result<bool, DbErr> {
    let row = by_id::<pickup_point::Entity>(connection, id).await?;
    let Some(row) = row.filter(|row| row.active) else { return Ok(false) };
    match row.cooperative_id {
        Some(own) => Ok(own == cooperative),
        None => Ok(receptions(connection, &[id]).await?.iter().any(|served| served.cooperative_id == cooperative)),
    }
}

/// Partners' receptions that a cooperative brings boxes to.
async fn receptions_of(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
) -> Result<Vec<PickupPoint>, DbErr> {
    let rows = all::<pickup_point::Model>(
        connection,
        "SELECT p.* FROM pickup_service s JOIN pickup_point p ON p.id = s.pickup_point_id JOIN partner r ON r.id = p.partner_id
         WHERE s.cooperative_id = $1 AND p.active AND r.state = 'approved' ORDER BY p.id LIMIT 100",
        [cooperative.into()],
    )
    .await?;
    Ok(rows.into_iter().map(PickupPoint::from).collect())
}

/// Where a cooperative's buyers may collect.
pub async fn for_buyers(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
) -> Result<Vec<PickupPoint>, DbErr> {
    let mut items = find(connection, cooperative, true).await?;
    items.extend(receptions_of(connection, cooperative).await?);
    Ok(items)
}

/// Where a cooperative's buyers may collect: its own points, and partners' receptions it brings boxes to.
#[utoipa::path(tag = "catalogue", operation_id = "list_pickup_points", params(("id" = CooperativeId, Path)), responses((status = 200, description = "The points", body = PickupPoints)))]
#[get("/v1/cooperatives/{id}/pickup-points")]
pub async fn list_public(db: Data<Db>, id: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(PickupPoints { items: for_buyers(db.read(), *id).await? }))
}

/// The shop's pick-up points, with those switched off.
#[utoipa::path(tag = "seller", operation_id = "list_own_pickup_points", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The points", body = PickupPoints)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/pickup-points")]
pub async fn list_own(desk: Desk, id: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*id, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(PickupPoints { items: find(desk.db.fresh(), *id, false).await? }))
}

#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"name_vi": "Kho Đú Sáng", "name_en": "Du Sang store", "street": "Xóm Suối Chuộn", "commune_code": "04978", "latitude": 20.67, "longitude": 105.53,
    "hours": [{"days": [1, 2, 3, 4, 5, 6], "from": "07:00", "to": "17:30"}], "active": true}))]
pub struct PickupPointInput {
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    name_vi: String,
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    name_en: String,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    street: String,
    #[garde(length(max = 10))]
    #[schema(max_length = 10)]
    pub commune_code: String,
    #[garde(range(min = -90.0, max = 90.0))]
    #[schema(minimum = -90, maximum = 90)]
    latitude: f64,
    #[garde(range(min = -180.0, max = 180.0))]
    #[schema(minimum = -180, maximum = 180)]
    longitude: f64,
    #[garde(length(max = 14), dive)]
    #[schema(max_items = 14)]
    hours: Vec<Window>,
    active: bool,
}

impl PickupPointInput {
    /// As a row; whose the point is is for the caller to say.
    pub fn row(self, id: PickupPointId, desk: &Desk) -> pickup_point::ActiveModel {
        pickup_point::ActiveModel {
            id: Set(id),
            cooperative_id: Set(None),
            name_vi: Set(fold::stored(&self.name_vi)),
            name_en: Set(fold::stored(&self.name_en)),
            street: Set(fold::stored(&self.street)),
            commune_code: Set(self.commune_code),
            latitude: Set(self.latitude),
            longitude: Set(self.longitude),
            hours: Set(serde_json::to_value(&self.hours).unwrap_or_default()),
            active: Set(self.active),
            created_at: Set(desk.now()),
            updated_at: Set(desk.now()),
            partner_id: Set(None),
            destination_id: Set(None),
            capacity: Set(None),
            keep_days: Set(3),
        }
    }
}

/// Open a pick-up point.
#[utoipa::path(tag = "seller", operation_id = "create_pickup_point", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = PickupPointInput, responses((status = 201, description = "The point", body = PickupPoint)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/pickup-points")]
pub async fn create_point(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<PickupPointInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditShop).await?;
    check_commune("/commune_code", &body.0.commune_code)?;
    if find(desk.db.fresh(), *cooperative, false).await?.len() >= MOST {
        return Err(Problem::new(&POINTS_FULL));
    }
    let id = PickupPointId::new();
    let transaction = desk.db.begin().await?;
    let mut row = body.0.row(id, &desk);
    row.cooperative_id = Set(Some(*cooperative));
    let point = PickupPoint::from(row.insert(&transaction).await?);
    desk.audit(&transaction, "pickup_point.created", ("pickup_point", id.0), (), &point).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Created().json(point))
}

/// Change a pick-up point, or switch it off.
#[utoipa::path(tag = "seller", operation_id = "update_pickup_point", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("point_id" = PickupPointId, Path)), request_body = PickupPointInput, responses((status = 200, description = "The point", body = PickupPoint)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/pickup-points/{point_id}")]
pub async fn update_point(
    desk: Desk,
    path: Path<(CooperativeId, PickupPointId)>,
    body: Body<PickupPointInput>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditShop).await?;
    check_commune("/commune_code", &body.0.commune_code)?;
    let before = by_id::<pickup_point::Entity>(desk.db.fresh(), id).await?;
    let before =
        before.filter(|row| row.cooperative_id == Some(cooperative)).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let mut row = body.0.row(id, &desk);
    row.cooperative_id = Set(Some(cooperative));
    row.created_at = Set(before.created_at);
    let transaction = desk.db.begin().await?;
    let point = PickupPoint::from(row.update(&transaction).await?);
    let about = ("pickup_point", id.0);
    desk.audit(&transaction, "pickup_point.changed", about, PickupPoint::from(before), &point).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(point))
}
