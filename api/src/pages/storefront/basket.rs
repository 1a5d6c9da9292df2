//! The basket: the account's, or a guest's, known by a cookie.

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{CartId, CartState};
use minijinja::context;
use serde::Serialize;

use super::shell::{Fault, Shell};
use crate::orders::ordering::{
    self, Cart, Holder, Item, attribute, held_basket, held_cart, open_basket, open_cart_of, put, set_quantity,
};
use crate::platform::forms::{FORM, Form, is_foreign, read_form};
use crate::platform::problem::{FORBIDDEN, Problem};
use crate::platform::templates::value;

/// A form of our own page.
pub async fn own_form(shell: &Shell, request: &HttpRequest, payload: Payload) -> Result<Form, Fault> {
    if is_foreign(request) {
        return Err(shell.fault(Problem::new(&FORBIDDEN)));
    }
    read_form(request, payload, FORM).await.map_err(|problem| shell.fault(problem))
}

/// The open basket, and who holds it: that of the account, or the guest's, by the cookie's token.
pub async fn held(shell: &Shell) -> Result<Option<(CartId, Holder<'_>)>, Problem> {
    if let Some(person) = shell.person().await?
        && let Some(row) = open_cart_of(shell.db.fresh(), person.account).await?
    {
        return Ok(Some((row.id, Holder::Account(person.account))));
    }
    let Some((id, token)) = &shell.basket else { return Ok(None) };
    match held_cart(shell.db.fresh(), *id, Holder::Guest(token)).await {
        Ok(row) if row.state == CartState::Open => Ok(Some((*id, Holder::Guest(token)))),
        Ok(_) => Ok(None),
        Err(problem) if problem.code.status < 500 => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// The basket takes the click its guest came by. One that is not good any more is nothing to bother the guest with.
pub async fn bring_along(shell: &Shell, cart: CartId) -> Result<(), Problem> {
    let Some(via) = &shell.via else { return Ok(()) };
    let tools = (shell.db.get_ref(), shell.guide.signer.as_ref(), shell.config.terms().attribution_days);
    match attribute(tools, cart, Some(via), None, shell.clock.now()).await {
        Err(problem) if problem.code.status >= 500 => Err(problem),
        _ => Ok(()),
    }
}

pub async fn cart_of(shell: &Shell) -> Result<Option<Cart>, Problem> {
    let Some(held) = held(shell).await? else { return Ok(None) };
    let basket = held_basket((&shell.db, &shell.known), held, shell.clock.today()).await?;
    Ok(Some(ordering::cart_view(shell.db.fresh(), basket, shell.clock.now()).await?))
}

/// The open basket, or a new one; with a guest's token, which the browser is to keep.
pub async fn basket_to_fill(shell: &Shell) -> Result<(CartId, Option<String>), Problem> {
    match held(shell).await? {
        Some((id, Holder::Guest(token))) => Ok((id, Some(token.to_owned()))),
        Some((id, Holder::Account(_))) => Ok((id, None)),
        None => {
            let account = shell.person().await?.map(|person| person.account);
            open_basket(&shell.db, account, shell.clock.now()).await
        }
    }
}

async fn basket_page(shell: &Shell, status: StatusCode, error: &str) -> Result<HttpResponse, Fault> {
    #[derive(Serialize)]
    struct Shown(Option<Cart>);
    let cart = cart_of(shell).await.map_err(|problem| shell.fault(problem))?;
    shell.page("basket.html", status, context! { cart => value(&Shown(cart)), error => error })
}

#[get("/basket")]
pub async fn show(shell: Shell) -> Result<HttpResponse, Fault> {
    if let Some((id, _)) = held(&shell).await? {
        bring_along(&shell, id).await?;
    }
    basket_page(&shell, StatusCode::OK, "").await
}

async fn refused(shell: &Shell, problem: Problem) -> Result<HttpResponse, Fault> {
    if problem.code.status >= 500 {
        return Err(shell.fault(problem));
    }
    basket_page(shell, StatusCode::UNPROCESSABLE_ENTITY, &problem.words(shell.language)).await
}

#[post("/basket/add")]
pub async fn add(request: HttpRequest, shell: Shell, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let item = async {
        let quantity = form.count("quantity")?.unwrap_or(1).clamp(1, 9999);
        Ok::<_, Problem>(Item { offer_id: form.parsed("offer")?, quantity, preorder: form.text("preorder") == "1" })
    };
    let item = match item.await {
        Ok(item) => item,
        Err(problem) => return refused(&shell, problem).await,
    };
    let now = shell.clock.now();
    let (basket, token) = basket_to_fill(&shell).await?;
    bring_along(&shell, basket).await?;
    match put(&shell.db, basket, item, now).await {
        Ok(()) => {
            let mut response = shell.to("/basket");
            if let Some(token) = token {
                shell.keep_basket(&mut response, Some((basket, &token)));
            }
            Ok(response)
        }
        Err(problem) => refused(&shell, problem).await,
    }
}

#[post("/basket/line")]
pub async fn change(request: HttpRequest, shell: Shell, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let changed = async {
        let Some((id, _)) = held(&shell).await? else { return Ok(()) };
        let quantity = form.count("quantity")?.unwrap_or(0).clamp(0, 9999);
        set_quantity(&shell.db, id, form.parsed("line")?, quantity, shell.clock.now()).await
    };
    match changed.await {
        Ok(()) => Ok(shell.to("/basket")),
        Err(problem) => refused(&shell, problem).await,
    }
}

#[post("/basket/code")]
pub async fn use_code(request: HttpRequest, shell: Shell, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let Some((id, _)) = held(&shell).await? else { return Ok(shell.to("/basket")) };
    let tools = (shell.db.get_ref(), shell.guide.signer.as_ref(), shell.config.terms().attribution_days);
    match attribute(tools, id, None, Some(form.text("code")), shell.clock.now()).await {
        Ok(()) => Ok(shell.to("/basket")),
        Err(problem) => refused(&shell, problem).await,
    }
}
