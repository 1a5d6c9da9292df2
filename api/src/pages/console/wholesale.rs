//! `/business/{organisation}/wholesale`: goods without a request: a list to paste, quotations, orders.

use actix_web::web::{Data, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{OrganisationId, QuotationId};
use minijinja::context;
use serde::Deserialize;

use super::buying::page;
use super::render::value;
use crate::pages::session::{FORM, Form, Seat, Turn, WRITTEN, to};
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;
use crate::shop::catalogue::Catalogue;
use crate::supply::buyers;
use crate::supply::wholesale::{self, LinesInput, OrderSheetQuery, Quotation, QuotationInput};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_sheet)
        .service(on_list)
        .service(on_quote)
        .service(on_show)
        .service(on_again)
        .service(on_order)
        .service(on_paper);
}

#[derive(Deserialize)]
struct Asked {
    q: Option<String>,
}

#[get("/business/{organisation}/wholesale")]
async fn on_list(
    seat: Seat,
    catalogue: Data<Catalogue>,
    organisation: Path<OrganisationId>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Turn> {
    let desk = &seat.desk;
    let words = asked.q.as_deref().unwrap_or_default();
    let goods = wholesale::goods_for(desk, &catalogue, (*organisation, words)).await?;
    let quotations = wholesale::quotations_of(desk, *organisation, (Some(MAX_LIMIT), None)).await?;
    let places = buyers::places(desk.db.fresh(), *organisation).await?;
    let values = context! {
        id => organisation.to_string(), q => words, goods => value(&goods), quotations => value(&quotations.items), places => value(&places),
    };
    page(&seat, "business_wholesale.html", values)
}

#[get("/business/{organisation}/wholesale/sheet")]
async fn on_sheet(
    seat: Seat,
    catalogue: Data<Catalogue>,
    organisation: Path<OrganisationId>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Turn> {
    let query = OrderSheetQuery { q: asked.into_inner().q, format: None };
    Ok(wholesale::order_sheet(&seat.desk, &catalogue, *organisation, query).await?)
}

fn back(organisation: OrganisationId) -> String {
    format!("/business/{organisation}/wholesale")
}

/// Where a quotation is seen, or back with what was wrong.
fn shown(seat: &Seat, organisation: OrganisationId, made: Result<Quotation, Problem>) -> Result<HttpResponse, Turn> {
    match made {
        Ok(made) => Ok(to(&format!("/business/{organisation}/quotations/{}", made.id))),
        Err(problem) => seat.told(&back(organisation), Err(problem), WRITTEN),
    }
}

async fn quote(seat: &Seat, organisation: OrganisationId, form: &Form) -> Result<Quotation, Problem> {
    let mut text = form.text("lines").to_owned();
    if !form.0.bytes.is_empty() {
        text = format!("{text}\n{}", wholesale::read_sheet(&form.0.bytes)?);
    }
    let goods = LinesInput { lines: Vec::new(), text: Some(text) };
    let input = validate(QuotationInput { place_id: form.parsed("place")?, goods })?;
    wholesale::quote(&seat.desk, organisation, input).await
}

#[post("/business/{organisation}/quotations")]
async fn on_quote(
    request: HttpRequest,
    seat: Seat,
    organisation: Path<OrganisationId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let made = quote(&seat, *organisation, &form).await;
    shown(&seat, *organisation, made)
}

type At = Path<(OrganisationId, QuotationId)>;

#[get("/business/{organisation}/quotations/{id}")]
async fn on_show(seat: Seat, path: At) -> Result<HttpResponse, Turn> {
    let found = wholesale::quotation(&seat.desk, *path).await?;
    page(&seat, "business_quotation.html", context! { o => value(&found) })
}

#[post("/business/{organisation}/quotations/{id}/again")]
async fn on_again(request: HttpRequest, seat: Seat, path: At, payload: Payload) -> Result<HttpResponse, Turn> {
    seat.form(&request, payload, FORM).await?;
    let made = wholesale::again(&seat.desk, *path).await;
    shown(&seat, path.0, made)
}

#[post("/business/{organisation}/quotations/{id}/order")]
async fn on_order(request: HttpRequest, seat: Seat, path: At, payload: Payload) -> Result<HttpResponse, Turn> {
    seat.form(&request, payload, FORM).await?;
    let done = wholesale::order(&seat.desk, *path).await.map(drop);
    seat.told(&format!("/business/{}/quotations/{}", path.0, path.1), done, WRITTEN)
}

#[get("/business/{organisation}/quotations/{id}/pdf")]
async fn on_paper(seat: Seat, path: At) -> Result<HttpResponse, Turn> {
    Ok(wholesale::quotation_pdf(&seat.desk, *path, seat.language).await?)
}
