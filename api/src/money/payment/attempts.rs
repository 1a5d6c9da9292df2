//! `/v1/payments`: a buyer pays for a purchase, and may try again another way.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::sealed::Sealed;
use entity::value::{Language, Money, OrderActor, OrderId, PaymentId, PaymentMethod, PaymentState, PurchaseId};
use entity::{payment, purchase};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::provider::{Charge, Failure, PaymentAction};
use super::refunds::{RefundView, of_purchase};
use super::settle::{Till, held_until};
use crate::ledger::payments::{self, Begun};
use crate::orders::ordering::{
    Action, BuyersOrder, By, Due, Secret, Tools, cash_reference, due, hold, number, order_within, pay_by, step_within,
};
use crate::people::identity::Caller;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, one};
use crate::platform::edge::client_address;
use crate::platform::idempotency::{Claim, IdempotencyKey, claim, fingerprint, keep};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::secrets;

codes! {
    NOTHING_TO_PAY = "nothing_to_pay" 409 "Đơn này không còn chờ thanh toán." "This purchase does not wait for a payment.";
    TOO_MANY_ATTEMPTS = "too_many_attempts" 409 "Đã thử thanh toán quá nhiều lần." "There were too many attempts to pay.";
}

const MOST_ATTEMPTS: i64 = 10;

#[derive(Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"purchase_id": "0192f0c4-8a3e-7b43-9d55-2f3c1f0e7a11", "method": "vnpay"}))]
pub struct NewPayment {
    purchase_id: PurchaseId,
    method: PaymentMethod,
    /// The secret of the link of one of its orders, for who is not signed in.
    #[garde(inner(length(max = 100)))]
    #[schema(max_length = 100)]
    token: Option<String>,
}

/// An attempt to pay.
#[derive(Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentView {
    id: PaymentId,
    purchase_id: PurchaseId,
    method: PaymentMethod,
    pub state: PaymentState,
    /// What the provider and the bank know it by.
    reference: String,
    amount: Money,
    refunded: Money,
    /// What to do next; only while it is pending.
    #[schema(required = true)]
    pub action: Option<PaymentAction>,
    /// Why it failed.
    #[schema(required = true)]
    failure: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    expires_at: Option<OffsetDateTime>,
}

pub fn view(row: payment::Model) -> PaymentView {
    let pending = row.state == PaymentState::Pending;
    PaymentView {
        id: row.id,
        purchase_id: row.purchase_id,
        method: row.method,
        state: row.state,
        reference: row.reference,
        amount: row.amount.into(),
        refunded: row.refunded_amount.into(),
        action: row.action.filter(|_| pending).and_then(|action| serde_json::from_value(action).ok()),
        failure: row.failure,
        expires_at: row.expires_at,
    }
}

#[derive(FromQueryResult)]
struct Held {
    access_token: Sealed,
}

/// The purchase, if it is the caller's or one of its orders' secrets was shown. Others learn nothing of it.
async fn own_purchase(
    connection: &impl ConnectionTrait,
    caller: &Caller,
    id: PurchaseId,
    token: Option<&str>,
) -> Result<purchase::Model, Problem> {
    let missing = || Problem::new(&NOT_FOUND);
    let row = by_id::<purchase::Entity>(connection, id).await?.ok_or_else(missing)?;
    if row.account_id.is_some() && row.account_id == caller.account() {
        return Ok(row);
    }
    let token = token.ok_or_else(missing)?;
    let sql = "SELECT access_token FROM orders WHERE purchase_id = $1";
    let held = all::<Held>(connection, sql, [id.into()]).await?;
    if held.iter().any(|order| secrets::same(token, &order.access_token)) { Ok(row) } else { Err(missing()) }
}

