//! What somebody keeps an eye on.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::ProductId;
use minijinja::context;

use super::Person;
use crate::pages::storefront::basket::own_form;
use crate::pages::storefront::shell::Fault;
use crate::platform::templates::value;
use crate::shop::favourites::{FavouriteInput, forget, keep, liked};

#[get("/account/favourites")]
pub async fn on_list(person: Person) -> Result<HttpResponse, Fault> {
    let shell = &person.shell;
    let list = liked(&shell.db, &shell.catalogue, person.seat.desk.who.account, shell.clock.now()).await?;
    person.page("account_favourites.html", StatusCode::OK, context! { favourites => value(&list.items) })
}

#[post("/account/favourites/{product}")]
pub async fn on_change(
    request: HttpRequest,
    person: Person,
    product: Path<ProductId>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    // The button stands on a product's page, which knows no session: a form of another site is refused all the same.
    let form = own_form(&person.shell, &request, payload).await?;
    let (shell, account) = (&person.shell, person.seat.desk.who.account);
    let back = if form.text("from").starts_with("/p/") { form.text("from") } else { "/account/favourites" };
    if form.text("act") == "forget" {
        let gone = forget(&shell.db, account, *product).await.map(|_| ()).map_err(Into::into);
        return person.told(back, gone, ("Đã bỏ theo dõi.", "No longer on your list."));
    }
    let input = FavouriteInput { notify: form.text("notify") == "yes" };
    let kept = keep((&shell.db, &shell.catalogue), (account, *product), input, shell.clock.now()).await.map(|_| ());
    let words = if input.notify {
        (
            "Đã theo dõi; có hàng hoặc vào mùa sẽ báo bạn.",
            "On your list; you are told when it can be had or its season begins.",
        )
    } else {
        ("Đã theo dõi.", "On your list.")
    };
    person.told(back, kept, words)
}
