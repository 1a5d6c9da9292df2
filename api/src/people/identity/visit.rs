//! Where a sign-in comes from: the device, as far as it shows itself.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::rules::device_label;
use crate::platform::{cookies, secrets};

/// A browser's mark of a device, kept for years.
pub const DEVICE: &str = "ocop_device";

#[derive(Clone, Debug)]
pub struct Visit {
    /// What the device was given at an earlier sign-in, or is given now.
    pub device: String,
    /// It had shown nothing.
    pub fresh: bool,
    /// As its owner would call it.
    pub label: String,
    /// Programs forget what they were given: those are told apart by what they call themselves.
    pub by_label: bool,
}

fn shown(device: Option<String>, request: &HttpRequest, by_label: bool) -> Visit {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let device = device.filter(|token| (20..=100).contains(&token.len()));
    let fresh = device.is_none();
    Visit { device: device.unwrap_or_else(secrets::token), fresh, label: device_label(agent), by_label }
}

impl Visit {
    /// A browser's, which has a cookie.
    pub fn of_browser(request: &HttpRequest) -> Self {
        shown(cookies::shown(request, DEVICE), request, false)
    }

    /// A program's, which sends what it was given.
    pub fn of_program(request: &HttpRequest, device: Option<String>) -> Self {
        shown(device, request, true)
    }
}
