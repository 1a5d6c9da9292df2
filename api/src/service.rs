//! What is not the shop: health, metrics, the API's own description, pictures, and the stricter limit on sign-in.

use std::sync::OnceLock;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::web::{Data, Path, ServiceConfig};
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError, get};
use metrics_exporter_prometheus::PrometheusHandle;
use time::format_description::well_known::Rfc3339;

use crate::config::{Config, Environment};
use crate::platform::clock::Clock;
use crate::platform::db::{Db, sql};
use crate::platform::edge::client_address;
use crate::platform::limits::{Limit, client_key, count_over_nodes};
use crate::platform::objects::{Objects, PRIVATE};
use crate::platform::problem::{NOT_FOUND, Problem, UNAVAILABLE};
use crate::platform::ready::{PUBLIC, Ready};
use crate::platform::secrets;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(healthz)
        .service(readyz)
        .service(security_txt)
        .service(render_metrics)
        .service(openapi)
        .service(media);
}

/// The OpenAPI document, made and serialised when somebody first asks for it.
pub struct Document {
    ready: OnceLock<Ready>,
    make: fn() -> anyhow::Result<Ready>,
}

impl Document {
    pub fn new(make: fn() -> anyhow::Result<Ready>) -> Self {
        Self { ready: OnceLock::new(), make }
    }

    fn ready(&self) -> Result<&Ready, Problem> {
        if let Some(ready) = self.ready.get() {
            return Ok(ready);
        }
        let made = (self.make)().map_err(Problem::internal)?;
        Ok(self.ready.get_or_init(|| made))
    }
}

/// Alive: the process answers.
#[get("/healthz")]
async fn healthz() -> &'static str {
    "ok"
}

/// Whom to tell of a weakness (RFC 9116), where a contact is set.
#[get("/.well-known/security.txt")]
async fn security_txt(config: Data<Config>, clock: Data<Clock>) -> Result<HttpResponse, Problem> {
    let contact = config.security_contact.as_deref().ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let until = (clock.now() + time::Duration::days(180)).replace_time(time::Time::MIDNIGHT);
    let until = until.format(&Rfc3339).map_err(Problem::internal)?;
    let base = config.base_url();
    let text = format!(
        "Contact: {contact}\nExpires: {until}\nPreferred-Languages: vi, en\nCanonical: {base}/.well-known/security.txt\n"
    );
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}

/// Ready: the database answers too.
#[get("/readyz")]
async fn readyz(db: Data<Db>) -> Result<&'static str, Problem> {
    use sea_orm::ConnectionTrait;
    let asked = db.fresh().query_one_raw(sql(db.fresh(), "SELECT 1", [])).await;
    asked.map_err(|_| Problem::new(&UNAVAILABLE).retry_after(1))?;
    Ok("ready")
}

/// For Prometheus, with `OCOP_METRICS_TOKEN`. Without one it is open to this machine and private networks in development,
/// and closed in production, where a proxy in front would make every caller look near.
#[get("/metrics")]
async fn render_metrics(
    request: HttpRequest,
    config: Data<Config>,
    metrics: Data<PrometheusHandle>,
) -> Result<HttpResponse, Problem> {
    let shown =
        request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let near = client_address(&request).is_some_and(|address| match address {
        std::net::IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        std::net::IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    });
    let allowed = match config.metrics_token() {
        Some(token) => shown.is_some_and(|shown| secrets::same(shown, token)),
        None => near && config.env == Environment::Development,
    };
    if !allowed {
        return Err(Problem::new(&NOT_FOUND));
    }
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(metrics.render()))
}

#[get("/openapi.json")]
async fn openapi(request: HttpRequest, document: Data<Document>) -> Result<HttpResponse, Problem> {
    Ok(document.ready()?.respond(&request, PUBLIC))
}

/// A stored picture. Keys are never reused for other bytes, so any cache may keep it for good.
#[get("/media/{key:.*}")]
async fn media(objects: Data<Objects>, key: Path<String>) -> Result<HttpResponse, Problem> {
    if key.starts_with(PRIVATE) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let kind = match key.rsplit('.').next() {
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        Some("webp") => "image/webp",
        _ => return Err(Problem::new(&NOT_FOUND)),
    };
    let bytes = objects.get(&key).await.map_err(Problem::unavailable)?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .body(bytes))
}

/// A static answer of a given size: the reference reads are measured against. Only with `OCOP_BENCH_ROUTE`.
#[get("/bench/{size}")]
pub async fn bench(config: Data<Config>, size: Path<usize>) -> Result<HttpResponse, Problem> {
    static BYTES: [u8; 128 * 1024] = [b' '; 128 * 1024];
    match BYTES.get(..*size) {
        Some(bytes) if config.bench_route => Ok(HttpResponse::Ok().content_type("application/json").body(bytes)),
        _ => Err(Problem::new(&NOT_FOUND)),
    }
}

/// The limit on calls that guess or cost: signing in and up, codes, passwords.
pub struct AuthLimit(pub Option<Limit>);

/// Forms that take a password or a code.
const DOORS: &[&str] = &[
    "/console/login",
    "/console/register",
    "/console/verify",
    "/sign-in",
    "/sign-in/passkey",
    "/sign-in/passkey/options",
    "/sign-in/second",
    "/sign-up",
    "/sign-up/code",
    "/forgot",
    "/forgot/code",
    "/account/password",
    "/account/security/confirm",
    "/account/security/remove",
    "/account/security/passkeys/options",
];

pub async fn limit_auth(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let path = request.path();
    let guarded = path.starts_with("/v1/auth/")
        || path == "/v1/me/password"
        || path.starts_with("/v1/me/second-factor")
        || (path.starts_with("/v1/me/passkeys") && request.method() == Method::POST)
        || (request.method() == Method::POST && DOORS.contains(&path));
    let limit = request.app_data::<Data<AuthLimit>>().cloned().filter(|_| guarded);
    if let Some(limit) = limit.as_ref().and_then(|limit| limit.0.as_ref())
        && let Some(address) = client_address(request.request())
    {
        let key = client_key(address);
        let allowed = match (limit.check(key), request.app_data::<Data<Db>>(), request.app_data::<Data<Clock>>()) {
            (Ok(_), Some(db), Some(clock)) => count_over_nodes(db, key, limit.quota(), clock.now()).await,
            (alone, ..) => alone.map(drop),
        };
        if let Err(problem) = allowed {
            return Ok(request.into_response(problem.error_response()));
        }
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}
