//! What a collector is told of a request, its statements, the calls and jobs that follow, and of the numbers; and what it is not.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use serde_json::json;
use tests::{Asked, Basket, Manner, Server, Settings, StandIn};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn collecting(url: &str) -> Settings {
    Settings::default()
        .set("OCOP_OTLP_URL", url)
        .set("OCOP_OTLP_HEADERS", "authorization=Bearer of-the-collector")
        .set("OTEL_BSP_SCHEDULE_DELAY", 100)
        .set("OTEL_METRIC_EXPORT_INTERVAL", 500)
}

async fn collector() -> StandIn {
    StandIn::new(|_: &Asked| Manner::Text(200, "application/x-protobuf", String::new())).await
}

fn spans(there: &StandIn) -> Vec<Span> {
    let asked = there.asked();
    let traces = asked.iter().filter(|asked| asked.path == "/v1/traces");
    let told = traces.map(|asked| ExportTraceServiceRequest::decode(asked.bytes.as_slice()).unwrap());
    let scopes = told.flat_map(|told| told.resource_spans).flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

fn word<'a>(span: &'a Span, key: &str) -> &'a str {
    let found =
        span.attributes.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.as_ref()?.value.as_ref());
    match found {
        Some(Any::StringValue(text)) => text,
        _ => "",
    }
}

async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the collector was not told of {what}");
}

#[tokio::test]
async fn a_collector_sees_a_purchase_its_statements_and_what_follows() {
    let (there, texts) = (collector().await, StandIn::new(|_: &Asked| Manner::Answer(200, json!({"id": "1"}))).await);
    let settings = collecting(&there.url)
        .set("OCOP_MESSENGERS", "http")
        .set("OCOP_SMS_HTTP_URL", format!("{}/secret-path", texts.url))
        .set("OCOP_SMS_HTTP_BODY", "{\"to\": \"{to}\", \"text\": \"{text}\"}");
    let server = Server::with(settings).await;
    // The trace of who asks goes on.
    let proxy = server.client().header("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"));
    proxy.get("/v1/products?q=buoi").await.expect(200);
    let id = u128::from_str_radix(TRACE, 16).unwrap().to_be_bytes();
    let search = until("the search", || spans(&there).into_iter().find(|span| span.trace_id == id)).await;
    assert_eq!((search.name.as_str(), search.kind()), ("GET /v1/products", SpanKind::Server));
    assert_eq!(search.parent_span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());

    let offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    Basket::of(server.client(), &[(&offer, 1)]).await.buy().await;
    until("the purchase", || spans(&there).into_iter().find(|span| span.name == "POST /v1/checkouts")).await;
    let quoted = until("the quote", || spans(&there).into_iter().find(|span| span.name.ends_with("/quote"))).await;
    let within = |span: &Span| span.trace_id == quoted.trace_id && span.parent_span_id == quoted.span_id;
    let statement = until("a statement", || spans(&there).into_iter().find(|span| within(span))).await;
    assert_eq!(statement.kind(), SpanKind::Client);
    assert!(!word(&statement, "db.operation").is_empty(), "{statement:?}");
    until("a job", || spans(&there).into_iter().find(|span| span.name == "notification")).await;
    let form = json!({"contact": "0912345678", "name": "Lan", "password": "mot mat khau dai", "consent": true});
    server.client().post("/v1/auth/register", form).await.expect(202);
    let call = until("a call", || spans(&there).into_iter().find(|span| span.name == "POST 127.0.0.1")).await;
    assert_eq!(call.kind(), SpanKind::Client);

    // What a worker asks every second belongs to nothing, and nobody is named.
    let roots: Vec<_> = spans(&there).into_iter().filter(|span| span.parent_span_id.is_empty()).collect();
    assert!(roots.iter().all(|span| !span.name.starts_with("sea_orm")), "{roots:?}");
    let asked = there.asked();
    for secret in ["0912345678", "+84912345678", "secret-path", "mot mat khau dai", "Nguyễn"] {
        let told = asked.iter().find(|asked| asked.text.contains(secret));
        assert!(told.is_none(), "{secret} was told: {:?}", told.map(|asked| &asked.path));
    }
    assert!(asked.iter().all(|asked| asked.header("authorization") == "Bearer of-the-collector"));

    let names = || -> Vec<String> {
        let asked = there.asked();
        let told = asked.iter().filter(|asked| asked.path == "/v1/metrics");
        let told = told.map(|asked| ExportMetricsServiceRequest::decode(asked.bytes.as_slice()).unwrap());
        let scopes = told.flat_map(|told| told.resource_metrics).flat_map(|resource| resource.scope_metrics);
        scopes.flat_map(|scope| scope.metrics).map(|metric| metric.name).collect()
    };
    for name in ["http_request_duration_seconds", "ocop_checkouts_total", "process_resident_memory_bytes"] {
        until(name, || names().iter().any(|known| known == name).then_some(())).await;
    }
    let scraped = server.client().get("/metrics").await.text;
    assert!(scraped.contains("http_request_duration_seconds_bucket"), "{scraped}");
}

#[tokio::test]
async fn a_collector_that_is_away_holds_up_nobody() {
    let there = StandIn::new(|_: &Asked| Manner::HangUp).await;
    let mut server = Server::with(collecting(&there.url).set("OCOP_OTLP_SHARE", "0")).await;
    // Nobody's request is among those to be told, but of who asks for it.
    let traced = server.client().header("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"));
    for _ in 0..20 {
        server.client().get("/v1/products").await.expect(200);
        traced.get("/v1/products").await.expect(200);
    }
    let told = until("anything", || there.asked().into_iter().find(|asked| asked.path == "/v1/traces")).await;
    let told = ExportTraceServiceRequest::decode(told.bytes.as_slice()).unwrap();
    let scopes = told.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    let id = u128::from_str_radix(TRACE, 16).unwrap().to_be_bytes();
    assert!(scopes.flat_map(|scope| scope.spans).all(|span| span.trace_id == id));
    let stopping = Instant::now();
    assert!(server.terminate().success());
    assert!(stopping.elapsed() < Duration::from_secs(30), "{:?}", stopping.elapsed());
    let wrong = Server::prepared(Settings::default().set("OCOP_OTLP_SHARE", "7")).await;
    let said = String::from_utf8_lossy(&wrong.ocop(&["serve"], "").stderr).into_owned();
    assert!(said.contains("from 0 to 1"), "{said}");
}
