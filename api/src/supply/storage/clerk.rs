//! Bookings that are over: what they cost is owed, once however many nodes look.

use std::time::Duration;

use actix_web::web::Data;
use entity::value::{ColdBookingId, CooperativeId, PartnerId};
use sea_orm::FromQueryResult;

use super::books::owed;
use super::keeper::Keeper;
use crate::ledger;
use crate::platform::background::Stop;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all, run};
use crate::platform::outbox::Bell;
use crate::platform::problem::Problem;

pub struct Clerk {
    pub db: Db,
    pub clock: Clock,
    pub bell: Data<Bell>,
}

#[derive(FromQueryResult)]
struct Over {
    id: ColdBookingId,
    number: String,
    cooperative_id: CooperativeId,
    keeper_id: Option<CooperativeId>,
    partner_id: Option<PartnerId>,
    amount: i64,
}

impl Clerk {
    pub async fn run(self, stop: Stop) {
        let mut pause = Duration::from_secs(5);
        while stop.pause(pause).await {
            pause = Duration::from_mins(1);
            if let Err(problem) = self.round().await {
                tracing::warn!(%problem, "ending cold bookings failed; trying again");
            }
        }
    }

    async fn round(&self) -> Result<(), Problem> {
        let (today, now) = (self.clock.today(), self.clock.now());
        let sql = "SELECT b.id, b.number, b.cooperative_id, r.cooperative_id AS keeper_id, r.partner_id, b.amount
                   FROM cold_booking b JOIN cold_room r ON r.id = b.room_id WHERE b.state = 'booked' AND b.to_on < $1 ORDER BY b.id LIMIT 200";
        let over = all::<Over>(self.db.fresh(), sql, [today.into()]).await?;
        for row in &over {
            let transaction = self.db.begin().await?;
            let sql = "UPDATE cold_booking SET state = 'ended', updated_at = $2 WHERE id = $1 AND state = 'booked'";
            if run(&transaction, sql, [row.id.into(), now.into()]).await? != 1 {
                continue;
            }
            let keeper = row.partner_id.map(Keeper::Partner).or(row.keeper_id.map(Keeper::Cooperative));
            let keeper = keeper.ok_or_else(|| Problem::internal("a room of nobody"))?;
            let of = ("storage", row.id.0, row.number.as_str());
            let journal = owed(of, (row.cooperative_id, keeper), row.amount);
            ledger::post(&transaction, vec![journal], now).await?;
            transaction.commit().await?;
        }
        if !over.is_empty() {
            self.bell.ring();
        }
        Ok(())
    }
}
