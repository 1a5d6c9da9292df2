//! A quotation as a PDF.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::value::{Language, OrganisationId, QuotationId, Vnd};

use super::quotations::{Quotation, shown};
use crate::people::desk::Desk;
use crate::platform::body::Params;
use crate::platform::download;
use crate::platform::pdf::{A4, Pdf, bold, plain};
use crate::platform::problem::Problem;
use crate::supply::deliveries::words::{PaperQuery, day, in_language};

/// Lines of a page.
const ON_A_PAGE: usize = 32;

fn draw(found: &Quotation, language: Language) -> anyhow::Result<Vec<u8>> {
    let t = |vi, en| in_language(language, vi, en);
    let mut pdf = Pdf::new(&format!("{} {}", t("Báo giá", "Quotation"), found.number));
    for (index, part) in found.lines.chunks(ON_A_PAGE).enumerate() {
        let last = (index + 1) * ON_A_PAGE >= found.lines.len();
        pdf.page(A4, |page| {
            page.text(36.0, 50.0, &format!("{} {}", t("BÁO GIÁ SỐ", "QUOTATION NO."), found.number), bold(15.0))?;
            let to = format!(
                "{}: {} · {}: {}",
                t("Gửi", "To"),
                found.organisation_name,
                t("Nơi nhận", "Place"),
                found.place_name
            );
            page.text(36.0, 74.0, &to, plain(10.5))?;
            let until = format!("{} {}", t("Giá có hiệu lực đến hết", "Prices hold until"), day(found.valid_until));
            page.text(36.0, 92.0, &until, plain(10.5))?;
            let mut y = 122.0;
            page.text(36.0, y, t("Hàng", "Goods"), bold(10.0))?;
            page.text(250.0, y, t("Hợp tác xã", "Cooperative"), bold(10.0))?;
            for (x, text) in
                [(418.0, t("Số lượng", "Quantity")), (485.0, t("Đơn giá", "Price")), (558.0, t("Thành tiền", "Amount"))]
            {
                page.text_right(x, y, text, bold(10.0))?;
            }
            page.rule(36.0, y + 5.0, 522.0)?;
            for line in part {
                y += 19.0;
                let what = format!("{} {} ({})", line.sku, line.product_name, line.pack);
                page.text(36.0, y, &what.chars().take(42).collect::<String>(), plain(9.5))?;
                page.text(250.0, y, &line.cooperative_name.chars().take(24).collect::<String>(), plain(9.5))?;
                page.text_right(418.0, y, &line.quantity.to_string(), plain(9.5))?;
                page.text_right(485.0, y, &Vnd(line.unit_amount).to_string(), plain(9.5))?;
                page.text_right(558.0, y, &Vnd(line.total).to_string(), plain(9.5))?;
            }
            let sums = [
                (t("Tiền hàng", "Goods"), found.goods),
                (t("Giao hàng", "Delivery"), found.delivery),
                (t("Tổng cộng", "Total"), found.total),
            ];
            for (text, amount) in sums.iter().filter(|_| last) {
                y += 20.0;
                page.text(36.0, y, text, bold(10.5))?;
                page.text_right(558.0, y, &Vnd(*amount).to_string(), bold(10.5))?;
            }
            page.text_right(558.0, 825.0, &format!("Chợ OCOP · {} · {}", found.number, index + 1), plain(8.0))
        })?;
    }
    pdf.finish()
}

/// A quotation as a paper.
pub async fn quotation_pdf(
    desk: &Desk,
    path: (OrganisationId, QuotationId),
    language: Language,
) -> Result<HttpResponse, Problem> {
    let found = shown(desk, path).await?;
    let name = found.number.clone();
    let drawn = tokio::task::spawn_blocking(move || draw(&found, language)).await.map_err(Problem::internal)?;
    Ok(download::paper(&name, drawn.map_err(Problem::internal)?))
}

/// A quotation as a PDF.
#[utoipa::path(tag = "business", operation_id = "download_quotation", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("quotation_id" = QuotationId, Path), PaperQuery), responses((status = 200, description = "The quotation", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/business/{organisation_id}/quotations/{quotation_id}/pdf")]
pub async fn download_quotation(
    desk: Desk,
    path: Path<(OrganisationId, QuotationId)>,
    query: Params<PaperQuery>,
) -> Result<HttpResponse, Problem> {
    quotation_pdf(&desk, path.into_inner(), query.0.language()).await
}
