//! How one is told of orders: which way first, and on which devices besides.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::PushId;
use minijinja::context;

use super::Person;
use crate::messaging::reach::{
    Reach, Subscription, Way, choose, devices_of, forget_device, public_key, subscribe, ways_of,
};
use crate::pages::storefront::shell::Fault;
use crate::people::identity::{Visit, find_account};
use crate::platform::body::validate;
use crate::platform::problem::{MALFORMED, Problem, UNAUTHENTICATED};
use crate::platform::templates::value;

const HERE: &str = "/account/notices";
/// So many ways can be put in order.
const PLACES: usize = 3;

async fn account_of(person: &Person) -> Result<entity::account::Model, Problem> {
    let account = find_account(person.shell.db.fresh(), person.seat.desk.who.account).await?;
    account.ok_or_else(|| Problem::new(&UNAUTHENTICATED))
}

#[get("/account/notices")]
pub async fn on_show(person: Person) -> Result<HttpResponse, Fault> {
    let (db, who) = (&person.shell.db, &person.seat.desk.who);
    let account = account_of(&person).await?;
    let devices = devices_of(db, who.account).await?;
    let mut chosen: Vec<&str> = ways_of(db, who.account).await?.iter().map(|way| way.as_str()).collect();
    chosen.resize(PLACES, "");
    let say = |vi, en| person.shell.say(vi, en);
    let open = [
        (Way::Email, say("Thư điện tử", "E-mail"), &account.email),
        (Way::Zalo, "Zalo", &account.phone),
        (Way::Sms, say("Tin nhắn SMS", "Text message"), &account.phone),
    ];
    let open = open.into_iter().filter_map(|(way, words, address)| {
        let address = address.as_ref()?;
        Some(context! { name => way.as_str(), words => words, address => address })
    });
    let values = context! {
        devices => value(&devices), chosen => chosen, ways => open.collect::<Vec<_>>(),
        push_key => public_key(db, person.shell.clock.now()).await?,
    };
    person.page("account_notices.html", StatusCode::OK, values)
}

#[post("/account/notices")]
pub async fn on_choose(
    request: HttpRequest,
    person: Person,
    reach: Data<Reach>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let chosen = async {
        let ways: Vec<Way> = (0..PLACES).filter_map(|place| Way::read(form.text(&format!("way{place}")))).collect();
        choose(&person.shell.db, &reach, &account_of(&person).await?, &ways, person.shell.clock.now()).await
    };
    person.told(HERE, chosen.await, ("Đã ghi.", "Written down."))
}

/// What the browser subscribed with.
#[post("/account/notices/devices")]
pub async fn on_subscribe(
    request: HttpRequest,
    person: Person,
    reach: Data<Reach>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let (shell, who) = (&person.shell, &person.seat.desk.who);
    let told = async {
        let input: Subscription =
            serde_json::from_str(form.text("subscription")).map_err(|_| Problem::new(&MALFORMED))?;
        let (input, label) = (validate(input)?, Visit::of_browser(&request).label);
        subscribe((&shell.db, &reach), &shell.config, who, (&input, &label), shell.clock.now()).await.map(drop)
    };
    person.told(HERE, told.await, ("Máy này sẽ nhận thông báo.", "This device will be told."))
}

#[post("/account/notices/devices/{id}")]
pub async fn on_forget(
    request: HttpRequest,
    person: Person,
    id: Path<PushId>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    person.form(&request, payload).await?;
    let forgotten = forget_device(&person.shell.db, person.seat.desk.who.account, *id).await;
    person.told(HERE, forgotten, ("Máy đó không nhận thông báo nữa.", "That device is told no longer."))
}
