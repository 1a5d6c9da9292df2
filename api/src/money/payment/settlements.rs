//! Files in which gateways account for payments, and carriers for cash on delivery: matched line by line, each once; what
//! differs goes before a person.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{
    AccountId, Carrier, LedgerAccountKind, Money, OrderId, ParcelId, PaymentId, PaymentMethod, PaymentState,
    PlatformRole, ReconciliationKind, RowId, SettlementId, SettlementLineState, Vnd,
};
use entity::{settlement, settlement_line};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::provider::SettlementColumns;
use super::settle::{Till, by_reference};
use super::unmatched::queue;
use crate::ledger::rules::{Account, Entry, Journal};
use crate::ledger::{self, gateways};
use crate::orders::fulfilment;
use crate::orders::ordering::sale;
use crate::people::desk::Desk;
use crate::platform::body::Params;
use crate::platform::db::{Batch, is_duplicate, one};
use crate::platform::fold::fold;
use crate::platform::i18n::Text;
use crate::platform::numbers::signed_amount;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{Problem, codes};
use crate::platform::{sheets, upload};

codes! {
    SETTLED_BEFORE = "settlement_known" 409 "Tệp này đã được ghi sổ." "This file was booked before.";
    SETTLEMENT_FILE = "settlement_unreadable" 422 "Không đọc được tệp đối soát." "The settlement file cannot be read.";
}

const MOST_BYTES: usize = 10 * 1024 * 1024;
const MOST_LINES: usize = 20_000;

/// Who accounts for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementSource {
    Vnpay,
    Momo,
    Zalopay,
    Ghn,
    Ghtk,
    ViettelPost,
}

impl SettlementSource {
    fn as_str(self) -> &'static str {
        match self {
            Self::Vnpay => "vnpay",
            Self::Momo => "momo",
            Self::Zalopay => "zalopay",
            Self::Ghn => "ghn",
            Self::Ghtk => "ghtk",
            Self::ViettelPost => "viettel_post",
        }
    }
}

/// Headings of carriers' lists of cash on delivery.
const CARRIER_COLUMNS: SettlementColumns = SettlementColumns {
    reference: &["ma van don", "ma don hang", "tracking code", "reference"],
    amount: &["tien thu ho", "cod", "so tien", "amount"],
    fee: &["phi", "phi thu ho", "fee"],
};

struct Line {
    number: u32,
    reference: String,
    amount: i64,
    fee: i64,
}

fn unreadable(vi: impl Into<String>, en: impl Into<String>) -> Problem {
    Problem::new(&SETTLEMENT_FILE).detail(Text::new(vi.into(), en.into()))
}

fn lines(bytes: &[u8], columns: &SettlementColumns) -> Result<Vec<Line>, Problem> {
    let sheet = sheets::read(bytes, MOST_LINES)
        .map_err(|fault| unreadable(format!("Tệp lỗi: {}.", fault.vi), format!("The file is broken: {}.", fault.en)))?;
    let place = |names: &[&str]| sheet.headings.iter().position(|heading| names.contains(&fold(heading).trim()));
    let missing = |names: &[&str]| {
        unreadable(format!("Thiếu cột “{}”.", names[0]), format!("There is no column “{}”.", names[0]))
    };
    let reference = place(columns.reference).ok_or_else(|| missing(columns.reference))?;
    let sum = place(columns.amount).ok_or_else(|| missing(columns.amount))?;
    let fee = place(columns.fee);
    let mut found = Vec::new();
    for (line, cells) in &sheet.rows {
        let wrong =
            |fault: Text| unreadable(format!("Dòng {line}: {}.", fault.vi), format!("Line {line}: {}.", fault.en));
        found.push(Line {
            number: *line,
            reference: cells[reference].trim().to_owned(),
            amount: signed_amount(&cells[sum]).map_err(wrong)?,
            fee: match fee.map(|fee| cells[fee].trim()) {
                None | Some("") => 0,
                Some(text) => signed_amount(text).map_err(wrong)?,
            },
        });
    }
    Ok(found)
}

/// What a file came to.
#[derive(Serialize, ToSchema)]
#[schema(as = Settlement)]
pub struct SettlementView {
    id: SettlementId,
    source: String,
    file_name: String,
    lines: i32,
    gross: Money,
    fees: Money,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

fn view(row: settlement::Model) -> SettlementView {
    SettlementView {
        id: row.id,
        source: row.source,
        file_name: row.file_name,
        lines: row.lines,
        gross: row.gross_amount.into(),
        fees: row.fee_amount.into(),
        created_at: row.created_at,
    }
}

/// Settlement files, newest first.
pub async fn all_settlements(desk: &Desk, query: &Paging) -> Result<Page<SettlementView>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let page = NewestFirst::every::<entity::settlement::Entity>(query.place())?;
    let page = page.page(desk.db.fresh(), |row: &settlement::Model| row.id).await?;
    let items = page.items.into_iter().map(view).collect::<Vec<_>>();
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// Settlement files, newest first.
#[utoipa::path(tag = "admin", operation_id = "list_settlements", security(("access_token" = [])), params(Paging), responses((status = 200, description = "A page of files", body = Page<SettlementView>)))]
#[get("/v1/admin/settlements")]
pub async fn list_settlements(desk: Desk, query: Params<Paging>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(all_settlements(&desk, &query.0).await?))
}

