//! `/v1/payments/{provider}/ipn` and `/return`: what providers and banks report. Everything is kept as it came before it is
//! acted on, and acknowledged only once it was; what a crash left unread is read afterwards.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::payment_callback;
use entity::value::{PaymentMethod, RowId};
use sea_orm::FromQueryResult;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::bank_feed;
use super::provider::{CallbackFault, Outcome, Raw};
use super::settle::Till;
use crate::platform::db::{all, one, run};
use crate::platform::problem::{NOT_FOUND, Problem, TOO_LARGE};
use crate::platform::templates::plain;

/// Longer messages are nobody's.
const MOST: usize = 64 * 1024;

#[derive(FromQueryResult)]
struct Kept {
    id: RowId,
}

/// Headers that prove who sends a bank's message stay out of what is kept.
const KEPT_HEADERS: &[&str] = &["content-type", "user-agent"];

impl Till {
    async fn keep(&self, provider: &str, content: &str, headers: &Value) -> Result<RowId, Problem> {
        let now = self.clock.now();
        let digest = hex::encode(Sha256::digest(content.as_bytes()));
        let row = one::<Kept>(
            self.db.write(),
            "INSERT INTO payment_callback (id, provider, digest, content, headers, times, received_at, last_at)
             VALUES ($1, $2, $3, $4, $5, 1, $6, $6)
             ON CONFLICT (provider, digest) DO UPDATE SET times = payment_callback.times + 1, last_at = excluded.last_at
             RETURNING id",
            [
                RowId::new().into(),
                provider.into(),
                digest.into(),
                content.replace('\0', "").into(),
                headers.clone().into(),
                now.into(),
            ],
        )
        .await?;
        Ok(row.ok_or_else(|| Problem::internal("a callback was not kept"))?.id)
    }

    async fn note(&self, id: RowId, outcome: Outcome) -> Result<(), Problem> {
        let sql =
            "UPDATE payment_callback SET outcome = $2 WHERE id = $1 AND (outcome IS NULL OR outcome = 'not_found')";
        run(self.db.write(), sql, [id.into(), outcome.as_str().into()]).await?;
        Ok(())
    }

    /// Acts on a message of a provider.
    async fn act(&self, method: PaymentMethod, raw: &Raw<'_>) -> Result<Outcome, Problem> {
        let provider = self.providers.get(method).ok_or_else(|| Problem::new(&NOT_FOUND))?;
        match provider.read_callback(raw) {
            Ok(notice) => self.apply(method, &notice).await,
            Err(CallbackFault::Forged) => Ok(Outcome::Forged),
            Err(CallbackFault::Unreadable) => Ok(Outcome::Unreadable),
        }
    }

    /// Acts on messages that were kept and not acted on, as after a crash.
    pub async fn catch_up(&self) -> Result<(), Problem> {
        let before = self.clock.now() - time::Duration::seconds(20);
        let sql =
            "SELECT * FROM payment_callback WHERE outcome IS NULL AND received_at <= $1 ORDER BY received_at LIMIT 50";
        for row in all::<payment_callback::Model>(self.db.fresh(), sql, [before.into()]).await? {
            let outcome = if row.provider == "bank" {
                let body: Value = serde_json::from_str(&row.content).unwrap_or_default();
                self.act_on_transfers(&body).await?
            } else {
                let Ok(method) = row.provider.parse::<PaymentMethod>() else { continue };
                if self.providers.get(method).is_none() {
                    continue;
                }
                let (query, body) = row.content.split_once('\n').unwrap_or((&row.content, ""));
                self.act(method, &Raw { query, body, headers: &row.headers }).await?
            };
            tracing::info!(callback = %row.id, outcome = outcome.as_str(), "a message left unread was acted on");
            self.note(row.id, outcome).await?;
        }
        Ok(())
    }

    async fn act_on_transfers(&self, body: &Value) -> Result<Outcome, Problem> {
        let Some(transfers) = bank_feed::read(body, self.clock.now()) else { return Ok(Outcome::Unreadable) };
        for transfer in &transfers {
            self.receive_transfer(transfer).await?;
        }
        Ok(Outcome::Confirmed)
    }
}

