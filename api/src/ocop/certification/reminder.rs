//! Tells a cooperative in time that stars end: 9, 6 and 3 months before, each once however many nodes look.

use std::time::Duration;

use actix_web::web::Data;
use entity::value::{CooperativeId, ProductId, RowId};
use sea_orm::FromQueryResult;
use serde_json::json;
use time::Date;

use crate::platform::background::Stop;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all, run};
use crate::platform::outbox::{Bell, emit};
use crate::platform::problem::Problem;

/// Months, longest first, and the days they are.
const WARNINGS: [(i32, i64); 3] = [(9, 274), (6, 183), (3, 92)];

/// The warning that is due: the shortest that has begun, unless it or a shorter one was sent.
fn due(days_left: i64, reminded: Option<i32>) -> Option<i32> {
    let (months, _) = WARNINGS.into_iter().rfind(|(_, days)| days_left <= *days)?;
    (days_left >= 0 && reminded.is_none_or(|last| months < last)).then_some(months)
}

pub struct Reminder {
    pub db: Db,
    pub clock: Clock,
    pub bell: Data<Bell>,
}

#[derive(FromQueryResult)]
struct Ending {
    id: RowId,
    product_id: ProductId,
    cooperative_id: CooperativeId,
    name_vi: String,
    stars: i32,
    certificate_number: String,
    valid_until: Date,
    reminded_months: Option<i32>,
}

impl Reminder {
    pub async fn run(self, stop: Stop) {
        let mut pause = Duration::from_secs(4);
        while stop.pause(pause).await {
            pause = Duration::from_mins(1);
            if let Err(problem) = self.round().await {
                tracing::warn!(%problem, "looking for stars that end failed; trying again");
            }
        }
    }

    async fn round(&self) -> Result<(), Problem> {
        let (today, now) = (self.clock.today(), self.clock.now());
        let ending = all::<Ending>(
            self.db.fresh(),
            "SELECT r.id, r.product_id, p.cooperative_id, p.name_vi, r.stars, r.certificate_number, r.valid_until, r.reminded_months
             FROM recognition r JOIN product p ON p.id = r.product_id
             WHERE r.revoked_at IS NULL AND r.valid_until >= $1 AND r.valid_until <= $2 AND (r.reminded_months IS NULL OR r.reminded_months > 3)
               AND NOT EXISTS (SELECT 1 FROM recognition n WHERE n.product_id = r.product_id AND n.revoked_at IS NULL AND n.valid_until > r.valid_until)",
            [today.into(), (today + time::Duration::days(WARNINGS[0].1)).into()],
        )
        .await?;
        let mut told = false;
        for row in ending {
            let left = (row.valid_until - today).whole_days();
            let Some(months) = due(left, row.reminded_months) else { continue };
            let transaction = self.db.begin().await?;
            let sql = "UPDATE recognition SET reminded_months = $2 WHERE id = $1 AND (reminded_months IS NULL OR reminded_months > $2)";
            if run(&transaction, sql, [row.id.into(), months.into()]).await? != 1 {
                continue;
            }
            let payload = json!({
                "product_id": row.product_id, "product": row.name_vi, "stars": row.stars,
                "certificate_number": row.certificate_number, "valid_until": row.valid_until, "months": months,
            });
            emit(&transaction, "recognition.ending", row.cooperative_id.0, payload, now).await?;
            transaction.commit().await?;
            told = true;
        }
        if told {
            self.bell.ring();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_warning_once() {
        assert_eq!(
            [due(300, None), due(274, None), due(270, Some(9)), due(183, Some(9))],
            [None, Some(9), None, Some(6)]
        );
        assert_eq!([due(90, None), due(90, Some(3)), due(-1, None)], [Some(3), None, None]);
    }
}
