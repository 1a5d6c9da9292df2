//! Takes jobs under a lease; reads rows in, a hundred rows or two per transaction.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use entity::value::{CategoryId, CooperativeId, ImportRowState, ImportState, OfferId, ProductId};
use entity::{import_job, import_row, offer, product};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;

use super::LEASE_SECONDS;
use super::job::{End, file};
use super::judging::judge;
use super::pictures::hang_pictures;
use super::rules::{CellError, Row};
use super::writing::{New, Shop, add, levels, update};
use crate::ocop::certificates;
use crate::people::desk::Desk;
use crate::people::identity::SignedIn;
use crate::platform::background::Stop;
use crate::platform::db::{all, by_id, list, one, run};
use crate::platform::problem::Problem;

/// So many rows change what the database should know of its tables.
const BULK: i32 = 1_000;
/// Rows per transaction: short enough that buyers do not wait behind it.
const CHUNK: u64 = 200;

/// Works jobs off until the process ends. `desk` is whose services it uses; the job's own author acts.
pub struct Importer {
    pub desk: Desk,
}

#[derive(FromQueryResult)]
struct CategoryRow {
    id: CategoryId,
    slug: String,
}

impl Importer {
    pub async fn run(self, stop: Stop) {
        while !stop.is_asked() {
            let pause = match self.round(&stop).await {
                Ok(true) => continue,
                Ok(false) => Duration::from_millis(400),
                Err(problem) => {
                    tracing::warn!(%problem, "importing failed; trying again");
                    Duration::from_secs(2)
                }
            };
            stop.pause(pause).await;
        }
    }

    /// Takes one job under a lease and works on it; whether there was one.
    async fn round(&self, stop: &Stop) -> Result<bool, Problem> {
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
        let who = SignedIn::plain(job.created_by);
        let desk = Desk { who, ..self.desk.clone() };
        let worked = match job.state {
            ImportState::Reading => judge(&desk, &job).await,
            _ => read_in(&desk, &job, stop).await,
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

async fn read_in(desk: &Desk, job: &import_job::Model, asked: &Stop) -> Result<(), End> {
    let db = desk.db.fresh();
    let shop = by_id::<entity::cooperative::Entity>(db, job.cooperative_id).await?;
    let row = shop.ok_or_else(|| Problem::internal("an import of no cooperative"))?;
    let categories = all::<CategoryRow>(db, "SELECT id, slug FROM category", []).await?;
    let shop = Shop { row, categories: categories.into_iter().map(|row| (row.slug, row.id)).collect() };
    let pictures = match &job.images_key {
        Some(key) => Some(file(desk, key).await?),
        None => None,
    };
    if let (Some(zip), true) = (&pictures, job.done > 0) {
        // A worker that died may have left the pictures of its last rows: doing it twice does no harm.
        let last = import_row::Entity::find()
            .filter(import_row::Column::JobId.eq(job.id))
            .filter(import_row::Column::State.eq(ImportRowState::Done))
            .order_by_desc(import_row::Column::Line)
            .limit(CHUNK)
            .all(db)
            .await?;
        hang_pictures(desk, job, zip, &parsed(last)?).await?;
    }
    loop {
        if asked.is_asked() {
            // What is left is the next worker's, at once.
            let sql = "UPDATE import_job SET leased_until = NULL WHERE id = $1 AND state = 'running'";
            run(desk.db.write(), sql, [job.id.into()]).await?;
            return Ok(());
        }
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
            if job.good > BULK {
                desk.db.refresh_statistics().await?;
            }
            return Ok(());
        }
        let rows = parsed(rows)?;
        let touched = match chunk(desk, job, &shop, &rows).await {
            Ok(Some(touched)) => touched,
            Ok(None) => return Ok(()),
            Err(problem) if problem.code.status < 500 => match one_by_one(desk, job, &shop, &rows).await? {
                Some(touched) => touched,
                None => return Ok(()),
            },
            Err(problem) => return Err(problem.into()),
        };
        if let Some(zip) = &pictures {
            hang_pictures(desk, job, zip, &rows).await?;
        }
        desk.products_changed(&touched).await?;
    }
}

/// Rows as they were judged, with their lines.
fn parsed(rows: Vec<import_row::Model>) -> Result<Vec<(i32, Row)>, Problem> {
    let read = |row: import_row::Model| Ok((row.line, serde_json::from_value(row.cells).map_err(Problem::internal)?));
    rows.into_iter().map(read).collect()
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
                let sql = "UPDATE import_row SET state = 'bad', errors = $3 WHERE job_id = $1 AND line = $2 AND state = 'good'";
                let told = run(&transaction, sql, [job.id.into(), row.0.into(), errors.into()]).await?;
                let sql = "UPDATE import_job SET good = good - $2, bad = bad + $2 WHERE id = $1";
                run(&transaction, sql, [job.id.into(), i32::from(told == 1).into()]).await?;
                transaction.commit().await?;
            }
            Err(problem) => return Err(problem),
        }
    }
    Ok(Some(touched))
}

/// What the rows of a chunk touch, as it is.
struct Shelf {
    offers: HashMap<String, offer::Model>,
    products: HashMap<ProductId, product::Model>,
    by_name: HashMap<String, ProductId>,
    on_hand: HashMap<OfferId, i64>,
}

