//! Judges a sheet: which rows can be read in, which need a person's word, which are refused cell by cell.

use std::collections::{HashMap, HashSet};

use entity::value::{ImportKind, ImportRowState, Vnd};
use entity::{import_job, import_row};
use sea_orm::{EntityTrait, FromQueryResult, Set};
use serde_json::json;

use super::columns::{Field, PRODUCT_COLUMNS, STOCK_COLUMNS};
use super::job::{End, file};
use super::pictures::names_in_zip;
use super::rules::{CellError, Known, Layout, Row, doubts, judge_product, judge_stock, twice};
use crate::people::desk::Desk;
use crate::platform::db::{all, run};
use crate::platform::fold::fold;
use crate::platform::i18n::Text;
use crate::platform::problem::Problem;
use crate::platform::sheets::{self, Sheet};

const MOST_ROWS: usize = 20_000;

#[derive(FromQueryResult)]
struct LeafRow {
    slug: String,
    name_vi: String,
}

#[derive(FromQueryResult)]
struct SkuRow {
    sku: String,
    price_amount: Vnd,
}

/// How many rows came to what.
#[derive(Default)]
struct Count {
    good: i32,
    unsure: i32,
    bad: i32,
}

pub(super) async fn judge(desk: &Desk, job: &import_job::Model) -> Result<(), End> {
    let sheet = sheet(desk, job).await?;
    let pictures = pictures(desk, job).await?;
    let (categories, prices) = (leaves(desk).await?, prices(desk, job).await?);
    let fields = if job.kind == ImportKind::Products { PRODUCT_COLUMNS } else { STOCK_COLUMNS };
    let layout = Layout::of(&sheet.headings, fields, &[Field::Sku]).map_err(|missing| {
        let missing = missing.join(", ");
        End::Unreadable(format!(
            "thiếu cột {missing}: hãy dùng tệp mẫu, và nếu chữ bị lỗi thì lưu thành “CSV UTF-8” hoặc .xlsx / the column {missing} is missing: use the template, and where letters look wrong save as “CSV UTF-8” or .xlsx"
        ))
    })?;
    let known = Known { categories: &categories, prices: &prices, pictures: pictures.as_ref() };
    let (mut count, mut seen) = (Count::default(), HashMap::new());
    let mut rows = Vec::with_capacity(sheet.rows.len());
    for (line, cells) in &sheet.rows {
        rows.push(judged(job, &sheet, &layout, (*line, cells), &known, &mut seen)?);
    }
    for row in &rows {
        match &row.state {
            Set(ImportRowState::Good) => count.good += 1,
            Set(ImportRowState::Unsure) => count.unsure += 1,
            _ => count.bad += 1,
        }
    }
    write(desk, job, rows, &count).await
}

async fn sheet(desk: &Desk, job: &import_job::Model) -> Result<Sheet, End> {
    let bytes = file(desk, &job.object_key).await?;
    let read = tokio::task::spawn_blocking(move || sheets::read(&bytes, MOST_ROWS));
    // A file on which the reader gives up is the file's fault too: it would do so again.
    read.await
        .unwrap_or_else(|_| Err(Text::new("tệp hỏng", "the file is broken")))
        .map_err(|fault| End::Unreadable(format!("{} / {}", fault.vi, fault.en)))
}

async fn pictures(desk: &Desk, job: &import_job::Model) -> Result<Option<HashSet<String>>, End> {
    let Some(key) = &job.images_key else { return Ok(None) };
    let bytes = file(desk, key).await?;
    let names = names_in_zip(&bytes)
        .map_err(|error| End::Unreadable(format!("không đọc được tệp ZIP / the ZIP cannot be read: {error}")))?;
    Ok(Some(names))
}

/// Categories that goods can be in, by name and by slug.
async fn leaves(desk: &Desk) -> Result<HashMap<String, String>, End> {
    let sql =
        "SELECT slug, name_vi FROM category c WHERE NOT EXISTS (SELECT 1 FROM category d WHERE d.parent_id = c.id)";
    let mut by_name = HashMap::new();
    for row in all::<LeafRow>(desk.db.fresh(), sql, []).await? {
        by_name.insert(fold(&row.name_vi), row.slug.clone());
        by_name.insert(fold(&row.slug), row.slug);
    }
    Ok(by_name)
}

async fn prices(desk: &Desk, job: &import_job::Model) -> Result<HashMap<String, i64>, End> {
    let sql = "SELECT sku, price_amount FROM offer WHERE cooperative_id = $1";
    let offers = all::<SkuRow>(desk.db.fresh(), sql, [job.cooperative_id.into()]).await?;
    Ok(offers.into_iter().map(|row| (row.sku, row.price_amount.0)).collect())
}

/// One row of the sheet as it is kept: what it says, or what is wrong cell by cell.
fn judged(
    job: &import_job::Model,
    sheet: &Sheet,
    layout: &Layout,
    (line, cells): (u32, &[String]),
    known: &Known<'_>,
    seen: &mut HashMap<String, u32>,
) -> Result<import_row::ActiveModel, Problem> {
    let judged = match job.kind {
        ImportKind::Products => judge_product(layout, &sheet.headings, (line, cells), known),
        ImportKind::Stock => judge_stock(layout, &sheet.headings, (line, cells), known),
    };
    let judged: Result<Row, Vec<CellError>> = judged.and_then(|row| match seen.insert(row.sku.clone(), line) {
        Some(first) => Err(vec![twice(layout, &sheet.headings, line, first)]),
        None => Ok(row),
    });
    let (state, cells, errors) = match judged {
        Ok(row) => {
            let doubts = doubts(layout, &sheet.headings, line, &row, known);
            let state = if doubts.is_empty() { ImportRowState::Good } else { ImportRowState::Unsure };
            (state, serde_json::to_value(&row), doubts)
        }
        Err(errors) => {
            let text = |field| written(job.kind, sheet, cells, field);
            (ImportRowState::Bad, Ok(json!({"sku": text(Field::Sku), "name": text(Field::Name)})), errors)
        }
    };
    Ok(import_row::ActiveModel {
        job_id: Set(job.id),
        line: Set(i32::try_from(line).unwrap_or(i32::MAX)),
        state: Set(state),
        cells: Set(cells.map_err(Problem::internal)?),
        errors: Set(serde_json::to_value(errors).map_err(Problem::internal)?),
    })
}

/// What stands in a row for a field, as it is.
fn written(kind: ImportKind, sheet: &Sheet, cells: &[String], field: Field) -> String {
    let fields = if kind == ImportKind::Products { PRODUCT_COLUMNS } else { STOCK_COLUMNS };
    let heading = fields.iter().find(|(known, ..)| *known == field).map(|(_, heading, _)| fold(heading));
    let place = sheet.headings.iter().position(|text| Some(fold(text)) == heading);
    place.and_then(|place| cells.get(place)).cloned().unwrap_or_default()
}

async fn write(
    desk: &Desk,
    job: &import_job::Model,
    rows: Vec<import_row::ActiveModel>,
    count: &Count,
) -> Result<(), End> {
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
    let total = count.good + count.unsure + count.bad;
    let values =
        [job.id.into(), total.into(), count.good.into(), count.bad.into(), desk.now().into(), count.unsure.into()];
    if run(&transaction, sql, values).await? == 1 {
        transaction.commit().await?;
    }
    Ok(())
}
