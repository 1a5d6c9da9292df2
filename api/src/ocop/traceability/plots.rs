//! `/v1/seller/cooperatives/{id}/plots`: the land a cooperative grows on.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post, put};
use entity::plot;
use entity::value::{CooperativeId, LotId, PlotId};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, Set};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::waiting::{Waiting, too_early};
use crate::people::desk::Desk;
use crate::people::identity::{Permission, check_commune};
use crate::people::places;
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, is_duplicate, run};
use crate::platform::fold;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    PLOT_NAME_TAKEN = "plot_name_taken" 409 "Đã có thửa mang tên này." "There is a plot of this name.";
}

/// A GeoJSON polygon (RFC 7946): rings of longitude and latitude, each closed.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Outline {
    pub r#type: Polygon,
    #[schema(min_items = 1, max_items = 10)]
    pub coordinates: Vec<Vec<[f64; 2]>>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
pub enum Polygon {
    Polygon,
}

impl Outline {
    fn is_sound(&self) -> bool {
        let points: usize = self.coordinates.iter().map(Vec::len).sum();
        let ring = |ring: &Vec<[f64; 2]>| {
            ring.len() >= 4
                && ring.first() == ring.last()
                && ring.iter().all(|[longitude, latitude]| longitude.abs() <= 180.0 && latitude.abs() <= 90.0)
        };
        points <= 500 && !self.coordinates.is_empty() && self.coordinates.iter().all(ring)
    }

    /// The middle of its corners: latitude, longitude.
    #[allow(clippy::cast_precision_loss, reason = "at most 500 corners")]
    fn middle(&self) -> Option<(f64, f64)> {
        let corners = self.coordinates.first()?.split_last()?.1;
        let count = corners.len() as f64;
        let sum = corners.iter().fold((0.0, 0.0), |sum, [x, y]| (sum.0 + y, sum.1 + x));
        Some((sum.0 / count, sum.1 / count))
    }
}

#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"name": "Đồi Vó", "area_m2": 5000, "commune_code": "04990", "crop": "Bưởi Diễn", "planted_on": "2015-03-01", "household": "Bùi Thị Hoa", "household_shown": true,
    "growing_area_code": "VN-PTOR-0123", "latitude": 20.67, "longitude": 105.53}))]
pub struct PlotInput {
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Square metres.
    #[garde(range(min = 1, max = 100_000_000))]
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub area_m2: i64,
    #[garde(length(max = 10))]
    #[schema(max_length = 10)]
    pub commune_code: String,
    #[garde(inner(range(min = -90.0, max = 90.0)))]
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    #[garde(inner(range(min = -180.0, max = 180.0)))]
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    pub outline: Option<Outline>,
    /// Mã số vùng trồng, as the authority gave it.
    #[garde(inner(length(chars, max = 50)))]
    #[schema(max_length = 50)]
    pub growing_area_code: Option<String>,
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub crop: String,
    #[schema(value_type = Option<String>, format = Date)]
    pub planted_on: Option<Date>,
    /// The member household that works it.
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    pub household: Option<String>,
    /// Whether the household agreed that buyers read its name.
    #[serde(default)]
    pub household_shown: bool,
    /// A plot that is given up is not offered for new lots; its past stays.
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Plot)]
pub struct PlotView {
    pub id: PlotId,
    pub name: String,
    pub area_m2: i64,
    pub commune_code: String,
    pub commune_name: String,
    #[schema(required = true)]
    pub latitude: Option<f64>,
    #[schema(required = true)]
    pub longitude: Option<f64>,
    #[schema(value_type = Option<Outline>, required = true)]
    pub outline: Option<serde_json::Value>,
    #[schema(required = true)]
    pub growing_area_code: Option<String>,
    pub crop: String,
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub planted_on: Option<Date>,
    #[schema(required = true)]
    pub household: Option<String>,
    pub household_shown: bool,
    pub active: bool,
    /// Why it must not be harvested today, if so.
    pub waiting: Vec<Waiting>,
}

