//! Figures for a cooperative: what was sold when, of what, to where, through what; what is in store and expires; what
//! people looked for in vain. Every figure is a sum over orders and movements, so that it can be recounted.

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::value::{CooperativeId, OfferId, Vnd};
use garde::Validate;
use sea_orm::{DbBackend, FromQueryResult};
use serde::{Deserialize, Serialize};
use time::{Date, Duration};
use utoipa::{IntoParams, ToSchema};

use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::people::places;
use crate::platform::body::Params;
use crate::platform::clock::VIETNAM;
use crate::platform::db::all;
use crate::platform::problem::Problem;
use crate::platform::routing::Routes;
use crate::platform::sheets::{Cell, Column, SheetFormat, Table};
use crate::shop::catalogue::unsellable;

pub fn routes(config: &mut Routes<'_>) {
    config.service(show_sales).service(show_stock).service(show_searches);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SalesBy {
    Day,
    Product,
    /// Province the goods went to; what was collected counts as `pickup`.
    Place,
    Channel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    Json,
    Xlsx,
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct SalesQuery {
    /// `day` unless told.
    #[param(inline)]
    by: Option<SalesBy>,
    /// First day (in Vietnam); 30 days back unless told.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Last day; today unless told.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// `json` unless told.
    #[param(inline)]
    format: Option<ReportFormat>,
}

/// One line of a sales report. Cancelled and expired orders are counted apart and nowhere else.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub struct SalesRow {
    /// A day, a product's id, a province's code, a channel.
    pub key: String,
    /// The same in words.
    pub name: String,
    pub orders: i64,
    pub units: i64,
    /// Đồng, without delivery.
    pub goods: Vnd,
    /// Đồng; 0 by product, since delivery belongs to orders.
    pub delivery: Vnd,
    pub cancelled_orders: i64,
    /// Units that left the shelf, less what came back: from the stock movements.
    pub moved_units: i64,
}

#[derive(Serialize, ToSchema)]
pub struct SalesReport {
    pub by: SalesBy,
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    pub rows: Vec<SalesRow>,
    pub total: SalesRow,
}

const GOOD: &str = "o.state NOT IN ('awaiting_payment', 'cancelled', 'expired')";
const OVER: &str = "o.state IN ('cancelled', 'expired')";

/// Sales of a cooperative in a period, by the day the orders were placed.
pub async fn sales(
    desk: &Desk,
    cooperative: CooperativeId,
    by: SalesBy,
    (from, to): (Date, Date),
) -> Result<SalesReport, Problem> {
    let db = desk.db.fresh();
    let day = match db.get_database_backend() {
        DbBackend::Postgres => "CAST(CAST(o.placed_at AT TIME ZONE 'Asia/Ho_Chi_Minh' AS date) AS text)",
        _ => "date(o.placed_at, '+7 hours')",
    };
    let moved = "COALESCE((SELECT CAST(-SUM(m.quantity) AS bigint) FROM stock_movement m WHERE m.order_id = o.id), 0)";
    let (key, name, lines, units, goods, delivery, count, moved) = match by {
        SalesBy::Product => (
            "CAST(p.slug AS text)".to_owned(),
            "MAX(p.name_vi)",
            "JOIN order_line l ON l.order_id = o.id JOIN product p ON p.id = l.product_id",
            "l.quantity",
            "l.total_amount",
            "0",
            "COUNT(DISTINCT CASE WHEN {GOOD} THEN o.id END)",
            "COALESCE((SELECT CAST(-SUM(m.quantity) AS bigint) FROM stock_movement m WHERE m.order_id = o.id AND m.offer_id = l.offer_id), 0)",
        ),
        _ => (
            match by {
                SalesBy::Day => day.to_owned(),
                SalesBy::Place => {
                    "CASE WHEN o.delivery_method = 'pickup' THEN 'pickup' ELSE o.commune_code END".to_owned()
                }
                _ => "o.channel".to_owned(),
            },
            "''",
            "",
            "(SELECT CAST(SUM(q.quantity) AS bigint) FROM order_line q WHERE q.order_id = o.id)",
            "o.goods_amount",
            "o.delivery_amount",
            "COUNT(CASE WHEN {GOOD} THEN 1 END)",
            moved,
        ),
    };
    let start = from.midnight().assume_offset(VIETNAM).to_offset(time::UtcOffset::UTC);
    let end = (to + Duration::days(1)).midnight().assume_offset(VIETNAM).to_offset(time::UtcOffset::UTC);
    let sum = |what: &str| format!("CAST(COALESCE(SUM(CASE WHEN {GOOD} THEN {what} ELSE 0 END), 0) AS bigint)");
    let rows = all::<SalesRow>(
        db,
        format!(
            "SELECT {key} AS key, {name} AS name, {} AS orders, {} AS units, {} AS goods, {} AS delivery,
                    COUNT(DISTINCT CASE WHEN {OVER} THEN o.id END) AS cancelled_orders,
                    CAST(COALESCE(SUM({moved}), 0) AS bigint) AS moved_units
             FROM orders o {lines} WHERE o.cooperative_id = $1 AND o.placed_at >= $2 AND o.placed_at < $3
             GROUP BY {key} ORDER BY 1",
            count.replace("{GOOD}", GOOD),
            sum(units),
            sum(goods),
            sum(delivery),
        ),
        [cooperative.into(), start.into(), end.into()],
    )
    .await?;
    let rows = named(by, rows);
    let total = rows.iter().fold(empty("total"), |sum, row| SalesRow {
        orders: sum.orders + row.orders,
        units: sum.units + row.units,
        goods: Vnd(sum.goods.0 + row.goods.0),
        delivery: Vnd(sum.delivery.0 + row.delivery.0),
        cancelled_orders: sum.cancelled_orders + row.cancelled_orders,
        moved_units: sum.moved_units + row.moved_units,
        ..sum
    });
    Ok(SalesReport { by, from, to, rows, total })
}

fn empty(key: &str) -> SalesRow {
    SalesRow {
        key: key.to_owned(),
        name: key.to_owned(),
        orders: 0,
        units: 0,
        goods: Vnd::ZERO,
        delivery: Vnd::ZERO,
        cancelled_orders: 0,
        moved_units: 0,
    }
}

/// Communes become provinces; keys get their words.
fn named(by: SalesBy, rows: Vec<SalesRow>) -> Vec<SalesRow> {
    if by != SalesBy::Place {
        return rows
            .into_iter()
            .map(|row| SalesRow { name: if row.name.is_empty() { row.key.clone() } else { row.name.clone() }, ..row })
            .collect();
    }
    let mut provinces: Vec<SalesRow> = Vec::new();
    for row in rows {
        let province = places::commune(&row.key).map(places::province_of);
        let (key, name) = province.map_or_else(
            || (row.key.clone(), "Lấy tại điểm".to_owned()),
            |province| (province.code.to_owned(), province.name.to_owned()),
        );
        let index = provinces.iter().position(|known| known.key == key).unwrap_or_else(|| {
            provinces.push(SalesRow { name, ..empty(&key) });
            provinces.len() - 1
        });
        let sum = &mut provinces[index];
        sum.orders += row.orders;
        sum.units += row.units;
        sum.goods.0 += row.goods.0;
        sum.delivery.0 += row.delivery.0;
        sum.cancelled_orders += row.cancelled_orders;
        sum.moved_units += row.moved_units;
    }
    provinces
}

fn workbook(name: &str, table: &Table<'_>) -> Result<HttpResponse, Problem> {
    let bytes = table.write(SheetFormat::Xlsx).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type(SheetFormat::Xlsx.media_type())
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.xlsx\"")))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(bytes))
}

