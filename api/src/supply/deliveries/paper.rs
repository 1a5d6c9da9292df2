//! The record of what arrived, as a PDF for both sides.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::supply::AcceptanceState;
use entity::value::{CooperativeId, DeliveryId, Language, OrganisationId, Vnd};

use super::acceptance::{bought, sold};
use super::grades::lesser;
use super::rules::{Agreed, Weighed, amount, parts};
use super::view::{Acceptance, Delivery};
use super::words::{PaperQuery, day, in_language, kilograms_in, moment};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Params;
use crate::platform::download;
use crate::platform::pdf::{A4, Pdf, bold, plain, wrap};
use crate::platform::problem::{NOT_FOUND, Problem};

/// What is paid for of each grade, where something was of a lesser one.
fn by_grade(found: &Delivery, record: &Acceptance, language: Language) -> Vec<(String, i64, i64)> {
    if record.graded.is_empty() {
        return Vec::new();
    }
    let agreed = Agreed {
        grams: found.grams,
        price: found.price,
        tolerance_bp: found.tolerance_bp.into(),
        penalty_bp: 0,
        late_bp: 0,
        until: found.to_on,
    };
    let weighed =
        Weighed { gross: record.gross_g, tare: record.tare_g, rejected: record.rejected_g, on: record.received_on };
    let name = |price: i64| {
        let known = found.grades.iter().find(|known| known.price == price);
        known.map_or_else(|| in_language(language, "Đúng loại", "As asked for").to_owned(), |known| known.grade.clone())
    };
    let parts = parts(&agreed, &weighed, &lesser(&record.graded, &found.grades));
    parts.into_iter().map(|(grams, price)| (name(price), grams, price)).collect()
}

/// Lines of the record: what it says, and the figure.
fn lines(found: &Delivery, record: &Acceptance, language: Language) -> Vec<(String, String)> {
    let t = |vi, en| in_language(language, vi, en);
    let kilograms = |grams| kilograms_in(grams, language);
    let line = |text: &str, figure: String| (text.to_owned(), figure);
    let mut lines = vec![
        line(t("Theo hợp đồng", "As agreed"), kilograms(found.grams)),
        line(t("Khối lượng cả bì", "Gross weight"), kilograms(record.gross_g)),
        line(t("Bì", "Tare"), kilograms(record.tare_g)),
        line(t("Khối lượng tịnh", "Net weight"), kilograms(record.gross_g - record.tare_g)),
        line(t("Không nhận", "Rejected"), kilograms(record.rejected_g)),
        line(t("Nhận", "Accepted"), kilograms(record.accepted_g)),
        line(t("Đơn giá một kg", "Price a kilogram"), Vnd(found.price).to_string()),
    ];
    let parts = by_grade(found, record, language);
    for (grade, grams, price) in &parts {
        let text = format!("{grade}: {} × {}", kilograms(*grams), Vnd(*price));
        lines.push((text, Vnd(amount(*grams, *price)).to_string()));
    }
    if let (Some(money), Some(penalty), Some(deposit)) = (record.amount, record.penalty, record.deposit) {
        let paid_for = record.accepted_g.min(found.grams);
        let text = if parts.is_empty() {
            format!(" ({} × {})", kilograms(paid_for), Vnd(found.price))
        } else {
            String::new()
        };
        lines.push((format!("{}{text}", t("Tiền hàng", "Goods")), Vnd(money).to_string()));
        lines.push(line(t("Trừ phạt giao thiếu, chậm", "Less for what was missing or late"), Vnd(penalty).to_string()));
        lines.push(line(t("Trừ tiền đặt cọc", "Less the deposit"), Vnd(deposit).to_string()));
        lines.push(line(t("Còn phải trả", "To pay"), Vnd(money - penalty - deposit).to_string()));
        if let Some(due_on) = record.due_on {
            lines.push(line(t("Hạn trả", "Due on"), day(due_on)));
        }
    } else {
        let worth = if parts.is_empty() {
            amount(record.accepted_g.min(found.grams), found.price)
        } else {
            parts.iter().map(|(_, grams, price)| amount(*grams, *price)).sum()
        };
        lines.push(line(t("Tiền hàng tạm tính", "Goods, for now"), Vnd(worth).to_string()));
    }
    lines
}