fn view(row: plot::Model, waiting: &[Waiting]) -> PlotView {
    PlotView {
        commune_name: places::commune(&row.commune_code).map(|commune| commune.name.to_owned()).unwrap_or_default(),
        waiting: waiting.iter().filter(|of| of.plot_id == row.id).cloned().collect(),
        id: row.id,
        name: row.name,
        area_m2: row.area_m2,
        commune_code: row.commune_code,
        latitude: row.latitude,
        longitude: row.longitude,
        outline: row.outline,
        growing_area_code: row.growing_area_code,
        crop: row.crop,
        planted_on: row.planted_on,
        household: row.household,
        household_shown: row.household_shown,
        active: row.active,
    }
}

/// A cooperative's plots, newest first.
pub async fn find(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<PlotView>, Problem> {
    let page = NewestFirst::every::<entity::plot::Entity>(place)?
        .and("cooperative_id = ?", cooperative)
        .page(desk.db.fresh(), |row: &plot::Model| row.id)
        .await?;
    let ids: Vec<PlotId> = page.items.iter().map(|row| row.id).collect();
    let waiting = too_early(desk.db.fresh(), cooperative, &ids, desk.today()).await?;
    let items = page.items.into_iter().map(|row| view(row, &waiting)).collect();
    Ok(Page { items, next_cursor: page.next_cursor })
}

pub async fn own(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    id: PlotId,
) -> Result<plot::Model, Problem> {
    let row = by_id::<plot::Entity>(connection, id).await?.filter(|row| row.cooperative_id == cooperative);
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

pub async fn show(desk: &Desk, cooperative: CooperativeId, id: PlotId) -> Result<PlotView, Problem> {
    let row = own(desk.db.fresh(), cooperative, id).await?;
    let waiting = too_early(desk.db.fresh(), cooperative, &[id], desk.today()).await?;
    Ok(view(row, &waiting))
}

/// The row as asked for, after what only code can check.
fn row(
    input: PlotInput,
    (id, cooperative): (PlotId, CooperativeId),
    (today, now): (Date, OffsetDateTime),
) -> Result<plot::ActiveModel, Problem> {
    check_commune("/commune_code", &input.commune_code)?;
    if input.latitude.is_some() != input.longitude.is_some() {
        let (vi, en) = ("cần cả vĩ độ và kinh độ", "latitude and longitude go together");
        return Err(Problem::field("/longitude", "point", vi, en));
    }
    if input.outline.as_ref().is_some_and(|outline| !outline.is_sound()) {
        let (vi, en) =
            ("không phải đa giác khép kín, nhiều nhất 500 đỉnh", "not a closed polygon of at most 500 corners");
        return Err(Problem::field("/outline", "polygon", vi, en));
    }
    if input.planted_on.is_some_and(|day| day > today) {
        let (vi, en) = ("ngày trồng không được ở tương lai", "cannot be planted in the future");
        return Err(Problem::field("/planted_on", "date", vi, en));
    }
    let blank = |text: &str, pointer: &str| {
        let kept = fold::stored(text);
        if kept.is_empty() {
            return Err(Problem::field(pointer, "missing", "không được để trống", "must not be blank"));
        }
        Ok(kept)
    };
    let point = input.latitude.zip(input.longitude).or(input.outline.as_ref().and_then(Outline::middle));
    Ok(plot::ActiveModel {
        id: Set(id),
        cooperative_id: Set(cooperative),
        name: Set(blank(&input.name, "/name")?),
        area_m2: Set(input.area_m2),
        commune_code: Set(input.commune_code),
        latitude: Set(point.map(|(latitude, _)| latitude)),
        longitude: Set(point.map(|(_, longitude)| longitude)),
        outline: Set(input.outline.and_then(|outline| serde_json::to_value(outline).ok())),
        growing_area_code: Set(fold::filled(input.growing_area_code)),
        crop: Set(blank(&input.crop, "/crop")?),
        planted_on: Set(input.planted_on),
        household: Set(fold::filled(input.household)),
        household_shown: Set(input.household_shown),
        active: Set(input.active),
        created_at: Set(now),
        updated_at: Set(now),
    })
}

fn taken(error: DbErr) -> Problem {
    if is_duplicate(&error) { Problem::new(&PLOT_NAME_TAKEN) } else { error.into() }
}

/// Writes a plot inside the caller's transaction: a new one, or what a known one becomes.
pub async fn put(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    cooperative: CooperativeId,
    known: Option<plot::Model>,
    input: PlotInput,
) -> Result<PlotView, Problem> {
    let id = known.as_ref().map_or_else(PlotId::new, |known| known.id);
    let mut row = row(input, (id, cooperative), (desk.today(), desk.now()))?;
    let Some(before) = known else {
        let made = view(row.insert(transaction).await.map_err(taken)?, &[]);
        desk.audit(transaction, "plot.created", ("plot", id.0), (), &made).await?;
        return Ok(made);
    };
    row.created_at = Set(before.created_at);
    let after = view(row.update(transaction).await.map_err(taken)?, &[]);
    desk.audit(transaction, "plot.changed", ("plot", id.0), view(before, &[]), &after).await?;
    Ok(after)
}

pub async fn create(desk: &Desk, cooperative: CooperativeId, input: PlotInput) -> Result<PlotView, Problem> {
    let transaction = desk.begin().await?;
    let made = put(&transaction, desk, cooperative, None, input).await?;
    transaction.commit().await?;
    Ok(made)
}

pub async fn change(
    desk: &Desk,
    cooperative: CooperativeId,
    id: PlotId,
    input: PlotInput,
) -> Result<PlotView, Problem> {
    let before = own(desk.db.fresh(), cooperative, id).await?;
    let transaction = desk.begin().await?;
    put(&transaction, desk, cooperative, Some(before), input).await?;
    transaction.commit().await?;
    show(desk, cooperative, id).await
}

/// The cooperative's plots, newest first.
#[utoipa::path(tag = "traceability", operation_id = "list_plots", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of plots", body = Page<PlotView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/plots")]
pub async fn list_plots(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(find(&desk, *cooperative, paging.0.place()).await?))
}

/// Add a plot.
#[utoipa::path(tag = "traceability", operation_id = "create_plot", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = PlotInput, responses((status = 201, description = "The plot", body = PlotView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/plots")]
pub async fn create_plot(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<PlotInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::CountStock).await?;
    Ok(HttpResponse::Created().json(create(&desk, *cooperative, body.0).await?))
}

