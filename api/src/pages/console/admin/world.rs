//! What there is in the world besides goods: categories, holidays; and messages that are tried again.

use std::collections::HashMap;

use actix_web::web::{Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{CategoryId, RowId};
use minijinja::context;
use serde_json::json;

use super::{Admin, input};
use crate::ocop::certification::holidays;
use crate::oversight::to_do;
use crate::pages::console::render::value;
use crate::pages::session::{Turn, WRITTEN};
use crate::platform::fold::slug;
use crate::platform::problem::Problem;
use crate::shop::catalogue::{Catalogue, tree};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_categories)
        .service(on_category)
        .service(on_category_change)
        .service(on_holidays)
        .service(on_holiday)
        .service(on_retry);
}

#[get("/admin/categories")]
async fn on_categories(admin: Admin) -> Result<HttpResponse, Turn> {
    let kept = tree::kept(&admin.seat.desk).await?;
    let seen: HashMap<CategoryId, String> = kept.iter().map(|one| (one.id, one.revision())).collect();
    admin.page("admin_categories.html", "rules", context! { categories => value(&kept), seen => value(&seen) })
}

#[post("/admin/categories")]
async fn on_category(
    request: HttpRequest,
    admin: Admin,
    catalogue: Data<Catalogue>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let added = async {
        let asked = input(&json!({
            "slug": form.some("slug").unwrap_or_else(|| slug(form.text("name_vi"))), "parent": form.text("parent"),
            "name_vi": form.text("name_vi"), "name_en": form.text("name_en"), "position": form.count("position")?.unwrap_or(0),
        }))?;
        tree::add(&admin.seat.desk, &catalogue, asked).await.map(drop)
    };
    let done = added.await;
    admin.seat.told("/admin/categories", done, WRITTEN)
}

#[post("/admin/categories/{id}")]
async fn on_category_change(
    request: HttpRequest,
    admin: Admin,
    catalogue: Data<Catalogue>,
    id: Path<CategoryId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let changed = async {
        let asked = input(&json!({
            "name_vi": form.text("name_vi"), "name_en": form.text("name_en"), "position": form.count("position")?.unwrap_or(0),
        }))?;
        tree::change(&admin.seat.desk, &catalogue, *id, asked, Some(form.text("seen"))).await.map(drop)
    };
    let done = changed.await;
    admin.seat.told("/admin/categories", done, WRITTEN)
}

#[get("/admin/holidays")]
async fn on_holidays(admin: Admin) -> Result<HttpResponse, Turn> {
    let days = holidays::all(&admin.seat.desk).await?;
    admin.page("admin_holidays.html", "rules", context! { days => value(&days) })
}

#[post("/admin/holidays")]
async fn on_holiday(request: HttpRequest, admin: Admin, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let kept = async {
        let day =
            form.date("day")?.ok_or_else(|| Problem::field("/day", "missing", "cần ghi ngày", "say which day"))?;
        if form.text("act") == "strike" {
            return holidays::strike(&admin.seat.desk, day).await;
        }
        holidays::keep(&admin.seat.desk, day, input(&json!({"name": form.text("name")}))?).await.map(drop)
    };
    let done = kept.await;
    admin.seat.told("/admin/holidays", done, WRITTEN)
}

#[post("/admin/failures/{kind}/{id}")]
async fn on_retry(
    request: HttpRequest,
    admin: Admin,
    path: Path<(String, RowId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    admin.form(&request, payload).await?;
    let done = to_do::retry(&admin.seat.desk, &path.0, path.1).await;
    admin.seat.told("/admin/failures", done, ("Sẽ được gửi lại ngay.", "It is tried again at once."))
}
