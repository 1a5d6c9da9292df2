//! What a cooperative earned, line by line, and what it was paid: every đồng leads to an order line or a payout.

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::payout;
use entity::value::{CooperativeId, OrderId, TaxKind, Vnd};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::batches::{PayoutView, payout_view};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Params;
use crate::platform::clock::VIETNAM;
use crate::platform::db::{all, one};
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::pdf::{A4, Canvas, Pdf, bold, plain, wrap};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::sheets::{Cell, Column, SheetFormat, Table};

/// Payouts of the cooperative, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_seller_payouts", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of payouts", body = Page<PayoutView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/payouts")]
pub async fn list_payouts(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    let page = NewestFirst::every::<entity::payout::Entity>(query.0.place())?.and("cooperative_id = ?", *cooperative);
    let page = page.page(desk.db.fresh(), |row: &payout::Model| row.id).await?;
    let items = page.items.into_iter().map(payout_view).collect::<Vec<_>>();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: page.next_cursor }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatementFormat {
    Json,
    Pdf,
    Xlsx,
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct StatementQuery {
    /// First day (in Vietnam); the first of this month unless told.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Last day; today unless told.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// `json` unless told.
    #[param(inline)]
    format: Option<StatementFormat>,
}

/// What an event did to the cooperative's account: `sale + delivery − commission − tax − cash = amount`.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub struct StatementLine {
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: OffsetDateTime,
    /// `captured`, `earned`, `refund_owed`, `payout_sent`, …
    pub event: String,
    #[schema(required = true)]
    pub order_id: Option<OrderId>,
    #[schema(required = true)]
    pub order_number: Option<String>,
    /// What was sold; none for delivery, and for payouts.
    #[schema(required = true)]
    pub item: Option<String>,
    /// Đồng; what comes in is positive.
    pub gross: Vnd,
    pub commission: Vnd,
    pub tax: Vnd,
    /// What the line did to what the cooperative is owed.
    pub amount: Vnd,
}

#[derive(Serialize, ToSchema)]
pub struct Statement {
    pub cooperative_id: CooperativeId,
    pub legal_name: String,
    pub tax_code: String,
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    /// Đồng owed to the cooperative before the first day; negative where it owes.
    pub opening: Vnd,
    pub lines: Vec<StatementLine>,
    pub gross: Vnd,
    pub commission: Vnd,
    pub tax: Vnd,
    pub paid_out: Vnd,
    /// `opening + the lines' amounts`.
    pub closing: Vnd,
}

#[derive(FromQueryResult)]
struct Sum {
    amount: Vnd,
}

#[derive(FromQueryResult)]
struct Names {
    legal_name: String,
    tax_code: String,
}

fn start_of(day: Date) -> OffsetDateTime {
    day.midnight().assume_offset(VIETNAM).to_offset(time::UtcOffset::UTC)
}

