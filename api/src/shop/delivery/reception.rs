//! Partners' receptions where cooperatives bring boxes: guests of a homestay collect there.
//!
//! A partner opens the point, with hours and room for so many boxes; a cooperative says that it brings boxes there, for what
//! fee and within how many days. A checkout takes its place at the point in its own transaction, so that a full shelf is full.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, put};
use entity::pickup_service;
use entity::value::{CooperativeId, Money, PickupPointId, Vnd};
use garde::Validate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::point::PickupPoint;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{all, by_id, list, one, run};
use crate::platform::problem::{NOT_FOUND, Problem};

/// A cooperative's terms of bringing boxes to a reception.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Reception {
    pub cooperative_id: CooperativeId,
    pub pickup_point_id: PickupPointId,
    pub fee_amount: Vnd,
    /// From packing until it is there, at most.
    pub days: i32,
}

/// The terms of these cooperatives at these points, where the partner and the point are open.
pub async fn receptions(connection: &impl ConnectionTrait, points: &[PickupPointId]) -> Result<Vec<Reception>, DbErr> {
    if points.is_empty() {
        return Ok(Vec::new());
    }
    all(
        connection,
        format!(
            "SELECT s.cooperative_id, s.pickup_point_id, s.fee_amount, s.days FROM pickup_service s
             JOIN pickup_point p ON p.id = s.pickup_point_id JOIN partner r ON r.id = p.partner_id
             WHERE p.active AND r.state = 'approved' AND s.pickup_point_id IN {}",
            list(1, points.len())
        ),
        points.iter().map(|id| (*id).into()).collect::<Vec<_>>(),
    )
    .await
}

#[derive(FromQueryResult)]
struct Room {
    taken: i64,
    capacity: Option<i32>,
}

/// Whether a reception has room for so many boxes more. Orders of the point wait for each other here, so that two never take
/// the last place.
pub async fn has_room(transaction: &impl ConnectionTrait, point: PickupPointId, boxes: i64) -> Result<bool, DbErr> {
    run(transaction, "UPDATE pickup_point SET updated_at = updated_at WHERE id = $1", [point.into()]).await?;
    let room = one::<Room>(
        transaction,
        "SELECT (SELECT COUNT(*) FROM orders o WHERE o.pickup_point_id = p.id
                 AND o.state IN ('awaiting_payment', 'placed', 'confirmed', 'packed', 'shipped')) AS taken, p.capacity
         FROM pickup_point p WHERE p.id = $1",
        [point.into()],
    )
    .await?;
    Ok(room.is_some_and(|room| room.capacity.is_none_or(|capacity| room.taken + boxes <= capacity.into())))
}

/// A partner's reception as a cooperative sees it.
#[derive(Serialize, ToSchema)]
pub struct ReceptionView {
    #[serde(flatten)]
    point: PickupPoint,
    partner_name: String,
    /// Whether this cooperative brings boxes there.
    served: bool,
    #[schema(required = true)]
    fee: Option<Money>,
    #[schema(required = true)]
    days: Option<i32>,
}

#[derive(Serialize, ToSchema)]
pub struct Receptions {
    items: Vec<ReceptionView>,
}

#[derive(FromQueryResult)]
struct Offered {
    id: PickupPointId,
    partner_name: String,
    fee_amount: Option<Vnd>,
    days: Option<i32>,
}

/// Partners' receptions, those served first, then the nearest by commune: up to 100.
#[utoipa::path(tag = "seller", operation_id = "list_receptions", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The receptions", body = Receptions)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/receptions")]
pub async fn list_receptions(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Receptions { items: receptions_for(&desk, *cooperative).await? }))
}

