//! Payments by spreadsheet: a cooperative's list of wages, shares and goods. All rows go in, or none does.

use std::collections::HashMap;

use actix_web::http::header;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::household;
use entity::programme::IncomeKind;
use entity::value::{CooperativeId, HouseholdId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::income::{IncomeInput, write};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::platform::fold::fold;
use crate::platform::i18n::Text;
use crate::platform::numbers;
use crate::platform::problem::{FieldError, INVALID, Problem};
use crate::platform::sheets::{Column, Row, SheetFormat, Table, headings, read};
use crate::platform::upload;

const ROWS: usize = 2_000;
const MAX_SHEET: usize = 5 * 1024 * 1024;
const FAULTS: usize = 50;

const COLUMNS: [(&str, f64); 6] =
    [("Hộ", 28.0), ("Khoản", 14.0), ("Số tiền", 16.0), ("Ngày", 12.0), ("Số chứng từ", 16.0), ("Ghi chú", 30.0)];

const KINDS: [(&str, IncomeKind); 3] =
    [("Tiền công", IncomeKind::Wages), ("Chia lãi", IncomeKind::Share), ("Mua hàng", IncomeKind::Goods)];

async fn known(
    connection: &impl sea_orm::ConnectionTrait,
    cooperative: CooperativeId,
) -> Result<Vec<household::Model>, Problem> {
    Ok(household::Entity::find().filter(household::Column::CooperativeId.eq(cooperative)).all(connection).await?)
}

/// An empty sheet to fill in, with drop-downs.
pub async fn template(desk: &Desk, cooperative: CooperativeId) -> Result<Vec<u8>, Problem> {
    let agreed = known(desk.db.fresh(), cooperative).await?.into_iter().filter(|row| row.consented_on.is_some());
    let names: Vec<String> = agreed.map(|row| row.name).collect();
    let column = |&(heading, width): &(&'static str, f64)| match heading {
        "Hộ" => Column::new(heading, width).of(names.iter().map(String::as_str)),
        "Khoản" => Column::new(heading, width).of(KINDS.iter().map(|(word, _)| *word)),
        _ => Column::new(heading, width),
    };
    let columns: Vec<Column> = COLUMNS.iter().map(column).collect();
    let about = "Mỗi dòng một khoản đã chi. Chỉ hộ đã đồng ý mới được ghi. Một số chứng từ của một hộ chỉ ghi một lần. Sai một dòng thì cả tệp chưa được ghi.";
    let table = Table { title: "Thu nhập hộ", columns: &columns, rows: &[], instructions: &[about] };
    table.write(SheetFormat::Xlsx).map_err(Problem::internal)
}

/// An empty sheet of payments, with drop-downs.
#[utoipa::path(tag = "programme", operation_id = "show_income_template", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/income-sheet")]
pub async fn show_income_template(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::KeepPeople).await?;
    Ok(HttpResponse::Ok()
        .content_type(SheetFormat::Xlsx.media_type())
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"mau-thu-nhap.xlsx\""))
        .body(template(&desk, *cooperative).await?))
}

fn kind_of(text: &str) -> Result<IncomeKind, Text> {
    let known = KINDS.iter().find(|(word, _)| fold(word) == fold(text)).map(|(_, kind)| *kind);
    known.or_else(|| text.parse().ok()).ok_or_else(|| {
        Text::new("không rõ khoản gì: tiền công, chia lãi hoặc mua hàng", "not a kind of payment we know")
    })
}

fn payment(row: &Row<'_>, names: &HashMap<String, HouseholdId>) -> Result<(HouseholdId, IncomeInput), Problem> {
    let name = row.needed("Hộ", row.some("Hộ"))?;
    let unknown = || row.fault("Hộ", Text::new("không có hộ này", "there is no such household"));
    let household = *names.get(&fold(&name)).ok_or_else(unknown)?;
    let input = IncomeInput {
        kind: row.needed("Khoản", row.read("Khoản", kind_of)?)?,
        amount: row.needed("Số tiền", row.read("Số tiền", numbers::amount)?)?,
        paid_on: row.needed("Ngày", row.read("Ngày", numbers::date)?)?,
        reference: row.needed("Số chứng từ", row.some("Số chứng từ"))?,
        note: row.some("Ghi chú"),
    };
    Ok((household, validate(input).map_err(|problem| row.told(problem))?))
}

/// How many payments went in.
#[derive(Serialize, ToSchema)]
pub struct ImportedIncomes {
    pub rows: usize,
}

/// Takes a sheet in: every row or none.
pub async fn import(desk: &Desk, cooperative: CooperativeId, bytes: &[u8]) -> Result<ImportedIncomes, Problem> {
    let sheet = read(bytes, ROWS).map_err(|fault| Problem::field("/file", "sheet", fault.vi, fault.en))?;
    let places = headings(&sheet);
    if let Some((missing, _)) = COLUMNS[..5].iter().find(|(heading, _)| !places.contains_key(&fold(heading))) {
        let (vi, en) = (
            format!("thiếu cột “{missing}”: hãy dùng tệp mẫu"),
            format!("there is no column “{missing}”: use the template"),
        );
        return Err(Problem::field("/file", "columns", vi, en));
    }
    let transaction = desk.begin().await?;
    let names: HashMap<String, HouseholdId> =
        known(&transaction, cooperative).await?.into_iter().map(|row| (fold(&row.name), row.id)).collect();
    let mut faults: Vec<FieldError> = Vec::new();
    let mut spoilt = false;
    for (line, cells) in &sheet.rows {
        let row = Row { line: *line, cells, places: &places };
        let read = payment(&row, &names);
        let done = match read {
            Ok((household, input)) if !spoilt => {
                let written = write(&transaction, desk, (cooperative, household), &input).await.map(drop);
                // A statement of PostgreSQL that failed spoils the rest of the transaction: what follows is read only.
                spoilt = written.is_err();
                written.map_err(|problem| row.told(problem))
            }
            Ok(_) => Ok(()),
            Err(problem) => Err(problem),
        };
        let Err(problem) = done else { continue };
        if problem.code.status >= 500 {
            return Err(problem);
        }
        faults.extend(problem.field_errors().iter().cloned());
        if faults.len() >= FAULTS {
            break;
        }
    }
    if !faults.is_empty() {
        faults.truncate(FAULTS);
        return Err(faults.into_iter().fold(Problem::new(&INVALID), Problem::with_error));
    }
    let after = json!({"rows": sheet.rows.len()});
    desk.audit(&transaction, "income.imported", ("cooperative", cooperative.0), (), after).await?;
    transaction.commit().await?;
    Ok(ImportedIncomes { rows: sheet.rows.len() })
}

/// Take in a sheet of payments (XLSX or CSV, at most 2,000 rows): all rows or none.
#[utoipa::path(tag = "programme", operation_id = "import_incomes", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, description = "How many rows", body = ImportedIncomes)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/income-sheet")]
pub async fn import_incomes(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::KeepPeople).await?;
    let upload = upload::read(&request, payload, MAX_SHEET).await?;
    Ok(HttpResponse::Created().json(import(&desk, *cooperative, &upload.bytes).await?))
}
