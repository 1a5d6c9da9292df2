//! `/v1/seller/cooperatives/{id}/imports` and `/exports`.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{CooperativeId, ImportId, ImportKind, ImportRowState, ImportState};
use entity::{import_job, import_row};
use garde::Validate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::exports;
use super::rules::CellError;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, run};
use crate::platform::download;
use crate::platform::objects::PRIVATE;
use crate::platform::pagination::{DEFAULT_LIMIT, MAX_LIMIT, Page, decode};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::sheets::SheetFormat;
use crate::platform::upload::{self, Upload};

codes! {
    IMPORT_STATE = "import_state" 409 "Lần nhập này không còn ở trạng thái cho phép việc đó." "The import is not in a state that allows this.";
    EMPTY_FILE = "empty_file" 422 "Chưa chọn tệp, hoặc tệp trống." "No file was chosen, or it is empty.";
}

/// A sheet of ten thousand rows, and a ZIP of its pictures.
/// Sheet and pictures together: they are in memory while they are read.
pub const MAX_UPLOAD: usize = 60 * 1024 * 1024;
const MAX_SHEET: usize = 20 * 1024 * 1024;

#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
pub struct JobView {
    pub id: ImportId,
    pub kind: ImportKind,
    /// `reading` and `running` are under way; `judged` waits for the seller.
    pub state: ImportState,
    pub file_name: String,
    /// Rows in the sheet, so far as read.
    pub total: i32,
    pub good: i32,
    pub bad: i32,
    /// Rows that look like a slip (a price far from the old one, or under 1,000 đ): they are read in once confirmed.
    pub unsure: i32,
    /// Good rows read in.
    pub done: i32,
    /// Of these, how many changed anything.
    pub changed: i32,
    /// Why the file could not be read.
    #[schema(required = true)]
    pub error: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
}

impl From<import_job::Model> for JobView {
    fn from(row: import_job::Model) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            state: row.state,
            file_name: row.file_name,
            total: row.total,
            good: row.good,
            bad: row.bad,
            unsure: row.unsure,
            done: row.done,
            changed: row.changed,
            error: row.error,
            created_at: row.created_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = CellError)]
pub struct CellErrorView {
    /// As the spreadsheet names it: `I5`.
    pub cell: String,
    pub column: String,
    pub vi: String,
    pub en: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ImportRow)]
pub struct RowView {
    /// As the spreadsheet counts.
    pub line: i32,
    pub state: ImportRowState,
    pub sku: String,
    pub name: String,
    pub errors: Vec<CellErrorView>,
}

