//! `/officer/supports`, `/officer/difficulties`: what producers were granted and what came of it; what they lack, and who helps.

use actix_web::web::{Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::programme::{DifficultyKind, DifficultyState, FundSource};
use entity::value::{DifficultyId, HelpOfferId, SupportId};
use minijinja::context;
use sea_orm::Iterable;
use serde::Deserialize;

use super::officer::Officer;
use super::render::value;
use crate::ocop::programme::{self, DifficultyQuery, HelpInput, SupportInput, SupportQuery, SupportWithdrawal};
use crate::pages::session::{Form, Turn, WRITTEN};
use crate::people::offices::OfficePermission;
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_supports)
        .service(on_grant)
        .service(on_support)
        .service(on_withdraw)
        .service(on_difficulties)
        .service(on_offer)
        .service(on_take_back);
}

#[get("/officer/supports")]
async fn on_supports(officer: Officer) -> Result<HttpResponse, Turn> {
    let desk = &officer.seat.desk;
    let found = programme::supports(desk, &SupportQuery { limit: Some(MAX_LIMIT), ..SupportQuery::default() }).await?;
    let may = officer.may(OfficePermission::GrantSupport);
    let producers = if may { programme::producers(desk).await? } else { Vec::new() };
    let sources: Vec<&str> = FundSource::iter().map(FundSource::as_str).collect();
    let values = context! {
        supports => value(&found.items), may => may, producers => value(&producers), sources => sources,
    };
    officer.page("officer_supports.html", "place", values)
}

async fn grant(officer: &Officer, form: &Form) -> Result<(), Problem> {
    let desk = &officer.seat.desk;
    let missing = |name: &str| Problem::field(format!("/{name}"), "missing", "còn trống", "is empty");
    let source = form.text("source").parse();
    let input = validate(SupportInput {
        office_id: None,
        cooperative_id: programme::producer_named(desk, form.text("cooperative")).await?,
        measure_id: None,
        what: form.text("what").to_owned(),
        purpose: form.text("purpose").to_owned(),
        worth: form.amount("worth")?.ok_or_else(|| missing("worth"))?,
        source: source.map_err(|()| missing("source"))?,
        granted_on: form.date("granted_on")?.ok_or_else(|| missing("granted_on"))?,
    })?;
    programme::grant(desk, input).await.map(drop)
}

#[post("/officer/supports")]
async fn on_grant(request: HttpRequest, officer: Officer, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let done = grant(&officer, &form).await;
    officer.seat.told("/officer/supports", done, WRITTEN)
}

#[get("/officer/supports/{id}")]
async fn on_support(officer: Officer, id: Path<SupportId>) -> Result<HttpResponse, Turn> {
    let found = programme::show_support(&officer.seat.desk, *id).await?;
    let values = context! { s => value(&found), may => officer.may(OfficePermission::GrantSupport) };
    officer.page("officer_support.html", "place", values)
}

#[post("/officer/supports/{id}")]
async fn on_withdraw(
    request: HttpRequest,
    officer: Officer,
    id: Path<SupportId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let done = match validate(SupportWithdrawal { reason: form.text("reason").to_owned() }) {
        Ok(input) => programme::withdraw(&officer.seat.desk, *id, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    officer.seat.told(&format!("/officer/supports/{id}"), done, WRITTEN)
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    state: String,
    cursor: Option<String>,
}

#[get("/officer/difficulties")]
async fn on_difficulties(officer: Officer, asked: Query<Asked>) -> Result<HttpResponse, Turn> {
    let desk = &officer.seat.desk;
    let query = validate(DifficultyQuery {
        kind: asked.kind.parse().ok(),
        state: asked.state.parse().ok(),
        limit: None,
        cursor: asked.cursor.clone(),
    })?;
    let found = programme::difficulties(desk, &query).await?;
    let kinds: Vec<&str> = DifficultyKind::iter().map(DifficultyKind::as_str).collect();
    let states: Vec<&str> = DifficultyState::iter().map(DifficultyState::as_str).collect();
    let values = context! {
        difficulties => value(&found.items), next => found.next_cursor, figures => value(&programme::kind_figures(desk).await?),
        may => officer.may(OfficePermission::OfferHelp), kinds => kinds, states => states, kind => asked.kind.clone(),
        state => asked.state.clone(),
    };
    officer.page("officer_difficulties.html", "place", values)
}

#[post("/officer/difficulties/{id}")]
async fn on_offer(
    request: HttpRequest,
    officer: Officer,
    id: Path<DifficultyId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let done = match validate(HelpInput { office_id: None, offer: form.text("offer").to_owned() }) {
        Ok(input) => programme::offer_help(&officer.seat.desk, *id, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    officer.seat.told("/officer/difficulties", done, WRITTEN)
}

#[post("/officer/difficulties/{id}/offers/{offer}")]
async fn on_take_back(
    request: HttpRequest,
    officer: Officer,
    path: Path<(DifficultyId, HelpOfferId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    officer.form(&request, payload).await?;
    let done = programme::withdraw_offer(&officer.seat.desk, path.into_inner()).await.map(drop);
    officer.seat.told("/officer/difficulties", done, WRITTEN)
}
