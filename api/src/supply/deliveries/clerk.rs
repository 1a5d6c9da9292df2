//! What happens by itself: nobody weighed in time, nobody objected in time, a delivery comes near, a bill is overdue. Each once, however
//! many nodes look.

use std::time::Duration;

use actix_web::web::Data;
use entity::supply_acceptance;
use entity::value::{AccountId, CooperativeId, DeliveryId, OrderId, OrganisationId};
use sea_orm::{EntityTrait, FromQueryResult, IntoActiveModel};
use serde_json::json;
use time::{Date, Duration as Days, OffsetDateTime};

use super::acceptance::ANSWER_DAYS;
use super::settle::{Settled, in_full, settle};
use crate::orders::ordering::{Tools, sale};
use crate::platform::background::Stop;
use crate::platform::clock::{Clock, VIETNAM};
use crate::platform::db::{Db, all, is_duplicate, run};
use crate::platform::outbox::{Bell, emit};
use crate::platform::problem::Problem;
use crate::platform::read_model::ReadModel;

/// Days before a delivery at which its cooperative is reminded.
const NEAR_DAYS: i64 = 3;
/// At most so many of a kind in a round.
const BATCH: usize = 100;

pub struct Clerk {
    pub db: Db,
    pub clock: Clock,
    pub read_model: ReadModel,
    pub bell: Data<Bell>,
}

#[derive(FromQueryResult)]
struct Unweighed {
    id: DeliveryId,
    order_id: OrderId,
    grams: i64,
    buyer: AccountId,
    delivered_at: OffsetDateTime,
}

#[derive(FromQueryResult)]
struct Unanswered {
    delivery_id: DeliveryId,
    version: i64,
}

#[derive(FromQueryResult)]
struct Due {
    id: DeliveryId,
    cooperative_id: CooperativeId,
    organisation_id: OrganisationId,
    organisation: String,
    contract: String,
    order_number: String,
    on: Date,
}

impl Clerk {
    pub async fn run(self, stop: Stop) {
        let mut pause = Duration::from_secs(4);
        while stop.pause(pause).await {
            pause = Duration::from_mins(1);
            if let Err(problem) = self.round().await {
                tracing::warn!(%problem, "looking after deliveries failed; trying again");
            }
        }
    }

    async fn round(&self) -> Result<(), Problem> {
        let until = self.clock.now() - Days::days(ANSWER_DAYS);
        let sql = format!(
            "SELECT d.id, o.id AS order_id, o.goods_amount * 1000 / k.price AS grams, k.buyer_agreed_by AS buyer, o.delivered_at
             FROM supply_delivery d JOIN orders o ON o.id = d.order_id JOIN supply_contract k ON k.id = d.contract_id
             WHERE o.state = 'delivered' AND o.delivered_at <= $1 AND NOT EXISTS (SELECT 1 FROM supply_acceptance a WHERE a.delivery_id = d.id)
             ORDER BY d.id LIMIT {BATCH}"
        );
        for row in all::<Unweighed>(self.db.fresh(), sql, [until.into()]).await? {
            self.accept_in_full(row).await?;
        }
        let sql = format!(
            "SELECT delivery_id, version FROM supply_acceptance WHERE state = 'written' AND written_at <= $1 ORDER BY id LIMIT {BATCH}"
        );
        for row in all::<Unanswered>(self.db.fresh(), sql, [until.into()]).await? {
            let transaction = self.db.begin().await?;
            self.settle(transaction, (row.delivery_id, row.version)).await?;
        }
        self.remind().await
    }

    async fn accept_in_full(&self, row: Unweighed) -> Result<(), Problem> {
        let now = self.clock.now();
        let transaction = self.db.begin().await?;
        sale::lock(&transaction, row.order_id).await?;
        let on = row.delivered_at.to_offset(VIETNAM).date();
        let record = in_full(row.id, row.grams, row.buyer, (on, now)).into_active_model();
        match supply_acceptance::Entity::insert(record).exec_without_returning(&transaction).await {
            Ok(_) => self.settle(transaction, (row.id, 1)).await,
            // The buyer weighed at this moment.
            Err(error) if is_duplicate(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn settle(
        &self,
        transaction: sea_orm::DatabaseTransaction,
        record: (DeliveryId, i64),
    ) -> Result<(), Problem> {
        let tools = Tools { db: &self.db, read_model: &self.read_model, bell: &self.bell, now: self.clock.now() };
        if let Settled::Done(levels) = settle(&transaction, &tools, record, None).await? {
            transaction.commit().await?;
            self.read_model.levels_changed(&levels).await;
            self.bell.ring();
        }
        Ok(())
    }

    async fn remind(&self) -> Result<(), Problem> {
        // What is told of a delivery, with the day that `on` stands for.
        let what = |on: &str, also: &str| {
            format!(
                "SELECT d.id, k.cooperative_id, r.organisation_id, g.name AS organisation, k.number AS contract, o.number AS order_number, {on} AS \"on\"
                 FROM supply_delivery d JOIN supply_contract k ON k.id = d.contract_id JOIN supply_request r ON r.id = k.request_id
                     JOIN organisation g ON g.id = r.organisation_id JOIN orders o ON o.id = d.order_id {also} ORDER BY d.id LIMIT {BATCH}"
            )
        };
        let today = self.clock.today();
        let near =
            what("d.from_on", "WHERE o.state IN ('confirmed', 'packed') AND d.reminded_on IS NULL AND d.from_on <= $1");
        let overdue = what(
            "a.due_on",
            "JOIN supply_acceptance a ON a.delivery_id = d.id JOIN payment y ON y.order_id = o.id
             WHERE y.contract_id IS NOT NULL AND y.state = 'pending' AND a.due_on < $1 AND (d.reminded_on IS NULL OR d.reminded_on <= a.due_on)",
        );
        let mut told = false;
        for (topic, sql, day) in
            [("delivery.near", near, today + Days::days(NEAR_DAYS)), ("bill.overdue", overdue, today)]
        {
            for row in all::<Due>(self.db.fresh(), sql, [day.into()]).await? {
                told |= self.tell(topic, row, today).await?;
            }
        }
        if told {
            self.bell.ring();
        }
        Ok(())
    }

    async fn tell(&self, topic: &str, row: Due, today: Date) -> Result<bool, Problem> {
        let transaction = self.db.begin().await?;
        let sql =
            "UPDATE supply_delivery SET reminded_on = $2 WHERE id = $1 AND (reminded_on IS NULL OR reminded_on < $2)";
        if run(&transaction, sql, [row.id.into(), today.into()]).await? != 1 {
            return Ok(false);
        }
        let told = json!({
            "delivery_id": row.id, "contract": row.contract, "order": row.order_number, "organisation_id": row.organisation_id,
            "organisation": row.organisation, "on": row.on.to_string(),
        });
        emit(&transaction, topic, row.cooperative_id.0, told, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
