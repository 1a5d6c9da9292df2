//! Judges sheets and reads them in, a hundred rows or two per transaction.

use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read};
use std::time::Duration;

use entity::value::{
    AuditActor, CategoryId, CooperativeId, ImportKind, ImportRowState, ImportState, LotId, LotState, MovementKind,
    OffSeason, OfferId, OfferStatus, ProductId, ProductStatus, RowId, SessionId, Vnd,
};
use entity::{
    audit_entry, import_job, import_row, lot, lot_stock, offer, outbox, price_tier, product, stock, stock_movement,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use serde_json::json;
use time::OffsetDateTime;

use super::rules::{
    CellError, Field, Known, Layout, PRODUCT_COLUMNS, Row, STOCK_COLUMNS, judge_product, judge_stock, twice,
};
use crate::catalogue::Desk;
use crate::identity::SignedIn;
use crate::inventory::{self, Outcome};
use crate::media::{self, Owner};
use crate::platform::db::{Batch, all, by_id, list, one, run};
use crate::platform::fold::{fold, slug};
use crate::platform::outbox::event;
use crate::platform::problem::Problem;
use crate::platform::{secrets, sheets};
use crate::selling::listings::{self, ProductChange};
use crate::selling::offers::{self, OfferChange};

const MOST_ROWS: usize = 20_000;
/// Rows per transaction: short enough that buyers do not wait behind it.
const CHUNK: u64 = 200;
/// A worker that dies leaves its job to another after this.
const LEASE_SECONDS: i64 = 30;

/// Works jobs off until the process ends. `desk` is whose services it uses; the job's own author acts.
pub struct Importer {
    pub desk: Desk,
}

/// What ends a job with a word for its author.
enum End {
    /// The file's fault.
    Unreadable(String),
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

#[derive(FromQueryResult)]
struct CategoryRow {
    id: CategoryId,
    slug: String,
    name_vi: String,
}

#[derive(FromQueryResult)]
struct SkuRow {
    sku: String,
}

impl Importer {
    pub async fn run(self) {
        loop {
            match self.round().await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(Duration::from_millis(400)).await,
                Err(problem) => {
                    tracing::warn!(%problem, "importing failed; trying again");
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
            }
        }
    }

    /// Takes one job under a lease and works on it; whether there was one.
    async fn round(&self) -> Result<bool, Problem> {
        let db = &self.desk.db;
        let now = self.desk.now();
        let waiting = "state IN ('reading', 'running') AND (leased_until IS NULL OR leased_until < $1)";
        let sql = format!("SELECT * FROM import_job WHERE {waiting} ORDER BY id LIMIT 1");
        let Some(job) = one::<import_job::Model>(db.fresh(), sql, [now.into()]).await? else { return Ok(false) };
        let until = now + time::Duration::seconds(LEASE_SECONDS);
        let sql = format!("UPDATE import_job SET leased_until = $2 WHERE id = $3 AND {waiting}");
        if run(db.write(), sql, [now.into(), until.into(), job.id.into()]).await? != 1 {
            return Ok(true);
        }
        let who = SignedIn { account: job.created_by, session: SessionId(uuid::Uuid::nil()), roles: Vec::new() };
        let desk = Desk { who, ..self.desk.clone() };
        let worked = match job.state {
            ImportState::Reading => judge(&desk, &job).await,
            _ => read_in(&desk, &job).await,
        };
        match worked {
            Ok(()) => {}
            Err(End::Unreadable(reason)) => {
                let sql = "UPDATE import_job SET state = 'failed', error = $2, leased_until = NULL, updated_at = $3 WHERE id = $1";
                run(db.write(), sql, [job.id.into(), reason.into(), desk.now().into()]).await?;
            }
            Err(End::Problem(problem)) => return Err(problem),
        }
        Ok(true)
    }
}

async fn file(desk: &Desk, key: &str) -> Result<Vec<u8>, End> {
    let found = desk.objects.get(key).await.map_err(|error| End::Problem(Problem::internal(error)))?;
    found.map(|bytes| bytes.to_vec()).ok_or_else(|| End::Unreadable("tệp không còn / the file is gone".to_owned()))
}

/// Pictures of a ZIP by lower-case name, without folders.
fn names_in_zip(bytes: &[u8]) -> anyhow::Result<HashSet<String>> {
    let archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut names = HashSet::new();
    for path in archive.file_names() {
        names.insert(path?.rsplit('/').next().unwrap_or_default().to_lowercase());
    }
    names.remove("");
    Ok(names)
}

async fn judge(desk: &Desk, job: &import_job::Model) -> Result<(), End> {
    let db = desk.db.fresh();
    let bytes = file(desk, &job.object_key).await?;
    let read = tokio::task::spawn_blocking(move || sheets::read(&bytes, MOST_ROWS));
    let sheet = read
        .await
        .map_err(Problem::internal)?
        .map_err(|error| End::Unreadable(format!("không đọc được bảng tính / the sheet cannot be read: {error:#}")))?;
    let pictures = match &job.images_key {
        Some(key) => {
            let bytes = file(desk, key).await?;
            let names = names_in_zip(&bytes);
            Some(names.map_err(|error| {
                End::Unreadable(format!("không đọc được tệp ZIP / the ZIP cannot be read: {error}"))
            })?)
        }
        None => None,
    };
    let categories = all::<CategoryRow>(
        db,
        "SELECT id, slug, name_vi FROM category c WHERE NOT EXISTS (SELECT 1 FROM category d WHERE d.parent_id = c.id)",
        [],
    )
    .await?;
    let mut by_name = HashMap::new();
    for row in &categories {
        by_name.insert(fold(&row.name_vi), row.slug.clone());
        by_name.insert(fold(&row.slug), row.slug.clone());
    }
    let skus =
        all::<SkuRow>(db, "SELECT sku FROM offer WHERE cooperative_id = $1", [job.cooperative_id.into()]).await?;
    let skus: HashSet<String> = skus.into_iter().map(|row| row.sku).collect();
    let fields = if job.kind == ImportKind::Products { PRODUCT_COLUMNS } else { STOCK_COLUMNS };
    let layout = Layout::of(&sheet.headings, fields, &[Field::Sku]).map_err(|missing| {
        let missing = missing.join(", ");
        End::Unreadable(format!("thiếu cột / a column is missing: {missing}. Hãy dùng tệp mẫu / Use the template."))
    })?;
    let known = Known { categories: &by_name, skus: &skus, pictures: pictures.as_ref() };
    let (mut good, mut bad) = (0, 0);
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut rows = Vec::with_capacity(sheet.rows.len());
    for (line, cells) in &sheet.rows {
        let judged = match job.kind {
            ImportKind::Products => judge_product(&layout, &sheet.headings, (*line, cells), &known),
            ImportKind::Stock => judge_stock(&layout, &sheet.headings, (*line, cells), &known),
        };
        let judged = judged.and_then(|row| match seen.insert(row.sku.clone(), *line) {
            Some(first) => Err(vec![twice(&layout, &sheet.headings, *line, first)]),
            None => Ok(row),
        });
        let (state, cells, errors) = match judged {
            Ok(row) => (ImportRowState::Good, serde_json::to_value(&row), Vec::new()),
            Err(errors) => {
                let text = |field: Field| {
                    let heading =
                        fields.iter().find(|(known, ..)| *known == field).map(|(_, heading, _)| fold(heading));
                    let place = sheet.headings.iter().position(|text| Some(fold(text)) == heading);
                    place.and_then(|place| cells.get(place)).cloned().unwrap_or_default().replace('\0', "")
                };
                (ImportRowState::Bad, Ok(json!({"sku": text(Field::Sku), "name": text(Field::Name)})), errors)
            }
        };
        match state {
            ImportRowState::Good => good += 1,
            _ => bad += 1,
        }
        let errors: Vec<CellError> = errors;
        rows.push(import_row::ActiveModel {
            job_id: Set(job.id),
            line: Set(i32::try_from(*line).unwrap_or(i32::MAX)),
            state: Set(state),
            cells: Set(cells.map_err(Problem::internal)?),
            errors: Set(serde_json::to_value(errors).map_err(Problem::internal)?),
        });
    }
    let transaction = desk.db.begin().await?;
    // An earlier worker may have died half-way.
    run(&transaction, "DELETE FROM import_row WHERE job_id = $1", [job.id.into()]).await?;
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<_> = rows.by_ref().take(500).collect();
        import_row::Entity::insert_many(some).exec_without_returning(&transaction).await?;
    }
    let sql =
        "UPDATE import_job SET state = 'judged', total = $2, good = $3, bad = $4, leased_until = NULL, updated_at = $5
               WHERE id = $1 AND state = 'reading'";
    let values = [job.id.into(), (good + bad).into(), good.into(), bad.into(), desk.now().into()];
    if run(&transaction, sql, values).await? == 1 {
        transaction.commit().await?;
    }
    Ok(())
}

/// What a chunk's rows need to know about the shop.
struct Shop {
    row: entity::cooperative::Model,
    categories: HashMap<String, CategoryId>,
}

async fn read_in(desk: &Desk, job: &import_job::Model) -> Result<(), End> {
    let db = desk.db.fresh();
    let shop = by_id::<entity::cooperative::Entity>(db, job.cooperative_id).await?;
    let row = shop.ok_or_else(|| Problem::internal("an import of no cooperative"))?;
    let categories = all::<CategoryRow>(db, "SELECT id, slug, name_vi FROM category", []).await?;
    let shop = Shop { row, categories: categories.into_iter().map(|row| (row.slug, row.id)).collect() };
    let pictures = match &job.images_key {
        Some(key) => Some(file(desk, key).await?),
        None => None,
    };
    loop {
        let rows = import_row::Entity::find()
            .filter(import_row::Column::JobId.eq(job.id))
            .filter(import_row::Column::State.eq(ImportRowState::Good))
            .order_by_asc(import_row::Column::Line)
            .limit(CHUNK)
            .all(db)
            .await?;
        if rows.is_empty() {
            let sql = "UPDATE import_job SET state = 'done', leased_until = NULL, updated_at = $2 WHERE id = $1 AND state = 'running'";
            run(desk.db.write(), sql, [job.id.into(), desk.now().into()]).await?;
            return Ok(());
        }
        let mut parsed = Vec::with_capacity(rows.len());
        for row in rows {
            let read: Row = serde_json::from_value(row.cells).map_err(Problem::internal)?;
            parsed.push((row.line, read));
        }
        let touched = match chunk(desk, job, &shop, &parsed).await {
            Ok(Some(touched)) => touched,
            Ok(None) => return Ok(()),
            Err(problem) if problem.code.status < 500 => match one_by_one(desk, job, &shop, &parsed).await? {
                Some(touched) => touched,
                None => return Ok(()),
            },
            Err(problem) => return Err(problem.into()),
        };
        if let Some(zip) = &pictures {
            hang_pictures(desk, job.cooperative_id, zip, &parsed).await?;
        }
        desk.products_changed(&touched).await?;
    }
}

/// A row of the chunk cannot be read in after all (somebody ordered meanwhile): it is told apart from the others.
async fn one_by_one(
    desk: &Desk,
    job: &import_job::Model,
    shop: &Shop,
    rows: &[(i32, Row)],
) -> Result<Option<Vec<ProductId>>, Problem> {
    let mut touched = Vec::new();
    for row in rows {
        match chunk(desk, job, shop, std::slice::from_ref(row)).await {
            Ok(Some(ids)) => touched.extend(ids),
            Ok(None) => return Ok(None),
            Err(problem) if problem.code.status < 500 => {
                use entity::value::Language;
                let told = CellError {
                    cell: row.0.to_string(),
                    column: String::new(),
                    vi: problem.words(Language::Vi),
                    en: problem.words(Language::En),
                };
                let errors = serde_json::to_value([told]).map_err(Problem::internal)?;
                let transaction = desk.db.begin().await?;
                let sql = "UPDATE import_row SET state = 'bad', errors = $3 WHERE job_id = $1 AND line = $2";
                run(&transaction, sql, [job.id.into(), row.0.into(), errors.into()]).await?;
                let sql = "UPDATE import_job SET good = good - 1, bad = bad + 1 WHERE id = $1";
                run(&transaction, sql, [job.id.into()]).await?;
                transaction.commit().await?;
            }
            Err(problem) => return Err(problem),
        }
    }
    Ok(Some(touched))
}

/// Everything new that a chunk writes, table by table.
#[derive(Default)]
struct New {
    products: Vec<product::ActiveModel>,
    offers: Vec<offer::ActiveModel>,
    tiers: Vec<price_tier::ActiveModel>,
    stock: Vec<stock::ActiveModel>,
    lots: Vec<lot::ActiveModel>,
    lot_stock: Vec<lot_stock::ActiveModel>,
    movements: Vec<stock_movement::ActiveModel>,
    audit: Vec<audit_entry::ActiveModel>,
    events: Vec<outbox::ActiveModel>,
}

/// Reads rows in, in one transaction; the products it touched, or `None` when the job was stopped.
async fn chunk(
    desk: &Desk,
    job: &import_job::Model,
    shop: &Shop,
    rows: &[(i32, Row)],
) -> Result<Option<Vec<ProductId>>, Problem> {
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    let offers: HashMap<String, offer::Model> = offer::Entity::find()
        .filter(offer::Column::CooperativeId.eq(job.cooperative_id))
        .filter(offer::Column::Sku.is_in(rows.iter().map(|(_, row)| row.sku.as_str())))
        .all(&transaction)
        .await?
        .into_iter()
        .map(|row| (row.sku.clone(), row))
        .collect();
    let names: HashSet<&str> = rows.iter().filter_map(|(_, row)| row.name.as_deref()).collect();
    let same_name = product::Entity::find()
        .filter(product::Column::CooperativeId.eq(job.cooperative_id))
        .filter(product::Column::NameVi.is_in(names))
        .all(&transaction)
        .await?;
    let held: Vec<ProductId> = offers.values().map(|row| row.product_id).collect();
    let mut products: HashMap<ProductId, product::Model> = product::Entity::find()
        .filter(product::Column::Id.is_in(held))
        .all(&transaction)
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let mut by_name: HashMap<String, ProductId> = same_name.iter().map(|row| (row.name_vi.clone(), row.id)).collect();
    products.extend(same_name.into_iter().map(|row| (row.id, row)));
    let on_hand = levels(&transaction, offers.values().map(|row| row.id).collect()).await?;

    let mut new = New::default();
    let (mut changed, mut touched) = (0, HashSet::new());
    for (_, row) in rows {
        let did = match offers.get(&row.sku) {
            Some(known) => {
                let product = products.get(&known.product_id).cloned();
                let before = on_hand.get(&known.id).copied().unwrap_or(0);
                let did = update(&transaction, desk, shop, known, product, row, before).await?;
                if did {
                    touched.insert(known.product_id);
                    // A later row of the chunk sees what this one wrote.
                    if let Some(fresh) = by_id::<product::Entity>(&transaction, known.product_id).await? {
                        products.insert(fresh.id, fresh);
                    }
                }
                did
            }
            None => {
                touched.insert(add(&mut new, desk, shop, row, &mut by_name, now));
                true
            }
        };
        changed += i32::from(did);
    }
    let batch = Batch::default()
        .insert(new.products)
        .insert(new.offers)
        .insert(new.tiers)
        .insert(new.stock)
        .insert(new.lots)
        .insert(new.lot_stock)
        .insert(new.movements)
        .insert(new.audit)
        .insert(new.events);
    batch.execute(&transaction).await?;
    let mut values: Vec<sea_orm::Value> = vec![job.id.into()];
    values.extend(rows.iter().map(|(line, _)| sea_orm::Value::from(*line)));
    let lines = list(2, rows.len());
    run(&transaction, format!("UPDATE import_row SET state = 'done' WHERE job_id = $1 AND line IN {lines}"), values)
        .await?;
    let sql = "UPDATE import_job SET done = done + $2, changed = changed + $3, leased_until = $4, updated_at = $5
               WHERE id = $1 AND state = 'running'";
    let values = [
        job.id.into(),
        i32::try_from(rows.len()).unwrap_or(i32::MAX).into(),
        changed.into(),
        (now + time::Duration::seconds(LEASE_SECONDS)).into(),
        now.into(),
    ];
    if run(&transaction, sql, values).await? != 1 {
        transaction.rollback().await?;
        return Ok(None);
    }
    transaction.commit().await?;
    Ok(Some(touched.into_iter().collect()))
}

async fn levels(connection: &impl ConnectionTrait, offers: Vec<OfferId>) -> Result<HashMap<OfferId, i64>, Problem> {
    let rows = stock::Entity::find().filter(stock::Column::OfferId.is_in(offers)).all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.offer_id, row.on_hand)).collect())
}

