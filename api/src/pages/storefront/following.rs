//! Forms on an order's page for what may follow a purchase: a talk with the seller, goods that go back, a dispute.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use entity::value::{DisputeId, MediaId, OrderId, ReturnId};

use super::orders::{Arrival, order_page};
use super::shell::{Fault, Shell};
use crate::media::pictures::MAX_BYTES;
use crate::orders::dispute::{self, NewDispute, NewEvidence};
use crate::orders::ordering::{
    BuyersOrder, NewReturn, ReturnedLine, ask_return, keep_photo, lines_of, take_back_request, write_message,
};
use crate::platform::body::validate;
use crate::platform::forms::{Form, is_foreign, read_form};
use crate::platform::idempotency::DONE_ALREADY;
use crate::platform::objects::Objects;
use crate::platform::problem::{FORBIDDEN, Problem};

/// Three pictures and a few words.
const MOST: usize = 3 * MAX_BYTES + 256 * 1024;

/// A form of our own page, with pictures and a mark that lets it be sent once.
async fn form_of(shell: &Shell, order: &BuyersOrder, request: &HttpRequest, payload: Payload) -> Result<Form, Fault> {
    if is_foreign(request) {
        return Err(shell.fault(Problem::new(&FORBIDDEN)));
    }
    let form = read_form(request, payload, MOST).await.map_err(|problem| shell.fault(problem))?;
    order.once.marked(form.0.field("once"));
    Ok(form)
}

/// Back to the order's page, or what is wrong, on it.
async fn shown(
    shell: &Shell,
    order: &BuyersOrder,
    done: Result<(), Problem>,
    part: &str,
) -> Result<HttpResponse, Fault> {
    let back = || shell.to(&format!("/o/{}?token={}#{part}", order.row.id, &*order.row.access_token));
    match done {
        Ok(()) => Ok(back()),
        // A second click: what it wanted is so.
        Err(problem) if problem.code.name == DONE_ALREADY.name => Ok(back()),
        Err(problem) if problem.code.status < 500 => {
            let words = problem.words(shell.language);
            order_page(shell, order, StatusCode::UNPROCESSABLE_ENTITY, &words, Arrival::default()).await
        }
        Err(problem) => Err(shell.fault(problem)),
    }
}

/// The pictures of a form, kept with the order.
async fn photos(order: &BuyersOrder, objects: &Objects, form: &mut Form) -> Result<Vec<MediaId>, Problem> {
    order.refuse_again().await?;
    let mut photos = Vec::new();
    for bytes in ["photo1", "photo2", "photo3"].into_iter().filter_map(|name| form.0.other(name)) {
        let of = (order.row.id, order.account);
        photos.push(keep_photo((&order.db, objects), of, bytes, order.now()).await?.id);
    }
    Ok(photos)
}

#[post("/o/{id}/messages")]
pub async fn on_message(
    request: HttpRequest,
    shell: Shell,
    order: BuyersOrder,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = form_of(&shell, &order, &request, payload).await?;
    let text: String = form.text("text").chars().take(1000).collect();
    let written = async {
        write_message(order.begin().await?, &order.row, (order.kind, order.account), &text, order.now()).await
    };
    let written = written.await;
    order.bell.ring();
    shown(&shell, &order, written, "talk").await
}

#[post("/o/{id}/returns")]
pub async fn on_return(
    request: HttpRequest,
    shell: Shell,
    order: BuyersOrder,
    objects: Data<Objects>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let mut form = form_of(&shell, &order, &request, payload).await?;
    let asked = async {
        let mut lines = Vec::new();
        for line in lines_of(order.db.fresh(), &[order.row.id]).await? {
            let name = format!("quantity-{}", line.offer_id);
            if let Some(quantity) = form.count(&name)?.filter(|quantity| *quantity > 0) {
                lines.push(ReturnedLine { offer_id: line.offer_id, quantity });
            }
        }
        if lines.is_empty() {
            let (vi, en) = ("hãy ghi số lượng muốn trả", "say how many go back");
            return Err(Problem::field("/lines", "missing", vi, en));
        }
        let (reason, text) = (form.parsed("reason")?, form.text("text").to_owned());
        // Pictures are kept once the words are good: an order takes a few, and a slip of the pen should cost none.
        let mut input = validate(NewReturn { reason, text, lines, photos: Vec::new() })?;
        input.photos = photos(&order, &objects, &mut form).await?;
        ask_return(&order, &shell.config, input).await.map(|_| ())
    };
    let asked = asked.await;
    shown(&shell, &order, asked, "returns").await
}

#[post("/o/{id}/returns/{return}/withdraw")]
pub async fn on_take_back(
    request: HttpRequest,
    shell: Shell,
    order: BuyersOrder,
    path: Path<(OrderId, ReturnId)>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    form_of(&shell, &order, &request, payload).await?;
    let done = take_back_request(&order, path.1).await;
    shown(&shell, &order, done, "returns").await
}

#[post("/o/{id}/disputes")]
pub async fn on_dispute(
    request: HttpRequest,
    shell: Shell,
    order: BuyersOrder,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = form_of(&shell, &order, &request, payload).await?;
    let opened = async {
        let input = NewDispute { reason: form.parsed("reason")?, text: form.text("text").to_owned() };
        dispute::begin(&order, &shell.config, validate(input)?).await.map(|_| ())
    };
    let opened = opened.await;
    shown(&shell, &order, opened, "disputes").await
}

#[post("/o/{id}/disputes/{dispute}/evidence")]
pub async fn on_evidence(
    request: HttpRequest,
    shell: Shell,
    order: BuyersOrder,
    objects: Data<Objects>,
    path: Path<(OrderId, DisputeId)>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let mut form = form_of(&shell, &order, &request, payload).await?;
    let said = async {
        let mut input = validate(NewEvidence { text: form.text("text").to_owned(), photo: None })?;
        input.photo = photos(&order, &objects, &mut form).await?.into_iter().next();
        dispute::say_as_buyer(&order, path.1, input).await
    };
    let said = said.await;
    shown(&shell, &order, said, "disputes").await
}
