//! From templates to answers.

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get};
use minijinja::{Environment, ErrorKind, State, Value, context};

use super::answer::html;
use super::help;
use super::words::WORDS;
use crate::ocop::certification::points::Points;
use crate::ocop::certification::steps::Act;
use crate::pages::session::{Seat, Turn, said};
use crate::pages::words::{ACTS, ADMIN, CERTIFICATES, DOSSIERS, PAPERS, PROGRAMME, STORAGES, SUPPLY, word_of};
use crate::people::identity::Permission;
use crate::platform::problem::Problem;
use crate::shop::catalogue::materials::VALUES as MATERIALS;
use crate::supply::deliveries::words::kilograms;

pub use crate::platform::templates::value;
use crate::platform::templates::{self, asset, is_english, versioned};
use entity::value::{Language, PlatformRole};

/// htmx 2, as published; its licence lies beside it.
static HTMX: &str = include_str!("../../../assets/console/htmx.min.js");

macro_rules! pages {
    ($($name:literal),* $(,)?) => {
        const PAGES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../assets/console/", $name))),)*];
    };
}

pages! {
    "admin_application.html", "admin_applications.html", "admin_base.html", "admin_categories.html", "admin_destination.html", "admin_destinations.html", "admin_holidays.html", "admin_commission.html", "admin_cooperative.html", "admin_disputes.html", "admin_failures.html", "admin_figures.html", "admin_late.html", "admin_listings.html", "admin_macros.html", "admin_order.html", "admin_organisations.html", "admin_partners.html",
    "admin_privacy.html", "admin_breach.html", "admin_payout.html", "admin_payouts.html", "admin_people.html", "admin_promotions.html", "admin_rates.html", "admin_recalls.html", "admin_reconciliation.html", "admin_refunds.html", "admin_reviews.html", "admin_search.html", "admin_settlements.html", "admin_tax.html", "admin_terms.html", "admin_today.html", "admin_trail.html",
    "base.html", "login.html", "register.html", "verify.html", "apply.html", "join.html", "today.html", "orders.html",
    "order.html", "pack.html", "stock.html", "stock_row.html", "products.html", "product.html", "imports.html", "import.html",
    "import_progress.html", "lots.html", "lot.html", "recalls.html", "recall.html", "plots.html", "plot.html", "certificates.html", "dossier_macros.html", "dossiers.html", "dossier.html", "officer_base.html",
    "officer_today.html", "officer_dossiers.html", "officer_dossier.html", "officer_scores.html", "officer_certificates.html", "officer_stars.html", "officer_register.html", "partner_help.html", "business_base.html", "business.html", "business_new.html", "business_request.html", "business_delivery.html", "delivery_macros.html", "deliveries.html", "delivery.html", "storage.html", "storage_macros.html", "partner_storage.html", "exports.html", "export.html", "business_wholesale.html",
    "business_quotation.html",
    "requests.html", "request.html",
    "charts.html", "design.html", "officer_place.html", "officer_figures.html", "officer_plans.html", "officer_plan.html", "officer_supports.html",
    "officer_support.html", "officer_difficulties.html", "programme.html", "people.html", "household.html", "team.html", "income.html", "receptions.html", "macros.html", "partner_base.html", "partner_sign_up.html",
    "partner_waiting.html", "partner_feeds.html", "partner_feed.html", "partner_preview.html", "partner_snippet.html", "partner_boxes.html",
    "partner_reports.html", "partner_settings.html", "partner_secret.html",
}

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = templates::environment(PAGES);
    environment.add_filter("word", word);
    environment.add_filter("act", |state: &State<'_, '_>, key: &str| word_of(state, key, ACTS));
    environment.add_filter("certificate", |state: &State<'_, '_>, key: &str| word_of(state, key, CERTIFICATES));
    environment.add_filter("dossier", |state: &State<'_, '_>, key: &str| word_of(state, key, DOSSIERS));
    environment.add_filter("dossier_act", dossier_act);
    environment.add_filter("points", points);
    environment.add_filter("storage", |state: &State<'_, '_>, key: &str| word_of(state, key, STORAGES));
    environment.add_filter("material", |state: &State<'_, '_>, key: &str| word_of(state, key, &MATERIALS));
    environment.add_filter("programme", |state: &State<'_, '_>, key: &str| word_of(state, key, PROGRAMME));
    environment.add_filter("kilograms", kilograms);
    environment.add_filter("admin", |state: &State<'_, '_>, key: &str| word_of(state, key, ADMIN));
    environment.add_filter("supply", |state: &State<'_, '_>, key: &str| word_of(state, key, SUPPLY));
    environment.add_filter("paper", |state: &State<'_, '_>, key: &str| word_of(state, key, PAPERS));
    environment.add_global("copy", versioned("/console/static/copy.js", COPY));
    environment.add_global("htmx", versioned("/console/static/htmx.js", HTMX));
    environment
});

