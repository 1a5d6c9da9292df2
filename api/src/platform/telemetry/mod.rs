//! Logs, metrics and traces: readable lines on a terminal, JSON in production, Prometheus at `/metrics`, and all of a request's
//! way for a collector that speaks OTLP, where one is configured.

#[cfg(feature = "otlp")]
mod otlp;

use std::io::IsTerminal;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use secrecy::SecretString;
use tracing::{Metadata, Span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::background::Stop;

/// Whoever collects traces and metrics.
pub struct Collector {
    /// `http://collector:4318`; `/v1/traces` and `/v1/metrics` are added.
    pub url: String,
    /// `name=value,…` sent along, such as a token.
    pub headers: Option<SecretString>,
    /// The share of requests whose traces are sent.
    pub share: f64,
}

/// What still is to be sent when the process ends.
#[derive(Default)]
pub struct Exports {
    #[cfg(feature = "otlp")]
    sent: Option<otlp::Sent>,
}

impl Exports {
    /// Sends what was collected; waits a few seconds for it at the most.
    pub async fn end(self) {
        #[cfg(feature = "otlp")]
        if let Some(sent) = self.sent {
            let _ = tokio::task::spawn_blocking(move || sent.end()).await;
        }
    }
}

/// Spans of single statements are for collectors: in a log line they would hide the request.
fn logged(metadata: &Metadata<'_>) -> bool {
    !(metadata.is_span() && metadata.target().starts_with("sea_orm"))
}

/// `filter` is in `tracing`'s notation, such as `info,api=debug`.
pub fn start_logging(filter: &str, json: bool, collector: Option<&Collector>) -> anyhow::Result<Exports> {
    // Forty lines of migrations would push what a newcomer is to read off the screen; whoever names these targets hears them.
    let filter = format!("sea_orm_migration=warn,actix_server=warn,{filter}");
    let filter = EnvFilter::try_new(filter).map_err(|error| anyhow::anyhow!("OCOP_LOG: {error}"))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if json {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    } else {
        lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).boxed()
    };
    let lines = lines.with_filter(tracing_subscriber::filter::filter_fn(logged)).with_filter(filter);
    let (layer, exports) = collecting(collector)?;
    let started = tracing_subscriber::registry().with(layer).with(lines).try_init();
    started.map_err(|error| anyhow::anyhow!("logging: {error}"))?;
    Ok(exports)
}

type Collecting = Box<dyn Layer<tracing_subscriber::Registry> + Send + Sync>;

#[cfg(feature = "otlp")]
fn collecting(collector: Option<&Collector>) -> anyhow::Result<(Option<Collecting>, Exports)> {
    let Some(collector) = collector else { return Ok((None, Exports::default())) };
    let (layer, sent) = otlp::start(collector)?;
    Ok((Some(layer), Exports { sent: Some(sent) }))
}

#[cfg(not(feature = "otlp"))]
fn collecting(collector: Option<&Collector>) -> anyhow::Result<(Option<Collecting>, Exports)> {
    anyhow::ensure!(
        collector.is_none(),
        "OCOP_OTLP_URL: this binary was built without the feature `otlp`; the container image has it"
    );
    Ok((None, Exports::default()))
}

/// Installs the recorder of this process; the handle renders what `/metrics` answers.
pub fn start_metrics(exports: &Exports) -> anyhow::Result<PrometheusHandle> {
    let buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
    let shared = Matcher::Full("ocop_writes_per_commit".to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets(&buckets)?
        .set_buckets_for_metric(shared, &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])?
        .build_recorder();
    let handle = recorder.handle();
    install(recorder, exports)?;
    metrics::describe_histogram!("http_request_duration_seconds", "Time to answer, by route and status");
    metrics::describe_counter!("ocop_outbox_delivered_total", "Events handed to their consumers");
    metrics::describe_counter!("ocop_outbox_failed_total", "Deliveries that will be tried again");
    metrics::describe_counter!("ocop_checkouts_total", "Checkouts by outcome, and whether from memory or read anew");
    metrics::describe_histogram!("ocop_writes_per_commit", "Writes that shared a commit of SQLite");
    Ok(handle)
}

/// Durations are kept one by one until they are put into their buckets: where nobody asks for `/metrics`, it is done here.
pub async fn keep_up(metrics: PrometheusHandle, stop: Stop) {
    while stop.pause(Duration::from_secs(5)).await {
        metrics.run_upkeep();
    }
}

fn install(recorder: metrics_exporter_prometheus::PrometheusRecorder, exports: &Exports) -> anyhow::Result<()> {
    #[cfg(feature = "otlp")]
    if let Some(sent) = &exports.sent {
        let both = metrics_util::layers::FanoutBuilder::default().add_recorder(recorder).add_recorder(sent.recorder());
        return metrics::set_global_recorder(both.build()).map_err(|error| anyhow::anyhow!("metrics: {error}"));
    }
    let _ = exports;
    metrics::set_global_recorder(recorder).map_err(|error| anyhow::anyhow!("metrics: {error}"))
}

/// What a request was, for its span; the caller's own trace goes on in it. Nothing where nobody collects.
pub fn follow(span: &Span, method: &str, headers: &HeaderMap) {
    #[cfg(feature = "otlp")]
    otlp::follow(span, method, headers);
    #[cfg(not(feature = "otlp"))]
    let _ = (span, method, headers);
}

/// How a request was answered, for its span.
pub fn answered(span: &Span, (method, route): (&str, &str), status: u16) {
    #[cfg(feature = "otlp")]
    otlp::answered(span, (method, route), status);
    #[cfg(not(feature = "otlp"))]
    let _ = (span, method, route, status);
}
