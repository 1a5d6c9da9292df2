//! Runs of payouts: made by one, approved by another, sent to the bank, and noted as the bank says.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::value::{
    AccountId, CooperativeId, LedgerAccountKind, Money, PartnerId, PayoutBatchId, PayoutBatchState, PayoutId,
    PayoutState, PlatformRole, Vnd,
};
use entity::{payout, payout_batch};
use garde::Validate;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::preview::left_out;
use super::store::{delivered_by, due, settle};
use crate::config::Terms;
use crate::ledger;
use crate::ledger::rules::{Account, Entry, Journal};
use crate::people::desk::Desk;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, is_duplicate, one, run};
use crate::platform::fault;
use crate::platform::fold::fold;
use crate::platform::idempotency::{Claim, IdempotencyKey, claim, fingerprint, keep};
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::secrets;

codes! {
    NOTHING_DUE = "nothing_due" 409 "Chưa có khoản nào đến hạn chi trả." "Nothing is due to anybody.";
    BATCH_STATE = "batch_state" 409 "Đợt chi trả không còn ở trạng thái cho phép việc này." "The run is not in a state that allows this.";
    OWN_BATCH = "own_batch" 409 "Người duyệt phải khác người lập đợt chi trả." "Somebody else than who made the run has to approve it.";
    PAYOUT_STATE = "payout_state" 409 "Khoản chi trả không còn ở trạng thái cho phép việc này." "The payout is not in a state that allows this.";
}

#[derive(Serialize, ToSchema)]
#[schema(as = Payout)]
pub struct PayoutView {
    pub id: PayoutId,
    batch_id: PayoutBatchId,
    /// Who is paid: this cooperative,
    #[schema(required = true)]
    cooperative_id: Option<CooperativeId>,
    /// or this partner.
    #[schema(required = true)]
    partner_id: Option<PartnerId>,
    /// In the transfer's text.
    reference: String,
    amount: Money,
    state: PayoutState,
    bank_bin: String,
    /// The last digits.
    bank_account: String,
    #[schema(required = true)]
    bank_reference: Option<String>,
    #[schema(required = true)]
    failure: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

pub fn payout_view(row: payout::Model) -> PayoutView {
    PayoutView {
        id: row.id,
        batch_id: row.batch_id,
        cooperative_id: row.cooperative_id,
        partner_id: row.partner_id,
        reference: row.reference,
        amount: row.amount.into(),
        state: row.state,
        bank_bin: row.bank_bin,
        bank_account: super::accounts::masked(&row.bank_account),
        bank_reference: row.bank_reference,
        failure: row.failure,
        created_at: row.created_at,
    }
}

#[derive(Serialize, ToSchema)]
pub struct PayoutBatch {
    id: PayoutBatchId,
    number: String,
    #[schema(value_type = String, format = Date)]
    cutoff_on: Date,
    state: PayoutBatchState,
    total: Money,
    payouts: Vec<PayoutView>,
    created_by: AccountId,
    #[schema(required = true)]
    approved_by: Option<AccountId>,
}

async fn batch_view(connection: &impl ConnectionTrait, row: payout_batch::Model) -> Result<PayoutBatch, DbErr> {
    Ok(PayoutBatch {
        id: row.id,
        number: row.number,
        cutoff_on: row.cutoff_on,
        state: row.state,
        total: row.total_amount.into(),
        payouts: payouts_of(connection, row.id).await?.into_iter().map(payout_view).collect(),
        created_by: row.created_by,
        approved_by: row.approved_by,
    })
}

pub(super) async fn payouts_of(
    connection: &impl ConnectionTrait,
    batch: PayoutBatchId,
) -> Result<Vec<payout::Model>, DbErr> {
    all(connection, "SELECT * FROM payout WHERE batch_id = $1 ORDER BY cooperative_id, partner_id", [batch.into()])
        .await
}

#[derive(Serialize, ToSchema)]
pub struct BatchLine {
    id: PayoutBatchId,
    number: String,
    #[schema(value_type = String, format = Date)]
    cutoff_on: Date,
    state: PayoutBatchState,
    total: Money,
    payouts: i32,
}

/// Runs, newest first.
pub async fn all_batches(desk: &Desk, query: &Paging) -> Result<Page<BatchLine>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let page = NewestFirst::every::<entity::payout_batch::Entity>(query.place())?;
    let page = page.page(desk.db.fresh(), |row: &payout_batch::Model| row.id).await?;
    let line = |row: payout_batch::Model| BatchLine {
        id: row.id,
        number: row.number,
        cutoff_on: row.cutoff_on,
        state: row.state,
        total: row.total_amount.into(),
        payouts: row.payouts,
    };
    let items = page.items.into_iter().map(line).collect::<Vec<_>>();
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// Runs, newest first.
#[utoipa::path(tag = "admin", operation_id = "list_payout_batches", security(("access_token" = [])), params(Paging), responses((status = 200, description = "A page of runs", body = Page<BatchLine>)))]
#[get("/v1/admin/payout-batches")]
pub async fn list_batches(desk: Desk, query: Params<Paging>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(all_batches(&desk, &query.0).await?))
}

