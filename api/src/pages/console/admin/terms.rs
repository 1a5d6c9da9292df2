//! Terms of the market: how long, how much, how often.

use actix_web::web::{Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use minijinja::context;

use super::Admin;
use crate::oversight::terms::{self, TermInput};
use crate::pages::console::render::value;
use crate::pages::session::{Form, Turn, WRITTEN};
use crate::platform::problem::Problem;

const HERE: &str = "/admin/terms";

pub fn routes(config: &mut ServiceConfig) {
    config.service(on_show).service(on_set);
}

#[get("/admin/terms")]
async fn on_show(admin: Admin) -> Result<HttpResponse, Turn> {
    let found = terms::all(&admin.seat.desk).await?;
    admin.page("admin_terms.html", "rules", context! { terms => value(&found) })
}

/// Also `250k`, `1 triệu`.
fn asked(form: &Form) -> Result<TermInput, Problem> {
    let missing = || Problem::field("/value", "missing", "cần điền", "is needed");
    Ok(TermInput { value: form.amount("value")?.ok_or_else(missing)?, seen: form.parsed("seen").ok() })
}

#[post("/admin/terms/{name}")]
async fn on_set(
    request: HttpRequest,
    admin: Admin,
    name: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let set = async { terms::set(&admin.seat.desk, &name, &asked(&form)?).await };
    let done = set.await;
    admin.seat.told(HERE, done, WRITTEN)
}
