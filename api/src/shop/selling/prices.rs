//! Prices that begin and end at a moment. Several nodes may look at once: each step has one winner.

use std::time::Duration;

use actix_web::web::Data;
use entity::scheduled_price;
use entity::value::{AuditActor, OfferId, ProductId, ScheduledPriceState, Vnd};
use sea_orm::FromQueryResult;
use serde_json::json;
use time::OffsetDateTime;

use super::markdowns;
use crate::platform::background::Stop;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all, one, run};
use crate::platform::outbox::{Bell, emit};
use crate::platform::problem::Problem;
use crate::platform::read_model::ReadModel;

pub struct PriceClock {
    pub db: Db,
    pub clock: Clock,
    pub read_model: ReadModel,
    pub bell: Data<Bell>,
}

#[derive(FromQueryResult)]
struct Before {
    product_id: ProductId,
    price_amount: Vnd,
}

impl PriceClock {
    pub async fn run(self, stop: Stop) {
        let mut rounds: u64 = 0;
        while stop.pause(Duration::from_secs(2)).await {
            let done = match self.round().await {
                // What must be eaten soon changes by the day, and with what is sold: looked at more rarely.
                Ok(()) if rounds.is_multiple_of(4) => self.reduce().await,
                done => done,
            };
            rounds += 1;
            if let Err(problem) = done {
                tracing::warn!(%problem, "changing prices failed; trying again");
            }
        }
    }

    async fn reduce(&self) -> Result<(), Problem> {
        let reduced = markdowns::turn(&self.db, self.clock.today(), self.clock.now()).await?;
        if !reduced.is_empty() {
            self.read_model.products_changed(&reduced).await;
            self.bell.ring();
        }
        Ok(())
    }

    async fn round(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        let due = all::<scheduled_price::Model>(
            self.db.fresh(),
            "SELECT * FROM scheduled_price WHERE (state = 'planned' AND starts_at <= $1) OR (state = 'running' AND ends_at <= $1)
             ORDER BY starts_at, id LIMIT 200",
            [now.into()],
        )
        .await?;
        for row in due {
            self.turn(&row, now).await?;
        }
        Ok(())
    }

    async fn turn(&self, row: &scheduled_price::Model, now: OffsetDateTime) -> Result<(), Problem> {
        let begins = row.state == ScheduledPriceState::Planned;
        let to = match row.ends_at {
            // Missed as a whole while nobody was up.
            Some(end) if begins && end <= now => "over",
            None if begins => "over",
            _ if begins => "running",
            _ => "over",
        };
        let transaction = self.db.begin().await?;
        let sql = "SELECT product_id, price_amount FROM offer WHERE id = $1";
        let Some(offer) = one::<Before>(&transaction, sql, [row.offer_id.into()]).await? else { return Ok(()) };
        let sql = "UPDATE scheduled_price SET state = $3, previous_amount = COALESCE(previous_amount, $4) WHERE id = $1 AND state = $2";
        let values = [row.id.into(), row.state.as_str().into(), to.into(), offer.price_amount.into()];
        if run(&transaction, sql, values).await? != 1 {
            return Ok(());
        }
        let missed = begins && row.ends_at.is_some_and(|end| end <= now);
        let price = if begins { Some(row.amount).filter(|_| !missed) } else { row.previous_amount };
        // A price changed by hand meanwhile is left as it is.
        let untouched = begins || offer.price_amount == row.amount;
        if let Some(price) = price.filter(|price| untouched && *price != offer.price_amount) {
            set(&transaction, row.offer_id, offer.price_amount, price, now).await?;
            let payload = json!({"offers": [row.offer_id]});
            emit(&transaction, "product.changed", offer.product_id.0, payload, now).await?;
        }
        transaction.commit().await?;
        self.read_model.products_changed(&[offer.product_id]).await;
        self.bell.ring();
        Ok(())
    }
}

async fn set(
    transaction: &impl sea_orm::ConnectionTrait,
    offer: OfferId,
    before: Vnd,
    after: Vnd,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let sql = "UPDATE offer SET price_amount = $2, updated_at = $3 WHERE id = $1";
    run(transaction, sql, [offer.into(), after.into(), now.into()]).await?;
    let change = crate::platform::audit::Change {
        actor: (AuditActor::System, None),
        action: "offer.changed",
        entity: "offer",
        entity_id: offer.0,
        before: Some(json!({"price": before})),
        after: Some(json!({"price": after, "by": "schedule"})),
    };
    crate::platform::audit::record(transaction, change, now).await?;
    Ok(())
}
