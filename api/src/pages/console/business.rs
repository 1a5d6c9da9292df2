//! `/business`: organisations that buy in quantity: signing up, places, requests, offers, shares.

use actix_web::web::{Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::supply::{OrganisationState, ShareRule};
use entity::value::{ContractId, DeliveryPlaceId, OrganisationId, SupplyOfferId, SupplyRequestId, SupplyWindowId};
use minijinja::context;
use sea_orm::{EntityTrait, Iterable, QueryOrder};

use super::buying::{code_of, page};
use super::render::value;
use crate::pages::session::{FORM, Form, Seat, Turn, WRITTEN, to};
use crate::people::places::commune_meant;
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;
use crate::supply::buyers::{self, DeliveryPlaceInput, OrganisationInput};
use crate::supply::deliveries;
use crate::supply::requests::{
    self, ChosenShare, RequestInput, RequestStep, RequestStepInput, RestInput, SharesInput, SharesSheetQuery,
    SupplyWindowInput,
};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_front)
        .service(on_sign_up)
        .service(on_place)
        .service(on_new)
        .service(on_create)
        .service(on_show)
        .service(on_step)
        .service(on_shares)
        .service(on_accept)
        .service(on_rest)
        .service(on_sheet)
        .service(on_paper);
}

/// Whether somebody buys for an organisation.
pub async fn works_for_one(seat: &Seat) -> Result<bool, Turn> {
    Ok(!buyers::mine(&seat.desk).await?.is_empty())
}

#[get("/business")]
async fn on_front(seat: Seat) -> Result<HttpResponse, Turn> {
    let desk = &seat.desk;
    let mut organisations = Vec::new();
    for own in buyers::mine(desk).await? {
        let places = buyers::places(desk.db.fresh(), own.id).await?;
        let asked = requests::requests_of(desk, own.id, (Some(MAX_LIMIT), None)).await?;
        let may = own.state == OrganisationState::Approved;
        organisations.push(
            context! { own => value(&own), places => value(&places), requests => value(&asked.items), may => may },
        );
    }
    page(&seat, "business.html", context! { organisations => organisations })
}

fn commune(form: &Form) -> Result<String, Problem> {
    let unknown =
        || Problem::field("/commune", "place", "không rõ xã, phường nào", "it is not clear which commune is meant");
    commune_meant(form.text("commune")).ok_or_else(unknown)
}

async fn sign_up(seat: &Seat, form: &Form) -> Result<(), Problem> {
    let text = |name: &str| form.text(name).to_owned();
    let input = validate(OrganisationInput {
        name: text("name"),
        legal_name: text("legal_name"),
        tax_code: text("tax_code"),
        representative: text("representative"),
        street: text("street"),
        commune_code: commune(form)?,
        phone: text("phone"),
        email: text("email"),
    })?;
    buyers::sign_up(&seat.desk, input).await.map(drop)
}

#[post("/business")]
async fn on_sign_up(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let done = sign_up(&seat, &form).await;
    seat.told("/business", done, WRITTEN)
}

async fn place(seat: &Seat, organisation: OrganisationId, form: &Form) -> Result<(), Problem> {
    let text = |name: &str| form.text(name).to_owned();
    let input = validate(DeliveryPlaceInput {
        name: text("name"),
        recipient: text("recipient"),
        phone: text("phone"),
        street: text("street"),
        commune_code: commune(form)?,
        active: None,
    })?;
    buyers::add_place(&seat.desk, organisation, input).await.map(drop)
}

#[post("/business/{organisation}/places")]
async fn on_place(
    request: HttpRequest,
    seat: Seat,
    organisation: Path<OrganisationId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let done = place(&seat, *organisation, &form).await;
    seat.told("/business", done, WRITTEN)
}

/// Windows that a form has room for.
const WINDOWS: usize = 8;

#[get("/business/{organisation}/requests/new")]
async fn on_new(seat: Seat, organisation: Path<OrganisationId>) -> Result<HttpResponse, Turn> {
    let desk = &seat.desk;
    requests::requests_of(desk, *organisation, (Some(1), None)).await?;
    let places = buyers::places(desk.db.fresh(), *organisation).await?;
    let categories =
        entity::category::Entity::find().order_by_asc(entity::category::Column::Position).all(desk.db.fresh()).await?;
    let categories: Vec<_> = categories
        .iter()
        .map(|row| context! { slug => row.slug.clone(), vi => row.name_vi.clone(), en => row.name_en.clone() })
        .collect();
    let values = context! {
        id => organisation.to_string(), places => value(&places), categories => categories,
        rows => (0..WINDOWS).collect::<Vec<_>>(),
    };
    page(&seat, "business_new.html", values)
}

fn needed<T>(name: &str, found: Option<T>) -> Result<T, Problem> {
    found.ok_or_else(|| Problem::field(format!("/{name}"), "missing", "còn trống", "is empty"))
}

/// Basis points of whole per cents.
fn hundredths(percent: i64) -> i32 {
    i32::try_from(percent.saturating_mul(100)).unwrap_or(i32::MAX)
}

