//! Sending back what is owed: once, whatever happens on the way. A person approves what is above the limit, and takes over
//! what a provider cannot do.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use entity::value::{
    CooperativeId, Money, OfferId, OrderId, PaymentId, PlatformRole, PurchaseId, RefundId, RefundState,
};
use entity::{payment, refund};
use garde::Validate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::settle::Till;
use crate::ledger;
use crate::ledger::refunds::{self as refund_states, NOT_PAID, Owe};
use crate::orders::ordering::refunds::{What, over_orders, owe, take_back};
use crate::orders::ordering::seller;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, run};
use crate::platform::fold;
use crate::platform::idempotency::{Claim, IdempotencyKey, claim, fingerprint, keep};
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    REFUND_STATE = "refund_state" 409 "Khoản hoàn tiền không còn ở trạng thái cho phép việc này." "The refund is not in a state that allows this.";
    OWN_REFUND = "own_refund" 409 "Người duyệt phải khác người đề nghị." "Somebody else than who asked has to approve.";
}

/// What is owed back to a buyer.
#[derive(Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundView {
    id: RefundId,
    number: String,
    purchase_id: PurchaseId,
    #[schema(required = true)]
    payment_id: Option<PaymentId>,
    state: RefundState,
    reason: String,
    #[schema(required = true)]
    note: Option<String>,
    amount: Money,
    /// Why a person has to send it.
    #[schema(required = true)]
    last_error: Option<String>,
    #[schema(required = true)]
    provider_reference: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

fn view(row: refund::Model) -> RefundView {
    RefundView {
        id: row.id,
        number: row.number,
        purchase_id: row.purchase_id,
        payment_id: row.payment_id,
        state: row.state,
        reason: row.reason,
        note: row.note,
        amount: row.amount.into(),
        last_error: row.last_error,
        provider_reference: row.provider_reference,
        created_at: row.created_at,
    }
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct RefundQuery {
    #[param(inline)]
    state: Option<RefundState>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// Refunds, newest first.
pub async fn all_refunds(desk: &Desk, query: &RefundQuery) -> Result<Page<RefundView>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let place = (query.limit, query.cursor.as_deref());
    let page = NewestFirst::every::<entity::refund::Entity>(place)?
        .and_if("state = ?", query.state.map(RefundState::as_str))
        .page(desk.db.fresh(), |row: &refund::Model| row.id)
        .await?;
    let items = page.items.into_iter().map(view).collect::<Vec<_>>();
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// Refunds, newest first.
#[utoipa::path(tag = "admin", operation_id = "list_refunds", security(("access_token" = [])), params(RefundQuery), responses((status = 200, description = "A page of refunds", body = Page<RefundView>)))]
#[get("/v1/admin/refunds")]
pub async fn list_refunds(desk: Desk, query: Params<RefundQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(all_refunds(&desk, &query.0).await?))
}

#[derive(Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct RefundedLine {
    offer_id: OfferId,
    #[garde(range(min = 1, max = 9_999))]
    #[schema(minimum = 1, maximum = 9999)]
    quantity: i64,
}

/// What of an order goes back: everything, unless lines, an amount or the delivery are named.
#[derive(Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"lines": [{"offer_id": "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f", "quantity": 1}], "note": "Hai quả bị dập"}))]
pub struct NewRefund {
    /// So many of these.
    #[garde(length(max = 100), dive)]
    #[serde(default)]
    #[schema(max_items = 100)]
    lines: Vec<RefundedLine>,
    /// Or so many đồng of what is left, spread over all of it.
    #[garde(inner(range(min = 1, max = 100_000_000_000)))]
    #[schema(minimum = 1, maximum = 100_000_000_000i64)]
    amount: Option<i64>,
    /// The delivery too (with lines), or not (without).
    delivery: Option<bool>,
    #[garde(length(chars, min = 3, max = 500))]
    #[schema(min_length = 3, max_length = 500)]
    note: String,
}

impl NewRefund {
    fn what(&self) -> Result<Vec<What>, Problem> {
        if self.amount.is_some() && !self.lines.is_empty() {
            let (vi, en) = ("chọn dòng hàng hoặc số tiền, không cả hai", "either lines or an amount");
            return Err(Problem::field("/amount", "both", vi, en));
        }
        for (index, line) in self.lines.iter().enumerate() {
            if self.lines[..index].iter().any(|other| other.offer_id == line.offer_id) {
                let (vi, en) = ("bị lặp", "is named twice");
                return Err(Problem::field(format!("/lines/{index}/offer_id"), "twice", vi, en));
            }
        }
        let goods = match (self.amount, self.lines.is_empty(), self.delivery) {
            (Some(amount), _, Some(false)) => What::AmountOfGoods(amount),
            (Some(amount), ..) => What::Amount(amount),
            (None, false, _) => What::Goods(self.lines.iter().map(|line| (line.offer_id, line.quantity)).collect()),
            (None, true, Some(false)) => What::AllGoods,
            (None, true, _) => What::Everything,
        };
        let mut all = vec![goods];
        if !self.lines.is_empty() && self.delivery == Some(true) {
            all.push(What::Delivery);
        }
        Ok(all)
    }
}

