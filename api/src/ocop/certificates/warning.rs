//! Tells a cooperative in time that a certificate ends: 60, 30 and 7 days before, each once however many nodes look.

use std::time::Duration;

use actix_web::web::Data;
use entity::value::{CertificateId, CertificateKind, CooperativeId};
use sea_orm::FromQueryResult;
use serde_json::json;
use time::Date;

use super::rules::{LONGEST_WARNING, warning_due};
use crate::platform::background::Stop;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all, run};
use crate::platform::outbox::{Bell, emit};
use crate::platform::problem::Problem;

pub struct Reminder {
    pub db: Db,
    pub clock: Clock,
    pub bell: Data<Bell>,
}

#[derive(FromQueryResult)]
struct Ending {
    id: CertificateId,
    cooperative_id: CooperativeId,
    kind: CertificateKind,
    number: String,
    valid_until: Date,
    warned_days: Option<i64>,
}

impl Reminder {
    pub async fn run(self, stop: Stop) {
        let mut pause = Duration::from_secs(3);
        while stop.pause(pause).await {
            pause = Duration::from_mins(1);
            if let Err(problem) = self.round().await {
                tracing::warn!(%problem, "looking for certificates that end failed; trying again");
            }
        }
    }

    async fn round(&self) -> Result<(), Problem> {
        let (today, now) = (self.clock.today(), self.clock.now());
        let ending = all::<Ending>(
            self.db.fresh(),
            "SELECT id, cooperative_id, kind, number, valid_until, warned_days FROM certificate
             WHERE state = 'verified' AND valid_until >= $1 AND valid_until <= $2 AND (warned_days IS NULL OR warned_days > 7)",
            [today.into(), (today + time::Duration::days(LONGEST_WARNING)).into()],
        )
        .await?;
        let mut told = false;
        for row in ending {
            let left = (row.valid_until - today).whole_days();
            let Some(due) = warning_due(left, row.warned_days) else { continue };
            let transaction = self.db.begin().await?;
            let sql =
                "UPDATE certificate SET warned_days = $2 WHERE id = $1 AND (warned_days IS NULL OR warned_days > $2)";
            if run(&transaction, sql, [row.id.into(), due.into()]).await? != 1 {
                continue;
            }
            let payload = json!({"certificate_id": row.id, "kind": row.kind, "number": row.number, "valid_until": row.valid_until, "days_left": left});
            emit(&transaction, "certificate.ending", row.cooperative_id.0, payload, now).await?;
            transaction.commit().await?;
            told = true;
        }
        if told {
            self.bell.ring();
        }
        Ok(())
    }
}
