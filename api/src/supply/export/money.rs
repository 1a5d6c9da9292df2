//! What came for an export and what went back, written down by the platform's people from the bank's papers: booked in its own currency, and
//! in đồng at the paper's rate. Until it ships the money is held; from then on it is the cooperative's.

use actix_web::web::Path;
use actix_web::{HttpResponse, post};
use entity::export_payment;
use entity::supply::ExportState;
use entity::value::{ExportId, LedgerAccountKind, PlatformRole, RowId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::rates::TOO_LITTLE_HELD;
use super::view::{EXPORT_STATE, ExportOrder, shown};
use crate::ledger::rules::{Account, Entry, Journal};
use crate::ledger::{self, exchange};
use crate::people::desk::Desk;
use crate::platform::body::Body;
use crate::platform::db::{is_duplicate, one, run};
use crate::platform::fold;
use crate::platform::problem::{Problem, codes};

codes! {
    EXPORT_PAID_ALREADY = "export_payment_known" 409 "Chứng từ này đã được ghi." "This transfer was written down already.";
    EXPORT_TOO_MUCH = "export_payment_too_much" 409 "Nhiều hơn số còn phải trả, hoặc số đã nhận." "More than is left to pay, or than came.";
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"amount": 111_000, "reference": "TT26333009"}))]
pub struct ExportPaymentInput {
    /// Minor units of the export's currency; negative: it goes back.
    #[garde(range(min = -1_000_000_000_000, max = 1_000_000_000_000))]
    #[schema(minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64)]
    pub amount: i64,
    /// The bank's: the same transfer counts once.
    #[garde(length(chars, min = 3, max = 60))]
    #[schema(min_length = 3, max_length = 60)]
    pub reference: String,
}

#[derive(FromQueryResult)]
struct Held {
    dong: i64,
}

/// Đồng that came for an export so far, less what went back.
async fn held(connection: &impl ConnectionTrait, id: ExportId) -> Result<i64, Problem> {
    let sql = "SELECT CAST(COALESCE(SUM(dong), 0) AS bigint) AS dong FROM export_payment WHERE order_id = $1";
    Ok(one::<Held>(connection, sql, [id.into()]).await?.map_or(0, |row| row.dong))
}

fn deposit(id: ExportId) -> Account {
    Account::of(LedgerAccountKind::Deposits, id)
}

/// It shipped: what is held for it is the cooperative's.
pub(super) async fn earned(transaction: &impl ConnectionTrait, found: &ExportOrder) -> Result<Vec<Journal>, Problem> {
    let dong = held(transaction, found.id).await?;
    let cooperative = Account::of(LedgerAccountKind::Cooperative, found.cooperative_id);
    Ok(vec![Journal {
        key: format!("export_shipped:{}", found.id),
        kind: "export_shipped",
        subject: found.id.0,
        note: Some(found.number.clone()),
        actor: None,
        entries: vec![Entry::new(deposit(found.id), dong), Entry::new(cooperative, -dong)],
    }])
}

/// Writes down that money came for an export, or went back.
async fn record(desk: &Desk, id: ExportId, input: ExportPaymentInput) -> Result<ExportOrder, Problem> {
    let transaction = desk.begin().await?;
    run(&transaction, "UPDATE export_order SET updated_at = $2 WHERE id = $1", [id.into(), desk.now().into()]).await?;
    let found = shown(&transaction, id, desk.today()).await?;
    let Some(rate) = found.rate_e4.filter(|_| found.state != ExportState::Cancelled) else {
        return Err(Problem::new(&EXPORT_STATE).extension("state", found.state));
    };
    let after = found.paid + input.amount;
    if input.amount == 0 || after < 0 || after > found.total {
        return Err(Problem::new(&EXPORT_TOO_MUCH).extension("paid", found.paid).extension("total", found.total));
    }
    // Of all payments together, so that parts add up to the paper's đồng.
    let before = held(&transaction, id).await?;
    let dong = exchange::in_dong(after, found.currency, rate) - before;
    let row = export_payment::ActiveModel {
        id: Set(RowId::new()),
        order_id: Set(id),
        amount: Set(input.amount),
        dong: Set(dong),
        reference: Set(fold::stored(&input.reference)),
        entered_by: Set(desk.who.account),
        at: Set(desk.now()),
    };
    export_payment::Entity::insert(row)
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&EXPORT_PAID_ALREADY) } else { error.into() })?;
    let shipped = matches!(found.state, ExportState::Shipped | ExportState::Closed);
    let whose = if shipped { Account::of(LedgerAccountKind::Cooperative, found.cooperative_id) } else { deposit(id) };
    let (kind, entries) = if input.amount > 0 {
        ("export_paid", exchange::received(found.currency, input.amount, dong, whose))
    } else {
        let position = exchange::position(&transaction, found.currency).await?;
        if found.currency != entity::value::Currency::Vnd && position.foreign < -input.amount {
            return Err(Problem::new(&TOO_LITTLE_HELD).extension("held", position.foreign));
        }
        ("export_returned", exchange::returned(found.currency, -input.amount, -dong, whose, position))
    };
    let journal = Journal {
        key: format!("{kind}:{}", fold::stored(&input.reference)),
        kind,
        subject: id.0,
        note: Some(format!("{} {}", found.number, input.reference)),
        actor: Some(desk.who.account),
        entries,
    };
    ledger::post(&transaction, vec![journal], desk.now()).await?;
    if shipped {
        let state = if after == found.total { ExportState::Closed } else { ExportState::Shipped };
        let sql = "UPDATE export_order SET state = $2, version = version + 1 WHERE id = $1";
        run(&transaction, sql, [id.into(), state.as_str().into()]).await?;
    }
    desk.audit(&transaction, "export.paid", ("export_order", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    shown(desk.db.fresh(), id, desk.today()).await
}

/// Write down that money came for an export, or went back.
#[utoipa::path(tag = "admin", operation_id = "record_export_payment", security(("access_token" = [])), params(("export_id" = ExportId, Path)), request_body = ExportPaymentInput, responses((status = 201, description = "The export", body = ExportOrder)))]
#[post("/v1/admin/export-orders/{export_id}/payments")]
pub async fn record_export_payment(
    desk: Desk,
    id: Path<ExportId>,
    body: Body<ExportPaymentInput>,
) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    Ok(HttpResponse::Created().json(record(&desk, *id, body.0).await?))
}
