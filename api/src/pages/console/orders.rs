//! Orders: lists by state, one order with its next step, papers, many at once.

use actix_web::http::header;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{Carrier, OrderActor, OrderId, OrderState, ParcelId};
use minijinja::context;
use serde::Deserialize;

use super::render::{page, value};
use crate::orders::fulfilment::{self, BulkAction, Carriers, NewParcel, ParcelStep};
use crate::orders::ordering::seller::{self, CancelReason};
use crate::orders::ordering::{Action, Whose, order_list, read_talk, returns_of_order, views, write_message};
use crate::pages::session::{FORM, Form, Seat, Turn};
use crate::people::identity::Permission;
use crate::platform::db::by_id;
use crate::platform::pagination::{Page, decode};
use crate::platform::problem::{NOT_FOUND, Problem};

#[derive(Deserialize)]
pub struct ListQuery {
    state: Option<String>,
    cursor: Option<String>,
}

const ON_A_PAGE: u64 = 20;

#[get("/console/orders")]
pub async fn on_list(seat: Seat, query: Query<ListQuery>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeOrders)?;
    let state = query.state.as_deref().and_then(|state| state.parse::<OrderState>().ok());
    let before = query.cursor.as_deref().map(decode::<OrderId>).transpose()?;
    let db = seat.desk.db.fresh();
    let rows = order_list(db, &Whose::Seller(shop), state, before, ON_A_PAGE).await?;
    let rows = Page::from_rows(rows, ON_A_PAGE, |row| row.id);
    let items = views(db, rows.items, OrderActor::Seller, seat.desk.now()).await?;
    let values = context! { orders => value(&items), next => rows.next_cursor, state => state.map(OrderState::as_str) };
    page(&seat, "orders.html", "orders", values)
}

#[post("/console/orders")]
pub async fn on_bulk(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::FulfilOrders)?;
    let form = seat.form(&request, payload, FORM).await?;
    let action = match form.text("action") {
        "confirm" => BulkAction::Confirm,
        "pack" => BulkAction::Pack,
        _ => BulkAction::Ship,
    };
    let ids: Vec<OrderId> = form.all("order").filter_map(|id| id.parse().ok()).take(100).collect();
    let results = fulfilment::bulk(&seat.desk, shop, action, &ids, seat.language).await?;
    let done = results.iter().filter(|result| result.done).count();
    let failed = results.iter().find(|result| !result.done).and_then(|result| result.detail.clone());
    let mut words = format!("{} {done}/{}", seat.say("Đã làm", "Done"), results.len());
    if let Some(reason) = failed {
        words = format!("{words}. {reason}");
    }
    let back =
        form.some("back").filter(|path| path.starts_with("/console/")).unwrap_or_else(|| "/console/today".into());
    Ok(seat.back(&back, Ok(&words)))
}

#[get("/console/pack")]
pub async fn on_pack_list(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeOrders)?;
    let list = fulfilment::pack_list(&seat.desk, shop, &[]).await?;
    page(&seat, "pack.html", "today", context! { list => value(&list) })
}

#[get("/console/orders/{id}")]
pub async fn on_show(seat: Seat, id: Path<OrderId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeOrders)?;
    let row = seller::own(&seat.desk, shop, *id, Permission::SeeOrders).await?;
    let now = seat.desk.now();
    let talk = read_talk(&seat.desk.db, row.id, OrderActor::Seller, now).await?;
    let parcels = fulfilment::parcels_of(seat.desk.db.fresh(), row.id, now).await?;
    let returns = returns_of_order(seat.desk.db.fresh(), row.id).await?;
    let order = seller::view(&seat.desk, row).await?;
    let reasons: Vec<_> = CancelReason::ALL.iter().map(|reason| reason.as_str()).collect();
    let values = context! {
        order => value(&order), talk => value(&talk), parcels => value(&parcels), returns => value(&returns), reasons => reasons,
    };
    page(&seat, "order.html", "orders", values)
}

async fn act(seat: &Seat, carriers: &Data<Carriers>, id: OrderId, step: &str, form: &Form) -> Result<(), Turn> {
    let desk = &seat.desk;
    let shop = seat.shop(Permission::FulfilOrders)?;
    let row = seller::own(desk, shop, id, Permission::FulfilOrders).await?;
    match step {
        "confirm" => drop(seller::by_seller(desk, &row, Action::Confirm, None, &[]).await?),
        "pack" => drop(seller::by_seller(desk, &row, Action::Pack, None, &[]).await?),
        "ship" => drop(fulfilment::ship_whole(desk, &row).await?),
        "deliver" => drop(fulfilment::deliver_whole(desk, &row).await?),
        "collect" => drop(fulfilment::collect_order(desk, &row, form.text("code")).await?),
        "cancel" => {
            let wanted = form.text("reason_code");
            let code = CancelReason::ALL.into_iter().find(|reason| reason.as_str() == wanted);
            drop(seller::cancel_for(desk, &row, code.unwrap_or(CancelReason::Other), form.text("reason")).await?);
        }
        "message" => {
            let author = (OrderActor::Seller, Some(desk.who.account));
            write_message(desk.begin().await?, &row, author, form.text("text"), desk.now()).await?;
            desk.bell.ring();
        }
        "parcel" => {
            let carrier: Carrier = form.parsed("carrier")?;
            fulfilment::create_parcel(desk, &row, &NewParcel { carrier, lines: Vec::new(), weight_g: None }).await?;
        }
        "parcel-step" => {
            let parcel: ParcelId = form.parsed("parcel")?;
            let step = match form.text("step") {
                "book" => ParcelStep::Book,
                "hand_over" => ParcelStep::HandOver,
                "delivered" => ParcelStep::Delivered,
                "failed" => ParcelStep::Failed,
                "returned" => ParcelStep::Returned,
                "lost" => ParcelStep::Lost,
                _ => ParcelStep::Cancel,
            };
            fulfilment::take_step(desk, &carriers.clone().into_inner(), shop, parcel, step).await?;
        }
        _ => return Err(Problem::new(&NOT_FOUND).into()),
    }
    Ok(())
}

#[post("/console/orders/{id}/{step}")]
pub async fn on_step(
    request: HttpRequest,
    seat: Seat,
    carriers: Data<Carriers>,
    path: Path<(OrderId, String)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    let (id, step) = path.into_inner();
    let back = form
        .some("back")
        .filter(|path| path.starts_with("/console/"))
        .unwrap_or_else(|| format!("/console/orders/{id}"));
    match act(&seat, &carriers, id, &step, &form).await {
        Ok(()) => Ok(seat.back(&back, Ok(seat.say("Đã ghi.", "Done.")))),
        Err(Turn::Problem(problem)) if problem.code.status < 500 => Ok(seat.back(&back, Err(&problem))),
        Err(turn) => Err(turn),
    }
}

fn pdf(name: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}.pdf\"")))
        .body(bytes)
}

#[get("/console/orders/{id}/note.pdf")]
pub async fn on_note(seat: Seat, id: Path<OrderId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::FulfilOrders)?;
    let row = seller::own(&seat.desk, shop, *id, Permission::FulfilOrders).await?;
    Ok(pdf(&row.number, fulfilment::delivery_note(&seat.desk, &row).await?))
}

#[get("/console/parcels/{id}/label.pdf")]
pub async fn on_label(seat: Seat, id: Path<ParcelId>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::FulfilOrders)?;
    let row = by_id::<entity::parcel::Entity>(seat.desk.db.fresh(), *id).await?;
    let row = row.filter(|row| row.cooperative_id == shop).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(pdf(&row.number.clone(), fulfilment::parcel_label(&seat.desk, row).await?))
}
