//! Making answers: a list is a join of cards, a page is read from the database once per version.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use entity::cooperative;
use entity::value::{CategoryId, CooperativeId, CooperativeStatus, ProductId};

use super::browse::{Fit, Found, Wanted, find};
use super::materials;
use super::rules::Availability;
use super::shelf::{Entry, Snapshot, origin};
use super::view::{
    Bilingual, CategoryNode, CategoryTree, CooperativeCard, CooperativePage, Image, OfferView, PreorderView,
    ProductPage, RecognitionView, Reduction, Seller, TierView,
};
use super::{Catalogue, store};
use crate::ocop::certificates;
use crate::ocop::traceability::codes::Code;
use crate::people::places;
use crate::platform::db::by_id;
use crate::platform::pagination::Page;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::ready::Ready;

impl Catalogue {
    /// The answer under this key at this version, made if it is not kept.
    fn kept(
        &self,
        key: String,
        version: u64,
        make: impl FnOnce() -> Result<Ready, Problem>,
    ) -> Result<Arc<Ready>, Problem> {
        let version = (version, 0);
        if let Some(ready) = self.kept.get(&key, version) {
            return Ok(ready);
        }
        let ready = Arc::new(make()?);
        self.kept.put(key, version, ready.clone());
        Ok(ready)
    }

    pub fn product_list(&self, query: &str) -> Result<Arc<Ready>, Problem> {
        let snapshot = self.snapshot();
        let (key, version) = (format!("l?{query}"), (snapshot.version, self.search.generation()));
        if let Some(ready) = self.kept.get(&key, version) {
            return Ok(ready);
        }
        let wanted = Wanted::parse(query)?;
        let fits = wanted.q.as_deref().map(|q| self.fitting(&snapshot, q)).transpose().map_err(Problem::internal)?;
        let found = find(&snapshot, &wanted, fits.as_deref());
        let mut ready = Ready::bytes(join(&found)?);
        ready.link = found.next_cursor.as_deref().and_then(|cursor| next_link("/v1/products", query, cursor));
        let ready = Arc::new(ready);
        match &wanted.q {
            // Not kept: each search in vain is counted.
            Some(q) if found.total == 0 => self.misses.note(q),
            _ => self.kept.put(key, version, ready.clone()),
        }
        Ok(ready)
    }

    /// What fits the words typed. Kept, for who searches goes on to filters and further pages of the same words.
    fn fitting(&self, snapshot: &Snapshot, q: &str) -> tantivy::Result<Arc<[Fit]>> {
        let version = (snapshot.arrangement, self.search.generation());
        if let Some((made_of, fits)) = self.fits.get(q)
            && made_of == version
        {
            return Ok(fits);
        }
        let place = |id: &ProductId| u32::try_from(*snapshot.by_id.get(id)?).ok();
        let hits = self.search.hits(q)?;
        let fits: Arc<[Fit]> =
            hits.into_iter().filter_map(|(id, score)| Some(Fit { place: place(&id)?, score })).collect();
        self.fits.insert(q.to_owned(), (version, fits.clone()));
        Ok(fits)
    }

    /// Products that fit the words typed, the best first.
    pub fn products_named(&self, typed: &str, most: usize) -> Result<Vec<ProductId>, Problem> {
        let mut hits = self.search.hits(typed).map_err(Problem::internal)?;
        hits.sort_by(|(id, score), (other, second)| second.total_cmp(score).then_with(|| id.cmp(other)));
        Ok(hits.into_iter().take(most).map(|(id, _)| id).collect())
    }

    pub async fn product_page(&self, key: &str) -> Result<Arc<Ready>, Problem> {
        let snapshot = self.snapshot().clone();
        let id = key.parse::<ProductId>().ok().or_else(|| snapshot.by_slug.get(key).copied());
        let entry = id.and_then(|id| snapshot.get(id)).ok_or_else(|| Problem::new(&NOT_FOUND))?;
        let key = format!("p{}", entry.id);
        if let Some(ready) = self.kept.get(&key, (entry.version, 0)) {
            return Ok(ready);
        }
        let page = self.read_page(entry, &snapshot).await?;
        self.kept(key, entry.version, || Ready::json(&page).map_err(Problem::internal))
    }

