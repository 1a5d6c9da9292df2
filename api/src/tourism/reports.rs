//! What a partner brought: views, clicks, orders and commission, by day, product or page, and the postings they come from.
//! Commission is read from the books, so that a report can say nothing else than they do.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get};
use entity::payout;
use entity::value::{Money, OrderId, PartnerId, PostingId, Vnd};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use crate::money::payout::{PayoutView, payout_view};
use crate::people::desk::PartnerDesk;
use crate::people::identity::partner::Scope;
use crate::platform::body::Params;
use crate::platform::clock::VIETNAM;
use crate::platform::db::{all, one};
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::Problem;

/// Days a report covers, at most.
const MOST_DAYS: i64 = 366;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartnerReportBy {
    #[default]
    Day,
    Product,
    Page,
    Feed,
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct PartnerReportQuery {
    #[param(inline)]
    by: Option<PartnerReportBy>,
    /// First day in Vietnam; 30 days ago unless told.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Last day; today unless told.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

#[derive(Clone, Default, Serialize, ToSchema)]
pub struct PartnerReportRow {
    /// A day, a product's slug, a page or a feed's slug.
    pub key: String,
    pub name: String,
    /// Of pages that showed a feed; by product, how often it was among what they showed.
    pub views: i64,
    /// Not the same guest again within the half hour.
    pub clicks: i64,
    /// Placed, whatever became of them.
    pub orders: i64,
    /// Đồng: goods of orders placed.
    pub goods: i64,
    /// Đồng: in sight until the order is completed.
    pub in_sight: i64,
    /// Đồng: owed to the partner, less what returns took back. By day: as posted.
    pub commission: i64,
}

#[derive(Serialize, ToSchema)]
pub struct PartnerReport {
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    pub rows: Vec<PartnerReportRow>,
    pub total: PartnerReportRow,
}

#[derive(FromQueryResult)]
struct Touched {
    key: Option<String>,
    name: Option<String>,
    at: Option<OffsetDateTime>,
    count: i64,
    amount: i64,
}

fn midnight(day: Date) -> OffsetDateTime {
    day.midnight().assume_offset(VIETNAM).to_offset(time::UtcOffset::UTC)
}

/// What becomes a key, read as text; where days are asked for, the moment does.
struct Keys {
    /// Of clicks `k`.
    click: &'static str,
    /// Of order lines `l`, orders `o` and their clicks `k`.
    order: &'static str,
}

fn keys(by: PartnerReportBy) -> Keys {
    let feed = "(SELECT f.slug FROM feed f WHERE f.id = k.feed_id)";
    match by {
        PartnerReportBy::Day => Keys { click: "NULL", order: "NULL" },
        PartnerReportBy::Product => Keys {
            click: "(SELECT p.slug FROM product p WHERE p.id = k.product_id)",
            order: "(SELECT p.slug FROM product p WHERE p.id = l.product_id)",
        },
        PartnerReportBy::Page => Keys { click: "k.page", order: "k.page" },
        PartnerReportBy::Feed => Keys { click: feed, order: feed },
    }
}

type Rows = BTreeMap<String, PartnerReportRow>;

fn add(rows: &mut Rows, by_day: bool, touched: Vec<Touched>, put: impl Fn(&mut PartnerReportRow, i64, i64)) {
    for touched in touched {
        let key = match touched.at.filter(|_| by_day) {
            Some(at) => at.to_offset(VIETNAM).date().to_string(),
            None => touched.key.unwrap_or_default(),
        };
        let row = rows.entry(key.clone()).or_insert_with(|| PartnerReportRow { key, ..PartnerReportRow::default() });
        if let Some(name) = touched.name {
            row.name = name;
        }
        put(row, touched.count, touched.amount);
    }
}

/// Whose report, of which days, by what.
struct Asked {
    partner: PartnerId,
    by: PartnerReportBy,
    from: Date,
    to: Date,
}

impl Asked {
    fn moments(&self) -> [sea_orm::Value; 3] {
        [self.partner.into(), midnight(self.from).into(), midnight(self.to + Duration::days(1)).into()]
    }

    /// One row an event where days are asked for: a day in Vietnam is not a day in UTC.
    fn at(&self, column: &'static str) -> &'static str {
        if self.by == PartnerReportBy::Day { column } else { "CAST(NULL AS timestamptz)" }
    }

    async fn views(&self, connection: &impl ConnectionTrait) -> Result<Vec<Touched>, DbErr> {
        let (key, name, views) = match self.by {
            PartnerReportBy::Day => ("CAST(v.day AS text)", "CAST(NULL AS text)", "feed_view v"),
            PartnerReportBy::Product => {
                ("p.slug", "MAX(p.name_vi)", "feed_product_view v JOIN product p ON p.id = v.product_id")
            }
            PartnerReportBy::Page => ("v.page", "CAST(NULL AS text)", "feed_view v"),
            PartnerReportBy::Feed => ("f.slug", "CAST(NULL AS text)", "feed_view v"),
        };
        let sql = format!(
            "SELECT {key} AS key, {name} AS name, CAST(NULL AS timestamptz) AS at, CAST(SUM(v.views) AS bigint) AS count, CAST(0 AS bigint) AS amount
             FROM {views} JOIN feed f ON f.id = v.feed_id WHERE f.partner_id = $1 AND v.day >= $2 AND v.day <= $3 GROUP BY {key}"
        );
        all(connection, sql, [self.partner.into(), self.from.into(), self.to.into()]).await
    }

    async fn clicks(&self, connection: &impl ConnectionTrait) -> Result<Vec<Touched>, DbErr> {
        let (click, at) = (keys(self.by).click, self.at("k.at"));
        let sql = format!(
            "SELECT CAST({click} AS text) AS key, CAST(NULL AS text) AS name, {at} AS at, COUNT(*) AS count, CAST(0 AS bigint) AS amount FROM click k
             WHERE k.partner_id = $1 AND k.at >= $2 AND k.at < $3 AND k.counted GROUP BY 1, 3"
        );
        all(connection, sql, self.moments()).await
    }

    async fn orders(&self, connection: &impl ConnectionTrait) -> Result<Vec<Touched>, DbErr> {
        let (amount, joined, name) = if self.by == PartnerReportBy::Product {
            ("l.total_amount - l.discount_amount", "JOIN order_line l ON l.order_id = o.id", "MAX(l.name_vi)")
        } else {
            ("o.goods_amount", "", "CAST(NULL AS text)")
        };
        let (key, at) = (keys(self.by).order, self.at("o.placed_at"));
        let sql = format!(
            "SELECT CAST({key} AS text) AS key, {name} AS name, {at} AS at, COUNT(DISTINCT o.id) AS count, CAST(SUM({amount}) AS bigint) AS amount
             FROM orders o {joined} LEFT JOIN click k ON k.id = o.click_id WHERE o.partner_id = $1 AND o.placed_at >= $2 AND o.placed_at < $3 GROUP BY 1, 3"
        );
        all(connection, sql, self.moments()).await
    }

    /// As posted, of what is owed or of what is only in sight.
    async fn commission(&self, connection: &impl ConnectionTrait, in_sight: bool) -> Result<Vec<Touched>, DbErr> {
        let owner = if in_sight { format!("{}/in sight", self.partner) } else { self.partner.to_string() };
        let (key, at) = (keys(self.by).order, self.at("p.at"));
        let sql = format!(
            "SELECT CAST({key} AS text) AS key, CAST(NULL AS text) AS name, {at} AS at, CAST(0 AS bigint) AS count, CAST(-SUM(p.amount) AS bigint) AS amount
             FROM posting p JOIN ledger_account a ON a.id = p.account_id JOIN orders o ON o.id = p.order_id
                  LEFT JOIN order_line l ON l.id = p.order_line_id LEFT JOIN click k ON k.id = o.click_id
             WHERE a.kind = 'partner' AND a.owner = $1 AND p.at >= $2 AND p.at < $3 GROUP BY 1, 3"
        );
        let [_, from, until] = self.moments();
        all(connection, sql, [owner.into(), from, until]).await
    }
}

/// What a partner brought in these days.
pub async fn report(
    connection: &impl ConnectionTrait,
    partner: PartnerId,
    by: PartnerReportBy,
    (from, to): (Date, Date),
) -> Result<PartnerReport, DbErr> {
    let asked = Asked { partner, by, from, to };
    let by_day = by == PartnerReportBy::Day;
    let mut rows = Rows::new();
    // Views are counted by Vietnam's day already.
    add(&mut rows, false, asked.views(connection).await?, |row, count, _| row.views += count);
    add(&mut rows, by_day, asked.clicks(connection).await?, |row, count, _| row.clicks += count);
    add(&mut rows, by_day, asked.orders(connection).await?, |row, count, amount| {
        row.orders += count;
        row.goods += amount;
    });
    add(&mut rows, by_day, asked.commission(connection, false).await?, |row, _, amount| row.commission += amount);
    add(&mut rows, by_day, asked.commission(connection, true).await?, |row, _, amount| row.in_sight += amount);
    let mut total = PartnerReportRow::default();
    for row in rows.values() {
        total.views += row.views;
        total.clicks += row.clicks;
        total.orders += row.orders;
        total.goods += row.goods;
        total.in_sight += row.in_sight;
        total.commission += row.commission;
    }
    Ok(PartnerReport { from, to, rows: rows.into_values().collect(), total })
}

/// What the partner brought: views, clicks, orders, commission.
#[utoipa::path(tag = "partner", operation_id = "show_partner_report", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), PartnerReportQuery), responses((status = 200, description = "The report", body = PartnerReport)))]
#[get("/v1/partner/{partner_id}/report")]
pub async fn show_report(desk: PartnerDesk, query: Params<PartnerReportQuery>) -> Result<HttpResponse, Problem> {
    desk.may(Scope::ReportsRead).await?;
    let to = query.0.to.unwrap_or_else(|| desk.today());
    let from = query.0.from.unwrap_or_else(|| to.saturating_sub(Duration::days(29)));
    if from > to || (to - from).whole_days() >= MOST_DAYS {
        return Err(Problem::field("from", "range", "từ 1 đến 366 ngày", "1 to 366 days"));
    }
    Ok(HttpResponse::Ok()
        .json(report(desk.db.fresh(), desk.partner, query.0.by.unwrap_or_default(), (from, to)).await?))
}

/// A posting of the partner's account.
#[derive(Serialize, ToSchema)]
pub struct CommissionLine {
    id: PostingId,
    #[schema(required = true)]
    order_id: Option<OrderId>,
    #[schema(required = true)]
    order_number: Option<String>,
    #[schema(required = true)]
    product: Option<String>,
    /// `completed`, `refund_owed`, `payout_sent`, …
    kind: String,
    /// Negative: taken back, or paid out.
    amount: Money,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
}

#[derive(FromQueryResult)]
struct PostingRow {
    id: PostingId,
    order_id: Option<OrderId>,
    number: Option<String>,
    name_vi: Option<String>,
    kind: String,
    amount: Vnd,
    at: OffsetDateTime,
}

/// Every đồng of the partner's account, newest first.
#[utoipa::path(tag = "partner", operation_id = "list_commissions", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), Paging), responses((status = 200, description = "A page of postings", body = Page<CommissionLine>)))]
#[get("/v1/partner/{partner_id}/commissions")]
pub async fn list_commissions(desk: PartnerDesk, query: Params<Paging>) -> Result<HttpResponse, Problem> {
    desk.may(Scope::ReportsRead).await?;
    let sql = "SELECT p.id, p.order_id, o.number, l.name_vi, j.kind, -p.amount AS amount, p.at FROM posting p JOIN ledger_account a ON a.id = p.account_id
               JOIN journal j ON j.id = p.journal_id LEFT JOIN orders o ON o.id = p.order_id LEFT JOIN order_line l ON l.id = p.order_line_id";
    let page = NewestFirst::of(sql, "p.id", query.0.place())?.and("a.partner_id = ?", desk.partner);
    let page = page.page(desk.db.fresh(), |row: &PostingRow| row.id).await?;
    let line = |row: PostingRow| CommissionLine {
        id: row.id,
        order_id: row.order_id,
        order_number: row.number,
        product: row.name_vi,
        kind: row.kind,
        amount: row.amount.into(),
        at: row.at,
    };
    Ok(HttpResponse::Ok()
        .json(Page { items: page.items.into_iter().map(line).collect::<Vec<_>>(), next_cursor: page.next_cursor }))
}

#[derive(Serialize, ToSchema)]
pub struct PartnerMoney {
    /// Owed to the partner now.
    pub owed: Money,
    /// Not owed yet: of orders that are not completed.
    pub in_sight: Money,
    /// The newest first, up to 50.
    pub payouts: Vec<PayoutView>,
}

#[derive(FromQueryResult)]
struct Sum {
    amount: Vnd,
}

pub async fn money(connection: &impl ConnectionTrait, partner: PartnerId) -> Result<PartnerMoney, DbErr> {
    let balance = |owner: String| async move {
        let sql = "SELECT CAST(COALESCE(-SUM(balance), 0) AS bigint) AS amount FROM ledger_account WHERE kind = 'partner' AND owner = $1";
        Ok::<_, DbErr>(one::<Sum>(connection, sql, [owner.into()]).await?.map_or(Vnd::ZERO, |row| row.amount))
    };
    let sql =
        "SELECT * FROM payout WHERE partner_id = $1 AND state NOT IN ('draft', 'cancelled') ORDER BY id DESC LIMIT 50";
    let payouts = all::<payout::Model>(connection, sql, [partner.into()]).await?;
    Ok(PartnerMoney {
        owed: balance(partner.to_string()).await?.into(),
        in_sight: balance(format!("{partner}/in sight")).await?.into(),
        payouts: payouts.into_iter().map(payout_view).collect(),
    })
}

/// What is owed to the partner, and what was paid.
#[utoipa::path(tag = "partner", operation_id = "show_partner_money", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), responses((status = 200, description = "The money", body = PartnerMoney)))]
#[get("/v1/partner/{partner_id}/money")]
pub async fn show_money(desk: PartnerDesk) -> Result<HttpResponse, Problem> {
    desk.may(Scope::ReportsRead).await?;
    Ok(HttpResponse::Ok().json(money(desk.db.fresh(), desk.partner).await?))
}
