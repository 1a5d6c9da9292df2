//! What came in, and of what.

use actix_web::http::header;
use actix_web::web::Query;
use actix_web::{HttpResponse, get};
use minijinja::context;
use serde::Deserialize;
use time::Duration;

use super::render::{page, value};
use crate::money::payout;
use crate::orders::reports::{self, SalesBy};
use crate::pages::session::{Seat, Turn};
use crate::people::identity::Permission;
use crate::platform::problem::Problem;
use crate::platform::sheets::SheetFormat;

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
    let (payouts, owed) = payout::latest(seat.desk.db.fresh(), shop).await.map_err(Problem::from)?;
    let misses = reports::searches(&seat.desk, days).await?;
    let values = context! {
        days => days, by_day => value(&by_day), by_product => value(&by_product), owed => owed.0, payouts => value(&payouts), misses => value(&misses.items.iter().take(10).collect::<Vec<_>>()),
    };
    page(&seat, "income.html", "income", values)
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Paper {
    Pdf,
    Xlsx,
}

#[derive(Deserialize)]
pub struct StatementQuery {
    format: Paper,
}

/// The statement since the first of last month.
#[get("/console/statement")]
pub async fn on_statement(seat: Seat, query: Query<StatementQuery>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeReports)?;
    let to = seat.desk.today();
    let last_month = to.saturating_sub(Duration::days(i64::from(to.day())));
    let from = last_month.replace_day(1).unwrap_or(last_month);
    let found = payout::statement(seat.desk.db.fresh(), shop, (from, to)).await?;
    let format = query.format;
    let made = tokio::task::spawn_blocking(move || match format {
        Paper::Pdf => payout::paper(&found),
        Paper::Xlsx => payout::sheet(&found),
    });
    let bytes = made.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    let (kind, extension) = match format {
        Paper::Pdf => ("application/pdf", "pdf"),
        Paper::Xlsx => (SheetFormat::Xlsx.media_type(), "xlsx"),
    };
    let name = format!("attachment; filename=\"sao-ke-{from}-{to}.{extension}\"");
    Ok(HttpResponse::Ok().content_type(kind).insert_header((header::CONTENT_DISPOSITION, name)).body(bytes))
}
