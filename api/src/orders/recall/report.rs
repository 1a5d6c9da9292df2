//! The report for the authority: per lot what was made, sold, reached, brought back and done with. Figures are sums of the lot's
//! events, and balance.

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::value::{CooperativeId, LotId, RecallId};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::{Recall, show};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Params;
use crate::platform::db::{all, one};
use crate::platform::pdf::{A4, Pdf, bold, plain, wrap};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::sheets::{Cell, Column, SheetFormat, Table};

/// What became of a lot's pieces: `made + counted = on_hand + sold + used + destroyed`.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize, ToSchema)]
pub struct LotAccount {
    pub lot_id: LotId,
    pub code: String,
    pub product_name_vi: String,
    pub cooperative_name_vi: String,
    /// Harvested or made.
    pub made: i64,
    /// Found more, or fewer when negative, when counted anew.
    pub counted: i64,
    /// Gone out with orders and not back on the shelf.
    pub sold: i64,
    /// Back from buyers since the recall was raised.
    pub returned: i64,
    /// Made into other lots.
    pub used: i64,
    pub destroyed: i64,
    pub on_hand: i64,
    #[schema(required = true)]
    pub outcome: Option<String>,
}

/// A recall in figures.
#[derive(Serialize, ToSchema)]
pub struct RecallReport {
    pub recall: Recall,
    pub lots: Vec<LotAccount>,
    /// Buyers, receptions and cooperatives who had to be told, and those who confirmed.
    pub told: i64,
    pub reached: i64,
    /// Pieces that orders still hold, and those of buyers who confirmed.
    pub pieces_out: i64,
    pub pieces_reached: i64,
}

async fn accounts(connection: &impl ConnectionTrait, recall: RecallId) -> Result<Vec<LotAccount>, DbErr> {
    let sum = |what: &str| format!("CAST(COALESCE((SELECT SUM({what}), 0) AS bigint)");
    let of = |acts: &str, sign: &str| {
        sum(&format!(
            "{sign}i.effect) FROM trace_item i JOIN trace_event e ON e.id = i.event_id WHERE i.lot_id = r.lot_id AND {acts}"
        ))
    };
    let sql = format!(
        "SELECT r.lot_id, l.code, p.name_vi AS product_name_vi, c.name_vi AS cooperative_name_vi, r.outcome,
                {} AS made, {} AS counted, {} AS sold, {} AS returned, {} AS used, {} AS destroyed,
                CAST(COALESCE((SELECT SUM(s.on_hand) FROM lot_stock s WHERE s.lot_id = r.lot_id), 0) AS bigint) AS on_hand
         FROM recall_lot r JOIN recall q ON q.id = r.recall_id JOIN lot l ON l.id = r.lot_id JOIN product p ON p.id = l.product_id
         JOIN cooperative c ON c.id = l.cooperative_id WHERE r.recall_id = $1 ORDER BY r.depth, l.id",
        of("(e.act = 'harvested' OR (e.act = 'transformed' AND i.role = 'output'))", ""),
        of("e.act = 'counted'", ""),
        of("e.act IN ('packed', 'unpacked', 'returned')", "-"),
        of("e.act = 'returned' AND e.at >= q.raised_at", ""),
        of("e.act = 'transformed' AND i.role = 'input'", "-"),
        of("e.act = 'destroyed'", "-"),
    );
    all(connection, sql, [recall.into()]).await
}

#[derive(FromQueryResult)]
struct Reach {
    told: i64,
    reached: i64,
    pieces_out: i64,
    pieces_reached: i64,
}

pub async fn report(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    id: RecallId,
) -> Result<RecallReport, Problem> {
    let (recall, _) = show(connection, cooperative, id).await?;
    // The report is for who raised it: it tells of everybody's lots.
    if recall.cooperative_id != cooperative {
        return Err(Problem::new(&NOT_FOUND));
    }
    let reach = one::<Reach>(
        connection,
        "SELECT COUNT(*) AS told, CAST(COALESCE(SUM(CASE WHEN state = 'confirmed' THEN 1 ELSE 0 END), 0) AS bigint) AS reached,
                CAST(COALESCE(SUM(CASE WHEN order_id IS NOT NULL AND NOT stopped THEN quantity ELSE 0 END), 0) AS bigint) AS pieces_out,
                CAST(COALESCE(SUM(CASE WHEN order_id IS NOT NULL AND NOT stopped AND state = 'confirmed' THEN quantity ELSE 0 END), 0) AS bigint) AS pieces_reached
         FROM recall_notice WHERE recall_id = $1",
        [id.into()],
    )
    .await?;
    let reach = reach.unwrap_or(Reach { told: 0, reached: 0, pieces_out: 0, pieces_reached: 0 });
    let lots = accounts(connection, id).await?;
    let Reach { told, reached, pieces_out, pieces_reached } = reach;
    Ok(RecallReport { recall, lots, told, reached, pieces_out, pieces_reached })
}

const HEADINGS: [(&str, f64); 10] = [
    ("Lô", 24.0),
    ("Sản phẩm", 30.0),
    ("Cơ sở", 30.0),
    ("Làm ra", 10.0),
    ("Kiểm đếm ±", 10.0),
    ("Đã bán", 10.0),
    ("Thu về", 10.0),
    ("Chế biến", 10.0),
    ("Tiêu hủy", 10.0),
    ("Còn lại", 10.0),
];

fn figures(lot: &LotAccount) -> [i64; 7] {
    [lot.made, lot.counted, lot.sold, lot.returned, lot.used, lot.destroyed, lot.on_hand]
}

