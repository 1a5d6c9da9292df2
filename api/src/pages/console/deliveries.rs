//! Deliveries of contracts: what a cooperative brings (`/console/requests/deliveries`) and what a buyer weighs
//! (`/business/{organisation}/deliveries`).

use actix_web::web::{Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::supply::SupplyChangeKind;
use entity::value::{CooperativeId, DeliveryId, OrganisationId, SupplyChangeId};
use minijinja::context;

use super::buying::{code_of, page as business_page};
use super::render::{page, value};
use crate::media::pictures::MAX_BYTES;
use crate::orders::ordering::ShortfallChoice;
use crate::pages::session::{FORM, Form, Seat, Turn, WRITTEN};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;
use crate::supply::deliveries::grades::GradeWeight;
use crate::supply::deliveries::{self, AcceptanceAnswer, AcceptanceRecord, ChangeProposal, Side};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_list)
        .service(on_sold)
        .service(on_answer)
        .service(on_sellers_paper)
        .service(on_sellers_change)
        .service(on_sellers_answer);
}

pub fn buyers_routes(config: &mut ServiceConfig) {
    config
        .service(on_bought)
        .service(on_weigh)
        .service(on_short)
        .service(on_buyers_paper)
        .service(on_buyers_change)
        .service(on_buyers_answer);
}

#[get("/console/requests/deliveries")]
async fn on_list(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeReports)?;
    let found = deliveries::of_cooperative(&seat.desk, shop, (Some(MAX_LIMIT), None)).await?;
    page(&seat, "deliveries.html", "orders", context! { deliveries => value(&found.items) })
}

#[get("/console/requests/deliveries/{id}")]
async fn on_sold(seat: Seat, id: Path<DeliveryId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeReports)?;
    let found = deliveries::sold(&seat.desk, (shop, *id)).await?;
    let answers = seat.may(Permission::EditShop);
    page(&seat, "delivery.html", "orders", context! { d => value(&found), answers => answers })
}

#[get("/console/requests/deliveries/{id}/pdf")]
async fn on_sellers_paper(seat: Seat, id: Path<DeliveryId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeReports)?;
    Ok(deliveries::sellers_record(&seat.desk, (shop, *id), seat.language).await?)
}

fn sellers(id: DeliveryId) -> String {
    format!("/console/requests/deliveries/{id}")
}

async fn answer(seat: &Seat, path: (CooperativeId, DeliveryId), form: &Form) -> Result<(), Problem> {
    let (version, agree) = (form.parsed("version")?, form.text("agree") == "yes");
    let input = validate(AcceptanceAnswer { version, agree, reason: form.some("reason").filter(|_| !agree) })?;
    deliveries::answer_acceptance(&seat.desk, path, input).await.map(drop)
}

#[post("/console/requests/deliveries/{id}/acceptance")]
async fn on_answer(
    request: HttpRequest,
    seat: Seat,
    id: Path<DeliveryId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditShop)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = answer(&seat, (shop, *id), &form).await;
    seat.told(&sellers(*id), done, WRITTEN)
}

async fn propose(seat: &Seat, (side, id): (Side, DeliveryId), form: &Form) -> Result<(), Problem> {
    let unknown = |()| Problem::field("/kind", "value", "chọn một thay đổi", "choose a change");
    let kind: SupplyChangeKind = form.text("kind").parse().map_err(unknown)?;
    let reason = form.text("reason").to_owned();
    let input = validate(ChangeProposal { kind, from_on: form.date("from_on")?, to_on: form.date("to_on")?, reason })?;
    deliveries::propose_change(&seat.desk, (side, id), input).await.map(drop)
}

async fn answer_change(seat: &Seat, of: (Side, DeliveryId, SupplyChangeId), form: &Form) -> Result<(), Problem> {
    deliveries::answer_change(&seat.desk, of, form.text("agree") == "yes").await.map(drop)
}

#[post("/console/requests/deliveries/{id}/changes")]
async fn on_sellers_change(
    request: HttpRequest,
    seat: Seat,
    id: Path<DeliveryId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let side = Side::Cooperative(seat.shop(Permission::EditShop)?);
    let form = seat.form(&request, payload, FORM).await?;
    let done = propose(&seat, (side, *id), &form).await;
    seat.told(&sellers(*id), done, WRITTEN)
}

