//! Labels for boxes: a QR code that leads to the lot's story, and the same in letters. On sheets as shops sell them (A4 with
//! 24 or 65) or from a roll.

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpResponse, post};
use entity::value::{CooperativeId, LotId, OfferId};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde::Deserialize;
use time::Date;
use utoipa::ToSchema;

use super::codes::{self, Code};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{Bound, one, run};
use crate::platform::pdf::{Canvas, Pdf, bold, plain, width, wrap};
use crate::platform::problem::{NOT_FOUND, Problem};

/// Sheets and rolls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub enum LabelSize {
    /// A4 with 3 × 8 labels of 70 × 37 mm.
    #[default]
    #[serde(rename = "a4_24")]
    A4Of24,
    /// A4 with 5 × 13 labels of 38.1 × 21.2 mm.
    #[serde(rename = "a4_65")]
    A4Of65,
    /// A roll of 50 × 30 mm, one label a page.
    #[serde(rename = "roll_50x30")]
    Roll,
}

/// A sheet in millimetres: page, first label's corner, label, distance from one to the next, columns and rows.
struct Layout {
    page: (f32, f32),
    first: (f32, f32),
    label: (f32, f32),
    pitch: (f32, f32),
    columns: usize,
    rows: usize,
}

const POINTS: f32 = 72.0 / 25.4;

impl LabelSize {
    /// As forms call it; sheets of 24 where it is none.
    pub fn named(name: &str) -> Self {
        match name {
            "a4_65" => Self::A4Of65,
            "roll_50x30" => Self::Roll,
            _ => Self::A4Of24,
        }
    }

    const fn layout(self) -> Layout {
        match self {
            Self::A4Of24 => Layout {
                page: (210.0, 297.0),
                first: (0.0, 0.5),
                label: (70.0, 37.0),
                pitch: (70.0, 37.0),
                columns: 3,
                rows: 8,
            },
            Self::A4Of65 => Layout {
                page: (210.0, 297.0),
                first: (4.75, 10.7),
                label: (38.1, 21.2),
                pitch: (40.6, 21.2),
                columns: 5,
                rows: 13,
            },
            Self::Roll => Layout {
                page: (50.0, 30.0),
                first: (0.0, 0.0),
                label: (50.0, 30.0),
                pitch: (0.0, 0.0),
                columns: 1,
                rows: 1,
            },
        }
    }
}

#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"offer_id": "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f", "count": 48, "size": "a4_24", "serials": true}))]
pub struct LabelOrder {
    pub offer_id: OfferId,
    #[garde(range(min = 1, max = 1_000))]
    #[schema(minimum = 1, maximum = 1_000)]
    pub count: i64,
    #[serde(default)]
    #[schema(inline)]
    pub size: LabelSize,
    /// Whether each box gets a number of its own, by which a copied label is found out.
    #[serde(default)]
    pub serials: bool,
}

#[derive(Clone, FromQueryResult)]
struct Goods {
    lot_code: String,
    harvested_on: Date,
    expires_on: Option<Date>,
    name_vi: String,
    pack_vi: String,
    maker: String,
    gtin: Option<String>,
}

/// The lot and the pack that is labelled, if the lot is one of the pack's product.
async fn goods(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    lot: LotId,
    offer: OfferId,
) -> Result<Option<Goods>, DbErr> {
    one(
        connection,
        "SELECT l.code AS lot_code, l.harvested_on, l.expires_on, p.name_vi, o.pack_vi, c.name_vi AS maker, k.key AS gtin
         FROM lot l JOIN product p ON p.id = l.product_id JOIN cooperative c ON c.id = l.cooperative_id JOIN offer o ON o.product_id = p.id
         LEFT JOIN gs1_key k ON k.offer_id = o.id WHERE l.id = $1 AND l.cooperative_id = $2 AND o.id = $3",
        [lot.into(), cooperative.into(), offer.into()],
    )
    .await
}

fn day(date: Date) -> String {
    format!("{:02}/{:02}/{}", date.day(), u8::from(date.month()), date.year())
}

/// One label in its frame, in points.
fn draw(
    canvas: &mut Canvas<'_, '_>,
    (x, y): (f32, f32),
    (w, h): (f32, f32),
    goods: &Goods,
    code: &Code,
    url: &str,
) -> anyhow::Result<()> {
    let small = h < 70.0;
    let edge = if small { 3.0 } else { 6.0 };
    let side = h - 2.0 * edge - if small { 6.0 } else { 9.0 };
    canvas.qr(x + edge, y + edge, side, url)?;
    let (left, limit) = (x + edge + side + edge, w - side - 3.0 * edge);
    let (head, text) = if small { (5.2, 4.3) } else { (9.0, 6.8) };
    let mut at = y + edge + head;
    for line in wrap(&goods.name_vi, bold(head), limit)?.iter().take(2) {
        canvas.text(left, at, line, bold(head))?;
        at += head * 1.15;
    }
    let mut lines =
        vec![goods.pack_vi.clone(), format!("Lô {}", goods.lot_code), format!("TH {}", day(goods.harvested_on))];
    lines.extend(goods.expires_on.map(|expires| format!("HSD {}", day(expires))));
    if !small {
        lines.push(goods.maker.clone());
    }
    for line in lines {
        if at + text > y + h - edge - text {
            break;
        }
        canvas.text(left, at, &line, plain(fitting(&line, text, limit)?))?;
        at += text * 1.2;
    }
    // The same in letters, for who cannot scan.
    let words = code.to_string();
    let height = fitting(&words, if small { 5.0 } else { 8.0 }, w - 2.0 * edge)?;
    canvas.text(x + edge, y + h - edge, &words, bold(height))
}

