//! What does not match, for a person: transfers nobody knows, sums that differ, refunds that failed. Each is resolved once,
//! with a posting where money is concerned.

use std::collections::{BTreeSet, HashMap};

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use entity::value::{
    AccountId, LedgerAccountKind, Money, PaymentId, PaymentMethod, PlatformRole, ReconciliationId, ReconciliationKind,
    ReconciliationState,
};
use entity::{payment, reconciliation_item};
use garde::Validate;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::provider::{Notice, Outcome};
use super::rules::Verdict;
use super::settle::Till;
use crate::ledger::{self, gateways};
use crate::people::desk::Desk;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, list, run};
use crate::platform::fold;
use crate::platform::idempotency::{Claim, IdempotencyKey, claim, fingerprint, keep};
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    RESOLVED = "already_resolved" 409 "Mục này đã được xử lý." "This was resolved before.";
    NOT_ASSIGNABLE = "not_assignable" 409 "Khoản này không khớp với thanh toán đó." "This does not pay for that payment.";
    RESOLUTION = "resolution_not_possible" 409 "Không thể xử lý mục này theo cách đó." "An item of this kind is not resolved this way.";
}

#[derive(Serialize, ToSchema)]
pub struct ReconciliationItem {
    id: ReconciliationId,
    kind: ReconciliationKind,
    amount: Money,
    /// The transfer, settlement line, refund or payment.
    subject_id: Uuid,
    #[schema(required = true)]
    payment_id: Option<PaymentId>,
    detail: String,
    state: ReconciliationState,
    #[schema(required = true)]
    resolution: Option<String>,
    #[schema(required = true)]
    note: Option<String>,
    #[schema(required = true)]
    resolved_by: Option<AccountId>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

fn view(row: reconciliation_item::Model) -> ReconciliationItem {
    ReconciliationItem {
        id: row.id,
        kind: row.kind,
        amount: row.amount.into(),
        subject_id: row.subject_id,
        payment_id: row.payment_id,
        detail: row.detail,
        state: row.state,
        resolution: row.resolution,
        note: row.note,
        resolved_by: row.resolved_by,
        created_at: row.created_at,
    }
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct QueueQuery {
    /// `open` unless told.
    #[param(inline)]
    state: Option<ReconciliationState>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// What does not match, newest first.
pub async fn queue_of(desk: &Desk, query: &QueueQuery) -> Result<Page<ReconciliationItem>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let place = (query.limit, query.cursor.as_deref());
    let state = query.state.unwrap_or(ReconciliationState::Open);
    let page = NewestFirst::every::<entity::reconciliation_item::Entity>(place)?.and("state = ?", state.as_str());
    let page = page.page(desk.db.fresh(), |row: &reconciliation_item::Model| row.id).await?;
    let items = page.items.into_iter().map(view).collect::<Vec<_>>();
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// What does not match, newest first.
#[utoipa::path(tag = "admin", operation_id = "list_reconciliation", security(("access_token" = [])), params(QueueQuery), responses((status = 200, description = "A page of items", body = Page<ReconciliationItem>)))]
#[get("/v1/admin/reconciliation")]
pub async fn list_items(desk: Desk, query: Params<QueueQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(queue_of(&desk, &query.0).await?))
}

/// A payment a transfer may have been meant for.
#[derive(Clone, Debug, Serialize, FromQueryResult)]
pub struct Proposal {
    pub id: PaymentId,
    pub reference: String,
    pub amount: i64,
    pub purchase_number: String,
    pub phone: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// For each transfer nobody could place: the newest payments by transfer of that sum that nobody paid.
pub async fn proposals(
    connection: &impl ConnectionTrait,
    items: &[ReconciliationItem],
) -> Result<HashMap<ReconciliationId, Vec<Proposal>>, Problem> {
    let mut found = HashMap::new();
    let sums: BTreeSet<i64> =
        items.iter().filter(|item| is_transfer(item.kind)).map(|item| item.amount.amount).collect();
    if sums.is_empty() {
        return Ok(found);
    }
    let sql = format!(
        "SELECT y.id, y.reference, y.amount, p.number AS purchase_number, p.phone, y.created_at FROM payment y JOIN purchase p ON p.id = y.purchase_id
         WHERE y.method = 'bank_transfer' AND y.state IN ('pending', 'expired', 'cancelled') AND y.amount IN {} ORDER BY y.id DESC LIMIT 200",
        list(1, sums.len())
    );
    let values: Vec<sea_orm::Value> = sums.into_iter().map(Into::into).collect();
    let rows = all::<Proposal>(connection, sql, values).await?;
    for item in items.iter().filter(|item| is_transfer(item.kind)) {
        let own = rows.iter().filter(|row| row.amount == item.amount.amount).take(5).cloned();
        found.insert(item.id, own.collect());
    }
    Ok(found)
}

/// What a person does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// A transfer pays for this payment after all: the amounts must agree.
    Assign,
    /// The transfer was sent back by hand.
    SentBack,
    /// The platform keeps it, or bears it.
    Keep,
    /// Looked into; nothing is to be posted.
    Noted,
}

#[derive(Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"resolution": "sent_back", "note": "Đã chuyển trả ngày 24/11, FT26329"}))]
pub struct ResolutionInput {
    resolution: Resolution,
    /// With `assign`.
    payment_id: Option<PaymentId>,
    #[garde(length(chars, min = 3, max = 500))]
    #[schema(min_length = 3, max_length = 500)]
    note: String,
}

fn holds_money(kind: ReconciliationKind) -> bool {
    matches!(
        kind,
        ReconciliationKind::UnknownTransfer
            | ReconciliationKind::WrongAmount
            | ReconciliationKind::SecondTransfer
            | ReconciliationKind::UnknownSettlement
            | ReconciliationKind::SettlementDiffers
            | ReconciliationKind::SettledTwice
    )
}

fn is_transfer(kind: ReconciliationKind) -> bool {
    matches!(
        kind,
        ReconciliationKind::UnknownTransfer | ReconciliationKind::WrongAmount | ReconciliationKind::SecondTransfer
    )
}

/// Resolve an item, with its posting.
#[utoipa::path(tag = "admin", operation_id = "resolve_reconciliation", security(("access_token" = [])), params(("id" = ReconciliationId, Path), ("Idempotency-Key" = String, Header, min_length = 1, max_length = 200)), request_body = ResolutionInput, responses((status = 200, description = "The item", body = ReconciliationItem)))]
#[post("/v1/admin/reconciliation/{id}/resolve")]
pub async fn resolve(
    desk: Desk,
    till: Data<Till>,
    id: Path<ReconciliationId>,
    key: IdempotencyKey,
    body: Body<ResolutionInput>,
) -> Result<HttpResponse, Problem> {
    let shown = settle_item(&desk, &till, (*id, &key), body.0).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(shown))
}

/// Resolves an item, with its posting; what was kept as the answer.
pub async fn settle_item(
    desk: &Desk,
    till: &Till,
    (id, key): (ReconciliationId, &IdempotencyKey),
    input: ResolutionInput,
) -> Result<String, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let now = desk.now();
    let (scope, print) =
        (format!("resolve:{id}"), fingerprint(&[&serde_json::to_string(&input).map_err(Problem::internal)?]));
    let transaction = desk.db.begin().await?;
    if let Claim::Again { body, .. } = claim(&transaction, &scope, key, &print, now).await? {
        return Ok(body);
    }
    let row = by_id::<reconciliation_item::Entity>(&transaction, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    close(&transaction, &row, &input, desk).await?;
    post(&transaction, &row, &input, desk).await?;
    let shown = reconciliation_item::Entity::find_by_id(row.id).one(&transaction).await?;
    let body = serde_json::to_string(&shown.map(view)).map_err(Problem::internal)?;
    keep(&transaction, &scope, key, 200, &body).await?;
    if input.resolution == Resolution::Assign {
        let notice = assigned(&transaction, &row, &input).await?;
        // One transaction with the resolution: the transfer is either assigned and captured, or neither.
        let (outcome, levels) = till.apply_within(transaction, PaymentMethod::BankTransfer, &notice).await?;
        if outcome != Outcome::Confirmed {
            return Err(Problem::new(&NOT_ASSIGNABLE));
        }
        desk.read_model.levels_changed(&levels).await;
        desk.bell.ring();
    } else {
        transaction.commit().await?;
    }
    Ok(body)
}

/// Marks an item resolved, once.
async fn close(
    transaction: &impl ConnectionTrait,
    row: &reconciliation_item::Model,
    input: &ResolutionInput,
    desk: &Desk,
) -> Result<(), Problem> {
    let resolution = serde_json::to_value(input.resolution).ok().and_then(|value| value.as_str().map(str::to_owned));
    let sql = "UPDATE reconciliation_item SET state = 'resolved', resolution = $2, note = $3, resolved_by = $4, resolved_at = $5
         WHERE id = $1 AND state = 'open'";
    let note = fold::stored(&input.note);
    let values = [row.id.into(), resolution.into(), note.into(), desk.who.account.into(), desk.now().into()];
    if run(transaction, sql, values).await? != 1 {
        return Err(Problem::new(&RESOLVED));
    }
    let (before, after) = (json!({"state": "open"}), json!({"resolution": input.resolution, "note": input.note}));
    desk.audit(transaction, "reconciliation.resolved", ("reconciliation_item", row.id.0), before, after).await?;
    Ok(())
}

/// Where the money of an item goes from the account of what nobody could place.
async fn post(
    transaction: &impl ConnectionTrait,
    row: &reconciliation_item::Model,
    input: &ResolutionInput,
    desk: &Desk,
) -> Result<(), Problem> {
    let to = match input.resolution {
        Resolution::Noted if !holds_money(row.kind) => return Ok(()),
        Resolution::SentBack if holds_money(row.kind) => LedgerAccountKind::Bank,
        Resolution::Keep if holds_money(row.kind) => LedgerAccountKind::Adjustments,
        // Back to the bank's account, from where the payment itself takes it.
        Resolution::Assign if is_transfer(row.kind) => LedgerAccountKind::Bank,
        _ => return Err(Problem::new(&RESOLUTION)),
    };
    let journal = gateways::resolved(row.id.0, to, row.amount.0, &input.note, desk.who.account);
    ledger::post(transaction, vec![journal], desk.now()).await
}

/// A transfer as the notice of the payment it is for.
async fn assigned(
    transaction: &impl ConnectionTrait,
    row: &reconciliation_item::Model,
    input: &ResolutionInput,
) -> Result<Notice, Problem> {
    let wanted = match input.payment_id {
        Some(id) => by_id::<payment::Entity>(transaction, id).await?,
        None => None,
    };
    let wanted = wanted.filter(|wanted| wanted.method == PaymentMethod::BankTransfer && wanted.amount == row.amount);
    let wanted = wanted.ok_or_else(|| Problem::new(&NOT_ASSIGNABLE))?;
    Ok(Notice {
        reference: wanted.reference,
        amount: row.amount.0,
        verdict: Verdict::Paid,
        provider_reference: None,
        data: json!({}),
    })
}
