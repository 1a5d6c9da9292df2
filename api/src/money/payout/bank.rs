//! What goes to the bank, and what it says of each transfer.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::value::{LedgerAccountKind, PayoutBatchId, PayoutBatchState, PayoutId, PayoutState, PlatformRole};
use entity::{payout, payout_batch};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::batches::{BATCH_STATE, PAYOUT_STATE, PayoutView, journal, payee, payout_view, payouts_of};
use crate::ledger;
use crate::ledger::rules::Account;
use crate::people::desk::Desk;
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, run};
use crate::platform::download;
use crate::platform::fault;
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::sheets::{Cell, Column, SheetFormat, Table};

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct FileQuery {
    /// `csv` unless told.
    #[param(inline)]
    format: Option<FileFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    Csv,
    Xlsx,
}

/// The file of transfers for the bank, of an approved run: what is not yet paid.
#[utoipa::path(tag = "admin", operation_id = "payout_bank_file", security(("access_token" = [])), params(("id" = PayoutBatchId, Path), FileQuery), responses((status = 200, description = "The file", content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/v1/admin/payout-batches/{id}/bank-file")]
pub async fn bank_file(desk: Desk, id: Path<PayoutBatchId>, query: Params<FileQuery>) -> Result<HttpResponse, Problem> {
    file_for_bank(&desk, *id, query.0.format).await
}

/// The file of transfers of an approved run.
pub async fn file_for_bank(
    desk: &Desk,
    id: PayoutBatchId,
    format: Option<FileFormat>,
) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let row = by_id::<payout_batch::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if row.state != PayoutBatchState::Approved {
        return Err(Problem::new(&BATCH_STATE).extension("state", row.state));
    }
    let open = payouts_of(desk.db.fresh(), id).await?.into_iter().filter(|row| row.state == PayoutState::Approved);
    let rows: Vec<Vec<Cell>> = (1_i64..)
        .zip(open)
        .map(|(number, row)| {
            vec![
                number.into(),
                row.bank_holder.to_uppercase().into(),
                row.bank_account.into_open().into(),
                row.bank_bin.into(),
                row.amount.0.into(),
                row.reference.into(),
            ]
        })
        .collect();
    let columns = [
        Column::new("STT", 6.0),
        Column::new("Người nhận", 36.0),
        Column::new("Số tài khoản", 20.0),
        Column::new("Mã ngân hàng (BIN)", 18.0),
        Column::new("Số tiền", 16.0),
        Column::new("Nội dung", 28.0),
    ];
    let format = match format {
        Some(FileFormat::Xlsx) => SheetFormat::Xlsx,
        _ => SheetFormat::Csv,
    };
    let table = Table { title: "Chi trả", columns: &columns, rows: &rows, instructions: &[] };
    let bytes = table.write(format).map_err(Problem::internal)?;
    Ok(download::sheet(&row.number, format, bytes))
}

/// What the bank says of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutOutcome {
    Paid,
    /// It never left.
    Failed,
    /// It left, and came back.
    Returned,
}

#[derive(Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"outcome": "paid", "bank_reference": "FT26329123456"}))]
pub struct PayoutMark {
    outcome: PayoutOutcome,
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100)]
    bank_reference: Option<String>,
    /// Why it failed or came back.
    #[garde(inner(length(chars, min = 1, max = 300)))]
    #[schema(min_length = 1, max_length = 300)]
    reason: Option<String>,
}

/// Note what the bank says of a payout. What failed or came back is owed again, and in the next run.
pub async fn mark(desk: &Desk, id: PayoutId, input: PayoutMark) -> Result<PayoutView, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let now = desk.now();
    let transit = Account::one(LedgerAccountKind::PayoutsInTransit);
    let bank = Account::one(LedgerAccountKind::Bank);
    let (from, to) = match input.outcome {
        PayoutOutcome::Paid => (PayoutState::Approved, PayoutState::Paid),
        PayoutOutcome::Failed => (PayoutState::Approved, PayoutState::Failed),
        PayoutOutcome::Returned => (PayoutState::Paid, PayoutState::Returned),
    };
    if input.outcome == PayoutOutcome::Paid && input.bank_reference.is_none() {
        let (vi, en) = ("cần mã giao dịch của ngân hàng", "the bank's reference is needed");
        return Err(Problem::field("/bank_reference", "missing", vi, en));
    }
    let transaction = desk.begin().await?;
    let row = by_id::<payout::Entity>(&transaction, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let moved = run(
        &transaction,
        "UPDATE payout SET state = $3, bank_reference = COALESCE($4, bank_reference), failure = $5, updated_at = $6,
                paid_at = CASE WHEN $3 = 'paid' THEN $6 ELSE paid_at END WHERE id = $1 AND state = $2",
        [
            row.id.into(),
            from.as_str().into(),
            to.as_str().into(),
            input.bank_reference.clone().into(),
            input.reason.clone().into(),
            now.into(),
        ],
    )
    .await?;
    if moved != 1 {
        return Err(Problem::new(&PAYOUT_STATE).extension("state", row.state));
    }
    fault::point("payout.marked");
    let (payee, owner) = payee(&row);
    let who = desk.who.account;
    let journal = match input.outcome {
        PayoutOutcome::Paid => journal("payout_paid", &row, who, transit, bank),
        PayoutOutcome::Failed => journal("payout_failed", &row, who, transit, payee),
        PayoutOutcome::Returned => journal("payout_returned", &row, who, bank, payee),
    };
    let (was, is) = (json!({"state": from}), json!({"state": to, "bank_reference": input.bank_reference}));
    desk.audit(&transaction, "payout.marked", ("payout", row.id.0), was, is).await?;
    emit(&transaction, &format!("payout.{}", to.as_str()), owner, json!({"payout": row.id}), now).await?;
    ledger::post(&transaction, vec![journal], now).await?;
    fault::point("payout.mark_before_commit");
    transaction.commit().await?;
    fault::point("payout.mark_after_commit");
    desk.bell.ring();
    let row = by_id::<payout::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(payout_view(row))
}

/// Note what the bank says of a payout. What failed or came back is owed again, and in the next run.
#[utoipa::path(tag = "admin", operation_id = "mark_payout", security(("access_token" = [])), params(("id" = PayoutId, Path)), request_body = PayoutMark, responses((status = 200, description = "The payout", body = PayoutView)))]
#[post("/v1/admin/payouts/{id}")]
pub async fn mark_payout(desk: Desk, id: Path<PayoutId>, body: Body<PayoutMark>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(mark(&desk, *id, body.0).await?))
}
