//! Listings: a new one with a photo, price and words changed, published and paused.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{Material, MaterialPart, MovementKind, OfferId, ProductId, ProductStatus, Unit};
use minijinja::context;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};

use super::render::{page, page_with, value};
use crate::media::{self, Owner, pictures::MAX_BYTES};
use crate::ocop::certificates;
use crate::pages::session::{FORM, Form, Seat, Turn};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::platform::db::{all, by_id};
use crate::platform::idempotency::DONE_ALREADY;
use crate::platform::outbox::emit;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;
use crate::shop::catalogue::materials::VALUES;
use crate::shop::inventory::{NewMovement, receive_within};
use crate::shop::selling::doubts::price_doubt;
use crate::shop::selling::imports::UNITS;
use crate::shop::selling::listing_changes::{self, ProductChange};
use crate::shop::selling::listing_images;
use crate::shop::selling::listings::{self, ListingQuery, NewProduct};
use crate::shop::selling::materials::{self, MaterialFact};
use crate::shop::selling::offers::{self, NewOffer, OfferChange};

/// The field error of a price that waits for a person's word.
const PRICE_DOUBT: &str = "price_doubt";

fn is_doubted(problem: &Problem) -> bool {
    problem.field_errors().iter().any(|error| error.code == PRICE_DOUBT)
}

#[derive(Deserialize)]
pub struct SearchQuery {
    q: Option<String>,
    cursor: Option<String>,
}

#[get("/console/products")]
pub async fn on_list(seat: Seat, query: Query<SearchQuery>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let q = query.q.clone().filter(|q| !q.trim().is_empty());
    let wanted = ListingQuery { q: q.clone(), cursor: query.cursor.clone(), limit: Some(20), status: None };
    let found = listings::find(&seat.desk, shop, &wanted).await?;
    let values = context! { products => value(&found.items), next => found.next_cursor, q => q.unwrap_or_default() };
    page(&seat, "products.html", "products", values)
}

#[derive(FromQueryResult, Serialize)]
struct Category {
    slug: String,
    name_vi: String,
    name_en: String,
}

fn units() -> Vec<(&'static str, &'static str)> {
    UNITS.iter().map(|(unit, word)| (unit.as_str(), *word)).collect()
}

async fn new_form(seat: &Seat, refused: Option<(&Form, &Problem)>) -> Result<HttpResponse, Turn> {
    let categories = all::<Category>(
        seat.desk.db.fresh(),
        "SELECT slug, name_vi, name_en FROM category c WHERE NOT EXISTS (SELECT 1 FROM category d WHERE d.parent_id = c.id) ORDER BY ocop_group, position",
        [],
    )
    .await?;
    let values = context! {
        product => (), form => value(&refused.map(|(form, _)| form.values()).unwrap_or_default()),
        error => refused.map(|(_, problem)| problem.words(seat.language)).unwrap_or_default(),
        doubted => refused.is_some_and(|(_, problem)| is_doubted(problem)),
        categories => value(&categories), units => units(),
    };
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page_with(seat, "product.html", "products", status, values)
}

#[get("/console/products/new")]
pub async fn on_new_page(seat: Seat) -> Result<HttpResponse, Turn> {
    seat.shop(Permission::EditListings)?;
    new_form(&seat, None).await
}

/// A price that looks like a slip is taken when its box is ticked.
fn stand_by(form: &Form, price: Option<i64>, before: Option<i64>) -> Result<(), Problem> {
    if form.text("sure") == "yes" {
        return Ok(());
    }
    let doubt = price.filter(|price| *price > 0).and_then(|price| price_doubt(price, before));
    doubt.map_or(Ok(()), |doubt| Err(Problem::field("/price", PRICE_DOUBT, doubt.vi, doubt.en)))
}

