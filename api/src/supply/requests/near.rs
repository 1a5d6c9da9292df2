//! What speaks for a cooperative; of it, how far the goods go and whether they are in season then.
//!
//! Delivery places are known by their commune. Where something of the market lies in it – a cooperative, a destination, a pick-up point –
//! its mean is taken for the commune, else that of the province; the distance is a straight line, for comparing.

use std::collections::HashMap;

use entity::value::{CooperativeId, SupplyRequestId};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::Serialize;
use time::Date;
use utoipa::ToSchema;

use crate::people::places::{commune, province_of};
use crate::platform::db::{all, list};
use crate::platform::problem::Problem;
use crate::shop::catalogue::rules::{distance_km, in_season};

/// What speaks for a cooperative.
#[derive(Clone, Debug, Default, Serialize, FromQueryResult, ToSchema)]
pub struct Fit {
    /// Products of the category on sale.
    pub products: i64,
    /// On the shelf and free, grams.
    pub stored_grams: i64,
    /// Forecast until the last window's end, without pre-orders, grams.
    pub forecast_grams: i64,
    /// A product of the category is in season within a window.
    #[sea_orm(skip)]
    pub in_season: bool,
    /// Kilometres to the farthest place of delivery, in a straight line; none where nothing is known near it.
    #[sea_orm(skip)]
    #[schema(required = true)]
    pub distance_km: Option<f64>,
}

type Point = (f64, f64);

#[derive(FromQueryResult)]
struct Known {
    commune_code: String,
    latitude: f64,
    longitude: f64,
}

/// Where communes and provinces lie, as far as the market knows.
#[derive(Default)]
struct Ground {
    communes: HashMap<String, Point>,
    provinces: HashMap<String, Point>,
}

fn province(code: &str) -> Option<String> {
    commune(code).map(|found| province_of(found).code.to_string())
}

impl Ground {
    fn of(rows: &[Known]) -> Self {
        let mean = |points: Vec<Point>| {
            let (mut sum, mut count) = ((0.0, 0.0), 0.0);
            for (latitude, longitude) in points {
                sum = (sum.0 + latitude, sum.1 + longitude);
                count += 1.0;
            }
            (sum.0 / count, sum.1 / count)
        };
        let (mut communes, mut provinces): (HashMap<String, Vec<Point>>, HashMap<String, Vec<Point>>) =
            (HashMap::new(), HashMap::new());
        for row in rows {
            let point = (row.latitude, row.longitude);
            communes.entry(row.commune_code.clone()).or_default().push(point);
            if let Some(province) = province(&row.commune_code) {
                provinces.entry(province).or_default().push(point);
            }
        }
        let means = |all: HashMap<String, Vec<Point>>| all.into_iter().map(|(key, points)| (key, mean(points)));
        Self { communes: means(communes).collect(), provinces: means(provinces).collect() }
    }

    fn find(&self, code: &str) -> Option<Point> {
        self.communes.get(code).or_else(|| self.provinces.get(&province(code)?)).copied()
    }
}

async fn ground(connection: &impl ConnectionTrait) -> Result<Ground, Problem> {
    let sql = "SELECT commune_code, AVG(latitude) AS latitude, AVG(longitude) AS longitude FROM (
                   SELECT commune_code, latitude, longitude FROM cooperative
                   UNION ALL SELECT commune_code, latitude, longitude FROM destination
                   UNION ALL SELECT commune_code, latitude, longitude FROM pickup_point) p
               GROUP BY commune_code";
    Ok(Ground::of(&all::<Known>(connection, sql, []).await?))
}

#[derive(FromQueryResult)]
struct Window {
    request_id: SupplyRequestId,
    commune_code: String,
    from_on: Date,
    to_on: Date,
}

#[derive(FromQueryResult)]
struct Grown {
    request_id: SupplyRequestId,
    season_from: Option<i32>,
    season_to: Option<i32>,
    latitude: f64,
    longitude: f64,
}

/// Whether a season reaches into some days.
fn then(season: Option<(i32, i32)>, from: Date, to: Date) -> bool {
    let days = (to - from).whole_days().clamp(0, 366);
    (0..=days).any(|ahead| in_season(season, from.saturating_add(time::Duration::days(ahead))))
}

/// Adds distance and season to what speaks for a cooperative, by three statements whatever their number.
pub(super) async fn add(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    fits: Vec<(SupplyRequestId, &mut Fit)>,
) -> Result<(), Problem> {
    if fits.is_empty() {
        return Ok(());
    }
    let ids: Vec<Value> = fits.iter().map(|(id, _)| Value::from(*id)).collect();
    let sql = format!(
        "SELECT w.request_id, p.commune_code, w.from_on, w.to_on FROM supply_window w JOIN organisation_place p ON p.id = w.place_id
         WHERE w.request_id IN {}",
        list(1, ids.len())
    );
    let windows = all::<Window>(connection, sql, ids.clone()).await?;
    let sql = format!(
        "SELECT r.id AS request_id, p.season_from, p.season_to, c.latitude, c.longitude
         FROM supply_request r JOIN product p ON p.category_id = r.category_id AND p.cooperative_id = $1 AND p.status <> 'archived'
              JOIN cooperative c ON c.id = p.cooperative_id
         WHERE r.id IN {}",
        list(2, ids.len())
    );
    let mut values = vec![Value::from(cooperative)];
    values.extend(ids);
    let grown = all::<Grown>(connection, sql, values).await?;
    let ground = ground(connection).await?;
    for (id, fit) in fits {
        let own: Vec<&Grown> = grown.iter().filter(|row| row.request_id == id).collect();
        let wanted: Vec<&Window> = windows.iter().filter(|row| row.request_id == id).collect();
        fit.in_season = own.iter().any(|row| {
            let season = row.season_from.zip(row.season_to);
            wanted.iter().any(|window| then(season, window.from_on, window.to_on))
        });
        let from = own.first().map(|row| (row.latitude, row.longitude));
        let far = wanted.iter().filter_map(|window| Some(distance_km(from?, ground.find(&window.commune_code)?)));
        fit.distance_km = far.reduce(f64::max).map(|km| (km * 10.0).round() / 10.0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_commune_lies_where_something_of_it_is_known_else_where_its_province_is() {
        let known =
            |code: &str, latitude: f64, longitude: f64| Known { commune_code: code.to_owned(), latitude, longitude };
        // Two places of Ba Đình, one of Ngọc Hà; nothing of Hoàng Mai, which is in the same province.
        let ground =
            Ground::of(&[known("00004", 21.0, 105.8), known("00004", 21.2, 105.8), known("00008", 21.4, 105.0)]);
        assert_eq!(ground.find("00004"), Some((21.1, 105.8)));
        let province = ground.find("00331").unwrap_or_default();
        assert!((province.0 - 21.2).abs() < 1e-9, "{province:?}");
        assert_eq!(ground.find("nowhere"), None);
        assert_eq!(Ground::default().find("00004"), None);
    }

    #[test]
    fn a_season_may_begin_within_the_days() {
        let (from, to) = (date!(2026 - 10 - 28), date!(2026 - 11 - 3));
        assert!(then(Some((11, 2)), from, to) && then(None, from, to));
        assert!(!then(Some((3, 5)), from, to));
    }
}
