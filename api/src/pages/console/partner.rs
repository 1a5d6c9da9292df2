//! `/partner`: a partner's pages, as the seller's console is made: feeds with a preview, the snippet to paste, posters, boxes
//! at the reception, reports and payouts, sites, team and keys.

mod feeds;
mod help;
mod reception;
mod settings;
mod storage;

use std::future::Future;
use std::pin::Pin;

use actix_web::cookie::time::Duration;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post};
use entity::value::{PartnerId, PartnerRole, PartnerState};
use minijinja::{Value, context};
use serde::Serialize;

use super::answer::html;
use super::render::{fill, value};
use crate::pages::session::{FORM, Form, Seat, Turn, said, to};
use crate::people::desk::PartnerDesk;
use crate::people::identity::partner::partnerships;
use crate::people::places;
use crate::platform::body::{service, validate};
use crate::platform::cookies;
use crate::platform::edge::Edge;
use crate::platform::problem::Problem;
use crate::tourism::Guide;
use crate::tourism::partners::{PartnerInput, change_profile, sign_up};
use crate::tourism::team::accept;

const CHOSEN: &str = "ocop_partner";
const MEANT: &str = "ocop_next";

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(enter)
        .service(front)
        .service(sign_up_page)
        .service(on_sign_up)
        .service(on_join)
        .service(on_choose)
        .service(feeds::list)
        .service(feeds::new_page)
        .service(feeds::on_create)
        .service(feeds::preview)
        .service(feeds::snippet)
        .service(feeds::poster)
        .service(feeds::edit_page)
        .service(feeds::on_save)
        .service(reception::list_boxes)
        .service(reception::on_step)
        .service(reception::on_open)
        .service(reception::reports)
        .service(storage::show_storage)
        .service(storage::on_room)
        .service(storage::on_move)
        .service(help::list_difficulties)
        .service(help::on_offer)
        .service(settings::show_settings)
        .service(settings::on_change);
}

/// Whether somebody who signs in was on the way to these pages.
pub fn is_meant(request: &HttpRequest) -> bool {
    cookies::shown(request, MEANT).is_some_and(|meant| meant == "partner")
}

pub async fn works_for_one(seat: &Seat) -> Result<bool, Turn> {
    Ok(!partnerships(seat.desk.db.fresh(), seat.desk.who.account).await?.is_empty())
}

/// Signing in, and back here then.
#[get("/partner/enter")]
async fn enter(edge: Data<Edge>) -> HttpResponse {
    let mut response = to("/console/login");
    let _ = response.add_cookie(&cookies::kept(MEANT, "partner".to_owned(), edge.https, Duration::hours(1)));
    response
}

/// A partner somebody works for, as pages show it.
#[derive(Clone, Serialize)]
pub struct House {
    pub id: PartnerId,
    pub name: String,
    pub role: PartnerRole,
    pub state: PartnerState,
}

/// Somebody signed in at the partners' pages.
pub struct Stand {
    pub seat: Seat,
    pub houses: Vec<House>,
    pub house: Option<House>,
    pub guide: Data<Guide>,
}

impl FromRequest for Stand {
    type Error = Turn;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turn>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let seat = Seat::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let seat = seat.await.map_err(|turn| match turn {
                Turn::To(_) => Turn::To("/partner/enter".to_owned()),
                problem @ Turn::Problem(_) => problem,
            })?;
            let rows = partnerships(seat.desk.db.fresh(), seat.desk.who.account).await?;
            let house = |row: crate::people::identity::partner::PartnerMembership| House {
                id: row.partner_id,
                name: row.name,
                role: row.role,
                state: row.state,
            };
            let houses: Vec<House> = rows.into_iter().map(house).collect();
            let chosen = cookies::shown(&request, CHOSEN).and_then(|chosen| chosen.parse::<PartnerId>().ok());
            let house = houses.iter().find(|house| Some(house.id) == chosen).or(houses.first()).cloned();
            Ok(Self { seat, houses, house, guide: service(&request)? })
        })
    }
}

impl Stand {
    /// The desk at the partner worked for, if it is approved.
    pub fn desk(&self) -> Result<PartnerDesk, Turn> {
        match &self.house {
            Some(house) if house.state == PartnerState::Approved => {
                Ok(PartnerDesk::of(self.seat.desk.clone(), house.id))
            }
            _ => Err(Turn::To("/partner".to_owned())),
        }
    }

    pub fn page(&self, name: &str, active: &str, status: StatusCode, values: Value) -> Result<HttpResponse, Turn> {
        let flash = self.seat.flash.as_ref().map(|(good, words)| context! { good => *good, words => words });
        let approved = self.house.as_ref().is_some_and(|house| house.state == PartnerState::Approved);
        let values = context! {
            lang => self.seat.language.as_str(), nav => approved, active => active, csrf => self.seat.csrf.clone(), flash => flash,
            partner => value(&self.house), partners => value(&self.houses), person => self.seat.name.clone(), ..values
        };
        let mut response = html(status, fill(name, values)?);
        if self.seat.flash.is_some() {
            said(&mut response);
        }
        Ok(response)
    }

