//! Looks at what is liked: what could not be had and can be, and whose season began, is told to who asked for it.

use actix_web::web::Data;
use entity::value::{AccountId, ProductId};
use sea_orm::FromQueryResult;
use std::time::Duration;
use time::OffsetDateTime;

use super::list::{can_be_had, standing};
use crate::platform::background::Stop;
use crate::platform::clock::{Clock, VIETNAM};
use crate::platform::db::{Db, all, run};
use crate::platform::outbox::{Bell, emit};
use crate::platform::problem::Problem;
use crate::shop::catalogue::Catalogue;

/// Stock that comes and goes by the minute is told of once a day at the most.
const QUIET: time::Duration = time::Duration::days(1);
const PERIOD: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 500;

pub struct Watcher {
    pub db: Db,
    pub clock: Clock,
    pub catalogue: Data<Catalogue>,
    pub bell: Data<Bell>,
}

/// A product as some of those who like it last saw it.
#[derive(FromQueryResult)]
struct Seen {
    product_id: ProductId,
    there: bool,
    ripe: bool,
}

#[derive(FromQueryResult)]
struct Told {
    account_id: AccountId,
}

impl Watcher {
    /// Looks until it is told to stop. Several nodes may look at once: a change is seen by one.
    pub async fn run(self, stop: Stop) {
        while stop.pause(PERIOD).await {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "looking at favourites failed; trying again");
            }
        }
    }

    async fn round(&self) -> Result<(), Problem> {
        let sql = "SELECT DISTINCT product_id, there, ripe FROM favourite ORDER BY product_id, there, ripe";
        let seen = all::<Seen>(self.db.fresh(), sql, []).await?;
        let now = self.clock.now();
        let today = now.to_offset(VIETNAM).date();
        for seen in seen.chunks(AT_ONCE) {
            let ids: Vec<ProductId> = seen.iter().map(|seen| seen.product_id).collect();
            let picked = standing(&self.catalogue, &ids, today);
            for seen in seen {
                // Not on sale at all: it cannot be had.
                let card = picked.iter().map(|picked| &picked.card).find(|card| card.id == seen.product_id);
                let (there, ripe) = card.map_or((false, seen.ripe), |card| (can_be_had(card), card.in_season));
                if (there, ripe) != (seen.there, seen.ripe) {
                    self.changed(seen, there, ripe, now).await?;
                }
            }
        }
        Ok(())
    }

    async fn changed(&self, seen: &Seen, there: bool, ripe: bool, now: OffsetDateTime) -> Result<(), Problem> {
        let why = if there && !seen.there {
            Some("stock")
        } else if there && ripe && !seen.ripe {
            Some("season")
        } else {
            None
        };
        let transaction = self.db.begin().await?;
        if let Some(why) = why {
            let sql = "UPDATE favourite SET told_at = $4
                       WHERE product_id = $1 AND there = $2 AND ripe = $3 AND notify AND (told_at IS NULL OR told_at <= $5)
                         AND EXISTS (SELECT 1 FROM consent c WHERE c.account_id = favourite.account_id
                                       AND c.purpose = 'notices' AND c.withdrawn_at IS NULL)
                       RETURNING account_id";
            let values =
                [seen.product_id.into(), seen.there.into(), seen.ripe.into(), now.into(), (now - QUIET).into()];
            for told in all::<Told>(&transaction, sql, values).await? {
                let payload = serde_json::json!({"product": seen.product_id, "why": why});
                emit(&transaction, "favourite.back", told.account_id.0, payload, now).await?;
            }
        }
        let sql = "UPDATE favourite SET there = $4, ripe = $5 WHERE product_id = $1 AND there = $2 AND ripe = $3";
        let values = [seen.product_id.into(), seen.there.into(), seen.ripe.into(), there.into(), ripe.into()];
        run(&transaction, sql, values).await?;
        transaction.commit().await?;
        if why.is_some() {
            self.bell.ring();
        }
        Ok(())
    }
}
