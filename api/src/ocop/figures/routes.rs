//! `/v1/officer/figures`: ranking, years, and a map.

use actix_web::{HttpResponse, get};
use garde::Validate;
use serde::Deserialize;
use serde_json::json;
use time::Date;
use utoipa::IntoParams;

use super::figure::Figure;
use super::view::{FiguresQuery, FiguresView, History, HistoryQuery, history, show};
use crate::people::desk::Desk;
use crate::platform::body::Params;
use crate::platform::problem::Problem;

/// Figures of a period, commune by commune, ranked, with the indicators each one reaches.
#[utoipa::path(tag = "programme", operation_id = "show_figures", security(("access_token" = [])), params(FiguresQuery), responses((status = 200, description = "The figures", body = FiguresView)))]
#[get("/v1/officer/figures")]
pub async fn show_figures(desk: Desk, query: Params<FiguresQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(show(&desk, &query.0).await?))
}

/// The same sums for this year and the four before.
#[utoipa::path(tag = "programme", operation_id = "show_figures_history", security(("access_token" = [])), params(HistoryQuery), responses((status = 200, description = "Five years", body = History)))]
#[get("/v1/officer/figures/history")]
pub async fn show_figures_history(desk: Desk, query: Params<HistoryQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(history(&desk, query.0.place.as_deref()).await?))
}

#[derive(Clone, Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct MapQuery {
    /// First day in Vietnam; the first of the year unless told.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// Last day; today unless told.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
    /// A commune's or a province's code; everything one sees unless told.
    #[garde(inner(length(chars, max = 10)))]
    #[param(max_length = 10)]
    pub place: Option<String>,
    /// Communes are ranked by it; `revenue` unless told.
    #[param(inline)]
    pub by: Option<Figure>,
}

/// The figures as a map: each commune at the middle of its producers' places; none without producers.
pub async fn map(desk: &Desk, query: &MapQuery) -> Result<serde_json::Value, Problem> {
    let MapQuery { from, to, place, by } = query.clone();
    let shown = show(desk, &FiguresQuery { from, to, place, by, from_rank: None, limit: Some(4_000) }).await?;
    let feature = |one: &super::view::CommuneFigures| {
        let at = one
            .longitude
            .zip(one.latitude)
            .map(|(longitude, latitude)| json!({"type": "Point", "coordinates": [longitude, latitude]}));
        json!({"type": "Feature", "geometry": at, "properties": one})
    };
    let features: Vec<serde_json::Value> = shown.communes.iter().map(feature).collect();
    Ok(json!({"type": "FeatureCollection", "features": features}))
}

/// The figures as GeoJSON.
#[utoipa::path(tag = "programme", operation_id = "figures_geojson", security(("access_token" = [])), params(MapQuery), responses((status = 200, description = "A FeatureCollection", body = serde_json::Value, content_type = "application/geo+json")))]
#[get("/v1/officer/figures.geojson")]
pub async fn figures_geojson(desk: Desk, query: Params<MapQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().content_type("application/geo+json").body(map(&desk, &query.0).await?.to_string()))
}
