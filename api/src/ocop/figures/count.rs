//! The figures of a period, counted from what happened: a handful of statements for all communes at once.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Value};
use serde::Serialize;
use time::{Date, Duration, OffsetDateTime, UtcOffset};
use utoipa::ToSchema;

use super::figure::Figures;
use crate::people::offices::Jurisdiction;
use crate::platform::clock::VIETNAM;
use crate::platform::db::all;
use crate::platform::problem::Problem;

/// Whole days in Vietnam, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Period {
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    #[schema(value_type = String, format = Date)]
    pub to: Date,
}

impl Period {
    pub fn year(year: i32) -> Option<Self> {
        let day = |month, day| Date::from_calendar_date(year, month, day).ok();
        Some(Self { from: day(time::Month::January, 1)?, to: day(time::Month::December, 31)? })
    }

    /// The moments it begins and is over.
    fn moments(self) -> (OffsetDateTime, OffsetDateTime) {
        let start = |day: Date| day.midnight().assume_offset(VIETNAM).to_offset(UtcOffset::UTC);
        (start(self.from), start(self.to.saturating_add(Duration::days(1))))
    }
}

/// A commune with what was counted of it, and the middle of its producers' places.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    pub figures: Figures,
    pub middle: Option<(f64, f64)>,
}

#[derive(FromQueryResult)]
struct Row {
    commune_code: String,
    a: i64,
    b: i64,
    c: i64,
    d: i64,
    e: i64,
}

#[derive(FromQueryResult)]
struct Middle {
    commune_code: String,
    latitude: f64,
    longitude: f64,
}

/// Products by what their recognitions were on the last day and within the period: $1 first day, $2 last day, $3 its end.
const STARS: &str = "SELECT c.commune_code, CAST(SUM(x.valid) AS bigint) AS a,
        CAST(SUM(CASE WHEN x.first_on >= $1 AND x.first_on <= $2 THEN 1 ELSE 0 END) AS bigint) AS b,
        CAST(SUM(CASE WHEN x.before > 0 AND x.within > x.before THEN 1 ELSE 0 END) AS bigint) AS c,
        CAST(SUM(x.ended) AS bigint) AS d, CAST(SUM(CASE WHEN x.ended = 1 THEN x.valid ELSE 0 END) AS bigint) AS e
    FROM (SELECT r.product_id, MIN(r.issued_on) AS first_on,
              MAX(CASE WHEN r.issued_on <= $2 AND r.valid_until >= $2 AND (r.revoked_at IS NULL OR r.revoked_at >= $3) THEN 1 ELSE 0 END) AS valid,
              MAX(CASE WHEN r.issued_on < $1 THEN r.stars ELSE 0 END) AS before,
              MAX(CASE WHEN r.issued_on >= $1 AND r.issued_on <= $2 THEN r.stars ELSE 0 END) AS within,
              MAX(CASE WHEN r.valid_until >= $1 AND r.valid_until < $2 AND r.revoked_at IS NULL THEN 1 ELSE 0 END) AS ended
          FROM recognition r GROUP BY r.product_id) x
         JOIN product p ON p.id = x.product_id JOIN cooperative c ON c.id = p.cooperative_id
    WHERE {place} GROUP BY c.commune_code";

/// Producers by what they do: $1 first day, $2 last day, $3 first moment, $4 the end.
const PRODUCERS: &str = "SELECT y.commune_code, COUNT(*) AS a, CAST(SUM(y.sells) AS bigint) AS b, CAST(SUM(y.lots) AS bigint) AS c,
        CAST(SUM(y.prompt) AS bigint) AS d, CAST(SUM(CASE WHEN y.lots + y.sheets + y.visits > 0 THEN 1 ELSE 0 END) AS bigint) AS e
    FROM (SELECT c.commune_code,
              CASE WHEN EXISTS (SELECT 1 FROM product p WHERE p.cooperative_id = c.id AND p.status = 'published' AND p.published_at < $4) THEN 1 ELSE 0 END AS sells,
              CASE WHEN EXISTS (SELECT 1 FROM lot l WHERE l.cooperative_id = c.id AND l.harvested_on >= $1 AND l.harvested_on <= $2) THEN 1 ELSE 0 END AS lots,
              CASE WHEN EXISTS (SELECT 1 FROM orders o JOIN order_event v ON v.order_id = o.id AND v.to_state = 'confirmed'
                  WHERE o.cooperative_id = c.id AND o.placed_at >= $3 AND o.placed_at < $4 AND {within_a_day}) THEN 1 ELSE 0 END AS prompt,
              CASE WHEN EXISTS (SELECT 1 FROM import_job j WHERE j.cooperative_id = c.id AND j.created_at >= $3 AND j.created_at < $4) THEN 1 ELSE 0 END AS sheets,
              CASE WHEN EXISTS (SELECT 1 FROM cooperative_member m JOIN session s ON s.account_id = m.account_id
                  WHERE m.cooperative_id = c.id AND s.created_at >= $3 AND s.created_at < $4) THEN 1 ELSE 0 END AS visits
          FROM cooperative c WHERE c.status = 'active' AND c.created_at < $4 AND {place}) y
    GROUP BY y.commune_code";

