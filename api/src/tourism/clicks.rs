//! `/go/{feed}/{product}`: a guest follows a partner's link or scans its poster. The click is written down, and its token goes
//! along to the product's page or to the configured front end. Nothing is stored in the guest's browser here.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use entity::value::{AccountId, ClickKind, Language};
use garde::Validate;
use sea_orm::FromQueryResult;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::guide::{FeedEntry, Guide};
use super::serve::{feed_of, page_of};
use crate::orders::attribution::rules::is_bot;
use crate::orders::attribution::{NewClick, mint};
use crate::platform::body::Params;
use crate::platform::db::one;
use crate::platform::edge::client_address;
use crate::platform::problem::Problem;
use crate::platform::{cookies, secrets};
use crate::shop::catalogue::pick::Pick;

#[derive(Deserialize, Validate)]
pub struct GoQuery {
    /// The link's signature: without it the guest is led on, and nobody earns.
    #[garde(inner(length(max = 60)))]
    s: Option<String>,
    /// The feed's code: printed, and scanned.
    #[garde(inner(length(max = 30)))]
    c: Option<String>,
    /// The page it stands on, as the widget tells.
    #[garde(inner(length(max = 300)))]
    page: Option<String>,
}

fn header_text(request: &HttpRequest, name: &str) -> String {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Whether a person asks: no program, and no browser that only looks ahead.
fn is_guest(request: &HttpRequest) -> bool {
    let ahead = ["sec-purpose", "purpose", "x-moz"].iter().any(|name| header_text(request, name).contains("prefetch"));
    !ahead && !is_bot(&header_text(request, "user-agent"))
}

#[derive(FromQueryResult)]
struct Own {
    #[allow(dead_code, reason = "that there is a row is what counts")]
    account_id: AccountId,
}

/// Whether somebody of the partner's team clicks, signed in at the partner's pages in the same browser.
async fn is_own(guide: &Guide, feed: &FeedEntry, request: &HttpRequest) -> Result<bool, Problem> {
    let Some(cookie) = cookies::shown(request, "ocop_console") else { return Ok(false) };
    let sql = "SELECT m.account_id FROM console_session s JOIN partner_member m ON m.account_id = s.account_id
               WHERE s.token_hash = $1 AND m.partner_id = $2";
    let values = [secrets::hash(&cookie).into(), feed.partner.into()];
    Ok(one::<Own>(guide.db.fresh(), sql, values).await?.is_some())
}

/// Whether the guest came by the feed within the half hour already. Only a digest is kept, in memory.
fn came_before(guide: &Guide, feed: &FeedEntry, request: &HttpRequest) -> bool {
    let address = client_address(request).map(|address| address.to_string()).unwrap_or_default();
    let digest = Sha256::digest(format!("{address}|{}|{}", header_text(request, "user-agent"), feed.id));
    let key = digest.iter().take(16).fold(0_u128, |key, byte| key << 8 | u128::from(*byte));
    let before = guide.visitors.contains_key(&key);
    guide.visitors.insert(key, ());
    before
}

/// A page a partner's site tells of is believed as far as the site is the partner's.
fn clicked_on(guide: &Guide, feed: &FeedEntry, request: &HttpRequest, told: Option<&str>) -> String {
    let told = told
        .and_then(|page| reqwest::Url::parse(page).ok())
        .filter(|url| guide.may_embed(feed, &url.origin().ascii_serialization()));
    let told = told.map(|url| {
        format!("{}{}", url.origin().ascii_serialization(), if url.path() == "/" { "" } else { url.path() })
    });
    told.or_else(|| page_of(request)).unwrap_or_default().chars().take(200).collect()
}

async fn go(
    guide: &Guide,
    request: &HttpRequest,
    slug: &str,
    product: &str,
    query: &GoQuery,
) -> Result<HttpResponse, Problem> {
    // Whoever scans an old poster is not met with an error.
    let Ok(feed) = feed_of(guide, slug) else { return Ok(lead_to(format!("{}/", guide.storefront_url))) };
    let chosen = if product.is_empty() {
        None
    } else {
        let pick = Pick { products: vec![product.to_owned()], limit: 1, ..Pick::default() };
        let found = guide.catalogue.pick(&pick, guide.clock.today()).items.into_iter().next();
        found.map(|found| found.card)
    };
    let poster = query.c.as_deref().is_some_and(|code| code == feed.code);
    let signed = poster || query.s.as_deref().is_some_and(|mark| guide.signer.is_link(slug, product, mark));
    let mut target = match &chosen {
        Some(card) => format!("{}/p/{}", guide.storefront_url, card.slug),
        None => match feed.definition.destination_id.and_then(|id| guide.book().place_by_id(id).cloned()) {
            Some(place) => format!("{}/d/{}", guide.storefront_url, place.row.slug),
            None => format!("{}/", guide.storefront_url),
        },
    };
    let mut extra = Vec::new();
    if feed.definition.language == Language::En {
        extra.push("lang=en".to_owned());
    }
    if signed && is_guest(request) && !is_own(guide, &feed, request).await? {
        let click = NewClick {
            partner: feed.partner,
            feed: feed.id,
            product: chosen.as_ref().map(|card| card.id),
            page: if poster { String::new() } else { clicked_on(guide, &feed, request, query.page.as_deref()) },
            kind: if poster { ClickKind::Poster } else { ClickKind::Link },
            counted: !came_before(guide, &feed, request),
        };
        let (id, until) =
            mint(guide.db.write(), click, guide.config.terms().attribution_days, guide.clock.now()).await?;
        extra.push(format!("via={}", guide.signer.click(id, until)));
    }
    if !extra.is_empty() {
        target = format!("{target}?{}", extra.join("&"));
    }
    Ok(lead_to(target))
}

fn lead_to(target: String) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, target))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-robots-tag", "noindex, nofollow"))
        .finish()
}

/// Follow a partner's link to a product: the click counts, and its token goes along as `via`.
#[get("/go/{feed}/{product}")]
pub async fn go_to_product(
    request: HttpRequest,
    guide: Data<Guide>,
    path: Path<(String, String)>,
    query: Params<GoQuery>,
) -> Result<HttpResponse, Problem> {
    go(&guide, &request, &path.0, &path.1, &query.0).await
}

/// Follow a partner's link or poster to the shop: to the feed's destination if it has one.
#[get("/go/{feed}")]
pub async fn go_to_shop(
    request: HttpRequest,
    guide: Data<Guide>,
    feed: Path<String>,
    query: Params<GoQuery>,
) -> Result<HttpResponse, Problem> {
    go(&guide, &request, &feed, "", &query.0).await
}
