//! A request with its offers and shares as a sheet: a row for each window and cooperative.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::value::{Language, OrganisationId, SupplyRequestId};
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;

use super::buyer::show;
use super::view::{SupplyOffer, SupplyRequestDetail, SupplyWindow};
use crate::people::desk::Desk;
use crate::platform::body::Params;
use crate::platform::download;
use crate::platform::problem::Problem;
use crate::platform::sheets::{Cell, Column, SheetFormat, Table};
use crate::supply::deliveries::rules::amount;

#[derive(Clone, Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[into_params(parameter_in = Query)]
pub struct SharesSheetQuery {
    /// XLSX unless told.
    #[param(inline)]
    pub format: Option<SheetFormat>,
    /// Of the reasons; Vietnamese unless told.
    #[param(inline)]
    pub language: Option<Language>,
}

fn row(at: usize, window: &SupplyWindow, offer: &SupplyOffer, language: Language) -> Vec<Cell> {
    let share = offer.shares.get(at);
    let reason = share.map(|share| if language == Language::En { &share.reason_en } else { &share.reason_vi });
    let grams = share.map(|share| share.grams);
    vec![
        window.from_on.to_string().into(),
        window.to_on.to_string().into(),
        window.place_name.clone().into(),
        offer.cooperative_name.clone().into(),
        offer.lead_name.clone().map_or(Cell::Empty, Cell::Text),
        offer.product_name.clone().into(),
        offer.price.into(),
        offer.grams.get(at).copied().into(),
        grams.into(),
        grams.map(|grams| amount(grams, offer.price.unwrap_or(0))).into(),
        reason.cloned().map_or(Cell::Empty, Cell::Text),
    ]
}

fn table(found: &SupplyRequestDetail, query: &SharesSheetQuery) -> anyhow::Result<Vec<u8>> {
    let language = query.language.unwrap_or(Language::Vi);
    let columns: Vec<Column> = [
        ("Từ ngày", 12.0),
        ("Đến ngày", 12.0),
        ("Nơi nhận", 24.0),
        ("Hợp tác xã", 30.0),
        ("Chào chung với", 24.0),
        ("Sản phẩm", 26.0),
        ("Giá (đồng/kg)", 14.0),
        ("Chào (g)", 14.0),
        ("Phần (g)", 14.0),
        ("Thành tiền (đồng)", 18.0),
        ("Lý do", 50.0),
    ]
    .map(|(heading, width)| Column::new(heading, width))
    .into();
    let windows = found.windows.iter().enumerate();
    let rows: Vec<Vec<Cell>> = windows
        .flat_map(|(at, window)| found.offers.iter().map(move |offer| row(at, window, offer, language)))
        .collect();
    let about = format!("{} · {} · {}", found.request.number, found.request.title, found.request.organisation_name);
    let table = Table { title: "Chia phần", columns: &columns, rows: &rows, instructions: &[&about] };
    table.write(query.format.unwrap_or(SheetFormat::Xlsx))
}

/// The request as a sheet, for its buyer.
pub async fn shares_sheet(
    desk: &Desk,
    path: (OrganisationId, SupplyRequestId),
    query: SharesSheetQuery,
) -> Result<HttpResponse, Problem> {
    let found = show(desk, path).await?;
    let format = query.format.unwrap_or(SheetFormat::Xlsx);
    let name = found.request.number.clone();
    let bytes = tokio::task::spawn_blocking(move || table(&found, &query)).await.map_err(Problem::internal)?;
    Ok(download::sheet(&name, format, bytes.map_err(Problem::internal)?))
}

/// Offers and shares of a request as XLSX or CSV: a row for each window and cooperative, grams and đồng as numbers.
#[utoipa::path(tag = "business", operation_id = "download_supply_shares", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("request_id" = SupplyRequestId, Path), SharesSheetQuery), responses((status = 200, description = "The sheet", content((Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv")))))]
#[get("/v1/business/{organisation_id}/requests/{request_id}/sheet")]
pub async fn download_supply_shares(
    desk: Desk,
    path: Path<(OrganisationId, SupplyRequestId)>,
    query: Params<SharesSheetQuery>,
) -> Result<HttpResponse, Problem> {
    shares_sheet(&desk, path.into_inner(), query.0).await
}