/// Partners' receptions as a cooperative sees them.
pub async fn receptions_for(desk: &Desk, cooperative: CooperativeId) -> Result<Vec<ReceptionView>, Problem> {
    desk.may(cooperative, Permission::SeeShop).await?;
    let rows = all::<Offered>(
        desk.db.fresh(),
        "SELECT p.id, r.name AS partner_name, s.fee_amount, s.days FROM pickup_point p JOIN partner r ON r.id = p.partner_id
         LEFT JOIN pickup_service s ON s.pickup_point_id = p.id AND s.cooperative_id = $1
         WHERE p.active AND r.state = 'approved'
         ORDER BY CASE WHEN s.cooperative_id IS NULL THEN 1 ELSE 0 END,
                  (p.latitude - (SELECT latitude FROM cooperative WHERE id = $1)) * (p.latitude - (SELECT latitude FROM cooperative WHERE id = $1))
                + (p.longitude - (SELECT longitude FROM cooperative WHERE id = $1)) * (p.longitude - (SELECT longitude FROM cooperative WHERE id = $1))
         LIMIT 100",
        [cooperative.into()],
    )
    .await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(point) = by_id::<entity::pickup_point::Entity>(desk.db.fresh(), row.id).await? else { continue };
        items.push(ReceptionView {
            point: point.into(),
            partner_name: row.partner_name,
            served: row.days.is_some(),
            fee: row.fee_amount.map(Into::into),
            days: row.days,
        });
    }
    Ok(items)
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fee": 10_000, "days": 1}))]
pub struct ReceptionTerms {
    /// Đồng a box.
    #[garde(range(min = 0, max = 10_000_000))]
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub fee: i64,
    /// From packing until it is there, at most.
    #[garde(range(min = 0, max = 30))]
    #[schema(minimum = 0, maximum = 30)]
    pub days: i32,
}

/// A partner's reception that is open.
async fn open_reception(desk: &Desk, id: PickupPointId) -> Result<entity::pickup_point::Model, Problem> {
    let point = by_id::<entity::pickup_point::Entity>(desk.db.fresh(), id).await?;
    point.filter(|point| point.partner_id.is_some() && point.active).ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Bring boxes to a partner's reception, or change the terms.
#[utoipa::path(tag = "seller", operation_id = "serve_reception", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("point_id" = PickupPointId, Path)), request_body = ReceptionTerms, responses((status = 204, description = "Served")))]
#[put("/v1/seller/cooperatives/{cooperative_id}/receptions/{point_id}")]
pub async fn serve_reception(
    desk: Desk,
    path: Path<(CooperativeId, PickupPointId)>,
    body: Body<ReceptionTerms>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    serve(&desk, cooperative, id, &body.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A cooperative brings boxes there on these terms from now on.
pub async fn serve(
    desk: &Desk,
    cooperative: CooperativeId,
    id: PickupPointId,
    terms: &ReceptionTerms,
) -> Result<(), Problem> {
    desk.may(cooperative, Permission::EditShop).await?;
    let point = open_reception(desk, id).await?;
    let row = pickup_service::ActiveModel {
        cooperative_id: Set(cooperative),
        pickup_point_id: Set(point.id),
        fee_amount: Set(Vnd(terms.fee)),
        days: Set(terms.days),
        created_at: Set(desk.now()),
    };
    let transaction = desk.begin().await?;
    let mut again = OnConflict::columns([pickup_service::Column::CooperativeId, pickup_service::Column::PickupPointId]);
    again.update_columns([pickup_service::Column::FeeAmount, pickup_service::Column::Days]);
    pickup_service::Entity::insert(row).on_conflict(again).exec_without_returning(&transaction).await?;
    desk.audit(
        &transaction,
        "reception.served",
        ("cooperative", cooperative.0),
        (),
        json!({"point": id, "terms": terms}),
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// Bring no more boxes there; what was bought still is brought.
#[utoipa::path(tag = "seller", operation_id = "leave_reception", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("point_id" = PickupPointId, Path)), responses((status = 204, description = "Not served any more")))]
#[delete("/v1/seller/cooperatives/{cooperative_id}/receptions/{point_id}")]
pub async fn leave_reception(desk: Desk, path: Path<(CooperativeId, PickupPointId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    leave(&desk, cooperative, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A cooperative brings no more boxes there.
pub async fn leave(desk: &Desk, cooperative: CooperativeId, id: PickupPointId) -> Result<(), Problem> {
    desk.may(cooperative, Permission::EditShop).await?;
    let transaction = desk.begin().await?;
    let sql = "DELETE FROM pickup_service WHERE cooperative_id = $1 AND pickup_point_id = $2";
    if run(&transaction, sql, [cooperative.into(), id.into()]).await? != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    desk.audit(&transaction, "reception.left", ("cooperative", cooperative.0), json!({"point": id}), ()).await?;
    transaction.commit().await?;
    Ok(())
}