fn new_product(form: &Form) -> Result<NewProduct, Problem> {
    let unit: Unit = form.parsed("unit")?;
    let missing = |name: &str| Problem::field(format!("/{name}"), "missing", "còn thiếu", "is missing");
    let price = form.amount("price")?;
    stand_by(form, price, None)?;
    let offer = NewOffer {
        sku: form.some("sku"),
        pack_vi: form.text("pack_vi").to_owned(),
        pack_en: None,
        unit,
        weight_g: form.weight("weight_g")?.ok_or_else(|| missing("weight_g"))?,
        net_g: form.weight("net_g")?,
        price: price.ok_or_else(|| missing("price"))?,
        min_quantity: 1,
        step_quantity: 1,
        tiers: Vec::new(),
        wholesale_from: None,
    };
    let days = form.days("shelf_life_days")?.map(i32::try_from).transpose();
    let days = days.map_err(|_| Problem::field("/shelf_life_days", "number", "quá lớn", "too large"))?;
    validate(NewProduct {
        category: form.text("category").to_owned(),
        name_vi: form.text("name_vi").to_owned(),
        name_en: form.some("name_en"),
        summary_vi: form.text("summary_vi").to_owned(),
        story_vi: form.text("story_vi").to_owned(),
        shelf_life_days: days,
        offers: vec![offer],
        ..NewProduct::default()
    })
}

async fn make(seat: &Seat, form: &mut Form) -> Result<ProductId, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let desk = &seat.desk;
    let input = new_product(form)?;
    let stock = form.count("stock")?.unwrap_or(0);
    let photo = std::mem::take(&mut form.0.bytes);
    let owner = Owner::shop(shop, desk.who.account);
    // The photo is judged first: nothing is written when it will not do.
    let picture = if photo.is_empty() {
        None
    } else {
        Some(media::keep(desk.db.write(), &desk.objects, owner, photo, desk.now()).await?)
    };
    // All of it or nothing: what is refused can be corrected and sent again.
    let transaction = desk.begin().await?;
    let id = listings::insert(&transaction, desk, shop, &input).await?;
    let row = by_id::<entity::product::Entity>(&transaction, id).await?;
    let row = row.ok_or_else(|| Problem::internal("a product just written is not there"))?;
    if let Some(picture) = picture {
        listing_images::hang(&transaction, &row, &picture, (form.some("alt_vi"), None)).await?;
    }
    if stock > 0
        && let Some(offer) = offers::offers_of(&transaction, id).await?.first()
    {
        let movement = NewMovement { kind: MovementKind::Receipt, quantity: stock, lot_id: None, note: None };
        receive_within(&transaction, desk, offer.id, movement, 0).await?;
    }
    if form.text("publish") == "yes" {
        let change = ProductChange { status: Some(ProductStatus::Published), ..ProductChange::default() };
        listing_changes::apply(&transaction, desk, row, &change).await?;
    }
    transaction.commit().await?;
    desk.products_changed(&[id]).await?;
    Ok(id)
}

#[post("/console/products/new")]
pub async fn on_create(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    seat.shop(Permission::EditListings)?;
    let mut form = seat.form(&request, payload, MAX_BYTES + FORM).await?;
    match make(&seat, &mut form).await {
        Ok(id) => Ok(seat.back(&format!("/console/products/{id}"), Ok(seat.say("Đã lưu.", "Saved.")))),
        Err(Turn::Problem(problem)) if problem.code.name == DONE_ALREADY.name => {
            Ok(seat.back("/console/products", Err(&problem)))
        }
        Err(Turn::Problem(problem)) if problem.code.status < 500 => new_form(&seat, Some((&form, &problem))).await,
        Err(turn) => Err(turn),
    }
}

#[get("/console/products/{id}")]
pub async fn on_show(seat: Seat, id: Path<ProductId>) -> Result<HttpResponse, Turn> {
    show(&seat, *id, None).await
}

/// The listing; with a price that waits for its box to be ticked, if one was refused.
async fn show(seat: &Seat, id: ProductId, doubted: Option<(&Form, &Problem)>) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let row = listings::own(&seat.desk, shop, id).await?;
    let product = listings::view(&seat.desk, row).await?;
    let mut facts = Vec::new();
    for offer in offers::offers_of(seat.desk.db.fresh(), id).await? {
        facts.push((offer.id, materials::find(seat.desk.db.fresh(), offer.id).await?));
    }
    let papers = certificates::find(&seat.desk, shop, None, (Some(MAX_LIMIT), None)).await?;
    let values = context! {
        facts => value(&facts), papers => value(&papers.items), materials => VALUES.map(|(key, ..)| key)[2..].to_vec(),
        product => value(&product), form => value(&doubted.map(|(form, _)| form.values()).unwrap_or_default()),
        error => doubted.map(|(_, problem)| problem.words(seat.language)).unwrap_or_default(),
        categories => Vec::<String>::new(), units => units(),
    };
    let status = if doubted.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page_with(seat, "product.html", "products", status, values)
}

