//! Papers that go with the goods: the delivery note (A4) and the parcel label (A6), with the order's QR code.

use actix_web::HttpResponse;
use actix_web::get;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use entity::value::{Carrier, CooperativeId, OrderId, ParcelId};
use entity::{order_line, parcel, parcel_line};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::carrier::Label;
use super::carriers::Carriers;
use super::parcels::carrier_label;
use crate::orders::ordering::{OrderRow, lines_of, read, seller};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::people::places;
use crate::platform::clock::VIETNAM;
use crate::platform::db::by_id;
use crate::platform::pdf::{A4, A6, Canvas, Pdf, bold, plain};
use crate::platform::problem::{NOT_FOUND, Problem};

fn address(row: &OrderRow) -> String {
    let commune = row.commune_code.as_deref().and_then(places::commune);
    let place = commune.map(|c| format!("{}, {}", c.name, places::province_of(c).name)).unwrap_or_default();
    match &row.street {
        Some(street) => format!("{street}, {place}"),
        None => match &row.pickup_point_name {
            Some(point) => format!("Lấy tại: {point}"),
            None => "Khách lấy tại điểm".to_owned(),
        },
    }
}

fn day(row: &OrderRow) -> String {
    let (year, month, day) = row.placed_at.to_offset(VIETNAM).to_calendar_date();
    format!("{day:02}/{:02}/{year}", u8::from(month))
}

/// Opens the order in the console when scanned.
fn link(base_url: &str, row: &OrderRow) -> String {
    format!("{base_url}/console/orders/{}", row.id)
}

/// The delivery note of an order.
pub async fn delivery_note(desk: &Desk, row: &OrderRow) -> Result<Vec<u8>, Problem> {
    let lines = lines_of(desk.db.fresh(), &[row.id]).await?;
    let seller = by_id::<entity::cooperative::Entity>(desk.db.fresh(), row.cooperative_id).await?;
    let seller = seller.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let (row, url) = (row.clone(), link(&desk.config.base_url(), row));
    tokio::task::spawn_blocking(move || note(&row, &lines, &seller, &url))
        .await
        .map_err(Problem::internal)?
        .map_err(Problem::internal)
}

fn note(
    row: &OrderRow,
    lines: &[order_line::Model],
    seller: &entity::cooperative::Model,
    url: &str,
) -> anyhow::Result<Vec<u8>> {
    const ROWS: usize = 22;
    let mut pdf = Pdf::new(&format!("Phiếu giao hàng {}", row.number));
    let pages = lines.chunks(ROWS).count().max(1);
    for (index, chunk) in lines.chunks(ROWS).enumerate() {
        pdf.page(A4, |canvas| {
            let right = canvas.width - 42.0;
            canvas.text(42.0, 60.0, "PHIẾU GIAO HÀNG", bold(20.0))?;
            canvas.text(42.0, 78.0, &format!("Delivery note · {} · {}", row.number, day(row)), plain(10.0))?;
            canvas.qr(right - 92.0, 26.0, 96.0, url)?;
            canvas.text(42.0, 112.0, "Bên giao / From", bold(9.0))?;
            let y = canvas.block(42.0, 126.0, &seller.legal_name, plain(11.0), 220.0)?;
            let tax = format!("MST {} · {}", seller.tax_code, seller.phone);
            canvas.block(42.0, y, &format!("{}\n{tax}", seller.street), plain(9.5), 220.0)?;
            canvas.text(300.0, 136.0, "Bên nhận / To", bold(9.0))?;
            let y = canvas.block(300.0, 150.0, &row.recipient, plain(11.0), right - 300.0)?;
            canvas.block(300.0, y, &format!("{}\n{}", row.phone, address(row)), plain(9.5), right - 300.0)?;
            table(canvas, chunk, right)?;
            if index + 1 == pages {
                totals(canvas, row, 236.0 + 22.0 * f(chunk.len()), right)?;
            }
            canvas.text_right(right, canvas.height - 30.0, &format!("Trang {}/{pages}", index + 1), plain(8.0))
        })?;
    }
    pdf.finish()
}

#[allow(clippy::cast_precision_loss, reason = "rows on a page")]
fn f(count: usize) -> f32 {
    count as f32
}

