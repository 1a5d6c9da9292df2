//! What a row becomes: new goods with their opening stock, or a change of known ones.

use std::collections::HashMap;

use entity::value::CategoryId;
use entity::value::{
    AuditActor, CooperativeId, OffSeason, OfferId, OfferStatus, ProductId, ProductStatus, TraceAct, Vnd,
};
use entity::{
    audit_entry, lot, lot_stock, offer, outbox, price_tier, product, stock, stock_movement, trace_event, trace_item,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, Set};
use serde_json::json;
use time::OffsetDateTime;

use super::rules::Row;
use crate::people::desk::Desk;
use crate::platform::audit::{self, Change};
use crate::platform::db::Batch;
use crate::platform::outbox::event;
use crate::platform::problem::Problem;
use crate::platform::secrets;
use crate::shop::inventory::{self, Outcome};
use crate::shop::selling::listing_changes::{self, ProductChange};
use crate::shop::selling::offers::{self, OfferChange};
use crate::shop::selling::slugs::slug_of;

/// What a chunk's rows need to know about the shop.
pub(super) struct Shop {
    pub row: entity::cooperative::Model,
    pub categories: HashMap<String, CategoryId>,
}

/// Everything new that a chunk writes, table by table.
#[derive(Default)]
pub(super) struct New {
    pub products: Vec<product::ActiveModel>,
    pub offers: Vec<offer::ActiveModel>,
    pub tiers: Vec<price_tier::ActiveModel>,
    pub stock: Vec<stock::ActiveModel>,
    pub lots: Vec<lot::ActiveModel>,
    pub lot_stock: Vec<lot_stock::ActiveModel>,
    pub movements: Vec<stock_movement::ActiveModel>,
    pub traces: Vec<trace_event::ActiveModel>,
    pub traced: Vec<trace_item::ActiveModel>,
    pub audit: Vec<audit_entry::ActiveModel>,
    pub events: Vec<outbox::ActiveModel>,
}

impl New {
    pub fn batch(self) -> Batch {
        Batch::default()
            .insert(self.products)
            .insert(self.offers)
            .insert(self.tiers)
            .insert(self.stock)
            .insert(self.lots)
            .insert(self.lot_stock)
            .insert(self.movements)
            .insert(self.traces)
            .insert(self.traced)
            .insert(self.audit)
            .insert(self.events)
    }
}

pub(super) async fn levels(
    connection: &impl ConnectionTrait,
    offers: Vec<OfferId>,
) -> Result<HashMap<OfferId, i64>, Problem> {
    let rows = stock::Entity::find().filter(stock::Column::OfferId.is_in(offers)).all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.offer_id, row.on_hand)).collect())
}

