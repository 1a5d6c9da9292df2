//! Backwards and forwards: what a lot was made of, and what was made of it. One statement each, however deep.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::value::{CooperativeId, LotId, OfferId, PlotId};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::{IntoParams, ToSchema};

use super::codes::Code;
use super::passport::CODE_MALFORMED;
use super::store::lot_of;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Params;
use crate::platform::db::{all, list};
use crate::platform::problem::{NOT_FOUND, Problem};

/// A lot, and how many transformations away it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Reached {
    pub lot_id: LotId,
    pub depth: i32,
}

/// Deeper nobody cooks: a guard against a circle, which the schema cannot forbid.
const DEEPEST: usize = 20;

async fn walk(
    connection: &impl ConnectionTrait,
    lots: &[LotId],
    (from, to): (&str, &str),
) -> Result<Vec<Reached>, DbErr> {
    let mut found: Vec<Reached> = Vec::new();
    // So many values fit a statement of either database.
    for part in lots.chunks(5_000) {
        let sql = format!(
            "WITH RECURSIVE reached (lot_id, depth) AS (
                 SELECT id, 0 FROM lot WHERE id IN {}
                 UNION SELECT s.{to}, reached.depth + 1 FROM lot_source s JOIN reached ON s.{from} = reached.lot_id WHERE reached.depth < {DEEPEST}
             ) SELECT lot_id, CAST(MIN(depth) AS integer) AS depth FROM reached GROUP BY lot_id ORDER BY 2, 1",
            list(1, part.len())
        );
        found.extend(all::<Reached>(connection, sql, part.iter().map(|lot| Value::from(*lot))).await?);
    }
    found.sort_by_key(|reached| (reached.lot_id, reached.depth));
    found.dedup_by_key(|reached| reached.lot_id);
    found.sort_by_key(|reached| (reached.depth, reached.lot_id));
    Ok(found)
}

/// These lots, and all that was made of them.
pub async fn downstream(connection: &impl ConnectionTrait, lots: &[LotId]) -> Result<Vec<Reached>, DbErr> {
    walk(connection, lots, ("source_lot_id", "lot_id")).await
}

/// These lots, and all they were made of.
pub async fn upstream(connection: &impl ConnectionTrait, lots: &[LotId]) -> Result<Vec<Reached>, DbErr> {
    walk(connection, lots, ("lot_id", "source_lot_id")).await
}

#[derive(FromQueryResult)]
struct Id {
    id: LotId,
}