    async fn read_page(&self, entry: &Entry, snapshot: &Snapshot) -> Result<ProductPage, Problem> {
        let connection = self.db.fresh();
        let gone = || Problem::new(&NOT_FOUND);
        let product = store::product(connection, entry.id).await?.ok_or_else(gone)?;
        let seller = by_id::<cooperative::Entity>(connection, entry.cooperative).await?.ok_or_else(gone)?;
        let today = snapshot.today;
        let next = store::next_harvest(connection, entry.id, today).await?;
        let in_force = entry.terms.iter().filter(|term| term.issued_on <= today && today <= term.valid_until);
        Ok(ProductPage {
            card: entry.card.clone(),
            story: Bilingual { vi: product.story_vi, en: product.story_en },
            storage: Bilingual { vi: product.storage_vi, en: product.storage_en },
            shelf_life_days: product.shelf_life_days,
            harvested_on: next.as_ref().map(|next| next.harvested_on),
            story_code: next.map(|next| Code::of(next.lot_id).plain()),
            gtin: product.gtin,
            off_season: entry.off_season,
            recognitions: in_force
                .map(|term| RecognitionView {
                    stars: term.stars,
                    certificate_number: term.certificate_number.clone(),
                    issuer: term.issuer.clone(),
                    issued_on: term.issued_on,
                    valid_until: term.valid_until,
                })
                .collect(),
            certificates: certificates::of_product(connection, entry.id, today).await?,
            offers: entry.offers.iter().map(|offer| offer_view(offer, entry.closed)).collect(),
            images: entry.images.clone(),
            seller: seller_view(&seller),
        })
    }

    pub fn category_tree(&self) -> Result<Arc<Ready>, Problem> {
        let snapshot = self.snapshot();
        self.kept("t".to_owned(), snapshot.version, || {
            Ready::json(&CategoryTree { items: nodes(&snapshot, None) }).map_err(Problem::internal)
        })
    }

    pub(super) fn cooperative_list(
        &self,
        limit: u64,
        after: Option<CooperativeId>,
        query: &str,
    ) -> Result<Arc<Ready>, Problem> {
        let snapshot = self.snapshot();
        self.kept(format!("cl?{query}"), snapshot.version, || {
            let mut rows: Vec<_> = snapshot
                .cooperatives
                .values()
                .filter(|row| row.status == CooperativeStatus::Active && after.is_none_or(|after| row.id > after))
                .collect();
            rows.sort_by_key(|row| row.id);
            rows.truncate(usize::try_from(limit).unwrap_or(100) + 1);
            let cards = rows.into_iter().filter_map(|row| cooperative_card(&snapshot, row.id)).collect();
            let page = Page::from_rows(cards, limit, |card: &CooperativeCard| card.id);
            let link = page.next_cursor.as_deref().and_then(|cursor| next_link("/v1/cooperatives", query, cursor));
            let mut ready = Ready::json(&page).map_err(Problem::internal)?;
            ready.link = link;
            Ok(ready)
        })
    }

    /// Slugs and days of change of everything that has a page: products and cooperatives that sell.
    pub fn addresses(&self) -> (Vec<(String, time::OffsetDateTime)>, Vec<String>) {
        let snapshot = self.snapshot();
        let products = snapshot.entries.iter().map(|entry| (entry.card.slug.clone(), entry.changed_at)).collect();
        let active = snapshot.cooperatives.values().filter(|row| row.status == CooperativeStatus::Active);
        (products, active.map(|row| row.slug.clone()).collect())
    }

    /// A cooperative as lists show it, while it sells.
    pub fn cooperative_card(&self, id: CooperativeId) -> Option<CooperativeCard> {
        let snapshot = self.snapshot();
        let active = snapshot.cooperatives.get(&id).is_some_and(|row| row.status == CooperativeStatus::Active);
        active.then(|| cooperative_card(&snapshot, id)).flatten()
    }