/// The cooperative's own import.
pub async fn job_of(desk: &Desk, cooperative: CooperativeId, id: ImportId) -> Result<import_job::Model, Problem> {
    let row = by_id::<import_job::Entity>(desk.db.fresh(), id).await?;
    row.filter(|row| row.cooperative_id == cooperative).ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Keeps the files and writes the job down; a worker does the rest.
pub async fn start(
    desk: &Desk,
    cooperative: CooperativeId,
    kind: ImportKind,
    mut upload: Upload,
) -> Result<JobView, Problem> {
    if upload.bytes.is_empty() {
        return Err(Problem::new(&EMPTY_FILE));
    }
    if upload.bytes.len() > MAX_SHEET {
        return Err(Problem::new(&crate::platform::problem::TOO_LARGE));
    }
    let (id, now) = (ImportId::new(), desk.now());
    let pictures = upload.other("images");
    let key = format!("{PRIVATE}imports/{id}/sheet");
    desk.objects.put(&key, upload.bytes).await.map_err(Problem::unavailable)?;
    let images_key = match pictures {
        Some(bytes) => {
            let key = format!("{PRIVATE}imports/{id}/pictures.zip");
            desk.objects.put(&key, bytes).await.map_err(Problem::unavailable)?;
            Some(key)
        }
        None => None,
    };
    let row = import_job::ActiveModel {
        id: Set(id),
        cooperative_id: Set(cooperative),
        kind: Set(kind),
        state: Set(ImportState::Reading),
        file_name: Set(if upload.file_name.is_empty() { "bảng tính".to_owned() } else { upload.file_name }),
        object_key: Set(key),
        images_key: Set(images_key),
        total: Set(0),
        good: Set(0),
        bad: Set(0),
        unsure: Set(0),
        done: Set(0),
        changed: Set(0),
        error: Set(None),
        created_by: Set(desk.who.account),
        leased_until: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let row = import_job::Entity::insert(row).exec_with_returning(desk.db.write()).await?;
    Ok(row.into())
}

/// Has the good rows read in.
pub async fn run_job(desk: &Desk, cooperative: CooperativeId, id: ImportId) -> Result<JobView, Problem> {
    job_of(desk, cooperative, id).await?;
    let sql = "UPDATE import_job SET state = 'running', leased_until = NULL, updated_at = $2 WHERE id = $1 AND state = 'judged' AND good > done";
    if run(desk.db.write(), sql, [id.into(), desk.now().into()]).await? != 1 {
        return Err(Problem::new(&IMPORT_STATE));
    }
    Ok(job_of(desk, cooperative, id).await?.into())
}

/// Which rows a person stands by.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [5, 9]}))]
pub struct Confirmation {
    /// Lines as the spreadsheet counts; all that are unsure when left out.
    #[serde(default)]
    #[garde(inner(length(min = 1, max = 1000)))]
    #[schema(min_items = 1, max_items = 1000)]
    pub lines: Option<Vec<i32>>,
}

/// Takes unsure rows as good: a person said that they are meant so. An import that is done can be run again for them.
pub async fn confirm_rows(
    desk: &Desk,
    cooperative: CooperativeId,
    id: ImportId,
    confirmation: Confirmation,
) -> Result<JobView, Problem> {
    job_of(desk, cooperative, id).await?;
    let transaction = desk.db.begin().await?;
    let sql = "UPDATE import_job SET state = 'judged', updated_at = $2 WHERE id = $1 AND state IN ('judged', 'done')";
    if run(&transaction, sql, [id.into(), desk.now().into()]).await? != 1 {
        return Err(Problem::new(&IMPORT_STATE));
    }
    let mut rows = import_row::Entity::update_many()
        .col_expr(import_row::Column::State, ImportRowState::Good.into())
        .col_expr(import_row::Column::Errors, serde_json::json!([]).into())
        .filter(import_row::Column::JobId.eq(id))
        .filter(import_row::Column::State.eq(ImportRowState::Unsure));
    if let Some(lines) = confirmation.lines {
        rows = rows.filter(import_row::Column::Line.is_in(lines));
    }
    let confirmed = i32::try_from(rows.exec(&transaction).await?.rows_affected).unwrap_or(i32::MAX);
    let sql = "UPDATE import_job SET good = good + $2, unsure = unsure - $2 WHERE id = $1";
    run(&transaction, sql, [id.into(), confirmed.into()]).await?;
    let after = serde_json::json!({"rows": confirmed});
    desk.audit(&transaction, "import.confirmed", ("import", id.0), (), after).await?;
    transaction.commit().await?;
    Ok(job_of(desk, cooperative, id).await?.into())
}

/// Stops an import; rows read in so far stay.
pub async fn cancel_job(desk: &Desk, cooperative: CooperativeId, id: ImportId) -> Result<JobView, Problem> {
    job_of(desk, cooperative, id).await?;
    let sql = "UPDATE import_job SET state = 'cancelled', updated_at = $2 WHERE id = $1 AND state IN ('reading', 'judged', 'running')";
    if run(desk.db.write(), sql, [id.into(), desk.now().into()]).await? != 1 {
        return Err(Problem::new(&IMPORT_STATE));
    }
    Ok(job_of(desk, cooperative, id).await?.into())
}

pub async fn find_jobs(
    desk: &Desk,
    cooperative: CooperativeId,
    limit: u64,
    before: Option<ImportId>,
) -> Result<Page<JobView>, Problem> {
    let mut query = import_job::Entity::find().filter(import_job::Column::CooperativeId.eq(cooperative));
    if let Some(before) = before {
        query = query.filter(import_job::Column::Id.lt(before));
    }
    let rows = query.order_by_desc(import_job::Column::Id).limit(limit + 1).all(desk.db.fresh()).await?;
    let page = Page::from_rows(rows, limit, |row| row.id);
    Ok(Page { items: page.items.into_iter().map(Into::into).collect(), next_cursor: page.next_cursor })
}

pub async fn rows_of(
    desk: &Desk,
    job: ImportId,
    state: Option<ImportRowState>,
    limit: u64,
    after: Option<i32>,
) -> Result<Page<RowView>, Problem> {
    let mut query = import_row::Entity::find()
        .filter(import_row::Column::JobId.eq(job))
        .filter(import_row::Column::Line.gt(after.unwrap_or(0)));
    if let Some(state) = state {
        query = query.filter(import_row::Column::State.eq(state));
    }
    let rows = query.order_by_asc(import_row::Column::Line).limit(limit + 1).all(desk.db.fresh()).await?;
    let page = Page::from_rows(rows, limit, |row| row.line);
    let view = |row: import_row::Model| {
        let errors: Vec<CellError> = serde_json::from_value(row.errors).unwrap_or_default();
        let text = |name: &str| row.cells.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        RowView {
            line: row.line,
            state: row.state,
            sku: text("sku"),
            name: text("name"),
            errors: errors
                .into_iter()
                .map(|e| CellErrorView { cell: e.cell, column: e.column, vi: e.vi, en: e.en })
                .collect(),
        }
    };
    Ok(Page { items: page.items.into_iter().map(view).collect(), next_cursor: page.next_cursor })
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct SheetQuery {
    /// `products` unless told; `stock` is prices and stock alone.
    #[param(inline)]
    kind: Option<ImportKind>,
    /// `xlsx` unless told.
    #[param(inline)]
    format: Option<SheetFormat>,
}

/// An empty sheet to fill in: Vietnamese headings, drop-downs, instructions.
#[utoipa::path(tag = "seller", operation_id = "show_import_template", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), SheetQuery), responses((status = 200, description = "The sheet", content((Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv")))))]
#[get("/v1/seller/cooperatives/{cooperative_id}/imports/template")]
pub async fn show_template(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<SheetQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    let (kind, format) = (query.0.kind.unwrap_or(ImportKind::Products), query.0.format.unwrap_or(SheetFormat::Xlsx));
    Ok(download::sheet("mau-san-pham", format, exports::template(&desk, kind, format).await?))
}

/// Everything the cooperative sells, as a sheet. Read in again it changes nothing.
#[utoipa::path(tag = "seller", operation_id = "export_sheet", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), SheetQuery), responses((status = 200, description = "The sheet", content((Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv")))))]
#[get("/v1/seller/cooperatives/{cooperative_id}/exports")]
pub async fn show_export(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<SheetQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    let (kind, format) = (query.0.kind.unwrap_or(ImportKind::Products), query.0.format.unwrap_or(SheetFormat::Xlsx));
    Ok(download::sheet("san-pham", format, exports::export(&desk, *cooperative, kind, format).await?))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ImportQuery {
    /// `products` unless told; `stock` is prices and stock alone.
    #[param(inline)]
    kind: Option<ImportKind>,
}

/// Send a sheet (XLSX or CSV) as the body itself, or as a form's `file` with a ZIP of pictures as `images`. It is judged
/// row by row and nothing is changed; `run` reads the good rows in.
#[utoipa::path(tag = "seller", operation_id = "create_import", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ImportQuery),
    request_body(content = Vec<u8>, content_type = "text/csv"), responses((status = 202, description = "The import", body = JobView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/imports")]
pub async fn create_import(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<ImportQuery>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    let upload = upload::read(&request, payload, MAX_UPLOAD).await?;
    let job = start(&desk, *cooperative, query.0.kind.unwrap_or(ImportKind::Products), upload).await?;
    Ok(HttpResponse::Accepted().json(job))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct RowQuery {
    #[param(inline)]
    state: Option<ImportRowState>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// Imports of the cooperative, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_imports", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), crate::platform::pagination::Paging), responses((status = 200, description = "A page of imports", body = Page<JobView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/imports")]
pub async fn list_imports(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<crate::platform::pagination::Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(find_jobs(&desk, *cooperative, paging.0.limit(), paging.0.position()?).await?))
}

/// How far an import is.
#[utoipa::path(tag = "seller", operation_id = "show_import", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("import_id" = ImportId, Path)), responses((status = 200, description = "The import", body = JobView)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/imports/{import_id}")]
pub async fn show_import(desk: Desk, path: Path<(CooperativeId, ImportId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(JobView::from(job_of(&desk, cooperative, id).await?)))
}

/// The rows of an import with what is wrong, cell by cell.
#[utoipa::path(tag = "seller", operation_id = "list_import_rows", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("import_id" = ImportId, Path), RowQuery), responses((status = 200, description = "A page of rows", body = Page<RowView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/imports/{import_id}/rows")]
pub async fn list_import_rows(
    desk: Desk,
    path: Path<(CooperativeId, ImportId)>,
    query: Params<RowQuery>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    job_of(&desk, cooperative, id).await?;
    let after = query.0.cursor.as_deref().map(decode::<i32>).transpose()?;
    let page = rows_of(&desk, id, query.0.state, query.0.limit.unwrap_or(DEFAULT_LIMIT), after).await?;
    Ok(HttpResponse::Ok().json(page))
}

/// Read the good rows in.
#[utoipa::path(tag = "seller", operation_id = "run_import", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("import_id" = ImportId, Path)), responses((status = 202, description = "Under way", body = JobView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/imports/{import_id}/run")]
pub async fn run_import(desk: Desk, path: Path<(CooperativeId, ImportId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Accepted().json(run_job(&desk, cooperative, id).await?))
}

/// Say that unsure rows are meant as they stand; `run` then reads them in with the good ones.
#[utoipa::path(tag = "seller", operation_id = "confirm_import_rows", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("import_id" = ImportId, Path)), request_body = Confirmation, responses((status = 200, description = "The import", body = JobView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/imports/{import_id}/confirm")]
pub async fn confirm_import_rows(
    desk: Desk,
    path: Path<(CooperativeId, ImportId)>,
    confirmation: Body<Confirmation>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(confirm_rows(&desk, cooperative, id, confirmation.0).await?))
}

/// Stop an import. Rows read in so far stay.
#[utoipa::path(tag = "seller", operation_id = "cancel_import", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("import_id" = ImportId, Path)), responses((status = 200, description = "Stopped", body = JobView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/imports/{import_id}/cancel")]
pub async fn cancel_import(desk: Desk, path: Path<(CooperativeId, ImportId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(cancel_job(&desk, cooperative, id).await?))
}
