//! Tax withheld from household sellers (Decree 117/2025/NĐ-CP): rates as dated data, the monthly declaration.

use actix_web::http::header;
use actix_web::{HttpResponse, get, post};
use entity::value::{CooperativeId, PlatformRole, RefundId, RowId, TaxKind, TaxResidence, Vnd};
use entity::{tax_line, tax_rate};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::rules::{OrderMoney, Tax, TaxLine};
use crate::people::desk::Desk;
use crate::platform::body::{Body, Params};
use crate::platform::clock::VIETNAM;
use crate::platform::db::{all, is_duplicate};
use crate::platform::problem::{CONFLICT, Problem};
use crate::platform::sheets::{Cell, Column, SheetFormat, Table};

#[derive(Serialize, ToSchema)]
pub struct TaxRate {
    kind: TaxKind,
    residence: TaxResidence,
    /// Basis points of gross revenue.
    vat_bp: i32,
    pit_bp: i32,
    #[schema(value_type = String, format = Date)]
    valid_from: Date,
    /// The decree it comes from.
    source: String,
}

#[derive(Serialize, ToSchema)]
pub struct TaxRates {
    items: Vec<TaxRate>,
}

/// The rates, by kind of sale and the seller's residence, newest first.
pub async fn all_rates(desk: &Desk) -> Result<TaxRates, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let rows = tax_rate::Entity::find().order_by_desc(tax_rate::Column::ValidFrom).all(desk.db.fresh()).await?;
    let view = |row: tax_rate::Model| TaxRate {
        kind: row.kind,
        residence: row.residence,
        vat_bp: row.vat_bp,
        pit_bp: row.pit_bp,
        valid_from: row.valid_from,
        source: row.source,
    };
    Ok(TaxRates { items: rows.into_iter().map(view).collect() })
}

/// The rates, by kind of sale and the seller's residence, newest first.
#[utoipa::path(tag = "admin", operation_id = "show_tax_rates", security(("access_token" = [])), responses((status = 200, description = "The rates", body = TaxRates)))]
#[get("/v1/admin/tax-rates")]
pub async fn show_rates(desk: Desk) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(all_rates(&desk).await?))
}

#[derive(Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"kind": "goods", "residence": "resident", "vat_bp": 100, "pit_bp": 50, "valid_from": "2027-01-01", "source": "117/2025/ND-CP"}))]
pub struct NewTaxRate {
    kind: TaxKind,
    residence: TaxResidence,
    #[garde(range(min = 0, max = 10_000))]
    #[schema(minimum = 0, maximum = 10000)]
    vat_bp: i32,
    #[garde(range(min = 0, max = 10_000))]
    #[schema(minimum = 0, maximum = 10000)]
    pit_bp: i32,
    #[schema(value_type = String, format = Date)]
    valid_from: Date,
    #[garde(length(chars, min = 3, max = 200))]
    #[schema(min_length = 3, max_length = 200)]
    source: String,
}

/// A rate that holds from a day to come.
pub async fn enter_rate(desk: &Desk, input: NewTaxRate) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Admin)?;
    if input.valid_from <= desk.today() {
        let (vi, en) = ("phải ở tương lai", "must be in the future");
        return Err(Problem::field("/valid_from", "past", vi, en));
    }
    let after = serde_json::to_value(&input).map_err(Problem::internal)?;
    let transaction = desk.begin().await?;
    let row = tax_rate::ActiveModel {
        kind: Set(input.kind),
        residence: Set(input.residence),
        vat_bp: Set(input.vat_bp),
        pit_bp: Set(input.pit_bp),
        valid_from: Set(input.valid_from),
        source: Set(input.source),
    };
    tax_rate::Entity::insert(row)
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&CONFLICT) } else { error.into() })?;
    desk.audit(&transaction, "tax_rate.added", ("tax_rate", Uuid::nil()), json!(null), after).await?;
    transaction.commit().await?;
    Ok(())
}

