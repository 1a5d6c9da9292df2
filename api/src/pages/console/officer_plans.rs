//! `/officer/plans`: the year's plan, its targets, its measures, who is invited and who came.

use actix_web::web::{Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::programme::{FundSource, MeasureKind, MeasureState, TargetKind};
use entity::value::{MeasureId, PlanId};
use minijinja::context;
use sea_orm::Iterable;

use super::officer::Officer;
use super::render::value;
use crate::ocop::programme::{
    self, AdoptionInput, AttendanceInput, BudgetLine, GuestsInput, MeasureInput, PlanInput, PlanQuery, TargetInput,
    TargetsInput,
};
use crate::pages::session::{Form, Turn, WRITTEN};
use crate::people::offices::OfficePermission;
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_list)
        .service(on_create)
        .service(on_show)
        .service(on_targets)
        .service(on_adopt)
        .service(on_add)
        .service(on_change)
        .service(on_invite)
        .service(on_attend);
}

const PAGE: &str = "/officer/plans";

/// What a form must have.
fn needed<T>(name: &str, found: Option<T>) -> Result<T, Problem> {
    found.ok_or_else(|| Problem::field(format!("/{name}"), "missing", "còn trống", "is empty"))
}

#[get("/officer/plans")]
async fn on_list(officer: Officer) -> Result<HttpResponse, Turn> {
    let query = PlanQuery { limit: Some(MAX_LIMIT), ..PlanQuery::default() };
    let plans = programme::find(&officer.seat.desk, &query).await?;
    let values = context! {
        plans => value(&plans.items), may => officer.may(OfficePermission::KeepPlans), year => officer.seat.desk.today().year(),
    };
    officer.page("officer_plans.html", "place", values)
}

#[post("/officer/plans")]
async fn on_create(request: HttpRequest, officer: Officer, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let input =
        || validate(PlanInput { office_id: None, year: form.parsed("year")?, title: form.text("title").into() });
    let made = match input() {
        Ok(input) => programme::create(&officer.seat.desk, input).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(made) => Ok(crate::pages::session::to(&format!("{PAGE}/{}", made.plan.id))),
        Err(problem) => officer.seat.told(PAGE, Err(problem), WRITTEN),
    }
}

#[get("/officer/plans/{id}")]
async fn on_show(officer: Officer, id: Path<PlanId>) -> Result<HttpResponse, Turn> {
    let desk = &officer.seat.desk;
    let found = programme::show(desk, *id).await?;
    let producers = if found.mine { programme::producers(desk).await? } else { Vec::new() };
    let adopts = officer.may(OfficePermission::AdoptPlans) && found.mine && found.plan.adopted_on.is_none();
    let kinds: Vec<&str> = MeasureKind::iter().map(MeasureKind::as_str).collect();
    let states: Vec<&str> = MeasureState::iter().map(MeasureState::as_str).collect();
    let sources: Vec<&str> = FundSource::iter().map(FundSource::as_str).collect();
    let targets: Vec<&str> = TargetKind::iter().map(TargetKind::as_str).collect();
    let values = context! {
        p => value(&found), producers => value(&producers), adopts => adopts, kinds => kinds, states => states, sources => sources,
        targets => targets, writes_targets => found.mine && found.plan.adopted_on.is_none(),
    };
    officer.page("officer_plan.html", "place", values)
}

/// Targets with a goal; the others are left out.
fn targets_of(form: &Form) -> Result<TargetsInput, Problem> {
    let mut targets = Vec::new();
    for kind in TargetKind::iter() {
        let name = format!("goal-{}", kind.as_str());
        let goal = if kind == TargetKind::Revenue { form.amount(&name)? } else { form.count(&name)? };
        if let Some(goal) = goal {
            let due = format!("due-{}", kind.as_str());
            targets.push(TargetInput { kind, goal, due_on: needed(&due, form.date(&due)?)? });
        }
    }
    validate(TargetsInput { version: form.parsed("version")?, targets })
}

