//! What waits for somebody of the platform.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::value::{CooperativeId, OrderId, OrderState, PlatformRole, RowId, WebhookMessageId};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::messaging::webhooks::send_again;
use crate::people::desk::Desk;
use crate::platform::db::all;
use crate::platform::outbox::try_again;
use crate::platform::pagination::Page;
use crate::platform::problem::{NOT_FOUND, Problem};

/// Things of a kind that wait.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct WaitingTask {
    /// `applications`, `listings`, `reviews`, `partners`, `organisations`, `refunds`, `refunds_by_hand`, `disputes`, `reconciliation`,
    /// `payout_runs`, `payouts`, `late_orders`, `late_parcels`, `webhooks`, `events`, `recalls`
    pub kind: String,
    pub waiting: i64,
    /// Since when the longest does.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub since: Option<OffsetDateTime>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WaitingTasks {
    /// In the order in which they are to be done; kinds of which nothing waits stand, too.
    pub items: Vec<WaitingTask>,
}

/// Days after which an order that was confirmed should have left, and one that left should have arrived.
const LATE_DAYS: i64 = 3;
const LOST_DAYS: i64 = 10;
/// Tries after which an event that could not be handled is a person's matter.
const TRIES: i32 = 5;

/// Kind, table, since when, and which rows; $1 is now, $2 when an order is late, $3 when a parcel is, $4 the tries.
const KINDS: [(&str, &str, &str, &str); 17] = [
    ("breaches", "breach", "found_at", "authority_told_at IS NULL AND closed_at IS NULL"),
    ("disputes", "dispute", "created_at", "state = 'open' AND evidence_until <= $1"),
    ("refunds", "refund", "created_at", "state = 'awaiting_approval'"),
    ("refunds_by_hand", "refund", "created_at", "state = 'manual'"),
    ("reconciliation", "reconciliation_item", "created_at", "state = 'open'"),
    ("payout_runs", "payout_batch", "created_at", "state = 'draft'"),
    ("payouts", "payout", "updated_at", "state = 'approved'"),
    ("applications", "application", "updated_at", "state = 'submitted'"),
    ("partners", "partner", "updated_at", "state = 'submitted'"),
    ("organisations", "organisation", "updated_at", "state = 'submitted'"),
    ("listings", "listing_review", "created_at", "state = 'waiting'"),
    ("reviews", "review", "created_at", "state = 'reported'"),
    ("recalls", "recall", "raised_at", "state = 'open'"),
    (
        "late_orders",
        "orders",
        "placed_at",
        "state IN ('confirmed', 'packed') AND placed_at < $2 AND contract_id IS NULL AND NOT preorder",
    ),
    ("late_parcels", "orders", "updated_at", "state = 'shipped' AND updated_at < $3"),
    ("webhooks", "webhook_message", "created_at", "state = 'failed'"),
    ("events", "outbox", "created_at", "delivered_at IS NULL AND attempts >= $4"),
];

/// What waits, by one statement.
pub async fn waiting(connection: &impl ConnectionTrait, now: OffsetDateTime) -> Result<Vec<WaitingTask>, Problem> {
    let counted = KINDS.iter().enumerate().map(|(place, (kind, table, since, which))| {
        format!("SELECT {place} AS place, '{kind}' AS kind, COUNT(*) AS waiting, MIN({since}) AS since FROM {table} WHERE {which}")
    });
    let sql = counted.collect::<Vec<_>>().join(" UNION ALL ");
    let values: [Value; 4] =
        [now.into(), (now - Duration::days(LATE_DAYS)).into(), (now - Duration::days(LOST_DAYS)).into(), TRIES.into()];
    Ok(all(connection, format!("SELECT kind, waiting, since FROM ({sql}) t ORDER BY place"), values).await?)
}

/// An order that should have left, or arrived, by now.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct LateOrder {
    pub id: OrderId,
    pub number: String,
    pub state: OrderState,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    pub recipient: String,
    pub phone: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: OffsetDateTime,
}

