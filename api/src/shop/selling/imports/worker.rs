//! Judges sheets and reads them in, a hundred rows or two per transaction.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use actix_web::web::Bytes;
use entity::value::{CategoryId, ImportKind, ImportRowState, ImportState, ProductId, SessionId, Vnd};
use entity::{import_job, import_row, offer, product};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;

use super::LEASE_SECONDS;
use super::pictures::{hang_pictures, names_in_zip};
use super::rules::{
    CellError, Field, Known, Layout, PRODUCT_COLUMNS, Row, STOCK_COLUMNS, doubts, judge_product, judge_stock, twice,
};
use super::writing::{New, Shop, add, levels, update};
use crate::people::desk::Desk;
use crate::people::identity::SignedIn;
use crate::platform::background::Stop;
use crate::platform::db::{Batch, all, by_id, list, one, run};
use crate::platform::fold::fold;
use crate::platform::i18n::Text;
use crate::platform::problem::Problem;
use crate::platform::sheets;

const MOST_ROWS: usize = 20_000;
/// So many rows change what the database should know of its tables.
const BULK: i32 = 1_000;
/// Rows per transaction: short enough that buyers do not wait behind it.
const CHUNK: u64 = 200;

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
    price_amount: Vnd,
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
        let who = SignedIn { account: job.created_by, session: SessionId(uuid::Uuid::nil()), roles: Vec::new() };
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

async fn file(desk: &Desk, key: &str) -> Result<Bytes, End> {
    let found = desk.objects.get(key).await.map_err(|error| End::Problem(Problem::internal(error)))?;
    found.ok_or_else(|| End::Unreadable("tệp không còn / the file is gone".to_owned()))
}

async fn judge(desk: &Desk, job: &import_job::Model) -> Result<(), End> {
    let db = desk.db.fresh();
    let bytes = file(desk, &job.object_key).await?;
    let read = tokio::task::spawn_blocking(move || sheets::read(&bytes, MOST_ROWS));
    // A file on which the reader gives up is the file's fault too: it would do so again.
    let sheet = read
        .await
        .unwrap_or_else(|_| Err(Text::new("tệp hỏng", "the file is broken")))
        .map_err(|fault| End::Unreadable(format!("{} / {}", fault.vi, fault.en)))?;
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
    let sql = "SELECT sku, price_amount FROM offer WHERE cooperative_id = $1";
    let offers = all::<SkuRow>(db, sql, [job.cooperative_id.into()]).await?;
    let prices: HashMap<String, i64> = offers.into_iter().map(|row| (row.sku, row.price_amount.0)).collect();
    let fields = if job.kind == ImportKind::Products { PRODUCT_COLUMNS } else { STOCK_COLUMNS };
    let layout = Layout::of(&sheet.headings, fields, &[Field::Sku]).map_err(|missing| {
        let missing = missing.join(", ");
        End::Unreadable(format!(
            "thiếu cột {missing}: hãy dùng tệp mẫu, và nếu chữ bị lỗi thì lưu thành “CSV UTF-8” hoặc .xlsx / the column {missing} is missing: use the template, and where letters look wrong save as “CSV UTF-8” or .xlsx"
        ))
    })?;
    let known = Known { categories: &by_name, prices: &prices, pictures: pictures.as_ref() };
    let (mut good, mut unsure, mut bad) = (0, 0, 0);
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
            Ok(row) => {
                let doubts = doubts(&layout, &sheet.headings, *line, &row, &known);
                let state = if doubts.is_empty() { ImportRowState::Good } else { ImportRowState::Unsure };
                (state, serde_json::to_value(&row), doubts)
            }
            Err(errors) => {
                let text = |field: Field| {
                    let heading =
                        fields.iter().find(|(known, ..)| *known == field).map(|(_, heading, _)| fold(heading));
                    let place = sheet.headings.iter().position(|text| Some(fold(text)) == heading);
                    place.and_then(|place| cells.get(place)).cloned().unwrap_or_default()
                };
                (ImportRowState::Bad, Ok(json!({"sku": text(Field::Sku), "name": text(Field::Name)})), errors)
            }
        };
        match state {
            ImportRowState::Good => good += 1,
            ImportRowState::Unsure => unsure += 1,
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
        "UPDATE import_job SET state = 'judged', total = $2, good = $3, bad = $4, unsure = $6, leased_until = NULL, updated_at = $5
               WHERE id = $1 AND state = 'reading'";
    let total = good + unsure + bad;
    let values = [job.id.into(), total.into(), good.into(), bad.into(), desk.now().into(), unsure.into()];
    if run(&transaction, sql, values).await? == 1 {
        transaction.commit().await?;
    }
    Ok(())
}

async fn read_in(desk: &Desk, job: &import_job::Model, asked: &Stop) -> Result<(), End> {
    let db = desk.db.fresh();
    let shop = by_id::<entity::cooperative::Entity>(db, job.cooperative_id).await?;
    let row = shop.ok_or_else(|| Problem::internal("an import of no cooperative"))?;
    let categories = all::<CategoryRow>(db, "SELECT id, slug, name_vi FROM category", []).await?;
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
    let lines: Vec<i32> = rows.iter().map(|(line, _)| *line).collect();
    let open: HashSet<i32> = import_row::Entity::find()
        .filter(import_row::Column::JobId.eq(job.id))
        .filter(import_row::Column::State.eq(ImportRowState::Good))
        .filter(import_row::Column::Line.is_in(lines))
        .select_only()
        .column(import_row::Column::Line)
        .into_tuple()
        .all(&transaction)
        .await?
        .into_iter()
        .collect();
    let rows: Vec<&(i32, Row)> = rows.iter().filter(|(line, _)| open.contains(line)).collect();
    if rows.is_empty() {
        return Ok(Some(Vec::new()));
    }
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
    for (_, row) in rows.iter().copied() {
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
