//! Plots and their diary: what was done where, written in the field with two taps.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{DiaryEntryId, DiaryKind, PlotId};
use minijinja::context;

use super::render::{page, value};
use crate::media::pictures::MAX_BYTES;
use crate::ocop::traceability::diary::{self, NewEntry};
use crate::ocop::traceability::plots::{self, PlotInput};
use crate::ocop::traceability::sheet::{self, FarmSheet};
use crate::pages::session::{FORM, Form, Seat, Turn};
use crate::people::identity::Permission;
use crate::people::places;
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;

#[get("/console/plots")]
pub async fn on_list(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let found = plots::find(&seat.desk, shop, (Some(MAX_LIMIT), None)).await?;
    page(&seat, "plots.html", "stock", context! { plots => value(&found.items) })
}

#[get("/console/plots/template/{kind}.xlsx")]
pub async fn on_template(seat: Seat, kind: Path<FarmSheet>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    Ok(sheet::workbook(*kind, sheet::template(&seat.desk, shop, *kind).await?))
}

#[post("/console/plots/import")]
pub async fn on_import(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::CountStock)?;
    let form = seat.form(&request, payload, sheet::MAX_SHEET).await?;
    let kind = if form.text("kind") == "plots" { FarmSheet::Plots } else { FarmSheet::Diary };
    match sheet::import(&seat.desk, shop, kind, &form.0.bytes).await {
        Ok(done) => {
            let words = format!("{} {}", done.rows, seat.say("dòng đã được ghi.", "rows are written."));
            Ok(seat.back("/console/plots", Ok(&words)))
        }
        Err(problem) if problem.code.status < 500 => Ok(seat.back("/console/plots", Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}

/// A number with a comma or a point.
fn degrees(form: &Form, name: &str) -> Result<Option<f64>, Problem> {
    let text = form.text(name).replace(',', ".");
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Problem::field(format!("/{name}"), "number", "không phải số", "is not a number"))
}

fn plot_of(form: &Form) -> Result<PlotInput, Problem> {
    let typed = form.text("commune");
    let commune_code = places::commune_meant(typed).ok_or_else(|| {
        Problem::field("/commune", "commune", "không rõ xã nào", "it is not clear which commune is meant")
    })?;
    let missing = || Problem::field("/area_m2", "missing", "cần diện tích", "the area is needed");
    validate(PlotInput {
        name: form.text("name").to_owned(),
        area_m2: form.count("area_m2")?.ok_or_else(missing)?,
        commune_code,
        latitude: degrees(form, "latitude")?,
        longitude: degrees(form, "longitude")?,
        outline: None,
        growing_area_code: form.some("growing_area_code"),
        crop: form.text("crop").to_owned(),
        planted_on: form.date("planted_on")?,
        household: form.some("household"),
        household_shown: form.some("household_shown").is_some(),
        active: true,
    })
}

#[post("/console/plots")]
pub async fn on_create(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::CountStock)?;
    let form = seat.form(&request, payload, FORM).await?;
    let made = match plot_of(&form) {
        Ok(input) => plots::create(&seat.desk, shop, input).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(plot) => {
            Ok(seat.back(&format!("/console/plots/{}", plot.id), Ok(seat.say("Đã thêm thửa.", "The plot is added."))))
        }
        Err(problem) if problem.code.status < 500 => Ok(seat.back("/console/plots", Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}

#[get("/console/plots/{id}")]
pub async fn on_show(seat: Seat, id: Path<PlotId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let plot = plots::show(&seat.desk, shop, *id).await?;
    let entries = diary::find(&seat.desk, (shop, *id), (Some(50), None)).await?;
    let values = context! {
        plot => value(&plot), entries => value(&entries.items), today => seat.desk.today().to_string(),
        may_correct => seat.may(Permission::CorrectTraces),
    };
    page(&seat, "plot.html", "stock", values)
}

fn entry_of(form: &Form) -> Result<NewEntry, Problem> {
    let kind: DiaryKind = form
        .text("kind")
        .parse()
        .map_err(|()| Problem::field("/kind", "value", "chưa chọn việc", "choose what was done"))?;
    validate(NewEntry {
        kind,
        done_on: form.date("done_on")?,
        done_by: form.some("done_by"),
        material: form.some("material"),
        active_ingredient: form.some("active_ingredient"),
        amount: form.some("amount"),
        wait_days: form.days("wait_days")?.and_then(|days| i32::try_from(days).ok()),
        note: form.some("note"),
    })
}

#[post("/console/plots/{id}/diary")]
pub async fn on_write(
    request: HttpRequest,
    seat: Seat,
    id: Path<PlotId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::CountStock)?;
    let mut form = seat.form(&request, payload, MAX_BYTES).await?;
    let photo = std::mem::take(&mut form.0.bytes);
    let mut written = match entry_of(&form) {
        Ok(input) => diary::write(&seat.desk, (shop, *id), input).await,
        Err(problem) => Err(problem),
    };
    if let Some(entry) = written.as_ref().ok().map(|entry| entry.id).filter(|_| !photo.is_empty()) {
        written = diary::add_photo(&seat.desk, (shop, *id), entry, photo).await;
    }
    let path = format!("/console/plots/{id}");
    match written {
        Ok(_) => Ok(seat.back(&path, Ok(seat.say("Đã ghi nhật ký.", "Written down.")))),
        Err(problem) if problem.code.status < 500 => Ok(seat.back(&path, Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}

#[post("/console/plots/{id}/diary/{entry}/withdraw")]
pub async fn on_withdraw(
    request: HttpRequest,
    seat: Seat,
    path: Path<(PlotId, DiaryEntryId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let (plot, entry) = path.into_inner();
    let shop = seat.shop(Permission::CorrectTraces)?;
    let form = seat.form(&request, payload, FORM).await?;
    let reason = form.some("reason").unwrap_or_else(|| "ghi nhầm".to_owned());
    let back = format!("/console/plots/{plot}");
    match diary::withdraw(&seat.desk, (shop, plot), entry, &reason).await {
        Ok(_) => Ok(seat.back(&back, Ok(seat.say("Đã rút mục này.", "The entry is withdrawn.")))),
        Err(problem) if problem.code.status < 500 => Ok(seat.back(&back, Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}