#[derive(Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"cutoff_on": "2026-11-24"}))]
pub struct NewBatch {
    /// What was delivered and held long enough by the end of this day; today unless told.
    #[schema(value_type = Option<String>, format = Date)]
    cutoff_on: Option<Date>,
}

/// The run of a day, if there is one that was not called off.
async fn batch_of(connection: &impl ConnectionTrait, cutoff_on: Date) -> Result<Option<payout_batch::Model>, DbErr> {
    let sql = "SELECT * FROM payout_batch WHERE cutoff_on = $1 AND state <> 'cancelled'";
    one(connection, sql, [cutoff_on.into()]).await
}

/// Make a run. There is one a day: whoever asks second gets the same.
#[utoipa::path(tag = "admin", operation_id = "create_payout_batch", security(("access_token" = [])), params(("Idempotency-Key" = String, Header, min_length = 1, max_length = 200)), request_body = NewBatch, responses((status = 201, description = "The run", body = PayoutBatch), (status = 200, description = "The run that is there", body = PayoutBatch)))]
#[post("/v1/admin/payout-batches")]
pub async fn create_batch(desk: Desk, key: IdempotencyKey, body: Body<NewBatch>) -> Result<HttpResponse, Problem> {
    make_batch(&desk, &key, body.0).await
}

/// Makes the run of a day, or finds the one there is.
pub async fn make_batch(desk: &Desk, key: &IdempotencyKey, input: NewBatch) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let cutoff_on = input.cutoff_on.unwrap_or_else(|| desk.today());
    if cutoff_on > desk.today() {
        return Err(Problem::field("/cutoff_on", "future", "ở tương lai", "is in the future"));
    }
    let now = desk.now();
    let scope = format!("payouts:{}", desk.who.account);
    let print = fingerprint(&["POST /v1/admin/payout-batches", &format!("{:?}", input.cutoff_on)]);
    let transaction = desk.db.begin().await?;
    if let Claim::Again { status, body } = claim(&transaction, &scope, key, &print, now).await? {
        let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
        return Ok(HttpResponse::build(status).content_type("application/json").body(body));
    }
    match write_batch(desk, &transaction, cutoff_on, now).await {
        Ok(row) => {
            let body = serde_json::to_string(&batch_view(&transaction, row).await?).map_err(Problem::internal)?;
            keep(&transaction, &scope, key, 201, &body).await?;
            fault::point("payout_batch.before_commit");
            transaction.commit().await?;
            fault::point("payout_batch.after_commit");
            Ok(HttpResponse::Created().content_type("application/json").body(body))
        }
        Err(Written::Before) => {
            transaction.rollback().await?;
            let row = batch_of(desk.db.fresh(), cutoff_on).await?.ok_or_else(|| Problem::new(&BATCH_STATE))?;
            Ok(HttpResponse::Ok().json(batch_view(desk.db.fresh(), row).await?))
        }
        Err(Written::Failed(problem)) => Err(problem),
    }
}

enum Written {
    /// There is a run of this day.
    Before,
    Failed(Problem),
}

