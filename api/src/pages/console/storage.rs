//! `/console/storage`: cold rooms to book and to offer, and processing.

use actix_web::web::{Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::supply::Going;
use entity::value::{ColdBookingId, ColdRoomId, CooperativeId, LotId, ProcessingId, Storage};
use minijinja::context;
use serde::Deserialize;

use super::render::{page, value};
use crate::pages::session::{FORM, Form, Seat, Turn, WRITTEN};
use crate::people::identity::Permission;
use crate::people::places::commune_meant;
use crate::platform::body::validate;
use crate::platform::numbers;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;
use crate::supply::storage::{
    self, BookingInput, ColdMoveInput, Keeper, ProcessingInput, ProcessingPart, ProcessingStep, RoomInput, RoomSearch,
};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_show)
        .service(on_room)
        .service(on_book)
        .service(on_cancel)
        .service(on_move)
        .service(on_ask)
        .service(on_step);
}

const HERE: &str = "/console/storage";

#[derive(Deserialize)]
struct Asked {
    from: Option<String>,
    to: Option<String>,
    kg: Option<String>,
}

/// What was looked for, if it can be read.
fn search_of(asked: &Asked) -> Option<RoomSearch> {
    let day = |text: Option<&str>| numbers::date(text?).ok();
    let kg = asked.kg.as_deref().and_then(|text| text.trim().parse().ok());
    Some(RoomSearch { from: day(asked.from.as_deref())?, to: day(asked.to.as_deref())?, kg, storage: None })
}

#[get("/console/storage")]
async fn on_show(seat: Seat, asked: Query<Asked>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let desk = &seat.desk;
    let search = search_of(&asked);
    let free = match &search {
        Some(search) => storage::search(desk, shop, search).await?,
        None => Vec::new(),
    };
    let looked = search.as_ref().map(|search| {
        context! { from => search.from.to_string(), to => search.to.to_string(), kg => search.kg.unwrap_or(1) }
    });
    let most = (Some(MAX_LIMIT), None);
    let values = context! {
        free => value(&free), looked => looked, rooms => value(&storage::rooms_of(desk, Keeper::Cooperative(shop)).await?),
        bookings => value(&storage::bookings_of(desk, shop, most).await?.items), guests => value(&storage::bookings_in(desk, Keeper::Cooperative(shop)).await?),
        processing => value(&storage::processing_of(desk, shop, most).await?.items), lots => value(&storage::lots_to_move(desk, &[shop]).await?),
        others => value(&storage::makers(desk, shop).await?), own => shop.to_string(), today => desk.today().to_string(),
        books => seat.may(Permission::EditListings), offers => seat.may(Permission::EditShop),
    };
    page(&seat, "storage.html", "stock", values)
}

fn missing(name: &str) -> Problem {
    Problem::field(format!("/{name}"), "missing", "còn trống", "is empty")
}

/// A room as a form tells it.
pub fn room_of(form: &Form) -> Result<RoomInput, Problem> {
    let unknown = |()| Problem::field("/storage", "value", "chọn cách giữ", "choose a kind of store");
    let commune = || Problem::field("/commune", "place", "không rõ xã, phường nào", "it is not clear which commune");
    validate(RoomInput {
        version: form.text("version").parse().ok(),
        name: form.text("name").to_owned(),
        storage: form.text("storage").parse::<Storage>().map_err(unknown)?,
        from_c: form.parsed("from_c")?,
        to_c: form.parsed("to_c")?,
        capacity_kg: form.weight("capacity")?.ok_or_else(|| missing("capacity"))? / 1_000,
        price: form.amount("price")?.ok_or_else(|| missing("price"))?,
        street: form.text("street").to_owned(),
        commune_code: commune_meant(form.text("commune")).ok_or_else(commune)?,
        certificates: form.text("certificates").to_owned(),
        open: true,
    })
}

#[post("/console/storage/rooms")]
async fn on_room(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditShop)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = match room_of(&form) {
        Ok(input) => storage::create_room(&seat.desk, Keeper::Cooperative(shop), input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(HERE, done, WRITTEN)
}

async fn book(seat: &Seat, shop: CooperativeId, form: &Form) -> Result<(), Problem> {
    let input = validate(BookingInput {
        room_id: form.parsed::<ColdRoomId>("room")?,
        from: form.date("from")?.ok_or_else(|| missing("from"))?,
        to: form.date("to")?.ok_or_else(|| missing("to"))?,
        kg: form.count("kg")?.ok_or_else(|| missing("kg"))?,
    })?;
    storage::book(&seat.desk, shop, input).await.map(drop)
}

#[post("/console/storage/bookings")]
async fn on_book(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = book(&seat, shop, &form).await;
    seat.told(HERE, done, WRITTEN)
}

#[post("/console/storage/bookings/{id}/cancel")]
async fn on_cancel(
    request: HttpRequest,
    seat: Seat,
    id: Path<ColdBookingId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    seat.form(&request, payload, FORM).await?;
    let done = storage::cancel(&seat.desk, (shop, *id)).await.map(drop);
    seat.told(HERE, done, WRITTEN)
}

/// Goods in or out as a form tells it.
pub fn move_of(form: &Form) -> Result<ColdMoveInput, Problem> {
    validate(ColdMoveInput {
        lot_id: form.parsed::<LotId>("lot")?,
        going: if form.text("going") == "out" { Going::Out } else { Going::In },
        kg: form.weight("kg")?.ok_or_else(|| missing("kg"))? / 1_000,
        temperature_c: form.text("temperature").parse().ok(),
    })
}

#[post("/console/storage/bookings/{id}/moves")]
async fn on_move(
    request: HttpRequest,
    seat: Seat,
    id: Path<ColdBookingId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::CountStock)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = match move_of(&form) {
        Ok(input) => storage::bring(&seat.desk, (Keeper::Cooperative(shop), *id), input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(HERE, done, WRITTEN)
}

async fn ask(seat: &Seat, shop: CooperativeId, form: &Form) -> Result<(), Problem> {
    let grams = form.weight("kg")?.ok_or_else(|| missing("kg"))?;
    let input = validate(ProcessingInput {
        processor_id: form.parsed("processor")?,
        wanted: form.text("wanted").to_owned(),
        lots: vec![ProcessingPart { lot_id: form.parsed("lot")?, grams }],
    })?;
    storage::ask(&seat.desk, shop, input).await.map(drop)
}

#[post("/console/storage/processing")]
async fn on_ask(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = ask(&seat, shop, &form).await;
    seat.told(HERE, done, WRITTEN)
}

fn step_of(form: &Form) -> Result<ProcessingStep, Problem> {
    let version = form.parsed("version")?;
    let step = match form.text("step") {
        "price" => ProcessingStep::Price { version, price: form.amount("price")?.ok_or_else(|| missing("price"))? },
        "agree" => ProcessingStep::Agree { version },
        "done" => ProcessingStep::Done { version, output_g: form.weight("output")?.ok_or_else(|| missing("output"))? },
        _ => ProcessingStep::Decline { version, reason: form.text("reason").to_owned() },
    };
    validate(step)
}

#[post("/console/storage/processing/{id}")]
async fn on_step(
    request: HttpRequest,
    seat: Seat,
    id: Path<ProcessingId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = match step_of(&form) {
        Ok(input) => storage::step(&seat.desk, (shop, *id), input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(HERE, done, WRITTEN)
}
