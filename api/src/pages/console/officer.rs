//! `/officer`: what waits for an officer, dossiers and their steps, scoring, papers, stars of earlier decisions.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload as RawPayload;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload, Query, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post};
use entity::certification::DossierState;
use entity::value::{CertificateId, CertificateState, DossierId, EvidenceId, RecognitionEntryId};
use minijinja::{Value, context};
use sea_orm::{ColumnTrait, EntityTrait, Iterable, QueryFilter};
use serde::Deserialize;

use super::answer::html;
use super::dossiers::{Chosen, act_of, scores_of, with_reason};
use super::render::{fill, value};
use crate::ocop::certificates::{self, Judgement, JudgementInput};
use crate::ocop::certification::entry::{self, RecognitionInput};
use crate::ocop::certification::office::{self, DossierQuery, OfficeStepInput};
use crate::ocop::certification::{self, council, steps::Act};
use crate::ocop::programme;
use crate::pages::session::{FORM, Form, Seat, Turn, WRITTEN, said};
use crate::people::offices::{OfficePermission, Seat as OfficeSeat, office_people, seats_of};
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::{FORBIDDEN, Problem};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_today)
        .service(on_list)
        .service(on_show)
        .service(on_step)
        .service(on_evidence)
        .service(on_scores_page)
        .service(on_scores)
        .service(on_certificates)
        .service(on_certificate_file)
        .service(on_judge)
        .service(on_register)
        .service(on_stars)
        .service(on_enter)
        .service(on_settle);
}

/// Whether somebody works in an office.
pub async fn works_in_one(seat: &Seat) -> Result<bool, Turn> {
    Ok(!seats_of(seat.desk.db.fresh(), seat.desk.who.account).await?.is_empty())
}

/// Somebody signed in at the officers' pages.
pub struct Officer {
    pub(super) seat: Seat,
    offices: Vec<OfficeSeat>,
}

impl FromRequest for Officer {
    type Error = Turn;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turn>>>>;

    fn from_request(request: &HttpRequest, payload: &mut RawPayload) -> Self::Future {
        let seat = Seat::from_request(request, payload);
        Box::pin(async move {
            let seat = seat.await?;
            let offices = seats_of(seat.desk.db.fresh(), seat.desk.who.account).await?;
            if offices.is_empty() {
                return Err(Problem::new(&FORBIDDEN).into());
            }
            if seat.desk.who.require_strong().is_err() {
                return Err(Turn::To("/account/security".to_owned()));
            }
            Ok(Self { seat, offices })
        })
    }
}

impl Officer {
    pub(super) fn may(&self, permission: OfficePermission) -> bool {
        self.offices.iter().any(|office| office.may(permission))
    }

    pub(super) fn page(&self, name: &str, active: &str, values: Value) -> Result<HttpResponse, Turn> {
        let flash = self.seat.flash.as_ref().map(|(good, words)| context! { good => *good, words => words });
        let names: Vec<&str> = self.offices.iter().map(|office| office.name.as_str()).collect();
        let values = context! {
            lang => self.seat.language.as_str(), active => active, csrf => self.seat.csrf.clone(), flash => flash,
            office => names.join(", "), person => self.seat.name.clone(), today => self.seat.desk.today().to_string(), ..values
        };
        let mut response = html(StatusCode::OK, fill(name, values)?);
        if self.seat.flash.is_some() {
            said(&mut response);
        }
        Ok(response)
    }

    pub(super) async fn form(&self, request: &HttpRequest, payload: Payload) -> Result<Form, Turn> {
        self.seat.form(request, payload, FORM).await
    }
}

#[get("/officer")]
async fn on_today(officer: Officer) -> Result<HttpResponse, Turn> {
    let desk = &officer.seat.desk;
    let query = DossierQuery { to_do: true, limit: Some(MAX_LIMIT), ..DossierQuery::default() };
    let dossiers = office::find(desk, &query).await?;
    let papers = if officer.may(OfficePermission::JudgeCertificates) {
        certificates::waiting(desk, CertificateState::Submitted, (Some(MAX_LIMIT), None)).await?.items.len()
    } else {
        0
    };
    let entries = if officer.may(OfficePermission::EnterStars) {
        entry::find(desk, (Some(MAX_LIMIT), None)).await?.items.iter().filter(|one| one.is_waiting()).count()
    } else {
        0
    };
    let lacking: i64 = programme::kind_figures(desk).await?.iter().map(|kind| kind.open).sum();
    let values =
        context! { dossiers => value(&dossiers.items), papers => papers, entries => entries, lacking => lacking };
    officer.page("officer_today.html", "to_do", values)
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default)]
    state: String,
    cursor: Option<String>,
}

