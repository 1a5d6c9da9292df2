//! What happens by itself: unanswered orders expire, delivered ones are completed.

use std::time::Duration;

use actix_web::web::Data;
use entity::value::{OrderActor, OrderId};
use sea_orm::FromQueryResult;
use time::OffsetDateTime;

use super::rules::Action;
use super::steps::{By, Tools, step};
use super::store::order;
use crate::config::Config;
use crate::platform::background::Stop;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all};
use crate::platform::outbox::Bell;
use crate::platform::problem::Problem;
use crate::platform::read_model::ReadModel;

const PERIOD: Duration = Duration::from_secs(15);
const BATCH: usize = 200;
const MOST_BATCHES: usize = 20;

pub struct Sweeper {
    pub db: Db,
    pub clock: Clock,
    pub read_model: ReadModel,
    pub bell: Data<Bell>,
    pub config: Data<Config>,
}

#[derive(FromQueryResult)]
struct IdRow {
    id: OrderId,
}

impl Sweeper {
    /// Sweeps until it is told to stop. Several nodes may sweep at once: each step has one winner.
    pub async fn run(self, stop: Stop) {
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "sweeping failed; trying again");
            }
            if !stop.pause(PERIOD).await {
                return;
            }
        }
    }

    async fn round(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        let due = "SELECT id FROM orders WHERE state = 'placed' AND respond_by <= $1";
        self.each(due, now, Action::Expire, "not answered in time").await?;
        let due = "SELECT id FROM orders WHERE state = 'awaiting_payment' AND respond_by <= $1";
        self.each(due, now, Action::Expire, "not paid in time").await?;
        let due = "SELECT id FROM orders WHERE state = 'delivered' AND delivered_at <= $1 AND contract_id IS NULL
                     AND NOT EXISTS (SELECT 1 FROM return_request r WHERE r.order_id = orders.id AND r.state IN ('requested', 'approved'))
                     AND NOT EXISTS (SELECT 1 FROM dispute d WHERE d.order_id = orders.id AND d.state = 'open')";
        let until = now - time::Duration::days(self.config.terms().order_completion_days.into());
        self.each(due, until, Action::Complete, "nobody objected").await?;
        Ok(())
    }

    async fn each(
        &self,
        due: &'static str,
        moment: OffsetDateTime,
        action: Action,
        reason: &'static str,
    ) -> Result<(), Problem> {
        // After a rush more than one batch may be due; nobody waits for the next round.
        for _ in 0..MOST_BATCHES {
            if self.batch(due, moment, action, reason).await? < BATCH {
                break;
            }
        }
        Ok(())
    }

    /// Takes the step for a batch of what is due; how many there were.
    async fn batch(
        &self,
        due: &'static str,
        moment: OffsetDateTime,
        action: Action,
        reason: &'static str,
    ) -> Result<usize, Problem> {
        let rows = all::<IdRow>(self.db.fresh(), format!("{due} ORDER BY id LIMIT {BATCH}"), [moment.into()]).await?;
        let count = rows.len();
        for IdRow { id } in rows {
            let Some(row) = order(self.db.fresh(), id).await? else { continue };
            let by = By::of(OrderActor::System, None, Some(reason.to_owned()));
            let tools = Tools { db: &self.db, read_model: &self.read_model, bell: &self.bell, now: self.clock.now() };
            match step(&tools, &row, action, by).await {
                Ok(_) => tracing::info!(order = %id, ?action, "done by time"),
                // Its seller or buyer was faster.
                Err(problem) if problem.code.status == 409 => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(count)
    }
}