fn draw(found: &Delivery, record: &Acceptance, language: Language) -> anyhow::Result<Vec<u8>> {
    let t = |vi, en| in_language(language, vi, en);
    let number = found.order_number.as_deref().unwrap_or_default();
    let mut pdf = Pdf::new(&format!("{} {number}", t("Biên bản giao nhận", "Record of acceptance")));
    pdf.page(A4, |page| {
        page.text(36.0, 50.0, t("BIÊN BẢN GIAO NHẬN HÀNG HÓA", "RECORD OF ACCEPTANCE OF GOODS"), bold(15.0))?;
        let heads = [
            format!("{} {} · {} {number}", t("Hợp đồng", "Contract"), found.contract_number, t("Đơn", "Order")),
            format!("{}: {}", t("Bên mua", "Buyer"), found.organisation_name),
            format!("{}: {}", t("Bên bán", "Seller"), found.cooperative_name),
            format!(
                "{}: {} · {}: {}",
                t("Hàng", "Goods"),
                found.product_name,
                t("Nơi nhận", "Place"),
                found.place_name
            ),
            format!(
                "{} {} ({} {} – {})",
                t("Nhận ngày", "Received on"),
                day(record.received_on),
                t("hẹn", "agreed"),
                day(found.from_on),
                day(found.to_on)
            ),
            format!(
                "{}: {}",
                t("Loại", "Grade"),
                if record.grade.is_empty() { t("theo hợp đồng", "as agreed") } else { &record.grade }
            ),
        ];
        let mut y = 76.0;
        for head in heads {
            y = page.block(36.0, y, &head, plain(10.5), 520.0)? + 4.0;
        }
        y += 8.0;
        for (text, figure) in lines(found, record, language) {
            page.text(36.0, y, &text, plain(10.5))?;
            page.text_right(558.0, y, &figure, bold(10.5))?;
            page.rule(36.0, y + 5.0, 522.0)?;
            y += 19.0;
        }
        if let Some(reason) = &record.reason {
            y = page.block(
                36.0,
                y + 4.0,
                &format!("{}: {reason}", t("Lý do không nhận", "Why it was rejected")),
                plain(10.5),
                520.0,
            )? + 6.0;
        }
        let buyer = format!("{} {}", t("Bên mua ghi lúc", "Written by the buyer"), moment(record.written_at));
        let seller = match (record.state, record.answered_at) {
            (AcceptanceState::Agreed, Some(at)) => {
                format!("{} {}", t("Hai bên đồng ý lúc", "Agreed to by both"), moment(at))
            }
            (AcceptanceState::Contested, Some(at)) => {
                format!("{} {}", t("Bên bán phản đối lúc", "The seller objected"), moment(at))
            }
            _ => t("Bên bán chưa trả lời", "The seller has not answered").to_owned(),
        };
        let objection =
            record.answer.iter().map(|answer| format!("{}: {answer}", t("Ý kiến bên bán", "The seller says")));
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

async fn as_pdf(found: Delivery, language: Language) -> Result<HttpResponse, Problem> {
    let Some(record) = found.acceptance.clone() else { return Err(Problem::new(&NOT_FOUND)) };
    let name = format!("bien-ban-{}", found.order_number.as_deref().unwrap_or_default());
    let drawn =
        tokio::task::spawn_blocking(move || draw(&found, &record, language)).await.map_err(Problem::internal)?;
    Ok(download::paper(&name, drawn.map_err(Problem::internal)?))
}

/// The record as the buyer's paper.
pub async fn buyers_record(
    desk: &Desk,
    path: (OrganisationId, DeliveryId),
    language: Language,
) -> Result<HttpResponse, Problem> {
    as_pdf(bought(desk, path).await?, language).await
}

/// The record as the cooperative's paper.
pub async fn sellers_record(
    desk: &Desk,
    path: (CooperativeId, DeliveryId),
    language: Language,
) -> Result<HttpResponse, Problem> {
    as_pdf(sold(desk, path).await?, language).await
}

/// The record of what arrived as a PDF, for the buyer.
#[utoipa::path(tag = "business", operation_id = "download_buyers_record", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("delivery_id" = DeliveryId, Path), PaperQuery), responses((status = 200, description = "The record", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/business/{organisation_id}/deliveries/{delivery_id}/pdf")]
pub async fn download_buyers_record(
    desk: Desk,
    path: Path<(OrganisationId, DeliveryId)>,
    query: Params<PaperQuery>,
) -> Result<HttpResponse, Problem> {
    buyers_record(&desk, path.into_inner(), query.0.language()).await
}

/// The record of what arrived as a PDF, for the cooperative.
#[utoipa::path(tag = "business", operation_id = "download_sellers_record", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("delivery_id" = DeliveryId, Path), PaperQuery), responses((status = 200, description = "The record", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/deliveries/{delivery_id}/pdf")]
pub async fn download_sellers_record(
    desk: Desk,
    path: Path<(CooperativeId, DeliveryId)>,
    query: Params<PaperQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::SeeReports).await?;
    sellers_record(&desk, path.into_inner(), query.0.language()).await
}
