//! The buyer's receipt.

use actix_web::http::header;
use actix_web::{HttpResponse, get};
use entity::order_line;
use entity::value::{OrderId, OrderState};

use crate::orders::ordering::{BuyersOrder, OrderRow, Secret, lines_of};
use crate::platform::clock::VIETNAM;
use crate::platform::db::by_id;
use crate::platform::pdf::{A4, Pdf, bold, plain, wrap};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    NO_RECEIPT = "no_receipt_yet" 409 "Đơn chưa được thanh toán nên chưa có biên nhận." "The order is not paid: there is no receipt yet.";
}

/// What was paid for the order, as PDF.
#[utoipa::path(tag = "orders", operation_id = "order_receipt", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), responses((status = 200, description = "The receipt", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/orders/{id}/receipt.pdf")]
pub async fn show_receipt(order: BuyersOrder) -> Result<HttpResponse, Problem> {
    let row = order.row.clone();
    if row.paid_amount.0 == 0 || row.state == OrderState::AwaitingPayment {
        return Err(Problem::new(&NO_RECEIPT));
    }
    let lines = lines_of(order.db.fresh(), &[row.id]).await?;
    let seller = by_id::<entity::cooperative::Entity>(order.db.fresh(), row.cooperative_id).await?;
    let seller = seller.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let number = row.number.clone();
    let bytes = tokio::task::spawn_blocking(move || receipt(&row, &lines, &seller))
        .await
        .map_err(Problem::internal)?
        .map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((header::CONTENT_DISPOSITION, format!("inline; filename=\"bien-nhan-{number}.pdf\"")))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(bytes))
}

fn receipt(
    row: &OrderRow,
    lines: &[order_line::Model],
    seller: &entity::cooperative::Model,
) -> anyhow::Result<Vec<u8>> {
    const ROWS: usize = 28;
    let (year, month, day) = row.placed_at.to_offset(VIETNAM).to_calendar_date();
    let mut pdf = Pdf::new(&format!("Biên nhận {}", row.number));
    let pages = lines.chunks(ROWS).count().max(1);
    for (page, chunk) in lines.chunks(ROWS).enumerate() {
        pdf.page(A4, |canvas| {
            let right = canvas.width - 42.0;
            canvas.text(42.0, 60.0, "BIÊN NHẬN · Receipt", bold(18.0))?;
            canvas.text(
                42.0,
                78.0,
                &format!("{} · {day:02}/{:02}/{year}", row.number, u8::from(month)),
                plain(10.0),
            )?;
            let by = format!("{} · MST {}\n{} · {}", seller.legal_name, seller.tax_code, seller.street, seller.phone);
            canvas.block(42.0, 100.0, &by, plain(9.5), right - 42.0)?;
            let mut y = 150.0;
            for line in chunk {
                let name = format!("{} × {} {}", line.quantity, line.name_vi, line.pack_vi);
                let name = wrap(&name, plain(10.0), right - 160.0)?.into_iter().next().unwrap_or_default();
                canvas.text(42.0, y, &name, plain(10.0))?;
                canvas.text_right(right, y, &line.total_amount.to_string(), plain(10.0))?;
                y += 18.0;
            }
            if page + 1 == pages {
                canvas.rule(42.0, y - 6.0, right - 42.0)?;
                let sums = [
                    ("Hàng hóa / Goods", row.goods_amount),
                    ("Giao hàng / Delivery", row.delivery_amount),
                    ("Giảm giá / Discount", row.discount_amount),
                    ("Đã thanh toán / Paid", row.paid_amount),
                    ("Đã hoàn / Refunded", row.refunded_amount),
                ];
                for (label, amount) in sums {
                    y += 14.0;
                    canvas.text(300.0, y, label, plain(10.0))?;
                    canvas.text_right(right, y, &amount.to_string(), bold(10.0))?;
                }
                let note = "Biên nhận không thay thế hóa đơn điện tử. · This receipt is not a tax invoice.";
                canvas.text(42.0, canvas.height - 40.0, note, plain(8.0))?;
            }
            Ok(())
        })?;
    }
    pdf.finish()
}
