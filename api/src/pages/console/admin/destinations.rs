//! Destinations, and what belongs to them: pictures, festivals, who works there, what grows there.

use actix_web::web::{Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{CooperativeId, DestinationId, EventId, ProductId, RowId};
use minijinja::context;
use serde_json::{Value, json};

use super::{Admin, input};
use crate::media::pictures::MAX_BYTES;
use crate::pages::console::render::value;
use crate::pages::session::{FORM, Form, Turn, WRITTEN};
use crate::people::places;
use crate::platform::fold::slug;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::revision;
use crate::tourism::belonging::{self, DestinationLinks};
use crate::tourism::{Guide, keeping};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_destinations)
        .service(on_new_destination)
        .service(on_destination)
        .service(on_destination_change)
        .service(on_picture)
        .service(on_picture_down)
        .service(on_event)
        .service(on_event_off)
        .service(on_link);
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
    let parts = belonging::belongings(&admin.seat.desk, *id).await?;
    admin.page("admin_destination.html", "rules", context! { d => value(&shown), parts => value(&parts) })
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

fn page_of(id: DestinationId) -> String {
    format!("/admin/destinations/{id}")
}

#[post("/admin/destinations/{id}/pictures")]
async fn on_picture(
    request: HttpRequest,
    admin: Admin,
    guide: Data<Guide>,
    id: Path<DestinationId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let mut form = admin.seat.form(&request, payload, MAX_BYTES + FORM).await?;
    let photo = std::mem::take(&mut form.0.bytes);
    let (vi, en) = (form.some("alt_vi"), form.some("alt_en"));
    let hung = belonging::hang(&admin.seat.desk, &guide, *id, (photo, vi.as_deref(), en.as_deref())).await;
    admin.seat.told(&page_of(*id), hung.map(drop), WRITTEN)
}

#[post("/admin/destinations/{id}/pictures/{picture}")]
async fn on_picture_down(
    request: HttpRequest,
    admin: Admin,
    guide: Data<Guide>,
    path: Path<(DestinationId, RowId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    admin.form(&request, payload).await?;
    let done = belonging::take_down(&admin.seat.desk, &guide, path.0, path.1).await;
    admin.seat.told(&page_of(path.0), done, WRITTEN)
}

#[post("/admin/destinations/{id}/events")]
async fn on_event(
    request: HttpRequest,
    admin: Admin,
    guide: Data<Guide>,
    id: Path<DestinationId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let announced = async {
        let missing = || Problem::field("/starts_on", "missing", "cần ghi ngày", "say which day");
        let first = form.date("starts_on")?.ok_or_else(missing)?;
        let last = form.date("ends_on")?.unwrap_or(first);
        let asked = input(&json!({
            "name_vi": form.text("name_vi"), "name_en": form.text("name_en"), "text_vi": form.text("text_vi"),
            "text_en": form.text("text_en"), "starts_on": first.to_string(), "ends_on": last.to_string(), "website": form.some("website"),
        }))?;
        belonging::announce(&admin.seat.desk, &guide, *id, asked).await.map(drop)
    };
    let done = announced.await;
    admin.seat.told(&page_of(*id), done, WRITTEN)
}

#[post("/admin/destinations/{id}/events/{event}")]
async fn on_event_off(
    request: HttpRequest,
    admin: Admin,
    guide: Data<Guide>,
    path: Path<(DestinationId, EventId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    admin.form(&request, payload).await?;
    let done = belonging::call_off(&admin.seat.desk, &guide, path.0, path.1).await;
    admin.seat.told(&page_of(path.0), done, WRITTEN)
}

/// What belongs to the place with this form's addition, or without what it strikes.
async fn linked(admin: &Admin, form: &Form, mut links: DestinationLinks) -> Result<DestinationLinks, Problem> {
    let desk = &admin.seat.desk;
    match form.text("act") {
        "cooperative" => links.cooperatives.push(belonging::cooperative_meant(desk, form.text("cooperative")).await?),
        "product" => {
            let product = belonging::product_meant(desk, form.text("product")).await?;
            links.products.push(input(&json!({
                "product_id": product, "kind": form.text("kind"), "note_vi": form.text("note_vi"), "note_en": form.text("note_en"),
                "from_month": form.count("from_month")?, "to_month": form.count("to_month")?,
            }))?);
        }
        "no_cooperative" => {
            let gone: CooperativeId = form.parsed("id")?;
            links.cooperatives.retain(|own| *own != gone);
        }
        _ => {
            let gone: ProductId = form.parsed("id")?;
            links.products.retain(|own| own.product_id != gone);
        }
    }
    Ok(links)
}

#[post("/admin/destinations/{id}/links")]
async fn on_link(
    request: HttpRequest,
    admin: Admin,
    guide: Data<Guide>,
    id: Path<DestinationId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let done = async {
        let links = belonging::belongings(&admin.seat.desk, *id).await?.links;
        // Of two that are changed at once the second is told, for each replaces all of them.
        let seen = revision::of(&links);
        let links = linked(&admin, &form, links).await?;
        belonging::link(&admin.seat.desk, &guide, *id, &links, Some(&seen)).await.map(drop)
    };
    let done = done.await;
    admin.seat.told(&page_of(*id), done, WRITTEN)
}
