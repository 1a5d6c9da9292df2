//! What a box's label leads to: who grew it, where, what was done there, and the road it took.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use bytes::Bytes;
use entity::value::{Language, LotId};
use minijinja::context;
use moka::sync::Cache;
use serde::Deserialize;
use serde_json::json;

use super::basket::own_form;
use super::shell::{Fault, Shell};
use crate::ocop::traceability::passport::{Passport, PassportPlot, story};
use crate::ocop::traceability::scans::Scans;
use crate::people::places::{province, provinces};
use crate::platform::templates::value;

#[derive(Deserialize)]
pub struct Typed {
    code: Option<String>,
}

/// Where a code is typed in, for who cannot scan.
#[get("/t")]
pub async fn on_type(shell: Shell, query: Query<Typed>) -> Result<HttpResponse, Fault> {
    match query.code.as_deref().map(str::trim).filter(|code| !code.is_empty()) {
        Some(code) => {
            let kept: String = code.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
            Ok(shell.to(&format!("/t/{}", if kept.is_empty() { "-" } else { &kept })))
        }
        None => {
            let canonical = format!("{}/t", shell.config.base_url());
            shell.page("trace_form.html", StatusCode::OK, context! { canonical => canonical })
        }
    }
}

/// A plot's outline in a picture of 320 by 200, north above: no map of others is asked.
fn drawing(plot: &PassportPlot) -> Option<String> {
    use std::fmt::Write as _;
    const WIDTH: f64 = 320.0;
    const HEIGHT: f64 = 200.0;
    const EDGE: f64 = 14.0;
    let ring = plot.outline.as_ref()?["coordinates"].as_array()?.first()?.as_array()?;
    let corners: Vec<(f64, f64)> =
        ring.iter().filter_map(|corner| Some((corner[0].as_f64()?, corner[1].as_f64()?))).collect();
    let (first, middle) = (corners.first()?, corners.iter().map(|(_, y)| y).sum::<f64>());
    #[allow(clippy::cast_precision_loss, reason = "at most 500 corners")]
    let squeeze = (middle / corners.len() as f64).to_radians().cos();
    let (mut low, mut high) = (*first, *first);
    for (x, y) in &corners {
        low = (low.0.min(*x), low.1.min(*y));
        high = (high.0.max(*x), high.1.max(*y));
    }
    let (across, up) = (((high.0 - low.0) * squeeze).max(1e-7), (high.1 - low.1).max(1e-7));
    let scale = ((WIDTH - 2.0 * EDGE) / across).min((HEIGHT - 2.0 * EDGE) / up);
    let mut path = String::new();
    for (index, (x, y)) in corners.iter().enumerate() {
        let at = (EDGE + (x - low.0) * squeeze * scale, HEIGHT - EDGE - (y - low.1) * scale);
        let _ = write!(path, "{}{:.1} {:.1}", if index == 0 { 'M' } else { 'L' }, at.0, at.1);
    }
    Some(path + "Z")
}

/// A story as it was shown lately.
struct Told {
    lot: LotId,
    serial: String,
    html: Bytes,
}

/// Stories shown lately, by code and language, as of what is on sale: a recall or a harvest makes them anew at once, what is
/// written in a diary within seconds.
pub struct Stories(Cache<(String, Language, u64), Arc<Told>>);

impl Default for Stories {
    fn default() -> Self {
        let weight =
            |_: &(String, Language, u64), told: &Arc<Told>| u32::try_from(told.html.len() + 200).unwrap_or(u32::MAX);
        Self(
            Cache::builder().max_capacity(8 * 1024 * 1024).weigher(weight).time_to_live(Duration::from_secs(5)).build(),
        )
    }
}

async fn tell(shell: &Shell, typed: &str) -> Result<Told, Fault> {
    let (base, today) = (shell.config.base_url(), shell.clock.today());
    let passport: Passport =
        story(shell.db.read(), &base, typed, today).await.map_err(|problem| shell.fault(problem))?;
    let drawings: Vec<Option<String>> = passport.plots.iter().map(drawing).collect();
    let expired = passport.expires_on.is_some_and(|day| day < today);
    // The shop may not sell it any more.
    let page = shell.catalogue.product_page(&passport.product.slug).await.ok();
    let page = page.and_then(|page| serde_json::from_slice::<serde_json::Value>(&page.bytes).ok());
    let places: Vec<_> = provinces().iter().map(|one| json!({"code": one.code, "name": one.name})).collect();
    let values = context! {
        p => value(&passport), drawings => value(&drawings), expired => expired, provinces => value(&places),
        image => value(&page.as_ref().map(|page| &page["image"]).filter(|image| !image.is_null())), sold => page.is_some(),
    };
    let html = shell.filled("trace.html", values)?;
    Ok(Told { lot: passport.lot_id, serial: passport.serial.unwrap_or_default(), html: html.into() })
}

/// Where a proxy in front says that somebody is, coarsely: a region, as Cloudflare or Google's load balancer name it.
fn region(request: &HttpRequest, trusted: bool) -> String {
    let told =
        ["cf-region-code", "x-client-region"].iter().find_map(|name| request.headers().get(*name)?.to_str().ok());
    let fits =
        |text: &&str| (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    told.filter(|_| trusted).filter(fits).map(str::to_ascii_uppercase).unwrap_or_default()
}

#[get("/t/{code}")]
pub async fn on_trace(
    request: HttpRequest,
    shell: Shell,
    stories: Data<Stories>,
    scans: Data<Scans>,
    code: Path<String>,
) -> Result<HttpResponse, Fault> {
    let typed = code.into_inner();
    let key = (typed.chars().take(60).collect::<String>(), shell.language, shell.catalogue.version());
    let told = match stories.0.get(&key) {
        Some(told) => told,
        None => {
            let told = Arc::new(tell(&shell, &typed).await?);
            stories.0.insert(key, told.clone());
            told
        }
    };
    scans.note(told.lot, &told.serial, &region(&request, shell.config.trust_proxy));
    Ok(shell.respond(StatusCode::OK, told.html.clone(), false))
}

/// Somebody says in which province the box is.
#[post("/t/{code}/here")]
pub async fn on_here(
    request: HttpRequest,
    shell: Shell,
    scans: Data<Scans>,
    code: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Fault> {
    let form = own_form(&shell, &request, payload).await?;
    let told = tell(&shell, &code).await?;
    if let Some(province) = province(form.text("province")) {
        scans.note(told.lot, &told.serial, province.code);
    }
    Ok(shell.to(&format!("/t/{}", *code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_fills_its_picture() {
        let plot = PassportPlot {
            name: String::new(),
            area_m2: 1,
            crop: String::new(),
            commune_name: String::new(),
            province_name: String::new(),
            planted_on: None,
            growing_area_code: None,
            household: None,
            latitude: None,
            longitude: None,
            outline: Some(
                json!({"type": "Polygon", "coordinates": [[[105.53, 20.67], [105.54, 20.67], [105.54, 20.675], [105.53, 20.67]]]}),
            ),
        };
        let path = drawing(&plot).expect("a path");
        assert!(path.starts_with("M14.0 186.0L306.0 186.0L306.0 ") && path.ends_with('Z'), "{path}");
        assert_eq!(drawing(&PassportPlot { outline: Some(json!({"coordinates": [[]]})), ..plot }), None);
    }
}
