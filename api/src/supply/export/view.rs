//! Exports as they are read.

use std::collections::HashMap;

use entity::supply::{ExportPaperKind, ExportState, Incoterm};
use entity::value::{CooperativeId, Currency, ExportId, LotId, ProductId};
use entity::{export_line, export_order, export_paper};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Value};
use serde::Serialize;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::checklist::needed;
use crate::ledger::exchange::in_dong;
use crate::ledger::rules::{WHOLE_BP, share};
use crate::people::desk::Desk;
use crate::platform::db::{all, list, one};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    EXPORT_STATE = "export_state" 409 "Đơn xuất khẩu không ở trạng thái cho phép việc này, hoặc vừa được sửa." "The export is not in a state that allows this, or has just been changed.";
}

/// A line of an export.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportLine {
    pub product_id: ProductId,
    pub hs_code: String,
    /// In English.
    pub description: String,
    pub packages: i64,
    pub net_g: i64,
    pub gross_g: i64,
    /// Minor units of the currency for a kilogram.
    pub price: i64,
    /// Minor units.
    pub amount: i64,
}

/// A paper the destination asks for, and what is there of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportPaper {
    pub kind: ExportPaperKind,
    /// By which rule; none of one nobody asks for.
    #[schema(required = true)]
    pub source: Option<String>,
    #[schema(required = true)]
    pub number: Option<String>,
    #[schema(required = true, value_type = Option<String>, format = Date)]
    pub issued_on: Option<Date>,
    #[schema(required = true, value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
    /// A file is there.
    pub file: bool,
    /// It is there, and has not expired.
    pub good: bool,
}

/// Goods of a lot that left with an export.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct ExportLot {
    #[serde(skip)]
    pub order_id: ExportId,
    /// Of the line, from 0.
    pub line: i32,
    pub lot_id: LotId,
    pub lot_code: String,
    /// Packs.
    pub quantity: i64,
    pub grams: i64,
}

/// Goods that are sold abroad.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportOrder {
    pub id: ExportId,
    pub number: String,
    pub cooperative_id: CooperativeId,
    pub buyer_name: String,
    pub buyer_address: String,
    /// ISO 3166, of the destination.
    pub country: String,
    pub currency: Currency,
    /// Ten-thousandths of a đồng for one, fixed with the quotation.
    #[schema(required = true)]
    pub rate_e4: Option<i64>,
    #[schema(required = true, value_type = Option<String>, format = Date)]
    pub rate_day: Option<Date>,
    pub incoterm: Incoterm,
    pub named_place: String,
    pub deposit_bp: i32,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
    pub state: ExportState,
    pub version: i64,
    /// Why it shipped although papers were missing.
    #[schema(required = true)]
    pub ship_reason: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    pub lines: Vec<ExportLine>,
    pub net_g: i64,
    pub gross_g: i64,
    /// Minor units of the currency.
    pub total: i64,
    /// Minor units, to be paid before it ships.
    pub deposit: i64,
    /// Đồng at the rate, once that is fixed.
    #[schema(required = true)]
    pub total_dong: Option<i64>,
    /// Minor units that came, less what went back.
    pub paid: i64,
    /// What it took of the stock when it left.
    pub lots: Vec<ExportLot>,
    pub papers: Vec<ExportPaper>,
}

#[derive(FromQueryResult)]
struct Paid {
    order_id: ExportId,
    amount: i64,
}

fn papers_of(
    row: &export_order::Model,
    lines: &[ExportLine],
    held: &[export_paper::Model],
    today: Date,
) -> Result<Vec<ExportPaper>, Problem> {
    let codes: Vec<&str> = lines.iter().map(|line| line.hs_code.as_str()).collect();
    // What was asked for when the quotation went out stands.
    let asked = needed(&row.country, &codes, row.rate_day.unwrap_or(today))?;
    let also = held.iter().map(|paper| paper.kind).filter(|kind| !asked.iter().any(|known| known.kind == *kind));
    let kinds: Vec<(ExportPaperKind, Option<String>)> =
        asked.iter().map(|one| (one.kind, Some(one.source.clone()))).chain(also.map(|kind| (kind, None))).collect();
    let paper = |(kind, source): (ExportPaperKind, Option<String>)| {
        let found = held.iter().find(|paper| paper.kind == kind);
        // The market draws these two itself.
        let drawn = matches!(kind, ExportPaperKind::CommercialInvoice | ExportPaperKind::PackingList)
            && row.state != ExportState::Draft;
        ExportPaper {
            kind,
            source,
            number: found.map(|paper| paper.number.clone()),
            issued_on: found.map(|paper| paper.issued_on),
            expires_on: found.and_then(|paper| paper.expires_on),
            file: found.is_some_and(|paper| paper.document_key.is_some()),
            good: drawn || found.is_some_and(|paper| paper.expires_on.is_none_or(|day| day >= today)),
        }
    };
    Ok(kinds.into_iter().map(paper).collect())
}