impl Shelf {
    async fn read(
        transaction: &impl ConnectionTrait,
        cooperative: CooperativeId,
        rows: &[&(i32, Row)],
    ) -> Result<Self, Problem> {
        let offers: HashMap<String, offer::Model> = offer::Entity::find()
            .filter(offer::Column::CooperativeId.eq(cooperative))
            .filter(offer::Column::Sku.is_in(rows.iter().map(|(_, row)| row.sku.as_str())))
            .all(transaction)
            .await?
            .into_iter()
            .map(|row| (row.sku.clone(), row))
            .collect();
        let names: HashSet<&str> = rows.iter().filter_map(|(_, row)| row.name.as_deref()).collect();
        let same_name = product::Entity::find()
            .filter(product::Column::CooperativeId.eq(cooperative))
            .filter(product::Column::NameVi.is_in(names))
            .all(transaction)
            .await?;
        let held: Vec<ProductId> = offers.values().map(|row| row.product_id).collect();
        let held = product::Entity::find().filter(product::Column::Id.is_in(held)).all(transaction).await?;
        let by_name = same_name.iter().map(|row| (row.name_vi.clone(), row.id)).collect();
        let products = held.into_iter().chain(same_name).map(|row| (row.id, row)).collect();
        let on_hand = levels(transaction, offers.values().map(|row| row.id).collect()).await?;
        Ok(Self { offers, products, by_name, on_hand })
    }
}

/// Which of the rows are still to be read in.
async fn still_open<'a>(
    transaction: &impl ConnectionTrait,
    job: &import_job::Model,
    rows: &'a [(i32, Row)],
) -> Result<Vec<&'a (i32, Row)>, Problem> {
    let lines: Vec<i32> = rows.iter().map(|(line, _)| *line).collect();
    let open: Vec<i32> = import_row::Entity::find()
        .filter(import_row::Column::JobId.eq(job.id))
        .filter(import_row::Column::State.eq(ImportRowState::Good))
        .filter(import_row::Column::Line.is_in(lines))
        .select_only()
        .column(import_row::Column::Line)
        .into_tuple()
        .all(transaction)
        .await?;
    let open: HashSet<i32> = open.into_iter().collect();
    Ok(rows.iter().filter(|(line, _)| open.contains(line)).collect())
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
    // Holds the job for this transaction: a worker whose lease ran out and the one that took over come one after the
    // other, and the second finds the rows done.
    let sql = "UPDATE import_job SET leased_until = $2 WHERE id = $1 AND state = 'running'";
    let until = now + time::Duration::seconds(LEASE_SECONDS);
    if run(&transaction, sql, [job.id.into(), until.into()]).await? != 1 {
        return Ok(None);
    }
    let rows = still_open(&transaction, job, rows).await?;
    if rows.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let mut shelf = Shelf::read(&transaction, job.cooperative_id, &rows).await?;
    let mut new = New::default();
    let (mut changed, mut touched) = (0, HashSet::new());
    for (_, row) in rows.iter().copied() {
        match shelf.offers.get(&row.sku) {
            Some(known) => {
                let product = shelf.products.get(&known.product_id).cloned();
                let before = shelf.on_hand.get(&known.id).copied().unwrap_or(0);
                if update(&transaction, desk, shop, known, product, row, before).await? {
                    changed += 1;
                    touched.insert(known.product_id);
                    // A later row of the chunk sees what this one wrote.
                    if let Some(fresh) = by_id::<product::Entity>(&transaction, known.product_id).await? {
                        shelf.products.insert(fresh.id, fresh);
                    }
                }
            }
            None => {
                changed += 1;
                touched.insert(add(&mut new, desk, shop, row, &mut shelf.by_name, now));
            }
        }
    }
    new.batch().execute(&transaction).await?;
    let touched: Vec<ProductId> = touched.into_iter().collect();
    certificates::clear_products(&transaction, &touched, (desk.today(), now)).await?;
    if !count_done(&transaction, job, &rows, changed, now).await? {
        transaction.rollback().await?;
        return Ok(None);
    }
    transaction.commit().await?;
    Ok(Some(touched))
}

/// Strikes rows off; whether the job still runs.
async fn count_done(
    transaction: &impl ConnectionTrait,
    job: &import_job::Model,
    rows: &[&(i32, Row)],
    changed: i32,
    now: OffsetDateTime,
) -> Result<bool, Problem> {
    let mut values: Vec<sea_orm::Value> = vec![job.id.into()];
    values.extend(rows.iter().map(|(line, _)| sea_orm::Value::from(*line)));
    let lines = list(2, rows.len());
    let sql = format!("UPDATE import_row SET state = 'done' WHERE job_id = $1 AND line IN {lines}");
    run(transaction, sql, values).await?;
    let sql = "UPDATE import_job SET done = done + $2, changed = changed + $3, leased_until = $4, updated_at = $5
               WHERE id = $1 AND state = 'running'";
    let values = [
        job.id.into(),
        i32::try_from(rows.len()).unwrap_or(i32::MAX).into(),
        changed.into(),
        (now + time::Duration::seconds(LEASE_SECONDS)).into(),
        now.into(),
    ];
    Ok(run(transaction, sql, values).await? == 1)
}