#[post("/console/requests/deliveries/{id}/changes/{change}")]
async fn on_sellers_answer(
    request: HttpRequest,
    seat: Seat,
    path: Path<(DeliveryId, SupplyChangeId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let side = Side::Cooperative(seat.shop(Permission::EditShop)?);
    let form = seat.form(&request, payload, FORM).await?;
    let done = answer_change(&seat, (side, path.0, path.1), &form).await;
    seat.told(&sellers(path.0), done, WRITTEN)
}

#[get("/business/{organisation}/deliveries/{id}")]
async fn on_bought(seat: Seat, path: Path<(OrganisationId, DeliveryId)>) -> Result<HttpResponse, Turn> {
    let found = deliveries::bought(&seat.desk, *path).await?;
    let qr = code_of(found.bill.as_ref())?;
    business_page(&seat, "business_delivery.html", context! { d => value(&found), qr => qr })
}

#[get("/business/{organisation}/deliveries/{id}/pdf")]
async fn on_buyers_paper(seat: Seat, path: Path<(OrganisationId, DeliveryId)>) -> Result<HttpResponse, Turn> {
    Ok(deliveries::buyers_record(&seat.desk, *path, seat.language).await?)
}

fn buyers(path: (OrganisationId, DeliveryId)) -> String {
    format!("/business/{}/deliveries/{}", path.0, path.1)
}

/// What of it was a lesser grade, as a form tells it.
fn graded_of(form: &Form) -> Result<Vec<GradeWeight>, Problem> {
    let mut graded = Vec::new();
    for row in 1..=5 {
        let (grade, grams) = (form.some(&format!("grade_{row}")), form.weight(&format!("graded_{row}"))?);
        if let (Some(grade), Some(grams)) = (grade, grams.filter(|grams| *grams > 0)) {
            graded.push(GradeWeight { grade, grams });
        }
    }
    Ok(graded)
}

async fn weigh(seat: &Seat, path: (OrganisationId, DeliveryId), form: &Form) -> Result<(), Problem> {
    let missing = |name: &str| Problem::field(format!("/{name}"), "missing", "còn trống", "is empty");
    let mut input = validate(AcceptanceRecord {
        version: form.text("version").parse().ok(),
        received_on: form.date("received_on")?.ok_or_else(|| missing("received_on"))?,
        gross_g: form.weight("gross")?.ok_or_else(|| missing("gross"))?,
        tare_g: form.weight("tare")?.unwrap_or(0),
        rejected_g: form.weight("rejected")?.unwrap_or(0),
        grade: form.text("grade").to_owned(),
        graded: graded_of(form)?,
        reason: form.some("reason"),
        photos: Vec::new(),
    })?;
    if !form.0.bytes.is_empty() {
        input.photos.push(deliveries::photo(&seat.desk, path, form.0.bytes.clone()).await?.id);
    }
    deliveries::weigh(&seat.desk, path, input).await.map(drop)
}

#[post("/business/{organisation}/deliveries/{id}/acceptance")]
async fn on_weigh(
    request: HttpRequest,
    seat: Seat,
    path: Path<(OrganisationId, DeliveryId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM + MAX_BYTES).await?;
    let done = weigh(&seat, *path, &form).await;
    seat.told(&buyers(*path), done, WRITTEN)
}

#[post("/business/{organisation}/deliveries/{id}/shortfall")]
async fn on_short(
    request: HttpRequest,
    seat: Seat,
    path: Path<(OrganisationId, DeliveryId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let choice = match form.text("choice") {
        "wait" => ShortfallChoice::Wait,
        "part" => ShortfallChoice::Part,
        _ => ShortfallChoice::Refund,
    };
    let done = deliveries::choose(&seat.desk, *path, choice).await.map(drop);
    seat.told(&buyers(*path), done, WRITTEN)
}

#[post("/business/{organisation}/deliveries/{id}/changes")]
async fn on_buyers_change(
    request: HttpRequest,
    seat: Seat,
    path: Path<(OrganisationId, DeliveryId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let done = propose(&seat, (Side::Buyer(path.0), path.1), &form).await;
    seat.told(&buyers(*path), done, WRITTEN)
}

#[post("/business/{organisation}/deliveries/{id}/changes/{change}")]
async fn on_buyers_answer(
    request: HttpRequest,
    seat: Seat,
    path: Path<(OrganisationId, DeliveryId, SupplyChangeId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let done = answer_change(&seat, (Side::Buyer(path.0), path.1, path.2), &form).await;
    seat.told(&buyers((path.0, path.1)), done, WRITTEN)
}