/// Brings known goods to what the row says; whether anything changed.
pub(super) async fn update(
    transaction: &DatabaseTransaction,
    desk: &Desk,
    shop: &Shop,
    known: &offer::Model,
    product: Option<product::Model>,
    row: &Row,
    on_hand: i64,
) -> Result<bool, Problem> {
    let change = OfferChange {
        price: row.price,
        min_quantity: row.minimum,
        step_quantity: row.step,
        pack_vi: row.pack.clone(),
        pack_en: row.pack_en.clone(),
        unit: row.unit,
        weight_g: row.weight_g,
        net_g: None,
        tiers: row.tiers.clone(),
        wholesale_from: row.wholesale_from,
        status: None,
    };
    let mut did = offers::apply(transaction, desk, known.clone(), &change).await?;
    if let Some(product) = product {
        // An English text never written follows the Vietnamese one.
        let follow = |en: &Option<String>, old_en: &str, old_vi: &str, vi: &Option<String>| {
            en.clone().or_else(|| if old_en == old_vi { vi.clone() } else { None })
        };
        let category = row.category.clone().filter(|slug| shop.categories.get(slug) != Some(&product.category_id));
        let change = ProductChange {
            status: row.status.filter(|status| *status != product.status),
            category,
            name_en: follow(&row.name_en, &product.name_en, &product.name_vi, &row.name),
            summary_en: follow(&row.summary_en, &product.summary_en, &product.summary_vi, &row.summary),
            name_vi: row.name.clone(),
            summary_vi: row.summary.clone(),
            story_vi: row.story.clone(),
            story_en: follow(&None, &product.story_en, &product.story_vi, &row.story),
            season_from: row.season_from.filter(|month| Some(*month) != product.season_from),
            season_to: row.season_to.filter(|month| Some(*month) != product.season_to),
            off_season: row.off_season.filter(|policy| *policy != product.off_season),
            shelf_life_days: row.shelf_life_days.filter(|days| Some(*days) != product.shelf_life_days),
            storage_vi: row.storage.clone().filter(|text| *text != product.storage_vi),
            storage_en: None,
            gtin: None,
        };
        let season_moved = change.season_from.is_some() || change.season_to.is_some();
        let change = ProductChange {
            season_from: if season_moved { row.season_from } else { None },
            season_to: if season_moved { row.season_to } else { None },
            ..change
        };
        did |= listing_changes::apply(transaction, desk, product, &change).await?;
    }
    if let Some(counted) = row.stock.filter(|counted| *counted != on_hand) {
        let note = Some("nhập từ bảng tính".to_owned());
        let (act, actor) = (TraceAct::Counted, Some(desk.who.account));
        let moved =
            inventory::record(transaction, known.id, act, counted - on_hand, None, note, actor, desk.now()).await?;
        match moved {
            Outcome::Done(_) => did = true,
            // Buyers have ordered more than was counted: the books keep what is promised, and the row says so.
            _ => return Err(Problem::new(&inventory::BELOW_RESERVED)),
        }
    }
    Ok(did)
}

/// Writes new goods up; the product they belong to.
pub(super) fn add(
    new: &mut New,
    desk: &Desk,
    shop: &Shop,
    row: &Row,
    by_name: &mut HashMap<String, ProductId>,
    now: OffsetDateTime,
) -> ProductId {
    let name = row.name.clone().unwrap_or_default();
    let product = match by_name.get(&name) {
        Some(id) => *id,
        None => {
            let id = ProductId::new();
            by_name.insert(name.clone(), id);
            new.products.push(product_row(id, desk, shop, row, &name, now));
            new.events.push(event("product.changed", id.0, json!({}), now));
            new.audit.push(audited(desk, "product.imported", id.0, json!({"name_vi": name, "sku": row.sku}), now));
            id
        }
    };
    let id = OfferId::new();
    let pack = row.pack.clone().unwrap_or_default();
    new.offers.push(offer::ActiveModel {
        reduced_bp: Set(0),
        reduced_until: Set(None),
        id: Set(id),
        product_id: Set(product),
        cooperative_id: Set(shop.row.id),
        sku: Set(row.sku.clone()),
        pack_en: Set(row.pack_en.clone().unwrap_or_else(|| pack.clone())),
        pack_vi: Set(pack),
        unit: Set(row.unit.unwrap_or(entity::value::Unit::Piece)),
        weight_g: Set(row.weight_g.unwrap_or(1)),
        price_amount: Set(Vnd(row.price.unwrap_or(1))),
        currency: Set(Vnd::CURRENCY.to_owned()),
        min_quantity: Set(row.minimum.unwrap_or(1)),
        step_quantity: Set(row.step.unwrap_or(1)),
        status: Set(OfferStatus::Active),
        position: Set(0),
        created_at: Set(now),
        updated_at: Set(now),
        net_g: Set(None),
        wholesale_from: Set(row.wholesale_from),
    });
    for tier in row.tiers.iter().flatten() {
        new.tiers.push(price_tier::ActiveModel {
            offer_id: Set(id),
            from_quantity: Set(tier.from_quantity),
            amount: Set(Vnd(tier.price)),
        });
    }
    let counted = row.stock.unwrap_or(0);
    new.stock.push(inventory::opening::stock(id, counted, now));
    new.audit.push(audited(desk, "offer.imported", id.0, json!({"price": row.price, "stock": counted}), now));
    if counted > 0 {
        opening(new, desk, shop.row.id, product, id, row, now);
    }
    product
}

