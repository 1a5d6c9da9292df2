//! What can be had in quantity, at which price for an organisation, with what there is and what comes.

use std::collections::HashMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use entity::supply::OrganisationRole;
use entity::value::{CooperativeId, OfferId, OrganisationId, ProductId, Vnd};
use garde::Validate;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::{IntoParams, ToSchema};

use crate::people::desk::Desk;
use crate::platform::body::Params;
use crate::platform::db::{all, list};
use crate::platform::pagination::Page;
use crate::platform::problem::Problem;
use crate::shop::catalogue::{Catalogue, on_sale, price, unsellable};
use crate::supply::buyers::may;

/// A price from a quantity on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuantityPrice {
    pub from_quantity: i64,
    /// Đồng for one.
    pub price: i64,
    /// Given to this organisation alone.
    pub own: bool,
}

/// A pack that can be had in quantity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WholesaleGoods {
    pub offer_id: OfferId,
    pub sku: String,
    pub product_id: ProductId,
    pub product_name: String,
    pub pack: String,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    pub weight_g: i64,
    pub min_quantity: i64,
    pub step_quantity: i64,
    #[schema(required = true)]
    pub wholesale_from: Option<i64>,
    /// By quantity.
    pub prices: Vec<QuantityPrice>,
    /// On the shelf, to be had today.
    pub available: i64,
    /// Of a harvest to come, and until when.
    pub coming: i64,
    #[schema(required = true, value_type = Option<String>, format = Date)]
    pub coming_until: Option<Date>,
}

impl WholesaleGoods {
    /// What one costs when so many are taken: the lowest price that holds.
    pub fn price_of(&self, quantity: i64) -> i64 {
        let holding = self.prices.iter().filter(|one| one.from_quantity <= quantity);
        holding.map(|one| one.price).min().unwrap_or(i64::MAX)
    }
}

#[derive(FromQueryResult)]
struct Row {
    offer_id: OfferId,
    sku: String,
    product_id: ProductId,
    product_name: String,
    pack: String,
    cooperative_id: CooperativeId,
    cooperative_name: String,
    weight_g: i64,
    min_quantity: i64,
    step_quantity: i64,
    wholesale_from: Option<i64>,
    price: Vnd,
    available: i64,
    coming: i64,
    coming_until: Option<Date>,
}

#[derive(FromQueryResult)]
struct PriceRow {
    offer_id: OfferId,
    from_quantity: i64,
    price: i64,
}

/// At most so many at once.
const MOST: usize = 200;