#[post("/officer/plans/{id}/targets")]
async fn on_targets(
    request: HttpRequest,
    officer: Officer,
    id: Path<PlanId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let done = match targets_of(&form) {
        Ok(input) => programme::put_targets(&officer.seat.desk, *id, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    officer.seat.told(&format!("{PAGE}/{id}"), done, WRITTEN)
}

#[post("/officer/plans/{id}/adoption")]
async fn on_adopt(
    request: HttpRequest,
    officer: Officer,
    id: Path<PlanId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let input = || {
        validate(AdoptionInput {
            version: form.parsed("version")?,
            decision_number: form.text("decision_number").to_owned(),
            adopted_on: needed("adopted_on", form.date("adopted_on")?)?,
        })
    };
    let done = match input() {
        Ok(input) => programme::adopt(&officer.seat.desk, *id, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    officer.seat.told(&format!("{PAGE}/{id}"), done, WRITTEN)
}

fn measure_of(form: &Form) -> Result<MeasureInput, Problem> {
    let unknown = |name: &str| Problem::field(format!("/{name}"), "value", "giá trị không hợp lệ", "not a valid value");
    let mut budget = Vec::new();
    for source in FundSource::iter() {
        let planned = form.amount(&format!("planned-{}", source.as_str()))?;
        let spent = form.amount(&format!("spent-{}", source.as_str()))?;
        if planned.is_some() || spent.is_some() {
            budget.push(BudgetLine { source, planned: planned.unwrap_or(0), spent: spent.unwrap_or(0) });
        }
    }
    let starts_on = needed("starts_on", form.date("starts_on")?)?;
    validate(MeasureInput {
        version: form.text("version").parse().ok(),
        kind: form.text("kind").parse().map_err(|()| unknown("kind"))?,
        title: form.text("title").to_owned(),
        subject: form.text("subject").to_owned(),
        venue: form.text("venue").to_owned(),
        starts_on,
        ends_on: form.date("ends_on")?.unwrap_or(starts_on),
        state: form.text("state").parse().ok(),
        budget,
    })
}

#[post("/officer/plans/{id}/measures")]
async fn on_add(
    request: HttpRequest,
    officer: Officer,
    id: Path<PlanId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let done = match measure_of(&form) {
        Ok(input) => programme::add_measure(&officer.seat.desk, *id, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    officer.seat.told(&format!("{PAGE}/{id}"), done, WRITTEN)
}

#[post("/officer/plans/{id}/measures/{measure}")]
async fn on_change(
    request: HttpRequest,
    officer: Officer,
    path: Path<(PlanId, MeasureId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let done = match measure_of(&form) {
        Ok(input) => programme::change_measure(&officer.seat.desk, path.1, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    officer.seat.told(&format!("{PAGE}/{}", path.0), done, WRITTEN)
}

/// A producer, and one person on a line.
async fn invite(officer: &Officer, measure: MeasureId, form: &Form) -> Result<(), Problem> {
    let desk = &officer.seat.desk;
    let cooperative_id = programme::producer_named(desk, form.text("cooperative")).await?;
    let people = form.text("people").lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
    let input = validate(GuestsInput { cooperative_id, people: people.collect() })?;
    programme::invite(desk, measure, input).await.map(drop)
}

#[post("/officer/plans/{id}/measures/{measure}/guests")]
async fn on_invite(
    request: HttpRequest,
    officer: Officer,
    path: Path<(PlanId, MeasureId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let done = invite(&officer, path.1, &form).await;
    officer.seat.told(&format!("{PAGE}/{}", path.0), done, WRITTEN)
}

#[post("/officer/plans/{id}/measures/{measure}/attendance")]
async fn on_attend(
    request: HttpRequest,
    officer: Officer,
    path: Path<(PlanId, MeasureId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let came: Result<Vec<_>, _> = form.all("came").map(str::parse).collect();
    let done = match came {
        Ok(came) => programme::attend(&officer.seat.desk, path.1, AttendanceInput { came }).await.map(drop),
        Err(_) => Err(Problem::field("/came", "guest", "không rõ là ai", "it is not clear who")),
    };
    officer.seat.told(&format!("{PAGE}/{}", path.0), done, WRITTEN)
}