#[derive(FromQueryResult)]
struct Settled {
    parcel: ParcelId,
    order_id: OrderId,
    cod_amount: Vnd,
    before: Option<OffsetDateTime>,
}

/// What a line came to: matched, or for a person.
enum Match {
    Payment(PaymentId),
    Parcel(OrderId),
    Queue(ReconciliationKind, Option<PaymentId>),
}

async fn match_payment(
    transaction: &impl ConnectionTrait,
    method: PaymentMethod,
    line: &Line,
) -> Result<Match, Problem> {
    // ZaloPay writes the day before our reference.
    let reference = line.reference.rsplit('_').next().unwrap_or_default();
    let Some(row) = by_reference(transaction, reference).await?.filter(|row| row.method == method) else {
        return Ok(Match::Queue(ReconciliationKind::UnknownSettlement, None));
    };
    let captured = matches!(row.state, PaymentState::Captured | PaymentState::PartlyRefunded | PaymentState::Refunded);
    if !captured || row.amount.0 != line.amount {
        return Ok(Match::Queue(ReconciliationKind::SettlementDiffers, Some(row.id)));
    }
    let sql = "SELECT id AS payment FROM settlement_line WHERE payment_id = $1 AND state = 'matched'";
    if one::<Before>(transaction, sql, [row.id.into()]).await?.is_some() {
        return Ok(Match::Queue(ReconciliationKind::SettledTwice, Some(row.id)));
    }
    Ok(Match::Payment(row.id))
}

#[derive(FromQueryResult)]
struct Before {
    #[allow(dead_code, reason = "that there is a row is what counts")]
    payment: RowId,
}

async fn match_parcel(
    transaction: &impl ConnectionTrait,
    carrier: Carrier,
    line: &Line,
    now: OffsetDateTime,
) -> Result<Match, Problem> {
    let found = one::<Settled>(
        transaction,
        "SELECT id AS parcel, order_id, cod_amount, settled_at AS before FROM parcel
         WHERE carrier = $1 AND (tracking_code = $2 OR number = $2) AND state <> 'cancelled'",
        [carrier.as_str().into(), line.reference.as_str().into()],
    )
    .await?;
    let Some(parcel) = found else { return Ok(Match::Queue(ReconciliationKind::UnknownSettlement, None)) };
    if parcel.before.is_some() {
        return Ok(Match::Queue(ReconciliationKind::SettledTwice, None));
    }
    if parcel.cod_amount.0 != line.amount {
        return Ok(Match::Queue(ReconciliationKind::SettlementDiffers, None));
    }
    sale::lock(transaction, parcel.order_id).await?;
    if fulfilment::settle(transaction, parcel.parcel, now).await? {
        Ok(Match::Parcel(parcel.order_id))
    } else {
        Ok(Match::Queue(ReconciliationKind::SettledTwice, None))
    }
}

/// Book a settlement file (CSV or XLSX). A file is booked once; what does not match goes before a person.
#[utoipa::path(tag = "admin", operation_id = "upload_settlement", security(("access_token" = [])), params(("source" = inline(SettlementSource), Path)), request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "CSV or XLSX, as the body or in a form"), responses((status = 201, description = "What it came to", body = SettlementView)))]
#[post("/v1/admin/settlements/{source}")]
pub async fn upload_settlement(
    desk: Desk,
    till: Data<Till>,
    request: HttpRequest,
    source: Path<SettlementSource>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let file = upload::read(&request, payload, MOST_BYTES).await?;
    Ok(HttpResponse::Created().json(book(&desk, &till, *source, file).await?))
}

/// Books a settlement file, once.
pub async fn book(
    desk: &Desk,
    till: &Till,
    source: SettlementSource,
    file: upload::Upload,
) -> Result<SettlementView, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let settling = Settling::of(source, till)?;
    let lines = lines(&file.bytes, &settling.columns)?;
    let (id, now) = (SettlementId::new(), desk.now());
    let transaction = desk.db.begin().await?;
    let row = settlement::ActiveModel {
        id: Set(id),
        source: Set(source.as_str().to_owned()),
        file_name: Set(file.file_name.chars().take(200).collect()),
        digest: Set(hex::encode(Sha256::digest(&file.bytes))),
        lines: Set(i32::try_from(lines.len()).unwrap_or(i32::MAX)),
        gross_amount: Set(Vnd(lines.iter().map(|line| line.amount).sum())),
        fee_amount: Set(Vnd(lines.iter().map(|line| line.fee).sum())),
        created_by: Set(desk.who.account),
        created_at: Set(now),
    };
    settlement::Entity::insert(row)
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&SETTLED_BEFORE) } else { error.into() })?;
    let mut booking = Booking {
        settlement: id,
        actor: desk.who.account,
        entries: Vec::new(),
        journals: Vec::new(),
        rows: Vec::new(),
    };
    for line in &lines {
        booking.line(&transaction, &settling, line, now).await?;
    }
    booking.write(&transaction, now).await?;
    let after = json!({"source": source.as_str(), "lines": lines.len()});
    desk.audit(&transaction, "settlement.booked", ("settlement", id.0), json!(null), after).await?;
    transaction.commit().await?;
    desk.bell.ring();
    let row = settlement::Entity::find_by_id(id).one(desk.db.fresh()).await?;
    let row = row.ok_or_else(|| Problem::internal("a settlement that was just written"))?;
    Ok(view(row))
}