const MIDDLES: &str = "SELECT c.commune_code, AVG(c.latitude) AS latitude, AVG(c.longitude) AS longitude
    FROM cooperative c WHERE c.status = 'active' AND {place} GROUP BY c.commune_code";

/// Orders handed over: $1 first moment, $2 the end.
const SALES: &str = "SELECT c.commune_code, CAST(SUM(s.orders) AS bigint) AS a, CAST(SUM(s.revenue) AS bigint) AS b,
        CAST(0 AS bigint) AS c, CAST(0 AS bigint) AS d, CAST(0 AS bigint) AS e
    FROM (SELECT o.cooperative_id, COUNT(*) AS orders, SUM(o.goods_amount - o.discount_amount) AS revenue
          FROM orders o WHERE o.delivered_at >= $1 AND o.delivered_at < $2 GROUP BY o.cooperative_id) s
         JOIN cooperative c ON c.id = s.cooperative_id
    WHERE {place} GROUP BY c.commune_code";

/// Lots: $1 first day, $2 last day.
const LOTS: &str = "SELECT c.commune_code, COUNT(*) AS a,
        CAST(SUM(CASE WHEN EXISTS (SELECT 1 FROM lot_plot q JOIN diary_entry d ON d.plot_id = q.plot_id
            WHERE q.lot_id = l.id AND d.withdrawn_at IS NULL AND d.done_on <= l.harvested_on) THEN 1 ELSE 0 END) AS bigint) AS b,
        CAST(0 AS bigint) AS c, CAST(0 AS bigint) AS d, CAST(0 AS bigint) AS e
    FROM lot l JOIN cooperative c ON c.id = l.cooperative_id
    WHERE l.harvested_on >= $1 AND l.harvested_on <= $2 AND {place} GROUP BY c.commune_code";

/// What there is at the moment: links and codes; and support: $1 first day, $2 last day.
const TIES: &str = "SELECT z.commune_code, CAST(SUM(z.links) AS bigint) AS a, CAST(SUM(z.areas) AS bigint) AS b,
        CAST(SUM(z.support) AS bigint) AS c, CAST(0 AS bigint) AS d, CAST(0 AS bigint) AS e
    FROM (SELECT c.commune_code, 1 AS links, 0 AS areas, 0 AS support
          FROM destination_product k JOIN product p ON p.id = k.product_id JOIN cooperative c ON c.id = p.cooperative_id WHERE {place}
          UNION ALL
          SELECT c.commune_code, 1, 0, 0 FROM destination_cooperative k JOIN cooperative c ON c.id = k.cooperative_id WHERE {place}
          UNION ALL
          SELECT c.commune_code, 0, 1, 0 FROM plot c WHERE c.active AND c.growing_area_code IS NOT NULL AND {place}
          UNION ALL
          SELECT c.commune_code, 0, 0, g.worth FROM support_grant g JOIN cooperative c ON c.id = g.cooperative_id
          WHERE g.granted_on >= $1 AND g.granted_on <= $2 AND g.withdrawn_reason IS NULL AND {place}) z
    GROUP BY z.commune_code";

/// Jobs of each producer's last season that touches the period, and what seasons that ended in it brought: $1 first day, $2 last.
const SEASONS: &str = "SELECT c.commune_code, CAST(SUM(s.households) AS bigint) AS a,
        CAST(SUM(s.regular_workers + s.seasonal_workers) AS bigint) AS b, CAST(SUM(s.working_days) AS bigint) AS c,
        CAST(0 AS bigint) AS d, CAST(0 AS bigint) AS e
    FROM season_report s JOIN cooperative c ON c.id = s.cooperative_id
    WHERE s.from_on <= $2 AND s.to_on >= $1 AND {place}
      AND NOT EXISTS (SELECT 1 FROM season_report n WHERE n.cooperative_id = s.cooperative_id AND n.from_on <= $2 AND n.to_on >= $1
                      AND (n.to_on > s.to_on OR (n.to_on = s.to_on AND n.id > s.id)))
    GROUP BY c.commune_code";
