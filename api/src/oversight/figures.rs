//! What is sold, day by day, and what the platform takes: sums over orders and postings, so that they can be recounted.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get};
use entity::value::{PlatformRole, Vnd};
use garde::Validate;
use sea_orm::{DbBackend, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use time::{Date, Duration};
use utoipa::{IntoParams, ToSchema};

use crate::people::desk::Desk;
use crate::platform::body::Params;
use crate::platform::db::{all, one};
use crate::platform::moments::{end_of, start_of};
use crate::platform::problem::Problem;

/// A day in Vietnam.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct PlatformDay {
    /// `2026-11-29`
    pub day: String,
    /// Placed, and neither cancelled nor expired.
    pub orders: i64,
    /// Đồng for their goods.
    pub goods: Vnd,
    /// Cooperatives that sold.
    pub sellers: i64,
    /// Đồng of commission the platform earned, less what went back.
    pub takings: Vnd,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlatformFigures {
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    /// Every day of the period.
    pub days: Vec<PlatformDay>,
    pub orders: i64,
    pub goods: Vnd,
    pub takings: Vnd,
    /// That sold in the period, once each.
    pub sellers: i64,
    /// That may sell today.
    pub cooperatives: i64,
    /// On sale today.
    pub products: i64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[into_params(parameter_in = Query)]
pub struct PlatformFiguresQuery {
    /// 30 days up to the last one unless told.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// Today unless told.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
}

/// Days of a period at the most.
const MOST_DAYS: i64 = 366;

#[derive(FromQueryResult)]
struct Sold {
    day: String,
    orders: i64,
    goods: i64,
    sellers: i64,
}

#[derive(FromQueryResult)]
struct Taken {
    day: String,
    amount: i64,
}

#[derive(FromQueryResult)]
struct Counts {
    sellers: i64,
    cooperatives: i64,
    products: i64,
}

/// The day in Vietnam of a moment, as text.
fn day_of(backend: DbBackend, column: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("CAST(CAST({column} AT TIME ZONE 'Asia/Ho_Chi_Minh' AS date) AS text)"),
        _ => format!("date({column}, '+7 hours')"),
    }
}

const GOOD: &str =
    "o.state NOT IN ('awaiting_payment', 'cancelled', 'expired') AND o.placed_at >= $1 AND o.placed_at < $2";

/// The figures of a period.
pub async fn figures(desk: &Desk, query: PlatformFiguresQuery) -> Result<PlatformFigures, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let to = query.to.unwrap_or_else(|| desk.today());
    let from = query.from.unwrap_or_else(|| to.saturating_sub(Duration::days(29)));
    if from > to || (to - from).whole_days() >= MOST_DAYS {
        return Err(Problem::field("from", "range", "từ 1 đến 366 ngày", "1 to 366 days"));
    }
    let connection = desk.db.fresh();
    let backend = connection.get_database_backend();
    let period = || -> [Value; 2] { [start_of(from).into(), end_of(to).into()] };
    let sql = format!(
        "SELECT {} AS day, COUNT(*) AS orders, CAST(SUM(o.goods_amount - o.discount_amount) AS bigint) AS goods,
                COUNT(DISTINCT o.cooperative_id) AS sellers FROM orders o WHERE {GOOD} GROUP BY 1",
        day_of(backend, "o.placed_at")
    );
    let sold = all::<Sold>(connection, sql, period()).await?;
    let sql = format!(
        "SELECT {} AS day, CAST(-SUM(p.amount) AS bigint) AS amount FROM posting p JOIN ledger_account a ON a.id = p.account_id
         WHERE a.kind = 'commission' AND p.at >= $1 AND p.at < $2 GROUP BY 1",
        day_of(backend, "p.at")
    );
    let taken = all::<Taken>(connection, sql, period()).await?;
    let sql = format!(
        "SELECT (SELECT COUNT(DISTINCT o.cooperative_id) FROM orders o WHERE {GOOD}) AS sellers,
                (SELECT COUNT(*) FROM cooperative WHERE status = 'active') AS cooperatives,
                (SELECT COUNT(*) FROM product WHERE status = 'published') AS products"
    );
    let counts = one::<Counts>(connection, sql, period()).await?;
    let mut days: BTreeMap<String, PlatformDay> = BTreeMap::new();
    for ahead in 0..=(to - from).whole_days() {
        let day = from.saturating_add(Duration::days(ahead)).to_string();
        days.insert(day.clone(), PlatformDay { day, ..PlatformDay::default() });
    }
    for row in sold {
        if let Some(day) = days.get_mut(&row.day) {
            (day.orders, day.goods, day.sellers) = (row.orders, Vnd(row.goods), row.sellers);
        }
    }
    for row in taken {
        if let Some(day) = days.get_mut(&row.day) {
            day.takings = Vnd(row.amount);
        }
    }
    let days: Vec<PlatformDay> = days.into_values().collect();
    let sum = |of: fn(&PlatformDay) -> i64| days.iter().map(of).sum::<i64>();
    Ok(PlatformFigures {
        from,
        to,
        orders: sum(|day| day.orders),
        goods: Vnd(sum(|day| day.goods.0)),
        takings: Vnd(sum(|day| day.takings.0)),
        sellers: counts.as_ref().map_or(0, |row| row.sellers),
        cooperatives: counts.as_ref().map_or(0, |row| row.cooperatives),
        products: counts.as_ref().map_or(0, |row| row.products),
        days,
    })
}

/// What is sold day by day, and what the platform takes of it.
#[utoipa::path(tag = "admin", operation_id = "show_platform_figures", security(("access_token" = [])), params(PlatformFiguresQuery), responses((status = 200, description = "The figures", body = PlatformFigures)))]
#[get("/v1/admin/figures")]
pub async fn show_platform_figures(desk: Desk, query: Params<PlatformFiguresQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(figures(&desk, query.0).await?))
}
