//! What is needed to serve feeds, widgets and destinations without asking the database: partners, their verified sites, their
//! feeds, and the destinations, read whole and swapped as a whole. A change here is seen at once, one of another node within
//! half a second.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use entity::value::{CooperativeId, DestinationId, FeedId, Language, PartnerId, ProductId};
use entity::{
    destination, destination_cooperative, destination_event, destination_image, destination_product, feed, media,
    partner, partner_destination, partner_site,
};
use moka::sync::Cache;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryOrder};
use time::OffsetDateTime;

use super::definition::Definition;
use super::served::{Format, Served};
use super::views::Views;
use crate::config::Config;
use crate::media::key;
use crate::orders::attribution::Signer;
use crate::platform::background::{Background, Stop};
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all};
use crate::platform::outbox::{Follower, emit};
use crate::platform::problem::Problem;
use crate::shop::catalogue::Catalogue;
use crate::shop::catalogue::view::{Bilingual, Image};

/// Tells other nodes to read anew.
const TOPIC: &str = "tourism.changed";
const PERIOD: Duration = Duration::from_millis(500);
/// Answers kept ready: at most so many feeds in so many formats.
const KEPT: u64 = 20_000;

/// A feed of an approved partner, ready to be served.
pub struct FeedEntry {
    pub id: FeedId,
    pub partner: PartnerId,
    pub slug: String,
    pub code: String,
    pub name: String,
    pub partner_name: String,
    pub definition: Definition,
    pub updated_at: OffsetDateTime,
}

/// A destination with everything that hangs on it.
pub struct Place {
    pub row: destination::Model,
    pub images: Vec<Image>,
    /// By hand, in their order.
    pub cooperatives: Vec<CooperativeId>,
    pub products: Vec<destination_product::Model>,
    pub events: Vec<destination_event::Model>,
}

#[derive(Default)]
pub struct Book {
    /// Grows with every reading.
    pub version: u64,
    pub feeds: HashMap<String, Arc<FeedEntry>>,
    /// Verified, by partner.
    pub sites: HashMap<PartnerId, Vec<String>>,
    /// Those of approved partners by where they are.
    pub partners_at: HashMap<DestinationId, Vec<(PartnerId, String)>>,
    pub places: Vec<Arc<Place>>,
}

impl Book {
    pub fn place(&self, key: &str) -> Option<&Arc<Place>> {
        let id = key.parse::<DestinationId>().ok();
        self.places.iter().find(|place| place.row.slug == key || Some(place.row.id) == id)
    }

    pub fn place_by_id(&self, id: DestinationId) -> Option<&Arc<Place>> {
        self.places.iter().find(|place| place.row.id == id)
    }

    /// What destinations say of a product.
    pub fn of_product(&self, id: ProductId) -> impl Iterator<Item = (&Arc<Place>, &destination_product::Model)> {
        self.places.iter().flat_map(move |place| {
            place.products.iter().filter(move |link| link.product_id == id).map(move |link| (place, link))
        })
    }
}

pub struct Guide {
    pub db: Db,
    pub clock: Clock,
    pub catalogue: Arc<Catalogue>,
    pub signer: Arc<Signer>,
    pub base_url: String,
    pub storefront_url: String,
    pub config: Config,
    book: ArcSwap<Book>,
    reading: tokio::sync::Mutex<()>,
    /// A reading failed, or is under way.
    stale: AtomicBool,
    pub(super) served: Cache<(FeedId, Format, Option<Language>), Arc<Served>>,
    /// Who came by a feed within the half hour.
    pub(super) visitors: Cache<u128, ()>,
    views: Mutex<Views>,
}

impl Guide {
    pub async fn open(
        db: Db,
        clock: Clock,
        catalogue: Arc<Catalogue>,
        signer: Arc<Signer>,
        config: &Config,
        background: &Background,
    ) -> anyhow::Result<Arc<Self>> {
        let follower = Follower::new(clock.now(), TOPIC);
        let guide = Arc::new(Self {
            db,
            clock,
            catalogue,
            signer,
            base_url: config.base_url(),
            storefront_url: config.storefront_url(),
            config: config.clone(),
            book: ArcSwap::from_pointee(Book::default()),
            reading: tokio::sync::Mutex::default(),
            stale: AtomicBool::new(false),
            served: Cache::new(KEPT),
            visitors: Cache::builder().max_capacity(200_000).time_to_live(Duration::from_mins(30)).build(),
            views: Mutex::default(),
        });
        guide.reload().await?;
        let weak = Arc::downgrade(&guide);
        background.spawn(|stop| follow(weak, follower, stop));
        Ok(guide)
    }

    pub fn book(&self) -> arc_swap::Guard<Arc<Book>> {
        self.book.load()
    }

