//! Personal data: how long things are kept, and what leaked.

use actix_web::web::{Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::BreachId;
use minijinja::context;

use super::Admin;
use crate::pages::console::render::value;
use crate::pages::session::{Form, Turn, WRITTEN};
use crate::people::privacy::{
    BreachInput, RuleInput, all_breaches, change_breach, record_breach, retention_rules, set_retention,
};
use crate::platform::body::validate;
use crate::platform::problem::Problem;
use crate::platform::retention::Over;

const HERE: &str = "/admin/privacy";

pub fn routes(config: &mut ServiceConfig) {
    config.service(on_show).service(on_rule).service(on_breach).service(on_breach_change);
}

#[get("/admin/privacy")]
async fn on_show(admin: Admin, over: Data<Vec<Over>>) -> Result<HttpResponse, Turn> {
    let desk = &admin.seat.desk;
    let (breaches, kept) = (all_breaches(desk).await?, retention_rules(desk, &over).await?);
    admin.page("admin_privacy.html", "rules", context! { breaches => value(&breaches), kept => value(&kept) })
}

#[post("/admin/privacy/retention/{kind}")]
async fn on_rule(
    request: HttpRequest,
    admin: Admin,
    over: Data<Vec<Over>>,
    kind: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let set = async {
        let missing = |field: &str| Problem::field(format!("/{field}"), "missing", "cần điền", "is needed");
        let days = form.count("days")?.ok_or_else(|| missing("days"))?;
        let valid_from = form.date("valid_from")?.ok_or_else(|| missing("valid_from"))?;
        set_retention(&admin.seat.desk, &over, &kind, &validate(RuleInput { days, valid_from })?).await
    };
    let done = set.await;
    admin.seat.told(HERE, done, WRITTEN)
}

/// A breach as the form tells it.
fn told(form: &Form) -> Result<BreachInput, Problem> {
    let missing = || Problem::field("/found_at", "missing", "cần ghi ngày giờ phát hiện", "say when it was found");
    validate(BreachInput {
        found_at: form.moment("found_at")?.ok_or_else(missing)?,
        happened: form.text("happened").to_owned(),
        data: form.text("data").to_owned(),
        people: form.count("people")?.unwrap_or(0),
        measures: form.text("measures").to_owned(),
        authority_told_at: form.moment("authority_told_at")?,
        people_told_at: form.moment("people_told_at")?,
        closed: form.text("closed") == "yes",
        seen: form.some("seen"),
    })
}

#[post("/admin/privacy/breaches")]
async fn on_breach(request: HttpRequest, admin: Admin, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let recorded = async { record_breach(&admin.seat.desk, &told(&form)?).await.map(drop) };
    let done = recorded.await;
    admin.seat.told(HERE, done, WRITTEN)
}

#[post("/admin/privacy/breaches/{id}")]
async fn on_breach_change(
    request: HttpRequest,
    admin: Admin,
    id: Path<BreachId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let changed = async { change_breach(&admin.seat.desk, *id, &told(&form)?).await.map(drop) };
    let done = changed.await;
    admin.seat.told(HERE, done, WRITTEN)
}
