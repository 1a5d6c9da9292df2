//! `/console/exports`: selling abroad: quotation, papers, shipment.

use actix_web::web::{Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::supply::{ExportPaperKind, Incoterm};
use entity::value::{CooperativeId, Currency, ExportId};
use minijinja::context;
use sea_orm::Iterable;

use super::render::{page, value};
use crate::pages::session::{FORM, Form, Seat, Turn, WRITTEN, to};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;
use crate::shop::selling::listings::{self, ListingQuery};
use crate::supply::export::{self, DocumentKind, ExportInput, ExportLineInput, ExportStep, PaperInput};

pub fn routes(config: &mut ServiceConfig) {
    config.service(on_list).service(on_create).service(on_show).service(on_step).service(on_paper).service(on_document);
}

#[get("/console/exports")]
async fn on_list(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeReports)?;
    let found = export::find(&seat.desk, shop, (Some(MAX_LIMIT), None)).await?;
    let query = ListingQuery { limit: Some(MAX_LIMIT), ..ListingQuery::default() };
    let products = listings::find(&seat.desk, shop, &query).await?;
    let currencies: Vec<&str> = Currency::iter().map(Currency::as_str).collect();
    let terms: Vec<&str> = Incoterm::iter().map(Incoterm::as_str).collect();
    let rows: Vec<_> =
        found.items.iter().map(|one| context! { e => value(one), total => one.currency.text(one.total) }).collect();
    let values = context! {
        exports => rows, products => value(&products.items), currencies => currencies, terms => terms, writes => seat.may(Permission::EditShop),
    };
    page(&seat, "exports.html", "orders", values)
}

fn missing(name: &str) -> Problem {
    Problem::field(format!("/{name}"), "missing", "còn trống", "is empty")
}

/// `1,85` or `1.85` of a currency with cents, in its minor units.
fn minor(text: &str, currency: Currency) -> Option<i64> {
    let text = text.trim().replace(',', ".");
    let (whole, cents) = text.split_once('.').unwrap_or((&text, ""));
    let digits = if currency.minor() == 100 { 2 } else { 0 };
    if cents.len() > digits || !cents.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let cents: i64 = if digits == 0 { 0 } else { format!("{cents:0<2}").parse().ok()? };
    whole.parse::<i64>().ok()?.checked_mul(currency.minor())?.checked_add(cents)
}

fn input_of(form: &Form) -> Result<ExportInput, Problem> {
    let choose = |name: &str| Problem::field(format!("/{name}"), "value", "hãy chọn", "choose one");
    let text = |name: &str| form.text(name).to_owned();
    let currency: Currency = form.text("currency").parse().map_err(|()| choose("currency"))?;
    let price = minor(form.text("price"), currency);
    let price = price.ok_or_else(|| Problem::field("/price", "number", "không phải số tiền", "is no amount"))?;
    let line = ExportLineInput {
        product_id: form.parsed("product")?,
        hs_code: text("hs_code"),
        description: text("description"),
        packages: form.count("packages")?.ok_or_else(|| missing("packages"))?,
        net_g: form.weight("net")?.ok_or_else(|| missing("net"))?,
        gross_g: form.weight("gross")?.ok_or_else(|| missing("gross"))?,
        price,
    };
    let percent = form.count("deposit")?.unwrap_or(0);
    validate(ExportInput {
        version: None,
        buyer_name: text("buyer_name"),
        buyer_address: text("buyer_address"),
        country: form.text("country").to_uppercase(),
        currency,
        incoterm: form.text("incoterm").parse().map_err(|()| choose("incoterm"))?,
        named_place: text("named_place"),
        deposit_bp: i32::try_from(percent.saturating_mul(100)).unwrap_or(i32::MAX),
        valid_until: form.date("valid_until")?.ok_or_else(|| missing("valid_until"))?,
        lines: vec![line],
    })
}

#[post("/console/exports")]
async fn on_create(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditShop)?;
    let form = seat.form(&request, payload, FORM).await?;
    let made = match input_of(&form) {
        Ok(input) => export::create(&seat.desk, shop, input).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(made) => Ok(to(&format!("/console/exports/{}", made.id))),
        Err(problem) => seat.told("/console/exports", Err(problem), WRITTEN),
    }
}

#[get("/console/exports/{id}")]
async fn on_show(seat: Seat, id: Path<ExportId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeReports)?;
    let found = export::own(&seat.desk, (shop, *id)).await?;
    let money = |amount: i64| found.currency.text(amount);
    let lines: Vec<_> = found
        .lines
        .iter()
        .map(|line| context! { l => value(line), price => money(line.price), amount => money(line.amount) })
        .collect();
    let values = context! {
        total => money(found.total), paid => money(found.paid), deposit => money(found.deposit), lines => lines, e => value(&found),
        writes => seat.may(Permission::EditShop), today => seat.desk.today().to_string(),
    };
    page(&seat, "export.html", "orders", values)
}

fn here(id: ExportId) -> String {
    format!("/console/exports/{id}")
}

async fn step(seat: &Seat, path: (CooperativeId, ExportId), form: &Form) -> Result<(), Problem> {
    let version = form.parsed("version")?;
    let input = match form.text("step") {
        "quote" => ExportStep::Quote { version },
        "confirm" => ExportStep::Confirm { version },
        "ship" => ExportStep::Ship { version, reason: form.some("reason") },
        _ => ExportStep::Cancel { version },
    };
    export::step(&seat.desk, path, validate(input)?).await.map(drop)
}

#[post("/console/exports/{id}/steps")]
async fn on_step(request: HttpRequest, seat: Seat, id: Path<ExportId>, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditShop)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = step(&seat, (shop, *id), &form).await;
    seat.told(&here(*id), done, WRITTEN)
}

async fn paper(seat: &Seat, (shop, id): (CooperativeId, ExportId), form: &Form) -> Result<(), Problem> {
    let choose = |()| Problem::field("/kind", "value", "chọn giấy tờ", "choose a paper");
    let kind: ExportPaperKind = form.text("kind").parse().map_err(choose)?;
    let input = validate(PaperInput {
        number: form.text("number").to_owned(),
        issued_on: form.date("issued_on")?.ok_or_else(|| missing("issued_on"))?,
        expires_on: form.date("expires_on")?,
    })?;
    export::enter(&seat.desk, (shop, id, kind), input).await.map(drop)
}

#[post("/console/exports/{id}/papers")]
async fn on_paper(
    request: HttpRequest,
    seat: Seat,
    id: Path<ExportId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditShop)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = paper(&seat, (shop, *id), &form).await;
    seat.told(&here(*id), done, WRITTEN)
}

#[get("/console/exports/{id}/documents/{kind}")]
async fn on_document(seat: Seat, path: Path<(ExportId, DocumentKind)>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeReports)?;
    Ok(export::document(&seat.desk, (shop, path.0), path.1).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_with_their_cents() {
        assert_eq!(
            [
                minor("1,85", Currency::Usd),
                minor("2", Currency::Eur),
                minor("1.8", Currency::Cny),
                minor("170", Currency::Jpy)
            ],
            [Some(185), Some(200), Some(180), Some(170)]
        );
        assert_eq!([minor("1.855", Currency::Usd), minor("1.5", Currency::Jpy), minor("x", Currency::Usd)], [None; 3]);
    }
}
