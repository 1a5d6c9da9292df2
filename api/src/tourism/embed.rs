//! The widget: one small script with a custom element, a page for frames that needs no script, and oEmbed for systems that
//! turn a pasted address into it. Only a partner's verified sites may show them.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use entity::value::Language;
use garde::Validate;
use minijinja::{Environment, context};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::formats::json::document;
use super::guide::{FeedEntry, Guide};
use super::serve::{feed_of, page_of};
use super::sheet::{sheet, spoken};
use crate::orders::attribution::rules::is_bot;
use crate::platform::body::{Params, service};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::ready::Ready;
use crate::platform::templates::{self, asset, escape, value, versioned};

static SCRIPT: &str = include_str!("../../assets/embed/embed.js");
static STYLE: &str = include_str!("../../assets/embed/frame.css");

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = templates::environment(&[("frame.html", include_str!("../../assets/embed/frame.html"))]);
    environment.add_global("style", versioned("/embed.css", STYLE));
    environment
});

static READY_SCRIPT: LazyLock<Ready> = LazyLock::new(|| Ready::bytes(SCRIPT));

/// The widget's script.
#[utoipa::path(tag = "tourism", operation_id = "show_widget_script", responses((status = 200, description = "The script", body = String, content_type = "text/javascript"), (status = 304, description = "Unchanged")))]
#[get("/embed.js")]
pub async fn script(request: HttpRequest) -> HttpResponse {
    let mut response = READY_SCRIPT.respond(&request, "public, max-age=600, stale-while-revalidate=86400");
    for (name, text) in [
        ("content-type", "text/javascript; charset=utf-8"),
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
    ] {
        response.headers_mut().insert(header::HeaderName::from_static(name), header::HeaderValue::from_static(text));
    }
    response
}

#[get("/embed.css")]
pub async fn style() -> HttpResponse {
    asset("text/css; charset=utf-8", STYLE)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    #[default]
    Grid,
    Carousel,
    Single,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Layout {
    /// As it stands in an attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Carousel => "carousel",
            Self::Single => "single",
        }
    }
}

impl Theme {
    /// As it stands in an attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct FrameQuery {
    #[param(inline)]
    layout: Option<Layout>,
    #[param(inline)]
    theme: Option<Theme>,
    /// The feed's language unless told.
    #[param(inline)]
    lang: Option<Language>,
    /// Only this product of the feed: its slug.
    #[garde(inner(length(max = 200)))]
    #[param(max_length = 200)]
    product: Option<String>,
}

/// Who may frame a feed: its partner's verified sites, and ourselves for previews.
fn policy(guide: &Guide, feed: &FeedEntry) -> String {
    let book = guide.book();
    let sites = book.sites.get(&feed.partner).map(|sites| sites.join(" ")).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self' {}; base-uri 'none'; form-action 'none'; frame-ancestors 'self' {sites}",
        guide.base_url
    )
}

