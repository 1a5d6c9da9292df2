//! Boxes at the reception, and what the partner brought.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::OrderId;
use minijinja::context;
use serde::Deserialize;
use serde_json::json;
use time::Duration;

use super::feeds::destinations;
use super::{Stand, commune};
use crate::pages::console::render::value;
use crate::pages::session::{Form, Turn};
use crate::people::identity::partner::Scope;
use crate::platform::body::parse;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::tourism::boxes::{self, ReceptionInput};
use crate::tourism::reports::{PartnerReportBy, money, report};

#[get("/partner/boxes")]
pub async fn list_boxes(stand: Stand) -> Result<HttpResponse, Turn> {
    let desk = stand.desk()?;
    let (boxes, points) = (boxes::boxes(&desk, None).await?, boxes::points_of(desk.db.fresh(), desk.partner).await?);
    let values = context! { boxes => value(&boxes), points => value(&points), places => value(&destinations(&stand)) };
    stand.page("partner_boxes.html", "boxes", StatusCode::OK, values)
}

#[post("/partner/boxes/{id}")]
pub async fn on_step(
    request: HttpRequest,
    stand: Stand,
    id: Path<OrderId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    let desk = stand.desk()?;
    let outcome = match form.text("do") {
        "arrive" => boxes::arrive(&desk, *id).await,
        "hand-over" => boxes::hand_over(&desk, *id, form.text("code")).await,
        "give-back" => boxes::give_back(&desk, *id).await,
        _ => Err(Problem::new(&NOT_FOUND)),
    };
    match outcome {
        Ok(_) => Ok(stand.seat.back("/partner/boxes", Ok(stand.seat.say("Đã ghi.", "Done.")))),
        Err(problem) if problem.code.status < 500 => Ok(stand.seat.back("/partner/boxes", Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}

fn reception(stand: &Stand, form: &Form) -> Result<ReceptionInput, Problem> {
    let book = stand.guide.book();
    let place = book.place(form.text("destination")).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let body = json!({
        "point": {
            "name_vi": form.text("name_vi"), "name_en": form.text("name_en"), "street": form.text("street"), "commune_code": commune(form.text("commune"))?,
            "latitude": place.row.latitude, "longitude": place.row.longitude, "active": true,
            "hours": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": form.text("from"), "to": form.text("to")}],
        },
        "destination_id": place.row.id, "capacity": form.count("capacity")?, "keep_days": form.days("keep_days")?.unwrap_or(3),
    });
    parse(body.to_string().as_bytes())
}

#[post("/partner/points")]
pub async fn on_open(request: HttpRequest, stand: Stand, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    let desk = stand.desk()?;
    let opened = async { boxes::open(&desk, reception(&stand, &form)?).await };
    match opened.await {
        Ok(_) => Ok(stand.seat.back("/partner/boxes", Ok(stand.seat.say("Đã mở.", "Opened.")))),
        Err(problem) if problem.code.status < 500 => Ok(stand.seat.back("/partner/boxes", Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}

#[derive(Deserialize)]
pub struct ReportQuery {
    days: Option<i64>,
    by: Option<PartnerReportBy>,
}

#[get("/partner/reports")]
pub async fn reports(stand: Stand, query: Query<ReportQuery>) -> Result<HttpResponse, Turn> {
    let desk = stand.desk()?;
    desk.may(Scope::ReportsRead).await?;
    let days = query.days.unwrap_or(30).clamp(1, 366);
    let by = query.by.unwrap_or_default();
    let to = desk.today();
    let report = report(desk.db.fresh(), desk.partner, by, (to.saturating_sub(Duration::days(days - 1)), to)).await?;
    let money = money(desk.db.fresh(), desk.partner).await?;
    let values = context! { report => value(&report), money => value(&money), days => days, by => value(&by) };
    stand.page("partner_reports.html", "reports", StatusCode::OK, values)
}
