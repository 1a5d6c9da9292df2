//! `/admin`: what waits for the platform's people, and where they decide on it. The pages call what the API calls.

mod decisions;
mod destinations;
mod money;
mod overview;
mod privacy;
mod settings;
mod terms;
mod world;

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload as RawPayload;
use actix_web::http::StatusCode;
use actix_web::web::{Payload, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use entity::value::PlatformRole;
use minijinja::{Value, context};
use serde::de::DeserializeOwned;

use super::answer::html;
use super::render::fill;
use crate::pages::session::{FORM, Form, Seat, Turn, said};
use crate::platform::body::parse;
use crate::platform::problem::Problem;

pub fn routes(config: &mut ServiceConfig) {
    overview::routes(config);
    decisions::routes(config);
    money::routes(config);
    settings::routes(config);
    terms::routes(config);
    destinations::routes(config);
    world::routes(config);
    privacy::routes(config);
}

pub fn is_one(seat: &Seat) -> bool {
    seat.desk.who.has(PlatformRole::Admin)
}

/// Somebody of the platform, signed in.
pub struct Admin {
    seat: Seat,
}

impl FromRequest for Admin {
    type Error = Turn;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turn>>>>;

    fn from_request(request: &HttpRequest, payload: &mut RawPayload) -> Self::Future {
        let seat = Seat::from_request(request, payload);
        Box::pin(async move {
            let seat = seat.await?;
            if seat.desk.who.is_held_back() {
                return Err(Turn::To("/account/security".to_owned()));
            }
            seat.desk.who.require(PlatformRole::Admin)?;
            Ok(Self { seat })
        })
    }
}

impl Admin {
    fn page(&self, name: &str, active: &str, values: Value) -> Result<HttpResponse, Turn> {
        let flash = self.seat.flash.as_ref().map(|(good, words)| context! { good => *good, words => words });
        let values = context! {
            lang => self.seat.language.as_str(), active => active, csrf => self.seat.csrf.clone(), flash => flash,
            person => self.seat.name.clone(), own => self.seat.desk.who.account.to_string(),
            works => self.seat.shop.is_some(), today => self.seat.desk.today().to_string(), ..values
        };
        let mut response = html(StatusCode::OK, fill(name, values)?);
        if self.seat.flash.is_some() {
            said(&mut response);
        }
        Ok(response)
    }

    async fn form(&self, request: &HttpRequest, payload: Payload) -> Result<Form, Turn> {
        self.seat.form(request, payload, FORM).await
    }
}

/// What a form says, read and checked as the API reads it.
fn input<T: DeserializeOwned + garde::Validate<Context = ()>>(body: &serde_json::Value) -> Result<T, Problem> {
    parse(body.to_string().as_bytes())
}