#[derive(Serialize, ToSchema)]
pub struct Refunds {
    items: Vec<RefundView>,
}

/// Owes a refund that somebody asked for; above the limit it waits for a second person.
async fn ask_for(
    desk: &Desk,
    scope: String,
    key: &IdempotencyKey,
    print: &str,
    orders: Vec<Vec<(OrderId, What)>>,
    note: &str,
    limited: bool,
) -> Result<HttpResponse, Problem> {
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    if let Claim::Again { body, .. } = claim(&transaction, &scope, key, print, now).await? {
        return Ok(HttpResponse::Created().content_type("application/json").body(body));
    }
    let (mut ids, mut journals) = (Vec::new(), Vec::new());
    for orders in orders {
        let asked = Owe {
            reason: "asked_for",
            note: Some(fold::stored(note)),
            by: Some(desk.who.account),
            needs_approval: limited,
        };
        if let Some(owed) = owe(&transaction, &orders, asked, now).await? {
            if limited {
                let most = desk.config.terms().refund_approval_above;
                refund_states::let_small_go(&transaction, &owed.refunds, most).await?;
            }
            ids.extend(owed.refunds);
            journals.extend(owed.journals);
        }
    }
    if ids.is_empty() {
        return Err(Problem::new(&NOT_PAID));
    }
    let mut rows = Vec::new();
    for id in &ids {
        rows.extend(by_id::<refund::Entity>(&transaction, *id).await?);
    }
    for row in &rows {
        let after = json!({"number": row.number, "amount": row.amount, "state": row.state, "note": row.note});
        desk.audit(&transaction, "refund.asked", ("refund", row.id.0), json!(null), after).await?;
    }
    let body =
        serde_json::to_string(&Refunds { items: rows.into_iter().map(view).collect() }).map_err(Problem::internal)?;
    keep(&transaction, &scope, key, 201, &body).await?;
    ledger::post(&transaction, journals, now).await?;
    transaction.commit().await?;
    desk.bell.ring();
    Ok(HttpResponse::Created().content_type("application/json").body(body))
}

/// Gives money of an order back, as the platform; above the limit it waits for a second person.
pub async fn give_back(desk: &Desk, id: OrderId, key: &IdempotencyKey, input: &NewRefund) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let print = fingerprint(&["refund", &serde_json::to_string(input).map_err(Problem::internal)?]);
    let orders = input.what()?.into_iter().map(|what| vec![(id, what)]).collect();
    ask_for(desk, format!("refund:{id}"), key, &print, orders, &input.note, true).await.map(drop)
}

/// Give money of an order back, as its seller.
#[utoipa::path(tag = "seller", operation_id = "refund_seller_order", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path), ("Idempotency-Key" = String, Header, min_length = 1, max_length = 200)), request_body = NewRefund, responses((status = 201, description = "The refunds", body = Refunds)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/refunds")]
pub async fn refund_as_seller(
    desk: Desk,
    path: Path<(CooperativeId, OrderId)>,
    key: IdempotencyKey,
    body: Body<NewRefund>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    let row = seller::own(&desk, cooperative, id, Permission::HandleReturns).await?;
    let print = fingerprint(&[&serde_json::to_string(&body.0).map_err(Problem::internal)?]);
    let orders = body.0.what()?.into_iter().map(|what| vec![(row.id, what)]).collect();
    ask_for(&desk, format!("refund:{id}"), &key, &print, orders, &body.0.note, true).await
}

/// Give money of an order back, as the platform.
#[utoipa::path(tag = "admin", operation_id = "refund_order", security(("access_token" = [])), params(("id" = OrderId, Path), ("Idempotency-Key" = String, Header, min_length = 1, max_length = 200)), request_body = NewRefund, responses((status = 201, description = "The refunds", body = Refunds)))]
#[post("/v1/admin/orders/{id}/refunds")]
pub async fn refund_as_platform(
    desk: Desk,
    id: Path<OrderId>,
    key: IdempotencyKey,
    body: Body<NewRefund>,
) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let print = fingerprint(&[&serde_json::to_string(&body.0).map_err(Problem::internal)?]);
    let orders = body.0.what()?.into_iter().map(|what| vec![(*id, what)]).collect();
    ask_for(&desk, format!("refund:{id}"), &key, &print, orders, &body.0.note, true).await
}

#[derive(Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PurchaseRefund {
    /// Đồng, spread over the cooperatives' orders in proportion to what is left of each.
    #[garde(range(min = 1, max = 100_000_000_000))]
    #[schema(minimum = 1, maximum = 100_000_000_000i64)]
    amount: i64,
    #[garde(length(chars, min = 3, max = 500))]
    #[schema(min_length = 3, max_length = 500)]
    note: String,
}

#[derive(FromQueryResult)]
struct OrderRow {
    id: OrderId,
}

