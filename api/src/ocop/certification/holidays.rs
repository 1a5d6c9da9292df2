//! The days nobody works, kept by the platform's people: each autumn the government names the next year's (Labour Code
//! 45/2019/QH14, Article 112).

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, put};
use entity::holiday;
use entity::value::PlatformRole;
use garde::Validate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use time::{Date, Duration};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::people::desk::Desk;
use crate::platform::body::Body;
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem};

/// So far back holidays are told.
const BACK: Duration = Duration::days(366);

#[derive(Serialize, ToSchema)]
pub struct Holiday {
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub name: String,
}

#[derive(Serialize, ToSchema)]
pub struct HolidayList {
    pub items: Vec<Holiday>,
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Tết Nguyên đán"}))]
pub struct HolidayInput {
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub name: String,
}

/// Holidays of the last year and to come.
pub async fn all(desk: &Desk) -> Result<Vec<Holiday>, Problem> {
    desk.who.require_office()?;
    let rows = holiday::Entity::find()
        .filter(holiday::Column::Day.gte(desk.today() - BACK))
        .order_by_asc(holiday::Column::Day)
        .all(desk.db.fresh())
        .await?;
    Ok(rows.into_iter().map(|row| Holiday { day: row.day, name: row.name }).collect())
}

/// Days have no id of their own: the trail knows them by a name made of the day.
fn mark(day: Date) -> Uuid {
    Uuid::from_u128(u128::from(day.to_julian_day().unsigned_abs()))
}

/// Says that a day is a holiday, and which.
pub async fn keep(desk: &Desk, day: Date, input: HolidayInput) -> Result<Holiday, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    if day < desk.today() {
        let (vi, en) = ("ngày đã qua: thời hạn cũ không đổi nữa", "the day is past: old deadlines do not change");
        return Err(Problem::field("/day", "past", vi, en));
    }
    let name = fold::stored(&input.name);
    let transaction = desk.begin().await?;
    let before = holiday::Entity::find_by_id(day).lock_exclusive().one(&transaction).await?;
    let before = before.map(|row| Holiday { day, name: row.name });
    let row = holiday::ActiveModel { day: Set(day), name: Set(name.clone()) };
    let again = OnConflict::column(holiday::Column::Day).update_column(holiday::Column::Name).to_owned();
    holiday::Entity::insert(row).on_conflict(again).exec_without_returning(&transaction).await?;
    desk.audit(&transaction, "holiday.kept", ("holiday", mark(day)), before, &Holiday { day, name: name.clone() })
        .await?;
    transaction.commit().await?;
    Ok(Holiday { day, name })
}

/// Says that a day is none after all.
pub async fn strike(desk: &Desk, day: Date) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let transaction = desk.begin().await?;
    let before = holiday::Entity::find_by_id(day).lock_exclusive().one(&transaction).await?;
    let before = before.filter(|_| day >= desk.today()).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    holiday::Entity::delete_by_id(day).exec(&transaction).await?;
    let was = Holiday { day, name: before.name };
    desk.audit(&transaction, "holiday.struck", ("holiday", mark(day)), &was, ()).await?;
    transaction.commit().await?;
    Ok(())
}

/// The days nobody works, of the last year and to come.
#[utoipa::path(tag = "admin", operation_id = "list_holidays", security(("access_token" = [])), responses((status = 200, description = "The days", body = HolidayList)))]
#[get("/v1/admin/holidays")]
pub async fn list_holidays(desk: Desk) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(HolidayList { items: all(&desk).await? }))
}

/// Say that a day to come is a holiday. Deadlines counted from now on pass over it.
#[utoipa::path(tag = "admin", operation_id = "keep_holiday", security(("access_token" = [])), params(("day" = String, Path, description = "Such as 2027-02-06", format = Date)), request_body = HolidayInput, responses((status = 200, description = "The day", body = Holiday)))]
#[put("/v1/admin/holidays/{day}")]
pub async fn keep_holiday(desk: Desk, day: Path<String>, body: Body<HolidayInput>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let kept = keep(&desk, day_in(&day)?, body.0).await?;
    Ok(HttpResponse::Ok().json(kept))
}

/// Say that a day to come is no holiday after all.
#[utoipa::path(tag = "admin", operation_id = "strike_holiday", security(("access_token" = [])), params(("day" = String, Path, description = "Such as 2027-02-06", format = Date)), responses((status = 204, description = "It is none")))]
#[delete("/v1/admin/holidays/{day}")]
pub async fn strike_holiday(desk: Desk, day: Path<String>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    strike(&desk, day_in(&day)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn day_in(text: &str) -> Result<Date, Problem> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).map_err(|_| Problem::new(&NOT_FOUND))
}