/// What exports took of the stock.
async fn lots_of(connection: &impl ConnectionTrait, ids: &[ExportId]) -> Result<Vec<ExportLot>, Problem> {
    let sql = format!(
        "SELECT x.order_id, x.position AS line, x.lot_id, l.code AS lot_code, CAST(SUM(x.quantity) AS bigint) AS quantity,
                CAST(SUM(x.quantity * COALESCE(f.net_g, f.weight_g)) AS bigint) AS grams
         FROM export_lot x JOIN lot l ON l.id = x.lot_id JOIN offer f ON f.id = x.offer_id WHERE x.order_id IN {}
         GROUP BY x.order_id, x.position, x.lot_id, l.code ORDER BY x.position, l.code, x.lot_id",
        list(1, ids.len())
    );
    Ok(all(connection, sql, ids.iter().map(|id| Value::from(*id)).collect::<Vec<_>>()).await?)
}

/// Exports with everything that hangs on them, by three more statements whatever their number.
pub(super) async fn views(
    connection: &impl ConnectionTrait,
    rows: Vec<export_order::Model>,
    today: Date,
) -> Result<Vec<ExportOrder>, Problem> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<ExportId> = rows.iter().map(|row| row.id).collect();
    let all_lines = export_line::Entity::find()
        .filter(export_line::Column::OrderId.is_in(ids.iter().copied()))
        .order_by_asc(export_line::Column::Position)
        .all(connection)
        .await?;
    let held = export_paper::Entity::find()
        .filter(export_paper::Column::OrderId.is_in(ids.iter().copied()))
        .all(connection)
        .await?;
    let sql = format!(
        "SELECT order_id, CAST(SUM(amount) AS bigint) AS amount FROM export_payment WHERE order_id IN {} GROUP BY order_id",
        list(1, ids.len())
    );
    let paid = all::<Paid>(connection, sql, ids.iter().map(|id| Value::from(*id)).collect::<Vec<_>>()).await?;
    let paid: HashMap<ExportId, i64> = paid.into_iter().map(|row| (row.order_id, row.amount)).collect();
    let lots = lots_of(connection, &ids).await?;
    let mut found = Vec::new();
    for row in rows {
        let own = all_lines.iter().filter(|line| line.order_id == row.id);
        let lines: Vec<ExportLine> = own
            .map(|line| ExportLine {
                product_id: line.product_id,
                hs_code: line.hs_code.clone(),
                description: line.description.clone(),
                packages: line.packages,
                net_g: line.net_g,
                gross_g: line.gross_g,
                price: line.price,
                amount: share(line.price, line.net_g, 1_000),
            })
            .collect();
        let own: Vec<export_paper::Model> = held.iter().filter(|paper| paper.order_id == row.id).cloned().collect();
        let papers = papers_of(&row, &lines, &own, today)?;
        let total = lines.iter().map(|line| line.amount).sum();
        found.push(ExportOrder {
            papers,
            net_g: lines.iter().map(|line| line.net_g).sum(),
            gross_g: lines.iter().map(|line| line.gross_g).sum(),
            total,
            deposit: share(total, row.deposit_bp.into(), WHOLE_BP),
            total_dong: row.rate_e4.map(|rate| in_dong(total, row.currency, rate)),
            paid: paid.get(&row.id).copied().unwrap_or(0),
            lines,
            lots: lots.iter().filter(|lot| lot.order_id == row.id).cloned().collect(),
            id: row.id,
            number: row.number,
            cooperative_id: row.cooperative_id,
            buyer_name: row.buyer_name,
            buyer_address: row.buyer_address,
            country: row.country,
            currency: row.currency,
            rate_e4: row.rate_e4,
            rate_day: row.rate_day,
            incoterm: row.incoterm,
            named_place: row.named_place,
            deposit_bp: row.deposit_bp,
            valid_until: row.valid_until,
            state: row.state,
            version: row.version,
            ship_reason: row.ship_reason,
            created_at: row.created_at,
        });
    }
    Ok(found)
}

/// An export, whoever's it is.
pub async fn shown(connection: &impl ConnectionTrait, id: ExportId, today: Date) -> Result<ExportOrder, Problem> {
    let row = one::<export_order::Model>(connection, "SELECT * FROM export_order WHERE id = $1", [id.into()]).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    views(connection, vec![row], today).await?.pop().ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// An export of the cooperative.
pub async fn own(desk: &Desk, (cooperative, id): (CooperativeId, ExportId)) -> Result<ExportOrder, Problem> {
    let found = shown(desk.db.fresh(), id, desk.today()).await?;
    if found.cooperative_id == cooperative { Ok(found) } else { Err(Problem::new(&NOT_FOUND)) }
}