fn product_row(
    id: ProductId,
    desk: &Desk,
    shop: &Shop,
    row: &Row,
    name: &str,
    now: OffsetDateTime,
) -> product::ActiveModel {
    use crate::config::ListingReview;
    let summary = row.summary.clone().unwrap_or_default();
    let story = row.story.clone().unwrap_or_default();
    let storage = row.storage.clone().unwrap_or_default();
    let wanted = row.status == Some(ProductStatus::Published) && !summary.is_empty();
    // With reviews switched on, goods from a sheet are drafts their seller asks a review for.
    let published = wanted && desk.config.listing_review == ListingReview::None;
    product::ActiveModel {
        id: Set(id),
        cooperative_id: Set(shop.row.id),
        category_id: Set(row.category.as_ref().and_then(|slug| shop.categories.get(slug)).copied().unwrap_or_default()),
        slug: Set(format!(
            "{}-{}",
            slug_of(name, row.category.as_deref().unwrap_or("product")),
            secrets::code(6).to_lowercase()
        )),
        name_vi: Set(name.to_owned()),
        name_en: Set(row.name_en.clone().unwrap_or_else(|| name.to_owned())),
        summary_en: Set(row.summary_en.clone().unwrap_or_else(|| summary.clone())),
        summary_vi: Set(summary),
        story_en: Set(story.clone()),
        story_vi: Set(story),
        origin_commune_code: Set(shop.row.commune_code.clone()),
        former_commune: Set(shop.row.former_commune.clone()),
        latitude: Set(shop.row.latitude),
        longitude: Set(shop.row.longitude),
        season_from: Set(row.season_from),
        season_to: Set(row.season_to),
        shelf_life_days: Set(row.shelf_life_days),
        storage_en: Set(storage.clone()),
        storage_vi: Set(storage),
        gtin: Set(None),
        status: Set(if published { ProductStatus::Published } else { ProductStatus::Draft }),
        created_at: Set(now),
        updated_at: Set(now),
        off_season: Set(row.off_season.unwrap_or(OffSeason::Sell)),
        published_at: Set(published.then_some(now)),
    }
}

/// What was counted of new goods, in a lot of its own.
fn opening(
    new: &mut New,
    desk: &Desk,
    cooperative: CooperativeId,
    product: ProductId,
    offer: OfferId,
    row: &Row,
    now: OffsetDateTime,
) {
    let (today, counted) = (desk.today(), row.stock.unwrap_or(0));
    let mark: String = row.sku.chars().take(25).collect();
    let opening = inventory::opening::Opening {
        cooperative,
        product,
        offer,
        code: format!("{:02}{:02}{:02}-{mark}", today.year() % 100, u8::from(today.month()), today.day()),
        harvested_on: today,
        expires_on: row.shelf_life_days.map(|days| today + time::Duration::days(days.into())),
        counted,
        note: "nhập từ bảng tính".to_owned(),
        actor: desk.who.account,
    };
    let rows = opening.rows(now);
    new.lots.push(rows.lot);
    new.lot_stock.push(rows.content);
    new.movements.push(rows.movement);
    new.traces.push(rows.event);
    new.traced.extend(rows.items);
}

fn audited(
    desk: &Desk,
    action: &str,
    id: uuid::Uuid,
    after: serde_json::Value,
    now: OffsetDateTime,
) -> audit_entry::ActiveModel {
    let change = Change {
        actor: (AuditActor::User, Some(desk.who.account.0)),
        action,
        entity: action.split('.').next().unwrap_or_default(),
        entity_id: id,
        before: None,
        after: Some(after),
    };
    audit::row(change, now)
}
