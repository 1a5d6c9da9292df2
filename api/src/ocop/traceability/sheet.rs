//! Plots and diary entries by spreadsheet: all rows go in, or none does and every fault is told by its line.

use std::collections::HashMap;

use actix_web::http::header;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::plot;
use entity::value::{CooperativeId, DiaryKind, PlotId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::diary::{self, NewEntry};
use super::plots::{self, PlotInput};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::people::places;
use crate::platform::body::validate;
use crate::platform::fold::fold;
use crate::platform::i18n::Text;
use crate::platform::numbers;
use crate::platform::problem::{FieldError, INVALID, Problem};
use crate::platform::sheets::{Column, Row, SheetFormat, Table, headings, read};
use crate::platform::upload;

/// More nobody writes between two markets.
const ROWS: usize = 2_000;
pub const MAX_SHEET: usize = 5 * 1024 * 1024;
/// Faults told of one sheet.
const FAULTS: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FarmSheet {
    Plots,
    Diary,
}

const PLOTS: &[(&str, f64)] = &[
    ("Tên thửa", 22.0),
    ("Diện tích (m²)", 14.0),
    ("Xã", 24.0),
    ("Cây trồng", 18.0),
    ("Trồng từ", 12.0),
    ("Hộ thành viên", 22.0),
    ("Hộ đồng ý nêu tên", 14.0),
    ("Mã số vùng trồng", 18.0),
    ("Vĩ độ", 12.0),
    ("Kinh độ", 12.0),
];

const DIARY: &[(&str, f64)] = &[
    ("Thửa", 22.0),
    ("Ngày", 12.0),
    ("Việc", 14.0),
    ("Loại thuốc, phân", 26.0),
    ("Hoạt chất", 22.0),
    ("Lượng", 14.0),
    ("Cách ly (ngày)", 12.0),
    ("Người làm", 20.0),
    ("Ghi chú", 30.0),
];

/// What people call work on a plot.
const WORK: &[(&str, DiaryKind)] = &[
    ("Bón phân", DiaryKind::Fertiliser),
    ("Phun thuốc", DiaryKind::PlantProtection),
    ("Tưới", DiaryKind::Irrigation),
    ("Kiểm tra", DiaryKind::Inspection),
    ("Khác", DiaryKind::Other),
];

impl FarmSheet {
    fn columns(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::Plots => PLOTS,
            Self::Diary => DIARY,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Plots => "Thửa",
            Self::Diary => "Nhật ký",
        }
    }
}

/// An empty sheet to fill in, with drop-downs.
pub async fn template(desk: &Desk, cooperative: CooperativeId, kind: FarmSheet) -> Result<Vec<u8>, Problem> {
    let names: Vec<String> = own_plots(desk.db.fresh(), cooperative).await?.into_iter().map(|row| row.name).collect();
    let column = |&(heading, width): &(&'static str, f64)| match heading {
        "Việc" => Column::new(heading, width).of(WORK.iter().map(|(word, _)| *word)),
        "Thửa" => Column::new(heading, width).of(names.iter().map(String::as_str)),
        "Hộ đồng ý nêu tên" => Column::new(heading, width).of(["có", "không"]),
        _ => Column::new(heading, width),
    };
    let columns: Vec<Column> = kind.columns().iter().map(column).collect();
    let about = "Ngày viết như 24/11/2026. Phun thuốc cần tên thuốc, hoạt chất và số ngày cách ly ghi trên nhãn. Sai một dòng thì cả tệp chưa được ghi.";
    let table = Table { title: kind.title(), columns: &columns, rows: &[], instructions: &[about] };
    table.write(SheetFormat::Xlsx).map_err(Problem::internal)
}

async fn own_plots(connection: &impl ConnectionTrait, cooperative: CooperativeId) -> Result<Vec<plot::Model>, Problem> {
    Ok(plot::Entity::find().filter(plot::Column::CooperativeId.eq(cooperative)).all(connection).await?)
}

fn degrees(text: &str) -> Result<f64, Text> {
    text.replace(',', ".").parse().map_err(|_| Text::new("không phải số", "is not a number"))
}

fn plot_of(row: &Row<'_>) -> Result<PlotInput, Problem> {
    let commune = row.needed("Xã", row.some("Xã"))?;
    let unknown = || row.fault("Xã", Text::new("không rõ xã nào", "it is not clear which commune is meant"));
    let input = PlotInput {
        name: row.needed("Tên thửa", row.some("Tên thửa"))?,
        area_m2: row.needed("Diện tích (m²)", row.read("Diện tích (m²)", numbers::count)?)?,
        commune_code: places::commune_meant(&commune).ok_or_else(unknown)?,
        latitude: row.read("Vĩ độ", degrees)?,
        longitude: row.read("Kinh độ", degrees)?,
        outline: None,
        growing_area_code: row.some("Mã số vùng trồng"),
        crop: row.needed("Cây trồng", row.some("Cây trồng"))?,
        planted_on: row.read("Trồng từ", numbers::date)?,
        household: row.some("Hộ thành viên"),
        household_shown: matches!(fold(row.text("Hộ đồng ý nêu tên")).as_str(), "co" | "x" | "yes"),
        active: true,
    };
    validate(input).map_err(|problem| row.told(problem))
}

fn kind_of(text: &str) -> Result<DiaryKind, Text> {
    let known = WORK.iter().find(|(word, _)| fold(word) == fold(text)).map(|(_, kind)| *kind);
    known.or_else(|| text.parse().ok()).ok_or_else(|| {
        Text::new("không rõ việc gì: bón phân, phun thuốc, tưới, kiểm tra hoặc khác", "not a kind of work we know")
    })
}