impl From<DbErr> for Written {
    fn from(error: DbErr) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Problem> for Written {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

async fn write_batch(
    desk: &Desk,
    transaction: &DatabaseTransaction,
    cutoff_on: Date,
    now: OffsetDateTime,
) -> Result<payout_batch::Model, Written> {
    let Terms { payout_hold_days, payout_minimum, .. } = desk.config.terms();
    let until = delivered_by(cutoff_on, payout_hold_days);
    let id = PayoutBatchId::new();
    let row = payout_batch::ActiveModel {
        id: Set(id),
        number: Set(format!("DC-{cutoff_on}-{}", secrets::code(4))),
        cutoff_on: Set(cutoff_on),
        state: Set(PayoutBatchState::Draft),
        total_amount: Set(Vnd::ZERO),
        payouts: Set(0),
        created_by: Set(desk.who.account),
        approved_by: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    payout_batch::Entity::insert(row)
        .exec_without_returning(transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Written::Before } else { error.into() })?;
    fault::point("payout_batch.row");
    let (mut total, mut count) = (0, 0);
    for row in due(transaction, until).await? {
        let (Some(bank_bin), Some(account), Some(holder)) = (&row.bank_bin, &row.bank_account, &row.bank_holder) else {
            continue;
        };
        if left_out(&row, payout_minimum).is_some() {
            continue;
        }
        let payout = PayoutId::new();
        let model = payout::ActiveModel {
            id: Set(payout),
            batch_id: Set(id),
            cooperative_id: Set(row.cooperative_id),
            partner_id: Set(row.partner_id),
            reference: Set(format!("CT{}{}", fold(&cutoff_on.to_string()).replace(['-', ' '], ""), secrets::code(8))),
            amount: Set(row.amount),
            bank_bin: Set(bank_bin.clone()),
            bank_account: Set(account.clone()),
            bank_holder: Set(holder.clone()),
            state: Set(PayoutState::Draft),
            bank_reference: Set(None),
            failure: Set(None),
            paid_at: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        };
        payout::Entity::insert(model).exec_without_returning(transaction).await?;
        let amount = settle(transaction, payout, row.payee(), until).await?;
        fault::point("payout_batch.items");
        if amount.0 < payout_minimum.max(1) {
            // Something was posted a moment ago that makes it too little: the next run has it.
            run(transaction, "DELETE FROM payout_item WHERE payout_id = $1", [payout.into()]).await?;
            run(transaction, "DELETE FROM payout WHERE id = $1", [payout.into()]).await?;
            continue;
        }
        run(transaction, "UPDATE payout SET amount = $2 WHERE id = $1", [payout.into(), amount.into()]).await?;
        total += amount.0;
        count += 1;
    }
    if count == 0 {
        return Err(Problem::new(&NOTHING_DUE).into());
    }
    let sql = "UPDATE payout_batch SET total_amount = $2, payouts = $3 WHERE id = $1";
    run(transaction, sql, [id.into(), total.into(), count.into()]).await?;
    let after = json!({"cutoff_on": cutoff_on.to_string(), "total": total, "payouts": count});
    desk.audit(transaction, "payout_batch.created", ("payout_batch", id.0), json!(null), after).await?;
    let row = by_id::<payout_batch::Entity>(transaction, id).await?;
    row.ok_or_else(|| Problem::internal("a run that was just written").into())
}

/// A run and its payouts.
pub async fn batch(desk: &Desk, id: PayoutBatchId) -> Result<PayoutBatch, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let row = by_id::<payout_batch::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(batch_view(desk.db.fresh(), row).await?)
}

/// A run and its payouts.
#[utoipa::path(tag = "admin", operation_id = "show_payout_batch", security(("access_token" = [])), params(("id" = PayoutBatchId, Path)), responses((status = 200, description = "The run", body = PayoutBatch)))]
#[get("/v1/admin/payout-batches/{id}")]
pub async fn show_batch(desk: Desk, id: Path<PayoutBatchId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(batch(&desk, *id).await?))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchStep {
    /// By somebody else than who made it: the money leaves the cooperatives' accounts.
    Approve,
    Cancel,
}

#[derive(Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"step": "approve"}))]
pub struct BatchDecision {
    step: BatchStep,
}

/// Approve a run, or call it off.
pub async fn judge_batch(desk: &Desk, id: PayoutBatchId, input: BatchDecision) -> Result<PayoutBatch, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let now = desk.now();
    let transaction = desk.begin().await?;
    let before = by_id::<payout_batch::Entity>(&transaction, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let approve = input.step == BatchStep::Approve;
    if approve && before.created_by == desk.who.account {
        return Err(Problem::new(&OWN_BATCH));
    }
    let to = if approve { "approved" } else { "cancelled" };
    let moved = run(
        &transaction,
        "UPDATE payout_batch SET state = $2, approved_by = $3, updated_at = $4 WHERE id = $1 AND state = 'draft'",
        [id.into(), to.into(), approve.then_some(desk.who.account).into(), now.into()],
    )
    .await?;
    if moved != 1 {
        return Err(Problem::new(&BATCH_STATE).extension("state", before.state));
    }
    fault::point("payout_batch.decided");
    let rows = payouts_of(&transaction, id).await?;
    let sql = "UPDATE payout SET state = $2, updated_at = $3 WHERE batch_id = $1";
    run(&transaction, sql, [id.into(), to.into(), now.into()]).await?;
    if approve {
        let journals: Vec<Journal> = rows.iter().map(|row| sent(row, desk.who.account)).collect();
        ledger::post(&transaction, journals, now).await?;
        fault::point("payout_batch.posted");
        // Each payout settles its own posting too, so that what it settles comes to nothing.
        run(
            &transaction,
            "INSERT INTO payout_item (posting_id, payout_id)
             SELECT p.id, y.id FROM payout y JOIN journal j ON j.subject_id = y.id AND j.kind = 'payout_sent'
                    JOIN posting p ON p.journal_id = j.id JOIN ledger_account a ON a.id = p.account_id AND a.kind IN ('cooperative', 'partner')
             WHERE y.batch_id = $1",
            [id.into()],
        )
        .await?;
        for row in &rows {
            let payload = json!({"payout": row.id, "amount": row.amount.0});
            emit(&transaction, "payout.approved", payee(row).1, payload, now).await?;
        }
    } else {
        let sql = "DELETE FROM payout_item WHERE payout_id IN (SELECT id FROM payout WHERE batch_id = $1)";
        run(&transaction, sql, [id.into()]).await?;
    }
    let (was, is) = (json!({"state": "draft"}), json!({"state": to}));
    desk.audit(&transaction, "payout_batch.decided", ("payout_batch", id.0), was, is).await?;
    fault::point("payout_batch.decision_before_commit");
    transaction.commit().await?;
    fault::point("payout_batch.decision_after_commit");
    desk.bell.ring();
    let row = by_id::<payout_batch::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(batch_view(desk.db.fresh(), row).await?)
}

/// Approve a run, or call it off.
#[utoipa::path(tag = "admin", operation_id = "decide_payout_batch", security(("access_token" = [])), params(("id" = PayoutBatchId, Path)), request_body = BatchDecision, responses((status = 200, description = "The run", body = PayoutBatch)))]
#[post("/v1/admin/payout-batches/{id}")]
pub async fn decide_batch(
    desk: Desk,
    id: Path<PayoutBatchId>,
    body: Body<BatchDecision>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(judge_batch(&desk, *id, body.0).await?))
}

/// The account that is paid from, and its owner's id.
pub(super) fn payee(row: &payout::Model) -> (Account, uuid::Uuid) {
    match (row.cooperative_id, row.partner_id) {
        (Some(cooperative), _) => (Account::of(LedgerAccountKind::Cooperative, cooperative), cooperative.0),
        (None, Some(partner)) => (Account::of(LedgerAccountKind::Partner, partner), partner.0),
        (None, None) => (Account::one(LedgerAccountKind::Unmatched), uuid::Uuid::nil()),
    }
}

pub(super) fn journal(
    kind: &'static str,
    row: &payout::Model,
    actor: AccountId,
    to: Account,
    from: Account,
) -> Journal {
    let amount = row.amount.0;
    Journal {
        key: format!("{kind}:{}", row.id),
        kind,
        subject: row.id.0,
        note: Some(row.reference.clone()),
        actor: Some(actor),
        entries: vec![Entry::new(to, amount), Entry::new(from, -amount)],
    }
}

fn sent(row: &payout::Model, actor: AccountId) -> Journal {
    journal("payout_sent", row, actor, payee(row).0, Account::one(LedgerAccountKind::PayoutsInTransit))
}
