//! Sites, destinations, team, keys and legal facts.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use minijinja::context;
use serde_json::json;

use super::Stand;
use super::feeds::destinations;
use crate::pages::console::render::value;
use crate::pages::session::{Form, Turn};
use crate::people::identity::partner::Scope;
use crate::platform::body::validate;
use crate::platform::db::by_id;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::tourism::keys::{self, NewApiKey};
use crate::tourism::partners::{self, PartnerPlaces};
use crate::tourism::sites::{self, Looker};
use crate::tourism::team;

#[get("/partner/settings")]
pub async fn show_settings(stand: Stand) -> Result<HttpResponse, Turn> {
    let desk = stand.desk()?;
    desk.owner().await?;
    let row = by_id::<entity::partner::Entity>(desk.db.fresh(), desk.partner).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let profile = partners::view(desk.db.fresh(), row).await?;
    let sites = sites::sites_of(desk.db.fresh(), desk.partner).await?;
    let members = team::members(desk.db.fresh(), desk.partner).await?;
    let keys = keys::keys_of(&desk).await?;
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let values = context! {
        sites => value(&sites), places => value(&destinations(&stand)), members => value(&members), keys => value(&keys), scopes => scopes,
        profile => value(&profile),
    };
    stand.page("partner_settings.html", "settings", StatusCode::OK, values)
}

/// A secret that is shown once, and why it is.
type Shown = Option<(String, &'static str, &'static str)>;

async fn act(stand: &Stand, looker: &Looker, form: &Form) -> Result<Shown, Turn> {
    let desk = stand.desk()?;
    let mut shown = None;
    match form.text("do") {
        "site-add" => {
            sites::add(&desk, form.text("url")).await?;
        }
        "site-verify" => {
            sites::verify(&desk, looker, form.parsed("site")?).await?;
        }
        "site-remove" => sites::remove(&desk, form.parsed("site")?).await?,
        "places" => {
            let destinations = form.all("destination").filter_map(|id| id.parse().ok()).collect();
            partners::set_places(&desk, &validate(PartnerPlaces { destinations })?).await?;
        }
        "invite" => {
            let invitation = team::invite(&desk, form.parsed("role")?).await?;
            shown = Some((
                invitation.code,
                "Mã mời, dùng một lần trong hai tuần.",
                "An invitation for one person, good for two weeks.",
            ));
        }
        "key-make" => {
            let scopes: Vec<&str> = form.all("scope").collect();
            let input = json!({"name": form.text("key_name"), "scopes": scopes});
            let input: NewApiKey = crate::platform::body::parse(input.to_string().as_bytes())?;
            let key = keys::make(&desk, &input).await?;
            shown = Some((key.secret, "Khóa API mới.", "The new key."));
        }
        "key-rotate" => {
            let key = keys::rotate(&desk, form.parsed("key")?).await?;
            shown = Some((
                key.secret,
                "Khóa mới; khóa cũ còn dùng được một ngày.",
                "The new secret; the old one is good for another day.",
            ));
        }
        "key-revoke" => keys::revoke(&desk, form.parsed("key")?).await?,
        _ => return Err(Problem::new(&NOT_FOUND).into()),
    }
    stand.guide.refresh().await?;
    Ok(shown)
}

#[post("/partner/settings")]
pub async fn on_change(
    request: HttpRequest,
    stand: Stand,
    looker: Data<Looker>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    match act(&stand, &looker, &form).await {
        Ok(Some((secret, vi, en))) => {
            let values = context! { secret => secret, why => stand.seat.say(vi, en) };
            stand.page("partner_secret.html", "settings", StatusCode::OK, values)
        }
        Ok(None) => Ok(stand.seat.back("/partner/settings", Ok(stand.seat.say("Đã lưu.", "Saved.")))),
        Err(Turn::Problem(problem)) if problem.code.status < 500 => {
            Ok(stand.seat.back("/partner/settings", Err(&problem)))
        }
        Err(turn) => Err(turn),
    }
}
