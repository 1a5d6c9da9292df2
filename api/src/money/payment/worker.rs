//! What the till does by itself: unread messages, payments nobody told us of, refunds on their way, cash of deliveries made
//! before it was counted.

use std::time::Duration;

use entity::value::OrderId;
use sea_orm::FromQueryResult;

use super::settle::Till;
use crate::ledger;
use crate::orders::ordering::sale;
use crate::platform::background::Stop;
use crate::platform::db::all;
use crate::platform::problem::Problem;

const PERIOD: Duration = Duration::from_secs(2);

#[derive(FromQueryResult)]
struct Uncounted {
    id: OrderId,
}

impl Till {
    /// Works until it is told to stop. Several nodes may: every row is taken by one.
    pub async fn run(self, stop: Stop) {
        loop {
            for (what, done) in [
                ("messages", self.catch_up().await),
                ("payments", self.ask_around().await),
                ("refunds", self.send_refunds().await),
                ("cash", self.count_cash().await),
            ] {
                if let Err(problem) = done {
                    tracing::warn!(what, %problem, "the till failed; trying again");
                }
            }
            if !stop.pause(PERIOD).await {
                return;
            }
        }
    }

    async fn ask_around(&self) -> Result<(), Problem> {
        for row in self.questions().await? {
            self.ask_about(&row).await?;
        }
        Ok(())
    }

    /// Cash of orders that were delivered without having been booked, as those from before there were books.
    async fn count_cash(&self) -> Result<(), Problem> {
        let uncounted = all::<Uncounted>(
            self.db.fresh(),
            "SELECT o.id FROM payment p JOIN orders o ON o.id = p.order_id
             WHERE p.method = 'cash_on_delivery' AND p.state = 'pending' AND o.state IN ('delivered', 'completed')
               AND NOT EXISTS (SELECT 1 FROM parcel x WHERE x.order_id = o.id AND x.carrier IN ('ghn', 'ghtk', 'viettel_post')
                               AND x.state <> 'cancelled' AND x.settled_at IS NULL)
             LIMIT 50",
            [],
        )
        .await?;
        for Uncounted { id } in uncounted {
            let now = self.clock.now();
            let transaction = self.db.begin().await?;
            sale::lock(&transaction, id).await?;
            let journals = sale::collect_cash(&transaction, id, now).await?;
            ledger::post(&transaction, journals, now).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}
