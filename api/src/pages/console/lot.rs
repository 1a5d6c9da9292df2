//! A lot: what happened to it, labels for its boxes, and what buyers read when they scan one.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{LotId, RowId};
use minijinja::context;

use super::lots::kept_of;
use super::render::{page, value};
use crate::ocop::traceability::{labels, reading};
use crate::pages::session::{FORM, Seat, Turn, WRITTEN};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::shop::inventory::amend::{self, ErrorDeclaration, NewObservation, Observation, Wrong};
use crate::shop::inventory::keeping::Kept;
use crate::shop::inventory::lots;

#[get("/console/lots/{id}")]
pub async fn on_show(seat: Seat, id: Path<LotId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let lot = lots::show(&seat.desk, shop, *id).await?;
    let lines = reading::lines_of(seat.desk.db.fresh(), *id).await?;
    let values = context! { lot => value(&lot), lines => value(&lines), may_correct => seat.may(Permission::CorrectTraces), may_recall => seat.may(Permission::Recall) };
    page(&seat, "lot.html", "stock", values)
}

#[post("/console/lots/{id}/labels")]
pub async fn on_labels(
    request: HttpRequest,
    seat: Seat,
    id: Path<LotId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::CountStock)?;
    let form = seat.form(&request, payload, FORM).await?;
    let count = form.count("count").map(|count| count.unwrap_or(24));
    let order = match (count, form.parsed("offer")) {
        (Ok(count), Ok(offer_id)) => validate(labels::LabelOrder {
            offer_id,
            count,
            size: labels::LabelSize::named(form.text("size")),
            serials: form.some("serials").is_some(),
        }),
        (Err(problem), _) | (_, Err(problem)) => Err(problem),
    };
    let printed = match order {
        Ok(order) => labels::labels(&seat.desk, shop, *id, order).await,
        Err(problem) => Err(problem),
    };
    match printed {
        Ok(bytes) => Ok(labels::answer(*id, bytes)),
        Err(problem) if problem.code.status < 500 => Ok(seat.back(&format!("/console/lots/{id}"), Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}

#[post("/console/lots/{id}/observe")]
pub async fn on_observe(
    request: HttpRequest,
    seat: Seat,
    id: Path<LotId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::CountStock)?;
    let form = seat.form(&request, payload, FORM).await?;
    let act = if form.text("act") == "inspected" { Observation::Inspected } else { Observation::Stored };
    let seen = kept_of(&form).and_then(|kept| {
        let kept = Some(kept).filter(|kept| *kept != Kept::default());
        validate(NewObservation { act, at: None, kept, note: form.some("note") })
    });
    let done = match seen {
        Ok(seen) => amend::observe(&seat.desk, shop, *id, seen).await.map(|_| ()),
        Err(problem) => Err(problem),
    };
    seat.told(&format!("/console/lots/{id}"), done, WRITTEN)
}

#[post("/console/lots/{id}/events/{event}/error")]
pub async fn on_correct(
    request: HttpRequest,
    seat: Seat,
    path: Path<(LotId, RowId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let (lot, event) = path.into_inner();
    let shop = seat.shop(Permission::CorrectTraces)?;
    let form = seat.form(&request, payload, FORM).await?;
    let quantity = form.count("quantity");
    let declaration = match quantity {
        Ok(quantity) => {
            let reason = if quantity.is_some() { Wrong::IncorrectData } else { Wrong::DidNotOccur };
            validate(ErrorDeclaration { reason, quantity, note: form.text("note").to_owned() })
        }
        Err(problem) => Err(problem),
    };
    let done = match declaration {
        Ok(declaration) => amend::declare(&seat.desk, shop, (lot, event), declaration).await.map(|_| ()),
        Err(problem) => Err(problem),
    };
    seat.told(&format!("/console/lots/{lot}"), done, WRITTEN)
}
