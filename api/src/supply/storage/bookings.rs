//! Booking a room: kilograms through some days, each day never beyond what the room holds.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::cold_booking;
use entity::supply::ColdBookingState;
use entity::value::{ColdBookingId, ColdRoomId, CooperativeId, PartnerId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, Duration};
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::cost;
use super::keeper::Keeper;
use super::rooms::{Booked, days};
use crate::orders::ordering::number;
use crate::people::desk::{Desk, PartnerDesk};
use crate::people::identity::Permission;
use crate::people::identity::partner::Scope;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, one, run};
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    ROOM_FULL = "cold_room_full" 409 "Kho không còn chỗ vào một ngày trong khoảng này." "The room has no space left on one of the days.";
    ROOM_CLOSED = "cold_room_closed" 409 "Kho này đang không nhận hàng." "The room does not take goods at the moment.";
    BOOKING_STATE = "cold_booking_state" 409 "Lượt đặt kho đã bắt đầu, kết thúc hoặc đã hủy." "The booking has begun, is over, or was cancelled.";
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"room_id": "0197f2a0-0000-7000-8000-000000000001", "from": "2026-12-20", "to": "2026-12-30", "kg": 2_000}))]
pub struct BookingInput {
    pub room_id: ColdRoomId,
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    #[garde(range(min = 1, max = 100_000_000))]
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub kg: i64,
}

/// Room for some goods through some days.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct ColdBooking {
    pub id: ColdBookingId,
    pub number: String,
    pub room_id: ColdRoomId,
    pub room_name: String,
    /// The cooperative or partner whose room it is.
    pub keeper_id: Uuid,
    pub keeper_name: String,
    #[serde(skip)]
    pub(super) of_partner: bool,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    #[schema(value_type = String, format = Date)]
    pub from_on: Date,
    #[schema(value_type = String, format = Date)]
    pub to_on: Date,
    pub kg: i64,
    /// Lying there now.
    pub inside_kg: i64,
    /// Đồng, as booked; owed once it is over.
    pub amount: i64,
    pub state: ColdBookingState,
}

pub(super) const SELECT: &str = "SELECT b.id, b.number, b.room_id, r.name AS room_name, COALESCE(r.cooperative_id, r.partner_id) AS keeper_id, COALESCE(k.name_vi, y.name) AS keeper_name, r.partner_id IS NOT NULL AS of_partner, b.cooperative_id,
        c.name_vi AS cooperative_name, b.from_on, b.to_on, b.kg, b.amount, b.state,
        CAST(COALESCE((SELECT SUM(CASE WHEN m.going = 'in' THEN m.kg ELSE -m.kg END) FROM cold_move m WHERE m.booking_id = b.id), 0) AS bigint) AS inside_kg
    FROM cold_booking b JOIN cold_room r ON r.id = b.room_id LEFT JOIN cooperative k ON k.id = r.cooperative_id LEFT JOIN partner y ON y.id = r.partner_id
         JOIN cooperative c ON c.id = b.cooperative_id";

