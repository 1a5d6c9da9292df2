//! Wholesale by a sheet: goods with their prices and a column to fill, and the filled sheet back as a quotation.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{DeliveryPlaceId, OrganisationId};
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;

use super::goods::{WholesaleGoods, find};
use super::lines::{LinesInput, read_sheet};
use super::quotations::{Quotation, QuotationInput, create};
use crate::people::desk::Desk;
use crate::platform::body::{Params, validate};
use crate::platform::download;
use crate::platform::problem::Problem;
use crate::platform::sheets::{Cell, Column, SheetFormat, Table};
use crate::platform::upload;
use crate::shop::catalogue::Catalogue;

/// Bytes of a filled sheet.
const MAX_BYTES: usize = 2 * 1024 * 1024;

#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[into_params(parameter_in = Query)]
pub struct OrderSheetQuery {
    /// As the shop's search understands them.
    #[garde(inner(length(max = 100)))]
    #[param(max_length = 100)]
    pub q: Option<String>,
    /// XLSX unless told.
    #[param(inline)]
    pub format: Option<SheetFormat>,
}

fn table(goods: &[WholesaleGoods], format: SheetFormat) -> anyhow::Result<Vec<u8>> {
    let row = |one: &WholesaleGoods| -> Vec<Cell> {
        let price = one.prices.iter().find(|price| price.from_quantity <= one.min_quantity).map(|price| price.price);
        let steps = one.prices.iter().filter(|price| price.from_quantity > one.min_quantity);
        let steps: Vec<String> = steps.map(|price| format!("từ {}: {}", price.from_quantity, price.price)).collect();
        vec![
            one.sku.clone().into(),
            Cell::Empty,
            one.product_name.clone().into(),
            one.pack.clone().into(),
            one.cooperative_name.clone().into(),
            price.into(),
            steps.join("; ").into(),
            one.min_quantity.into(),
            one.available.into(),
            one.coming.into(),
            one.coming_until.into(),
        ]
    };
    let columns: Vec<Column> = [
        ("Mã hàng", 14.0),
        ("Số lượng", 12.0),
        ("Sản phẩm", 34.0),
        ("Quy cách", 16.0),
        ("Hợp tác xã", 30.0),
        ("Giá (đồng)", 14.0),
        ("Giá theo số lượng", 28.0),
        ("Ít nhất", 10.0),
        ("Đang có", 12.0),
        ("Sắp thu", 12.0),
        ("Thu đến ngày", 14.0),
    ]
    .map(|(heading, width)| Column::new(heading, width))
    .into();
    let rows: Vec<_> = goods.iter().map(row).collect();
    let about = ["Ghi số lượng vào cột thứ hai rồi tải lên để lấy báo giá; dòng để trống được bỏ qua."];
    Table { title: "Bán buôn", columns: &columns, rows: &rows, instructions: &about }.write(format)
}

/// The goods as a sheet to fill.
pub async fn order_sheet(
    desk: &Desk,
    catalogue: &Catalogue,
    id: OrganisationId,
    query: OrderSheetQuery,
) -> Result<HttpResponse, Problem> {
    let goods = find(desk, catalogue, (id, query.q.as_deref().unwrap_or_default())).await?;
    let format = query.format.unwrap_or(SheetFormat::Xlsx);
    let bytes = tokio::task::spawn_blocking(move || table(&goods, format)).await.map_err(Problem::internal)?;
    Ok(download::sheet("ban-buon", format, bytes.map_err(Problem::internal)?))
}

/// Goods with their prices for the organisation as XLSX or CSV, with a column for how many: to be filled and sent back.
#[utoipa::path(tag = "business", operation_id = "download_order_sheet", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), OrderSheetQuery), responses((status = 200, description = "The sheet", content((Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv")))))]
#[get("/v1/business/{organisation_id}/wholesale/sheet")]
pub async fn download_order_sheet(
    desk: Desk,
    catalogue: Data<Catalogue>,
    id: Path<OrganisationId>,
    query: Params<OrderSheetQuery>,
) -> Result<HttpResponse, Problem> {
    order_sheet(&desk, &catalogue, *id, query.0).await
}

#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[into_params(parameter_in = Query)]
pub struct FilledSheetQuery {
    /// Where the goods go; the organisation's first place unless told.
    pub place_id: Option<DeliveryPlaceId>,
}

async fn quote(desk: &Desk, id: OrganisationId, query: &FilledSheetQuery, bytes: &[u8]) -> Result<Quotation, Problem> {
    let known = crate::supply::buyers::places(desk.db.fresh(), id).await?;
    let place = query.place_id.or(known.first().map(|place| place.id));
    let (vi, en) = ("chưa có nơi nhận nào", "there is no delivery place yet");
    let place_id = place.ok_or_else(|| Problem::field("/place_id", "missing", vi, en))?;
    let goods = LinesInput { lines: Vec::new(), text: Some(read_sheet(bytes)?) };
    create(desk, id, validate(QuotationInput { place_id, goods })?).await
}

/// Get a quotation for a filled sheet: SKU in the first column, how many in the second, as [`download_order_sheet`] gives it or any other.
#[utoipa::path(tag = "business", operation_id = "quote_sheet", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), FilledSheetQuery), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, description = "The quotation", body = Quotation)))]
#[post("/v1/business/{organisation_id}/quotations/sheet")]
pub async fn quote_sheet(
    desk: Desk,
    id: Path<OrganisationId>,
    query: Params<FilledSheetQuery>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    crate::supply::buyers::may(&desk, *id, entity::supply::OrganisationRole::Buyer).await?;
    let upload = upload::read(&request, payload, MAX_BYTES).await?;
    Ok(HttpResponse::Created().json(quote(&desk, *id, &query.0, &upload.bytes).await?))
}
