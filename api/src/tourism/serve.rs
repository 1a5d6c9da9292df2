//! `/feeds/{feed}.{ending}`: feeds served as ready bytes, made anew when something they show changed.

use std::collections::HashSet;
use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use bytes::Bytes;
use entity::value::Language;
use flate2::Compression;
use flate2::write::GzEncoder;
use garde::Validate;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::io::Write as _;
use time::{Duration, OffsetDateTime};
use utoipa::IntoParams;

use super::formats::json::FeedDocument;
use super::formats::{json, json_feed, json_ld, table, xml};
use super::guide::{FeedEntry, Guide};
use super::served::{Format, Served};
use super::sheet::{sheet, spoken};
use crate::orders::attribution::rules::is_bot;
use crate::platform::body::parse_query;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    SITE_NOT_VERIFIED = "site_not_verified" 403 "Trang web này chưa được xác minh cho đối tác." "This web site is not verified for the partner.";
}

/// Any cache may keep a feed for a moment and serve it while it asks again.
const CACHE: &str = "public, max-age=1, stale-while-revalidate=60";

impl Guide {
    /// The feed's answer in a format, made anew if anything it may show changed.
    fn ready(&self, feed: &FeedEntry, format: Format, language: Option<Language>) -> Result<Arc<Served>, Problem> {
        let book = self.book();
        let (versions, today) = ((self.catalogue.version(), book.version), self.clock.today());
        let kept = self.served.get(&(feed.id, format, language));
        if let Some(kept) = &kept
            && kept.versions == versions
            && kept.today == today
        {
            return Ok(kept.clone());
        }
        let sheet = match language {
            Some(language) => sheet(self, &book, &spoken(feed, language)),
            None => sheet(self, &book, feed),
        };
        let now = self.clock.now();
        let newest = sheet.items.iter().map(|item| item.changed_at).chain([feed.updated_at]).max().unwrap_or(now);
        let bytes = match format {
            Format::Json => json::write(&sheet, now),
            Format::JsonFeed => json_feed::write(&sheet),
            Format::Rss => xml::rss(&sheet, newest),
            Format::Atom => xml::atom(&sheet, newest),
            Format::Csv => table::write(&sheet, table::Kind::Google(b',')),
            Format::Tsv => table::write(&sheet, table::Kind::Google(b'\t')),
            Format::Meta => table::write(&sheet, table::Kind::Meta),
            Format::JsonLd => json_ld::write(&sheet),
        };
        let bytes = Bytes::from(bytes.map_err(Problem::internal)?);
        let etag = format!("W/\"{}\"", hex::encode(&Sha256::digest(&bytes)[..12]));
        let (modified, gzip) = match &kept {
            // Something else changed: what is shown is the same, and as old as it was.
            Some(kept) if kept.etag == etag.as_str() => (kept.modified, kept.gzip.clone()),
            // The date is a name of these bytes: of two changes within a second, the second is a second younger.
            Some(kept) => (now.max(kept.modified + Duration::seconds(1)), gzip(&bytes)?),
            None => (now, gzip(&bytes)?),
        };
        let served = Arc::new(Served {
            versions: sheet.versions,
            today,
            bytes,
            gzip,
            etag: HeaderValue::from_str(&etag).map_err(Problem::internal)?,
            modified,
            last_modified: HeaderValue::from_str(&http_date(modified)).map_err(Problem::internal)?,
            products: sheet.products().collect(),
        });
        self.served.insert((feed.id, format, language), served.clone());
        Ok(served)
    }

    /// The origin of a page that asks, if it may: a verified site of the feed's partner, or ourselves.
    pub fn may_embed(&self, feed: &FeedEntry, origin: &str) -> bool {
        origin == self.base_url
            || self.book().sites.get(&feed.partner).is_some_and(|own| own.iter().any(|site| site == origin))
    }
}

fn gzip(bytes: &[u8]) -> Result<Bytes, Problem> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(6));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map(Bytes::from).map_err(Problem::internal)
}

fn http_date(at: OffsetDateTime) -> String {
    header::HttpDate::from(std::time::SystemTime::from(at)).to_string()
}

fn text_of(request: &HttpRequest, name: header::HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

impl Served {
    fn is_known(&self, request: &HttpRequest) -> bool {
        if let Some(known) = text_of(request, header::IF_NONE_MATCH) {
            let ours = self.etag.to_str().unwrap_or_default();
            return known.split(',').any(|tag| tag.trim() == ours || tag.trim() == "*");
        }
        // Exactly ours, and not any later date: products leave by the clock, so what is shown today may have been made before
        // what was shown yesterday.
        let since = text_of(request, header::IF_MODIFIED_SINCE);
        since.is_some_and(|since| since.trim().as_bytes() == self.last_modified.as_bytes())
    }

    fn respond(&self, request: &HttpRequest, format: Format) -> HttpResponse {
        let known = self.is_known(request);
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((header::ETAG, self.etag.clone()));
        response.insert_header((header::LAST_MODIFIED, self.last_modified.clone()));
        response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static(CACHE)));
        response.insert_header((header::VARY, HeaderValue::from_static("Origin, Accept-Encoding")));
        if let Some(origin) = request.headers().get(header::ORIGIN) {
            response.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()));
        }
        if known {
            return response.finish();
        }
        response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(format.media_type())));
        let compressed = text_of(request, header::ACCEPT_ENCODING).is_some_and(|accepted| accepted.contains("gzip"));
        if compressed {
            response.insert_header((header::CONTENT_ENCODING, HeaderValue::from_static("gzip")));
            return response.body(self.gzip.clone());
        }
        response.body(self.bytes.clone())
    }
}