/// A feed as a page for a frame. It works without scripts; other sites than the partner's verified ones cannot show it.
#[utoipa::path(tag = "tourism", operation_id = "show_frame", params(("feed" = String, Path, description = "The feed's slug", max_length = 100), FrameQuery), responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
#[get("/embed/{feed}")]
pub async fn frame(
    request: HttpRequest,
    guide: Data<Guide>,
    feed: Path<String>,
    query: Params<FrameQuery>,
) -> Result<HttpResponse, Problem> {
    let feed = feed_of(&guide, &feed)?;
    let mut shown = sheet(&guide, &guide.book(), &feed);
    if let Some(lang) = query.0.lang.filter(|lang| *lang != shown.language) {
        shown = sheet(&guide, &guide.book(), &spoken(&feed, lang));
    }
    let layout = query.0.layout.unwrap_or_default();
    if let Some(product) = &query.0.product {
        shown.items.retain(|item| item.slug == *product);
    }
    if layout == Layout::Single {
        shown.items.truncate(1);
    }
    let page = page_of(&request);
    for item in &mut shown.items {
        if let Some(page) = &page {
            let page: String = form_urlencoded::byte_serialize(page.as_bytes()).collect();
            item.link.push_str("&page=");
            item.link.push_str(&page);
        }
    }
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let framed = request.headers().get("sec-fetch-dest").is_none_or(|dest| dest == "iframe");
    if framed && !is_bot(agent) && page.as_ref().is_none_or(|page| !page.starts_with(&guide.base_url)) {
        guide.seen(feed.id, page.unwrap_or_default(), shown.products());
    }
    let data = document(&shown, None, guide.clock.now());
    let values = context! {
        lang => shown.language.as_str(), theme => value(&query.0.theme.unwrap_or_default()), layout => value(&layout), title => shown.title,
        disclosure => shown.disclosure, items => value(&data).get_attr("items").unwrap_or_default(),
        oembed => format!("{}/oembed?url={}", guide.base_url, form_urlencoded::byte_serialize(format!("{}/embed/{}", guide.base_url, feed.slug).as_bytes()).collect::<String>()),
    };
    let template = ENVIRONMENT.get_template("frame.html").map_err(Problem::internal)?;
    let body = template.render(values).map_err(|error| Problem::internal(format!("frame: {error:#}")))?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy(&guide, &feed)))
        .insert_header((header::CACHE_CONTROL, "private, max-age=0, must-revalidate"))
        .insert_header((header::REFERRER_POLICY, "strict-origin-when-cross-origin"))
        .body(body))
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OembedFormat {
    #[default]
    Json,
    Xml,
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct OembedQuery {
    /// A frame's address, or a product's page.
    #[garde(length(max = 500))]
    #[param(max_length = 500)]
    url: String,
    #[garde(inner(range(min = 1, max = 10_000)))]
    #[param(minimum = 1, maximum = 10_000)]
    maxwidth: Option<u32>,
    #[garde(inner(range(min = 1, max = 10_000)))]
    #[param(minimum = 1, maximum = 10_000)]
    maxheight: Option<u32>,
    #[param(inline)]
    format: Option<OembedFormat>,
}

/// oEmbed 1.0: `rich` for a feed, `link` for a product's page.
#[derive(Serialize, ToSchema)]
pub struct Oembed {
    r#type: String,
    version: String,
    title: String,
    author_name: String,
    provider_name: String,
    provider_url: String,
    cache_age: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    thumbnail_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    thumbnail_width: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    thumbnail_height: Option<i32>,
}

/// What an address of ours turns into on other pages (oembed.com).
#[utoipa::path(tag = "tourism", operation_id = "oembed", params(OembedQuery), responses((status = 200, description = "How to embed it", content((Oembed = "application/json"), (String = "text/xml")))))]
#[get("/oembed")]
pub async fn oembed(request: HttpRequest, query: Params<OembedQuery>) -> Result<HttpResponse, Problem> {
    let guide: Data<Guide> = service(&request)?;
    let gone = || Problem::new(&NOT_FOUND);
    let path = [&guide.base_url, &guide.storefront_url].iter().find_map(|base| query.0.url.strip_prefix(base.as_str()));
    let path = path.and_then(|path| path.split(['?', '#']).next()).ok_or_else(gone)?;
    let mut answer = Oembed {
        r#type: "rich".to_owned(),
        version: "1.0".to_owned(),
        title: String::new(),
        author_name: String::new(),
        provider_name: "Chợ OCOP".to_owned(),
        provider_url: guide.storefront_url.clone(),
        cache_age: 3600,
        html: None,
        width: None,
        height: None,
        thumbnail_url: None,
        thumbnail_width: None,
        thumbnail_height: None,
    };
    if let Some(slug) = path.strip_prefix("/embed/") {
        let feed = feed_of(&guide, slug)?;
        let (width, height) = (query.0.maxwidth.unwrap_or(720).min(1200), query.0.maxheight.unwrap_or(560).min(1200));
        answer.html = Some(format!(
            "<iframe src=\"{}/embed/{}\" width=\"{width}\" height=\"{height}\" title=\"{}\" loading=\"lazy\" style=\"border:0;max-width:100%\"></iframe>",
            guide.base_url,
            feed.slug,
            escape(&feed.name)
        ));
        (answer.width, answer.height) = (Some(width), Some(height));
        answer.title.clone_from(&feed.name);
        answer.author_name.clone_from(&feed.partner_name);
    } else if let Some(slug) = path.strip_prefix("/p/") {
        let pick =
            crate::shop::catalogue::pick::Pick { products: vec![slug.to_owned()], limit: 1, ..Default::default() };
        let card = guide.catalogue.pick(&pick, guide.clock.today()).items.into_iter().next().ok_or_else(gone)?.card;
        "link".clone_into(&mut answer.r#type);
        answer.title = card.name.vi;
        answer.author_name = card.cooperative.name.vi;
        if let Some(image) = card.image {
            answer.thumbnail_url = Some(image.url);
            (answer.thumbnail_width, answer.thumbnail_height) = (Some(image.width), Some(image.height));
        }
    } else {
        return Err(gone());
    }
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "public, max-age=300"));
    response.insert_header(("access-control-allow-origin", "*"));
    Ok(match query.0.format.unwrap_or_default() {
        OembedFormat::Json => response.json(answer),
        OembedFormat::Xml => {
            response.content_type("text/xml; charset=utf-8").body(answer.xml().map_err(Problem::internal)?)
        }
    })
}

impl Oembed {
    /// Each field an element, as oEmbed has it.
    fn xml(&self) -> anyhow::Result<Vec<u8>> {
        let mut out = quick_xml::Writer::new(Vec::new());
        let fields = serde_json::to_value(self)?;
        out.create_element("oembed").write_inner_content(|out| {
            for (name, value) in fields.as_object().into_iter().flatten() {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                out.create_element(name.as_str()).write_text_content(quick_xml::events::BytesText::new(&text))?;
            }
            Ok(())
        })?;
        Ok(out.into_inner())
    }
}
