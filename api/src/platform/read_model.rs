//! What is shown from memory hears of what changed from who changed it, after the commit and before the answer, so that a
//! write is seen at once on its own node. Who keeps the memory is handed in by `app.rs`; other nodes follow the outbox.

use std::sync::Arc;

use entity::value::{CooperativeId, OfferId, ProductId};
use futures_util::future::BoxFuture;

/// How much of an offer can be sold, with the version of the stock row it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    pub offer: OfferId,
    pub available: i64,
    pub version: i64,
}

/// Keeps what is shown. What was committed stands: where it cannot be read now, it is read again in a moment.
pub trait Shown: Send + Sync {
    fn products_changed<'a>(&'a self, ids: &'a [ProductId]) -> BoxFuture<'a, ()>;
    fn cooperative_changed(&self, id: CooperativeId) -> BoxFuture<'_, ()>;
    fn levels_changed<'a>(&'a self, levels: &'a [Level]) -> BoxFuture<'a, ()>;
}

#[derive(Clone)]
pub struct ReadModel(Arc<dyn Shown>);

impl ReadModel {
    pub fn new(shown: Arc<dyn Shown>) -> Self {
        Self(shown)
    }

    /// To be called after a commit that changed products, their offers, certificates or pictures.
    pub async fn products_changed(&self, ids: &[ProductId]) {
        self.0.products_changed(ids).await;
    }

    /// To be called after a commit that changed a cooperative.
    pub async fn cooperative_changed(&self, id: CooperativeId) {
        self.0.cooperative_changed(id).await;
    }

    /// To be called after a commit that moved stock, with what the statement returned.
    pub async fn levels_changed(&self, levels: &[Level]) {
        self.0.levels_changed(levels).await;
    }
}
