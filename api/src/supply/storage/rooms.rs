//! Cold rooms: whose they are, what they hold, how cold they are, what they cost.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post, put};
use entity::cold_room;
use entity::value::{ColdRoomId, CooperativeId, PartnerId, Storage};
use garde::Validate;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::books::cost;
use super::keeper::Keeper;
use crate::people::desk::{Desk, PartnerDesk};
use crate::people::identity::Permission;
use crate::people::identity::partner::Scope;
use crate::people::places;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, is_duplicate, one};
use crate::platform::fold;
use crate::platform::pagination::Page;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    ROOM_EXISTS = "cold_room_exists" 409 "Đã có kho mang tên này." "There is a room of this name already.";
    ROOM_CHANGED = "cold_room_changed" 409 "Kho vừa được sửa: hãy tải lại." "The room has just been changed: load it again.";
    ROOM_BOOKED = "cold_room_booked" 409 "Đã có ngày được đặt nhiều hơn sức chứa này." "More than that is booked on a day to come.";
}

/// Days ahead that may be booked.
pub(super) const FARTHEST_DAYS: i64 = 366;

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"name": "Kho mát Mường Động", "storage": "cool", "from_c": 10, "to_c": 13, "capacity_kg": 12_000, "price": 9_000, "street": "Xóm Bãi", "commune_code": "04978",
    "certificates": "HACCP 2026", "open": true}))]
pub struct RoomInput {
    /// Of the room that was looked at; none of a new one.
    pub version: Option<i64>,
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub name: String,
    pub storage: Storage,
    /// Degrees Celsius.
    #[garde(range(min = -80, max = 40))]
    #[schema(minimum = -80, maximum = 40)]
    pub from_c: i32,
    #[garde(range(min = -80, max = 40))]
    #[schema(minimum = -80, maximum = 40)]
    pub to_c: i32,
    #[garde(range(min = 1, max = 100_000_000))]
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub capacity_kg: i64,
    /// Đồng for 100 kg a day.
    #[garde(range(min = 0, max = 100_000_000))]
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub price: i64,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub street: String,
    #[garde(length(chars, min = 5, max = 5))]
    #[schema(min_length = 5, max_length = 5)]
    pub commune_code: String,
    #[serde(default)]
    #[garde(length(chars, max = 300))]
    #[schema(max_length = 300)]
    pub certificates: String,
    /// Others may book it.
    pub open: bool,
}

/// A cold room.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct ColdRoom {
    pub id: ColdRoomId,
    /// Whose it is: a cooperative's, or a partner's.
    #[schema(required = true)]
    pub cooperative_id: Option<CooperativeId>,
    #[schema(required = true)]
    pub partner_id: Option<PartnerId>,
    pub keeper_name: String,
    pub name: String,
    pub storage: Storage,
    pub from_c: i32,
    pub to_c: i32,
    pub capacity_kg: i64,
    /// Đồng for 100 kg a day.
    pub price: i64,
    pub street: String,
    pub commune_code: String,
    pub certificates: String,
    pub open: bool,
    pub version: i64,
}

/// A room with what is free of it through some days.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FreeRoom {
    #[serde(flatten)]
    pub room: ColdRoom,
    /// On the fullest of the days.
    pub free_kg: i64,
    /// Đồng for what was asked for.
    pub amount: i64,
}

const SELECT: &str = "SELECT r.id, r.cooperative_id, r.partner_id, COALESCE(c.name_vi, y.name) AS keeper_name, r.name, r.storage, r.from_c, r.to_c, r.capacity_kg, r.price, r.street, r.commune_code,
        r.certificates, r.open, r.version FROM cold_room r LEFT JOIN cooperative c ON c.id = r.cooperative_id LEFT JOIN partner y ON y.id = r.partner_id";

/// A keeper's rooms, by name.
pub async fn own(desk: &Desk, keeper: Keeper) -> Result<Vec<ColdRoom>, Problem> {
    let sql = format!("{SELECT} WHERE COALESCE(r.cooperative_id, r.partner_id) = $1 ORDER BY r.name LIMIT 200");
    Ok(all(desk.db.fresh(), sql, [keeper.id().into()]).await?)
}

/// The cooperative's cold rooms, by name.
#[utoipa::path(tag = "seller", operation_id = "list_cold_rooms", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The rooms", body = Page<ColdRoom>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/cold-rooms")]
pub async fn list_cold_rooms(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(Page { items: own(&desk, Keeper::Cooperative(*cooperative)).await?, next_cursor: None }))
}

fn check(input: &RoomInput) -> Result<(), Problem> {
    if input.from_c > input.to_c {
        let (vi, en) = ("nhiệt độ từ phải thấp hơn nhiệt độ đến", "it begins above where it ends");
        return Err(Problem::field("/to_c", "order", vi, en));
    }
    if places::commune(&input.commune_code).is_none() {
        return Err(Problem::field("/commune_code", "commune", "không có xã này", "there is no such commune"));
    }
    Ok(())
}