fn request_of(form: &Form) -> Result<RequestInput, Problem> {
    let mut windows = Vec::new();
    for row in 0..WINDOWS {
        let Some(grams) = form.weight(&format!("weight-{row}"))? else { continue };
        let from = format!("from-{row}");
        let from_on = needed(&from, form.date(&from)?)?;
        windows.push(SupplyWindowInput {
            place_id: form.parsed::<DeliveryPlaceId>(&format!("place-{row}"))?,
            from_on,
            to_on: form.date(&format!("to-{row}"))?.unwrap_or(from_on),
            grams,
        });
    }
    let percent = form.count("tolerance")?.unwrap_or(0);
    validate(RequestInput {
        version: None,
        category: form.text("category").to_owned(),
        title: form.text("title").to_owned(),
        grade: form.text("grade").to_owned(),
        packing: form.text("packing").to_owned(),
        papers: Vec::new(),
        tolerance_bp: hundredths(percent),
        price_idea: form.amount("price_idea")?,
        deposit_bp: hundredths(form.count("deposit")?.unwrap_or(0)),
        penalty_bp: hundredths(form.count("penalty")?.unwrap_or(8)),
        late_bp: hundredths(form.count("late")?.unwrap_or(0)),
        answer_by: needed("answer_by", form.date("answer_by")?)?,
        windows,
        audience: Vec::new(),
    })
}

#[post("/business/{organisation}/requests/new")]
async fn on_create(
    request: HttpRequest,
    seat: Seat,
    organisation: Path<OrganisationId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let made = match request_of(&form) {
        Ok(input) => requests::create(&seat.desk, *organisation, input).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(made) => Ok(to(&format!("/business/{organisation}/requests/{}", made.request.id))),
        Err(problem) => seat.told(&format!("/business/{organisation}/requests/new"), Err(problem), WRITTEN),
    }
}

#[get("/business/{organisation}/requests/{id}")]
async fn on_show(seat: Seat, path: Path<(OrganisationId, SupplyRequestId)>) -> Result<HttpResponse, Turn> {
    let found = requests::show(&seat.desk, *path).await?;
    let rules: Vec<&str> = ShareRule::iter().map(ShareRule::as_str).collect();
    let contracts = requests::contracts_of_request(&seat.desk, *path).await?;
    let codes = contracts.iter().map(|one| code_of(one.deposit.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let brought = deliveries::of_request(seat.desk.db.fresh(), &seat.desk.config, *path).await?;
    let values = context! {
        r => value(&found), rules => rules, contracts => value(&contracts), codes => codes, deliveries => value(&brought),
    };
    page(&seat, "business_request.html", values)
}

fn back(path: (OrganisationId, SupplyRequestId)) -> String {
    format!("/business/{}/requests/{}", path.0, path.1)
}

fn step_of(form: &Form) -> Result<RequestStepInput, Problem> {
    let step = match form.text("step") {
        "publish" => RequestStep::Publish,
        "close" => RequestStep::Close,
        "reopen" => RequestStep::Reopen,
        "cancel" => RequestStep::Cancel,
        _ => return Err(Problem::field("/step", "value", "không có bước này", "there is no such step")),
    };
    Ok(RequestStepInput { step, version: form.parsed("version")? })
}

#[post("/business/{organisation}/requests/{id}/steps")]
async fn on_step(
    request: HttpRequest,
    seat: Seat,
    path: Path<(OrganisationId, SupplyRequestId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let done = match step_of(&form) {
        Ok(input) => requests::step(&seat.desk, *path, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(&back(*path), done, WRITTEN)
}

/// A rule, and what was chosen by hand: fields `share-OFFER-WINDOW`.
fn shares_of(form: &Form) -> Result<SharesInput, Problem> {
    let unknown = |()| Problem::field("/rule", "value", "chọn một cách chia", "choose a rule");
    let rule: ShareRule = form.text("rule").parse().map_err(unknown)?;
    let mut chosen = Vec::new();
    if rule == ShareRule::ByHand {
        for name in form.values().keys() {
            let Some((offer, window)) = name.strip_prefix("share_").and_then(|rest| rest.split_once('_')) else {
                continue;
            };
            let (Ok(offer_id), Ok(window_id)) = (offer.parse::<SupplyOfferId>(), window.parse::<SupplyWindowId>())
            else {
                continue;
            };
            if let Some(grams) = form.weight(name)? {
                chosen.push(ChosenShare { offer_id, window_id, grams });
            }
        }
    }
    validate(SharesInput { version: form.parsed("version")?, rule, chosen })
}

#[post("/business/{organisation}/requests/{id}/shares")]
async fn on_shares(
    request: HttpRequest,
    seat: Seat,
    path: Path<(OrganisationId, SupplyRequestId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let done = match shares_of(&form) {
        Ok(input) => requests::reckon(&seat.desk, *path, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(&back(*path), done, WRITTEN)
}

#[post("/business/{organisation}/requests/{id}/acceptance")]
async fn on_accept(
    request: HttpRequest,
    seat: Seat,
    path: Path<(OrganisationId, SupplyRequestId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let done = match form.parsed("version") {
        Ok(version) => requests::accept(&seat.desk, *path, version).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(&back(*path), done, WRITTEN)
}

#[post("/business/{organisation}/requests/{id}/rest")]
async fn on_rest(
    request: HttpRequest,
    seat: Seat,
    path: Path<(OrganisationId, SupplyRequestId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let done = match shares_of(&form) {
        Ok(input) => {
            let input = RestInput { version: input.version, rule: input.rule };
            requests::fill_rest(&seat.desk, *path, input).await.map(drop)
        }
        Err(problem) => Err(problem),
    };
    seat.told(&back(*path), done, WRITTEN)
}

#[get("/business/{organisation}/contracts/{id}")]
async fn on_paper(seat: Seat, path: Path<(OrganisationId, ContractId)>) -> Result<HttpResponse, Turn> {
    Ok(requests::buyers_paper(&seat.desk, path.into_inner(), seat.language).await?)
}

#[get("/business/{organisation}/requests/{id}/sheet")]
async fn on_sheet(seat: Seat, path: Path<(OrganisationId, SupplyRequestId)>) -> Result<HttpResponse, Turn> {
    let query = SharesSheetQuery { format: None, language: Some(seat.language) };
    Ok(requests::shares_sheet(&seat.desk, path.into_inner(), query).await?)
}
