//! Goods that are brought into a room and taken out again, by lot: an event of the lot each, and its last day follows the product's rule for
//! the store it is in.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::supply::{ColdBookingState, Going};
use entity::value::{ColdBookingId, CooperativeId, LotId, PartnerId, RowId, Storage};
use entity::{cold_move, lot};
use garde::Validate;
use sea_orm::{ActiveValue::Set, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::bookings::{BOOKING_STATE, ColdBooking, shown};
use super::keeper::Keeper;
use crate::people::desk::{Desk, PartnerDesk};
use crate::people::identity::Permission;
use crate::people::identity::partner::Scope;
use crate::platform::body::Body;
use crate::platform::db::{all, by_id, list, one, run};
use crate::platform::pagination::Page;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::shop::inventory::amend::{NewObservation, Observation, observe_within};
use crate::shop::inventory::keeping::Kept;

codes! {
    MORE_THAN_BOOKED = "more_than_booked" 409 "Nhiều hơn khối lượng đã đặt kho." "More than was booked.";
    NOT_INSIDE = "not_inside" 409 "Trong kho không có chừng ấy của lô này." "There is not so much of this lot inside.";
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"lot_id": "0197f2a0-0000-7000-8000-000000000001", "going": "in", "kg": 500, "temperature_c": 12}))]
pub struct ColdMoveInput {
    pub lot_id: LotId,
    pub going: Going,
    #[garde(range(min = 1, max = 100_000_000))]
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub kg: i64,
    /// As measured, degrees Celsius.
    #[garde(inner(range(min = -80, max = 60)))]
    #[schema(minimum = -80, maximum = 60)]
    pub temperature_c: Option<i32>,
}

/// Goods that went in or out.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct ColdMove {
    pub id: RowId,
    pub lot_id: LotId,
    pub lot_code: String,
    pub going: Going,
    pub kg: i64,
    #[schema(required = true)]
    pub temperature_c: Option<i32>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: OffsetDateTime,
}

#[derive(FromQueryResult)]
struct Inside {
    all_kg: i64,
    lot_kg: i64,
}

/// Writes that goods of a lot went in or out: the cooperative whose goods they are, or the keeper of the room.
pub async fn bring(
    desk: &Desk,
    (who, id): (Keeper, ColdBookingId),
    input: ColdMoveInput,
) -> Result<ColdBooking, Problem> {
    let transaction = desk.begin().await?;
    // Whoever else moves goods of this booking comes before or after.
    run(&transaction, "UPDATE cold_booking SET updated_at = updated_at WHERE id = $1", [id.into()]).await?;
    let booking = shown(&transaction, id).await?;
    if booking.cooperative_id.0 != who.id() && booking.keeper_id != who.id() {
        return Err(Problem::new(&NOT_FOUND));
    }
    let today = desk.today();
    let begun = booking.state == ColdBookingState::Booked && booking.from_on <= today;
    if booking.state == ColdBookingState::Cancelled || (input.going == Going::In && (!begun || today > booking.to_on)) {
        return Err(Problem::new(&BOOKING_STATE));
    }
    let found = by_id::<lot::Entity>(&transaction, input.lot_id).await?;
    let Some(lot) = found.filter(|lot| lot.cooperative_id == booking.cooperative_id) else {
        return Err(Problem::field("/lot_id", "lot", "không có lô này", "there is no such lot"));
    };
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN going = 'in' THEN kg ELSE -kg END), 0) AS bigint) AS all_kg,
                   CAST(COALESCE(SUM(CASE WHEN lot_id <> $2 THEN 0 WHEN going = 'in' THEN kg ELSE -kg END), 0) AS bigint) AS lot_kg
               FROM cold_move WHERE booking_id = $1";
    let inside = one::<Inside>(&transaction, sql, [id.into(), input.lot_id.into()]).await?;
    let (all_kg, lot_kg) = inside.map_or((0, 0), |row| (row.all_kg, row.lot_kg));
    match input.going {
        Going::In if all_kg + input.kg > booking.kg => {
            return Err(Problem::new(&MORE_THAN_BOOKED).extension("free_kg", booking.kg - all_kg));
        }
        Going::Out if input.kg > lot_kg => return Err(Problem::new(&NOT_INSIDE).extension("inside_kg", lot_kg)),
        _ => {}
    }
    let row = cold_move::ActiveModel {
        id: Set(RowId::new()),
        booking_id: Set(id),
        lot_id: Set(input.lot_id),
        going: Set(input.going),
        kg: Set(input.kg),
        temperature_c: Set(input.temperature_c),
        at: Set(desk.now()),
        by_account: Set(desk.who.account),
    };
    cold_move::Entity::insert(row).exec_without_returning(&transaction).await?;
    let room = by_id::<entity::cold_room::Entity>(&transaction, booking.room_id).await?;
    let room = room.ok_or_else(|| Problem::internal("a booking without a room"))?;
    let seen = observation(&room, &booking, &input, lot_kg);
    let seen = observe_within(&transaction, desk, &lot, seen).await?;
    desk.audit(&transaction, "cold_room.moved", ("cold_booking", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    if seen.moved {
        desk.products_changed(&[lot.product_id]).await?;
    }
    shown(desk.db.fresh(), id).await
}

/// What the lot's history tells: brought into the room as cold as it is, or, with the last of it, back into the open.
fn observation(
    room: &entity::cold_room::Model,
    booking: &ColdBooking,
    input: &ColdMoveInput,
    inside: i64,
) -> NewObservation {
    let kept = match input.going {
        Going::In => Some(Kept { storage: Some(room.storage), from_c: Some(room.from_c), to_c: Some(room.to_c) }),
        Going::Out if input.kg == inside => Some(Kept { storage: Some(Storage::Ambient), from_c: None, to_c: None }),
        Going::Out => None,
    };
    let (way, kg) = (if input.going == Going::In { "vào" } else { "ra" }, input.kg);
    let note = format!("{} {way}: {kg} kg ({})", room.name, booking.number);
    NewObservation { act: Observation::Stored, at: None, kept, note: Some(note) }
}

/// Write that goods of a lot went into a room, or out of it.
#[utoipa::path(tag = "seller", operation_id = "move_cold_goods", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("booking_id" = ColdBookingId, Path)), request_body = ColdMoveInput, responses((status = 201, description = "The booking", body = ColdBooking)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/cold-bookings/{booking_id}/moves")]
pub async fn move_cold_goods(
    desk: Desk,
    path: Path<(CooperativeId, ColdBookingId)>,
    body: Body<ColdMoveInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::CountStock).await?;
    Ok(HttpResponse::Created().json(bring(&desk, (Keeper::Cooperative(path.0), path.1), body.0).await?))
}

