//! What the code of a recognition's certificate leads to: whether it counts today.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use minijinja::context;

use super::shell::{Fault, Shell};
use crate::ocop::certification::check;
use crate::platform::templates::value;

#[get("/s/{certificate:.*}")]
pub async fn on_certificate(shell: Shell, certificate: Path<String>) -> Result<HttpResponse, Fault> {
    let (base, today) = (shell.config.base_url(), shell.clock.today());
    let found = check(shell.db.fresh(), &certificate, (today, &base)).await.map_err(|problem| shell.fault(problem))?;
    let code = found.product.check_url.rsplit('/').next().unwrap_or_default().to_owned();
    let values = context! { c => value(&found), code => code, canonical => found.product.check_url };
    shell.page("certificate_check.html", StatusCode::OK, values)
}
