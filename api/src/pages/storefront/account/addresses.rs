//! The address book.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::AddressId;
use minijinja::context;

use super::Person;
use crate::pages::storefront::shell::Fault;
use crate::people::identity::{AddressInput, address_book, enter_address, rewrite_address, strike_address};
use crate::people::places;
use crate::platform::body::validate;
use crate::platform::forms::Form;
use crate::platform::problem::Problem;
use crate::platform::templates::value;

const HERE: &str = "/account/addresses";

#[get("/account/addresses")]
pub async fn on_list(person: Person) -> Result<HttpResponse, Fault> {
    let book = address_book(&person.shell.db, &person.seat.desk.who).await?;
    person.page("account_addresses.html", StatusCode::OK, context! { addresses => value(&book) })
}

fn typed(form: &Form) -> Result<AddressInput, Problem> {
    let commune_code = places::commune_meant(form.text("commune")).ok_or_else(|| {
        let (vi, en) =
            ("Không tìm thấy xã này; viết như “Kim Bôi, Phú Thọ”", "No such commune; write “Kim Bôi, Phú Thọ”");
        Problem::field("/commune", "commune", vi, en)
    })?;
    let text = |name: &str| form.text(name).to_owned();
    validate(AddressInput { recipient: text("name"), phone: text("phone"), street: text("street"), commune_code })
}

#[post("/account/addresses")]
pub async fn on_enter(request: HttpRequest, person: Person, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let entered = async {
        let (desk, typed) = (&person.seat.desk, typed(&form)?);
        let transaction = desk.begin().await?;
        enter_address(&transaction, &desk.who, typed, desk.now()).await?;
        transaction.commit().await?;
        Ok(())
    };
    person.told(HERE, entered.await, ("Đã thêm địa chỉ.", "The address is added."))
}

#[post("/account/addresses/{id}")]
pub async fn on_change(
    request: HttpRequest,
    person: Person,
    id: Path<AddressId>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let (db, who) = (&person.shell.db, &person.seat.desk.who);
    if form.text("act") == "strike" {
        return person.told(HERE, strike_address(db, who, *id).await, ("Đã xóa địa chỉ.", "The address is gone."));
    }
    let changed = async { rewrite_address(db, who, *id, typed(&form)?, person.shell.clock.now()).await.map(|_| ()) };
    person.told(HERE, changed.await, ("Đã sửa địa chỉ.", "The address is changed."))
}
