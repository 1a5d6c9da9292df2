//! Keeping the read model and the search index fresh.
//!
//! Each node follows the outbox for what other nodes (and commands such as `ocop import`) changed, so that a write is
//! seen everywhere within a second.

use std::sync::{Arc, Weak};
use std::time::Duration;

use entity::value::{OfferId, ProductId};
use sea_orm::FromQueryResult;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::Catalogue;
use crate::platform::background::Stop;
use crate::platform::db::{all, list};
use crate::platform::outbox::{Follower, News};
use crate::platform::read_model::Level;

const PERIOD: Duration = Duration::from_millis(300);

/// Follows the outbox until the catalogue is gone. Also turns the day over.
pub async fn follow(catalogue: Weak<Catalogue>, mut follower: Follower, stop: Stop) {
    while stop.pause(PERIOD).await {
        let Some(catalogue) = catalogue.upgrade() else { return };
        if let Err(error) = round(&catalogue, &mut follower).await {
            tracing::warn!(%error, "following the outbox failed; trying again");
        }
    }
}

async fn round(catalogue: &Catalogue, follower: &mut Follower) -> anyhow::Result<()> {
    if catalogue.snapshot().today != catalogue.clock.today() {
        catalogue.reload().await?;
    }
    catalogue.read_missed().await;
    let fresh = follower.news(&catalogue.db, catalogue.clock.now()).await?;
    apply(catalogue, &fresh).await
}

async fn apply(catalogue: &Catalogue, events: &[News]) -> anyhow::Result<()> {
    let mut products = Vec::new();
    let mut offers: Vec<OfferId> = Vec::new();
    for event in events {
        match event.topic.as_str() {
            "catalogue.replaced" => catalogue.reload().await?,
            "product.changed" => products.push(ProductId(event.subject_id)),
            "cooperative.changed" => {
                catalogue.cooperative_changed(entity::value::CooperativeId(event.subject_id)).await;
            }
            _ => {}
        }
        let named = event.payload.get("offers").and_then(Value::as_array);
        offers.extend(named.into_iter().flatten().filter_map(|id| id.as_str()?.parse::<OfferId>().ok()));
    }
    if !products.is_empty() {
        catalogue.products_changed(&products).await;
    }
    for offers in offers.chunks(500) {
        let levels = levels(catalogue, offers).await?;
        catalogue.levels_changed(&levels).await;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct LevelRow {
    offer_id: OfferId,
    available: i64,
    version: i64,
}

async fn levels(catalogue: &Catalogue, offers: &[OfferId]) -> anyhow::Result<Vec<Level>> {
    let rows = all::<LevelRow>(
        catalogue.db.fresh(),
        format!(
            "SELECT offer_id, on_hand - reserved - {} AS available, version FROM stock WHERE offer_id IN {}",
            super::unsellable("stock.offer_id", "$1"),
            list(2, offers.len())
        ),
        std::iter::once(catalogue.clock.today().into())
            .chain(offers.iter().map(|id| (*id).into()))
            .collect::<Vec<sea_orm::Value>>(),
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Level { offer: row.offer_id, available: row.available, version: row.version })
        .collect())
}

/// Indexes what was changed, many changes in one commit.
pub async fn index_queue(catalogue: Weak<Catalogue>, mut queue: UnboundedReceiver<Vec<ProductId>>, stop: Stop) {
    while let Some(Some(mut ids)) = stop.until(queue.recv()).await {
        while let Ok(more) = queue.try_recv() {
            ids.extend(more);
        }
        let Some(catalogue) = catalogue.upgrade() else { return };
        if let Err(error) = index(&catalogue, &ids).await {
            tracing::warn!(%error, "indexing failed; trying again");
            stop.pause(Duration::from_secs(2)).await;
            let _ = catalogue.to_index.send(ids);
        }
    }
}

async fn index(catalogue: &Arc<Catalogue>, ids: &[ProductId]) -> anyhow::Result<()> {
    catalogue.index(ids).await
}