/// The period asked for; at most two years.
fn period(desk: &Desk, from: Option<Date>, to: Option<Date>) -> Result<(Date, Date), Problem> {
    let to = to.unwrap_or_else(|| desk.today());
    let from = from.unwrap_or_else(|| to.saturating_sub(Duration::days(29)));
    if from > to || to - from > Duration::days(732) || !(2000..9999).contains(&from.year()) || to.year() >= 9999 {
        let mut problem =
            Problem::field("from", "period", "khoảng ngày không hợp lệ", "not a period of at most two years");
        problem.code = &crate::platform::problem::MALFORMED;
        return Err(problem);
    }
    Ok((from, to))
}

/// What was sold in a period, by day, product, place or channel.
#[utoipa::path(tag = "seller", operation_id = "show_sales_report", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), SalesQuery), responses((status = 200, description = "The report", content((SalesReport = "application/json"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/v1/seller/cooperatives/{cooperative_id}/reports/sales")]
pub async fn show_sales(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<SalesQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    let period = period(&desk, query.0.from, query.0.to)?;
    let report = sales(&desk, *cooperative, query.0.by.unwrap_or(SalesBy::Day), period).await?;
    if query.0.format != Some(ReportFormat::Xlsx) {
        return Ok(HttpResponse::Ok().json(report));
    }
    let columns = [
        Column::new("Mục", 24.0),
        Column::new("Tên", 30.0),
        Column::new("Số đơn", 10.0),
        Column::new("Số lượng", 10.0),
        Column::new("Tiền hàng (đ)", 16.0),
        Column::new("Phí giao (đ)", 14.0),
        Column::new("Đơn hủy", 10.0),
        Column::new("Đã xuất kho", 12.0),
    ];
    let line = |row: &SalesRow| {
        vec![
            Cell::from(row.key.as_str()),
            Cell::from(row.name.as_str()),
            row.orders.into(),
            row.units.into(),
            row.goods.0.into(),
            row.delivery.0.into(),
            row.cancelled_orders.into(),
            row.moved_units.into(),
        ]
    };
    let rows: Vec<_> = report.rows.iter().chain([&report.total]).map(line).collect();
    let table = Table { title: "Doanh thu", columns: &columns, rows: &rows, instructions: &[] };
    workbook(&format!("doanh-thu-{}-{}", report.from, report.to), &table)
}