    /// All cooperatives that sell.
    pub fn cooperative_cards(&self) -> Vec<CooperativeCard> {
        let snapshot = self.snapshot();
        let active = snapshot.cooperatives.values().filter(|row| row.status == CooperativeStatus::Active);
        active.filter_map(|row| cooperative_card(&snapshot, row.id)).collect()
    }

    /// A picture of something that each of some cooperatives sells, of those that have one among the first few thousand products:
    /// the front page does not go through a whole country for a picture.
    pub fn pictures_of(&self, cooperatives: &[CooperativeId]) -> HashMap<CooperativeId, Image> {
        let snapshot = self.snapshot();
        let mut found = HashMap::with_capacity(cooperatives.len());
        for entry in snapshot.entries.iter().take(5_000) {
            if found.len() == cooperatives.len() {
                break;
            }
            if let Some(image) = &entry.card.image
                && cooperatives.contains(&entry.cooperative)
            {
                found.entry(entry.cooperative).or_insert_with(|| image.clone());
            }
        }
        found
    }

    pub async fn cooperative_page(&self, key: &str) -> Result<Arc<Ready>, Problem> {
        let snapshot = self.snapshot().clone();
        let gone = || Problem::new(&NOT_FOUND);
        let row = snapshot
            .cooperatives
            .values()
            .find(|row| row.slug == key || key.parse().is_ok_and(|id: CooperativeId| id == row.id))
            .filter(|row| row.status == CooperativeStatus::Active)
            .ok_or_else(gone)?;
        let key = format!("c{}", row.id);
        if let Some(ready) = self.kept.get(&key, (snapshot.version, 0)) {
            return Ok(ready);
        }
        let full = by_id::<cooperative::Entity>(self.db.fresh(), row.id).await?.ok_or_else(gone)?;
        let products = snapshot.entries.iter().filter(|entry| entry.cooperative == row.id).take(100);
        let page = CooperativePage {
            card: cooperative_card(&snapshot, row.id).ok_or_else(gone)?,
            story: Bilingual::new(&full.story_vi, &full.story_en),
            pickup_offered: full.pickup_offered,
            seller: seller_view(&full),
            products: products.map(|entry| entry.card.clone()).collect(),
        };
        self.kept(key, snapshot.version, || Ready::json(&page).map_err(Problem::internal))
    }
}

/// `{"items":[card,card,…],…}` out of cards already serialised.
fn join(found: &Found<'_>) -> Result<Vec<u8>, Problem> {
    let size = found.items.iter().map(|(entry, _)| entry.card_bytes.len() + 40).sum::<usize>();
    let mut out = Vec::with_capacity(size + 4096);
    out.extend_from_slice(b"{\"items\":[");
    for (index, (entry, distance)) in found.items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match distance {
            None => out.extend_from_slice(&entry.card_bytes),
            Some(km) => {
                out.extend_from_slice(entry.card_bytes.strip_suffix(b"}").unwrap_or(&entry.card_bytes));
                out.extend_from_slice(format!(",\"distance_km\":{}}}", (km * 10.0).round() / 10.0).as_bytes());
            }
        }
    }
    let json = |value: &dyn erased::Json| value.json().map_err(Problem::internal);
    out.extend_from_slice(b"],\"next_cursor\":");
    out.extend(json(&found.next_cursor)?);
    out.extend_from_slice(format!(",\"total\":{}", found.total).as_bytes());
    if let Some(facets) = &found.facets {
        out.extend_from_slice(b",\"facets\":");
        out.extend(json(facets)?);
    }
    out.push(b'}');
    Ok(out)
}

mod erased {
    /// Something that serialises to JSON.
    pub trait Json {
        fn json(&self) -> serde_json::Result<Vec<u8>>;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> serde_json::Result<Vec<u8>> {
            serde_json::to_vec(self)
        }
    }
}

