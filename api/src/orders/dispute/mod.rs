//! A buyer and a seller who do not agree about a delivered order: both say and show what they have within the time for it,
//! somebody of the platform decides, and the order's money is held meanwhile (no payout takes it).

mod personal;

pub use personal::{HOLDS, PERSONAL, SUBJECTS};

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::value::{
    CooperativeId, DisputeDecision, DisputeId, DisputeReason, DisputeSide, DisputeState, MediaId, OrderId, OrderState,
    PlatformRole, RefundId, RowId,
};
use entity::{dispute, dispute_evidence};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use crate::config::Config;
use crate::ledger;
use crate::ledger::refunds::{NOT_PAID, Owe};
use crate::orders::ordering::refunds::{What, owe};
use crate::orders::ordering::{BuyersOrder, Secret, number};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, is_duplicate, list, one, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::routing::Routes;

codes! {
    NOT_DISPUTABLE = "not_disputable" 409 "Chỉ khiếu nại được đơn đã giao, trong 30 ngày." "Only a delivered order can be disputed, within 30 days.";
    DISPUTE_OPEN = "dispute_open" 409 "Đơn này đang có khiếu nại." "There is an open dispute about this order.";
    DISPUTE_OVER = "dispute_over" 409 "Khiếu nại đã kết thúc, hoặc đã hết hạn nộp bằng chứng." "The dispute is over, or the time for evidence is.";
    EVIDENCE_TIME = "evidence_still_open" 409 "Hai bên còn thời hạn nộp bằng chứng." "Both sides still have time for evidence.";
}

/// Days after delivery.
const DAYS: i64 = 30;
const MOST_EVIDENCE: i64 = 40;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(open)
        .service(list_for_buyer)
        .service(add_for_buyer)
        .service(withdraw)
        .service(list_for_seller)
        .service(add_for_seller)
        .service(list_for_platform)
        .service(decide);
}

#[derive(Serialize, ToSchema)]
pub struct Evidence {
    side: DisputeSide,
    text: String,
    /// A picture's path on this server.
    #[schema(required = true)]
    photo: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Dispute)]
pub struct DisputeView {
    id: DisputeId,
    number: String,
    order_id: OrderId,
    order_number: String,
    state: DisputeState,
    reason: DisputeReason,
    text: String,
    evidence: Vec<Evidence>,
    /// Until when both sides may add to it.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    evidence_until: OffsetDateTime,
    #[schema(required = true)]
    decision: Option<DisputeDecision>,
    /// What the platform says.
    #[schema(required = true)]
    decision_text: Option<String>,
    #[schema(required = true)]
    refund_id: Option<RefundId>,
}

impl DisputeView {
    pub fn is_open(&self) -> bool {
        self.state == DisputeState::Open
    }
}

#[derive(FromQueryResult)]
struct DisputeRow {
    id: DisputeId,
    number: String,
    order_id: OrderId,
    order_number: String,
    state: DisputeState,
    reason_code: DisputeReason,
    text: String,
    evidence_until: OffsetDateTime,
    decision: Option<DisputeDecision>,
    decision_text: Option<String>,
    refund_id: Option<RefundId>,
}

#[derive(FromQueryResult)]
struct EvidenceRow {
    dispute_id: DisputeId,
    side: DisputeSide,
    text: String,
    media_id: Option<MediaId>,
    widths: Option<String>,
    created_at: OffsetDateTime,
}

const DISPUTES: &str =
    "SELECT d.id, d.number, d.order_id, o.number AS order_number, d.state, d.reason_code, d.text, d.evidence_until,
    d.decision, d.decision_text, d.refund_id FROM dispute d JOIN orders o ON o.id = d.order_id";

async fn views(connection: &impl ConnectionTrait, rows: Vec<DisputeRow>) -> Result<Vec<DisputeView>, DbErr> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<sea_orm::Value> = rows.iter().map(|row| row.id.into()).collect();
    let sql = format!(
        "SELECT e.dispute_id, e.side, e.text, e.media_id, m.widths, e.created_at
         FROM dispute_evidence e LEFT JOIN media m ON m.id = e.media_id WHERE e.dispute_id IN {} ORDER BY e.id",
        list(1, ids.len())
    );
    let evidence = all::<EvidenceRow>(connection, sql, ids).await?;
    let of = |id: DisputeId| {
        let ours = evidence.iter().filter(|row| row.dispute_id == id);
        ours.map(|row| Evidence {
            side: row.side,
            text: row.text.clone(),
            photo: row
                .media_id
                .zip(row.widths.as_ref())
                .map(|(id, widths)| format!("/media/{}", crate::media::key(id, widths))),
            created_at: row.created_at,
        })
        .collect()
    };
    let view = |row: DisputeRow| DisputeView {
        evidence: of(row.id),
        id: row.id,
        number: row.number,
        order_id: row.order_id,
        order_number: row.order_number,
        state: row.state,
        reason: row.reason_code,
        text: row.text,
        evidence_until: row.evidence_until,
        decision: row.decision,
        decision_text: row.decision_text,
        refund_id: row.refund_id,
    };
    Ok(rows.into_iter().map(view).collect())
}