    pub async fn form(&self, request: &HttpRequest, payload: web::Payload) -> Result<Form, Turn> {
        self.seat.form(request, payload, FORM).await
    }
}

#[get("/partner")]
async fn front(stand: Stand) -> Result<HttpResponse, Turn> {
    let mut response = match &stand.house {
        None => to("/partner/sign-up"),
        Some(house) if house.state == PartnerState::Approved => to("/partner/feeds"),
        Some(house) => {
            let row =
                crate::platform::db::by_id::<entity::partner::Entity>(stand.seat.desk.db.fresh(), house.id).await?;
            let note = row.and_then(|row| row.decision_note).unwrap_or_default();
            stand.page("partner_waiting.html", "", StatusCode::OK, context! { note => note })?
        }
    };
    let _ = response.add_cookie(&cookies::gone(MEANT, stand.seat.secure));
    Ok(response)
}

type Values = std::collections::BTreeMap<String, String>;

#[get("/partner/sign-up")]
async fn sign_up_page(stand: Stand) -> Result<HttpResponse, Turn> {
    let mut values = Values::new();
    if let Some(house) = &stand.house
        && let Some(row) =
            crate::platform::db::by_id::<entity::partner::Entity>(stand.seat.desk.db.fresh(), house.id).await?
    {
        let commune = places::commune(&row.commune_code)
            .map(|c| format!("{}, {}", c.name, places::province_of(c).name))
            .unwrap_or_default();
        let fields = [
            ("name", row.name),
            ("legal_name", row.legal_name),
            ("tax_code", row.tax_code),
            ("representative", row.representative),
            ("street", row.street),
            ("commune", commune),
            ("phone", row.phone),
            ("email", row.email),
            ("bank_bin", row.bank_bin),
            ("bank_account", row.bank_account.into_open()),
            ("bank_holder", row.bank_holder),
        ];
        values = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    }
    stand.page("partner_sign_up.html", "", StatusCode::OK, context! { form => value(&values), error => "" })
}

pub fn commune(typed: &str) -> Result<String, Problem> {
    places::commune_meant(typed).ok_or_else(|| {
        let (vi, en) =
            ("không tìm thấy xã này; viết như “Kim Bôi, Phú Thọ”", "no such commune; write “Kim Bôi, Phú Thọ”");
        Problem::field("/commune", "commune", vi, en)
    })
}

fn input(form: &Form) -> Result<PartnerInput, Problem> {
    let text = |name: &str| form.text(name).to_owned();
    validate(PartnerInput {
        name: text("name"),
        legal_name: text("legal_name"),
        tax_code: text("tax_code"),
        representative: text("representative"),
        street: text("street"),
        commune_code: commune(form.text("commune"))?,
        phone: text("phone"),
        email: text("email"),
        bank_bin: text("bank_bin"),
        bank_account: text("bank_account"),
        bank_holder: text("bank_holder"),
    })
}

/// Signs up, or changes the facts of the partner worked for.
#[post("/partner/sign-up")]
async fn on_sign_up(request: HttpRequest, stand: Stand, payload: web::Payload) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    let done = async {
        let input = input(&form)?;
        match &stand.house {
            Some(house) => {
                change_profile(&PartnerDesk::of(stand.seat.desk.clone(), house.id), input).await?;
                stand.guide.refresh().await
            }
            None => sign_up(&stand.seat.desk, input).await.map(|_| ()),
        }
    };
    match done.await {
        Ok(()) => Ok(stand.seat.back("/partner", Ok(stand.seat.say("Đã gửi.", "Sent.")))),
        Err(problem) if problem.code.status < 500 => {
            let values = context! { form => value(&form.values()), error => problem.words(stand.seat.language) };
            stand.page("partner_sign_up.html", "", StatusCode::UNPROCESSABLE_ENTITY, values)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Which of one's partners to work for.
fn choose(response: &mut HttpResponse, stand: &Stand, id: PartnerId) {
    let chosen = cookies::kept(CHOSEN, id.to_string(), stand.seat.secure, Duration::days(365));
    let _ = response.add_cookie(&chosen);
}

#[post("/partner/join")]
async fn on_join(request: HttpRequest, stand: Stand, payload: web::Payload) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    match accept(&stand.seat.desk, form.text("code")).await {
        Ok(partner) => {
            let mut response = stand.seat.back("/partner", Ok(stand.seat.say("Đã tham gia.", "Joined.")));
            choose(&mut response, &stand, partner);
            Ok(response)
        }
        Err(problem) if problem.code.status < 500 => Ok(stand.seat.back("/partner/sign-up", Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}

#[post("/partner/choose")]
async fn on_choose(request: HttpRequest, stand: Stand, payload: web::Payload) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    let mut response = to("/partner");
    let id: PartnerId = form.parsed("partner")?;
    if stand.houses.iter().any(|house| house.id == id) {
        choose(&mut response, &stand, id);
    }
    Ok(response)
}