async fn shown(desk: &Desk, (keeper, id): (Keeper, ColdRoomId)) -> Result<ColdRoom, Problem> {
    let sql = format!("{SELECT} WHERE r.id = $1 AND COALESCE(r.cooperative_id, r.partner_id) = $2");
    let row = one::<ColdRoom>(desk.db.fresh(), sql, [id.into(), keeper.id().into()]).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// What is written of a room, of a new one as of one that changes.
fn written(input: &RoomInput, now: OffsetDateTime) -> cold_room::ActiveModel {
    cold_room::ActiveModel {
        name: Set(fold::stored(&input.name)),
        storage: Set(input.storage),
        from_c: Set(input.from_c),
        to_c: Set(input.to_c),
        capacity_kg: Set(input.capacity_kg),
        price: Set(input.price),
        street: Set(fold::stored(&input.street)),
        commune_code: Set(input.commune_code.clone()),
        certificates: Set(fold::stored(&input.certificates)),
        open: Set(input.open),
        updated_at: Set(now),
        ..Default::default()
    }
}

fn named_twice(error: sea_orm::DbErr) -> Problem {
    if is_duplicate(&error) { Problem::new(&ROOM_EXISTS) } else { error.into() }
}

/// Offer a cold room.
pub async fn create(desk: &Desk, keeper: Keeper, input: RoomInput) -> Result<ColdRoom, Problem> {
    check(&input)?;
    let (id, now) = (ColdRoomId::new(), desk.now());
    let row = cold_room::ActiveModel {
        id: Set(id),
        cooperative_id: Set(keeper.cooperative()),
        partner_id: Set(keeper.partner()),
        version: Set(1),
        created_at: Set(now),
        ..written(&input, now)
    };
    let transaction = desk.begin().await?;
    cold_room::Entity::insert(row).exec_without_returning(&transaction).await.map_err(named_twice)?;
    desk.audit(&transaction, "cold_room.created", ("cold_room", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    shown(desk, (keeper, id)).await
}

/// Offer a cold room.
#[utoipa::path(tag = "seller", operation_id = "create_cold_room", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = RoomInput, responses((status = 201, description = "The room", body = ColdRoom)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/cold-rooms")]
pub async fn create_cold_room(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<RoomInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditShop).await?;
    Ok(HttpResponse::Created().json(create(&desk, Keeper::Cooperative(*cooperative), body.0).await?))
}

/// Write a room anew. What is booked stands: it never holds less than that.
pub async fn change(desk: &Desk, path: (Keeper, ColdRoomId), input: RoomInput) -> Result<ColdRoom, Problem> {
    check(&input)?;
    let transaction = desk.begin().await?;
    let keeper = match path.0 {
        Keeper::Cooperative(id) => cold_room::Column::CooperativeId.eq(id),
        Keeper::Partner(id) => cold_room::Column::PartnerId.eq(id),
    };
    let changed = cold_room::Entity::update_many()
        .set(written(&input, desk.now()))
        .col_expr(cold_room::Column::Version, Expr::col(cold_room::Column::Version).add(1))
        .filter(cold_room::Column::Id.eq(path.1))
        .filter(cold_room::Column::Version.eq(input.version.unwrap_or_default()))
        .filter(keeper)
        .exec(&transaction)
        .await
        .map_err(named_twice)?;
    if changed.rows_affected != 1 {
        transaction.rollback().await?;
        shown(desk, path).await?;
        return Err(Problem::new(&ROOM_CHANGED));
    }
    // The room's row is this transaction's: nobody books meanwhile.
    let sql =
        "SELECT day, booked_kg FROM cold_day WHERE room_id = $1 AND day >= $2 AND booked_kg > $3 ORDER BY day LIMIT 1";
    let values = [path.1.into(), desk.today().into(), input.capacity_kg.into()];
    if let Some(full) = one::<Booked>(&transaction, sql, values).await? {
        return Err(Problem::new(&ROOM_BOOKED).extension("day", full.day).extension("booked_kg", full.booked_kg));
    }
    desk.audit(&transaction, "cold_room.changed", ("cold_room", path.1.0), (), json!(input)).await?;
    transaction.commit().await?;
    shown(desk, path).await
}

/// What is booked of a room on a day.
#[derive(FromQueryResult)]
pub(super) struct Booked {
    pub day: Date,
    pub booked_kg: i64,
}

/// Write a room anew.
#[utoipa::path(tag = "seller", operation_id = "change_cold_room", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("room_id" = ColdRoomId, Path)), request_body = RoomInput, responses((status = 200, description = "The room", body = ColdRoom)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/cold-rooms/{room_id}")]
pub async fn change_cold_room(
    desk: Desk,
    path: Path<(CooperativeId, ColdRoomId)>,
    body: Body<RoomInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditShop).await?;
    Ok(HttpResponse::Ok().json(change(&desk, (Keeper::Cooperative(path.0), path.1), body.0).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[into_params(parameter_in = Query)]
pub struct RoomSearch {
    #[param(value_type = String, format = Date, example = "2026-12-20")]
    pub from: Date,
    #[param(value_type = String, format = Date, example = "2026-12-30")]
    pub to: Date,
    /// 1 unless told.
    #[garde(inner(range(min = 1, max = 100_000_000)))]
    #[param(minimum = 1, maximum = 100_000_000)]
    pub kg: Option<i64>,
    /// Only this kind of store.
    pub storage: Option<Storage>,
}

/// Checks the days of a booking; how many they are.
pub(super) fn days(desk: &Desk, from: Date, to: Date) -> Result<i64, Problem> {
    let today = desk.today();
    if from < today || to < from || (to - today).whole_days() > FARTHEST_DAYS {
        let (vi, en) = ("khoảng ngày phải ở phía trước, trong vòng một năm", "must lie ahead, within a year");
        return Err(Problem::field("/from", "range", vi, en));
    }
    Ok((to - from).whole_days() + 1)
}

#[derive(FromQueryResult)]
struct Fullest {
    room_id: ColdRoomId,
    booked_kg: i64,
}

/// Rooms that have so much space through some days: those in the cooperative's province first, then by price.
pub async fn search(desk: &Desk, cooperative: CooperativeId, query: &RoomSearch) -> Result<Vec<FreeRoom>, Problem> {
    let days = days(desk, query.from, query.to)?;
    let (connection, kg) = (desk.db.fresh(), query.kg.unwrap_or(1));
    let kind = query.storage.map_or("", Storage::as_str);
    let sql = format!(
        "{SELECT} WHERE r.open AND (c.status = 'active' OR y.state = 'approved') AND r.capacity_kg >= $1 AND ($2 = '' OR r.storage = $2) ORDER BY r.price, r.id LIMIT 500"
    );
    let rooms = all::<ColdRoom>(connection, sql, [kg.into(), kind.into()]).await?;
    let sql = "SELECT room_id, MAX(booked_kg) AS booked_kg FROM cold_day WHERE day BETWEEN $1 AND $2 GROUP BY room_id";
    let full = all::<Fullest>(connection, sql, [query.from.into(), query.to.into()]).await?;
    let home = entity::cooperative::Entity::find_by_id(cooperative).one(connection).await?;
    let province = |code: &str| places::commune(code).map(|commune| places::province_of(commune).code);
    let own = home.and_then(|row| province(&row.commune_code));
    let mut free: Vec<FreeRoom> = rooms
        .into_iter()
        .map(|room| {
            let booked = full.iter().find(|row| row.room_id == room.id).map_or(0, |row| row.booked_kg);
            FreeRoom { free_kg: room.capacity_kg - booked, amount: cost(room.price, kg, days), room }
        })
        .filter(|found| found.free_kg >= kg)
        .collect();
    free.sort_by_key(|found| province(&found.room.commune_code) != own);
    free.truncate(100);
    Ok(free)
}

/// Rooms that have so much space through some days: those of one's own province first, then by price.
#[utoipa::path(tag = "seller", operation_id = "search_cold_rooms", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), RoomSearch), responses((status = 200, description = "Rooms with space", body = Page<FreeRoom>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/cold-rooms/free")]
pub async fn search_cold_rooms(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<RoomSearch>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(Page { items: search(&desk, *cooperative, &query.0).await?, next_cursor: None }))
}

/// The partner's cold rooms, by name.
#[utoipa::path(tag = "partner", operation_id = "list_partner_rooms", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), responses((status = 200, description = "The rooms", body = Page<ColdRoom>)))]
#[get("/v1/partner/{partner_id}/cold-rooms")]
pub async fn list_partner_rooms(desk: PartnerDesk) -> Result<HttpResponse, Problem> {
    desk.may(Scope::ReportsRead).await?;
    let items = own(&desk, Keeper::Partner(desk.partner)).await?;
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}

/// Offer a cold room, as a partner: its owners only.
#[utoipa::path(tag = "partner", operation_id = "create_partner_room", security(("access_token" = [])), params(("partner_id" = PartnerId, Path)), request_body = RoomInput, responses((status = 201, description = "The room", body = ColdRoom)))]
#[post("/v1/partner/{partner_id}/cold-rooms")]
pub async fn create_partner_room(desk: PartnerDesk, body: Body<RoomInput>) -> Result<HttpResponse, Problem> {
    desk.owner().await?;
    desk.approved(Scope::ReportsRead).await?;
    Ok(HttpResponse::Created().json(create(&desk, Keeper::Partner(desk.partner), body.0).await?))
}

/// Write a room anew, as a partner: its owners only.
#[utoipa::path(tag = "partner", operation_id = "change_partner_room", security(("access_token" = [])), params(("partner_id" = PartnerId, Path), ("room_id" = ColdRoomId, Path)), request_body = RoomInput, responses((status = 200, description = "The room", body = ColdRoom)))]
#[put("/v1/partner/{partner_id}/cold-rooms/{room_id}")]
pub async fn change_partner_room(
    desk: PartnerDesk,
    path: Path<(PartnerId, ColdRoomId)>,
    body: Body<RoomInput>,
) -> Result<HttpResponse, Problem> {
    desk.owner().await?;
    desk.approved(Scope::ReportsRead).await?;
    Ok(HttpResponse::Ok().json(change(&desk, (Keeper::Partner(desk.partner), path.1), body.0).await?))
}
