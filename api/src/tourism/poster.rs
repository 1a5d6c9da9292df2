//! What is printed for places without web: a poster for the wall (A4) and cards for tables (A6, four on a sheet), with the
//! feed's QR code and, for who cannot scan, its code.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use entity::value::{FeedId, PartnerId, Vnd};
use garde::Validate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::feeds::own;
use super::guide::{FeedEntry, Guide};
use super::sheet::{Sheet, poster_link, sheet};
use crate::orders::attribution::disclosure;
use crate::people::desk::PartnerDesk;
use crate::people::identity::partner::Scope;
use crate::platform::body::Params;
use crate::platform::pdf::{A4, Canvas, Pdf, bold, plain, width};
use crate::platform::problem::{NOT_FOUND, Problem};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PosterSize {
    /// One on A4, for the wall.
    #[default]
    Poster,
    /// Four on A4, to be cut, for tables.
    TableCards,
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct PosterQuery {
    #[param(inline)]
    size: Option<PosterSize>,
}

struct Printed {
    title: String,
    partner: String,
    code: String,
    link: String,
    goods: Vec<(String, String)>,
}

fn centred(
    canvas: &mut Canvas<'_, '_>,
    (x, w): (f32, f32),
    y: f32,
    text: &str,
    style: crate::platform::pdf::Style,
) -> anyhow::Result<()> {
    canvas.text(x + (w - width(text, style)?) / 2.0, y, text, style)
}

/// One poster in a frame; `scale` is 1 on a whole A4.
fn draw(
    canvas: &mut Canvas<'_, '_>,
    printed: &Printed,
    (x, y): (f32, f32),
    (w, h): (f32, f32),
    scale: f32,
) -> anyhow::Result<()> {
    let size = |points: f32| points * scale;
    let mut at = y + size(56.0);
    centred(canvas, (x, w), at, "QUÀ QUÊ OCOP", bold(size(34.0)))?;
    at += size(26.0);
    centred(canvas, (x, w), at, "Grown nearby, certified OCOP", plain(size(15.0)))?;
    at += size(34.0);
    for line in crate::platform::pdf::wrap(&printed.title, bold(size(20.0)), w - size(80.0))?.iter().take(2) {
        centred(canvas, (x, w), at, line, bold(size(20.0)))?;
        at += size(26.0);
    }
    let square = size(300.0);
    canvas.qr(x + (w - square) / 2.0, at, square, &printed.link)?;
    at += square + size(20.0);
    centred(canvas, (x, w), at, "Quét để xem và đặt hàng · Scan to see and order", plain(size(14.0)))?;
    at += size(34.0);
    centred(canvas, (x, w), at, &format!("Mã · Code: {}", printed.code), bold(size(26.0)))?;
    at += size(30.0);
    for (name, price) in printed.goods.iter().take(5) {
        canvas.text(x + size(70.0), at, &name.chars().take(44).collect::<String>(), plain(size(13.0)))?;
        canvas.text_right(x + w - size(70.0), at, price, bold(size(13.0)))?;
        at += size(20.0);
    }
    let told = disclosure(&printed.partner);
    let foot = y + h - size(50.0);
    for (index, text) in [told.vi, told.en].into_iter().enumerate() {
        let line = if index == 0 { foot } else { foot + size(14.0) };
        centred(canvas, (x, w), line, &text, plain(size(8.5)))?;
    }
    Ok(())
}

fn print(printed: &Printed, size: PosterSize) -> anyhow::Result<Vec<u8>> {
    let mut pdf = Pdf::new(&printed.title);
    pdf.page(A4, |canvas| match size {
        PosterSize::Poster => draw(canvas, printed, (0.0, 0.0), A4, 1.0),
        PosterSize::TableCards => {
            let (w, h) = (A4.0 / 2.0, A4.1 / 2.0);
            for (x, y) in [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)] {
                draw(canvas, printed, (x, y), (w, h), 0.5)?;
            }
            // Where to cut.
            canvas.rule(0.0, h, A4.0)?;
            canvas.rectangle(w, 0.0, 0.6, A4.1)
        }
    })?;
    pdf.finish()
}

/// A feed's poster or table cards as a PDF.
pub async fn poster(guide: &Guide, row: entity::feed::Model, size: PosterSize) -> Result<Vec<u8>, Problem> {
    let book = guide.book().clone();
    let entry: std::sync::Arc<FeedEntry> =
        book.feeds.get(&row.slug).cloned().ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let shown: Sheet = sheet(guide, &book, &entry);
    let printed = Printed {
        title: row.name,
        partner: shown.partner,
        link: poster_link(&guide.base_url, &row.slug, &row.code),
        code: row.code,
        goods: shown
            .items
            .into_iter()
            .map(|item| (item.name, item.price.map(|price| Vnd(price).to_string()).unwrap_or_default()))
            .collect(),
    };
    tokio::task::spawn_blocking(move || print(&printed, size))
        .await
        .map_err(Problem::internal)?
        .map_err(Problem::internal)
}

/// A poster or table cards to print, with the feed's QR code and code.
#[utoipa::path(tag = "partner", operation_id = "print_poster", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("feed_id" = FeedId, Path), PosterQuery), responses((status = 200, description = "The PDF", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/partner/{partner_id}/feeds/{feed_id}/poster.pdf")]
pub async fn print_poster(
    desk: PartnerDesk,
    guide: Data<Guide>,
    path: Path<(PartnerId, FeedId)>,
    query: Params<PosterQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(Scope::FeedsRead).await?;
    let row = own(&desk, path.1).await?;
    let name = format!("inline; filename=\"{}.pdf\"", row.slug);
    let bytes = poster(&guide, row, query.0.size.unwrap_or_default()).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(bytes))
}
