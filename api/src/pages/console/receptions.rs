//! Partners' receptions a shop brings boxes to.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::PickupPointId;
use minijinja::context;

use super::render::{page, value};
use crate::pages::session::{FORM, Seat, Turn};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::shop::delivery::{ReceptionTerms, leave, receptions_for, serve};

#[get("/console/receptions")]
pub async fn on_list(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let receptions = receptions_for(&seat.desk, shop).await?;
    page(&seat, "receptions.html", "team", context! { receptions => value(&receptions) })
}

#[post("/console/receptions")]
pub async fn on_change(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let shop = seat.shop(Permission::EditShop)?;
    let done = async {
        let point: PickupPointId = form.parsed("point")?;
        if form.text("do") == "leave" {
            return leave(&seat.desk, shop, point).await;
        }
        let days = i32::try_from(form.days("days")?.unwrap_or(0)).unwrap_or(i32::MAX);
        let terms = validate(ReceptionTerms { fee: form.amount("fee")?.unwrap_or(0), days })?;
        serve(&seat.desk, shop, point, &terms).await
    };
    match done.await {
        Ok(()) => Ok(seat.back("/console/receptions", Ok(seat.say("Đã lưu.", "Saved.")))),
        Err(problem) if problem.code.status < 500 => Ok(seat.back("/console/receptions", Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}