fn table(canvas: &mut Canvas<'_, '_>, lines: &[order_line::Model], right: f32) -> anyhow::Result<()> {
    let top = 222.0;
    canvas.text(42.0, top - 6.0, "Hàng hóa / Goods", bold(9.0))?;
    canvas.text_right(right - 150.0, top - 6.0, "SL / Qty", bold(9.0))?;
    canvas.text_right(right - 75.0, top - 6.0, "Đơn giá", bold(9.0))?;
    canvas.text_right(right, top - 6.0, "Thành tiền", bold(9.0))?;
    canvas.rule(42.0, top, right - 42.0)?;
    for (index, line) in lines.iter().enumerate() {
        let y = top + 18.0 + 22.0 * f(index);
        canvas.tick_box(42.0, y - 8.0, 8.0)?;
        let limit = right - 260.0;
        let name = format!("{} · {}", line.name_vi, line.pack_vi);
        let first = crate::platform::pdf::wrap(&name, plain(10.0), limit)?.into_iter().next().unwrap_or_default();
        canvas.text(56.0, y, &first, plain(10.0))?;
        canvas.text(56.0, y + 9.0, &line.sku, plain(7.0))?;
        canvas.text_right(right - 150.0, y, &line.quantity.to_string(), plain(10.0))?;
        canvas.text_right(right - 75.0, y, &line.unit_amount.to_string(), plain(10.0))?;
        canvas.text_right(right, y, &line.total_amount.to_string(), plain(10.0))?;
    }
    Ok(())
}

fn totals(canvas: &mut Canvas<'_, '_>, row: &OrderRow, mut y: f32, right: f32) -> anyhow::Result<()> {
    canvas.rule(right - 220.0, y, 220.0)?;
    for (name, amount, style) in [
        ("Tiền hàng / Goods", row.goods_amount, plain(10.0)),
        ("Phí giao / Delivery", row.delivery_amount, plain(10.0)),
        ("Thu khi giao / Cash on delivery", row.total_amount, bold(11.0)),
    ] {
        y += 16.0;
        canvas.text(right - 220.0, y, name, style)?;
        canvas.text_right(right, y, &amount.to_string(), style)?;
    }
    if let Some(note) = &row.note {
        canvas.text(42.0, y - 32.0, "Lời nhắn / Note", bold(9.0))?;
        canvas.block(42.0, y - 18.0, note, plain(9.0), right - 300.0)?;
    }
    y += 50.0;
    canvas.text(42.0, y, "Người giao / Handed over by", plain(9.0))?;
    canvas.text(right - 180.0, y, "Người nhận / Received by", plain(9.0))?;
    Ok(())
}

fn carrier_name(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Own => "Hợp tác xã tự giao",
        Carrier::Pickup => "Khách lấy tại điểm",
        Carrier::Ghn => "Giao Hàng Nhanh",
        Carrier::Ghtk => "Giao Hàng Tiết Kiệm",
        Carrier::ViettelPost => "Viettel Post",
    }
}

/// The label of a parcel, ours; carriers that want their own get theirs instead.
pub async fn parcel_label(desk: &Desk, row: parcel::Model) -> Result<Vec<u8>, Problem> {
    let order = read(&desk.db, row.order_id).await?;
    let seller = by_id::<entity::cooperative::Entity>(desk.db.fresh(), row.cooperative_id).await?;
    let seller = seller.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let lines = lines_of(desk.db.fresh(), &[row.order_id]).await?;
    let inside =
        parcel_line::Entity::find().filter(parcel_line::Column::ParcelId.eq(row.id)).all(desk.db.fresh()).await?;
    let contents: Vec<String> = inside
        .iter()
        .filter_map(|part| {
            let line = lines.iter().find(|line| line.offer_id == part.offer_id)?;
            Some(format!("{} × {} ({})", part.quantity, line.name_vi, line.pack_vi))
        })
        .collect();
    let url = link(&desk.config.base_url(), &order);
    let draw = move || label(&row, &order, &seller, &contents, &url);
    tokio::task::spawn_blocking(draw).await.map_err(Problem::internal)?.map_err(Problem::internal)
}