#[get("/officer/dossiers")]
async fn on_list(officer: Officer, query: Query<ListQuery>) -> Result<HttpResponse, Turn> {
    let asked =
        DossierQuery { state: query.state.parse().ok(), cursor: query.cursor.clone(), ..DossierQuery::default() };
    let found = office::find(&officer.seat.desk, &validate(asked)?).await?;
    let states: Vec<&str> = DossierState::iter().skip(1).map(DossierState::as_str).collect();
    let values = context! {
        dossiers => value(&found.items), next => found.next_cursor, states => states, state => query.state.clone(),
    };
    officer.page("officer_dossiers.html", "dossiers", values)
}

#[get("/officer/dossiers/{id}")]
async fn on_show(officer: Officer, id: Path<DossierId>) -> Result<HttpResponse, Turn> {
    let desk = &officer.seat.desk;
    let found = office::show(desk, *id).await?;
    let mut assessors = Vec::new();
    if found.may.iter().any(|act| matches!(act, Act::NameCouncil | Act::NameCentralCouncil)) {
        for of in officer.offices.iter().filter(|of| of.may(OfficePermission::KeepCouncils)) {
            assessors.extend(office_people(desk.db.fresh(), of.office_id).await?);
        }
        assessors.retain(|person| OfficePermission::Score.roles().contains(&person.role));
    }
    let account = desk.who.account;
    let scoring = council::scoring(found.dossier.state);
    let chair = found.councils.iter().any(|one| {
        Some(one.level) == scoring
            && one.round == found.dossier.round
            && one.members.iter().any(|member| member.account_id == account)
    });
    let values = context! {
        d => value(&found), chair => chair, assessors => value(&assessors), with_reason => with_reason(),
    };
    officer.page("officer_dossier.html", "dossiers", values)
}

fn step_of(form: &Form) -> Result<OfficeStepInput, Problem> {
    let act = act_of(form)?;
    let own = |name: &str| format!("{name}-{}", act.as_str());
    let unknown = |_| Problem::field("/members", "member", "không rõ là ai", "it is not clear who");
    let members = form.all("member").map(|id| id.parse().map(entity::value::AccountId)).collect::<Result<_, _>>();
    validate(OfficeStepInput {
        act,
        version: form.parsed("version")?,
        reason: form.some("reason"),
        members: members.map_err(unknown)?,
        meets_on: form.date(&own("meets_on"))?,
        decision_number: form.some(&own("decision_number")),
        decided_on: form.date(&own("decided_on"))?,
    })
}