/// Orders that are late, those that wait longest first.
pub async fn late_orders(desk: &Desk) -> Result<Vec<LateOrder>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let now = desk.now();
    let sql = "SELECT o.id, o.number, o.state, o.cooperative_id, c.name_vi AS cooperative_name, o.recipient, o.phone, o.placed_at, o.updated_at
               FROM orders o JOIN cooperative c ON c.id = o.cooperative_id
               WHERE (o.state IN ('confirmed', 'packed') AND o.placed_at < $1 AND o.contract_id IS NULL AND NOT o.preorder)
                  OR (o.state = 'shipped' AND o.updated_at < $2)
               ORDER BY o.placed_at LIMIT 200";
    let values: [Value; 2] = [(now - Duration::days(LATE_DAYS)).into(), (now - Duration::days(LOST_DAYS)).into()];
    Ok(all(desk.db.fresh(), sql, values).await?)
}

/// Orders that were confirmed and have not left for three days, or left and have not arrived for ten.
#[utoipa::path(tag = "admin", operation_id = "list_late_orders", security(("access_token" = [])), responses((status = 200, description = "At most 200", body = Page<LateOrder>)))]
#[get("/v1/admin/late-orders")]
pub async fn list_late_orders(desk: Desk) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Page { items: late_orders(&desk).await?, next_cursor: None }))
}

/// A message that did not get through.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct Failure {
    /// `webhook`: given up after many tries. `event`: still tried, such as a mail.
    pub kind: String,
    pub id: RowId,
    pub topic: String,
    /// Where it goes, or what it is about.
    pub about: String,
    pub attempts: i32,
    #[schema(required = true)]
    pub error: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
}

/// Messages that did not get through, newest first.
pub async fn failures(desk: &Desk) -> Result<Vec<Failure>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let sql = "SELECT * FROM (
                   SELECT 'webhook' AS kind, m.id, m.topic, e.url AS about, m.attempts, CAST(NULL AS text) AS error, m.created_at
                   FROM webhook_message m JOIN webhook_endpoint e ON e.id = m.endpoint_id WHERE m.state = 'failed'
                   UNION ALL
                   SELECT 'event', o.id, o.topic, '', o.attempts, o.last_error, o.created_at
                   FROM outbox o WHERE o.delivered_at IS NULL AND o.attempts >= $1) f
               ORDER BY created_at DESC LIMIT 200";
    Ok(all(desk.db.fresh(), sql, [TRIES.into()]).await?)
}

/// What did not get through is tried again at once.
pub async fn retry(desk: &Desk, kind: &str, id: RowId) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let transaction = desk.begin().await?;
    let found = match kind {
        "webhook" => send_again(&transaction, WebhookMessageId(id.0), desk.now()).await?,
        "event" => try_again(&transaction, id, desk.now()).await?,
        _ => false,
    };
    if !found {
        return Err(Problem::new(&NOT_FOUND));
    }
    desk.audit(&transaction, "failure.retried", (kind, id.0), (), ()).await?;
    transaction.commit().await?;
    desk.bell.ring();
    Ok(())
}

/// Try again what did not get through: a webhook under the same id, an event such as a mail.
#[utoipa::path(tag = "admin", operation_id = "retry_failure", security(("access_token" = [])), params(("kind" = String, Path, description = "`webhook` or `event`"), ("id" = RowId, Path)), responses((status = 204, description = "It is tried again")))]
#[post("/v1/admin/failures/{kind}/{id}/retry")]
pub async fn retry_failure(desk: Desk, path: Path<(String, RowId)>) -> Result<HttpResponse, Problem> {
    retry(&desk, &path.0, path.1).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Webhooks that were given up, and events that could not be handled yet, such as mails.
#[utoipa::path(tag = "admin", operation_id = "list_failures", security(("access_token" = [])), responses((status = 200, description = "At most 200", body = Page<Failure>)))]
#[get("/v1/admin/failures")]
pub async fn list_failures(desk: Desk) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Page { items: failures(&desk).await?, next_cursor: None }))
}

/// What waits for the platform's people, with how many and since when.
#[utoipa::path(tag = "admin", operation_id = "list_tasks", security(("access_token" = [])), responses((status = 200, description = "What waits", body = WaitingTasks)))]
#[get("/v1/admin/tasks")]
pub async fn list_tasks(desk: Desk) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    Ok(HttpResponse::Ok().json(WaitingTasks { items: waiting(desk.db.fresh(), desk.now()).await? }))
}
