//! Saying what one thinks of what one bought.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::ProductId;
use minijinja::context;

use super::Person;
use crate::media::pictures::MAX_BYTES;
use crate::pages::storefront::shell::Fault;
use crate::platform::body::validate;
use crate::platform::forms::Form;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::templates::value;
use crate::shop::catalogue::pick::Pick;
use crate::shop::reviews::{ReviewInput, keep_photo, mine, write};

/// Three pictures and a few words.
const MOST: usize = 3 * MAX_BYTES + 256 * 1024;

fn review_page(
    person: &Person,
    product: ProductId,
    status: StatusCode,
    (rating, text, error): (i32, &str, &str),
) -> Result<HttpResponse, Fault> {
    let pick = Pick { products: vec![product.to_string()], limit: 1, ..Pick::default() };
    let found = person.shell.catalogue.pick(&pick, person.shell.clock.today()).items.pop();
    let card = found.ok_or_else(|| person.shell.fault(Problem::new(&NOT_FOUND)))?.card;
    let values = context! { p => value(&card), rating => rating, text => text, error => error };
    person.page("account_review.html", status, values)
}

#[get("/account/reviews/{product}")]
pub async fn on_form(person: Person, product: Path<ProductId>) -> Result<HttpResponse, Fault> {
    let before = mine(&person.shell.db, person.seat.desk.who.account, *product).await?;
    let (rating, text) = before.map_or((5, String::new()), |review| (review.rating, review.text));
    review_page(&person, *product, StatusCode::OK, (rating, &text, ""))
}

async fn written(person: &Person, product: ProductId, form: &mut Form) -> Result<(), Problem> {
    let rating = form.parsed("rating")?;
    let text = form.text("text").to_owned();
    let mut input = validate(ReviewInput { rating, text, photos: Vec::new() })?;
    for bytes in ["photo1", "photo2", "photo3"].into_iter().filter_map(|name| form.0.other(name)) {
        input.photos.push(keep_photo(&person.seat.desk, bytes).await?.id);
    }
    write(&person.seat.desk, product, input).await.map(|_| ())
}

#[post("/account/reviews/{product}")]
pub async fn on_write(
    request: HttpRequest,
    person: Person,
    product: Path<ProductId>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let mut form = person.form_of(&request, payload, MOST).await?;
    match written(&person, *product, &mut form).await {
        Ok(()) => person.told("/account/orders", Ok(()), ("Cảm ơn bạn đã đánh giá.", "Thank you for your review.")),
        Err(problem) if problem.code.status < 500 => {
            let words = problem.words(person.shell.language);
            let typed = (form.parsed("rating").unwrap_or(5), form.text("text"), words.as_str());
            review_page(&person, *product, StatusCode::UNPROCESSABLE_ENTITY, typed)
        }
        Err(problem) => Err(person.shell.fault(problem)),
    }
}