/// A cooperative's statement of a period, both days included.
pub async fn statement(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    (from, to): (Date, Date),
) -> Result<Statement, Problem> {
    let (start, end) = (start_of(from), start_of(to + Duration::days(1)));
    let names =
        one::<Names>(connection, "SELECT legal_name, tax_code FROM cooperative WHERE id = $1", [cooperative.into()])
            .await?
            .ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let opening = one::<Sum>(
        connection,
        "SELECT CAST(COALESCE(-SUM(p.amount), 0) AS bigint) AS amount FROM posting p JOIN ledger_account a ON a.id = p.account_id
         WHERE a.cooperative_id = $1 AND p.at < $2",
        [cooperative.into(), start.into()],
    )
    .await?
    .map_or(Vnd::ZERO, |row| row.amount);
    // An event's postings for a line, on the cooperative's accounts and beside them where commission and tax went.
    let lines = all::<StatementLine>(
        connection,
        "SELECT p.at, j.kind AS event, p.order_id, o.number AS order_number, l.name_vi AS item,
                -p.amount + COALESCE(s.commission, 0) + COALESCE(s.tax, 0) AS gross,
                COALESCE(s.commission, 0) AS commission, COALESCE(s.tax, 0) AS tax, -p.amount AS amount
         FROM ledger_account a JOIN posting p ON p.account_id = a.id JOIN journal j ON j.id = p.journal_id
              LEFT JOIN orders o ON o.id = p.order_id LEFT JOIN order_line l ON l.id = p.order_line_id
              LEFT JOIN (SELECT q.journal_id, q.order_line_id, q.order_id,
                                CAST(SUM(CASE WHEN b.kind = 'tax_withheld' THEN 0 ELSE -q.amount END) AS bigint) AS commission,
                                CAST(SUM(CASE WHEN b.kind = 'tax_withheld' THEN -q.amount ELSE 0 END) AS bigint) AS tax
                         FROM posting q JOIN ledger_account b ON b.id = q.account_id JOIN orders r ON r.id = q.order_id
                         WHERE b.kind IN ('commission', 'partner', 'tax_withheld') AND r.cooperative_id = $1 AND q.at >= $2 AND q.at < $3
                         GROUP BY q.journal_id, q.order_id, q.order_line_id) s
                   ON s.journal_id = p.journal_id AND s.order_id = p.order_id
                      AND (s.order_line_id = p.order_line_id OR (s.order_line_id IS NULL AND p.order_line_id IS NULL AND a.kind = 'delivery'))
         WHERE a.cooperative_id = $1 AND p.at >= $2 AND p.at < $3 ORDER BY p.at, p.id",
        [cooperative.into(), start.into(), end.into()],
    )
    .await?;
    let sum = |of: fn(&StatementLine) -> Vnd| Vnd(lines.iter().map(|line| of(line).0).sum());
    let payout = |line: &&StatementLine| line.event.starts_with("payout");
    let paid_out = Vnd(-lines.iter().filter(payout).map(|line| line.amount.0).sum::<i64>());
    let sales = lines.iter().filter(|line| !payout(line));
    Ok(Statement {
        cooperative_id: cooperative,
        legal_name: names.legal_name,
        tax_code: names.tax_code,
        from,
        to,
        opening,
        gross: Vnd(sales.map(|line| line.gross.0).sum()),
        commission: sum(|line| line.commission),
        tax: sum(|line| line.tax),
        paid_out,
        closing: Vnd(opening.0 + sum(|line| line.amount).0),
        lines,
    })
}

fn event_vi(event: &str) -> &str {
    match event {
        "captured" => "Khách trả",
        "earned" => "Doanh thu",
        "refund_owed" => "Hoàn tiền",
        "refund_rejected" => "Bỏ hoàn tiền",
        "set_off" => "Phạt hợp đồng",
        "storage" => "Kho lạnh",
        "processing" => "Chế biến",
        "export_paid" | "export_shipped" => "Xuất khẩu",
        "export_returned" => "Hoàn tiền xuất khẩu",
        "payout_sent" => "Chi trả",
        "payout_failed" => "Chi trả lỗi",
        "payout_returned" => "Chi trả bị trả lại",
        other => other,
    }
}

fn day(at: OffsetDateTime) -> String {
    let (year, month, day) = at.to_offset(VIETNAM).to_calendar_date();
    format!("{day:02}/{:02}/{year}", u8::from(month))
}

/// The statement as a spreadsheet.
pub fn sheet(found: &Statement) -> anyhow::Result<Vec<u8>> {
    let row = |line: &StatementLine| -> Vec<Cell> {
        let text = |text: &Option<String>| text.clone().map_or(Cell::Empty, Cell::Text);
        vec![
            day(line.at).into(),
            event_vi(&line.event).into(),
            text(&line.order_number),
            text(&line.item),
            line.gross.0.into(),
            line.commission.0.into(),
            line.tax.0.into(),
            line.amount.0.into(),
        ]
    };
    let total = |label: &str, amount: Vnd| -> Vec<Cell> {
        let mut row = vec![Cell::Empty; 8];
        row[3] = label.into();
        row[7] = amount.0.into();
        row
    };
    let mut rows = vec![total("Số dư đầu kỳ", found.opening)];
    rows.extend(found.lines.iter().map(row));
    rows.push(total("Số dư cuối kỳ", found.closing));
    let columns: Vec<Column> = [
        ("Ngày", 12.0),
        ("Nội dung", 16.0),
        ("Đơn hàng", 22.0),
        ("Mặt hàng", 36.0),
        ("Giá trị (đồng)", 16.0),
        ("Hoa hồng", 14.0),
        ("Thuế khấu trừ", 14.0),
        ("Số tiền (đồng)", 16.0),
    ]
    .map(|(heading, width)| Column::new(heading, width))
    .into();
    let about = format!("{} · MST {} · {} – {}", found.legal_name, found.tax_code, found.from, found.to);
    Table { title: "Sao kê", columns: &columns, rows: &rows, instructions: &[&about] }.write(SheetFormat::Xlsx)
}

