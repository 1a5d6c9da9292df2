//! What is known here of a product and its cooperative already: a dossier need not ask for it again.

use entity::value::{CooperativeId, ProductId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use time::{Date, Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::platform::db::one;
use crate::platform::problem::Problem;

/// Figures of the twelve months before today.
#[derive(Clone, Debug, Default, Serialize, FromQueryResult, ToSchema)]
pub struct Facts {
    /// Verified and valid, of the product or the whole cooperative.
    pub certificates: i64,
    pub plots: i64,
    /// Lots of the product.
    pub lots: i64,
    /// Orders that were paid out or delivered, with the product in them.
    pub orders: i64,
    pub pieces_sold: i64,
    /// VND, of the product, before commission.
    pub revenue: i64,
    pub reviews: i64,
    /// The mean in hundredths, 500 at the most; 0 without reviews.
    pub rating_hundredths: i64,
    pub recalls: i64,
}

const SQL: &str = "SELECT
    (SELECT COUNT(*) FROM certificate k WHERE k.cooperative_id = $1 AND k.state = 'verified' AND (k.product_id = $2 OR (k.product_id IS NULL AND k.plot_id IS NULL AND k.lot_id IS NULL))
        AND k.issued_on <= $3 AND (k.valid_until IS NULL OR k.valid_until >= $3)) AS certificates,
    (SELECT COUNT(*) FROM plot t WHERE t.cooperative_id = $1 AND t.active) AS plots,
    (SELECT COUNT(*) FROM lot l WHERE l.product_id = $2 AND l.harvested_on > $4) AS lots,
    s.orders, s.pieces_sold, s.revenue,
    (SELECT COUNT(*) FROM review r WHERE r.product_id = $2 AND r.state <> 'hidden') AS reviews,
    (SELECT CAST(COALESCE(ROUND(AVG(r.rating) * 100), 0) AS bigint) FROM review r WHERE r.product_id = $2 AND r.state <> 'hidden') AS rating_hundredths,
    (SELECT COUNT(*) FROM recall x WHERE x.cooperative_id = $1 AND x.raised_at > $5) AS recalls
    FROM (SELECT COUNT(DISTINCT o.id) AS orders, CAST(COALESCE(SUM(n.quantity), 0) AS bigint) AS pieces_sold,
                 CAST(COALESCE(SUM(n.total_amount - n.refunded_amount), 0) AS bigint) AS revenue
          FROM order_line n JOIN orders o ON o.id = n.order_id
          WHERE n.product_id = $2 AND o.delivered_at IS NOT NULL AND o.delivered_at > $5) s";

pub async fn facts(
    connection: &impl ConnectionTrait,
    (cooperative, product): (CooperativeId, ProductId),
    (today, now): (Date, OffsetDateTime),
) -> Result<Facts, Problem> {
    let year = Duration::days(365);
    let values = [cooperative.into(), product.into(), today.into(), (today - year).into(), (now - year).into()];
    Ok(one::<Facts>(connection, SQL, values).await?.unwrap_or_default())
}
