//! `/console/ocop`: a cooperative's applications for stars: scored, shown with evidence, handed in, followed.

use std::collections::BTreeMap;

use actix_web::web::{Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{CertificateState, DossierId, EvidenceId};
use minijinja::context;
use serde::Serialize;

use super::render::{page, value};
use crate::media::papers;
use crate::ocop::certificates;
use crate::ocop::certification::own::{self, NewDossier, OwnStepInput};
use crate::ocop::certification::points::Points;
use crate::ocop::certification::scores::{ScoreInput, ScoresInput};
use crate::ocop::certification::steps::{Act, is_open_to_cooperative, needs_reason};
use crate::ocop::certification::writing::{self, EvidenceInput};
use crate::pages::session::{FORM, Form, Seat, Turn, WRITTEN};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;
use crate::shop::selling::listings::{self, ListingQuery};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_list)
        .service(on_start)
        .service(on_show)
        .service(on_scores)
        .service(on_evidence)
        .service(on_file)
        .service(on_remove)
        .service(on_step);
}

const PAGE: &str = "/console/ocop";

/// A score as a page shows it chosen.
#[derive(Serialize)]
pub(super) struct Chosen {
    points: Points,
    note: Option<String>,
}

impl Chosen {
    pub(super) fn all<'a>(
        scores: impl IntoIterator<Item = (&'a str, Points, Option<&'a str>)>,
    ) -> BTreeMap<String, Self> {
        let chosen = |(code, points, note): (&str, Points, Option<&str>)| {
            (code.to_owned(), Self { points, note: note.map(str::to_owned) })
        };
        scores.into_iter().map(chosen).collect()
    }
}

/// Steps that need a reason, by their names.
pub(super) fn with_reason() -> Vec<&'static str> {
    Act::ALL.iter().filter(|act| needs_reason(**act)).map(|act| act.as_str()).collect()
}

/// The scores of a form: an option that was touched, or points typed beside it, which come first.
pub(super) fn scores_of(form: &Form) -> Result<Option<ScoresInput>, Problem> {
    let mut scores = Vec::new();
    let fields = form.values();
    let mut codes: Vec<&str> =
        fields.keys().filter_map(|name| name.strip_prefix("p-").or_else(|| name.strip_prefix("h-"))).collect();
    codes.sort_unstable();
    codes.dedup();
    for code in codes {
        let typed = form.text(&format!("h-{code}"));
        let text = if typed.is_empty() { form.text(&format!("p-{code}")) } else { typed };
        if text.is_empty() {
            continue;
        }
        let points = Points::parse(text).ok_or_else(|| {
            let (vi, en) =
                (format!("{code}: “{text}” không phải số điểm"), format!("{code}: “{text}” is no number of points"));
            Problem::field(format!("/{code}"), "points", vi, en)
        })?;
        scores.push(ScoreInput { criterion: code.to_owned(), points, note: form.some(&format!("n-{code}")) });
    }
    if scores.is_empty() { Ok(None) } else { validate(ScoresInput { scores }).map(Some) }
}

#[get("/console/ocop")]
async fn on_list(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let found = own::find(&seat.desk, shop, (Some(MAX_LIMIT), None)).await?;
    let query = ListingQuery { limit: Some(MAX_LIMIT), ..ListingQuery::default() };
    let products = listings::find(&seat.desk, shop, &query).await?;
    let values = context! { dossiers => value(&found.items), products => value(&products.items) };
    page(&seat, "dossiers.html", "products", values)
}

#[post("/console/ocop")]
async fn on_start(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, FORM).await?;
    let input = NewDossier { product_id: form.parsed("product")?, kind: None };
    match own::start(&seat.desk, shop, &input).await {
        Ok(made) => Ok(crate::pages::session::to(&format!("{PAGE}/{}", made.dossier.id))),
        Err(problem) => seat.told(PAGE, Err(problem), WRITTEN),
    }
}

#[get("/console/ocop/{id}")]
async fn on_show(seat: Seat, id: Path<DossierId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let found = own::show(&seat.desk, (shop, *id)).await?;
    let papers =
        certificates::find(&seat.desk, shop, Some(CertificateState::Verified), (Some(MAX_LIMIT), None)).await?;
    let chosen = found.claims.iter().map(|claim| (claim.criterion.as_str(), claim.points, claim.note.as_deref()));
    let chosen = Chosen::all(chosen);
    let values = context! {
        d => value(&found), open => is_open_to_cooperative(found.dossier.state), chosen => value(&chosen),
        certificates => value(&papers.items), with_reason => with_reason(),
    };
    page(&seat, "dossier.html", "products", values)
}

#[post("/console/ocop/{id}/scores")]
async fn on_scores(
    request: HttpRequest,
    seat: Seat,
    id: Path<DossierId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = match scores_of(&form) {
        Ok(Some(scores)) => writing::score(&seat.desk, (shop, *id), scores).await.map(drop),
        Ok(None) => Ok(()),
        Err(problem) => Err(problem),
    };
    seat.told(&format!("{PAGE}/{id}"), done, WRITTEN)
}

/// A certificate that is here, or the file that was sent.
async fn add(seat: &Seat, path: (entity::value::CooperativeId, DossierId), form: Form) -> Result<(), Problem> {
    let (criterion, title) = (form.text("criterion").to_owned(), form.text("title").to_owned());
    if form.some("certificate").is_some() {
        let input = EvidenceInput { criterion, title, certificate_id: form.parsed("certificate")? };
        return writing::show_certificate(&seat.desk, path, validate(input)?).await.map(drop);
    }
    if form.0.bytes.is_empty() {
        let (vi, en) = ("chọn một chứng nhận hoặc gửi một tệp", "choose a certificate or send a file");
        return Err(Problem::field("/file", "missing", vi, en));
    }
    writing::show_file(&seat.desk, path, (criterion, &title), form.0.bytes).await.map(drop)
}

#[post("/console/ocop/{id}/evidence")]
async fn on_evidence(
    request: HttpRequest,
    seat: Seat,
    id: Path<DossierId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, papers::MAX_BYTES).await?;
    let done = add(&seat, (shop, *id), form).await;
    seat.told(&format!("{PAGE}/{id}"), done, WRITTEN)
}

#[get("/console/ocop/{id}/evidence/{evidence}")]
async fn on_file(seat: Seat, path: Path<(DossierId, EvidenceId)>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    Ok(writing::file(&seat.desk, (shop, path.0), path.1).await?)
}

#[post("/console/ocop/{id}/evidence/{evidence}")]
async fn on_remove(
    request: HttpRequest,
    seat: Seat,
    path: Path<(DossierId, EvidenceId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    seat.form(&request, payload, FORM).await?;
    let done = writing::remove(&seat.desk, (shop, path.0), path.1).await;
    seat.told(&format!("{PAGE}/{}", path.0), done, WRITTEN)
}

#[post("/console/ocop/{id}/step")]
async fn on_step(
    request: HttpRequest,
    seat: Seat,
    id: Path<DossierId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, FORM).await?;
    let act: Act = act_of(&form)?;
    let input = validate(OwnStepInput { act, version: form.parsed("version")?, reason: form.some("reason") });
    let done = match input {
        Ok(input) => own::take(&seat.desk, (shop, *id), input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(&format!("{PAGE}/{id}"), done, WRITTEN)
}

/// The step a form names.
pub(super) fn act_of(form: &Form) -> Result<Act, Problem> {
    let named = Act::ALL.iter().find(|act| act.as_str() == form.text("act"));
    named.copied().ok_or_else(|| Problem::field("/act", "act", "không có bước này", "there is no such step"))
}
