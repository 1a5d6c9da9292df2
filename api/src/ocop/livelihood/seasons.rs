//! What a cooperative tells of a season: households, workers, days, turnover. Counts, never names.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, put};
use entity::season_report::{self, Column as C};
use entity::value::{CooperativeId, SeasonReportId, Vnd};
use garde::Validate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{Db, by_id};
use crate::platform::fold::{self, is_forbidden};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    SEASONS_FULL = "seasons_full" 409 "Đã khai đủ số mùa vụ cho phép." "No more seasons can be told of.";
}

/// Of one cooperative: four a year for fifty years.
const MOST: u64 = 200;

/// A season as it is told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SeasonReport {
    /// As the cooperative calls it.
    pub season: String,
    #[schema(value_type = String, format = Date)]
    pub from_on: Date,
    #[schema(value_type = String, format = Date)]
    pub to_on: Date,
    pub households: i64,
    pub regular_workers: i64,
    pub seasonal_workers: i64,
    /// Among all workers.
    pub women: i64,
    pub working_days: i64,
    /// Đồng through all channels, seen by the cooperative and officers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turnover: Option<Vnd>,
}

impl From<season_report::Model> for SeasonReport {
    fn from(row: season_report::Model) -> Self {
        let season_report::Model { season, from_on, to_on, households, regular_workers, seasonal_workers, .. } = row;
        let (women, working_days, turnover) = (row.women, row.working_days, row.turnover);
        Self { season, from_on, to_on, households, regular_workers, seasonal_workers, women, working_days, turnover }
    }
}

/// All seasons, the last one first.
pub async fn find(connection: &impl ConnectionTrait, cooperative: CooperativeId) -> Result<Vec<SeasonReport>, Problem> {
    let rows = season_report::Entity::find()
        .filter(season_report::Column::CooperativeId.eq(cooperative))
        .order_by_desc(season_report::Column::ToOn)
        .order_by_desc(season_report::Column::Id)
        .limit(MOST)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(SeasonReport::from).collect())
}

#[derive(Serialize, ToSchema)]
pub struct Seasons {
    items: Vec<SeasonReport>,
}

/// The seasons told of, the last one first.
#[utoipa::path(tag = "programme", operation_id = "list_seasons", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The seasons", body = Seasons)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/seasons")]
pub async fn list_seasons(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(Seasons { items: find(desk.db.fresh(), *cooperative).await? }))
}

