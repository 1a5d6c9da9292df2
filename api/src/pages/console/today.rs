//! What is to be done today.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{CooperativeId, ReturnId};
use minijinja::{Value, context};
use time::Duration;

use super::render::{page, value};
use crate::money::payout;
use crate::ocop::certificates;
use crate::ocop::programme;
use crate::ocop::traceability::scans;
use crate::orders::fulfilment;
use crate::orders::ordering::{ReturnAnswer, ReturnDecision, ReturnedLine, decide_return as decide};
use crate::orders::reports::{self, SalesBy};
use crate::pages::session::{FORM, Seat, Turn};
use crate::people::identity::Permission;
use crate::platform::problem::Problem;
use crate::shop::inventory;
use crate::supply::{deliveries, requests};

/// What was sold today and in seven days, and what the next payout brings.
async fn money(seat: &Seat, shop: CooperativeId) -> Result<Value, Problem> {
    let today = seat.desk.today();
    let week = (today.saturating_sub(Duration::days(6)), today);
    let sold = reports::sales(&seat.desk, shop, SalesBy::Day, week).await?;
    let text = today.to_string();
    let of_today = sold.rows.iter().find(|row| row.key == text).map_or(0, |row| row.goods.0);
    let next = payout::next_of(&seat.desk, shop).await?;
    Ok(context! { today => of_today, week => sold.total.goods.0, next => value(&next) })
}

#[get("/console/today")]
pub async fn on_show(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeOrders)?;
    let queue = fulfilment::today(&seat.desk, shop).await?;
    let copied = scans::copied(seat.desk.db.fresh(), shop).await?;
    let lacking = certificates::lacking(&seat.desk, shop).await?;
    let lacking: Vec<_> = lacking.into_iter().filter(|one| !one.on_sale).collect();
    let ending = certificates::ending(&seat.desk, shop).await?;
    let waiting = programme::waiting(&seat.desk, shop).await?;
    let low = inventory::running_low(&seat.desk.db, shop, seat.desk.today()).await?;
    let money = if seat.may(Permission::SeeReports) { Some(money(&seat, shop).await?) } else { None };
    let values = context! {
        low => value(&low), money => money,
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
