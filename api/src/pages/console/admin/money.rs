//! Money that a person decides on: refunds, disputes, what does not match, runs of payouts, settlement files, tax.

use std::collections::HashMap;

use actix_web::web::{Data, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{DisputeId, PayoutBatchId, PayoutId, ReconciliationId, RefundId};
use minijinja::context;
use serde::Deserialize;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::{Admin, input};
use crate::ledger::tax;
use crate::money::payment::{self, Till};
use crate::money::payout::{self, FileFormat};
use crate::orders::dispute;
use crate::pages::console::render::value;
use crate::pages::session::{Form, Turn, WRITTEN};
use crate::platform::idempotency::IdempotencyKey;
use crate::platform::numbers;
use crate::platform::pagination::{MAX_LIMIT, Paging};
use crate::platform::problem::Problem;
use crate::platform::upload::Upload;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_refunds)
        .service(on_refund)
        .service(on_disputes)
        .service(on_dispute)
        .service(on_queue)
        .service(on_item)
        .service(on_payouts)
        .service(on_make_run)
        .service(on_run)
        .service(on_run_step)
        .service(on_bank_file)
        .service(on_mark)
        .service(on_settlements)
        .service(on_settlement)
        .service(on_tax)
        .service(on_rate);
}

fn query<T: serde::de::DeserializeOwned>(asked: serde_json::Value) -> Result<T, Problem> {
    serde_json::from_value(asked).map_err(Problem::internal)
}

fn most() -> Paging {
    Paging { limit: Some(MAX_LIMIT), cursor: None }
}

#[get("/admin/refunds")]
async fn on_refunds(admin: Admin) -> Result<HttpResponse, Turn> {
    let desk = &admin.seat.desk;
    let mut refunds = Vec::new();
    for state in ["awaiting_approval", "manual"] {
        let asked = query(json!({"state": state, "limit": MAX_LIMIT}))?;
        refunds.extend(payment::all_refunds(desk, &asked).await?.items);
    }
    admin.page("admin_refunds.html", "to_do", context! { refunds => value(&refunds) })
}

#[post("/admin/refunds/{id}")]
async fn on_refund(
    request: HttpRequest,
    admin: Admin,
    till: Data<Till>,
    id: Path<RefundId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let decided = async {
        let asked = input(&json!({"step": form.text("step"), "bank_reference": form.some("bank_reference")}))?;
        payment::judge_refund(&admin.seat.desk, &till, *id, asked).await.map(drop)
    };
    let done = decided.await;
    admin.seat.told("/admin/refunds", done, WRITTEN)
}

#[get("/admin/disputes")]
async fn on_disputes(admin: Admin) -> Result<HttpResponse, Turn> {
    let desk = &admin.seat.desk;
    let found = dispute::all_disputes(desk, &query(json!({"state": "open", "limit": MAX_LIMIT}))?).await?;
    let now = desk.now().format(&Rfc3339).unwrap_or_default();
    admin.page("admin_disputes.html", "to_do", context! { disputes => value(&found.items), now => now })
}

async fn decide_dispute(admin: &Admin, id: DisputeId, form: &Form) -> Result<(), Problem> {
    let asked = input(&json!({
        "decision": form.text("decision"), "amount": form.amount("amount")?, "text": form.text("text"), "early": form.text("early") == "yes",
    }))?;
    dispute::judge(&admin.seat.desk, id, asked).await.map(drop)
}

#[post("/admin/disputes/{id}")]
async fn on_dispute(
    request: HttpRequest,
    admin: Admin,
    id: Path<DisputeId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let done = decide_dispute(&admin, *id, &form).await;
    admin.seat.told("/admin/disputes", done, WRITTEN)
}

#[get("/admin/reconciliation")]
async fn on_queue(admin: Admin) -> Result<HttpResponse, Turn> {
    let desk = &admin.seat.desk;
    let found = payment::queue_of(desk, &query(json!({"limit": MAX_LIMIT}))?).await?;
    let matches = payment::proposals(desk.db.fresh(), &found.items).await?;
    let by_item: HashMap<String, _> = matches.into_iter().map(|(id, found)| (id.to_string(), found)).collect();
    let values = context! { items => value(&found.items), matches => value(&by_item) };
    admin.page("admin_reconciliation.html", "to_do", values)
}

#[post("/admin/reconciliation/{id}")]
async fn on_item(
    request: HttpRequest,
    admin: Admin,
    till: Data<Till>,
    id: Path<ReconciliationId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let key = IdempotencyKey(form.text("once").to_owned());
    let decided = async {
        let asked = input(&json!({
            "resolution": form.text("resolution"), "payment_id": form.some("payment_id"), "note": form.text("note"),
        }))?;
        payment::settle_item(&admin.seat.desk, &till, (*id, &key), asked).await.map(drop)
    };
    let done = decided.await;
    admin.seat.told("/admin/reconciliation", done, WRITTEN)
}