fn entry_of(row: &Row<'_>) -> Result<NewEntry, Problem> {
    let days = row.read("Cách ly (ngày)", numbers::days)?;
    let input = NewEntry {
        kind: row.needed("Việc", row.read("Việc", kind_of)?)?,
        done_on: Some(row.needed("Ngày", row.read("Ngày", numbers::date)?)?),
        done_by: row.some("Người làm"),
        material: row.some("Loại thuốc, phân"),
        active_ingredient: row.some("Hoạt chất"),
        amount: row.some("Lượng"),
        wait_days: days.and_then(|days| i32::try_from(days).ok()),
        note: row.some("Ghi chú"),
    };
    validate(input).map_err(|problem| row.told(problem))
}

/// How many rows went in.
#[derive(Serialize, ToSchema)]
pub struct Imported {
    pub rows: usize,
}

/// Takes a sheet in: every row or none.
pub async fn import(
    desk: &Desk,
    cooperative: CooperativeId,
    kind: FarmSheet,
    bytes: &[u8],
) -> Result<Imported, Problem> {
    let sheet = read(bytes, ROWS).map_err(|fault| Problem::field("/file", "sheet", fault.vi, fault.en))?;
    let places = headings(&sheet);
    let (first, _) = kind.columns()[0];
    if !places.contains_key(&fold(first)) {
        let (vi, en) = (
            format!("thiếu cột “{first}”: hãy dùng tệp mẫu"),
            format!("there is no column “{first}”: use the template"),
        );
        return Err(Problem::field("/file", "columns", vi, en));
    }
    let transaction = desk.begin().await?;
    let mut known: HashMap<String, plot::Model> =
        own_plots(&transaction, cooperative).await?.into_iter().map(|row| (fold(&row.name), row)).collect();
    let mut faults: Vec<FieldError> = Vec::new();
    for (line, cells) in &sheet.rows {
        let row = Row { line: *line, cells, places: &places };
        let done = match kind {
            FarmSheet::Plots => match plot_of(&row) {
                // The same name twice is the same plot.
                Ok(input) => {
                    let before = known.remove(&fold(&input.name));
                    plots::put(&transaction, desk, cooperative, before, input).await.map(|_| ())
                }
                Err(problem) => Err(problem),
            },
            FarmSheet::Diary => {
                let plot = known.get(&fold(row.text("Thửa"))).map(|plot| plot.id);
                let unknown = || row.fault("Thửa", Text::new("không có thửa này", "there is no such plot"));
                match (plot.ok_or_else(unknown), entry_of(&row)) {
                    (Ok(plot), Ok(entry)) => write(&transaction, desk, (cooperative, plot), entry).await,
                    (Err(problem), _) | (_, Err(problem)) => Err(problem),
                }
            }
        };
        let Err(problem) = done else { continue };
        if problem.code.status >= 500 {
            return Err(problem);
        }
        let told = if problem.field_errors().iter().any(|error| error.pointer.starts_with("/rows/")) {
            problem
        } else {
            row.told(problem)
        };
        faults.extend(told.field_errors().iter().cloned());
        // A statement of PostgreSQL that failed spoils the rest of the transaction.
        if faults.len() >= FAULTS || kind == FarmSheet::Plots {
            break;
        }
    }
    if !faults.is_empty() {
        faults.truncate(FAULTS);
        return Err(faults.into_iter().fold(Problem::new(&INVALID), Problem::with_error));
    }
    transaction.commit().await?;
    Ok(Imported { rows: sheet.rows.len() })
}

async fn write(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    place: (CooperativeId, PlotId),
    entry: NewEntry,
) -> Result<(), Problem> {
    diary::write_within(transaction, desk, place, entry).await.map(|_| ())
}

/// A workbook as an answer.
pub fn workbook(kind: FarmSheet, bytes: Vec<u8>) -> HttpResponse {
    let name = if kind == FarmSheet::Plots { "mau-thua" } else { "mau-nhat-ky" };
    HttpResponse::Ok()
        .content_type(SheetFormat::Xlsx.media_type())
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.xlsx\"")))
        .body(bytes)
}

/// An empty sheet of plots or diary entries, with drop-downs.
#[utoipa::path(tag = "traceability", operation_id = "show_farm_template", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("kind" = inline(FarmSheet), Path)), responses((status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/farm-sheets/{kind}")]
pub async fn show_template(desk: Desk, path: Path<(CooperativeId, FarmSheet)>) -> Result<HttpResponse, Problem> {
    let (cooperative, kind) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    Ok(workbook(kind, template(&desk, cooperative, kind).await?))
}

/// Take in a sheet (XLSX or CSV, at most 2,000 rows) of plots, known ones by their names, or of diary entries: all rows or none.
#[utoipa::path(tag = "traceability", operation_id = "import_farm_sheet", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("kind" = inline(FarmSheet), Path)), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, description = "How many rows", body = Imported)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/farm-sheets/{kind}")]
pub async fn import_sheet(
    desk: Desk,
    path: Path<(CooperativeId, FarmSheet)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (cooperative, kind) = path.into_inner();
    desk.may(cooperative, Permission::CountStock).await?;
    let upload = upload::read(&request, payload, MAX_SHEET).await?;
    Ok(HttpResponse::Created().json(import(&desk, cooperative, kind, &upload.bytes).await?))
}
