//! The certificate as a PDF, with a code that leads to its check.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};

use super::register::{Checked, Validity, check};
use crate::config::Config;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::pdf::{A4, Pdf, Style, bold, plain, width};
use crate::platform::problem::{NOT_FOUND, Problem};

fn day(day: time::Date) -> String {
    format!("{:02}/{:02}/{}", day.day(), u8::from(day.month()), day.year())
}

fn draw(checked: &Checked) -> anyhow::Result<Vec<u8>> {
    let own = &checked.product;
    let mut pdf = Pdf::new(&format!("Giấy chứng nhận OCOP {}", own.certificate_number));
    // Lying.
    let size = (A4.1, A4.0);
    pdf.page(size, |page| {
        let middle = page.width / 2.0;
        for inset in [24.0, 30.0] {
            let (across, down) = (page.width - 2.0 * inset, page.height - 2.0 * inset);
            page.rule(inset, inset, across)?;
            page.rule(inset, page.height - inset, across)?;
            page.rectangle(inset, inset, 0.6, down)?;
            page.rectangle(page.width - inset, inset, 0.6, down)?;
        }
        let mut y = 90.0;
        let mut line =
            |page: &mut crate::platform::pdf::Canvas<'_, '_>, text: &str, style: Style| -> anyhow::Result<()> {
                for part in crate::platform::pdf::wrap(text, Style { ..style }, page.width - 160.0)? {
                    let start = middle - width(&part, Style { ..style })? / 2.0;
                    page.text(start, y, &part, Style { ..style })?;
                    y += style.size * 1.45;
                }
                Ok(())
            };
        line(page, &own.issuer.to_uppercase(), plain(13.0))?;
        line(page, " ", plain(10.0))?;
        line(page, "GIẤY CHỨNG NHẬN SẢN PHẨM OCOP", bold(26.0))?;
        line(page, "Certificate of an OCOP product", plain(11.0))?;
        line(page, " ", plain(8.0))?;
        line(page, &own.product_name, bold(24.0))?;
        line(page, &format!("Chủ thể: {}", own.cooperative_name), plain(14.0))?;
        line(page, &format!("{}, {}", own.commune_name, own.province_name), plain(12.0))?;
        line(page, " ", plain(6.0))?;
        line(page, &format!("ĐẠT {} SAO / {} STARS", own.stars, own.stars), bold(22.0))?;
        line(page, " ", plain(6.0))?;
        line(page, &format!("Số: {}", own.certificate_number), plain(12.0))?;
        if let Some(number) = &own.decision_number {
            line(page, &format!("Quyết định số {number} ngày {}", day(own.issued_on)), plain(12.0))?;
        }
        line(page, &format!("Có giá trị đến hết ngày {}", day(own.valid_until)), plain(12.0))?;
        page.qr(page.width - 150.0, page.height - 150.0, 100.0, &own.check_url)?;
        page.text(60.0, page.height - 60.0, &format!("Kiểm tra tại {}", own.check_url), plain(10.0))?;
        Ok(())
    })?;
    pdf.finish()
}

/// A certificate as a PDF, while it is valid.
#[utoipa::path(tag = "recognition", operation_id = "download_ocop_certificate", params(("code" = String, Path, max_length = 100)), responses((status = 200, description = "The certificate", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/ocop/certificates/{code}/pdf")]
pub async fn download_ocop_certificate(
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    code: Path<String>,
) -> Result<HttpResponse, Problem> {
    let checked = check(db.fresh(), &code, (clock.today(), &config.base_url())).await?;
    if checked.validity != Validity::Valid {
        return Err(Problem::new(&NOT_FOUND));
    }
    let name =
        format!("inline; filename=\"{}.pdf\"", code.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
    let bytes = tokio::task::spawn_blocking(move || draw(&checked)).await.map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header(("content-disposition", name))
        .body(bytes.map_err(Problem::internal)?))
}
