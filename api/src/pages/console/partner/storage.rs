//! Cold rooms that the partner offers, who booked them, and goods in and out.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{ColdBookingId, PartnerRole};
use minijinja::context;

use super::Stand;
use crate::pages::console::render::value;
use crate::pages::console::storage::{move_of, room_of};
use crate::pages::session::Turn;
use crate::people::identity::partner::Scope;
use crate::platform::problem::Problem;
use crate::supply::storage::{self, Keeper};

const HERE: &str = "/partner/storage";

#[get("/partner/storage")]
pub async fn show_storage(stand: Stand) -> Result<HttpResponse, Turn> {
    let desk = stand.desk()?;
    let keeper = Keeper::Partner(desk.partner);
    let (rooms, guests) = (storage::rooms_of(&desk, keeper).await?, storage::bookings_in(&desk, keeper).await?);
    let whose: Vec<_> = guests.iter().map(|one| one.cooperative_id).collect();
    let lots = storage::lots_to_move(&desk, &whose).await?;
    let owns = stand.house.as_ref().is_some_and(|house| house.role == PartnerRole::Owner);
    let values = context! {
        rooms => value(&rooms), guests => value(&guests), lots => value(&lots), owns => owns, today => desk.today().to_string(),
    };
    stand.page("partner_storage.html", "storage", StatusCode::OK, values)
}

fn told(stand: &Stand, done: Result<(), Problem>) -> Result<HttpResponse, Turn> {
    match done {
        Ok(()) => Ok(stand.seat.back(HERE, Ok(stand.seat.say("Đã ghi.", "Written down.")))),
        Err(problem) if problem.code.status < 500 => Ok(stand.seat.back(HERE, Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}

#[post("/partner/storage/rooms")]
pub async fn on_room(request: HttpRequest, stand: Stand, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    let desk = stand.desk()?;
    let done = async {
        desk.owner().await?;
        storage::create_room(&desk, Keeper::Partner(desk.partner), room_of(&form)?).await.map(drop)
    };
    told(&stand, done.await)
}

#[post("/partner/storage/bookings/{id}/moves")]
pub async fn on_move(
    request: HttpRequest,
    stand: Stand,
    id: Path<ColdBookingId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    let desk = stand.desk()?;
    let done = async {
        desk.approved(Scope::BoxesWrite).await?;
        storage::bring(&desk, (Keeper::Partner(desk.partner), *id), move_of(&form)?).await.map(drop)
    };
    told(&stand, done.await)
}
