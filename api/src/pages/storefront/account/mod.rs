//! A buyer's own pages: in by mail or phone, orders and buying them again, addresses, what one keeps an eye on, reviews.
//!
//! Who signs in here is signed in at every door of the house; `/account` leads to those that open.

mod addresses;
mod data;
mod door;
mod favourites;
mod hub;
mod notices;
mod orders;
mod reviews;
mod security;

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use minijinja::{Value, context};

#[cfg(test)]
pub use data::field_words;

use super::shell::{Fault, Shell};
use crate::pages::session::{FORM, Form, Seat, Turn, said, take_seat};
use crate::platform::problem::Problem;
use crate::platform::routing::below;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(door::sign_in_page)
        .service(door::sign_in)
        .service(door::ask_passkey)
        .service(door::by_passkey)
        .service(door::second_page)
        .service(door::second)
        .service(door::sign_up_page)
        .service(door::sign_up)
        .service(door::code_page)
        .service(door::code)
        .service(door::forgot_page)
        .service(door::forgot)
        .service(door::reset_page)
        .service(door::reset)
        .service(data::on_privacy)
        .service(below("/account").configure(own_routes));
}

fn own_routes(config: &mut ServiceConfig) {
    config
        .service(hub::on_show)
        .service(hub::on_sign_out)
        .service(hub::on_details)
        .service(hub::on_change)
        .service(hub::on_password)
        .service(data::on_show)
        .service(data::on_file)
        .service(data::on_consent)
        .service(data::on_erase)
        .service(notices::on_show)
        .service(notices::on_choose)
        .service(notices::on_subscribe)
        .service(notices::on_forget)
        .service(security::on_show)
        .service(security::on_end)
        .service(security::on_enrol)
        .service(security::on_confirm)
        .service(security::on_remove)
        .service(security::on_ask_passkey)
        .service(security::on_add_passkey)
        .service(security::on_remove_passkey)
        .service(orders::on_list)
        .service(orders::on_one)
        .service(orders::on_again)
        .service(addresses::on_list)
        .service(addresses::on_enter)
        .service(addresses::on_change)
        .service(favourites::on_list)
        .service(favourites::on_change)
        .service(reviews::on_form)
        .service(reviews::on_write);
}

/// A buyer who is signed in, looking at a page of the shop.
pub struct Person {
    pub shell: Shell,
    pub seat: Seat,
}

impl FromRequest for Person {
    type Error = Turn;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turn>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let shell = Shell::of(&request)?;
            // A form that was sent is not sent again after the sign-in: its page is.
            let next: String = form_urlencoded::byte_serialize(request.path().as_bytes()).collect();
            let door = if request.method().is_safe() { format!("/sign-in?next={next}") } else { "/sign-in".to_owned() };
            let seat = take_seat(&request, &door).await?;
            Ok(Self { shell, seat })
        })
    }
}

impl Person {
    pub fn page(&self, name: &str, status: StatusCode, values: Value) -> Result<HttpResponse, Fault> {
        let flash = self.seat.flash.as_ref().map(|(good, words)| context! { good => *good, words => words });
        let values =
            context! { csrf => self.seat.csrf.clone(), person => self.seat.name.clone(), flash => flash, ..values };
        let mut response = self.shell.page(name, status, values)?;
        if self.seat.flash.is_some() {
            said(&mut response);
        }
        Ok(response)
    }

    pub async fn form(&self, request: &HttpRequest, payload: web::Payload) -> Result<Form, Fault> {
        self.form_of(request, payload, FORM).await
    }

    /// A form with this session's secret; `most` bounds one with files.
    pub async fn form_of(&self, request: &HttpRequest, payload: web::Payload, most: usize) -> Result<Form, Fault> {
        self.seat.form(request, payload, most).await.map_err(|turn| match turn {
            Turn::Problem(problem) => self.shell.fault(problem),
            Turn::To(_) => self.shell.fault(Problem::internal("a form that leads elsewhere")),
        })
    }

    /// Back to a page, told how it went.
    pub fn told(&self, path: &str, done: Result<(), Problem>, words: (&str, &str)) -> Result<HttpResponse, Fault> {
        match done {
            Ok(()) => Ok(self.seat.back(path, Ok(self.shell.say(words.0, words.1)))),
            Err(problem) if problem.code.status < 500 => Ok(self.seat.back_in(path, &problem, self.shell.language)),
            Err(problem) => Err(self.shell.fault(problem)),
        }
    }
}
