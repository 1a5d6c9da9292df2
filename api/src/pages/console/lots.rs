//! Harvest lots: what came in when, and what is about to expire.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{CooperativeId, LotId, MovementKind, OfferId, ProductId};
use minijinja::context;
use sea_orm::FromQueryResult;
use serde::Serialize;
use time::Date;

use super::render::{page, value};
use crate::ocop::traceability::plots;
use crate::pages::session::{FORM, Form, Seat, Turn};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::platform::db::all;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;
use crate::shop::inventory::harvest::{self, LotQuantity, NewLot};
use crate::shop::inventory::keeping::Kept;
use crate::shop::inventory::lots::{self, LotQuery};
use crate::shop::inventory::{NewMovement, receive};
use crate::shop::selling::markdowns::{self, ExpiryDiscount};

#[derive(FromQueryResult, Serialize)]
struct Choice {
    offer_id: OfferId,
    product_id: ProductId,
    name: String,
}

#[get("/console/lots")]
pub async fn on_list(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let query = LotQuery { in_stock: Some(true), limit: Some(50), ..LotQuery::default() };
    let found = lots::find(&seat.desk, shop, &query).await?;
    let offers = all::<Choice>(
        seat.desk.db.fresh(),
        "SELECT o.id AS offer_id, o.product_id, p.name_vi || ' · ' || o.pack_vi AS name FROM offer o JOIN product p ON p.id = o.product_id
         WHERE o.cooperative_id = $1 AND p.status <> 'archived' ORDER BY p.name_vi, o.position LIMIT 200",
        [shop.into()],
    )
    .await?;
    let plots = plots::find(&seat.desk, shop, (Some(MAX_LIMIT), None)).await?;
    let plots: Vec<_> = plots.items.into_iter().filter(|plot| plot.active).collect();
    let today = seat.desk.today().to_string();
    page(
        &seat,
        "lots.html",
        "stock",
        context! {
            lots => value(&found.items), offers => value(&offers), today => today, plots => value(&plots),
            may_correct => seat.may(Permission::CorrectTraces), may_price => seat.may(Permission::EditListings),
            discount => value(&markdowns::find(seat.desk.db.fresh(), shop).await?.into_iter().find(|rule| rule.product_id.is_none())),
        },
    )
}

/// What is taken off for goods that must be eaten soon, of all products that have no rule of their own.
#[post("/console/expiry-discount")]
pub async fn on_discount(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, FORM).await?;
    let (vi, en) = match discount(&seat, shop, &form).await {
        Ok(true) => ("Đã bật giảm giá hàng cận hạn.", "What must be eaten soon is reduced from now on."),
        Ok(false) => ("Đã tắt giảm giá hàng cận hạn.", "Nothing is reduced any more."),
        Err(problem) if problem.code.status < 500 => return Ok(seat.back("/console/lots", Err(&problem))),
        Err(problem) => return Err(problem.into()),
    };
    Ok(seat.back("/console/lots", Ok(seat.say(vi, en))))
}

/// Whether it is on afterwards: without days or a share it is off.
async fn discount(seat: &Seat, shop: CooperativeId, form: &Form) -> Result<bool, Problem> {
    let mut rules = markdowns::find(seat.desk.db.fresh(), shop).await?;
    rules.retain(|rule| rule.product_id.is_some());
    let typed = form.count("days_before")?.zip(form.count("percent")?).filter(|(days, percent)| days * percent > 0);
    if let Some((days_before, percent)) = typed {
        let rate_bp = percent.saturating_mul(100);
        rules.push(validate(ExpiryDiscount { product_id: None, days_before, rate_bp })?);
    }
    markdowns::replace(&seat.desk, shop, &rules).await?;
    Ok(typed.is_some())
}

/// Where and how warm goods are kept.
pub(super) fn kept_of(form: &Form) -> Result<Kept, Problem> {
    let degrees = |name: &str| match form.text(name).trim_end_matches(['C', 'c', '°', ' ']) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            Problem::field(format!("/kept/{name}"), "number", "không phải số độ", "is not a number of degrees")
        }),
    };
    validate(Kept { storage: form.text("storage").parse().ok(), from_c: degrees("from_c")?, to_c: degrees("to_c")? })
}

fn new_lot(form: &Form) -> Result<NewLot, Problem> {
    let (product, offer) = form.text("what").split_once('/').unwrap_or_default();
    let wrong = |field: &str| Problem::field(format!("/{field}"), "value", "chưa chọn", "is not chosen");
    let format = time::macros::format_description!("[year]-[month]-[day]");
    let date = |name: &str| Date::parse(form.text(name), format).map_err(|_| wrong(name));
    Ok(NewLot {
        product_id: product.parse().map_err(|_| wrong("what"))?,
        code: form.some("code"),
        harvested_on: date("harvested_on")?,
        expires_on: if form.text("expires_on").is_empty() { None } else { Some(date("expires_on")?) },
        plot: None,
        household: form.some("household"),
        note: None,
        certificate_ids: Vec::new(),
        plot_ids: form.all("plot").filter_map(|id| id.parse().ok()).collect(),
        wait_reason: form.some("wait_reason"),
        kept: kept_of(form)?,
        made_of: Vec::new(),
        added_g: 0,
        forecast_id: None,
        contents: vec![LotQuantity {
            offer_id: offer.parse().map_err(|_| wrong("what"))?,
            quantity: form
                .count("quantity")?
                .filter(|n| (1..=1_000_000).contains(n))
                .ok_or_else(|| wrong("quantity"))?,
        }],
    })
}

#[post("/console/lots")]
pub async fn on_create(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::CountStock)?;
    let form = seat.form(&request, payload, FORM).await?;
    let made = match new_lot(&form) {
        Ok(input) => harvest::create(&seat.desk, shop, input).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(lot) => {
            let path = format!("/console/lots/{}", lot.id);
            Ok(seat.back(&path, Ok(seat.say("Đã ghi lô mới.", "The lot is recorded."))))
        }
        Err(problem) if problem.code.status < 500 => Ok(seat.back("/console/lots", Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}

#[post("/console/lots/{id}")]
pub async fn on_write_off(
    request: HttpRequest,
    seat: Seat,
    id: Path<LotId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::CountStock)?;
    let form = seat.form(&request, payload, FORM).await?;
    let offer: OfferId = form.parsed("offer")?;
    let quantity = -form.count("quantity")?.unwrap_or(0);
    let note = form.some("note").or_else(|| Some("hủy hàng hỏng".to_owned()));
    let movement = NewMovement { kind: MovementKind::Correction, quantity, lot_id: Some(*id), note };
    match receive(&seat.desk, shop, offer, movement).await {
        Ok(_) => Ok(seat.back("/console/lots", Ok(seat.say("Đã trừ khỏi lô.", "Taken off the lot.")))),
        Err(problem) if problem.code.status < 500 => Ok(seat.back("/console/lots", Err(&problem))),
        Err(problem) => Err(problem.into()),
    }
}
