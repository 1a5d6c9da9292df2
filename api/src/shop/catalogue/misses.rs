//! Words people searched for in vain: counted in memory, written down now and then. Cooperatives read them as wishes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use super::Catalogue;
use crate::platform::background::Stop;
use crate::platform::db::run;
use crate::platform::fold::fold;

/// Between two writings; nonsense beyond this is not remembered.
const MOST: usize = 2_000;
const LONGEST: usize = 60;

#[derive(Default)]
pub struct Misses(Mutex<HashMap<String, i64>>);

impl Misses {
    pub fn note(&self, query: &str) {
        let term = fold(query).split_whitespace().collect::<Vec<_>>().join(" ");
        if term.chars().count() < 2 || term.chars().count() > LONGEST || term.contains('\0') {
            return;
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() < MOST || counts.contains_key(&term) {
            *counts.entry(term).or_insert(0) += 1;
        }
    }

    fn take(&self) -> HashMap<String, i64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes down what was counted, until the catalogue is gone.
pub async fn write_down(catalogue: Weak<Catalogue>, stop: Stop) {
    let mut last = false;
    while !last {
        last = !stop.pause(Duration::from_secs(5)).await;
        let Some(catalogue) = catalogue.upgrade() else { return };
        for (term, count) in catalogue.misses.take() {
            let written = run(
                catalogue.db.write(),
                "INSERT INTO search_miss (day, term, count) VALUES ($1, $2, $3)
                 ON CONFLICT (day, term) DO UPDATE SET count = search_miss.count + excluded.count",
                [catalogue.clock.today().into(), term.into(), count.into()],
            )
            .await;
            if let Err(error) = written {
                tracing::warn!(%error, "a search in vain was not written down");
            }
        }
    }
}
