//! The record of what arrived, as a PDF for both sides.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::supply::AcceptanceState;
use entity::value::{CooperativeId, DeliveryId, OrganisationId, Vnd};

use super::acceptance::{bought, sold};
use super::rules::amount;
use super::view::{Acceptance, Delivery};
use super::words::{day, kilograms, moment};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::pdf::{A4, Pdf, bold, plain, wrap};
use crate::platform::problem::{NOT_FOUND, Problem};

/// Lines of the record: what it says, and the figure.
fn lines(found: &Delivery, record: &Acceptance) -> Vec<(String, String)> {
    let line = |text: &str, figure: String| (text.to_owned(), figure);
    let mut lines = vec![
        line("Theo hợp đồng", kilograms(found.grams)),
        line("Khối lượng cả bì", kilograms(record.gross_g)),
        line("Bì", kilograms(record.tare_g)),
        line("Khối lượng tịnh", kilograms(record.gross_g - record.tare_g)),
        line("Không nhận", kilograms(record.rejected_g)),
        line("Nhận", kilograms(record.accepted_g)),
        line("Đơn giá một kg", Vnd(found.price).to_string()),
    ];
    if let (Some(money), Some(penalty), Some(deposit)) = (record.amount, record.penalty, record.deposit) {
        let paid_for = record.accepted_g.min(found.grams);
        lines.push((format!("Tiền hàng ({} × {})", kilograms(paid_for), Vnd(found.price)), Vnd(money).to_string()));
        lines.push(line("Trừ phạt giao thiếu, chậm", Vnd(penalty).to_string()));
        lines.push(line("Trừ tiền đặt cọc", Vnd(deposit).to_string()));
        lines.push(line("Còn phải trả", Vnd(money - penalty - deposit).to_string()));
        if let Some(due_on) = record.due_on {
            lines.push(line("Hạn trả", day(due_on)));
        }
    } else {
        let worth = amount(record.accepted_g.min(found.grams), found.price);
        lines.push(line("Tiền hàng tạm tính", Vnd(worth).to_string()));
    }
    lines
}

fn draw(found: &Delivery, record: &Acceptance) -> anyhow::Result<Vec<u8>> {
    let number = found.order_number.as_deref().unwrap_or_default();
    let mut pdf = Pdf::new(&format!("Biên bản giao nhận {number}"));
    pdf.page(A4, |page| {
        page.text(36.0, 50.0, "BIÊN BẢN GIAO NHẬN HÀNG HÓA", bold(15.0))?;
        let heads = [
            format!("Hợp đồng {} · Đơn {number}", found.contract_number),
            format!("Bên mua: {}", found.organisation_name),
            format!("Bên bán: {}", found.cooperative_name),
            format!("Hàng: {} · Nơi nhận: {}", found.product_name, found.place_name),
            format!("Nhận ngày {} (hẹn {} – {})", day(record.received_on), day(found.from_on), day(found.to_on)),
            format!("Loại: {}", if record.grade.is_empty() { "theo hợp đồng" } else { &record.grade }),
        ];
        let mut y = 76.0;
        for head in heads {
            y = page.block(36.0, y, &head, plain(10.5), 520.0)? + 4.0;
        }
        y += 8.0;
        for (text, figure) in lines(found, record) {
            page.text(36.0, y, &text, plain(10.5))?;
            page.text_right(558.0, y, &figure, bold(10.5))?;
            page.rule(36.0, y + 5.0, 522.0)?;
            y += 19.0;
        }
        if let Some(reason) = &record.reason {
            y = page.block(36.0, y + 4.0, &format!("Lý do không nhận: {reason}"), plain(10.5), 520.0)? + 6.0;
        }
        let buyer = format!("Bên mua ghi lúc {}", moment(record.written_at));
        let seller = match (record.state, record.answered_at) {
            (AcceptanceState::Agreed, Some(at)) => format!("Hai bên đồng ý lúc {}", moment(at)),
            (AcceptanceState::Contested, Some(at)) => format!("Bên bán phản đối lúc {}", moment(at)),
            _ => "Bên bán chưa trả lời".to_owned(),
        };
        let objection = record.answer.iter().map(|answer| format!("Ý kiến bên bán: {answer}"));
        for text in [buyer, seller].into_iter().chain(objection) {
            for part in wrap(&text, plain(10.5), 520.0)? {
                page.text(36.0, y + 10.0, &part, plain(10.5))?;
                y += 16.0;
            }
        }
        page.text_right(558.0, 825.0, &format!("Chợ OCOP · {number}"), plain(8.0))
    })?;
    pdf.finish()
}

async fn as_pdf(found: Delivery) -> Result<HttpResponse, Problem> {
    let Some(record) = found.acceptance.clone() else { return Err(Problem::new(&NOT_FOUND)) };
    let name = format!("inline; filename=\"bien-ban-{}.pdf\"", found.order_number.as_deref().unwrap_or_default());
    let drawn = tokio::task::spawn_blocking(move || draw(&found, &record)).await.map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header(("cache-control", "private, no-store"))
        .insert_header(("content-disposition", name))
        .body(drawn.map_err(Problem::internal)?))
}

/// The record as the buyer's paper.
pub async fn buyers_record(desk: &Desk, path: (OrganisationId, DeliveryId)) -> Result<HttpResponse, Problem> {
    as_pdf(bought(desk, path).await?).await
}

/// The record as the cooperative's paper.
pub async fn sellers_record(desk: &Desk, path: (CooperativeId, DeliveryId)) -> Result<HttpResponse, Problem> {
    as_pdf(sold(desk, path).await?).await
}

/// The record of what arrived as a PDF, for the buyer.
#[utoipa::path(tag = "business", operation_id = "download_buyers_record", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("delivery_id" = DeliveryId, Path)), responses((status = 200, description = "The record", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/business/{organisation_id}/deliveries/{delivery_id}/pdf")]
pub async fn download_buyers_record(
    desk: Desk,
    path: Path<(OrganisationId, DeliveryId)>,
) -> Result<HttpResponse, Problem> {
    buyers_record(&desk, path.into_inner()).await
}

/// The record of what arrived as a PDF, for the cooperative.
#[utoipa::path(tag = "business", operation_id = "download_sellers_record", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("delivery_id" = DeliveryId, Path)), responses((status = 200, description = "The record", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/deliveries/{delivery_id}/pdf")]
pub async fn download_sellers_record(
    desk: Desk,
    path: Path<(CooperativeId, DeliveryId)>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::SeeReports).await?;
    sellers_record(&desk, path.into_inner()).await
}
