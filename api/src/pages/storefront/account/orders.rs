//! One's orders, and buying the same again.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{OrderActor, OrderId};
use minijinja::context;
use serde::Deserialize;

use super::Person;
use crate::orders::ordering::{Item, OrderQuery, Whose, lines_of, put, read};
use crate::pages::storefront::basket::basket_to_fill;
use crate::pages::storefront::shell::Fault;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::templates::value;

#[derive(Deserialize)]
pub struct Place {
    cursor: Option<String>,
}

#[get("/account/orders")]
pub async fn on_list(person: Person, place: Query<Place>) -> Result<HttpResponse, Fault> {
    let shell = &person.shell;
    let query = OrderQuery::newest(20, place.0.cursor);
    let whose = Whose::Buyer(person.seat.desk.who.account);
    let page = query.page(&shell.db, whose, OrderActor::Buyer, shell.clock.now()).await;
    let page = page.map_err(|problem| shell.fault(problem))?;
    let values = context! { orders => value(&page.items), next => page.next_cursor };
    person.page("account_orders.html", StatusCode::OK, values)
}

/// An order of one's own has the page that its link opens.
#[get("/account/orders/{id}")]
pub async fn on_one(person: Person, id: Path<OrderId>) -> Result<HttpResponse, Fault> {
    let row = read(&person.shell.db, *id).await.map_err(|problem| person.shell.fault(problem))?;
    if row.account_id != Some(person.seat.desk.who.account) {
        return Err(person.shell.fault(Problem::new(&NOT_FOUND)));
    }
    Ok(person.shell.to(&format!("/o/{}?token={}", row.id, &*row.access_token)))
}

/// Everything of an order that can be had today goes into the basket; what cannot is told.
async fn again(person: &Person, id: OrderId) -> Result<Vec<String>, Problem> {
    let shell = &person.shell;
    let order = read(&shell.db, id).await?;
    if order.account_id != Some(person.seat.desk.who.account) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let (basket, _) = basket_to_fill(shell).await?;
    let mut left = Vec::new();
    for line in lines_of(shell.db.fresh(), &[id]).await? {
        let item = Item { offer_id: line.offer_id, quantity: line.quantity, preorder: false };
        match put(&shell.db, basket, item, shell.clock.now()).await {
            Err(problem) if problem.code.status < 500 => {
                left.push(shell.say(&line.name_vi, &line.name_en).to_owned());
            }
            done => done?,
        }
    }
    Ok(left)
}

#[post("/account/orders/{id}/again")]
pub async fn on_again(
    request: HttpRequest,
    person: Person,
    id: Path<OrderId>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    person.form(&request, payload).await?;
    let shell = &person.shell;
    match again(&person, *id).await {
        Ok(left) if left.is_empty() => Ok(shell.to("/basket")),
        Ok(left) => {
            let words = shell.say("Hôm nay không mua được: ", "Not to be had today: ");
            Ok(person.seat.back_with("/account/orders", false, &format!("{words}{}", left.join(", "))))
        }
        Err(problem) => person.told("/account/orders", Err(problem), ("", "")),
    }
}