/// Brings known goods to what the row says; whether anything changed.
async fn update(
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
        did |= listings::apply(transaction, desk, product, &change).await?;
    }
    if let Some(counted) = row.stock.filter(|counted| *counted != on_hand) {
        let note = Some("nhập từ bảng tính".to_owned());
        let (kind, actor) = (MovementKind::Correction, Some(desk.who.account));
        let moved =
            inventory::record(transaction, known.id, kind, counted - on_hand, None, note, actor, desk.now()).await?;
        match moved {
            Outcome::Done(_) => did = true,
            // Buyers have ordered more than was counted: the books keep what is promised, and the row says so.
            _ => return Err(Problem::new(&inventory::BELOW_RESERVED)),
        }
    }
    Ok(did)
}

/// Writes new goods up; the product they belong to.
fn add(
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
            new.audit.push(audit(desk, "product.imported", id.0, json!({"name_vi": name, "sku": row.sku}), now));
            id
        }
    };
    let id = OfferId::new();
    let pack = row.pack.clone().unwrap_or_default();
    new.offers.push(offer::ActiveModel {
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
    new.stock.push(stock::ActiveModel {
        offer_id: Set(id),
        on_hand: Set(counted),
        reserved: Set(0),
        version: Set(1),
        updated_at: Set(now),
    });
    new.audit.push(audit(desk, "offer.imported", id.0, json!({"price": row.price, "stock": counted}), now));
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
        slug: Set(format!("{}-{}", slug(name).chars().take(70).collect::<String>(), secrets::code(6).to_lowercase())),
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
    let (lot, today, counted) = (LotId::new(), desk.today(), row.stock.unwrap_or(0));
    let mark: String = row.sku.chars().take(25).collect();
    new.lots.push(lot::ActiveModel {
        id: Set(lot),
        cooperative_id: Set(cooperative),
        product_id: Set(product),
        code: Set(format!("{:02}{:02}{:02}-{mark}", today.year() % 100, u8::from(today.month()), today.day())),
        harvested_on: Set(today),
        expires_on: Set(row.shelf_life_days.map(|days| today + time::Duration::days(days.into()))),
        created_at: Set(now),
        state: Set(LotState::Good),
        plot: Set(None),
        household: Set(None),
        note: Set(Some("nhập từ bảng tính".to_owned())),
        forecast_id: Set(None),
    });
    new.lot_stock.push(lot_stock::ActiveModel { lot_id: Set(lot), offer_id: Set(offer), on_hand: Set(counted) });
    new.movements.push(stock_movement::ActiveModel {
        id: Set(RowId::new()),
        offer_id: Set(offer),
        kind: Set(MovementKind::Receipt),
        quantity: Set(counted),
        order_id: Set(None),
        lot_id: Set(Some(lot)),
        note: Set(Some("nhập từ bảng tính".to_owned())),
        actor_id: Set(Some(desk.who.account)),
        at: Set(now),
    });
}

fn audit(
    desk: &Desk,
    action: &str,
    id: uuid::Uuid,
    after: serde_json::Value,
    now: OffsetDateTime,
) -> audit_entry::ActiveModel {
    audit_entry::ActiveModel {
        id: Set(RowId::new()),
        actor_kind: Set(AuditActor::User),
        actor_id: Set(Some(desk.who.account.0)),
        action: Set(action.to_owned()),
        entity: Set(action.split('.').next().unwrap_or_default().to_owned()),
        entity_id: Set(id),
        before: Set(None),
        after: Set(Some(after)),
        at: Set(now),
    }
}

#[derive(FromQueryResult)]
struct Hung {
    sha256: String,
}

/// Pictures named in the rows, out of the ZIP. One that a product has already is left out, so that doing it twice does no
/// harm; one that is no picture is passed over.
async fn hang_pictures(
    desk: &Desk,
    cooperative: CooperativeId,
    zip: &[u8],
    rows: &[(i32, Row)],
) -> Result<(), Problem> {
    use sha2::{Digest, Sha256};
    for (_, row) in rows.iter().filter(|(_, row)| !row.images.is_empty()) {
        let known = offer::Entity::find()
            .filter(offer::Column::CooperativeId.eq(cooperative))
            .filter(offer::Column::Sku.eq(row.sku.as_str()))
            .one(desk.db.fresh())
            .await?;
        let Some(known) = known else { continue };
        let Some(product) = by_id::<product::Entity>(desk.db.fresh(), known.product_id).await? else { continue };
        let hung = all::<Hung>(
            desk.db.fresh(),
            "SELECT m.sha256 FROM product_image i JOIN media m ON m.id = i.media_id WHERE i.product_id = $1",
            [product.id.into()],
        )
        .await?;
        for name in &row.images {
            let Some(bytes) = unzip(zip, name) else { continue };
            let sha256 = hex::encode(Sha256::digest(&bytes));
            if hung.iter().any(|hung| hung.sha256 == sha256) {
                continue;
            }
            let owner = Owner::shop(cooperative, desk.who.account);
            let kept = media::keep(desk.db.write(), &desk.objects, owner, bytes, desk.now()).await;
            let picture = match kept {
                Ok(picture) => picture,
                Err(problem) if problem.code.status < 500 => {
                    tracing::info!(name, %problem, "a picture of an import was passed over");
                    continue;
                }
                Err(problem) => return Err(problem),
            };
            let transaction = desk.db.begin().await?;
            match listings::hang(&transaction, &product, &picture, (None, None)).await {
                Ok(()) => transaction.commit().await?,
                Err(problem) if problem.code.status < 500 => transaction.rollback().await?,
                Err(problem) => return Err(problem),
            }
        }
    }
    Ok(())
}

/// A file of the ZIP by its lower-case name; nothing larger than a picture may be is unpacked.
fn unzip(zip: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).ok()?;
    let index = (0..archive.len()).find(|index| {
        archive.by_index_raw(*index).is_ok_and(|file| {
            file.name().is_ok_and(|path| path.rsplit('/').next().is_some_and(|own| own.to_lowercase() == name))
        })
    })?;
    let file = archive.by_index(index).ok()?;
    let most = media::pictures::MAX_BYTES as u64;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most).then_some(bytes)
}
