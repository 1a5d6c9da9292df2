//! `/console/requests`: what organisations ask for in quantity, and the cooperative's offer.

use actix_web::web::{Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::supply::RequestState;
use entity::value::{ContractId, CooperativeId, SupplyRequestId, SupplyWindowId};
use minijinja::context;

use super::render::{page, value};
use crate::pages::session::{FORM, Form, Seat, Turn, WRITTEN};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;
use crate::shop::selling::listings::{self, ListingQuery};
use crate::supply::deliveries::grades::GradePrice;
use crate::supply::requests::{self, ContractAnswer, SupplyOfferInput, SupplyOfferWindowInput};

pub fn routes(config: &mut ServiceConfig) {
    config.service(on_list).service(on_paper).service(on_answer).service(on_show).service(on_offer);
}

#[get("/console/requests")]
async fn on_list(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let found = requests::for_cooperative(&seat.desk, shop, (Some(MAX_LIMIT), None)).await?;
    let contracts = if seat.may(Permission::SeeReports) {
        requests::contracts_of(&seat.desk, shop, (Some(MAX_LIMIT), None)).await?.items
    } else {
        Vec::new()
    };
    let values = context! {
        requests => value(&found.items), contracts => value(&contracts), signs => seat.may(Permission::EditShop),
    };
    page(&seat, "requests.html", "orders", values)
}

#[get("/console/requests/{id}")]
async fn on_show(seat: Seat, id: Path<SupplyRequestId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let found = requests::seen(&seat.desk, (shop, *id)).await?;
    let query = ListingQuery { limit: Some(MAX_LIMIT), ..ListingQuery::default() };
    let products = listings::find(&seat.desk, shop, &query).await?;
    let neighbours = if seat.may(Permission::EditListings) && found.request.state == RequestState::Open {
        requests::neighbours(&seat.desk, (shop, *id)).await?
    } else {
        Vec::new()
    };
    let values = context! {
        neighbours => value(&neighbours), r => value(&found), own => shop.to_string(), products => value(&products.items), today => seat.desk.today().to_string(),
    };
    page(&seat, "request.html", "orders", values)
}

/// Lesser grades a form names, with their prices.
fn grades_of(form: &Form) -> Result<Vec<GradePrice>, Problem> {
    let mut grades = Vec::new();
    for row in 1..=3 {
        let (grade, price) = (form.some(&format!("grade_{row}")), form.amount(&format!("grade_price_{row}"))?);
        if let (Some(grade), Some(price)) = (grade, price) {
            grades.push(GradePrice { grade, price });
        }
    }
    Ok(grades)
}

fn offer_of(form: &Form) -> Result<SupplyOfferInput, Problem> {
    let missing = |name: &str| Problem::field(format!("/{name}"), "missing", "còn trống", "is empty");
    let (mut windows, mut gathers) = (Vec::new(), Vec::new());
    for name in form.values().keys() {
        gathers.extend(name.strip_prefix("g_").and_then(|id| id.parse::<CooperativeId>().ok()));
        let Some(Ok(window_id)) = name.strip_prefix("w_").map(str::parse::<SupplyWindowId>) else { continue };
        if let Some(grams) = form.weight(name)? {
            windows.push(SupplyOfferWindowInput { window_id, grams });
        }
    }
    let lead_id = form.text("lead").parse().ok();
    validate(SupplyOfferInput {
        version: form.text("version").parse().ok(),
        product_id: form.parsed("product")?,
        // Under a lead its price stands.
        price: match lead_id {
            Some(_) => 1,
            None => form.amount("price")?.ok_or_else(|| missing("price"))?,
        },
        grades: grades_of(form)?,
        lead_id,
        gathers: if lead_id.is_some() { Vec::new() } else { gathers },
        box_grams: form.weight("box")?.ok_or_else(|| missing("box"))?,
        least_grams: form.weight("least")?.unwrap_or(0),
        conditions: form.text("conditions").to_owned(),
        valid_until: form.date("valid_until")?.ok_or_else(|| missing("valid_until"))?,
        windows,
    })
}

async fn offer(seat: &Seat, path: (CooperativeId, SupplyRequestId), form: &Form) -> Result<(), Problem> {
    if form.text("do") == "withdraw" {
        return requests::withdraw(&seat.desk, path).await;
    }
    requests::put_offer(&seat.desk, path, offer_of(form)?).await.map(drop)
}

#[post("/console/requests/{id}")]
async fn on_offer(
    request: HttpRequest,
    seat: Seat,
    id: Path<SupplyRequestId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = offer(&seat, (shop, *id), &form).await;
    seat.told(&format!("/console/requests/{id}"), done, WRITTEN)
}

#[get("/console/requests/contracts/{id}")]
async fn on_paper(seat: Seat, id: Path<ContractId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeReports)?;
    Ok(requests::sellers_paper(&seat.desk, (shop, *id), seat.language).await?)
}

#[post("/console/requests/contracts/{id}")]
async fn on_answer(
    request: HttpRequest,
    seat: Seat,
    id: Path<ContractId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditShop)?;
    let form = seat.form(&request, payload, FORM).await?;
    let input = ContractAnswer { agree: form.text("agree") == "yes", reason: form.some("reason") };
    let done = match validate(input) {
        Ok(input) => requests::answer(&seat.desk, (shop, *id), input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told("/console/requests", done, WRITTEN)
}