/// What an offer is packed in or grown with.
fn fact_of(form: &Form) -> Result<MaterialFact, Problem> {
    let material: Material = form
        .text("material")
        .parse()
        .map_err(|()| Problem::field("/material", "value", "chưa chọn vật liệu", "choose a material"))?;
    let input = matches!(material, Material::OrganicFertiliser | Material::BiologicalControl);
    let deposit_amount = form.amount("deposit")?;
    validate(MaterialFact {
        part: if input { MaterialPart::Input } else { MaterialPart::Packaging },
        material,
        recycled_bp: form.count("recycled")?.unwrap_or(0).saturating_mul(100),
        returnable: deposit_amount.is_some() || form.some("returnable").is_some(),
        deposit_amount,
        certificate_id: form.parsed("certificate")?,
        note: None,
    })
}

async fn change(seat: &Seat, id: ProductId, form: &mut Form) -> Result<(), Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let desk = &seat.desk;
    match form.text("do") {
        "texts" => {
            let change = validate(ProductChange {
                name_vi: form.some("name_vi"),
                summary_vi: form.some("summary_vi"),
                story_vi: form.some("story_vi"),
                ..ProductChange::default()
            })?;
            listing_changes::change(desk, shop, id, &change).await?;
        }
        "price" => {
            let offer: OfferId = form.parsed("offer")?;
            let price = form.amount("price")?;
            let before = offers::own(desk, shop, offer).await?.price_amount.0;
            stand_by(form, price, Some(before))?;
            let change = validate(OfferChange { price, ..OfferChange::default() })?;
            offers::change(desk, shop, offer, &change).await?;
        }
        "photo" => {
            let row = listings::own(desk, shop, id).await?;
            let bytes = std::mem::take(&mut form.0.bytes);
            let owner = Owner::shop(shop, desk.who.account);
            let picture = media::keep(desk.db.write(), &desk.objects, owner, bytes, desk.now()).await?;
            let transaction = desk.db.begin().await?;
            listing_images::hang(&transaction, &row, &picture, (form.some("alt_vi"), None)).await?;
            emit(&transaction, "product.changed", id.0, serde_json::json!({}), desk.now()).await?;
            transaction.commit().await?;
            desk.products_changed(&[id]).await?;
        }
        "material" => {
            let offer: OfferId = form.parsed("offer")?;
            let mut facts = materials::find(desk.db.fresh(), offer).await?;
            facts.push(fact_of(form)?);
            materials::replace(desk, shop, offer, &facts).await?;
        }
        "no_materials" => materials::replace(desk, shop, form.parsed("offer")?, &[]).await?,
        "duplicate" => drop(listings::copy(desk, shop, id).await?),
        status => {
            let status: ProductStatus = status
                .parse()
                .map_err(|()| Problem::field("/do", "value", "không hiểu việc cần làm", "no such thing to do"))?;
            let change = ProductChange { status: Some(status), ..ProductChange::default() };
            listing_changes::change(desk, shop, id, &change).await?;
        }
    }
    Ok(())
}

#[post("/console/products/{id}")]
pub async fn on_save(
    request: HttpRequest,
    seat: Seat,
    id: Path<ProductId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    seat.shop(Permission::EditListings)?;
    let mut form = seat.form(&request, payload, MAX_BYTES + FORM).await?;
    let back =
        if form.text("do") == "duplicate" { "/console/products".to_owned() } else { format!("/console/products/{id}") };
    match change(&seat, *id, &mut form).await {
        Ok(()) => Ok(seat.back(&back, Ok(seat.say("Đã lưu.", "Saved.")))),
        Err(Turn::Problem(problem)) if is_doubted(&problem) => show(&seat, *id, Some((&form, &problem))).await,
        Err(Turn::Problem(problem)) if problem.code.status < 500 => Ok(seat.back(&back, Err(&problem))),
        Err(turn) => Err(turn),
    }
}
