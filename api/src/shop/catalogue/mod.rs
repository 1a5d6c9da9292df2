//! What is on sale, as the public reads it.
//!
//! Every product on sale stands in memory with its card serialised (`shelf`), and what filters ask of it side by side with
//! all others (`columns`). Lists run over that (`browse`) and count what further choices would leave (`facets`); words are
//! found by an embedded index (`search`), and whole answers are kept until anything they show changes. A write on this node
//! calls [`Catalogue::products_changed`] or [`Catalogue::levels_changed`] after its commit and is visible at once; other
//! nodes follow the outbox (`freshness`).

mod browse;
mod columns;
mod facets;
mod freshness;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod materials;
mod misses;
mod pages;
pub mod pick;
mod routes;
pub mod rules;
pub mod search;
mod shelf;
mod store;
pub mod tree;
pub mod view;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwap;
use entity::value::{CooperativeId, ProductId};
use futures_util::future::BoxFuture;
use moka::sync::Cache;
use tokio::sync::{Mutex, mpsc};

use crate::platform::background::Background;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::outbox::Follower;
use crate::platform::read_model::{Level, Shown};
use crate::platform::ready::{Kept, Version};
use crate::platform::retention::Over;
use crate::platform::routing::Routes;
use browse::Fit;
pub use browse::Sort;
use search::{Document, Search};
use shelf::{Context, Snapshot, category_index, entries};
pub use store::{cooperative_by_slug, on_sale, price, season_allows, unsellable};

/// What is forgotten, and after how many days.
pub const OVER: &[Over] = &[Over::new(
    "search_misses",
    ("từ khoá tìm không thấy", "words that were searched for in vain"),
    (365, 30),
    &["DELETE FROM search_miss WHERE day < $1"],
)];

/// Answers kept ready, in bytes.
const KEPT_BYTES: u64 = 24 * 1024 * 1024;
/// Places of products that fit words, in bytes: eight each.
const FITS_BYTES: u64 = 16 * 1024 * 1024;
/// Products read at a time, while loading and while indexing.
const PAGE: usize = 500;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(routes::list_products)
        .service(routes::show_product)
        .service(routes::list_categories)
        .service(tree::add_category)
        .service(tree::change_category)
        .service(routes::list_cooperatives)
        .service(routes::show_cooperative);
}

pub struct Catalogue {
    db: Db,
    clock: Clock,
    base_url: String,
    shelf: ArcSwap<Snapshot>,
    /// Held while the shelf is replaced, so that an older reading never covers a newer one.
    changing: Mutex<()>,
    search: Search,
    kept: Kept,
    /// What fits words typed lately.
    fits: Cache<String, (Version, Arc<[Fit]>)>,
    misses: misses::Misses,
    to_index: mpsc::UnboundedSender<Vec<ProductId>>,
    missed: std::sync::Mutex<Missed>,
}

/// What changed while the database did not answer.
#[derive(Default)]
struct Missed {
    products: Vec<ProductId>,
    cooperatives: Vec<CooperativeId>,
}

impl Shown for Catalogue {
    fn products_changed<'a>(&'a self, ids: &'a [ProductId]) -> BoxFuture<'a, ()> {
        Box::pin(self.products_changed(ids))
    }

    fn cooperative_changed(&self, id: CooperativeId) -> BoxFuture<'_, ()> {
        Box::pin(self.cooperative_changed(id))
    }

    fn levels_changed<'a>(&'a self, levels: &'a [Level]) -> BoxFuture<'a, ()> {
        Box::pin(self.levels_changed(levels))
    }
}

impl Catalogue {
    /// Reads what is on sale, opens the search index and brings it up to date. Keeps fresh by itself from then on.
    pub async fn open(
        db: Db,
        clock: Clock,
        base_url: String,
        index_folder: &Path,
        background: &Background,
    ) -> anyhow::Result<Arc<Self>> {
        let (to_index, queue) = mpsc::unbounded_channel();
        let follower = Follower::new(clock.now(), "");
        let catalogue = Arc::new(Self {
            shelf: ArcSwap::from_pointee(Snapshot::empty(clock.today())),
            changing: Mutex::new(()),
            search: Search::open(index_folder)?,
            kept: Kept::new(KEPT_BYTES),
            fits: Cache::builder()
                .max_capacity(FITS_BYTES)
                .weigher(|key: &String, (_, fits): &(Version, Arc<[Fit]>)| {
                    u32::try_from(key.len() + size_of_val(&**fits) + 200).unwrap_or(u32::MAX)
                })
                .build(),
            misses: misses::Misses::default(),
            missed: std::sync::Mutex::default(),
            to_index,
            db,
            clock,
            base_url,
        });
        catalogue.reload().await?;
        catalogue.catch_up_index().await?;
        let weak = || Arc::downgrade(&catalogue);
        background.spawn(|stop| freshness::index_queue(weak(), queue, stop));
        background.spawn(|stop| misses::write_down(weak(), stop));
        background.spawn(|stop| freshness::follow(weak(), follower, stop));
        Ok(catalogue)
    }

    fn snapshot(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.shelf.load()
    }

    /// Reads everything anew.
    pub async fn reload(&self) -> anyhow::Result<()> {
        let _changing = self.changing.lock().await;
        let connection = self.db.fresh();
        let cooperatives =
            Arc::new(store::cooperatives(connection).await?.into_iter().map(|row| (row.id, row)).collect());
        let categories = Arc::new(category_index(store::categories(connection).await?));
        let today = self.clock.today();
        let context = Context {
            cooperatives: &cooperatives,
            categories: &categories,
            today,
            now: self.clock.now(),
            base_url: &self.base_url,
        };
        let rows = store::products(connection, None, today).await?;
        let loaded = entries(rows, &context).into_iter().map(Arc::new).collect();
        self.shelf.store(Arc::new(Snapshot::new(loaded, cooperatives, categories, today)));
        Ok(())
    }

