//! Stock in two taps: which, and how many.

use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{MovementKind, OfferId};
use minijinja::context;
use serde::Deserialize;

use super::render::{page, part, value};
use crate::pages::session::{FORM, Seat, Turn};
use crate::people::identity::Permission;
use crate::platform::pagination::decode;
use crate::shop::inventory::{self, NewMovement};

#[derive(Deserialize)]
pub struct CursorQuery {
    cursor: Option<String>,
}

#[get("/console/stock")]
pub async fn on_list(seat: Seat, query: Query<CursorQuery>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let after = query.cursor.as_deref().map(decode::<OfferId>).transpose()?;
    let rows = inventory::stock_of(&seat.desk.db, shop, seat.desk.today(), 30, after).await?;
    page(&seat, "stock.html", "stock", context! { items => value(&rows.items), next => rows.next_cursor })
}

/// `＋10`, `−1`, or a number counted on the shelf.
#[post("/console/stock/{offer}")]
pub async fn on_change(
    request: HttpRequest,
    seat: Seat,
    offer: Path<OfferId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::CountStock)?;
    let form = seat.form(&request, payload, FORM).await?;
    let swapped = request.headers().contains_key("hx-request");
    let by = match form.change("by")? {
        Some(by) => by,
        None => form.change("quantity")?.unwrap_or(0),
    };
    let kind = if by > 0 { MovementKind::Receipt } else { MovementKind::Correction };
    let moved = inventory::receive(
        &seat.desk,
        shop,
        *offer,
        NewMovement { kind, quantity: by, lot_id: None, note: form.some("note") },
    )
    .await;
    match moved {
        Ok(item) if swapped => part(&seat, "stock_row.html", context! { item => value(&item), told => "" }),
        Ok(_) => Ok(seat.back("/console/stock", Ok(seat.say("Đã ghi.", "Done.")))),
        Err(problem) if problem.code.status < 500 && swapped => {
            let item = inventory::one_of(&seat.desk, shop, *offer).await?;
            part(&seat, "stock_row.html", context! { item => value(&item), told => problem.words(seat.language) })
        }
        Err(problem) if problem.code.status < 500 => Ok(seat.back("/console/stock", Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}
