//! What holds as data: commission, promotions, exchange rates; and who is of the platform.

use actix_web::web::{Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{AccountId, CommissionRuleId, PromotionId};
use minijinja::context;
use serde_json::json;

use super::{Admin, input};
use crate::ledger::commission;
use crate::oversight::rights::{self, PlatformRights};
use crate::pages::console::render::value;
use crate::pages::session::{FORM, Form, Turn, WRITTEN};
use crate::platform::pagination::{MAX_LIMIT, Paging};
use crate::platform::problem::Problem;
use crate::shop::catalogue::{cooperative_by_slug, tree};
use crate::shop::promotion;
use crate::supply::export;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_rules)
        .service(on_rule)
        .service(on_rule_end)
        .service(on_promotions)
        .service(on_promotion)
        .service(on_promotion_state)
        .service(on_rates)
        .service(on_rate)
        .service(on_people)
        .service(on_appoint)
        .service(on_rights);
}

fn most() -> Paging {
    Paging { limit: Some(MAX_LIMIT), cursor: None }
}

#[get("/admin/commission")]
async fn on_rules(admin: Admin) -> Result<HttpResponse, Turn> {
    let desk = &admin.seat.desk;
    let found = commission::all_rules(desk, &most()).await?;
    let categories = tree::kept(desk).await?;
    admin.page(
        "admin_commission.html",
        "rules",
        context! { rules => value(&found.items), categories => value(&categories) },
    )
}

async fn add_rule(admin: &Admin, form: &Form) -> Result<(), Problem> {
    // A shop is named by its path, as its page has it.
    let cooperative = match form.some("cooperative") {
        None => None,
        Some(slug) => {
            let slug = slug.rsplit('/').next().unwrap_or_default().to_owned();
            let found = cooperative_by_slug(admin.seat.desk.db.fresh(), &slug).await?;
            let (vi, en) = ("không có gian hàng này", "there is no such shop");
            Some(found.ok_or_else(|| Problem::field("/cooperative", "not_found", vi, en))?)
        }
    };
    let asked = input(&json!({
        "category_id": form.some("category"), "cooperative_id": cooperative,
        "component": form.text("component"), "rate_bp": form.parsed::<i64>("rate_bp")?, "fixed": form.amount("fixed")?,
        "min": form.amount("min")?, "max": form.amount("max")?, "campaign": form.some("campaign"),
        "starts_on": form.date("starts_on")?.map(|day| day.to_string()), "ends_on": form.date("ends_on")?.map(|day| day.to_string()),
    }))?;
    commission::add_rule(&admin.seat.desk, asked).await.map(drop)
}

#[post("/admin/commission")]
async fn on_rule(request: HttpRequest, admin: Admin, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let done = add_rule(&admin, &form).await;
    admin.seat.told("/admin/commission", done, WRITTEN)
}

#[post("/admin/commission/{id}/end")]
async fn on_rule_end(
    request: HttpRequest,
    admin: Admin,
    id: Path<CommissionRuleId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    admin.form(&request, payload).await?;
    let done = commission::stop_rule(&admin.seat.desk, *id).await.map(drop);
    admin.seat.told("/admin/commission", done, WRITTEN)
}

#[get("/admin/promotions")]
async fn on_promotions(admin: Admin) -> Result<HttpResponse, Turn> {
    let found = promotion::all_promotions(&admin.seat.desk, &most()).await?;
    admin.page("admin_promotions.html", "rules", context! { promotions => value(&found.items) })
}

async fn add_promotion(admin: &Admin, form: &Form) -> Result<(), Problem> {
    let asked = input(&json!({
        "code": form.some("code"), "kind": form.text("kind"), "name_vi": form.text("name_vi"), "name_en": form.text("name_en"),
        "rate_bp": form.count("rate_bp")?, "amount": form.amount("amount")?, "max": form.amount("max")?,
        "min_goods": form.amount("min_goods")?, "usage_limit": form.count("usage_limit")?, "per_buyer_limit": form.count("per_buyer_limit")?,
        "starts_at": form.date("starts_on")?.map(|day| day.to_string()), "ends_at": form.date("ends_on")?.map(|day| day.to_string()),
    }))?;
    promotion::add(&admin.seat.desk, asked).await.map(drop)
}

#[post("/admin/promotions")]
async fn on_promotion(request: HttpRequest, admin: Admin, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let done = add_promotion(&admin, &form).await;
    admin.seat.told("/admin/promotions", done, WRITTEN)
}

#[post("/admin/promotions/{id}")]
async fn on_promotion_state(
    request: HttpRequest,
    admin: Admin,
    id: Path<PromotionId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let set = async {
        let asked = input(&json!({"state": form.text("state"), "seen": form.text("seen")}))?;
        promotion::set(&admin.seat.desk, *id, asked).await.map(drop)
    };
    let done = set.await;
    admin.seat.told("/admin/promotions", done, WRITTEN)
}

#[get("/admin/rates")]
async fn on_rates(admin: Admin) -> Result<HttpResponse, Turn> {
    let found = export::latest_rates(&admin.seat.desk).await?;
    admin.page("admin_rates.html", "rules", context! { rates => value(&found) })
}

/// Bytes of a table of rates and the form around it.
const TABLE: usize = 2 * 1024 * 1024;

#[post("/admin/rates")]
async fn on_rate(request: HttpRequest, admin: Admin, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = admin.seat.form(&request, payload, FORM + TABLE).await?;
    let entered = async {
        let rates = if form.0.bytes.is_empty() {
            let line =
                ["currency", "day", "rate", "source"].map(|name| form.text(name).replace(['\t', '\n', '\r'], " "));
            export::rates_of(format!("currency\tday\trate\tsource\n{}\n", line.join("\t")).as_bytes())?
        } else {
            export::rates_of(&form.0.bytes)?
        };
        export::enter_rates(&admin.seat.desk, &rates).await
    };
    let done = entered.await;
    admin.seat.told("/admin/rates", done, WRITTEN)
}

#[get("/admin/people")]
async fn on_people(admin: Admin) -> Result<HttpResponse, Turn> {
    let found = rights::administrators(&admin.seat.desk).await?;
    admin.page("admin_people.html", "rules", context! { people => value(&found) })
}

#[post("/admin/people")]
async fn on_appoint(request: HttpRequest, admin: Admin, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let done = rights::appoint(&admin.seat.desk, form.text("login")).await;
    admin.seat.told("/admin/people", done, WRITTEN)
}

#[post("/admin/people/{id}")]
async fn on_rights(
    request: HttpRequest,
    admin: Admin,
    id: Path<AccountId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    admin.form(&request, payload).await?;
    let done = rights::set_rights(&admin.seat.desk, *id, PlatformRights { admin: false }).await;
    admin.seat.told("/admin/people", done, WRITTEN)
}
