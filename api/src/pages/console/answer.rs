//! A page as it is answered: nothing of other sites may run in it.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};

use crate::platform::templates::POLICY;

pub fn html(status: StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        // Forms must be able to tell where they come from.
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .body(body)
}
