//! The figures as a sheet or a paper to hand on.

use actix_web::{HttpResponse, get};
use entity::value::Vnd;
use garde::Validate;
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::{IntoParams, ToSchema};

use super::figure::{Figure, Unit};
use super::view::{FiguresQuery, FiguresView, show};
use crate::people::desk::Desk;
use crate::platform::body::Params;
use crate::platform::pdf::{A4, Pdf, bold, plain, wrap};
use crate::platform::problem::Problem;
use crate::platform::sheets::{Cell, Column, SheetFormat, Table};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FiguresFormat {
    #[default]
    Xlsx,
    Csv,
    Pdf,
}

#[derive(Clone, Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ReportQuery {
    /// First day in Vietnam; the first of the year unless told.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// Last day; today unless told.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
    /// A commune's or a province's code; everything one sees unless told.
    #[garde(inner(length(chars, max = 10)))]
    #[param(max_length = 10)]
    pub place: Option<String>,
    /// Communes are ranked by it; `revenue` unless told.
    #[param(inline)]
    pub by: Option<Figure>,
    /// `xlsx` unless told. A paper holds the first 200 communes, a sheet all of them.
    #[param(inline)]
    pub format: Option<FiguresFormat>,
}

const ON_PAPER: usize = 200;

/// Figures that fit beside each other on a paper.
const IN_LINE: [Figure; 6] = [
    Figure::Recognised,
    Figure::NewProducts,
    Figure::SellingCooperatives,
    Figure::DigitalCooperatives,
    Figure::Orders,
    Figure::Revenue,
];

/// A figure with its unit, as people in Vietnam write it.
pub fn words(figure: Figure, number: i64) -> String {
    match figure.unit() {
        Unit::Count => number.to_string(),
        Unit::Vnd => Vnd(number).to_string(),
        Unit::Share => format!("{},{:02}%", number / 100, number % 100),
    }
}

fn day(day: Date) -> String {
    format!("{:02}/{:02}/{}", day.day(), u8::from(day.month()), day.year())
}

/// The headings of what comes before the figures.
const BEFORE: [(&str, f64); 4] = [("Hạng", 8.0), ("Mã xã", 10.0), ("Xã, phường", 26.0), ("Tỉnh, thành phố", 20.0)];

fn sheet(view: &FiguresView, format: SheetFormat) -> anyhow::Result<Vec<u8>> {
    let mut columns: Vec<Column> = BEFORE.iter().map(|(heading, width)| Column::new(heading, *width)).collect();
    columns.extend(
        Figure::ALL
            .iter()
            .map(|figure| Column::new(figure.words().0, if figure.unit() == Unit::Vnd { 20.0 } else { 14.0 })),
    );
    columns.push(Column::new("Chỉ tiêu đạt", 24.0));
    let mut rows = vec![vec![Cell::Empty, Cell::Empty, "Cả địa bàn".into(), Cell::Empty]];
    rows[0].extend(Figure::ALL.iter().map(|figure| Cell::Number(view.total.get(*figure))));
    rows[0].push(Cell::Empty);
    for one in &view.communes {
        let mut row: Vec<Cell> = vec![
            i64::try_from(one.rank).unwrap_or(i64::MAX).into(),
            one.commune_code.clone().into(),
            one.commune_name.clone().into(),
            one.province_name.clone().into(),
        ];
        row.extend(Figure::ALL.iter().map(|figure| Cell::Number(one.figures.get(*figure))));
        row.push(one.reached.join(", ").into());
        rows.push(row);
    }
    let about = [
        format!(
            "Từ {} đến {}, theo giờ Việt Nam. Tiền bằng đồng; tỷ lệ bằng phần vạn.",
            day(view.period.from),
            day(view.period.to)
        ),
        "Mọi con số được đếm từ đơn hàng, lô, quyết định công nhận và phiếu khai mùa vụ trên sàn; không nhập tay."
            .to_owned(),
    ];
    let told = view.indicators.iter().map(|one| {
        let indicator = &one.indicator;
        format!(
            "{}: {} – từ {} ({})",
            indicator.code,
            indicator.name_vi,
            words(indicator.figure, indicator.least),
            indicator.source
        )
    });
    let instructions: Vec<String> = about.into_iter().chain(told).collect();
    let instructions: Vec<&str> = instructions.iter().map(String::as_str).collect();
    Table { title: "Số liệu OCOP", columns: &columns, rows: &rows, instructions: &instructions }.write(format)
}

/// What a line of the paper says, and whether it is a heading.
enum Line {
    Heading(String),
    Text(String),
    Cells(Vec<String>, bool),
}