async fn one_view(connection: &impl ConnectionTrait, id: DisputeId) -> Result<DisputeView, Problem> {
    let row = one::<DisputeRow>(connection, format!("{DISPUTES} WHERE d.id = $1"), [id.into()]).await?;
    let found = views(connection, row.into_iter().collect()).await?;
    found.into_iter().next().ok_or_else(|| Problem::new(&NOT_FOUND))
}

#[derive(Serialize, ToSchema)]
pub struct Disputes {
    items: Vec<DisputeView>,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"reason": "damaged", "text": "Cả thùng bị dập, người bán không trả lời"}))]
pub struct NewDispute {
    pub reason: DisputeReason,
    #[garde(length(chars, min = 10, max = 2000))]
    #[schema(min_length = 10, max_length = 2000)]
    pub text: String,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"text": "Ảnh chụp lúc nhận hàng", "photo": null}))]
pub struct NewEvidence {
    #[garde(length(chars, min = 3, max = 2000))]
    #[schema(min_length = 3, max_length = 2000)]
    pub text: String,
    /// A picture uploaded to the order before.
    pub photo: Option<MediaId>,
}

#[derive(FromQueryResult)]
struct Delivered {
    delivered_at: Option<OffsetDateTime>,
}

/// Open a dispute about a delivered order. Its money is held until it is decided.
#[utoipa::path(tag = "orders", operation_id = "open_dispute", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), request_body = NewDispute, responses((status = 201, description = "The dispute", body = DisputeView)))]
#[post("/v1/orders/{id}/disputes")]
pub async fn open(
    order: BuyersOrder,
    config: actix_web::web::Data<Config>,
    body: Body<NewDispute>,
) -> Result<HttpResponse, Problem> {
    let id = begin(&order, &config, body.0).await?;
    Ok(HttpResponse::Created().json(one_view(order.db.fresh(), id).await?))
}

/// Opens a dispute.
pub async fn begin(order: &BuyersOrder, config: &Config, input: NewDispute) -> Result<DisputeId, Problem> {
    let BuyersOrder { db, row, bell, .. } = order;
    let now = order.now();
    let since = one::<Delivered>(db.fresh(), "SELECT delivered_at FROM orders WHERE id = $1", [row.id.into()]).await?;
    let in_time = since.and_then(|row| row.delivered_at).is_some_and(|at| now - at <= Duration::days(DAYS));
    if !in_time || !matches!(row.state, OrderState::Delivered | OrderState::Completed) {
        return Err(Problem::new(&NOT_DISPUTABLE));
    }
    let id = DisputeId::new();
    let transaction = order.begin().await?;
    let model = dispute::ActiveModel {
        id: Set(id),
        number: Set(number("KN", now)),
        order_id: Set(row.id),
        cooperative_id: Set(row.cooperative_id),
        state: Set(DisputeState::Open),
        reason_code: Set(input.reason),
        text: Set(fold::stored(&input.text)),
        evidence_until: Set(now + Duration::days(config.terms().dispute_days.into())),
        decision: Set(None),
        decision_text: Set(None),
        refund_id: Set(None),
        decided_by: Set(None),
        decided_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    dispute::Entity::insert(model)
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&DISPUTE_OPEN) } else { error.into() })?;
    emit(&transaction, "dispute.opened", row.id.0, json!({"dispute": id}), now).await?;
    transaction.commit().await?;
    bell.ring();
    Ok(id)
}

/// Disputes about the order.
#[utoipa::path(tag = "orders", operation_id = "list_order_disputes", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), responses((status = 200, description = "The disputes", body = Disputes)))]
#[get("/v1/orders/{id}/disputes")]
pub async fn list_for_buyer(order: BuyersOrder) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Disputes { items: of_order(order.db.fresh(), order.row.id).await? }))
}

/// Disputes about an order, oldest first.
pub async fn of_order(connection: &impl ConnectionTrait, order: OrderId) -> Result<Vec<DisputeView>, DbErr> {
    let sql = format!("{DISPUTES} WHERE d.order_id = $1 ORDER BY d.id");
    views(connection, all(connection, sql, [order.into()]).await?).await
}

