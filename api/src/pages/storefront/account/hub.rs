//! The account's first page and its details.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::OrderActor;
use minijinja::context;

use super::Person;
use crate::orders::ordering::{OrderQuery, Whose};
use crate::pages::console::doors;
use crate::pages::session::{Turn, stand_up};
use crate::pages::storefront::shell::Fault;
use crate::people::identity::{
    PasswordChange, Passwords, ProfileChange, address_book, change_profile, find_account, set_new_password,
};
use crate::platform::body::validate;
use crate::platform::templates::value;
use crate::shop::favourites::liked;

#[get("/account")]
pub async fn on_show(person: Person) -> Result<HttpResponse, Turn> {
    let Person { shell, seat } = &person;
    let account = seat.desk.who.account;
    let query = OrderQuery::newest(3, None);
    let orders = query.page(&shell.db, Whose::Buyer(account), OrderActor::Buyer, shell.clock.now()).await?;
    let favourites = liked(&shell.db, &shell.catalogue, account, shell.clock.now()).await?;
    let values = context! {
        orders => value(&orders.items), doors => value(&doors(seat).await?), favourites => favourites.items.len(),
        addresses => address_book(&shell.db, &seat.desk.who).await?.len(),
    };
    person.page("account.html", StatusCode::OK, values).map_err(|fault| Turn::Problem(*fault.problem))
}

#[post("/account/sign-out")]
pub async fn on_sign_out(request: HttpRequest, person: Person, payload: Payload) -> Result<HttpResponse, Turn> {
    person.form(&request, payload).await.map_err(|fault| Turn::Problem(*fault.problem))?;
    stand_up(&person.seat, "/").await
}

#[get("/account/details")]
pub async fn on_details(person: Person) -> Result<HttpResponse, Fault> {
    let account = find_account(person.shell.db.fresh(), person.seat.desk.who.account).await?;
    let values = account.map(|account| {
        context! { name => account.name, email => account.email, phone => account.phone, spoken => account.language.as_str() }
    });
    person.page("account_details.html", StatusCode::OK, values.unwrap_or_default())
}

#[post("/account/details")]
pub async fn on_change(request: HttpRequest, person: Person, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let changed = async {
        let input = validate(ProfileChange { name: form.some("name"), language: Some(form.parsed("language")?) })?;
        change_profile(&person.shell.db, &person.seat.desk.who, input, person.shell.clock.now()).await.map(|_| ())
    };
    person.told("/account/details", changed.await, ("Đã ghi.", "Written down."))
}

#[post("/account/password")]
pub async fn on_password(
    request: HttpRequest,
    person: Person,
    passwords: Data<Passwords>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let word = |name: &str| form.0.field(name).unwrap_or_default().to_owned();
    let changed = async {
        let input = validate(PasswordChange { current_password: word("current"), new_password: word("new") })?;
        let tools = (person.shell.db.get_ref(), passwords.get_ref());
        set_new_password(tools, &person.seat.desk.who, input, person.shell.clock.now()).await
    };
    let changed = changed.await;
    if changed.is_ok() {
        person.shell.bell.ring();
    }
    let words = (
        "Đã đổi mật khẩu. Các máy khác phải đăng nhập lại.",
        "The password is changed. Other devices must sign in again.",
    );
    person.told("/account/details", changed, words)
}