fn lines(view: &FiguresView) -> Vec<Line> {
    let mut lines = vec![
        Line::Text(format!(
            "Từ {} đến {} · {} xã, phường trong địa bàn, {} có số liệu",
            day(view.period.from),
            day(view.period.to),
            view.communes_in_place,
            view.ranked
        )),
        Line::Heading("Cả địa bàn".to_owned()),
    ];
    let number =
        |figure: &Figure| Line::Text(format!("{}: {}", figure.words().0, words(*figure, view.total.get(*figure))));
    lines.extend(Figure::ALL.iter().map(number));
    lines.push(Line::Heading("Chỉ tiêu".to_owned()));
    lines.extend(view.indicators.iter().map(|one| {
        let indicator = &one.indicator;
        let least = words(indicator.figure, indicator.least);
        Line::Text(format!(
            "{} {} (từ {least}): {} xã đạt. {}",
            indicator.code, indicator.name_vi, one.communes, indicator.source
        ))
    }));
    lines.push(Line::Heading(format!("Xếp hạng theo: {}", view.by.words().0)));
    let short = ["OCOP", "mới", "đang bán", "số hóa", "đơn", "doanh thu"];
    let headings = ["Hạng", "Xã, phường"].into_iter().chain(short).map(str::to_owned);
    lines.push(Line::Cells(headings.collect(), true));
    for one in view.communes.iter().take(ON_PAPER) {
        let place = format!("{}, {}", one.commune_name, one.province_name);
        let mut cells = vec![one.rank.to_string(), place.chars().take(38).collect()];
        cells.extend(IN_LINE.iter().map(|figure| words(*figure, one.figures.get(*figure))));
        lines.push(Line::Cells(cells, false));
    }
    if view.ranked > ON_PAPER {
        lines.push(Line::Text(format!("{ON_PAPER} xã đầu; bảng tính có đủ {}.", view.ranked)));
    }
    lines
}

/// Right edges of the figures, in points.
const EDGES: [f32; 6] = [318.0, 352.0, 400.0, 446.0, 480.0, 565.0];
const LINES_ON_A_PAGE: usize = 52;

fn paper(view: &FiguresView) -> anyhow::Result<Vec<u8>> {
    let mut pdf = Pdf::new("Báo cáo OCOP");
    let mut laid = Vec::new();
    for line in lines(view) {
        match line {
            Line::Text(text) => laid.extend(wrap(&text, plain(10.0), 530.0)?.into_iter().map(Line::Text)),
            other => laid.push(other),
        }
    }
    for (number, part) in laid.chunks(LINES_ON_A_PAGE).enumerate() {
        pdf.page(A4, |page| {
            page.text(
                30.0,
                40.0,
                if number == 0 { "Báo cáo chương trình OCOP" } else { "Báo cáo chương trình OCOP (tiếp)" },
                bold(16.0),
            )?;
            let mut y = 64.0;
            for line in part {
                match line {
                    Line::Heading(text) => page.text(30.0, y, text, bold(11.0))?,
                    Line::Text(text) => page.text(30.0, y, text, plain(10.0))?,
                    Line::Cells(cells, heading) => {
                        let style = || if *heading { bold(9.0) } else { plain(9.0) };
                        for (index, cell) in cells.iter().enumerate() {
                            match index {
                                0 => page.text(30.0, y, cell, style())?,
                                1 => page.text(62.0, y, cell, style())?,
                                _ => page.text_right(EDGES[index - 2], y, cell, style())?,
                            }
                        }
                    }
                }
                y += 14.4;
            }
            page.text_right(565.0, 825.0, &format!("Chợ OCOP · {}", number + 1), plain(8.0))
        })?;
    }
    pdf.finish()
}

/// The figures as a file.
pub async fn download(desk: &Desk, query: ReportQuery) -> Result<HttpResponse, Problem> {
    let ReportQuery { from, to, place, by, format } = query;
    let view = show(desk, &FiguresQuery { from, to, place, by, from_rank: None, limit: Some(4_000) }).await?;
    let format = format.unwrap_or_default();
    let (media, ending) = match format {
        FiguresFormat::Xlsx => (SheetFormat::Xlsx.media_type(), "xlsx"),
        FiguresFormat::Csv => (SheetFormat::Csv.media_type(), "csv"),
        FiguresFormat::Pdf => ("application/pdf", "pdf"),
    };
    let name = format!("attachment; filename=\"ocop-{}-{}.{ending}\"", view.period.from, view.period.to);
    let made = tokio::task::spawn_blocking(move || match format {
        FiguresFormat::Xlsx => sheet(&view, SheetFormat::Xlsx),
        FiguresFormat::Csv => sheet(&view, SheetFormat::Csv),
        FiguresFormat::Pdf => paper(&view),
    });
    let bytes = made.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().content_type(media).insert_header(("content-disposition", name)).body(bytes))
}

/// The figures of a period and place as XLSX, CSV or PDF.
#[utoipa::path(tag = "programme", operation_id = "download_figures", security(("access_token" = [])), params(ReportQuery), responses((status = 200, description = "The report", content((Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv"), (Vec<u8> = "application/pdf")))))]
#[get("/v1/officer/figures/report")]
pub async fn download_figures(desk: Desk, query: Params<ReportQuery>) -> Result<HttpResponse, Problem> {
    download(&desk, query.0).await
}
