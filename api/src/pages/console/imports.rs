//! Sheets: a template, sending one in, what is wrong cell by cell, reading the good rows in.

use actix_web::http::header;
use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{ImportId, ImportKind, ImportRowState, ImportState};
use minijinja::context;
use serde::Deserialize;

use super::render::{page, part, value};
use crate::pages::session::{Seat, Turn};
use crate::people::identity::Permission;
use crate::platform::sheets::SheetFormat;
use crate::shop::selling::imports::{self, Confirmation, JobView};

#[get("/console/import")]
pub async fn on_list(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let jobs = imports::find_jobs(&seat.desk, shop, 10, None).await?;
    page(&seat, "imports.html", "products", context! { jobs => value(&jobs.items) })
}

#[derive(Deserialize)]
pub struct KindQuery {
    kind: Option<String>,
}

fn kind_of(text: Option<&str>) -> ImportKind {
    text.and_then(|text| text.parse().ok()).unwrap_or(ImportKind::Products)
}

fn workbook(name: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(SheetFormat::Xlsx.media_type())
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.xlsx\"")))
        .body(bytes)
}

#[get("/console/import/template.xlsx")]
pub async fn on_template(seat: Seat, query: Query<KindQuery>) -> Result<HttpResponse, Turn> {
    seat.shop(Permission::EditListings)?;
    let kind = kind_of(query.kind.as_deref());
    Ok(workbook("mau-san-pham", imports::template(&seat.desk, kind, SheetFormat::Xlsx).await?))
}

#[get("/console/export.xlsx")]
pub async fn on_export(seat: Seat, query: Query<KindQuery>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeReports)?;
    let kind = kind_of(query.kind.as_deref());
    Ok(workbook("san-pham", imports::export(&seat.desk, shop, kind, SheetFormat::Xlsx).await?))
}

#[post("/console/import")]
pub async fn on_create(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, crate::shop::selling::imports::MAX_UPLOAD).await?;
    let kind = kind_of(form.0.field("kind"));
    match imports::start(&seat.desk, shop, kind, form.0).await {
        Ok(job) => Ok(crate::pages::session::to(&format!("/console/import/{}", job.id))),
        Err(problem) if problem.code.status < 500 => Ok(seat.back("/console/import", Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}

#[get("/console/import/{id}")]
pub async fn on_show(request: HttpRequest, seat: Seat, id: Path<ImportId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let job = JobView::from(imports::job_of(&seat.desk, shop, *id).await?);
    let waiting = matches!(job.state, ImportState::Reading | ImportState::Running);
    let bad = imports::rows_of(&seat.desk, *id, Some(ImportRowState::Bad), 50, None).await?;
    let unsure = imports::rows_of(&seat.desk, *id, Some(ImportRowState::Unsure), 50, None).await?;
    let values = context! {
        job => value(&job), waiting => waiting, bad => value(&bad.items), more => bad.next_cursor.is_some(),
        unsure => value(&unsure.items),
    };
    if request.headers().contains_key("hx-request") {
        return part(&seat, "import_progress.html", values);
    }
    page(&seat, "import.html", "products", values)
}

#[post("/console/import/{id}")]
pub async fn on_act(
    request: HttpRequest,
    seat: Seat,
    id: Path<ImportId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, crate::pages::session::FORM).await?;
    let done = match form.text("do") {
        "run" => imports::run_job(&seat.desk, shop, *id).await,
        "confirm" => {
            let lines = form.all("line").filter_map(|line| line.parse().ok()).take(1000).collect();
            imports::confirm_rows(&seat.desk, shop, *id, Confirmation { lines: Some(lines) }).await
        }
        _ => imports::cancel_job(&seat.desk, shop, *id).await,
    };
    let back = format!("/console/import/{id}");
    match done {
        Ok(_) => Ok(crate::pages::session::to(&back)),
        Err(problem) if problem.code.status < 500 => Ok(seat.back(&back, Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}