/// What went in and out under a booking, oldest first.
#[utoipa::path(tag = "seller", operation_id = "list_cold_moves", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("booking_id" = ColdBookingId, Path)), responses((status = 200, description = "The moves", body = Page<ColdMove>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/cold-bookings/{booking_id}/moves")]
pub async fn list_cold_moves(desk: Desk, path: Path<(CooperativeId, ColdBookingId)>) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::SeeShop).await?;
    listed(&desk, (Keeper::Cooperative(path.0), path.1)).await
}

async fn listed(desk: &Desk, (who, id): (Keeper, ColdBookingId)) -> Result<HttpResponse, Problem> {
    let booking = shown(desk.db.fresh(), id).await?;
    if booking.cooperative_id.0 != who.id() && booking.keeper_id != who.id() {
        return Err(Problem::new(&NOT_FOUND));
    }
    let sql = "SELECT m.id, m.lot_id, l.code AS lot_code, m.going, m.kg, m.temperature_c, m.at FROM cold_move m JOIN lot l ON l.id = m.lot_id
               WHERE m.booking_id = $1 ORDER BY m.id LIMIT 1000";
    let items = all::<ColdMove>(desk.db.fresh(), sql, [id.into()]).await?;
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}

/// Write that goods went into the partner's room, or out of it.
#[utoipa::path(tag = "partner", operation_id = "move_partner_goods", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("booking_id" = ColdBookingId, Path)), request_body = ColdMoveInput, responses((status = 201, description = "The booking", body = ColdBooking)))]
#[post("/v1/partner/{partner_id}/cold-bookings/{booking_id}/moves")]
pub async fn move_partner_goods(
    desk: PartnerDesk,
    path: Path<(PartnerId, ColdBookingId)>,
    body: Body<ColdMoveInput>,
) -> Result<HttpResponse, Problem> {
    desk.approved(Scope::BoxesWrite).await?;
    Ok(HttpResponse::Created().json(bring(&desk, (Keeper::Partner(desk.partner), path.1), body.0).await?))
}

/// What went in and out of the partner's room under a booking, oldest first.
#[utoipa::path(tag = "partner", operation_id = "list_partner_moves", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("booking_id" = ColdBookingId, Path)), responses((status = 200, description = "The moves", body = Page<ColdMove>)))]
#[get("/v1/partner/{partner_id}/cold-bookings/{booking_id}/moves")]
pub async fn list_partner_moves(
    desk: PartnerDesk,
    path: Path<(PartnerId, ColdBookingId)>,
) -> Result<HttpResponse, Problem> {
    desk.may(Scope::BoxesRead).await?;
    listed(&desk, (Keeper::Partner(desk.partner), path.1)).await
}

/// Lots under a booking that the keeper can take out again, or that may be brought in: those of its cooperative with goods left.
#[derive(Clone, Debug, Serialize, FromQueryResult)]
pub struct LotToMove {
    pub id: LotId,
    pub name: String,
    pub cooperative_id: CooperativeId,
}

/// Lots with goods left of some cooperatives, the newest first.
pub async fn lots_to_move(desk: &Desk, cooperatives: &[CooperativeId]) -> Result<Vec<LotToMove>, Problem> {
    if cooperatives.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT l.id, l.code AS name, l.cooperative_id FROM lot l WHERE l.cooperative_id IN {} AND l.state = 'good'
           AND EXISTS (SELECT 1 FROM lot_stock s WHERE s.lot_id = l.id AND s.on_hand > 0) ORDER BY l.id DESC LIMIT 200",
        list(1, cooperatives.len())
    );
    let values: Vec<sea_orm::Value> = cooperatives.iter().map(|id| (*id).into()).collect();
    Ok(all(desk.db.fresh(), sql, values).await?)
}
