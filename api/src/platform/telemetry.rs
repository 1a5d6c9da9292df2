//! Logs and metrics: readable lines on a terminal, JSON in production, Prometheus at `/metrics`.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// `filter` is in `tracing`'s notation, such as `info,api=debug`.
pub fn start_logging(filter: &str, json: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|error| anyhow::anyhow!("OCOP_LOG: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("logging: {error}"))
}

/// Installs the recorder of this process; the handle renders what `/metrics` answers.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
    let shared = Matcher::Full("ocop_writes_per_commit".to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets(&buckets)?
        .set_buckets_for_metric(shared, &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])?
        .install_recorder()?;
    metrics::describe_histogram!("http_request_duration_seconds", "Time to answer, by route and status");
    metrics::describe_counter!("ocop_outbox_delivered_total", "Events handed to their consumers");
    metrics::describe_counter!("ocop_outbox_failed_total", "Deliveries that will be tried again");
    metrics::describe_counter!("ocop_checkouts_total", "Checkouts by outcome, and whether from memory or read anew");
    metrics::describe_histogram!("ocop_writes_per_commit", "Writes that shared a commit of SQLite");
    Ok(handle)
}
