//! Feeds: built with a preview, and the snippet and posters that come of them.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{FeedId, FeedState, Language};
use minijinja::context;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Stand, commune};
use crate::pages::console::render::{part, value};
use crate::pages::session::{Form, Turn};
use crate::people::places;
use crate::platform::body::validate;
use crate::platform::problem::Problem;
use crate::tourism::definition::{Definition, FeedOrder, Point};
use crate::tourism::destinations::Destination;
use crate::tourism::embed::{Layout, Theme};
use crate::tourism::feeds::{self, FeedChange, FeedTrial, FeedView, NewFeed};
use crate::tourism::poster::{PosterSize, poster as print};

#[get("/partner/feeds")]
pub async fn list(stand: Stand) -> Result<HttpResponse, Turn> {
    let desk = stand.desk()?;
    let feeds = feeds::feeds_of(&stand.guide, desk.partner).await?;
    stand.page("partner_feeds.html", "feeds", StatusCode::OK, context! { feeds => value(&feeds) })
}

/// What the builder's fields hold.
#[derive(Serialize)]
struct Fields {
    name: String,
    destination: String,
    near: String,
    radius: String,
    categories: Vec<String>,
    communes: String,
    stars: Vec<i32>,
    cooperatives: String,
    products: String,
    in_stock: bool,
    in_season: bool,
    order: FeedOrder,
    size: usize,
    language: Language,
}

fn fields(name: &str, definition: &Definition) -> Fields {
    Fields {
        name: name.to_owned(),
        destination: definition.destination_id.map(|id| id.to_string()).unwrap_or_default(),
        near: definition.near.map(|point| format!("{},{}", point.latitude, point.longitude)).unwrap_or_default(),
        radius: definition.radius_km.map(|km| km.to_string()).unwrap_or_default(),
        categories: definition.categories.clone(),
        communes: definition.communes.iter().map(|code| named(code)).collect::<Vec<_>>().join("; "),
        stars: definition.stars.clone(),
        cooperatives: definition.cooperatives.join(", "),
        products: definition.products.join(", "),
        in_stock: definition.in_stock,
        in_season: definition.in_season,
        order: definition.order,
        size: definition.size,
        language: definition.language,
    }
}

/// A commune as people write it.
fn named(code: &str) -> String {
    let name = |c: &'static places::Commune| format!("{}, {}", c.name, places::province_of(c).name);
    places::commune(code).map_or_else(|| code.to_owned(), name)
}

