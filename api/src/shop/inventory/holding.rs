//! Lots held back from sale, and let go again, many at once.

use entity::value::{CooperativeId, LotId, OfferId, ProductId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use time::OffsetDateTime;

use super::store::{level, lock};
use crate::platform::db::{all, list, run};
use crate::platform::outbox::emit;
use crate::platform::read_model::Level;

/// What is left to sell once lots are held back or let go.
pub struct Held {
    pub levels: Vec<Level>,
    pub products: Vec<ProductId>,
}

#[derive(FromQueryResult)]
struct Offered {
    offer_id: OfferId,
}

#[derive(FromQueryResult)]
struct Grown {
    product_id: ProductId,
}

#[derive(FromQueryResult)]
struct Maker {
    cooperative_id: CooperativeId,
}

/// As many values as one statement takes on either database.
const CHUNK: usize = 5_000;

fn values(lots: &[LotId]) -> Vec<Value> {
    lots.iter().map(|lot| Value::from(*lot)).collect()
}

async fn turn(
    transaction: &impl ConnectionTrait,
    lots: &[LotId],
    state: &str,
    now: OffsetDateTime,
) -> Result<Held, DbErr> {
    let (mut offers, mut products) = (Vec::new(), Vec::new());
    for part in lots.chunks(CHUNK) {
        let among = list(1, part.len());
        let sql = format!("SELECT DISTINCT offer_id FROM lot_stock WHERE lot_id IN {among}");
        offers.extend(all::<Offered>(transaction, sql, values(part)).await?.into_iter().map(|row| row.offer_id));
        let sql = format!("SELECT DISTINCT product_id FROM lot WHERE id IN {among}");
        products.extend(all::<Grown>(transaction, sql, values(part)).await?.into_iter().map(|row| row.product_id));
    }
    offers.sort_unstable();
    offers.dedup();
    products.sort_unstable();
    products.dedup();
    // Who packs at this moment is waited for, and who packs after it sees the lots as they are now.
    lock(transaction, &offers).await?;
    for part in lots.chunks(CHUNK) {
        let sql = format!("UPDATE lot SET state = '{state}' WHERE id IN {}", list(1, part.len()));
        run(transaction, sql, values(part)).await?;
    }
    let mut levels = Vec::new();
    for offer in &offers {
        // The same version that a receipt would count up: other nodes take the new level.
        run(transaction, "UPDATE stock SET version = version + 1 WHERE offer_id = $1", [(*offer).into()]).await?;
        levels.extend(level(transaction, *offer, now).await?);
    }
    for product in &products {
        emit(transaction, "product.changed", product.0, serde_json::json!({}), now).await?;
    }
    Ok(Held { levels, products })
}

/// Nothing of these lots is sold any more.
pub async fn hold_back(transaction: &impl ConnectionTrait, lots: &[LotId], now: OffsetDateTime) -> Result<Held, DbErr> {
    turn(transaction, lots, "blocked", now).await
}

/// They are sold again.
pub async fn let_go(transaction: &impl ConnectionTrait, lots: &[LotId], now: OffsetDateTime) -> Result<Held, DbErr> {
    turn(transaction, lots, "good", now).await
}

/// Whose lots these are.
pub async fn makers_of(connection: &impl ConnectionTrait, lots: &[LotId]) -> Result<Vec<CooperativeId>, DbErr> {
    let mut makers = Vec::new();
    for part in lots.chunks(CHUNK) {
        let sql = format!("SELECT DISTINCT cooperative_id FROM lot WHERE id IN {}", list(1, part.len()));
        makers.extend(all::<Maker>(connection, sql, values(part)).await?.into_iter().map(|row| row.cooperative_id));
    }
    makers.sort_unstable();
    makers.dedup();
    Ok(makers)
}
