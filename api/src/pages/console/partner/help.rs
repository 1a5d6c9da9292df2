//! What producers lack, and a partner's offer of help.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::DifficultyId;
use minijinja::context;
use serde::Deserialize;

use super::Stand;
use crate::ocop::programme::{self, DifficultyQuery, HelpInput};
use crate::pages::console::render::value;
use crate::pages::session::{Turn, WRITTEN};
use crate::platform::body::validate;

#[derive(Deserialize)]
pub struct HelpQuery {
    cursor: Option<String>,
}

#[get("/partner/help")]
pub async fn list_difficulties(stand: Stand, query: Query<HelpQuery>) -> Result<HttpResponse, Turn> {
    let asked = validate(DifficultyQuery { cursor: query.cursor.clone(), ..DifficultyQuery::default() })?;
    let found = programme::difficulties_for_partner(&stand.desk()?, &asked).await?;
    let values = context! { difficulties => value(&found.items), next => found.next_cursor };
    stand.page("partner_help.html", "help", StatusCode::OK, values)
}

#[post("/partner/help/{id}")]
pub async fn on_offer(
    request: HttpRequest,
    stand: Stand,
    id: Path<DifficultyId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    let desk = stand.desk()?;
    let done = match validate(HelpInput { office_id: None, offer: form.text("offer").to_owned() }) {
        Ok(input) => programme::offer_partners_help(&desk, *id, input).await.map(drop),
        Err(problem) => Err(problem),
    };
    stand.seat.told("/partner/help", done, WRITTEN)
}
