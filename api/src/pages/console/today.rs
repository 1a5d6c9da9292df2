//! What is to be done today.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::ReturnId;
use minijinja::context;

use super::render::{page, value};
use super::session::{FORM, Seat, Turn};
use crate::ocop::certificates;
use crate::ocop::programme;
use crate::ocop::traceability::scans;
use crate::orders::fulfilment;
use crate::orders::ordering::{ReturnAnswer, ReturnDecision, ReturnedLine, decide_return as decide};
use crate::people::identity::Permission;
use crate::platform::problem::Problem;
use crate::supply::{deliveries, requests};

#[get("/console/today")]
pub async fn on_show(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeOrders)?;
    let queue = fulfilment::today(&seat.desk, shop).await?;
    let copied = scans::copied(seat.desk.db.fresh(), shop).await?;
    let lacking = certificates::lacking(&seat.desk, shop).await?;
    let lacking: Vec<_> = lacking.into_iter().filter(|one| !one.on_sale).collect();
    let ending = certificates::ending(&seat.desk, shop).await?;
    let waiting = programme::waiting(&seat.desk, shop).await?;
    let values = context! {
        waiting => value(&waiting), to_sign => requests::to_sign(&seat.desk, shop).await?,
        to_agree => deliveries::to_agree(&seat.desk, shop).await?,
        queue => value(&queue), copied => value(&copied), lacking => value(&lacking), ending => value(&ending),
    };
    page(&seat, "today.html", "today", values)
}

#[post("/console/returns/{id}")]
pub async fn on_decide_return(
    request: HttpRequest,
    seat: Seat,
    id: Path<ReturnId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::HandleReturns)?;
    let form = seat.form(&request, payload, FORM).await?;
    let decision = match form.text("decision") {
        "approve" => ReturnDecision::Approve,
        "refuse" => ReturnDecision::Refuse,
        "receive" => ReturnDecision::Receive,
        _ => ReturnDecision::Close,
    };
    let mut restocked = Vec::new();
    for (name, quantity) in
        form.0.fields.iter().filter_map(|(name, value)| Some((name.strip_prefix("restock-")?, value)))
    {
        let quantity: i64 = quantity.trim().parse().unwrap_or(0);
        if let (Ok(offer), true) = (name.parse(), quantity > 0 && decision == ReturnDecision::Receive) {
            restocked.push(ReturnedLine::of(offer, quantity));
        }
    }
    let answer = ReturnAnswer { decision, answer: form.some("answer"), restocked };
    let outcome: Result<_, Problem> = decide(&seat.desk, shop, *id, answer).await;
    Ok(match &outcome {
        Ok(_) => seat.back("/console/today", Ok(seat.say("Đã ghi.", "Done."))),
        Err(problem) => seat.back("/console/today", Err(problem)),
    })
}