/// What there is of an offer, and when it expires.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub struct StockRow {
    pub offer_id: OfferId,
    pub sku: String,
    pub name_vi: String,
    pub pack_vi: String,
    pub on_hand: i64,
    pub reserved: i64,
    /// Expired, or held back.
    pub unsellable: i64,
    /// In lots that expire within seven days from now.
    pub expiring: i64,
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub next_expiry: Option<Date>,
    /// Đồng, at today's price.
    pub worth: Vnd,
}

#[derive(Serialize, ToSchema)]
pub struct StockReport {
    pub rows: Vec<StockRow>,
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct StockQuery {
    /// `json` unless told.
    #[param(inline)]
    format: Option<ReportFormat>,
}

pub async fn stock(desk: &Desk, cooperative: CooperativeId) -> Result<StockReport, Problem> {
    let rows = all::<StockRow>(
        desk.db.fresh(),
        format!(
            "SELECT o.id AS offer_id, o.sku, p.name_vi, o.pack_vi, COALESCE(s.on_hand, 0) AS on_hand, COALESCE(s.reserved, 0) AS reserved,
                    {} AS unsellable,
                    COALESCE((SELECT CAST(SUM(ls.on_hand) AS bigint) FROM lot_stock ls JOIN lot l ON l.id = ls.lot_id
                              WHERE ls.offer_id = o.id AND l.state = 'good' AND l.expires_on >= $2 AND l.expires_on <= $3), 0) AS expiring,
                    (SELECT MIN(l.expires_on) FROM lot_stock ls JOIN lot l ON l.id = ls.lot_id
                     WHERE ls.offer_id = o.id AND ls.on_hand > 0 AND l.expires_on >= $2) AS next_expiry,
                    COALESCE(s.on_hand, 0) * o.price_amount AS worth
             FROM offer o JOIN product p ON p.id = o.product_id LEFT JOIN stock s ON s.offer_id = o.id
             WHERE o.cooperative_id = $1 ORDER BY p.name_vi, o.position, o.id LIMIT 20000",
            unsellable("o.id", "$2")
        ),
        [cooperative.into(), desk.today().into(), (desk.today() + Duration::days(7)).into()],
    )
    .await?;
    Ok(StockReport { rows })
}

/// What is in store, what it is worth, and what expires within a week.
#[utoipa::path(tag = "seller", operation_id = "show_stock_report", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), StockQuery), responses((status = 200, description = "The report", content((StockReport = "application/json"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/v1/seller/cooperatives/{cooperative_id}/reports/stock")]
pub async fn show_stock(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<StockQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    let report = stock(&desk, *cooperative).await?;
    if query.0.format != Some(ReportFormat::Xlsx) {
        return Ok(HttpResponse::Ok().json(report));
    }
    let columns = [
        Column::new("Mã hàng", 16.0),
        Column::new("Sản phẩm", 30.0),
        Column::new("Quy cách", 20.0),
        Column::new("Tồn", 10.0),
        Column::new("Khách đã đặt", 12.0),
        Column::new("Không bán được", 12.0),
        Column::new("Hết hạn trong 7 ngày", 14.0),
        Column::new("Hạn gần nhất", 14.0),
        Column::new("Giá trị (đ)", 16.0),
    ];
    let line = |row: &StockRow| {
        vec![
            Cell::from(row.sku.as_str()),
            Cell::from(row.name_vi.as_str()),
            Cell::from(row.pack_vi.as_str()),
            row.on_hand.into(),
            row.reserved.into(),
            row.unsellable.into(),
            row.expiring.into(),
            row.next_expiry.into(),
            row.worth.0.into(),
        ]
    };
    let rows: Vec<_> = report.rows.iter().map(line).collect();
    workbook("ton-kho", &Table { title: "Tồn kho", columns: &columns, rows: &rows, instructions: &[] })
}

#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub struct SearchMiss {
    /// Without accents.
    pub term: String,
    pub count: i64,
}

#[derive(Serialize, ToSchema)]
pub struct SearchReport {
    pub items: Vec<SearchMiss>,
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Days back; 30 unless told.
    #[garde(inner(range(min = 1, max = 366)))]
    #[param(minimum = 1, maximum = 366)]
    days: Option<i64>,
}

pub async fn searches(desk: &Desk, days: i64) -> Result<SearchReport, Problem> {
    let items = all::<SearchMiss>(
        desk.db.fresh(),
        "SELECT term, CAST(SUM(count) AS bigint) AS count FROM search_miss WHERE day >= $1 GROUP BY term ORDER BY 2 DESC, term LIMIT 100",
        [(desk.today() - Duration::days(days)).into()],
    )
    .await?;
    Ok(SearchReport { items })
}

/// What buyers looked for on the whole marketplace and did not find.
#[utoipa::path(tag = "seller", operation_id = "show_search_report", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), SearchQuery), responses((status = 200, description = "The report", body = SearchReport)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/reports/searches")]
pub async fn show_searches(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<SearchQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    Ok(HttpResponse::Ok().json(searches(&desk, query.0.days.unwrap_or(30)).await?))
}