fn words(text: &str) -> Vec<String> {
    text.split([',', ' ', '\n']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn definition(form: &Form) -> Result<Definition, Problem> {
    let wrong = |name: &str| Problem::field(format!("/{name}"), "value", "giá trị không hợp lệ", "not a valid value");
    let number = |name: &str| -> Result<Option<f64>, Problem> {
        match form.text(name).replace(',', ".") {
            text if text.is_empty() => Ok(None),
            text => text.parse().map(Some).map_err(|_| wrong(name)),
        }
    };
    let near = match form.text("near") {
        "" => None,
        text => {
            let (latitude, longitude) = text.split_once([',', ' ']).ok_or_else(|| wrong("near"))?;
            let parse = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong("near"));
            Some(Point { latitude: parse(latitude)?, longitude: parse(longitude)? })
        }
    };
    let destination_id = match form.text("destination") {
        "" => None,
        _ if near.is_some() => None,
        _ => Some(form.parsed("destination")?),
    };
    let order = serde_json::from_value(json!(form.text("order"))).map_err(|_| wrong("order"))?;
    let definition = Definition {
        radius_km: number("radius")?.filter(|_| near.is_some() || destination_id.is_some()),
        near,
        destination_id,
        communes: form
            .text("communes")
            .split(';')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(commune)
            .collect::<Result<_, _>>()?,
        categories: form.all("category").filter(|slug| !slug.is_empty()).map(str::to_owned).collect(),
        stars: form.all("star").filter_map(|star| star.parse().ok()).collect(),
        cooperatives: words(form.text("cooperatives")),
        products: words(form.text("products")),
        in_season: form.text("in_season") == "yes",
        in_stock: form.text("in_stock") == "yes",
        language: form.parsed("language").unwrap_or_default(),
        order,
        size: usize::try_from(form.count("size")?.unwrap_or(12)).unwrap_or(0),
    };
    Ok(validate(FeedTrial { definition })?.definition)
}

#[derive(Serialize)]
struct Choice {
    slug: String,
    vi: String,
    en: String,
}

fn categories(stand: &Stand) -> Result<Vec<Choice>, Problem> {
    fn walk(nodes: &serde_json::Value, depth: usize, out: &mut Vec<Choice>) {
        for node in nodes.as_array().into_iter().flatten() {
            let text =
                |value: &serde_json::Value| format!("{}{}", "– ".repeat(depth), value.as_str().unwrap_or_default());
            out.push(Choice {
                slug: node["slug"].as_str().unwrap_or_default().to_owned(),
                vi: text(&node["name"]["vi"]),
                en: text(&node["name"]["en"]),
            });
            walk(&node["children"], depth + 1, out);
        }
    }
    let tree = stand.guide.catalogue.category_tree()?;
    let tree: serde_json::Value = serde_json::from_slice(&tree.bytes).map_err(Problem::internal)?;
    let mut out = Vec::new();
    walk(&tree["items"], 0, &mut out);
    Ok(out)
}

pub fn destinations(stand: &Stand) -> Vec<Destination> {
    stand.guide.book().places.iter().map(|place| Destination::of(place)).collect()
}

async fn builder(
    stand: &Stand,
    status: StatusCode,
    feed: Option<&FeedView>,
    (name, definition): (&str, &Definition),
    error: &str,
) -> Result<HttpResponse, Turn> {
    let desk = stand.desk()?;
    let shown = feeds::trial(&desk, &stand.guide, definition.clone()).await;
    let (shown, wrong) = match shown {
        Ok(document) => (value(&document).get_attr("items").unwrap_or_default(), String::new()),
        Err(problem) => (value(&Vec::<u8>::new()), problem.words(stand.seat.language)),
    };
    let values = context! {
        feed => feed.map(value), form => value(&fields(name, definition)), places => value(&destinations(stand)), categories => value(&categories(stand)?),
        shown => shown, wrong => wrong, error => error,
    };
    stand.page("partner_feed.html", "feeds", status, values)
}

#[get("/partner/feeds/new")]
pub async fn new_page(stand: Stand) -> Result<HttpResponse, Turn> {
    let mut fresh = Definition { language: stand.seat.language, size: 6, ..Definition::default() };
    let desk = stand.desk()?;
    let profile = crate::platform::db::by_id::<entity::partner::Entity>(desk.db.fresh(), desk.partner).await?;
    if let Some(profile) = profile {
        fresh.destination_id =
            crate::tourism::partners::view(desk.db.fresh(), profile).await?.destinations.first().copied();
        fresh.radius_km = fresh.destination_id.map(|_| 30.0);
    }
    builder(&stand, StatusCode::OK, None, ("", &fresh), "").await
}

#[post("/partner/feeds/new")]
pub async fn on_create(request: HttpRequest, stand: Stand, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    let desk = stand.desk()?;
    let made = async {
        let input =
            validate(NewFeed { name: form.text("name").to_owned(), slug: None, definition: definition(&form)? })?;
        feeds::make(&desk, &stand.guide, input).await
    };
    match made.await {
        Ok(feed) => {
            Ok(stand.seat.back(&format!("/partner/feeds/{}/snippet", feed.id), Ok(stand.seat.say("Đã tạo.", "Made."))))
        }
        Err(problem) if problem.code.status < 500 => {
            let typed = definition(&form).unwrap_or_default();
            let error = problem.words(stand.seat.language);
            builder(&stand, StatusCode::UNPROCESSABLE_ENTITY, None, (form.text("name"), &typed), &error).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn own(stand: &Stand, id: FeedId) -> Result<FeedView, Turn> {
    let desk = stand.desk()?;
    let feeds = feeds::feeds_of(&stand.guide, desk.partner).await?;
    let found = feeds.into_iter().find(|feed| feed.id == id);
    found.ok_or_else(|| Problem::new(&crate::platform::problem::NOT_FOUND).into())
}

#[get("/partner/feeds/{id}")]
pub async fn edit_page(stand: Stand, id: Path<FeedId>) -> Result<HttpResponse, Turn> {
    let feed = own(&stand, *id).await?;
    builder(&stand, StatusCode::OK, Some(&feed), (&feed.name, &feed.definition), "").await
}

#[post("/partner/feeds/{id}")]
pub async fn on_save(
    request: HttpRequest,
    stand: Stand,
    id: Path<FeedId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    let desk = stand.desk()?;
    let saved = async {
        let state: FeedState = form.parsed("state")?;
        let input = FeedChange { name: form.some("name"), definition: Some(definition(&form)?), state: Some(state) };
        feeds::change(&desk, &stand.guide, *id, validate(input)?).await
    };
    match saved.await {
        Ok(feed) => {
            Ok(stand.seat.back(&format!("/partner/feeds/{}", feed.id), Ok(stand.seat.say("Đã lưu.", "Saved."))))
        }
        Err(problem) if problem.code.status < 500 => {
            let feed = own(&stand, *id).await?;
            let typed = definition(&form).unwrap_or_else(|_| feed.definition.clone());
            let error = problem.words(stand.seat.language);
            builder(&stand, StatusCode::UNPROCESSABLE_ENTITY, Some(&feed), (form.text("name"), &typed), &error).await
        }
        Err(problem) => Err(problem.into()),
    }
}

/// What the fields as they stand would show.
#[post("/partner/preview")]
pub async fn preview(request: HttpRequest, stand: Stand, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = stand.form(&request, payload).await?;
    let desk = stand.desk()?;
    let tried = async { feeds::trial(&desk, &stand.guide, definition(&form)?).await };
    let values = match tried.await {
        Ok(document) => context! { shown => value(&document).get_attr("items").unwrap_or_default(), wrong => "" },
        Err(problem) => context! { shown => value(&Vec::<u8>::new()), wrong => problem.words(stand.seat.language) },
    };
    part(&stand.seat, "partner_preview.html", values)
}

#[derive(Deserialize)]
pub struct SnippetQuery {
    layout: Option<Layout>,
    theme: Option<Theme>,
    lang: Option<Language>,
}

/// The line to paste, and what guests will see.
#[get("/partner/feeds/{id}/snippet")]
pub async fn snippet(stand: Stand, id: Path<FeedId>, query: Query<SnippetQuery>) -> Result<HttpResponse, Turn> {
    let feed = own(&stand, *id).await?;
    let (layout, theme) = (query.layout.unwrap_or_default(), query.theme.unwrap_or_default());
    let tongue = query.lang.unwrap_or(feed.definition.language);
    let (layout, theme) = (layout.as_str(), theme.as_str());
    let base = &stand.guide.base_url;
    let count = if layout == "single" { 1 } else { feed.definition.size };
    let line = format!(
        "<script src=\"{base}/embed.js\"></script><ocop-products feed=\"{}\" layout=\"{layout}\" theme=\"{theme}\" lang=\"{}\" count=\"{count}\"></ocop-products>",
        feed.slug,
        tongue.as_str()
    );
    let frame = format!(
        "<iframe src=\"{}?layout={layout}&amp;theme={theme}&amp;lang={}\" width=\"100%\" height=\"520\" style=\"border:0\" loading=\"lazy\" title=\"Chợ OCOP\"></iframe>",
        feed.frame_url,
        tongue.as_str()
    );
    let desk = stand.desk()?;
    let sites = stand.guide.book().sites.get(&desk.partner).cloned().unwrap_or_default();
    let values = context! {
        feed => value(&feed), snippet => line, iframe => frame, layout => layout, theme => theme, tongue => tongue.as_str(), sites => sites, count => count,
    };
    stand.page("partner_snippet.html", "feeds", StatusCode::OK, values)
}

#[derive(Deserialize)]
pub struct PosterQuery {
    size: Option<PosterSize>,
}

#[get("/partner/feeds/{id}/poster.pdf")]
pub async fn poster(stand: Stand, id: Path<FeedId>, query: Query<PosterQuery>) -> Result<HttpResponse, Turn> {
    let desk = stand.desk()?;
    let row = feeds::own(&desk, *id).await?;
    let name = format!("attachment; filename=\"{}.pdf\"", row.slug);
    let bytes = print(&stand.guide, row, query.size.unwrap_or_default()).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(bytes))
}