    /// To be called after a commit that changed products, their offers, certificates or pictures. What was committed stands:
    /// where the database does not answer now, it is read again in a moment.
    pub async fn products_changed(&self, ids: &[ProductId]) {
        for ids in ids.chunks(PAGE) {
            match self.reread(ids).await {
                Ok(()) => drop(self.to_index.send(ids.to_vec())),
                Err(error) => {
                    tracing::warn!(%error, "changed products could not be read; trying again");
                    self.missed().products.extend(ids);
                }
            }
        }
    }

    /// To be called after a commit that changed a cooperative.
    pub async fn cooperative_changed(&self, id: CooperativeId) {
        let read = async {
            let ids = store::of_cooperative(self.db.fresh(), id).await?;
            self.reread(&[]).await?;
            anyhow::Ok(ids)
        };
        match read.await {
            Ok(ids) => self.products_changed(&ids).await,
            Err(error) => {
                tracing::warn!(%error, "a changed cooperative could not be read; trying again");
                self.missed().cooperatives.push(id);
            }
        }
    }

    fn missed(&self) -> std::sync::MutexGuard<'_, Missed> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what could not be read when it changed.
    async fn read_missed(&self) {
        let Missed { products, cooperatives } = std::mem::take(&mut *self.missed());
        for id in cooperatives {
            self.cooperative_changed(id).await;
        }
        if !products.is_empty() {
            self.products_changed(&products).await;
        }
    }

    async fn reread(&self, ids: &[ProductId]) -> anyhow::Result<()> {
        let _changing = self.changing.lock().await;
        let connection = self.db.fresh();
        let cooperatives =
            Arc::new(store::cooperatives(connection).await?.into_iter().map(|row| (row.id, row)).collect());
        let categories = Arc::new(category_index(store::categories(connection).await?));
        let fresh = if ids.is_empty() {
            Vec::new()
        } else {
            let today = self.snapshot().today;
            let rows = store::products(connection, Some(ids), today).await?;
            entries(
                rows,
                &Context {
                    cooperatives: &cooperatives,
                    categories: &categories,
                    today,
                    now: self.clock.now(),
                    base_url: &self.base_url,
                },
            )
        };
        let changed = self.snapshot().with(ids, fresh, cooperatives, categories);
        self.shelf.store(Arc::new(changed));
        Ok(())
    }

    /// To be called after a commit that moved stock, with what the statement returned.
    pub async fn levels_changed(&self, levels: &[Level]) {
        let _changing = self.changing.lock().await;
        if let Some(turned) = self.snapshot().take_levels(levels, self.clock.now()) {
            self.shelf.store(Arc::new(turned));
        }
    }

    /// Has the index learn what changed while it was away, before anybody is answered from it; makes it anew when it is empty.
    async fn catch_up_index(&self) -> anyhow::Result<()> {
        let on_sale = self.snapshot().entries.len();
        match self.search.up_to() {
            Some(moment) if self.search.document_count() > 0 => {
                // The overlap covers transactions that were open at the last commit.
                let since = time::OffsetDateTime::from_unix_timestamp(moment - 10)?;
                let changed = store::changed_since(self.db.fresh(), since).await?;
                if changed.is_empty() { Ok(()) } else { self.index(&changed).await }
            }
            _ if on_sale > 0 => self.rebuild_index(|_| {}).await,
            _ => Ok(()),
        }
    }

    /// Makes the search index anew from the database; `progress` hears of every page of products done.
    pub async fn rebuild_index(&self, progress: impl Fn(usize)) -> anyhow::Result<()> {
        let as_of = self.clock.now().unix_timestamp();
        let snapshot = self.snapshot().clone();
        let mut after = None;
        let mut pages = Vec::new();
        loop {
            let texts = store::texts(self.db.fresh(), None, after, PAGE).await?;
            let Some(last) = texts.last() else { break };
            after = Some(last.id);
            progress(texts.len());
            pages.push(texts);
        }
        let mut pages = pages.into_iter();
        self.search.rebuild(
            |add| {
                let Some(texts) = pages.next() else { return false };
                for text in &texts {
                    if let Some(entry) = snapshot.get(text.id) {
                        add(&Document { entry, story_vi: &text.story_vi, story_en: &text.story_en });
                    }
                }
                true
            },
            as_of,
        )?;
        Ok(())
    }

    /// How many products are on sale.
    pub fn product_count(&self) -> usize {
        self.snapshot().entries.len()
    }

    async fn index(&self, ids: &[ProductId]) -> anyhow::Result<()> {
        let as_of = self.clock.now().unix_timestamp();
        let unique: HashSet<_> = ids.iter().copied().collect();
        let ids: Vec<_> = unique.into_iter().collect();
        for ids in ids.chunks(PAGE) {
            let texts = store::texts(self.db.fresh(), Some(ids), None, 0).await?;
            let snapshot = self.snapshot().clone();
            let documents: Vec<_> = texts
                .iter()
                .filter_map(|text| {
                    let entry = snapshot.get(text.id)?;
                    Some(Document { entry, story_vi: &text.story_vi, story_en: &text.story_en })
                })
                .collect();
            self.search.update(ids, &documents, as_of)?;
        }
        Ok(())
    }
}