fn label(
    row: &parcel::Model,
    order: &OrderRow,
    seller: &entity::cooperative::Model,
    contents: &[String],
    url: &str,
) -> anyhow::Result<Vec<u8>> {
    let mut pdf = Pdf::new(&format!("Nhãn {}", row.number));
    pdf.page(A6, |canvas| {
        let right = canvas.width - 16.0;
        canvas.text(16.0, 30.0, carrier_name(row.carrier), bold(13.0))?;
        canvas.text(16.0, 44.0, &row.number, plain(9.0))?;
        if let Some(code) = &row.tracking_code {
            canvas.text(16.0, 60.0, code, bold(12.0))?;
        }
        canvas.qr(right - 78.0, 8.0, 82.0, url)?;
        canvas.rule(16.0, 92.0, right - 16.0)?;
        canvas.text(16.0, 106.0, "TỪ", bold(8.0))?;
        let y =
            canvas.block(40.0, 106.0, &format!("{} · {}", seller.name_vi, seller.phone), plain(9.0), right - 40.0)?;
        canvas.block(40.0, y, &seller.street, plain(8.0), right - 40.0)?;
        canvas.rule(16.0, 150.0, right - 16.0)?;
        canvas.text(16.0, 168.0, "ĐẾN", bold(8.0))?;
        let y = canvas.block(44.0, 168.0, &order.recipient, bold(14.0), right - 44.0)?;
        let y = canvas.block(44.0, y, &order.phone, bold(12.0), right - 44.0)?;
        canvas.block(44.0, y, &address(order), plain(11.0), right - 44.0)?;
        canvas.rule(16.0, 262.0, right - 16.0)?;
        canvas.text(16.0, 280.0, "Thu hộ (COD)", plain(9.0))?;
        canvas.text_right(right, 282.0, &row.cod_amount.to_string(), bold(16.0))?;
        #[allow(clippy::cast_precision_loss, reason = "grams of a parcel")]
        let kilograms = row.weight_g as f64 / 1000.0;
        canvas.text(16.0, 298.0, &format!("{kilograms:.1} kg · {}", order.number), plain(9.0))?;
        canvas.rule(16.0, 308.0, right - 16.0)?;
        let mut y = 322.0;
        for text in contents.iter().take(6) {
            y = canvas.block(16.0, y, text, plain(8.5), right - 16.0)?;
        }
        if contents.len() > 6 {
            canvas.text(16.0, y, &format!("… và {} mặt hàng nữa", contents.len() - 6), plain(8.5))?;
        }
        Ok(())
    })?;
    pdf.finish()
}

fn answer(name: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}.pdf\"")))
        .body(bytes)
}

/// The delivery note that goes into the box.
#[utoipa::path(tag = "seller", operation_id = "show_delivery_note", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), responses((status = 200, description = "The note", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/delivery-note")]
pub async fn show_delivery_note(desk: Desk, path: Path<(CooperativeId, OrderId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    let row = seller::own(&desk, cooperative, id, Permission::FulfilOrders).await?;
    Ok(answer(&row.number, delivery_note(&desk, &row).await?))
}

/// The label that goes onto the box: the carrier's where it has one, else ours.
#[utoipa::path(tag = "seller", operation_id = "show_parcel_label", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("parcel_id" = ParcelId, Path)), responses((status = 200, description = "The label", body = Vec<u8>, content_type = "application/pdf"), (status = 303, description = "The carrier's own label is there")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/parcels/{parcel_id}/label")]
pub async fn show_label(
    desk: Desk,
    carriers: Data<Carriers>,
    path: Path<(CooperativeId, ParcelId)>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::FulfilOrders).await?;
    let row = by_id::<parcel::Entity>(desk.db.fresh(), id).await?.filter(|row| row.cooperative_id == cooperative);
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    match carrier_label(&desk.db, &carriers, &row).await? {
        Some(Label::Pdf(bytes)) => Ok(answer(&row.number, bytes)),
        Some(Label::Link(link)) => Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, link)).finish()),
        None => Ok(answer(&row.number.clone(), parcel_label(&desk, row).await?)),
    }
}