/// Whose file it is, and how it is read.
struct Settling {
    source: SettlementSource,
    payer: Payer,
    columns: SettlementColumns,
}

/// Who held the money.
#[derive(Clone, Copy)]
enum Payer {
    Gateway(PaymentMethod),
    Carrier(Carrier),
}

impl Settling {
    fn of(source: SettlementSource, till: &Till) -> Result<Self, Problem> {
        let payer = match source {
            SettlementSource::Vnpay => Payer::Gateway(PaymentMethod::Vnpay),
            SettlementSource::Momo => Payer::Gateway(PaymentMethod::Momo),
            SettlementSource::Zalopay => Payer::Gateway(PaymentMethod::Zalopay),
            SettlementSource::Ghn => Payer::Carrier(Carrier::Ghn),
            SettlementSource::Ghtk => Payer::Carrier(Carrier::Ghtk),
            SettlementSource::ViettelPost => Payer::Carrier(Carrier::ViettelPost),
        };
        let columns = match payer {
            Payer::Gateway(method) => till.providers.get(method).and_then(|provider| provider.settlement_columns()),
            Payer::Carrier(_) => Some(CARRIER_COLUMNS),
        };
        let columns =
            columns.ok_or_else(|| unreadable("Nguồn này chưa được cấu hình.", "This source is not configured."))?;
        Ok(Self { source, payer, columns })
    }

    fn held(&self) -> Account {
        match self.payer {
            Payer::Gateway(method) => Account::of(LedgerAccountKind::Gateway, method.as_str()),
            Payer::Carrier(_) => Account::of(LedgerAccountKind::Carrier, self.source.as_str()),
        }
    }
}

/// A settlement as postings and rows.
struct Booking {
    settlement: SettlementId,
    actor: AccountId,
    entries: Vec<Entry>,
    journals: Vec<Journal>,
    /// Queued lines; those that match are written at once.
    rows: Vec<settlement_line::ActiveModel>,
}

impl Booking {
    async fn line(
        &mut self,
        transaction: &DatabaseTransaction,
        settling: &Settling,
        line: &Line,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        let matched = match settling.payer {
            Payer::Gateway(method) => match_payment(transaction, method, line).await?,
            Payer::Carrier(carrier) => match_parcel(transaction, carrier, line, now).await?,
        };
        let id = RowId::new();
        let (state, payment, from) = match matched {
            Match::Payment(payment) => (SettlementLineState::Matched, Some(payment), settling.held()),
            Match::Parcel(order) => {
                self.journals.extend(sale::collect_cash(transaction, order, now).await?);
                (SettlementLineState::Matched, None, settling.held())
            }
            Match::Queue(kind, payment) => {
                let detail = format!("{} {}: {}", settling.source.as_str(), line.number, line.reference);
                queue(transaction, (kind, id.0), line.amount, payment, &detail, now).await?;
                (SettlementLineState::Queued, payment, Account::one(LedgerAccountKind::Unmatched))
            }
        };
        self.entries.extend(gateways::settled_line(from, line.amount, line.fee));
        let row = settlement_line::ActiveModel {
            id: Set(id),
            settlement_id: Set(self.settlement),
            line: Set(i32::try_from(line.number).unwrap_or(i32::MAX)),
            reference: Set(line.reference.chars().take(100).collect()),
            amount: Set(Vnd(line.amount)),
            fee_amount: Set(Vnd(line.fee)),
            state: Set(state),
            payment_id: Set(payment),
        };
        if state == SettlementLineState::Matched {
            // At once, so that the next line of the same payment finds it.
            settlement_line::Entity::insert(row).exec_without_returning(transaction).await?;
        } else {
            self.rows.push(row);
        }
        Ok(())
    }

    async fn write(mut self, transaction: &DatabaseTransaction, now: OffsetDateTime) -> Result<(), Problem> {
        for rows in self.rows.chunks(500) {
            Batch::default().insert(rows.to_vec()).execute(transaction).await?;
        }
        self.journals.push(gateways::settled(self.settlement.0, self.entries, self.actor));
        ledger::post(transaction, self.journals, now).await
    }
}