/// Adds to a dispute that is open and in time.
async fn add(
    transaction: &impl ConnectionTrait,
    (order, id): (OrderId, DisputeId),
    side: DisputeSide,
    author: Option<entity::value::AccountId>,
    input: NewEvidence,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let sql =
        "UPDATE dispute SET updated_at = $3 WHERE id = $1 AND order_id = $2 AND state = 'open' AND evidence_until >= $3
                 AND (SELECT COUNT(*) FROM dispute_evidence e WHERE e.dispute_id = $1) < $4";
    if run(transaction, sql, [id.into(), order.into(), now.into(), MOST_EVIDENCE.into()]).await? != 1 {
        return Err(Problem::new(&DISPUTE_OVER));
    }
    if let Some(photo) = input.photo
        && !crate::media::belongs_to_order(transaction, photo, order).await?
    {
        return Err(Problem::field("/photo", "photo", "không có ảnh này", "there is no such picture"));
    }
    let row = dispute_evidence::ActiveModel {
        id: Set(RowId::new()),
        dispute_id: Set(id),
        side: Set(side),
        text: Set(fold::stored(&input.text)),
        media_id: Set(input.photo),
        author_id: Set(author),
        created_at: Set(now),
    };
    dispute_evidence::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}

/// What the buyer says and shows.
pub async fn say_as_buyer(order: &BuyersOrder, id: DisputeId, input: NewEvidence) -> Result<(), Problem> {
    let transaction = order.begin().await?;
    add(&transaction, (order.row.id, id), DisputeSide::Buyer, order.account, input, order.now()).await?;
    transaction.commit().await?;
    Ok(())
}

/// Say or show something, as the buyer.
#[utoipa::path(tag = "orders", operation_id = "add_dispute_evidence", security((), ("access_token" = [])), params(("id" = OrderId, Path), ("dispute_id" = DisputeId, Path), Secret), request_body = NewEvidence, responses((status = 201, description = "The dispute", body = DisputeView)))]
#[post("/v1/orders/{id}/disputes/{dispute_id}/evidence")]
pub async fn add_for_buyer(
    order: BuyersOrder,
    path: Path<(OrderId, DisputeId)>,
    body: Body<NewEvidence>,
) -> Result<HttpResponse, Problem> {
    let (_, id) = path.into_inner();
    say_as_buyer(&order, id, body.0).await?;
    Ok(HttpResponse::Created().json(one_view(order.db.fresh(), id).await?))
}

/// Withdraw a dispute: both sides agreed.
#[utoipa::path(tag = "orders", operation_id = "withdraw_dispute", security((), ("access_token" = [])), params(("id" = OrderId, Path), ("dispute_id" = DisputeId, Path), Secret), responses((status = 200, description = "The dispute", body = DisputeView)))]
#[post("/v1/orders/{id}/disputes/{dispute_id}/withdraw")]
pub async fn withdraw(order: BuyersOrder, path: Path<(OrderId, DisputeId)>) -> Result<HttpResponse, Problem> {
    let (_, id) = path.into_inner();
    let sql =
        "UPDATE dispute SET state = 'withdrawn', updated_at = $3 WHERE id = $1 AND order_id = $2 AND state = 'open'";
    if run(order.db.write(), sql, [id.into(), order.row.id.into(), order.now().into()]).await? != 1 {
        return Err(Problem::new(&DISPUTE_OVER));
    }
    Ok(HttpResponse::Ok().json(one_view(order.db.fresh(), id).await?))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct DisputeQuery {
    #[param(inline)]
    state: Option<DisputeState>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cursor: Option<String>,
}

async fn page(
    desk: &Desk,
    cooperative: Option<CooperativeId>,
    query: &DisputeQuery,
) -> Result<Page<DisputeView>, Problem> {
    let page = NewestFirst::of(DISPUTES, "d.id", (query.limit, query.cursor.as_deref()))?
        .and_if("d.cooperative_id = ?", cooperative)
        .and_if("d.state = ?", query.state.map(DisputeState::as_str))
        .page(desk.db.fresh(), |row: &DisputeRow| row.id)
        .await?;
    let items = views(desk.db.fresh(), page.items).await?;
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// Disputes about the cooperative's orders, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_seller_disputes", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), DisputeQuery), responses((status = 200, description = "A page of disputes", body = Page<DisputeView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/disputes")]
pub async fn list_for_seller(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<DisputeQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeOrders).await?;
    Ok(HttpResponse::Ok().json(page(&desk, Some(*cooperative), &query.0).await?))
}

#[derive(FromQueryResult)]
struct Owner {
    order_id: OrderId,
}

/// Say or show something, as the seller.
#[utoipa::path(tag = "seller", operation_id = "add_seller_evidence", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("dispute_id" = DisputeId, Path)), request_body = NewEvidence, responses((status = 201, description = "The dispute", body = DisputeView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/disputes/{dispute_id}/evidence")]
pub async fn add_for_seller(
    desk: Desk,
    path: Path<(CooperativeId, DisputeId)>,
    body: Body<NewEvidence>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::HandleReturns).await?;
    let sql = "SELECT order_id FROM dispute WHERE id = $1 AND cooperative_id = $2";
    let owner = one::<Owner>(desk.db.fresh(), sql, [id.into(), cooperative.into()]).await?;
    let owner = owner.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let transaction = desk.begin().await?;
    add(&transaction, (owner.order_id, id), DisputeSide::Seller, Some(desk.who.account), body.0, desk.now()).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Created().json(one_view(desk.db.fresh(), id).await?))
}