#[get("/admin/payouts")]
async fn on_payouts(admin: Admin) -> Result<HttpResponse, Turn> {
    let desk = &admin.seat.desk;
    let (preview, runs) = (payout::preview_of(desk, None).await?, payout::all_batches(desk, &most()).await?);
    admin.page("admin_payouts.html", "to_do", context! { preview => value(&preview), runs => value(&runs.items) })
}

#[post("/admin/payouts")]
async fn on_make_run(request: HttpRequest, admin: Admin, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let key = IdempotencyKey(form.text("once").to_owned());
    let made = async {
        let asked = input(&json!({"cutoff_on": form.date("cutoff_on")?.map(|day| day.to_string())}))?;
        payout::make_batch(&admin.seat.desk, &key, asked).await.map(drop)
    };
    let done = made.await;
    admin.seat.told("/admin/payouts", done, WRITTEN)
}

#[get("/admin/payouts/{id}")]
async fn on_run(admin: Admin, id: Path<PayoutBatchId>) -> Result<HttpResponse, Turn> {
    let found = payout::batch(&admin.seat.desk, *id).await?;
    admin.page("admin_payout.html", "to_do", context! { run => value(&found) })
}

#[post("/admin/payouts/{id}")]
async fn on_run_step(
    request: HttpRequest,
    admin: Admin,
    id: Path<PayoutBatchId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let decided = async {
        let asked = input(&json!({"step": form.text("step")}))?;
        payout::judge_batch(&admin.seat.desk, *id, asked).await.map(drop)
    };
    let done = decided.await;
    admin.seat.told(&format!("/admin/payouts/{id}"), done, WRITTEN)
}

#[get("/admin/payouts/{id}/bank-file")]
async fn on_bank_file(admin: Admin, id: Path<PayoutBatchId>) -> Result<HttpResponse, Turn> {
    Ok(payout::file_for_bank(&admin.seat.desk, *id, Some(FileFormat::Xlsx)).await?)
}

#[post("/admin/payouts/{id}/transfers/{payout}")]
async fn on_mark(
    request: HttpRequest,
    admin: Admin,
    path: Path<(PayoutBatchId, PayoutId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let marked = async {
        let asked = input(&json!({
            "outcome": form.text("outcome"), "bank_reference": form.some("bank_reference"), "reason": form.some("reason"),
        }))?;
        payout::mark(&admin.seat.desk, path.1, asked).await.map(drop)
    };
    let done = marked.await;
    admin.seat.told(&format!("/admin/payouts/{}", path.0), done, WRITTEN)
}

#[get("/admin/settlements")]
async fn on_settlements(admin: Admin) -> Result<HttpResponse, Turn> {
    let found = payment::all_settlements(&admin.seat.desk, &most()).await?;
    admin.page("admin_settlements.html", "money", context! { files => value(&found.items) })
}

/// Bytes of a settlement file and the form around it.
const SETTLEMENT: usize = 11 * 1024 * 1024;

#[post("/admin/settlements")]
async fn on_settlement(
    request: HttpRequest,
    admin: Admin,
    till: Data<Till>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.seat.form(&request, payload, SETTLEMENT).await?;
    let booked = async {
        let source = query(json!(form.text("source")))?;
        let Upload { file_name, bytes, .. } = form.0;
        let file = Upload { file_name, bytes, fields: Vec::new(), others: Vec::new() };
        payment::book_settlement(&admin.seat.desk, &till, source, file).await.map(drop)
    };
    let done = booked.await;
    admin.seat.told("/admin/settlements", done, WRITTEN)
}

#[derive(Deserialize)]
struct Month {
    #[serde(default)]
    period: String,
}

#[get("/admin/tax")]
async fn on_tax(admin: Admin, month: Query<Month>) -> Result<HttpResponse, Turn> {
    let desk = &admin.seat.desk;
    let is_month = |text: &str| text.len() == 7 && numbers::date(&format!("{text}-01")).is_ok();
    let period = Some(month.period.clone()).filter(|text| is_month(text));
    let period = period.unwrap_or_else(|| desk.today().to_string().chars().take(7).collect());
    let (declared, rates) = (tax::declared(desk.db.fresh(), &period).await?, tax::all_rates(desk).await?);
    admin.page("admin_tax.html", "money", context! { d => value(&declared), rates => value(&rates) })
}

async fn enter_rate(admin: &Admin, form: &Form) -> Result<(), Problem> {
    let asked = input(&json!({
        "kind": form.text("kind"), "residence": form.text("residence"), "vat_bp": form.parsed::<i32>("vat_bp")?,
        "pit_bp": form.parsed::<i32>("pit_bp")?, "valid_from": form.date("valid_from")?.map(|day| day.to_string()), "source": form.text("source"),
    }))?;
    tax::enter_rate(&admin.seat.desk, asked).await
}

#[post("/admin/tax")]
async fn on_rate(request: HttpRequest, admin: Admin, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let done = enter_rate(&admin, &form).await;
    admin.seat.told("/admin/tax", done, WRITTEN)
}