/// Copies a snippet.
static COPY: &str = include_str!("../../../assets/console/copy.js");

#[get("/console/static/copy.js")]
pub async fn copy_script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", COPY)
}

/// A step of a dossier, in words.
fn dossier_act(state: &State<'_, '_>, key: &str) -> String {
    if key == "start" {
        return if is_english(state) { "Started" } else { "Bắt đầu" }.to_owned();
    }
    let act = Act::ALL.iter().find(|act| act.as_str() == key).map(|act| act.words());
    act.map_or(key, |(vi, en)| if is_english(state) { en } else { vi }).to_owned()
}

/// Points as people write them: `2,5`.
fn points(number: Value) -> String {
    let number = f64::try_from(number).unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "a few hundred points")]
    Points((number * 100.0).round() as i64).to_string()
}

/// States and the like, in words.
fn word(state: &State<'_, '_>, value: Value) -> String {
    let key = value.to_string();
    match WORDS.iter().find(|(known, ..)| *known == key) {
        Some((_, vi, en)) => if is_english(state) { en } else { vi }.to_string(),
        None => key,
    }
}

pub(super) fn fill(name: &str, values: Value) -> Result<String, Problem> {
    let template = ENVIRONMENT.get_template(name).map_err(Problem::internal)?;
    template.render(values).map_err(|error| match error.kind() {
        ErrorKind::WriteFailure => Problem::internal("page"),
        _ => Problem::internal(format!("{name}: {error:#}")),
    })
}

/// A page for somebody who is not signed in.
pub fn open_page(name: &str, status: StatusCode, language: Language, values: Value) -> Result<HttpResponse, Turn> {
    let values = context! { lang => language.as_str(), nav => false, active => "", ..values };
    Ok(html(status, fill(name, values)?))
}

/// A page of the console.
pub fn page(seat: &Seat, name: &str, active: &str, values: Value) -> Result<HttpResponse, Turn> {
    page_with(seat, name, active, StatusCode::OK, values)
}

pub fn page_with(
    seat: &Seat,
    name: &str,
    active: &str,
    status: StatusCode,
    values: Value,
) -> Result<HttpResponse, Turn> {
    let flash = seat.flash.as_ref().map(|(good, words)| context! { good => *good, words => words });
    let values = context! {
        lang => seat.language.as_str(),
        nav => seat.shop.is_some(),
        active => active,
        csrf => seat.csrf.clone(),
        flash => flash,
        shop => value(&seat.shop),
        shops => value(&seat.shops),
        person => seat.name.clone(),
        administers => seat.desk.who.has(PlatformRole::Admin),
        may_edit => seat.may(Permission::EditListings),
        may_report => seat.may(Permission::SeeReports),
        may_team => seat.may(Permission::ManageTeam),
        may_return => seat.may(Permission::HandleReturns),
        help => help::of(name, seat.language == Language::En),
        steps => value(&help::steps_of(name, seat.language == Language::En)),
        ..values
    };
    let mut response = html(status, fill(name, values)?);
    if seat.flash.is_some() {
        said(&mut response);
    }
    Ok(response)
}

/// A part of a page, for htmx to swap in.
pub fn part(seat: &Seat, name: &str, values: Value) -> Result<HttpResponse, Turn> {
    let values = context! { lang => seat.language.as_str(), csrf => seat.csrf.clone(), ..values };
    Ok(html(StatusCode::OK, fill(name, values)?))
}

#[get("/console/static/htmx.js")]
pub async fn script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", HTMX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_parses_and_speaks_both_languages() {
        let mut environment = Environment::new();
        for (name, source) in PAGES {
            environment.add_template(name, source).unwrap_or_else(|error| panic!("{name}: {error:#}"));
            // Words stand in `t(…)`: no Vietnamese letter is outside of one.
            let outside = source.split("t(\"").next().unwrap_or_default();
            assert!(!outside.contains(['ạ', 'ế', 'ộ', 'ự', 'đ']), "{name}: text without a translation");
        }
        assert_eq!(templates::moment("2026-11-24T09:05:00Z"), "24/11 16:05");
        assert_eq!(templates::day(Value::from("2026-11-24")), "24/11/2026");
        assert_eq!(templates::day(Value::from("2026-11-24T19:05:00Z")), "25/11/2026");
    }
}