/// The statement on paper.
pub fn paper(found: &Statement) -> anyhow::Result<Vec<u8>> {
    const ROWS: usize = 44;
    let mut pdf = Pdf::new(&format!("Sao kê {} – {}", found.from, found.to));
    let pages = found.lines.chunks(ROWS).count().max(1);
    for page in 0..pages {
        let lines = found.lines.chunks(ROWS).nth(page).unwrap_or_default();
        pdf.page(A4, |canvas| {
            let right = canvas.width - 36.0;
            canvas.text(36.0, 46.0, "SAO KÊ CÔNG NỢ · Statement", bold(14.0))?;
            let about = format!("{} · MST {} · {} – {}", found.legal_name, found.tax_code, found.from, found.to);
            canvas.text(36.0, 62.0, &about, plain(9.0))?;
            heads(canvas, right)?;
            let mut y = 96.0;
            if page == 0 {
                canvas.text(36.0, y, "Số dư đầu kỳ / Opening", bold(8.0))?;
                canvas.text_right(right, y, &found.opening.to_string(), bold(8.0))?;
                y += 15.0;
            }
            for line in lines {
                write_line(canvas, right, y, line)?;
                y += 15.0;
            }
            if page + 1 == pages {
                canvas.rule(36.0, y - 8.0, right - 36.0)?;
                let totals = [
                    ("Doanh thu / Sales", found.gross),
                    ("Hoa hồng / Commission", found.commission),
                    ("Thuế khấu trừ / Tax withheld", found.tax),
                    ("Đã chi trả / Paid out", found.paid_out),
                    ("Số dư cuối kỳ / Closing", found.closing),
                ];
                for (label, amount) in totals {
                    y += 12.0;
                    canvas.text(300.0, y, label, bold(8.0))?;
                    canvas.text_right(right, y, &amount.to_string(), bold(8.0))?;
                }
            }
            canvas.text_right(right, canvas.height - 18.0, &format!("Trang {}/{pages}", page + 1), plain(8.0))
        })?;
    }
    pdf.finish()
}

fn heads(canvas: &mut Canvas<'_, '_>, right: f32) -> anyhow::Result<()> {
    for (x, text) in [(36.0, "Ngày"), (88.0, "Nội dung"), (150.0, "Đơn hàng"), (250.0, "Mặt hàng")] {
        canvas.text(x, 80.0, text, bold(8.0))?;
    }
    for (x, text) in
        [(right - 165.0, "Giá trị"), (right - 110.0, "Hoa hồng"), (right - 60.0, "Thuế"), (right, "Số tiền")]
    {
        canvas.text_right(x, 80.0, text, bold(8.0))?;
    }
    canvas.rule(36.0, 84.0, right - 36.0)
}

fn write_line(canvas: &mut Canvas<'_, '_>, right: f32, y: f32, line: &StatementLine) -> anyhow::Result<()> {
    canvas.text(36.0, y, &day(line.at), plain(7.5))?;
    canvas.text(88.0, y, event_vi(&line.event), plain(7.5))?;
    canvas.text(150.0, y, line.order_number.as_deref().unwrap_or_default(), plain(7.0))?;
    let item = line.item.as_deref().unwrap_or(if line.order_id.is_some() { "Giao hàng" } else { "" });
    let item = wrap(item, plain(7.5), 120.0)?.into_iter().next().unwrap_or_default();
    canvas.text(250.0, y, &item, plain(7.5))?;
    canvas.text_right(right - 165.0, y, &line.gross.to_string(), plain(7.5))?;
    canvas.text_right(right - 110.0, y, &line.commission.to_string(), plain(7.5))?;
    canvas.text_right(right - 60.0, y, &line.tax.to_string(), plain(7.5))?;
    canvas.text_right(right, y, &line.amount.to_string(), plain(7.5))
}

/// Longer periods are read in parts.
const MOST_DAYS: i64 = 366;