#[post("/officer/dossiers/{id}")]
async fn on_step(
    request: HttpRequest,
    officer: Officer,
    id: Path<DossierId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let done = match step_of(&form) {
        Ok(input) => office::take(&officer.seat.desk, *id, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    officer.seat.told(&format!("/officer/dossiers/{id}"), done, WRITTEN)
}

#[get("/officer/dossiers/{id}/evidence/{evidence}")]
async fn on_evidence(officer: Officer, path: Path<(DossierId, EvidenceId)>) -> Result<HttpResponse, Turn> {
    Ok(office::file(&officer.seat.desk, path.into_inner()).await?)
}

#[get("/officer/dossiers/{id}/scores")]
async fn on_scores_page(officer: Officer, id: Path<DossierId>) -> Result<HttpResponse, Turn> {
    let desk = &officer.seat.desk;
    let own = council::chosen(desk, *id).await?;
    let found = office::show(desk, *id).await?;
    let chosen =
        Chosen::all(own.scores.iter().map(|score| (score.criterion.as_str(), score.points, score.note.as_deref())));
    let values = context! { d => value(&found), own => value(&own), chosen => value(&chosen) };
    officer.page("officer_scores.html", "dossiers", values)
}

/// Saves what was chosen, and hands it in if that was pressed.
async fn save(officer: &Officer, id: DossierId, form: &Form) -> Result<(), Problem> {
    let desk = &officer.seat.desk;
    if let Some(scores) = scores_of(form)? {
        council::put(desk, id, scores).await?;
    }
    if form.text("do") == "hand_in" {
        council::hand_in(desk, id).await?;
    }
    Ok(())
}

#[post("/officer/dossiers/{id}/scores")]
async fn on_scores(
    request: HttpRequest,
    officer: Officer,
    id: Path<DossierId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let done = save(&officer, *id, &form).await;
    officer.seat.told(&format!("/officer/dossiers/{id}/scores"), done, WRITTEN)
}

#[get("/officer/certificates")]
async fn on_certificates(officer: Officer) -> Result<HttpResponse, Turn> {
    let desk = &officer.seat.desk;
    let found = certificates::waiting(desk, CertificateState::Submitted, (Some(MAX_LIMIT), None)).await?;
    officer.page("officer_certificates.html", "certificates", context! { certificates => value(&found.items) })
}

#[get("/officer/certificates/{id}")]
async fn on_certificate_file(officer: Officer, id: Path<CertificateId>) -> Result<HttpResponse, Turn> {
    Ok(certificates::read_file(&officer.seat.desk, *id).await?)
}

#[post("/officer/certificates/{id}")]
async fn on_judge(
    request: HttpRequest,
    officer: Officer,
    id: Path<CertificateId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let judgement = if form.text("judgement") == "verify" { Judgement::Verify } else { Judgement::Refuse };
    let input = JudgementInput { judgement, version: form.parsed("version")?, note: form.some("note") };
    let done = certificates::judge(&officer.seat.desk, *id, validate(input)?).await.map(drop);
    officer.seat.told("/officer/certificates", done, WRITTEN)
}

#[derive(Deserialize)]
struct RegisterQuery {
    #[serde(default)]
    stars: String,
    cursor: Option<String>,
}

#[get("/officer/register")]
async fn on_register(officer: Officer, query: Query<RegisterQuery>) -> Result<HttpResponse, Turn> {
    let desk = &officer.seat.desk;
    let found = certification::of_place(desk, query.stars.parse().ok(), (None, query.cursor.as_deref())).await?;
    let values = context! { products => value(&found.items), next => found.next_cursor, stars => query.stars.clone() };
    officer.page("officer_register.html", "stars", values)
}

#[get("/officer/stars")]
async fn on_stars(officer: Officer) -> Result<HttpResponse, Turn> {
    let found = entry::find(&officer.seat.desk, (Some(50), None)).await?;
    officer.page("officer_stars.html", "stars", context! { entries => value(&found.items) })
}

async fn enter(officer: &Officer, form: &Form) -> Result<(), Problem> {
    let desk = &officer.seat.desk;
    let unknown = || Problem::field("/product", "product", "không có sản phẩm này", "there is no such product");
    let product = entity::product::Entity::find()
        .filter(entity::product::Column::Slug.eq(form.text("product")))
        .one(desk.db.fresh())
        .await?
        .ok_or_else(unknown)?;
    let missing =
        || Problem::field("/issued_on", "missing", "cần ngày quyết định", "the day of the decision is needed");
    let input = validate(RecognitionInput {
        product_id: product.id,
        stars: form.parsed("stars")?,
        certificate_number: form.text("certificate_number").to_owned(),
        decision_number: form.text("decision_number").to_owned(),
        issuer: form.text("issuer").to_owned(),
        issued_on: form.date("issued_on")?.ok_or_else(missing)?,
    })?;
    entry::enter(desk, input).await.map(drop)
}

#[post("/officer/stars")]
async fn on_enter(request: HttpRequest, officer: Officer, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let done = enter(&officer, &form).await;
    officer.seat.told("/officer/stars", done, WRITTEN)
}

#[post("/officer/stars/{id}")]
async fn on_settle(
    request: HttpRequest,
    officer: Officer,
    id: Path<RecognitionEntryId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = officer.form(&request, payload).await?;
    let done = entry::settle(&officer.seat.desk, *id, form.text("confirm") == "yes").await.map(drop);
    officer.seat.told("/officer/stars", done, WRITTEN)
}