/// The feed with this slug.
pub fn feed_of(guide: &Guide, slug: &str) -> Result<Arc<FeedEntry>, Problem> {
    guide.book().feeds.get(slug).cloned().ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Pages of other sites may ask only where the partner has proved to hold the site.
fn check_origin(guide: &Guide, feed: &FeedEntry, request: &HttpRequest) -> Result<(), Problem> {
    match text_of(request, header::ORIGIN) {
        Some(origin) if !guide.may_embed(feed, origin) => Err(Problem::new(&SITE_NOT_VERIFIED)),
        _ => Ok(()),
    }
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct FeedQuery {
    /// With `.json`: only what changed since then, and the ids of all that is in the feed.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    updated_since: Option<OffsetDateTime>,
    /// The feed's own language unless told.
    #[param(inline)]
    lang: Option<Language>,
}

/// A partner's feed as `.json` (our own schema), `.jsonfeed` (JSON Feed 1.1), `.rss` or `.xml` (RSS 2.0 with Google's
/// attributes), `.atom`, `.csv` and `.tsv` (Google Merchant Center), `.meta.csv` (Meta catalogues) or `.jsonld` (schema.org).
/// Links count the click. A page that is not of the partner's verified sites is refused.
#[utoipa::path(tag = "tourism", operation_id = "show_feed", params(("file" = String, Path, description = "The feed's slug and an ending", max_length = 100, example = "suoi-khoang-kim-boi.json"), FeedQuery),
    responses((status = 200, description = "The feed", content((FeedDocument = "application/json"), (String = "application/feed+json"), (String = "application/rss+xml"), (String = "application/atom+xml"), (String = "text/csv"), (String = "text/tab-separated-values"), (String = "application/ld+json"))), (status = 304, description = "Unchanged")))]
#[get("/feeds/{file}")]
pub async fn show_feed(request: HttpRequest, guide: Data<Guide>, file: Path<String>) -> Result<HttpResponse, Problem> {
    let (slug, ending) = file.split_once('.').ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let format = Format::of(ending).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let feed = feed_of(&guide, slug)?;
    check_origin(&guide, &feed, &request)?;
    let mut language = None;
    if !request.query_string().is_empty() {
        let query: FeedQuery = parse_query(request.query_string())?;
        language = query.lang;
        if let Some(since) = query.updated_since {
            if format != Format::Json {
                let (vi, en) = ("chỉ dùng với .json", "only with .json");
                return Err(Problem::field("updated_since", "parameter", vi, en));
            }
            let sheet = sheet(&guide, &guide.book(), &feed);
            let mut response = HttpResponse::Ok();
            if let Some(origin) = request.headers().get(header::ORIGIN) {
                response.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()));
            }
            response
                .insert_header((header::VARY, "Origin, Accept-Encoding"))
                .insert_header((header::CACHE_CONTROL, "no-cache"));
            return Ok(response.json(json::document(&sheet, Some(since), guide.clock.now())));
        }
    }
    Ok(guide.ready(&feed, format, language)?.respond(&request, format))
}

/// Products that a page can tell of at once.
const SHOWN: usize = 100;

/// A page showed the feed: told by the widget, counted in reports. The body names the products it showed, by their ids with
/// commas between; what is not in the feed is left out.
#[utoipa::path(tag = "tourism", operation_id = "count_feed_view", params(("feed" = String, Path, description = "The feed's slug", max_length = 100)), request_body(content = Option<String>, content_type = "text/plain", description = "Ids of products"), responses((status = 204, description = "Counted, or left out")))]
#[post("/feeds/{feed}/views")]
pub async fn count_view(
    request: HttpRequest,
    guide: Data<Guide>,
    feed: Path<String>,
    shown: Bytes,
) -> Result<HttpResponse, Problem> {
    let feed = feed_of(&guide, &feed)?;
    check_origin(&guide, &feed, &request)?;
    if !is_bot(text_of(&request, header::USER_AGENT).unwrap_or_default())
        && let Some(origin) = text_of(&request, header::ORIGIN)
    {
        let told: HashSet<&str> = std::str::from_utf8(&shown).unwrap_or_default().split(',').take(SHOWN).collect();
        let ready = guide.ready(&feed, Format::Json, None)?;
        let products = ready.products.iter().copied().filter(|id| told.contains(id.to_string().as_str()));
        guide.seen(feed.id, page_of(&request).unwrap_or_else(|| origin.to_owned()), products);
    }
    let mut response = HttpResponse::NoContent();
    if let Some(origin) = request.headers().get(header::ORIGIN) {
        response.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()));
    }
    Ok(response.finish())
}

/// The page somebody comes from, without what stands behind `?`; other sites' browsers often tell only the site.
pub fn page_of(request: &HttpRequest) -> Option<String> {
    let url = reqwest::Url::parse(text_of(request, header::REFERER)?).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let path = if url.path() == "/" { "" } else { url.path() };
    let page: String = format!("{}{path}", url.origin().ascii_serialization()).chars().take(200).collect();
    Some(page)
}