fn sheet(found: &RecallReport) -> anyhow::Result<Vec<u8>> {
    let columns: Vec<Column> = HEADINGS
        .iter()
        .map(|(heading, width)| Column::new(heading, *width))
        .chain([Column::new("Xử lý", 16.0)])
        .collect();
    let row = |lot: &LotAccount| -> Vec<Cell> {
        let mut row: Vec<Cell> =
            vec![lot.code.clone().into(), lot.product_name_vi.clone().into(), lot.cooperative_name_vi.clone().into()];
        row.extend(figures(lot).map(Cell::from));
        row.push(lot.outcome.clone().map_or(Cell::Empty, Cell::from));
        row
    };
    let rows: Vec<Vec<Cell>> = found.lots.iter().map(row).collect();
    let about = head(found);
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    Table { title: "Thu hồi", columns: &columns, rows: &rows, instructions: &about }.write(SheetFormat::Xlsx)
}

/// What stands above the table.
fn head(found: &RecallReport) -> Vec<String> {
    let recall = &found.recall;
    let decision = recall
        .decision_number
        .as_ref()
        .map_or("tự nguyện".to_owned(), |number| format!("bắt buộc, quyết định {number}"));
    vec![
        format!("Thu hồi {} · {} · {decision}", recall.number, recall.cooperative_name_vi),
        format!("Lý do: {}", recall.reason),
        format!("Hướng dẫn cho người mua: {}", recall.advice),
        format!("Phải báo: {} · đã xác nhận: {}", found.told, found.reached),
        format!("Số hàng ở người mua: {} · của người đã xác nhận: {}", found.pieces_out, found.pieces_reached),
    ]
}

fn paper(found: &RecallReport) -> anyhow::Result<Vec<u8>> {
    const ROWS: usize = 30;
    let mut pdf = Pdf::new(&format!("Báo cáo thu hồi {}", found.recall.number));
    let pages = found.lots.chunks(ROWS).count().max(1);
    for (index, lots) in found.lots.chunks(ROWS).enumerate() {
        // A4 lying down.
        pdf.page((A4.1, A4.0), |canvas| {
            let right = canvas.width - 36.0;
            canvas.text(36.0, 42.0, "BÁO CÁO THU HỒI SẢN PHẨM · Recall report", bold(14.0))?;
            let mut y = 60.0;
            for line in head(found) {
                y = canvas.block(36.0, y, &line, plain(9.0), right - 36.0)?;
            }
            y += 10.0;
            let at = |column: usize| [36.0, 150.0, 290.0][column];
            let figure = |column: usize| [450.0, 510.0, 560.0, 610.0, 670.0, 730.0, right][column];
            for (column, (heading, _)) in HEADINGS.iter().enumerate() {
                match column {
                    0..3 => canvas.text(at(column), y, heading, bold(8.0))?,
                    _ => canvas.text_right(figure(column - 3), y, heading, bold(8.0))?,
                }
            }
            canvas.rule(36.0, y + 3.0, right - 36.0)?;
            for lot in lots {
                y += 14.0;
                for (column, text) in
                    [&lot.code, &lot.product_name_vi, &lot.cooperative_name_vi].into_iter().enumerate()
                {
                    let first = wrap(text, plain(8.0), 130.0)?.into_iter().find(|line| !line.is_empty());
                    canvas.text(at(column), y, &first.unwrap_or_default(), plain(8.0))?;
                }
                for (column, number) in figures(lot).into_iter().enumerate() {
                    canvas.text_right(figure(column), y, &number.to_string(), plain(8.0))?;
                }
            }
            canvas.text_right(right, canvas.height - 18.0, &format!("Trang {}/{pages}", index + 1), plain(8.0))
        })?;
    }
    pdf.finish()
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecallReportFormat {
    #[default]
    Json,
    Pdf,
    Xlsx,
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ReportQuery {
    #[param(inline)]
    format: Option<RecallReportFormat>,
}

type Writer = fn(&RecallReport) -> anyhow::Result<Vec<u8>>;

/// The report of a recall, as an answer.
pub async fn answer(
    desk: &Desk,
    cooperative: CooperativeId,
    id: RecallId,
    format: RecallReportFormat,
) -> Result<HttpResponse, Problem> {
    let found = report(desk.db.fresh(), cooperative, id).await?;
    let number = found.recall.number.clone();
    let (kind, extension, write): (_, _, Writer) = match format {
        RecallReportFormat::Json => return Ok(HttpResponse::Ok().json(found)),
        RecallReportFormat::Pdf => ("application/pdf", "pdf", paper),
        RecallReportFormat::Xlsx => (SheetFormat::Xlsx.media_type(), "xlsx", sheet),
    };
    let bytes = tokio::task::spawn_blocking(move || write(&found))
        .await
        .map_err(Problem::internal)?
        .map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{number}.{extension}\"")))
        .body(bytes))
}

/// What was made, sold, reached and brought back, for the authority.
#[utoipa::path(tag = "recalls", operation_id = "show_recall_report", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("recall_id" = RecallId, Path), ReportQuery), responses((status = 200, description = "The report; with `format` a PDF or a sheet", body = RecallReport)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/recalls/{recall_id}/report")]
pub async fn show_report(
    desk: Desk,
    path: Path<(CooperativeId, RecallId)>,
    query: Params<ReportQuery>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    answer(&desk, cooperative, id, query.0.format.unwrap_or_default()).await
}