/// The size, at most this, in which a line fits.
fn fitting(line: &str, size: f32, limit: f32) -> anyhow::Result<f32> {
    let wide = width(line, bold(size))?;
    Ok(if wide > limit { (size * limit / wide).max(2.5) } else { size })
}

#[allow(clippy::cast_precision_loss, reason = "places on a sheet")]
fn print(goods: &Goods, codes: &[Code], size: LabelSize, base_url: &str) -> anyhow::Result<Vec<u8>> {
    let layout = size.layout();
    let mut pdf = Pdf::new(&format!("Tem {}", goods.lot_code));
    for page in codes.chunks(layout.columns * layout.rows) {
        pdf.page((layout.page.0 * POINTS, layout.page.1 * POINTS), |canvas| {
            for (index, code) in page.iter().enumerate() {
                let (column, row) = ((index % layout.columns) as f32, (index / layout.columns) as f32);
                let corner = (
                    (layout.first.0 + column * layout.pitch.0) * POINTS,
                    (layout.first.1 + row * layout.pitch.1) * POINTS,
                );
                let frame = (layout.label.0 * POINTS, layout.label.1 * POINTS);
                draw(canvas, corner, frame, goods, code, &code.address(base_url, goods.gtin.as_deref()))?;
            }
            Ok(())
        })?;
    }
    pdf.finish()
}

/// Codes for so many boxes; with serials each is kept, so that others are known to be copies.
async fn numbered(desk: &Desk, lot: LotId, order: &LabelOrder) -> Result<Vec<Code>, Problem> {
    let code = Code::of(lot);
    let count = usize::try_from(order.count).unwrap_or(1);
    if !order.serials {
        return Ok(vec![code; count]);
    }
    let codes: Vec<Code> = (0..count).map(|_| code.clone().with(&codes::serial(rand::random()))).collect();
    let transaction = desk.begin().await?;
    for part in codes.chunks(200) {
        let mut bound = Bound::default();
        let (lot, offer, now) = (lot, order.offer_id, desk.now());
        let rows =
            bound.rows(part.iter().map(|code| -> [sea_orm::Value; 4] {
                [lot.into(), code.serial.clone().into(), offer.into(), now.into()]
            }));
        // Forty random bits: that two of a lot are alike is one in a million lots, and then they are one box.
        let sql =
            format!("INSERT INTO box_serial (lot_id, serial, offer_id, made_at) VALUES {rows} ON CONFLICT DO NOTHING");
        run(&transaction, sql, bound.0).await?;
    }
    let after = serde_json::json!({"offer": order.offer_id, "count": order.count});
    desk.audit(&transaction, "labels.numbered", ("lot", lot.0), (), after).await?;
    transaction.commit().await?;
    Ok(codes)
}

/// Labels of a lot as a PDF.
pub async fn labels(
    desk: &Desk,
    cooperative: CooperativeId,
    lot: LotId,
    order: LabelOrder,
) -> Result<Vec<u8>, Problem> {
    let connection = desk.db.fresh();
    let own = crate::platform::db::by_id::<entity::lot::Entity>(connection, lot).await?;
    own.filter(|lot| lot.cooperative_id == cooperative).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let goods = goods(connection, cooperative, lot, order.offer_id).await?.ok_or_else(|| {
        Problem::field("/offer_id", "offer", "không phải quy cách của sản phẩm này", "not an offer of this product")
    })?;
    let codes = numbered(desk, lot, &order).await?;
    let base_url = desk.config.base_url();
    tokio::task::spawn_blocking(move || print(&goods, &codes, order.size, &base_url))
        .await
        .map_err(Problem::internal)?
        .map_err(Problem::internal)
}

/// The PDF as an answer.
pub fn answer(lot: LotId, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("inline; filename=\"tem-{}.pdf\"", Code::of(lot).plain())))
        .body(bytes)
}

/// Print labels for boxes of a lot.
#[utoipa::path(tag = "traceability", operation_id = "print_labels", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("lot_id" = LotId, Path)), request_body = LabelOrder, responses((status = 200, description = "The PDF", body = Vec<u8>, content_type = "application/pdf")))]
#[post("/v1/seller/cooperatives/{cooperative_id}/lots/{lot_id}/labels")]
pub async fn print_labels(
    desk: Desk,
    path: Path<(CooperativeId, LotId)>,
    body: Body<LabelOrder>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, lot) = path.into_inner();
    desk.may(cooperative, Permission::CountStock).await?;
    let bytes = labels(&desk, cooperative, lot, body.0).await?;
    Ok(answer(lot, bytes))
}