/// A rate that holds from a day to come.
#[utoipa::path(tag = "admin", operation_id = "add_tax_rate", security(("access_token" = [])), request_body = NewTaxRate, responses((status = 204, description = "Noted")))]
#[post("/v1/admin/tax-rates")]
pub async fn add_rate(desk: Desk, body: Body<NewTaxRate>) -> Result<HttpResponse, Problem> {
    enter_rate(&desk, body.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeclarationFormat {
    Json,
    Xlsx,
    Csv,
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct DeclarationQuery {
    /// A month in Vietnam, as 2026-11.
    #[garde(pattern("^20[0-9]{2}-(0[1-9]|1[0-2])$"))]
    #[param(pattern = "^20[0-9]{2}-(0[1-9]|1[0-2])$", example = "2026-11")]
    period: String,
    /// `json` unless told.
    #[param(inline)]
    format: Option<DeclarationFormat>,
}

/// A seller's month at one kind and rate. Offsets of cancelled and returned sales are in it.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub struct DeclaredLine {
    pub cooperative_id: CooperativeId,
    pub legal_name: String,
    pub tax_code: String,
    pub kind: TaxKind,
    pub residence: TaxResidence,
    pub vat_bp: i32,
    pub pit_bp: i32,
    pub sales: i64,
    /// Đồng.
    pub revenue: Vnd,
    pub vat: Vnd,
    pub pit: Vnd,
}

#[derive(Serialize, ToSchema)]
pub struct Declaration {
    pub period: String,
    pub lines: Vec<DeclaredLine>,
    pub revenue: Vnd,
    pub vat: Vnd,
    pub pit: Vnd,
}

/// The month's declaration: the sum of its lines.
pub async fn declared(connection: &impl ConnectionTrait, period: &str) -> Result<Declaration, DbErr> {
    let lines = all::<DeclaredLine>(
        connection,
        "SELECT t.cooperative_id, c.legal_name, c.tax_code, t.kind, t.residence, t.vat_bp, t.pit_bp, COUNT(*) AS sales,
                CAST(SUM(t.revenue_amount) AS bigint) AS revenue, CAST(SUM(t.vat_amount) AS bigint) AS vat,
                CAST(SUM(t.pit_amount) AS bigint) AS pit
         FROM tax_line t JOIN cooperative c ON c.id = t.cooperative_id WHERE t.period = $1
         GROUP BY t.cooperative_id, c.legal_name, c.tax_code, t.kind, t.residence, t.vat_bp, t.pit_bp
         ORDER BY c.tax_code, t.cooperative_id, t.kind, t.vat_bp, t.pit_bp",
        [period.into()],
    )
    .await?;
    let sum = |of: fn(&DeclaredLine) -> Vnd| Vnd(lines.iter().map(|line| of(line).0).sum());
    let (revenue, vat, pit) = (sum(|line| line.revenue), sum(|line| line.vat), sum(|line| line.pit));
    Ok(Declaration { period: period.to_owned(), lines, revenue, vat, pit })
}

/// What the platform declares and pays for its household sellers in a month.
#[utoipa::path(tag = "admin", operation_id = "tax_declaration", security(("access_token" = [])), params(DeclarationQuery), responses((status = 200, description = "The declaration", content((Declaration = "application/json"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv")))))]
#[get("/v1/admin/tax-declaration")]
pub async fn declaration(desk: Desk, query: Params<DeclarationQuery>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let found = declared(desk.db.fresh(), &query.0.period).await?;
    let format = match query.0.format {
        None | Some(DeclarationFormat::Json) => return Ok(HttpResponse::Ok().json(found)),
        Some(DeclarationFormat::Xlsx) => SheetFormat::Xlsx,
        Some(DeclarationFormat::Csv) => SheetFormat::Csv,
    };
    let bytes = sheet(&found, format).map_err(Problem::internal)?;
    let name = format!("attachment; filename=\"thue-khau-tru-{}.{}\"", found.period, format.extension());
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(bytes))
}

const COLUMNS: &[(&str, f64)] = &[
    ("Người bán", 36.0),
    ("Mã số thuế", 16.0),
    ("Loại", 12.0),
    ("Cư trú", 14.0),
    ("Số giao dịch", 12.0),
    ("Doanh thu (đồng)", 18.0),
    ("GTGT (phần vạn)", 14.0),
    ("GTGT (đồng)", 14.0),
    ("TNCN (phần vạn)", 14.0),
    ("TNCN (đồng)", 14.0),
];

fn sheet(found: &Declaration, format: SheetFormat) -> anyhow::Result<Vec<u8>> {
    let row = |line: &DeclaredLine| -> Vec<Cell> {
        vec![
            line.legal_name.clone().into(),
            line.tax_code.clone().into(),
            line.kind.as_str().into(),
            line.residence.as_str().into(),
            line.sales.into(),
            line.revenue.0.into(),
            i64::from(line.vat_bp).into(),
            line.vat.0.into(),
            i64::from(line.pit_bp).into(),
            line.pit.0.into(),
        ]
    };
    let columns: Vec<Column> = COLUMNS.iter().map(|(heading, width)| Column::new(heading, *width)).collect();
    let rows: Vec<Vec<Cell>> = found.lines.iter().map(row).collect();
    let instructions =
        ["Nghị định 117/2025/NĐ-CP: thuế khấu trừ của hộ, cá nhân kinh doanh; số âm là bù trừ giao dịch hủy, trả."];
    Table { title: "Khấu trừ", columns: &columns, rows: &rows, instructions: &instructions }.write(format)
}

/// Writes down what was withheld, or gave back, of an order.
pub async fn write_tax(
    transaction: &impl ConnectionTrait,
    money: &OrderMoney,
    lines: &[TaxLine],
    refund: Option<RefundId>,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows = lines.iter().map(|line| tax_line_row(money, line, refund, now));
    tax_line::Entity::insert_many(rows.collect::<Vec<_>>()).exec_without_returning(transaction).await?;
    Ok(())
}

pub fn tax_line_row(
    money: &OrderMoney,
    line: &TaxLine,
    refund: Option<RefundId>,
    now: OffsetDateTime,
) -> tax_line::ActiveModel {
    let bp = |value: i64| i32::try_from(value).unwrap_or(i32::MAX);
    tax_line::ActiveModel {
        id: Set(RowId::new()),
        cooperative_id: Set(money.cooperative),
        order_id: Set(money.order),
        order_line_id: Set(line.line),
        period: Set(period(now)),
        kind: Set(line.tax.kind),
        residence: Set(line.tax.residence),
        revenue_amount: Set(Vnd(line.revenue)),
        vat_bp: Set(bp(line.tax.vat_bp)),
        pit_bp: Set(bp(line.tax.pit_bp)),
        vat_amount: Set(Vnd(line.vat)),
        pit_amount: Set(Vnd(line.pit)),
        refund_id: Set(refund),
        at: Set(now),
    }
}

/// `2026-11`: the month in Vietnam.
pub fn period(at: OffsetDateTime) -> String {
    let day = at.to_offset(VIETNAM).date();
    format!("{}-{:02}", day.year(), u8::from(day.month()))
}

/// Group 6 of the OCOP programme are services of community tourism; everything else is goods (Decision 148/QĐ-TTg).
pub fn tax_kind(ocop_group: i32) -> TaxKind {
    if ocop_group == 6 { TaxKind::Service } else { TaxKind::Goods }
}

/// The rates that hold on a day.
pub async fn rates_of(
    connection: &impl ConnectionTrait,
    residence: TaxResidence,
    at: OffsetDateTime,
) -> Result<Vec<Tax>, DbErr> {
    let rows = all::<tax_rate::Model>(
        connection,
        "SELECT * FROM tax_rate WHERE residence = $1 AND valid_from <= $2 ORDER BY valid_from DESC",
        [residence.as_str().into(), at.to_offset(VIETNAM).date().into()],
    )
    .await?;
    let mut rates: Vec<Tax> = Vec::new();
    for row in rows {
        if rates.iter().all(|known| known.kind != row.kind) {
            let (vat_bp, pit_bp) = (row.vat_bp.into(), row.pit_bp.into());
            rates.push(Tax { kind: row.kind, residence, vat_bp, pit_bp });
        }
    }
    Ok(rates)
}
