//! `/console/programme`: courses a cooperative's people are invited to, support it was granted, what it lacks and who helps.

use actix_web::web::{Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::programme::DifficultyKind;
use entity::value::{DifficultyId, GuestId, HelpOfferId};
use minijinja::context;
use sea_orm::Iterable;

use super::render::{page, value};
use crate::ocop::programme::{self, AnswerInput, ClosingInput, DifficultyInput, FeedbackInput, HelpAnswer};
use crate::pages::session::{FORM, Form, Seat, Turn, WRITTEN};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;

pub fn routes(config: &mut ServiceConfig) {
    config.service(on_show).service(on_feedback).service(on_open).service(on_close).service(on_answer);
}

const PAGE: &str = "/console/programme";

#[get("/console/programme")]
async fn on_show(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let whole = (Some(MAX_LIMIT), None);
    let invitations = programme::invitations(&seat.desk, shop, whole).await?;
    let supports = programme::granted_to(&seat.desk, shop, whole).await?;
    let difficulties = programme::difficulties_of(&seat.desk, shop, whole).await?;
    let kinds: Vec<&str> = DifficultyKind::iter().map(DifficultyKind::as_str).collect();
    let values = context! {
        invitations => value(&invitations.items), supports => value(&supports.items), difficulties => value(&difficulties.items),
        kinds => kinds, may => seat.may(Permission::KeepPeople),
    };
    page(&seat, "programme.html", "products", values)
}

#[post("/console/programme/courses/{id}")]
async fn on_feedback(
    request: HttpRequest,
    seat: Seat,
    id: Path<GuestId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let form = seat.form(&request, payload, FORM).await?;
    let input =
        || validate(FeedbackInput { rating: form.parsed("rating")?, feedback: form.text("feedback").to_owned() });
    let done = match input() {
        Ok(input) => programme::answer(&seat.desk, (shop, *id), input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(PAGE, done, WRITTEN)
}

#[post("/console/programme/difficulties")]
async fn on_open(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let form = seat.form(&request, payload, FORM).await?;
    let unknown = |()| Problem::field("/kind", "value", "chọn một loại", "choose a kind");
    let input = || {
        let kind = form.text("kind").parse().map_err(unknown)?;
        validate(DifficultyInput { kind, story: form.text("story").to_owned() })
    };
    let done = match input() {
        Ok(input) => programme::open_difficulty(&seat.desk, shop, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(PAGE, done, WRITTEN)
}

#[post("/console/programme/difficulties/{id}/closing")]
async fn on_close(
    request: HttpRequest,
    seat: Seat,
    id: Path<DifficultyId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let form = seat.form(&request, payload, FORM).await?;
    let solved = form.text("solved") == "yes";
    let done = match validate(ClosingInput { solved, outcome: form.text("outcome").to_owned() }) {
        Ok(input) => programme::close(&seat.desk, (shop, *id), input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(PAGE, done, WRITTEN)
}

fn answer_of(form: &Form) -> Result<AnswerInput, Problem> {
    let answer = match form.text("answer") {
        "accept" => HelpAnswer::Accept,
        "decline" => HelpAnswer::Decline,
        "done" => HelpAnswer::Done,
        "failed" => HelpAnswer::Failed,
        _ => return Err(Problem::field("/answer", "value", "chọn một câu trả lời", "choose an answer")),
    };
    validate(AnswerInput { answer, outcome: form.some("outcome") })
}

#[post("/console/programme/difficulties/{id}/offers/{offer}")]
async fn on_answer(
    request: HttpRequest,
    seat: Seat,
    path: Path<(DifficultyId, HelpOfferId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::KeepPeople)?;
    let form = seat.form(&request, payload, FORM).await?;
    let done = match answer_of(&form) {
        Ok(input) => programme::answer_offer(&seat.desk, (shop, path.0, path.1), input).await.map(drop),
        Err(problem) => Err(problem),
    };
    seat.told(PAGE, done, WRITTEN)
}
