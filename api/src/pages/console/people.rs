//! `/console/people`: a season's jobs, member households, what they were paid; `/h?token=`: a household's own page.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::programme::IncomeKind;
use entity::value::{HouseholdId, IncomeId};
use minijinja::context;
use sea_orm::Iterable;
use serde::Deserialize;

use super::entry::{LanguageQuery, spoken};
use super::render::{open_page, page, value};
use crate::ocop::livelihood::{self, HouseholdInput, IncomeInput, SeasonInput};
use crate::pages::session::{FORM, Form, Seat, Turn, WRITTEN};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::platform::db::Db;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;
use crate::platform::sheets::SheetFormat;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_show)
        .service(on_season)
        .service(on_template)
        .service(on_import)
        .service(on_add)
        .service(on_household)
        .service(on_change)
        .service(on_link)
        .service(on_pay)
        .service(on_remove);
}

const PAGE: &str = "/console/people";
const SHEET: usize = 5 * 1024 * 1024;

#[get("/console/people")]
async fn on_show(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let seasons = livelihood::seasons(seat.desk.db.fresh(), shop).await?;
    let households = livelihood::households(&seat.desk, shop, (Some(MAX_LIMIT), None)).await?;
    let values = context! { seasons => value(&seasons), households => value(&households.items) };
    page(&seat, "people.html", "products", values)
}

fn needed<T>(name: &str, found: Option<T>) -> Result<T, Problem> {
    found.ok_or_else(|| Problem::field(format!("/{name}"), "missing", "còn trống", "is empty"))
}

fn season_of(form: &Form) -> Result<SeasonInput, Problem> {
    let count = |name: &str| form.count(name).map(|found| found.unwrap_or(0));
    validate(SeasonInput {
        from_on: needed("from_on", form.date("from_on")?)?,
        to_on: needed("to_on", form.date("to_on")?)?,
        households: count("households")?,
        regular_workers: count("regular_workers")?,
        seasonal_workers: count("seasonal_workers")?,
        women: count("women")?,
        working_days: count("working_days")?,
        turnover: form.amount("turnover")?,
    })
}

#[post("/console/people/seasons")]
async fn on_season(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = match season_of(&form) {
        Ok(input) => livelihood::put_season(&seat.desk, (shop, form.text("season")), input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(PAGE, done, WRITTEN)
}

#[get("/console/people/income-sheet")]
async fn on_template(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let bytes = livelihood::template(&seat.desk, shop).await?;
    Ok(HttpResponse::Ok()
        .content_type(SheetFormat::Xlsx.media_type())
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"mau-thu-nhap.xlsx\""))
        .body(bytes))
}

#[post("/console/people/income-sheet")]
async fn on_import(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let form = seat.form(&request, payload, SHEET).await?;
    let done = livelihood::import(&seat.desk, shop, &form.0.bytes).await.map(drop);
    seat.told(PAGE, done, WRITTEN)
}

fn household_of(form: &Form) -> Result<HouseholdInput, Problem> {
    validate(HouseholdInput {
        name: form.text("name").to_owned(),
        people: form.parsed("people")?,
        consent: form.text("consent") == "yes",
        active: None,
    })
}

#[post("/console/people/households")]
async fn on_add(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = match household_of(&form) {
        Ok(input) => livelihood::add(&seat.desk, shop, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(PAGE, done, WRITTEN)
}

async fn household(seat: &Seat, id: HouseholdId, link: Option<String>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let found = livelihood::household(seat.desk.db.fresh(), (shop, id)).await?;
    let paid = livelihood::incomes(seat.desk.db.fresh(), id, (Some(MAX_LIMIT), None)).await?;
    let kinds: Vec<&str> = IncomeKind::iter().map(IncomeKind::as_str).collect();
    let values = context! {
        h => value(&found), paid => value(&paid.items), kinds => kinds, link => link, own => false,
        today => seat.desk.today().to_string(),
    };
    let mut response = page(seat, "household.html", "products", values)?;
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("private, no-store"));
    Ok(response)
}

#[get("/console/people/households/{id}")]
async fn on_household(seat: Seat, id: Path<HouseholdId>) -> Result<HttpResponse, Turn> {
    household(&seat, *id, None).await
}

#[post("/console/people/households/{id}")]
async fn on_change(
    request: HttpRequest,
    seat: Seat,
    id: Path<HouseholdId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = match household_of(&form) {
        Ok(input) => livelihood::change(&seat.desk, (shop, *id), input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(&format!("{PAGE}/households/{id}"), done, WRITTEN)
}

#[post("/console/people/households/{id}/link")]
async fn on_link(
    request: HttpRequest,
    seat: Seat,
    id: Path<HouseholdId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    seat.form(&request, payload, FORM).await?;
    match livelihood::new_link(&seat.desk, (shop, *id)).await {
        Ok(link) => household(&seat, *id, Some(link.url)).await,
        Err(problem) => seat.told(&format!("{PAGE}/households/{id}"), Err(problem), WRITTEN),
    }
}

fn payment_of(form: &Form) -> Result<IncomeInput, Problem> {
    let unknown = |()| Problem::field("/kind", "value", "chọn một khoản", "choose a kind");
    validate(IncomeInput {
        kind: form.text("kind").parse().map_err(unknown)?,
        amount: needed("amount", form.amount("amount")?)?,
        paid_on: needed("paid_on", form.date("paid_on")?)?,
        reference: form.text("reference").to_owned(),
        note: form.some("note"),
    })
}

#[post("/console/people/households/{id}/incomes")]
async fn on_pay(
    request: HttpRequest,
    seat: Seat,
    id: Path<HouseholdId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = match payment_of(&form) {
        Ok(input) => livelihood::enter(&seat.desk, (shop, *id), input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(&format!("{PAGE}/households/{id}"), done, WRITTEN)
}

#[post("/console/people/households/{id}/incomes/{income}")]
async fn on_remove(
    request: HttpRequest,
    seat: Seat,
    path: Path<(HouseholdId, IncomeId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    seat.form(&request, payload, FORM).await?;
    let done = livelihood::remove(&seat.desk, (shop, path.0, path.1)).await;
    seat.told(&format!("{PAGE}/households/{}", path.0), done, WRITTEN)
}

#[derive(Deserialize)]
struct HouseholdQuery {
    #[serde(default)]
    token: String,
    lang: Option<String>,
}

/// A household's own page: whoever has the link reads it.
#[get("/h")]
pub async fn on_own(request: HttpRequest, db: Data<Db>, query: Query<HouseholdQuery>) -> Result<HttpResponse, Turn> {
    let found = livelihood::own_income(db.fresh(), &query.token).await?;
    let values = context! { own => true, h => value(&found), paid => value(&found.payments) };
    let mut response = open_page(
        "household.html",
        StatusCode::OK,
        spoken(&request, &LanguageQuery { lang: query.lang.clone() }),
        values,
    )?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("private, no-store"));
    headers.insert(header::HeaderName::from_static("x-robots-tag"), header::HeaderValue::from_static("noindex"));
    Ok(response)
}