/// A cooperative's lots harvested on a plot within these days.
pub async fn harvested_on(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    plot: PlotId,
    (from, to): (Date, Date),
) -> Result<Vec<LotId>, DbErr> {
    let rows = all::<Id>(
        connection,
        "SELECT l.id FROM lot_plot o JOIN lot l ON l.id = o.lot_id WHERE o.plot_id = $2 AND l.cooperative_id = $1 AND l.harvested_on >= $3
         AND l.harvested_on <= $4 ORDER BY l.id LIMIT 20001",
        [cooperative.into(), plot.into(), from.into(), to.into()],
    )
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// A cooperative's lots harvested within so many days after a product was sprayed on their plot, by the product's name or its
/// active ingredient.
pub async fn sprayed_with(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    material: &str,
    (from, to): (Date, Date),
) -> Result<Vec<LotId>, DbErr> {
    let rows = all::<Id>(
        connection,
        "SELECT DISTINCT l.id FROM lot l JOIN lot_plot o ON o.lot_id = l.id JOIN diary_entry d ON d.plot_id = o.plot_id
         WHERE l.cooperative_id = $1 AND l.harvested_on >= $2 AND l.harvested_on <= $3 AND d.kind = 'plant_protection' AND d.withdrawn_at IS NULL
           AND d.done_on >= $2 AND d.done_on <= l.harvested_on AND (LOWER(d.material) = LOWER($4) OR LOWER(d.active_ingredient) = LOWER($4))
         ORDER BY l.id LIMIT 20001",
        [cooperative.into(), from.into(), to.into(), material.into()],
    )
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

#[derive(FromQueryResult)]
struct LotRow {
    id: LotId,
    code: String,
    cooperative_id: CooperativeId,
    cooperative_vi: String,
    product_vi: String,
    harvested_on: Date,
}

/// A lot on the way.
#[derive(Serialize, ToSchema)]
pub struct TracedLot {
    pub lot_id: LotId,
    /// On its labels.
    pub trace_code: String,
    /// Transformations away.
    pub depth: i32,
    pub code: String,
    pub cooperative_id: CooperativeId,
    pub cooperative_name_vi: String,
    pub product_name_vi: String,
    #[schema(value_type = String, format = Date)]
    pub harvested_on: Date,
}

async fn described(connection: &impl ConnectionTrait, reached: &[Reached]) -> Result<Vec<TracedLot>, DbErr> {
    let mut known = std::collections::BTreeMap::new();
    for part in reached.chunks(1_000) {
        let sql = format!(
            "SELECT l.id, l.code, l.cooperative_id, c.name_vi AS cooperative_vi, p.name_vi AS product_vi, l.harvested_on FROM lot l
             JOIN cooperative c ON c.id = l.cooperative_id JOIN product p ON p.id = l.product_id WHERE l.id IN {}",
            list(1, part.len())
        );
        let rows = all::<LotRow>(connection, sql, part.iter().map(|reached| Value::from(reached.lot_id))).await?;
        known.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    let view = |reached: &Reached| {
        let row = known.remove(&reached.lot_id)?;
        Some(TracedLot {
            lot_id: row.id,
            trace_code: Code::of(row.id).to_string(),
            depth: reached.depth,
            code: row.code,
            cooperative_id: row.cooperative_id,
            cooperative_name_vi: row.cooperative_vi,
            product_name_vi: row.product_vi,
            harvested_on: row.harvested_on,
        })
    };
    Ok(reached.iter().filter_map(view).collect())
}

/// A box with a number of its own.
#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct TracedBox {
    pub lot_id: LotId,
    pub serial: String,
    pub offer_id: OfferId,
}

/// Boxes are told one by one up to so many; more are counted.
const BOXES: usize = 20_000;

/// The numbered boxes of these lots.
pub async fn boxes_of(connection: &impl ConnectionTrait, lots: &[LotId]) -> Result<Vec<TracedBox>, DbErr> {
    let mut boxes = Vec::new();
    for part in lots.chunks(5_000) {
        let sql = format!(
            "SELECT lot_id, serial, offer_id FROM box_serial WHERE lot_id IN {} ORDER BY lot_id, serial LIMIT {}",
            list(1, part.len()),
            BOXES - boxes.len()
        );
        boxes.extend(all::<TracedBox>(connection, sql, part.iter().map(|lot| Value::from(*lot))).await?);
    }
    Ok(boxes)
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ForwardQuery {
    #[param(value_type = uuid::Uuid, example = "0192f0c4-8a3e-7b43-9d55-2f3c1f0e7a11")]
    pub plot_id: PlotId,
    /// Harvested from this day on.
    #[param(value_type = String, format = Date, example = "2026-11-24")]
    pub from: Date,
    /// The last day of harvest; `from` unless told.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
}

/// Where a harvest went.
#[derive(Serialize, ToSchema)]
pub struct Forward {
    /// Harvested there, and made of it, the nearest first.
    pub lots: Vec<TracedLot>,
    /// Up to 20,000.
    pub boxes: Vec<TracedBox>,
}

/// Forwards: the lots and boxes of what was harvested on a plot, and of all that was made of it, also by others.
#[utoipa::path(tag = "traceability", operation_id = "trace_forward", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ForwardQuery), responses((status = 200, description = "Lots and boxes", body = Forward)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/trace/forward")]
pub async fn trace_forward(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<ForwardQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    let Params(query) = query;
    let connection = desk.db.fresh();
    super::plots::own(connection, *cooperative, query.plot_id).await?;
    let days = (query.from, query.to.unwrap_or(query.from));
    let lots = harvested_on(connection, *cooperative, query.plot_id, days).await?;
    let reached = downstream(connection, &lots).await?;
    let ids: Vec<LotId> = reached.iter().map(|reached| reached.lot_id).collect();
    let boxes = boxes_of(connection, &ids).await?;
    Ok(HttpResponse::Ok().json(Forward { lots: described(connection, &reached).await?, boxes }))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BackQuery {
    /// On a box or a lot.
    #[garde(length(max = 60))]
    #[param(max_length = 60)]
    pub code: String,
}

/// A plot that something of the lot grew on.
#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct TracedPlot {
    pub plot_id: PlotId,
    pub name: String,
    pub cooperative_id: CooperativeId,
    /// The lot that was harvested there.
    pub lot_id: LotId,
}

/// Where a box comes from.
#[derive(Serialize, ToSchema)]
pub struct Back {
    /// The lot, and what it was made of, the nearest first.
    pub lots: Vec<TracedLot>,
    pub plots: Vec<TracedPlot>,
}

/// Backwards: the lots a box was made of, and the plots they grew on. The lot is one of the cooperative's own.
#[utoipa::path(tag = "traceability", operation_id = "trace_back", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), BackQuery), responses((status = 200, description = "Lots and plots", body = Back)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/trace/back")]
pub async fn trace_back(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<BackQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    let connection = desk.db.fresh();
    let code = Code::read(&query.0.code).ok_or_else(|| Problem::new(&CODE_MALFORMED))?;
    let lot = lot_of(connection, &code).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let reached = upstream(connection, &[lot]).await?;
    let lots = described(connection, &reached).await?;
    if lots.first().is_none_or(|first| first.cooperative_id != *cooperative) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let mut plots = Vec::new();
    for part in reached.chunks(5_000) {
        let sql = format!(
            "SELECT p.id AS plot_id, p.name, p.cooperative_id, o.lot_id FROM lot_plot o JOIN plot p ON p.id = o.plot_id WHERE o.lot_id IN {} ORDER BY p.id, o.lot_id",
            list(1, part.len())
        );
        let values = part.iter().map(|reached| Value::from(reached.lot_id));
        plots.extend(all::<TracedPlot>(connection, sql, values).await?);
    }
    Ok(HttpResponse::Ok().json(Back { lots, plots }))
}
