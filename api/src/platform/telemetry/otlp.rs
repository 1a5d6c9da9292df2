//! Traces and metrics by OTLP over HTTP (OpenTelemetry protocol 1): batches of their own threads, so that no request waits for a
//! collector, and none is lost because one is away. Addresses of people, names and bodies go into no span.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use anyhow::Context as _;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use secrecy::ExposeSecret;
use tracing::{Level, Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::{Layer, Registry};

use super::{Collecting, Collector};
use crate::platform::outgoing::prepare_tls;

const SCOPE: &str = "cho-ocop";
const WAIT: Duration = Duration::from_secs(10);
static ON: AtomicBool = AtomicBool::new(false);

/// Spans of ours, and statements within them: what a worker asks every second belongs to nothing. No lines of the log: their words
/// are for us.
fn wanted(metadata: &Metadata<'_>, context: &Context<'_, Registry>) -> bool {
    let ours = metadata.target().starts_with("api");
    let statement = metadata.target().starts_with("sea_orm::database");
    metadata.is_span()
        && *metadata.level() <= Level::INFO
        && (ours || (statement && context.lookup_current().is_some()))
}

/// What is on its way to the collector.
pub struct Sent {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

impl Sent {
    pub fn recorder(&self) -> metrics_exporter_opentelemetry::Recorder {
        use opentelemetry::metrics::MeterProvider;
        metrics_exporter_opentelemetry::Recorder::with_meter(self.metrics.meter(SCOPE))
    }

    /// The last batches. What the collector does not take now is lost: it is told of nothing but itself.
    pub fn end(&self) {
        for ended in [self.traces.shutdown(), self.metrics.shutdown()] {
            if let Err(error) = ended {
                tracing::warn!(%error, "the collector did not take the last of traces and metrics");
            }
        }
    }
}

fn headers_of(collector: &Collector) -> anyhow::Result<HashMap<String, String>> {
    let text = collector.headers.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').context("OCOP_OTLP_HEADERS: name=value,…")?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}

pub fn start(collector: &Collector) -> anyhow::Result<(Collecting, Sent)> {
    prepare_tls();
    let base = collector.url.trim_end_matches('/');
    let headers = headers_of(collector)?;
    let resource = Resource::builder()
        .with_service_name(SCOPE)
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let spans = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{base}/v1/traces"))
        .with_headers(headers.clone())
        .with_timeout(WAIT)
        .build()
        .context("OCOP_OTLP_URL")?;
    let traces = SdkTracerProvider::builder()
        .with_batch_exporter(spans)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(collector.share))))
        .with_resource(resource.clone())
        .build();
    let numbers = MetricExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{base}/v1/metrics"))
        .with_headers(headers)
        .with_timeout(WAIT)
        .build()
        .context("OCOP_OTLP_URL")?;
    let reader = PeriodicReader::builder(numbers).build();
    let metrics = SdkMeterProvider::builder().with_reader(reader).with_resource(resource).build();
    let layer = tracing_opentelemetry::layer::<Registry>()
        .with_tracer(traces.tracer(SCOPE))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_filter(dynamic_filter_fn(wanted));
    ON.store(true, Ordering::Relaxed);
    Ok((layer.boxed(), Sent { traces, metrics }))
}

/// `traceparent`, read where it stands.
struct Shown<'a>(&'a HeaderMap);

impl Extractor for Shown<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(actix_web::http::header::HeaderName::as_str).collect()
    }
}

pub fn follow(span: &Span, method: &str, headers: &HeaderMap) {
    if !ON.load(Ordering::Relaxed) {
        return;
    }
    if headers.contains_key("traceparent") {
        let _ = span.set_parent(TraceContextPropagator::new().extract(&Shown(headers)));
    }
    span.record("otel.kind", "server");
    span.record("http.request.method", method);
}

pub fn answered(span: &Span, (method, route): (&str, &str), status: u16) {
    if !ON.load(Ordering::Relaxed) {
        return;
    }
    // A name recorded once the span has begun would be lost.
    span.context().span().update_name(format!("{method} {route}"));
    span.record("http.route", route);
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "error");
    }
}