fn next_link(path: &str, query: &str, cursor: &str) -> Option<HeaderValue> {
    let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor").collect();
    pairs.push(("cursor".into(), cursor.into()));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    HeaderValue::from_str(&format!("<{path}?{query}>; rel=\"next\"")).ok()
}

fn reduction(row: &store::OfferRow) -> Option<Reduction> {
    let eat_by = row.reduced_until.filter(|_| row.listed_amount > row.price_amount)?;
    Some(Reduction { listed_price: row.listed_amount.into(), rate_bp: row.reduced_bp, eat_by })
}

fn offer_view(offer: &super::shelf::OfferEntry, closed: bool) -> OfferView {
    OfferView {
        id: offer.row.id,
        sku: offer.row.sku.clone(),
        pack: Bilingual::new(&offer.row.pack_vi, &offer.row.pack_en),
        unit: offer.row.unit,
        weight_g: offer.row.weight_g,
        price: offer.row.price_amount.into(),
        reduction: reduction(&offer.row),
        min_quantity: offer.row.min_quantity,
        step_quantity: offer.row.step_quantity,
        tiers: offer
            .tiers
            .iter()
            .filter(|tier| tier.amount < offer.row.price_amount)
            .map(|tier| TierView { from_quantity: tier.from_quantity, price: tier.amount.into() })
            .collect(),
        wholesale_from: offer.row.wholesale_from,
        preorder: offer
            .forecast
            .as_ref()
            .map(|row| PreorderView { expected_from: row.expected_from, expected_to: row.expected_to }),
        materials: offer.materials.iter().map(materials::view).collect(),
        availability: if closed { Availability::OutOfStock } else { offer.availability() },
    }
}

fn seller_view(row: &cooperative::Model) -> Seller {
    let commune = places::commune(&row.commune_code);
    let commune_name = commune.map(|c| c.name).unwrap_or_default();
    let province_name = commune.map(|c| places::province_of(c).name).unwrap_or_default();
    Seller {
        id: row.id,
        slug: row.slug.clone(),
        kind: row.kind,
        name: Bilingual::new(&row.name_vi, &row.name_en),
        legal_name: row.legal_name.clone(),
        tax_code: row.tax_code.clone(),
        licence_number: row.licence_number.clone(),
        licence_issuer: row.licence_issuer.clone(),
        representative: row.representative.clone(),
        address: format!("{}, {commune_name}, {province_name}", row.street),
        phone: row.phone.clone(),
        email: row.email.clone(),
    }
}

fn cooperative_card(snapshot: &Snapshot, id: CooperativeId) -> Option<CooperativeCard> {
    let row = snapshot.cooperatives.get(&id)?;
    Some(CooperativeCard {
        id,
        slug: row.slug.clone(),
        kind: row.kind,
        name: Bilingual::new(&row.name_vi, &row.name_en),
        origin: origin(&row.commune_code, row.former_commune.clone(), row.latitude, row.longitude),
        product_count: snapshot.entries.iter().filter(|entry| entry.cooperative == id).count(),
    })
}

fn nodes(snapshot: &Snapshot, parent: Option<CategoryId>) -> Vec<CategoryNode> {
    let mut rows: Vec<_> = snapshot.categories.values().filter(|category| category.row.parent_id == parent).collect();
    rows.sort_by_key(|category| (category.row.ocop_group, category.row.position));
    let node = |category: &super::shelf::Category| {
        let row = &category.row;
        let below = snapshot
            .entries
            .iter()
            .filter(|entry| snapshot.categories.get(&entry.category).is_some_and(|own| own.path.contains(&row.slug)));
        CategoryNode {
            id: row.id,
            slug: row.slug.clone(),
            name: Bilingual::new(&row.name_vi, &row.name_en),
            ocop_group: row.ocop_group,
            product_count: below.count(),
            children: nodes(snapshot, Some(row.id)),
        }
    };
    rows.into_iter().map(node).collect()
}
