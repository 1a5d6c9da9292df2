//! The shop on a phone's home screen: its manifest, its pictures, and the worker that keeps pages last seen for when there is
//! no line.

use std::sync::LazyLock;

use actix_web::http::{StatusCode, header};
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use minijinja::context;
use resvg::{tiny_skia, usvg};
use serde_json::json;

use super::shell::{Fault, Shell};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::templates::asset;

static WORKER: &str = include_str!("../../../assets/storefront/worker.js");
static ICON: &str = include_str!("../../../assets/design/icon.svg");
const SIDES: [u32; 2] = [192, 512];

/// The icon on a ground of its own, so that phones may cut it to their shape.
fn drawn(side: u32) -> Option<Vec<u8>> {
    let tree = usvg::Tree::from_str(ICON, &usvg::Options::default()).ok()?;
    let mut canvas = tiny_skia::Pixmap::new(side, side)?;
    canvas.fill(tiny_skia::Color::from_rgba8(0xf4, 0xf6, 0xf1, 0xff));
    #[expect(clippy::cast_precision_loss, reason = "a few hundred pixels")]
    let (scale, margin) = (side as f32 * 0.7 / tree.size().width(), side as f32 * 0.15);
    let place = tiny_skia::Transform::from_scale(scale, scale).post_translate(margin, margin);
    resvg::render(&tree, place, &mut canvas.as_mut());
    canvas.encode_png().ok()
}

static DRAWN: LazyLock<[Option<Vec<u8>>; 2]> = LazyLock::new(|| SIDES.map(drawn));

#[get("/static/icon-{side}.png")]
pub async fn icon(side: Path<u32>) -> Result<HttpResponse, Problem> {
    let drawn = SIDES.iter().position(|known| *known == *side).and_then(|index| DRAWN[index].as_ref());
    let drawn = drawn.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(HttpResponse::Ok()
        .content_type("image/png")
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .body(drawn.clone()))
}

#[get("/app.webmanifest")]
pub async fn manifest(shell: Shell) -> HttpResponse {
    let named = |side: u32| json!({"src": format!("/static/icon-{side}.png"), "sizes": format!("{side}x{side}"), "type": "image/png", "purpose": "any maskable"});
    let body = json!({
        "name": shell.say("Chợ OCOP: sản vật của mỗi xã", "Chợ OCOP: what each commune grows"), "short_name": "Chợ OCOP",
        "lang": shell.language.as_str(), "start_url": "/", "scope": "/", "display": "standalone", "background_color": "#f4f6f1",
        "theme_color": "#154a28", "icons": SIDES.map(named),
        "shortcuts": [
            {"name": shell.say("Giỏ hàng", "Basket"), "url": "/basket"},
            {"name": shell.say("Đơn hàng", "Orders"), "url": "/account/orders"},
        ],
    });
    HttpResponse::Ok()
        .content_type("application/manifest+json")
        .insert_header((header::CACHE_CONTROL, "private, max-age=3600"))
        .insert_header((header::VARY, "Cookie, Accept-Language"))
        .body(body.to_string())
}

/// Asked for anew at every visit: what it keeps is cleared when it changes.
#[get("/worker.js")]
pub async fn worker() -> HttpResponse {
    let mut response = asset("text/javascript; charset=utf-8", WORKER);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache"));
    // It asks for what it keeps, of this site only.
    let policy = header::HeaderValue::from_static("default-src 'none'; connect-src 'self'; frame-ancestors 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

#[get("/offline")]
pub async fn offline(shell: Shell) -> Result<HttpResponse, Fault> {
    shell.page("offline.html", StatusCode::OK, context! {})
}