/// The cooperative's account of a period: what it earned line by line, what was kept and withheld, what it was paid.
#[utoipa::path(tag = "seller", operation_id = "show_seller_statement", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), StatementQuery), responses((status = 200, description = "The statement", content((Statement = "application/json"), (Vec<u8> = "application/pdf"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/v1/seller/cooperatives/{cooperative_id}/statements")]
pub async fn show_statement(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<StatementQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    let today = desk.today();
    let to = query.0.to.unwrap_or(today);
    let from = query.0.from.unwrap_or_else(|| to.replace_day(1).unwrap_or(to));
    if from > to || (to - from).whole_days() > MOST_DAYS {
        let (vi, en) = ("khoảng ngày không hợp lệ, tối đa một năm", "not a period, or longer than a year");
        return Err(Problem::field("from", "range", vi, en));
    }
    let found = statement(desk.db.fresh(), *cooperative, (from, to)).await?;
    let (kind, extension, format) = match query.0.format {
        None | Some(StatementFormat::Json) => return Ok(HttpResponse::Ok().json(found)),
        Some(StatementFormat::Pdf) => ("application/pdf", "pdf", StatementFormat::Pdf),
        Some(StatementFormat::Xlsx) => (SheetFormat::Xlsx.media_type(), "xlsx", StatementFormat::Xlsx),
    };
    let bytes = tokio::task::spawn_blocking(move || match format {
        StatementFormat::Pdf => paper(&found),
        _ => sheet(&found),
    })
    .await
    .map_err(Problem::internal)?
    .map_err(Problem::internal)?;
    let name = format!("attachment; filename=\"sao-ke-{from}-{to}.{extension}\"");
    Ok(HttpResponse::Ok().content_type(kind).insert_header((header::CONTENT_DISPOSITION, name)).body(bytes))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Month {
    /// A month in Vietnam, as 2026-11.
    #[garde(pattern("^20[0-9]{2}-(0[1-9]|1[0-2])$"))]
    #[param(pattern = "^20[0-9]{2}-(0[1-9]|1[0-2])$", example = "2026-11")]
    period: String,
}

#[derive(Serialize, ToSchema)]
pub struct Withheld {
    period: String,
    lines: Vec<WithheldLine>,
    revenue: Vnd,
    vat: Vnd,
    pit: Vnd,
}

/// A withheld or offset amount, for a seller's statement.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub struct WithheldLine {
    pub order_id: OrderId,
    pub order_number: String,
    pub kind: TaxKind,
    pub revenue: Vnd,
    pub vat: Vnd,
    pub pit: Vnd,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: OffsetDateTime,
}

/// What was withheld of one seller in a month, line by line.
async fn withheld(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    period: &str,
) -> Result<Vec<WithheldLine>, DbErr> {
    all(
        connection,
        "SELECT t.order_id, o.number AS order_number, t.kind, t.revenue_amount AS revenue, t.vat_amount AS vat, t.pit_amount AS pit, t.at
         FROM tax_line t JOIN orders o ON o.id = t.order_id WHERE t.cooperative_id = $1 AND t.period = $2 ORDER BY t.id",
        [cooperative.into(), period.into()],
    )
    .await
}

/// Tax withheld of the seller in a month, line by line (Decree 117/2025/NĐ-CP). Empty for cooperatives and companies.
#[utoipa::path(tag = "seller", operation_id = "show_seller_tax", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Month), responses((status = 200, description = "The month", body = Withheld)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/tax")]
pub async fn show_withheld(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<Month>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    let lines = withheld(desk.db.fresh(), *cooperative, &query.0.period).await?;
    let sum = |of: fn(&WithheldLine) -> Vnd| Vnd(lines.iter().map(|line| of(line).0).sum());
    let (revenue, vat, pit) = (sum(|line| line.revenue), sum(|line| line.vat), sum(|line| line.pit));
    Ok(HttpResponse::Ok().json(Withheld { period: query.0.period, lines, revenue, vat, pit }))
}

/// The last payouts of a cooperative, and what it is owed now (negative where it owes).
pub async fn latest(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
) -> Result<(Vec<PayoutView>, Vnd), sea_orm::DbErr> {
    let sql = "SELECT * FROM payout WHERE cooperative_id = $1 AND state NOT IN ('draft', 'cancelled') ORDER BY id DESC LIMIT 10";
    let rows = all::<payout::Model>(connection, sql, [cooperative.into()]).await?;
    let sql =
        "SELECT CAST(COALESCE(-SUM(balance), 0) AS bigint) AS amount FROM ledger_account WHERE cooperative_id = $1";
    let owed = one::<Sum>(connection, sql, [cooperative.into()]).await?.map_or(Vnd::ZERO, |row| row.amount);
    Ok((rows.into_iter().map(payout_view).collect(), owed))
}

/// Whose statements there are: cooperatives with postings.
pub async fn account_holders(connection: &impl ConnectionTrait) -> Result<Vec<CooperativeId>, sea_orm::DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        cooperative_id: CooperativeId,
    }
    let sql =
        "SELECT DISTINCT cooperative_id FROM ledger_account WHERE cooperative_id IS NOT NULL ORDER BY cooperative_id";
    Ok(all::<Row>(connection, sql, []).await?.into_iter().map(|row| row.cooperative_id).collect())
}