/// A plot, and whether it may be harvested today.
#[utoipa::path(tag = "traceability", operation_id = "show_plot", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("plot_id" = PlotId, Path)), responses((status = 200, description = "The plot", body = PlotView)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/plots/{plot_id}")]
pub async fn show_plot(desk: Desk, path: Path<(CooperativeId, PlotId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(show(&desk, cooperative, id).await?))
}

/// Change a plot, or give it up.
#[utoipa::path(tag = "traceability", operation_id = "update_plot", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("plot_id" = PlotId, Path)), request_body = PlotInput, responses((status = 200, description = "The plot", body = PlotView)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/plots/{plot_id}")]
pub async fn update_plot(
    desk: Desk,
    path: Path<(CooperativeId, PlotId)>,
    body: Body<PlotInput>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::CountStock).await?;
    Ok(HttpResponse::Ok().json(change(&desk, cooperative, id, body.0).await?))
}

/// Keeps these plots from being changed or written about until the transaction ends; refused unless all are the cooperative's.
pub async fn hold(
    transaction: &impl ConnectionTrait,
    cooperative: CooperativeId,
    pointer: &str,
    plots: &[PlotId],
) -> Result<(), Problem> {
    let mut sorted: Vec<PlotId> = plots.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    for id in sorted {
        let sql = "UPDATE plot SET updated_at = updated_at WHERE id = $1 AND cooperative_id = $2 AND active";
        if run(transaction, sql, [id.into(), cooperative.into()]).await? != 1 {
            let at = plots.iter().position(|plot| *plot == id).unwrap_or(0);
            let (vi, en) = ("không có thửa này, hoặc thửa đã thôi dùng", "there is no such plot of yours in use");
            return Err(Problem::field(format!("{pointer}/{at}"), "plot", vi, en));
        }
    }
    Ok(())
}

/// A lot was harvested on these plots.
pub async fn attach(transaction: &impl ConnectionTrait, lot: LotId, plots: &[PlotId]) -> Result<(), DbErr> {
    for plot in plots {
        let sql = "INSERT INTO lot_plot (lot_id, plot_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        run(transaction, sql, [lot.into(), (*plot).into()]).await?;
    }
    Ok(())
}
