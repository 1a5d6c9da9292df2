//! What providers report of messages they took.

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpResponse, get, post};
use garde::Validate;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::store::reported;
use crate::config::Config;
use crate::platform::body::Params;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::secrets;

#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct Shown {
    /// `OCOP_MESSENGER_WEBHOOK_TOKEN`.
    #[garde(inner(length(max = 200)))]
    #[param(max_length = 200)]
    token: Option<String>,
    /// eSMS tells it all in the query.
    #[serde(rename = "SMSID")]
    #[garde(inner(length(max = 100)))]
    #[param(max_length = 100)]
    sms_id: Option<String>,
    #[serde(rename = "SendSuccess")]
    #[garde(inner(length(max = 10)))]
    #[param(max_length = 10)]
    send_success: Option<String>,
}

/// A message's name at the provider, and whether it arrived.
fn read(provider: &str, query: &Shown, body: &Value) -> Option<(String, bool)> {
    let text =
        |value: &Value| value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()));
    match provider {
        // https://developers.esms.vn/esms-api/callback-url: SendSuccess counts the numbers it reached.
        "esms" => {
            let id = query.sms_id.clone().or_else(|| text(&body["SMSID"]))?;
            let reached = query.send_success.clone().or_else(|| text(&body["SendSuccess"]))?;
            Some((id, reached.parse::<i64>().is_ok_and(|count| count > 0)))
        }
        // `{"type": "report", "tranId": 123, "phone": "84…", "status": 0}`: 0 has arrived, 1–63 is on its way, 64 and more failed.
        "speedsms" => {
            let (id, status) = (text(&body["tranId"])?, body["status"].as_i64()?);
            if body["type"] != "report" || (1..64).contains(&status) { None } else { Some((id, status == 0)) }
        }
        "zalo" if body["event_name"] == "user_received_message" => Some((text(&body["message"]["msg_id"])?, true)),
        _ => None,
    }
}

/// What a provider of text messages reports. Anything that is not understood is taken and passed over.
#[utoipa::path(tag = "messages", operation_id = "receive_message_report", params(("provider" = String, Path, description = "esms, speedsms or zalo", max_length = 20), Shown), request_body(content = String, content_type = "application/json"), responses((status = 204, description = "Heard")))]
#[post("/v1/messages/{provider}/report")]
pub async fn receive(
    tools: (Data<Db>, Data<Clock>, Data<Config>),
    provider: Path<String>,
    query: Params<Shown>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    heard(tools, &provider, &query.0, &body).await
}

/// The same by those who tell it all in the address.
#[utoipa::path(tag = "messages", operation_id = "receive_message_report_by_query", params(("provider" = String, Path, description = "esms", max_length = 20), Shown), responses((status = 204, description = "Heard")))]
#[get("/v1/messages/{provider}/report")]
pub async fn receive_by_query(
    tools: (Data<Db>, Data<Clock>, Data<Config>),
    provider: Path<String>,
    query: Params<Shown>,
) -> Result<HttpResponse, Problem> {
    heard(tools, &provider, &query.0, b"").await
}

async fn heard(
    (db, clock, config): (Data<Db>, Data<Clock>, Data<Config>),
    provider: &str,
    query: &Shown,
    body: &[u8],
) -> Result<HttpResponse, Problem> {
    let wanted = config.messenger_webhook_token.as_ref().map(ExposeSecret::expose_secret);
    let shown = query.token.as_deref().unwrap_or_default();
    if !wanted.is_some_and(|wanted| !wanted.is_empty() && secrets::same(wanted, shown)) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    match read(provider, query, &said) {
        Some((id, arrived)) => {
            let known = reported(&db, provider, &id, arrived, clock.now()).await.map_err(Problem::internal)?;
            tracing::debug!(provider, known, arrived, "a text message was reported");
        }
        None => tracing::info!(provider, "a report of text messages was not understood"),
    }
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reports_are_read_as_each_provider_writes_them() {
        let none = Shown { token: None, sms_id: None, send_success: None };
        let query = |id: &str, reached: &str| Shown {
            token: None,
            sms_id: Some(id.to_owned()),
            send_success: Some(reached.to_owned()),
        };
        assert_eq!(read("esms", &query("a1", "1"), &Value::Null), Some(("a1".to_owned(), true)));
        assert_eq!(read("esms", &query("a1", "0"), &Value::Null), Some(("a1".to_owned(), false)));
        let report = |status: i64| json!({"type": "report", "tranId": 77, "phone": "84912345678", "status": status});
        assert_eq!(read("speedsms", &none, &report(0)), Some(("77".to_owned(), true)));
        assert_eq!(read("speedsms", &none, &report(2)), None);
        assert_eq!(read("speedsms", &none, &report(64)), Some(("77".to_owned(), false)));
        let seen = json!({"event_name": "user_received_message", "message": {"msg_id": "z9"}});
        assert_eq!(read("zalo", &none, &seen), Some(("z9".to_owned(), true)));
        assert_eq!(read("nobody", &none, &seen), None);
    }
}
