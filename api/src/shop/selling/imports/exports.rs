//! Everything a cooperative sells, as a sheet that can be read in again.

use entity::value::{CooperativeId, ImportKind, OffSeason, OfferId, ProductStatus, Unit, Vnd};
use sea_orm::FromQueryResult;

use super::columns::{Field, INSTRUCTIONS, OFF_SEASONS, PRODUCT_COLUMNS, STATUSES, STOCK_COLUMNS, UNITS, columns};
use crate::people::desk::Desk;
use crate::platform::db::all;
use crate::platform::problem::Problem;
use crate::platform::sheets::{Cell, SheetFormat, Table};

#[derive(FromQueryResult)]
struct OfferLine {
    id: OfferId,
    sku: String,
    name_vi: String,
    name_en: String,
    category: String,
    summary_vi: String,
    summary_en: String,
    story_vi: String,
    pack_vi: String,
    pack_en: String,
    unit: Unit,
    weight_g: i64,
    price_amount: Vnd,
    wholesale_from: Option<i64>,
    min_quantity: i64,
    step_quantity: i64,
    season_from: Option<i32>,
    season_to: Option<i32>,
    off_season: OffSeason,
    shelf_life_days: Option<i32>,
    storage_vi: String,
    status: ProductStatus,
    on_hand: i64,
}

#[derive(FromQueryResult)]
struct TierLine {
    offer_id: OfferId,
    from_quantity: i64,
    amount: Vnd,
}

#[derive(FromQueryResult)]
struct Name {
    name_vi: String,
}

/// Names of the categories goods can be put into: the leaves of the tree.
async fn categories(desk: &Desk) -> Result<Vec<String>, Problem> {
    let rows = all::<Name>(
        desk.db.fresh(),
        "SELECT name_vi FROM category c WHERE NOT EXISTS (SELECT 1 FROM category d WHERE d.parent_id = c.id) ORDER BY ocop_group, position",
        [],
    )
    .await?;
    Ok(rows.into_iter().map(|row| row.name_vi).collect())
}

fn layout(kind: ImportKind) -> &'static [(Field, &'static str, f64)] {
    match kind {
        ImportKind::Products => PRODUCT_COLUMNS,
        ImportKind::Stock => STOCK_COLUMNS,
    }
}

/// An empty sheet with headings, drop-downs, one example and instructions.
pub async fn template(desk: &Desk, kind: ImportKind, format: SheetFormat) -> Result<Vec<u8>, Problem> {
    let columns = columns(layout(kind), &categories(desk).await?);
    let table = Table { title: "Sản phẩm", columns: &columns, rows: &[], instructions: INSTRUCTIONS };
    table.write(format).map_err(Problem::internal)
}

fn word<T: PartialEq + Copy>(words: &[(T, &'static str)], value: T) -> Cell {
    words.iter().find(|(known, _)| *known == value).map_or(Cell::Empty, |(_, word)| Cell::from(*word))
}

fn cell(field: Field, row: &OfferLine, tiers: &[&TierLine]) -> Cell {
    // An English text that is the Vietnamese one was never written.
    let english = |en: &str, vi: &str| if en == vi { Cell::Empty } else { Cell::from(en) };
    match field {
        Field::Sku => row.sku.as_str().into(),
        Field::Name => row.name_vi.as_str().into(),
        Field::Category => row.category.as_str().into(),
        Field::Summary => row.summary_vi.as_str().into(),
        Field::Story => row.story_vi.as_str().into(),
        Field::Pack => row.pack_vi.as_str().into(),
        Field::Unit => word(UNITS, row.unit),
        Field::Weight => row.weight_g.into(),
        Field::Price => row.price_amount.0.into(),
        Field::Tiers => {
            let tier = |tier: &&TierLine| format!("{}:{}", tier.from_quantity, tier.amount.0);
            tiers.iter().map(tier).collect::<Vec<_>>().join("; ").into()
        }
        Field::WholesaleFrom => row.wholesale_from.into(),
        Field::Minimum => row.min_quantity.into(),
        Field::Step => row.step_quantity.into(),
        Field::SeasonFrom => row.season_from.map(i64::from).into(),
        Field::SeasonTo => row.season_to.map(i64::from).into(),
        Field::OffSeason => word(OFF_SEASONS, row.off_season),
        Field::ShelfLife => row.shelf_life_days.map(i64::from).into(),
        Field::Storage => row.storage_vi.as_str().into(),
        Field::Stock => row.on_hand.into(),
        Field::Images => Cell::Empty,
        Field::Status => word(STATUSES, row.status),
        Field::NameEn => english(&row.name_en, &row.name_vi),
        Field::SummaryEn => english(&row.summary_en, &row.summary_vi),
        Field::PackEn => english(&row.pack_en, &row.pack_vi),
    }
}

/// Everything the cooperative sells, a row per offer.
pub async fn export(
    desk: &Desk,
    cooperative: CooperativeId,
    kind: ImportKind,
    format: SheetFormat,
) -> Result<Vec<u8>, Problem> {
    let db = desk.db.fresh();
    let rows = all::<OfferLine>(
        db,
        "SELECT o.id, o.sku, p.name_vi, p.name_en, c.name_vi AS category, p.summary_vi, p.summary_en, p.story_vi, o.pack_vi, o.pack_en, o.unit,
                o.weight_g, o.price_amount, o.wholesale_from, o.min_quantity, o.step_quantity, p.season_from, p.season_to,
                p.off_season, p.shelf_life_days, p.storage_vi, p.status, COALESCE(s.on_hand, 0) AS on_hand
         FROM offer o JOIN product p ON p.id = o.product_id JOIN category c ON c.id = p.category_id
              LEFT JOIN stock s ON s.offer_id = o.id
         WHERE o.cooperative_id = $1 ORDER BY p.id, o.position, o.id",
        [cooperative.into()],
    )
    .await?;
    let tiers = all::<TierLine>(
        db,
        "SELECT t.offer_id, t.from_quantity, t.amount FROM price_tier t JOIN offer o ON o.id = t.offer_id
         WHERE o.cooperative_id = $1 ORDER BY t.offer_id, t.from_quantity",
        [cooperative.into()],
    )
    .await?;
    let categories = categories(desk).await?;
    let write = move || {
        let mut by_offer: std::collections::HashMap<OfferId, Vec<&TierLine>> = std::collections::HashMap::new();
        for tier in &tiers {
            by_offer.entry(tier.offer_id).or_default().push(tier);
        }
        let fields = layout(kind);
        let line = |row: &OfferLine| {
            let own = by_offer.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            fields.iter().map(|(field, ..)| cell(*field, row, own)).collect::<Vec<_>>()
        };
        let lines: Vec<_> = rows.iter().map(line).collect();
        let columns = columns(fields, &categories);
        Table { title: "Sản phẩm", columns: &columns, rows: &lines, instructions: INSTRUCTIONS }.write(format)
    };
    tokio::task::spawn_blocking(write).await.map_err(Problem::internal)?.map_err(Problem::internal)
}