/// Which goods are meant.
pub(super) enum Which<'a> {
    /// By name, as many as fit a page.
    Some,
    Products(&'a [ProductId]),
    Skus(&'a [String]),
    Offers(&'a [OfferId]),
}

/// Goods on sale, with their prices for an organisation on a day.
pub(super) async fn load(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    (which, today): (Which<'_>, Date),
) -> Result<Vec<WholesaleGoods>, Problem> {
    let mut values: Vec<Value> = vec![today.into()];
    let among = match &which {
        Which::Some => String::new(),
        Which::Skus([]) | Which::Offers([]) | Which::Products([]) => return Ok(Vec::new()),
        Which::Products(products) => {
            values.extend(products.iter().map(|id| Value::from(*id)));
            format!("AND o.product_id IN {}", list(2, products.len()))
        }
        Which::Skus(skus) => {
            values.extend(skus.iter().map(|sku| Value::from(sku.to_lowercase())));
            format!("AND LOWER(o.sku) IN {}", list(2, skus.len()))
        }
        Which::Offers(offers) => {
            values.extend(offers.iter().map(|id| Value::from(*id)));
            format!("AND o.id IN {}", list(2, offers.len()))
        }
    };
    let (listed, lost) = (on_sale("$1"), unsellable("o.id", "$1"));
    let sql = format!(
        "SELECT o.id AS offer_id, o.sku, o.product_id, p.name_vi AS product_name, o.pack_vi AS pack, o.cooperative_id, c.name_vi AS cooperative_name,
                o.weight_g, o.min_quantity, o.step_quantity, o.wholesale_from, {} AS price,
                COALESCE(s.on_hand - s.reserved, 0) - {lost} AS available,
                COALESCE(x.quantity * x.share_bp / 10000 - x.preordered, 0) AS coming, x.expected_to AS coming_until
         FROM offer o JOIN product p ON p.id = o.product_id JOIN cooperative c ON c.id = o.cooperative_id LEFT JOIN stock s ON s.offer_id = o.id
              LEFT JOIN forecast x ON x.offer_id = o.id AND x.state = 'open'
         WHERE o.status = 'active' AND {listed} {among} ORDER BY p.name_vi, o.position, o.id LIMIT {MOST}",
        price("$1")
    );
    let rows = all::<Row>(connection, sql, values).await?;
    let mut prices = prices_of(connection, organisation, (&rows, today)).await?;
    let view = |row: Row| {
        let mut own = vec![QuantityPrice { from_quantity: row.min_quantity, price: row.price.0, own: false }];
        own.extend(prices.remove(&row.offer_id).unwrap_or_default());
        own.sort_by_key(|one| (one.from_quantity, one.price));
        WholesaleGoods {
            offer_id: row.offer_id,
            sku: row.sku,
            product_id: row.product_id,
            product_name: row.product_name,
            pack: row.pack,
            cooperative_id: row.cooperative_id,
            cooperative_name: row.cooperative_name,
            weight_g: row.weight_g,
            min_quantity: row.min_quantity,
            step_quantity: row.step_quantity,
            wholesale_from: row.wholesale_from,
            prices: own,
            available: row.available.max(0),
            coming: row.coming.max(0),
            coming_until: row.coming_until,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Prices by quantity, and those the organisation has of its own.
async fn prices_of(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    (rows, today): (&[Row], Date),
) -> Result<HashMap<OfferId, Vec<QuantityPrice>>, Problem> {
    let mut found: HashMap<OfferId, Vec<QuantityPrice>> = HashMap::new();
    for part in rows.chunks(500) {
        let offers = || part.iter().map(|row| Value::from(row.offer_id));
        let sql = format!(
            "SELECT offer_id, from_quantity, amount AS price FROM price_tier WHERE offer_id IN {}",
            list(1, part.len())
        );
        let tiers = all::<PriceRow>(connection, sql, offers().collect::<Vec<_>>()).await?;
        let sql = format!(
            "SELECT offer_id, from_quantity, price FROM organisation_price WHERE organisation_id = $1 AND valid_until >= $2 AND offer_id IN {}",
            list(3, part.len())
        );
        let mut values: Vec<Value> = vec![organisation.into(), today.into()];
        values.extend(offers());
        let own = all::<PriceRow>(connection, sql, values).await?;
        let both = tiers.into_iter().map(|row| (row, false)).chain(own.into_iter().map(|row| (row, true)));
        for (row, own) in both {
            let one = QuantityPrice { from_quantity: row.from_quantity, price: row.price, own };
            found.entry(row.offer_id).or_default().push(one);
        }
    }
    Ok(found)
}

#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GoodsQuery {
    /// As the shop's search understands them: accents may be left out.
    #[garde(inner(length(max = 100)))]
    #[param(max_length = 100)]
    pub q: Option<String>,
}

/// Goods on sale that fit these words, with their prices for the organisation; without any, some by name.
pub async fn find(
    desk: &Desk,
    catalogue: &Catalogue,
    (organisation, words): (OrganisationId, &str),
) -> Result<Vec<WholesaleGoods>, Problem> {
    may(desk, organisation, OrganisationRole::Member).await?;
    let (connection, today) = (desk.db.fresh(), desk.today());
    if words.trim().is_empty() {
        return load(connection, organisation, (Which::Some, today)).await;
    }
    let products = catalogue.products_named(words, MOST)?;
    load(connection, organisation, (Which::Products(&products), today)).await
}

/// What can be had in quantity: prices by quantity and of one's own, what there is, and what comes; at most 200.
#[utoipa::path(tag = "business", operation_id = "list_wholesale_goods", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), GoodsQuery), responses((status = 200, description = "The goods", body = Page<WholesaleGoods>)))]
#[get("/v1/business/{organisation_id}/wholesale")]
pub async fn list_wholesale_goods(
    desk: Desk,
    catalogue: Data<Catalogue>,
    id: Path<OrganisationId>,
    query: Params<GoodsQuery>,
) -> Result<HttpResponse, Problem> {
    let items = find(&desk, &catalogue, (*id, query.0.q.as_deref().unwrap_or_default())).await?;
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}
