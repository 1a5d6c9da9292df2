//! What the pages of business buyers share.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use minijinja::{Value, context};

use super::answer::html;
use super::render::fill;
use crate::money::payment::PaymentAction;
use crate::money::payment::bills::Bill;
use crate::pages::session::{Seat, Turn, said};
use crate::platform::pdf::qr_svg;
use crate::platform::problem::Problem;

/// A page of the buyer's area.
pub fn page(seat: &Seat, name: &str, values: Value) -> Result<HttpResponse, Turn> {
    let flash = seat.flash.as_ref().map(|(good, words)| context! { good => *good, words => words });
    let values = context! {
        lang => seat.language.as_str(), csrf => seat.csrf.clone(), flash => flash, person => seat.name.clone(),
        today => seat.desk.today().to_string(), ..values
    };
    let mut response = html(StatusCode::OK, fill(name, values)?);
    if seat.flash.is_some() {
        said(&mut response);
    }
    Ok(response)
}

/// A bill's code to scan, if it is to be paid.
pub fn code_of(bill: Option<&Bill>) -> Result<String, Problem> {
    match bill.and_then(|bill| bill.action.as_ref()) {
        Some(PaymentAction::Transfer { qr, .. }) => qr_svg(qr, "VietQR").map_err(Problem::internal),
        _ => Ok(String::new()),
    }
}
