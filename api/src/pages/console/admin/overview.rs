//! What waits, search, the audit trail, figures, an order, what is late, failed or recalled.

use actix_web::web::{Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{AccountId, OrderId, Vnd};
use minijinja::context;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{Admin, input};
use crate::money::payment::give_back;
use crate::orders::ordering::{read, seller};
use crate::orders::recall;
use crate::oversight::figures::PlatformFiguresQuery;
use crate::oversight::trail::AuditQuery;
use crate::oversight::{figures, search, to_do, trail};
use crate::pages::charts::bars;
use crate::pages::console::render::value;
use crate::pages::session::{Form, Turn, WRITTEN};
use crate::platform::body::validate;
use crate::platform::idempotency::IdempotencyKey;
use crate::platform::numbers;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_today)
        .service(on_search)
        .service(on_trail)
        .service(on_figures)
        .service(on_late)
        .service(on_failures)
        .service(on_recalls)
        .service(on_order)
        .service(on_refund);
}

#[get("/admin")]
async fn on_today(admin: Admin) -> Result<HttpResponse, Turn> {
    let desk = &admin.seat.desk;
    let tasks = to_do::waiting(desk.db.fresh(), desk.now()).await?;
    let figures = figures::figures(desk, PlatformFiguresQuery::default()).await?;
    let today = figures.days.last().cloned();
    admin.page(
        "admin_today.html",
        "to_do",
        context! { tasks => value(&tasks), day => value(&today), month => value(&figures) },
    )
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

#[get("/admin/search")]
async fn on_search(admin: Admin, asked: Query<Asked>) -> Result<HttpResponse, Turn> {
    let words = asked.q.trim();
    let found = if (2..=100).contains(&words.chars().count()) {
        search::search(&admin.seat.desk, words).await?
    } else {
        Vec::new()
    };
    admin.page("admin_search.html", "search", context! { q => words, found => value(&found) })
}

#[derive(Deserialize)]
struct TrailAsked {
    thing: Option<Uuid>,
    person: Option<Uuid>,
    cursor: Option<String>,
}

#[get("/admin/trail")]
async fn on_trail(admin: Admin, asked: Query<TrailAsked>) -> Result<HttpResponse, Turn> {
    let asked = asked.into_inner();
    let query = AuditQuery {
        entity_id: asked.thing,
        actor_id: asked.person.map(AccountId),
        cursor: asked.cursor,
        limit: Some(50),
        ..AuditQuery::default()
    };
    let found = trail::trail(&admin.seat.desk, &validate(query)?).await?;
    // A change as it is kept, in a line of its own.
    let shown =
        |kept: &Option<serde_json::Value>| kept.as_ref().filter(|kept| !kept.is_null()).map(ToString::to_string);
    let lines: Vec<minijinja::Value> = found
        .items
        .iter()
        .map(|line| context! { before => shown(&line.before), after => shown(&line.after), ..value(line) })
        .collect();
    let values = context! {
        lines => lines, next => found.next_cursor, thing => asked.thing.map(|id| id.to_string()),
        one => asked.person.map(|id| id.to_string()),
    };
    admin.page("admin_trail.html", "search", values)
}

#[derive(Deserialize)]
struct Period {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

#[get("/admin/figures")]
async fn on_figures(admin: Admin, period: Query<Period>) -> Result<HttpResponse, Turn> {
    let day = |text: &str| numbers::date(text).ok();
    let query = PlatformFiguresQuery { from: day(&period.from), to: day(&period.to) };
    let desk = &admin.seat.desk;
    let found = match figures::figures(desk, query).await {
        Ok(found) => found,
        // A period that is none: the usual one.
        Err(problem) if problem.code.status < 500 => figures::figures(desk, PlatformFiguresQuery::default()).await?,
        Err(problem) => return Err(problem.into()),
    };
    let of = |amount: fn(&figures::PlatformDay) -> (i64, String)| {
        bars(found.days.iter().rev().take(31).map(|day| {
            let (number, words) = amount(day);
            (day.day.clone(), words, number)
        }))
    };
    let values = context! {
        found => value(&found),
        goods => value(&of(|day| (day.goods.0, day.goods.to_string()))),
        takings => value(&of(|day| (day.takings.0, day.takings.to_string()))),
        orders => value(&of(|day| (day.orders, day.orders.to_string()))),
    };
    admin.page("admin_figures.html", "figures", values)
}

#[get("/admin/late")]
async fn on_late(admin: Admin) -> Result<HttpResponse, Turn> {
    let found = to_do::late_orders(&admin.seat.desk).await?;
    admin.page("admin_late.html", "to_do", context! { orders => value(&found) })
}

#[get("/admin/failures")]
async fn on_failures(admin: Admin) -> Result<HttpResponse, Turn> {
    let found = to_do::failures(&admin.seat.desk).await?;
    admin.page("admin_failures.html", "to_do", context! { failures => value(&found) })
}

#[get("/admin/recalls")]
async fn on_recalls(admin: Admin) -> Result<HttpResponse, Turn> {
    let found = recall::find_all(admin.seat.desk.db.fresh(), (Some(MAX_LIMIT), None)).await?;
    admin.page("admin_recalls.html", "to_do", context! { recalls => value(&found.items) })
}

#[get("/admin/orders/{id}")]
async fn on_order(admin: Admin, id: Path<OrderId>) -> Result<HttpResponse, Turn> {
    let desk = &admin.seat.desk;
    let row = read(&desk.db, *id).await?;
    let shown = seller::view(desk, row).await?;
    admin.page("admin_order.html", "search", context! { o => value(&shown) })
}

async fn refund(admin: &Admin, id: OrderId, form: &Form) -> Result<(), Problem> {
    let asked =
        input(&json!({"amount": form.amount("amount")?.map(|amount| Vnd(amount).0), "note": form.text("note")}))?;
    give_back(&admin.seat.desk, id, &IdempotencyKey(form.text("once").to_owned()), &asked).await
}

#[post("/admin/orders/{id}/refunds")]
async fn on_refund(
    request: HttpRequest,
    admin: Admin,
    id: Path<OrderId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let done = refund(&admin, *id, &form).await;
    admin.seat.told(&format!("/admin/orders/{id}"), done, WRITTEN)
}