    /// Reads everything anew.
    pub async fn reload(&self) -> Result<(), DbErr> {
        let _reading = self.reading.lock().await;
        self.stale.store(true, Ordering::Relaxed);
        let version = self.book().version + 1;
        let book = read(&self.db, &self.base_url, version).await?;
        self.book.store(Arc::new(book));
        self.stale.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// To be called after a commit that wrote [`changed`]. What was committed stands: where the database does not answer now,
    /// it is read again in a moment.
    pub async fn refresh(&self) -> Result<(), Problem> {
        if let Err(error) = self.reload().await {
            tracing::warn!(%error, "the guide could not be read anew; trying again");
        }
        Ok(())
    }

    /// A page showed these products of a feed.
    pub fn seen(&self, feed: FeedId, page: String, products: impl IntoIterator<Item = ProductId>) {
        if let Ok(mut views) = self.views.lock() {
            views.add(feed, page, products);
        }
    }

    /// Writes views down; what cannot be written now is kept for the next time.
    pub async fn flush(&self) -> Result<(), DbErr> {
        let taken = self.views.lock().map(|mut views| std::mem::take(&mut *views)).unwrap_or_default();
        let written = taken.write(&self.db, self.clock.today()).await;
        if written.is_err()
            && let Ok(mut views) = self.views.lock()
        {
            let book = self.book();
            views.put_back(taken, |id| book.feeds.values().any(|feed| feed.id == id));
        }
        written
    }
}

/// Something that is shown of destinations, partners or feeds changed: to be stored with the change.
pub async fn changed(transaction: &impl ConnectionTrait, id: uuid::Uuid, now: OffsetDateTime) -> Result<(), DbErr> {
    emit(transaction, TOPIC, id, serde_json::json!({}), now).await
}

async fn follow(guide: Weak<Guide>, mut follower: Follower, stop: Stop) {
    let (mut rounds, mut last) = (0_u32, false);
    while !last {
        last = !stop.pause(PERIOD).await;
        let Some(guide) = guide.upgrade() else { return };
        rounds = rounds.wrapping_add(1);
        let round = async {
            let news = follower.news(&guide.db, guide.clock.now()).await?;
            if !news.is_empty() || guide.stale.load(Ordering::Relaxed) {
                guide.reload().await?;
            }
            if last || rounds.is_multiple_of(4) { guide.flush().await } else { Ok(()) }
        };
        if let Err(error) = round.await {
            tracing::warn!(%error, "following the outbox failed; trying again");
        }
    }
}

async fn read(db: &Db, base_url: &str, version: u64) -> Result<Book, DbErr> {
    let connection = db.fresh();
    let mut book = Book { version, ..Book::default() };
    let approved = "SELECT * FROM partner WHERE state = 'approved'";
    let partners: HashMap<PartnerId, partner::Model> =
        all::<partner::Model>(connection, approved, []).await?.into_iter().map(|row| (row.id, row)).collect();
    let sites = "SELECT * FROM partner_site WHERE verified_at IS NOT NULL ORDER BY id";
    for row in all::<partner_site::Model>(connection, sites, []).await? {
        if partners.contains_key(&row.partner_id) {
            book.sites.entry(row.partner_id).or_default().push(row.origin);
        }
    }
    for row in all::<feed::Model>(connection, "SELECT * FROM feed WHERE state = 'active'", []).await? {
        let Some(partner) = partners.get(&row.partner_id) else { continue };
        let Ok(definition) = serde_json::from_value::<Definition>(row.definition) else {
            tracing::error!(feed = %row.id, "a feed's definition does not parse");
            continue;
        };
        let entry = FeedEntry {
            id: row.id,
            partner: row.partner_id,
            slug: row.slug,
            code: row.code,
            name: row.name,
            partner_name: partner.name.clone(),
            definition,
            updated_at: row.updated_at,
        };
        book.feeds.insert(entry.slug.clone(), Arc::new(entry));
    }
    for row in partner_destination::Entity::find().all(connection).await? {
        if let Some(partner) = partners.get(&row.partner_id) {
            book.partners_at.entry(row.destination_id).or_default().push((partner.id, partner.name.clone()));
        }
    }
    book.places = places(connection, base_url).await?;
    Ok(book)
}

async fn places(connection: &impl ConnectionTrait, base_url: &str) -> Result<Vec<Arc<Place>>, DbErr> {
    let mut images: HashMap<DestinationId, Vec<Image>> = HashMap::new();
    let files = "SELECT * FROM media WHERE id IN (SELECT media_id FROM destination_image)";
    let files: HashMap<_, _> =
        all::<media::Model>(connection, files, []).await?.into_iter().map(|row| (row.id, row)).collect();
    let rows = destination_image::Entity::find().order_by_asc(destination_image::Column::Position);
    for row in rows.all(connection).await? {
        let Some(media) = files.get(&row.media_id) else { continue };
        let source = |width: &str| format!("{base_url}/media/m/{}/{width}.webp {width}w", media.id);
        images.entry(row.destination_id).or_default().push(Image {
            url: format!("{base_url}/media/{}", key(media.id, &media.widths)),
            srcset: Some(media.widths.split(',').map(source).collect::<Vec<_>>().join(", ")),
            width: media.width,
            height: media.height,
            alt: Bilingual { vi: row.alt_vi, en: row.alt_en },
        });
    }
    let mut cooperatives: HashMap<DestinationId, Vec<CooperativeId>> = HashMap::new();
    let by_hand = destination_cooperative::Entity::find().order_by_asc(destination_cooperative::Column::Position);
    for row in by_hand.all(connection).await? {
        cooperatives.entry(row.destination_id).or_default().push(row.cooperative_id);
    }
    let mut products: HashMap<DestinationId, Vec<destination_product::Model>> = HashMap::new();
    for row in destination_product::Entity::find().all(connection).await? {
        products.entry(row.destination_id).or_default().push(row);
    }
    let mut events: HashMap<DestinationId, Vec<destination_event::Model>> = HashMap::new();
    for row in
        destination_event::Entity::find().order_by_asc(destination_event::Column::StartsOn).all(connection).await?
    {
        events.entry(row.destination_id).or_default().push(row);
    }
    let shown = all::<destination::Model>(connection, "SELECT * FROM destination WHERE active ORDER BY id", []).await?;
    let place = |row: destination::Model| {
        Arc::new(Place {
            images: images.remove(&row.id).unwrap_or_default(),
            cooperatives: cooperatives.remove(&row.id).unwrap_or_default(),
            products: products.remove(&row.id).unwrap_or_default(),
            events: events.remove(&row.id).unwrap_or_default(),
            row,
        })
    };
    Ok(shown.into_iter().map(place).collect())
}
