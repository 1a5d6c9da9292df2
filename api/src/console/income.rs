//! What came in, and of what.

use actix_web::web::Query;
use actix_web::{HttpResponse, get};
use minijinja::context;
use serde::Deserialize;
use time::Duration;

use super::render::{page, value};
use super::session::{Seat, Turn};
use crate::identity::Permission;
use crate::reports::{self, SalesBy};

#[derive(Deserialize)]
pub struct IncomeQuery {
    days: Option<i64>,
}

#[get("/console/income")]
pub async fn on_show(seat: Seat, query: Query<IncomeQuery>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeReports)?;
    let days = query.days.unwrap_or(30).clamp(1, 366);
    let to = seat.desk.today();
    let period = (to.saturating_sub(Duration::days(days - 1)), to);
    let by_day = reports::sales(&seat.desk, shop, SalesBy::Day, period).await?;
    let by_product = reports::sales(&seat.desk, shop, SalesBy::Product, period).await?;
    let misses = reports::searches(&seat.desk, days).await?;
    let values = context! {
        days => days, by_day => value(&by_day), by_product => value(&by_product), misses => value(&misses.items.iter().take(10).collect::<Vec<_>>()),
    };
    page(&seat, "income.html", "income", values)
}