/// What the buyer of a purchase was told to do last, while it still counts.
pub async fn standing(
    connection: &impl ConnectionTrait,
    purchase: PurchaseId,
    now: OffsetDateTime,
) -> Result<Option<PaymentView>, DbErr> {
    let sql = "SELECT * FROM payment WHERE purchase_id = $1 AND state = 'pending' AND action IS NOT NULL
               AND contract_id IS NULL AND expires_at > $2 ORDER BY id DESC LIMIT 1";
    Ok(one::<payment::Model>(connection, sql, [purchase.into(), now.into()]).await?.map(view))
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// Start to pay. The answer tells what to do next: open the provider's page, or transfer. What became of it is told by
/// `GET /v1/payments/{id}` and the orders, never by the browser's way back.
#[utoipa::path(tag = "payments", operation_id = "start_payment", security((), ("access_token" = [])), params(("Idempotency-Key" = String, Header, min_length = 1, max_length = 200)), request_body = NewPayment, responses((status = 201, description = "The attempt", body = PaymentView)))]
#[post("/v1/payments")]
pub async fn create(
    request: HttpRequest,
    till: Data<Till>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<NewPayment>,
) -> Result<HttpResponse, Problem> {
    let Body(input) = body;
    let purchase = own_purchase(till.db.fresh(), &caller, input.purchase_id, input.token.as_deref()).await?;
    let address = client_address(&request).map_or_else(|| "127.0.0.1".to_owned(), |address| address.to_string());
    Ok(HttpResponse::Created().json(begin(&till, purchase, input.method, &key, address).await?))
}

/// Starts to pay for a purchase; the same key gets the same attempt.
pub async fn begin(
    till: &Till,
    purchase: purchase::Model,
    method: PaymentMethod,
    key: &IdempotencyKey,
    address: String,
) -> Result<PaymentView, Problem> {
    if !till.config.payment_methods().contains(&method) {
        let (vi, en) = ("hình thức thanh toán này chưa được hỗ trợ", "this way of paying is not offered");
        return Err(Problem::field("/method", "payment_method", vi, en));
    }
    let now = till.clock.now();
    let scope = format!("payment:{}", purchase.id);
    let print = fingerprint(&["POST /v1/payments", method.as_str()]);
    let transaction = till.db.begin().await?;
    if let Claim::Again { body, .. } = claim(&transaction, &scope, key, &print, now).await? {
        let id: PaymentId = serde_json::from_str(&body).map_err(Problem::internal)?;
        let row = by_id::<payment::Entity>(&transaction, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
        return Ok(view(row));
    }
    let due = due(&transaction, purchase.id, now).await?;
    let amount: i64 = due.iter().map(|order| order.total_amount.0).sum();
    if amount == 0 {
        return Err(Problem::new(&NOTHING_TO_PAY));
    }
    let sql = "SELECT COUNT(*) AS count FROM payment WHERE purchase_id = $1";
    let before = one::<Count>(&transaction, sql, [purchase.id.into()]).await?;
    if before.is_some_and(|row| row.count >= MOST_ATTEMPTS) {
        return Err(Problem::new(&TOO_MANY_ATTEMPTS));
    }
    let orders: Vec<OrderId> = due.iter().map(|order| order.id).collect();
    let (row, levels) = if method == PaymentMethod::CashOnDelivery {
        at_the_door(till, &transaction, &purchase, &due).await?
    } else {
        let expires_at = now + till.config.payment_time(method);
        hold(&transaction, purchase.id, held_until(expires_at)).await?;
        // A notice may be lost: then the provider is asked.
        let times = (expires_at, now + Duration::minutes(5));
        let row = payments::attempt_row(purchase.id, &orders, (method, amount, reference(now)), times, now);
        (row.insert(&transaction).await?, Vec::new())
    };
    keep(&transaction, &scope, key, 201, &serde_json::to_string(&row.id).map_err(Problem::internal)?).await?;
    transaction.commit().await?;
    till.read_model.levels_changed(&levels).await;
    till.bell.ring();
    if row.method == PaymentMethod::CashOnDelivery {
        return Ok(view(row));
    }
    let row = start(till, row, purchase.language, address).await?;
    Ok(view(row))
}

/// `TT261124K7MPXQ2RSW`: letters and digits, as every provider and bank takes it.
pub(super) fn reference(now: OffsetDateTime) -> String {
    let numbered = number("TT", now);
    let day = numbered.get(3..9).unwrap_or("000000");
    format!("{}{day}{}", super::rules::PREFIX, secrets::code(10))
}

/// The buyer would rather pay at the door after all.
async fn at_the_door(
    till: &Till,
    transaction: &sea_orm::DatabaseTransaction,
    purchase: &purchase::Model,
    due: &[Due],
) -> Result<(payment::Model, Vec<crate::platform::read_model::Level>), Problem> {
    let now = till.clock.now();
    pay_by(transaction, purchase.id, PaymentMethod::CashOnDelivery).await?;
    let tools = Tools { db: &till.db, read_model: &till.read_model, bell: &till.bell, now };
    let (mut first, mut levels) = (None, Vec::new());
    for order in due {
        if order.total_amount.0 > 0 {
            let row = payments::cash_row(purchase.id, order.id, order.total_amount.0, cash_reference(now), now)
                .insert(transaction)
                .await?;
            first.get_or_insert(row);
        }
        let standing = order_within(transaction, order.id).await?;
        let respond_by = Some(now + Duration::hours(till.config.terms().order_response_hours.into()));
        let by = By { respond_by, ..By::of(OrderActor::System, None, Some("cash on delivery".to_owned())) };
        levels.extend(step_within(transaction, &tools, &standing, Action::Pay, by).await?);
    }
    let first = first.ok_or_else(|| Problem::new(&NOTHING_TO_PAY))?;
    Ok((first, levels))
}

/// Calls the provider, after the attempt is written down: whatever happens to us now, it can be asked about.
async fn start(
    till: &Till,
    row: payment::Model,
    language: Language,
    client_ip: String,
) -> Result<payment::Model, Problem> {
    let provider = till.providers.get(row.method).ok_or_else(|| Problem::internal("a provider is not configured"))?;
    let base = till.config.base_url();
    let name = row.method.as_str();
    let charge = Charge {
        reference: row.reference.clone(),
        amount: row.amount.0,
        description: format!("Thanh toan Cho OCOP {}", row.reference),
        language,
        client_ip,
        created_at: row.created_at,
        expires_at: row.expires_at.unwrap_or(row.created_at),
        return_url: format!("{base}/v1/payments/{name}/return"),
        notify_url: format!("{base}/v1/payments/{name}/ipn"),
    };
    let now = till.clock.now();
    let in_minutes = |minutes| Some(now + Duration::minutes(minutes));
    let nothing =
        Begun { state: PaymentState::Pending, action: None, provider_data: None, failure: None, ask_at: None };
    let begun = match provider.create(&charge).await {
        Ok(started) => {
            let action = serde_json::to_value(started.action).map_err(Problem::internal)?;
            Begun { action: Some(action), provider_data: Some(started.data), ask_at: in_minutes(5), ..nothing }
        }
        Err(Failure::Refused(reason)) => {
            tracing::warn!(payment = %row.reference, reason, "a provider refused to start");
            Begun { state: PaymentState::Failed, failure: Some(reason.chars().take(200).collect()), ..nothing }
        }
        Err(failure) => {
            tracing::warn!(payment = %row.reference, reason = failure.text(), "whether a payment was started is unknown");
            Begun { state: PaymentState::Unknown, ask_at: in_minutes(1), ..nothing }
        }
    };
    payments::begin(till.db.write(), row.id, begun, now).await?;
    by_id::<payment::Entity>(till.db.fresh(), row.id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentSecret {
    /// The secret of the link of one of the orders, for who is not signed in.
    #[garde(inner(length(max = 100)))]
    #[param(max_length = 100)]
    token: Option<String>,
}

/// What became of a payment.
#[utoipa::path(tag = "payments", operation_id = "show_payment", security((), ("access_token" = [])), params(("id" = PaymentId, Path), PaymentSecret), responses((status = 200, description = "The payment", body = PaymentView)))]
#[get("/v1/payments/{id}")]
pub async fn show(
    till: Data<Till>,
    caller: Caller,
    id: Path<PaymentId>,
    secret: Params<PaymentSecret>,
) -> Result<HttpResponse, Problem> {
    let row = payment::Entity::find_by_id(*id).one(till.db.fresh()).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    own_purchase(till.db.fresh(), &caller, row.purchase_id, secret.0.token.as_deref()).await?;
    Ok(HttpResponse::Ok().json(view(row)))
}

/// What was tried, paid and given back.
#[derive(Serialize, ToSchema)]
pub struct OrderPayments {
    payments: Vec<PaymentView>,
    refunds: Vec<RefundView>,
}

/// Payments of the order's purchase, and what goes back.
#[utoipa::path(tag = "payments", operation_id = "list_order_payments", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), responses((status = 200, description = "Payments and refunds, oldest first", body = OrderPayments)))]
#[get("/v1/orders/{id}/payments")]
pub async fn list_of_order(order: BuyersOrder) -> Result<HttpResponse, Problem> {
    let (db, purchase) = (order.db.fresh(), order.row.purchase_id);
    let sql = "SELECT * FROM payment WHERE purchase_id = $1 ORDER BY id";
    let rows = all::<payment::Model>(db, sql, [purchase.into()]).await?;
    let refunds = of_purchase(db, purchase).await?;
    Ok(HttpResponse::Ok().json(OrderPayments { payments: rows.into_iter().map(view).collect(), refunds }))
}