const TURNOVER: &str = "SELECT c.commune_code, CAST(SUM(s.turnover) AS bigint) AS a,
        CAST(SUM((SELECT COALESCE(SUM(o.goods_amount - o.discount_amount), 0) FROM orders o
            WHERE o.cooperative_id = s.cooperative_id AND o.delivered_at IS NOT NULL AND {delivered_on} >= s.from_on AND {delivered_on} <= s.to_on)) AS bigint) AS b,
        CAST(0 AS bigint) AS c, CAST(0 AS bigint) AS d, CAST(0 AS bigint) AS e
    FROM season_report s JOIN cooperative c ON c.id = s.cooperative_id
    WHERE s.turnover > 0 AND s.to_on >= $1 AND s.to_on <= $2 AND {place} GROUP BY c.commune_code";

/// Counts for the communes of a place.
struct Counter<'a, C> {
    connection: &'a C,
    place: String,
    found: HashMap<String, Counted>,
}

impl<C: ConnectionTrait> Counter<'_, C> {
    fn sql(&self, text: &str) -> String {
        let (day, within) = match self.connection.get_database_backend() {
            DbBackend::Postgres => (
                "CAST(o.delivered_at AT TIME ZONE 'Asia/Ho_Chi_Minh' AS date)",
                "v.at <= o.placed_at + INTERVAL '1 day'",
            ),
            _ => ("date(o.delivered_at, '+7 hours')", "julianday(v.at) <= julianday(o.placed_at) + 1"),
        };
        text.replace("{place}", &self.place).replace("{delivered_on}", day).replace("{within_a_day}", within)
    }

    async fn take(&mut self, text: &str, values: Vec<Value>, put: impl Fn(&mut Figures, &Row)) -> Result<(), Problem> {
        for row in all::<Row>(self.connection, self.sql(text), values).await? {
            put(&mut self.found.entry(row.commune_code.clone()).or_default().figures, &row);
        }
        Ok(())
    }
}

/// The figures of every commune of the place that has any.
pub async fn count(
    connection: &impl ConnectionTrait,
    place: &Jurisdiction,
    period: Period,
) -> Result<HashMap<String, Counted>, Problem> {
    let (start, end) = period.moments();
    let days = || vec![Value::from(period.from), period.to.into()];
    let moments = || vec![Value::from(start), end.into()];
    let mut counter = Counter { connection, place: place.condition("c.commune_code"), found: HashMap::new() };
    let to_end = [days(), vec![end.into()]].concat();
    counter
        .take(STARS, to_end, |figures, row| {
            (figures.recognised, figures.new_products, figures.upgrades) = (row.a, row.b, row.c);
            (figures.renewals_due, figures.renewals_kept) = (row.d, row.e);
        })
        .await?;
    counter
        .take(PRODUCERS, [days(), moments()].concat(), |figures, row| {
            (figures.cooperatives, figures.selling_cooperatives, figures.lot_cooperatives) = (row.a, row.b, row.c);
            (figures.prompt_cooperatives, figures.digital_cooperatives) = (row.d, row.e);
        })
        .await?;
    counter.take(SALES, moments(), |figures, row| (figures.orders, figures.revenue) = (row.a, row.b)).await?;
    counter.take(LOTS, days(), |figures, row| (figures.lots, figures.traceable_lots) = (row.a, row.b)).await?;
    counter
        .take(TIES, days(), |figures, row| {
            (figures.destination_links, figures.growing_areas, figures.support) = (row.a, row.b, row.c);
        })
        .await?;
    counter
        .take(SEASONS, days(), |figures, row| {
            (figures.households, figures.workers, figures.working_days) = (row.a, row.b, row.c);
        })
        .await?;
    counter
        .take(TURNOVER, days(), |figures, row| (figures.declared_turnover, figures.declared_online) = (row.a, row.b))
        .await?;
    for counted in counter.found.values_mut() {
        counted.figures.share();
    }
    Ok(counter.found)
}

/// Puts the middle of its producers' places to every commune.
pub async fn put_middles(
    connection: &impl ConnectionTrait,
    place: &Jurisdiction,
    found: &mut HashMap<String, Counted>,
) -> Result<(), Problem> {
    let sql = MIDDLES.replace("{place}", &place.condition("c.commune_code"));
    for row in all::<Middle>(connection, sql, []).await? {
        found.entry(row.commune_code).or_default().middle = Some((row.latitude, row.longitude));
    }
    Ok(())
}
