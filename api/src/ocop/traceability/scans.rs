//! How often codes are looked at: a number for each day and coarse place, and nobody's name or address. Counted in memory, written
//! down every two seconds; a crash may lose those.
//!
//! A serial that is scanned in more places, or more often, than one box can be, is on copied labels.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::value::{CooperativeId, LotId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::Code;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::background::Stop;
use crate::platform::clock::Clock;
use crate::platform::db::{Bound, Db, all, one, run};
use crate::platform::problem::Problem;

/// One box is opened in one place; its buyer may show it around, and carry it home.
const PLACES: i64 = 3;
const SCANS: i64 = 60;
/// Codes that are counted apart between two writings; more are not counted.
const MOST: usize = 20_000;
const ROWS: usize = 500;

/// Whether so many scans in so many places cannot be of one box.
pub fn is_copied(places: i64, scans: i64) -> bool {
    places >= PLACES || scans >= SCANS
}

/// Lot, serial (empty for the lot's own code), place (empty when it is not known).
type Key = (LotId, String, String);

/// Scans that are not written down yet.
#[derive(Default)]
pub struct Scans(Mutex<HashMap<Key, i64>>);

impl Scans {
    pub fn note(&self, lot: LotId, serial: &str, place: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (lot, serial.to_owned(), place.to_owned());
        if counts.len() < MOST || counts.contains_key(&key) {
            *counts.entry(key).or_insert(0) += 1;
        }
    }

    fn take(&self) -> HashMap<Key, i64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes until it is told to stop, and once more then.
    pub async fn run(&self, db: Db, clock: Clock, stop: Stop) {
        let mut going = true;
        while going {
            going = stop.pause(Duration::from_secs(2)).await;
            let taken = self.take();
            if let Err(error) = write(&db, clock, &taken).await {
                tracing::warn!(%error, "scans could not be written");
                let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                for (key, count) in taken {
                    *counts.entry(key).or_insert(0) += count;
                }
            }
        }
    }
}

async fn write(db: &Db, clock: Clock, taken: &HashMap<Key, i64>) -> Result<(), DbErr> {
    if taken.is_empty() {
        return Ok(());
    }
    let (day, now) = (clock.today(), clock.now());
    let mut rows: Vec<_> = taken.iter().collect();
    rows.sort_unstable();
    let transaction = db.begin().await?;
    for chunk in rows.chunks(ROWS) {
        let mut bound = Bound::default();
        let values = bound.rows(chunk.iter().map(|((lot, serial, place), count)| -> [Value; 6] {
            [(*lot).into(), serial.as_str().into(), day.into(), place.as_str().into(), (**count).into(), now.into()]
        }));
        let sql = format!(
            "INSERT INTO scan (lot_id, serial, day, place, scans, first_at) VALUES {values}
             ON CONFLICT (lot_id, serial, day, place) DO UPDATE SET scans = scan.scans + excluded.scans"
        );
        run(&transaction, sql, bound.0).await?;
    }
    transaction.commit().await
}

/// How often a box was looked at, and in how many places that are known.
#[derive(Clone, Debug, Default, FromQueryResult, Serialize, ToSchema)]
pub struct Seen {
    pub places: i64,
    pub scans: i64,
}

pub async fn seen(connection: &impl ConnectionTrait, lot: LotId, serial: &str) -> Result<Seen, DbErr> {
    let found = one::<Seen>(
        connection,
        "SELECT COUNT(DISTINCT NULLIF(place, '')) AS places, CAST(COALESCE(SUM(scans), 0) AS bigint) AS scans FROM scan
         WHERE lot_id = $1 AND serial = $2",
        [lot.into(), serial.into()],
    )
    .await?;
    Ok(found.unwrap_or_default())
}

#[derive(FromQueryResult)]
struct Row {
    lot_id: LotId,
    code: String,
    serial: String,
    places: i64,
    scans: i64,
}

/// A box whose label must have been copied.
#[derive(Serialize, ToSchema)]
pub struct CopiedBox {
    pub lot_id: LotId,
    pub lot_code: String,
    /// As it stands on the label.
    pub code: String,
    pub places: i64,
    pub scans: i64,
}

#[derive(Serialize, ToSchema)]
pub struct CopiedBoxes {
    /// Those scanned in the most places first, up to 100.
    pub items: Vec<CopiedBox>,
}

pub async fn copied(connection: &impl ConnectionTrait, cooperative: CooperativeId) -> Result<Vec<CopiedBox>, DbErr> {
    let sql = format!(
        "SELECT s.lot_id, l.code, s.serial, COUNT(DISTINCT NULLIF(s.place, '')) AS places, CAST(SUM(s.scans) AS bigint) AS scans
         FROM scan s JOIN lot l ON l.id = s.lot_id WHERE l.cooperative_id = $1 AND s.serial <> '' GROUP BY s.lot_id, l.code, s.serial
         HAVING COUNT(DISTINCT NULLIF(s.place, '')) >= {PLACES} OR SUM(s.scans) >= {SCANS} ORDER BY 4 DESC, 5 DESC LIMIT 100"
    );
    let rows = all::<Row>(connection, sql, [cooperative.into()]).await?;
    let view = |row: Row| CopiedBox {
        code: Code::of(row.lot_id).with(&row.serial).to_string(),
        lot_id: row.lot_id,
        lot_code: row.code,
        places: row.places,
        scans: row.scans,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Boxes whose numbers are scanned in more places, or more often, than one box can be.
#[utoipa::path(tag = "traceability", operation_id = "list_copied_boxes", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The boxes", body = CopiedBoxes)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/copied-boxes")]
pub async fn list_copied(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(CopiedBoxes { items: copied(desk.db.fresh(), *cooperative).await? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_box_is_in_few_places_and_seldom_looked_at() {
        assert!(!is_copied(2, 59) && is_copied(3, 3) && is_copied(1, 60));
        let (scans, lot) = (Scans::default(), LotId::new());
        for _ in 0..3 {
            scans.note(lot, "R4T8QXMW", "25");
        }
        scans.note(lot, "", "");
        let taken = scans.take();
        assert_eq!((taken.len(), taken[&(lot, "R4T8QXMW".to_owned(), "25".to_owned())]), (2, 3));
        assert!(scans.take().is_empty());
    }
}
