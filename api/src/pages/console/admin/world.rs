//! What there is in the world besides goods: categories, destinations, holidays; and messages that are tried again.

use std::collections::HashMap;

use actix_web::web::{Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{CategoryId, DestinationId, RowId};
use minijinja::context;
use serde_json::{Value, json};

use super::{Admin, input};
use crate::ocop::certification::holidays;
use crate::oversight::to_do;
use crate::pages::console::render::value;
use crate::pages::session::{Form, Turn, WRITTEN};
use crate::people::places;
use crate::platform::fold::slug;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::revision;
use crate::shop::catalogue::{Catalogue, tree};
use crate::tourism::{Guide, keeping};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_categories)
        .service(on_category)
        .service(on_category_change)
        .service(on_holidays)
        .service(on_holiday)
        .service(on_destinations)
        .service(on_new_destination)
        .service(on_destination)
        .service(on_destination_change)
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

#[get("/admin/destinations")]
async fn on_destinations(admin: Admin) -> Result<HttpResponse, Turn> {
    let rows = keeping::kept(&admin.seat.desk).await?;
    let shown: Vec<Value> = rows
        .iter()
        .map(|row| json!({"id": row.id, "name": row.name_vi, "kind": row.kind, "active": row.active, "commune": named(&row.commune_code)}))
        .collect();
    admin.page("admin_destinations.html", "rules", context! { destinations => value(&shown) })
}

/// A commune as people write it.
fn named(code: &str) -> String {
    let commune = places::commune(code);
    commune
        .map_or_else(|| code.to_owned(), |commune| format!("{}, {}", commune.name, places::province_of(commune).name))
}

#[get("/admin/destinations/{id}")]
async fn on_destination(admin: Admin, id: Path<DestinationId>) -> Result<HttpResponse, Turn> {
    let row = keeping::kept(&admin.seat.desk).await?.into_iter().find(|row| row.id == *id);
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let shown = json!({
        "id": row.id, "slug": row.slug, "kind": row.kind, "name_vi": row.name_vi, "name_en": row.name_en, "text_vi": row.text_vi,
        "text_en": row.text_en, "street": row.street, "commune": named(&row.commune_code), "latitude": row.latitude,
        "longitude": row.longitude, "website": row.website, "phone": row.phone, "active": row.active,
        "seen": revision::of(&row),
    });
    admin.page("admin_destination.html", "rules", context! { d => value(&shown) })
}

/// A coordinate as people write it: with a point or a comma.
fn degrees(form: &Form, name: &str) -> Result<f64, Problem> {
    form.text(name)
        .replace(',', ".")
        .parse()
        .map_err(|_| Problem::field(format!("/{name}"), "number", "tọa độ như 20,67", "a coordinate such as 20.67"))
}

/// What a form says of a destination; opening hours stay as they are.
fn facts(form: &Form, hours: &Value) -> Result<Value, Problem> {
    let commune = places::commune_meant(form.text("commune")).ok_or_else(|| {
        let (vi, en) =
            ("không tìm thấy xã này; viết như “Kim Bôi, Phú Thọ”", "no such commune; write “Kim Bôi, Phú Thọ”");
        Problem::field("/commune", "commune", vi, en)
    })?;
    Ok(json!({
        "slug": form.some("slug").unwrap_or_else(|| slug(form.text("name_vi"))), "kind": form.text("kind"),
        "name_vi": form.text("name_vi"), "name_en": form.text("name_en"), "text_vi": form.text("text_vi"), "text_en": form.text("text_en"),
        "street": form.text("street"), "commune_code": commune, "latitude": degrees(form, "latitude")?,
        "longitude": degrees(form, "longitude")?, "hours": hours, "website": form.some("website"), "phone": form.some("phone"),
        "active": form.text("active") == "yes",
    }))
}

#[post("/admin/destinations")]
async fn on_new_destination(
    request: HttpRequest,
    admin: Admin,
    guide: Data<Guide>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let added = async { keeping::add(&admin.seat.desk, &guide, input(&facts(&form, &json!([]))?)?).await.map(drop) };
    let done = added.await;
    admin.seat.told("/admin/destinations", done, WRITTEN)
}

#[post("/admin/destinations/{id}")]
async fn on_destination_change(
    request: HttpRequest,
    admin: Admin,
    guide: Data<Guide>,
    id: Path<DestinationId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let desk = &admin.seat.desk;
    let changed = async {
        let row = keeping::kept(desk).await?.into_iter().find(|row| row.id == *id);
        let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
        keeping::rewrite(desk, &guide, *id, input(&facts(&form, &row.hours)?)?, Some(form.text("seen"))).await.map(drop)
    };
    let done = changed.await;
    admin.seat.told(&format!("/admin/destinations/{id}"), done, WRITTEN)
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