/// All disputes, newest first.
pub async fn all_disputes(desk: &Desk, query: &DisputeQuery) -> Result<Page<DisputeView>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    page(desk, None, query).await
}

/// All disputes, newest first.
#[utoipa::path(tag = "admin", operation_id = "list_disputes", security(("access_token" = [])), params(DisputeQuery), responses((status = 200, description = "A page of disputes", body = Page<DisputeView>)))]
#[get("/v1/admin/disputes")]
pub async fn list_for_platform(desk: Desk, query: Params<DisputeQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(all_disputes(&desk, &query.0).await?))
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"decision": "part", "amount": 50000, "text": "Hai quả trong sáu bị dập"}))]
#[allow(clippy::struct_field_names, reason = "as the API calls it")]
pub struct Decision {
    /// `buyer`: all that is left goes back. `part`: `amount` does. `seller`: nothing does.
    decision: DisputeDecision,
    /// With `part`: đồng.
    #[garde(inner(range(min = 1, max = 100_000_000_000)))]
    #[schema(minimum = 1, maximum = 100_000_000_000i64)]
    amount: Option<i64>,
    /// Both sides read it.
    #[garde(length(chars, min = 3, max = 2000))]
    #[schema(min_length = 3, max_length = 2000)]
    text: String,
    /// Before the time for evidence is over.
    #[serde(default)]
    early: bool,
}

/// Decide a dispute; what the buyer gets back is owed at once.
pub async fn judge(desk: &Desk, id: DisputeId, input: Decision) -> Result<DisputeView, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let now = desk.now();
    let what = match (input.decision, input.amount) {
        (DisputeDecision::Seller, _) => None,
        (DisputeDecision::Buyer, _) => Some(What::Everything),
        (DisputeDecision::Part, Some(amount)) => Some(What::Amount(amount)),
        (DisputeDecision::Part, None) => {
            return Err(Problem::field("/amount", "missing", "cần số tiền", "an amount is needed"));
        }
    };
    let transaction = desk.begin().await?;
    let before = by_id::<dispute::Entity>(&transaction, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if before.evidence_until > now && !input.early {
        return Err(Problem::new(&EVIDENCE_TIME).extension("evidence_until", before.evidence_until.to_string()));
    }
    let moved = run(
        &transaction,
        "UPDATE dispute SET state = 'decided', decision = $2, decision_text = $3, decided_by = $4, decided_at = $5, updated_at = $5
         WHERE id = $1 AND state = 'open'",
        [
            id.into(),
            input.decision.as_str().into(),
            fold::stored(&input.text).into(),
            desk.who.account.into(),
            now.into(),
        ],
    )
    .await?;
    if moved != 1 {
        return Err(Problem::new(&DISPUTE_OVER));
    }
    if let Some(what) = what {
        let because = Owe { note: Some(before.number.clone()), ..Owe::because("dispute_decided") };
        let owed = owe(&transaction, &[(before.order_id, what)], because, now).await?;
        let owed = owed.ok_or_else(|| Problem::new(&NOT_PAID))?;
        let refund = owed.refunds.first().copied();
        run(&transaction, "UPDATE dispute SET refund_id = $2 WHERE id = $1", [id.into(), refund.into()]).await?;
        ledger::post(&transaction, owed.journals, now).await?;
    }
    let after = serde_json::to_value(&input).map_err(Problem::internal)?;
    desk.audit(&transaction, "dispute.decided", ("dispute", id.0), json!({"state": before.state}), after).await?;
    emit(&transaction, "dispute.decided", before.order_id.0, json!({"dispute": id}), now).await?;
    transaction.commit().await?;
    desk.bell.ring();
    one_view(desk.db.fresh(), id).await
}

/// Decide a dispute; what the buyer gets back is owed at once.
#[utoipa::path(tag = "admin", operation_id = "decide_dispute", security(("access_token" = [])), params(("id" = DisputeId, Path)), request_body = Decision, responses((status = 200, description = "The dispute", body = DisputeView)))]
#[post("/v1/admin/disputes/{id}")]
pub async fn decide(desk: Desk, id: Path<DisputeId>, body: Body<Decision>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(judge(&desk, *id, body.0).await?))
}