pub(super) async fn shown(connection: &impl ConnectionTrait, id: ColdBookingId) -> Result<ColdBooking, Problem> {
    let row = one::<ColdBooking>(connection, format!("{SELECT} WHERE b.id = $1"), [id.into()]).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Takes the room's row, so that of those who book it one comes after the other.
async fn lock(connection: &impl ConnectionTrait, room: ColdRoomId) -> Result<(), Problem> {
    run(connection, "UPDATE cold_room SET open = open WHERE id = $1", [room.into()]).await?;
    Ok(())
}

/// More of a room, or less, through some days.
async fn fill(
    connection: &impl ConnectionTrait,
    room: ColdRoomId,
    (from, days): (Date, i64),
    kg: i64,
) -> Result<(), Problem> {
    for ahead in 0..days {
        let day = from + Duration::days(ahead);
        let sql = if kg > 0 {
            "INSERT INTO cold_day (room_id, day, booked_kg) VALUES ($1, $2, $3)
             ON CONFLICT (room_id, day) DO UPDATE SET booked_kg = cold_day.booked_kg + excluded.booked_kg"
        } else {
            "UPDATE cold_day SET booked_kg = booked_kg + $3 WHERE room_id = $1 AND day = $2"
        };
        run(connection, sql, [room.into(), day.into(), kg.into()]).await?;
    }
    Ok(())
}

/// Book room; what it costs is what it costs on that day.
pub async fn book(desk: &Desk, cooperative: CooperativeId, input: BookingInput) -> Result<ColdBooking, Problem> {
    let days = days(desk, input.from, input.to)?;
    let transaction = desk.begin().await?;
    lock(&transaction, input.room_id).await?;
    let room = by_id::<entity::cold_room::Entity>(&transaction, input.room_id).await?;
    let unknown = || Problem::field("/room_id", "room", "không có kho này", "there is no such room");
    let room = room.ok_or_else(unknown)?;
    let own = room.cooperative_id == Some(cooperative);
    if !room.open && !own {
        return Err(Problem::new(&ROOM_CLOSED));
    }
    let most = room.capacity_kg - input.kg;
    let sql = "SELECT day, booked_kg FROM cold_day WHERE room_id = $1 AND day BETWEEN $2 AND $3 AND booked_kg > $4 ORDER BY day LIMIT 1";
    let values = [input.room_id.into(), input.from.into(), input.to.into(), most.into()];
    let full = one::<Booked>(&transaction, sql, values).await?;
    if most < 0 || full.is_some() {
        let (day, booked) = full.map_or((input.from, 0), |full| (full.day, full.booked_kg));
        let free = room.capacity_kg - booked;
        return Err(Problem::new(&ROOM_FULL).extension("day", day).extension("free_kg", free));
    }
    fill(&transaction, input.room_id, (input.from, days), input.kg).await?;
    // One's own room costs nothing.
    let amount = if own { 0 } else { cost(room.price, input.kg, days) };
    let (id, now) = (ColdBookingId::new(), desk.now());
    let row = cold_booking::ActiveModel {
        id: Set(id),
        number: Set(number("KL", now)),
        room_id: Set(input.room_id),
        cooperative_id: Set(cooperative),
        from_on: Set(input.from),
        to_on: Set(input.to),
        kg: Set(input.kg),
        amount: Set(amount),
        state: Set(ColdBookingState::Booked),
        booked_by: Set(desk.who.account),
        booked_at: Set(now),
        updated_at: Set(now),
    };
    cold_booking::Entity::insert(row).exec_without_returning(&transaction).await?;
    let found = shown(&transaction, id).await?;
    tell(desk, &transaction, &found, "booked").await?;
    desk.audit(&transaction, "cold_room.booked", ("cold_booking", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    desk.bell.ring();
    Ok(found)
}

/// Tells the keeper of a room.
async fn tell(desk: &Desk, transaction: &impl ConnectionTrait, found: &ColdBooking, what: &str) -> Result<(), Problem> {
    let told = json!({
        "booking_id": found.id, "number": found.number, "room": found.room_name, "cooperative": found.cooperative_name, "kg": found.kg,
        "from": found.from_on.to_string(), "to": found.to_on.to_string(), "what": what,
        "keeper": if found.of_partner { "partner" } else { "cooperative" },
    });
    Ok(emit(transaction, "storage.booking", found.keeper_id, told, desk.now()).await?)
}

/// Book room in a cold store.
#[utoipa::path(tag = "seller", operation_id = "book_cold_room", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = BookingInput, responses((status = 201, description = "The booking", body = ColdBooking)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/cold-bookings")]
pub async fn book_cold_room(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<BookingInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Created().json(book(&desk, *cooperative, body.0).await?))
}

/// Cancel a booking before its first day, as long as nothing was brought in; it costs nothing.
pub async fn cancel(desk: &Desk, (cooperative, id): (CooperativeId, ColdBookingId)) -> Result<ColdBooking, Problem> {
    let transaction = desk.begin().await?;
    let found = shown(&transaction, id).await?;
    if found.cooperative_id != cooperative {
        return Err(Problem::new(&NOT_FOUND));
    }
    lock(&transaction, found.room_id).await?;
    let sql = "UPDATE cold_booking SET state = 'cancelled', updated_at = $2 WHERE id = $1 AND state = 'booked' AND from_on > $3
                 AND NOT EXISTS (SELECT 1 FROM cold_move m WHERE m.booking_id = $1)";
    if run(&transaction, sql, [id.into(), desk.now().into(), desk.today().into()]).await? != 1 {
        return Err(Problem::new(&BOOKING_STATE));
    }
    let days = (found.to_on - found.from_on).whole_days() + 1;
    fill(&transaction, found.room_id, (found.from_on, days), -found.kg).await?;
    tell(desk, &transaction, &found, "cancelled").await?;
    desk.audit(&transaction, "cold_room.cancelled", ("cold_booking", id.0), (), ()).await?;
    transaction.commit().await?;
    desk.bell.ring();
    shown(desk.db.fresh(), id).await
}

/// Cancel a booking before its first day.
#[utoipa::path(tag = "seller", operation_id = "cancel_cold_booking", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("booking_id" = ColdBookingId, Path)), responses((status = 200, description = "The booking", body = ColdBooking)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/cold-bookings/{booking_id}/cancel")]
pub async fn cancel_cold_booking(
    desk: Desk,
    path: Path<(CooperativeId, ColdBookingId)>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(cancel(&desk, path.into_inner()).await?))
}

/// A cooperative's own bookings, newest first.
pub async fn bookings_of(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<ColdBooking>, Problem> {
    NewestFirst::of(SELECT, "b.id", place)?
        .and("b.cooperative_id = ?", cooperative)
        .page(desk.db.fresh(), |row: &ColdBooking| row.id)
        .await
}

/// The cooperative's bookings of cold rooms, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_cold_bookings", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of bookings", body = Page<ColdBooking>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/cold-bookings")]
pub async fn list_cold_bookings(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(bookings_of(&desk, *cooperative, paging.0.place()).await?))
}

/// What others booked in a keeper's rooms from today on, by day.
pub async fn bookings_in(desk: &Desk, keeper: Keeper) -> Result<Vec<ColdBooking>, Problem> {
    let sql = format!(
        "{SELECT} WHERE COALESCE(r.cooperative_id, r.partner_id) = $1 AND b.state = 'booked' AND b.to_on >= $2 ORDER BY b.from_on, b.id LIMIT 500"
    );
    Ok(all(desk.db.fresh(), sql, [keeper.id().into(), desk.today().into()]).await?)
}

/// What is booked in the cooperative's own rooms from today on, by day.
#[utoipa::path(tag = "seller", operation_id = "list_room_bookings", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The bookings", body = Page<ColdBooking>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/cold-rooms/bookings")]
pub async fn list_room_bookings(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok()
        .json(Page { items: bookings_in(&desk, Keeper::Cooperative(*cooperative)).await?, next_cursor: None }))
}

/// What is booked in the partner's rooms from today on, by day.
#[utoipa::path(tag = "partner", operation_id = "list_partner_room_bookings", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), responses((status = 200, description = "The bookings", body = Page<ColdBooking>)))]
#[get("/v1/partner/{partner_id}/cold-rooms/bookings")]
pub async fn list_partner_room_bookings(desk: PartnerDesk) -> Result<HttpResponse, Problem> {
    desk.may(Scope::ReportsRead).await?;
    let items = bookings_in(&desk, Keeper::Partner(desk.partner)).await?;
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}