/// Give back a sum of a purchase over several cooperatives.
#[utoipa::path(tag = "admin", operation_id = "refund_purchase", security(("access_token" = [])), params(("id" = PurchaseId, Path), ("Idempotency-Key" = String, Header, min_length = 1, max_length = 200)), request_body = PurchaseRefund, responses((status = 201, description = "The refunds", body = Refunds)))]
#[post("/v1/admin/purchases/{id}/refunds")]
pub async fn refund_whole_purchase(
    desk: Desk,
    id: Path<PurchaseId>,
    key: IdempotencyKey,
    body: Body<PurchaseRefund>,
) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let print = fingerprint(&[&serde_json::to_string(&body.0).map_err(Problem::internal)?]);
    let sql = "SELECT id FROM orders WHERE purchase_id = $1 ORDER BY id";
    let orders = all::<OrderRow>(desk.db.fresh(), sql, [(*id).into()]).await?;
    if orders.is_empty() {
        return Err(Problem::new(&NOT_FOUND));
    }
    let ids: Vec<OrderId> = orders.iter().map(|row| row.id).collect();
    let parts = over_orders(desk.db.fresh(), &ids, body.0.amount, desk.now()).await?;
    ask_for(&desk, format!("refund:{id}"), &key, &print, vec![parts], &body.0.note, true).await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStep {
    Approve,
    /// The buyer is owed nothing after all.
    Reject,
    /// Send it through its provider once more.
    Retry,
    /// It was transferred by hand.
    Sent,
}

#[derive(Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"step": "approve"}))]
pub struct RefundDecision {
    step: RefundStep,
    /// With `sent`: the bank's reference.
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100)]
    bank_reference: Option<String>,
}

/// Approve or reject a refund above the limit; take over one its provider could not do.
pub async fn judge_refund(
    desk: &Desk,
    till: &Till,
    id: RefundId,
    input: RefundDecision,
) -> Result<RefundView, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let now = desk.now();
    let before = by_id::<refund::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let decides = matches!(input.step, RefundStep::Approve | RefundStep::Reject);
    if decides && before.requested_by == Some(desk.who.account) {
        return Err(Problem::new(&OWN_REFUND));
    }
    if input.step == RefundStep::Sent {
        let payment = match before.payment_id {
            Some(id) => by_id::<payment::Entity>(desk.db.fresh(), id).await?,
            None => None,
        };
        let payment = payment.ok_or_else(|| Problem::new(&REFUND_STATE))?;
        let reference = input.bank_reference.clone();
        if reference.is_none() {
            let (vi, en) = ("cần mã giao dịch của ngân hàng", "the bank's reference is needed");
            return Err(Problem::field("/bank_reference", "missing", vi, en));
        }
        till.refund_done(&before, &payment, reference, Some(desk.who.account)).await?;
    } else {
        let (from, to) = match input.step {
            RefundStep::Approve => (RefundState::AwaitingApproval, RefundState::Due),
            RefundStep::Reject => (RefundState::AwaitingApproval, RefundState::Rejected),
            _ => (RefundState::Manual, RefundState::Due),
        };
        let transaction = desk.begin().await?;
        if !refund_states::decide(&transaction, id, (from, to), desk.who.account, now).await? {
            return Err(Problem::new(&REFUND_STATE).extension("state", before.state));
        }
        if input.step == RefundStep::Retry {
            let sql = "UPDATE reconciliation_item SET state = 'resolved', resolution = 'retried', resolved_by = $2, resolved_at = $3
                       WHERE kind = 'refund_failed' AND subject_id = $1 AND state = 'open'";
            run(&transaction, sql, [id.into(), desk.who.account.into(), now.into()]).await?;
        }
        if input.step == RefundStep::Reject {
            let journals = take_back(&transaction, id, Some(desk.who.account), now).await?;
            ledger::post(&transaction, journals, now).await?;
        }
        let (was, is) = (json!({"state": before.state}), json!({"state": to}));
        desk.audit(&transaction, "refund.decided", ("refund", id.0), was, is).await?;
        transaction.commit().await?;
        desk.bell.ring();
    }
    let row = by_id::<refund::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(view(row))
}

/// Approve or reject a refund above the limit; take over one its provider could not do.
#[utoipa::path(tag = "admin", operation_id = "decide_refund", security(("access_token" = [])), params(("id" = RefundId, Path)), request_body = RefundDecision, responses((status = 200, description = "The refund", body = RefundView)))]
#[post("/v1/admin/refunds/{id}")]
pub async fn decide_refund(
    desk: Desk,
    till: Data<Till>,
    id: Path<RefundId>,
    body: Body<RefundDecision>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(judge_refund(&desk, &till, *id, body.0).await?))
}

/// Refunds of a purchase.
pub async fn of_purchase(connection: &impl ConnectionTrait, purchase: PurchaseId) -> Result<Vec<RefundView>, Problem> {
    let sql = "SELECT * FROM refund WHERE purchase_id = $1 ORDER BY id";
    Ok(all::<refund::Model>(connection, sql, [purchase.into()]).await?.into_iter().map(view).collect())
}
