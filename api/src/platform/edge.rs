//! The outermost layer: what every request and every answer gets, in one pass.
//!
//! Request id in and out, rate limit, one span and one log line, metrics, security headers, and errors rendered in the
//! language the client asked for.

use std::net::IpAddr;
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};
use tracing::Instrument;
use uuid::Uuid;

use super::i18n::language_of;
use super::limits::{Allowance, KeyAllowance, Limit, client_key};
use super::problem::Problem;
use super::telemetry;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bodies smaller than this are not worth compressing.
const COMPRESS_FROM: u64 = 1024;

/// What watchers ask is answered however busy their address is.
const WATCHED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

pub struct Edge {
    /// Believe `X-Forwarded-For`: only behind a proxy that sets it.
    pub trust_proxy: bool,
    pub limit: Option<Limit>,
    /// The site is reached by HTTPS.
    pub https: bool,
    /// And browsers are told to stay there.
    pub strict_transport: bool,
}

/// The id of this request, for logs and error answers.
#[derive(Clone)]
pub struct RequestId(pub String);

/// Where the client is, as far as we may believe it.
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let trusted = request.app_data::<Data<Edge>>().is_some_and(|edge| edge.trust_proxy);
    let forwarded = || request.headers().get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok();
    trusted.then(forwarded).flatten().or_else(|| request.peer_addr().map(|peer| peer.ip()))
}

pub async fn edge(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let request_id = request_id(request.headers());
    request.extensions_mut().insert(RequestId(request_id.clone()));
    let span = span_of(&request, &request_id);
    let edge = request.app_data::<Data<Edge>>().cloned();
    let allowed = edge.as_ref().filter(|_| !WATCHED.contains(&request.path())).and_then(|edge| {
        let limit = edge.limit.as_ref()?;
        Some(limit.check(client_key(client_address(request.request())?)))
    });

    let (mut response, allowance) = match allowed {
        Some(Err(problem)) => (request.into_response(problem.error_response()).map_into_boxed_body(), None),
        allowed => {
            let response = next.call(request).instrument(span.clone()).await?.map_into_boxed_body();
            (response, allowed.and_then(Result::ok))
        }
    };
    render_problem(&mut response, &request_id);
    let key_allowance = response.request().extensions().get::<KeyAllowance>().copied();
    if let Some(allowance) = key_allowance {
        let (policy, left) = allowance.headers();
        for (name, text) in [("ratelimit-policy", policy), ("ratelimit", left)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
    }
    let strict = edge.is_some_and(|edge| edge.strict_transport);
    let open = is_open(response.request().path());
    decorate(response.headers_mut(), &request_id, (strict, open), allowance);

    let elapsed = started.elapsed();
    let status = response.status();
    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    telemetry::answered(&span, (response.request().method().as_str(), &route), status.as_u16());
    metrics::histogram!("http_request_duration_seconds", "route" => route, "status" => status_label(status.as_u16()))
        .record(elapsed);
    span.in_scope(|| {
        let (method, path) = (response.request().method(), response.request().path());
        let millis = elapsed.as_secs_f64() * 1000.0;
        if status.is_server_error() {
            tracing::error!(%method, path, status = status.as_u16(), millis, "answered");
        } else {
            tracing::info!(%method, path, status = status.as_u16(), millis, "answered");
        }
    });
    Ok(response)
}

/// A request's span. What a collector wants to know beside its id is filled in where there is one.
fn span_of(request: &ServiceRequest, id: &str) -> tracing::Span {
    use tracing::field::Empty;
    let span = tracing::info_span!(
        "request",
        %id,
        otel.kind = Empty,
        otel.status_code = Empty,
        http.request.method = Empty,
        http.route = Empty,
        http.response.status_code = Empty,
    );
    telemetry::follow(&span, request.method().as_str(), request.headers());
    span
}

/// Keeps the compressor from touching small bodies; stands right inside it.
pub async fn spare_small_bodies<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    if let BodySize::Sized(size) = response.response().body().size()
        && size < COMPRESS_FROM
        && !response.headers().contains_key(header::CONTENT_ENCODING)
    {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("identity"));
    }
    Ok(response)
}

/// The client's own id when it is a sane one, so that its logs and ours can be laid side by side.
fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| {
            (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
        .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

fn render_problem(response: &mut ServiceResponse<BoxBody>, request_id: &str) {
    let Some(problem) = response.response_mut().extensions_mut().remove::<Problem>() else { return };
    let language = language_of(response.request());
    let body = problem.render(language, request_id);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.as_str()));
    if let Some(seconds) = problem.seconds_to_retry() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.code.status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let taken = std::mem::replace(response.response_mut(), actix_web::HttpResponse::Ok().finish());
    *response.response_mut() = taken.set_body(BoxBody::new(body));
}

/// What other people's pages may show as a picture or run as a script: the API, feeds, what is embedded.
fn is_open(path: &str) -> bool {
    ["/v1/", "/media/", "/feeds/", "/embed"].iter().any(|open| path.starts_with(open))
}

fn decorate(
    headers: &mut HeaderMap,
    request_id: &str,
    (strict_transport, open): (bool, bool),
    allowance: Option<Allowance>,
) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let default = |headers: &mut HeaderMap, name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    default(headers, header::REFERRER_POLICY, "no-referrer");
    default(headers, header::CROSS_ORIGIN_RESOURCE_POLICY, if open { "cross-origin" } else { "same-origin" });
    default(headers, header::CROSS_ORIGIN_OPENER_POLICY, "same-origin");
    default(headers, HeaderName::from_static("x-permitted-cross-domain-policies"), "none");
    // Whoever may be framed says by whom in its own policy; browsers that know none are told of the others.
    let policy = headers.get(header::CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    if policy.is_none_or(|policy| policy.contains("frame-ancestors 'none'")) {
        default(headers, header::X_FRAME_OPTIONS, "DENY");
    }
    default(headers, header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    // Whatever did not say that it may be kept is somebody's own business.
    default(headers, header::CACHE_CONTROL, "no-store");
    if strict_transport {
        headers
            .insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|value| value == "identity") {
        headers.remove(header::CONTENT_ENCODING);
    }
    if let Some(allowance) = allowance.filter(|_| !headers.contains_key("ratelimit")) {
        let text =
            format!("limit={}, remaining={}, reset={}", allowance.limit, allowance.remaining, allowance.reset_seconds);
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static("ratelimit"), value);
        }
    }
}

/// Few label values keep the metrics small.
fn status_label(status: u16) -> &'static str {
    match status {
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