async fn receive(till: &Till, request: &HttpRequest, name: &str, body: &Bytes) -> Result<HttpResponse, Problem> {
    let method: PaymentMethod = name.parse().map_err(|()| Problem::new(&NOT_FOUND))?;
    let provider = till.providers.get(method).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let (query, body) = (request.query_string(), String::from_utf8_lossy(body));
    if query.len() + body.len() > MOST {
        return Err(Problem::new(&TOO_LARGE));
    }
    let kept: serde_json::Map<String, Value> = KEPT_HEADERS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), request.headers().get(*name)?.to_str().ok()?.into())))
        .collect();
    let headers = Value::Object(kept);
    let id = till.keep(method.as_str(), &format!("{query}\n{body}"), &headers).await?;
    let outcome = till.act(method, &Raw { query, body: &body, headers: &headers }).await?;
    till.note(id, outcome).await?;
    metrics::counter!("ocop_payment_callbacks_total", "method" => method.as_str(), "outcome" => outcome.as_str())
        .increment(1);
    Ok(provider.answer(outcome))
}

/// What a provider reports, in the query (VNPAY).
#[utoipa::path(tag = "payments", operation_id = "payment_ipn_get", params(("provider" = String, Path, description = "vnpay, momo or zalopay")), responses((status = 200, description = "As the provider wants it", body = Object)))]
#[get("/v1/payments/{provider}/ipn")]
pub async fn ipn_get(till: Data<Till>, request: HttpRequest, name: Path<String>) -> Result<HttpResponse, Problem> {
    receive(&till, &request, &name, &Bytes::new()).await
}

/// What a provider reports, in the body (MoMo, ZaloPay).
#[utoipa::path(tag = "payments", operation_id = "payment_ipn", params(("provider" = String, Path, description = "vnpay, momo or zalopay")), request_body = Object, responses((status = 200, description = "As the provider wants it", body = Object), (status = 204, description = "As MoMo wants it")))]
#[post("/v1/payments/{provider}/ipn")]
pub async fn ipn_post(
    till: Data<Till>,
    request: HttpRequest,
    name: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    receive(&till, &request, &name, &body).await
}

/// Transfers that reached our bank account, told by SePay, Casso or PayOS.
#[utoipa::path(tag = "payments", operation_id = "bank_webhook", request_body = Object, responses((status = 200, description = "Heard", body = Object)))]
#[post("/v1/payments/bank_transfer/webhook")]
pub async fn bank_webhook(till: Data<Till>, request: HttpRequest, body: Bytes) -> Result<HttpResponse, Problem> {
    if body.len() > MOST {
        return Err(Problem::new(&TOO_LARGE));
    }
    let secret = till.config.bank_webhook_secret().ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let text = String::from_utf8_lossy(&body);
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    // Without the secret it is nobody's message, and nothing is kept of it.
    if !bank_feed::is_genuine(secret, request.headers(), &value) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let id = till.keep("bank", &text, &json!({})).await?;
    let outcome = till.act_on_transfers(&value).await?;
    till.note(id, outcome).await?;
    Ok(HttpResponse::Ok().json(json!({"success": true})))
}

/// The cookie in which the shop's own pages keep the path of the order that is being paid.
pub const PAYING: &str = "ocop_paying";

/// Where the buyer's browser comes back to. It proves nothing. Who pays on the shop's own pages is led on to the order's page,
/// which turns by itself; others are told to look at the order.
#[utoipa::path(tag = "payments", operation_id = "payment_return", params(("provider" = String, Path, description = "vnpay, momo or zalopay")), responses((status = 200, description = "A page for people", body = String, content_type = "text/html"), (status = 303, description = "To the order's page, for who pays on the shop's own pages")))]
#[get("/v1/payments/{provider}/return")]
pub async fn come_back(request: HttpRequest, till: Data<Till>, name: Path<String>) -> Result<HttpResponse, Problem> {
    let method: PaymentMethod = name.parse().map_err(|()| Problem::new(&NOT_FOUND))?;
    till.providers.get(method).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    // A path of ours and nothing else: nobody is led elsewhere.
    if let Some(cookie) = request.cookie(PAYING).filter(|cookie| cookie.value().starts_with("/o/")) {
        return Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, cookie.value().to_owned())).finish());
    }
    let more = "Chúng tôi đang chờ xác nhận của đơn vị thanh toán. Khi có kết quả, đơn hàng sẽ được cập nhật và bạn sẽ nhận \
                được thư.";
    let en = "Thank you. We are waiting for the payment provider’s confirmation. Your order will be updated and you will \
              get a mail.";
    Ok(plain(StatusCode::OK, ("Cảm ơn bạn", en), more, ""))
}