/// The jobs of a cooperative by season: counts, for everybody.
#[utoipa::path(tag = "programme", operation_id = "list_public_seasons", params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The seasons, without turnover", body = Seasons)))]
#[get("/v1/cooperatives/{cooperative_id}/seasons")]
pub async fn list_public_seasons(db: Data<Db>, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    let found = by_id::<entity::cooperative::Entity>(db.read(), *cooperative).await?;
    if found.is_none_or(|row| row.status != entity::value::CooperativeStatus::Active) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let mut items = find(db.read(), *cooperative).await?;
    for season in &mut items {
        season.turnover = None;
    }
    Ok(HttpResponse::Ok().json(Seasons { items }))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from_on": "2026-10-01", "to_on": "2026-12-31", "households": 42, "regular_workers": 6, "seasonal_workers": 35, "women": 22, "working_days": 1_250, "turnover": 1_850_000_000}))]
pub struct SeasonInput {
    #[garde(skip)]
    #[schema(value_type = String, format = Date)]
    pub from_on: Date,
    #[garde(skip)]
    #[schema(value_type = String, format = Date)]
    pub to_on: Date,
    #[garde(range(min = 0, max = 100_000))]
    #[schema(minimum = 0, maximum = 100_000)]
    pub households: i64,
    #[garde(range(min = 0, max = 100_000))]
    #[schema(minimum = 0, maximum = 100_000)]
    pub regular_workers: i64,
    #[garde(range(min = 0, max = 100_000))]
    #[schema(minimum = 0, maximum = 100_000)]
    pub seasonal_workers: i64,
    /// Among all workers.
    #[garde(range(min = 0, max = 200_000))]
    #[schema(minimum = 0, maximum = 200_000)]
    pub women: i64,
    #[garde(range(min = 0, max = 10_000_000))]
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub working_days: i64,
    /// Đồng through all channels, if it is told.
    #[garde(inner(range(min = 0, max = 1_000_000_000_000_000)))]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000_i64)]
    pub turnover: Option<i64>,
}

fn check(season: &str, input: &SeasonInput) -> Result<(), Problem> {
    if season.is_empty() || season.chars().count() > 40 || season.contains(is_forbidden) {
        let (vi, en) = ("tên mùa vụ cần 1–40 chữ", "a season's name takes 1 to 40 letters");
        return Err(Problem::field("/season", "length", vi, en));
    }
    let days = (input.to_on - input.from_on).whole_days();
    if !(0..=366).contains(&days) {
        let (vi, en) = ("phải sau ngày đầu, trong vòng một năm", "must be after the first day, within a year");
        return Err(Problem::field("/to_on", "range", vi, en));
    }
    if input.women > input.regular_workers + input.seasonal_workers {
        let (vi, en) = ("nhiều hơn tổng số lao động", "is more than all workers");
        return Err(Problem::field("/women", "range", vi, en));
    }
    Ok(())
}

/// Tell of a season, or correct what was told.
pub async fn put(
    desk: &Desk,
    (cooperative, season): (CooperativeId, &str),
    input: SeasonInput,
) -> Result<SeasonReport, Problem> {
    let season = fold::stored(season);
    check(&season, &input)?;
    let transaction = desk.begin().await?;
    let held = season_report::Entity::find().filter(season_report::Column::CooperativeId.eq(cooperative));
    let known = held.clone().filter(season_report::Column::Season.eq(season.as_str())).one(&transaction).await?;
    if known.is_none() && held.count(&transaction).await? >= MOST {
        return Err(Problem::new(&SEASONS_FULL));
    }
    let row = season_report::Model {
        id: SeasonReportId::new(),
        cooperative_id: cooperative,
        season: season.clone(),
        from_on: input.from_on,
        to_on: input.to_on,
        households: input.households,
        regular_workers: input.regular_workers,
        seasonal_workers: input.seasonal_workers,
        women: input.women,
        working_days: input.working_days,
        turnover: input.turnover.map(Vnd),
        reported_by: desk.who.account,
        reported_at: desk.now(),
    };
    let anew = [
        C::FromOn,
        C::ToOn,
        C::Households,
        C::RegularWorkers,
        C::SeasonalWorkers,
        C::Women,
        C::WorkingDays,
        C::Turnover,
        C::ReportedBy,
        C::ReportedAt,
    ];
    let conflict = OnConflict::columns([C::CooperativeId, C::Season]).update_columns(anew).to_owned();
    let model: season_report::ActiveModel = sea_orm::IntoActiveModel::into_active_model(row.clone());
    let model = season_report::ActiveModel { id: Set(row.id), ..model };
    season_report::Entity::insert(model).on_conflict(conflict).exec_without_returning(&transaction).await?;
    let before = known.map(SeasonReport::from);
    let after = SeasonReport::from(row);
    desk.audit(&transaction, "season.told", ("cooperative", cooperative.0), json!(before), json!(after)).await?;
    transaction.commit().await?;
    Ok(after)
}

/// Tell of a season, or correct what was told.
#[utoipa::path(tag = "programme", operation_id = "put_season_report", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("season" = String, Path, min_length = 1, max_length = 40)), request_body = SeasonInput, responses((status = 200, description = "The season", body = SeasonReport)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/seasons/{season}")]
pub async fn put_season_report(
    desk: Desk,
    path: Path<(CooperativeId, String)>,
    body: Body<SeasonInput>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, season) = path.into_inner();
    desk.may(cooperative, Permission::KeepPeople).await?;
    Ok(HttpResponse::Ok().json(put(&desk, (cooperative, &season), body.0).await?))
}
